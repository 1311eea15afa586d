//! What things cost: one reading of prices and one rounding of talk for tariffs, budgets, forecasts and reports.
//!
//! All sums are kept in millionths of the currency's major unit and never rounded before they are shown. A talk is charged by itself, in
//! steps begun, as carriers do it: a hundred talks of a second are a hundred minutes where the step is a minute.

use std::fmt;
use std::time::Duration;

use crate::money::{Currency, Money};
use crate::phone::PhoneNumber;

/// What something cost: tariffs know parts of a kopeck or cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Millionths of the currency's major unit.
    pub micros: i64,
    pub currency: Currency,
}

impl Cost {
    pub fn new(micros: i64, currency: Currency) -> Cost {
        Cost { micros, currency }
    }

    /// `amount` in major units: digits, at most six of them after a point. `None`: it is something else, or too large.
    pub fn parse(amount: &str, currency: Currency) -> Option<Cost> {
        let (major, part) = amount.split_once('.').unwrap_or((amount, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if major.is_empty() || !digits(major) || !digits(part) || part.len() > 6 {
            return None;
        }
        let micros: i64 = format!("{part:0<6}").parse().ok()?;
        let major: i64 = major.parse().ok()?;
        Some(Cost::new(major.checked_mul(1_000_000)?.checked_add(micros)?, currency))
    }
}

impl fmt::Display for Cost {
    /// `0.25 RUB`, `0.0045 USD`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", amount(self.micros.into()), self.currency)
    }
}

/// Millionths in major units: at least two digits after the point, at most six.
pub fn amount(micros: i128) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let part = format!("{:06}", micros.unsigned_abs() % 1_000_000);
    let part = part.trim_end_matches('0');
    format!("{sign}{}.{part:0<2}", micros.unsigned_abs() / 1_000_000)
}

/// Prices of one trunk, all in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tariff {
    pub currency: Currency,
    pub rates: Vec<Rate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The beginning of the numbers it is for, `+` and digits; of several that fit, the longest. `+`: any number.
    pub prefix: String,
    pub price: CallPrice,
}

/// What a call costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallPrice {
    /// For each INVITE that the carrier took or refused, in millionths.
    pub attempt_micros: i64,
    /// For a minute of talk, in millionths.
    pub minute_micros: i64,
    /// Talk is charged in steps of so many seconds, each begun one whole. From 1 on.
    pub step_s: u32,
}

/// Where nothing says otherwise, minutes begun are charged.
pub const STEP_S: u32 = 60;

impl Tariff {
    pub fn rate(&self, number: &PhoneNumber) -> Option<&Rate> {
        let fits = self.rates.iter().filter(|rate| number.full().starts_with(rate.prefix.as_str()));
        fits.max_by_key(|rate| rate.prefix.len())
    }

    pub fn cost(&self, micros: i64) -> Cost {
        Cost::new(micros, self.currency)
    }
}

impl CallPrice {
    pub const NOTHING: CallPrice = CallPrice { attempt_micros: 0, minute_micros: 0, step_s: STEP_S };

    /// The talk as it is charged: in steps begun, in milliseconds.
    pub fn charged_ms(self, talk: Duration) -> u64 {
        let step = u64::from(self.step_s.max(1)) * 1000;
        (talk.as_millis() as u64).div_ceil(step) * step
    }

    pub fn talk_micros(self, talk: Duration) -> i64 {
        // A part of a millionth is a whole one.
        let micros = (i128::from(self.minute_micros) * i128::from(self.charged_ms(talk)) + 59_999) / 60_000;
        i64::try_from(micros).unwrap_or(i64::MAX / 2)
    }

    /// One attempt and its talk.
    pub fn cost_micros(self, talk: Duration) -> i64 {
        self.attempt_micros.saturating_add(self.talk_micros(talk))
    }
}

