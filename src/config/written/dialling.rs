//! Which trunk a number goes over, which numbers are not dialled, and what calls may cost.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Checker, Number, Text, WrittenTrunk, span};
use crate::campaign::{Budget, CampaignBudget};
use crate::diagnostic::Diagnostic;
use crate::money::Currency;
use crate::phone::{NumberRules, NumberType};
use crate::price::{CallPrice, Rate, STEP_S, Tariff};
use crate::time::Zone;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTariff {
    currency: Text,
    rates: Spanned<Vec<Spanned<WrittenRate>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRate {
    prefix: Text,
    attempt: Option<Number>,
    minute: Option<Number>,
    step_s: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBudget {
    zone: Text,
    currency: Text,
    day_max: Option<Number>,
    #[serde(default)]
    campaigns: BTreeMap<String, WrittenCampaignBudget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCampaignBudget {
    day_max: Option<Number>,
    max: Option<Number>,
}

/// The dearest price, and the largest limit, that can be written.
const PRICE_MAX: f64 = 10_000.0;
const LIMIT_MAX: f64 = 1_000_000_000.0;

impl Checker<'_> {
    pub(super) fn number_rules(&mut self, w: &WrittenTrunk) -> Option<NumberRules> {
        let allow = self.prefixes(&w.allow);
        let deny = self.prefixes(&w.deny);
        let mut types = Vec::new();
        let mut fine = true;
        for written in &w.types {
            let known: Vec<&str> = NumberType::ALL.iter().map(|t| t.as_str()).collect();
            match written.value.parse() {
                Ok(NumberType::Premium | NumberType::Short) => {
                    self.wrong(written, "premium and short numbers are never dialled", "take it out of the list");
                    fine = false;
                }
                Ok(kind) => types.push(kind),
                Err(_) => {
                    let message = format!("`{}` is no type of number", written.value);
                    self.wrong(written, message, known.join(", "));
                    fine = false;
                }
            }
        }
        Some(NumberRules { allow: allow?, deny: deny?, types }).filter(|_| fine)
    }

    /// Beginnings of numbers, as people write them: `+7 900`.
    pub(super) fn prefixes(&mut self, w: &[Text]) -> Option<Vec<String>> {
        // Every one is checked before the first failure counts, so that all of them are reported.
        let all: Vec<Option<String>> = w.iter().map(|prefix| self.prefix(prefix, false)).collect();
        all.into_iter().collect()
    }

    fn prefix(&mut self, w: &Text, any: bool) -> Option<String> {
        let prefix: String = w.value.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
        let fine = super::is_beginning_of_a_number(&prefix) || (any && prefix == "+");
        if !fine {
            let message = format!("`{}` is not the beginning of a number: expected + and digits", w.value);
            self.wrong(
                w,
                message,
                if any { "write it as \"+7495\", or \"+\" for any number" } else { "write it as \"+7495\"" },
            );
        }
        fine.then_some(prefix)
    }

    pub(super) fn tariff(&mut self, w: &Spanned<WrittenTariff>) -> Option<Tariff> {
        let currency = self.currency(&w.value.currency);
        if w.value.rates.value.is_empty() {
            self.wrong(&w.value.rates, "a tariff without a price", "write it as [{ prefix: \"+\", minute: 1.20 }]");
            return None;
        }
        let rates: Vec<Option<Rate>> = w.value.rates.value.iter().map(|rate| self.rate(rate)).collect();
        let rates: Vec<Rate> = rates.into_iter().collect::<Option<_>>()?;
        for (n, rate) in rates.iter().enumerate() {
            if rates[..n].iter().any(|before| before.prefix == rate.prefix) {
                let at = span(&w.value.rates.value[n].value.prefix);
                let message = format!("`{}` has two prices", rate.prefix);
                self.found.push(Diagnostic::error("C006", at, message).help("give each beginning one price"));
            }
        }
        Some(Tariff { currency: currency?, rates })
    }

    fn rate(&mut self, w: &Spanned<WrittenRate>) -> Option<Rate> {
        let prefix = self.prefix(&w.value.prefix, true);
        if w.value.attempt.is_none() && w.value.minute.is_none() {
            self.wrong(w, "a price of nothing", "give `attempt`, `minute` or both; 0 when it is free");
            return None;
        }
        let attempt = w.value.attempt.as_ref().map_or(Some(0), |n| self.micros(n, PRICE_MAX));
        let minute = w.value.minute.as_ref().map_or(Some(0), |n| self.micros(n, PRICE_MAX));
        let step_s = w.value.step_s.as_ref().map_or(Some(f64::from(STEP_S)), |n| self.whole(n, 1.0, 3600.0));
        let price = CallPrice { attempt_micros: attempt?, minute_micros: minute?, step_s: step_s? as u32 };
        Some(Rate { prefix: prefix?, price })
    }

    pub(super) fn budget(&mut self, w: &Spanned<WrittenBudget>, trunks: &[WrittenTrunk]) -> Option<Budget> {
        let budget = &w.value;
        let zone = self.parsed::<Zone>(&budget.zone, "the name of a time zone", "write it as Europe/Moscow");
        let currency = self.currency(&budget.currency);
        let day_max = budget.day_max.as_ref().map_or(Some(None), |n| self.micros(n, LIMIT_MAX).map(Some));
        let mut campaigns = BTreeMap::new();
        let mut fine = true;
        for (name, own) in &budget.campaigns {
            let mut limit = |n: &Option<Number>| n.as_ref().map_or(Some(None), |n| self.micros(n, LIMIT_MAX).map(Some));
            match (limit(&own.day_max), limit(&own.max)) {
                (Some(day_max), Some(max)) => drop(campaigns.insert(name.clone(), CampaignBudget { day_max, max })),
                _ => fine = false,
            }
        }
        // What cannot be counted cannot be kept.
        for trunk in trunks {
            match &trunk.tariff {
                None => {
                    let message = format!("trunk {} has no tariff, so that a budget cannot be kept", trunk.name.value);
                    self.wrong(&trunk.name, message, "add `tariff`, or take `budget` out");
                }
                Some(tariff) if tariff.value.currency.value != budget.currency.value => {
                    let message = "the budget is in another currency";
                    let help = format!("write the prices in {}", budget.currency.value);
                    self.wrong(&tariff.value.currency, message, help);
                }
                Some(_) => {}
            }
        }
        Some(Budget { currency: currency?, zone: zone?, day_max: day_max?, campaigns }).filter(|_| fine)
    }

    fn currency(&mut self, w: &Text) -> Option<Currency> {
        let codes: Vec<&str> = Currency::ALL.iter().map(|c| c.code()).collect();
        self.parsed(w, "a currency", &format!("one of {}", codes.join(", ")))
    }

    /// An amount in major units, to the millionth.
    fn micros(&mut self, w: &Number, max: f64) -> Option<i64> {
        let value = self.within(w, 0.0, max)?;
        let micros = (value * 1_000_000.0).round();
        if (micros / 1_000_000.0 - value).abs() > value.abs() * 1e-12 {
            self.wrong(w, format!("{value} has more than six digits after the point"), "round it");
            return None;
        }
        Some(micros as i64)
    }
}
