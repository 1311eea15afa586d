//! Money in the made-up world: payments early, late, in part, told twice and taken back; and what `serve` does about it.

use std::time::Duration;

use rand::RngExt;

use super::{Happening, World};
use crate::books::*;
use crate::campaign;
use crate::engine::Input;
use crate::id::*;
use crate::sim::plant::Plant;
use crate::time::Wall;

/// A call that rings when its contact pays is taken back within so long.
const TAKEN_BACK_MAX: Duration = Duration::from_secs(1);
const LOOK_MAX: u32 = 1_000;

impl World<'_> {
    /// Somebody pays something, or a promised sum.
    pub(super) fn pay(&mut self, promised: Option<(ContactId, i64)>) -> Result<(), String> {
        let anybody = ContactId(i64::from(self.rng.random_range(0..self.scene.contacts)) + 1);
        let contact = promised.map_or(anybody, |(contact, _)| contact);
        let external = format!("c{}", contact.0 - 1);
        let owed = self.judge.ledger.owes(contact);
        if owed <= 0 {
            return Ok(());
        }
        let now = self.now().wall;
        let id = format!("payment-{}", self.next);
        let part = promised.is_some() || self.rng.random_bool(0.6);
        let minor = match promised {
            Some((_, minor)) => minor,
            None if part => self.rng.random_range(1..=owed),
            None => owed,
        };
        // Banks tell of it days later.
        let late = if self.rng.random_bool(0.3) { self.rng.random_range(0..3 * 86_400_000_000) } else { 0 };
        let paid_at = Wall(now.0 - late);
        let currency = self.books.history(&external).map_err(|e| e.to_string())?.standing.contact.amount().currency;
        let amount = part.then_some(crate::money::Money::new(minor, currency));
        self.note(format!("{external} pays {minor} of {owed}"));
        self.judge.ledger.pays(&id, contact, minor, paid_at);
        self.summary.payments += 1;
        let new = NewPayment { id, contact: external, debt: None, amount, paid_at };
        if self.rng.random_bool(0.2) {
            let after = self.some_ms(0, 3 * 86_400_000);
            self.after(after, Happening::Reversal { payment: new.id.clone() });
        }
        if self.rng.random_bool(0.2) {
            let after = self.some_ms(0, 2 * 86_400_000);
            self.after(after, Happening::ToldAgain(new.clone()));
        }
        self.told(&new)
    }

    /// The feed says so, whether for the first time or not.
    pub(super) fn told(&mut self, new: &NewPayment) -> Result<(), String> {
        if self.planted(Plant::LosesPayments) {
            return Ok(());
        }
        let now = self.now().wall;
        let mut new = new.clone();
        if self.planted(Plant::CountsTwice) {
            new.id = format!("{} told at {now}", new.id);
        }
        let paid = match self.books.pay(&new, now) {
            Ok(paid) => paid,
            // Planted: the second time nothing is owed.
            Err(why) if self.scene.plant.is_some() => return self.note_and_go_on(&why.to_string()),
            Err(why) => return Err(why.to_string()),
        };
        let contact = self.books.history(&new.contact).map_err(|e| e.to_string())?.standing.contact.id;
        let (left, owed) = (paid.left.minor, self.judge.ledger.owes(contact).max(0));
        if left != owed {
            return Err(format!("contact {} owes {left} by the books after paying, and {owed} in truth", new.contact));
        }
        if !paid.new || self.planted(Plant::RingsOn) {
            return self.watch_ringing(contact, paid.new);
        }
        let delay = self.some_ms(0, 500);
        let life = self.life;
        self.after(delay, Happening::Paid { life, contact });
        self.watch_ringing(contact, true)
    }

    /// What the one who reads the feed tells the engine: what is owed by now, whichever payment it has just read of.
    pub(super) fn tell_paid(&mut self, contact: ContactId) -> Result<(), String> {
        let external = format!("c{}", contact.0 - 1);
        let debts = self.books.history(&external).map_err(|e| e.to_string())?.standing.contact.debts;
        self.tell(Input::Paid { contact, debts })
    }

    fn note_and_go_on(&mut self, why: &str) -> Result<(), String> {
        self.note(format!("refused: {why}"));
        Ok(())
    }

    fn watch_ringing(&mut self, contact: ContactId, new: bool) -> Result<(), String> {
        if let Some(call) = self.judge.rings_unanswered(contact).filter(|_| new && self.engine.is_some()) {
            let life = self.life;
            self.after(TAKEN_BACK_MAX, Happening::StillRings { life, contact, call });
        }
        Ok(())
    }

    pub(super) fn still_rings(&mut self, life: u32, contact: ContactId, call: CallId) -> Result<(), String> {
        let same = life == self.life && self.judge.rings_unanswered(contact) == Some(call);
        match same {
            true => Err(format!("call {call} rings on more than a second after contact {contact} has paid")),
            false => Ok(()),
        }
    }

    pub(super) fn reverse(&mut self, payment: &str) -> Result<(), String> {
        let now = self.now().wall;
        self.note(format!("{payment} is taken back"));
        self.judge.ledger.reverses(payment);
        self.summary.reversals += 1;
        match self.books.reverse(payment, now) {
            Ok(_) => Ok(()),
            Err(why) if self.scene.plant.is_some() => self.note_and_go_on(&why.to_string()),
            Err(why) => Err(why.to_string()),
        }
    }

    /// What `serve` does at each look: judges promises, wakes sleepers.
    pub(super) fn look(&mut self) -> Result<(), String> {
        if self.engine.is_some() {
            self.judge_and_wake()?;
            // What was woken may be due before the engine would have looked.
            self.tell(Input::Ticked)?;
        }
        let next = self.some_ms(300_000, 3_600_000);
        self.after(next, Happening::Look);
        Ok(())
    }

    fn judge_and_wake(&mut self) -> Result<(), String> {
        let now = self.now().wall;
        let early = if self.planted(Plant::JudgesEarly) { Duration::from_secs(30 * 86_400) } else { Duration::ZERO };
        self.books.judge_promises(now + early, LOOK_MAX).map_err(|e| e.to_string())?;
        if self.planted(Plant::LetsSleep) {
            return Ok(());
        }
        for sleeper in self.books.sleepers(now + early, LOOK_MAX) {
            let next = campaign::plan_awake(&self.scene.ladder, &sleeper, now);
            self.summary.woken += u64::from(matches!(next, Next::Attempt(_)));
            let enrolment = Enrolment { contact: sleeper.standing.contact.id, next };
            self.books.wake(sleeper.campaign, &[enrolment], now).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// When the world stops: the books' promises are what they are in truth, and nobody sleeps whose money is not in order.
    pub(super) fn money_at_rest(&mut self) -> Result<(), String> {
        let now = self.now().wall;
        let running = self.books.campaign("simulated").map_err(|e| e.to_string())?.state == CampaignState::Running;
        self.judge_and_wake()?;
        for n in 0..self.scene.contacts {
            let history = self.books.history(&format!("c{n}")).map_err(|e| e.to_string())?;
            let contact = history.standing.contact.id;
            self.judge.knows_opt_outs(contact, &history.standing)?;
            self.judge.ledger.agrees(contact, &history.standing.promises, now)?;
            let owed = self.judge.ledger.owes(contact).max(0);
            if history.standing.contact.amount().minor != owed {
                return Err(format!(
                    "contact {contact} owes {owed}, the books say {}",
                    history.standing.contact.amount()
                ));
            }
            for state in self.judge.ledger.states(contact, now) {
                self.summary.kept += u64::from(state == "kept");
                self.summary.broken += u64::from(state == "broken" || state == "partly_kept");
            }
            let open = self.judge.ledger.promise_is_open(contact, now);
            for (_, close) in history.closed.iter().filter(|_| running) {
                let lost = match close.reason.as_str() {
                    "paid" => owed > 0,
                    "promised" => owed > 0 && !open,
                    _ => false,
                };
                if lost {
                    return Err(format!(
                        "contact {contact} is closed as {} and owes {owed}: nobody would ask again",
                        close.reason
                    ));
                }
            }
        }
        Ok(())
    }
}
