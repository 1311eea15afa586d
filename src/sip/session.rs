//! Our side of a session description: offers, answers, and what both sides agree on (RFC 3264).
//!
//! A [`Local`] lives as long as its call, so that a later description keeps what an earlier one fixed: the order of the
//! streams, the numbers of the codecs, the keys; and so that its version grows when something changes, and only then (§8).

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use super::sdes::{Crypto, MasterKey, Srtp, Suite};
use super::sdp::{Audio, Description, Direction, Format, Media, PTIME_MS_MAX, PTIME_MS_USUAL, name};
use crate::audio::Codec;

/// The payload types we offer for telephone-event, by its clock. The far end may choose its own for what it sends to us, and
/// we for what we send to it (RFC 3264 §5.1); in practice all use the offered one.
pub const DTMF_PAYLOAD: u8 = 101;
pub const DTMF_PAYLOAD_48K: u8 = 110;

/// The static payload type of comfort noise (RFC 3389).
const COMFORT_PAYLOAD: u8 = 13;

/// Whether audio is encrypted with keys from SDP (RFC 4568).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Never; streams that insist on it are refused.
    #[default]
    Off,
    /// Where the far end can: keys are offered on an RTP/AVP stream, which the rest of the world reads over.
    Optional,
    /// RTP/SAVP, or there is no call.
    Required,
}

/// What this side speaks, as its trunk says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    /// In the order in which they are offered. An answer follows the order of the offer.
    pub codecs: Vec<Codec>,
    /// Audio in each packet that we want to be sent, in milliseconds: 10 to 60, in tens.
    pub ptime_ms: u8,
    /// Payload type 13 is offered and agreed to.
    pub comfort_noise: bool,
    pub encryption: Encryption,
}

impl Default for Abilities {
    fn default() -> Abilities {
        let codecs = vec![Codec::Pcma, Codec::Pcmu];
        Abilities { codecs, ptime_ms: PTIME_MS_USUAL, comfort_noise: false, encryption: Encryption::Off }
    }
}

/// One key for each suite.
pub type Keys = [MasterKey; Suite::ALL.len()];

/// Our side of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// Where we hear.
    pub addr: SocketAddr,
    /// What we want: `SendOnly` and `Inactive` put the far end on hold.
    pub direction: Direction,
    abilities: Arc<Abilities>,
    keys: Keys,
    /// `o=`.
    session: u64,
    version: u32,
    /// What the next description names, with our numbers.
    formats: Vec<Format>,
    events: Vec<(u8, u32)>,
    comfort: bool,
    ptime_ms: u8,
    cryptos: Vec<Crypto>,
    profile: String,
    rtcp_mux: bool,
    /// The `m=` lines: `None` is our audio, `Some` another, refused. They never become fewer or change places (§8).
    layout: Vec<Option<String>>,
    /// The description said last, but for `o=`.
    said: String,
}

impl Local {
    /// `keys` are for this call alone, and unguessable, if encryption is not off.
    pub fn new(addr: SocketAddr, session: u64, abilities: Arc<Abilities>, keys: Keys) -> Local {
        let secure = abilities.encryption == Encryption::Required;
        let mut local = Local {
            addr,
            direction: Direction::SendRecv,
            keys,
            session,
            version: 0,
            formats: Vec::new(),
            events: Vec::new(),
            comfort: abilities.comfort_noise,
            ptime_ms: abilities.ptime_ms,
            cryptos: Vec::new(),
            profile: if secure { "RTP/SAVP" } else { "RTP/AVP" }.into(),
            rtcp_mux: true,
            layout: vec![None],
            said: String::new(),
            abilities,
        };
        if local.abilities.encryption != Encryption::Off {
            let numbered = Suite::ALL.into_iter().zip(1u32..);
            local.cryptos = numbered.map(|(suite, tag)| Crypto { tag, suite, key: local.key(suite) }).collect();
        }
        local.widen();
        local
    }

    /// Speaks this codec and no other from now on.
    pub fn narrow(&mut self, codec: Codec) {
        let abilities = Abilities { codecs: vec![codec], ..(*self.abilities).clone() };
        self.abilities = Arc::new(abilities);
        self.formats.retain(|f| f.codec == codec);
    }

