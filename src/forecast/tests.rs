use std::collections::BTreeMap;

use super::*;
use crate::books::{Account, Close, Contact, Next, PhoneState, Plan, PromiseState, Sleeper, Standing, ZoneFrom};
use crate::campaign::plan_first;
use crate::ladder::{self, Ladder};
use crate::money::Money;
use crate::outcome::{Channel, Disposition};
use crate::policy::slow::Slow;
use crate::policy::world::{phone, standing, wall};
use crate::policy::{Cap, Counted as OfCap, Each, Purpose, Question};
use crate::price::{Price, Prices};
use crate::time::Wall;

pub(super) const START: &str = "2026-11-20T06:00Z";

pub(super) fn shipped() -> Ladder {
    let source = include_str!("../../flows/ladders/utility_overdue.yaml");
    ladder::compile(source).0.expect("the shipped ladder compiles")
}

/// …by which the places of numbers count too.
fn shipped_under(pack: &str) -> Ladder {
    let source = include_str!("../../flows/ladders/utility_overdue.yaml");
    let source = source.replace("\nwindow:", &format!("\npolicy: {pack}\n\nwindow:"));
    ladder::compile(&source).0.expect("the shipped ladder compiles under another law")
}

/// Every kind of person: zones, two numbers, no e-mail, no number, paid, not overdue, opted out.
fn person(n: i64) -> Standing {
    let zones = ["Europe/Moscow", "Europe/Moscow", "Asia/Kamchatka", "Europe/Kaliningrad", "Europe/Berlin"];
    let mut someone = standing(zones[n as usize % zones.len()]);
    let Contact { id, external_id, phones, email, debts, .. } = &mut someone.contact;
    let debt = &mut debts[0];
    id.0 = n;
    *external_id = format!("c{n}");
    debt.amount = Money::new(100_000 + 1_000 * n, debt.amount.currency);
    phones[0].number = format!("+7916{n:07}").parse().unwrap();
    debt.due = "2026-11-19".parse::<jiff::civil::Date>().unwrap().saturating_sub(jiff::Span::new().days(n % 130));
    if n % 3 == 0 {
        phones.push(phone(2, &format!("+7917{n:07}")));
    }
    if n % 4 == 0 {
        *email = None;
    }
    match n % 25 {
        7 => phones[0].state = PhoneState::Bad,
        8 => debt.paid = debt.amount.minor,
        9 => debt.due = "2027-03-01".parse().unwrap(),
        10 => someone.suppressed(None),
        11 => someone.promised(PromiseState::Open),
        12 => someone.suppressed(Some(1)),
        _ => {}
    }
    someone
}

pub(super) fn people_of(ladder: &Ladder, count: i64) -> (List, Vec<Standing>) {
    let mut list = List::default();
    let mut callable = Vec::new();
    for n in 0..count {
        let standing = person(n);
        let next = plan_first(ladder, &standing, wall(START));
        list.add(&standing, &next, |_| true).unwrap();
        // Those who are asleep are in the play too.
        if !matches!(next, Next::Close(Close { wake_at: None, .. })) {
            callable.push(standing);
        }
    }
    (list, callable)
}

pub(super) fn scene<'a>(ladder: &'a Ladder, people: &'a People, seed: u64) -> Scene<'a> {
    let lines = Lines { channels_max: 3, cps_max: 1 };
    let prices: Vec<Price> = ["minute=1.20 RUB", "sms=3 RUB"].map(|p| p.parse().unwrap()).into();
    let prices = Prices::of(&prices, None, []).unwrap();
    let (trunks, purse, agents) = (None, None, None);
    Scene { ladder, people, lines, prices, trunks, purse, agents, start: wall(START), days: 30, seed }
}

