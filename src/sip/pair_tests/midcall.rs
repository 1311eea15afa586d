//! What happens to a call that is up: hold, moved audio, glare, session timers, keys by INFO; and both ways of saying
//! provisional things reliably.

use std::time::Duration;

use super::alone::{Alone, described};
use super::*;
use crate::sip::session_timer::SessionTimes;

fn progress(dialog: DialogId) -> Command {
    Command::Progress { dialog, media: audio(CALLEE), codec: Codec::Pcma }
}

fn hold(dialog: DialogId) -> Command {
    Command::Hold { dialog }
}

fn resume(dialog: DialogId) -> Command {
    Command::Resume { dialog }
}

fn times(expires_s: u32, min_s: u32) -> Option<SessionTimes> {
    Some(SessionTimes { expires_s, min_s })
}

/// A world with a call that is answered at once and stays.
fn talking(configure: impl Fn(usize, &mut Config)) -> (World, DialogId) {
    let mut world = World::new(CLEAN, 1, configure);
    world.on_incoming = vec![(0, answer)];
    let dialog = world.dial(0, 10_000);
    world.run_until(ms(100));
    (world, dialog)
}

/// What was sent and told from now on, of both ends in one line.
fn since(world: &World, from: u64) -> String {
    let wire = world.transcript().into_iter();
    let after = |line: &String| line.split(' ').next().unwrap().parse::<u64>().unwrap() >= from;
    wire.filter(after).collect::<Vec<_>>().join(", ")
}

fn told_since(world: &World, who: usize, from: u64) -> String {
    let after = |line: &String| line.split(' ').next().unwrap().parse::<u64>().unwrap() >= from;
    world.told(who).into_iter().filter(after).collect::<Vec<_>>().join(", ")
}

#[test]
fn we_hold_and_take_back() {
    let (mut world, dialog) = talking(|_, _| {});
    world.at(1000, CALLER, hold(dialog));
    // Wanted twice is asked for once.
    world.at(1100, CALLER, hold(dialog));
    world.at(2000, CALLER, resume(dialog));
    world.at(3000, CALLER, Command::Move { dialog, media: "10.0.0.1:4444".parse().unwrap() });
    world.at(4000, CALLER, hang_up(dialog));
    world.run();
    assert_eq!(
        since(&world, 1000),
        "1000 > INVITE, 1010 < 200 INVITE, 1020 > ACK, 2000 > INVITE, 2010 < 200 INVITE, 2020 > ACK, \
         3000 > INVITE, 3010 < 200 INVITE, 3020 > ACK, 4000 > BYE, 4010 < 200 BYE"
    );
    assert_eq!(
        told_since(&world, CALLER, 1000),
        "1020 moved 10.0.0.2:4000 sendonly, 2020 moved 10.0.0.2:4000 sendrecv, 4000 ended local_hangup"
    );
    assert_eq!(
        told_since(&world, CALLEE, 1000),
        "1010 moved 10.0.0.1:4000 recvonly, 2010 moved 10.0.0.1:4000 sendrecv, 3010 moved 10.0.0.1:4444 sendrecv, \
         4010 ended remote_hangup"
    );
    world.assert_forgotten();
}

