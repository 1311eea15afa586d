//! Session descriptions (RFC 4566) of a telephone call, read: audio streams with their codecs, keys (RFC 4733), comfort
//! noise, packet times, RTCP and encryption. What is not needed is skipped, ICE and DTLS among it. What we say ourselves, and
//! what both sides agree on, is in `session.rs`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::sdes::{CRYPTOS_MAX, Crypto, Srtp};
use crate::audio::Codec;

const LINES_MAX: usize = 400;
const STREAMS_MAX: usize = 8;
/// Payload types read of one stream.
const PAYLOADS_MAX: usize = 64;

/// Audio in one packet, in milliseconds: what we speak. Other wishes are answered with the nearest of these below them.
pub const PTIME_MS_MIN: u8 = 10;
pub const PTIME_MS_MAX: u8 = 60;
/// RFC 3551 §4.2.
pub const PTIME_MS_USUAL: u8 = 20;

/// What was agreed: where to send audio and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// Where the far end hears us. An unspecified address (0.0.0.0) is nowhere: see [`Media::may_send`].
    pub addr: SocketAddr,
    /// Where it wants RTCP: what `a=rtcp` names (RFC 3605), `addr` with `a=rtcp-mux` (RFC 5761), else the port above `addr`'s.
    pub rtcp_addr: SocketAddr,
    pub codec: Codec,
    /// RTP payload type of the codec in what we send: the far end's number for it (RFC 3264 §5.1).
    pub payload: u8,
    /// And in what we are sent: our number, as a rule the same.
    pub payload_in: u8,
    /// RTP payload type of telephone-event (RFC 4733) in what we send, when both know it.
    pub dtmf_payload: Option<u8>,
    pub dtmf_payload_in: Option<u8>,
    /// Of the telephone-event's timestamps: 8000, or 48000 beside Opus where the far end knows that.
    pub dtmf_clock_hz: u32,
    /// RTP payload type of comfort noise (RFC 3389), when both know it: 13.
    pub comfort_payload: Option<u8>,
    /// Audio in each packet that the far end wants, in milliseconds: 10 to 60.
    pub ptime_ms: u8,
    /// The far end makes use of Opus's in-band error correction (`useinbandfec=1`, RFC 7587 §6.1).
    pub fec: bool,
    /// Ours: `SendOnly` is that we speak and the far end does not; a far end that holds us leaves `RecvOnly` or `Inactive`.
    pub direction: Direction,
    /// `Some`: everything is encrypted (RFC 3711), RTCP too.
    pub srtp: Option<Srtp>,
}

impl Media {
    /// Whether the far end wants to hear us: it has not put us on hold, by direction or by the address 0.0.0.0 of old
    /// (RFC 3264 §8.4), which on this machine would mean ourselves.
    pub fn may_send(&self) -> bool {
        self.direction.sends() && !self.addr.ip().is_unspecified()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub const ALL: [Direction; 4] =
        [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];

    pub fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }

