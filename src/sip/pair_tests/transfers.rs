//! Calls given away (REFER) and calls that take the place of others (Replaces).

use super::alone::{Alone, described};
use super::*;

fn up(configure: impl Fn(&mut Config)) -> Alone {
    let mut a = Alone::calling(configure);
    a.hear(20, &a.answer("INVITE", 200, "a", &[], Some(&described(4000))));
    a.lines();
    a
}

fn refer(dialog: DialogId, to: &str) -> Command {
    Command::Refer { dialog, to: to.into(), replaces: None }
}

const ACTIVE: &str = "Subscription-State: active;expires=60";
const OVER: &str = "Subscription-State: terminated;reason=noresource";
const EVENT: &str = "Event: refer";
const FRAGMENT: &str = "message/sipfrag;version=2.0";

#[test]
fn we_send_somebody_away() {
    for (what, reports, expected) in [
        (
            "they talk to each other",
            vec![(ACTIVE, "SIP/2.0 100 Trying\r\n"), (ACTIVE, "SIP/2.0 180 Ringing\r\n"), (OVER, "SIP/2.0 200 OK\r\n")],
            "40 200 NOTIFY, 41 200 NOTIFY, 42 200 NOTIFY, 42 referred Connected(200)",
        ),
        (
            "busy there",
            vec![(ACTIVE, "SIP/2.0 100 Trying\r\n"), (OVER, "SIP/2.0 486 Busy Here\r\n")],
            "40 200 NOTIFY, 41 200 NOTIFY, 41 referred Refused(486)",
        ),
        ("over without a word", vec![(OVER, "SIP/2.0 100 Trying\r\n")], "40 200 NOTIFY, 40 referred Unreported"),
        (
            "a report after the last",
            vec![(OVER, "SIP/2.0 200 OK\r\n"), (OVER, "SIP/2.0 200 OK\r\n")],
            "40 200 NOTIFY, 40 referred Connected(200), 41 481 NOTIFY",
        ),
    ] {
        let mut a = up(|_| {});
        a.order(refer(a.dialog, "+78001234567"));
        assert_eq!(a.lines(), "20 REFER a");
        let text = a.bytes.last().unwrap();
        assert!(text.contains("Refer-To: <sip:+78001234567@10.0.0.2:5060>\r\n"), "{text}");
        assert!(
            text.contains("Referred-By: <sip:+74950000000@10.0.0.1:5060>\r\n") && text.contains("Contact: "),
            "{text}"
        );
        a.hear(30, &a.answer("REFER", 202, "a", &[], None));
        assert_eq!(a.lines(), "");
        for (n, (state, body)) in reports.iter().enumerate() {
            let seq = 1 + n as u32;
            a.hear(40 + n as u64, &a.request("NOTIFY", "a", seq, &[EVENT, state], Some((FRAGMENT, body))));
        }
        assert_eq!(a.lines(), expected, "{what}");
        // The call is still ours to end.
        a.order(hang_up(a.dialog));
        assert!(a.lines().ends_with("ended local_hangup, 42 BYE a") || what != "they talk to each other");
    }
}

#[test]
fn sent_away_without_reports() {
    let mut a = up(|_| {});
    a.order(refer(a.dialog, "sip:agent@10.0.0.8"));
    a.hear(30, &a.answer("REFER", 202, "a", &["Refer-Sub: false"], None));
    assert_eq!(a.lines(), "20 REFER a, 30 referred Unreported");
    // Once they are gone, the far end hangs up on us.
    a.hear(40, &a.request("BYE", "a", 1, &[], None));
    assert_eq!(a.lines(), "40 200 BYE, 40 ended remote_hangup");
    // It never reports: waited for as long as a telephone rings.
    let mut a = up(|_| {});
    a.order(refer(a.dialog, "+78001234567"));
    a.hear(30, &a.answer("REFER", 202, "a", &[], None));
    a.run_until(300_000);
    assert_eq!(a.lines(), "20 REFER a, 180020 referred Unreported");
}