pub(super) fn adds_up(outlook: &Outlook, contacts: i64) {
    assert_eq!(outlook.accounted_for(), contacts as u64, "{:?}", outlook.ends);
    let callable: u64 = outlook.ends.values().map(|c| c.contacts).sum();
    assert_eq!(callable, outlook.callable.contacts + outlook.asleep.contacts);
    let in_segments = outlook.segments.values().map(|s| s.contacts).sum::<u64>();
    assert!((outlook.callable.contacts..=callable).contains(&in_segments), "{in_segments} of {callable}");
    let owed = |counts: &mut dyn Iterator<Item = &Counted>| -> i64 { counts.flat_map(|c| c.owed.values()).sum() };
    let all = owed(&mut std::iter::once(&outlook.contacts));
    let parts = owed(&mut outlook.ends.values()) + owed(&mut outlook.excluded.values().map(|(c, _)| c));
    assert_eq!(parts, all, "the money too");
    let segments = || outlook.segments.values();
    assert_eq!(outlook.calls(), segments().map(|s| s.calls).sum::<u64>());
    assert_eq!(outlook.days.iter().map(|d| d.promises).sum::<u64>(), segments().map(|s| s.promises).sum::<u64>());
    let paid = outlook.ends.get(&End::Paid).map_or(0, |c| c.contacts);
    assert_eq!(outlook.days.iter().map(|d| d.paid).sum::<u64>(), paid);
    assert!(segments().map(|s| s.paid).sum::<u64>() <= paid);
    let made: u64 = outlook.endings.values().sum();
    let others: u64 = outlook.days.iter().map(|d| d.messages + d.to_humans).sum();
    assert_eq!(made, outlook.calls() + others);
}

#[test]
fn the_same_seed_gives_the_same_days_and_all_are_accounted_for() {
    let (ladder, people) = (shipped(), People::default_model());
    let (list, _) = people_of(&ladder, 400);
    let outlook = play(list.clone(), &scene(&ladder, &people, 1)).unwrap();
    adds_up(&outlook, 400);
    assert_eq!(play(list.clone(), &scene(&ladder, &people, 1)).unwrap(), outlook);
    assert_ne!(play(list, &scene(&ladder, &people, 2)).unwrap().days, outlook.days);
    assert!(outlook.calls() > 500 && outlook.channels_in_use_max <= 3, "{}", outlook.calls());
}

/// Who has paid nothing and promised before that.
fn judge(standing: &mut Standing, now: Wall) {
    let promises = std::mem::take(&mut standing.promises);
    let mut account = Account { contact: standing.contact.clone(), promises, payments: Vec::new() };
    account.judge(now);
    standing.promises = account.promises;
}

/// What was made, held against the second, slow implementation of the rules: whole histories rebuilt from what was seen.
#[test]
fn nothing_is_made_that_the_rules_forbid() {
    let (ladder, people) = (shipped(), People::default_model());
    for seed in 0..2 {
        let (list, standings) = people_of(&ladder, 75);
        let mut seen: Vec<Standing> = standings;
        let mut made = 0;
        let outlook = watched(list, &scene(&ladder, &people, seed), &mut |attempt: Made| {
            let standing = &mut seen[attempt.person as usize];
            let Plan { channel, .. } = *attempt.plan;
            judge(standing, attempt.at);
            let reminds = ladder.is_reminder(attempt.plan);
            let purpose = if reminds { Purpose::Reminder } else { Purpose::Demand };
            let question = Question { standing, channel, purpose, now: attempt.at, rules: &ladder.rules };
            assert!(Slow::of(&question).allows(attempt.at), "seed {seed}: {channel} at {}: {standing:?}", attempt.at);
            standing.tried(attempt.plan, attempt.at, attempt.disposition);
            match attempt.disposition {
                Disposition::Promised => standing.promises = attempt.promises.to_vec(),
                Disposition::OptedOut => standing.suppressed(None),
                _ => {}
            }
            made += 1;
        });
        adds_up(&outlook.unwrap(), 75);
        assert!(made > 120, "{made}");
        // Counted from outside, too.
        let (of, per, each) = (OfCap::Calls, crate::policy::Period::Day, Each::Person);
        let three_a_day = Cap { most: 3, of, per, each };
        for standing in &seen {
            let of_day =
                |p: &crate::books::PastAttempt| three_a_day.used(&standing.past, None, p.at, &standing.contact.zone);
            assert!(standing.past.iter().all(|p| of_day(p) <= 3), "{standing:?}");
        }
    }
}

