//! The rates, each with what it is a part of. Numerator and denominator are sums over rows; no average of averages is made.

use std::fmt;

use super::{Figures, Stage, Sum, Sums};
use crate::books::PromiseState;
use crate::money::Currency;
use crate::price::{self, Priced, Prices};

/// A sum of what things cost, in millionths of the currency's major unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub micros: i128,
    pub currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    Count(u64),
    Money(Sum),
    Cost(Cost),
}

/// How a rate is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A part of a whole.
    Percent,
    /// So many of one for one of the other.
    Ratio,
    /// Money for one of something, or for one of the money's unit.
    Price,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub name: &'static str,
    /// Numerator / denominator in words.
    pub of: &'static str,
    pub numerator: Quantity,
    pub denominator: Quantity,
    pub unit: Unit,
    /// Beyond it, in thousandths, a campaign should be stopped and looked at.
    pub max_permille: Option<u64>,
}

/// What was used beside calls: those have their cost in the books, or were given it by [`charge`](super::charge).
fn beside_calls(prices: &Prices, figures: &Figures) -> Cost {
    let effort = figures.effort;
    let of = |price: Priced, count: u64, per: i128| i128::from(prices.each(price)) * i128::from(count) / per;
    let micros = of(Priced::Sms, effort.sms, 1) + of(Priced::AgentHour, effort.agent_ms, 3_600_000);
    Cost { micros, currency: prices.currency }
}

/// Of calls, as they were charged, and of what was used beside them; one a currency.
pub fn costs(figures: &Figures, prices: Option<&Prices>) -> Vec<Cost> {
    let mut micros = figures.charged.clone();
    if let Some(Cost { micros: more, currency }) = prices.map(|prices| beside_calls(prices, figures)) {
        *micros.entry(currency).or_default() += more;
    }
    micros.into_iter().map(|(currency, micros)| Cost { micros, currency }).collect()
}

