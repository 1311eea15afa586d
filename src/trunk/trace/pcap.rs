//! Messages as a pcap file for other programs: each one UDP packet in a raw IP frame, with right checksums. What came over TCP
//! or TLS is shown as UDP too: it is the messages that are of interest, and they were in the clear only here.

use std::net::{IpAddr, SocketAddr};

use super::{Record, Way};

/// `LINKTYPE_RAW`: frames begin with the IP header.
const LINK_RAW: u32 = 101;
const UDP: u8 = 17;
const HOPS: u8 = 64;
const SNAP_BYTES: u32 = 65_535;

pub fn file(messages: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(0xa1b2_c3d4_u32.to_le_bytes());
    out.extend(2_u16.to_le_bytes());
    out.extend(4_u16.to_le_bytes());
    out.extend([0; 8]);
    out.extend(SNAP_BYTES.to_le_bytes());
    out.extend(LINK_RAW.to_le_bytes());
    for message in messages {
        let (from, to) = match message.way {
            Way::Out => (message.local, message.peer),
            Way::In | Way::Named => (message.peer, message.local),
        };
        let frame = frame(from, to, &message.bytes);
        out.extend((message.at.0.div_euclid(1_000_000) as u32).to_le_bytes());
        out.extend((message.at.0.rem_euclid(1_000_000) as u32).to_le_bytes());
        out.extend((frame.len() as u32).to_le_bytes());
        out.extend((frame.len() as u32).to_le_bytes());
        out.extend(frame);
    }
    out
}

fn frame(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len()) as u16;
    // When the two are not of one family, IPv4 is written as IPv6 writes it.
    let (addresses, v4) = match (from.ip(), to.ip()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => ([a.octets(), b.octets()].concat(), true),
        (a, b) => ([six(a), six(b)].concat(), false),
    };
    let mut udp = [from.port().to_be_bytes(), to.port().to_be_bytes(), length.to_be_bytes(), [0, 0]].concat();
    udp.extend_from_slice(payload);
    let pseudo = [&addresses[..], &[0, UDP], &length.to_be_bytes()[..], &udp[..]].concat();
    // Nought would mean that there is none (RFC 768).
    let sum = match checksum(&pseudo) {
        0 => 0xFFFF,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    let mut ip = match v4 {
        true => {
            let mut ip = vec![0x45, 0];
            ip.extend((20 + length).to_be_bytes());
            ip.extend([0, 0, 0x40, 0, HOPS, UDP, 0, 0]);
            ip.extend(&addresses);
            let sum = checksum(&ip);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            ip
        }
        false => {
            let mut ip = vec![0x60, 0, 0, 0];
            ip.extend(length.to_be_bytes());
            ip.extend([UDP, HOPS]);
            ip.extend(&addresses);
            ip
        }
    };
    ip.extend(udp);
    ip
}

fn six(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let pairs = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)));
    let mut sum: u32 = pairs.sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::super::tests::call;
    use super::*;

    /// A reader of its own: addresses, ports and payload of each frame, all sums checked.
    fn frames(pcap: &[u8]) -> Vec<(String, Vec<u8>)> {
        let word = |at: usize| u32::from_le_bytes(pcap[at..at + 4].try_into().unwrap());
        assert_eq!((word(0), word(16), word(20)), (0xa1b2_c3d4, 65_535, 101));
        let (mut at, mut found) = (24, Vec::new());
        while at < pcap.len() {
            let length = word(at + 8) as usize;
            assert_eq!(length, word(at + 12) as usize);
            let ip = &pcap[at + 16..at + 16 + length];
            at += 16 + length;
            let sum = |bytes: &[u8]| {
                let total: u64 =
                    bytes.chunks(2).map(|c| u64::from(c[0]) * 256 + u64::from(*c.get(1).unwrap_or(&0))).sum();
                total % 0xFFFF
            };
            let (head, addresses) = match ip[0] >> 4 {
                4 => {
                    assert_eq!(sum(&ip[..20]), 0, "the header's checksum");
                    assert_eq!(usize::from(u16::from_be_bytes([ip[2], ip[3]])), length);
                    (20, &ip[12..20])
                }
                6 => (40, &ip[8..40]),
                other => panic!("IP version {other}"),
            };
            let udp = &ip[head..];
            assert_eq!(usize::from(u16::from_be_bytes([udp[4], udp[5]])), udp.len());
            let pseudo = [addresses, &[0, 17], &udp[4..6], udp].concat();
            assert_eq!(sum(&pseudo), 0, "the packet's checksum");
            let port = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
            found.push((format!("{addresses:?} {} {}", port(0), port(2)), udp[8..].to_vec()));
        }
        found
    }

    #[test]
    fn packets_that_others_can_read() {
        let mut messages = call();
        messages.push(Record { peer: "[2001:db8::1]:5061".parse().unwrap(), ..messages[0].clone() });
        let pcap = file(&messages);
        let read = frames(&pcap);
        assert_eq!(read.len(), messages.len());
        for ((_, payload), message) in read.iter().zip(&messages) {
            assert_eq!(payload, &message.bytes);
        }
        assert_eq!(read[0].0, "[10, 0, 0, 1, 203, 0, 113, 1] 5060 5060");
        assert_eq!(read[2].0, "[203, 0, 113, 1, 10, 0, 0, 1] 5060 5060");
    }

    #[test]
    fn tcpdump_agrees() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call.pcap");
        std::fs::write(&path, file(&call())).unwrap();
        let Ok(read) = std::process::Command::new("tcpdump").args(["-nn", "-v", "-r"]).arg(&path).output() else {
            eprintln!("skipped: tcpdump is not installed");
            return;
        };
        let text = String::from_utf8_lossy(&read.stdout).into_owned();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        assert!(text.matches("203.0.113.1.5060").count() >= 5, "{text}");
        assert!(!text.contains("bad"), "a checksum is wrong: {text}");
        assert!(text.contains("486 Busy Here"), "{text}");
    }
}
