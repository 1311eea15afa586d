//! RTCP (RFC 3550 §6): the reports that both ends of a stream send each other, read from bytes and written to them. Neither
//! allocates, and no bytes make the reader panic.

/// Longest compound packet we write: a sender report with one block, a name and a goodbye.
pub const PACKET_MAX: usize = 28 + BLOCK + 8 + NAME_MAX + 4 + 8;
/// Bytes of a name (CNAME) at most.
pub const NAME_MAX: usize = 24;
/// Packets read of one datagram; a datagram of 1,500 bytes cannot hold more that say anything.
const PACKETS_MAX: usize = 64;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const BLOCK: usize = 24;

/// What a sender says about its own stream (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Seconds in the upper half, parts of 2⁻³² of them in the lower; any epoch.
    pub ntp: u64,
    /// The same moment in RTP ticks.
    pub timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

/// What a receiver says about a stream (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Block {
    pub ssrc: u32,
    /// Since the report before, in 256ths.
    pub fraction_lost: u8,
    /// Since the beginning; negative when more came than were expected (doubles). 24 bits on the line.
    pub lost: i32,
    /// The highest sequence number heard, with the number of wraps above it.
    pub highest: u32,
    /// In RTP ticks.
    pub jitter: u32,
    /// The middle 32 bits of the `ntp` of the last sender report heard; 0: none.
    pub last_report: u32,
    /// Since that report came, in 65536ths of a second.
    pub delay: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Sent { by: u32, sent: Sent },
    Heard { by: u32, block: Block },
    Goodbye { by: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtcpError {
    #[error("shorter than its length says")]
    Short,
    #[error("not RTCP version 2")]
    Version,
}

/// Whether a datagram that came to an RTP port is RTCP (RFC 5761 §4).
pub fn is_rtcp(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes[0] >> 6 == 2 && (192..=223).contains(&bytes[1])
}

/// Tells what the packets of one datagram say. Packets before a broken one count. Unknown kinds are passed over, as §6.1 wants.
pub fn read(bytes: &[u8], mut tell: impl FnMut(Said)) -> Result<(), RtcpError> {
    let mut rest = bytes;
    for _ in 0..PACKETS_MAX {
        if rest.is_empty() {
            return Ok(());
        }
        let head = rest.get(..4).ok_or(RtcpError::Short)?;
        if head[0] >> 6 != 2 {
            return Err(RtcpError::Version);
        }
        let length = 4 + 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (packet, after) = rest.split_at_checked(length).ok_or(RtcpError::Short)?;
        one(packet[1], usize::from(packet[0] & 0x1F), &packet[4..], &mut tell)?;
        rest = after;
    }
    Ok(())
}

/// `count`: of the blocks or sources in it. `body`: after the first word.
fn one(kind: u8, count: usize, body: &[u8], tell: &mut impl FnMut(Said)) -> Result<(), RtcpError> {
    let word = |at: usize| body.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let word = |at: usize| word(at).ok_or(RtcpError::Short);
    let blocks = match kind {
        SENDER_REPORT => {
            let ntp = u64::from(word(4)?) << 32 | u64::from(word(8)?);
            let sent = Sent { ntp, timestamp: word(12)?, packets: word(16)?, octets: word(20)? };
            tell(Said::Sent { by: word(0)?, sent });
            24
        }
        RECEIVER_REPORT => 4,
        GOODBYE => {
            for source in 0..count {
                tell(Said::Goodbye { by: word(4 * source)? });
            }
            return Ok(());
        }
        _ => return Ok(()),
    };
    for at in (blocks..).step_by(BLOCK).take(count) {
        let loss = word(at + 4)?;
        let block = Block {
            ssrc: word(at)?,
            fraction_lost: (loss >> 24) as u8,
            // Sign-extended from 24 bits.
            lost: (loss << 8) as i32 >> 8,
            highest: word(at + 8)?,
            jitter: word(at + 12)?,
            last_report: word(at + 16)?,
            delay: word(at + 20)?,
        };
        tell(Said::Heard { by: word(0)?, block });
    }
    Ok(())
}

/// A compound packet (§6.1): a report, a receiver's one if `sent` is none, and our name; and a goodbye if we leave. Gives the number
/// of bytes written. Panics if `name` is longer than [`NAME_MAX`].
pub fn write(
    ssrc: u32,
    sent: Option<&Sent>,
    block: Option<&Block>,
    name: &[u8],
    leaving: bool,
    buffer: &mut [u8; PACKET_MAX],
) -> usize {
    assert!(name.len() <= NAME_MAX, "a name of our own making");
    let mut to = Writer { buffer, at: 0 };
    let kind = if sent.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
    let report = to.begin(kind, u8::from(block.is_some()));
    to.word(ssrc);
    if let Some(&Sent { ntp, timestamp, packets, octets }) = sent {
        [(ntp >> 32) as u32, ntp as u32, timestamp, packets, octets].into_iter().for_each(|word| to.word(word));
    }
    if let Some(block) = block {
        to.word(block.ssrc);
        let lost = block.lost.clamp(-(1 << 23), (1 << 23) - 1) as u32 & 0x00FF_FFFF;
        to.word(u32::from(block.fraction_lost) << 24 | lost);
        [block.highest, block.jitter, block.last_report, block.delay].into_iter().for_each(|word| to.word(word));
    }
    to.end(report);
    let description = to.begin(DESCRIPTION, 1);
    to.word(ssrc);
    to.bytes(&[1, name.len() as u8]);
    to.bytes(name);
    // One zero at least ends the list (§6.5).
    to.bytes(&[0]);
    while !to.at.is_multiple_of(4) {
        to.bytes(&[0]);
    }
    to.end(description);
    if leaving {
        let goodbye = to.begin(GOODBYE, 1);
        to.word(ssrc);
        to.end(goodbye);
    }
    to.at
}

struct Writer<'a> {
    buffer: &'a mut [u8; PACKET_MAX],
    at: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.buffer[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    fn word(&mut self, word: u32) {
        self.bytes(&word.to_be_bytes());
    }

    /// Gives where the packet begins.
    fn begin(&mut self, kind: u8, count: u8) -> usize {
        let at = self.at;
        self.bytes(&[0x80 | count, kind, 0, 0]);
        at
    }

    fn end(&mut self, began: usize) {
        let words = ((self.at - began) / 4 - 1) as u16;
        self.buffer[began + 2..began + 4].copy_from_slice(&words.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> (Vec<Said>, Result<(), RtcpError>) {
        let mut all = Vec::new();
        let end = read(bytes, |said| all.push(said));
        (all, end)
    }

    const SENT: Sent = Sent { ntp: 0x0102_0304_8000_0000, timestamp: 160, packets: 50, octets: 8000 };
    const BLOCK_OF_9: Block =
        Block { ssrc: 9, fraction_lost: 64, lost: -3, highest: 0x1_0007, jitter: 40, last_report: 77, delay: 65_536 };

    #[test]
    fn what_is_written_is_read() {
        let mut buffer = [0; PACKET_MAX];
        let (sent, heard) = (Said::Sent { by: 5, sent: SENT }, Said::Heard { by: 5, block: BLOCK_OF_9 });
        let goodbye = Said::Goodbye { by: 5 };
        #[rustfmt::skip]
        let cases: &[(_, _, &[u8], _, &[Said])] = &[
            (Some(&SENT), Some(&BLOCK_OF_9), b"abcdefghijklmnop",         false, &[sent, heard]),
            (None,        Some(&BLOCK_OF_9), b"a",                        false, &[heard]),
            (None,        None,              b"",                         false, &[]),
            (Some(&SENT), None,              b"abc",                      true,  &[sent, goodbye]),
            (Some(&SENT), Some(&BLOCK_OF_9), b"abcdefghijklmnopqrstuvwx", true,  &[sent, heard, goodbye]),
        ];
        for (sent, block, name, leaving, expected) in cases {
            let length = write(5, *sent, *block, name, *leaving, &mut buffer);
            assert!(length.is_multiple_of(4) && is_rtcp(&buffer[..length]));
            assert_eq!(told(&buffer[..length]), (expected.to_vec(), Ok(())));
        }
    }

    #[test]
    fn bytes_as_the_rfc_draws_them() {
        let mut buffer = [0; PACKET_MAX];
        let length = write(0x0A0B_0C0D, None, Some(&BLOCK_OF_9), b"me", false, &mut buffer);
        #[rustfmt::skip]
        let expected = [
            0x81, 201, 0, 7,  0x0A, 0x0B, 0x0C, 0x0D,
            0, 0, 0, 9,  64, 0xFF, 0xFF, 0xFD,  0, 1, 0, 7,  0, 0, 0, 40,  0, 0, 0, 77,  0, 1, 0, 0,
            0x81, 202, 0, 3,  0x0A, 0x0B, 0x0C, 0x0D,  1, 2, b'm', b'e',  0, 0, 0, 0,
        ];
        assert_eq!(buffer[..length], expected);
    }

    #[test]
    fn bad_and_strange_ones() {
        let mut buffer = [0; PACKET_MAX];
        let length = write(5, Some(&SENT), Some(&BLOCK_OF_9), b"me", false, &mut buffer);
        let good = &buffer[..length];
        let of =
            |first: u8, kind: u8, words: u8| [&[first, kind, 0, words][..], &vec![0; usize::from(words) * 4]].concat();
        let with = |strange: Vec<u8>| [&strange[..], good].concat();
        // What is said in it, and how it ends.
        type Case<'a> = (&'a str, Vec<u8>, usize, Result<(), RtcpError>);
        let cases: &[Case] = &[
            ("nothing", vec![], 0, Ok(())),
            (
                "feedback (RFC 4585) and extended reports (RFC 3611) before it",
                with([of(0x81, 206, 2), of(0x80, 207, 1)].concat()),
                2,
                Ok(()),
            ),
            ("a report of nobody", with(of(0x80, 201, 1)), 2, Ok(())),
            ("a report that promises a block and has none", of(0x81, 201, 1), 0, Err(RtcpError::Short)),
            ("a sender report too short for its own numbers", of(0x80, 200, 3), 0, Err(RtcpError::Short)),
            ("version 1 after it", [good, &of(0x40, 201, 1)].concat(), 2, Err(RtcpError::Version)),
            ("cut off", good[..length - 1].to_vec(), 2, Err(RtcpError::Short)),
            ("three bytes", vec![0x80, 200, 0], 0, Err(RtcpError::Short)),
        ];
        for (name, bytes, said, end) in cases {
            let (all, ended) = told(bytes);
            assert_eq!((all.len(), ended), (*said, *end), "{name}");
        }
        assert!(!is_rtcp(&[0x80, 72, 0, 0, 0, 0, 0, 0]) && !is_rtcp(&[0x80, 200]));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let _ = told(&bytes);
        }

        #[test]
        fn nor_do_spoilt_reports(at in 0usize..100, byte in 0u8..) {
            let mut buffer = [0; PACKET_MAX];
            let length = write(5, Some(&SENT), Some(&BLOCK_OF_9), b"name", true, &mut buffer);
            buffer[at % length] = byte;
            let _ = told(&buffer[..length]);
        }
    }
}
