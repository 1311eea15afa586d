//! What calls over a trunk cost: by the beginning of the number, for the attempt and for the time talked.

use std::time::Duration;

use crate::books::Cost;
use crate::money::Currency;
use crate::phone::PhoneNumber;

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
    /// For each INVITE that the carrier took or refused, in millionths.
    pub attempt_micros: i64,
    /// For a minute of talk, in millionths.
    pub minute_micros: i64,
    /// Talk is charged in steps of so many seconds, each begun one whole. From 1 on.
    pub step_s: u32,
}

impl Tariff {
    pub fn rate(&self, number: &PhoneNumber) -> Option<&Rate> {
        let fits = self.rates.iter().filter(|rate| number.full().starts_with(rate.prefix.as_str()));
        fits.max_by_key(|rate| rate.prefix.len())
    }
}

impl Rate {
    pub fn cost_micros(&self, talk: Duration) -> i64 {
        let step = u64::from(self.step_s.max(1)) * 1000;
        let charged_ms = (talk.as_millis() as u64).div_ceil(step) * step;
        // A part of a millionth is a whole one.
        let talk = (i128::from(self.minute_micros) * i128::from(charged_ms) + 59_999) / 60_000;
        self.attempt_micros + i64::try_from(talk).unwrap_or(i64::MAX / 2)
    }
}

impl Tariff {
    pub fn cost(&self, micros: i64) -> Cost {
        Cost::new(micros, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// number, seconds of talk → what it costs
    #[test]
    fn by_prefix_and_by_steps() {
        let rate = |prefix: &str, attempt_micros, minute_micros, step_s| Rate {
            prefix: prefix.into(),
            attempt_micros,
            minute_micros,
            step_s,
        };
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
            let cost = tariff.cost(rate.cost_micros(Duration::from_millis(talk_ms)));
            assert_eq!(cost.to_string(), expected, "{number} {talk_ms}");
        }
        let narrow = Tariff { rates: vec![rate("+7", 1, 1, 1)], ..tariff };
        assert_eq!(narrow.rate(&"+447911123456".parse().unwrap()), None);
    }
}