    /// Everything we can, for the next offer: what is spoken now first, and under the numbers it has.
    pub fn widen(&mut self) {
        for &codec in &self.abilities.codecs {
            if self.formats.iter().all(|f| f.codec != codec) {
                let taken = |p: u8| self.formats.iter().any(|f| f.payload == p) || self.events.iter().any(|e| e.0 == p);
                let payload = free(name(codec).payload, taken);
                self.formats.push(Format { codec, payload, fec: true });
            }
        }
        for clock_hz in [8000, 48_000] {
            let clock = |f: &Format| name(f.codec).clock_hz == clock_hz;
            // Keys at the old clock are known to everybody; at the new one to some beside Opus.
            let wanted = clock_hz == 8000 || self.formats.iter().any(clock);
            if wanted && self.events.iter().all(|(_, hz)| *hz != clock_hz) {
                let taken = |p: u8| self.formats.iter().any(|f| f.payload == p) || self.events.iter().any(|e| e.0 == p);
                let usual = if clock_hz == 8000 { DTMF_PAYLOAD } else { DTMF_PAYLOAD_48K };
                self.events.push((free(usual, taken), clock_hz));
            }
        }
        self.comfort = self.abilities.comfort_noise;
    }

    /// The offer: what was agreed before, or all we can.
    pub fn offer(&mut self) -> String {
        self.write(self.direction)
    }

    /// The same description as last time, version and all: a refresh (RFC 4028 §7.4).
    pub fn again(&mut self) -> String {
        if self.said.is_empty() { self.offer() } else { self.compose(&self.said) }
    }

    /// The answer to `offer`, and what is agreed with it. `None`: nothing in common, and nothing has changed.
    pub fn answer(&mut self, offer: &Description) -> Option<(String, Media)> {
        let (at, audio, format, crypto) = offer.audio().find_map(|(at, audio)| {
            let crypto = self.chosen(audio)?;
            let format = audio.formats.iter().find(|f| self.abilities.codecs.contains(&f.codec))?;
            Some((at, audio, *format, crypto))
        })?;
        // One codec, so that nobody changes it in the midst of a call; with the offer's numbers (§6.1).
        self.formats = vec![format];
        self.events = events(audio, format.codec).into_iter().collect();
        self.comfort = self.abilities.comfort_noise && audio.comfort.is_some();
        self.ptime_ms = audio.ptime_ms.unwrap_or(self.abilities.ptime_ms);
        self.cryptos = crypto.into_iter().map(|c| Crypto { key: self.key(c.suite), ..c }).collect();
        self.profile.clone_from(&offer.streams[at].profile);
        self.rtcp_mux = audio.rtcp_mux;
        let streams = offer.streams.iter().enumerate();
        self.layout = streams.map(|(i, s)| (i != at).then(|| s.refusal.clone())).collect();
        let direction = self.direction.and(audio.direction.turned());
        let media = self.media(audio, format, format.payload, self.events.first().copied(), direction, crypto);
        Some((self.write(direction), media))
    }

    /// What an answer to `offer` would agree on. Nothing changes.
    pub fn preview(&self, offer: &Description) -> Option<Media> {
        self.clone().answer(offer).map(|(_, media)| media)
    }