/// Both hold at once: both are refused, wait (the caller for 2.1 to 4 s, the other for up to 2 s), and both are on hold in the
/// end (§14.1).
#[test]
fn both_hold_at_once() {
    for seed in 0..20 {
        let mut world = World::new(CLEAN, seed, |_, _| {});
        world.on_incoming = vec![(0, answer), (990, hold)];
        let dialog = world.dial(0, 10_000);
        world.at(1000, CALLER, hold(dialog));
        world.run_until(ms(6000));
        let wire = since(&world, 1000);
        let glare = "1000 > INVITE, 1000 < INVITE, 1010 < 491 INVITE, 1010 > 491 INVITE, 1020 > ACK, 1020 < ACK, ";
        let rest = wire.strip_prefix(glare).unwrap_or_else(|| panic!("{wire}"));
        let invites: Vec<(u64, &str)> = rest
            .split(", ")
            .filter(|line| line.ends_with("INVITE") && line.split(' ').count() == 3)
            .map(|line| line.split_once(' ').unwrap())
            .map(|(at, what)| (at.parse().unwrap(), what))
            .collect();
        let [(first, "< INVITE"), (second, "> INVITE")] = invites[..] else { panic!("seed {seed}: {invites:?}") };
        assert!((1010..=3010).contains(&first) && (3110..=5010).contains(&second), "seed {seed}: {first} {second}");
        for who in [CALLER, CALLEE] {
            let call = world.agents[who].calls.values().next().unwrap();
            assert_eq!(call.media.unwrap().direction.as_str(), "inactive", "seed {seed}");
        }
        world.at(7000, CALLER, hang_up(dialog));
        world.run();
        world.assert_forgotten();
    }
}

#[test]
fn offers_that_come_to_nothing() {
    for (what, status, expected) in [
        ("not acceptable: the call stays as it was", 488, "30 ACK a, 30 not changed 488"),
        ("the far end does not know the call", 481, "30 ACK a, 30 ended trunk_silent, 30 BYE a"),
        ("timed out behind a proxy", 408, "30 ACK a, 30 ended trunk_silent, 30 BYE a"),
    ] {
        let mut a = up(|_| {});
        a.order(hold(a.dialog));
        assert_eq!(a.lines(), "20 INVITE a");
        a.hear(30, &a.answer("INVITE", status, "a", &[], None));
        assert_eq!(a.lines(), expected, "{what}");
    }
    // Not a word: timer B, and the call is over.
    let mut a = up(|_| {});
    a.order(hold(a.dialog));
    a.run_until(40_000);
    let lines = a.lines();
    assert!(lines.contains("32020 ended trunk_silent, 32020 BYE a"), "{lines}");
    // A provisional answer, and then nothing.
    let mut a = up(|_| {});
    a.order(hold(a.dialog));
    a.hear(30, &a.answer("INVITE", 100, "a", &[], None));
    a.run_until(70_000);
    let lines = a.lines();
    assert!(lines.starts_with("20 INVITE a, 60020 ended trunk_silent, 60020 BYE a, 60520 BYE a"), "{lines}");
}

/// What was said before is said again after a refusal, with its version: nothing has changed.
#[test]
fn a_refused_offer_leaves_the_description_as_it_was() {
    let mut a = up(|_| {});
    let media = |a: &Alone| a.agent.calls.values().next().unwrap().media;
    let before = media(&a);
    a.order(hold(a.dialog));
    a.hear(30, &a.answer("INVITE", 488, "a", &[], None));
    a.lines();
    a.order(resume(a.dialog));
    assert!(!a.lines().contains("INVITE"), "it never was on hold");
    assert_eq!(media(&a), before);
    a.order(hold(a.dialog));
    assert!(a.bytes.last().unwrap().contains("o=ringback") && a.bytes.last().unwrap().contains("a=sendonly"));
    a.hear(40, &a.answer("INVITE", 200, "a", &[], Some(&described(4000).replace("sendrecv", "recvonly"))));
    assert_eq!(a.lines(), "30 INVITE a, 40 ACK a, 40 moved 10.0.0.9:4000 sendonly");
}

/// Our BYE is out, and the far end refuses our re-INVITE after it: its refusal is acknowledged all the same.
#[test]
fn a_refusal_that_comes_after_the_bye() {
    let mut a = up(|_| {});
    a.order(hold(a.dialog));
    a.order(hang_up(a.dialog));
    assert_eq!(a.lines(), "20 INVITE a, 20 ended local_hangup, 20 BYE a");
    a.hear(30, &a.answer("BYE", 200, "a", &[], None));
    a.hear(40, &a.answer("INVITE", 487, "a", &[], None));
    assert_eq!(a.lines(), "40 ACK a");
    let (invite, ack) = (a.last("INVITE"), a.last("ACK"));
    assert_eq!((&invite.head.branch, invite.head.cseq), (&ack.head.branch, ack.head.cseq));
}

