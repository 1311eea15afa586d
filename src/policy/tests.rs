//! Who, when, what → decision; and the rules held against their slow second form.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Weekday;

use super::calendar::Calendar;
use super::decide::{DENIALS, decide_without};
use super::facts::Stop;
use super::gap::{After, Gap, Length};
use super::rules::{By, Opening};
use super::scope::Exempt;
use super::slow::Slow;
use super::window::Holidays;
use super::world::{Dice, phone, standing, wall};
use super::*;
use crate::books::{PhoneState, PromiseState, Standing, Whose, ZoneFrom};
use crate::id::PhoneId;
use crate::money::{Currency, Money};
use crate::outcome::{Channel, Disposition};
use crate::time::Wall;

/// `Allow`, or `rule until-in-the-contact's-zone` (`never` for no end).
fn shown(decision: &Decision, standing: &Standing) -> String {
    match decision {
        Decision::Allow => "allow".into(),
        Decision::NeedsHuman { rule, .. } => format!("{rule} human"),
        Decision::Deny { rule, until: None, .. } => format!("{rule} never"),
        Decision::Deny { rule, until: Some(until), .. } => {
            format!("{rule} {}", until.in_zone(&standing.contact.zone).strftime("%a %m-%d %H:%M"))
        }
    }
}

fn local(written: &str, zone: &str) -> Wall {
    Wall::from(&format!("{written}[{zone}]").parse::<jiff::Zoned>().unwrap())
}

/// The outermost rules, and nothing in the past.
#[test]
fn hours() {
    for (zone, now, channel, expected) in [
        ("Europe/Kaliningrad", "2026-11-20T07:59", Channel::Voice, "calling_window Fri 11-20 08:00"),
        ("Europe/Kaliningrad", "2026-11-20T08:00", Channel::Voice, "allow"),
        ("Asia/Kamchatka", "2026-11-20T22:00", Channel::Voice, "calling_window Sat 11-21 09:00"),
        ("Asia/Kamchatka", "2026-11-20T21:55", Channel::Voice, "allow"),
        ("Asia/Kamchatka", "2026-11-20T21:56", Channel::Voice, "calling_window Sat 11-21 09:00"),
        ("Asia/Kamchatka", "2026-11-20T21:56", Channel::Sms, "allow"),
        ("Asia/Kamchatka", "2026-11-20T22:01", Channel::Sms, "calling_window Sat 11-21 09:00"),
        ("Europe/Moscow", "2026-11-22T08:59", Channel::Voice, "calling_window Sun 11-22 09:00"),
        ("Europe/Moscow", "2026-11-22T09:00", Channel::Email, "allow"),
        ("Europe/Moscow", "2026-11-22T20:00", Channel::Email, "calling_window Mon 11-23 08:00"),
        ("Europe/Moscow", "2026-11-22T03:00", Channel::Human, "allow"),
        // Clocks go back at 03:00 on 25 October: the day is an hour longer, the window is not.
        ("Europe/Berlin", "2026-10-25T08:59", Channel::Voice, "calling_window Sun 10-25 09:00"),
        ("America/New_York", "2026-03-08T19:56", Channel::Voice, "calling_window Mon 03-09 08:00"),
    ] {
        let standing = standing(zone);
        let rules = Rules::outermost();
        let decision = decide(&Question {
            standing: &standing,
            channel,
            purpose: Purpose::Demand,
            now: local(now, zone),
            rules: &rules,
        });
        assert_eq!(shown(&decision, &standing), expected, "{zone} {now} {channel}");
    }
}

#[test]
fn plain_words() {
    let standing = standing("Asia/Kamchatka");
    let rules = Rules::outermost();
    let now = local("2026-11-20T21:58", "Asia/Kamchatka");
    let Decision::Deny { why, .. } = decide(&Question {
        standing: &standing,
        channel: Channel::Voice,
        purpose: Purpose::Demand,
        now,
        rules: &rules,
    }) else {
        panic!("allowed");
    };
    assert_eq!(
        why,
        "it is Fri 21:58 in Asia/Kamchatka; the calling window is Fri 08:00–22:00, and the last 5 minutes are kept free (HOURS)"
    );
}

