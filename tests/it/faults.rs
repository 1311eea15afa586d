//! Faults around real campaigns, against foreign peers: each ends in a disposition with the right blame.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ringback::books::Attempt;
use ringback::outcome::{Blame, Disposition, HangupCause};
use ringback::policy::Counted;

use crate::blast::Campaign;
use crate::house::{House, terminate, wait_for};
use crate::sipp::{call_with_sipp, call_with_sipp_xml, start_sipp_with, start_sipp_xml};
use crate::{lines, scenario};

const LIMIT: Duration = Duration::from_secs(90);

fn outcome(attempt: &Attempt) -> (Disposition, Blame) {
    let outcome = attempt.outcome.as_ref().expect("finished");
    (outcome.disposition, outcome.blame)
}

/// The carrier refuses with 503 for a while: dialling slows down instead of hammering at it, the refused calls are the
/// carrier's fault, and when it takes calls again the pace comes back.
#[test]
fn a_storm_of_503() {
    const REFUSED: usize = 16;
    const CONTACTS: usize = 40;
    let sipp = start_sipp_with("storm", &[("count", &REFUSED.to_string())], &[]);
    let trunk = "    channels_max: 20\n    cps_max: 20\n    options_interval_s: 0\n";
    let campaign = Campaign::start(&sipp.addr.to_string(), trunk, CONTACTS, &[]);
    let mut attempts = campaign.finished(CONTACTS, LIMIT);
    let log = campaign.stop();
    attempts.retain(|attempt| attempt.live_at.is_some());
    attempts.sort_by_key(|attempt| attempt.live_at);
    let live: Vec<i64> = attempts.iter().filter_map(|a| Some(a.live_at?.0 / 1000)).collect();
    let refused = attempts.iter().filter(|a| outcome(a) == (Disposition::Congestion, Blame::Carrier)).count();
    let answered = attempts.iter().filter(|a| outcome(a) == (Disposition::HungUpEarly, Blame::Callee)).count();
    assert_eq!((refused, answered), (REFUSED, CONTACTS - REFUSED), "{log}\nsipp: {}", sipp.errors());
    // At the agreed pace the refused ones would have left within 0.8 s.
    let storm_ms = live[REFUSED - 1] - live[0];
    assert!(storm_ms > 2000, "the storm was hammered at: {REFUSED} calls in {storm_ms} ms");
    let gaps: Vec<i64> = live.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let slowest = gaps.iter().max().copied().unwrap_or(0);
    let last = gaps[gaps.len() - 8..].iter().sum::<i64>() / 8;
    println!("{REFUSED} refused within {storm_ms} ms, slowest gap {slowest} ms, the last eight {last} ms");
    assert!(last * 2 < slowest, "the pace does not come back: {gaps:?}");
    // Each 503 comes with a Retry-After, which closes the trunk meanwhile.
    assert!(log.contains("the trunk's health has changed"), "the log says why it is slow:\n{log}");
}

/// Calls are to be recorded and cannot be: nobody is rung, until they can be (RU-10).
#[test]
fn ru_10_no_recording_no_call() {
    let sipp = start_sipp_with("refuse", &[("status", "486")], &[]);
    let house = House::new(&sipp.addr.to_string(), "    channels_max: 5\n    cps_max: 5\n    options_interval_s: 0\n");
    let config = std::fs::read_to_string(house.path("ringback.yaml")).expect("written above");
    house.write("ringback.yaml", &config.replace("media: { ", "media: { record_calls: all, "));
    house.write("recordings", "a file where the folder should be");
    let campaign = Campaign::start_in(house, 2, &[]);
    wait_for("dialling to stop", LIMIT, || campaign.log().contains("dialling stops").then_some(()));
    wait_for("the reason to be told", LIMIT, || {
        let status = campaign.house.ok(&["campaign", "status", "blast"]);
        status.contains("nobody is dialled: the database, or the disk for recordings").then_some(())
    });
    let attempts = campaign.attempts().expect("the books can be read");
    assert!(attempts.iter().all(|attempt| attempt.live_at.is_none()), "{attempts:?}");
    std::fs::remove_file(campaign.house.path("recordings")).expect("ours");
    std::fs::create_dir(campaign.house.path("recordings")).expect("writable");
    let attempts = campaign.finished(2, LIMIT);
    assert!(attempts.iter().all(|a| a.outcome.is_none() || outcome(a) == (Disposition::Busy, Blame::Callee)));
    let log = campaign.stop();
    assert!(log.contains("no call can be recorded in"), "{log}");
}