/// Requests that cross ours (§14.2, RFC 3311 §5.2).
#[test]
fn offers_of_both() {
    let mut a = up(|_| {});
    a.order(hold(a.dialog));
    a.lines();
    let sdp = described(4002);
    let body = Some(("application/sdp", sdp.as_str()));
    a.hear(30, &a.request("INVITE", "a", 1, &[], body));
    a.hear(30, &a.request("UPDATE", "a", 2, &[], body));
    // Without an offer there is no glare: the session is refreshed, the key heard.
    a.hear(30, &a.request("UPDATE", "a", 3, &[], None));
    a.hear(30, &a.request("INFO", "a", 4, &[], Some(("application/dtmf", "5"))));
    assert_eq!(a.lines(), "30 491 INVITE, 30 491 UPDATE, 30 200 UPDATE, 30 200 INFO, 30 digit 5 None");
    a.hear(40, &a.answer("INVITE", 200, "a", &[], Some(&described(4000))));
    a.lines();
    a.hear(50, &a.request("UPDATE", "a", 5, &[], body));
    assert_eq!(a.lines(), "50 200 UPDATE, 50 moved 10.0.0.9:4002 sendonly");
}

/// A call of ours that is up at 20 ms, to the telephone `a`.
fn up(configure: impl Fn(&mut Config)) -> Alone {
    let mut a = Alone::calling(configure);
    a.hear(20, &a.answer("INVITE", 200, "a", &["Allow: INVITE, ACK, BYE, CANCEL"], Some(&described(4000))));
    a.lines();
    a
}

#[test]
fn keys_by_info() {
    let (mut world, dialog) = talking(|_, _| {});
    for (at, digit) in [(1000, '7'), (1100, '#'), (1200, 'x')] {
        world.at(at, CALLER, Command::Press { dialog, digit, duration_ms: 160 });
    }
    world.at(2000, CALLER, hang_up(dialog));
    world.run();
    let wire = "1000 > INFO, 1010 < 200 INFO, 1100 > INFO, 1110 < 200 INFO, 2000 > BYE, 2010 < 200 BYE";
    assert_eq!(since(&world, 1000), wire);
    assert_eq!(
        told_since(&world, CALLEE, 1000),
        "1010 digit 7 Some(160), 1110 digit # Some(160), 2010 ended remote_hangup"
    );
    world.assert_forgotten();

    let mut a = up(|_| {});
    for (seq, more, body, expected) in [
        (1, vec![], Some(("application/dtmf-relay", "Signal=*\r\nDuration=100")), "30 200 INFO, 30 digit * Some(100)"),
        (2, vec![], Some(("Application/DTMF; x=y", "9")), "30 200 INFO, 30 digit 9 None"),
        (3, vec![], Some(("application/dtmf-relay", "Signal=16\r\n")), "30 400 INFO"),
        (4, vec![], Some(("application/vnd.example", "5")), "30 415 INFO"),
        (5, vec![], Some(("application/media_control+xml", "<x/>")), "30 415 INFO"),
        (6, vec!["Info-Package: foo"], Some(("application/foo", "5")), "30 469 INFO"),
        // A sign of life.
        (7, vec![], None, "30 200 INFO"),
    ] {
        let bytes = a.request("INFO", "a", seq, &more, body);
        a.hear(30, &bytes);
        assert_eq!(a.lines(), expected, "{seq}");
        // The same again is answered the same, and is no second key.
        a.hear(30, &bytes);
        assert_eq!(a.lines(), expected.split(", ").next().unwrap(), "{seq}");
    }
}