    pub(super) fn of(sends: bool, receives: bool) -> Direction {
        match (sends, receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }

    /// The same stream seen from the other end (RFC 3264 §6.1).
    pub fn turned(self) -> Direction {
        Direction::of(self.receives(), self.sends())
    }

    /// What is left of both.
    pub(super) fn and(self, other: Direction) -> Direction {
        Direction::of(self.sends() && other.sends(), self.receives() && other.receives())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    #[error("no `m=audio` stream over RTP/AVP or RTP/SAVP with a port")]
    NoAudio,
    #[error("none of our codecs is among the payload types")]
    NoCodec,
    #[error("no usable `c=` line: an address is wanted, not a name")]
    NoAddress,
}

/// How a codec is called in `a=rtpmap`.
pub(super) struct Name {
    pub codec: Codec,
    pub encoding: &'static str,
    pub clock_hz: u32,
    pub channels: u32,
    /// Our number for it: the static one, where there is one (RFC 3551 §6).
    pub payload: u8,
    /// Our `a=fmtp`.
    pub parameters: Option<&'static str>,
}

/// G.722 samples at 16 kHz and has a clock of 8 kHz (RFC 3551 §4.5.2); Opus is always called stereo (RFC 7587 §7).
pub(super) const NAMES: &[Name] = &[
    Name { codec: Codec::Pcma, encoding: "PCMA", clock_hz: 8000, channels: 1, payload: 8, parameters: None },
    Name { codec: Codec::Pcmu, encoding: "PCMU", clock_hz: 8000, channels: 1, payload: 0, parameters: None },
    Name { codec: Codec::G722, encoding: "G722", clock_hz: 8000, channels: 1, payload: 9, parameters: None },
    Name {
        codec: Codec::Opus,
        encoding: "opus",
        clock_hz: 48_000,
        channels: 2,
        payload: 111,
        parameters: Some("useinbandfec=1"),
    },
];

pub(super) fn name(codec: Codec) -> &'static Name {
    NAMES.iter().find(|n| n.codec == codec).expect("every codec has its row; a test holds it")
}

/// A codec and its number in one description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub codec: Codec,
    pub payload: u8,
    /// `useinbandfec=1`.
    pub fec: bool,
}

/// A stream that we could speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    pub addr: SocketAddr,
    pub rtcp_addr: SocketAddr,
    pub rtcp_mux: bool,
    /// RTP/SAVP or RTP/SAVPF: encrypted or not at all.
    pub secure: bool,
    /// In the order of preference; never empty.
    pub formats: Vec<Format>,
    /// Payload types of telephone-event, and their clocks in Hz.
    pub events: Vec<(u8, u32)>,
    pub comfort: Option<u8>,
    /// Dynamic numbers that nothing is said about.
    pub unmapped: Vec<u8>,
    pub ptime_ms: Option<u8>,
    pub direction: Direction,
    pub cryptos: Vec<Crypto>,
}

/// An `m=` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// What follows `m=` when it is refused: the same with port 0 (RFC 3264 §6).
    pub refusal: String,
    /// The transport, as written: the answer's is the same.
    pub profile: String,
    pub audio: Option<Audio>,
}

/// What the far end described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// In order; at least one has audio.
    pub streams: Vec<Stream>,
}

impl Description {
    pub fn parse(text: &str) -> Result<Description, SdpError> {
        let mut session = Section::default();
        let mut sections: Vec<(Line, Section)> = Vec::new();
        for line in text.lines().take(LINES_MAX) {
            let Some((kind, value)) = line.trim_end().split_once('=') else { continue };
            let full = sections.len() == STREAMS_MAX;
            match (kind, sections.last_mut()) {
                ("m", _) if full => break,
                ("m", _) => sections.push((Line::parse(value), Section::default())),
                (_, Some((_, section))) => section.line(kind, value),
                (_, None) => session.line(kind, value),
            }
        }
        let mut wrong = SdpError::NoAudio;
        let streams: Vec<Stream> = sections
            .into_iter()
            .map(|(line, section)| {
                let audio = line.audio(&section, &session).map_err(|e| {
                    // Of several complaints that about the stream that came furthest.
                    if e != SdpError::NoAudio {
                        wrong = e;
                    }
                });
                Stream { audio: audio.ok(), refusal: line.refusal, profile: line.profile }
            })
            .collect();
        if streams.iter().any(|s| s.audio.is_some()) { Ok(Description { streams }) } else { Err(wrong) }
    }

    /// The streams that can be spoken, and their places.
    pub fn audio(&self) -> impl Iterator<Item = (usize, &Audio)> {
        self.streams.iter().enumerate().filter_map(|(at, stream)| Some((at, stream.audio.as_ref()?)))
    }
}

