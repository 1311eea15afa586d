//! One INVITE, several telephones: early dialogs, several answers, answers that come too late.

use super::alone::{Alone, described};
use super::*;

#[test]
fn the_first_to_answer_is_kept_and_the_others_are_let_go() {
    let mut a = Alone::calling(|_| {});
    for (at, status, tag) in [(10, 180, "a"), (20, 183, "b"), (30, 180, "b"), (40, 180, "c")] {
        a.hear(at, &a.answer("INVITE", status, tag, &[], None));
    }
    assert_eq!(a.lines(), "0 INVITE, 10 ringing");
    let sdp = described(4000);
    a.hear(100, &a.answer("INVITE", 200, "b", &[], Some(&sdp)));
    assert_eq!(a.lines(), "100 ACK b, 100 answered Pcma Some(101)");
    // The others picked up at the same time; each hears that it is over, the first to go on says the same again.
    a.hear(110, &a.answer("INVITE", 200, "a", &[], Some(&sdp)));
    a.hear(120, &a.answer("INVITE", 200, "c", &[], Some(&sdp)));
    a.hear(130, &a.answer("INVITE", 200, "a", &[], Some(&sdp)));
    a.hear(140, &a.answer("INVITE", 200, "b", &[], Some(&sdp)));
    assert_eq!(a.lines(), "110 ACK a, 110 BYE a, 120 ACK c, 120 BYE c, 130 ACK a, 140 ACK b");
    a.order(hang_up(a.dialog));
    assert_eq!(a.lines(), "140 ended local_hangup, 140 BYE b");
    let bye = a.last("BYE");
    assert_eq!((bye.uri.as_str(), bye.head.cseq), ("sip:b@10.0.0.2", 2));
}

/// The route set is that of the telephone that answered, turned round (§12.1.2), whatever others had said before.
#[test]
fn the_way_to_the_one_that_answered() {
    let mut a = Alone::calling(|_| {});
    a.hear(10, &a.answer("INVITE", 180, "a", &["Record-Route: <sip:10.0.0.7;lr>"], None));
    let routes = ["Record-Route: <sip:10.0.0.4;lr>, <sip:10.0.0.3;lr>"];
    a.hear(20, &a.answer("INVITE", 200, "b", &routes, Some(&described(4000))));
    let ack = a.bytes.last().unwrap();
    let route: Vec<&str> = ack.lines().filter(|l| l.starts_with("Route")).collect();
    assert_eq!(route, ["Route: <sip:10.0.0.3;lr>", "Route: <sip:10.0.0.4;lr>"]);
    assert!(ack.starts_with("ACK sip:b@10.0.0.2 SIP/2.0\r\n"), "{ack}");
}

#[test]
fn more_telephones_than_we_tell_apart() {
    let mut a = Alone::calling(|_| {});
    let sdp = described(4000);
    for n in 0..100 {
        a.hear(10, &a.answer("INVITE", 180, &format!("t{n}"), &[], None));
    }
    a.hear(20, &a.answer("INVITE", 200, "t99", &[], Some(&sdp)));
    assert!(a.lines().ends_with("20 ACK t99, 20 answered Pcma Some(101)"));
    // Of those that answer late, some are acknowledged and let go, and no table grows.
    for n in 0..50 {
        a.hear(30, &a.answer("INVITE", 200, &format!("t{n}"), &[], Some(&sdp)));
    }
    let lines = a.lines();
    assert_eq!((lines.matches("ACK").count(), lines.matches("BYE").count()), (3, 3), "{lines}");
}

#[test]
fn answers_that_cross_our_cancel() {
    let sdp = described(4000);
    for (what, status, tag, body, expected) in [
        (
            "a 200 after CANCEL: ACK, then BYE",
            200,
            "a",
            Some(sdp.as_str()),
            "60 ACK a, 60 failed cancelled 200, 60 BYE a",
        ),
        ("a 200 of another telephone", 200, "b", Some(sdp.as_str()), "60 ACK b, 60 failed cancelled 200, 60 BYE b"),
        ("a 200 without a description", 200, "a", None, "60 ACK a, 60 failed cancelled 200, 60 BYE a"),
        ("busy before it heard of our CANCEL", 486, "a", None, "60 ACK a, 60 failed cancelled 486"),
        ("as it should be", 487, "a", None, "60 ACK a, 60 failed cancelled 487"),
    ] {
        let mut a = Alone::calling(|_| {});
        a.hear(10, &a.answer("INVITE", 180, "a", &[], None));
        a.run_until(50);
        a.order(hang_up(a.dialog));
        assert_eq!(a.lines(), "0 INVITE, 10 ringing, 50 CANCEL", "{what}");
        // §9.1: the same branch and number, no tag of the far end.
        let (invite, cancel) = (a.last("INVITE"), a.last("CANCEL"));
        assert_eq!(
            (&invite.head.branch, invite.head.cseq, &invite.uri),
            (&cancel.head.branch, cancel.head.cseq, &cancel.uri)
        );
        assert_eq!(cancel.head.to.tag, None);
        a.hear(60, &a.answer("INVITE", status, tag, &[], body));
        assert_eq!(a.lines(), expected, "{what}");
        // Asked again to hang up, nothing more happens.
        a.order(hang_up(a.dialog));
        assert_eq!(a.lines(), "", "{what}");
    }
}