crate::words! {
    /// What has a price.
    pub enum Priced {
        /// A call that was begun.
        Call = "call",
        /// A minute talked, from the answer on.
        Minute = "minute",
        Sms = "sms",
        Email = "email",
        /// A contact handed to a human.
        Human = "human",
        Letter = "letter",
        Visit = "visit",
        /// An hour in which an agent talks.
        AgentHour = "agent_hour",
    }
}

/// `minute=1.20 RUB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub of: Priced,
    pub each: Cost,
}

/// A price of a million is a slip of the hand, and sums of such might not fit.
const PRICE_MAX: i64 = 1_000_000 * 1_000_000;

impl std::str::FromStr for Cost {
    type Err = String;
    /// `1.20 RUB`, less than a million.
    fn from_str(written: &str) -> Result<Cost, String> {
        let wanted =
            || format!("`{written}` is no price: expected for example 1.20 RUB, at most six digits after the point");
        let (amount, currency) = written.trim().rsplit_once(' ').ok_or_else(wanted)?;
        let currency = currency.parse::<Currency>().map_err(|e| e.to_string())?;
        let cost = Cost::parse(amount.trim(), currency).filter(|_| !amount.trim().ends_with('.'));
        cost.filter(|cost| cost.micros < PRICE_MAX).ok_or_else(wanted)
    }
}

impl std::str::FromStr for Price {
    type Err = String;
    fn from_str(written: &str) -> Result<Price, String> {
        let wanted = || format!("`{written}` is no price: expected for example minute=1.20 RUB");
        let (of, each) = written.split_once('=').ok_or_else(wanted)?;
        Ok(Price { of: of.trim().parse()?, each: each.parse()? })
    }
}

/// What is given by hand, in place of what tariffs say or beside it. All in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    pub currency: Currency,
    /// In the order of [`Priced`]; what is not named costs nothing, or a call what the tariff of its number says.
    given: [Option<i64>; Priced::ALL.len()],
    step_s: Option<u32>,
}

impl Prices {
    /// `tariffs`: those by which calls are charged for which nothing is given. `None`: nothing has a price.
    ///
    /// # Errors
    /// Two currencies, or one thing priced twice.
    pub fn of<'t>(
        given: &[Price],
        step_s: Option<u32>,
        tariffs: impl IntoIterator<Item = &'t Tariff>,
    ) -> Result<Option<Prices>, String> {
        let mut each = [None; Priced::ALL.len()];
        for price in given {
            if each[price.of as usize].replace(price.each.micros).is_some() {
                return Err(format!("two prices of {}", price.of));
            }
        }
        // Where both are given, no tariff is asked.
        let asked = each[Priced::Call as usize].is_none() || each[Priced::Minute as usize].is_none();
        let of_tariffs = tariffs.into_iter().filter(|_| asked).map(|tariff| tariff.currency);
        let mut currencies = given.iter().map(|price| price.each.currency).chain(of_tariffs);
        let Some(currency) = currencies.next() else { return Ok(None) };
        if let Some(other) = currencies.find(|other| *other != currency) {
            return Err(format!(
                "prices in {currency} and {other}: expected one currency; give call= and minute= too, where a tariff is in another"
            ));
        }
        Ok(Some(Prices { currency, given: each, step_s }))
    }

    /// Of one piece.
    pub fn each(&self, of: Priced) -> i64 {
        self.given[of as usize].unwrap_or(0)
    }

    /// What a call costs to whom the tariff says `rate`.
    pub fn call(&self, rate: Option<CallPrice>) -> CallPrice {
        let rate = rate.unwrap_or(CallPrice::NOTHING);
        CallPrice {
            attempt_micros: self.given[Priced::Call as usize].unwrap_or(rate.attempt_micros),
            minute_micros: self.given[Priced::Minute as usize].unwrap_or(rate.minute_micros),
            step_s: self.step_s.unwrap_or(rate.step_s),
        }
    }

    /// Nothing is asked of a tariff.
    pub fn gives_calls(&self) -> bool {
        self.given[Priced::Call as usize].is_some() || self.given[Priced::Minute as usize].is_some()
    }
}

