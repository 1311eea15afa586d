//! Asking: a prompt, keys, a try that failed, the next one. Every step that listens is one or more [`Question`]s.

use jiff::civil::Date;

use super::action::{Fact, Note, Promised};
use super::input::{DayLimits, Reading, Shape, read_amount, read_day, read_key, read_phone, read_silence, read_time};
use super::promised::{self, share_of};
use super::{Call, Turn, Wait};
use crate::flow::expr::Value;
use crate::flow::program::{
    Collect, Collected, Listen, Menu, MessageId, Offer, Promise, Reason, Step, VarId, Verify, Via,
};
use crate::money::Money;
use crate::time::Mono;

/// What is being asked within the current step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Menu,
    Reason,
    Collect,
    /// The value read back: 1 yes, 2 again.
    CollectConfirm,
    Verify,
    /// The offer of this index: 1 yes, 2 no.
    Offer(usize),
    /// The day for the offer of this index.
    Day(usize),
    /// Amount and day read back: 1 yes, 2 another day.
    PromiseConfirm(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ask {
    pub question: Question,
    /// From 0.
    attempt: u32,
    /// A key was pressed in some try.
    tried: bool,
    /// Keys so far.
    pub entry: String,
    /// When silence becomes an answer. `None` while the prompt is heard.
    pub timer: Option<Mono>,
    /// When the entry must be whole.
    whole_until: Option<Mono>,
}

impl Call {
    pub(super) fn ask(&mut self, turn: &mut Turn, question: Question) {
        // A read-back must have begun before it can be agreed to: keys pressed ahead were meant for something else.
        let read_back = matches!(question, Question::CollectConfirm | Question::PromiseConfirm(_));
        if read_back || !self.listen_of(question).type_ahead {
            self.keys.clear();
        }
        self.ask_again(
            turn,
            Ask { question, attempt: 0, tried: false, entry: String::new(), timer: None, whole_until: None },
            None,
        );
    }

    fn ask_again(&mut self, turn: &mut Turn, ask: Ask, lead: Option<MessageId>) {
        let words: Vec<MessageId> = lead.into_iter().chain(self.prompt(&ask)).collect();
        let gap = self.listen_of(ask.question).gap;
        self.wait = Wait::Asking(ask);
        if !self.keys.is_empty() {
            return self.set_timer(turn.now, turn.now + gap);
        }
        self.play(turn, &words);
        if self.playing.is_none() && !self.is_closed() {
            self.listen(turn);
        }
    }

    /// The prompt has ended: the person's time begins. Keys pressed over a prompt that may not be interrupted are
    /// used now.
    pub(super) fn listen(&mut self, turn: &mut Turn) {
        let Wait::Asking(ask) = &self.wait else { panic!("listening is asking") };
        let first_key = self.listen_of(ask.question).first_key;
        self.set_timer(turn.now, turn.now + first_key);
    }

    pub(super) fn set_timer(&mut self, now: Mono, until: Mono) {
        let Wait::Asking(ask) = &self.wait else { panic!("listening is asking") };
        let whole = self.listen_of(ask.question).whole;
        let Wait::Asking(ask) = &mut self.wait else { panic!("listening is asking") };
        // The prompt may be cut off by the first key: then the time for all of them runs from there.
        let whole_until = *ask.whole_until.get_or_insert(now + whole);
        ask.timer = Some(until.min(whole_until));
    }

    /// The next key, when the call is taking keys.
    pub(super) fn key_to_use(&mut self) -> Option<char> {
        match &self.wait {
            Wait::Asking(ask) if ask.timer.is_some() => self.keys.pop_front(),
            _ => None,
        }
    }

    pub(super) fn use_key(&mut self, turn: &mut Turn, key: char) {
        let Wait::Asking(ask) = &self.wait else { panic!("keys are used while asking") };
        let mut ask = ask.clone();
        let reading = read_key(&self.shape(ask.question), &ask.entry, key);
        ask.tried = true;
        match reading {
            Reading::More(entry) => {
                ask.entry = entry;
                let until = turn.now + self.listen_of(ask.question).gap;
                self.wait = Wait::Asking(ask);
                self.set_timer(turn.now, until);
            }
            Reading::Done(entry) => {
                let end = self.end_key(ask.question).filter(|end| *end != key);
                if let Some(end) = end {
                    match self.keys.front() {
                        Some(next) if *next == end => drop(self.keys.pop_front()),
                        Some(_) => {}
                        None => self.ignore_end_key = Some((end, turn.now + self.listen_of(ask.question).gap)),
                    }
                }
                self.entered(turn, ask, &entry);
            }
            Reading::Cancelled => {
                turn.note(Note::Pressed(key.to_string()));
                self.cancelled(ask.question);
            }
            Reading::NoMatch => {
                let entry = format!("{}{key}", ask.entry);
                self.no_match(turn, ask, &entry);
            }
        }
    }

    /// Nothing (more) was pressed in time.
    pub(super) fn silence(&mut self, turn: &mut Turn) {
        let Wait::Asking(ask) = &self.wait else { panic!("silence is an answer while asking") };
        let ask = ask.clone();
        if ask.entry.is_empty() {
            turn.note(Note::NoInput);
            let lead = self.no_input_message(ask.question);
            return self.next_try(turn, ask, lead);
        }
        match read_silence(&self.shape(ask.question), &ask.entry) {
            Reading::Done(entry) => self.entered(turn, ask, &entry),
            Reading::More(_) | Reading::Cancelled | Reading::NoMatch => {
                let entry = ask.entry.clone();
                self.no_match(turn, ask, &entry);
            }
        }
    }

    fn no_match(&mut self, turn: &mut Turn, ask: Ask, entry: &str) {
        if ask.question == Question::Verify {
            turn.note(Note::VerifyFailed);
            self.verify_failed = true;
        } else {
            turn.note(self.shown(ask.question, entry));
            turn.note(Note::NoMatch);
        }
        let lead = self.no_match_message(ask.question);
        self.next_try(turn, ask, lead);
    }

    fn next_try(&mut self, turn: &mut Turn, mut ask: Ask, lead: Option<MessageId>) {
        // What was typed ahead was typed for an answer that would have been taken.
        self.keys.clear();
        ask.attempt += 1;
        ask.entry.clear();
        ask.timer = None;
        ask.whole_until = None;
        if ask.attempt >= self.listen_of(ask.question).tries {
            return self.exhausted(&ask);
        }
        self.ask_again(turn, ask, lead);
    }

    /// An entry is whole: what it means is for the question.
    fn entered(&mut self, turn: &mut Turn, ask: Ask, entry: &str) {
        if ask.question == Question::Verify {
            turn.note(Note::Pressed("•".repeat(entry.len())));
        }
        let program = self.program.clone();
        match (&program.step(self.step).step, ask.question) {
            (Step::Menu(menu), Question::Menu) => {
                turn.note(Note::Pressed(entry.to_string()));
                let key = menu.keys.iter().position(|keys| keys == entry).expect("an entry is one of the keys");
                self.leave(Via::Key(key as u16));
            }
            (Step::Reason(reason), Question::Reason) => {
                turn.note(Note::Pressed(entry.to_string()));
                let key = reason.keys.iter().position(|(keys, _)| keys == entry).expect("an entry is one of the keys");
                let said = reason.keys[key].1;
                turn.note(Note::Reason(said));
                self.reason = Some(said);
                self.leave(Via::Key(key as u16));
            }
            (Step::Collect(collect), Question::Collect) => self.collected(turn, collect, ask, entry),
            (Step::Collect(_), Question::CollectConfirm) => {
                turn.note(Note::Pressed(entry.to_string()));
                match entry {
                    "1" => self.come_to("ok"),
                    _ => self.ask(turn, Question::Collect),
                }
            }
            (Step::Verify(verify), Question::Verify) => self.verified(turn, verify, ask, entry),
            (Step::Promise(promise), Question::Offer(offer)) => {
                turn.note(Note::Pressed(entry.to_string()));
                match entry {
                    "1" => self.ask(turn, Question::Day(offer)),
                    _ => self.offer(turn, promise, offer + 1),
                }
            }
            (Step::Promise(promise), Question::Day(offer)) => self.day_named(turn, promise, offer, ask, entry),
            (Step::Promise(_), Question::PromiseConfirm(offer)) => {
                turn.note(Note::Pressed(entry.to_string()));
                match entry {
                    "1" => self.save_promise(turn),
                    _ => self.ask(turn, Question::Day(offer)),
                }
            }
            (step, question) => panic!("{question:?} is not asked in {step:?}"),
        }
    }

    fn collected(&mut self, turn: &mut Turn, collect: &Collect, ask: Ask, entry: &str) {
        let Some(value) = self.keyed(&collect.what, entry) else { return self.no_match(turn, ask, entry) };
        turn.note(self.shown(ask.question, entry));
        self.variables[collect.into.0 as usize] = Some(value);
        match collect.confirm {
            Some(_) => self.ask(turn, Question::CollectConfirm),
            None => self.come_to("ok"),
        }
    }

    /// What an entry is worth; `None` when it breaks a limit.
    fn keyed(&self, what: &Collected, entry: &str) -> Option<Value> {
        match what {
            Collected::Digits { check, .. } => {
                check.is_none_or(|c| c.holds(entry)).then(|| Value::Digits(entry.to_string()))
            }
            Collected::Number { min, max } => {
                entry.parse().ok().filter(|n| (*min..=*max).contains(n)).map(Value::Number)
            }
            Collected::Amount { min, max } => {
                let money = |expr| match self.eval(expr) {
                    Some(Value::Money(money)) => Some(money),
                    _ => None,
                };
                let max = money(max)?;
                let least = match min {
                    Some(min) => money(min).filter(|min| min.currency == max.currency)?.minor,
                    None => 1,
                };
                let minor = read_amount(entry)?;
                (least..=max.minor).contains(&minor).then_some(Value::Money(Money { minor, ..max }))
            }
            Collected::Date { ahead, workdays } => self.read_day(entry, *ahead, *workdays).map(Value::Date),
            Collected::Time { from, to } => read_time(entry).filter(|t| (*from..=*to).contains(t)).map(Value::Time),
            Collected::Phone { country } => read_phone(entry, country).map(Value::Phone),
        }
    }

    /// An entry as the log may show it.
    fn shown(&self, question: Question, entry: &str) -> Note {
        let hidden = question == Question::Verify || self.listen_of(question).secret;
        Note::Pressed(if hidden { "•".repeat(entry.len()) } else { entry.to_string() })
    }

    fn verified(&mut self, turn: &mut Turn, verify: &Verify, ask: Ask, entry: &str) {
        if self.proof(verify).as_deref() != Some(entry) {
            return self.no_match(turn, ask, entry);
        }
        self.right_party = true;
        turn.note(Note::Verified);
        self.come_to("ok");
    }

    /// Makes the first offer from this index on that the campaign takes.
    pub(super) fn offer(&mut self, turn: &mut Turn, promise: &Promise, index: usize) {
        let sum = match self.eval(&promise.of) {
            Some(Value::Money(sum)) if sum.minor > 0 && !self.bounds.none => sum,
            // Nothing is owed, the sum is unknown, or no promise is taken: there is nothing to promise.
            _ => return self.come_to("rejected"),
        };
        let taken = |offer: &Offer| promised::is_taken(offer, sum, self.context.today, &self.bounds);
        let Some(index) = (index..promise.offers.len()).find(|n| taken(&promise.offers[*n])) else {
            return self.come_to(if index == 0 { "rejected" } else { "refused" });
        };
        self.variables[promise.amount.0 as usize] = Some(Value::Money(share_of(promise.offers[index].share, sum)));
        self.ask(turn, Question::Offer(index));
    }

    fn day_named(&mut self, turn: &mut Turn, promise: &Promise, offer: usize, ask: Ask, entry: &str) {
        let Some(parts) = self.parts(promise, offer, entry) else { return self.no_match(turn, ask, entry) };
        turn.note(Note::Pressed(entry.to_string()));
        self.read_back(turn, promise, offer, parts);
    }

    /// Amounts and days before they are agreed to; without words for it they are at once.
    pub(super) fn read_back(&mut self, turn: &mut Turn, promise: &Promise, offer: usize, parts: Vec<Promised>) {
        let (first, last) = (parts[0], parts[parts.len() - 1]);
        let mut set = |variable: VarId, value: Value| self.variables[variable.0 as usize] = Some(value);
        set(promise.on, Value::Date(first.on));
        if let Some(plan) = promise.plan {
            set(plan.parts, Value::Number(parts.len() as i64));
            set(plan.last_amount, Value::Money(last.amount));
            set(plan.last_on, Value::Date(last.on));
        }
        self.promised = parts;
        match promise.offers[offer].confirm.or(promise.confirm) {
            Some(_) => self.ask(turn, Question::PromiseConfirm(offer)),
            None => self.save_promise(turn),
        }
    }

    /// What is promised when the accepted offer is begun on the day that was keyed; `None`: that day is not possible.
    fn parts(&self, promise: &Promise, offer: usize, entry: &str) -> Option<Vec<Promised>> {
        let offer = &promise.offers[offer];
        let ahead = self.bounds.within_days.map_or(offer.within, |most| most.min(offer.within));
        let day = self.read_day(entry, ahead, promise.workdays)?;
        let Some(Value::Money(sum)) = self.eval(&promise.of) else { return None };
        let parts = promised::parts(offer, sum, day, promise.workdays);
        promised::ends_in_time(&parts, self.context.today, &self.bounds).then_some(parts)
    }

    fn save_promise(&mut self, turn: &mut Turn) {
        assert!(!self.promised.is_empty(), "a promise has an amount and a day");
        let parts = std::mem::take(&mut self.promised);
        self.save(turn, Fact::Promise { parts }, "recorded", "rejected");
    }

    fn read_day(&self, entry: &str, ahead: u32, workdays: bool) -> Option<Date> {
        read_day(entry, DayLimits { today: self.context.today, ahead, workdays })
    }

    /// The keys that prove the right party; `None` when the contact has none to prove it by.
    pub(super) fn proof(&self, verify: &Verify) -> Option<String> {
        match self.contact.0[verify.against.0 as usize].as_ref()? {
            Value::Digits(digits) if !digits.is_empty() => Some(digits.clone()),
            Value::Date(day) => Some(format!("{:02}{:02}", day.day(), day.month())),
            _ => None,
        }
    }

    fn exhausted(&mut self, ask: &Ask) {
        let outcome = match ask.question {
            Question::Menu | Question::Reason | Question::Collect | Question::CollectConfirm => "exhausted",
            Question::Verify if ask.tried => "failed",
            Question::Verify | Question::Offer(_) | Question::Day(_) | Question::PromiseConfirm(_) => "refused",
        };
        self.come_to(outcome);
    }

    fn cancelled(&mut self, question: Question) {
        let outcome = match question {
            Question::Collect => "cancelled",
            Question::Verify | Question::Day(_) => "refused",
            Question::Menu
            | Question::Reason
            | Question::CollectConfirm
            | Question::Offer(_)
            | Question::PromiseConfirm(_) => {
                panic!("{question:?} cannot be cancelled")
            }
        };
        self.come_to(outcome);
    }

    /// How the current step listens.
    pub(super) fn listen_of(&self, question: Question) -> &Listen {
        match &self.program.step(self.step).step {
            Step::Menu(menu) => &menu.listen,
            Step::Reason(reason) => &reason.listen,
            Step::Collect(collect) => &collect.listen,
            Step::Verify(verify) => &verify.listen,
            Step::Promise(promise) => &promise.listen,
            step => panic!("{question:?} is not asked in {step:?}"),
        }
    }

    fn shape(&self, question: Question) -> Shape<'_> {
        match (&self.program.step(self.step).step, question) {
            (Step::Menu(menu), _) => Shape::OneOf(menu.keys.iter().map(String::as_str).collect()),
            (Step::Reason(reason), _) => Shape::OneOf(reason.keys.iter().map(|(keys, _)| keys.as_str()).collect()),
            (Step::Collect(collect), Question::Collect) => {
                let end = collect.end_key;
                match &collect.what {
                    Collected::Digits { min, max, .. } => Shape::Digits { min: *min as usize, max: *max as usize, end },
                    Collected::Number { max, .. } => Shape::Digits { min: 1, max: max.to_string().len(), end },
                    Collected::Amount { .. } => Shape::Amount { end },
                    Collected::Date { .. } => Shape::Day { end },
                    Collected::Time { .. } => Shape::Digits { min: 4, max: 4, end },
                    Collected::Phone { .. } => Shape::Digits { min: 7, max: 15, end },
                }
            }
            (Step::Verify(verify), _) => {
                let length = self.proof(verify).expect("without a proof nothing is asked").len();
                Shape::Digits { min: length, max: length, end: '#' }
            }
            (_, Question::Day(_)) => Shape::Day { end: '#' },
            (_, Question::CollectConfirm | Question::Offer(_) | Question::PromiseConfirm(_)) => {
                Shape::OneOf(vec!["1", "2"])
            }
            (step, question) => panic!("{question:?} is not asked in {step:?}"),
        }
    }

    /// The key that ends an entry of this question, if one does.
    fn end_key(&self, question: Question) -> Option<char> {
        match self.shape(question) {
            Shape::Digits { end, .. } | Shape::Amount { end } | Shape::Day { end } => Some(end),
            Shape::OneOf(_) => None,
        }
    }

    /// What this try says.
    fn prompt(&self, ask: &Ask) -> Option<MessageId> {
        let of_try = |prompts: &[MessageId]| prompts.get(ask.attempt as usize).or(prompts.last()).copied();
        match (&self.program.step(self.step).step, ask.question) {
            (Step::Menu(Menu { prompts, .. }) | Step::Reason(Reason { prompts, .. }), _) => of_try(prompts),
            (Step::Collect(Collect { confirm, .. }), Question::CollectConfirm) => *confirm,
            (Step::Collect(Collect { prompts, .. }), _) => of_try(prompts),
            (Step::Verify(Verify { prompts, .. }), _) => of_try(prompts),
            (Step::Promise(promise), Question::Offer(offer)) => Some(promise.offers[offer].message),
            (Step::Promise(promise), Question::PromiseConfirm(offer)) => {
                promise.offers[offer].confirm.or(promise.confirm)
            }
            (Step::Promise(promise), _) => of_try(&promise.ask_date),
            (step, question) => panic!("{question:?} is not asked in {step:?}"),
        }
    }

    fn no_match_message(&self, question: Question) -> Option<MessageId> {
        match (&self.program.step(self.step).step, question) {
            (Step::Menu(menu), _) => menu.no_match,
            (Step::Reason(reason), _) => reason.no_match,
            (Step::Collect(collect), _) => collect.no_match,
            (Step::Verify(verify), _) => verify.wrong,
            (Step::Promise(promise), Question::Day(_)) => promise.bad_date,
            (Step::Promise(_), _) => None,
            (step, question) => panic!("{question:?} is not asked in {step:?}"),
        }
    }

    fn no_input_message(&self, question: Question) -> Option<MessageId> {
        match &self.program.step(self.step).step {
            Step::Menu(menu) => menu.no_input,
            Step::Reason(reason) => reason.no_input,
            Step::Collect(collect) => collect.no_input,
            Step::Verify(_) | Step::Promise(_) => None,
            step => panic!("{question:?} is not asked in {step:?}"),
        }
    }
}
