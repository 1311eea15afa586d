//! Keys by INFO: `application/dtmf-relay`, which says how long, and `application/dtmf`, which is the key alone. No RFC has
//! them; every gateway does. RFC 6086 has the frame, and 469 for packages that are not known.

use super::message::{Method, Request};
use super::order::{DialogId, Event};
use super::user_agent::UserAgent;
use super::within::{Asked, Purpose};

const RELAY: &str = "application/dtmf-relay";
const ALONE: &str = "application/dtmf";

/// No key is held for longer; what says so is taken for this.
const DURATION_MS_MAX: u32 = 60_000;

impl UserAgent {
    /// A key, a sign of life without a body, or something that we do not know.
    pub(super) fn on_info(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let more = &request.head.more;
        if more.info_package.is_some() {
            // Recv-Info was not ours: no package is wanted (RFC 6086 §4.2.2).
            return self.refuse(request, key, 469);
        }
        let pressed = match &more.content {
            None if request.head.sdp.is_none() => None,
            Some(content) if content.kind == RELAY || content.kind == ALONE => match press(&content.bytes) {
                Some(pressed) => Some(pressed),
                None => return self.refuse(request, key, 400),
            },
            None | Some(_) => return self.refuse(request, key, 415),
        };
        let w = self.response(200, request, Some(id));
        self.respond(request, key, w.finish(None));
        if let Some((digit, duration_ms)) = pressed {
            self.tell(Event::Digit { dialog: id, digit, duration_ms });
        }
    }

    /// Presses a key at the far end. Nothing happens for what is no key.
    pub(super) fn press(&mut self, id: DialogId, digit: char, duration_ms: u32) {
        if !"0123456789*#ABCD".contains(digit) || !self.is_up(id) {
            return;
        }
        let body = format!("Signal={digit}\r\nDuration={duration_ms}\r\n");
        self.ask(id, Asked::new(Method::Info, Purpose::Digit).body(RELAY, body));
    }
}

/// The key and how long it was held. `None`: not understood; that which is no key on a telephone (flash) among it.
fn press(body: &[u8]) -> Option<(char, Option<u32>)> {
    let text = std::str::from_utf8(body).ok()?;
    let (mut signal, mut duration_ms) = (None, None);
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        match line.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("signal") => signal = Some(value.trim()),
            Some((name, value)) if name.trim().eq_ignore_ascii_case("duration") => {
                duration_ms = value.trim().parse().ok().map(|ms: u32| ms.min(DURATION_MS_MAX));
            }
            Some(_) => {}
            None => signal = signal.or(Some(line)),
        }
    }
    let digit = match signal? {
        // Events of RFC 4733 by number, as some write them.
        "10" => '*',
        "11" => '#',
        "12" => 'A',
        "13" => 'B',
        "14" => 'C',
        "15" => 'D',
        one => one.chars().next().filter(|_| one.len() == 1)?.to_ascii_uppercase(),
    };
    "0123456789*#ABCD".contains(digit).then_some((digit, duration_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        for (body, expected) in [
            ("Signal=5\r\nDuration=160\r\n", Some(('5', Some(160)))),
            ("Signal= #\r\nDuration= 250", Some(('#', Some(250)))),
            ("signal=d\nduration=x", Some(('D', None))),
            ("Signal=11\r\nDuration=999999999\r\n", Some(('#', Some(60_000)))),
            ("7", Some(('7', None))),
            ("*\r\n", Some(('*', None))),
            ("Signal=16\r\nDuration=160", None),
            ("Signal=!\r\n", None),
            ("Signal=\r\n", None),
            ("Duration=160", None),
            ("", None),
            ("hello", None),
            ("ф", None),
        ] {
            assert_eq!(press(body.as_bytes()), expected, "{body:?}");
        }
        assert_eq!(press(b"\xff"), None);
    }
}
