//! What can still be read of a request that is broken: enough to tell its sender so (400, 413, 505), and no more.
//!
//! The start line must be a request's and name SIP/2.0; the topmost Via must be there. All else may be missing or
//! unreadable and goes back as it came.

use super::hop::Hop;
use super::message::{Echo, HEADERS_MAX, VIAS_MAX, mark_via};

/// `None`: a response, an ACK (never answered, RFC 3261 §17.1.1.3), or nothing that was meant to be SIP.
pub(super) fn salvage(bytes: &[u8], source: Hop) -> Option<Echo> {
    let mut lines = Lines(bytes);
    let start = lines.next()?;
    let method = start.split(|b| *b == b' ').next().filter(|m| !m.is_empty() && m.len() <= 64)?;
    let request = start.trim_ascii_end().ends_with(b" SIP/2.0") && !method.starts_with(b"SIP/");
    if !request || method == b"ACK" {
        return None;
    }
    let mut echo = Echo::blank(source);
    for line in lines.take(HEADERS_MAX) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let name = line[..colon].trim_ascii();
        let value = || line[colon + 1..].trim_ascii().to_vec();
        let is = |long: &str, short: &str| {
            name.eq_ignore_ascii_case(long.as_bytes())
                || (!short.is_empty() && name.eq_ignore_ascii_case(short.as_bytes()))
        };
        // Of what should stand once, the first stands.
        if is("Via", "v") && echo.vias.len() < VIAS_MAX {
            echo.vias.push(value());
        } else if is("From", "f") && echo.from.is_empty() {
            echo.from = value();
        } else if is("To", "t") && echo.to.is_empty() {
            echo.to = value();
        } else if is("Call-ID", "i") && echo.call_id.is_empty() {
            echo.call_id = value();
        } else if is("CSeq", "") && echo.cseq.is_empty() {
            echo.cseq = value();
        }
    }
    let top = echo.vias.first_mut().filter(|via| !via.is_empty())?;
    // An unreadable Via names no port; the one that the packet came from has somebody behind it.
    if let Some(reply_to) = mark_via(top, source) {
        echo.reply_to = reply_to;
    }
    Some(echo)
}

/// Logical lines up to the first blank one: a line that begins with a space goes on with the one before (§7.3.1).
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut from = 0;
        let end = loop {
            match self.0[from..].windows(2).position(|w| w == b"\r\n").map(|at| from + at) {
                None => break self.0.len(),
                Some(at) if matches!(self.0.get(at + 2), Some(b' ' | b'\t')) => from = at + 2,
                Some(at) => break at,
            }
        };
        let line = &self.0[..end];
        self.0 = self.0.get(end + 2..).unwrap_or_default();
        (!line.is_empty()).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_be_told() {
        let source = Hop::udp("127.0.0.1:40000".parse().unwrap());
        for (bytes, expected) in [
            ("INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h:5070\r\n", Some("127.0.0.1:5070")),
            ("INVITE  x y  SIP/2.0  \r\nv: SIP/2.0/UDP h;rport\r\n\r\n", Some("127.0.0.1:40000")),
            ("INVITE sip:1@h SIP/2.0\r\nVia: ;;,\r\n\r\n", Some("127.0.0.1:40000")),
            ("INVITE sip:1@h SIP/2.0\r\nVia:\r\n  SIP/2.0/UDP\r\n h:7\r\n\r\n", Some("127.0.0.1:7")),
            ("INVITE sip:1@h SIP/2.0\r\nVia:\r\n\r\n", None),
            ("INVITE sip:1@h SIP/2.0\r\n\r\nVia: SIP/2.0/UDP h\r\n", None),
            ("ACK sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n", None),
            ("SIP/2.0 200 SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nVia: SIP/2.0/UDP h\r\n\r\n", None),
            ("INVITE sip:1@h\r\nVia: SIP/2.0/UDP h\r\n\r\n", None),
            ("", None),
        ] {
            let echo = salvage(bytes.as_bytes(), source);
            let got = echo.map(|e| e.reply_to.addr);
            assert_eq!(got, expected.map(|a| a.parse().unwrap()), "{bytes:?}");
        }
    }
}