/// A past in other campaigns, in Moscow; the question is asked on Friday 2026-11-20 at 12:00.
#[test]
fn the_past() {
    use Channel::{Email, Human, Sms, Voice};
    use Disposition as D;
    let cap = |most, of, per| Cap { most, of, per, each: Each::Person };
    let calls = |most, per| cap(most, Counted::Calls, per);
    for (caps, past, channel, expected) in [
        (vec![], vec![("11-20T10:00", Voice, D::Informed)], Voice, "cap Sat 11-21 00:00"),
        (vec![], vec![("11-20T10:00", Voice, D::HungUpEarly)], Voice, "cap Sat 11-21 00:00"),
        (vec![], vec![("11-20T10:00", Voice, D::UnknownOutcome)], Voice, "cap Sat 11-21 00:00"),
        (vec![], vec![("11-20T10:00", Voice, D::Machine)], Voice, "allow"),
        (vec![], vec![("11-20T10:00", Voice, D::Informed)], Sms, "allow"),
        (vec![], vec![("11-19T23:59", Voice, D::Informed)], Voice, "allow"),
        (vec![], vec![("11-20T00:00", Voice, D::Informed)], Voice, "cap Sat 11-21 00:00"),
        (vec![], vec![("11-20T11:51", Voice, D::Busy)], Voice, "gap Fri 11-20 12:01"),
        (vec![], vec![("11-20T11:50", Voice, D::Busy)], Voice, "allow"),
        (vec![], vec![("11-20T12:00", Voice, D::Busy)], Voice, "gap Fri 11-20 12:10"),
        (
            vec![],
            vec![("11-20T12:05", Voice, D::Busy), ("11-20T11:55", Voice, D::NoAnswer)],
            Voice,
            "gap Fri 11-20 12:15",
        ),
        (vec![], vec![("11-20T11:59", Voice, D::Congestion)], Voice, "allow"),
        (vec![], vec![("11-20T11:59", Voice, D::Cancelled)], Voice, "gap Fri 11-20 12:09"),
        (vec![calls(1, Period::Day)], vec![("11-20T09:00", Voice, D::TrunkDown)], Voice, "allow"),
        (vec![calls(1, Period::Day)], vec![("11-20T09:00", Voice, D::Busy)], Voice, "cap Sat 11-21 00:00"),
        (
            vec![calls(2, Period::Week)],
            vec![("11-16T00:00", Voice, D::Busy), ("11-18T09:00", Voice, D::Busy)],
            Voice,
            "cap Mon 11-23 00:00",
        ),
        (
            vec![calls(2, Period::Week)],
            vec![("11-15T23:59", Voice, D::Busy), ("11-18T09:00", Voice, D::Busy)],
            Voice,
            "allow",
        ),
        (vec![calls(1, Period::Month)], vec![("11-01T00:00", Voice, D::Busy)], Voice, "cap Tue 12-01 00:00"),
        (vec![calls(1, Period::Month)], vec![("10-31T23:59", Voice, D::Busy)], Voice, "allow"),
        (vec![calls(0, Period::Day)], vec![], Voice, "cap never"),
        (vec![], vec![("11-20T09:00", Sms, D::Queued), ("11-20T10:00", Email, D::Queued)], Sms, "cap Sat 11-21 00:00"),
        (
            vec![],
            vec![("11-20T09:00", Voice, D::VoicemailLeft), ("11-20T10:00", Sms, D::Queued)],
            Email,
            "cap Sat 11-21 00:00",
        ),
        (vec![], vec![("11-18T12:00", Voice, D::AlreadyPaid)], Voice, "says_paid Wed 11-25 12:00"),
        (vec![], vec![("11-18T12:00", Voice, D::AlreadyPaid)], Email, "says_paid Wed 11-25 12:00"),
        (vec![], vec![("11-13T12:00", Voice, D::AlreadyPaid)], Voice, "allow"),
        (vec![], vec![("11-02T12:00", Voice, D::Disputed)], Voice, "disputed human"),
        (vec![], vec![("11-02T12:00", Voice, D::Disputed)], Human, "allow"),
    ] {
        let mut standing = standing("Europe/Moscow");
        for (at, channel, disposition) in &past {
            standing.tried_elsewhere(*channel, local(&format!("2026-{at}"), "Europe/Moscow"), *disposition);
        }
        let rules = Rules::of_ladder(CallingWindow::on(&WEEK, Hours::new(0, 1440)), caps.clone(), None)
            .and(&Rules::outermost());
        let now = local("2026-11-20T12:00", "Europe/Moscow");
        let decision = decide(&Question { standing: &standing, channel, purpose: Purpose::Demand, now, rules: &rules });
        assert_eq!(shown(&decision, &standing), expected, "{caps:?} {past:?} {channel}");
    }
}

