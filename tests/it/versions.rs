//! Versions of flows as an operator meets them: the real program, its installation, and calls over real SIP and RTP.

use std::process::Stdio;
use std::time::Duration;

use ringback::books::{CampaignState, FlowVersion};
use ringback::flow::program::FlowHash;
use ringback::id::{AttemptId, CallId};
use ringback::store::{SqliteStore, Store};
use ringback::time::Clock;

use crate::house::{House, Network, terminate, wait_for, zone_at_noon};

/// A voice for one sentence is made and a call of one sentence is spoken; on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

const TRUNK: &str = "    channels_max: 2\n    cps_max: 2\n    options_interval_s: 5\n";

const LADDER: &str = r#"
ladder: brief
segments:
  all: { when: days_overdue > -1000, flow: brief }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
steps:
  - voice: segment.flow
"#;

/// A flow that says one sentence and hangs up, with a test of it; `hears` is what the test expects.
fn flow(version: u32, says: &str, hears: &str) -> String {
    format!(
        r#"flow: brief
version: {version}
languages: [en]
contact: {{ name: text }}
messages:
  hello: {{ en: "Hello {{contact.name}}. {says}" }}
  bye:   {{ en: "You are not called again." }}
start: hello
hotkeys: {{ "*9": stop }}
nodes:
  hello: {{ say: hello, end: informed }}
  stop:  {{ opt_out: number, next: bye }}
  bye:   {{ say: bye, end: opted_out }}
tests:
  - {{ name: greets, contact: {{ name: Anna }}, steps: [answer, hears "{hears}"], expect: {{ result: informed }} }}
"#
    )
}

fn said<'a>(house: &House, args: &'a [&'a str], succeeds: bool) -> String {
    let output = house.run(args);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.success(), succeeds, "{args:?}:\n{text}");
    text
}