    /// What is agreed when `answer` answers our last offer. `None`: nothing that can be spoken.
    pub fn accept(&mut self, answer: &Description) -> Option<Media> {
        let place = self.layout.iter().position(Option::is_none)?;
        // Some answer with our stream alone, whatever else there was.
        let audio =
            answer.streams.get(place).and_then(|s| s.audio.as_ref()).or_else(|| Some(answer.audio().next()?.1))?;
        let (theirs, ours) = audio.formats.iter().find_map(|theirs| {
            let ours = self.formats.iter().find(|ours| ours.codec == theirs.codec)?;
            Some((*theirs, *ours))
        })?;
        let crypto = self.cryptos.iter().find_map(|ours| {
            audio.cryptos.iter().find(|theirs| (theirs.tag, theirs.suite) == (ours.tag, ours.suite)).copied()
        });
        if crypto.is_none() && (audio.secure || self.abilities.encryption == Encryption::Required) {
            return None;
        }
        // A number of ours that comes back without its `a=rtpmap` means what we said it does.
        let unmapped = self.events.iter().copied().find(|(p, _)| audio.unmapped.contains(p));
        let event = events(audio, ours.codec).or(unmapped);
        let event_in = event.and_then(|(_, hz)| self.events.iter().copied().find(|(_, clock)| *clock == hz));
        self.formats = vec![ours];
        self.events = event_in.into_iter().collect();
        self.comfort &= audio.comfort.is_some();
        self.cryptos.retain(|c| crypto.is_some_and(|chosen| chosen.tag == c.tag));
        let direction = self.direction.and(audio.direction.turned());
        let mut media = self.media(audio, theirs, ours.payload, event, direction, crypto);
        media.dtmf_payload_in = event_in.map(|(p, _)| p);
        media.dtmf_payload = media.dtmf_payload.filter(|_| event_in.is_some());
        Some(media)
    }

    fn media(
        &self,
        audio: &Audio,
        theirs: Format,
        payload_in: u8,
        event: Option<(u8, u32)>,
        direction: Direction,
        crypto: Option<Crypto>,
    ) -> Media {
        let held = audio.addr.ip().is_unspecified();
        Media {
            addr: audio.addr,
            rtcp_addr: audio.rtcp_addr,
            codec: theirs.codec,
            payload: theirs.payload,
            payload_in,
            dtmf_payload: event.map(|(p, _)| p),
            dtmf_payload_in: event.map(|(p, _)| p),
            dtmf_clock_hz: event.map_or(8000, |(_, hz)| hz),
            comfort_payload: audio.comfort.filter(|_| self.comfort),
            ptime_ms: audio.ptime_ms.unwrap_or(self.abilities.ptime_ms),
            fec: theirs.fec,
            direction: if held { direction.and(Direction::RecvOnly) } else { direction },
            srtp: crypto.map(|c| Srtp { suite: c.suite, ours: self.key(c.suite), theirs: c.key }),
        }
    }

    /// The key line an answer takes. `None`: the stream cannot be taken; `Some(None)`: it goes unencrypted.
    fn chosen(&self, audio: &Audio) -> Option<Option<Crypto>> {
        let first = audio.cryptos.first().copied();
        match self.abilities.encryption {
            Encryption::Off => (!audio.secure).then_some(None),
            Encryption::Optional if audio.secure => first.map(Some),
            Encryption::Optional => Some(first),
            Encryption::Required => first.map(Some),
        }
    }

    fn key(&self, suite: Suite) -> MasterKey {
        match suite {
            Suite::AesCm128HmacSha1_80 => self.keys[0],
            Suite::AesCm128HmacSha1_32 => self.keys[1],
        }
    }

    /// The description as it stands; a new version if it differs from the last.
    fn write(&mut self, direction: Direction) -> String {
        let mut s = format!("s=-\r\nc=IN {}\r\nt=0 0\r\n", written(self.addr));
        for stream in &self.layout {
            match stream {
                Some(refused) => {
                    let _ = write!(s, "m={refused}\r\n");
                }
                None => self.write_audio(&mut s, direction),
            }
        }
        if s != self.said {
            self.version += 1;
            self.said = s;
        }
        self.compose(&self.said)
    }

    fn compose(&self, rest: &str) -> String {
        format!("v=0\r\no=ringback {} {} IN {}\r\n{rest}", self.session, self.version, written(self.addr))
    }

