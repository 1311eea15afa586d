//! A campaign against a foreign callee: the real program (`import`, `campaign`, `serve`) dials sipp, and the books must
//! say what sipp did. One row, one scenario.

use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use ringback::books::Attempt;
use ringback::id::AttemptId;
use ringback::outcome::{Blame, Channel, Disposition};
use ringback::store::{SqliteStore, Store};

use crate::house::{House, terminate, wait_for, zone_at_noon};
use crate::scenario;
use crate::sipp::{start_sipp_with, start_sipp_xml};

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

/// A campaign under way: the real program, with its books.
pub struct Campaign {
    pub house: House,
    serve: Child,
    runtime: tokio::runtime::Runtime,
}

impl Campaign {
    /// Starts to call as many contacts; their carrier is `peer`, `trunk` more of its settings. `env`: for the program.
    pub fn start(peer: &str, trunk: &str, contacts: usize, env: &[(&str, &str)]) -> Campaign {
        Campaign::start_in(House::new(peer, trunk), contacts, env)
    }

    /// As [`start`](Campaign::start), in an installation that is there already.
    pub fn start_in(house: House, contacts: usize, env: &[(&str, &str)]) -> Campaign {
        house.write("ladder.yaml", LADDER);
        let zone = zone_at_noon();
        let mut rows = "contact_id,name,phone,language,zone,creditor,amount,currency,due,last4\n".to_owned();
        for n in 0..contacts {
            let number = 70_001_234_567 + n;
            let _ = writeln!(rows, "c{n},Anna,+{number},en,{zone},City Water,12.50,GBP,2026-01-15,4321");
        }
        house.write("contacts.csv", &rows);
        let path = |name: &str| house.path(name).to_string_lossy().into_owned();
        house.ok(&["import", &path("contacts.csv")]);
        house.ok(&["campaign", "create", "blast", "--ladder", &path("ladder.yaml"), "--flows", "flows"]);
        house.ok(&["campaign", "start", "blast"]);
        let log = std::fs::File::create(house.path("log")).expect("writable");
        let mut command = house.command(&["serve"]);
        let serve = command.envs(env.iter().copied()).stderr(Stdio::from(log)).spawn().expect("serve starts");
        Campaign { house, serve, runtime: tokio::runtime::Runtime::new().expect("a runtime") }
    }

    /// Every attempt in the books, when they can be read.
    pub fn attempts(&self) -> Option<Vec<Attempt>> {
        self.runtime.block_on(async {
            let store = SqliteStore::open(&self.house.path("ringback.db")).await.ok()?;
            store.attempts(None, AttemptId(0), 1000).await.ok()
        })
    }

    /// Waits until so many attempts have an outcome.
    pub fn finished(&self, count: usize, limit: Duration) -> Vec<Attempt> {
        wait_for("the attempts to be finished", limit, || {
            self.attempts().filter(|attempts| attempts.iter().filter(|a| a.outcome.is_some()).count() >= count)
        })
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.house.path("log")).expect("its log")
    }

    /// Stops the program in good order, and starts it again.
    pub fn restart(&mut self) {
        terminate(&self.serve);
        assert!(self.serve.wait().expect("it stops").success());
        let log = std::fs::File::create(self.house.path("log")).expect("writable");
        self.serve = self.house.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("serve starts");
    }

    /// Stops the program in good order; what it logged.
    pub fn stop(mut self) -> String {
        terminate(&self.serve);
        assert!(self.serve.wait().expect("it stops").success());
        self.log()
    }
}

impl Drop for Campaign {
    /// A test that fails leaves nobody calling.
    fn drop(&mut self) {
        let _ = self.serve.kill();
        let _ = self.serve.wait();
    }
}

/// Dials one contact and waits for the outcome; the contact's attempts, and the log.
fn dial_one(peer: &str, trunk: &str) -> (Vec<Attempt>, String) {
    let campaign = Campaign::start(peer, trunk, 1, &[]);
    let attempts = campaign.finished(1, LIMIT);
    (attempts, campaign.stop())
}

#[test]
fn what_sipp_does_is_what_the_books_say() {
    // what sipp does (`tests/sipp`), status, disposition of the first attempt, whether a second is planned
    let rows = [
        ("out/busy", "", Disposition::Busy, true),
        ("out/unavailable", "", Disposition::NoAnswer, true),
        ("out/not_found", "", Disposition::InvalidNumber, false),
        ("out/gone", "", Disposition::OutOfService, false),
        ("out/overloaded", "", Disposition::Congestion, true),
        ("out/declined", "", Disposition::Rejected, true),
        ("out/ring_no_answer", "", Disposition::NoAnswer, true),
        ("out/answer_g729", "", Disposition::TrunkDown, true),
        ("out/far_hangs_up", "", Disposition::HungUpEarly, true),
        // Hears us out, says nothing, never hangs up, and does not answer when we do.
        ("out/bye_unanswered", "", Disposition::NoInput, true),
        ("refuse", "599", Disposition::Congestion, true),
        ("ring_late", "", Disposition::NoAnswer, true),
        ("auth", "", Disposition::NoInput, true),
        ("silent", "", Disposition::TrunkDown, true),
    ];
    std::thread::scope(|scope| {
        for (scenario, status, disposition, again) in rows {
            scope.spawn(move || {
                // sipp answers nothing but its INVITE, so health is taken for granted.
                let trunk = "    channels_max: 1\n    cps_max: 1\n    ring_s_max: 5\n    options_interval_s: 0\n    \
                             username: trunk\n    password: \"${env:RINGBACK_TEST_PASSWORD}\"\n";
                let sipp = match scenario.strip_prefix("out/") {
                    Some(name) => start_sipp_xml(name, &scenario::read("out", name).xml, &[]),
                    None => start_sipp_with(scenario, &[("status", status)], &[]),
                };
                let (attempts, log) = dial_one(&sipp.addr.to_string(), trunk);
                let first = &attempts[0];
                let outcome = first.outcome.as_ref().expect("finished");
                let said = sipp.errors();
                assert_eq!(outcome.disposition, disposition, "{scenario} {status}\n{log}\nsipp: {said}");
                // A codec that is not spoken is anybody's doing.
                let blame = if scenario == "out/answer_g729" { Blame::Unknown } else { disposition.blame() };
                assert_eq!(outcome.blame, blame, "{scenario} {status}");
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
        std::fs::read_to_string(&log).ok()?.contains("does not answer; it is not dialled").then_some(())
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
