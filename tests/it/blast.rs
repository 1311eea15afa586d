//! A campaign against a foreign callee: the real program (`import`, `campaign`, `serve`) dials sipp, and the books must
//! say what sipp did. One row, one scenario.

use std::process::Stdio;
use std::time::Duration;

use ringback::books::Attempt;
use ringback::id::AttemptId;
use ringback::outcome::{Channel, Disposition};
use ringback::store::{SqliteStore, Store};

use crate::house::{House, terminate, wait_for, zone_at_noon};
use crate::sipp::start_sipp_with;

/// Long enough for an unanswered INVITE: timer B takes 32 s (RFC 3261 §17.1.1.2).
const LIMIT: Duration = Duration::from_secs(90);

const LADDER: &str = r#"
ladder: blast
segments:
  all: { when: days_overdue > -1000, flow: overdue_reminder }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
steps:
  - voice: segment.flow
    attempts_max: 2
    retry: { busy: [1d], no_answer: [1d], hung_up_early: [1d], no_input: [1d], rejected: [1d], technical: [1d] }
"#;

/// Dials one contact whose carrier is `peer`, waits until the attempt is finished, and gives the contact's attempts.
fn dial_one(peer: &str, trunk: &str) -> (Vec<Attempt>, String) {
    let house = House::new(peer, trunk);
    house.write("ladder.yaml", LADDER);
    let zone = zone_at_noon();
    house.write(
        "contacts.csv",
        &format!(
            "contact_id,name,phone,language,zone,creditor,amount,currency,due,last4\n\
             c1,Anna,+70001234567,en,{zone},City Water,12.50,GBP,2026-01-15,4321\n"
        ),
    );
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    house.ok(&["import", &path("contacts.csv")]);
    house.ok(&["campaign", "create", "blast", "--ladder", &path("ladder.yaml"), "--flows", "flows"]);
    house.ok(&["campaign", "start", "blast"]);
    let log = std::fs::File::create(house.path("log")).expect("writable");
    let mut serve = house.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("serve starts");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let attempts = wait_for("the attempt to be finished", LIMIT, || {
        runtime.block_on(async {
            let store = SqliteStore::open(&house.path("ringback.db")).await.ok()?;
            let attempts = store.attempts(None, AttemptId(0), 100).await.ok()?;
            attempts.iter().any(|a| a.outcome.is_some()).then_some(attempts)
        })
    });
    terminate(&serve);
    assert!(serve.wait().expect("it stops").success());
    let log = std::fs::read_to_string(house.path("log")).expect("its log");
    (attempts, log)
}

#[test]
fn what_sipp_does_is_what_the_books_say() {
    // scenario, status, disposition of the first attempt, whether a second is planned
    let rows = [
        ("refuse", "486", Disposition::Busy, true),
        ("refuse", "480", Disposition::NoAnswer, true),
        ("refuse", "404", Disposition::InvalidNumber, false),
        ("refuse", "503", Disposition::Congestion, true),
        ("refuse", "603", Disposition::Rejected, true),
        ("ring", "", Disposition::NoAnswer, true),
        ("ring_late", "", Disposition::NoAnswer, true),
        ("hangs_up", "", Disposition::HungUpEarly, true),
        ("auth", "", Disposition::NoInput, true),
        ("silent", "", Disposition::TrunkDown, true),
    ];
    std::thread::scope(|scope| {
        for (scenario, status, disposition, again) in rows {
            scope.spawn(move || {
                // sipp answers nothing but its INVITE, so health is taken for granted.
                let trunk = "    channels_max: 1\n    cps_max: 1\n    ring_s_max: 5\n    options_interval_s: 0\n    \
                             username: trunk\n    password: \"${env:RINGBACK_TEST_PASSWORD}\"\n";
                let sipp = start_sipp_with(scenario, &[("status", status)], &[]);
                let (attempts, log) = dial_one(&sipp.addr.to_string(), trunk);
                let first = &attempts[0];
                let outcome = first.outcome.as_ref().expect("finished");
                let said = sipp.errors();
                assert_eq!(outcome.disposition, disposition, "{scenario} {status}\n{log}\nsipp: {said}");
                assert_eq!(outcome.blame, disposition.blame(), "{scenario} {status}");
                let second = attempts.iter().any(|a| a.plan.try_number == 2 && a.channel == Channel::Voice);
                assert_eq!(second, again, "{scenario} {status}: {attempts:#?}");
                assert!(!log.contains("+70001234567"), "a whole number in the log:\n{log}");
            });
        }
    });
}

/// Keys that sipp sends as RFC 4733 events reach the flow: 1 (it is me), then digits that do not match.
#[test]
fn keys_from_sipp_are_heard() {
    // SAFETY: reads the effective user of this process.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("skipped: sipp plays keys from raw sockets, which needs the super-user");
        return;
    }
    let trunk = "    channels_max: 1\n    cps_max: 1\n    ring_s_max: 5\n    options_interval_s: 0\n";
    let sipp = start_sipp_with("answer", &[], &[]);
    let (attempts, log) = dial_one(&sipp.addr.to_string(), trunk);
    let outcome = attempts[0].outcome.as_ref().expect("finished");
    assert_eq!(outcome.disposition, Disposition::NotVerified, "{log}");
}

/// A carrier that is not there at all: nobody is dialled, nothing is lost, and the log says so.
#[test]
fn a_trunk_that_does_not_answer_stops_dialling() {
    // A port that nobody listens on, held so that nobody will.
    let held = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let peer = held.local_addr().expect("its address").to_string();
    let house = House::new(&peer, "    channels_max: 1\n    cps_max: 1\n    options_interval_s: 5\n");
    house.write("ladder.yaml", LADDER);
    let zone = zone_at_noon();
    let row = format!("c1,Anna,+70001234567,en,{zone},City Water,12.50,GBP,2026-01-15,4321\n");
    house.write(
        "contacts.csv",
        &format!("contact_id,name,phone,language,zone,creditor,amount,currency,due,last4\n{row}"),
    );
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    house.ok(&["import", &path("contacts.csv")]);
    house.ok(&["campaign", "create", "blast", "--ladder", &path("ladder.yaml"), "--flows", "flows"]);
    house.ok(&["campaign", "start", "blast"]);
    let log = house.path("log");
    let file = std::fs::File::create(&log).expect("writable");
    let mut serve = house.command(&["serve"]).stderr(Stdio::from(file)).spawn().expect("serve starts");
    wait_for("the log to name the trunk", Duration::from_secs(20), || {
        std::fs::read_to_string(&log).ok()?.contains("does not answer; nobody is dialled").then_some(())
    });
    terminate(&serve);
    assert!(serve.wait().expect("it stops").success());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let attempts = runtime.block_on(async {
        let store = SqliteStore::open(&house.path("ringback.db")).await.expect("the books");
        store.attempts(None, AttemptId(0), 10).await.expect("attempts")
    });
    assert_eq!(attempts.len(), 1);
    assert!(attempts[0].live_at.is_none(), "nobody was dialled");
    assert!(attempts[0].state.is_open(), "the attempt is still to be made");
}
