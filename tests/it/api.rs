//! The API as a program meets it: real HTTP on loopback; and what a payment told so does to a call that rings.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ringback::api::{Api, OPENAPI, ROUTES};
use ringback::books::{AttemptState, NewContact, NewDebt, ZoneFrom};
use ringback::config::{ApiSettings, Secret};
use ringback::id::AttemptId;
use ringback::network::CallRecord;
use ringback::outcome::Disposition;
use ringback::store::{MemoryStore, SqliteStore, Store};
use ringback::time::{Clock, Wall};
use serde_json::{Value, json};

use crate::house::{House, Network, terminate, wait_for, zone_at_noon};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const LIMIT: Duration = Duration::from_secs(60);

/// A program with a token, or with another.
struct Program {
    at: SocketAddr,
    token: &'static str,
    agent: ureq::Agent,
}

impl Program {
    fn new(at: SocketAddr) -> Program {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(LIMIT));
        Program { at, token: TOKEN, agent: config.build().into() }
    }

    /// Status, kind of content, and the JSON.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String, Value) {
        let (url, token) = (format!("http://{}{path}", self.at), format!("Bearer {}", self.token));
        let answer = match method {
            "get" => self.agent.get(url).header("Authorization", token).call(),
            _ => self.agent.post(url).header("Authorization", token).send(body),
        };
        let mut answer = answer.expect("an answer");
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().expect("text").to_string());
        let text = answer.body_mut().read_to_string().expect("a body");
        let json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{method} {path}: {e} in {text}"));
        (answer.status().as_u16(), kind.unwrap_or_default(), json)
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, _, json) = self.ask("post", path, &body.to_string());
        (status, json)
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let (status, _, json) = self.ask("get", path, "");
        (status, json)
    }
}

fn contact(id: &str) -> NewContact {
    let debt = |id: &str, minor, due: &str| NewDebt {
        external_id: id.into(),
        amount: ringback::money::Money::new(minor, ringback::money::Currency::Rub),
        due: due.parse().unwrap(),
    };
    NewContact {
        external_id: id.into(),
        person: None,
        name: "Anna Canary".into(),
        language: "ru".parse().unwrap(),
        zone: "Europe/Moscow".parse().unwrap(),
        zone_from: ZoneFrom::Given,
        email: None,
        creditor: "Water".into(),
        phones: vec!["+79161234567".parse().unwrap()],
        debts: vec![debt("water", 100_000, "2026-11-01"), debt("heat", 50_000, "2026-10-01")],
        fields: Default::default(),
    }
}

fn settings() -> ApiSettings {
    ApiSettings { listen: "127.0.0.1:0".parse().unwrap(), tokens: vec![Secret::new(TOKEN)] }
}

async fn with_contacts<S: Store>(store: &S) {
    store.import(&[contact("K1"), contact("K 2/ё")], Wall(0)).await.unwrap();
}

fn paid(id: &str, contact: &str, amount: &str) -> Value {
    json!({ "payment_id": id, "contact_id": contact, "amount": amount, "currency": "RUB", "paid_at": "2026-11-20" })
}

