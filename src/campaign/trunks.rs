//! The trunks of an installation, each with its pace: which may take a call to a number, which has room, and whose turn it is.

use std::collections::BTreeMap;
use std::time::Duration;

use super::pacer::{Pace, Pacer};
use super::shares::{Charge, Shares};
use crate::books::Priority;
use crate::id::{AttemptId, CampaignId};
use crate::money::Currency;
use crate::outcome::Disposition;
use crate::phone::{Barred, NumberRules, PhoneNumber};
use crate::price::{CallPrice, Cost, Tariff};
use crate::time::Mono;

/// A trunk's place in the config's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrunkId(pub usize);

/// The trunks that may carry a call, the first to be tried first.
pub type Route = Vec<TrunkId>;

/// What the operator says of one trunk.
#[derive(Debug, Clone, PartialEq)]
pub struct TrunkPlan {
    pub name: String,
    /// Calls in the air at once.
    pub channels_max: u32,
    /// INVITEs a second.
    pub cps_max: u32,
    /// The beginnings of numbers that it is for; empty: any, after those trunks that name the number's beginning.
    pub prefixes: Vec<String>,
    /// Of equally fitting trunks, the lowest is tried first.
    pub priority: u32,
    pub numbers: NumberRules,
    /// The number shown to who is rung.
    pub caller_id: PhoneNumber,
    pub tariff: Option<Tariff>,
}

#[derive(Debug)]
struct Trunk {
    plan: TrunkPlan,
    pacer: Pacer,
}

/// A call that takes a line.
#[derive(Debug)]
struct OnLine {
    campaign: CampaignId,
    trunk: TrunkId,
    since: Mono,
    charge: Charge,
    /// Each trunk is tried once.
    tried: Vec<TrunkId>,
    /// What refused tries over other trunks have cost, and every try's share of the price of an attempt.
    attempts_micros: i64,
    rate: Option<(CallPrice, Currency)>,
}

/// How a call was carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    pub trunk: String,
    /// The number that this trunk shows.
    pub caller_id: PhoneNumber,
    pub cost: Option<Cost>,
}

#[derive(Debug)]
pub struct Trunks {
    trunks: Vec<Trunk>,
    shares: Shares,
    on_line: BTreeMap<AttemptId, OnLine>,
    /// A number without a price is not dialled.
    priced: bool,
}

impl Trunks {
    /// `priced`: what a call costs must be known before it is made.
    pub fn new(plans: Vec<TrunkPlan>, priced: bool, now: Mono) -> Trunks {
        let trunk = |plan: TrunkPlan| Trunk { pacer: Pacer::new(plan.channels_max, plan.cps_max, now), plan };
        let trunks = plans.into_iter().map(trunk).collect();
        Trunks { trunks, shares: Shares::default(), on_line: BTreeMap::new(), priced }
    }

    pub fn name(&self, trunk: TrunkId) -> &str {
        &self.trunks[trunk.0].plan.name
    }

    pub fn caller_id(&self, trunk: TrunkId) -> &PhoneNumber {
        &self.trunks[trunk.0].plan.caller_id
    }

    /// Those that may carry a call to this number: the longest of their `prefixes` that fits first, then by priority, then as they
    /// stand in the config.
    ///
    /// # Errors
    /// Why none may: the first trunk's reason.
    pub fn route(&self, number: &PhoneNumber) -> Result<Route, Barred> {
        let mut route: Vec<(usize, u32, TrunkId)> = Vec::new();
        let mut barred = None;
        for (n, Trunk { plan, .. }) in self.trunks.iter().enumerate() {
            let fits = plan.prefixes.iter().filter(|prefix| number.full().starts_with(prefix.as_str()));
            let length = match fits.map(String::len).max() {
                Some(length) => length,
                None if plan.prefixes.is_empty() => 0,
                None => continue,
            };
            let no_price = self.priced && plan.tariff.as_ref().is_none_or(|tariff| tariff.rate(number).is_none());
            let why = plan.numbers.bars(number).or_else(|| {
                no_price.then(|| Barred { reason: "no_price", why: format!("the tariff has no price for {number}") })
            });
            match why {
                Some(why) => {
                    let why = Barred { why: format!("trunk {}: {}", plan.name, why.why), ..why };
                    barred.get_or_insert(why);
                }
                None => route.push((length, plan.priority, TrunkId(n))),
            }
        }
        if route.is_empty() {
            let none = || Barred { reason: "no_trunk", why: format!("no trunk is for {number}") };
            return Err(barred.unwrap_or_else(none));
        }
        route.sort_by_key(|(length, priority, id)| (std::cmp::Reverse(*length), *priority, *id));
        Ok(route.into_iter().map(|(_, _, id)| id).collect())
    }

