//! What is counted of a set of attempts: the funnel to kept promises, what was paid, what it took.

use std::collections::BTreeMap;

use super::Sums;
use crate::books::{AgentResult, Attempt, Outcome, PromiseState};
use crate::money::{Currency, Money};
use crate::outcome::{AnsweredBy, Channel, Disposition, DispositionClass};

crate::words! {
    /// How far a call came; each includes those after it, but for `promised` and `kept`, which a flow without a verification reaches
    /// without `right_party`.
    pub enum Stage {
        /// The INVITE left.
        Dialled = "dialled",
        Answered = "answered",
        /// Answered, and not by a machine or a fax.
        Human = "human",
        /// A verification succeeded.
        RightParty = "right_party",
        /// A promise is on the books.
        Promised = "promised",
        /// Every part of that promise was kept.
        Kept = "kept",
    }
}

/// Calls that reached a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    pub attempts: u64,
    /// Different contacts.
    pub contacts: u64,
    /// Different people: contacts with the same `person_id` are one, those without it are one each.
    pub persons: u64,
    /// What these contacts owe now.
    pub owed: Sums,
}

/// Promises of one state. Each part of a plan is one promise, with its own day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pledged {
    pub count: u64,
    pub promised: Sums,
    /// Towards them, in time; no more than was promised.
    pub paid: Sums,
}

/// One [`Pledged`] a state, in the order of [`PromiseState::ALL`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promises([Pledged; PromiseState::ALL.len()]);

/// What the attempts took of lines and people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    pub calls: u64,
    pub talk_ms: u64,
    pub sms: u64,
    /// Talk of calls that an agent took over, from the answer to the end.
    pub agent_ms: u64,
    /// Of these calls, those that no tariff has charged.
    pub uncharged_calls: u64,
    pub uncharged_talk_ms: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Dialled, or finished on another channel.
    pub attempts: u64,
    /// Different contacts with such an attempt.
    pub contacts: u64,
    /// Different people with such an attempt.
    pub persons: u64,
    /// What these owed at the start of the period: what they owe now and what they have paid since.
    pub owed_at_start: Sums,
    stages: [Reached; Stage::ALL.len()],
    /// Answered by a machine or a fax.
    pub machine: u64,
    /// Answered, and nobody knows by whom.
    pub unknown: u64,
    pub opted_out: u64,
    pub wrong_number: u64,
    /// On other channels: messages queued, contacts handed to humans.
    pub delivered: u64,
    /// Made by attempts of the period.
    pub made: Promises,
    /// For a day of the period.
    pub due: Promises,
    /// Payments of the period that came after an attempt had reached the contact, counted with the last one that had; reversed ones
    /// are not among them.
    pub payments: u64,
    pub collected: Sums,
    /// Payments of the period before any attempt had reached the contact.
    pub unprompted_payments: u64,
    pub unprompted: Sums,
    pub effort: Effort,
    /// By the trunks' tariffs, in millionths of the currency's major unit.
    pub charged: BTreeMap<Currency, i128>,
    /// People who were to talk to an agent and did; and who found none in time.
    pub agent_connected: u64,
    pub agent_abandoned: u64,
}

