//! A model of people: how often they pick up, what calls come to, who promises, keeps and pays. Rates in a small YAML file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::{DefaultMessageFormatter, MessageFormatter, Spanned};

use super::dice::Dice;
use crate::diagnostic::{Diagnostic, Span};
use crate::outcome::Disposition;

/// The default, documented.
pub const DEFAULT: &str = include_str!("people.yaml");

/// Rates are shares, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct People {
    pub name: String,
    /// Of people: pick up no call.
    pub never_pick_up: f64,
    /// Of calls to a number that works, made to the others: Monday to Friday, Saturday, Sunday, by hour of the person's day.
    pub pick_up: [[f64; 24]; 3],
    /// Of numbers.
    pub dead_numbers: f64,
    pub wrong_numbers: f64,
    pub not_picked_up: Shares,
    /// Of calls picked up.
    pub machine: f64,
    pub person: Shares,
    /// Promised for so many days ahead.
    pub promise_days: (u32, u32),
    pub promise_kept: f64,
    pub payment_a_day: f64,
    pub payment_after_informed: f64,
    pub payment_after_already_paid: f64,
    pub payment_days_max: u32,
    /// Of payments: of a part of the debt, the first time; and how great that part is.
    pub part_payments: f64,
    pub part_of_debt: f64,
    pub seconds: Seconds,
}

/// How long things last on average; each time between half and one and a half of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seconds {
    pub ring_unanswered: u32,
    pub ring_answered: u32,
    pub machine: u32,
    pub hung_up_early: u32,
    pub person: u32,
    pub promised: u32,
    /// An agent's talk.
    #[serde(default = "agent_s")]
    pub agent: u32,
}

/// As the desk takes it to be before any was measured.
fn agent_s() -> u32 {
    180
}

/// What a call may come to when nobody picks up.
pub const NOT_PICKED_UP: [Disposition; 6] = [
    Disposition::NoAnswer,
    Disposition::Busy,
    Disposition::Rejected,
    Disposition::Congestion,
    Disposition::TrunkDown,
    Disposition::UnknownOutcome,
];
/// …and when a person does. Somebody else's number and dead ones are the number's property.
pub const PERSON: [Disposition; 12] = [
    Disposition::HungUpEarly,
    Disposition::NoInput,
    Disposition::ThirdParty,
    Disposition::NotVerified,
    Disposition::Promised,
    Disposition::AlreadyPaid,
    Disposition::Disputed,
    Disposition::Refused,
    Disposition::Informed,
    Disposition::CallbackRequested,
    Disposition::Transferred,
    Disposition::OptedOut,
];

/// Shares that make up a whole, in a fixed order.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares(Vec<(Disposition, f64)>);

impl Shares {
    /// From counts or shares of any sum above zero; `None`: of nothing.
    pub fn of(shares: impl IntoIterator<Item = (Disposition, f64)>) -> Option<Shares> {
        let shares: Vec<(Disposition, f64)> = shares.into_iter().filter(|(_, share)| *share > 0.0).collect();
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        (sum > 0.0).then(|| Shares(shares.into_iter().map(|(d, share)| (d, share / sum)).collect()))
    }

    pub fn of_one(&self, disposition: Disposition) -> f64 {
        self.0.iter().find(|(d, _)| *d == disposition).map_or(0.0, |(_, share)| *share)
    }