#[test]
fn provisional_answers_that_are_acknowledged() {
    // An announcement before the answer: 183 with our side, PRACK, and no second description in the 200.
    let mut world = World::new(CLEAN, 1, |_, _| {});
    world.on_incoming = vec![(0, ring), (100, progress), (500, answer)];
    let dialog = world.dial(0, 10_000);
    world.at(2000, CALLER, hang_up(dialog));
    world.run();
    assert_eq!(
        world.transcript().join(", "),
        "0 > INVITE, 10 < 180 INVITE, 110 < 183 INVITE, 120 > PRACK, 130 < 200 PRACK, 510 < 200 INVITE, 520 > ACK, 2000 > BYE, \
         2010 < 200 BYE"
    );
    assert_eq!(
        world.told(CALLER).join(", "),
        "20 ringing, 120 early 10.0.0.2:4000, 520 answered Pcma Some(101), 2000 ended local_hangup"
    );
    let described = |status: &str| {
        let of = |(_, who, bytes): &&(Mono, usize, Vec<u8>)| *who == CALLEE && bytes.starts_with(status.as_bytes());
        let bytes = &world.sent.iter().find(of).unwrap().2;
        String::from_utf8_lossy(bytes).contains("m=audio")
    };
    assert!(described("SIP/2.0 183") && !described("SIP/2.0 200 OK"));
    world.assert_forgotten();

    // Without 100rel the same, but the 200 says it again, since the 183 may have been lost.
    let mut world = World::new(CLEAN, 1, |_, config| config.reliable = false);
    world.on_incoming = vec![(100, progress), (500, answer)];
    let dialog = world.dial(0, 10_000);
    world.at(2000, CALLER, hang_up(dialog));
    world.run();
    assert_eq!(world.transcript()[..4].join(", "), "0 > INVITE, 110 < 183 INVITE, 510 < 200 INVITE, 520 > ACK");
    let of = |(_, who, bytes): &&(Mono, usize, Vec<u8>)| *who == CALLEE && bytes.starts_with(b"SIP/2.0 200");
    assert!(String::from_utf8_lossy(&world.sent.iter().find(of).unwrap().2).contains("m=audio"));
    world.assert_forgotten();
}

/// The 183 is lost three times; PRACK comes at last, and with it what had to wait.
#[test]
fn a_reliable_answer_is_repeated_until_acknowledged() {
    let mut world = World::new(CLEAN, 1, |_, _| {});
    world.on_incoming = vec![(0, progress), (100, ring), (200, answer)];
    world.dial(0, 60_000);
    world.run_until(ms(10));
    world.line.lost = 100;
    world.wire.clear();
    world.run_until(ms(5000));
    world.line.lost = 0;
    world.run_until(ms(9000));
    // At 7.5 s once by itself, and once because the INVITE was repeated.
    let wire = "10 < 183 INVITE, 510 < 183 INVITE, 1510 < 183 INVITE, 3510 < 183 INVITE, 7510 < 183 INVITE, 7510 < 183 INVITE, 7520 > PRACK, \
                7530 < 200 PRACK, 7530 < 180 INVITE, 7530 < 200 INVITE, 7540 > ACK";
    let transcript: Vec<String> = world.transcript().into_iter().filter(|l| !l.ends_with("> INVITE")).collect();
    assert_eq!(transcript.join(", "), wire);
}

#[test]
fn a_reliable_answer_that_nobody_acknowledges() {
    let mut world = World::new(CLEAN, 1, |_, _| {});
    world.on_incoming = vec![(0, progress)];
    world.dial(0, 60_000);
    world.run_until(ms(10));
    world.line.lost = 100;
    world.wire.clear();
    world.run_until(ms(33_000));
    // §3: after 64*T1 the call is refused.
    assert!(since(&world, 32_000).contains("32010 < 504 INVITE"), "{}", since(&world, 32_000));
    assert_eq!(world.told(CALLEE).join(", "), "10 incoming, 32010 cancelled");
}

