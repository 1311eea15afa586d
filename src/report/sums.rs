//! Money in sums of any size, each currency by itself.

use std::collections::BTreeMap;
use std::fmt;

use crate::money::{Currency, Money};

/// A sum over any number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    pub minor: i128,
    pub currency: Currency,
}

/// Sums of money, by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<Currency, i128>);

impl Sums {
    pub fn add(&mut self, money: Money) {
        *self.0.entry(money.currency).or_default() += i128::from(money.minor);
    }

    pub fn join(&mut self, other: &Sums) {
        for (currency, minor) in &other.0 {
            *self.0.entry(*currency).or_default() += minor;
        }
    }

    pub fn get(&self, currency: Currency) -> Sum {
        Sum { minor: self.0.get(&currency).copied().unwrap_or(0), currency }
    }

    pub fn iter(&self) -> impl Iterator<Item = Sum> {
        self.0.iter().map(|(currency, minor)| Sum { minor: *minor, currency: *currency })
    }
}

impl Sum {
    /// `1234.50`, without the currency.
    pub fn amount(self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", self.minor.unsigned_abs() / 100, self.minor.unsigned_abs() % 100)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sums: Vec<String> = self.iter().map(|m| m.to_string()).collect();
        f.pad(&if sums.is_empty() { "-".to_string() } else { sums.join(", ") })
    }
}