/// Nobody and nothing picks up, and nobody pays: every person's days are the ladder's own, as the planner gives them attempt by
/// attempt.
#[test]
fn without_lack_of_lines_attempts_are_those_of_the_planner() {
    let ladder = shipped();
    let mut people = People::default_model();
    people.never_pick_up = 1.0;
    people.payment_a_day = 0.0;
    people.dead_numbers = 0.0;
    people.not_picked_up = Shares::of([(Disposition::NoAnswer, 1.0)]).unwrap();
    let (list, standings) = people_of(&ladder, 200);
    let mut made: BTreeMap<u32, Vec<(Channel, u32, u32, Wall)>> = BTreeMap::new();
    let scene = Scene { lines: Lines::WITHOUT_END, days: 60, ..scene(&ladder, &people, 1) };
    let outlook = watched(list, &scene, &mut |a: Made| {
        made.entry(a.person).or_default().push((a.plan.channel, a.plan.step, a.plan.try_number, a.at));
    });
    assert_eq!(outlook.unwrap().ends.get(&End::Open), None, "all ladders end");
    for (n, standing) in standings.into_iter().enumerate() {
        let mut standing = standing;
        let mut expected = Vec::new();
        let mut next = plan_first(&ladder, &standing, wall(START));
        loop {
            let plan = match next {
                Next::Attempt(plan) => plan,
                Next::Close(closed) => {
                    // A promise made before: judged when it is due, and the ladder goes on.
                    let Some(wake_at) = closed.wake_at else { break };
                    judge(&mut standing, wake_at);
                    let campaign = crate::id::CampaignId(1);
                    let sleeper = Sleeper { campaign, standing: standing.clone(), last: None, closed };
                    next = crate::campaign::plan_awake(&ladder, &sleeper, wake_at);
                    continue;
                }
            };
            let ending = match plan.channel {
                Channel::Voice => Disposition::NoAnswer,
                Channel::Human => Disposition::HandedOver,
                _ => Disposition::Queued,
            };
            expected.push((plan.channel, plan.step, plan.try_number, plan.due_at));
            standing.tried(&plan, plan.due_at, ending);
            next = crate::campaign::plan_next(&ladder, &standing, &plan, ending, plan.due_at);
        }
        assert_eq!(made.get(&(n as u32)), Some(&expected), "person {n}");
    }
}

/// More lines never make fewer first calls, and the lines' limits are kept.
#[test]
fn lines_bound_what_is_made() {
    let (ladder, mut people) = (shipped(), People::default_model());
    // Long calls: so many are more than a line makes in a day.
    let Seconds { ring_unanswered, person, .. } = &mut people.seconds;
    (*ring_unanswered, *person) = (900, 900);
    let (list, _) = people_of(&ladder, 300);
    let mut tried = Vec::new();
    for channels_max in [1, 2, 5, 50] {
        let lines = Lines { channels_max, cps_max: 2 };
        let scene = Scene { lines, days: 1, ..scene(&ladder, &people, 1) };
        let mut starts: Vec<Wall> = Vec::new();
        let outlook = watched(list.clone(), &scene, &mut |a: Made| {
            if a.plan.channel == Channel::Voice {
                starts.push(a.at);
            }
        })
        .unwrap();
        assert!(outlook.channels_in_use_max <= channels_max);
        assert!(starts.chunk_by(|a, b| a == b).all(|second| second.len() <= 2));
        adds_up(&outlook, 300);
        tried.push(outlook.not_tried);
    }
    assert!(tried.is_sorted_by(|a, b| a >= b) && tried[0] > tried[3], "{tried:?}");
}

/// With far too few lines nearly all are put off every day; what is known of the night already changes nothing.
#[test]
fn who_is_put_off_together_is_put_off_as_if_alone() {
    let people = People::default_model();
    for (ladder, place) in [
        (shipped(), None),
        (shipped(), Some(ZoneFrom::Number)),
        (shipped_under("us.reg_f"), None),
        (shipped_under("us.reg_f"), Some(ZoneFrom::Number)),
    ] {
        let mut list = List::default();
        for n in 0..300 {
            let mut standing = person(n);
            if let Some(place) = place {
                standing.contact.zone_from = place;
            }
            if !standing.contact.phones.is_empty() {
                let first = ["+7495", "+7916", "+1212", "+3906"][n as usize % 4];
                standing.contact.phones[0].number = format!("{first}{:07}", 5_550_000 + n).parse().unwrap();
            }
            if n % 6 == 0 {
                // Somebody of whom there is a past.
                let plan = Plan {
                    channel: Channel::Voice,
                    step: 0,
                    try_number: 1,
                    segment: "early".into(),
                    due_at: wall(START),
                    why: String::new(),
                    moved: None,
                };
                let ending = if n % 12 == 0 { Disposition::NoAnswer } else { Disposition::NotVerified };
                (0..n % 9).for_each(|day| standing.tried(&plan, Wall(wall(START).0 - day * 86_400_000_000), ending));
            }
            let next = plan_first(&ladder, &standing, wall(START));
            list.add(&standing, &next, |_| true).unwrap();
        }
        let lines = Lines { channels_max: 1, cps_max: 1 };
        for days in [1, 9, 30] {
            let mut people = people.clone();
            people.seconds.ring_unanswered = 3000;
            let scene = Scene { lines, days, people: &people, ..scene(&ladder, &people, 1) };
            let outlook = play(list.clone(), &scene).unwrap();
            let put_off: u64 = outlook.days.iter().map(|d| d.put_off).sum();
            assert!(outlook.calls() > 0 && (days < 9 || put_off > 300), "{} {put_off}", outlook.calls());
            assert_eq!(outlook, play::asking_always(list.clone(), &scene).unwrap());
        }
    }
}

