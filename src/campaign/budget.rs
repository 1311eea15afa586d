//! What may be spent on calls: a day, a campaign, a campaign's day. Counted from the books at the start, then as calls end.
//!
//! A call that is in the air is counted with what it is sure to cost and its first minute of talk; it is not cut off when it takes
//! longer, so that a limit can be passed by what the last calls talk beyond that.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::books::{Cost, Spent};
use crate::id::{AttemptId, CampaignId};
use crate::money::Currency;
use crate::time::{Wall, Zone};

/// The operator's limits, all in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    pub currency: Currency,
    /// Whose day a day is.
    pub zone: Zone,
    /// For all campaigns together, in millionths, as the others.
    pub day_max: Option<i64>,
    /// By campaign's name.
    pub campaigns: BTreeMap<String, CampaignBudget>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CampaignBudget {
    pub day_max: Option<i64>,
    /// From its first call to its last.
    pub max: Option<i64>,
}

/// No call for now, or none any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhausted {
    pub why: String,
    /// When there is something to spend again; `None`: when somebody raises the limit.
    pub until: Option<Wall>,
}

#[derive(Debug)]
pub struct Spending {
    budget: Budget,
    day: Date,
    campaigns: BTreeMap<CampaignId, OfCampaign>,
    in_the_air: BTreeMap<AttemptId, (CampaignId, i64)>,
}

#[derive(Debug, Default, Clone, Copy)]
struct OfCampaign {
    day: i64,
    total: i64,
    in_the_air: i64,
}

impl Spending {
    /// `spent`: since this day began, as the books have it.
    pub fn new(budget: Budget, spent: &[Spent], now: Wall) -> Spending {
        let day = now.date(&budget.zone);
        let mut campaigns: BTreeMap<CampaignId, OfCampaign> = BTreeMap::new();
        // Prices may once have been in another currency: nobody can say how much that is in this one.
        for spent in spent.iter().filter(|s| s.total.currency == budget.currency) {
            let of = campaigns.entry(spent.campaign).or_default();
            of.day += spent.since.micros;
            of.total += spent.total.micros;
        }
        Spending { budget, day, campaigns, in_the_air: BTreeMap::new() }
    }

    /// When this day began.
    pub fn day_began(budget: &Budget, now: Wall) -> Wall {
        start_of(now.date(&budget.zone), &budget.zone)
    }

    /// May a call be made that costs this much at least?
    ///
    /// # Errors
    /// Which limit is reached, and until when.
    pub fn may(&mut self, now: Wall, campaign: CampaignId, name: &str, micros: i64) -> Result<(), Exhausted> {
        self.pass_to(now);
        let of = self.campaigns.get(&campaign).copied().unwrap_or_default();
        let own = self.budget.campaigns.get(name).copied().unwrap_or_default();
        let (mut day, mut air) = (0, 0);
        for of in self.campaigns.values() {
            day += of.day;
            air += of.in_the_air;
        }
        let tomorrow = self.day.tomorrow().ok().map(|day| start_of(day, &self.budget.zone));
        let of_day = "is spent for today";
        let limits = [
            (own.max, of.total + of.in_the_air, format!("the limit of campaign {name}"), "is spent", None),
            (own.day_max, of.day + of.in_the_air, format!("the daily limit of campaign {name}"), of_day, tomorrow),
            (self.budget.day_max, day + air, "the daily limit of all campaigns".to_string(), of_day, tomorrow),
        ];
        for (limit, used, whose, is_spent, until) in limits {
            if let Some(limit) = limit
                && used + micros > limit
            {
                let (limit, used) = (self.cost(limit), self.cost(used));
                let goes_on = match until {
                    Some(until) => {
                        let there = until.in_zone(&self.budget.zone);
                        format!("calls go on at {} {}", there.strftime("%Y-%m-%d %H:%M"), self.budget.zone)
                    }
                    None => "raise its `max` in the config, start `ringback serve` anew, then the campaign".to_string(),
                };
                return Err(Exhausted {
                    why: format!("{whose}, {limit}, {is_spent}: {used} so far; {goes_on}"),
                    until,
                });
            }
        }
        Ok(())
    }

    /// A call is made that will cost about so much.
    pub fn reserve(&mut self, attempt: AttemptId, campaign: CampaignId, micros: i64) {
        self.release(attempt);
        self.in_the_air.insert(attempt, (campaign, micros));
        self.campaigns.entry(campaign).or_default().in_the_air += micros;
    }