#[test]
fn sending_away_that_is_refused() {
    let mut a = up(|_| {});
    a.order(refer(a.dialog, "+78001234567"));
    // One at a time.
    a.order(refer(a.dialog, "+78007654321"));
    a.hear(30, &a.answer("REFER", 603, "a", &[], None));
    assert_eq!(a.lines(), "20 REFER a, 20 referred Refused(0), 30 referred Refused(603)");
    for to in ["", "1\r\nVia: x", "a b"] {
        a.order(refer(a.dialog, to));
        assert_eq!(a.lines(), "30 referred Refused(0)", "{to:?}");
    }
    a.order(refer(DialogId(99), "+78001234567"));
    assert_eq!(a.lines(), "30 referred Refused(0)");
    // Nobody asked for these.
    a.hear(40, &a.request("NOTIFY", "a", 1, &[EVENT, OVER], Some((FRAGMENT, "SIP/2.0 200 OK\r\n"))));
    a.hear(40, &a.request("NOTIFY", "a", 2, &["Event: presence", OVER], None));
    assert_eq!(a.lines(), "40 481 NOTIFY, 40 489 NOTIFY");
}

/// The far end is sent to take over another call of ours (an attended transfer): by the tags as that call's far end has them.
#[test]
fn two_calls_are_joined() {
    let mut a = up(|_| {});
    let first = a.dialog;
    let second = a.agent.reserve();
    let media = audio(CALLER);
    a.order(Command::Dial { dialog: second, to: "+1".into(), from: "+2".into(), media, ring_ms_max: 9000 });
    let invite = a.last("INVITE");
    let (call_id, from_tag) = (invite.head.call_id.clone(), invite.head.from.tag.clone().unwrap());
    a.hear(30, &a.answer("INVITE", 200, "b", &[], Some(&described(4000))));
    a.order(Command::Refer { dialog: first, to: String::new(), replaces: Some(second) });
    let text = a.bytes.last().unwrap();
    let expected = format!("Refer-To: <sip:b@10.0.0.2?Replaces={call_id}%3Bto-tag%3Db%3Bfrom-tag%3D{from_tag}>\r\n");
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn we_are_sent_away() {
    let refer = |a: &Alone, seq, more: &[&str]| a.request("REFER", "a", seq, more, None);
    let mut a = up(|config| config.may_be_referred = true);
    a.hear(30, &refer(&a, 1, &["Refer-To: \"X\" <sip:agent@10.0.0.8?Subject=x>"]));
    assert_eq!(a.lines(), "30 202 REFER, 30 NOTIFY a, 30 sent to sip:agent@10.0.0.8?Subject=x");
    let text = a.bytes.last().unwrap();
    assert!(text.contains("Event: refer\r\n") && text.contains("Subscription-State: active"), "{text}");
    assert!(text.ends_with("SIP/2.0 100 Trying\r\n"), "{text}");
    a.hear(40, &a.answer("NOTIFY", 200, "a", &[], None));
    a.hear(50, &refer(&a, 2, &["Refer-To: <sip:other@10.0.0.8>"]));
    assert_eq!(a.lines(), "50 491 REFER", "one at a time");
    let dialog = a.dialog;
    a.order(Command::Report { dialog, status: 180 });
    a.order(Command::Report { dialog, status: 200 });
    a.order(Command::Report { dialog, status: 200 });
    assert_eq!(a.lines(), "50 NOTIFY a, 50 NOTIFY a");
    let text = a.bytes.last().unwrap();
    assert!(text.contains("terminated") && text.ends_with("SIP/2.0 200 OK\r\n"), "{text}");
    // Who wants no reports gets none (RFC 4488).
    a.hear(60, &refer(&a, 3, &["Refer-To: <sip:other@10.0.0.8>", "Refer-Sub: false"]));
    assert!(a.bytes.last().unwrap().contains("Refer-Sub: false\r\n"));
    a.order(Command::Report { dialog, status: 486 });
    assert_eq!(a.lines(), "60 202 REFER, 60 sent to sip:other@10.0.0.8");
    for (seq, more, status) in [
        (4, vec![], "400"),
        (5, vec!["Refer-To: <sip:a@h>, <sip:b@h>"], "400"),
        (6, vec!["Refer-To: <http://example.com>"], "416"),
    ] {
        a.hear(70, &refer(&a, seq, &more));
        assert_eq!(a.lines(), format!("70 {status} REFER"), "{more:?}");
    }
    // Where it is not allowed.
    let mut a = up(|_| {});
    a.hear(30, &refer(&a, 1, &["Refer-To: <sip:agent@10.0.0.8>"]));
    assert_eq!(a.lines(), "30 603 REFER");
}

/// A caller's INVITE, with a Replaces of the agent's own calls (RFC 3891 §3).
#[test]
fn calls_that_take_the_place_of_others() {
    let invite = |call_id: &str, replaces: &str| {
        let sdp = described(4002);
        format!(
            "INVITE sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bKr{call_id}\r\nFrom: <sip:c@h>;tag=9\r\n\
             To: <sip:1@h>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContact: <sip:c@10.0.0.2>\r\nRequire: replaces\r\n\
             Replaces: {replaces}\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        )
        .into_bytes()
    };
    let names = |a: &Alone| {
        let head = &a.last("INVITE").head;
        (head.call_id.clone(), head.from.tag.clone().unwrap())
    };
    let mut a = up(|config| config.may_be_replaced = true);
    let (call_id, tag) = names(&a);
    for (n, replaces, status) in [
        (1, "nonsense".to_owned(), "400"),
        (2, format!("{call_id};to-tag=wrong;from-tag=a"), "481"),
        (3, format!("{call_id};to-tag={tag};from-tag=wrong"), "481"),
        (4, format!("{call_id};to-tag={tag};from-tag=a;early-only"), "486"),
    ] {
        a.hear(30, &invite(&format!("r{n}"), &replaces));
        assert_eq!(a.lines(), format!("30 {status} INVITE"), "{replaces}");
    }
    let right = format!("{call_id};to-tag={tag};from-tag=a");
    a.hear(40, &invite("r5", &right));
    assert_eq!(a.lines(), "40 replaced");
    let new = *a.agent.calls.keys().next_back().unwrap();
    a.order(Command::Answer { dialog: new, media: audio(CALLER), codec: Codec::Pcma });
    assert_eq!(a.lines(), "40 200 INVITE, 40 ended local_hangup, 40 BYE a");
    // Its place is taken already.
    a.hear(50, &invite("r6", &right));
    assert_eq!(a.lines(), "50 603 INVITE");

    let mut a = up(|_| {});
    let (call_id, tag) = names(&a);
    a.hear(40, &invite("r7", &format!("{call_id};to-tag={tag};from-tag=a")));
    assert_eq!(a.lines(), "40 403 INVITE", "not where it is not allowed");

    // One that still rings is called back.
    let mut a = Alone::calling(|config| config.may_be_replaced = true);
    a.hear(10, &a.answer("INVITE", 180, "a", &[], None));
    let (call_id, tag) = names(&a);
    a.hear(20, &invite("r8", &format!("{call_id};to-tag={tag};from-tag=a;early-only")));
    let new = *a.agent.calls.keys().next_back().unwrap();
    a.order(Command::Answer { dialog: new, media: audio(CALLER), codec: Codec::Pcma });
    assert_eq!(a.lines(), "0 INVITE, 10 ringing, 20 replaced, 20 200 INVITE, 20 CANCEL");
}

/// From another address than the call's own peer, nobody takes it, not even by the right tags.
#[test]
fn a_stranger_takes_no_call() {
    let mut a = up(|config| config.may_be_replaced = true);
    let head = &a.last("INVITE").head;
    let replaces = format!("{};to-tag={};from-tag=a", head.call_id, head.from.tag.as_deref().unwrap());
    let bytes = format!(
        "INVITE sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.6.6.6;rport;branch=z9hG4bKs\r\nFrom: <sip:c@h>;tag=9\r\nTo: <sip:1@h>\r\n\
         Call-ID: s\r\nCSeq: 1 INVITE\r\nContact: <sip:c@10.6.6.6>\r\nReplaces: {replaces}\r\n\r\n"
    );
    let from = crate::sip::Hop::udp("10.6.6.6:5060".parse().unwrap());
    let outputs = a.agent.handle(ms(30), Input::Message { from, bytes: bytes.as_bytes() });
    let Some(Output::Send { bytes, .. }) = outputs.into_iter().next() else { panic!("an answer") };
    assert!(bytes.starts_with(b"SIP/2.0 403"), "{}", String::from_utf8_lossy(&bytes));
}