fn with(mut payment: Value, field: &str, value: Value) -> Value {
    payment[field] = value;
    payment
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_booked_once_whatever_is_sent_again() {
    let place = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(place.path().join("books.db")).await.unwrap();
    with_contacts(&sqlite).await;
    books_once(Arc::new(sqlite));
    let memory = MemoryStore::new();
    with_contacts(&memory).await;
    books_once(Arc::new(memory));
}

fn books_once<S: Store>(store: Arc<S>) {
    let clock = Arc::new(Clock::starting_at("2026-11-26T10:00Z".parse().unwrap()));
    let api = Api::start(&settings(), store, clock).unwrap();
    let program = Program::new(api.address());
    let payment = paid("p1", "K1", "600.00");
    let (status, first) = program.post("/v1/payments", &payment);
    assert_eq!(status, 201, "{first}");
    let debts = json!([{ "debt_id": "water", "amount": "100.00" }, { "debt_id": "heat", "amount": "500.00" }]);
    assert_eq!(
        (&first["amount"], &first["debts"], &first["paid_at"]),
        (&json!("600.00"), &debts, &json!("2026-11-20T12:00:00Z"))
    );
    for again in
        [payment.clone(), with(payment.clone(), "amount", json!(600)), with(payment.clone(), "debt_id", Value::Null)]
    {
        assert_eq!(program.post("/v1/payments", &again), (200, first.clone()), "{again}");
    }
    assert_eq!(program.get("/v1/payments/p1"), (200, first));
    for (field, value, recorded) in [
        ("amount", json!("601"), "600.00"),
        ("contact_id", json!("K 2/ё"), "K1"),
        ("debt_id", json!("heat"), "none"),
        ("paid_at", json!("2026-11-21"), "2026-11-20T12:00:00Z"),
    ] {
        let (status, other) = program.post("/v1/payments", &with(payment.clone(), field, value));
        assert_eq!((status, &other["code"]), (409, &json!("payment_differs")), "{other}");
        assert_eq!(
            (&other["differs"][0]["field"], &other["differs"][0]["recorded"]),
            (&json!(field), &json!(recorded))
        );
        assert_eq!(other["differs"].as_array().unwrap().len(), 1, "{other}");
    }
    let (status, account) = program.get("/v1/contacts/K1/account");
    assert_eq!((status, &account["owed"]), (200, &json!({ "amount": "900.00", "currency": "RUB" })));
    assert_eq!((&account["debts"][1]["open"], &account["payments"][0]["payment_id"]), (&json!("0.00"), &json!("p1")));
    assert!(!account.to_string().contains("Canary") && !account.to_string().contains("7916"), "{account}");

    // Taken back, once.
    let (status, back) = program.post("/v1/payments/p1/reversal", &json!({}));
    assert_eq!((status, back["reversed_at"].is_string()), (200, true), "{back}");
    assert_eq!(program.ask("post", "/v1/payments/p1/reversal", "").2, back);
    assert_eq!(program.get("/v1/contacts/K1/account").1["owed"]["amount"], json!("1500.00"));

    // Ids are taken as they are, in a path too.
    assert_eq!(program.post("/v1/payments", &paid("п/2 %", "K 2/ё", "1500.00")).0, 201);
    assert_eq!(program.get("/v1/payments/%D0%BF%2F2%20%25").1["contact_id"], json!("K 2/ё"));
    assert_eq!(program.get("/v1/contacts/K%202%2F%D1%91/account").1["settled"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_takes_the_good_and_tells_of_the_bad() {
    let place = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(place.path().join("books.db")).await.unwrap();
    with_contacts(&sqlite).await;
    lists(Arc::new(sqlite));
    let memory = MemoryStore::new();
    with_contacts(&memory).await;
    lists(Arc::new(memory));
}

fn lists<S: Store>(store: Arc<S>) {
    let api = Api::start(&settings(), store, Arc::new(Clock::system())).unwrap();
    let program = Program::new(api.address());
    let bad = json!([
        paid("a", "K1", "1.00"),
        paid("b", "nobody", "1.00"),
        with(paid("c", "K1", "1,5"), "colour", json!("red")),
        paid("a", "K1", "1.00"),
        paid("a", "K1", "2.00"),
        with(paid("d", "K1", "5.00"), "currency", json!("USD")),
        "payment",
    ]);
    // All or nothing: none of it, and only the bad are told of.
    let (status, refused) = program.post("/v1/payments?all_or_nothing=true", &bad);
    assert_eq!((status, &refused["code"]), (422, &json!("list_refused")), "{refused}");
    assert_eq!(program.get("/v1/payments/a").0, 404);
    let readable = json!([bad[0], bad[1], bad[5]]);
    let (status, refused) = program.post("/v1/payments?all_or_nothing=true", &readable);
    let rows: Vec<&Value> = refused["errors"].as_array().unwrap().iter().map(|e| &e["row"]).collect();
    assert_eq!((status, rows), (422, vec![&json!(1), &json!(2)]), "{refused}");
    assert_eq!(program.get("/v1/payments/a").0, 404, "rolled back");
    assert_eq!(program.get("/v1/contacts/K1/account").1["owed"]["amount"], json!("1500.00"));

    let (status, told) = program.post("/v1/payments", &bad);
    assert_eq!((status, &told["booked"], &told["known"], &told["refused"]), (207, &json!(1), &json!(1), &json!(5)));
    let row = |told: &Value| {
        let faults = told["errors"].as_array().cloned().unwrap_or_default();
        let of = |e: &Value| format!(" {}:{}", e["field"].as_str().unwrap(), e["code"].as_str().unwrap());
        assert!(faults.iter().all(|e| e["expected"].is_string() && e["action"].is_string()), "{told}");
        told["status"].as_str().unwrap().to_string() + &faults.iter().map(of).collect::<String>()
    };
    let rows: Vec<String> = told["payments"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(
        rows,
        [
            "booked",
            "refused contact_id:contact_unknown",
            "refused payment:payment_field amount:amount_format",
            "known",
            "refused payment_id:payment_differs",
            "refused currency:currency_of_books",
            "refused payment:payment_field",
        ]
    );
    let good = json!([paid("a", "K1", "1.00"), paid("e", "K1", "2.00")]);
    let (status, told) = program.post("/v1/payments?all_or_nothing=true", &good);
    assert_eq!((status, &told["booked"], &told["known"]), (200, &json!(1), &json!(1)), "{told}");
}

/// Method, path, body; status, code, field and words of what is answered.
#[tokio::test(flavor = "multi_thread")]
async fn every_error_says_what_was_expected_and_what_to_do() {
    let memory = MemoryStore::new();
    with_contacts(&memory).await;
    let api = Api::start(&settings(), Arc::new(memory), Arc::new(Clock::system())).unwrap();
    let program = Program::new(api.address());
    let good = paid("p", "K1", "1.00");
    let body = |field: &str, value: Value| with(good.clone(), field, value).to_string();
    let long = format!("[{}]", vec!["{}"; 1_001].join(","));
    let huge = format!("\"{}\"", "a".repeat(1 << 20));
    for (method, path, body, status, code, field, words) in [
        ("get", "/v1/nothing", String::new(), 404, "route_unknown", "", "openapi.yaml"),
        ("get", "/v1/payments", String::new(), 405, "method_unknown", "", "openapi.yaml"),
        ("get", "/v1/payments/p", String::new(), 404, "not_found", "", "payment `p` is not there"),
        ("get", "/v1/contacts/nobody/account", String::new(), 404, "not_found", "", "contact `nobody`"),
        ("post", "/v1/payments/p/reversal", String::new(), 404, "payment_unknown", "payment_id", "no payment `p`"),
        ("post", "/v1/payments/p/reversal", "{\"amount\":1}".into(), 400, "body", "", "expected no body"),
        ("post", "/v1/payments?all=yes", good.to_string(), 400, "query", "", "all_or_nothing=true"),
        ("post", "/v1/payments", String::new(), 400, "body", "", "it is no JSON"),
        ("post", "/v1/payments", "{\"payment_id\":".into(), 400, "body", "", "it is no JSON"),
        ("post", "/v1/payments", "7".into(), 400, "body", "", "found a number"),
        ("post", "/v1/payments", long, 413, "too_many", "", "at most 1000 payments, found 1001"),
        ("post", "/v1/payments", huge, 413, "body", "", ""),
        ("post", "/v1/payments", "{}".into(), 422, "payment_fields", "payment_id", "is empty"),
        ("post", "/v1/payments", body("payment_id", json!("a\nb")), 422, "payment_fields", "payment_id", "control"),
        (
            "post",
            "/v1/payments",
            body("payment_id", json!(7)),
            422,
            "payment_fields",
            "payment_id",
            "a number: expected a text",
        ),
        (
            "post",
            "/v1/payments",
            body("amount", json!(0.1 + 0.2)),
            422,
            "payment_fields",
            "amount",
            "at most two after",
        ),
        ("post", "/v1/payments", body("amount", json!("-5")), 422, "payment_fields", "amount", "above zero"),
        ("post", "/v1/payments", body("currency", json!("RUR")), 422, "payment_fields", "currency", "one of RUB"),
        ("post", "/v1/payments", body("paid_at", json!("25.11.2026")), 422, "payment_fields", "paid_at", "2026-11-25"),
        ("post", "/v1/payments", body("paid_at", json!("2099-01-01")), 422, "payment_fields", "paid_at", "lies ahead"),
        ("post", "/v1/payments", body("reversed", json!("yes")), 422, "payment_fields", "payment", "/reversal"),
        (
            "post",
            "/v1/payments",
            body("contact_id", json!("K9")),
            404,
            "contact_unknown",
            "contact_id",
            "no contact `K9`",
        ),
        ("post", "/v1/payments", body("debt_id", json!("attic")), 422, "debt_unknown", "debt_id", "`water`, `heat`"),
        (
            "post",
            "/v1/payments",
            body("currency", json!("USD")),
            422,
            "currency_of_books",
            "currency",
            "the debt in RUB",
        ),
    ] {
        let (found, kind, json) = program.ask(method, path, &body);
        let shown: String = body.chars().take(200).collect();
        assert_eq!((found, json["code"].as_str().unwrap()), (status, code), "{method} {path} {shown}: {json}");
        assert_eq!(kind, "application/problem+json", "{path}");
        assert_eq!(json["errors"][0]["field"].as_str().unwrap_or_default(), field, "{method} {path} {shown}: {json}");
        assert!(json.to_string().contains(words), "{method} {path} {shown}: {json}");
        assert!(json["status"] == status && json["action"].is_string() && json["detail"].is_string(), "{json}");
    }
    assert_eq!(program.get("/v1/contacts/K1/account").1["payments"], json!([]), "nothing of it is booked");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_learn_nothing_and_hold_nothing_up() {
    let memory = MemoryStore::new();
    with_contacts(&memory).await;
    let api = Api::start(&settings(), Arc::new(memory), Arc::new(Clock::system())).unwrap();
    let stranger = Program { token: "0123456789abcdef0123456789abcdeF", ..Program::new(api.address()) };
    let mut answers = BTreeSet::new();
    for (method, path) in ROUTES.into_iter().filter(|(_, path)| *path != "/v1/health") {
        let known = path.replace("{payment_id}", "p").replace("{contact_id}", "K1");
        let (status, _, json) = stranger.ask(method, &known, &paid("p", "K1", "1.00").to_string());
        assert_eq!((status, &json["code"]), (401, &json!("token")), "{method} {path}");
        answers.insert(json.to_string());
    }
    assert_eq!(answers.len(), 1, "whether something is there is nobody's business");
    assert_eq!(stranger.get("/v1/health"), (200, json!({ "status": "ok" })));

    // Who connects and says nothing leaves room for others; what is no HTTP is hung up on.
    let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(api.address()).unwrap()).collect();
    let mut rubbish = TcpStream::connect(api.address()).unwrap();
    rubbish.write_all(b"INVITE sip:x SIP/2.0\r\n\r\n").unwrap();
    let mut said = String::new();
    rubbish.read_to_string(&mut said).unwrap();
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{said}");
    let program = Program::new(api.address());
    assert_eq!(program.get("/v1/contacts/K1/account").0, 200);
    // It ends although they are still there.
    drop(api);
    drop(silent);
    assert!(TcpStream::connect(program.at).is_err());
}

/// Paths and methods of `openapi.yaml` are those that are answered.
#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_what_is_answered() {
    let mut path = "";
    let mut described = Vec::new();
    let paths = OPENAPI.split("\npaths:\n").nth(1).unwrap().split("\ncomponents:").next().unwrap();
    for line in paths.lines() {
        if let Some(found) = line.strip_prefix("  /").and_then(|rest| rest.strip_suffix(':')) {
            path = found;
        }
        if let Some(method @ ("get" | "post" | "put" | "delete" | "patch")) = line.trim_start().strip_suffix(':') {
            described.push((method.to_string(), format!("/{path}")));
        }
    }
    let routes: BTreeSet<(String, String)> = ROUTES.iter().map(|(m, p)| (m.to_string(), p.to_string())).collect();
    assert_eq!(described.into_iter().collect::<BTreeSet<_>>(), routes);
    for code in ["partly_kept", "superseded"] {
        assert!(OPENAPI.contains(code));
    }
    let readme = include_str!("../../src/api/README.md");
    let api = Api::start(&settings(), Arc::new(MemoryStore::new()), Arc::new(Clock::system())).unwrap();
    let program = Program::new(api.address());
    for (method, path) in ROUTES {
        assert!(readme.contains(path), "{path} is not in the README");
        let (_, _, json) = program.ask(method, &path.replace(['{', '}'], ""), "");
        assert!(!["route_unknown", "method_unknown"].contains(&json["code"].as_str().unwrap_or_default()), "{json}");
    }
}

const LADDER: &str = r#"
ladder: brief
segments:
  all: { when: days_overdue > -1000, flow: brief }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
steps:
  - voice: segment.flow
"#;

const FLOW: &str = r#"flow: brief
version: 1
languages: [en]
contact: { name: text }
messages:
  hello: { en: "Hello {contact.name}." }
  bye:   { en: "You are not called again." }
start: hello
hotkeys: { "*9": stop }
nodes:
  hello: { say: hello, end: informed }
  stop:  { opt_out: number, next: bye }
  bye:   { say: bye, end: opted_out }
"#;

/// The real `serve`, a phone that rings on, and a payment by HTTP meanwhile.
#[test]
fn a_payment_takes_back_a_call_that_rings() {
    let first = House::new("127.0.0.1:9", "    channels_max: 1\n    cps_max: 1\n");
    first.write("people.jsonl", "{\"number\":\"+70000000001\",\"language\":\"en\",\"calls\":[\"no_answer\"]}\n");
    let network = Network::start(&first);
    let peer = network.addresses.sip.to_string();
    let house = House::new(&peer, "    channels_max: 2\n    cps_max: 2\n    options_interval_s: 5\n");
    let config = std::fs::read_to_string(house.path("ringback.yaml")).expect("written by the house");
    let section = "api: { listen: \"127.0.0.1:0\", tokens: [\"file:token\"] }\n";
    house.write("ringback.yaml", &(config + section));
    let refused = house.run(&["serve"]);
    assert!(!refused.status.success(), "the token's file is not there");
    house.write("token", &format!("{TOKEN}\n"));
    house.write("ladder.yaml", LADDER);
    house.write("flows/brief.yaml", FLOW);
    let zone = zone_at_noon();
    let header = "contact_id,name,phone,language,zone,creditor,amount,currency,due";
    house.write("list.csv", &format!("{header}\nK1,Anna,+70000000001,en,{zone},City Water,12.50,GBP,2026-01-15\n"));
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    house.ok(&["import", &path("list.csv")]);
    house.ok(&["campaign", "create", "brief", "--ladder", &path("ladder.yaml"), "--flows", &path("flows")]);
    house.ok(&["campaign", "start", "brief"]);

    let log = std::fs::File::create(house.path("log")).expect("writable");
    let mut serve = house.command(&["serve"]).stderr(Stdio::from(log)).spawn().expect("serve starts");
    let logged = || std::fs::read_to_string(house.path("log")).expect("its log");
    let at = wait_for("the API to say where it is", LIMIT, || {
        let log = logged();
        let line = log.lines().find(|line| line.contains("the API answers"))?;
        line.rsplit_once("address=")?.1.trim().parse::<SocketAddr>().ok()
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let attempt = || {
        let look = async {
            let store = SqliteStore::open(house.path("ringback.db")).await?;
            store.attempts(None, AttemptId(0), 1).await
        };
        runtime.block_on(look).expect("the books").pop().expect("it was planned")
    };
    wait_for("the call to be made", LIMIT, || (attempt().state == AttemptState::Live).then_some(()));
    wait_for("the phone to ring", LIMIT, || {
        let printed = house.run(&["ladder", "1"]).stdout;
        String::from_utf8_lossy(&printed).contains("180").then_some(())
    });

    let program = Program::new(at);
    let payment = json!({ "payment_id": "bank-1", "contact_id": "K1", "amount": "12.50", "currency": "GBP" });
    let (status, booked) = program.post("/v1/payments", &payment);
    assert_eq!(status, 201, "{booked}");
    let recorded: Wall = booked["recorded_at"].as_str().expect("a time").parse().expect("RFC 3339");
    let ended = wait_for("the call to be taken back", LIMIT, || {
        let attempt = attempt();
        attempt.finished_at.map(|at| (at, attempt))
    });
    let took = ended.0.since(recorded);
    assert_eq!(ended.1.outcome.expect("finished").disposition, Disposition::Cancelled);
    // Half a second until it is seen, and the way of a CANCEL; the other half is a busy machine's.
    assert!(took < Duration::from_secs(1), "it rang on for {took:?}");
    assert_eq!(program.get("/v1/contacts/K1/account").1["settled"], json!(true));
    println!("taken back {took:?} after the payment");

    terminate(&serve);
    assert!(serve.wait().expect("it stops").success(), "{}", logged());
    network.close();
    let log = logged();
    assert!(!log.contains("bank-1") && !log.contains("K1") && !log.contains(TOKEN), "{log}");
    let book = std::fs::read_to_string(first.path("network.jsonl")).expect("the network's book");
    let calls: Vec<CallRecord> = book.lines().map(|line| serde_json::from_str(line).expect("a call")).collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].cancelled && !calls[0].answered, "{calls:?}");
}