#[test]
fn reliable_answers_out_of_order() {
    let mut a = Alone::calling(|_| {});
    let reliable = |a: &Alone, status, tag: &str, rseq: &str, sdp: Option<&str>| {
        a.answer("INVITE", status, tag, &["Require: 100rel", &format!("RSeq: {rseq}")], sdp)
    };
    let sdp = described(4000);
    a.hear(10, &reliable(&a, 183, "a", "7", Some(&sdp)));
    assert_eq!(a.lines(), "0 INVITE, 10 ringing, 10 early 10.0.0.9:4000, 10 PRACK a");
    let prack = a.last("PRACK");
    assert_eq!((prack.head.cseq, prack.uri.as_str()), (2, "sip:a@10.0.0.2"));
    let rack = prack.head.more.rack.as_ref().unwrap();
    assert_eq!((rack.rseq, rack.cseq, rack.method.as_str()), (7, 1, "INVITE"));
    // The same again is a repetition: PRACK is repeated by its own timer. 9 has overtaken 8.
    a.hear(20, &reliable(&a, 183, "a", "7", Some(&sdp)));
    a.hear(30, &reliable(&a, 180, "a", "9", None));
    assert_eq!(a.lines(), "");
    a.hear(40, &reliable(&a, 180, "a", "8", None));
    a.hear(50, &reliable(&a, 180, "a", "9", None));
    assert_eq!(a.lines(), "40 PRACK a, 50 PRACK a");
    // Another telephone counts for itself.
    a.hear(60, &reliable(&a, 180, "b", "3", None));
    assert_eq!(a.lines(), "60 PRACK b");
    a.hear(70, &a.answer("INVITE", 200, "a", &[], None));
    assert_eq!(a.lines(), "70 ACK a, 70 answered Pcma Some(101)");
    // The numbers of that dialog go on where PRACK left them; the ACK has the INVITE's.
    assert_eq!(a.last("ACK").head.cseq, 1);
    a.order(hang_up(a.dialog));
    assert_eq!(a.last("BYE").head.cseq, 5);
}

/// UPDATE before the answer: the announcement moves (RFC 3311 §5.2).
#[test]
fn an_update_while_it_rings() {
    let mut a = Alone::calling(|_| {});
    let (here, there) = (described(4000), described(4002));
    a.hear(10, &a.answer("INVITE", 183, "a", &[], Some(&here)));
    a.lines();
    let body = Some(("application/sdp", there.as_str()));
    a.hear(20, &a.request("UPDATE", "a", 1, &[], body));
    assert_eq!(a.lines(), "20 491 UPDATE", "our offer has no answer yet that is sure to stand");
    a.hear(30, &a.answer("INVITE", 183, "a", &["Require: 100rel", "RSeq: 1"], Some(&here)));
    a.hear(40, &a.request("UPDATE", "a", 2, &[], body));
    assert_eq!(a.lines(), "30 PRACK a, 40 200 UPDATE, 40 early 10.0.0.9:4002");
    a.hear(50, &a.answer("INVITE", 200, "a", &[], None));
    assert_eq!(a.lines(), "50 ACK a, 50 answered Pcma Some(101)");
    assert_eq!(a.agent.calls.values().next().unwrap().media.unwrap().addr.port(), 4002);
}

#[test]
fn a_session_is_kept_fresh_by_the_caller() {
    // The callee lets the caller do it, unless it is asked to: here it offers to, so that refreshes come from it.
    let (mut world, dialog) = talking(|_, config| config.session_times = times(120, 90));
    world.at(200_000, CALLER, hang_up(dialog));
    world.run();
    assert_eq!(
        since(&world, 1000),
        "60020 > UPDATE, 60030 < 200 UPDATE, 120040 > UPDATE, 120050 < 200 UPDATE, 180060 > UPDATE, 180070 < 200 UPDATE, \
         200000 > BYE, 200010 < 200 BYE"
    );
    world.assert_forgotten();
}

