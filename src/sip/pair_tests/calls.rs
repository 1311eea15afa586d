//! Calls on a clean line: what goes over it, and when, as transcripts.

use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::outcome::HangupCause as Cause;
use crate::sip::auth::Demand;
use crate::sip::client::Branch;
use crate::sip::message::Method;
use crate::sip::sdes::MasterKey;
use crate::sip::session::{Abilities, Local};

struct Case {
    what: &'static str,
    callee: Doings,
    /// When the caller hangs up.
    hang_up: Option<u64>,
    wire: &'static str,
    caller: &'static str,
    callee_told: &'static str,
}

#[test]
fn calls_on_a_clean_line() {
    let cases = [
        Case {
            what: "answered, the caller hangs up",
            callee: vec![(0, ring), (500, answer)],
            hang_up: Some(2000),
            wire: "0 > INVITE, 10 < 180 INVITE, 510 < 200 INVITE, 520 > ACK, 2000 > BYE, 2010 < 200 BYE",
            caller: "20 ringing, 520 answered Pcma Some(101), 2000 ended local_hangup",
            callee_told: "10 incoming, 530 acked, 2010 ended remote_hangup",
        },
        Case {
            what: "answered, the callee hangs up",
            callee: vec![(0, answer), (1000, hang_up)],
            hang_up: None,
            wire: "0 > INVITE, 10 < 200 INVITE, 20 > ACK, 1010 < BYE, 1020 > 200 BYE",
            caller: "20 answered Pcma Some(101), 1020 ended remote_hangup",
            callee_told: "10 incoming, 30 acked, 1010 ended local_hangup",
        },
        Case {
            what: "the callee hangs up before the ACK: BYE waits for it (§15)",
            callee: vec![(0, answer), (1, hang_up)],
            hang_up: None,
            wire: "0 > INVITE, 10 < 200 INVITE, 20 > ACK, 30 < BYE, 40 > 200 BYE",
            caller: "20 answered Pcma Some(101), 40 ended remote_hangup",
            callee_told: "10 incoming, 30 acked, 30 ended local_hangup",
        },
        Case {
            what: "thinking for longer than 200 ms says 100",
            callee: vec![(300, busy)],
            hang_up: None,
            wire: "0 > INVITE, 210 < 100 INVITE, 310 < 486 INVITE, 320 > ACK",
            caller: "320 failed busy 486",
            callee_told: "10 incoming",
        },
        Case {
            what: "nobody picks up within ring_ms_max: CANCEL",
            callee: vec![(0, ring)],
            hang_up: None,
            wire: "0 > INVITE, 10 < 180 INVITE, 10020 > CANCEL, 10030 < 200 CANCEL, 10030 < 487 INVITE, 10040 > ACK",
            caller: "20 ringing, 10040 failed no_answer 487",
            callee_told: "10 incoming, 10030 cancelled",
        },
        Case {
            what: "ring_ms_max counts from the 180, not from the INVITE",
            callee: vec![(8000, ring)],
            hang_up: None,
            wire: "0 > INVITE, 210 < 100 INVITE, 8010 < 180 INVITE, 18020 > CANCEL, 18030 < 200 CANCEL, 18030 < 487 INVITE, 18040 > ACK",
            caller: "8020 ringing, 18040 failed no_answer 487",
            callee_told: "10 incoming, 18030 cancelled",
        },
        Case {
            what: "nothing rings within ring_ms_max of the INVITE: CANCEL",
            callee: vec![(12_000, ring)],
            hang_up: None,
            wire: "0 > INVITE, 210 < 100 INVITE, 10000 > CANCEL, 10010 < 200 CANCEL, 10010 < 487 INVITE, 10020 > ACK",
            caller: "10020 failed no_answer 487",
            callee_told: "10 incoming, 10010 cancelled",
        },
        Case {
            what: "taken back while it rings",
            callee: vec![(0, ring)],
            hang_up: Some(400),
            wire: "0 > INVITE, 10 < 180 INVITE, 400 > CANCEL, 410 < 200 CANCEL, 410 < 487 INVITE, 420 > ACK",
            caller: "20 ringing, 420 failed cancelled 487",
            callee_told: "10 incoming, 410 cancelled",
        },
        Case {
            what: "taken back before anything was heard: CANCEL waits for a provisional answer (§9.1)",
            callee: vec![(100, ring)],
            hang_up: Some(5),
            wire: "0 > INVITE, 110 < 180 INVITE, 120 > CANCEL, 130 < 200 CANCEL, 130 < 487 INVITE, 140 > ACK",
            caller: "140 failed cancelled 487",
            callee_told: "10 incoming, 130 cancelled",
        },
        Case {
            what: "the 200 crosses the CANCEL: ACK, then BYE",
            callee: vec![(0, ring), (395, answer)],
            hang_up: Some(400),
            wire: "0 > INVITE, 10 < 180 INVITE, 400 > CANCEL, 405 < 200 INVITE, 410 < 200 CANCEL, 415 > ACK, 415 > BYE, 425 < 200 BYE",
            caller: "20 ringing, 415 failed cancelled 200",
            callee_told: "10 incoming, 425 acked, 425 ended remote_hangup",
        },
        Case {
            what: "taken back before the 200 that comes without a provisional answer",
            callee: vec![(100, answer)],
            hang_up: Some(5),
            wire: "0 > INVITE, 110 < 200 INVITE, 120 > ACK, 120 > BYE, 130 < 200 BYE",
            caller: "120 failed cancelled 200",
            callee_told: "10 incoming, 130 acked, 130 ended remote_hangup",
        },
        Case {
            what: "no answer at all: INVITE doubles its waits, timer B",
            callee: vec![(0, ignore)],
            hang_up: None,
            wire: "0 > INVITE, 500 > INVITE, 1500 > INVITE, 3500 > INVITE, 7500 > INVITE, 15500 > INVITE, 31500 > INVITE",
            caller: "32000 failed trunk_silent 0",
            callee_told: "10 incoming",
        },
        Case {
            what: "both hang up at once",
            callee: vec![(0, answer), (990, hang_up)],
            hang_up: Some(1000),
            wire: "0 > INVITE, 10 < 200 INVITE, 20 > ACK, 1000 > BYE, 1000 < BYE, 1010 < 200 BYE, 1010 > 200 BYE",
            caller: "20 answered Pcma Some(101), 1000 ended local_hangup",
            callee_told: "10 incoming, 30 acked, 1000 ended local_hangup",
        },
    ];
    for case in cases {
        let mut world = World::new(CLEAN, 1, |_, _| {});
        world.on_incoming = case.callee;
        let dialog = world.dial(0, 10_000);
        if let Some(at) = case.hang_up {
            world.at(at, CALLER, hang_up(dialog));
        }
        world.run();
        assert_eq!(world.transcript().join(", "), case.wire, "{}", case.what);
        assert_eq!(world.told(CALLER).join(", "), case.caller, "{}", case.what);
        assert_eq!(world.told(CALLEE).join(", "), case.callee_told, "{}", case.what);
        world.assert_forgotten();
    }
}

