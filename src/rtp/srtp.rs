//! SRTP and SRTCP (RFC 3711) with AES in counter mode and HMAC-SHA1: packets are encrypted and sealed in place, opened in place.
//!
//! Keys come from the signalling (RFC 4568); nothing is agreed here. No MKI, no key derivation rate, no encrypted header
//! extensions: none of them is used by trunks.

use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::packet::{self, RtpError};

/// Bytes of master key and master salt, in this order (RFC 4568 §6.1).
pub const KEY_BYTES: usize = 30;
/// What [`Sealer::rtp`] adds at most.
pub const RTP_ROOM: usize = 10;
/// What [`Sealer::rtcp`] adds: the index and the seal, which is 80 bits for both suites (RFC 4568 §6.2.2).
pub const RTCP_ROOM: usize = 4 + 10;
/// Sources that one far end may send from; beyond it the one silent for longest is forgotten.
const SOURCES_MAX: usize = 8;
/// Of an RTCP compound packet, the first header and SSRC stay readable.
const RTCP_CLEAR: usize = 8;
/// The first bit of the SRTCP index: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;
/// 2^31 packets of SRTCP, 2^48 of SRTP: then new keys are needed (§9.2). No call is so long.
const RTCP_INDEX_MAX: u32 = ENCRYPTED - 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    AesCm128HmacSha1_80,
    AesCm128HmacSha1_32,
}

impl Suite {
    /// Bytes of the seal on an RTP packet.
    const fn rtp_seal(self) -> usize {
        match self {
            Suite::AesCm128HmacSha1_80 => 10,
            Suite::AesCm128HmacSha1_32 => 4,
        }
    }
}

const RTCP_SEAL: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    #[error("no RTP or RTCP: {0}")]
    Packet(#[from] RtpError),
    #[error("the seal is not of this key")]
    Seal,
    #[error("a packet that came before, or is too old to tell")]
    Replayed,
    #[error("the buffer has no room for the seal")]
    Room,
    #[error("the key has been used for as long as it may be")]
    Spent,
}

/// Encrypts what we send. One for each stream and key.
#[derive(Debug)]
pub struct Sealer {
    keys: Keys,
    source: Option<Source>,
    rtcp_index: u32,
}

/// Decrypts what we are sent with one key.
#[derive(Debug)]
pub struct Opener {
    keys: Keys,
    sources: [Option<Source>; SOURCES_MAX],
    rtcp: [Option<RtcpSource>; SOURCES_MAX],
    /// Packets opened: when a source was last heard.
    now: u64,
}

impl Sealer {
    /// `key`: ours, as the SDP says it.
    pub fn new(suite: Suite, key: &[u8; KEY_BYTES]) -> Sealer {
        Sealer { keys: Keys::derive(suite, key), source: None, rtcp_index: 0 }
    }

    /// Seals the RTP packet in the first `length` bytes of `buffer`; gives its new length, up to [`RTP_ROOM`] more.
    ///
    /// Packets go in the order of their sequence numbers, from one below 2^15 (§3.3.1: else the loss of the first ones could
    /// hide a wrap from the far end).
    pub fn rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SrtpError> {
        let seal = self.keys.suite.rtp_seal();
        let (packet, room) = buffer.split_at_mut_checked(length).ok_or(SrtpError::Room)?;
        let room = room.get_mut(..seal).ok_or(SrtpError::Room)?;
        let Clear { bytes, sequence, ssrc } = Clear::of(packet)?;
        let source = match &mut self.source {
            Some(source) if source.ssrc == ssrc => source,
            other => other.insert(Source::new(ssrc, sequence)),
        };
        let index = source.index(sequence);
        source.note(index, 0);
        self.keys.rtp.cipher(ssrc, index, &mut packet[bytes..]);
        let tag = self.keys.rtp.tag(packet, &((index >> 16) as u32).to_be_bytes());
        room.copy_from_slice(&tag[..seal]);
        Ok(length + seal)
    }