#[test]
fn the_person() {
    type Change = fn(&mut Standing);
    let cases: &[(&str, Change, Channel, &str)] = &[
        ("opted out", |s| s.suppressed(None), Channel::Voice, "suppressed_person never"),
        ("opted out", |s| s.suppressed(None), Channel::Human, "suppressed_person never"),
        ("only number suppressed", |s| s.suppressed(Some(1)), Channel::Voice, "no_number never"),
        ("only number suppressed", |s| s.suppressed(Some(1)), Channel::Sms, "no_number never"),
        ("only number suppressed", |s| s.suppressed(Some(1)), Channel::Email, "allow"),
        ("another number suppressed", |s| s.suppressed(Some(2)), Channel::Voice, "allow"),
        ("paid", |s| s.pays_all(), Channel::Email, "paid never"),
        ("promise open", |s| s.promised(PromiseState::Open), Channel::Voice, "open_promise never"),
        ("promise broken", |s| s.promised(PromiseState::Broken), Channel::Voice, "allow"),
        ("no number", |s| s.contact.phones.clear(), Channel::Voice, "no_number never"),
        ("wrong number", |s| s.contact.phones[0].state = PhoneState::Wrong, Channel::Sms, "no_number never"),
        (
            "somebody else's, found out in another campaign",
            |s| {
                s.tried_elsewhere(Channel::Voice, Wall(0), Disposition::WrongNumber);
                s.past[0].phone = Some(PhoneId(1));
            },
            Channel::Voice,
            "no_number never",
        ),
        (
            "busy in another campaign",
            |s| {
                s.tried_elsewhere(Channel::Voice, Wall(0), Disposition::Busy);
                s.past[0].phone = Some(PhoneId(1));
            },
            Channel::Voice,
            "allow",
        ),
        ("no e-mail", |s| s.contact.email = None, Channel::Email, "no_email never"),
        ("premium number", |s| s.contact.phones = vec![phone(1, "+19005551234")], Channel::Voice, "no_number never"),
        (
            "second number good",
            |s| {
                s.contact.phones[0].state = PhoneState::Bad;
                s.contact.phones.push(phone(2, "+79160000000"));
            },
            Channel::Voice,
            "allow",
        ),
    ];
    for (name, change, channel, expected) in cases {
        let mut standing = standing("Europe/Moscow");
        change(&mut standing);
        let now = local("2026-11-20T12:00", "Europe/Moscow");
        let rules = Rules::outermost();
        let decision =
            decide(&Question { standing: &standing, channel: *channel, purpose: Purpose::Demand, now, rules: &rules });
        assert_eq!(shown(&decision, &standing), *expected, "{name} {channel}");
    }
}

/// Zones with clock changes of an hour and of half an hour, at midnight, and none; and days around such changes.
const ZONES: [&str; 9] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Kamchatka",
    "Europe/Moscow",
];
const DAYS: [&str; 8] = [
    "2026-03-07T00:00Z",
    "2026-03-27T00:00Z",
    "2026-04-03T00:00Z",
    "2026-04-23T00:00Z",
    "2026-10-02T00:00Z",
    "2026-10-23T00:00Z",
    "2026-10-30T00:00Z",
    "2026-12-30T00:00Z",
];

fn random_rules(dice: &mut Dice) -> Rules {
    let days = [Weekday::Monday, Weekday::Tuesday, Weekday::Thursday, Weekday::Saturday, Weekday::Sunday];
    let mut hours = Vec::new();
    for _ in 0..1 + dice.roll(3) {
        let mut window = CallingWindow::CLOSED;
        for day in days {
            // Night hours too, so that clock changes fall into the window.
            let (from, to) = match dice.roll(3) {
                0 => (480, 1200),
                1 => (dice.roll(240), 60 + dice.roll(240)),
                _ => (dice.roll(1440), 1 + dice.roll(1440)),
            };
            if from < to && dice.roll(4) > 0 {
                window.days[day.to_monday_zero_offset() as usize] = Some(Hours::new(from as u16, to as u16));
            }
        }
        if dice.roll(3) == 0 {
            let calendar = Calendar::named(["ru", "uk"][dice.roll(2) as usize]).unwrap();
            let shorter = (dice.roll(2) == 0).then_some(Hours::new(540, 1200));
            window.holidays = Some(Holidays { calendar, hours: shorter });
        }
        let guard = Duration::from_secs(60 * dice.roll(20));
        hours.push(by(Opening { window, guard, numbers_too: dice.roll(4) == 0 }));
    }
    let cap = |dice: &mut Dice| {
        let (of, each) = (*dice.pick(Counted::ALL), *dice.pick(Each::ALL));
        let each = if of == Counted::Messages { Each::Person } else { each };
        Cap { most: dice.roll(4) as u32, of, per: *dice.pick(Period::ALL), each }
    };
    let gap = |dice: &mut Dice| Gap {
        after: *dice.pick(After::ALL),
        unless_agent: dice.roll(2) == 0,
        least: match dice.roll(4) {
            0 => Length::Days(dice.roll(9) as u16),
            _ => Length::For(Duration::from_secs(60 * dice.roll(400))),
        },
    };
    let stops = [Stop::Consent, Stop::Refused, Stop::Protected, Stop::Collector];
    Rules {
        packs: Vec::new(),
        hours,
        caps: (0..dice.roll(4)).map(|_| by(cap(dice))).collect(),
        gaps: (0..dice.roll(4)).map(|_| by(gap(dice))).collect(),
        stops: (0..dice.roll(3)).map(|_| by(*dice.pick(&stops))).collect(),
        demands: Vec::new(),
        agent_kept: dice.roll(3) == 0,
    }
    .with_exceptions(dice)
}

