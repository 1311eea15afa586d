//! Calls dialled for agents, with the real program and real telephones on both ends: the network's people and agents, a process of its
//! own behind SIP and RTP. What the books say is held against what the network saw.

use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use ringback::books::{AgentResult, Attempt, CallEvent};
use ringback::id::{AttemptId, CallId};
use ringback::network::CallRecord;
use ringback::outcome::Disposition;
use ringback::store::{SqliteStore, Store};

use crate::house::{House, Network, terminate, wait_for, zone_at_noon};

const PEOPLE: usize = 320;
const AGENTS: usize = 10;
const LIMIT: Duration = Duration::from_secs(240);
/// The ladder's own, usual `connect_within`.
const WITHIN: Duration = Duration::from_secs(2);
/// Beyond it, until the next turn of the loop has ordered what follows.
const A_TURN: Duration = Duration::from_millis(250);

const LADDER: &str = r#"
ladder: talks
segments:
  all: { when: days_overdue > -1000, flow: talk }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
pacing: { mode: predictive, queue: collections, abandon_max: 2.5% }
steps:
  - voice: segment.flow
    attempts_max: 1
"#;

const FLOW: &str = r#"
flow: talk
version: 1
languages: [en]
messages:
  thanks: { en: "Thank you. Goodbye." }
  nobody: { abandoned: { caller: "{company}", decline: "+442079460000" } }
  stopped: { en: "We will not call again. Goodbye." }
start: agent
hotkeys: { "*9": stop }
nodes:
  agent:  { queue: collections, timeout: 20s, answered: thanks, no_agent: nobody }
  thanks: { say: thanks, end: informed }
  nobody: { say: nobody, end: callback_requested }
  stop: { opt_out: number, next: stopped, failed: stopped }
  stopped: { say: stopped, end: opted_out }
"#;

const TRUNK: &str = "    channels_max: 60\n    cps_max: 20\n    options_interval_s: 5\n";

