//! Attempts, promises and debts → figures. Reads rows, never logs; totals equal the sum of attempts, and [`Report::check`]
//! proves it.
//!
//! Pure. Start at [`Tally`]: give it the debts and promises, then every attempt, then [`Tally::report`].

pub mod attempts;
pub mod csv;
pub mod text;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::books::{Attempt, AttemptState, Outcome, Promise, PromiseState, pledge};
use crate::flow::program::FlowHash;
use crate::id::{AttemptId, ContactId};
use crate::money::{Currency, Money};
use crate::outcome::{AnsweredBy, Blame, Channel, Disposition, DispositionClass};

crate::words! {
    /// How far a voice attempt came; each includes those after it, but for `promised`, which a flow without a
    /// verification reaches without `right_party`.
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
    }
}

/// Sums of money, by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<Currency, i64>);

impl Sums {
    pub fn add(&mut self, money: Money) {
        *self.0.entry(money.currency).or_default() += money.minor;
    }

    pub fn iter(&self) -> impl Iterator<Item = Money> {
        self.0.iter().map(|(currency, minor)| Money::new(*minor, *currency))
    }
}

impl std::fmt::Display for Sums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sums: Vec<String> = self.iter().map(|m| m.to_string()).collect();
        f.pad(&if sums.is_empty() { "-".to_string() } else { sums.join(", ") })
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    pub attempts: u64,
    /// Different people.
    pub contacts: u64,
    /// What these people owe.
    pub owed: Sums,
}

/// By [`Stage`], in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Funnel {
    pub stages: BTreeMap<Stage, Figures>,
    pub promised: Sums,
}

impl Funnel {
    pub fn attempts(&self, stage: Stage) -> u64 {
        self.stages.get(&stage).map_or(0, |f| f.attempts)
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Different people with an attempt of any kind.
    pub contacts: u64,
    pub owed: Sums,
    /// All attempts, by state.
    pub states: BTreeMap<AttemptState, u64>,
    pub total: Funnel,
    pub by_segment: BTreeMap<String, Funnel>,
    pub by_flow: BTreeMap<String, Funnel>,
    /// Finished attempts: what they came to, and whose doing it was.
    pub dispositions: BTreeMap<(Disposition, Blame), u64>,
    /// Finished attempts that were no calls: messages queued, contacts handed to humans.
    pub by_channel: BTreeMap<Channel, u64>,
    pub promises: BTreeMap<PromiseState, (u64, Sums)>,
    /// Promises of attempts that the report was not given.
    pub promises_elsewhere: u64,
}

/// Counts while attempts stream by.
#[derive(Debug, Default)]
pub struct Tally {
    debts: HashMap<ContactId, Money>,
    /// The parts of each.
    promises: HashMap<AttemptId, Vec<Promise>>,
    flows: HashMap<FlowHash, String>,
    contacts: BTreeSet<ContactId>,
    total: Counting,
    by_segment: BTreeMap<String, Counting>,
    by_flow: BTreeMap<String, Counting>,
    report: Report,
}

#[derive(Debug, Default)]
struct Counting {
    stages: BTreeMap<Stage, (u64, BTreeSet<ContactId>)>,
    promised: Sums,
}

impl Tally {
    /// `flows`: what each version is called on paper.
    pub fn new(
        debts: impl IntoIterator<Item = (ContactId, Money)>,
        promises: impl IntoIterator<Item = Promise>,
        flows: impl IntoIterator<Item = (FlowHash, String)>,
    ) -> Tally {
        let mut made: HashMap<AttemptId, Vec<Promise>> = HashMap::new();
        promises.into_iter().for_each(|promise| made.entry(promise.attempt).or_default().push(promise));
        Tally {
            debts: debts.into_iter().collect(),
            promises: made,
            flows: flows.into_iter().collect(),
            ..Tally::default()
        }
    }

    pub fn add(&mut self, attempt: &Attempt) {
        self.contacts.insert(attempt.contact);
        *self.report.states.entry(attempt.state).or_default() += 1;
        if let Some(outcome) = &attempt.outcome {
            *self.report.dispositions.entry((outcome.disposition, outcome.blame)).or_default() += 1;
            *self.report.by_channel.entry(attempt.channel).or_default() += 1;
        }
        // A plan of instalments is one promise, of all its parts together.
        let parts = self.promises.remove(&attempt.id).unwrap_or_default();
        let promised = pledge::sum(&parts);
        if let Some(promised) = promised {
            let (count, sums) = self.report.promises.entry(pledge::fate(&parts)).or_default();
            *count += 1;
            sums.add(promised);
        }
        let stages = stages(attempt, promised.is_some());
        if stages.is_empty() {
            return;
        }
        let flow = attempt.flow.as_ref().map(|hash| self.flows.get(hash).cloned().unwrap_or(hash.to_string()));
        let flow = self.by_flow.entry(flow.unwrap_or_default()).or_default();
        let segment = self.by_segment.entry(attempt.plan.segment.clone()).or_default();
        for counting in [&mut self.total, flow, segment] {
            for stage in &stages {
                let (attempts, contacts) = counting.stages.entry(*stage).or_default();
                *attempts += 1;
                contacts.insert(attempt.contact);
            }
            if let Some(promised) = promised {
                counting.promised.add(promised);
            }
        }
    }