impl Rules {
    /// Some of them are not for everybody.
    fn with_exceptions(mut self, dice: &mut Dice) -> Rules {
        let exempt = |facts: &[(Fact, &str)], amount_max| Exempt {
            by: "T-2".into(),
            facts: facts.iter().map(|(fact, word)| (*fact, word.to_string())).collect(),
            amount_max,
        };
        let roubles = |minor| Some(Money::new(minor, Currency::Rub));
        let exempts = [
            exempt(&[(Fact::DebtorKind, "sole_trader")], None),
            exempt(&[(Fact::CreditorKind, "private_person"), (Fact::Claimant, "principal")], roubles(123_450)),
            exempt(&[(Fact::CreditorKind, "private_person")], roubles(123_449)),
            exempt(&[(Fact::ConsentVoice, "yes")], Some(Money::new(1_000_000, Currency::Eur))),
            exempt(&[(Fact::ConsentVoice, "yes")], None),
        ];
        let mut some = || match dice.roll(3) {
            0 => [dice.pick(&exempts).clone()].into(),
            _ => Arc::default(),
        };
        self.hours.iter_mut().for_each(|by| by.unless = some());
        self.caps.iter_mut().for_each(|by| by.unless = some());
        self.gaps.iter_mut().for_each(|by| by.unless = some());
        self.stops.iter_mut().for_each(|by| by.unless = some());
        self
    }
}

fn by<T>(rule: T) -> By<T> {
    By::always(&"T-1".into(), rule)
}

fn random_standing(dice: &mut Dice, around: Wall) -> Standing {
    let mut standing = standing(ZONES[dice.roll(ZONES.len() as u64) as usize]);
    // In one zone, in two or three, or nobody knows where.
    let numbers = ["+79161234567", "+4930123456", "+12705551234", "+74112345678", "+447911123456", "+9991234567"];
    if dice.roll(3) == 0 {
        standing.contact.zone_from = ZoneFrom::Number;
        let known = if dice.roll(10) == 0 { 6 } else { 5 };
        standing.contact.phones = vec![phone(1, numbers[1 + dice.roll(known - 1) as usize])];
    }
    if dice.roll(2) == 0 {
        standing.contact.phones.push(phone(2, ["+4930123457", "+12705551299"][dice.roll(2) as usize]));
    }
    for _ in 0..dice.roll(9) {
        let at = Wall(around.0 + (dice.roll(20_000) as i64 - 15_000) * 60_000_000);
        let disposition = loop {
            let disposition = *dice.pick(Disposition::ALL);
            if dice.roll(8) == 0 {
                break Disposition::AlreadyPaid;
            }
            // Once in a while only, or nearly every case would end at it.
            if disposition != Disposition::Disputed || dice.roll(10) == 0 {
                break disposition;
            }
        };
        standing.tried_elsewhere(*dice.pick(&[Channel::Voice, Channel::Voice, Channel::Sms]), at, disposition);
        let last = standing.past.last_mut().expect("pushed");
        last.phone = *dice.pick(&[None, Some(PhoneId(1)), Some(PhoneId(1)), Some(PhoneId(2))]);
        last.whose = *dice.pick(&[Whose::Contact, Whose::Contact, Whose::Person, Whose::Line]);
        let minutes = dice.roll(12) as i64;
        last.abandoned_at = (dice.roll(5) == 0).then_some(Wall(at.0 + minutes * 60_000_000));
    }
    for (column, value) in [
        ("debtor_kind", "sole_trader"),
        ("creditor_kind", "private_person"),
        ("landline_numbers", "+12705551234 +4930123457"),
        ("landline_numbers", "+12705551234 not-a-number"),
    ] {
        if dice.roll(4) == 0 {
            standing.contact.fields.insert(column.into(), value.into());
        }
    }
    for (column, value) in
        [("consent_voice", "yes"), ("claimant", "principal"), ("protected", "minor"), ("refused_on", "2026-01-09")]
    {
        let often = match value {
            "yes" => 3,
            "principal" => 4,
            _ => 1,
        };
        if dice.roll(5) < often {
            standing.contact.fields.insert(column.into(), value.into());
        }
    }
    match dice.roll(40) {
        0 => standing.suppressed(None),
        1 => standing.suppressed(Some(1)),
        2 => standing.promised(PromiseState::Open),
        3 => standing.pays_all(),
        _ => {}
    }
    standing
}