    /// The first trunk of the route that has room now.
    pub fn room(&mut self, now: Mono, route: &[TrunkId]) -> Option<TrunkId> {
        route.iter().copied().find(|id| self.trunks[id.0].pacer.room(now) > 0)
    }

    /// The next instant at which one of the route's trunks may have room for reasons of pace.
    pub fn next_at(&mut self, now: Mono, route: &[TrunkId]) -> Option<Mono> {
        route.iter().filter_map(|id| self.trunks[id.0].pacer.next_at(now)).min()
    }

    /// What a call to this number costs at least over this trunk, with a first minute of talk.
    pub fn price(&self, trunk: TrunkId, number: &PhoneNumber) -> Option<Cost> {
        let tariff = self.trunks[trunk.0].plan.tariff.as_ref()?;
        Some(tariff.cost(tariff.rate(number)?.price.cost_micros(Duration::from_secs(60))))
    }

    /// By the tariff of the trunk that a call to this number goes over first.
    pub fn rate(&self, number: &PhoneNumber) -> Option<CallPrice> {
        let first = *self.route(number).ok()?.first()?;
        Some(self.trunks[first.0].plan.tariff.as_ref()?.rate(number)?.price)
    }

    /// Those of all trunks that have one.
    pub fn tariffs(&self) -> impl Iterator<Item = &Tariff> {
        self.trunks.iter().filter_map(|trunk| trunk.plan.tariff.as_ref())
    }

    /// The highest of these prices.
    pub fn dearest(&self, number: &PhoneNumber) -> Option<Cost> {
        let prices = (0..self.trunks.len()).filter_map(|n| self.price(TrunkId(n), number));
        prices.max_by_key(|price| price.micros)
    }

    /// The campaign weighs so much from now on.
    pub fn weigh(&mut self, campaign: CampaignId, priority: Priority) {
        self.shares.set(campaign, priority);
    }

    pub fn priority(&self, campaign: CampaignId) -> Priority {
        self.shares.priority(campaign)
    }

    /// The campaigns that want a line, whose turn it is first.
    pub fn order(&mut self, wanting: &[CampaignId]) -> Vec<CampaignId> {
        self.shares.order(wanting)
    }

    /// The attempt takes a line.
    pub fn started(&mut self, now: Mono, attempt: AttemptId, campaign: CampaignId, trunk: TrunkId, to: &PhoneNumber) {
        let charge = self.shares.started(campaign);
        let tried = Vec::new();
        let mut on = OnLine { campaign, trunk, since: now, charge, tried, attempts_micros: 0, rate: None };
        self.take(now, &mut on, trunk, to);
        self.on_line.insert(attempt, on);
    }

    /// The trunk has refused the call before any phone rang: it goes over another, if there is one with room.
    pub fn next_trunk(
        &mut self,
        now: Mono,
        attempt: AttemptId,
        to: &PhoneNumber,
        refused: Disposition,
    ) -> Option<TrunkId> {
        let on = self.on_line.get(&attempt)?;
        let from = on.trunk;
        let route = self.route(to).ok()?;
        let others: Route = route.into_iter().filter(|id| !on.tried.contains(id)).collect();
        let next = self.room(now, &others)?;
        self.trunks[from.0].pacer.ended(now, refused);
        let mut on = self.on_line.remove(&attempt).expect("looked at above");
        self.take(now, &mut on, next, to);
        self.on_line.insert(attempt, on);
        Some(next)
    }

