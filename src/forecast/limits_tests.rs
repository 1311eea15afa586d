//! What bounds a play beside lines and rules: money, agents, and other contacts of the same person.

use std::collections::BTreeMap;
use std::time::Duration;

use super::tests::{START, adds_up, people_of, scene, shipped};
use super::*;
use crate::books::{Next, PastAttempt, Standing, Whose};
use crate::campaign::{Budget, CampaignBudget, Spending, TrunkPlan, Trunks, plan_first};
use crate::id::{AttemptId, CampaignId, PhoneId};
use crate::ladder::{self, Ladder};
use crate::money::Currency;
use crate::phone::{NumberRules, PhoneNumber};
use crate::policy::slow::Slow;
use crate::policy::world::wall;
use crate::policy::{Purpose, Question};
use crate::price::{CallPrice, Prices, Rate, Tariff};
use crate::time::{Mono, Wall};

fn rate(prefix: &str, attempt_micros: i64, minute_micros: i64, step_s: u32) -> Rate {
    Rate { prefix: prefix.into(), price: CallPrice { attempt_micros, minute_micros, step_s } }
}

/// Half of the people's numbers are charged by minutes begun, the others by seconds, over another trunk.
fn trunks() -> Trunks {
    let plan = |name: &str, prefixes: &[&str], rate: Rate| TrunkPlan {
        name: name.into(),
        channels_max: 10_000,
        cps_max: 10_000,
        prefixes: prefixes.iter().map(ToString::to_string).collect(),
        priority: 1,
        numbers: NumberRules::default(),
        caller_id: "+74950000001".parse().unwrap(),
        tariff: Some(Tariff { currency: Currency::Rub, rates: vec![rate] }),
    };
    let plans = vec![
        plan("any", &[], rate("+", 250_000, 1_200_000, 60)),
        plan("even", &["+79160000", "+7917"], rate("+7", 0, 1_333_333, 1)),
    ];
    Trunks::new(plans, true, Mono::ZERO)
}

fn number_of(standings: &[Standing], call: Dialled) -> PhoneNumber {
    standings[call.person as usize].contact.phones[call.phone as usize].number.clone()
}

fn budget(day_max: Option<i64>, max: Option<i64>) -> Budget {
    let own = CampaignBudget { day_max: None, max };
    Budget {
        currency: Currency::Rub,
        zone: "Europe/Moscow".parse().unwrap(),
        day_max,
        campaigns: BTreeMap::from([("overdue".to_string(), own)]),
    }
}

/// The engine's own counting, call by call, comes to the same millionth.
#[test]
fn a_forecast_costs_what_the_budget_counts_for_the_same_calls() {
    let (ladder, people, trunks) = (shipped(), People::default_model(), trunks());
    let (list, standings) = people_of(&ladder, 1200);
    let prices = Prices::of(&[], None, trunks.tariffs()).unwrap();
    let scene = Scene { prices, trunks: Some(&trunks), days: 3, ..scene(&ladder, &people, 1) };
    let mut engines = super::limits_tests::trunks();
    let mut counted: i128 = 0;
    let mut by_trunk: BTreeMap<String, u64> = BTreeMap::new();
    let outlook = watched(list, &scene, &mut |made: Made| {
        let Some(call) = made.call else { return };
        let (number, attempt) = (number_of(&standings, call), AttemptId(call.number));
        let began = Mono(u64::from(call.began_s) * 1_000_000);
        let route = engines.route(&number).unwrap();
        engines.started(began, attempt, CampaignId(1), route[0], &number);
        let talk = Duration::from_secs(call.rung.talk_s.into());
        let carried = engines.ended(began + talk, attempt, made.disposition, Some(talk)).unwrap();
        counted += i128::from(carried.cost.unwrap().micros);
        *by_trunk.entry(carried.trunk).or_default() += 1;
    });
    let bill = outlook.unwrap().cost.unwrap();
    assert!(counted > 100_000_000 && by_trunk.values().all(|calls| *calls > 50), "{counted} {by_trunk:?}");
    assert_eq!(by_trunk.len(), 2);
    assert_eq!(bill.micros(), counted, "{bill}");
}

