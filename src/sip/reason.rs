//! Why: the Reason header (RFC 3326; in responses by RFC 6432), in BYE, CANCEL and failures, both ways.

use super::q850;
use crate::outcome::HangupCause;

/// Header lines and values that are read.
const REASONS_MAX: usize = 8;
const TEXT_BYTES_MAX: usize = 128;

/// What all Reason headers of a message say together; the first of each protocol counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    /// A cause of the telephone network, 0..=127.
    pub q850: Option<u8>,
    /// A SIP status: who forks a call tells the losers `SIP;cause=200;text="Call completed elsewhere"`.
    pub sip: Option<u16>,
    pub text: String,
}

impl Reason {
    pub fn read(values: &[Vec<u8>]) -> Reason {
        let mut reason = Reason::default();
        for value in values.iter().flat_map(|v| split(v, b',')).take(REASONS_MAX) {
            let mut fields = split(value, b';').into_iter();
            let protocol = fields.next().unwrap_or_default().trim_ascii().to_ascii_uppercase();
            let (mut cause, mut text) = (None::<u16>, String::new());
            for field in fields {
                let Some(eq) = field.iter().position(|b| *b == b'=') else { continue };
                let (name, value) = (field[..eq].trim_ascii(), field[eq + 1..].trim_ascii());
                if name.eq_ignore_ascii_case(b"cause") {
                    // Some write it in quotes.
                    cause = std::str::from_utf8(unquoted(value)).ok().and_then(|v| v.parse().ok());
                } else if name.eq_ignore_ascii_case(b"text") {
                    let kept = &unquoted(value)[..unquoted(value).len().min(TEXT_BYTES_MAX)];
                    text = String::from_utf8_lossy(kept).into_owned();
                }
            }
            match protocol.as_slice() {
                b"Q.850" if reason.q850.is_none() => {
                    reason.q850 = cause.and_then(|c| u8::try_from(c).ok()).filter(|c| *c < 128);
                }
                b"SIP" if reason.sip.is_none() => reason.sip = cause,
                _ => continue,
            }
            if reason.text.is_empty() {
                reason.text = text;
            }
        }
        reason
    }

    /// What a final failure means. `phrase`: of its status line.
    pub fn of_failure(&self, status: u16, phrase: &str) -> HangupCause {
        let text = if self.text.is_empty() { phrase } else { &self.text };
        // A status within Reason is what was said before somebody on the way changed it (RFC 6432 §2).
        let status = match (status, self.sip) {
            (500.. | 480 | 487, Some(said @ 300..700)) => said,
            _ => status,
        };
        let found = q850::of_failure(status, self.q850, text);
        if phrase.to_ascii_lowercase().contains("network blocked") {
            q850::of_failure(603, None, phrase)
        } else {
            found
        }
    }
}

/// The value that goes with a status of ours.
pub fn of_status(status: u16) -> Option<String> {
    q850::of_status(status).map(|(cause, text)| written(cause, text))
}

/// The value that goes with a BYE or CANCEL of ours.
pub fn of_cause(cause: HangupCause) -> String {
    match cause {
        HangupCause::NoAnswer => written(19, "No answer from user (user alerted)"),
        HangupCause::TrunkSilent => written(102, "Recovery on timer expiry"),
        HangupCause::TrunkRefused => written(88, "Incompatible destination"),
        HangupCause::SystemError => written(41, "Temporary failure"),
        _ => written(16, "Normal call clearing"),
    }
}

fn written(cause: u8, text: &str) -> String {
    format!("Q.850;cause={cause};text=\"{text}\"")
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value)
}

/// Parts of a value, cut outside quotes.
fn split(value: &[u8], at: u8) -> Vec<&[u8]> {
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    let mut parts = Vec::new();
    for (i, b) in value.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b if *b == at && !quoted => {
                parts.push(&value[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Reason {
        Reason::read(&values.iter().map(|v| v.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn reasons() {
        for (values, q850, sip, text) in [
            (&[][..], None, None, ""),
            (&["Q.850;cause=17;text=\"User busy\""], Some(17), None, "User busy"),
            (&["q.850 ; cause = 17"], Some(17), None, ""),
            (&["Q.850;cause=\"20\""], Some(20), None, ""),
            (&["SIP;cause=200;text=\"Call completed elsewhere\""], None, Some(200), "Call completed elsewhere"),
            (&["SIP ;cause=480, Q.850 ;cause=18 ;text=\"a, b; c\""], Some(18), Some(480), "a, b; c"),
            (&["Q.850;cause=1", "Q.850;cause=2"], Some(1), None, ""),
            (&["Q.850;cause=999"], None, None, ""),
            (&["Q.850;cause=-1"], None, None, ""),
            (&["Preemption;cause=1;text=x", "Q.850"], None, None, ""),
            (&["Q.850;cause=16;text=\"never closed"], Some(16), None, "\"never closed"),
            (&["", ";;,;,=", "Q.850;cause"], None, None, ""),
        ] {
            assert_eq!(read(values), Reason { q850, sip, text: text.into() }, "{values:?}");
        }
    }

    #[test]
    fn failures() {
        for (status, values, phrase, expected) in [
            (480, &[][..], "Temporarily Unavailable", "no_answer"),
            (480, &["Q.850;cause=20"], "", "unreachable"),
            (503, &["Q.850;cause=1"], "", "invalid_number"),
            // An exchange in between made 500 of a 404.
            (500, &["SIP;cause=404"], "", "invalid_number"),
            (487, &["SIP;cause=200;text=\"Call completed elsewhere\""], "", "no_answer"),
            (603, &["Q.850;cause=21"], "Network Blocked", "blocked"),
            (486, &["SIP;cause=404"], "Busy Here", "busy"),
        ] {
            assert_eq!(read(values).of_failure(status, phrase).as_str(), expected, "{status} {values:?}");
        }
    }

    #[test]
    fn what_we_write_we_can_read() {
        let reason = of_cause(HangupCause::NoAnswer);
        assert_eq!(reason, "Q.850;cause=19;text=\"No answer from user (user alerted)\"");
        assert_eq!(read(&[&reason]).q850, Some(19));
        assert_eq!(of_status(486).as_deref(), Some("Q.850;cause=17;text=\"User busy\""));
        assert_eq!(of_status(200), None);
    }
}
