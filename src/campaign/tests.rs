//! A contact's whole way: the shipped ladder under the policy, ending by ending.

use super::*;
use crate::books::{Next, PhoneState, PromiseState, Standing};
use crate::ladder::{Ladder, compile};
use crate::outcome::{Channel, Disposition};
use crate::policy::world::{Dice, phone, standing, wall};
use crate::policy::{Decision, Question, decide};
use crate::time::Wall;

fn shipped() -> Ladder {
    compile(include_str!("../../flows/ladders/utility_overdue.yaml")).0.unwrap()
}

/// `channel step.try Day MM-DD HH:MM` in the contact's zone, or `close reason`.
fn shown(next: &Next, standing: &Standing) -> String {
    match next {
        Next::Close(close) => format!("close {}", close.reason),
        Next::Attempt(plan) => {
            let there = plan.due_at.in_zone(&standing.contact.zone);
            format!("{} {}.{} {}", plan.channel, plan.step + 1, plan.try_number, there.strftime("%a %m-%d %H:%M"))
        }
    }
}

/// A row: an ending, and what is planned after it. Each attempt is made when it is due and ends at once.
fn check(zone: &str, joins: &str, first: &str, rows: &[(Disposition, &str)]) {
    let ladder = shipped();
    let mut standing = standing(zone);
    let mut now = wall(joins);
    let mut next = plan_first(&ladder, &standing, now);
    assert_eq!(shown(&next, &standing), first, "{zone} {joins}");
    for (number, (ending, expected)) in rows.iter().enumerate() {
        let Next::Attempt(plan) = &next else { panic!("closed before row {number}") };
        let plan = plan.clone();
        now = plan.due_at;
        assert_eq!(decide_now(&ladder, &standing, &plan, now), Decision::Allow, "row {number}");
        standing.tried(&plan, now, *ending);
        next = plan_next(&ladder, &standing, &plan, *ending, now);
        assert_eq!(shown(&next, &standing), *expected, "row {number}, after {ending}");
    }
}

#[test]
fn nobody_answers() {
    use Disposition as D;
    // Joins on Friday evening in Moscow, which is night in Kamchatka.
    check(
        "Asia/Kamchatka",
        "2026-11-20T18:00+03:00",
        "voice 1.1 Sat 11-21 10:00",
        &[
            (D::Busy, "voice 1.2 Sat 11-21 10:10"),
            (D::NoAnswer, "voice 1.3 Sat 11-21 12:10"),
            // Three calls that day; Sunday is closed.
            (D::NoAnswer, "voice 1.4 Mon 11-23 09:00"),
            (D::NoAnswer, "sms 2.1 Tue 11-24 09:00"),
            (D::Queued, "email 3.1 Wed 11-25 09:00"),
            (D::Queued, "human 4.1 Fri 11-27 09:00"),
            (D::HandedOver, "close handed_over"),
        ],
    );
}

#[test]
fn talked_to() {
    use Disposition as D;
    check(
        "Europe/Kaliningrad",
        "2026-11-18T05:00+02:00",
        "voice 1.1 Wed 11-18 09:00",
        &[
            (D::HungUpEarly, "voice 1.2 Thu 11-19 09:00"),
            // Two talks a week: the rest waits for Monday.
            (D::NoInput, "voice 1.3 Mon 11-23 09:00"),
            (D::Promised, "close promised"),
        ],
    );
}

#[test]
fn congestion_is_not_the_contacts_doing() {
    use Disposition as D;
    check(
        "Europe/Moscow",
        "2026-11-20T19:50+03:00",
        "voice 1.1 Fri 11-20 19:50",
        &[
            (D::Congestion, "voice 1.2 Fri 11-20 19:51"),
            // 19:56 would ring past the end of the window.
            (D::TrunkDown, "voice 1.3 Sat 11-21 10:00"),
            (D::Busy, "voice 1.4 Sat 11-21 10:10"),
        ],
    );
}

#[test]
fn the_words_say_who_moved_it() {
    let ladder = shipped();
    let standing = standing("Asia/Kamchatka");
    let Next::Attempt(plan) = plan_first(&ladder, &standing, wall("2026-11-20T18:00+03:00")) else { panic!() };
    assert_eq!(
        plan.why,
        "segment early; step 1 of 4: voice; moved to Sat 2026-11-21 10:00: it is Sat 03:00 in Asia/Kamchatka; \
         the calling window is Sat 10:00–18:00 (ladder)"
    );
}

#[test]
fn what_can_never_be_made_is_passed_over_or_closes() {
    type Change = fn(&mut Standing);
    let rows: &[(&str, Change, &str)] = &[
        ("paid", |s| s.pays_all(), "close paid"),
        ("promise", |s| s.promised(PromiseState::Open), "close promised"),
        ("opted out", |s| s.suppressed(None), "close opted_out"),
        ("number suppressed", |s| s.suppressed(Some(1)), "email 3.1 Mon 11-23 09:00"),
        (
            "nothing to reach",
            |s| {
                s.contact.phones[0].state = PhoneState::Bad;
                s.contact.email = None;
            },
            "human 4.1 Tue 11-24 12:00",
        ),
        (
            "disputed in another campaign",
            |s| {
                s.tried_elsewhere(Channel::Voice, wall("2026-11-01T12:00+03:00"), Disposition::Disputed);
            },
            "human 4.1 Tue 11-24 12:00",
        ),
        (
            "talked to today in another campaign",
            |s| {
                s.tried_elsewhere(Channel::Voice, wall("2026-11-20T11:00+03:00"), Disposition::Informed);
            },
            "voice 1.1 Sat 11-21 10:00",
        ),
        (
            "says it is paid",
            |s| {
                s.tried_elsewhere(Channel::Voice, wall("2026-11-20T11:00+03:00"), Disposition::AlreadyPaid);
            },
            "voice 1.1 Fri 11-27 11:00",
        ),
    ];
    let ladder = shipped();
    for (name, change, expected) in rows {
        let mut standing = standing("Europe/Moscow");
        change(&mut standing);
        let next = plan_first(&ladder, &standing, wall("2026-11-20T12:00+03:00"));
        assert_eq!(shown(&next, &standing), *expected, "{name}");
    }
}