/// What was used and comes to, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    prices: Prices,
    /// Pieces; of what has a length, seconds.
    used: [u64; Priced::ALL.len()],
    micros: [i128; Priced::ALL.len()],
}

impl Bill {
    pub fn new(prices: Prices) -> Bill {
        Bill { prices, used: [0; Priced::ALL.len()], micros: [0; Priced::ALL.len()] }
    }

    /// Pieces of what has a price each.
    pub fn add(&mut self, of: Priced, count: u64) {
        self.used[of as usize] += count;
        self.micros[of as usize] += i128::from(self.prices.each(of)) * i128::from(count);
    }

    /// A call to whom the tariff says `rate`; gives what it costs.
    pub fn call(&mut self, rate: Option<CallPrice>, talk: Duration) -> Cost {
        let price = self.prices.call(rate);
        let (attempt, talked) = (price.attempt_micros, price.talk_micros(talk));
        self.used[Priced::Call as usize] += 1;
        self.micros[Priced::Call as usize] += i128::from(attempt);
        self.used[Priced::Minute as usize] += price.charged_ms(talk) / 1000;
        self.micros[Priced::Minute as usize] += i128::from(talked);
        Cost::new(price.cost_micros(talk), self.prices.currency)
    }

    /// An agent has talked.
    pub fn agent(&mut self, talk_s: u64) {
        self.used[Priced::AgentHour as usize] += talk_s;
        let micros = i128::from(self.prices.each(Priced::AgentHour)) * i128::from(talk_s);
        self.micros[Priced::AgentHour as usize] += (micros + 3599) / 3600;
    }

    pub fn micros(&self) -> i128 {
        self.micros.iter().sum()
    }

    fn money(&self, micros: i128) -> Money {
        // A hundredth of the unit is ten thousand millionths; half of one is rounded up.
        let minor = (micros + 5_000) / 10_000;
        Money::new(i64::try_from(minor).unwrap_or(i64::MAX), self.prices.currency)
    }

    pub fn of(&self, of: Priced) -> Money {
        self.money(self.micros[of as usize])
    }

    /// Pieces, or minutes and hours begun.
    pub fn used(&self, of: Priced) -> u64 {
        let used = self.used[of as usize];
        match of {
            Priced::Minute => used.div_ceil(60),
            Priced::AgentHour => used.div_ceil(3600),
            Priced::Call | Priced::Sms | Priced::Email | Priced::Human | Priced::Letter | Priced::Visit => used,
        }
    }

    pub fn has_price(&self, of: Priced) -> bool {
        self.prices.each(of) != 0 || self.micros[of as usize] != 0
    }

    pub fn total(&self) -> Money {
        self.money(self.micros())
    }
}

