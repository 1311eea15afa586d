//! Calls given away (REFER, RFC 3515): we send the far end to somebody else, or are sent; the one who is sent reports how it
//! went (NOTIFY with a status line). And calls that take the place of others (Replaces, RFC 3891).

use std::time::Duration;

use super::address::dialled;
use super::call::{Call, State};
use super::dialog;
use super::message::{Method, Request, Response};
use super::order::{DialogId, Event, Referral, User};
use super::user_agent::UserAgent;
use super::within::{Asked, Purpose};

const FRAGMENT: &str = "message/sipfrag";

/// How long a report is waited for: the other telephone may ring for that long.
const REPORT_WAIT: Duration = Duration::from_secs(180);

impl UserAgent {
    /// Sends the far end to `to`; with `replaces`, to take over that call of ours there (an attended transfer).
    pub(super) fn refer(&mut self, id: DialogId, to: &str, replaces: Option<DialogId>) {
        let host = self.config.peer.as_ref().map(|peer| peer.host.clone());
        let other = replaces.and_then(|other| self.calls.get(&other)).filter(|call| matches!(call.state, State::Up));
        let target = match (replaces, other) {
            (None, _) => match host {
                Some(host) => dialled(to, &host),
                None => Some(to.to_owned()).filter(|to| to.starts_with("sip:")),
            },
            // The far end's address of that call, and the call by the tags as it sees them (RFC 3891 §3).
            (Some(_), Some(other)) => other.dialog.remote_tag.as_deref().map(|remote_tag| {
                let replaces =
                    format!("{};to-tag={remote_tag};from-tag={}", other.dialog.call_id, other.dialog.local_tag);
                format!("{}?Replaces={}", other.dialog.target, escaped(&replaces))
            }),
            (Some(_), None) => None,
        };
        let free = self.is_up(id) && self.calls.get(&id).is_some_and(|call| call.referral.is_none());
        let Some(target) = target.filter(|_| free) else {
            return self.tell(Event::Referred { dialog: id, outcome: Referral::Refused(0) });
        };
        let by = self.calls.get(&id).map(|call| call.dialog.local_uri.clone()).unwrap_or_default();
        let asked = Asked::new(Method::Refer, Purpose::Refer).line("Refer-To", format!("<{target}>"));
        let asked = asked.line("Referred-By", format!("<{by}>")).line("Supported", "norefersub");
        if let Some(call) = self.calls.get_mut(&id) {
            call.referral = Some(self.now + REPORT_WAIT);
        }
        self.ask(id, asked);
    }

    pub(super) fn on_refer_answered(&mut self, id: DialogId, response: Option<&Response>) {
        let outcome = match response {
            Some(r) if (200..300).contains(&r.status) => match r.head.more.refer_sub {
                // It will not report (RFC 4488 §4).
                Some(false) => Referral::Unreported,
                Some(true) | None => return,
            },
            Some(r) => Referral::Refused(r.status),
            None => Referral::Refused(408),
        };
        self.referred(id, outcome);
    }