fn hold(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn only_what_compiles_and_passes_is_published_and_only_once() {
    let house = House::new("127.0.0.1:9", TRUNK);
    let flows = house.path("flows").to_string_lossy().into_owned();
    let file = house.path("flows/brief.yaml").to_string_lossy().into_owned();
    hold(&said(&house, &["flow", "versions"], true), &["no flow is published yet"]);
    // What lies in the file, whether it is published, what is said.
    for (text, good, parts) in [
        (flow(1, "One.", "Two."), false, vec!["test \"greets\" fails", "NOT published: it fails 1 of its 1 tests"]),
        (
            flow(1, "One.", "One.").replace("end: informed", "end: nowhere"),
            false,
            vec!["error[F023]", "NOT published: it has"],
        ),
        (
            flow(1, "One.", "One."),
            true,
            vec!["published brief v1 (", "; its test passes\n1 published, 0 already there"],
        ),
        (flow(1, "One.", "One."), true, vec!["already published brief v1 (", "0 published, 1 already there"]),
        (
            flow(1, "Two.", "Two."),
            false,
            vec![
                "NOT published: flow brief version 1 is already published with another content (",
                "raise its `version:`",
            ],
        ),
        (flow(3, "Three.", "Three."), true, vec!["published brief v3 ("]),
        (
            flow(2, "Two.", "Two.").replacen("bye:   {", "unsaid: { en: \"No.\" }\n  bye:   {", 1),
            true,
            vec!["warning[F038]", "published brief v2 (", "its test passes, 1 warning", "note: brief v3 ("],
        ),
    ] {
        house.write("flows/brief.yaml", &text);
        hold(&said(&house, &["flow", "publish", &file], good), &parts);
    }
    let listed = said(&house, &["flow", "versions"], true);
    assert_eq!(listed.lines().count(), 4, "{listed}");
    let newest = flow(3, "Three.", "Three.");
    for (name, found) in [("brief", &newest), ("brief@3", &newest), ("brief@1", &flow(1, "One.", "One."))] {
        assert_eq!(&house.ok(&["flow", "published", name]), found, "{name}");
    }
    hold(
        &said(&house, &["flow", "published", "brief@9"], false),
        &["flow brief has no published version 9; there are 1, 2, 3"],
    );

    // A folder: each file for itself.
    house.write("flows/brief.yaml", &flow(4, "Four.", "Four."));
    house.write("flows/bad.yaml", "flow: bad\n");
    let folder = said(&house, &["flow", "publish", &flows], false);
    hold(&folder, &["bad.yaml: NOT published", "published brief v4 (", "1 published, 0 already there, 1 refused"]);
}

/// What is published is held against the file that is being written; what a flow calls is published with it.
#[test]
fn a_flow_is_compared_with_what_is_published() {
    let house = House::new("127.0.0.1:9", TRUNK);
    let file = house.path("flows/brief.yaml").to_string_lossy().into_owned();
    let greets = |words: &str| {
        format!(
            "subflow: greet\nversion: 1\nlanguages: [en]\ninputs: {{ name: text }}\nexits: [done]\n\
             messages: {{ hello: {{ en: \"{words} {{input.name}}.\" }} }}\nstart: hello\n\
             nodes: {{ hello: {{ say: hello, next: out }}, out: {{ exit: done }} }}\n"
        )
    };
    let calls = flow(1, "One.", "Good day Anna").replace(
        "  hello: { say: hello, end: informed }",
        "  hello: { call: greet, with: { name: contact.name }, done: after }\n  after: { say: hello, end: informed }",
    );
    house.write("flows/brief.yaml", &calls);
    house.write("flows/library/greet.yaml", &greets("Good day"));
    hold(&said(&house, &["flow", "publish", &file], true), &["published brief v1 ("]);
    hold(&said(&house, &["flow", "diff", &file], true), &["no difference that a client would notice"]);

    // Another word in the sub-flow is another flow; under the same version it cannot be published.
    house.write("flows/library/greet.yaml", &greets("Good morning"));
    hold(&said(&house, &["flow", "diff", &file], false), &["Good day", "Good morning"]);
    house.write("flows/brief.yaml", &calls.replace("Good day Anna", "Good morning Anna"));
    hold(&said(&house, &["flow", "publish", &file], false), &["raise its `version:`"]);
    house.write(
        "flows/brief.yaml",
        &calls.replace("Good day Anna", "Good morning Anna").replace("version: 1", "version: 2"),
    );
    hold(&said(&house, &["flow", "publish", &file], true), &["published brief v2 ("]);
    hold(&said(&house, &["flow", "diff", "brief@1", "brief@2"], false), &["Good day", "Good morning"]);
    // What is kept needs nothing beside it.
    hold(&house.ok(&["flow", "published", "brief@1"]), &["--- # subflow: greet", "Good day"]);
}

#[test]
fn a_campaign_is_created_from_what_is_published_or_from_a_folder_that_could_be() {
    let house = House::new("127.0.0.1:9", TRUNK);
    house.write("ladder.yaml", LADDER);
    house.write("flows/brief.yaml", &flow(1, "One.", "Two."));
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    let (ladder, flows, file) = (path("ladder.yaml"), path("flows"), path("flows/brief.yaml"));
    let create = |name: &'static str, more: &[&str], succeeds| {
        said(&house, &[&["campaign", "create", name, "--ladder", &ladder], more].concat(), succeeds)
    };
    hold(&create("a", &["--flows", &flows], false), &["test \"greets\" fails", "no campaign was created"]);
    hold(&create("a", &[], false), &["no flow `brief` is published", "`ringback flow publish FILE`", "--flows"]);
    hold(&said(&house, &["flow", "versions"], true), &["no flow is published yet"]);
    house.write("flows/brief.yaml", &flow(1, "One.", "One."));
    hold(&create("a", &["--flows", &flows], true), &["pinned: brief v1 ("]);
    house.write("flows/brief.yaml", &flow(1, "Changed.", "Changed."));
    hold(
        &create("b", &["--flows", &flows], false),
        &["flow brief version 1 is already published with another content"],
    );
    house.write("flows/brief.yaml", &flow(2, "Two.", "Two."));
    said(&house, &["flow", "publish", &file], true);
    hold(&create("b", &[], true), &["pinned: brief v2 ("]);
    hold(&create("c", &["--flow", "brief@1"], true), &["pinned: brief v1 ("]);
    hold(&create("d", &["--flow", "other@1"], false), &["the ladder names no such flow; it names brief"]);
    hold(&said(&house, &["flow", "versions"], true), &["a (draft), c (draft)", "b (draft)"]);
    hold(
        &said(&house, &["campaign", "status", "a"], true),
        &["v2 is published: `ringback campaign use-flow a brief@2`"],
    );
}