#[test]
fn the_slow_second_form_agrees() {
    let (mut found, mut never) = (0, 0);
    for seed in 0..150 {
        let dice = &mut Dice(seed);
        let day = wall(DAYS[dice.roll(8) as usize]);
        let from = Wall(day.0 + dice.roll(4 * 1440) as i64 * 60_000_000);
        let standing = random_standing(dice, from);
        let rules = random_rules(dice);
        let channel = *dice.pick(&[Channel::Voice, Channel::Voice, Channel::Sms, Channel::Email, Channel::Human]);
        let purpose = if seed % 3 == 0 { Purpose::Reminder } else { Purpose::Demand };
        let question = Question { standing: &standing, channel, purpose, now: from, rules: &rules };
        let mut slow = Slow::of(&question);
        assert_eq!(decide(&question).allows(), slow.allows(from), "seed {seed} {:?}", decide(&question));
        let fast = earliest(&question, from).ok();
        assert_eq!(fast, slow.earliest(from), "seed {seed}");
        match fast {
            Some(at) => {
                found += 1;
                assert!(decide(&Question { now: at, ..question }).allows(), "seed {seed}");
            }
            None => never += 1,
        }
        // Each rule denies up to the instant it names, and not at it.
        if let Decision::Deny { rule, until: Some(until), .. } = decide(&question) {
            let before = decide(&Question { now: Wall(until.0 - 1), ..question });
            assert!(!before.allows(), "seed {seed}: {rule} allows before its until");
            let at = decide(&Question { now: until, ..question });
            assert!(
                !matches!(at, Decision::Deny { rule: again, .. } if again == rule && !["cap", "calling_window", "gap"].contains(&rule)),
                "seed {seed}"
            );
        }
    }
    assert!(found > 50 && never > 10, "the dice are loaded: {found} found, {never} never");
}

/// A world of dice: who, when, under which rules.
fn random_case(seed: u64) -> (Standing, Rules, Channel, Wall) {
    let dice = &mut Dice(seed);
    let day = wall(DAYS[dice.roll(8) as usize]);
    let from = Wall(day.0 + dice.roll(4 * 1440) as i64 * 60_000_000);
    let standing = random_standing(dice, from);
    let rules = random_rules(dice);
    let channel = *dice.pick(&[Channel::Voice, Channel::Voice, Channel::Sms, Channel::Email, Channel::Letter]);
    (standing, rules, channel, from)
}

/// Whether in some case the judge, who knows the true rules and the true person, objects to an instant that the faulty one allows.
fn is_caught(faulty: impl Fn(&Question) -> bool) -> bool {
    (0..2000).any(|seed| {
        let (standing, rules, channel, from) = random_case(seed);
        let question = Question { standing: &standing, channel, purpose: Purpose::Demand, now: from, rules: &rules };
        let instants = (0..40).map(|n| Wall(from.0 + n * 97 * 60_000_000));
        instants.into_iter().any(|now| {
            let asked = Question { now, ..question };
            // The judge is slow: asked only where there is something to object to.
            faulty(&asked) && !decide(&asked).allows() && !Slow::of(&asked).allows(now)
        })
    })
}

#[test]
fn a_rule_that_is_left_out_is_missed_by_the_judge() {
    for (name, _) in DENIALS {
        assert!(is_caught(|q| decide_without(q, name).allows()), "nobody misses {name}");
    }
}