    pub fn report(self) -> Report {
        let owed = |contacts: &BTreeSet<ContactId>| {
            let mut sums = Sums::default();
            contacts.iter().filter_map(|c| self.debts.get(c)).for_each(|debt| sums.add(*debt));
            sums
        };
        let funnel = |counting: &Counting| {
            let figures = |(stage, (attempts, contacts)): (&Stage, &(u64, BTreeSet<ContactId>))| {
                (*stage, Figures { attempts: *attempts, contacts: contacts.len() as u64, owed: owed(contacts) })
            };
            Funnel { stages: counting.stages.iter().map(figures).collect(), promised: counting.promised.clone() }
        };
        Report {
            contacts: self.contacts.len() as u64,
            owed: owed(&self.contacts),
            total: funnel(&self.total),
            by_segment: self.by_segment.iter().map(|(name, c)| (name.clone(), funnel(c))).collect(),
            by_flow: self.by_flow.iter().map(|(name, c)| (name.clone(), funnel(c))).collect(),
            promises_elsewhere: self.promises.len() as u64,
            ..self.report
        }
    }
}

impl Report {
    pub fn of<'a>(
        attempts: impl IntoIterator<Item = &'a Attempt>,
        debts: impl IntoIterator<Item = (ContactId, Money)>,
        promises: impl IntoIterator<Item = Promise>,
        flows: impl IntoIterator<Item = (FlowHash, String)>,
    ) -> Report {
        let mut tally = Tally::new(debts, promises, flows);
        attempts.into_iter().for_each(|a| tally.add(a));
        tally.report()
    }

    /// That the parts add up to the whole, and no stage is larger than the one before it.
    pub fn check(&self) -> Result<(), String> {
        for stage in Stage::ALL {
            let total = self.total.attempts(*stage);
            for (what, parts) in [("segments", &self.by_segment), ("flows", &self.by_flow)] {
                let sum: u64 = parts.values().map(|f| f.attempts(*stage)).sum();
                if sum != total {
                    return Err(format!("{stage}: the {what} add up to {sum}, the total is {total}"));
                }
            }
        }
        for pair in Stage::ALL.windows(2).filter(|pair| pair[1] != Stage::Promised) {
            if self.total.attempts(pair[1]) > self.total.attempts(pair[0]) {
                return Err(format!("more {} than {}", pair[1], pair[0]));
            }
        }
        let finished = self.states.get(&AttemptState::Finished).copied().unwrap_or(0);
        let disposed: u64 = self.dispositions.values().sum();
        let channels: u64 = self.by_channel.values().sum();
        if disposed != finished || channels != finished {
            return Err(format!(
                "{finished} attempts are finished, {disposed} have a disposition, {channels} a channel"
            ));
        }
        let promises: u64 = self.promises.values().map(|(count, _)| count).sum();
        if promises != self.total.attempts(Stage::Promised) {
            return Err(format!("{promises} promises, {} attempts promised", self.total.attempts(Stage::Promised)));
        }
        let dialled = self.total.attempts(Stage::Dialled);
        let voice = self.by_channel.get(&Channel::Voice).copied().unwrap_or(0);
        let live = self.states.get(&AttemptState::Live).copied().unwrap_or(0);
        if dialled > voice + live {
            return Err(format!("{dialled} dialled, but {voice} calls finished and {live} live"));
        }
        Ok(())
    }
}