    /// The same for RTCP; adds [`RTCP_ROOM`].
    pub fn rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SrtpError> {
        let (packet, room) = buffer.split_at_mut_checked(length).ok_or(SrtpError::Room)?;
        let room = room.get_mut(..RTCP_ROOM).ok_or(SrtpError::Room)?;
        let ssrc = rtcp_ssrc(packet)?;
        if self.rtcp_index > RTCP_INDEX_MAX {
            return Err(SrtpError::Spent);
        }
        let index = self.rtcp_index;
        self.rtcp_index += 1;
        self.keys.rtcp.cipher(ssrc, index.into(), &mut packet[RTCP_CLEAR..]);
        let trailer = (index | ENCRYPTED).to_be_bytes();
        let tag = self.keys.rtcp.tag(packet, &trailer);
        room[..4].copy_from_slice(&trailer);
        room[4..].copy_from_slice(&tag[..RTCP_SEAL]);
        Ok(length + RTCP_ROOM)
    }
}

impl Opener {
    /// `key`: theirs, as the SDP says it.
    pub fn new(suite: Suite, key: &[u8; KEY_BYTES]) -> Opener {
        Opener { keys: Keys::derive(suite, key), sources: [None; SOURCES_MAX], rtcp: [None; SOURCES_MAX], now: 0 }
    }

    /// Opens the packet in place; gives the length of the RTP packet at its beginning. What is refused leaves no trace, and its
    /// bytes as they were.
    pub fn rtp(&mut self, bytes: &mut [u8]) -> Result<usize, SrtpError> {
        let length = bytes.len().checked_sub(self.keys.suite.rtp_seal()).ok_or(RtpError::Short)?;
        let (packet, seal) = bytes.split_at_mut(length);
        let Clear { bytes: clear, sequence, ssrc } = Clear::of(packet)?;
        let place = self.sources.iter().position(|s| s.is_some_and(|s| s.ssrc == ssrc));
        let mut source = place.and_then(|at| self.sources[at]).unwrap_or(Source::new(ssrc, sequence));
        let index = source.index(sequence);
        if place.is_some() && source.window.has(index) {
            return Err(SrtpError::Replayed);
        }
        self.keys.rtp.check(packet, &((index >> 16) as u32).to_be_bytes(), seal)?;
        self.keys.rtp.cipher(ssrc, index, &mut packet[clear..]);
        self.now += 1;
        source.note(index, self.now);
        let place = place.unwrap_or_else(|| oldest(&self.sources, |s| s.heard));
        self.sources[place] = Some(source);
        Ok(length)
    }

    /// The same for RTCP.
    pub fn rtcp(&mut self, bytes: &mut [u8]) -> Result<usize, SrtpError> {
        let length = bytes.len().checked_sub(RTCP_ROOM).ok_or(RtpError::Short)?;
        let (packet, rest) = bytes.split_at_mut(length);
        let (trailer, seal) = rest.split_at(4);
        let ssrc = rtcp_ssrc(packet)?;
        let word = u32::from_be_bytes([trailer[0], trailer[1], trailer[2], trailer[3]]);
        let index = u64::from(word & !ENCRYPTED);
        let place = self.rtcp.iter().position(|s| s.is_some_and(|s| s.ssrc == ssrc));
        let mut source =
            place.and_then(|at| self.rtcp[at]).unwrap_or(RtcpSource { ssrc, window: Window::default(), heard: 0 });
        if source.window.has(index) {
            return Err(SrtpError::Replayed);
        }
        self.keys.rtcp.check(packet, trailer, seal)?;
        if word & ENCRYPTED != 0 {
            self.keys.rtcp.cipher(ssrc, index, &mut packet[RTCP_CLEAR..]);
        }
        self.now += 1;
        source.heard = self.now;
        source.window.note(index);
        let place = place.unwrap_or_else(|| oldest(&self.rtcp, |s| s.heard));
        self.rtcp[place] = Some(source);
        Ok(length)
    }
}

/// A free place, or that of the one silent for longest.
fn oldest<T>(sources: &[Option<T>; SOURCES_MAX], heard: impl Fn(&T) -> u64) -> usize {
    (0..SOURCES_MAX).min_by_key(|&at| sources[at].as_ref().map_or(0, &heard)).unwrap_or(0)
}

/// What stays readable of an RTP packet.
struct Clear {
    bytes: usize,
    sequence: u16,
    ssrc: u32,
}

