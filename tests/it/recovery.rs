//! `kill -9` at random moments, at least fifty times: nobody is dialled twice, no promise is lost, and what was in the
//! air is closed as `unknown_outcome`. The telephone network is a process of its own and survives; its book is the judge.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringback::books::AttemptState;
use ringback::id::AttemptId;
use ringback::network::CallRecord;
use ringback::outcome::{Channel, Disposition};
use ringback::store::{SqliteStore, Store};
use ringback::time::Clock;

use crate::house::{House, Network, terminate, wait_for, zone_at_noon};

const KILLS: usize = 50;
const CONTACTS: usize = 1_000;

/// Willing and quick: they press the keys of the shipped flow into the voice, and promise the whole sum for tomorrow.
fn person(number: &str, last4: &str) -> String {
    let press = |keys: &str| format!(r#"{{"barge_in":{{"keys":"{keys}","after_ms":150}}}}"#);
    let turns = [press("1"), press(last4), press("1"), press("2#"), r#"{"confirm":"1"}"#.to_string()];
    format!(
        r#"{{"number":"{number}","language":"ru","calls":[{{"human":{{"ring_ms":100,"think_ms":100,"turns":[{}]}}}}]}}"#,
        turns.join(",")
    )
}

const LADDER: &str = r#"
ladder: recovery
segments:
  all: { when: days_overdue > -1000, flow: brief }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
caps: [ 1 per day ]
steps:
  - voice: segment.flow
    retry: { no_answer: [1d] }
"#;

/// A flow of few words, so that a call comes to its promise within the life of a process.
const FLOW: &str = r#"
flow: brief
version: 1
languages: [ru]
contact:
  amount: money
  last4: digits(4)
protect: [amount]
defaults: { timeout: 3s, gap: 2s, tries: 1 }
messages:
  hello:  { ru: "Это {company}. Нажмите 1 или 9." }
  ask:    { ru: "Введите четыре цифры." }
  offer:  { ru: "Заплатите? {promise.amount | money}." }
  when:   { ru: "Когда?" }
  right:  { ru: "{promise.on | date}. Верно?" }
  thanks: { ru: "Мы записали вашу договорённость." }
  bye:    { ru: "До свидания." }
start: hello
nodes:
  hello:  { menu: [hello], keys: { "1": check, "9": stop }, exhausted: bye }
  check:  { verify: contact.last4, ask: ask, ok: promise, failed: bye, refused: bye }
  promise:
    promise: contact.amount
    offers: [{ share: full, within: 7d, say: offer }]
    ask_date: when
    confirm: right
    recorded: thanks
    refused: bye
    rejected: bye
  thanks: { say: thanks, end: promised }
  bye:    { say: bye, end: no_input }
  stop:   { opt_out: number, next: bye }
"#;

#[test]
fn fifty_deaths_dial_nobody_twice_and_lose_no_promise() {
    let zone = zone_at_noon();
    let mut people = String::new();
    let mut csv = String::from("contact_id,name,phone,language,zone,creditor,amount,currency,due,last4\n");
    for n in 0..CONTACTS {
        let (number, last4) = (format!("+7000{n:07}"), format!("{:04}", n % 10_000));
        people.push_str(&person(&number, &last4));
        people.push('\n');
        csv.push_str(&format!("c{n},Анна,{number},ru,{zone},Горводоканал,1234.50,RUB,2026-01-15,{last4}\n"));
    }

    // The network has to be there before the config can name its address.
    let first = House::new("127.0.0.1:9", "    channels_max: 1\n    cps_max: 1\n");
    first.write("people.jsonl", &people);
    let network = Network::start(&first);
    let peer = network.addresses.sip.to_string();
    let house = House::new(&peer, "    channels_max: 60\n    cps_max: 5\n    options_interval_s: 5\n");
    house.write("contacts.csv", &csv);
    house.write("ladder.yaml", LADDER);
    house.write("brief.yaml", FLOW);
    house.ok(&["import", house.path("contacts.csv").to_str().expect("utf-8")]);
    let ladder = house.path("ladder.yaml");
    house.ok(&[
        "campaign",
        "create",
        "recovery",
        "--ladder",
        ladder.to_str().expect("utf-8"),
        "--flows",
        house.dir.path().to_str().expect("utf-8"),
    ]);
    house.ok(&["campaign", "start", "recovery"]);

    let mut rng = StdRng::seed_from_u64(2);
    let book = first.path("network.jsonl");
    let lines = || std::fs::read_to_string(&book).unwrap_or_default().lines().count();
    let clock = Clock::system();
    for _ in 0..KILLS {
        let mut serve = house.command(&["serve"]).stderr(Stdio::null()).spawn().expect("serve starts");
        // Somewhere between starting up and having calls in every state; some lives are long enough for calls to be finished.
        let life = if rng.random_bool(0.3) { rng.random_range(7_000..13_000) } else { rng.random_range(100..3_000) };
        let until = clock.now().mono + Duration::from_millis(life);
        wait_for("the moment of death", Duration::from_secs(20), || (clock.now().mono >= until).then_some(()));
        serve.kill().expect("kill -9");
        serve.wait().expect("it is dead");
    }
    let before = lines();

    // A last life that is let to finish what is due, and is then asked to stop.
    let mut serve = house.command(&["serve"]).stderr(Stdio::null()).spawn().expect("serve starts");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let database = house.path("ringback.db");
    wait_for("everything due to be finished", Duration::from_secs(180), || {
        runtime.block_on(async {
            let store = SqliteStore::open(&database).await.ok()?;
            let now = clock.now().wall;
            let attempts = store.attempts(None, AttemptId(0), u32::MAX).await.ok()?;
            attempts.iter().all(|a| !a.state.is_open() || a.plan.due_at > now).then_some(())
        })
    });
    terminate(&serve);
    let status = serve.wait().expect("it stops");
    assert!(status.success(), "SIGTERM must end it in good order, not with {status}");
    network.close();

    let text = std::fs::read_to_string(&book).expect("the network's book");
    let calls: Vec<CallRecord> = text.lines().map(|l| serde_json::from_str(l).expect("a call")).collect();
    let (attempts, promises) = runtime.block_on(async {
        let store = SqliteStore::open(&database).await.expect("the books");
        let attempts = store.attempts(None, AttemptId(0), u32::MAX).await.expect("attempts");
        (attempts, store.promises().await.expect("promises"))
    });

    // By contact: what the network received, and what the books say was dialled.
    let mut received: BTreeMap<&str, usize> = BTreeMap::new();
    for call in &calls {
        *received.entry(&call.number).or_default() += 1;
    }
    for (number, times) in &received {
        assert_eq!(*times, 1, "{number} was rung {times} times for one attempt");
    }
    let live = attempts.iter().filter(|a| a.channel == Channel::Voice && a.live_at.is_some());
    let dialled = live.clone().count();
    assert!(dialled >= calls.len(), "{} calls were received but only {dialled} are in the books", calls.len());
    assert!(
        attempts.iter().all(|a| !matches!(a.state, AttemptState::Live | AttemptState::Claimed)),
        "nothing is left in the air"
    );
    let unknown =
        live.clone().filter(|a| a.outcome.as_ref().is_some_and(|o| o.disposition == Disposition::UnknownOutcome));
    let unknown = unknown.count();
    assert!(dialled - calls.len() <= unknown, "a call that was not received must be of unknown outcome");

    let confirmed: Vec<&CallRecord> = calls.iter().filter(|c| c.promise_confirmed).collect();
    let kept: Vec<i64> = promises.iter().map(|p| p.contact.0).collect();
    for call in &confirmed {
        let n: i64 = call.number.trim_start_matches("+7000").parse().expect("made above");
        // Contacts are numbered from 1 in the order of the file.
        assert!(kept.contains(&(n + 1)), "{} confirmed a promise that is not in the books", call.number);
    }
    println!(
        "{KILLS} deaths: {} calls received ({before} ended before the last life), {dialled} dialled, {unknown} of unknown outcome, \
         {} promises confirmed, {} in the books",
        calls.len(),
        confirmed.len(),
        promises.len()
    );
    assert!(unknown >= 10, "too few calls were in the air at the deaths to prove anything: {unknown}");
    assert!(confirmed.len() >= 50, "too few promises to prove anything: {}", confirmed.len());
}