/// `m=audio 49170 RTP/AVP 8 0 101`, taken apart.
struct Line {
    /// `None`: not audio, refused (port 0), or a transport that is not spoken here.
    port: Option<u16>,
    secure: bool,
    payloads: Vec<u8>,
    refusal: String,
    profile: String,
}

impl Line {
    fn parse(value: &str) -> Line {
        let mut words = value.split_ascii_whitespace();
        let clean = |word: Option<&str>, or: &str| {
            let word = word.filter(|w| w.len() <= 64 && w.bytes().all(|b| (0x21..0x7f).contains(&b)));
            word.unwrap_or(or).to_owned()
        };
        let (kind, port) = (clean(words.next(), "audio"), words.next().and_then(|p| p.split('/').next()));
        let profile = clean(words.next(), "RTP/AVP");
        let refusal = format!("{kind} 0 {profile} {}", clean(words.clone().next(), "0"));
        // AVPF differs in feedback only. UDP/TLS/… has its keys from DTLS, which is not spoken.
        let (plain, secure) = (["RTP/AVP", "RTP/AVPF"], ["RTP/SAVP", "RTP/SAVPF"]);
        let (plain, secure) = (plain.contains(&profile.as_str()), secure.contains(&profile.as_str()));
        let port = port.and_then(|p| p.parse().ok()).filter(|p| *p != 0 && kind == "audio" && (plain || secure));
        let payloads = words.take(PAYLOADS_MAX).filter_map(|p| p.parse().ok()).filter(|p| *p < 128).collect();
        Line { port, secure, payloads, refusal, profile }
    }

    fn audio(&self, section: &Section, session: &Section) -> Result<Audio, SdpError> {
        let port = self.port.ok_or(SdpError::NoAudio)?;
        let formats: Vec<Format> = self.payloads.iter().filter_map(|p| section.format(*p)).collect();
        if formats.is_empty() {
            return Err(SdpError::NoCodec);
        }
        let ip = section.address.or(session.address).ok_or(SdpError::NoAddress)?;
        let addr = SocketAddr::new(ip, port);
        let rtcp_mux = section.rtcp_mux || session.rtcp_mux;
        let rtcp_addr = match section.rtcp {
            _ if rtcp_mux => addr,
            Some((port, at)) => SocketAddr::new(at.unwrap_or(ip), port),
            // RFC 3550 §11. There is no port above the last: RTCP then goes where RTP goes.
            None => SocketAddr::new(ip, port.checked_add(1).unwrap_or(port)),
        };
        let events = section.maps.iter().filter(|m| self.payloads.contains(&m.payload) && m.is("telephone-event", 1));
        let events = events.map(|m| (m.payload, m.clock_hz)).collect();
        let comfort = self.payloads.iter().copied().find(|p| match section.map(*p) {
            Some(map) => map.is("CN", 1) && map.clock_hz == 8000,
            None => *p == 13,
        });
        Ok(Audio {
            addr,
            rtcp_addr,
            rtcp_mux,
            secure: self.secure,
            formats,
            events,
            comfort,
            unmapped: self.payloads.iter().copied().filter(|p| *p >= 96 && section.map(*p).is_none()).collect(),
            ptime_ms: section.ptime_ms(session),
            direction: section.direction.or(session.direction).unwrap_or(Direction::SendRecv),
            cryptos: section.cryptos.clone(),
        })
    }
}

/// A line `a=rtpmap`.
struct Map {
    payload: u8,
    encoding: String,
    clock_hz: u32,
    channels: u32,
}

impl Map {
    fn parse(value: &str) -> Option<Map> {
        let (payload, rest) = value.trim().split_once([' ', '\t'])?;
        let mut parts = rest.trim().split('/');
        let encoding = parts.next()?.to_owned();
        let clock_hz = parts.next()?.trim().parse().ok()?;
        let channels = parts.next().and_then(|c| c.trim().parse().ok()).unwrap_or(1);
        Some(Map { payload: payload.parse().ok().filter(|p| *p < 128)?, encoding, clock_hz, channels })
    }