impl Clear {
    /// Padding is not looked at: it is encrypted with the payload.
    fn of(packet: &[u8]) -> Result<Clear, RtpError> {
        let fixed = packet.first_chunk::<{ packet::HEADER }>().ok_or(RtpError::Short)?;
        if fixed[0] >> 6 != 2 {
            return Err(RtpError::Version);
        }
        if (192..=223).contains(&fixed[1]) {
            return Err(RtpError::Rtcp);
        }
        let mut bytes = packet::HEADER + usize::from(fixed[0] & 0x0F) * 4;
        if fixed[0] & 0x10 != 0 {
            let head = packet.get(bytes..bytes + 4).ok_or(RtpError::Short)?;
            bytes += 4 + usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
        }
        if bytes > packet.len() {
            return Err(RtpError::Short);
        }
        let sequence = u16::from_be_bytes([fixed[2], fixed[3]]);
        Ok(Clear { bytes, sequence, ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]) })
    }
}

fn rtcp_ssrc(packet: &[u8]) -> Result<u32, RtpError> {
    let head = packet.first_chunk::<RTCP_CLEAR>().ok_or(RtpError::Short)?;
    if head[0] >> 6 != 2 {
        return Err(RtpError::Version);
    }
    Ok(u32::from_be_bytes([head[4], head[5], head[6], head[7]]))
}

/// One SSRC of RTP: how often its sequence numbers have wrapped, and which have come.
#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: u32,
    /// The highest index seen: wraps × 65536 + sequence number.
    highest: u64,
    window: Window,
    heard: u64,
}

impl Source {
    fn new(ssrc: u32, sequence: u16) -> Source {
        Source { ssrc, highest: sequence.into(), window: Window::default(), heard: 0 }
    }

    /// §3.3.1: the index nearest to the highest seen.
    fn index(&self, sequence: u16) -> u64 {
        let wraps = self.highest >> 16;
        let (last, sequence) = (i64::from(self.highest as u16), i64::from(sequence));
        let wraps = match sequence - last {
            // Before the first wrap there is nothing earlier.
            32_769.. => wraps.saturating_sub(1),
            ..=-32_769 => wraps + 1,
            _ => wraps,
        };
        wraps << 16 | sequence as u64
    }

    fn note(&mut self, index: u64, heard: u64) {
        self.highest = self.highest.max(index);
        self.window.note(index);
        self.heard = heard;
    }
}

#[derive(Debug, Clone, Copy)]
struct RtcpSource {
    ssrc: u32,
    window: Window,
    heard: u64,
}

/// The last 64 indices: which have come (§3.3.2).
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    /// One past the highest.
    next: u64,
    /// Bit n: `next - 1 - n` has come.
    come: u64,
}

impl Window {
    fn has(&self, index: u64) -> bool {
        match self.next.checked_sub(index + 1) {
            None => false,
            Some(behind) => behind >= 64 || self.come >> behind & 1 == 1,
        }
    }

    fn note(&mut self, index: u64) {
        if index >= self.next {
            let ahead = index + 1 - self.next;
            self.come = if ahead < 64 { self.come << ahead | 1 } else { 1 };
            self.next = index + 1;
        } else if self.next - 1 - index < 64 {
            self.come |= 1 << (self.next - 1 - index);
        }
    }
}

struct Keys {
    suite: Suite,
    rtp: SessionKeys,
    rtcp: SessionKeys,
}

struct SessionKeys {
    aes: Aes128,
    salt: Zeroizing<[u8; 14]>,
    /// With the key taken in, so that a packet costs no more than its own bytes.
    mac: Hmac<Sha1>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({:?}, •••)", self.suite)
    }
}

impl Keys {
    fn derive(suite: Suite, key: &[u8; KEY_BYTES]) -> Keys {
        let (key, salt) = key.split_at(16);
        let master = Aes128::new_from_slice(key).expect("16 bytes are an AES-128 key");
        Keys { suite, rtp: SessionKeys::derive(&master, salt, 0), rtcp: SessionKeys::derive(&master, salt, 3) }
    }
}

impl SessionKeys {
    /// §4.3 with a derivation rate of zero. Labels: encryption, seal, salt, from `label` on.
    fn derive(master: &Aes128, salt: &[u8], label: u8) -> SessionKeys {
        let stream = |label: u8, out: &mut [u8]| {
            let mut iv = [0; 16];
            iv[..14].copy_from_slice(salt);
            iv[7] ^= label;
            keystream(master, &iv, out);
        };
        let mut key = Zeroizing::new([0; 16]);
        stream(label, &mut key[..]);
        let mut seal = Zeroizing::new([0; 20]);
        stream(label + 1, &mut seal[..]);
        let mut salt = Zeroizing::new([0; 14]);
        stream(label + 2, &mut salt[..]);
        SessionKeys {
            aes: Aes128::new_from_slice(&key[..]).expect("16 bytes are an AES-128 key"),
            salt,
            mac: Hmac::new_from_slice(&seal[..]).expect("HMAC takes keys of any length"),
        }
    }