/// The far end fell over: whoever refreshes hears nothing, the other is not refreshed. Both are done with the call.
#[test]
fn a_far_end_that_never_says_bye() {
    let (mut world, _) = talking(|_, config| config.session_times = times(120, 90));
    world.line.lost = 100;
    world.run();
    let ended = |who| world.told(who).into_iter().filter(|t| t.contains("ended")).collect::<Vec<_>>();
    // The refresh at 60 s is given up after 32 s; the other waits for the interval less 32 s.
    assert_eq!(ended(CALLER), ["88020 ended trunk_silent"]);
    assert_eq!(ended(CALLEE), ["88010 ended trunk_silent"]);
    world.assert_forgotten();
}

#[test]
fn an_interval_that_is_too_short() {
    let mut world = World::new(CLEAN, 1, |who, config| {
        config.session_times = if who == CALLER { times(100, 90) } else { times(1800, 300) };
    });
    world.on_incoming = vec![(0, answer)];
    let dialog = world.dial(0, 10_000);
    world.at(160_000, CALLER, hang_up(dialog));
    world.run();
    assert_eq!(
        world.transcript()[..7].join(", "),
        "0 > INVITE, 10 < 422 INVITE, 20 > ACK, 20 > INVITE, 30 < 200 INVITE, 40 > ACK, 150040 > UPDATE"
    );
    let second =
        world.sent.iter().filter(|(_, who, bytes)| *who == CALLER && bytes.starts_with(b"INVITE")).nth(1).unwrap();
    let text = String::from_utf8_lossy(&second.2);
    assert!(text.contains("Session-Expires: 300\r\n") && text.contains("Min-SE: 300\r\n"), "{text}");
    world.assert_forgotten();
    // It demands more each time, or the same although that was asked for: no.
    for demands in [["Min-SE: 2000", "Min-SE: 2000"], ["Min-SE: x", ""]] {
        let mut a = Alone::calling(|config| config.session_times = times(1800, 90));
        for (at, demand) in [(10, demands[0]), (20, demands[1])] {
            if !demand.is_empty() {
                a.hear(at, &a.answer("INVITE", 422, "a", &[demand], None));
            }
        }
        assert!(a.lines().ends_with("failed trunk_refused 422"), "{demands:?}");
    }
}

/// Who does not take UPDATE is refreshed by the same INVITE again: the same description, the same version.
#[test]
fn a_refresh_by_invite() {
    let mut a = up(|config| config.session_times = times(120, 90));
    a.run_until(60_020);
    assert_eq!(a.lines(), "60020 INVITE a");
    let sdp = |text: &str| text.split("\r\n\r\n").nth(1).unwrap().to_owned();
    let said: Vec<String> = a.bytes.iter().filter(|b| b.starts_with("INVITE")).map(|b| sdp(b)).collect();
    assert_eq!(said[0], said[1]);
    a.hear(60_030, &a.answer("INVITE", 200, "a", &["Session-Expires: 120;refresher=uas"], Some(&described(4000))));
    assert_eq!(a.lines(), "60030 ACK a");
    // Now it is the far end's turn, and it does not come: over 32 s before the interval is.
    a.run_until(148_030);
    assert_eq!(a.lines(), "148030 ended trunk_silent, 148030 BYE a");
    // A refusal for a passing reason is not the end.
    let mut a = up(|config| config.session_times = times(120, 90));
    a.run_until(60_020);
    a.hear(60_030, &a.answer("INVITE", 500, "a", &[], None));
    a.run_until(70_020);
    assert_eq!(a.lines(), "60020 INVITE a, 60030 ACK a, 70020 INVITE a");
    a.hear(70_030, &a.answer("INVITE", 481, "a", &[], None));
    assert_eq!(a.lines(), "70030 ACK a, 70030 ended trunk_silent, 70030 BYE a");
}