    pub fn pick(&self, dice: &mut Dice) -> Disposition {
        let mut at = dice.share();
        for (disposition, share) in &self.0 {
            at -= share;
            if at < 0.0 {
                return *disposition;
            }
        }
        // What rounding leaves over.
        self.0.last().expect("made of something").0
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    people: String,
    picks_up: WrittenPicksUp,
    numbers: WrittenNumbers,
    not_picked_up: Spanned<BTreeMap<String, Rate>>,
    machine: Rate,
    person: Spanned<BTreeMap<String, Rate>>,
    promise: WrittenPromise,
    payment: WrittenPayment,
    seconds: Seconds,
}

type Rate = Spanned<f64>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPicksUp {
    never: Rate,
    #[serde(rename = "mon-fri")]
    workday: Spanned<Vec<Rate>>,
    sat: Spanned<Vec<Rate>>,
    sun: Spanned<Vec<Rate>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNumbers {
    dead: Rate,
    wrong: Rate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPromise {
    days_min: Spanned<u32>,
    days_max: Spanned<u32>,
    kept: Rate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPayment {
    a_day: Rate,
    after_informed: Rate,
    after_already_paid: Rate,
    days_max: Spanned<u32>,
    part: Option<Rate>,
    part_of_debt: Option<Rate>,
}

impl People {
    pub fn default_model() -> People {
        People::read(DEFAULT).expect("shipped, and held by a test")
    }

    /// # Errors
    /// Everything that is wrong with it, with places.
    pub fn read(source: &str) -> Result<People, Vec<Diagnostic>> {
        let written: Written = match serde_saphyr::from_str(source) {
            Ok(written) => written,
            Err(error) => {
                let at =
                    error.location().map(|at| Span { line: at.line() as u32, column: at.column() as u32, length: 1 });
                let message = DefaultMessageFormatter.format_message(error.without_snippet()).into_owned();
                return Err(vec![Diagnostic::error("M001", at.unwrap_or_default(), message)]);
            }
        };
        let mut found = Vec::new();
        let people = written.checked(&mut found);
        if found.is_empty() { Ok(people) } else { Err(found) }
    }
}

fn span<T>(at: &Spanned<T>) -> Span {
    Span { line: at.referenced.line() as u32, column: at.referenced.column() as u32, length: 1 }
}

/// Where nothing is said of it.
const PART_OF_DEBT: f64 = 0.5;

/// Longer promises and payments are a slip of the hand.
const DAYS_MAX: u32 = 366;

impl Written {
    fn checked(self, found: &mut Vec<Diagnostic>) -> People {
        let (days_min, days_max) = (self.promise.days_min.value, self.promise.days_max.value);
        if days_min > days_max || days_max > DAYS_MAX {
            let message =
                format!("promised for {days_min} to {days_max} days ahead: expected days_min ≤ days_max ≤ {DAYS_MAX}");
            found.push(Diagnostic::error("M002", span(&self.promise.days_max), message));
        }
        if self.payment.days_max.value > DAYS_MAX {
            let message = format!("{} days: expected 0 to {DAYS_MAX}", self.payment.days_max.value);
            found.push(Diagnostic::error("M002", span(&self.payment.days_max), message));
        }
        let mut rate = |written: &Rate| share(written, found);
        let never_pick_up = rate(&self.picks_up.never);
        let (dead_numbers, wrong_numbers) = (rate(&self.numbers.dead), rate(&self.numbers.wrong));
        let (machine, promise_kept) = (rate(&self.machine), rate(&self.promise.kept));
        let payment =
            [&self.payment.a_day, &self.payment.after_informed, &self.payment.after_already_paid].map(&mut rate);
        let part_payments = self.payment.part.as_ref().map_or(0.0, &mut rate);
        let part_of_debt = self.payment.part_of_debt.as_ref().map_or(PART_OF_DEBT, &mut rate);
        let pick_up = [&self.picks_up.workday, &self.picks_up.sat, &self.picks_up.sun].map(|day| hours(day, found));
        People {
            name: self.people,
            never_pick_up,
            pick_up,
            dead_numbers,
            wrong_numbers,
            not_picked_up: shares(&self.not_picked_up, &NOT_PICKED_UP, found),
            machine,
            person: shares(&self.person, &PERSON, found),
            promise_days: (days_min, days_max),
            promise_kept,
            payment_a_day: payment[0],
            payment_after_informed: payment[1],
            payment_after_already_paid: payment[2],
            payment_days_max: self.payment.days_max.value,
            part_payments,
            part_of_debt,
            seconds: self.seconds,
        }
    }
}

fn share(written: &Rate, found: &mut Vec<Diagnostic>) -> f64 {
    if !(0.0..=1.0).contains(&written.value) {
        let message = format!("{} is no share: expected 0 to 1", written.value);
        found.push(Diagnostic::error("M002", span(written), message).help("a quarter is written 0.25"));
    }
    written.value
}

fn hours(written: &Spanned<Vec<Rate>>, found: &mut Vec<Diagnostic>) -> [f64; 24] {
    let rates: Vec<f64> = written.value.iter().map(|rate| share(rate, found)).collect();
    rates.try_into().unwrap_or_else(|rates: Vec<f64>| {
        let message = format!("{} rates: expected 24, one an hour of the day from 00:00", rates.len());
        found.push(Diagnostic::error("M003", span(written), message));
        [0.0; 24]
    })
}

fn shares(written: &Spanned<BTreeMap<String, Rate>>, known: &[Disposition], found: &mut Vec<Diagnostic>) -> Shares {
    let mut shares = Vec::new();
    for (word, rate) in &written.value {
        let share = share(rate, found);
        match word.parse::<Disposition>().ok().filter(|d| known.contains(d)) {
            Some(disposition) => shares.push((disposition, share)),
            None => {
                let known: Vec<&str> = known.iter().map(|d| d.as_str()).collect();
                let message = format!("`{word}` is no ending here: expected some of {}", known.join(", "));
                found.push(Diagnostic::error("M004", span(rate), message));
            }
        }
    }
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    if (sum - 1.0).abs() > 0.001 {
        let message = format!("these shares add up to {sum:.3}: expected 1");
        found.push(Diagnostic::error("M005", span(written), message).help("each is a share of the same calls"));
    }
    // In the order of the list, not of the file.
    shares.sort_by_key(|(d, _)| known.iter().position(|k| k == d));
    Shares::of(shares).unwrap_or(Shares(vec![(known[0], 1.0)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_can_be_read() {
        let people = People::default_model();
        assert_eq!(people.name, "default");
        assert_eq!(people.pick_up[0][19], 0.40);
        assert_eq!(people.person.of_one(Disposition::Promised), 0.17);
        assert!(people.pick_up.iter().flatten().all(|rate| *rate > 0.0));
    }

    /// what is written instead → where, code, what is said
    #[test]
    fn what_is_wrong_with_it() {
        for (from, to, expected) in [
            ("never: 0.15", "never: 15", "6:10 M002 15 is no share: expected 0 to 1"),
            ("machine: 0.22", "machine: -0.22", "20:10 M002 -0.22 is no share: expected 0 to 1"),
            (
                "  sat:     [0.05, ",
                "  sat:     [",
                "9:12 M003 23 rates: expected 24, one an hour of the day from 00:00",
            ),
            ("no_answer: 0.76", "no_answer: 0.67", "18:16 M005 these shares add up to 0.910: expected 1"),
            (
                "no_answer: 0.76",
                "informed: 0.76",
                "18:28 M004 `informed` is no ending here: expected some of no_answer, busy, rejected, congestion, trunk_down, \
                 unknown_outcome",
            ),
            (
                "days_min: 1",
                "days_min: 9",
                "36:35 M002 promised for 9 to 7 days ahead: expected days_min ≤ days_max ≤ 366",
            ),
        ] {
            assert!(DEFAULT.contains(from), "{from}");
            let found = People::read(&DEFAULT.replace(from, to)).unwrap_err();
            let first = &found[0];
            let shown = format!("{}:{} {} {}", first.span.line, first.span.column, first.code, first.message);
            assert_eq!(shown, expected, "{to}");
        }
        let found = People::read(&DEFAULT.replace("machine: 0.22", "machines: 0.22")).unwrap_err();
        assert_eq!((found[0].code, found[0].span.line), ("M001", 20), "{found:?}");
    }
}
