//! The call's own clock, which stands still while the far end has put us on hold: nobody hears a question then, so that no
//! silence counts as an answer to it, and what is being said goes on afterwards.

use std::time::Duration;

use super::action::Note;
use super::{Call, HOLD_MAX, Turn, Wait};
use crate::time::Mono;

/// Told times to the call's own and back.
#[derive(Debug)]
pub(super) struct Hold {
    /// So long we stay.
    max: Duration,
    /// What the far end last said.
    on: bool,
    /// When the clock was stopped.
    stopped: Option<Mono>,
    /// What it has lost so far.
    behind: Duration,
}

impl Default for Hold {
    fn default() -> Hold {
        Hold { max: HOLD_MAX, on: false, stopped: None, behind: Duration::ZERO }
    }
}

impl Hold {
    /// The call's own time.
    pub fn own(&self, now: Mono) -> Mono {
        Mono::ZERO + self.stopped.unwrap_or(now).since(Mono::ZERO + self.behind)
    }

    /// When a time of the call's own comes; while its clock stands still, only the end of our patience does.
    pub fn told(&self, own: Mono) -> Mono {
        self.stopped.map_or(own + self.behind, |since| since + self.max)
    }

    pub fn is_over(&self, now: Mono) -> bool {
        self.stopped.is_some_and(|since| since + self.max <= now)
    }
}

impl Call {
    /// As it was made, but on hold for so long at most.
    #[must_use]
    pub fn on_hold_at_most(mut self, max: Duration) -> Call {
        self.hold.max = max;
        self
    }

    pub(super) fn held(&mut self, turn: &mut Turn, on: bool) {
        if std::mem::replace(&mut self.hold.on, on) != on {
            turn.note(if on { Note::Held } else { Note::Resumed });
        }
    }

    /// After every fact: stops the clock, or lets it go on. A talk with a person is theirs, and what is waited for when the
    /// legs are down comes whether they were held or not.
    pub(super) fn mind_hold(&mut self, now: Mono) {
        let stands = match self.wait {
            Wait::Dialling | Wait::Bridged { .. } | Wait::Closing { .. } | Wait::Over => false,
            Wait::Saying { .. } | Wait::Asking(_) | Wait::Saving { .. } | Wait::Beep { .. } => self.hold.on,
            Wait::Screened { .. } | Wait::Announcing | Wait::RingingAgent { .. } => self.hold.on,
            Wait::Requesting { .. } | Wait::Recording { .. } | Wait::Ending => self.hold.on,
        };
        match self.hold.stopped {
            None if stands => self.hold.stopped = Some(now),
            Some(since) if !stands => {
                self.hold.stopped = None;
                self.hold.behind += now.since(since);
            }
            None | Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_and_own_time() {
        let at = |s: u64| Mono(s * 1_000_000);
        let mut hold = Hold::default();
        assert_eq!((hold.own(at(5)), hold.told(at(9))), (at(5), at(9)));
        hold.stopped = Some(at(10));
        assert_eq!((hold.own(at(10)), hold.own(at(70)), hold.told(at(12))), (at(10), at(10), at(10) + HOLD_MAX));
        assert_eq!((hold.is_over(at(129)), hold.is_over(at(130))), (false, true));
        // Back after a minute: what was due in two seconds is due in two seconds.
        (hold.stopped, hold.behind) = (None, Duration::from_secs(60));
        assert_eq!((hold.own(at(70)), hold.told(at(12))), (at(10), at(72)));
    }
}