    /// §4.1.1: encrypts, or decrypts.
    fn cipher(&self, ssrc: u32, index: u64, bytes: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt[..]);
        iv[4..8].iter_mut().zip(ssrc.to_be_bytes()).for_each(|(iv, byte)| *iv ^= byte);
        iv[8..14].iter_mut().zip(&index.to_be_bytes()[2..]).for_each(|(iv, byte)| *iv ^= byte);
        keystream(&self.aes, &iv, bytes);
    }

    /// §4.2.1: of the packet and what follows it.
    fn tag(&self, packet: &[u8], rest: &[u8]) -> [u8; 20] {
        let mut mac = self.mac.clone();
        mac.update(packet);
        mac.update(rest);
        mac.finalize().into_bytes().into()
    }

    /// In constant time: how many bytes were right is nobody's business.
    fn check(&self, packet: &[u8], rest: &[u8], seal: &[u8]) -> Result<(), SrtpError> {
        let mut mac = self.mac.clone();
        mac.update(packet);
        mac.update(rest);
        mac.verify_truncated_left(seal).map_err(|_| SrtpError::Seal)
    }
}

/// Adds AES's counter stream from `iv` on to the bytes.
fn keystream(aes: &Aes128, iv: &[u8; 16], bytes: &mut [u8]) {
    let core = ctr::CtrCore::<&Aes128, ctr::flavors::Ctr128BE>::inner_iv_init(aes, iv.into());
    ctr::Ctr128BE::from_core(core).apply_keystream(bytes);
}