    fn take(&mut self, now: Mono, on: &mut OnLine, trunk: TrunkId, to: &PhoneNumber) {
        let Trunk { plan, pacer } = &mut self.trunks[trunk.0];
        pacer.started(now);
        on.trunk = trunk;
        on.tried.push(trunk);
        let rate = plan.tariff.as_ref().and_then(|tariff| Some((tariff.rate(to)?.price, tariff.currency)));
        on.attempts_micros += rate.as_ref().map_or(0, |(rate, _)| rate.attempt_micros);
        on.rate = rate;
    }

    /// The call is over, or came to nothing before it was dialled: its line is free. `talk`: how long it was up; `None`: it was never
    /// sent, and costs nothing.
    pub fn ended(
        &mut self,
        now: Mono,
        attempt: AttemptId,
        disposition: Disposition,
        talk: Option<Duration>,
    ) -> Option<Carried> {
        let on = self.on_line.remove(&attempt)?;
        self.trunks[on.trunk.0].pacer.ended(now, disposition);
        self.shares.ended(on.charge, now.since(on.since));
        let talk = talk?;
        let cost = on.rate.map(|(price, currency)| Cost::new(on.attempts_micros + price.talk_micros(talk), currency));
        let plan = &self.trunks[on.trunk.0].plan;
        Some(Carried { trunk: plan.name.clone(), caller_id: plan.caller_id.clone(), cost })
    }

    /// What the call's trunk and campaign are; `None`: it takes no line.
    pub fn of(&self, attempt: AttemptId) -> Option<(TrunkId, CampaignId)> {
        self.on_line.get(&attempt).map(|on| (on.trunk, on.campaign))
    }

    /// Told by the trunk's edge.
    pub fn set_up(&mut self, now: Mono, trunk: TrunkId, up: bool) {
        let Some(Trunk { pacer, .. }) = self.trunks.get_mut(trunk.0) else { return };
        match up {
            true => pacer.up(now),
            false => pacer.down("the trunk does not answer, does not know us, or wants no calls for now"),
        }
    }

    /// INVITEs a second over all of them.
    pub fn cps_max(&self) -> u32 {
        self.trunks.iter().map(|t| t.plan.cps_max).sum()
    }

