//! A call's messages as a ladder of text: we stand on the left, the carrier on the right.

use std::collections::HashSet;
use std::fmt::Write;

use super::{Record, Way};
use crate::sip::Transport;

/// Between the two rails.
const WIDTH: usize = 58;

/// One line a message. Numbers in Request-URIs are hidden but for their ends, unless `full_numbers`.
pub fn ladder(messages: &[Record], full_numbers: bool) -> String {
    let Some(first) = messages.first() else { return "no message was kept of this call\n".into() };
    let mut out = String::new();
    let over = match first.transport {
        Transport::Udp => String::new(),
        Transport::Tcp | Transport::Tls => format!(" {}", first.transport.as_str()),
    };
    let _ = writeln!(out, "{:>9} {:<width$}{}{over}", "seconds", first.local, first.peer, width = WIDTH);
    let mut seen = HashSet::new();
    for message in messages {
        let elapsed = (message.at.0 - first.at.0).max(0);
        let again = if seen.insert((message.way == Way::Out, &message.bytes)) { "" } else { " (again)" };
        let what = format!(" {}{again} ", name(&message.bytes, full_numbers));
        let what: String = what.chars().take(WIDTH - 6).collect();
        let rest = WIDTH - 4 - what.chars().count();
        let (left, right) = (rest / 2, rest - rest / 2);
        let arrow = match message.way {
            Way::Out => format!("{}{what}{}>", "-".repeat(left + 1), "-".repeat(right)),
            Way::In | Way::Named => format!("<{}{what}{}", "-".repeat(left), "-".repeat(right + 1)),
        };
        let elsewhere = if message.peer == first.peer { String::new() } else { format!(" {}", message.peer) };
        let _ = writeln!(out, "{:>5}.{:03} |{arrow}|{elsewhere}", elapsed / 1_000_000, elapsed / 1_000 % 1_000);
    }
    out
}

/// `INVITE +7916•••4567 (SDP)`, `486 Busy Here, Q.850;cause=17`.
fn name(message: &[u8], full_numbers: bool) -> String {
    let text = String::from_utf8_lossy(message);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or("");
    let header = |name: &str| {
        let value =
            head.lines().skip(1).filter_map(|l| l.split_once(':')).find(|(n, _)| n.trim().eq_ignore_ascii_case(name));
        value.map(|(_, value)| value.trim())
    };
    let mut said = match first.strip_prefix("SIP/2.0 ") {
        Some(status) => status.to_owned(),
        None => {
            let mut words = first.split(' ');
            let (method, uri) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            let user = crate::sip::address::user(uri);
            match (user.is_empty(), full_numbers) {
                (true, _) => method.to_owned(),
                (false, true) => format!("{method} {user}"),
                (false, false) => format!("{method} {}", hidden(&user)),
            }
        }
    };
    if body.starts_with("v=") {
        said += " (SDP)";
    }
    if let Some(reason) = header("Reason") {
        said += ", ";
        said += reason.split(";text").next().unwrap_or(reason);
    }
    said
}

fn hidden(user: &str) -> String {
    match user.parse::<crate::phone::PhoneNumber>() {
        Ok(number) => number.to_string(),
        Err(_) => format!("{:?}", crate::sip::User::new(user)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::call;
    use super::*;

    #[test]
    fn a_call_that_was_busy() {
        let expected = "  seconds 10.0.0.1:5060                                             203.0.113.1:5060
    0.000 |---------------- INVITE +7916•••4567 (SDP) --------------->|
    0.500 |------------ INVITE +7916•••4567 (SDP) (again) ----------->|
    0.530 |<---------------------- 100 Trying ------------------------|
    1.700 |<------------ 486 Busy Here, Q.850;cause=17 ---------------|
    1.701 |-------------------- ACK +7916•••4567 -------------------->|
";
        let drawn = ladder(&call(), false);
        let squeezed =
            |text: &str| text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
        let words = |text: &str| squeezed(&text.replace('-', " "));
        assert_eq!(words(&drawn), words(expected), "{drawn}");
        let widths: HashSet<usize> = drawn.lines().skip(1).map(|l| l.chars().count()).collect();
        assert_eq!(widths.len(), 1, "the rails are straight:\n{drawn}");
        assert!(ladder(&call(), true).contains("INVITE +79161234567 (SDP)"));
        assert!(!drawn.contains("9161234"), "{drawn}");
        assert_eq!(ladder(&[], false), "no message was kept of this call\n");
    }
}