/// A phone that may ring for fifteen seconds is heard to ring for fifteen, however late it begins (47 CFR 64.1200(a)(6), Ofcom).
#[test]
fn us_t6_and_uk_4_no_cancel_sooner_than_fifteen_seconds_after_the_180() {
    for rings_after in [0, 1_000, 7_000, 14_900] {
        let mut world = World::new(CLEAN, 1, |_, _| {});
        world.on_incoming = vec![(rings_after, ring)];
        world.dial(0, 15_000);
        world.run();
        let at = |what: &str| {
            let line = world.transcript().into_iter().find(|line| line.ends_with(what));
            line.and_then(|line| line.split(' ').next()?.parse::<u64>().ok())
        };
        // The line takes ten milliseconds each way.
        let heard = at("< 180 INVITE").unwrap() + 10;
        assert_eq!(at("> CANCEL"), Some(heard + 15_000), "rings after {rings_after} ms: {:?}", world.transcript());
        world.assert_forgotten();
    }
}

/// A caller that never heard us, and so never told us that it gave up, does not ring for ever (found by seed 10024).
#[test]
fn an_offer_is_not_kept_for_ever() {
    let mut world = World::new(CLEAN, 1, |_, _| {});
    world.on_incoming = vec![(0, ring)];
    world.dial(0, 10_000);
    world.run_until(ms(10));
    world.wire.clear();
    world.line.lost = 100;
    world.run();
    assert_eq!(world.told(CALLER), ["32000 failed trunk_silent 0"]);
    assert_eq!(world.told(CALLEE), ["10 incoming", "180010 cancelled"]);
    world.assert_forgotten();
}