/// Carriers that want a fresh nonce for every request, and do not say `stale`.
#[test]
fn each_request_may_be_challenged() {
    let mut a = up(|config| config.credentials = Some(secret("right")));
    a.order(hold(a.dialog));
    let challenge = |nonce: &str| format!("Proxy-Authenticate: Digest realm=\"net\", nonce=\"{nonce}\", algorithm=MD5");
    a.hear(30, &a.answer("INVITE", 407, "a", &[&challenge("one")], None));
    assert_eq!(a.lines(), "20 INVITE a, 30 ACK a, 30 INVITE a");
    a.hear(40, &a.answer("INVITE", 200, "a", &[], Some(&described(4000))));
    a.lines();
    a.order(hang_up(a.dialog));
    a.hear(50, &a.answer("BYE", 407, "a", &[&challenge("two")], None));
    assert_eq!(a.lines(), "40 ended local_hangup, 40 BYE a, 50 BYE a");
    assert!(a.bytes.last().unwrap().contains("nonce=\"two\""));
    // But not for ever.
    for at in 60..70 {
        a.hear(at, &a.answer("BYE", 407, "a", &[&challenge("three")], None));
    }
    assert_eq!(a.lines(), "60 BYE a");
    assert_eq!(a.agent.calls_open(), 0);
}

/// An INVITE without an offer: ours goes with the 200 and is answered in the ACK, or with the 183 and PRACK.
#[test]
fn who_calls_without_an_offer() {
    let mut config = Config::new(addr(CALLEE), [1; 32]);
    config.session_times = None;
    for (reliable, sdp, expected) in [
        (false, Some(described(4000)), "200 INVITE offer | moved 10.0.0.9:4000 sendrecv, acked"),
        (false, None, "200 INVITE offer | acked, ended trunk_refused, BYE"),
        (
            true,
            Some(described(4000)),
            "183 INVITE offer | 200 PRACK, moved 10.0.0.9:4000 sendrecv | 200 INVITE | acked",
        ),
    ] {
        let mut agent = UserAgent::new(Mono::ZERO, config.clone());
        let mut steps: Vec<String> = Vec::new();
        let mut dialog = None;
        let mut rseq = String::new();
        let mut tag = String::new();
        let mut feed = |agent: &mut UserAgent, input: Input, dialog: &mut Option<DialogId>| {
            let mut said = Vec::new();
            for output in agent.handle(ms(10), input) {
                match output {
                    Output::Event(Event::Incoming { dialog: id, media: None, .. }) => *dialog = Some(id),
                    Output::Event(event) => said.push(name(&event)),
                    Output::Send { bytes, .. } => {
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        let of = |header: &str| text.lines().find_map(|l| l.strip_prefix(header)).map(str::to_owned);
                        rseq = of("RSeq: ").unwrap_or(rseq.clone());
                        if let Some(to) = of("To: ").filter(|to| to.contains("tag=")) {
                            tag = to.split("tag=").nth(1).unwrap().to_owned();
                        }
                        let offer = if text.contains("m=audio") { " offer" } else { "" };
                        said.push(match parse(&bytes, hop(CALLEE)) {
                            Ok(Message::Request(r)) => r.head.method.to_string(),
                            Ok(Message::Response(r)) => format!("{} {}{offer}", r.status, r.head.method),
                            Err(_) => panic!("unreadable: {text}"),
                        });
                    }
                }
            }
            steps.push(said.join(", "));
            (rseq.clone(), tag.clone())
        };
        let request = |method: &str, seq: u32, tag: &str, more: &str, body: Option<&str>| {
            let to = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
            let kind = if body.is_some() { "Content-Type: application/sdp\r\n" } else { "" };
            format!(
                "{method} sip:1@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKx{method}{seq}\r\nFrom: <sip:a@h>;tag=1\r\n\
                 To: <sip:1@h>{to}\r\nCall-ID: c\r\nCSeq: {seq} {method}\r\nContact: <sip:a@10.0.0.1>\r\nSupported: 100rel\r\n{more}{kind}\
                 Content-Length: {}\r\n\r\n{}",
                body.map_or(0, str::len),
                body.unwrap_or("")
            )
        };
        let from = hop(CALLER);
        let invite = request("INVITE", 1, "", "", None);
        feed(&mut agent, Input::Message { from, bytes: invite.as_bytes() }, &mut dialog);
        let id = dialog.expect("a call without an offer is a call");
        if reliable {
            let (rseq, tag) = feed(&mut agent, Input::Command(progress(id)), &mut dialog);
            let prack = request("PRACK", 2, &tag, &format!("RAck: {rseq} 1 INVITE\r\n"), sdp.as_deref());
            feed(&mut agent, Input::Message { from, bytes: prack.as_bytes() }, &mut dialog);
        }
        let (_, tag) = feed(&mut agent, Input::Command(answer(id)), &mut dialog);
        let ack = request("ACK", 1, &tag, "", sdp.as_deref().filter(|_| !reliable));
        feed(&mut agent, Input::Message { from, bytes: ack.as_bytes() }, &mut dialog);
        assert_eq!(steps[1..].join(" | "), expected);
    }
}