    fn is(&self, encoding: &str, channels: u32) -> bool {
        self.encoding.eq_ignore_ascii_case(encoding) && self.channels == channels
    }
}

#[derive(Default)]
struct Section {
    address: Option<IpAddr>,
    direction: Option<Direction>,
    maps: Vec<Map>,
    /// Payload types that ask for `useinbandfec=1`.
    fec: Vec<u8>,
    ptime: Option<u32>,
    maxptime: Option<u32>,
    rtcp: Option<(u16, Option<IpAddr>)>,
    rtcp_mux: bool,
    cryptos: Vec<Crypto>,
}

impl Section {
    fn line(&mut self, kind: &str, value: &str) {
        match kind {
            "c" => self.address = address(value.split_ascii_whitespace()),
            "a" => match value.split_once(':') {
                None if value.trim() == "rtcp-mux" => self.rtcp_mux = true,
                None => {
                    self.direction = Direction::ALL.into_iter().find(|d| d.as_str() == value.trim()).or(self.direction)
                }
                Some((name, value)) => self.attribute(name, value.trim()),
            },
            _ => {}
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "rtpmap" if self.maps.len() < PAYLOADS_MAX => self.maps.extend(Map::parse(value)),
            "fmtp" => {
                let (payload, parameters) = value.split_once([' ', '\t']).unwrap_or((value, ""));
                let asks = parameters.split(';').any(|p| p.trim().eq_ignore_ascii_case("useinbandfec=1"));
                if let Some(payload) = payload.parse().ok().filter(|_| asks && self.fec.len() < PAYLOADS_MAX) {
                    self.fec.push(payload);
                }
            }
            "ptime" => self.ptime = whole(value),
            "maxptime" => self.maxptime = whole(value),
            "rtcp" => {
                let mut words = value.split_ascii_whitespace();
                let port = words.next().and_then(|p| p.parse().ok()).filter(|p| *p != 0);
                self.rtcp = port.map(|port| (port, address(words)));
            }
            "crypto" if self.cryptos.len() < CRYPTOS_MAX => self.cryptos.extend(Crypto::parse(value)),
            _ => {}
        }
    }

    fn map(&self, payload: u8) -> Option<&Map> {
        self.maps.iter().find(|m| m.payload == payload)
    }

    /// Static numbers need no `a=rtpmap`; with one, the map counts.
    fn format(&self, payload: u8) -> Option<Format> {
        let name = match self.map(payload) {
            Some(map) => NAMES.iter().find(|n| {
                // Channels are left out by some, also of Opus, which has no other number of them.
                let channels = map.channels == n.channels || map.channels == 1;
                map.encoding.eq_ignore_ascii_case(n.encoding) && map.clock_hz == n.clock_hz && channels
            }),
            None => NAMES.iter().find(|n| n.payload == payload && payload < 96),
        };
        name.map(|n| Format { codec: n.codec, payload, fec: self.fec.contains(&payload) })
    }

    /// What a packet is to hold: whole tens, the nearest below the wish.
    fn ptime_ms(&self, session: &Section) -> Option<u8> {
        let max = self.maxptime.or(session.maxptime);
        let wish = self.ptime.or(session.ptime);
        let wish = match (wish, max) {
            (Some(wish), Some(max)) => wish.min(max),
            (Some(wish), None) => wish,
            (None, Some(max)) => max.min(u32::from(PTIME_MS_USUAL)),
            (None, None) => return None,
        };
        let tens = (wish / 10 * 10).clamp(u32::from(PTIME_MS_MIN), u32::from(PTIME_MS_MAX));
        u8::try_from(tens).ok()
    }
}

/// `IN IP4 192.0.2.1`, also with a TTL behind; a name is not looked up.
fn address<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<IpAddr> {
    let family = (words.next(), words.next());
    if !matches!(family, (Some("IN"), Some("IP4" | "IP6"))) {
        return None;
    }
    words.next()?.split('/').next()?.parse().ok()
}