    /// It has come to nothing, or to what `spend` says.
    pub fn release(&mut self, attempt: AttemptId) {
        if let Some((campaign, micros)) = self.in_the_air.remove(&attempt) {
            self.campaigns.entry(campaign).or_default().in_the_air -= micros;
        }
    }

    /// It has cost this much.
    pub fn spend(&mut self, now: Wall, campaign: CampaignId, cost: Cost) {
        self.pass_to(now);
        if cost.currency == self.budget.currency {
            let of = self.campaigns.entry(campaign).or_default();
            of.day += cost.micros;
            of.total += cost.micros;
        }
    }

    fn cost(&self, micros: i64) -> Cost {
        Cost::new(micros, self.budget.currency)
    }

    fn pass_to(&mut self, now: Wall) {
        let day = now.date(&self.budget.zone);
        if day > self.day {
            self.day = day;
            self.campaigns.values_mut().for_each(|of| of.day = 0);
        }
    }
}

fn start_of(day: Date, zone: &Zone) -> Wall {
    // A midnight that does not exist is the first instant behind it.
    let start = day.to_zoned(zone.tz().clone()).map(|start| start.timestamp());
    start.map_or(Wall(i64::MAX), |start| Wall(start.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Wall {
        text.parse().unwrap()
    }

    fn budget() -> Budget {
        let winter = CampaignBudget { day_max: Some(5_000_000), max: Some(12_000_000) };
        Budget {
            currency: Currency::Rub,
            zone: "Europe/Moscow".parse().unwrap(),
            day_max: Some(8_000_000),
            campaigns: BTreeMap::from([("winter".to_string(), winter)]),
        }
    }

    #[test]
    fn each_limit_stops_and_a_day_goes_on() {
        let (winter, other) = (CampaignId(1), CampaignId(2));
        let noon = at("2026-11-20T09:00Z");
        let rub = |micros| Cost::new(micros, Currency::Rub);
        let mut spending = Spending::new(budget(), &[], noon);
        assert_eq!(spending.may(noon, winter, "winter", 5_000_000), Ok(()));
        spending.spend(noon, winter, rub(4_800_000));
        let why = "the daily limit of campaign winter, 5.00 RUB, is spent for today: 4.80 RUB so far; \
                   calls go on at 2026-11-21 00:00 Europe/Moscow";
        let until = Some(at("2026-11-20T21:00Z"));
        assert_eq!(spending.may(noon, winter, "winter", 250_000), Err(Exhausted { why: why.into(), until }));
        // What is in the air counts; what comes to nothing does not.
        assert_eq!(spending.may(noon, other, "other", 250_000), Ok(()));
        spending.reserve(AttemptId(1), other, 3_000_000);
        let full = spending.may(noon, other, "other", 250_000).unwrap_err();
        assert!(
            full.why.starts_with("the daily limit of all campaigns, 8.00 RUB, is spent for today: 7.80"),
            "{full:?}"
        );
        spending.release(AttemptId(1));
        assert_eq!(spending.may(noon, other, "other", 250_000), Ok(()));
        // The next day there is a day's money again, and the campaign's whole has its own limit.
        let tomorrow = at("2026-11-20T21:00Z");
        assert_eq!(spending.may(tomorrow, winter, "winter", 250_000), Ok(()));
        spending.spend(tomorrow, winter, rub(7_100_000));
        let over = spending.may(at("2026-11-22T09:00Z"), winter, "winter", 250_000).unwrap_err();
        assert_eq!(over.until, None);
        assert!(
            over.why.starts_with("the limit of campaign winter, 12.00 RUB, is spent: 11.90 RUB so far; raise"),
            "{over:?}"
        );
    }

    #[test]
    fn what_the_books_know_is_not_forgotten() {
        let noon = at("2026-11-20T09:00Z");
        assert_eq!(Spending::day_began(&budget(), noon), at("2026-11-19T21:00Z"));
        let cost = |micros, currency| Cost::new(micros, currency);
        let spent = [
            Spent {
                campaign: CampaignId(1),
                total: cost(9_000_000, Currency::Rub),
                since: cost(4_900_000, Currency::Rub),
            },
            Spent { campaign: CampaignId(1), total: cost(1_000_000_000, Currency::Usd), since: cost(0, Currency::Usd) },
        ];
        let mut spending = Spending::new(budget(), &spent, noon);
        assert!(spending.may(noon, CampaignId(1), "winter", 200_000).is_err());
        assert!(spending.may(at("2026-11-21T09:00Z"), CampaignId(1), "winter", 200_000).is_ok());
    }
}