impl Cost {
    /// Without the currency; at least two digits after the point, at most six.
    pub fn amount(&self) -> String {
        price::amount(self.micros)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl Quantity {
    /// Counts, or major units.
    pub fn number(self) -> f64 {
        match self {
            Quantity::Count(n) => n as f64,
            Quantity::Money(sum) => sum.minor as f64 / 100.0,
            Quantity::Cost(cost) => cost.micros as f64 / 1e6,
        }
    }

    pub fn currency(self) -> Option<Currency> {
        match self {
            Quantity::Count(_) => None,
            Quantity::Money(sum) => Some(sum.currency),
            Quantity::Cost(cost) => Some(cost.currency),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::Count(n) => n.fmt(f),
            Quantity::Money(sum) => sum.fmt(f),
            Quantity::Cost(cost) => cost.fmt(f),
        }
    }
}

impl Rate {
    /// `None` where there is nothing to divide by.
    pub fn value(&self) -> Option<f64> {
        let of = self.denominator.number();
        (of > 0.0).then(|| self.numerator.number() / of)
    }

    /// The guard rail is broken.
    pub fn is_exceeded(&self) -> bool {
        self.max_permille.zip(self.value()).is_some_and(|(max, value)| value * 1000.0 > max as f64)
    }

    /// `12.3 %`, `4.56`, `0.78 RUB`; `-` where there is nothing to divide by.
    pub fn written(&self) -> String {
        let Some(value) = self.value() else { return "-".into() };
        match (self.unit, self.numerator.currency()) {
            (Unit::Percent, _) => format!("{:.1} %", 100.0 * value),
            (Unit::Price, Some(currency)) => format!("{value:.4} {currency}"),
            (Unit::Ratio | Unit::Price, _) => format!("{value:.2}"),
        }
    }
}

/// Of some figures. `persons`: the people of the campaign, where the figures are of all of it.
pub fn rates(figures: &Figures, persons: Option<u64>, prices: Option<&Prices>) -> Vec<Rate> {
    let calls = |stage: Stage| Quantity::Count(figures.calls(stage));
    let percent = |name, of, numerator, denominator| Rate {
        name,
        of,
        numerator,
        denominator,
        unit: Unit::Percent,
        max_permille: None,
    };
    let count =
        |name, of, numerator, denominator| percent(name, of, Quantity::Count(numerator), Quantity::Count(denominator));
    let guarded = |rate: Rate, max| Rate { max_permille: Some(max), ..rate };
    let (dialled, answered) = (figures.calls(Stage::Dialled), figures.calls(Stage::Answered));
    let right_party = figures.stage(Stage::RightParty);
    let judged = figures.due.judged();
    let kept = figures.due.of(PromiseState::Kept);
    let mut rates = vec![
        count("answer_rate", "answered / dialled calls", answered, dialled),
        count("human_answer_rate", "answered by a human / dialled calls", figures.calls(Stage::Human), dialled),
        count("machine_rate", "answered by a machine or fax / answered calls", figures.machine, answered),
        count("unknown_rate", "answered by nobody knows whom / answered calls", figures.unknown, answered),
        count("rpc_rate", "with the right party / dialled calls", right_party.attempts, dialled),
        count("rpc_of_answered", "with the right party / answered calls", right_party.attempts, answered),
        match persons {
            Some(persons) => {
                let of = "people spoken to / people of the campaign; contacts with one person_id are one";
                count("contact_penetration", of, right_party.persons, persons)
            }
            None => {
                let of = "people spoken to / people attempted; contacts with one person_id are one";
                count("contact_penetration", of, right_party.persons, figures.persons)
            }
        },
        Rate {
            unit: Unit::Ratio,
            ..count("attempts_per_rpc", "dialled calls / calls with the right party", dialled, right_party.attempts)
        },
        percent(
            "ptp_rate",
            "calls with a promise / calls with the right party",
            calls(Stage::Promised),
            calls(Stage::RightParty),
        ),
        count("kept_rate", "promises kept / promises due in the period and judged", kept.count, judged.count),
    ];
    let each = |rates: &mut Vec<Rate>, name, of, part: &Sums, whole: &Sums| {
        rates.extend(
            whole
                .iter()
                .map(|whole| percent(name, of, Quantity::Money(part.get(whole.currency)), Quantity::Money(whole))),
        );
    };
    let of = "promised in promises kept / promised in promises due in the period and judged";
    each(&mut rates, "kept_rate_money", of, &kept.promised, &judged.promised);
    let of = "paid towards in time / promised, of promises due in the period and judged";
    each(&mut rates, "promise_value_kept", of, &judged.paid, &judged.promised);
    let of = "collected after contact / owed at the start by contacts attempted";
    each(&mut rates, "recovery_rate", of, &figures.collected, &figures.owed_at_start);
    let opted_out = count("opt_out_rate", "opted out / answered calls", figures.opted_out, answered);
    let wrong = count("wrong_number_rate", "wrong number / answered calls", figures.wrong_number, answered);
    rates.extend([guarded(opted_out, 20), guarded(wrong, 50)]);
    let wanted = figures.agent_connected + figures.agent_abandoned;
    let of = "found no agent in time / were to talk to one";
    rates.push(count("abandon_rate", of, figures.agent_abandoned, wanted));
    for cost in costs(figures, prices) {
        let currency = cost.currency;
        let cost = Quantity::Cost(cost);
        let price = |name, of, denominator| Rate { unit: Unit::Price, ..percent(name, of, cost, denominator) };
        rates.push(price("cost_per_promise", "cost / calls with a promise", calls(Stage::Promised)));
        rates.push(price("cost_per_kept_promise", "cost / calls whose promise was kept", calls(Stage::Kept)));
        rates.extend(
            figures
                .collected
                .iter()
                .filter(|sum| sum.currency == currency)
                .map(|sum| price("cost_per_unit_collected", "cost / collected after contact", Quantity::Money(sum))),
        );
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;

    #[test]
    fn prices_and_guard_rails() {
        let mut figures = Figures::default();
        figures.opted_out = 3;
        figures.reached(Stage::Dialled).attempts = 200;
        figures.reached(Stage::Answered).attempts = 100;
        figures.reached(Stage::Promised).attempts = 10;
        figures.effort = super::super::Effort {
            calls: 200,
            talk_ms: 90_000,
            sms: 4,
            agent_ms: 1_800_000,
            ..super::super::Effort::default()
        };
        figures.collected.add(Money::new(100_000, Currency::Rub));
        // 200 × 0.25 + 1.5 × 2, as the books have it.
        figures.charged.insert(Currency::Rub, 53_000_000);
        let given = ["sms=3 RUB", "agent_hour=400 RUB"].map(|price| price.parse().unwrap());
        let prices = Prices::of(&given, None, []).unwrap().unwrap();
        // … + 4 × 3 + 0.5 × 400
        assert_eq!(costs(&figures, Some(&prices))[0].to_string(), "265.00 RUB");
        let rates = rates(&figures, Some(400), Some(&prices));
        for (name, written, exceeded) in [
            ("answer_rate", "50.0 %", false),
            ("opt_out_rate", "3.0 %", true),
            ("wrong_number_rate", "0.0 %", false),
            ("kept_rate", "-", false),
            ("cost_per_promise", "26.5000 RUB", false),
            ("cost_per_kept_promise", "-", false),
            ("cost_per_unit_collected", "0.2650 RUB", false),
        ] {
            let rate = rates.iter().find(|r| r.name == name).unwrap();
            assert_eq!((rate.written().as_str(), rate.is_exceeded()), (written, exceeded), "{name}: {rate:?}");
        }
    }
}