#[test]
fn a_running_campaign_is_pinned_until_it_is_moved() {
    let people = House::new("127.0.0.1:9", TRUNK);
    let human = r#""language":"en","calls":[{"human":{"ring_ms":100,"think_ms":100,"turns":[]}}]"#;
    let person = |number: u32| format!("{{\"number\":\"+7000000000{number}\",{human}}}\n");
    people.write("people.jsonl", &[1, 2].map(person).concat());
    let network = Network::start(&people);
    let house = House::new(&network.addresses.sip.to_string(), TRUNK);
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    let zone = zone_at_noon();
    let import = |n: u32| {
        let header = "contact_id,name,phone,language,zone,creditor,amount,currency,due";
        let row = format!("c{n},Anna,+7000000000{n},en,{zone},City Water,12.50,GBP,2026-01-15");
        house.write("contacts.csv", &format!("{header}\n{row}\n"));
        house.ok(&["import", &path("contacts.csv")]);
        house.ok(&["campaign", "start", "brief"]);
    };
    house.write("ladder.yaml", LADDER);
    house.write("brief.yaml", &flow(1, "First wording.", "First wording."));
    house.ok(&["flow", "publish", &path("brief.yaml")]);
    house.ok(&["campaign", "create", "brief", "--ladder", &path("ladder.yaml")]);
    house.write("brief.yaml", &flow(2, "Second wording.", "Second wording."));
    hold(&house.ok(&["flow", "publish", &path("brief.yaml")]), &["campaign brief stays with v1"]);
    import(1);

    let log = std::fs::File::create(house.path("log")).expect("writable");
    let mut serve = house.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("serve starts");
    let logged = || std::fs::read_to_string(house.path("log")).expect("its log");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let books = || runtime.block_on(SqliteStore::open(house.path("ringback.db"))).expect("the books");
    let talked = |id: i64| {
        wait_for("the attempt to be finished", LIMIT, || {
            let store = books();
            let attempt = runtime.block_on(store.attempts(None, AttemptId(id - 1), 1)).ok()?.pop()?;
            attempt.outcome.is_some().then_some(())?;
            let events = runtime.block_on(store.call_events(CallId(id))).expect("its events");
            let said: Vec<String> = events.into_iter().filter(|e| e.kind == "said").map(|e| e.detail).collect();
            Some((attempt.flow.expect("dialled"), said.concat()))
        })
    };
    let (first, words) = talked(1);
    hold(&words, &["First wording."]);

    let moved = house.ok(&["campaign", "use-flow", "brief", "brief@2"]);
    hold(&moved, &[&format!("from brief v1 ({first}) to brief v2 ("), "calls dialled from now on"]);
    hold(&house.ok(&["campaign", "use-flow", "brief", "brief"]), &["campaign brief uses brief v2 (", "already"]);
    wait_for("serve to see the move", LIMIT, || logged().contains("flows: brief v2 (").then_some(()));
    import(2);
    let (second, words) = talked(2);
    hold(&words, &["Second wording."]);
    terminate(&serve);
    assert!(serve.wait().expect("it stops").success(), "{}", logged());
    network.close();

    let (first, second) = (format!("brief v1 ({first})"), format!("brief v2 ({second})"));
    let published = runtime.block_on(books().published()).expect("published");
    assert_eq!(published.iter().map(|p| p.flow.to_string()).collect::<Vec<_>>(), [first.clone(), second.clone()]);
    hold(&house.ok(&["why", "c1"]), &[&format!("with {first}; ended")]);
    hold(&house.ok(&["why", "c2"]), &[&format!("with {second}; ended")]);
    hold(&house.ok(&["report"]), &[&first, &second]);
    let earlier = format!("earlier: {first}");
    hold(&house.ok(&["campaign", "status"]), &[&format!("moved from {first} to {second}"), &earlier]);
    hold(&house.ok(&["flow", "versions", "brief"]), &["brief (running)"]);
}

/// Pinned by an earlier program, which took what this one does not.
#[test]
fn a_campaign_that_no_longer_compiles_rests_and_the_process_lives() {
    let house = House::new("127.0.0.1:9", TRUNK);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let state = |name: &'static str| {
        let look = async { SqliteStore::open(house.path("ringback.db")).await?.campaign(name).await };
        runtime.block_on(look).map(|c| c.state)
    };
    let now = Clock::system().now().wall;
    let version = |hash: &str, version, source| FlowVersion {
        hash: FlowHash(hash.into()),
        name: "brief".into(),
        version,
        source,
    };
    let old = version("aaaa1111", 1, flow(1, "One.", "One.").replace("say: hello", "speak: hello"));
    let good = version("bbbb2222", 2, flow(2, "Two.", "Two."));
    runtime.block_on(async {
        let store = SqliteStore::open(house.path("ringback.db")).await.expect("the books");
        for (name, flow) in [("old", old), ("good", good)] {
            let id = store.create_campaign(name, LADDER, &[flow], now).await.expect("created");
            store.set_campaign_state(id, CampaignState::Running, now).await.expect("running");
        }
    });
    let log = std::fs::File::create(house.path("log")).expect("writable");
    let mut serve = house.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("serve starts");
    wait_for("the campaign to rest", LIMIT, || (state("old") == Ok(CampaignState::Paused)).then_some(()));
    assert_eq!(state("good"), Ok(CampaignState::Running));
    assert!(serve.try_wait().expect("asked").is_none(), "the process goes on");
    let way_out = "ringback campaign use-flow old FLOW@VERSION";
    hold(&said(&house, &["campaign", "status", "old"], true), &["old: paused", "paused by the program:", way_out]);
    hold(&said(&house, &["campaign", "start", "old"], false), &["does not compile", "error[F006]", "`speak`", way_out]);
    house.ok(&["campaign", "use-flow", "old", "brief@2"]);
    house.ok(&["campaign", "start", "old"]);
    let loaded = |text: String| text.contains("campaign=old state=running");
    let logged = || std::fs::read_to_string(house.path("log")).expect("its log");
    wait_for("serve to take it up again", LIMIT, || loaded(logged()).then_some(()));
    terminate(&serve);
    assert!(serve.wait().expect("it stops").success(), "{}", logged());
}

