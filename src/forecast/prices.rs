//! What calls and messages cost.

use std::fmt;

use crate::books;
use crate::money::{Currency, Money};

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
    }
}

/// All in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    pub currency: Currency,
    /// Millionths of the currency's unit, in the order of [`Priced`]; what is not named costs nothing.
    each: [i64; Priced::ALL.len()],
    /// Talk is charged in whole steps of so many seconds.
    pub billed_by_s: u32,
}

/// `minute=1.20 RUB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub of: Priced,
    pub currency: Currency,
    pub millionths: i64,
}

const MILLION: i64 = 1_000_000;

impl std::str::FromStr for Price {
    type Err = String;
    fn from_str(written: &str) -> Result<Price, String> {
        let wanted = || {
            format!("`{written}` is no price: expected for example minute=1.20 RUB, at most six digits after the point")
        };
        let (of, price) = written.split_once('=').ok_or_else(wanted)?;
        let of = of.trim().parse()?;
        let (amount, currency) = price.trim().rsplit_once(' ').ok_or_else(wanted)?;
        let currency = currency.parse::<Currency>().map_err(|e| e.to_string())?;
        let cost = books::Cost::parse(amount.trim(), currency).filter(|_| !amount.trim().ends_with('.'));
        // A price of a million is a slip of the hand, and sums of such might not fit.
        let cost = cost.filter(|cost| cost.micros < MILLION * MILLION).ok_or_else(wanted)?;
        Ok(Price { of, currency, millionths: cost.micros })
    }
}

impl Prices {
    /// `None`: nothing has a price.
    ///
    /// # Errors
    /// Two currencies, or one thing priced twice.
    pub fn of(prices: &[Price], billed_by_s: u32) -> Result<Option<Prices>, String> {
        let Some(first) = prices.first() else { return Ok(None) };
        let mut each = [None; Priced::ALL.len()];
        for price in prices {
            if price.currency != first.currency {
                return Err(format!("prices in {} and {}: expected one currency", first.currency, price.currency));
            }
            if each[price.of as usize].replace(price.millionths).is_some() {
                return Err(format!("two prices of {}", price.of));
            }
        }
        Ok(Some(Prices {
            currency: first.currency,
            each: each.map(Option::unwrap_or_default),
            billed_by_s: billed_by_s.max(1),
        }))
    }
}

/// What was used and comes to, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    prices: Prices,
    /// Pieces; of minutes, seconds billed.
    used: [u64; Priced::ALL.len()],
}

impl Cost {
    pub fn new(prices: Prices) -> Cost {
        Cost { prices, used: [0; Priced::ALL.len()] }
    }

    pub fn add(&mut self, of: Priced, count: u64) {
        self.used[of as usize] += count;
    }

    pub fn talk(&mut self, seconds: u32) {
        let step = self.prices.billed_by_s;
        self.add(Priced::Minute, u64::from(seconds.div_ceil(step)) * u64::from(step));
    }

    fn millionths(&self, of: Priced) -> i128 {
        let sum = i128::from(self.prices.each[of as usize]) * i128::from(self.used[of as usize]);
        if of == Priced::Minute { sum / 60 } else { sum }
    }

    fn money(&self, millionths: i128) -> Money {
        // A hundredth of the unit is ten thousand millionths; half of one is rounded up.
        let minor = (millionths + 5_000) / 10_000;
        Money::new(i64::try_from(minor).unwrap_or(i64::MAX), self.prices.currency)
    }

    pub fn of(&self, of: Priced) -> Money {
        self.money(self.millionths(of))
    }

    /// Pieces, or minutes begun.
    pub fn used(&self, of: Priced) -> u64 {
        let used = self.used[of as usize];
        if of == Priced::Minute { used.div_ceil(60) } else { used }
    }

    pub fn has_price(&self, of: Priced) -> bool {
        self.prices.each[of as usize] != 0
    }

    pub fn total(&self) -> Money {
        self.money(Priced::ALL.iter().map(|of| self.millionths(*of)).sum())
    }
}

impl fmt::Display for Cost {
    /// `124.00 RUB: 10 call 4.00 RUB, 100 minute 120.00 RUB`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = Priced::ALL.iter().filter(|of| self.has_price(**of));
        let parts: Vec<String> = parts.map(|of| format!("{} {of} {}", self.used(*of), self.of(*of))).collect();
        write!(f, "{}: {}", self.total(), parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices() {
        let prices: Vec<Price> =
            ["minute=1.20 RUB", "call=0.000001 RUB", "sms=3 RUB"].map(|p| p.parse().unwrap()).into();
        let mut cost = Cost::new(Prices::of(&prices, 60).unwrap().unwrap());
        (0..1_000_000).for_each(|_| cost.add(Priced::Call, 1));
        cost.add(Priced::Sms, 2);
        for seconds in [0, 1, 60, 61] {
            cost.talk(seconds);
        }
        assert_eq!(cost.to_string(), "11.80 RUB: 1000000 call 1.00 RUB, 4 minute 4.80 RUB, 2 sms 6.00 RUB");
    }

    #[test]
    fn what_is_no_price() {
        for written in
            ["minute", "minute=1.2", "minute=RUB", "minute=1. RUB", "minute=.5 RUB", "hour=1 RUB", "sms=-1 RUB"]
        {
            assert!(written.parse::<Price>().is_err(), "{written}");
        }
        let price = |p: &str| p.parse::<Price>().unwrap();
        assert_eq!(Prices::of(&[], 60), Ok(None));
        assert!(Prices::of(&[price("sms=1 RUB"), price("call=1 EUR")], 1).unwrap_err().contains("one currency"));
        assert!(Prices::of(&[price("sms=1 RUB"), price("sms=2 RUB")], 1).unwrap_err().contains("two prices of sms"));
    }
}
