//! Messages cut out of a stream (RFC 3261 §18.3): the head up to its blank line, then as much body as Content-Length says.
//! Between messages, the pings and pongs of RFC 5626 §3.5.1. Bytes in, one message at a time out; no sockets here.

use std::time::Duration;

use super::message::{BODY_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::time::Mono;

/// From the first byte of a message to its last. One that dribbles in slower holds a connection for nothing.
pub const MESSAGE_TIME_MAX: Duration = Duration::from_secs(10);

/// What stands next in the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Head and body, to be parsed.
    Message(&'a [u8]),
    /// Two line ends: the far end asks whether we are there and wants one line end back.
    Ping,
    /// One line end: the answer to our ping.
    Pong,
}

/// Why no further message can be found in the stream; it is of no use after this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A head without a usable Content-Length, or with a body too long: nobody knows where the next message begins. The
    /// head can still be answered with `status`.
    #[error("a message without a usable Content-Length (answered with {status})")]
    Unframed { status: u16, head: Vec<u8> },
    #[error("a message longer than {MESSAGE_BYTES_MAX} bytes")]
    TooLong,
    #[error("not SIP")]
    NotSip,
}

/// One direction of one connection.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the next message begins, and up to where no blank line was found.
    start: usize,
    scanned: usize,
    /// When the first byte of an unfinished message came.
    since: Option<Mono>,
    /// We have pinged, so that a single line end is the answer and not half of a ping.
    pub awaits_pong: bool,
}

impl Framer {
    pub fn push(&mut self, now: Mono, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start.min(self.scanned);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
        self.since = self.since.or(Some(now));
    }

    /// When an unfinished message has taken too long. Line ends between messages are no beginning of one.
    pub fn deadline(&self) -> Option<Mono> {
        let begun = self.buffer[self.start..].iter().any(|b| !matches!(b, b'\r' | b'\n'));
        self.since.filter(|_| begun).map(|since| since + MESSAGE_TIME_MAX)
    }

    /// The next whole frame; `None` until more bytes come. Errors: see [`Broken`].
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Broken> {
        loop {
            let rest = &self.buffer[self.start..];
            if rest.starts_with(b"\r\n\r\n") {
                self.skip(4);
                return Ok(Some(Frame::Ping));
            }
            match rest {
                [b'\r', b'\n'] if self.awaits_pong => {
                    self.skip(2);
                    self.awaits_pong = false;
                    return Ok(Some(Frame::Pong));
                }
                // May be half of a ping.
                [] | [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => return Ok(None),
                [b'\r', b'\n', ..] => {
                    self.skip(2);
                    if std::mem::take(&mut self.awaits_pong) {
                        return Ok(Some(Frame::Pong));
                    }
                }
                // A method or `SIP/2.0` begins with a token (§25.1): TLS, HTTP/2 and the like end here.
                [first, ..] if !first.is_ascii_alphanumeric() && !b"-.!%*_+`'~".contains(first) => {
                    return Err(Broken::NotSip);
                }
                _ => break,
            }
        }
        let Some(head) = self.find_head() else {
            let unfinished = self.buffer.len() - self.start;
            return if unfinished > MESSAGE_BYTES_MAX { Err(Broken::TooLong) } else { Ok(None) };
        };
        if head > MESSAGE_BYTES_MAX {
            return Err(Broken::TooLong);
        }
        let bytes = &self.buffer[self.start..];
        let unframed = |status| Err(Broken::Unframed { status, head: bytes[..head].to_vec() });
        let body = match content_length(&bytes[..head]) {
            // §20.14: over a stream it must be there.
            None => return unframed(400),
            // §21.4.11.
            Some(length) if length > BODY_BYTES_MAX => return unframed(413),
            Some(length) => length,
        };
        let whole = head + body;
        if whole > MESSAGE_BYTES_MAX {
            return Err(Broken::TooLong);
        }
        if bytes.len() < whole {
            return Ok(None);
        }
        let start = self.start;
        self.skip(whole);
        Ok(Some(Frame::Message(&self.buffer[start..start + whole])))
    }

    fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        self.scanned = self.start;
        if self.start == self.buffer.len() {
            self.since = None;
        }
    }

    /// The length of the head, its blank line included, when all of it is there.
    fn find_head(&mut self) -> Option<usize> {
        const END: &[u8] = b"\r\n\r\n";
        let from = self.scanned.max(self.start);
        match self.buffer[from..].windows(END.len()).position(|w| w == END) {
            Some(at) => {
                // Kept before the end, so that a body still to come does not have it looked for from the beginning.
                self.scanned = from + at;
                Some(from + at + END.len() - self.start)
            }
            None => {
                self.scanned = self.buffer.len().saturating_sub(END.len() - 1).max(from);
                None
            }
        }
    }
}