/// A caller that demands reliability gets it for ringing too, and each waits for the one before (RFC 3262 §3).
#[test]
fn ringing_that_must_be_acknowledged() {
    let mut agent = UserAgent::new(Mono::ZERO, Config::new(addr(CALLEE), [1; 32]));
    let sdp = described(4000);
    let invite = format!(
        "INVITE sip:1@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:1@h>\r\n\
         Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@10.0.0.1>\r\nRequire: 100rel\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    let from = hop(CALLER);
    let outputs = agent.handle(ms(1), Input::Message { from, bytes: invite.as_bytes() });
    let Some(Output::Event(Event::Incoming { dialog, .. })) = outputs.into_iter().next() else { panic!("a call") };
    let texts = |outputs: Vec<Output>| -> Vec<String> {
        let sends = outputs.into_iter().filter_map(|o| match o {
            Output::Send { bytes, .. } => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Output::Event(_) => None,
        });
        sends.collect()
    };
    let ringing = texts(agent.handle(ms(2), Input::Command(ring(dialog)))).remove(0);
    assert!(ringing.starts_with("SIP/2.0 180") && ringing.contains("Require: 100rel\r\n"), "{ringing}");
    assert!(texts(agent.handle(ms(3), Input::Command(ring(dialog)))).is_empty(), "the second waits");
    let field = |text: &str, name: &str| text.lines().find_map(|l| l.strip_prefix(name)).unwrap().to_owned();
    let (rseq, to) = (field(&ringing, "RSeq: "), field(&ringing, "To: "));
    let prack = |seq: u32, rack: &str| {
        format!(
            "PRACK sip:1@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKp{seq}\r\nFrom: <sip:a@h>;tag=1\r\nTo: {to}\r\n\
             Call-ID: c\r\nCSeq: {seq} PRACK\r\nRAck: {rack}\r\n\r\n"
        )
    };
    for (seq, rack) in [(2, "1 1 INVITE".to_owned()), (3, format!("{rseq} 2 INVITE")), (4, format!("{rseq} 1 BYE"))] {
        let answers = texts(agent.handle(ms(4), Input::Message { from, bytes: prack(seq, &rack).as_bytes() }));
        assert!(answers.len() == 1 && answers[0].starts_with("SIP/2.0 481"), "{rack}: {answers:?}");
    }
    let right = prack(5, &format!("{rseq} 1 INVITE"));
    let answers = texts(agent.handle(ms(5), Input::Message { from, bytes: right.as_bytes() }));
    assert!(answers[0].starts_with("SIP/2.0 200") && answers[1].starts_with("SIP/2.0 180"), "{answers:?}");
    let next: u32 = field(&answers[1], "RSeq: ").parse().unwrap();
    assert_eq!(next, rseq.parse::<u32>().unwrap() + 1);
    // Repetitions go on until that one too is acknowledged.
    assert_eq!(agent.deadline(), Some(ms(5) + Duration::from_millis(500)));
}
