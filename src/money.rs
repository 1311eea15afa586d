//! Money: a whole number of minor units (kopecks, cents) and a currency. No fractions of a minor unit exist.

use std::fmt;

/// ISO 4217. All of these have two digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    Rub,
    Usd,
    Eur,
    Gbp,
    Kzt,
    Uah,
    Pln,
    Try,
}

impl Currency {
    pub const ALL: [Currency; 8] = [
        Currency::Rub,
        Currency::Usd,
        Currency::Eur,
        Currency::Gbp,
        Currency::Kzt,
        Currency::Uah,
        Currency::Pln,
        Currency::Try,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Currency::Rub => "RUB",
            Currency::Usd => "USD",
            Currency::Eur => "EUR",
            Currency::Gbp => "GBP",
            Currency::Kzt => "KZT",
            Currency::Uah => "UAH",
            Currency::Pln => "PLN",
            Currency::Try => "TRY",
        }
    }
}

impl std::str::FromStr for Currency {
    type Err = MoneyError;
    fn from_str(s: &str) -> Result<Currency, MoneyError> {
        Currency::ALL.into_iter().find(|c| c.code() == s).ok_or(MoneyError::Currency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount within ±`i64::MAX` minor units. Written `1234.50 RUB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("an amount is digits with at most two after the point, for example 1234.50")]
    Amount,
    #[error("a currency is one of RUB, USD, EUR, GBP, KZT, UAH, PLN, TRY")]
    Currency,
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// `amount` in major units with at most two digits after a point.
    pub fn parse(amount: &str, currency: Currency) -> Result<Money, MoneyError> {
        let (sign, digits) = match amount.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, amount),
        };
        let (major, cents) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if major.is_empty() || !all_digits(major) || !all_digits(cents) || cents.len() > 2 || digits.ends_with('.') {
            return Err(MoneyError::Amount);
        }
        let major: i64 = major.parse().map_err(|_| MoneyError::Overflow)?;
        let cents: i64 = format!("{cents:0<2}").parse().map_err(|_| MoneyError::Amount)?;
        let minor = major.checked_mul(100).and_then(|m| m.checked_add(cents)).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor: sign * minor, currency })
    }

    /// The `n`-th part rounded up to a whole minor unit, so that `n` parts cover the sum. `n` ≥ 1.
    pub fn part(self, n: u32) -> Money {
        let n = i64::from(n.max(1));
        Money { minor: (self.minor + n - 1).div_euclid(n), ..self }
    }

    /// `1234.50`, without the currency.
    pub fn amount(self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", self.minor.unsigned_abs() / 100, self.minor.unsigned_abs() % 100)
    }
}

impl std::str::FromStr for Money {
    type Err = MoneyError;
    fn from_str(s: &str) -> Result<Money, MoneyError> {
        let (amount, currency) = s.trim().rsplit_once(' ').ok_or(MoneyError::Currency)?;
        Money::parse(amount.trim(), currency.parse()?)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        for (written, minor) in [
            ("1234.50 RUB", Ok(123_450)),
            ("0.01 USD", Ok(1)),
            ("5 KZT", Ok(500)),
            ("5.5 EUR", Ok(550)),
            ("-5.05 EUR", Ok(-505)),
            ("5. EUR", Err(MoneyError::Amount)),
            (".5 EUR", Err(MoneyError::Amount)),
            ("1,234.50 RUB", Err(MoneyError::Amount)),
            ("1.234 RUB", Err(MoneyError::Amount)),
            ("12 руб", Err(MoneyError::Currency)),
            ("12", Err(MoneyError::Currency)),
            ("99999999999999999999 RUB", Err(MoneyError::Overflow)),
        ] {
            assert_eq!(written.parse::<Money>().map(|m| m.minor), minor, "{written}");
        }
        assert_eq!("-0.50 RUB".parse::<Money>().unwrap().to_string(), "-0.50 RUB");
    }

    #[test]
    fn parts_cover_the_sum() {
        let sum = Money::new(100_001, Currency::Rub);
        assert_eq!(sum.part(2).minor, 50_001);
        assert_eq!(sum.part(3).minor, 33_334);
        assert_eq!(sum.part(1), sum);
    }
}
