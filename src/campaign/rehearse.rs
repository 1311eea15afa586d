//! Runs the tests that stand in a ladder: the books of one contact, in plain values, and time that passes as a test says.

use std::collections::BTreeSet;

use super::plan::{decide_now, plan_again, plan_awake, plan_first, plan_next, plan_visited};
use crate::books::*;
use crate::diagnostic::Span;
use crate::flow::program::OptOutScope;
use crate::id::*;
use crate::ladder::{Expected, Happened, Ladder, LadderTest, TestStep};
use crate::money::Money;
use crate::outcome::{Channel, Disposition};
use crate::policy::{Decision, phone_to_dial};
use crate::time::Wall;

/// A test in which time passes wakes a contact no more often than this.
const WAKES_MAX: usize = 1_000;
/// An attempt is put off no more often than this before it is made.
const PUT_OFF_MAX: usize = 50;

/// What the tests of a ladder came by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    /// Places in [`Ladder::steps`].
    pub steps: BTreeSet<u32>,
    /// Why contacts were closed.
    pub closings: BTreeSet<String>,
    /// How attempts ended.
    pub endings: BTreeSet<Disposition>,
}

impl Covered {
    pub fn join(&mut self, other: &Covered) {
        self.steps.extend(&other.steps);
        self.closings.extend(other.closings.iter().cloned());
        self.endings.extend(&other.endings);
    }
}

/// A test that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step at which it failed.
    pub span: Span,
    pub message: String,
    /// What had happened until then, a line each.
    pub log: Vec<String>,
    pub covered: Covered,
}

/// # Errors
/// The first step of the test that cannot be or does not hold.
pub fn rehearse(ladder: &Ladder, test: &LadderTest) -> Result<Covered, Box<Failure>> {
    let mut stage = Stage::new(ladder, test);
    for (step, span) in &test.steps {
        let done = match step {
            TestStep::Happens(happened) => stage.happens(happened),
            TestStep::Expects(expected) => stage.expects(expected),
        };
        if let Err(message) = done {
            return Err(Box::new(Failure { span: *span, message, log: stage.log, covered: stage.covered }));
        }
    }
    Ok(stage.covered)
}

struct Stage<'l> {
    ladder: &'l Ladder,
    account: Account,
    past: Vec<PastAttempt>,
    suppressions: Vec<Suppression>,
    now: Wall,
    stands: Stands,
    log: Vec<String>,
    covered: Covered,
}

enum Stands {
    Planned(Plan),
    /// With the plan of the last attempt.
    Closed(Close, Option<Plan>),
}