/// CANCEL has the INVITE's branch (§9.1), and so has the ACK of a failure (§17.1.1.3); the ACK of a 200 has its own.
#[test]
fn branches() {
    let branches = |doings: Doings| {
        let mut world = World::new(CLEAN, 1, |_, _| {});
        world.on_incoming = doings;
        world.dial(0, 5000);
        world.run_until(ms(6000));
        let requests = world.sent.iter().filter_map(|(_, who, bytes)| match parse(bytes, hop(*who)) {
            Ok(Message::Request(r)) if *who == CALLER => Some((r.head.method.to_string(), r.head.branch)),
            _ => None,
        });
        requests.collect::<Vec<_>>()
    };
    let cancelled = branches(vec![(0, ring)]);
    assert_eq!(cancelled.iter().map(|(m, _)| m.as_str()).collect::<Vec<_>>(), ["INVITE", "CANCEL", "ACK"]);
    assert!(cancelled.iter().all(|(_, branch)| *branch == cancelled[0].1), "{cancelled:?}");
    let answered = branches(vec![(0, answer)]);
    assert_eq!(answered[1].0, "ACK");
    assert_ne!(answered[0].1, answered[1].1);
}

#[test]
fn digest() {
    for (password, wire, caller) in [
        (
            Some("right"),
            "0 > INVITE, 10 < 407 INVITE, 20 > ACK, 20 > INVITE, 30 < 200 INVITE, 40 > ACK, 500 > BYE, 510 < 200 BYE",
            "40 answered Pcma Some(101), 500 ended local_hangup",
        ),
        (
            Some("wrong"),
            "0 > INVITE, 10 < 407 INVITE, 20 > ACK, 20 > INVITE, 30 < 407 INVITE, 40 > ACK",
            "40 failed trunk_refused 407",
        ),
        (None, "0 > INVITE, 10 < 407 INVITE, 20 > ACK", "20 failed trunk_refused 407"),
    ] {
        let mut world = World::new(CLEAN, 1, |who, config| match who {
            CALLER => config.credentials = password.map(secret),
            _ => config.demand = Some(Demand { realm: "net".into(), credentials: secret("right") }),
        });
        world.on_incoming = vec![(0, answer)];
        let dialog = world.dial(0, 10_000);
        world.at(500, CALLER, hang_up(dialog));
        world.run();
        assert_eq!(world.transcript().join(", "), wire, "{password:?}");
        assert_eq!(world.told(CALLER).join(", "), caller, "{password:?}");
        let all: Vec<u8> = world.sent.iter().flat_map(|(_, _, bytes)| bytes.clone()).collect();
        assert!(!String::from_utf8_lossy(&all).contains("right"), "the password is never sent");
        world.assert_forgotten();
    }
}

#[test]
fn a_repeated_200_is_acknowledged_again_and_a_second_telephone_is_let_go() {
    let mut world = World::new(CLEAN, 1, |_, _| {});
    world.on_incoming = vec![(0, answer)];
    world.dial(0, 10_000);
    world.run_until(ms(100));
    let ok = world
        .sent
        .iter()
        .find(|(_, who, bytes)| *who == CALLEE && bytes.starts_with(b"SIP/2.0 200"))
        .unwrap()
        .2
        .clone();
    let text = String::from_utf8(ok.clone()).unwrap();
    let tag = text.split("To: ").nth(1).unwrap().split("tag=").nth(1).unwrap().split("\r\n").next().unwrap();
    let fork = text.replace(tag, "another").into_bytes();
    let requests = |outputs: Vec<Output>| {
        let starts = outputs.into_iter().map(|o| match o {
            Output::Send { bytes, .. } => String::from_utf8_lossy(&bytes).split(' ').next().unwrap().to_owned(),
            Output::Event(event) => panic!("nothing new: {event:?}"),
        });
        starts.collect::<Vec<_>>().join(" ")
    };
    for (bytes, expected) in [(&ok, "ACK"), (&ok, "ACK"), (&fork, "ACK BYE"), (&fork, "ACK"), (&ok, "ACK")] {
        let outputs = world.agents[CALLER].handle(ms(200), Input::Message { from: hop(CALLEE), bytes });
        assert_eq!(requests(outputs), expected);
    }
}