/// Ladders are published like flows; a campaign goes by the one it was created with until it is moved.
#[test]
fn a_campaign_goes_by_its_ladder_until_it_is_moved() {
    let house = House::new("127.0.0.1:9", TRUNK);
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    let (file, flows) = (path("ladder.yaml"), path("flows"));
    house.write("flows/brief.yaml", &flow(1, "One.", "One."));
    let ladder =
        |version: &str, more: &str| LADDER.replace("ladder: brief\n", &format!("ladder: brief\n{version}")) + more;
    let test = |outcome: &str| {
        format!(
            "    retry: {{ no_answer: [1d] }}\n    attempts_max: 2\ntests:\n  - name: nobody answers\n    \
             contact: {{ amount: 1 RUB, due: 2026-11-01 }}\n    start: 2026-11-20T12:00+03:00\n    \
             steps: [no_answer, {{ {outcome} }}]\n"
        )
    };
    house.write("ladder.yaml", &ladder("version: 1\n", &test("closed: ladder_ended")));
    let create = ["campaign", "create", "a", "--ladder", &file, "--flows", &flows];
    hold(&said(&house, &["ladder", "publish", &file], false), &["NOT published", "test \"nobody answers\" fails"]);
    hold(&said(&house, &create, false), &["fails 1 of its 1 tests; nothing was changed"]);
    hold(&said(&house, &["ladder", "versions"], true), &["no ladder is published yet"]);

    house.write("ladder.yaml", &ladder("version: 1\n", &test("next: voice")));
    said(&house, &create, true);
    hold(&said(&house, &["ladder", "versions"], true), &["brief v1 (", "used by a (draft)"]);
    hold(
        &said(&house, &["ladder", "publish", &file], true),
        &["already published brief v1 (", "0 published, 1 already there"],
    );
    hold(&said(&house, &["campaign", "status", "a"], true), &["  ladder brief v1 ("]);

    // Another delay is another content; under the same version it cannot be.
    let changed = |version: &str| ladder(version, &test("next: voice").replace("[1d]", "[2d]"));
    house.write("ladder.yaml", &changed("version: 1\n"));
    let refused = ["ladder brief version 1 is already published with another content", "raise its `version:`"];
    hold(&said(&house, &["campaign", "use-ladder", "a", &file], false), &refused);
    house.write("ladder.yaml", &changed("version: 2\n"));
    let published = said(&house, &["ladder", "publish", &file], true);
    hold(
        &published,
        &["published brief v2 (", "note: campaign a goes by", "`ringback campaign use-ladder a FILE` moves it"],
    );
    hold(&said(&house, &["campaign", "status", "a"], true), &["  ladder brief v1 ("]);
    hold(
        &said(&house, &["campaign", "use-ladder", "a", &file], true),
        &["campaign a is moved from brief v1 (", "to brief v2 ("],
    );
    hold(&said(&house, &["campaign", "use-ladder", "a", &file], true), &["goes by brief v2 (", "already"]);
    hold(&said(&house, &["campaign", "status", "a"], true), &["  ladder brief v2 (", "ladder moved from brief v1 ("]);

    // What its attempts could not go on with.
    house.write("ladder.yaml", &ladder("version: 3\n", "  - human: desk\n"));
    let other = said(&house, &["campaign", "use-ladder", "a", &file], false);
    hold(
        &other,
        &["cannot go on with this ladder", "create another campaign", "its steps are: voice voice, human human"],
    );
    hold(&said(&house, &["campaign", "status", "a"], true), &["  ladder brief v2 ("]);
}