#[cfg(test)]
mod tests {
    use super::super::{Header, Packet};
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter_map(|b| char::from(b).to_digit(16)).map(|d| d as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    fn key(text: &str) -> [u8; KEY_BYTES] {
        hex(text).try_into().unwrap()
    }

    const SUITES: [Suite; 2] = [Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32];

    /// RFC 3711 §B.3.
    const MASTER: &str = "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6";

    #[test]
    fn key_derivation_of_the_rfc() {
        let keys = Keys::derive(Suite::AesCm128HmacSha1_80, &key(MASTER));
        assert_eq!(keys.rtp.salt[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
        // The cipher key is known by its stream, the seal's key by its seal.
        let same = Aes128::new_from_slice(&hex("C61E7A93744F39EE10734AFE3FF7A087")).unwrap();
        let (mut ours, mut theirs) = ([0; 32], [0; 32]);
        keystream(&keys.rtp.aes, &[7; 16], &mut ours);
        keystream(&same, &[7; 16], &mut theirs);
        assert_eq!(ours, theirs);
        let mut mac = Hmac::<Sha1>::new_from_slice(&hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")).unwrap();
        mac.update(b"packet rest");
        assert_eq!(keys.rtp.tag(b"packet ", b"rest")[..], mac.finalize().into_bytes()[..]);
    }

    /// RFC 3711 §B.2: the first blocks, and those where the counter's low byte is full.
    #[test]
    fn counter_stream_of_the_rfc() {
        let aes = Aes128::new_from_slice(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
        let iv: [u8; 16] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
        let mut stream = vec![0; 0xFF02 * 16];
        keystream(&aes, &iv, &mut stream);
        assert_eq!(
            stream[..48],
            hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0")
        );
        assert_eq!(
            stream[0xFEFF * 16..],
            hex("EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44")
        );
    }

    /// The packets that implementations compare (libsrtp's reference), sealed and opened.
    #[test]
    fn whole_packets_as_others_seal_them() {
        let mut buffer = hex("800F1234DECAFBADCAFEBABE ABABABABABABABABABABABABABABABAB");
        let length = buffer.len();
        buffer.resize(length + RTP_ROOM, 0);
        let mut sealer = Sealer::new(Suite::AesCm128HmacSha1_80, &key(MASTER));
        let sealed = sealer.rtp(&mut buffer, length).unwrap();
        assert_eq!(
            buffer[..sealed],
            hex("800F1234DECAFBADCAFEBABE 4E55DC4CE79978D88CA4D215949D2402 B78D6ACC99EA179B8DBB")
        );
        let mut buffer = hex("81C8000BCAFEBABE ABABABABABABABABABABABABABABABAB");
        let length = buffer.len();
        buffer.resize(length + RTCP_ROOM, 0);
        // The reference begins at 1.
        sealer.rtcp_index = 1;
        let sealed = sealer.rtcp(&mut buffer, length).unwrap();
        assert_eq!(
            buffer[..sealed],
            hex("81C8000BCAFEBABE 7128035BE487B9BDBEF89041F977A5A8 80000001 993E08CD54D6C1230798")
        );
        let mut opener = Opener::new(Suite::AesCm128HmacSha1_80, &key(MASTER));
        assert_eq!(opener.rtcp(&mut buffer), Ok(length));
        assert_eq!(buffer[8..length], [0xAB; 16]);
        assert_eq!(opener.rtcp(&mut buffer.clone()), Err(SrtpError::Replayed));
    }

    fn packet(sequence: u16, ssrc: u32, payload: &[u8]) -> (Vec<u8>, usize) {
        let mut buffer = vec![0; 300];
        let header = Header { payload_type: 8, marker: false, sequence, timestamp: 160, ssrc };
        let length = header.write(payload, &mut buffer);
        (buffer, length)
    }

    fn sealed(sealer: &mut Sealer, sequence: u16, ssrc: u32) -> Vec<u8> {
        let (mut buffer, length) = packet(sequence, ssrc, &sequence.to_be_bytes());
        let length = sealer.rtp(&mut buffer, length).unwrap();
        buffer.truncate(length);
        buffer
    }

    /// Which of the sequence numbers are opened, in the order in which they arrive; `x` marks those that are refused.
    fn arrivals(sent: impl Iterator<Item = u16>, arrive: &[usize]) -> String {
        let key = key(MASTER);
        let (mut sealer, mut opener) =
            (Sealer::new(Suite::AesCm128HmacSha1_32, &key), Opener::new(Suite::AesCm128HmacSha1_32, &key));
        let line: Vec<Vec<u8>> = sent.map(|sequence| sealed(&mut sealer, sequence, 7)).collect();
        let words = arrive.iter().map(|&n| {
            let mut bytes = line[n].clone();
            match opener.rtp(&mut bytes) {
                Ok(length) => {
                    let packet = Packet::parse(&bytes[..length]).unwrap();
                    assert_eq!(packet.payload, packet.header.sequence.to_be_bytes());
                    packet.header.sequence.to_string()
                }
                Err(SrtpError::Replayed) => "x".to_owned(),
                Err(other) => other.to_string(),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn order_loss_replay_and_wraps() {
        let from = |n: u16| (0..200).map(move |k| n.wrapping_add(k));
        assert_eq!(arrivals(from(10), &[0, 1, 2]), "10 11 12");
        assert_eq!(arrivals(from(10), &[0, 2, 1, 1, 0, 2]), "10 12 11 x x x");
        assert_eq!(arrivals(from(10), &[3, 0, 1]), "13 10 11");
        // 64 behind cannot be told from a replay.
        assert_eq!(arrivals(from(10), &[0, 100, 37, 36, 101]), "10 110 47 x 111");
        assert_eq!(arrivals(from(65_534), &[0, 1, 2, 3]), "65534 65535 0 1");
        assert_eq!(arrivals(from(65_534), &[0, 3, 1, 2, 1]), "65534 1 65535 0 x");
    }

    #[test]
    fn many_wraps_are_counted_on_both_sides() {
        let key = key(MASTER);
        for suite in SUITES {
            let (mut sealer, mut opener) = (Sealer::new(suite, &key), Opener::new(suite, &key));
            for n in 0..300_000u32 {
                // One in a thousand is looked at, so that the test is quick; all are sealed.
                let mut bytes = sealed(&mut sealer, n as u16, 1);
                if n % 1000 == 0 {
                    assert!(opener.rtp(&mut bytes).is_ok(), "{n}");
                }
            }
        }
    }

    #[test]
    fn what_was_touched_is_refused_and_left_as_it_was() {
        let key = key(MASTER);
        for suite in SUITES {
            let mut opener = Opener::new(suite, &key);
            let good = sealed(&mut Sealer::new(suite, &key), 5, 9);
            for bit in 0..good.len() * 8 {
                let mut bad = good.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                let before = bad.clone();
                assert!(opener.rtp(&mut bad).is_err(), "{suite:?}, bit {bit}");
                assert_eq!(bad, before);
            }
            for end in 0..good.len() {
                assert!(opener.rtp(&mut good[..end].to_vec()).is_err());
                assert!(opener.rtcp(&mut good[..end].to_vec()).is_err());
            }
            let mut other = key;
            other[20] ^= 1;
            assert_eq!(Opener::new(suite, &other).rtp(&mut good.clone()), Err(SrtpError::Seal));
            assert_eq!(opener.rtp(&mut good.clone()), Ok(14), "none of it has left a trace");
        }
    }

    #[test]
    fn sources_come_and_go() {
        let key = key(MASTER);
        let suite = Suite::AesCm128HmacSha1_80;
        let mut opener = Opener::new(suite, &key);
        for ssrc in 0..20 {
            let mut sealer = Sealer::new(suite, &key);
            for sequence in [60_000, 100] {
                // Another source begins its own count.
                assert!(opener.rtp(&mut sealed(&mut sealer, sequence, ssrc)).is_ok(), "{ssrc}");
            }
            let mut again = sealed(&mut Sealer::new(suite, &key), 60_000, ssrc);
            assert_eq!(opener.rtp(&mut again), Err(SrtpError::Replayed));
        }
    }

    #[test]
    fn header_extensions_stay_readable() {
        let key = key(MASTER);
        let suite = Suite::AesCm128HmacSha1_80;
        let mut bytes = hex("9008000100000000000000BE BEDE0001 10AA0000 01020304");
        let (length, clear) = (bytes.len(), bytes[..20].to_vec());
        bytes.resize(length + RTP_ROOM, 0);
        let sealed = Sealer::new(suite, &key).rtp(&mut bytes, length).unwrap();
        assert_eq!(bytes[..20], clear);
        assert_ne!(bytes[20..24], [1, 2, 3, 4]);
        assert_eq!(Opener::new(suite, &key).rtp(&mut bytes[..sealed]), Ok(24));
        assert_eq!(bytes[20..24], [1, 2, 3, 4]);
    }

    #[test]
    fn no_room_no_packet_and_no_key_in_sight() {
        let mut sealer = Sealer::new(Suite::AesCm128HmacSha1_80, &key(MASTER));
        let (mut buffer, length) = packet(1, 2, &[0; 160]);
        assert_eq!(sealer.rtp(&mut buffer[..length + 9], length), Err(SrtpError::Room));
        assert_eq!(sealer.rtp(&mut buffer[..5], 20), Err(SrtpError::Room));
        assert_eq!(sealer.rtp(&mut [0x80; 64], 11), Err(SrtpError::Packet(RtpError::Short)));
        assert_eq!(sealer.rtp(&mut [0; 64], 20), Err(SrtpError::Packet(RtpError::Version)));
        sealer.rtcp_index = RTCP_INDEX_MAX + 1;
        assert_eq!(sealer.rtcp(&mut [0x80; 64], 20), Err(SrtpError::Spent));
        let shown = format!("{sealer:?} {:?}", Opener::new(Suite::AesCm128HmacSha1_32, &key(MASTER)));
        assert!(shown.contains("•••") && !shown.contains("salt") && !shown.contains("225"), "{shown}");
    }

    /// Costs, on demand: `cargo test --lib -- --ignored --nocapture cost_of_srtp`.
    #[test]
    #[ignore = "prints figures"]
    fn cost_of_srtp() {
        let key = key(MASTER);
        let (mut sealer, mut opener) = (Sealer::new(SUITES[0], &key), Opener::new(SUITES[0], &key));
        const PACKETS: u32 = 20_000;
        let clock = crate::time::Clock::system();
        let began = clock.now().mono;
        for n in 0..PACKETS {
            let (mut buffer, length) = packet(n as u16, 1, &[0x55; 160]);
            let length = sealer.rtp(&mut buffer, length).unwrap();
            opener.rtp(&mut buffer[..length]).unwrap();
        }
        println!(
            "sealed and opened: {:.2} µs a packet",
            clock.now().mono.since(began).as_secs_f64() * 1e6 / f64::from(PACKETS)
        );
    }
}
