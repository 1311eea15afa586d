//! What calls cost that no tariff has charged: before a trunk had one, or without any.

use std::time::Duration;

use crate::books::{Attempt, Ledger};
use crate::phone::PhoneNumber;
use crate::price::{CallPrice, Cost, Prices};

/// Gives each such call its cost, each by itself, as its trunk would have done it. `rate`: what the tariff says today.
pub fn charge(ledger: &mut Ledger, prices: &Prices, rate: impl Fn(&PhoneNumber) -> Option<CallPrice>) {
    let phones = &ledger.contact.phones;
    for attempt in &mut ledger.attempts {
        let Attempt { live_at: Some(_), cost: None, phone, outcome, .. } = attempt else { continue };
        let number = phones.iter().find(|known| Some(known.id) == *phone).map(|known| &known.number);
        let price = prices.call(number.and_then(&rate));
        if price.attempt_micros > 0 || price.minute_micros > 0 {
            let talk = outcome.as_ref().map_or(0, |outcome| u64::from(outcome.talk_ms));
            attempt.cost = Some(Cost::new(price.cost_micros(Duration::from_millis(talk)), prices.currency));
        }
    }
}