/// A third pick up, and say nothing but hello; the others are busy.
fn person(n: usize) -> String {
    let ring_ms = 100 + 70 * (n % 7);
    let does = match n % 3 {
        0 => format!(r#"{{"human":{{"ring_ms":{ring_ms},"think_ms":100,"turns":[{{"wait":{{"ms":60000}}}}]}}}}"#),
        _ => r#""busy""#.to_string(),
    };
    format!("{{\"number\":\"{}\",\"language\":\"en\",\"calls\":[{does}]}}\n", number(n))
}

fn number(n: usize) -> String {
    format!("+7000{n:07}")
}

/// Talks for a second and a half; the first of them does not hear the telephone once, when everything goes well.
fn agent(n: usize) -> String {
    let talk = r#"{"agent":{"ring_ms":100,"talk_ms":1500}}"#;
    let calls = match n {
        0 => format!(r#"{talk},{talk},"no_answer",{talk}"#),
        _ => talk.to_string(),
    };
    format!("{{\"number\":\"agent{n}\",\"language\":\"en\",\"calls\":[{calls}]}}\n")
}

/// Whoever leaves early leaves nobody calling.
struct Serve(Child);

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn at(events: &[CallEvent], kind: &str) -> Option<Duration> {
    let event = events.iter().find(|event| event.kind == kind)?;
    Some(Duration::from_micros(event.at.0.try_into().expect("after 1970")))
}

#[test]
fn who_picks_up_talks_to_an_agent_in_time_or_hears_that_nobody_is_there() {
    let town = House::new("127.0.0.1:9", TRUNK);
    town.write("people.jsonl", &((0..PEOPLE).map(person).chain((0..AGENTS).map(agent)).collect::<String>()));
    let network = Network::start(&town);
    let sip = network.addresses.sip;
    let house = House::new(&sip.to_string(), TRUNK);
    let agents: Vec<String> = (0..AGENTS).map(|n| format!("\"sip:agent{n}@{sip}\"")).collect();
    let config = std::fs::read_to_string(house.path("ringback.yaml")).expect("the config");
    house.write("ringback.yaml", &config.replace("agents: []", &format!("agents: [{}]", agents.join(", "))));
    let zone = zone_at_noon();
    let mut csv = "contact_id,name,phone,language,zone,creditor,amount,currency,due\n".to_owned();
    for n in 0..PEOPLE {
        let _ = writeln!(csv, "c{n},Anna,{},en,{zone},City Water,12.50,GBP,2026-01-15", number(n));
    }
    house.write("contacts.csv", &csv);
    house.write("ladder.yaml", LADDER);
    house.write("talk.yaml", FLOW);
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    house.ok(&["import", &path("contacts.csv")]);
    let flows = house.dir.path().to_string_lossy().into_owned();
    house.ok(&["campaign", "create", "talks", "--ladder", &path("ladder.yaml"), "--flows", &flows]);
    house.ok(&["campaign", "start", "talks"]);
    let log = std::fs::File::create(house.path("log")).expect("writable");
    let mut serve = Serve(house.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("serve starts"));
    let logged = || std::fs::read_to_string(house.path("log")).expect("its log");

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let books = runtime.block_on(SqliteStore::open(&house.path("ringback.db"))).expect("the books");
    let attempts: Vec<Attempt> = wait_for("everybody to be called", LIMIT, || {
        assert!(serve.0.try_wait().expect("ours").is_none(), "serve ended by itself:\n{}", logged());
        let attempts = runtime.block_on(books.attempts(None, AttemptId(0), 1000)).ok()?;
        (attempts.iter().filter(|a| a.outcome.is_some()).count() >= PEOPLE).then_some(attempts)
    });
    terminate(&serve.0);
    assert!(serve.0.wait().expect("it stops").success(), "{}", logged());
    let events = |attempt: &Attempt| runtime.block_on(books.call_events(CallId::of(attempt.id))).expect("its events");
    network.close();
    let seen = std::fs::read_to_string(town.path("network.jsonl")).expect("the network's log");
    let seen: Vec<CallRecord> = seen.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();

    let of = |result| attempts.iter().filter(move |a| a.agent == Some(result));
    let (connected, abandoned) = (of(AgentResult::Connected).count(), of(AgentResult::Abandoned).count());
    assert!(connected >= PEOPLE / 4, "{connected} of {PEOPLE}\n{}", logged());
    assert!(1000 * abandoned <= 25 * (connected + abandoned), "{abandoned} found nobody, {connected} did");

    for attempt in of(AgentResult::Connected) {
        let events = events(attempt);
        let (answered, met) = (at(&events, "answered").expect("up"), at(&events, "agent_answered").expect("met"));
        assert!(met - answered <= WITHIN + A_TURN, "{:?} after the answer: {events:?}", met - answered);
    }
    let agents_talked = seen.iter().filter(|call| call.behaviour == "agent" && call.answered).count();
    assert!(agents_talked >= connected, "{agents_talked} agents picked up for {connected} people");

    // One agent did not pick up in time, if that call came to them at all.
    let missed = seen.iter().filter(|call| call.number == "agent0" && !call.answered).count();
    assert_eq!((missed, abandoned > 0), (1, true), "{missed} missed, {abandoned} abandoned");
    for attempt in of(AgentResult::Abandoned) {
        let events = events(attempt);
        let said = events.iter().find(|event| event.kind == "said").unwrap_or_else(|| panic!("silence: {events:?}"));
        assert!(said.detail.contains("nobody is free to talk"), "{said:?}");
        let answered = at(&events, "answered").expect("up");
        let told = Duration::from_micros(said.at.0.try_into().expect("after 1970")) - answered;
        assert!(told <= WITHIN + A_TURN, "told {told:?} after the answer");
        assert!(at(&events, "agent_answered").is_none(), "{events:?}");
        assert_eq!(attempt.outcome.as_ref().map(|o| o.disposition), Some(Disposition::CallbackRequested));
        let contact = usize::try_from(attempt.contact.0 - 1).expect("from 1");
        let theirs = seen.iter().find(|call| call.number == number(contact)).expect("the network rang them");
        assert!(theirs.heard_a_voice, "{theirs:?}");
    }

    // Predictive: telephones rang for people while more agents talked than would have been left for them. Progressive never does that.
    let (agents, people): (Vec<&CallRecord>, Vec<&CallRecord>) =
        seen.iter().partition(|call| call.behaviour == "agent");
    let at_once = |ms: u64| {
        let talk =
            agents.iter().filter(|call| call.at_ms <= ms && ms < call.at_ms + call.ring_ms + call.talk_ms).count();
        talk + people.iter().filter(|call| call.at_ms <= ms && ms < call.at_ms + call.ring_ms).count()
    };
    let most = people.iter().map(|call| at_once(call.at_ms)).max().expect("calls");
    assert!(most > AGENTS, "{most} at once");
}