/// A ladder that hands over to nobody: the reason stays to be seen.
#[test]
fn who_is_for_a_human_is_closed_as_such() {
    let source = "ladder: calls\npolicy: [us.tcpa]\nsegments:\n  all: { when: days_overdue > -1000, flow: reminder }\n\
                  steps:\n  - voice: segment.flow\n";
    let (ladder, found) = crate::ladder::compile(source);
    let ladder = ladder.unwrap_or_else(|| panic!("{found:?}"));
    let now = wall("2026-11-20T12:00+03:00");
    let mut standing = standing("Europe/Moscow");
    assert_eq!(shown(&plan_first(&ladder, &standing, now), &standing), "close no_consent");
    standing.contact.fields.insert("consent_voice".into(), "yes".into());
    assert_eq!(shown(&plan_first(&ladder, &standing, now), &standing), "voice 1.1 Fri 11-20 12:00");
}

#[test]
fn the_books_moved_between_plan_and_dialling() {
    type Change = fn(&mut Standing);
    let rows: &[(&str, Change, &str)] = &[
        ("nothing", |_| {}, "voice 1.1 Fri 11-20 12:00"),
        ("paid", |s| s.pays_all(), "close paid"),
        (
            "talked to by another campaign",
            |s| s.tried_elsewhere(Channel::Voice, wall("2026-11-20T11:59+03:00"), Disposition::Refused),
            "voice 1.1 Sat 11-21 10:00",
        ),
        ("number suppressed", |s| s.suppressed(Some(1)), "email 3.1 Mon 11-23 09:00"),
    ];
    let ladder = shipped();
    let now = wall("2026-11-20T12:00+03:00");
    for (name, change, expected) in rows {
        let mut standing = standing("Europe/Moscow");
        let Next::Attempt(plan) = plan_first(&ladder, &standing, now) else { panic!("{name}") };
        change(&mut standing);
        assert_eq!(shown(&plan_again(&ladder, &standing, &plan, now), &standing), *expected, "{name}");
    }
}

/// Random people in random zones, random endings at the moment each attempt is due: every plan is lawful at its due
/// time, and not a microsecond before unless the ladder itself waited; every way comes to an end.
#[test]
fn every_plan_is_lawful_and_every_way_ends() {
    let ladder = shipped();
    let mut calls = 0;
    for seed in 0..300 {
        let dice = &mut Dice(seed);
        let zones = ["Europe/Kaliningrad", "Asia/Kamchatka", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"];
        let mut standing = standing(zones[dice.roll(5) as usize]);
        standing.contact.phones.push(phone(2, "+79160000002"));
        let mut now = Wall(wall("2026-10-20T00:00Z").0 + dice.roll(20 * 86_400) as i64 * 1_000_000);
        standing.contact.debts[0].due = now.date(&standing.contact.zone);
        let mut next = plan_first(&ladder, &standing, now);
        for turn in 0.. {
            let Next::Attempt(plan) = next else { break };
            assert!(turn < 40, "seed {seed}: no end");
            let question = Question {
                standing: &standing,
                channel: plan.channel,
                purpose: Default::default(),
                now: plan.due_at,
                rules: &ladder.rules,
            };
            assert_eq!(decide(&question), Decision::Allow, "seed {seed}: {plan:?}");
            if plan.why.contains("moved to") {
                let before = decide(&Question { now: Wall(plan.due_at.0 - 1), ..question });
                assert!(!before.allows(), "seed {seed}: {plan:?}");
            }
            now = Wall(plan.due_at.0 + dice.roll(120) as i64 * 1_000_000);
            let ending = match plan.channel {
                Channel::Voice => *dice.pick(&Disposition::ALL[..18]),
                Channel::Sms | Channel::Email | Channel::Letter => Disposition::Queued,
                Channel::Human | Channel::Visit => Disposition::HandedOver,
            };
            calls += u32::from(plan.channel == Channel::Voice);
            standing.tried(&plan, plan.due_at, ending);
            next = plan_next(&ladder, &standing, &plan, ending, now);
        }
        judge(&standing, seed);
    }
    assert!(calls > 600, "{calls}");
}

/// From outside, by counting: three calls a day, eight a week, one talk a day.
fn judge(standing: &Standing, seed: u64) {
    use crate::policy::Counted;
    let count = |of: Counted, format: &str, most: usize| {
        let mut counts = std::collections::BTreeMap::new();
        for past in standing.past.iter().filter(|p| of.counts(p)) {
            *counts.entry(past.at.in_zone(&standing.contact.zone).strftime(format).to_string()).or_insert(0) += 1;
        }
        assert!(counts.values().all(|n| *n <= most), "seed {seed}: {of} {format} {counts:?}");
    };
    count(Counted::Calls, "%F", 3);
    count(Counted::Calls, "%G-%V", 8);
    count(Counted::Talks, "%F", 1);
    count(Counted::Talks, "%G-%V", 2);
    count(Counted::Messages, "%F", 2);
    for past in standing.past.iter().filter(|p| p.channel == Channel::Voice) {
        let there = past.at.in_zone(&standing.contact.zone);
        let hour = there.hour();
        assert!((9..20).contains(&hour) && there.weekday() != jiff::civil::Weekday::Sunday, "seed {seed}: {there}");
    }
}
