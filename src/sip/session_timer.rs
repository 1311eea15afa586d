//! Session timers (RFC 4028): a call is refreshed at half its interval by one of its ends, and ends when nobody does. So a
//! far end that fell over without a BYE does not hold a call for ever.

use std::time::Duration;

use super::call::{Call, State};
use super::extension::{Refresher, SessionExpires};
use super::message::{Method, Request, Response, Writer};
use super::order::{DialogId, Event};
use super::sdp::Description;
use super::user_agent::UserAgent;
use super::within::{Asked, Purpose};
use crate::outcome::HangupCause;
use crate::time::Mono;

/// No interval is shorter (RFC 4028 §5), and none that we agree to longer: a day.
const INTERVAL_S_MIN: u32 = 90;
const INTERVAL_S_MAX: u32 = 86_400;

/// A refusal for a passing reason is tried again after this, until the interval is over.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What a trunk asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// Seconds after which a call that nobody has refreshed is over: 90 to 86,400.
    pub expires_s: u32,
    /// The shortest interval that we let others ask of us.
    pub min_s: u32,
}

impl Default for SessionTimes {
    /// As RFC 4028 §4 recommends.
    fn default() -> SessionTimes {
        SessionTimes { expires_s: 1800, min_s: INTERVAL_S_MIN }
    }
}

/// The timer of a call that is up.
pub(super) struct SessionTimer {
    /// `None`: the far end does.
    refresh_at: Option<Mono>,
    /// When the call is over unless it has been refreshed.
    until: Mono,
}

impl SessionTimer {
    pub fn due(&self) -> Mono {
        self.refresh_at.map_or(self.until, |at| at.min(self.until))
    }
}

/// What an answer of ours says about the timer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    seconds: u32,
    we_refresh: bool,
    /// The far end knows of session timers, so that it is told.
    told: bool,
}

impl Terms {
    pub fn write(self, w: &mut Writer) {
        if !self.told {
            return;
        }
        let refresher = if self.we_refresh { "uas" } else { "uac" };
        w.line("Session-Expires", format_args!("{};refresher={refresher}", self.seconds));
        if !self.we_refresh {
            // §9: it must know what it has taken on.
            w.line("Require", "timer");
        }
    }
}

impl UserAgent {
    /// What we agree to as the answerer of an INVITE or UPDATE. Errors: the interval is too short; the shortest we take.
    pub(super) fn session_terms(&self, request: &Request) -> Result<Option<Terms>, u32> {
        let more = &request.head.more;
        let times = self.config.session_times;
        match (more.session_expires, times) {
            (Some(asked), _) => {
                let min_s = times.map_or(INTERVAL_S_MIN, |t| t.min_s.max(INTERVAL_S_MIN));
                // Only who knows the extension understands the refusal (§9).
                if asked.seconds < min_s && more.supported.timer {
                    return Err(min_s);
                }
                let we_refresh = !more.supported.timer || asked.refresher == Some(Refresher::Uas);
                Ok(Some(Terms { seconds: bounded(asked.seconds), we_refresh, told: true }))
            }
            // Nobody asked; we do it alone, for ourselves.
            (None, Some(times)) => {
                let told = more.supported.timer;
                Ok(Some(Terms { seconds: bounded(times.expires_s), we_refresh: true, told }))
            }
            (None, None) => Ok(None),
        }
    }

    pub(super) fn refuse_interval(&mut self, request: &Request, key: Box<str>, min_s: u32) {
        let mut w = self.response(422, request, None);
        w.line("Min-SE", min_s);
        self.respond(request, key, w.finish(None));
    }

