//! The shipped ladder; a contact's way up it, ending by ending; and ladders that are wrong, with the place of each fault.

use super::*;
use crate::books::{Next, Plan, PromiseState, Standing};
use crate::diagnostic::render_all;
use crate::outcome::{Blame, Channel, Disposition};
use crate::policy::world::{phone, standing, wall};
use crate::time::Wall;

pub const SHIPPED: &str = include_str!("../../flows/ladders/utility_overdue.yaml");

fn shipped() -> Ladder {
    let (ladder, found) = compile(SHIPPED);
    assert!(found.is_empty(), "{}", render_all(&found, "utility_overdue.yaml", SHIPPED));
    ladder.unwrap()
}

#[test]
fn the_shipped_ladder_is_without_fault() {
    let ladder = shipped();
    assert_eq!(ladder.name, "utility_overdue");
    assert_eq!(ladder.flows(), ["gentle_reminder", "overdue_reminder"]);
    assert_eq!((ladder.lists[0].clone(), ladder.steps.len()), (0..4, 5), "four steps and the reminder");
    assert_eq!(ladder.rules.caps.len(), 7);
}

const SMALL: &str = r#"ladder: small
languages: [ru, en]
segments:
  early: { when: days_overdue in 1..90, flow: overdue }
window: { days: mon-fri, from: "09:00", to: "20:00", zone: contact }
caps: [3 per day, 1 talk per day]
steps:
  - voice: segment.flow
    attempts_max: 3
    retry:
      busy: [10m, 1d]
      no_answer: [1d]
      machine: { after: [1d], leave: nothing }
  - sms: call_back
    after: 1d
  - human: collections
stop_on: [paid, promised, disputed, opted_out, wrong_number]
messages:
  call_back:
    ru: "{contact.name}, позвоните нам. {company}"
    en: "{contact.name}, please call. {company}"
"#;

