//! When the world stops: nobody is forgotten, and what was lawful has been made.

use std::time::Duration;

use super::World;
use crate::books::*;
use crate::id::*;

/// No call lasts so long, its bookkeeping included.
const CALL_MAX: Duration = Duration::from_secs(3 * 3600);
/// What is due is made within so long, whatever dies and fails meanwhile: nights are long, and an attempt that may not be made now is put off,
/// so that its due time moves.
const MADE_WITHIN: Duration = Duration::from_secs(24 * 3600);

impl World<'_> {
    /// When the world stops: every contact is either done with, for a stated reason, or has its next moment.
    pub(super) fn at_rest(&mut self) -> Result<(), String> {
        let (open, closed) = self.books.open_and_closed(self.campaign);
        self.summary.promises = pledge::pledges(&self.books.promises()).count() as u64;
        self.summary.messages = self.books.outbox().len() as u64;
        self.summary.handed_over = self.books.worklist().len() as u64;
        self.summary.closed = closed;
        let contacts = u64::from(self.scene.contacts);
        if open + closed != contacts {
            return Err(format!("{contacts} contacts: {open} are open, {closed} closed; the rest is forgotten"));
        }
        // Open means: a scheduled, claimed or live attempt stands in the books.
        let open_attempts = self.books.attempts(Some(self.campaign), AttemptId(0), u32::MAX);
        let now = self.now().wall;
        let long_since =
            |a: &&Attempt| a.state == AttemptState::Live && a.live_at.is_some_and(|at| now.since(at) > CALL_MAX);
        if let Some(lost) = open_attempts.iter().find(long_since).filter(|_| self.engine.is_some()) {
            return Err(format!("attempt {} is live for hours; its outcome is lost", lost.id));
        }
        let with_attempt = open_attempts.iter().filter(|a| a.state.is_open()).count() as u64;
        // Nobody is paused, and all lines together carry in an hour what all contacts could ask for in days.
        let waits = |a: &&Attempt| a.state.is_open() && now.since(a.plan.due_at) > MADE_WITHIN;
        let hindered = self.troubles.pauses || self.engine.is_none();
        if let Some(late) = open_attempts.iter().find(waits).filter(|_| !hindered) {
            return Err(format!(
                "attempt {} was due at {} and is not made: {}",
                late.id, late.plan.due_at, late.plan.why
            ));
        }
        if with_attempt != open {
            return Err(format!("{open} contacts are open but only {with_attempt} have an attempt to come"));
        }
        Ok(())
    }
}
