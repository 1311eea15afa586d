//! Whoever rings one of our numbers: sipp calls the real program, and the books and the operator's commands say what was.

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Stdio};
use std::time::Duration;

use ringback::books::{Caller, InboundCall};
use ringback::outcome::{Disposition, HangupCause, Verstat};
use ringback::store::{SqliteStore, Store};

use crate::house::{House, terminate, wait_for};
use crate::sipp::{call_with_sipp, call_with_sipp_xml};

const LIMIT: Duration = Duration::from_secs(60);

pub const LINES: &str = r#"
lines:
  - did: "+74950000000"
    flow: flows/lines/front_desk.yaml
    company: "City Water"
    language: en
    zone: Europe/London
    calls_max: 1
"#;

/// A carrier that answers keep-alives. Gives our own address, which it learns from the first of them.
pub fn carrier() -> (UdpSocket, impl Fn() -> SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(LIMIT)).expect("a limit");
    let heard = socket.try_clone().expect("the same socket");
    let first = move || {
        let mut packet = [0; 4096];
        let (length, from) = heard.recv_from(&mut packet).expect("a keep-alive in time");
        let text = String::from_utf8_lossy(&packet[..length]).into_owned();
        assert!(text.starts_with("OPTIONS"), "{text}");
        let copied =
            text.lines().filter(|l| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|h| l.starts_with(h)));
        let answer =
            format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", copied.collect::<Vec<_>>().join("\r\n"));
        heard.send_to(answer.as_bytes(), from).expect("sent");
        from
    };
    (socket, first)
}

pub fn calls(house: &House) -> Vec<InboundCall> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = SqliteStore::open(&house.path("ringback.db")).await.expect("the books");
        store.inbound_calls(None, 10).await.expect("calls")
    })
}

/// The front desk's number is answered, at the address given; `media`: further settings of how.
fn front_desk(media: &str) -> (House, Child, SocketAddr) {
    line_of("flows/lines/front_desk.yaml", media, "")
}

/// `flow` answers; `more`: further lines of the config.
fn line_of(flow: &str, media: &str, more: &str) -> (House, Child, SocketAddr) {
    let (socket, keep_alive) = carrier();
    let peer = socket.local_addr().expect("its address").to_string();
    let house = House::new(&peer, "    channels_max: 1\n    cps_max: 1\n    options_interval_s: 60\n");
    let config = std::fs::read_to_string(house.path("ringback.yaml")).expect("written by the house");
    let flow = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(flow);
    let lines = LINES.replace("flows/lines/front_desk.yaml", &flow.to_string_lossy());
    house.write(
        "ringback.yaml",
        &(config.replace("silent_s_max: 0", &format!("silent_s_max: 0{media}")) + more + &lines),
    );
    let log = std::fs::File::create(house.path("log")).expect("writable");
    let serve = house.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("serve starts");
    let ours = keep_alive();
    (house, serve, ours)
}

/// The calls when one of them has ended; `serve` is then ended too.
fn when_one_has_ended(house: &House, mut serve: Child) -> Vec<InboundCall> {
    let ended = wait_for("the call to be written down", LIMIT, || {
        let calls = calls(house);
        calls.iter().any(|call| call.ended.is_some()).then_some(calls)
    });
    terminate(&serve);
    assert!(serve.wait().expect("it stops").success());
    ended
}

#[test]
fn who_rings_is_answered_and_written_down() {
    let (house, serve, ours) = front_desk("");

    // A number that nobody answers is told so; one that is answered talks until the caller hangs up.
    let refused = call_with_sipp(ours, "+74951112233", &["-m", "1"]).fail();
    assert!(refused.contains("404"), "{refused}");
    call_with_sipp(ours, "+74950000000", &["-m", "1", "-d", "1500"]).finish();

    let ended = when_one_has_ended(&house, serve);
    assert_eq!(ended.len(), 1, "{ended:?}");
    let call = &ended[0];
    assert_eq!(
        (call.did.as_str(), call.flow.as_str(), &call.caller),
        ("+74950000000", "front_desk@1", &Caller::default())
    );
    let end = call.ended.expect("looked for");
    assert!(end.talk_ms >= 1_000, "{end:?}");
    assert_eq!(end.disposition, Disposition::HungUpEarly);

    let listed = house.ok(&["inbound"]);
    assert!(listed.contains("front_desk@1") && listed.contains("withheld"), "{listed}");
    let told = house.ok(&["inbound", "--", &call.id.to_string()]);
    assert!(told.contains("answered") && told.contains("City Water"), "{told}");
}

/// Who puts us on hold and does not come back is hung up on; the flow waits meanwhile, and would have waited longer.
#[test]
fn on_hold_for_too_long() {
    let (house, serve, ours) = front_desk(", hold_s_max: 5");
    let scenario = std::fs::read("tests/sipp/hold_caller.xml").expect("a file of ours");
    call_with_sipp_xml(ours, "hold_caller", &scenario, &["-m", "1"]).finish();

    let ended = when_one_has_ended(&house, serve);
    let end = ended[0].ended.expect("looked for");
    assert_eq!((end.disposition, end.cause), (Disposition::HungUpEarly, Some(HangupCause::Held)), "{end:?}");
    assert!((5_000..20_000).contains(&end.talk_ms), "{end:?}");
    let expected = Caller {
        number: "+447700900123".parse().ok(),
        verstat: Some(Verstat::Passed),
        diverted_from: "+442079460000".parse().ok(),
    };
    assert_eq!(ended[0].caller, expected);
    let listed = house.ok(&["inbound"]);
    assert!(listed.contains("verified") && listed.contains("sent on by +4420•••0000"), "{listed}");
    let told = house.ok(&["inbound", "--", &ended[0].id.to_string()]);
    assert!(told.contains(" held ") && !told.contains("no_input"), "{told}");
}

/// Who is sent away by SIP ends the call as transferred; whose telephone will not go is told so.
#[test]
fn a_caller_is_sent_to_somebody_else() {
    for (scenario, expected, heard) in [
        ("refer_followed", Disposition::Transferred, "agent_answered"),
        ("refer_refused", Disposition::NoInput, "transfer_failed rejected"),
    ] {
        let allowed = "transfer_to: [\"sip:desk@example.org\"]\n";
        let (house, serve, ours) = line_of("tests/calls/sent_away.yaml", "", allowed);
        let xml = std::fs::read(format!("tests/sipp/{scenario}.xml")).expect("a file of ours");
        call_with_sipp_xml(ours, scenario, &xml, &["-m", "1"]).finish();

        let ended = when_one_has_ended(&house, serve);
        let end = ended[0].ended.expect("looked for");
        assert_eq!((end.disposition, end.cause), (expected, Some(HangupCause::LocalHangup)), "{scenario}");
        let told = house.ok(&["inbound", "--", &ended[0].id.to_string()]);
        assert!(told.contains(heard), "{scenario}: {told}");
    }
}

/// What is wrong with a line is said before anybody can ring it.
#[test]
fn a_flow_for_contacts_cannot_answer() {
    let house = House::new("127.0.0.1:9", "    channels_max: 1\n    cps_max: 1\n");
    let mut config = std::fs::OpenOptions::new().append(true).open(house.path("ringback.yaml")).expect("writable");
    let flow = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/callback_inbound.yaml");
    config
        .write_all(LINES.replace("flows/lines/front_desk.yaml", &flow.to_string_lossy()).as_bytes())
        .expect("written");
    let refused = house.run(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(said.contains("cannot answer a line") && said.contains("the contact's `amount`"), "{said}");
}
