//! The end of a call, and the one word it ends with.

use super::action::{Action, Ending};
use super::{Call, SAVE_WAIT_MAX, Turn, Wait};
use crate::flow::expr::Expr;
use crate::flow::program::{Message, MessageId, Program, Step};
use crate::outcome::{Disposition, HangupCause};
use crate::time::Mono;

impl Call {
    /// We end it. `told`: the disposition, where the reason itself names one.
    pub(super) fn hang_up(&mut self, turn: &mut Turn, told: Option<Disposition>) {
        self.hang_up_for(turn, HangupCause::LocalHangup, told);
    }

    pub(super) fn hang_up_for(&mut self, turn: &mut Turn, cause: HangupCause, told: Option<Disposition>) {
        self.stop_play(turn);
        turn.order(Action::Hangup);
        self.close(turn, cause, told);
    }

    /// The engine wants the call to end. A result already reached stays: nobody redials a wrong number because we were
    /// shut down over its goodbye. A message to a machine that is cut off was not left.
    pub(super) fn stopped(&mut self, turn: &mut Turn) {
        let told = match self.result {
            Some(Disposition::VoicemailLeft) | None if self.said_to_machine.is_some() => {
                Some(Disposition::VoicemailCut)
            }
            Some(_) => None,
            None if self.bridged => None,
            None => Some(Disposition::Cancelled),
        };
        self.hang_up(turn, told);
    }

    /// We take the call back before it was answered.
    pub(super) fn take_back(&mut self, turn: &mut Turn) {
        turn.order(Action::Hangup);
        self.close(turn, HangupCause::Cancelled, Some(Disposition::Cancelled));
    }

    /// Nobody will answer, for this reason.
    pub(super) fn give_up(&mut self, turn: &mut Turn, cause: HangupCause) {
        turn.order(Action::Hangup);
        self.close(turn, cause, Some(cause.disposition()));
    }

    /// The client's leg is down, or never came up. An agent's may still be there.
    pub(super) fn leg_ended(&mut self, turn: &mut Turn, cause: HangupCause) {
        self.playing = None;
        match self.wait {
            Wait::RingingAgent { .. } | Wait::Bridged { .. } => turn.order(Action::Hangup),
            // Most people end their message by hanging up.
            Wait::Recording { .. } => {
                turn.order(Action::StopRecording);
                self.recording_until = Some(turn.now + SAVE_WAIT_MAX);
            }
            _ => {}
        }
        self.close(turn, cause, None);
    }

    /// The legs are down. A save that is still out is waited for, since it decides the disposition; not longer than
    /// it would have been in the call.
    fn close(&mut self, turn: &mut Turn, cause: HangupCause, told: Option<Disposition>) {
        self.ended_at = Some(turn.now);
        self.next = None;
        self.playing = None;
        self.keys.clear();
        self.held.clear();
        let awaited_until = self.awaited_until(turn.now);
        self.wait = Wait::Closing { until: awaited_until.unwrap_or(turn.now), cause, told };
        if awaited_until.is_none() {
            self.finish(turn);
        }
    }

    /// How long something that was ordered is still worth waiting for before the call is over.
    pub(super) fn awaited_until(&self, now: Mono) -> Option<Mono> {
        self.saves.awaited_until(now).max(self.recording_until.filter(|until| *until > now))
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.wait, Wait::Closing { .. } | Wait::Over)
    }

    pub(super) fn finish(&mut self, turn: &mut Turn) {
        let Wait::Closing { cause, told, .. } = self.wait else { panic!("a call closes before it is over") };
        let talk = match (self.answered_at, self.ended_at) {
            (Some(answered), Some(ended)) => ended.since(answered),
            _ => std::time::Duration::ZERO,
        };
        let path = self.path.iter().map(|step| self.program.step(*step).name.clone()).collect();
        turn.order(Action::End(Ending {
            disposition: self.disposition(cause, told),
            answered_by: self.answered_by,
            right_party: self.right_party,
            reason: self.reason,
            cause,
            path,
            talk,
        }));
        self.wait = Wait::Over;
    }

    /// The strongest saved fact, else what we were told to end it as, else what the flow said, else what can be
    /// inferred. Saved facts come first because they are on disk whatever else happened.
    fn disposition(&self, cause: HangupCause, told: Option<Disposition>) -> Disposition {
        if self.saves.is_opted_out() {
            return Disposition::OptedOut;
        }
        if self.saves.has_promised() {
            return Disposition::Promised;
        }
        // Somebody asked us never to call again and we could not write it down: humans must look.
        if self.saves.opt_out_asked {
            return Disposition::SystemError;
        }
        told.or(self.result_reached(cause)).unwrap_or_else(|| self.inferred(cause))
    }

    /// The `end` step's result, when it is true: nothing counts as promised or opted out that is not on disk, and a
    /// message is left only when the machine heard it to its end.
    fn result_reached(&self, cause: HangupCause) -> Option<Disposition> {
        self.result.filter(|result| match result {
            Disposition::Promised | Disposition::OptedOut => false,
            Disposition::VoicemailLeft => cause == HangupCause::LocalHangup,
            _ => true,
        })
    }

    fn inferred(&self, cause: HangupCause) -> Disposition {
        if self.answered_at.is_none() {
            return match cause {
                // A leg that never came up was not hung up on; whoever says so has lost the reason.
                HangupCause::RemoteHangup | HangupCause::LocalHangup => Disposition::NoAnswer,
                cause => cause.disposition(),
            };
        }
        if self.machine {
            return if self.said_to_machine.is_some() { Disposition::VoicemailCut } else { Disposition::Machine };
        }
        if self.bridged {
            return Disposition::Transferred;
        }
        if cause == HangupCause::SystemError {
            return Disposition::SystemError;
        }
        if self.right_party {
            return Disposition::Informed;
        }
        match cause {
            HangupCause::RemoteHangup | HangupCause::LocalHangup | HangupCause::Held if self.verify_failed => {
                Disposition::NotVerified
            }
            // The call came to its greatest length.
            HangupCause::LocalHangup if !self.pressed => Disposition::NoInput,
            HangupCause::LocalHangup => Disposition::NotVerified,
            cause => cause.disposition(),
        }
    }
}

/// The last words to a person whose debt was paid during the call: those of the flow's own `end: already_paid`, as far
/// as they can be said to anybody. Without such a step the call ends without a word.
pub(super) fn words_for_paid(program: &Program) -> Vec<MessageId> {
    let own = program.steps.iter().find_map(|named| match &named.step {
        Step::End { messages, result: Disposition::AlreadyPaid } => Some(messages.clone()),
        _ => None,
    });
    let mut words = own.unwrap_or_default();
    words.retain(|message| is_for_anybody(program, program.message(*message)));
    words
}

/// Speaks nothing of the debt and nothing that the call has yet to find out.
fn is_for_anybody(program: &Program, message: &Message) -> bool {
    message.takes.values().flat_map(|take| &take.slots).all(|slot| match slot {
        Expr::Literal(_) | Expr::Company | Expr::Today => true,
        Expr::Contact(field) => {
            let field = &program.contact[field.0 as usize];
            !field.protected && !field.optional
        }
        Expr::Has(_) | Expr::HasVariable(_) | Expr::Variable(_) | Expr::DaysOverdue => false,
        // Anything computed may be computed from the debt.
        Expr::Not(_) | Expr::Binary(..) | Expr::InRange(..) | Expr::OneOf(..) | Expr::Weekday(_) | Expr::Len(_) => {
            false
        }
    })
}