    fn write_audio(&self, s: &mut String, direction: Direction) {
        let port = self.addr.port();
        let _ = write!(s, "m=audio {port} {}", self.profile);
        let comfort = self.comfort.then_some(COMFORT_PAYLOAD);
        for payload in self.formats.iter().map(|f| f.payload).chain(comfort).chain(self.events.iter().map(|e| e.0)) {
            let _ = write!(s, " {payload}");
        }
        s.push_str("\r\n");
        for Format { codec, payload, .. } in &self.formats {
            let n = name(*codec);
            let channels = if n.channels == 1 { String::new() } else { format!("/{}", n.channels) };
            let _ = write!(s, "a=rtpmap:{payload} {}/{}{channels}\r\n", n.encoding, n.clock_hz);
            if let Some(parameters) = n.parameters {
                let _ = write!(s, "a=fmtp:{payload} {parameters}\r\n");
            }
        }
        if let Some(payload) = comfort {
            let _ = write!(s, "a=rtpmap:{payload} CN/8000\r\n");
        }
        for (payload, clock_hz) in &self.events {
            let _ = write!(s, "a=rtpmap:{payload} telephone-event/{clock_hz}\r\na=fmtp:{payload} 0-15\r\n");
        }
        let _ = write!(s, "a=ptime:{}\r\na=maxptime:{PTIME_MS_MAX}\r\n", self.ptime_ms);
        // One port for both where the far end knows how (RFC 5761); else RTCP comes to the port above, as ever.
        if self.rtcp_mux {
            s.push_str("a=rtcp-mux\r\n");
        }
        for crypto in &self.cryptos {
            let _ = write!(s, "{crypto}\r\n");
        }
        let _ = write!(s, "a={direction}\r\n");
    }
}

/// The telephone-event that goes with a codec: of its clock, else of 8 kHz, which is what most have beside Opus too.
fn events(audio: &Audio, codec: Codec) -> Option<(u8, u32)> {
    let of = |hz: u32| audio.events.iter().copied().find(|(_, clock)| *clock == hz);
    of(name(codec).clock_hz).or_else(|| of(8000))
}

/// `usual`, or the first dynamic number that is not taken.
fn free(usual: u8, taken: impl Fn(u8) -> bool) -> u8 {
    std::iter::once(usual).chain(96..128).find(|p| !taken(*p)).unwrap_or(usual)
}