#[test]
fn the_answer_to_cancel_never_comes_and_the_telephone_is_picked_up_later() {
    let mut a = Alone::calling(|_| {});
    a.hear(10, &a.answer("INVITE", 180, "a", &[], None));
    a.order(hang_up(a.dialog));
    a.hear(20, &a.answer("CANCEL", 200, "p", &[], None));
    a.run_until(32_010);
    assert_eq!(a.lines(), "0 INVITE, 10 ringing, 10 CANCEL, 32010 failed cancelled 0");
    a.hear(40_000, &a.answer("INVITE", 200, "a", &[], Some(&described(4000))));
    assert_eq!(a.lines(), "40000 ACK a, 40000 BYE a");
    a.hear(40_010, &a.answer("BYE", 200, "a", &[], None));
    a.run_until(200_000);
    assert_eq!((a.agent.calls_open(), a.agent.transactions_kept().0), (0, 0), "nothing is kept for ever");
}

/// An INVITE that nothing was heard of for 32 s may still have got there.
#[test]
fn an_answer_after_timer_b() {
    let mut a = Alone::calling(|_| {});
    a.run_until(32_000);
    assert!(a.lines().ends_with("32000 failed trunk_silent 0"));
    a.hear(33_000, &a.answer("INVITE", 200, "a", &[], Some(&described(4000))));
    assert_eq!(a.lines(), "33000 ACK a, 33000 BYE a");
}

#[test]
fn what_is_heard_before_the_answer() {
    let mut a = Alone::calling(|_| {});
    let (here, there) = (described(4000), described(4002));
    a.hear(10, &a.answer("INVITE", 183, "a", &[], Some(&here)));
    assert_eq!(a.lines(), "0 INVITE, 10 ringing, 10 early 10.0.0.9:4000");
    // The same again is nothing new; another telephone is, and so is a ringing one without a description not.
    a.hear(20, &a.answer("INVITE", 183, "a", &[], Some(&here)));
    a.hear(30, &a.answer("INVITE", 180, "b", &[], None));
    assert_eq!(a.lines(), "");
    a.hear(40, &a.answer("INVITE", 180, "b", &[], Some(&there)));
    assert_eq!(a.lines(), "40 early 10.0.0.9:4002");
    // Neither will answer: 199 says that one has gone (RFC 6228), and the other's description is what counts.
    a.hear(50, &a.answer("INVITE", 199, "b", &[], None));
    a.hear(60, &a.answer("INVITE", 200, "a", &[], None));
    assert_eq!(a.lines(), "60 ACK a, 60 answered Pcma Some(101)");
    a.hear(70, &a.request("BYE", "a", 1, &[], None));
    assert_eq!(a.lines(), "70 200 BYE, 70 ended remote_hangup");
}

/// Settings of a carrier: its announcements are not listened to; it must take PRACK, or may not be asked to.
#[test]
fn what_a_carrier_is_spared() {
    use crate::sip::carrier::Prack;
    let mut a = Alone::calling(|config| config.carrier.early_media = false);
    a.hear(10, &a.answer("INVITE", 183, "a", &[], Some(&described(4000))));
    a.hear(20, &a.answer("INVITE", 200, "a", &[], None));
    assert_eq!(a.lines(), "0 INVITE, 10 ringing, 20 ACK a, 20 answered Pcma Some(101)");
    for (prack, reliable, required, supported) in
        [(Prack::Off, false, false, false), (Prack::Supported, true, false, true), (Prack::Required, true, true, true)]
    {
        let a = Alone::calling(|config| (config.carrier.prack, config.reliable) = (prack, reliable));
        let more = &a.last("INVITE").head.more;
        assert_eq!((more.required.reliable, more.supported.reliable), (required, supported), "{prack:?}");
    }
}

#[test]
fn an_announcement_and_then_no() {
    let mut a = Alone::calling(|_| {});
    a.hear(10, &a.answer("INVITE", 183, "a", &[], Some(&described(4000))));
    a.hear(5000, &a.answer("INVITE", 404, "a", &[], None));
    assert_eq!(a.lines(), "0 INVITE, 10 ringing, 10 early 10.0.0.9:4000, 5000 ACK a, 5000 failed invalid_number 404");
}

/// A 200 may not change what a provisional answer described, but many do: the last word counts.
#[test]
fn a_200_that_says_something_else() {
    let mut a = Alone::calling(|_| {});
    a.hear(10, &a.answer("INVITE", 183, "a", &[], Some(&described(4000))));
    a.hear(20, &a.answer("INVITE", 200, "a", &[], Some(&described(4002))));
    let outputs = a.lines();
    assert!(outputs.ends_with("20 ACK a, 20 answered Pcma Some(101)"), "{outputs}");
    let call = a.agent.calls.values().next().unwrap();
    assert_eq!(call.media.unwrap().addr.port(), 4002);
}

#[test]
fn nothing_within_a_call_that_only_rings() {
    let mut a = Alone::calling(|_| {});
    a.hear(10, &a.answer("INVITE", 180, "a", &[], None));
    a.lines();
    for (method, tag, seq, expected) in [
        ("BYE", "a", 1, "20 481 BYE"),
        ("INVITE", "a", 2, "20 481 INVITE"),
        ("INFO", "x", 1, "20 481 INFO"),
        ("OPTIONS", "a", 3, "20 200 OPTIONS"),
    ] {
        a.hear(20, &a.request(method, tag, seq, &[], None));
        assert_eq!(a.lines(), expected, "{method} {tag}");
    }
}
