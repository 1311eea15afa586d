//! What calls may cost, as the engine asks for it: before each call, and counted when it is over.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::super::list::wall;
use crate::books::Spent;
use crate::campaign::{Budget, Exhausted, Spending};
use crate::id::{AttemptId, CampaignId};
use crate::money::Currency;
use crate::price::{CallPrice, Cost};
use crate::time::Wall;

/// The operator's limits, and what is spent when the play begins.
#[derive(Debug, Clone, Copy)]
pub struct Purse<'a> {
    pub budget: &'a Budget,
    pub campaign: CampaignId,
    /// As the budget calls it.
    pub name: &'a str,
    pub spent: &'a [Spent],
}

pub(super) struct Spender<'a> {
    purse: Purse<'a>,
    currency: Currency,
    spending: Spending,
    /// When calls in the air end, and what they will have cost.
    ends: BinaryHeap<Reverse<(u32, i64, i64)>>,
}

/// What a call is sure to cost and its first minute, as the engine reserves it.
fn at_first(price: CallPrice) -> i64 {
    price.cost_micros(Duration::from_secs(60))
}

impl<'a> Spender<'a> {
    pub fn new(purse: Purse<'a>, start: Wall) -> Spender<'a> {
        let spending = Spending::new(purse.budget.clone(), purse.spent, start);
        Spender { purse, currency: purse.budget.currency, spending, ends: BinaryHeap::new() }
    }

    pub fn pass_to(&mut self, now_s: u32) {
        while let Some(Reverse((end_s, call, micros))) = self.ends.peek().copied()
            && end_s <= now_s
        {
            self.ends.pop();
            self.spending.release(AttemptId(call));
            self.spending.spend(wall(end_s), self.purse.campaign, Cost::new(micros, self.currency));
        }
    }

    pub fn may(&mut self, now: Wall, price: CallPrice) -> Result<(), Exhausted> {
        self.spending.may(now, self.purse.campaign, self.purse.name, at_first(price))
    }

    pub fn began(&mut self, call: i64, price: CallPrice) {
        self.spending.reserve(AttemptId(call), self.purse.campaign, at_first(price));
    }

    pub fn ends(&mut self, call: i64, end_s: u32, micros: i64) {
        self.ends.push(Reverse((end_s, call, micros)));
    }
}