/// A request of the callee's within the call, as `method`, with `sdp`.
fn within(world: &World, method: &Method, branch: u128, seq: u32, sdp: Option<&str>) -> Vec<u8> {
    let call = world.agents[CALLEE].calls.values().next().unwrap();
    let mut w = call.dialog.request(method, seq, hop(CALLEE), Branch(branch));
    w.line("Contact", format_args!("<sip:{}>", addr(CALLEE)));
    w.finish(sdp)
}

#[test]
fn requests_within_a_call() {
    let mut world = World::new(CLEAN, 1, |_, _| {});
    world.on_incoming = vec![(0, answer)];
    world.dial(0, 10_000);
    world.run_until(ms(100));
    let sdp = |port: u16, codec| {
        let moved = SocketAddr::new([10, 0, 0, 7].into(), port);
        let able = Abilities { codecs: vec![codec], ..Abilities::default() };
        Local::new(moved, 1, std::sync::Arc::new(able), [MasterKey::new([0; 30]); 2]).offer()
    };
    let hold = sdp(4000, Codec::Pcma).replace("sendrecv", "sendonly");
    let other = |name: &str, known| Method::Other { name: name.into(), known };
    let cases = [
        (Method::Options, 1, None, "200", ""),
        (Method::Info, 2, None, "200", ""),
        (Method::Refer, 3, None, "603", ""),
        (other("DANCE", false), 4, None, "501", ""),
        (Method::Invite, 5, Some(sdp(4000, Codec::Pcma)), "200 sendrecv", "moved 10.0.0.7:4000 sendrecv"),
        (Method::Ack, 5, None, "", ""),
        (Method::Invite, 6, Some(hold), "200 recvonly", "moved 10.0.0.7:4000 recvonly"),
        (Method::Ack, 6, None, "", ""),
        // Hold as it was before RFC 3264: the audio stays where it was.
        (Method::Update, 7, Some(sdp(4000, Codec::Pcma).replace("10.0.0.7", "0.0.0.0")), "200 sendrecv", ""),
        (Method::Invite, 8, None, "200 sendrecv", ""),
        // Before the ACK of the last.
        (Method::Invite, 9, Some(sdp(4000, Codec::Pcmu)), "500", ""),
        (Method::Ack, 8, Some(sdp(4002, Codec::Pcmu)), "", "moved 10.0.0.7:4002 sendrecv"),
        (Method::Update, 10, Some(sdp(4004, Codec::Pcma)), "200 sendrecv", "moved 10.0.0.7:4004 sendrecv"),
        (Method::Invite, 11, Some("v=0\r\n".into()), "488", ""),
        // Older than one already seen.
        (Method::Info, 10, None, "500", ""),
        (Method::Bye, 12, None, "200", "ended remote_hangup"),
        (Method::Bye, 13, None, "481", ""),
    ];
    for (i, (method, seq, sdp, response, event)) in cases.into_iter().enumerate() {
        let bytes = within(&world, &method, 100 + i as u128, seq, sdp.as_deref());
        let now = ms(200 + i as u64);
        let mut answers = Vec::new();
        let mut events = Vec::new();
        for output in world.agents[CALLER].handle(now, Input::Message { from: hop(CALLEE), bytes: &bytes }) {
            match output {
                Output::Send { bytes, .. } => answers.push(bytes),
                Output::Event(event) => events.push(name(&event)),
            }
        }
        let brief = |bytes: &Vec<u8>| {
            let text = String::from_utf8_lossy(bytes);
            let direction = text.lines().find(|l| l.ends_with("only") || l.ends_with("sendrecv"));
            let status = text.split(' ').nth(1).unwrap().to_owned();
            direction.map_or(status.clone(), |d| format!("{status} {}", d.trim_start_matches("a=")))
        };
        assert_eq!(answers.iter().map(brief).collect::<Vec<_>>().join(" "), response, "{i} {method}");
        assert_eq!(events.join(" "), event, "{i} {method}");
        // The same request again gets the same answer; a 200 to INVITE repeats by itself.
        let again = world.agents[CALLER].handle(now, Input::Message { from: hop(CALLEE), bytes: &bytes });
        let again: Vec<Vec<u8>> = again
            .into_iter()
            .map(|o| match o {
                Output::Send { bytes, .. } => bytes,
                Output::Event(event) => panic!("{i} {method}: told twice: {event:?}"),
            })
            .collect();
        if !(method == Method::Invite && response.starts_with("200")) {
            assert_eq!(again, answers, "{i} {method}");
        }
    }
}