    /// Those that are not dialled at full rate, and why.
    pub fn slowed(&mut self, now: Mono) -> Vec<(String, Pace)> {
        let pace = |t: &mut Trunk| (t.plan.name.clone(), t.pacer.pace(now));
        self.trunks.iter_mut().map(pace).filter(|(_, pace)| *pace != Pace::Full).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::Rate;

    fn plan(name: &str, prefixes: &[&str], priority: u32) -> TrunkPlan {
        TrunkPlan {
            name: name.into(),
            channels_max: 2,
            cps_max: 100,
            prefixes: prefixes.iter().map(ToString::to_string).collect(),
            priority,
            numbers: NumberRules::default(),
            caller_id: "+74950000001".parse().expect("a number"),
            tariff: None,
        }
    }

    fn at(ms: u64) -> Mono {
        Mono::ZERO + Duration::from_millis(ms)
    }

    fn names(trunks: &Trunks, number: &str) -> String {
        match trunks.route(&number.parse().unwrap()) {
            Ok(route) => route.iter().map(|id| trunks.name(*id)).collect::<Vec<_>>().join(" "),
            Err(barred) => format!("{}: {}", barred.reason, barred.why),
        }
    }

    #[test]
    fn routes() {
        let mut denying = plan("cheap", &["+7"], 2);
        denying.numbers.deny = vec!["+7900".into()];
        let plans =
            vec![plan("any", &[], 1), denying, plan("good", &["+7"], 1), plan("moscow", &["+7495", "+7499"], 9)];
        let trunks = Trunks::new(plans, false, at(0));
        for (number, expected) in [
            ("+79161234567", "good cheap any"),
            ("+79001234567", "good any"),
            ("+74951234567", "moscow good cheap any"),
            ("+447911123456", "any"),
            ("+449012345678", "number_type: trunk any: +4490•••5678 is a premium number, which are never dialled"),
        ] {
            assert_eq!(names(&trunks, number), expected, "{number}");
        }
        let only = Trunks::new(vec![plan("ru", &["+7"], 1)], false, at(0));
        assert_eq!(names(&only, "+447911123456"), "no_trunk: no trunk is for +4479•••3456");
        let priced = Trunks::new(vec![plan("ru", &["+7"], 1)], true, at(0));
        assert!(names(&priced, "+79161234567").starts_with("no_price: trunk ru: the tariff has no price"));
    }

    #[test]
    fn over_the_next_when_one_is_full_down_or_refuses() {
        let mut trunks = Trunks::new(vec![plan("a", &[], 1), plan("b", &[], 2)], false, at(0));
        let to: PhoneNumber = "+79161234567".parse().unwrap();
        let route = trunks.route(&to).unwrap();
        let (a, b) = (TrunkId(0), TrunkId(1));
        for n in 1..=4 {
            let trunk = trunks.room(at(n * 100), &route).unwrap();
            assert_eq!(trunk, if n <= 2 { a } else { b }, "two channels each");
            trunks.started(at(n * 100), AttemptId(n as i64), CampaignId(1), trunk, &to);
        }
        assert_eq!(trunks.room(at(500), &route), None);
        let refused = Disposition::Congestion;
        assert_eq!(trunks.next_trunk(at(500), AttemptId(1), &to, refused), None, "b has no room");
        assert!(trunks.ended(at(600), AttemptId(3), Disposition::Busy, Some(Duration::ZERO)).is_some());
        assert_eq!(trunks.next_trunk(at(600), AttemptId(1), &to, refused), Some(b));
        assert_eq!(trunks.of(AttemptId(1)), Some((b, CampaignId(1))));
        assert_eq!(trunks.room(at(600), &route), Some(a), "the line over a is free again");
        trunks.set_up(at(700), a, false);
        assert_eq!(trunks.room(at(700), &route), None);
        assert_eq!(trunks.next_trunk(at(700), AttemptId(4), &to, refused), None, "a is down");
        let told: Vec<String> = trunks.slowed(at(700)).iter().map(|(name, pace)| format!("{name} {pace}")).collect();
        let why = "the trunk does not answer, does not know us, or wants no calls for now";
        assert_eq!(told, [format!("a is not dialled: {why}")]);
    }

    #[test]
    fn a_try_that_was_refused_has_its_price_too() {
        let with = |name: &str, attempt_micros, minute_micros| {
            let price = CallPrice { attempt_micros, minute_micros, step_s: 60 };
            let rate = Rate { prefix: "+".into(), price };
            TrunkPlan { tariff: Some(Tariff { currency: Currency::Rub, rates: vec![rate] }), ..plan(name, &[], 1) }
        };
        let mut trunks = Trunks::new(vec![with("a", 250_000, 1_000_000), with("b", 100_000, 2_000_000)], true, at(0));
        let to: PhoneNumber = "+79161234567".parse().unwrap();
        assert_eq!(trunks.price(TrunkId(0), &to).unwrap().to_string(), "1.25 RUB");
        let attempt = AttemptId(1);
        trunks.started(at(0), attempt, CampaignId(1), TrunkId(0), &to);
        trunks.next_trunk(at(10), attempt, &to, Disposition::Congestion).unwrap();
        let carried = trunks.ended(at(90_000), attempt, Disposition::Informed, Some(Duration::from_secs(61))).unwrap();
        assert_eq!((carried.trunk.as_str(), carried.cost.unwrap().to_string().as_str()), ("b", "4.35 RUB"));
        trunks.started(at(0), attempt, CampaignId(1), TrunkId(0), &to);
        assert_eq!(trunks.ended(at(5), attempt, Disposition::Cancelled, None), None, "never sent");
    }
}
