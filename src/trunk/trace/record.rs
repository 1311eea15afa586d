//! One message as bytes and back.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::sip::Transport;
use crate::time::Wall;

/// Time, way, transport, two addresses, call.
const HEAD_BYTES: usize = 8 + 1 + 1 + 18 + 18 + 8;
/// Longer ones are no records of ours.
const RECORD_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
    /// No message: `bytes` is a Call-ID, and it is `call`'s.
    Named,
}

/// One message as it went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub at: Wall,
    pub way: Way,
    pub transport: Transport,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    /// Of [`Way::Named`].
    pub call: i64,
    pub bytes: Vec<u8>,
}

impl Record {
    pub fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + HEAD_BYTES + self.bytes.len());
        out.extend(((HEAD_BYTES + self.bytes.len()) as u32).to_le_bytes());
        out.extend(self.at.0.to_le_bytes());
        out.push(match self.way {
            Way::In => 0,
            Way::Out => 1,
            Way::Named => 2,
        });
        out.push(match self.transport {
            Transport::Udp => 0,
            Transport::Tcp => 1,
            Transport::Tls => 2,
        });
        for addr in [self.local, self.peer] {
            let ip = match addr.ip() {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            out.extend(ip.octets());
            out.extend(addr.port().to_le_bytes());
        }
        out.extend(self.call.to_le_bytes());
        out.extend_from_slice(&self.bytes);
        out
    }

    /// The next one of a file. `None`: it is at its end, or the last was cut short when the program ended.
    ///
    /// # Errors
    /// The file cannot be read, or does not hold records.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Record>> {
        let mut length = [0; 4];
        if !fill(from, &mut length)? {
            return Ok(None);
        }
        let length = u32::from_le_bytes(length) as usize;
        let strange =
            || io::Error::new(io::ErrorKind::InvalidData, "not a file of SIP messages as ringback writes them");
        if !(HEAD_BYTES..=RECORD_BYTES_MAX).contains(&length) {
            return Err(strange());
        }
        let mut rest = vec![0; length];
        if !fill(from, &mut rest)? {
            return Ok(None);
        }
        let (head, bytes) = rest.split_at(HEAD_BYTES);
        let number = |at: usize| head[at..at + 8].iter().rev().fold(0_u64, |n, b| n << 8 | u64::from(*b)) as i64;
        let addr = |at: usize| {
            let ip: [u8; 16] = std::array::from_fn(|i| head[at + i]);
            let port = u16::from_le_bytes([head[at + 16], head[at + 17]]);
            SocketAddr::new(IpAddr::V6(Ipv6Addr::from(ip)).to_canonical(), port)
        };
        let way = [Way::In, Way::Out, Way::Named].get(usize::from(head[8])).copied().ok_or_else(strange)?;
        let transport = Transport::ALL.get(usize::from(head[9])).copied().ok_or_else(strange)?;
        let (local, peer) = (addr(10), addr(28));
        Ok(Some(Record { at: Wall(number(0)), way, transport, local, peer, call: number(46), bytes: bytes.to_vec() }))
    }
}

/// Whether there was enough.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let record = Record {
            at: Wall(-5),
            way: Way::Out,
            transport: Transport::Tls,
            local: "10.0.0.1:5060".parse().unwrap(),
            peer: "[2001:db8::1]:5061".parse().unwrap(),
            call: -7,
            bytes: b"OPTIONS".to_vec(),
        };
        let bytes = [record.encoded(), record.encoded()].concat();
        let mut reader = bytes.as_slice();
        assert_eq!(Record::read(&mut reader).unwrap(), Some(record.clone()));
        assert_eq!(Record::read(&mut reader).unwrap(), Some(record));
        assert_eq!(Record::read(&mut reader).unwrap(), None);
        // Cut short anywhere, it is the end; other bytes are no records.
        for end in 0..bytes.len() / 2 {
            assert_eq!(Record::read(&mut &bytes[..end]).unwrap(), None);
        }
        assert!(Record::read(&mut &b"GIF89a......"[..]).is_err());
        let mut strange = bytes.clone();
        strange[12] = 9;
        assert!(Record::read(&mut strange.as_slice()).is_err());
    }
}