    fn referred(&mut self, id: DialogId, outcome: Referral) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.referral.take().is_some() {
            self.tell(Event::Referred { dialog: id, outcome });
            self.refresh(id);
        }
    }

    pub(super) fn on_report_limit(&mut self, id: DialogId) {
        if self.calls.get(&id).and_then(|call| call.referral).is_some_and(|until| until <= self.now) {
            self.referred(id, Referral::Unreported);
        }
    }

    /// A report on a transfer that we asked for.
    pub(super) fn on_notify(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let more = &request.head.more;
        let waiting = self.calls.get(&id).is_some_and(|call| call.referral.is_some());
        if more.event.as_deref() != Some("refer") {
            // RFC 6665 §8.3.2.
            return self.refuse(request, key, 489);
        }
        if !waiting {
            return self.refuse(request, key, 481);
        }
        let w = self.response(200, request, Some(id));
        self.respond(request, key, w.finish(None));
        let fragment = more.content.as_ref().filter(|content| content.kind == FRAGMENT);
        let status = fragment.and_then(|content| status_line(&content.bytes));
        match status {
            Some(status @ 200..300) => self.referred(id, Referral::Connected(status)),
            Some(status) if status >= 300 => self.referred(id, Referral::Refused(status)),
            Some(_) | None if more.terminated => self.referred(id, Referral::Unreported),
            Some(_) | None => {}
        }
    }

    /// The far end sends us to somebody. Only where that is allowed; and only one at a time.
    pub(super) fn on_refer(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let more = &request.head.more;
        let Some(call) = self.calls.get(&id) else { return };
        if !self.config.may_be_referred {
            return self.refuse(request, key, 603);
        }
        if !matches!(call.state, State::Up) || call.reports.is_some() {
            return self.refuse(request, key, 491);
        }
        let Some(Some(target)) = &more.refer_to else { return self.refuse(request, key, 400) };
        let scheme = target.split(':').next().unwrap_or("").to_ascii_lowercase();
        if !matches!(scheme.as_str(), "sip" | "sips" | "tel") {
            return self.refuse(request, key, 416);
        }
        let reports = more.refer_sub != Some(false);
        let tag = call.dialog.local_tag.clone();
        let mut w = self.within_dialog(202, &request.echo, &tag, id);
        if !reports {
            w.line("Refer-Sub", "false");
        }
        self.respond(request, key, w.finish(None));
        if let Some(call) = self.calls.get_mut(&id) {
            call.reports = Some(reports);
        }
        // RFC 3515 §2.4.4: at once, before anything is known.
        self.notify(id, 100, false);
        self.tell(Event::ReferAsked { dialog: id, to: User::new(target.clone()) });
    }

    /// How it went, or goes: any status; from 200 on it is the last.
    pub(super) fn report(&mut self, id: DialogId, status: u16) {
        let last = status >= 200;
        self.notify(id, status, last);
        if let Some(call) = self.calls.get_mut(&id).filter(|_| last) {
            call.reports = None;
        }
    }

    fn notify(&mut self, id: DialogId, status: u16, last: bool) {
        let reports = self.calls.get(&id).and_then(|call| call.reports).unwrap_or(false);
        if !self.is_up(id) || !reports {
            return;
        }
        let state = match last {
            true => "terminated;reason=noresource".to_owned(),
            false => format!("active;expires={}", REPORT_WAIT.as_secs()),
        };
        let body = format!("SIP/2.0 {status} {}\r\n", super::message::reason(status));
        let asked = Asked::new(Method::Notify, Purpose::Notify).line("Event", "refer");
        self.ask(id, asked.line("Subscription-State", state).body("message/sipfrag;version=2.0", body));
    }

    /// Which of our calls an INVITE wants to take the place of. Errors: the status to refuse it with (RFC 3891 §3).
    pub(super) fn replaced(&self, request: &Request, from_ip: std::net::IpAddr) -> Result<Option<DialogId>, u16> {
        let replaces = match &request.head.more.replaces {
            None => return Ok(None),
            Some(None) => return Err(400),
            Some(Some(replaces)) => replaces,
        };
        let found = self.by_tag.get(&dialog::key(&replaces.call_id, &replaces.to_tag)).copied();
        let Some((id, call)) = found.and_then(|id| Some((id, self.calls.get(&id)?))) else { return Err(481) };
        let is = |tag: Option<&str>| tag == Some(replaces.from_tag.as_str());
        match &call.state {
            // An early dialog may be replaced by its caller's own doing only: there it is ours.
            State::Inviting(inviting) if !inviting.forks.iter().any(|f| is(f.dialog.remote_tag.as_deref())) => Err(481),
            State::Offered(_) => Err(481),
            State::Answering { .. } | State::Up | State::Leaving if !is(call.dialog.remote_tag.as_deref()) => Err(481),
            State::Leaving => Err(603),
            State::Answering { .. } | State::Up if replaces.early_only => Err(486),
            // Whoever knows the tags has seen the call; but only those of its own peer may take it.
            _ if !self.config.may_be_replaced || call.dialog.peer.addr.ip() != from_ip => Err(403),
            State::Inviting(_) | State::Answering { .. } | State::Up => Ok(Some(id)),
        }
    }
}

impl Call {
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up)
    }
}

/// The status of `SIP/2.0 200 OK`.
fn status_line(bytes: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut words = text.lines().next()?.split_ascii_whitespace();
    words.next().filter(|version| version.eq_ignore_ascii_case("SIP/2.0"))?;
    words.next()?.parse().ok().filter(|status| (100..700).contains(status))
}

/// For a header within a URI: everything but letters, digits and a few marks as %hh (RFC 3261 §19.1.1, `hnv-unreserved`).
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'~' | b'*' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        assert_eq!(escaped("a@b;to-tag=1"), "a%40b%3Bto-tag%3D1");
        for (line, expected) in [
            ("SIP/2.0 200 OK\r\n", Some(200)),
            ("SIP/2.0 486 Busy Here\r\nTo: x\r\n", Some(486)),
            ("SIP/2.0 099 x", None),
            ("HTTP/1.1 200 OK", None),
            ("", None),
        ] {
            assert_eq!(status_line(line.as_bytes()), expected, "{line}");
        }
    }
}