/// A fault in the rules, or in what is known of the person, as a slip in `decide` would make it.
#[test]
fn a_rule_that_is_bent_is_noticed_by_the_judge() {
    type Bend = fn(&mut Rules, &mut Standing);
    let bends: [(&str, Bend); 23] = [
        ("a pack for nobody", |r, s| {
            let all =
                Exempt { by: "T-2".into(), facts: vec![(Fact::DebtorKind, "sole_trader".into())], amount_max: None };
            r.hours.iter_mut().for_each(|h| h.unless = [all.clone()].into());
            s.contact.fields.insert("debtor_kind".into(), "sole_trader".into());
        }),
        ("exceptions without their sum", |r, _| {
            let bend = |unless: &mut Arc<[Exempt]>| {
                *unless = unless.iter().map(|e| Exempt { amount_max: None, ..e.clone() }).collect();
            };
            r.hours.iter_mut().for_each(|h| bend(&mut h.unless));
            r.caps.iter_mut().for_each(|c| bend(&mut c.unless));
        }),
        ("an agent is always kept", |r, _| r.agent_kept = true),
        ("who found no agent forgotten", |_, s| s.past.iter_mut().for_each(|p| p.abandoned_at = None)),
        ("mobiles taken for landlines", |_, s| {
            let all: Vec<&str> = s.contact.phones.iter().map(|p| p.number.full()).collect();
            s.contact.fields.insert("landline_numbers".into(), all.join(" "));
        }),
        ("open an hour earlier", |r, _| {
            for hours in r.hours.iter_mut().flat_map(|h| h.rule.window.days.iter_mut().flatten()) {
                hours.from = hours.from.saturating_sub(60);
            }
        }),
        ("open an hour longer", |r, _| {
            for hours in r.hours.iter_mut().flat_map(|h| h.rule.window.days.iter_mut().flatten()) {
                hours.to = (hours.to + 60).min(1440);
            }
        }),
        ("no guard", |r, _| r.hours.iter_mut().for_each(|h| h.rule.guard = Duration::ZERO)),
        ("no days off", |r, _| r.hours.iter_mut().for_each(|h| h.rule.window.holidays = None)),
        ("one zone of several", |_, s| s.contact.zone_from = ZoneFrom::Given),
        ("area codes ignored", |r, _| r.hours.iter_mut().for_each(|h| h.rule.numbers_too = false)),
        ("one more in each cap", |r, _| r.caps.iter_mut().for_each(|c| c.rule.most += 1)),
        ("caps of a person for each debt", |r, _| each(r, Each::Person, Each::Debt)),
        ("caps of a debt forgotten", |r, _| r.caps.retain(|c| c.rule.each != Each::Debt)),
        ("caps of a number forgotten", |r, _| r.caps.retain(|c| c.rule.each != Each::Number)),
        ("weeks and months as days", |r, _| {
            for cap in r.caps.iter_mut().filter(|c| matches!(c.rule.per, Period::Week | Period::Month)) {
                cap.rule.per = Period::Day;
            }
        }),
        ("seven days as one", |r, _| {
            for cap in r.caps.iter_mut().filter(|c| matches!(c.rule.per, Period::Days7 | Period::Days30)) {
                cap.rule.per = Period::Hours24;
            }
        }),
        ("half the gap", |r, _| {
            for gap in &mut r.gaps {
                gap.rule.least = match gap.rule.least {
                    Length::For(length) => Length::For(length / 2),
                    Length::Days(days) => Length::Days(days / 2),
                };
            }
        }),
        ("the last call forgotten", |_, s| drop(s.past.pop())),
        ("other people's calls on the line forgotten", |_, s| s.past.retain(|p| p.whose != Whose::Line)),
        ("opting out forgotten", |_, s| s.suppressions.clear()),
        ("a promise forgotten", |_, s| s.promises.clear()),
        ("a payment forgotten", |_, s| s.contact.debts.iter_mut().for_each(|debt| debt.paid = 0)),
    ];
    for (name, bend) in bends {
        let bent = |q: &Question| {
            let (mut rules, mut standing) = (q.rules.clone(), q.standing.clone());
            bend(&mut rules, &mut standing);
            decide(&Question { rules: &rules, standing: &standing, ..*q }).allows()
        };
        assert!(is_caught(bent), "nobody notices: {name}");
    }
}

fn each(rules: &mut Rules, from: Each, to: Each) {
    for cap in rules.caps.iter_mut().filter(|c| c.rule.each == from) {
        cap.rule.each = to;
    }
}