impl Promises {
    pub fn of(&self, state: PromiseState) -> &Pledged {
        &self.0[state as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (PromiseState, &Pledged)> {
        PromiseState::ALL.iter().map(|state| (*state, self.of(*state)))
    }

    pub fn count(&self) -> u64 {
        self.0.iter().map(|p| p.count).sum()
    }

    pub(super) fn add(&mut self, state: PromiseState, amount: Money, paid: i64) {
        let pledged = &mut self.0[state as usize];
        pledged.count += 1;
        pledged.promised.add(amount);
        pledged.paid.add(Money { minor: paid, ..amount });
    }

    /// Kept, kept in part or broken: those whose day was lived to see.
    pub fn judged(&self) -> Pledged {
        self.joined(&[PromiseState::Kept, PromiseState::PartlyKept, PromiseState::Broken])
    }

    pub fn all(&self) -> Pledged {
        self.joined(PromiseState::ALL)
    }

    fn joined(&self, states: &[PromiseState]) -> Pledged {
        let mut all = Pledged::default();
        for pledged in states.iter().map(|state| self.of(*state)) {
            all.count += pledged.count;
            all.promised.join(&pledged.promised);
            all.paid.join(&pledged.paid);
        }
        all
    }
}

impl Effort {
    pub(super) fn add(&mut self, attempt: &Attempt) {
        let talk_ms = attempt.outcome.as_ref().map_or(0, |o| u64::from(o.talk_ms));
        let ended = attempt.outcome.as_ref().map(|o| o.disposition);
        if attempt.live_at.is_some() {
            self.calls += 1;
            self.talk_ms += talk_ms;
            if attempt.cost.is_none() {
                self.uncharged_calls += 1;
                self.uncharged_talk_ms += talk_ms;
            }
            self.agent_ms += if ended == Some(Disposition::Transferred) { talk_ms } else { 0 };
        } else if attempt.channel == Channel::Sms && ended == Some(Disposition::Queued) {
            self.sms += 1;
        }
    }
}

impl Figures {
    pub fn stage(&self, stage: Stage) -> &Reached {
        &self.stages[stage as usize]
    }

    pub fn calls(&self, stage: Stage) -> u64 {
        self.stage(stage).attempts
    }

    pub(super) fn reached(&mut self, stage: Stage) -> &mut Reached {
        &mut self.stages[stage as usize]
    }

    /// An attempt that was made, with the stages it reached.
    pub(super) fn add(&mut self, attempt: &Attempt, stages: &[Stage]) {
        self.attempts += 1;
        self.effort.add(attempt);
        if let Some(cost) = attempt.cost {
            *self.charged.entry(cost.currency).or_default() += i128::from(cost.micros);
        }
        self.agent_connected += u64::from(attempt.agent == Some(AgentResult::Connected));
        self.agent_abandoned += u64::from(attempt.agent == Some(AgentResult::Abandoned));
        for stage in stages {
            self.reached(*stage).attempts += 1;
        }
        let Some(outcome) = &attempt.outcome else { return };
        self.delivered += u64::from(outcome.disposition.class() == DispositionClass::Delivered);
        self.opted_out += u64::from(outcome.disposition == Disposition::OptedOut);
        self.wrong_number += u64::from(outcome.disposition == Disposition::WrongNumber);
        if stages.contains(&Stage::Answered) {
            let machine = !stages.contains(&Stage::Human);
            self.machine += u64::from(machine);
            let told = outcome.answered_by.is_some_and(|who| who != AnsweredBy::Unknown);
            self.unknown += u64::from(!machine && !told);
        }
    }
}

/// Dialled, or finished on another channel: what was planned and never made is no attempt of the funnel.
pub(super) fn was_made(attempt: &Attempt) -> bool {
    attempt.live_at.is_some() || attempt.outcome.as_ref().is_some_and(|_| attempt.channel != Channel::Voice)
}

/// After it, a payment may have come because of it: it spoke to the right person, or left them word.
pub(super) fn reached_them(attempt: &Attempt, promised: bool) -> bool {
    let outcome = attempt.outcome.as_ref();
    let left_word = |o: &Outcome| {
        o.disposition.class() == DispositionClass::Delivered || o.disposition == Disposition::VoicemailLeft
    };
    promised || outcome.is_some_and(|o| o.right_party || left_word(o))
}

/// Empty for what was not dialled. A promise was pressed and confirmed, so somebody was there.
pub(super) fn stages(attempt: &Attempt, promised: bool, kept: bool) -> Vec<Stage> {
    if attempt.live_at.is_none() {
        return Vec::new();
    }
    let outcome = attempt.outcome.as_ref();
    let right_party = outcome.is_some_and(|o| o.right_party);
    let answered = outcome.is_some_and(answered);
    let human = answered && !outcome.is_some_and(by_machine);
    let reached = [
        (Stage::Dialled, true),
        (Stage::Answered, answered || right_party || promised),
        (Stage::Human, human || right_party || promised),
        (Stage::RightParty, right_party),
        (Stage::Promised, promised),
        (Stage::Kept, promised && kept),
    ];
    reached.into_iter().filter(|(_, reached)| *reached).map(|(stage, _)| stage).collect()
}

/// Somebody or something picked up.
fn answered(outcome: &Outcome) -> bool {
    match outcome.disposition.class() {
        DispositionClass::Machine
        | DispositionClass::ThirdParty
        | DispositionClass::Unverified
        | DispositionClass::RightParty
        | DispositionClass::OptOut => true,
        DispositionClass::NoContact => {
            matches!(outcome.disposition, Disposition::HungUpEarly | Disposition::NoInput)
        }
        // A call that we broke off, or that died in the air, may have been answered before.
        DispositionClass::Technical | DispositionClass::Number | DispositionClass::Delivered => {
            outcome.answered_by.is_some() || outcome.talk_ms > 0
        }
    }
}

fn by_machine(outcome: &Outcome) -> bool {
    outcome.disposition.class() == DispositionClass::Machine
        || matches!(outcome.answered_by, Some(AnsweredBy::Machine | AnsweredBy::Fax))
}

impl Figures {
    /// What does not depend on who is counted once: adds up over any breakdown.
    fn additive(&self) -> Vec<(&'static str, u64)> {
        let stages = Stage::ALL.iter().map(|stage| (stage.as_str(), self.calls(*stage)));
        let made = self.made.iter().map(|(state, p)| (state.as_str(), p.count));
        let due = self.due.iter().map(|(state, p)| (state.as_str(), p.count));
        let others = [
            ("attempts", self.attempts),
            ("machine", self.machine),
            ("unknown", self.unknown),
            ("opted_out", self.opted_out),
            ("wrong_number", self.wrong_number),
            ("delivered", self.delivered),
            ("payments", self.payments),
            ("unprompted_payments", self.unprompted_payments),
            ("calls", self.effort.calls),
            ("talk_ms", self.effort.talk_ms),
            ("sms", self.effort.sms),
            ("agent_ms", self.effort.agent_ms),
            ("agent_connected", self.agent_connected),
            ("agent_abandoned", self.agent_abandoned),
        ];
        stages.chain(made).chain(due).chain(others).collect()
    }

    fn sums(&self) -> Vec<(&'static str, Sums)> {
        let (made, due) = (self.made.all(), self.due.all());
        vec![
            ("promised", made.promised),
            ("paid towards", made.paid),
            ("due", due.promised),
            ("paid of due", due.paid),
            ("collected", self.collected.clone()),
            ("unprompted", self.unprompted.clone()),
        ]
    }

    /// Names what does not add up.
    pub(super) fn is_not_the_sum_of<'f>(
        &self,
        parts: impl Iterator<Item = &'f Figures> + Clone,
    ) -> Option<&'static str> {
        let mut counts: Vec<u64> = vec![0; self.additive().len()];
        let mut sums: Vec<Sums> = vec![Sums::default(); self.sums().len()];
        for part in parts {
            counts.iter_mut().zip(part.additive()).for_each(|(sum, (_, n))| *sum += n);
            sums.iter_mut().zip(part.sums()).for_each(|(sum, (_, more))| sum.join(&more));
        }
        let counts = self.additive().into_iter().zip(counts).find(|((_, whole), sum)| whole != sum);
        let sums = self.sums().into_iter().zip(sums).find(|((_, whole), sum)| whole != sum);
        counts.map(|((name, _), _)| name).or(sums.map(|((name, _), _)| name))
    }

    /// No stage is larger than the one before it, in calls, contacts or people.
    pub(super) fn check(&self) -> Result<(), String> {
        use Stage::*;
        for (of, part) in
            [(Dialled, Answered), (Answered, Human), (Human, RightParty), (Human, Promised), (Promised, Kept)]
        {
            let (of, part) = ((of, self.stage(of)), (part, self.stage(part)));
            let sizes = |reached: &Reached| [reached.attempts, reached.contacts, reached.persons];
            if sizes(part.1).iter().zip(sizes(of.1)).any(|(part, of)| *part > of) {
                return Err(format!("more {} than {}", part.0, of.0));
            }
        }
        if self.persons > self.contacts {
            return Err(format!("{} people are {} contacts", self.persons, self.contacts));
        }
        let answered = self.calls(Answered);
        if self.machine + self.calls(Human) != answered {
            return Err(format!("{answered} answered, by {} humans and {} machines", self.calls(Human), self.machine));
        }
        if self.calls(Promised) > self.made.count() {
            return Err(format!("{} calls promised, {} promises", self.calls(Promised), self.made.count()));
        }
        Ok(())
    }
}