fn stages(attempt: &Attempt, promised: bool) -> Vec<Stage> {
    let mut stages = Vec::new();
    if attempt.live_at.is_none() {
        return stages;
    }
    stages.push(Stage::Dialled);
    if let Some(outcome) = &attempt.outcome {
        let answered = answered(outcome);
        let human = answered && !by_machine(outcome);
        let reached = [
            (Stage::Answered, answered || outcome.right_party),
            (Stage::Human, human || outcome.right_party),
            (Stage::RightParty, outcome.right_party),
        ];
        stages.extend(reached.into_iter().filter(|(_, reached)| *reached).map(|(stage, _)| stage));
    }
    if promised {
        stages.push(Stage::Promised);
    }
    stages
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::Plan;
    use crate::books::PromiseTerms;
    use crate::id::{CampaignId, PhoneId, PromiseId};
    use crate::time::Wall;

    /// One attempt a line: contact, channel, segment, flow or `-`, disposition or state.
    fn attempts(text: &str) -> Vec<Attempt> {
        let attempt = |(n, line): (usize, &str)| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [contact, channel, segment, flow, end] = words[..] else { panic!("{line}") };
            let channel: Channel = channel.parse().unwrap();
            let dialled = flow != "-";
            let state = end.parse::<AttemptState>().ok();
            let disposition = end.parse::<Disposition>().ok().filter(|_| state.is_none());
            let outcome = disposition.map(|disposition| Outcome {
                disposition,
                blame: disposition.blame(),
                cause: None,
                answered_by: None,
                right_party: disposition.class() == DispositionClass::RightParty,
                ring_ms: 0,
                talk_ms: 0,
                node: None,
            });
            let state = state.unwrap_or(AttemptState::Finished);
            let plan =
                Plan { channel, step: 0, try_number: 1, segment: segment.into(), due_at: Wall(0), why: String::new() };
            Attempt {
                id: AttemptId(n as i64 + 1),
                campaign: CampaignId(1),
                contact: ContactId(contact.parse().unwrap()),
                channel,
                state,
                plan,
                phone: dialled.then_some(PhoneId(1)),
                flow: dialled.then(|| FlowHash(flow.into())),
                live_at: dialled.then_some(Wall(0)),
                finished_at: outcome.as_ref().map(|_| Wall(1)),
                outcome,
                quality: None,
                policy: None,
                trunk: None,
                cost: None,
                agent: None,
            }
        };
        text.lines().map(str::trim).filter(|l| !l.is_empty()).enumerate().map(attempt).collect()
    }

    fn example() -> Report {
        let attempts = attempts(
            "1 voice early a1 no_answer
             1 voice early a1 machine
             1 voice early a1 promised
             2 voice early b2 third_party
             2 voice late  b2 refused
             2 human late  -  handed_over
             3 voice late  b2 hung_up_early
             3 voice late  b2 live
             4 voice late  -  scheduled
             5 voice late  -  cancelled",
        );
        let debts = (1..=5).map(|n| (ContactId(n), Money::new(n * 100, Currency::Rub)));
        let (amount, on) = (Money::new(50, Currency::Rub), jiff::civil::date(2026, 11, 25));
        let part = PromiseTerms::default().part(amount, on, &"Europe/Moscow".parse().unwrap());
        let promise = Promise::new(PromiseId(1), ContactId(1), AttemptId(3), 1, 1, &part, Wall(0));
        Report::of(&attempts, debts, [promise], [(FlowHash("a1".into()), "reminder v1".to_string())])
    }

    #[test]
    fn a_funnel_counts_attempts_people_and_money() {
        let report = example();
        assert_eq!(report.check(), Ok(()));
        for (stage, attempts, contacts, owed) in [
            (Stage::Dialled, 7, 3, "6.00 RUB"),
            (Stage::Answered, 5, 3, "6.00 RUB"),
            (Stage::Human, 4, 3, "6.00 RUB"),
            (Stage::RightParty, 2, 2, "3.00 RUB"),
            (Stage::Promised, 1, 1, "1.00 RUB"),
        ] {
            let figures = &report.total.stages[&stage];
            let found = (figures.attempts, figures.contacts, figures.owed.to_string());
            assert_eq!(found, (attempts, contacts, owed.to_string()), "{stage}");
        }
        assert_eq!(report.total.promised.to_string(), "0.50 RUB");
        assert_eq!((report.contacts, report.owed.to_string().as_str()), (5, "15.00 RUB"));
        assert_eq!(report.by_segment["late"].attempts(Stage::Dialled), 3);
        assert_eq!(report.by_flow["reminder v1"].attempts(Stage::Human), 1);
        assert_eq!(report.by_flow["b2"].attempts(Stage::Answered), 3, "a flow without a name goes by its hash");
        assert_eq!(report.by_channel[&Channel::Human], 1);
    }

    #[test]
    fn what_does_not_add_up_is_found() {
        let spoil: [fn(&mut Report); 4] = [
            |r| drop(r.by_segment.remove("late")),
            |r| drop(r.by_flow.remove("b2")),
            |r| *r.dispositions.entry((Disposition::Machine, Blame::Callee)).or_default() += 1,
            |r| r.promises.clear(),
        ];
        for spoil in spoil {
            let mut report = example();
            spoil(&mut report);
            assert!(report.check().is_err());
        }
    }

    #[test]
    fn rendered() {
        let text = text::render(&example(), &[("open".into(), 3), ("promised".into(), 1)]);
        for part in [
            "5 contacts owe 15.00 RUB; 10 attempts (1 scheduled, 1 live, 7 finished, 1 cancelled)",
            "right_party",
            "28.6 %",          // 2 of 7 dialled
            "50.0 % of human", // 2 of 4
            "Money promised: 0.50 RUB",
            "reminder v1",
            "handed_over",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