/// What is replaced in `SMALL`, by what, and the codes found; `‸` stands before the place of each.
#[test]
fn faults_have_their_place() {
    let rows: &[(&str, &str, &str)] = &[
        ("", "", ""),
        ("ladder: small", "ladder: small\n‸windows: 1", "L006"),
        ("ladder: small\n", "‸", "L007"),
        ("languages: [ru, en]", "languages: [ru, en, ‸russian]", "L009"),
        ("languages: [ru, en]", "languages: [ru, en]\n‸languages: [ru]", "L003"),
        ("segments:\n", "segments:\n  ‸all: { flow: x }\n", "L007"),
        ("days_overdue in 1..90", "‸days_overdu in 1..90", "L013"),
        ("days_overdue in 1..90", "days_overdue in ‸1.90", "L014"),
        ("days_overdue in 1..90", "amount ‸> 100", "L015"),
        ("days_overdue in 1..90", "‸days_overdue", "L015"),
        ("mon-fri", "‸mon-fryday", "L008"),
        ("mon-fri", "‸fri-mon", "L008"),
        ("\"09:00\"", "‸09:00", "L004"),
        ("\"09:00\"", "‸\"9am\"", "L008"),
        ("\"09:00\"", "‸\"09:60\"", "L008"),
        ("to: \"20:00\"", "to: ‸\"08:00\"", "L008"),
        (
            "window: { days: mon-fri, from: \"09:00\", to: \"20:00\"",
            "‸window: { days: mon-fri, from: \"01:00\", to: \"02:00\"",
            "L051",
        ),
        ("window: { days: mon-fri, from: \"09:00\"", "window: ‸{ days: mon-fri, from: \"07:00\"", "L052"),
        ("zone: contact", "zone: ‸Europe/Moscow", "L008"),
        ("[3 per day", "[‸3 a day", "L008"),
        ("[3 per day", "[‸0 per day", "L008"),
        ("[3 per day", "[‸3 letters per day", "L008"),
        ("[3 per day", "[‸3 per year", "L008"),
        ("1 talk per day", "‸2 talks per day", "L052"),
        ("  - voice: segment.flow", "  - voice: segment.flow\n    ‸sms: call_back", "L010"),
        ("  - voice: segment.flow", "  - ‸after: 1d\n  - voice: segment.flow", "L010"),
        ("attempts_max: 3", "attempts_max: ‸0", "L008"),
        ("attempts_max: 3", "attempts_max: ‸many", "L008"),
        ("    attempts_max: 3", "    attempts_max: 3\n    ‸gap: 1", "L006"),
        ("      busy:", "      ‸bsy:", "L050"),
        ("[10m, 1d]", "[10m, ‸1w]", "L008"),
        ("[10m, 1d]", "[1d, ‸10m]", "L008"),
        ("leave: nothing", "leave: ‸a_note", "L008"),
        ("after: [1d], leave", "‸wait: [1d], after: [1d], leave", "L006"),
        ("sms: call_back", "sms: ‸callback", "L012"),
        ("    after: 1d", "    after: ‸soon", "L008"),
        ("    attempts_max: 3", "    attempts_max: 3\n    spread: [evening, ‸night]", "L008"),
        ("  - human: collections", "  - human: collections\n    ‸spread: [evening]", "L006"),
        ("  - human: collections", "  - human: collections\n    ‸retry: { busy: [1d] }", "L006"),
        ("[paid, promised", "[‸payed, promised", "L050"),
        ("    en: \"{contact.name}, please call. {company}\"\n", "", "L017"),
        ("{contact.name}, please", "‸{contact.amount | money}, please", "L020"),
        ("{contact.name}, please", "‸{contact.nam}, please", "L020"),
        ("please call. {company}", "please call. ‸{company", "L020"),
        ("{contact.name}, please call. {company}", " ", "L018"),
        // warnings
        ("attempts_max: 3", "attempts_max: 9", "L053"),
        ("[10m, 1d]", "[10m, 1h, 2h, 1d]", "L054"),
        ("[10m, 1d]", "[1m, 1d]", "L054"),
        ("stop_on: [paid, promised,", "‸stop_on: [promised,", "L055"),
        ("  - sms: call_back", "  - human: first\n  - ‸sms: call_back", "L056"),
        ("messages:\n", "messages:\n  ‸spare: { ru: a, en: b }\n", "L038"),
        // promises
        ("steps:\n", "promise: { ‸graze: 2d }\nsteps:\n", "L006"),
        ("steps:\n", "promise: { grace: ‸2h }\nsteps:\n", "L008"),
        ("steps:\n", "promise: { tolerance: ‸5 }\nsteps:\n", "L008"),
        ("steps:\n", "promise: { least_share: ‸101% }\nsteps:\n", "L008"),
        ("steps:\n", "promise: { days_max: ‸0 }\nsteps:\n", "L008"),
        ("steps:\n", "promise: { most: ‸many }\nsteps:\n", "L008"),
        ("steps:\n", "promise: { re_promise_longer: ‸maybe }\nsteps:\n", "L008"),
        ("steps:\n", "promise: ‸5\nsteps:\n", "L005"),
        ("steps:\n", "promise: { remind: { by: ‸voice, message: call_back } }\nsteps:\n", "L008"),
        ("steps:\n", "promise: { remind: { by: sms, message: ‸call_bak } }\nsteps:\n", "L012"),
        ("steps:\n", "promise: { ‸remind: { by: email, message: call_back } }\nsteps:\n", "L007"),
        ("steps:\n", "promise: { remind: { by: sms, message: call_back, before: ‸30d } }\nsteps:\n", "L008"),
        ("steps:\n", "promise: { remind: { by: sms, message: call_back, at: ‸10 } }\nsteps:\n", "L008"),
        ("steps:\n", "on_broken_promise: { goto: ‸humn }\nsteps:\n", "L059"),
        ("steps:\n", "on_broken_promise: [{ goto: human }, ‸{ after: 1d }]\nsteps:\n", "L007"),
        ("steps:\n", "on_kept_promise: { goto: ‸nowhere }\nsteps:\n", "L059"),
        // segments and steps
        ("flow: overdue }", "flow: overdue, channels: [‸mail] }", "L008"),
        ("flow: overdue }", "flow: overdue, channels: [‸email] }", "L059"),
        ("flow: overdue }", "flow: overdue, steps: [{ human: q }], ‸channels: [sms] }", "L005"),
        ("flow: overdue }", "flow: overdue, steps: [‸{ ‸fax: q }] }", "L010 L006"),
        ("segments:\n", "classes: { good: ‸days_overdu < 3 }\nsegments:\n", "L013"),
        ("segments:\n", "contact: { ‸amount: number }\nsegments:\n", "L008"),
        ("segments:\n", "contact: { vip: ‸boolean }\nsegments:\n", "L016"),
        ("  - sms: call_back", "  - sms: call_back\n    name: ‸voice", "L008"),
        ("  - sms: call_back", "  - sms: call_back\n    name: a\n  - ‸sms: call_back\n    name: a", "L008"),
        ("      busy:", "      hung_up_early: { at: { hello: [1d] }, ‸otherwise: [2d] }\n      busy:", "L006"),
        ("      busy:", "      hung_up_early: { at: { hello: [2d, ‸1d] } }\n      busy:", "L008"),
        ("  - human: collections", "  - human: field\n    name: f\n  - ‸human: collections", "L056"),
        ("  - human: collections", "  - visit: field\n  - human: collections", ""),
        ("  - human: collections", "  - visit: field\n    ‸attempts_max: 2\n  - human: collections", "L006"),
        ("  - sms: call_back", "  - sms: call_back\n    ‸visits_max: 2", "L006"),
        ("  - human: collections", "  - visit: field\n    visits_max: ‸11\n  - human: collections", "L008"),
        ("  - human: collections", "  - visit: field\n    retry: { ‸moved: [1d] }\n  - human: collections", "L050"),
        (
            "  - human: collections",
            "  - visit: field\n    retry: { ‸nobody_hom: [1d] }\n  - human: collections",
            "L050",
        ),
        ("steps:\n", "version: 3\nsteps:\n", ""),
        ("steps:\n", "version: ‸0\nsteps:\n", "L008"),
        // tests
        (
            "stop_on:",
            "tests: [‸{ contact: { amount: 1 RUB, due: 2026-11-01 }, start: 2026-11-20T12:00Z, steps: [busy] }]\nstop_on:",
            "L007",
        ),
        ("stop_on:", "tests: [{ name: t, contact: ‸{}, start: 2026-11-20T12:00Z, steps: [busy] }]\nstop_on:", "L060"),
        (
            "stop_on:",
            "tests: [{ name: t, contact: { amount: 1 RUB, due: 2026-11-01 }, start: ‸today, steps: [busy] }]\nstop_on:",
            "L008",
        ),
        (
            "stop_on:",
            "tests: [{ name: t, contact: { amount: 1 RUB, due: 2026-11-01 }, start: 2026-11-20T12:00Z, steps: [‸bussy] }]\nstop_on:",
            "L060",
        ),
        (
            "stop_on:",
            "tests: [{ name: t, contact: { amount: 1 RUB, due: 2026-11-01 }, start: 2026-11-20T12:00Z, steps: [{ next: ‸fax }] }]\nstop_on:",
            "L060",
        ),
        // several at once
        (
            "[10m, 1d]\n      no_answer: [1d]",
            "[‸10x, 1d]\n      ‸noanswer: [1d]\n      rejected: ‸{ a: 1 }",
            "L008 L050 L005",
        ),
        ("ladder: small", "ladder: [small", "L001"),
        ("ladder: small", "ladder: &a ‸small", "L002"),
    ];
    let mut wrong = Vec::new();
    for (find, replace, codes) in rows {
        let marked = SMALL.replacen(find, replace, 1);
        // Warnings about a whole step and whole-file faults are looked for by code alone.
        let (source, marks) = unmark(&marked);
        let (ladder, found) = compile(&source);
        let places: Vec<String> = found.iter().map(|d| format!("{}:{}", d.span.line, d.span.column)).collect();
        let found_codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        let shown = render_all(&found, "small.yaml", &source);
        if found_codes.join(" ") != *codes || !(marks.is_empty() || places == marks) {
            wrong.push(format!("{replace}\nexpected {codes} at {marks:?}, found {places:?}\n{shown}"));
        }
        assert_eq!(ladder.is_none(), found.iter().any(|d| d.is_error()), "{replace}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The text without its marks, and the line:column of each.
fn unmark(marked: &str) -> (String, Vec<String>) {
    let mut marks = Vec::new();
    for (number, line) in marked.lines().enumerate() {
        for (seen, (at, _)) in line.match_indices('‸').enumerate() {
            marks.push(format!("{}:{}", number + 1, line[..at].chars().count() + 1 - seen));
        }
    }
    (marked.replace('‸', ""), marks)
}

#[test]
fn a_slip_of_the_hand_is_answered() {
    let (_, found) = compile(&SMALL.replace("busy:", "bussy:"));
    assert_eq!(found[0].help.as_deref(), Some("did you mean `busy`?"));
    let (_, found) = compile(&SMALL.replace("sms: call_back", "sms: callback"));
    assert_eq!(found[0].help.as_deref(), Some("did you mean `call_back`?"));
}

#[test]
fn an_empty_file_is_no_ladder() {
    let (ladder, found) = compile("# nothing\n");
    assert!(ladder.is_none());
    assert_eq!((found[0].code, found[0].help.as_deref()), ("L001", Some("begin with `ladder: name_of_the_ladder`")));
}

#[test]
fn nothing_makes_it_panic() {
    let mut dice = crate::policy::world::Dice(7);
    let chars: Vec<char> = SHIPPED.chars().collect();
    for _ in 0..300 {
        let mut broken = chars.clone();
        for _ in 0..=dice.roll(6) {
            let at = dice.roll(broken.len() as u64) as usize;
            match dice.roll(3) {
                0 => drop(broken.remove(at)),
                1 => broken[at] = *dice.pick(&['{', '}', '[', ':', ' ', '\n', '"', 'я', '0', '-', '\t']),
                _ => broken.truncate(at.max(1)),
            }
        }
        let source: String = broken.into_iter().collect();
        let (ladder, found) = compile(&source);
        assert!(ladder.is_some() || found.iter().any(|d| d.is_error()), "{source}");
        let _ = render_all(&found, "x", &source);
    }
}

/// days overdue on 2026-11-20 → segment
#[test]
fn segments() {
    let ladder = shipped();
    for (due, expected) in [
        ("2026-11-24", "excluded"),
        ("2026-11-23", "upcoming"),
        ("2026-11-20", "upcoming"),
        ("2026-11-19", "early"),
        ("2026-08-22", "early"),
        ("2026-08-21", "late"),
        ("1999-01-01", "late"),
    ] {
        let mut standing = standing("Asia/Kamchatka");
        standing.contact.debts[0].due = due.parse().unwrap();
        // Already the 20th in Kamchatka, still the 19th in London.
        let shown = match ladder.first(&standing, wall("2026-11-19T21:00Z")) {
            Next::Attempt(plan) => plan.segment,
            Next::Close(close) => close.reason,
        };
        assert_eq!(shown, expected, "{due}");
    }
}

/// What the shipped ladder says after each of a row of endings of its first step. Times are hours since the start.
#[test]
fn walks() {
    use Disposition as D;
    let rows: &[(&[D], &str)] = &[
        (&[D::Busy], "voice 1.2 +0.2h: try 2 of 4 after busy, 10 minutes later"),
        (&[D::Busy, D::Busy], "voice 1.3 +1h: try 3 of 4 after busy, 1 hour later"),
        (&[D::Busy, D::Busy, D::Busy], "voice 1.4 +24h: try 4 of 4 after busy, 1 day later"),
        (
            &[D::Busy, D::Busy, D::Busy, D::Busy],
            "sms 2.1 +24h: step 1 ended after 4 of 4 tries, the last: busy; step 2 of 4: sms, 1 day later",
        ),
        (&[D::Busy, D::NoAnswer], "voice 1.3 +2h: try 3 of 4 after no_answer, 2 hours later"),
        (&[D::Busy, D::NoAnswer, D::Busy], "voice 1.4 +1h: try 4 of 4 after busy, 1 hour later"),
        (&[D::UnknownOutcome], "voice 1.2 +48h: try 2 of 4 after unknown_outcome, 2 days later"),
        (&[D::Machine], "voice 1.2 +24h: try 2 of 4 after machine, 1 day later"),
        (
            &[D::Machine, D::VoicemailLeft],
            "sms 2.1 +24h: step 1 ended: 2 times machine, and 1 retries are all it has for that; step 2 of 4: sms, 1 day later",
        ),
        (&[D::Congestion], "voice 1.2 +0h: technical retry 1 of 6 after congestion, 1 minute later"),
        (&[D::Congestion, D::TrunkDown, D::Busy], "voice 1.4 +0.2h: try 2 of 4 after busy, 10 minutes later"),
        (&[D::Cancelled], "voice 1.2 +0h: technical retry 1 of 6 after cancelled, 1 minute later"),
        (
            &[D::Congestion; 7],
            "sms 2.1 +24h: step 1 ended: 7 times technical, and 6 retries are all it has for that; step 2 of 4: sms, 1 day later",
        ),
        (
            &[D::InvalidNumber],
            "email 3.1 +48h: step 1 ended: invalid_number, and no other good number is left; step 2 (sms) skipped: no good number; step 3 of 4: email, 1 day later",
        ),
        (&[D::Refused], "sms 2.1 +24h: step 1 ended: refused; step 2 of 4: sms, 1 day later"),
        (&[D::Informed], "sms 2.1 +24h: step 1 ended: informed; step 2 of 4: sms, 1 day later"),
        (
            &[D::CallbackRequested],
            "sms 2.1 +24h: step 1 does not retry after callback_requested; step 2 of 4: sms, 1 day later",
        ),
        (&[D::Promised], "close promised"),
        (&[D::AlreadyPaid], "close already_paid"),
        (&[D::Disputed], "close disputed"),
        (&[D::OptedOut], "close opted_out"),
        (&[D::WrongNumber], "close wrong_number"),
        (&[D::Transferred], "close handed_over"),
        (&[D::Refused, D::Queued], "email 3.1 +24h: step 2 ended: queued; step 3 of 4: email, 1 day later"),
        (&[D::Refused, D::SystemError], "sms 2.2 +0h: technical retry 1 of 6 after system_error, 1 minute later"),
        (
            &[D::Refused, D::UnknownOutcome],
            "email 3.1 +24h: step 2 ended: unknown_outcome; step 3 of 4: email, 1 day later",
        ),
        (&[D::Refused, D::Queued, D::Queued], "human 4.1 +48h: step 3 ended: queued; step 4 of 4: human, 2 days later"),
        (&[D::Refused, D::Queued, D::Queued, D::HandedOver], "close handed_over"),
    ];
    let ladder = shipped();
    for (endings, expected) in rows {
        let mut standing = standing("Europe/Moscow");
        assert_eq!(walk(&ladder, &mut standing, endings), *expected, "{endings:?}");
    }
}

/// Retries in parts of the day; each ends at the moment it was due. The first try is at 10:00 on Friday, in Moscow.
#[test]
fn retries_are_spread_over_the_day() {
    use Disposition as D;
    let source = SHIPPED.replacen("attempts_max: 4", "attempts_max: 4\n    spread: [evening, weekend, morning]", 1);
    let (ladder, found) = compile(&source);
    let ladder = ladder.unwrap_or_else(|| panic!("{found:?}"));
    let rows: &[(&[D], &str)] = &[
        (&[D::NoAnswer], "Fri 17:00"),
        (&[D::NoAnswer, D::NoAnswer], "Sat 17:00"),
        (&[D::NoAnswer, D::NoAnswer, D::NoAnswer], "Tue 09:00"),
        (&[D::Busy], "Fri 10:10"),
        (&[D::NoAnswer, D::Busy], "Fri 17:10"),
        (&[D::Congestion], "Fri 10:01"),
    ];
    for (endings, expected) in rows {
        let mut standing = standing("Europe/Moscow");
        let mut now = wall("2026-11-20T10:00+03:00");
        let Next::Attempt(mut plan) = ladder.first(&standing, now) else { panic!() };
        for disposition in *endings {
            standing.tried(&plan, now, *disposition);
            let Next::Attempt(next) = ladder.next(&standing, &plan, *disposition, now) else { panic!("{endings:?}") };
            (now, plan) = (next.due_at, next);
        }
        let shown = plan.due_at.in_zone(&standing.contact.zone).strftime("%a %H:%M").to_string();
        assert_eq!(shown, *expected, "{endings:?}: {}", plan.why);
    }
}

/// Endings, by `carrier` those that a network brought about, and what the shipped ladder says after the last.
#[test]
fn what_a_network_does_uses_up_no_try() {
    use Disposition as D;
    for (endings, expected) in [
        (vec![(D::Rejected, Blame::Callee)], "voice 1.2 +24h: try 2 of 4 after rejected, 1 day later"),
        (vec![(D::Rejected, Blame::Carrier)], "voice 1.2 +24h: again after rejected by a network, 1 day later"),
        (
            vec![(D::Busy, Blame::Callee), (D::Rejected, Blame::Carrier), (D::Busy, Blame::Callee)],
            "voice 1.4 +1h: try 3 of 4 after busy, 1 hour later",
        ),
        // It is not tried for ever either.
        (
            vec![(D::Rejected, Blame::Carrier), (D::Rejected, Blame::Carrier)],
            "sms 2.1 +24h: step 1 ended: 2 times rejected, and 1 retries are all it has for that; step 2 of 4: sms, 1 day later",
        ),
    ] {
        let (ladder, mut standing) = (shipped(), standing("Europe/Moscow"));
        let mut now = wall("2026-11-20T12:00+03:00");
        let mut next = ladder.first(&standing, now);
        for (ending, blame) in &endings {
            let Next::Attempt(plan) = next else { panic!("closed before {ending}") };
            now = plan.due_at;
            standing.tried(&plan, now, *ending);
            standing.past_here.last_mut().expect("tried").blame = *blame;
            next = ladder.next(&standing, &plan, *ending, now);
        }
        assert_eq!(shown(&next, now), expected, "{endings:?}");
    }
}

/// Each attempt ends in the instant in which it is due.
fn walk(ladder: &Ladder, standing: &mut Standing, endings: &[Disposition]) -> String {
    let mut now = wall("2026-11-20T12:00+03:00");
    let mut next = ladder.first(standing, now);
    for ending in endings {
        let Next::Attempt(plan) = next else { panic!("closed before {ending}") };
        now = plan.due_at;
        standing.tried(&plan, now, *ending);
        next = ladder.next(standing, &plan, *ending, now);
    }
    shown(&next, now)
}

fn shown(next: &Next, now: Wall) -> String {
    match next {
        Next::Close(close) => format!("close {}", close.reason),
        Next::Attempt(Plan { channel, step, try_number, due_at, why, .. }) => {
            let hours = due_at.since(now).as_secs() / 360;
            let hours = if hours.is_multiple_of(10) {
                format!("{}", hours / 10)
            } else {
                format!("{}.{}", hours / 10, hours % 10)
            };
            let hours = if *due_at - std::time::Duration::from_secs(600) == now { "0.2".into() } else { hours };
            format!("{channel} {}.{try_number} +{hours}h: {why}", step + 1)
        }
    }
}

#[test]
fn a_dead_number_gives_way_to_the_next_at_once() {
    let ladder = shipped();
    let mut standing = standing("Europe/Moscow");
    standing.contact.phones.push(phone(2, "+79160000002"));
    let endings = [Disposition::OutOfService];
    assert_eq!(walk(&ladder, &mut standing, &endings), "voice 1.2 +0h: the next number at once after out_of_service");
    assert_eq!(crate::policy::phone_to_dial(&standing).unwrap().id.0, 2);
}

#[test]
fn the_books_close_before_the_ladder_speaks() {
    let ladder = shipped();
    let now = wall("2026-11-20T12:00+03:00");
    let reason = |change: fn(&mut Standing)| {
        let mut standing = standing("Europe/Moscow");
        change(&mut standing);
        match ladder.first(&standing, now) {
            Next::Close(close) => close.reason,
            Next::Attempt(plan) => format!("{} {}", plan.channel, plan.why),
        }
    };
    assert_eq!(reason(|s| s.pays_all()), "paid");
    assert_eq!(reason(|s| s.promised(PromiseState::Open)), "promised");
    assert_eq!(reason(|s| s.promised(PromiseState::Broken)), "voice segment early; step 1 of 4: voice");
    assert_eq!(reason(|s| s.suppressed(None)), "opted_out");
    assert_eq!(
        reason(|s| s.contact.phones.clear()),
        "email segment early; step 1 (voice) skipped: no good number; step 2 (sms) skipped: no good number; step 3 of 4: email, 1 day later"
    );
}

/// Whatever happens, in whatever order, a ladder comes to its end.
#[test]
fn every_walk_ends() {
    let ladder = shipped();
    for seed in 0..500 {
        let dice = &mut crate::policy::world::Dice(seed);
        let mut standing = standing("Europe/Moscow");
        standing.contact.phones.push(phone(2, "+79160000002"));
        let mut now = wall("2026-11-20T12:00+03:00");
        let mut next = ladder.first(&standing, now);
        let mut made = 0;
        while let Next::Attempt(plan) = next {
            assert!(plan.due_at >= now && !plan.why.is_empty(), "seed {seed}");
            now = plan.due_at;
            let ending = match plan.channel {
                Channel::Voice => *dice.pick(&Disposition::ALL[..20]),
                Channel::Sms | Channel::Email | Channel::Letter => {
                    *dice.pick(&[Disposition::Queued, Disposition::SystemError])
                }
                Channel::Human | Channel::Visit => Disposition::HandedOver,
            };
            standing.tried(&plan, now, ending);
            next = ladder.next(&standing, &plan, ending, now);
            made += 1;
            assert!(made < 40, "seed {seed}: no end");
        }
    }
}

#[test]
fn written_messages() {
    let ladder = shipped();
    let mut standing = standing("Europe/Moscow");
    let plan = |step| Plan {
        channel: Channel::Sms,
        step,
        try_number: 1,
        segment: "early".into(),
        due_at: Wall(0),
        why: String::new(),
        moved: None,
    };
    let sms = ladder.render(&plan(1), &standing).unwrap();
    assert_eq!(sms.body, "Анна, это Горводоканал. Мы не смогли до вас дозвониться. Пожалуйста, перезвоните нам.");
    assert_eq!(sms.subject, None);
    standing.contact.language = Language::EN;
    standing.contact.creditor = "City\r\nBcc: all@example.test".into();
    let email = ladder.render(&plan(2), &standing).unwrap();
    assert_eq!(email.subject.unwrap(), "City  Bcc: all@example.test: please get in touch");
    assert!(email.body.starts_with("Dear Анна,\n\nWe called you"), "{}", email.body);
    standing.contact.language = "de".parse().unwrap();
    assert!(ladder.render(&plan(1), &standing).unwrap().body.starts_with("Анна, это"));
    assert_eq!(ladder.render(&plan(0), &standing), None);
    assert_eq!((ladder.flow_of(&plan(0)), ladder.queue_of(&plan(3))), (Some("overdue_reminder"), Some("collections")));
    assert!(ladder.leaves_voicemail(&plan(0)) && !ladder.leaves_voicemail(&plan(1)));
}

/// The reference is in the README; it must know every word that the code does.
#[test]
fn the_readme_knows_every_word() {
    let readme = include_str!("README.md");
    let endings = RetryOn::ALL.iter().map(|on| on.as_str());
    let stops = StopOn::ALL.iter().map(|s| s.as_str());
    let own = include_str!("codes.rs").split('"').filter(|word| word.len() == 4 && word.starts_with('L'));
    for word in super::compile::KEYS.iter().copied().chain(endings).chain(stops).chain(own) {
        assert!(readme.contains(word) || word == "L049", "{word} is missing in src/ladder/README.md");
    }
}