impl<'l> Stage<'l> {
    fn new(ladder: &'l Ladder, test: &LadderTest) -> Stage<'l> {
        let account = Account { contact: contact(test), promises: Vec::new(), payments: Vec::new() };
        let mut stage = Stage {
            ladder,
            account,
            past: Vec::new(),
            suppressions: Vec::new(),
            now: test.start,
            stands: Stands::Closed(Close::new("draft", "not taken in yet"), None),
            log: Vec::new(),
            covered: Covered::default(),
        };
        let next = plan_first(ladder, &stage.standing(), stage.now);
        stage.comes(next, None);
        stage
    }

    fn standing(&self) -> Standing {
        Standing {
            contact: self.account.contact.clone(),
            past: self.past.clone(),
            past_here: self.past.clone(),
            suppressions: self.suppressions.clone(),
            promises: self.account.promises.clone(),
        }
    }

    /// `last`: the plan of the attempt that has just ended, or had been planned.
    fn comes(&mut self, next: Next, last: Option<Plan>) {
        self.stands = match next.admitted(self.account.contact.paid(), CampaignState::Running) {
            Next::Attempt(plan) => {
                self.covered.steps.insert(plan.step);
                Stands::Planned(plan)
            }
            Next::Close(close) => {
                self.covered.closings.insert(close.reason.clone());
                Stands::Closed(close, last)
            }
        };
        let line = format!("{}  {}", self.at(self.now), self.words());
        self.log.push(line);
    }

    fn at(&self, at: Wall) -> String {
        at.in_zone(&self.account.contact.zone).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Where the contact stands.
    fn words(&self) -> String {
        match &self.stands {
            Stands::Planned(Plan { channel, step, segment, due_at, why, .. }) => {
                let (name, number) = (&self.ladder.steps[*step as usize].name, self.ladder.number(*step as usize));
                let reminds = self.ladder.remind.is_some_and(|remind| remind.step == *step as usize);
                let by = if reminds { "as a reminder".to_string() } else { format!("by step {number} ({name})") };
                let at = self.at(*due_at);
                format!("{channel} {by} in segment {segment} at {at}: {why}")
            }
            Stands::Closed(close, _) => {
                let until = close.wake_at.map(|at| format!(" until {}", self.at(at))).unwrap_or_default();
                format!("closed as {}{until}: {}", close.reason, close.why)
            }
        }
    }

    fn happens(&mut self, happened: &Happened) -> Result<(), String> {
        match happened {
            Happened::Ends { disposition, node } => self.ends(*disposition, node.clone(), &[]),
            Happened::Promises(parts) => self.ends(Disposition::Promised, None, parts),
            Happened::Visited { outcome, promised } => self.visited(*outcome, *promised),
            Happened::Pays(amount) => self.pays(*amount),
            Happened::Reversed => self.reversed(),
            Happened::Withdrawn => self.withdrawn(),
            Happened::Passes(to) => {
                let to = to.to_zoned(self.account.contact.zone.tz().clone()).map_err(|e| e.to_string())?;
                self.passes(Wall::from(&to))
            }
        }
    }

    fn ends(
        &mut self,
        disposition: Disposition,
        node: Option<String>,
        parts: &[(Money, jiff::civil::Date)],
    ) -> Result<(), String> {
        let plan = self.made(disposition)?;
        let standing = self.standing();
        if !parts.is_empty() {
            self.takes(parts, &standing)?;
        }
        let phone = phone_to_dial(&standing).map(|p| p.id).filter(|_| plan.channel == Channel::Voice);
        let attempt = AttemptId(self.past.len() as i64 + 1);
        self.past.push(PastAttempt {
            whose: Whose::Contact,
            channel: plan.channel,
            step: plan.step,
            try_number: plan.try_number,
            at: self.now,
            phone,
            disposition,
            blame: disposition.blame(),
            answered_by: None,
            right_party: false,
            node,
            abandoned_at: None,
        });
        self.promises(attempt, parts);
        match disposition {
            Disposition::InvalidNumber | Disposition::OutOfService => self.number_is(phone, PhoneState::Bad),
            Disposition::WrongNumber => self.number_is(phone, PhoneState::Wrong),
            Disposition::OptedOut => self.suppressions.push(Suppression {
                contact: self.account.contact.id,
                phone: None,
                scope: OptOutScope::Person,
                reason: disposition,
                at: self.now,
            }),
            _ => {}
        }
        self.covered.endings.insert(disposition);
        self.log.push(format!("{}  {} ends: {disposition}", self.at(self.now), plan.channel));
        let next = plan_next(self.ladder, &self.standing(), &plan, disposition, self.now);
        self.comes(next, Some(plan));
        Ok(())
    }

    /// A visit that is still to be made is given out when it is due; then its report is entered.
    fn visited(&mut self, outcome: VisitOutcome, promised: Option<(Money, jiff::civil::Date)>) -> Result<(), String> {
        if matches!(&self.stands, Stands::Planned(plan) if plan.channel == Channel::Visit) {
            self.ends(Disposition::HandedOver, None, &[])?;
        }
        let plan = match &self.stands {
            Stands::Closed(close, Some(last)) if close.reason == Close::VISITING => last.clone(),
            Stands::Closed(..) | Stands::Planned(_) => {
                return Err(format!("no visit waits for a report; {}", self.words()));
            }
        };
        let parts: Vec<_> = promised.into_iter().collect();
        self.takes(&parts, &self.standing())?;
        self.promises(AttemptId(self.past.len() as i64), &parts);
        self.log.push(format!("{}  the visit is reported: {outcome}", self.at(self.now)));
        let next = plan_visited(self.ladder, &self.standing(), &plan, outcome, self.now);
        self.comes(next, Some(plan));
        Ok(())
    }

    /// The planned attempt, made when it is due and allowed.
    fn made(&mut self, ends: Disposition) -> Result<Plan, String> {
        for _ in 0..PUT_OFF_MAX {
            let Stands::Planned(plan) = &self.stands else {
                return Err(format!("nothing is planned that could end as {ends}; {}", self.words()));
            };
            let plan = plan.clone();
            if !may_end(plan.channel, ends) {
                return Err(format!("an attempt by {} cannot end as {ends}; {}", plan.channel, self.words()));
            }
            self.now = self.now.max(plan.due_at);
            self.account.judge(self.now);
            let standing = self.standing();
            if decide_now(self.ladder, &standing, &plan, self.now) == Decision::Allow {
                return Ok(plan);
            }
            let next = plan_again(self.ladder, &standing, &plan, self.now);
            self.comes(next, Some(plan));
        }
        Err(format!("the attempt was put off {PUT_OFF_MAX} times"))
    }

    /// Whether the ladder takes this promise.
    fn takes(&self, parts: &[(Money, jiff::civil::Date)], standing: &Standing) -> Result<(), String> {
        let bounds = self.ladder.promise_limits.bounds(standing);
        let today = self.now.date(&self.account.contact.zone);
        let days = |on: jiff::civil::Date| today.until(on).map_or(0, |span| i64::from(span.get_days()));
        let (Some((_, first)), Some((_, last))) = (parts.first(), parts.last()) else { return Ok(()) };
        let all: i128 = parts.iter().map(|(amount, _)| i128::from(amount.minor)).sum();
        let least = i128::from(self.account.contact.amount().minor) * i128::from(bounds.least_permille);
        let not = |why: String| Err(format!("the ladder takes no such promise: {why}"));
        if bounds.none {
            return not("so many in a row were not kept".into());
        }
        if days(*first) < 0 || parts.windows(2).any(|pair| pair[0].1 >= pair[1].1) {
            return not("its days lie in the past, or not one behind the other".into());
        }
        if let Some(most) = bounds.within_days.filter(|most| days(*first) > i64::from(*most)) {
            return not(format!("{first} is more than {most} days ahead"));
        }
        if let Some(most) = bounds.last_within_days.filter(|most| days(*last) > i64::from(*most)) {
            return not(format!("it would run until {last}, the first one ran {most} days"));
        }
        if all * 1000 < least {
            return not(format!(
                "it is less than {}.{}% of what is owed",
                bounds.least_permille / 10,
                bounds.least_permille % 10
            ));
        }
        Ok(())
    }

    fn promises(&mut self, attempt: AttemptId, parts: &[(Money, jiff::civil::Date)]) {
        let (contact, count) = (self.account.contact.id, parts.len() as u32);
        for (n, (amount, on)) in parts.iter().enumerate() {
            let part = self.ladder.promise_terms.part(*amount, *on, &self.account.contact.zone);
            let id = PromiseId(self.account.promises.len() as i64 + 1);
            self.account.promises.push(Promise::new(id, contact, attempt, n as u32 + 1, count, &part, self.now));
        }
        self.account.judge(self.now);
    }

    fn number_is(&mut self, phone: Option<PhoneId>, state: PhoneState) {
        for known in self.account.contact.phones.iter_mut().filter(|p| Some(p.id) == phone) {
            known.state = state;
        }
    }

    fn pays(&mut self, amount: Option<Money>) -> Result<(), String> {
        let number = self.account.payments.len() as i64 + 1;
        let new = NewPayment {
            id: format!("payment-{number}"),
            contact: self.account.contact.external_id.clone(),
            debt: None,
            amount,
            paid_at: self.now,
        };
        self.account.pay(&new, number, self.now).map_err(|e| e.to_string())?;
        let (paid, left) = (amount.map_or("all".to_string(), |a| a.to_string()), self.account.contact.amount());
        self.log.push(format!("{}  pays {paid}; {left} is owed", self.at(self.now)));
        self.money_moved();
        Ok(())
    }

    fn reversed(&mut self) -> Result<(), String> {
        let newest = self.account.payments.iter().rev().find(|p| p.reversed_at.is_none());
        let id = newest.ok_or("no payment stands that could be taken back")?.id.clone();
        self.account.reverse(&id, self.account.payments.len() as i64 + 1, self.now).map_err(|e| e.to_string())?;
        self.log.push(format!(
            "{}  a payment is taken back; {} is owed",
            self.at(self.now),
            self.account.contact.amount()
        ));
        self.money_moved();
        Ok(())
    }

    fn withdrawn(&mut self) -> Result<(), String> {
        let (now, mut any) = (self.now, false);
        for promise in self.account.promises.iter_mut().filter(|p| p.state == PromiseState::Open) {
            promise.state = PromiseState::Withdrawn;
            promise.withdrawn_at = Some(now);
            any = true;
        }
        if !any {
            return Err("no promise is open".into());
        }
        self.money_moved();
        Ok(())
    }

    /// As the books do it: what is planned for a contact that owes nothing is cancelled, and who is closed for a reason of money is
    /// looked at again.
    fn money_moved(&mut self) {
        match &self.stands {
            Stands::Planned(plan) if self.account.contact.paid() => {
                let plan = plan.clone();
                self.comes(Next::Close(Close::paid()), Some(plan));
            }
            Stands::Closed(close, _) if Close::hangs_on_money(&close.reason) => self.wakes(),
            Stands::Planned(_) | Stands::Closed(..) => {}
        }
    }

    fn wakes(&mut self) {
        let Stands::Closed(closed, last) = &self.stands else { return };
        let (closed, last) = (closed.clone(), last.clone());
        let sleeper = Sleeper { campaign: CampaignId(1), standing: self.standing(), last: last.clone(), closed };
        let next = plan_awake(self.ladder, &sleeper, self.now);
        self.comes(next, last);
    }

    fn passes(&mut self, to: Wall) -> Result<(), String> {
        if to < self.now {
            return Err(format!("it is {} already", self.at(self.now)));
        }
        for _ in 0..WAKES_MAX {
            match &self.stands {
                Stands::Planned(plan) if plan.due_at > to || (plan.channel == Channel::Voice && plan.due_at == to) => {
                    break;
                }
                Stands::Planned(plan) => match plan.channel {
                    Channel::Voice => {
                        return Err(format!("a call comes before that: say how it ends; {}", self.words()));
                    }
                    Channel::Sms | Channel::Email | Channel::Letter => self.ends(Disposition::Queued, None, &[])?,
                    Channel::Human | Channel::Visit => self.ends(Disposition::HandedOver, None, &[])?,
                },
                Stands::Closed(close, _) => match close.wake_at.filter(|at| *at <= to) {
                    None => break,
                    Some(at) => {
                        self.now = self.now.max(at);
                        self.account.judge(self.now);
                        self.wakes();
                    }
                },
            }
        }
        self.now = self.now.max(to);
        self.account.judge(self.now);
        Ok(())
    }

    fn expects(&self, expected: &Expected) -> Result<(), String> {
        let Expected { channel, step, segment, class, at, closed, until } = expected;
        let mut unmet: Vec<String> = Vec::new();
        let mut hold = |what: &str, expected: Option<String>, got: Option<String>| {
            if let Some(expected) = expected
                && got.as_ref() != Some(&expected)
            {
                unmet.push(format!("{what}: expected {expected}, got {}", got.unwrap_or("none".into())));
            }
        };
        let minute = |at: &jiff::civil::DateTime| at.strftime("%Y-%m-%d %H:%M").to_string();
        let (plan, close) = match &self.stands {
            Stands::Planned(plan) => (Some(plan), None),
            Stands::Closed(close, _) => (None, Some(close)),
        };
        hold("next", channel.map(|c| c.to_string()), plan.map(|p| p.channel.to_string()));
        let by_number = step.as_ref().is_some_and(|step| step.parse::<usize>().is_ok());
        let got = plan.map(|p| match by_number {
            true => self.ladder.number(p.step as usize).to_string(),
            false => self.ladder.steps[p.step as usize].name.clone(),
        });
        hold("step", step.clone(), got);
        hold("segment", segment.clone(), plan.map(|p| p.segment.clone()));
        let found =
            self.ladder.look_up(&self.standing(), self.now).ok().and_then(|found| found.class.map(str::to_string));
        hold("class", class.clone(), found);
        hold("at", at.as_ref().map(minute), plan.map(|p| self.at(p.due_at)));
        hold("closed", closed.clone(), close.map(|c| c.reason.clone()));
        hold("until", until.as_ref().map(minute), close.and_then(|c| c.wake_at).map(|at| self.at(at)));
        match unmet.is_empty() {
            true => Ok(()),
            false => Err(format!("{}\n{}", unmet.join("\n"), self.words())),
        }
    }
}

/// Whether an attempt by this channel can end so.
fn may_end(channel: Channel, disposition: Disposition) -> bool {
    let voice = !matches!(disposition, Disposition::Queued | Disposition::HandedOver);
    match channel {
        Channel::Voice => voice,
        Channel::Sms | Channel::Email | Channel::Letter => {
            matches!(disposition, Disposition::Queued | Disposition::SystemError | Disposition::Cancelled)
        }
        Channel::Human | Channel::Visit => disposition == Disposition::HandedOver,
    }
}

fn contact(test: &LadderTest) -> Contact {
    let of = &test.contact;
    let phone = |n: u32| Phone {
        id: PhoneId(i64::from(n)),
        number: format!("+7916000000{n}").parse().expect("a number by the plan"),
        state: PhoneState::Good,
    };
    let debt = |(n, (amount, due)): (usize, &(Money, jiff::civil::Date))| Debt {
        id: DebtId(n as i64 + 1),
        external_id: (n + 1).to_string(),
        amount: *amount,
        due: *due,
        paid: 0,
    };
    Contact {
        id: ContactId(1),
        external_id: "test".into(),
        person: None,
        name: "Anna".into(),
        language: of.language,
        zone: of.zone.clone(),
        zone_from: ZoneFrom::Given,
        email: of.email.then(|| "anna@example.test".into()),
        creditor: "Example".into(),
        phones: (1..=of.phones).map(phone).collect(),
        debts: of.debts.iter().enumerate().map(debt).collect(),
        fields: of.fields.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::render_all;
    use crate::ladder::{Compiled, compile_with_tests};

    /// The ladders under `tests/ladders`: what their tests say holds, and they come by every step.
    #[test]
    fn ladders_with_tests() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ladders");
        let mut ran = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let (file, source) = (path.display().to_string(), std::fs::read_to_string(&path).unwrap());
            let Compiled { ladder, tests, diagnostics } = compile_with_tests(&source);
            assert!(diagnostics.is_empty(), "{}", render_all(&diagnostics, &file, &source));
            let ladder = ladder.unwrap();
            let mut covered = Covered::default();
            for test in &tests {
                let held = rehearse(&ladder, test).unwrap_or_else(|failure| {
                    let Failure { span, message, log, .. } = *failure;
                    panic!("{file}:{}:{}: {}\n{message}\n{}", span.line, span.column, test.name, log.join("\n"))
                });
                covered.join(&held);
                ran += 1;
            }
            assert_eq!(covered.steps.len(), ladder.steps.len(), "{file}: a step that no test comes by");
        }
        assert!(ran > 20, "only {ran} tests");
    }

    /// Each of these steps, added to a test that holds, makes it fail; and what is then said.
    #[test]
    fn what_cannot_be_is_told() {
        let ladder = "ladder: l\nlanguages: [en]\nsegments:\n  all: { when: days_overdue > 0, flow: f }\n\
            promise: { most: 1, days_max: 10, least_share: 50% }\nsteps:\n  - voice: segment.flow\n  - human: q\n\
            stop_on: [paid, promised, disputed, opted_out, wrong_number]\ntests:\n  - name: t\n    \
            contact: { amount: 100 RUB, due: 2026-11-01 }\n    start: 2026-11-20T12:00+03:00\n    steps:\n      - next: voice\n";
        for (step, says) in [
            ("next: sms", "next: expected sms, got voice"),
            ("{ next: voice, at: 2026-11-20 12:01 }", "at: expected 2026-11-20 12:01, got 2026-11-20 12:00"),
            ("{ closed: paid }", "closed: expected paid, got none"),
            ("queued", "an attempt by voice cannot end as queued"),
            ("promised 100 on 2026-12-01", "2026-12-01 is more than 10 days ahead"),
            ("promised 49 on 2026-11-25", "it is less than 50.0% of what is owed"),
            ("promised 100 on 2026-11-19", "its days lie in the past"),
            ("reversed", "no payment stands"),
            ("withdrawn", "no promise is open"),
            ("time passes to 2026-11-19", "it is 2026-11-20 12:00 already"),
            ("time passes to 2026-11-21", "a call comes before that"),
        ] {
            let source = format!("{ladder}      - {step}\n");
            let Compiled { ladder, tests, diagnostics } = compile_with_tests(&source);
            let ladder = ladder.unwrap_or_else(|| panic!("{}", render_all(&diagnostics, "l", &source)));
            let failure = rehearse(&ladder, &tests[0]).unwrap_err();
            assert!(failure.message.contains(says), "{step}: {}", failure.message);
            assert_eq!(failure.span.line, 16, "{step}");
        }
    }
}
