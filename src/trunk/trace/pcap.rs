//! Messages as a pcap file for other programs: each one packet in a raw IP frame, with right checksums: UDP, or one segment of
//! TCP for what went over TCP or TLS. The segments are made up around the messages, in the clear, as nothing else was kept: no
//! opening and no closing, and acknowledged by the next one the other way. Numbers go on within a pair of addresses, so that
//! programs see one stream. Our own end is the address that we listen at, whichever port the connection came from.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::{Record, Way};
use crate::sip::Transport;

/// `LINKTYPE_RAW`: frames begin with the IP header.
const LINK_RAW: u32 = 101;
const UDP: u8 = 17;
const TCP: u8 = 6;
/// Acknowledges, and has something to say.
const ACK_PUSH: u8 = 0x18;
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
    // How much was said from one address to another.
    let mut said = HashMap::<(SocketAddr, SocketAddr), u32>::new();
    for message in messages {
        let (from, to) = match message.way {
            Way::Out => (message.local, message.peer),
            Way::In | Way::Named => (message.peer, message.local),
        };
        let frame = match message.transport {
            Transport::Udp => frame(from, to, UDP, datagram(from, to, &message.bytes)),
            Transport::Tcp | Transport::Tls => {
                let heard = said.get(&(to, from)).copied().unwrap_or(0);
                let sequence = said.entry((from, to)).or_default();
                let segment = segment(from, to, *sequence, heard, &message.bytes);
                *sequence = sequence.wrapping_add(message.bytes.len() as u32);
                frame(from, to, TCP, segment)
            }
        };
        out.extend((message.at.0.div_euclid(1_000_000) as u32).to_le_bytes());
        out.extend((message.at.0.rem_euclid(1_000_000) as u32).to_le_bytes());
        out.extend((frame.len() as u32).to_le_bytes());
        out.extend((frame.len() as u32).to_le_bytes());
        out.extend(frame);
    }
    out
}

fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len()) as u16;
    let mut udp = [from.port().to_be_bytes(), to.port().to_be_bytes(), length.to_be_bytes(), [0, 0]].concat();
    udp.extend_from_slice(payload);
    // Nought would mean that there is none (RFC 768).
    let sum = match checksum(&pseudo(from, to, UDP, &udp)) {
        0 => 0xFFFF,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    udp
}

/// RFC 9293 §3.1: the shortest header, 20 bytes.
fn segment(from: SocketAddr, to: SocketAddr, sequence: u32, heard: u32, payload: &[u8]) -> Vec<u8> {
    // As if each side had opened with number 0.
    let numbers = [sequence.wrapping_add(1).to_be_bytes(), heard.wrapping_add(1).to_be_bytes()].concat();
    let mut tcp = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    tcp.extend(numbers);
    tcp.extend([5 << 4, ACK_PUSH, 0xFF, 0xFF, 0, 0, 0, 0]);
    tcp.extend_from_slice(payload);
    let sum = checksum(&pseudo(from, to, TCP, &tcp));
    tcp[16..18].copy_from_slice(&sum.to_be_bytes());
    tcp
}

/// When the two are not of one family, IPv4 is written as IPv6 writes it.
fn addresses(from: SocketAddr, to: SocketAddr) -> (Vec<u8>, bool) {
    match (from.ip(), to.ip()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => ([a.octets(), b.octets()].concat(), true),
        (a, b) => ([six(a), six(b)].concat(), false),
    }
}

/// What the checksum of a packet is made over.
fn pseudo(from: SocketAddr, to: SocketAddr, protocol: u8, packet: &[u8]) -> Vec<u8> {
    [&addresses(from, to).0[..], &[0, protocol], &(packet.len() as u16).to_be_bytes()[..], packet].concat()
}

fn frame(from: SocketAddr, to: SocketAddr, protocol: u8, packet: Vec<u8>) -> Vec<u8> {
    let length = packet.len() as u16;
    let (addresses, v4) = addresses(from, to);
    let mut ip = match v4 {
        true => {
            let mut ip = vec![0x45, 0];
            ip.extend((20 + length).to_be_bytes());
            ip.extend([0, 0, 0x40, 0, HOPS, protocol, 0, 0]);
            ip.extend(&addresses);
            let sum = checksum(&ip);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            ip
        }
        false => {
            let mut ip = vec![0x60, 0, 0, 0];
            ip.extend(length.to_be_bytes());
            ip.extend([protocol, HOPS]);
            ip.extend(&addresses);
            ip
        }
    };
    ip.extend(packet);
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
            let (protocol, packet) = (if head == 20 { ip[9] } else { ip[6] }, &ip[head..]);
            let pseudo = [addresses, &[0, protocol], &(packet.len() as u16).to_be_bytes(), packet].concat();
            assert_eq!(sum(&pseudo), 0, "the packet's checksum");
            let short = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
            let long = |at: usize| u32::from(short(at)) << 16 | u32::from(short(at + 2));
            let (way, payload) = match protocol {
                17 => {
                    assert_eq!(usize::from(short(4)), packet.len());
                    (String::new(), &packet[8..])
                }
                6 => (format!(" tcp {} {}", long(4), long(8)), &packet[usize::from(packet[12] >> 4) * 4..]),
                other => panic!("protocol {other}"),
            };
            found.push((format!("{addresses:?} {} {}{way}", short(0), short(2)), payload.to_vec()));
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

    /// Each way counts its own bytes, and acknowledges those of the other.
    #[test]
    fn what_went_over_streams_is_shown_as_such() {
        let mut messages: Vec<Record> = call().into_iter().take(3).collect();
        messages.iter_mut().for_each(|m| m.transport = Transport::Tcp);
        let far = "[2001:db8::1]:5061".parse().unwrap();
        messages.push(Record { transport: Transport::Tls, peer: far, ..messages[0].clone() });
        let length = messages[0].bytes.len();
        // An INVITE twice, a response, and the first of another stream.
        let expected = [(1, 1), (length + 1, 1), (1, 2 * length + 1), (1, 1)];
        let read = frames(&file(&messages));
        assert_eq!(read.len(), expected.len());
        for (((shown, payload), message), (said, heard)) in read.iter().zip(&messages).zip(expected) {
            assert_eq!(payload, &message.bytes);
            assert!(shown.ends_with(&format!(" tcp {said} {heard}")), "{shown}: not {said} {heard}");
        }
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