#[test]
fn money_bounds_days_and_the_campaign() {
    let (ladder, people, trunks) = (shipped(), People::default_model(), trunks());
    let (list, _) = people_of(&ladder, 400);
    let prices = Prices::of(&[], None, trunks.tariffs()).unwrap();
    let played = |budget: &Budget| {
        let name = "overdue";
        let purse = Some(Purse { budget, campaign: CampaignId(7), name, spent: &[] });
        let scene =
            Scene { prices: prices.clone(), trunks: Some(&trunks), purse, days: 12, ..scene(&ladder, &people, 1) };
        let mut by_day: BTreeMap<jiff::civil::Date, i64> = BTreeMap::new();
        let outlook = watched(list.clone(), &scene, &mut |made: Made| {
            let Some(Dialled { began_s, rung, rate, .. }) = made.call else { return };
            let over = Wall(i64::from(began_s + rung.ring_s + rung.talk_s) * 1_000_000);
            let micros = rate.unwrap().cost_micros(Duration::from_secs(rung.talk_s.into()));
            *by_day.entry(over.date(&budget.zone)).or_default() += micros;
        });
        (outlook.unwrap(), by_day)
    };
    let (free, _) = played(&budget(None, None));
    let day_max = 40_000_000;
    // Three lines: the last calls talk beyond the minute that was reserved for each.
    let beyond = 3 * 4 * 1_333_333;
    let (bounded, by_day) = played(&budget(Some(day_max), None));
    adds_up(&bounded, 400);
    assert!(by_day.values().all(|micros| *micros <= day_max + beyond), "{by_day:?}");
    assert!(by_day.values().filter(|micros| **micros > day_max - beyond).count() >= 5, "{by_day:?}");
    assert!(bounded.calls() < free.calls() && bounded.stopped.is_none());
    let max = 90_000_000;
    let (stopped, by_day) = played(&budget(None, Some(max)));
    adds_up(&stopped, 400);
    let all: i64 = by_day.values().sum();
    assert!((max - beyond..=max + beyond).contains(&all), "{all}");
    let (at, why) = stopped.stopped.clone().unwrap();
    assert!(why.starts_with("the limit of campaign overdue, 90.00 RUB, is spent"), "{why}");
    assert!(stopped.days.iter().all(|day| day.calls() == 0 || day.date <= at.date(&stopped.zone)));
    assert!(stopped.dry_run("overdue", scene(&ladder, &people, 1).lines).contains("\nstopped on "));
    // What was spent before counts.
    let spent = crate::books::Spent {
        campaign: CampaignId(7),
        total: crate::price::Cost::new(max, Currency::Rub),
        since: crate::price::Cost::new(0, Currency::Rub),
    };
    let mut spending = Spending::new(budget(None, Some(max)), &[spent], wall(START));
    assert!(spending.may(wall(START), CampaignId(7), "overdue", 1).is_err());
    let limits = budget(None, Some(max));
    let purse = Some(Purse { budget: &limits, campaign: CampaignId(7), name: "overdue", spent: &[spent] });
    let scene = Scene { trunks: Some(&trunks), purse, ..scene(&ladder, &people, 1) };
    assert_eq!(play(list, &scene).unwrap().calls(), 0);
}

/// Two contacts are one person, and the next two of other people share a line. Whole histories are rebuilt from what was seen, and held
/// against the second, slow implementation of the rules.
#[test]
fn other_contacts_of_a_person_count() {
    let (ladder, people) = (shipped(), People::default_model());
    let mut list = List::default();
    let mut seen: Vec<Standing> = Vec::new();
    for (n, mut standing) in people_of(&ladder, 120).1.into_iter().enumerate() {
        let family = n / 4;
        match n % 4 {
            0 | 1 => standing.contact.person = Some(format!("person {family}")),
            _ if !standing.contact.phones.is_empty() => {
                standing.contact.phones[0].number = format!("+7495{family:07}").parse().unwrap();
            }
            _ => {}
        }
        let next = plan_first(&ladder, &standing, wall(START));
        if !matches!(next, Next::Close(crate::books::Close { wake_at: None, .. })) {
            list.add(&standing, &next, |_| true).unwrap();
            seen.push(standing);
        }
    }
    let mut concerned = 0;
    let scene = Scene { days: 10, lines: Lines::WITHOUT_END, ..scene(&ladder, &people, 3) };
    let outlook = watched(list, &scene, &mut |made: Made| {
        let standing = &mut seen[made.person as usize];
        let channel = made.plan.channel;
        if !ladder.is_reminder(made.plan) {
            let (purpose, rules) = (Purpose::Demand, &ladder.rules);
            // A promise that was judged is not looked at here: calls are.
            let asked = Standing { promises: Vec::new(), ..standing.clone() };
            let question = Question { standing: &asked, channel, purpose, now: made.at, rules };
            assert!(Slow::of(&question).allows(made.at), "{channel} at {}: {asked:?}", made.at);
        }
        standing.tried(made.plan, made.at, made.disposition);
        if made.disposition == crate::outcome::Disposition::OptedOut {
            standing.suppressed(None);
        }
        let newest: PastAttempt = standing.past.last().unwrap().clone();
        let person = standing.contact.person.clone();
        let dialled = made.call.map(|call| standing.contact.phones[call.phone as usize].number.clone());
        let opted_out = made.disposition == crate::outcome::Disposition::OptedOut;
        for (n, other) in seen.iter_mut().enumerate().filter(|(n, _)| *n != made.person as usize) {
            let shares = other.contact.phones.iter().find(|phone| Some(&phone.number) == dialled.as_ref());
            let phone: Option<PhoneId> = shares.map(|phone| phone.id);
            let same = person.is_some() && other.contact.person == person;
            let whose = match (same, phone) {
                (true, _) => Whose::Person,
                (false, Some(_)) => Whose::Line,
                (false, None) => continue,
            };
            concerned += 1;
            assert_ne!(n, made.person as usize);
            other.past.push(PastAttempt { whose, phone, ..newest.clone() });
            if same && opted_out {
                other.suppressed(None);
            }
        }
    });
    outlook.unwrap();
    assert!(concerned > 60, "{concerned}");
}