    pub(super) fn keep_terms(&mut self, id: DialogId, terms: Option<Terms>) {
        match terms {
            Some(terms) => self.start_timer(id, terms.seconds, terms.we_refresh),
            None => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.timer = None;
                }
            }
        }
    }

    /// A 2xx came to our INVITE or UPDATE. Without the header the far end keeps no timer; then ours is for ourselves (§7.2).
    pub(super) fn session_agreed(&mut self, id: DialogId, response: &Response) {
        let ours = self.calls.get(&id).map(|call| call.expires_s).filter(|_| self.config.session_times.is_some());
        match (response.head.more.session_expires, ours) {
            (Some(SessionExpires { seconds, refresher }), _) => {
                self.start_timer(id, bounded(seconds), refresher != Some(Refresher::Uas));
            }
            (None, Some(seconds)) => self.start_timer(id, bounded(seconds), true),
            (None, None) => {}
        }
    }

    fn start_timer(&mut self, id: DialogId, interval_s: u32, we_refresh: bool) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.expires_s = interval_s;
        // §10: the call ends a little ahead of the interval, so that both ends agree that it has.
        let ahead_s = (interval_s / 3).min(32);
        call.timer = Some(SessionTimer {
            refresh_at: we_refresh.then(|| now + Duration::from_secs(u64::from(interval_s) / 2)),
            until: now + Duration::from_secs(u64::from(interval_s - ahead_s)),
        });
    }

    /// Asks for a session timer in a request of ours. Within a call the roles stay as they are (§7.4).
    pub(super) fn session_lines(&self, id: DialogId) -> Vec<(&'static str, String)> {
        let Some(call) = self.calls.get(&id).filter(|_| self.config.session_times.is_some()) else { return Vec::new() };
        let refresher = match &call.timer {
            Some(timer) if timer.refresh_at.is_some() => ";refresher=uac",
            Some(_) => ";refresher=uas",
            None => "",
        };
        let mut lines = vec![("Session-Expires", format!("{}{refresher}", call.expires_s))];
        if let Some(min_se) = call.min_se {
            lines.push(("Min-SE", min_se.to_string()));
        }
        lines
    }

    /// A 422: what it demands is asked for next. `false`: it cannot be.
    pub(super) fn take_interval(&mut self, id: DialogId, response: &Response) -> bool {
        let Some(min_se) = response.head.more.min_se.filter(|s| *s <= INTERVAL_S_MAX) else { return false };
        let Some(call) = self.calls.get_mut(&id) else { return false };
        // The same demand again: it is not met by meeting it.
        if response.status != 422 || call.min_se.is_some_and(|before| before >= min_se) {
            return false;
        }
        call.min_se = Some(min_se);
        call.expires_s = call.expires_s.max(min_se);
        true
    }

    /// A call's refresh, or its end, may have come.
    pub(super) fn on_session_time(&mut self, id: DialogId) {
        let Some(timer) = self.calls.get(&id).and_then(|call| call.timer.as_ref()) else { return };
        if timer.until <= self.now {
            self.lost(id);
        } else if timer.refresh_at.is_some_and(|at| at <= self.now) {
            self.refresh_session(id);
        }
    }

    /// UPDATE where it is taken, since it cannot ring or change anything (§7.4); else the same INVITE again.
    fn refresh_session(&mut self, id: DialogId) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(timer) = &mut call.timer else { return };
        timer.refresh_at = Some(now + AGAIN_AFTER);
        let busy = call.unacked.is_some() || call.is_offering();
        if !matches!(call.state, State::Up) || (busy && !call.allows_update) {
            return;
        }
        let (method, sdp) = match call.allows_update {
            true => (Method::Update, None),
            false => (Method::Invite, Some(call.local.again())),
        };
        let asked = Asked::new(method, Purpose::Refresh).lines(self.session_lines(id));
        self.ask(
            id,
            match sdp {
                Some(sdp) => asked.body("application/sdp", sdp),
                None => asked,
            },
        );
    }

    pub(super) fn on_refreshed(&mut self, id: DialogId, response: Option<&Response>) {
        let Some(response) = response.filter(|r| !matches!(r.status, 408 | 481)) else { return self.lost(id) };
        match response.status {
            200..300 => {
                self.session_agreed(id, response);
                self.take_target(id, response);
                let described = response.head.sdp.as_deref().and_then(|sdp| Description::parse(sdp).ok());
                if let Some(described) = described {
                    self.accept_answer(id, &described);
                }
            }
            422 if self.take_interval(id, response) => self.refresh_session(id),
            // Glare with a request of theirs, or a fault that may pass: tried again until the interval is over.
            _ => {}
        }
    }

    /// The far end is not there any more, or does not know the call: over, and no fault of the person's.
    pub(super) fn lost(&mut self, id: DialogId) {
        if !matches!(self.calls.get(&id), Some(Call { state: State::Up | State::Answering { .. }, .. })) {
            return;
        }
        self.tell(Event::Ended { dialog: id, cause: HangupCause::TrunkSilent });
        self.send_bye(id);
    }
}

fn bounded(seconds: u32) -> u32 {
    seconds.clamp(INTERVAL_S_MIN, INTERVAL_S_MAX)
}
