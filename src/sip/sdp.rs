//! Session descriptions (RFC 4566) of a telephone call: one audio stream of G.711 with keys as events (RFC 4733),
//! offered and answered by RFC 3264. Not a general SDP parser: what is not needed is skipped.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use crate::audio::Codec;

/// The payload type we offer for telephone-event. The far end may choose its own for what it sends to us, and we for
/// what we send to it (RFC 3264 §5.1); in practice all use the offered one.
pub const DTMF_PAYLOAD: u8 = 101;

const LINES_MAX: usize = 400;
const STREAMS_MAX: usize = 8;

/// What was agreed: where to send audio and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    pub addr: SocketAddr,
    pub codec: Codec,
    /// RTP payload type of telephone-event, when both know it.
    pub dtmf_payload: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// What an answerer that would do anything says (RFC 3264 §6.1).
    fn answered(self) -> Direction {
        match self {
            Direction::SendRecv => Direction::SendRecv,
            Direction::SendOnly => Direction::RecvOnly,
            Direction::RecvOnly => Direction::SendOnly,
            Direction::Inactive => Direction::Inactive,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    #[error("no `m=audio` stream over RTP/AVP with a port")]
    NoAudio,
    #[error("neither PCMA (8) nor PCMU (0) is among the payload types")]
    NoCodec,
    #[error("no usable `c=` line: an address is wanted, not a name")]
    NoAddress,
}

/// What the far end described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub media: Media,
    pub direction: Direction,
    /// G.711 codecs in the order of preference.
    pub codecs: Vec<Codec>,
    /// `m=` lines in order: `None` is our audio stream, `Some` another, to be refused with port 0 (RFC 3264 §6).
    streams: Vec<Option<String>>,
}

impl Description {
    pub fn parse(text: &str) -> Result<Description, SdpError> {
        let mut session = Section::default();
        let mut audio: Option<(Section, u16, Vec<u8>)> = None;
        let mut streams = Vec::new();
        let mut here = Here::Session;
        for line in text.lines().take(LINES_MAX) {
            let Some((kind, value)) = line.trim_end().split_once('=') else { continue };
            match (kind, &mut here) {
                ("m", _) if streams.len() == STREAMS_MAX => break,
                ("m", _) => match (audio_stream(value), &audio) {
                    (Some((port, payloads)), None) => {
                        audio = Some((Section::default(), port, payloads));
                        streams.push(None);
                        here = Here::Audio;
                    }
                    _ => {
                        streams.push(Some(refused(value)));
                        here = Here::Other;
                    }
                },
                (_, Here::Session) => session.line(kind, value),
                (_, Here::Audio) => {
                    if let Some((section, ..)) = &mut audio {
                        section.line(kind, value);
                    }
                }
                (_, Here::Other) => {}
            }
        }
        let (stream, port, payloads) = audio.ok_or(SdpError::NoAudio)?;
        let codecs: Vec<Codec> = payloads.iter().filter_map(|p| codec_of(*p)).collect();
        let codec = *codecs.first().ok_or(SdpError::NoCodec)?;
        let ip = stream.address.or(session.address).ok_or(SdpError::NoAddress)?;
        let direction = stream.direction.or(session.direction).unwrap_or(Direction::SendRecv);
        let dtmf_payload = stream.dtmf.filter(|p| payloads.contains(p));
        let media = Media { addr: SocketAddr::new(ip, port), codec, dtmf_payload };
        Ok(Description { media, direction, codecs, streams })
    }
}

enum Here {
    Session,
    Audio,
    Other,
}

#[derive(Default)]
struct Section {
    address: Option<IpAddr>,
    direction: Option<Direction>,
    dtmf: Option<u8>,
}