/// A number of milliseconds; some write a fraction.
fn whole(value: &str) -> Option<u32> {
    value.split('.').next()?.parse().ok().filter(|ms| *ms > 0)
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\n";
    const AUDIO: &str = "m=audio 4000 RTP/AVP";
    const HERE: &str = "c=IN IP4 10.0.0.1\r\n";

    fn parse(lines: &str) -> Result<Description, SdpError> {
        Description::parse(&format!("{HEAD}{lines}"))
    }

    fn audio(lines: &str) -> Audio {
        parse(lines).unwrap_or_else(|e| panic!("{lines}: {e}")).audio().next().unwrap().1.clone()
    }

    #[test]
    fn every_codec_has_its_row() {
        for n in NAMES {
            assert_eq!(name(n.codec).payload, n.payload);
        }
    }

    #[test]
    fn descriptions() {
        for (lines, expected) in [
            (format!("{HERE}t=0 0\r\n{AUDIO} 8\r\n"), Ok("10.0.0.1:4000 [Pcma] [] sendrecv")),
            (
                format!("{HERE}{AUDIO} 0 8\r\nc=IN IP4 10.0.0.2/127\r\na=sendonly\r\n"),
                Ok("10.0.0.2:4000 [Pcmu, Pcma] [] sendonly"),
            ),
            (
                format!("c=IN IP6 ::1\r\na=inactive\r\n{AUDIO} 18 8 96\r\na=rtpmap:96 telephone-event/8000\r\n"),
                Ok("[::1]:4000 [Pcma] [(96, 8000)] inactive"),
            ),
            (
                format!("{HERE}m=video 5000 RTP/AVP 31\r\nc=IN IP4 9.9.9.9\r\na=inactive\r\n{AUDIO} 8\r\n"),
                Ok("10.0.0.1:4000 [Pcma] [] sendrecv"),
            ),
            // Mapped, but not among the payload types.
            (
                format!("{HERE}{AUDIO} 8\r\na=rtpmap:101 telephone-event/8000\r\n"),
                Ok("10.0.0.1:4000 [Pcma] [] sendrecv"),
            ),
            // A number that is static and mapped to something else is what the map says.
            (
                format!("{HERE}{AUDIO} 0 97\r\na=rtpmap:0 SPEEX/8000\r\na=rtpmap:97 pcma/8000/1\r\n"),
                Ok("10.0.0.1:4000 [Pcma] [] sendrecv"),
            ),
            (format!("c=IN IP4 example.com\r\n{AUDIO} 8\r\n"), Err(SdpError::NoAddress)),
            (format!("{AUDIO} 8\r\n"), Err(SdpError::NoAddress)),
            (format!("{HERE}{AUDIO} 18 101\r\n"), Err(SdpError::NoCodec)),
            (format!("{HERE}m=audio 0 RTP/AVP 8\r\n"), Err(SdpError::NoAudio)),
            (format!("{HERE}m=audio 4000 UDP/TLS/RTP/SAVPF 8\r\n"), Err(SdpError::NoAudio)),
            (format!("{HERE}m=video 4000 RTP/AVP 8\r\n"), Err(SdpError::NoAudio)),
            ("\0=\r\n===\nm=\nm=audio\n".into(), Err(SdpError::NoAudio)),
        ] {
            let got = parse(&lines).map(|d| {
                let audio = d.audio().next().unwrap().1.clone();
                let codecs: Vec<Codec> = audio.formats.iter().map(|f| f.codec).collect();
                format!("{} {codecs:?} {:?} {}", audio.addr, audio.events, audio.direction)
            });
            assert_eq!(got.as_deref(), expected.as_ref().map(|s| *s), "{lines}");
        }
    }

    #[test]
    fn where_rtcp_goes() {
        for (lines, expected) in [
            ("", "10.0.0.1:4001"),
            ("a=rtcp:53020\r\n", "10.0.0.1:53020"),
            ("a=rtcp:53020 IN IP4 10.0.0.9\r\n", "10.0.0.9:53020"),
            ("a=rtcp:53020 IN IP6 ::2\r\n", "[::2]:53020"),
            ("a=rtcp:0\r\n", "10.0.0.1:4001"),
            ("a=rtcp:53020\r\na=rtcp-mux\r\n", "10.0.0.1:4000"),
        ] {
            let audio = audio(&format!("{HERE}{AUDIO} 8\r\n{lines}"));
            assert_eq!(audio.rtcp_addr, expected.parse().unwrap(), "{lines}");
        }
        let last = audio(&format!("{HERE}m=audio 65535 RTP/AVP 8\r\n"));
        assert_eq!(last.rtcp_addr.port(), 65535);
    }

    #[test]
    fn how_much_a_packet_holds() {
        for (lines, expected) in [
            ("", None),
            ("a=ptime:20\r\n", Some(20)),
            ("a=ptime:30\r\n", Some(30)),
            ("a=ptime:25\r\n", Some(20)),
            ("a=ptime:5\r\n", Some(10)),
            ("a=ptime:200\r\n", Some(60)),
            ("a=ptime:20.5\r\n", Some(20)),
            ("a=ptime:0\r\n", None),
            ("a=ptime:x\r\n", None),
            ("a=maxptime:40\r\n", Some(20)),
            ("a=maxptime:10\r\n", Some(10)),
            ("a=ptime:60\r\na=maxptime:40\r\n", Some(40)),
        ] {
            assert_eq!(audio(&format!("{HERE}{AUDIO} 8\r\n{lines}")).ptime_ms, expected, "{lines}");
        }
    }

    #[test]
    fn comfort_noise_is_13_unless_that_is_something_else() {
        assert_eq!(audio(&format!("{HERE}{AUDIO} 8 13\r\n")).comfort, Some(13));
        assert_eq!(audio(&format!("{HERE}{AUDIO} 8 13\r\na=rtpmap:13 X/8000\r\n")).comfort, None);
        assert_eq!(audio(&format!("{HERE}{AUDIO} 8 98\r\na=rtpmap:98 CN/8000\r\n")).comfort, Some(98));
        assert_eq!(audio(&format!("{HERE}{AUDIO} 8 98\r\na=rtpmap:98 CN/16000\r\n")).comfort, None);
    }

    /// Whatever a peer writes, reading ends, within bounds, and does not panic.
    #[test]
    fn broken_descriptions() {
        let whole = format!(
            "{HEAD}{HERE}t=0 0\r\nm=audio 4000/2 RTP/SAVP 8 0 13 101 111\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
             a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=ptime:20\r\na=rtcp:4001 IN IP4 1.2.3.4\r\n\
             a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20\r\na=sendonly\r\n"
        );
        for cut in 0..whole.len() {
            let _ = Description::parse(&whole[..cut]);
            let (before, after) = whole.split_at(cut);
            for put in ["\u{e9}", "=", ":", " ", "/", "|", "\r\n", "m=", "99999999999999999999", "-1"] {
                let _ = Description::parse(&format!("{before}{put}{after}"));
                let _ = Description::parse(&format!("{before}{put}{}", after.get(1..).unwrap_or("")));
            }
        }
        let many = format!("{HEAD}{HERE}{}", format!("{AUDIO} 8\r\n").repeat(1000));
        assert_eq!(Description::parse(&many).unwrap().streams.len(), STREAMS_MAX);
        let crypto = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
        let many = audio(&format!("{HERE}{AUDIO} 8 {}\r\n{}", "8 ".repeat(1000), crypto.repeat(100)));
        assert_eq!((many.formats.len(), many.cryptos.len()), (PAYLOADS_MAX, CRYPTOS_MAX));
    }
}