#[test]
fn a_forecast_and_a_dry_run_to_read() {
    let (ladder, people) = (shipped(), People::default_model());
    let (list, _) = people_of(&ladder, 1000);
    let scene = scene(&ladder, &people, 1);
    let lines = scene.lines;
    let due = play(list.clone(), &Scene { lines: Lines::WITHOUT_END, ..scene.clone() }).unwrap();
    let outlook = play(list, &scene).unwrap();
    let told = format!("{}\n----\n\n{}", outlook.forecast(&due, "overdue", lines), outlook.dry_run("overdue", lines));
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/forecast/golden.txt");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(golden, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(golden).unwrap(), "UPDATE_REFERENCE=1 writes it anew");
    let json = outlook.json(Some(&due), "overdue", lines);
    assert_eq!(json["all"]["contacts"], 1000);
    assert_eq!(
        json["days"].as_array().unwrap().iter().map(|d| d["calls"].as_u64().unwrap()).sum::<u64>(),
        outlook.calls()
    );
    assert!(json["lines_needed"]["channels"].as_u64().unwrap() > 0);
}

/// A model learnt from what a known model made is about that model.
#[test]
fn what_is_learnt_is_what_was_played() {
    use crate::books::{Attempt, AttemptState, Outcome};
    use crate::id::*;
    let people = People::default_model();
    let zone: crate::time::Zone = "Europe/Moscow".parse().unwrap();
    let mut learning = Learning::default();
    let mut dice = dice::Dice::of(3, 0, 0);
    let plan = Plan {
        channel: Channel::Voice,
        step: 0,
        try_number: 1,
        segment: "early".into(),
        due_at: wall(START),
        why: String::new(),
        moved: None,
    };
    assert!(Learning::default().people(&people).unwrap_err().to_string().starts_with("the books hold 0 calls"));
    for n in 0..40_000i64 {
        // Monday to Friday at 19 and at 10.
        let at = if n % 2 == 0 { wall("2026-11-20T19:30+03:00") } else { wall("2026-11-20T10:30+03:00") };
        let called = rung::Called { never_picks_up: false, dead: n % 20 == 0, wrong: n % 50 == 1 };
        let hour = if n % 2 == 0 { 19 } else { 10 };
        let rung = rung::rung(&people, &mut dice, called, 0, hour, false);
        let outcome = Outcome {
            answered_by: rung.answered_by,
            right_party: rung.right_party(),
            ring_ms: 1000 * rung.ring_s,
            talk_ms: 1000 * rung.talk_s,
            ..Outcome::of(rung.disposition)
        };
        let attempt = Attempt {
            id: AttemptId(n),
            campaign: CampaignId(1),
            contact: ContactId(n),
            channel: Channel::Voice,
            state: AttemptState::Finished,
            policy: None,
            led: None,
            trunk: None,
            cost: None,
            agent: None,
            plan: plan.clone(),
            phone: Some(PhoneId(n)),
            flow: None,
            live_at: Some(at),
            finished_at: Some(at),
            outcome: Some(outcome.clone()),
            quality: None,
            caller_id: None,
        };
        learning.add(&attempt, &zone);
    }
    let learnt = learning.people(&People { name: "other".into(), pick_up: [[0.1; 24]; 3], ..people.clone() }).unwrap();
    for (what, found, expected) in [
        ("evenings", learnt.pick_up[0][19], 0.40),
        ("mornings", learnt.pick_up[0][10], 0.33),
        ("Sundays are guessed from all", learnt.pick_up[2][10], 0.365),
        ("dead", learnt.dead_numbers, 0.05),
        ("machines", learnt.machine, 0.22),
        ("promises", learnt.person.of_one(Disposition::Promised), 0.17),
        ("busy", learnt.not_picked_up.of_one(Disposition::Busy), 0.13),
        ("seconds of a talk", f64::from(learnt.seconds.person) / 45.0, 1.0),
        ("kept promises are the other's", learnt.promise_kept, 0.55),
    ] {
        assert!((found - expected).abs() < 0.02 * expected.max(0.5), "{what}: {found}, not {expected}");
    }
}