impl Section {
    fn line(&mut self, kind: &str, value: &str) {
        match kind {
            "c" => {
                let mut words = value.split_whitespace();
                let family = (words.next(), words.next());
                if matches!(family, (Some("IN"), Some("IP4" | "IP6"))) {
                    self.address = words.next().and_then(|a| a.split('/').next()).and_then(|a| a.parse().ok());
                }
            }
            "a" => match value.split_once(':') {
                None => {
                    let all = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
                    self.direction = all.into_iter().find(|d| d.as_str() == value.trim()).or(self.direction);
                }
                Some(("rtpmap", map)) => {
                    let (payload, encoding) = map.trim().split_once(' ').unwrap_or((map, ""));
                    if encoding.trim().to_ascii_lowercase().starts_with("telephone-event/8000") {
                        self.dtmf = self.dtmf.or(payload.parse().ok().filter(|p| *p < 128));
                    }
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
}

/// Port and payload types of `audio 49170 RTP/AVP 8 0 101`.
fn audio_stream(value: &str) -> Option<(u16, Vec<u8>)> {
    let mut words = value.split_whitespace();
    let kind = words.next()?;
    let port: u16 = words.next()?.split('/').next()?.parse().ok()?;
    let profile = words.next()?;
    // AVPF differs in feedback only; anything encrypted (SAVP) cannot be spoken.
    let usable = kind == "audio" && port != 0 && matches!(profile, "RTP/AVP" | "RTP/AVPF");
    usable.then(|| (port, words.take(64).filter_map(|p| p.parse().ok()).collect()))
}

/// The same stream with port 0.
fn refused(value: &str) -> String {
    let words: Vec<&str> = value.split_whitespace().take(4).collect();
    let word = |i: usize, or: &'static str| {
        let word = words.get(i).copied().unwrap_or(or);
        if word.bytes().all(|b| (0x21..0x7f).contains(&b)) { word } else { or }
    };
    format!("{} 0 {} {}", word(0, "audio"), word(2, "RTP/AVP"), word(3, "0"))
}

fn codec_of(payload: u8) -> Option<Codec> {
    match payload {
        8 => Some(Codec::Pcma),
        0 => Some(Codec::Pcmu),
        _ => None,
    }
}

fn payload_of(codec: Codec) -> u8 {
    match codec {
        Codec::Pcma => 8,
        Codec::Pcmu => 0,
    }
}

/// Our side of a session, kept so that a later description repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    pub addr: SocketAddr,
    /// `o=` session id and version; the version grows with every change (RFC 3264 §8).
    pub session: u64,
    pub version: u32,
    /// In order of preference.
    pub codecs: Vec<Codec>,
    /// `None`: telephone-event is not spoken.
    pub dtmf_payload: Option<u8>,
}

impl Local {
    pub fn offering(addr: SocketAddr, session: u64) -> Local {
        let codecs = vec![Codec::Pcma, Codec::Pcmu];
        Local { addr, session, version: 1, codecs, dtmf_payload: Some(DTMF_PAYLOAD) }
    }

    /// The offer: everything we can.
    pub fn offer(&self) -> String {
        self.write(Direction::SendRecv, &[None])
    }

    /// The answer to `offer`, in the codecs this side has been narrowed to.
    pub fn answer(&self, offer: &Description) -> String {
        self.write(offer.direction.answered(), &offer.streams)
    }

    /// What remains of both sides' wishes. `None`: no codec in common.
    pub fn agreed(&self, remote: &Description) -> Option<Media> {
        let codec = remote.codecs.iter().copied().find(|c| self.codecs.contains(c))?;
        let dtmf_payload = remote.media.dtmf_payload.filter(|_| self.dtmf_payload.is_some());
        Some(Media { codec, dtmf_payload, ..remote.media })
    }

    /// As [`Local::agreed`], but with somewhere to send to: 0.0.0.0 means "on hold" (RFC 3264 §8.4), and on this machine
    /// it would mean ourselves.
    pub fn reachable(&self, remote: &Description) -> Option<Media> {
        self.agreed(remote).filter(|media| !media.addr.ip().is_unspecified())
    }

    fn write(&self, direction: Direction, streams: &[Option<String>]) -> String {
        let family = if self.addr.is_ipv4() { "IP4" } else { "IP6" };
        let (ip, session, version) = (self.addr.ip(), self.session, self.version);
        let mut s =
            format!("v=0\r\no=ringback {session} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n");
        for stream in streams {
            match stream {
                Some(refused) => {
                    let _ = write!(s, "m={refused}\r\n");
                }
                None => self.write_audio(&mut s, direction),
            }
        }
        s
    }

    fn write_audio(&self, s: &mut String, direction: Direction) {
        let payloads: Vec<String> =
            self.codecs.iter().map(|c| payload_of(*c)).chain(self.dtmf_payload).map(|p| p.to_string()).collect();
        let _ = write!(s, "m=audio {} RTP/AVP {}\r\n", self.addr.port(), payloads.join(" "));
        for codec in &self.codecs {
            let name = match codec {
                Codec::Pcma => "PCMA",
                Codec::Pcmu => "PCMU",
            };
            let _ = write!(s, "a=rtpmap:{} {name}/8000\r\n", payload_of(*codec));
        }
        if let Some(payload) = self.dtmf_payload {
            let _ = write!(s, "a=rtpmap:{payload} telephone-event/8000\r\na=fmtp:{payload} 0-15\r\n");
        }
        let _ = write!(s, "a=ptime:20\r\na={}\r\n", direction.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\n";

    #[test]
    fn descriptions() {
        let audio = "m=audio 4000 RTP/AVP";
        for (lines, expected) in [
            (format!("c=IN IP4 10.0.0.1\r\nt=0 0\r\n{audio} 8\r\n"), Ok("10.0.0.1:4000 Pcma None SendRecv")),
            (
                format!("c=IN IP4 10.0.0.1\r\n{audio} 0 8\r\nc=IN IP4 10.0.0.2/127\r\na=sendonly\r\n"),
                Ok("10.0.0.2:4000 Pcmu None SendOnly"),
            ),
            (
                format!("c=IN IP6 ::1\r\na=inactive\r\n{audio} 18 8 96\r\na=rtpmap:96 telephone-event/8000\r\n"),
                Ok("[::1]:4000 Pcma Some(96) Inactive"),
            ),
            (
                format!(
                    "c=IN IP4 1.2.3.4\r\nm=video 5000 RTP/AVP 31\r\nc=IN IP4 9.9.9.9\r\na=inactive\r\n{audio} 8\r\n"
                ),
                Ok("1.2.3.4:4000 Pcma None SendRecv"),
            ),
            (
                format!("c=IN IP4 1.2.3.4\r\n{audio} 8\r\na=rtpmap:101 telephone-event/8000\r\n"),
                Ok("1.2.3.4:4000 Pcma None SendRecv"),
            ),
            (format!("c=IN IP4 example.com\r\n{audio} 8\r\n"), Err(SdpError::NoAddress)),
            (format!("{audio} 8\r\n"), Err(SdpError::NoAddress)),
            (format!("c=IN IP4 1.2.3.4\r\n{audio} 18 101\r\n"), Err(SdpError::NoCodec)),
            ("c=IN IP4 1.2.3.4\r\nm=audio 0 RTP/AVP 8\r\n".into(), Err(SdpError::NoAudio)),
            ("c=IN IP4 1.2.3.4\r\nm=audio 4000 RTP/SAVP 8\r\n".into(), Err(SdpError::NoAudio)),
            ("c=IN IP4 1.2.3.4\r\nm=video 4000 RTP/AVP 8\r\n".into(), Err(SdpError::NoAudio)),
            ("\0=\r\n===\nm=\nm=audio\n".into(), Err(SdpError::NoAudio)),
        ] {
            let got = Description::parse(&format!("{HEAD}{lines}"))
                .map(|d| format!("{} {:?} {:?} {:?}", d.media.addr, d.media.codec, d.media.dtmf_payload, d.direction));
            assert_eq!(got.as_deref(), expected.as_ref().map(|s| *s), "{lines}");
        }
    }

    #[test]
    fn an_answer_repeats_the_streams_and_refuses_the_others() {
        let offer = format!(
            "{HEAD}c=IN IP4 1.2.3.4\r\nm=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0 8\r\na=sendonly\r\nm=audio 4002 RTP/AVP 8\r\n"
        );
        let offer = Description::parse(&offer).unwrap();
        let local = Local {
            codecs: vec![Codec::Pcmu],
            dtmf_payload: None,
            ..Local::offering("10.0.0.5:9000".parse().unwrap(), 7)
        };
        let answer = local.answer(&offer);
        let media: Vec<&str> = answer.lines().filter(|l| l.starts_with("m=") || l.contains("only")).collect();
        assert_eq!(media, ["m=video 0 RTP/AVP 31", "m=audio 9000 RTP/AVP 0", "a=recvonly", "m=audio 0 RTP/AVP 8"]);
    }

    #[test]
    fn our_own_offer_is_readable_and_agreed_with() {
        let local = Local::offering("127.0.0.1:4000".parse().unwrap(), 7);
        let offer = Description::parse(&local.offer()).unwrap();
        assert_eq!(offer.codecs, [Codec::Pcma, Codec::Pcmu]);
        let media = local.agreed(&offer).unwrap();
        assert_eq!((media.codec, media.dtmf_payload), (Codec::Pcma, Some(DTMF_PAYLOAD)));
        let held = Description::parse(&local.offer().replace("127.0.0.1", "0.0.0.0")).unwrap();
        assert!(local.agreed(&held).is_some() && local.reachable(&held).is_none());
        let muted = Local { codecs: vec![], ..local };
        assert_eq!(muted.agreed(&offer), None);
    }
}
