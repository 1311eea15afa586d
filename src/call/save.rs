//! What must survive a crash: ordered to be saved, waited for, believed only when it is on disk.

use super::action::{Action, Fact, Note};
use super::{Call, SAVE_WAIT_MAX, Turn, Wait};
use crate::flow::program::OptOutScope;
use crate::id::SaveId;
use crate::time::Mono;

/// The call's own account of its saves.
#[derive(Debug, Default)]
pub(super) struct Saves {
    count: i64,
    /// Ordered, and neither saved nor failed so far. A save stays here when the call no longer waits for it: it may
    /// still land, and then it counts.
    out: Vec<Out>,
    promised: bool,
    opted_out: Option<OptOutScope>,
    /// Asked for, whether or not it came to be.
    pub(super) opt_out_asked: bool,
}

#[derive(Debug)]
struct Out {
    save: SaveId,
    fact: Fact,
    until: Mono,
}

impl Saves {
    pub(super) fn has_promised(&self) -> bool {
        self.promised
    }

    pub(super) fn is_opted_out(&self) -> bool {
        self.opted_out.is_some()
    }

    /// An opt-out that closes at least `scope` is on disk.
    pub(super) fn has_opted_out(&self, scope: OptOutScope) -> bool {
        match (self.opted_out, scope) {
            (None, _) => false,
            (Some(OptOutScope::Number), OptOutScope::Person) => false,
            (Some(OptOutScope::Number), OptOutScope::Number) | (Some(OptOutScope::Person), _) => true,
        }
    }

    /// How long an answer is still worth waiting for; `None` when none is.
    pub(super) fn awaited_until(&self, now: Mono) -> Option<Mono> {
        self.out.iter().map(|o| o.until).filter(|until| *until > now).max()
    }
}

impl Call {
    /// Orders the fact to be saved and waits: the step comes to `saved` once it is on disk, to `failed` when it could not be
    /// put there.
    ///
    /// No answer within [`SAVE_WAIT_MAX`] also leads to `failed`. The fact may land all the same a moment later; then
    /// the person was told "could not be recorded" and it was, which is the safe side. The disposition still counts it.
    pub(super) fn save(&mut self, turn: &mut Turn, fact: Fact, saved: &'static str, failed: &'static str) {
        self.saves.count += 1;
        let save = SaveId(self.saves.count);
        let until = turn.now + SAVE_WAIT_MAX;
        self.saves.opt_out_asked |= matches!(fact, Fact::OptOut { .. });
        turn.order(Action::Save { save, fact: fact.clone() });
        self.saves.out.push(Out { save, fact, until });
        self.wait = Wait::Saving { save, until, saved, failed };
    }

    pub(super) fn saved(&mut self, turn: &mut Turn, save: SaveId) {
        let Some(at) = self.saves.out.iter().position(|o| o.save == save) else { return };
        match self.saves.out.remove(at).fact {
            Fact::Promise { parts } => {
                self.saves.promised = true;
                turn.note(Note::Promised { parts });
            }
            Fact::OptOut { scope } => {
                self.saves.opted_out = self.saves.opted_out.max(Some(scope));
                turn.note(Note::OptedOut);
            }
            Fact::Message { .. } => {}
        }
        self.save_settled(turn, save, true);
    }

    pub(super) fn save_failed(&mut self, turn: &mut Turn, save: SaveId) {
        let Some(at) = self.saves.out.iter().position(|o| o.save == save) else { return };
        self.saves.out.remove(at);
        self.save_settled(turn, save, false);
    }

    fn save_settled(&mut self, turn: &mut Turn, settled: SaveId, ok: bool) {
        match &self.wait {
            Wait::Saving { save, saved, failed, .. } if *save == settled => {
                let outcome = if ok { *saved } else { *failed };
                self.come_to(outcome);
            }
            Wait::Closing { .. } if self.awaited_until(turn.now).is_none() => self.finish(turn),
            _ => {}
        }
    }
}