/// The wall clock jumps while a call is up: its times are counted by the steady clock, and it ends as it would have.
#[test]
fn the_clock_jumps_in_mid_call() {
    let library = ["x86_64", "aarch64"].map(|arch| format!("/usr/lib/{arch}-linux-gnu/faketime/libfaketime.so.1"));
    let Some(library) = library.iter().find(|file| Path::new(file).exists()) else {
        eprintln!("skipped: needs Debian's libfaketime (`make setup-test` as the super-user)");
        return;
    };
    for jump in ["+2h", "-2h"] {
        let sipp = start_sipp_xml("far_hangs_up_late", &scenario::read("out", "far_hangs_up_late").xml, &[]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let offset = folder.path().join("offset");
        std::fs::write(&offset, "+0").expect("writable");
        let env = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", offset.to_str().expect("UTF-8")),
            ("FAKETIME_NO_CACHE", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ];
        let trunk = "    channels_max: 1\n    cps_max: 1\n    options_interval_s: 0\n";
        let campaign = Campaign::start(&sipp.addr.to_string(), trunk, 1, &env);
        wait_for("the call to be live", LIMIT, || {
            campaign.attempts()?.iter().any(|attempt| attempt.live_at.is_some()).then_some(())
        });
        std::fs::write(&offset, jump).expect("writable");
        let attempts = campaign.finished(1, LIMIT);
        let log = campaign.stop();
        let made: Vec<_> = attempts.iter().filter(|a| a.live_at.is_some()).collect();
        assert_eq!(made.len(), 1, "{jump}: called once: {attempts:#?}");
        assert_eq!(outcome(made[0]), (Disposition::HungUpEarly, Blame::Callee), "{jump}\n{log}");
        drop(sipp);
    }
}

/// Sixty callers a second for a line that takes one call: each is told at once that it is busy, and the one that is up
/// stays whole.
#[test]
fn a_flood_of_callers() {
    const CALLERS: &str = "120";
    let (socket, keep_alive) = lines::carrier();
    let peer = socket.local_addr().expect("its address").to_string();
    let house = House::new(&peer, "    channels_max: 1\n    cps_max: 1\n    options_interval_s: 60\n");
    let config = std::fs::read_to_string(house.path("ringback.yaml")).expect("its config");
    let flow = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/lines/front_desk.yaml");
    let line = lines::LINES.replace("flows/lines/front_desk.yaml", &flow.to_string_lossy());
    house.write("ringback.yaml", &format!("{config}{line}"));
    let log = std::fs::File::create(house.path("log")).expect("writable");
    let mut serve = house.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("serve starts");
    let ours = keep_alive();

    let talking = call_with_sipp(ours, "+74950000000", &["-m", "1", "-d", "4000"]);
    wait_for("the call to be up", LIMIT, || (!lines::calls(&house).is_empty()).then_some(()));
    let flood = scenario::read("in", "line_busy");
    let options = ["-s", "+74950000000", "-m", CALLERS, "-r", "60"];
    call_with_sipp_xml(ours, "line_busy", &flood.xml, &options).finish();
    talking.finish();

    let ended = wait_for("the call to be written down", LIMIT, || {
        let calls = lines::calls(&house);
        calls.iter().any(|call| call.ended.is_some()).then_some(calls)
    });
    terminate(&serve);
    assert!(serve.wait().expect("it stops").success());
    assert_eq!(ended.len(), 1, "those who were refused are no calls: {ended:?}");
    let talked_ms = ended[0].ended.expect("looked for").talk_ms;
    assert!(talked_ms >= 3_800, "the call that was up was cut short: {talked_ms} ms");
}

/// The range of media ports is too small for the calls that the trunk may take: those without a port ring nobody, are our
/// fault and technical, are made up for without counting against the contact, and the log says what to do.
#[test]
fn media_ports_run_out() {
    const CONTACTS: usize = 6;
    let sipp = start_sipp_xml("far_hangs_up_late", &scenario::read("out", "far_hangs_up_late").xml, &[]);
    let trunk = "    channels_max: 6\n    cps_max: 20\n    options_interval_s: 0\n";
    let house = House::new(&sipp.addr.to_string(), trunk);
    let config = std::fs::read_to_string(house.path("ringback.yaml")).expect("its config");
    // For two calls, where nobody else is now.
    let first = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a port").port() & !1;
    let (first, last) = (first.min(65_530), first.min(65_530) + 3);
    house
        .write("ringback.yaml", &config.replace("silent_s_max: 0", &format!("silent_s_max: 0, ports: {first}-{last}")));
    let campaign = Campaign::start_in(house, CONTACTS, &[]);
    let attempts = campaign.finished(CONTACTS, LIMIT);
    let log = campaign.stop();
    let made: Vec<&Attempt> = attempts.iter().filter(|a| a.outcome.is_some()).collect();
    let without: Vec<_> = made.iter().filter(|a| outcome(a) == (Disposition::Congestion, Blame::Us)).collect();
    let talked = made.iter().filter(|a| outcome(a) == (Disposition::HungUpEarly, Blame::Callee)).count();
    assert!(!without.is_empty() && talked >= 1, "{attempts:#?}\n{log}");
    assert_eq!(without.len() + talked, made.len(), "nothing else came of it: {attempts:#?}\n{log}");
    for attempt in &without {
        let ended = attempt.outcome.as_ref().expect("finished");
        assert_eq!((ended.cause, ended.talk_ms), (Some(HangupCause::NoMediaPort), 0));
        // Caps count calls that may have rung; the ladder has a count of its own for what is technical.
        assert!(!Counted::Calls.counts(&attempt.past().expect("finished")));
        let next =
            attempts.iter().find(|a| a.contact == attempt.contact && a.state.is_open()).expect("it is made up for");
        assert!(next.plan.why.contains("technical retry 1"), "{:?}", next.plan);
    }
    let said = log.lines().filter(|line| line.contains("no media port for this call")).count();
    assert_eq!(said, without.len(), "{log}");
    assert!(log.contains("Widen `ports` of `media`") && log.contains("channels_max"), "{log}");
}

/// Somebody else holds the port that the trunk wants: the program does not start, and says which port and whose setting.
#[test]
fn the_trunks_port_is_taken() {
    let held = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let taken = held.local_addr().expect("its address").to_string();
    let house = House::new("127.0.0.1:9", "    channels_max: 1\n    cps_max: 1\n");
    let config = std::fs::read_to_string(house.path("ringback.yaml")).expect("its config");
    house.write("ringback.yaml", &config.replace("bind: \"127.0.0.1:0\"", &format!("bind: \"{taken}\"")));
    let output = house.command(&["serve"]).stdin(Stdio::null()).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains(&taken) && said.contains("test"), "neither port nor trunk are named: {said}");
}