fn paced(mode: &str) -> Ladder {
    let source = include_str!("../../flows/ladders/utility_overdue.yaml");
    let source = source.replace("\nwindow:", &format!("\npacing: {{ mode: {mode}, queue: desk }}\n\nwindow:"));
    ladder::compile(&source).0.expect("the shipped ladder, paced")
}

#[test]
fn agents_bound_what_is_begun_and_hardly_anybody_is_abandoned() {
    let people = People::default_model();
    let agents = Agents { count: 6, hours: None, past: Vec::new() };
    let lines = Lines { channels_max: 100, cps_max: 20 };
    let mut early = Vec::new();
    for mode in ["progressive", "predictive"] {
        let ladder = paced(mode);
        let (list, _) = people_of(&ladder, 3000);
        let scene = Scene { lines, days: 2, agents: Some(&agents), ..scene(&ladder, &people, 1) };
        let mut ringing: Vec<(u32, u32)> = Vec::new();
        let outlook = watched(list.clone(), &scene, &mut |made: Made| {
            if let Some(call) = made.call {
                ringing.push((call.began_s, call.began_s + call.rung.ring_s));
            }
        })
        .unwrap();
        adds_up(&outlook, 3000);
        let met = outlook.agents.clone().unwrap();
        assert!(met.connected > 300, "{mode}: {met:?}");
        let most =
            ringing.iter().map(|(at, _)| ringing.iter().filter(|(a, b)| a <= at && at < b).count()).max().unwrap();
        match mode {
            "progressive" => assert!(met.abandoned == 0 && most <= 6, "{met:?} {most}"),
            _ => assert!(met.abandoned_permille() <= 25.0 && most > 6, "{met:?} {most}"),
        }
        let told = outlook.dry_run("overdue", lines);
        assert!(told.contains("\n6 agents of the queue desk: "), "{told}");
        let by_eleven = wall(START).0 / 1_000_000 + 2 * 3600;
        early.push(ringing.iter().filter(|(began_s, _)| i64::from(*began_s) < by_eleven).count());
        // Who are not given are not asked: as a ladder that is not paced.
        let alone = play(list.clone(), &Scene { agents: None, ..scene.clone() }).unwrap();
        let unpaced = shipped();
        assert_eq!(alone, play(list, &Scene { ladder: &unpaced, agents: None, ..scene }).unwrap());
    }
    assert!(early[1] > early[0] * 11 / 10, "{early:?}");
}

#[test]
fn a_part_is_paid_once_and_the_rest_is_owed() {
    let ladder = shipped();
    let (list, _) = people_of(&ladder, 600);
    let whole = People { payment_a_day: 0.02, ..People::default_model() };
    let played = |people: &People| {
        let scene = Scene { lines: Lines::WITHOUT_END, days: 40, ..scene(&ladder, people, 1) };
        play(list.clone(), &scene).unwrap()
    };
    let paid = |outlook: &Outlook| outlook.ends.get(&End::Paid).map_or(0, |paid| paid.contacts);
    let sum = |owed: &mut dyn Iterator<Item = &Counted>| owed.flat_map(|c| c.owed.values()).sum::<i64>();
    let is_whole = |outlook: &Outlook| {
        let end = sum(&mut outlook.ends.values()) + sum(&mut outlook.excluded.values().map(|(c, _)| c));
        let parts: i64 = outlook.parts_paid_sum.values().sum();
        assert_eq!(end + parts, sum(&mut std::iter::once(&outlook.contacts)), "no kopeck is lost");
        assert_eq!(outlook.accounted_for(), 600);
    };
    let (all, none) = (played(&whole), played(&People { part_payments: 0.0, part_of_debt: 0.1, ..whole.clone() }));
    assert_eq!(all, none);
    let half = played(&People { part_payments: 0.5, part_of_debt: 0.4, ..whole.clone() });
    is_whole(&half);
    assert!(
        half.parts_paid > 60 && paid(&half) > 60 && paid(&half) < paid(&all),
        "{} {}",
        half.parts_paid,
        paid(&half)
    );
    assert!(half.dry_run("overdue", Lines::WITHOUT_END).contains(" contacts paid a part, "));
    // All promise and pay; the first time a part, which keeps no promise of the whole.
    let promised = Shares::of([(crate::outcome::Disposition::Promised, 1.0)]).unwrap();
    let willing = People { never_pick_up: 0.0, machine: 0.0, person: promised, promise_kept: 1.0, ..whole };
    let parts = played(&People { part_payments: 1.0, part_of_debt: 0.4, ..willing.clone() });
    is_whole(&parts);
    let broken = |outlook: &Outlook| outlook.days.iter().map(|day| day.broken).sum::<u64>();
    // Those of before the play, of which nothing is known.
    assert_eq!(broken(&played(&willing)), 600 / 25);
    assert!(broken(&parts) > 100 + 600 / 25 && paid(&parts) > 60, "{} {}", broken(&parts), paid(&parts));
}