impl fmt::Display for Bill {
    /// `124.00 RUB: 10 call 4.00 RUB, 100 minute 120.00 RUB`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = Priced::ALL.iter().filter(|of| self.has_price(**of));
        let parts: Vec<String> = parts.map(|of| format!("{} {of} {}", self.used(*of), self.of(*of))).collect();
        match parts.is_empty() {
            true => write!(f, "{}", self.total()),
            false => write!(f, "{}: {}", self.total(), parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(prefix: &str, attempt_micros: i64, minute_micros: i64, step_s: u32) -> Rate {
        Rate { prefix: prefix.into(), price: CallPrice { attempt_micros, minute_micros, step_s } }
    }

    /// number, milliseconds of talk → what it costs
    #[test]
    fn by_prefix_and_by_steps() {
        let tariff = Tariff {
            currency: Currency::Rub,
            rates: vec![rate("+", 0, 90_000_000, 60), rate("+7", 250_000, 1_200_000, 60), rate("+7495", 0, 600_000, 1)],
        };
        for (number, talk_ms, expected) in [
            ("+79161234567", 0, "0.25 RUB"),
            ("+79161234567", 1, "1.45 RUB"),
            ("+79161234567", 60_000, "1.45 RUB"),
            ("+79161234567", 60_001, "2.65 RUB"),
            ("+74951234567", 30_500, "0.31 RUB"),
            ("+74951234567", 0, "0.00 RUB"),
            ("+447911123456", 61_000, "180.00 RUB"),
        ] {
            let rate = tariff.rate(&number.parse().unwrap()).unwrap();
            let cost = tariff.cost(rate.price.cost_micros(Duration::from_millis(talk_ms)));
            assert_eq!(cost.to_string(), expected, "{number} {talk_ms}");
        }
        let narrow = Tariff { rates: vec![rate("+7", 1, 1, 1)], ..tariff };
        assert_eq!(narrow.rate(&"+447911123456".parse().unwrap()), None);
    }

    fn price(written: &str) -> Price {
        written.parse().unwrap()
    }

    #[test]
    fn a_bill() {
        let given = ["minute=1.20 RUB", "call=0.000001 RUB", "sms=3 RUB", "agent_hour=360 RUB"].map(price);
        let mut bill = Bill::new(Prices::of(&given, None, []).unwrap().unwrap());
        for _ in 0..999_996 {
            bill.call(None, Duration::ZERO);
        }
        bill.add(Priced::Sms, 2);
        for seconds in [0, 1, 60, 61] {
            bill.call(None, Duration::from_secs(seconds));
        }
        bill.agent(61);
        assert_eq!(
            bill.to_string(),
            "17.90 RUB: 1000000 call 1.00 RUB, 4 minute 4.80 RUB, 2 sms 6.00 RUB, 1 agent_hour 6.10 RUB"
        );
    }

    /// What is given, the step → what a call of 61 s costs for which the tariff says 0.25 and 1.20 by minutes begun.
    #[test]
    fn what_is_given_stands_before_the_tariff() {
        let tariff = Tariff { currency: Currency::Rub, rates: vec![rate("+", 250_000, 1_200_000, 60)] };
        for (given, step_s, expected) in [
            (&[][..], None, "2.65 RUB"),
            (&["call=1 RUB"], None, "3.40 RUB"),
            (&["minute=6 RUB"], None, "12.25 RUB"),
            (&["minute=6 RUB"], Some(1), "6.35 RUB"),
            (&["call=1 EUR", "minute=6 EUR"], Some(30), "10.00 EUR"),
            (&["call=1 EUR"], None, "prices in EUR and RUB"),
        ] {
            let given: Vec<Price> = given.iter().map(|p| price(p)).collect();
            let cost = match Prices::of(&given, step_s, [&tariff]) {
                Ok(prices) => {
                    let mut bill = Bill::new(prices.unwrap());
                    bill.call(Some(tariff.rates[0].price), Duration::from_secs(61)).to_string()
                }
                Err(why) => why,
            };
            assert!(cost.starts_with(expected), "{given:?} {step_s:?}: {cost}");
        }
    }

    #[test]
    fn what_is_no_price() {
        for written in
            ["minute", "minute=1.2", "minute=RUB", "minute=1. RUB", "minute=.5 RUB", "hour=1 RUB", "sms=-1 RUB"]
        {
            assert!(written.parse::<Price>().is_err(), "{written}");
        }
        assert_eq!(Prices::of(&[], None, []), Ok(None));
        let of =
            |given: &[&str]| Prices::of(&given.iter().map(|p| price(p)).collect::<Vec<_>>(), None, []).unwrap_err();
        assert!(of(&["sms=1 RUB", "call=1 EUR"]).contains("one currency"));
        assert!(of(&["sms=1 RUB", "sms=2 RUB"]).contains("two prices of sms"));
    }
}