#[test]
fn outside_a_call() {
    let ask = |method: &str, more: &str| {
        let bytes = format!(
            "{method} sip:1@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKx{method}\r\n\
             From: <sip:a@h>;tag=1\r\nTo: <sip:1@h>{more}\r\nCall-ID: c\r\nCSeq: 1 {method}\r\nContact: <sip:a@h>\r\n\r\n"
        );
        let mut agent = UserAgent::new(Mono::ZERO, Config::new(addr(CALLEE), [1; 32]));
        let outputs = agent.handle(Mono(1), Input::Message { from: hop(CALLER), bytes: bytes.as_bytes() });
        let statuses = outputs.iter().map(|o| match o {
            Output::Send { bytes, .. } => String::from_utf8_lossy(bytes).split(' ').nth(1).unwrap().to_owned(),
            Output::Event(event) => name(event),
        });
        statuses.collect::<Vec<_>>().join(" ")
    };
    for (method, more, expected) in [
        ("OPTIONS", "", "200"),
        ("REGISTER", "", "405"),
        ("DANCE", "", "501"),
        ("BYE", "", "481"),
        ("BYE", ";tag=unknown", "481"),
        ("INVITE", ";tag=unknown", "481"),
        ("CANCEL", "", "481"),
        ("ACK", "", ""),
        ("ACK", ";tag=unknown", ""),
        ("INVITE", "\r\nRequire: gruu", "420"),
        ("INVITE", "\r\nRequire: 100rel, timer", "incoming"),
        // Without an offer, which is then ours to make.
        ("INVITE", "", "incoming"),
        ("PRACK", "", "481"),
        ("NOTIFY", "", "481"),
        ("REFER", "", "403"),
    ] {
        assert_eq!(ask(method, more), expected, "{method}{more}");
    }
}

#[test]
fn the_peer_is_watched() {
    let mut world = World::new(CLEAN, 1, |who, config| {
        if who == CALLER {
            config.options_interval = Duration::from_secs(60);
        }
    });
    world.run_until(ms(130_000));
    assert_eq!(world.told(CALLER), ["20 up"]);
    world.line.lost = 100;
    world.run_until(ms(300_000));
    world.line.lost = 0;
    world.run_until(ms(400_000));
    assert_eq!(world.told(CALLER), ["20 up", "212000 down", "300520 up"]);
    world.at(400_001, CALLEE, Command::Close);
    world.run_until(ms(500_000));
    assert_eq!(world.told(CALLER)[3..], ["420020 down"]);
    world.at(500_001, CALLER, Command::Close);
    world.run();
    world.assert_forgotten();
}

#[test]
fn tables_are_bounded() {
    let mut world = World::new(CLEAN, 1, |who, config| {
        if who == CALLEE {
            (config.calls_max, config.transactions_max) = (2, 3);
        }
    });
    world.on_incoming = vec![(0, ring)];
    for _ in 0..5 {
        world.dial(0, 1000);
    }
    world.run();
    let causes = world.events.iter().filter_map(|(_, _, event)| match event {
        Event::Failed { cause, status, .. } => Some((*cause, *status)),
        _ => None,
    });
    let mut causes: Vec<_> = causes.collect();
    causes.sort_by_key(|(_, status)| *status);
    let refused = (Cause::Congestion, Some(503));
    assert_eq!(causes[2..], [refused, refused, refused]);
    assert_eq!(causes[..2], [(Cause::NoAnswer, Some(487)), (Cause::NoAnswer, Some(487))]);
    world.assert_forgotten();
}

#[test]
fn closing_ends_everything() {
    let mut world = World::new(CLEAN, 1, |_, _| {});
    world.on_incoming = vec![(0, ring), (500, answer)];
    world.dial(0, 10_000);
    world.dial(600, 10_000);
    world.at(700, CALLER, Command::Close);
    world.dial(800, 10_000);
    world.run();
    let told = world.told(CALLER);
    let ends: Vec<&str> =
        told.iter().filter(|t| t.contains("ended") || t.contains("failed")).map(String::as_str).collect();
    assert_eq!(ends, ["700 ended local_hangup", "720 failed cancelled 487", "800 failed system_error 0"]);
    world.assert_forgotten();
}