fn written(addr: SocketAddr) -> String {
    format!("{} {}", if addr.is_ipv4() { "IP4" } else { "IP6" }, addr.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n";

    fn keys(seed: u8) -> Keys {
        [MasterKey::new([seed; 30]), MasterKey::new([seed + 1; 30])]
    }

    fn local(abilities: Abilities) -> Local {
        Local::new("10.0.0.5:9000".parse().unwrap(), 7, Arc::new(abilities), keys(1))
    }

    fn able(codecs: &[Codec], encryption: Encryption) -> Abilities {
        Abilities { codecs: codecs.to_vec(), encryption, ..Abilities::default() }
    }

    fn described(lines: &str) -> Description {
        Description::parse(&format!("{HERE}{lines}")).unwrap_or_else(|e| panic!("{lines}: {e}"))
    }

    /// From the first `m=` on, in one line.
    fn streams(sdp: &str) -> String {
        let lines: Vec<&str> = sdp.lines().skip_while(|l| !l.starts_with("m=")).collect();
        lines.join(" ")
    }

    #[test]
    fn the_usual_offer() {
        let sdp = local(Abilities::default()).offer();
        let lines = [
            "v=0",
            "o=ringback 7 1 IN IP4 10.0.0.5",
            "s=-",
            "c=IN IP4 10.0.0.5",
            "t=0 0",
            "m=audio 9000 RTP/AVP 8 0 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
            "a=maxptime:60",
            "a=rtcp-mux",
            "a=sendrecv",
        ];
        assert_eq!(sdp.lines().collect::<Vec<_>>(), lines);
        let six = Local::new("[2001:db8::1]:9000".parse().unwrap(), 7, Arc::default(), keys(1)).offer();
        assert!(
            six.contains("o=ringback 7 1 IN IP6 2001:db8::1\r\n") && six.contains("c=IN IP6 2001:db8::1\r\n"),
            "{six}"
        );
    }

    #[test]
    fn an_answer_repeats_the_streams_and_refuses_the_others() {
        let offer = described(
            "m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0 8\r\na=sendonly\r\na=ptime:30\r\nm=audio 4002 RTP/AVP 8\r\nm=image 0 udptl t38\r\n",
        );
        let mut local = local(Abilities::default());
        let (answer, media) = local.answer(&offer).unwrap();
        assert_eq!(
            streams(&answer),
            "m=video 0 RTP/AVP 31 m=audio 9000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:30 a=maxptime:60 a=recvonly \
             m=audio 0 RTP/AVP 8 m=image 0 udptl t38"
        );
        assert_eq!((media.codec, media.ptime_ms, media.direction), (Codec::Pcmu, 30, Direction::RecvOnly));
        assert!(!media.may_send());
        // What we offer later has the same streams (RFC 3264 §8).
        let again = local.offer();
        assert_eq!(again.lines().filter(|l| l.starts_with("m=")).count(), 4, "{again}");
    }

    #[test]
    fn what_is_agreed() {
        let (pcma, both) = (vec![Codec::Pcma], vec![Codec::Pcma, Codec::Pcmu]);
        for (codecs, lines, expected) in [
            // The offer's order.
            (&both, "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n", Some("Pcmu 0 Some(101)")),
            (&pcma, "m=audio 4000 RTP/AVP 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\n", Some("Pcma 8 Some(96)")),
            // The offer's numbers.
            (&pcma, "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMA/8000\r\n", Some("Pcma 97 None")),
            (&pcma, "m=audio 4000 RTP/AVP 0\r\n", None),
            // The first stream that can be spoken.
            (&both, "m=audio 4000 RTP/SAVP 8\r\nm=audio 4002 RTP/AVP 0\r\n", Some("Pcmu 0 None")),
        ] {
            let media = local(able(codecs, Encryption::Off)).preview(&described(lines));
            let got = media.map(|m| format!("{:?} {} {:?}", m.codec, m.payload, m.dtmf_payload));
            assert_eq!(got.as_deref(), expected, "{lines}");
        }
    }

    #[test]
    fn two_of_us_agree() {
        for encryption in [Encryption::Off, Encryption::Optional, Encryption::Required] {
            let mut caller = local(able(&[Codec::Pcma, Codec::Pcmu], encryption));
            let theirs = Arc::new(able(&[Codec::Pcmu], encryption));
            let mut callee = Local::new("[::1]:4000".parse().unwrap(), 8, theirs, keys(8));
            let offer = caller.offer();
            let (answer, heard) = callee.answer(&Description::parse(&offer).unwrap()).unwrap();
            let agreed = caller.accept(&Description::parse(&answer).unwrap()).unwrap();
            assert_eq!((agreed.addr, heard.addr), (callee.addr, caller.addr));
            assert_eq!((agreed.rtcp_addr, heard.rtcp_addr), (callee.addr, caller.addr), "one port for both");
            for media in [agreed, heard] {
                assert_eq!((media.codec, media.payload, media.payload_in), (Codec::Pcmu, 0, 0));
                assert_eq!((media.dtmf_payload, media.dtmf_payload_in), (Some(101), Some(101)));
                assert_eq!((media.ptime_ms, media.direction), (20, Direction::SendRecv));
            }
            let turned = heard.srtp.map(|s| Srtp { ours: s.theirs, theirs: s.ours, ..s });
            assert_eq!(agreed.srtp, turned, "{encryption:?}");
            assert_eq!(agreed.srtp.map(|s| s.ours), (encryption != Encryption::Off).then_some(keys(1)[0]));
        }
    }

    #[test]
    fn who_encrypts() {
        use Encryption::{Off, Optional, Required};
        let crypto = "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
        let (plain, secure) = ("m=audio 4000 RTP/AVP 8\r\n".to_owned(), "m=audio 4000 RTP/SAVP 8\r\n".to_owned());
        let (best_effort, good) = (format!("{plain}{crypto}"), format!("{secure}{crypto}"));
        for (encryption, offer, expected) in [
            (Off, &plain, Some(false)),
            (Off, &secure, None),
            (Off, &best_effort, Some(false)),
            (Off, &good, None),
            (Optional, &plain, Some(false)),
            (Optional, &secure, None),
            (Optional, &best_effort, Some(true)),
            (Optional, &good, Some(true)),
            (Required, &plain, None),
            (Required, &best_effort, Some(true)),
            (Required, &good, Some(true)),
        ] {
            let answered = local(able(&[Codec::Pcma], encryption)).answer(&described(offer));
            let got = answered.as_ref().map(|(_, media)| media.srtp.is_some());
            assert_eq!(got, expected, "{encryption:?} {offer}");
            if let Some((answer, Media { srtp: Some(srtp), .. })) = answered {
                // The tag and suite of the offer, our own key, and the transport it came with.
                let key = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC";
                assert!(answer.contains(&format!("a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:{key}\r\n")), "{answer}");
                assert_eq!(answer.contains("RTP/SAVP"), offer.contains("RTP/SAVP"));
                assert_eq!((srtp.suite, srtp.ours), (Suite::AesCm128HmacSha1_32, keys(1)[1]));
            }
        }
        // An answer without keys is one in the clear, which not everybody takes.
        let unlocked = described("m=audio 4000 RTP/AVP 8\r\n");
        for (encryption, expected) in [(Off, Some(false)), (Optional, Some(false)), (Required, None)] {
            let mut caller = local(able(&[Codec::Pcma], encryption));
            caller.offer();
            assert_eq!(caller.accept(&unlocked).map(|m| m.srtp.is_some()), expected, "{encryption:?}");
        }
    }

    #[test]
    fn hold_and_resume() {
        let mut caller = local(Abilities::default());
        let version = |sdp: &str| sdp.split(' ').nth(2).unwrap().to_owned();
        let first = caller.offer();
        let answer = described("m=audio 4000 RTP/AVP 8\r\n");
        caller.accept(&answer).unwrap();
        assert_eq!(caller.again(), first, "a refresh says the same");
        caller.direction = Direction::SendOnly;
        let held = caller.offer();
        assert!(held.contains("a=sendonly\r\n") && !held.contains("PCMU"), "{held}");
        assert_eq!((version(&first).as_str(), version(&held).as_str()), ("1", "2"));
        let media = caller.accept(&described("m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n")).unwrap();
        assert_eq!(media.direction, Direction::SendOnly);
        assert_eq!(caller.offer(), held, "no new version without a change");
        caller.direction = Direction::SendRecv;
        assert_eq!(version(&caller.offer()), "3");
        // The far end holds us, in the three ways there are.
        for (lines, expected) in [
            ("m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n", Direction::RecvOnly),
            ("m=audio 4000 RTP/AVP 8\r\na=inactive\r\n", Direction::Inactive),
            ("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n", Direction::RecvOnly),
        ] {
            let (_, media) = caller.answer(&described(lines)).unwrap();
            assert_eq!((media.direction, media.may_send()), (expected, false), "{lines}");
        }
    }

    #[test]
    fn an_answer_that_leaves_out_what_we_said() {
        let mut caller = local(Abilities::default());
        caller.offer();
        let media = caller.accept(&described("m=audio 4000 RTP/AVP 8 101\r\n")).unwrap();
        assert_eq!(media.dtmf_payload, Some(101), "the number means what our offer said");
        // Its own number for keys: we send with it, and hear ours.
        let mut caller = local(Abilities::default());
        caller.offer();
        let theirs = described("m=audio 4000 RTP/AVP 8 97\r\na=rtpmap:97 telephone-event/8000\r\n");
        let media = caller.accept(&theirs).unwrap();
        assert_eq!((media.dtmf_payload, media.dtmf_payload_in), (Some(97), Some(101)));
    }

    #[test]
    fn comfort_noise_if_both_want_it() {
        let offer = described("m=audio 4000 RTP/AVP 8 13\r\n");
        assert_eq!(local(Abilities::default()).preview(&offer).unwrap().comfort_payload, None);
        let noisy = Abilities { comfort_noise: true, ..Abilities::default() };
        let mut callee = local(noisy);
        let (answer, media) = callee.answer(&offer).unwrap();
        assert_eq!(media.comfort_payload, Some(13));
        assert!(answer.contains("RTP/AVP 8 13\r\n") && answer.contains("a=rtpmap:13 CN/8000\r\n"), "{answer}");
    }
}