/// The value of Content-Length, or of its short form `l`. `None`: none, not a number, or two that differ.
fn content_length(head: &[u8]) -> Option<usize> {
    let mut found: Option<usize> = None;
    let mut lines = head.split(|b| *b == b'\n').skip(1).peekable();
    while let Some(line) = lines.next() {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let name = line[..colon].trim_ascii_end();
        let named = name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l");
        // The name stands at the beginning of its line; anything else is the continuation of another header (§7.3.1).
        if !named {
            continue;
        }
        let mut value = line[colon + 1..].trim_ascii();
        while value.is_empty()
            && let Some(folded) = lines.next_if(|l| matches!(l.first(), Some(b' ' | b'\t')))
        {
            value = folded.trim_ascii();
        }
        if value.is_empty() || value.len() > 9 || !value.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let length = value.iter().fold(0, |n, digit| n * 10 + usize::from(digit - b'0'));
        if found.is_some_and(|other| other != length) {
            return None;
        }
        found = Some(length);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a stream holds, given to the framer in pieces of `step` bytes.
    fn frames(bytes: &[u8], step: usize, awaits_pong: bool) -> Vec<String> {
        let mut framer = Framer { awaits_pong, ..Framer::default() };
        let mut seen = Vec::new();
        for piece in bytes.chunks(step.max(1)) {
            framer.push(Mono(1), piece);
            loop {
                match framer.next_frame() {
                    Ok(None) => break,
                    Ok(Some(Frame::Message(m))) => seen.push(String::from_utf8_lossy(m).replace("\r\n", "|")),
                    Ok(Some(frame)) => seen.push(format!("{frame:?}")),
                    Err(Broken::Unframed { status, .. }) => {
                        seen.push(status.to_string());
                        return seen;
                    }
                    Err(broken) => {
                        seen.push(format!("{broken:?}"));
                        return seen;
                    }
                }
            }
        }
        seen
    }

    #[test]
    fn streams() {
        let cases: [(&str, &[&str]); 14] = [
            ("A\r\nl: 0\r\n\r\n", &["A|l: 0||"]),
            ("A\r\nContent-Length: 2\r\n\r\nhiB\r\nl:0\r\n\r\n", &["A|Content-Length: 2||hi", "B|l:0||"]),
            ("A\r\nCONTENT-LENGTH : 002\r\n\r\nhi", &["A|CONTENT-LENGTH : 002||hi"]),
            ("A\r\nl:\r\n 2\r\n\r\nhi", &["A|l:| 2||hi"]),
            // A body may be anything.
            ("A\r\nl: 2\r\nX: y\r\n\r\n\r\nB\r\nl: 0\r\n\r\n", &["A|l: 2|X: y|||", "B|l: 0||"]),
            // RFC 5626: a ping before, between and after messages.
            ("\r\n\r\nA\r\nl: 0\r\n\r\n\r\n\r\n", &["Ping", "A|l: 0||", "Ping"]),
            // A stray line end before a message is nothing (RFC 3261 §7.5).
            ("\r\nA\r\nl: 0\r\n\r\n", &["A|l: 0||"]),
            ("A\r\nX: 1\r\n\r\n", &["400"]),
            ("A\r\nl: 1\r\nl: 2\r\n\r\n", &["400"]),
            ("A\r\nl: -1\r\n\r\n", &["400"]),
            ("A\r\nX: a\r\n l: 5\r\n\r\n", &["400"]),
            ("A\r\nl: 99999\r\n\r\n", &["413"]),
            ("\x16\x03\x01", &["NotSip"]),
            ("A\r\nl: 3\r\n\r\nhi", &[]),
        ];
        for (bytes, expected) in cases {
            for step in [1, 3, 7, 1000] {
                assert_eq!(frames(bytes.as_bytes(), step, false), expected, "{bytes:?} in steps of {step}");
            }
        }
    }

    #[test]
    fn pongs_are_line_ends_that_were_asked_for() {
        assert_eq!(frames(b"\r\n", 1, true), ["Pong"]);
        assert_eq!(frames(b"\r\nA\r\nl: 0\r\n\r\n", 100, true), ["Pong", "A|l: 0||"]);
        assert_eq!(frames(b"\r\n", 1, false), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_kept_without_bound_or_for_ever() {
        let endless = vec![b'A'; MESSAGE_BYTES_MAX + 2];
        assert_eq!(frames(&endless, 1000, false), ["TooLong"]);
        let mut framer = Framer::default();
        framer.push(Mono(1), b"\r\n");
        assert_eq!(framer.next_frame(), Ok(None));
        assert_eq!(framer.deadline(), None, "line ends may wait");
        framer.push(Mono(2), b"\r\nINV");
        assert_eq!(framer.next_frame(), Ok(Some(Frame::Ping)));
        assert_eq!(framer.next_frame(), Ok(None));
        let first = framer.deadline();
        assert!(first.is_some_and(|at| at <= Mono(2) + MESSAGE_TIME_MAX), "{first:?}");
        framer.push(Mono(3_000_000), b"ITE");
        assert_eq!(framer.next_frame(), Ok(None));
        assert_eq!(framer.deadline(), first, "dribbling on does not help");
    }

    proptest! {
        /// However the network cuts a stream, the same messages come out of it; and any bytes at all are survived.
        #[test]
        fn cuts_do_not_matter(
            bytes in proptest::collection::vec(
                prop_oneof![Just("\r\n".to_owned()), Just("l: 3".to_owned()), Just("Content-Length: 0".to_owned()),
                    Just("A".to_owned()), "[a-z: \r\n\x00-\x7f]{0,6}"], 0..40),
            step in 1usize..50,
        ) {
            let bytes = bytes.concat().into_bytes();
            let (cut, whole) = (frames(&bytes, step, false), frames(&bytes, bytes.len().max(1), false));
            prop_assert_eq!(cut, whole);
        }
    }
}
