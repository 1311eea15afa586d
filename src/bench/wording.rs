//! SIP as text: just enough of it to be the far end of very many calls, and far less work than the engine's own. It judges
//! nothing: what the engine sends is held against RFC 3261 elsewhere.

use std::net::SocketAddrV4;

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    Request(&'a str),
    Response(u16),
}

/// A message's lines, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Wording<'a> {
    pub kind: Kind<'a>,
    pub call_id: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub cseq: &'a str,
    head: &'a str,
    pub body: &'a str,
}

impl<'a> Wording<'a> {
    /// `None`: no SIP, or without what every message has.
    pub fn read(bytes: &'a [u8]) -> Option<Wording<'a>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let first = head.lines().next()?;
        let kind = match first.strip_prefix("SIP/2.0 ") {
            Some(rest) => Kind::Response(rest.get(..3)?.parse().ok()?),
            None => Kind::Request(first.split(' ').next()?),
        };
        let (mut call_id, mut from, mut to, mut cseq) = (None, None, None, None);
        for line in head.lines().skip(1) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match name.trim() {
                n if n.eq_ignore_ascii_case("call-id") || n == "i" => call_id = Some(value),
                n if n.eq_ignore_ascii_case("from") || n == "f" => from = Some(value),
                n if n.eq_ignore_ascii_case("to") || n == "t" => to = Some(value),
                n if n.eq_ignore_ascii_case("cseq") => cseq = Some(value),
                _ => {}
            }
        }
        Some(Wording { kind, call_id: call_id?, from: from?, to: to?, cseq: cseq?, head, body })
    }

    /// The method that CSeq names.
    pub fn method(&self) -> &'a str {
        self.cseq.split_ascii_whitespace().nth(1).unwrap_or("")
    }

    /// Where the sender wants its audio, and the payload type of its telephone events.
    pub fn audio(&self) -> Option<(SocketAddrV4, Option<u8>)> {
        let (mut ip, mut port, mut events) = (None, None, None);
        for line in self.body.lines() {
            if let Some(rest) = line.strip_prefix("c=IN IP4 ") {
                ip = rest.trim().parse().ok();
            } else if let Some(rest) = line.strip_prefix("m=audio ") {
                port = rest.split(' ').next().and_then(|port| port.parse().ok());
            } else if let Some(rest) = line.strip_prefix("a=rtpmap:")
                && let Some((payload, "telephone-event/8000")) = rest.trim().split_once(' ')
            {
                events = payload.parse().ok();
            }
        }
        Some((SocketAddrV4::new(ip?, port?), events))
    }

    /// A response with this message's Via lines, as they stand.
    pub fn response(&self, status: &str, to_tag: &str, more: &str, body: &str, out: &mut Vec<u8>) {
        use std::io::Write;
        out.clear();
        let tag = if self.to.contains(";tag=") { String::new() } else { format!(";tag={to_tag}") };
        // Writing into a Vec cannot fail.
        let _ = write!(out, "SIP/2.0 {status}\r\n");
        for line in self.head.lines().skip(1) {
            if line.get(..4).is_some_and(|l| l.eq_ignore_ascii_case("via:")) || line.starts_with("v:") {
                let _ = write!(out, "{line}\r\n");
            }
        }
        let Wording { call_id, from, to, cseq, .. } = self;
        let _ = write!(
            out,
            "From: {from}\r\nTo: {to}{tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
    }
}

/// A session that takes A-law and, if they were offered, telephone events.
pub fn session(at: SocketAddrV4, events: Option<u8>) -> String {
    let (ip, port) = (at.ip(), at.port());
    let (also, map) = match events {
        Some(payload) => {
            (format!(" {payload}"), format!("a=rtpmap:{payload} telephone-event/8000\r\na=fmtp:{payload} 0-15\r\n"))
        }
        None => Default::default(),
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8{also}\r\n\
         a=rtpmap:8 PCMA/8000\r\n{map}a=ptime:20\r\na=sendrecv\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_and_its_answer() {
        let text = "INVITE sip:+7@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bK1;rport\r\n\
            From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1:5062>\r\n\r\n\
            v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";
        let invite = Wording::read(text.as_bytes()).unwrap();
        assert_eq!((invite.kind, invite.call_id, invite.method()), (Kind::Request("INVITE"), "x", "INVITE"));
        assert_eq!(invite.audio(), Some(("127.0.0.1:4000".parse().unwrap(), Some(101))));
        let mut out = Vec::new();
        let body = session("127.0.0.1:5000".parse().unwrap(), Some(101));
        invite.response("200 OK", "me", "Contact: <sip:c@d>\r\n", &body, &mut out);
        let answer = Wording::read(&out).unwrap();
        assert_eq!((answer.kind, answer.to), (Kind::Response(200), "<sip:c@d>;tag=me"));
        assert_eq!(answer.audio(), Some(("127.0.0.1:5000".parse().unwrap(), Some(101))));
        assert!(std::str::from_utf8(&out).unwrap().contains("branch=z9hG4bK1;rport\r\n"));
        assert!(Wording::read(b"nonsense").is_none());
    }
}
