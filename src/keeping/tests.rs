//! Rows of the table of laws about the keeping of data, a test each under its row's name; on both stores, with files on a disk.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::*;
use crate::books::*;
use crate::flow::program::{FlowHash, OptOutScope};
use crate::id::*;
use crate::import::{Defaults, read};
use crate::outcome::{AnsweredBy, Blame, Channel, Disposition};
use crate::policy::{Decision, Purpose, Question, Rules, decide, phone_to_dial};
use crate::store::{MemoryStore, SqliteStore, Store};
use crate::time::Wall;

const LADDER: &str = "ladder: small\nlanguages: [en]\npolicy: [PACKS]\n\
    segments:\n  early: { when: days_overdue in 1..90, flow: overdue }\n\
    steps:\n  - voice: segment.flow\n    attempts_max: 1\n    retry: { busy: [1d] }\n\
    stop_on: [paid, promised, disputed, opted_out, wrong_number]\n";

const HEADER: &str = "contact_id,person_id,name,phone,email,language,zone,creditor,amount,currency,due,address\n";
/// Anna as the customer of two, and somebody else.
const ROWS: &str = "K1,P1,Anna Karenina,+447911123456,anna@example.org,en,Europe/London,Water,100.00,GBP,2026-11-01,Park Lane 1\n\
    K2,P1,Anna Karenina,+447911123456,anna@example.org,en,Europe/London,Heat,50.00,GBP,2026-11-01,Park Lane 1\n\
    K3,,Boris,+447911999999,,en,Europe/London,Water,70.00,GBP,2026-11-01,\n";

const RECORDED: &[u8] = b"RIFF, a voice";

/// So many days and minutes after the call began.
fn at(days: i64, minutes: i64) -> Wall {
    let call: Wall = "2026-11-20T10:00Z".parse().unwrap();
    Wall(call.0 + (days * 1440 + minutes) * 60_000_000)
}

fn rows(csv: &str) -> Vec<NewContact> {
    read(format!("{HEADER}{csv}").as_bytes(), Defaults::default()).unwrap().contacts
}

/// A store, and folders beside it.
struct Place<S> {
    store: S,
    folder: tempfile::TempDir,
}

impl<S: Store> Place<S> {
    fn folders(&self) -> Folders {
        Folders { recordings: self.folder.path().join("recordings"), letters: self.folder.path().join("letters") }
    }

    fn file(&self, folder: &str, name: &str) -> PathBuf {
        let folder = self.folder.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    }

    fn put(&self, folder: &str, name: &str) {
        std::fs::write(self.file(folder, name), RECORDED).unwrap();
    }

    fn has(&self, folder: &str, name: &str) -> bool {
        self.file(folder, name).exists()
    }

    async fn erase(&self, contact: &str, now: Wall) -> Result<Erasure, EraseError> {
        erase(&self.store, &self.folders(), &Whom::Contact(contact.into()), now, false).await
    }

    async fn purge(&self, now: Wall) -> String {
        purge(&self.store, &self.folders(), now, false).await.unwrap().to_string()
    }

    /// A voice attempt of a contact that begins at `minute` of the day and ends as told; a recording of it lies in the folder.
    async fn call(&self, contact: i64, minute: i64, writes: impl Fn(AttemptId) -> Vec<Write>, ended: Outcome) {
        let (store, campaign) = (&self.store, CampaignId(1));
        let channel = Channel::Voice;
        let who = if contact == 3 { "Boris" } else { "Anna" };
        let why = format!("the first try for {who}");
        let plan =
            Plan { channel, step: 0, try_number: 1, segment: "early".into(), due_at: at(0, minute), why, moved: None };
        let enrolment = Enrolment { contact: ContactId(contact), next: Next::Attempt(plan) };
        store.enrol(campaign, &[enrolment], at(0, minute)).await.unwrap();
        let claimed = store.claim_due(at(0, minute), at(0, minute + 5), &[(campaign, 1)]).await.unwrap().remove(0);
        let (id, phone) = (claimed.attempt.id, claimed.standing.contact.phones[0].id);
        let flow = FlowHash("a1".into());
        let (policy, caller_id) = ("default 1#0".into(), "+74950000001".parse().unwrap());
        let live = Write::Live { attempt: id, phone, flow, policy, caller_id, at: at(0, minute) };
        let said =
            CallEvent { call: CallId::of(id), at: at(0, minute), kind: "said".into(), detail: format!("Hello {who}") };
        store.apply(&[live, Write::Log(said)]).await.unwrap();
        store.apply(&writes(id)).await.unwrap();
        let next = Next::Close(Close::new("ladder_ended", format!("{who} was called")));
        store.apply(&[Write::Finish { attempt: id, outcome: ended, at: at(0, minute + 1), next }]).await.unwrap();
        self.put("recordings", &format!("{id}-call.wav"));
    }
}

fn outcome(disposition: Disposition, answered_by: AnsweredBy) -> Outcome {
    let answered_by = Some(answered_by);
    let right_party = answered_by == Some(AnsweredBy::Human);
    Outcome {
        disposition,
        blame: Blame::Callee,
        cause: None,
        answered_by,
        right_party,
        ring_ms: 4000,
        talk_ms: 61_000,
        node: None,
    }
}

/// Anna was called as K1, promised and got an SMS; a machine answered for K3.
async fn world<S: Store>(store: S, packs: &str) -> Place<S> {
    let place = Place { store, folder: tempfile::tempdir().unwrap() };
    let store = &place.store;
    store.import(&rows(ROWS), at(-1, 0)).await.unwrap();
    let ladder = LADDER.replace("PACKS", packs);
    assert!(crate::ladder::compile(&ladder).0.is_some(), "{:?}", crate::ladder::compile(&ladder).1);
    let flow = FlowVersion { hash: FlowHash("a1".into()), name: "overdue".into(), version: 1, source: String::new() };
    let campaign = store.create_campaign("blast", &ladder, &[flow], at(-1, 0)).await.unwrap();
    store.set_campaign_state(campaign, CampaignState::Running, at(-1, 0)).await.unwrap();
    let promised = |attempt| {
        let part = PromiseTerms::default().part(
            crate::money::Money::parse("40.00", crate::money::Currency::Gbp).unwrap(),
            jiff::civil::date(2026, 11, 24),
            &"Europe/London".parse().unwrap(),
        );
        let body = "Anna, thank you".to_string();
        vec![
            Write::Promise { attempt, parts: vec![part], at: at(0, 0) },
            Write::Message { attempt, channel: Channel::Sms, subject: None, body, at: at(0, 0) },
        ]
    };
    place.call(1, 0, promised, outcome(Disposition::Promised, AnsweredBy::Human)).await;
    place.call(3, 10, |_| Vec::new(), outcome(Disposition::Machine, AnsweredBy::Machine)).await;
    let paid = NewPayment { id: "bank-77".into(), contact: "K1".into(), debt: None, amount: None, paid_at: at(1, 0) };
    store.pay(&[paid], at(1, 0)).await.unwrap().remove(0).unwrap();
    place
}

/// What reports count: of all, calls by outcome and hour, promises, payments, debts.
async fn sums(store: &impl Store) -> Vec<String> {
    let mut sums = Vec::new();
    let mut ledgers = store.ledgers(None, &LedgerPlace::default(), 99).await.unwrap();
    // Those whose person nobody names any more come first.
    ledgers.sort_by_key(|ledger| ledger.contact.id);
    for ledger in ledgers {
        let Ledger { contact, attempts, promises, payments, campaigns, .. } = ledger;
        sums.push(format!("{} owes {} in {campaigns:?}", contact.creditor, contact.amount()));
        sums.extend(attempts.iter().map(|a| {
            let outcome = a.outcome.as_ref().map(|o| (o.disposition, o.talk_ms));
            format!("{:?} {outcome:?} {:?}", a.state, a.live_at.map(|at| at.0.div_euclid(3_600_000_000)))
        }));
        sums.extend(promises.iter().map(|p| format!("{} on {}", p.amount, p.on)));
        sums.extend(payments.iter().map(|p| format!("{} at {}", p.amount, p.paid_at)));
    }
    sums
}

/// May a contact be rung, or written to?
async fn may(store: &impl Store, contact: &str, channel: Channel) -> bool {
    let standing = store.history(contact).await.unwrap().standing;
    let (rules, purpose, now) = (Rules::outermost(), Purpose::default(), at(2, 120));
    decide(&Question { standing: &standing, channel, purpose, now, rules: &rules }) == Decision::Allow
}

async fn sqlite() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("books.db")).await.unwrap();
    (folder, store)
}

/// Bytes of the books' files that hold this text.
fn found_in(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Each on the model and on SQLite.
macro_rules! rows_of_the_table {
    ($($name:ident => $run:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            $run(MemoryStore::new()).await;
            $run(sqlite().await.1).await;
        }
    )*};
}

rows_of_the_table! {
    all_2_do_not_call_survives_erasure_and_re_import => stays_on_the_list,
    eu_1_minimisation_and_retention => minimised,
    eu_2_erasure => erased_whole,
    eu_2_erasure_under_a_legal_hold => erased_in_part,
    eu_2_erasure_not_while_a_call_is_up => not_while_a_call_is_up,
    eu_3_access_and_portability => handed_out,
    ru_10_records_are_purged_when_three_years_are_over => three_years_from_the_call,
    us_f6_records_are_purged_three_years_after_the_last_activity => three_years_from_the_last_activity,
    eu_1_opt_outs_for_ever => opt_outs_survive_the_purge,
    a_day_is_purged_once => once_a_day,
}

async fn erased_whole(store: impl Store) {
    let place = world(store, "eu").await;
    let store = &place.store;
    place.put("letters", "letter-00000001-attempt-1.txt");
    let before = sums(store).await;
    let dry = erase(store, &place.folders(), &Whom::Contact("K1".into()), at(2, 0), true).await.unwrap().to_string();
    assert!(dry.contains("would be erased: 1 recording (the person asked for it)"), "{dry}");
    assert_eq!(sums(store).await, before);
    assert!(place.has("recordings", "1-call.wav") && store.history("K1").await.is_ok(), "a dry run erases nothing");

    let told = place.erase("K1", at(2, 0)).await.unwrap();
    assert_eq!((told.contacts.join(" "), told.is_partial()), ("K1 K2".into(), false), "both of them are Anna");
    let gone = Forgotten { contacts: 2, debts: 2, numbers: 2, calls: 1, log_lines: 1, messages: 1, inbound_calls: 0 };
    assert_eq!((told.gone, told.recordings, told.letters), (gone, 1, 1));
    assert!(!place.has("recordings", "1-call.wav") && !place.has("letters", "letter-00000001-attempt-1.txt"));
    assert!(place.has("recordings", "2-call.wav"), "somebody else's stays");
    assert!(store.history("K1").await.is_err() && store.history("K2").await.is_err());
    assert_eq!(store.call_events(CallId(1)).await.unwrap(), []);
    let outbox = store.outbox().await.unwrap();
    assert_eq!((outbox[0].to.as_str(), outbox[0].body.as_str(), outbox[0].state), ("", "", OutboxState::Failed));

    // Every sum that reports make is the same, and nobody stands in them.
    assert_eq!(sums(store).await, before);
    let ledgers = format!("{:?}", store.ledgers(None, &LedgerPlace::default(), 99).await.unwrap());
    for personal in ["Anna", "K1", "K2", "P1", "+4479•••3456", "anna@example.org", "Park Lane", "bank-77"] {
        assert!(!ledgers.contains(personal), "{personal} in {ledgers}");
    }
    let left = store.attempts(None, AttemptId(0), 1).await.unwrap().remove(0);
    assert_eq!((left.finished_at, left.plan.why.as_str()), (Some(at(0, 0)), ""), "to the quarter of an hour");

    // Imported again: under the same key, as the same person, on the same number. None is called.
    let again = "K1,,Anna Karenina,+447911000001,anna@example.org,en,Europe/London,Water,9.00,GBP,2026-11-01,\n\
        K7,P1,Anna Karenina,+447911000002,anna@example.org,en,Europe/London,Gas,9.00,GBP,2026-11-01,\n\
        K8,,A. Karenina,+447911123456,a@example.org,en,Europe/London,Light,9.00,GBP,2026-11-01,\n\
        K9,,Clara,+447911000003,clara@example.org,en,Europe/London,Light,9.00,GBP,2026-11-01,\n";
    assert_eq!(store.import(&rows(again), at(2, 60)).await.unwrap().added, 4);
    for (contact, voice, email) in
        [("K1", false, false), ("K7", false, false), ("K8", false, true), ("K9", true, true), ("K3", true, false)]
    {
        let found = (may(store, contact, Channel::Voice).await, may(store, contact, Channel::Email).await);
        assert_eq!(found, (voice, email), "{contact}");
    }
    assert!(matches!(place.erase("K5", at(3, 0)).await, Err(EraseError::Nobody(_))));
    assert!(matches!(place.erase(" erased 1", at(3, 0)).await, Err(EraseError::Nobody(_))), "who is erased is nobody");
}

async fn stays_on_the_list(store: impl Store) {
    let place = world(store, "eu").await;
    let (store, number) = (&place.store, "+447911123456".parse().unwrap());
    place.erase("K2", at(2, 0)).await.unwrap();
    let listed = store.suppressed_number(&number).await.unwrap().unwrap();
    assert_eq!((listed.reason, listed.at), (Disposition::OptedOut, at(2, 0)));
    assert_eq!(store.suppressed_numbers(None, 9).await.unwrap(), std::slice::from_ref(&listed));
    assert_eq!(store.suppressed_numbers(Some(&listed.hash), 9).await.unwrap(), []);
    assert!(!format!("{listed:?} {}", listed.hash.full()).contains("7911"), "{listed:?}");
    // Imported, taken back, and imported again by a file.
    for _ in 0..2 {
        let batch = store.begin_import(&NewBatch::default(), at(3, 0)).await.unwrap();
        let part = ImportPart { batch: Some(batch), rows: rows(ROWS), lines: vec![2, 3, 4], ..ImportPart::default() };
        store.import_part(part, at(3, 0)).await.unwrap();
        store.finish_import(batch, at(3, 0)).await.unwrap();
        for contact in ["K1", "K2"] {
            assert!(!may(store, contact, Channel::Voice).await && !may(store, contact, Channel::Email).await);
        }
        store.undo_import(batch, at(3, 1)).await.unwrap();
    }
    let release = Write::ReleaseNumber { number: number.clone(), why: "she asked for it".into(), at: at(4, 0) };
    store.import(&rows(ROWS), at(3, 2)).await.unwrap();
    store.apply(&[release]).await.unwrap();
    assert!(store.suppressed_number(&number).await.unwrap().is_none());
    assert!(!may(store, "K1", Channel::Voice).await, "the number may be called for others, the person may not");
    assert_eq!(store.released_numbers().await.unwrap()[0].hash, listed.hash);
}

async fn erased_in_part(store: impl Store) {
    let place = world(store, "\"ru.credit\", eu").await;
    let store = &place.store;
    let before = sums(store).await;
    let told = place.erase("K1", at(2, 0)).await.unwrap();
    assert!(told.is_partial());
    let text = told.to_string();
    for line in [
        "kept: 1 recording until 2029-11-20 (RU-10: Minjust order 134 of 2024)",
        "kept: 1 message until 2029-11-20 (RU-10: Minjust order 134 of 2024)",
        "kept: 1 contact until 2029-11-20 (RU-10: Minjust order 134 of 2024)",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!((told.gone.contacts, told.gone.calls, told.gone.messages), (1, 1, 0), "K2 was never called: {text}");
    assert!(place.has("recordings", "1-call.wav"));
    let left = store.history("K1").await.unwrap();
    let contact = &left.standing.contact;
    assert_eq!((contact.name.as_str(), &contact.email, contact.fields.len()), ("Anna Karenina", &None, 0));
    assert_eq!(left.outbox[0].body, "Anna, thank you");
    assert!(!may(store, "K1", Channel::Voice).await && phone_to_dial(&left.standing).is_none());
    assert_eq!(sums(store).await, before);

    // Deletion is refused before, and happens on the day after, with the rest.
    assert!(place.purge(at(1096, 0)).await.contains("kept: 2 recordings until 2029-11-20"), "three years, to the day");
    assert!(place.has("recordings", "1-call.wav") && store.history("K1").await.is_ok());
    let purged = place.purge(at(1097, 0)).await;
    assert!(purged.contains("deleted: 1 contact (the person asked for it)"), "{purged}");
    assert!(!place.has("recordings", "1-call.wav") && store.history("K1").await.is_err());
    assert_eq!(sums(store).await, before);
}

async fn not_while_a_call_is_up(store: impl Store) {
    let place = world(store, "eu").await;
    let store = &place.store;
    let caller = Caller { number: Some("+447911123456".parse().unwrap()), ..Caller::default() };
    let (call, flow) = (CallId::inbound(1), "desk v1".to_string());
    let rings = Write::InboundAnswered { call, did: "+442079460000".into(), caller, flow, at: at(2, 0) };
    let said = CallEvent { call, at: at(2, 0), kind: "said".into(), detail: "Hello".into() };
    store.apply(&[rings, Write::Log(said)]).await.unwrap();
    let refused = place.erase("K1", at(2, 0)).await.unwrap_err();
    assert!(matches!(refused, EraseError::CallUp(_)), "{refused}");
    assert!(place.has("recordings", "1-call.wav") && may(store, "K3", Channel::Voice).await);
    let end = InboundEnd { at: at(2, 1), disposition: Disposition::Informed, cause: None, talk_ms: 9 };
    store.apply(&[Write::InboundEnded { call, end }]).await.unwrap();
    place.put("recordings", "-1-call.wav");

    let plan = Plan {
        channel: Channel::Voice,
        step: 0,
        try_number: 1,
        segment: "s".into(),
        due_at: at(2, 2),
        why: "w".into(),
        moved: None,
    };
    let other = store.create_campaign("other", &LADDER.replace("PACKS", "eu"), &[], at(2, 2)).await.unwrap();
    let unknown = [Enrolment { contact: ContactId(3), next: Next::Attempt(plan) }];
    store.enrol(other, &unknown, at(2, 2)).await.unwrap();
    // K3 has an attempt planned: it is cancelled.
    let told = place.erase("K3", at(2, 3)).await.unwrap();
    assert_eq!(told.gone.contacts, 1);
    assert_eq!(store.open_attempts(other, AttemptId(0), 9).await.unwrap().len(), 0);
    // Anna's call came in from a number that is hers alone.
    let told = place.erase("K1", at(2, 3)).await.unwrap();
    assert_eq!((told.gone.inbound_calls, told.gone.log_lines, told.recordings), (1, 2, 2));
    assert!(!place.has("recordings", "-1-call.wav"));
    let calls = store.inbound_calls(None, 9).await.unwrap();
    assert_eq!((calls.len(), &calls[0].caller), (1, &Caller::default()), "the call is counted still");
    assert_eq!(store.call_events(call).await.unwrap(), []);
}

async fn handed_out(store: impl Store) {
    let place = world(store, "eu").await;
    let store = &place.store;
    place.put("letters", "letter-00000001-attempt-1.txt");
    // Another list changes what is noted of her.
    let batch = store.begin_import(&NewBatch::default(), at(1, 0)).await.unwrap();
    let renamed = rows(&ROWS.lines().next().unwrap().replace("Karenina", "Arkadyevna"));
    let part = ImportPart { batch: Some(batch), rows: renamed, lines: vec![2], ..ImportPart::default() };
    store.import_part(part, at(1, 0)).await.unwrap();
    let mut file = std::io::Cursor::new(Vec::new());
    let done = export(store, &place.folders(), &Whom::Person("P1".into()), at(2, 0), &mut file).await.unwrap();
    assert_eq!(done.contacts, ["K1", "K2"]);

    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut texts = BTreeMap::new();
    for n in 0..archive.len() {
        let mut entry = archive.by_index(n).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        texts.insert(entry.name().unwrap().to_string(), bytes);
    }
    assert_eq!(texts.len(), done.files.len());
    assert_eq!(texts["recordings/1-call.wav"], RECORDED);
    assert_eq!(texts["letters/letter-00000001-attempt-1.txt"], RECORDED);
    assert!(!texts.contains_key("recordings/2-call.wav"), "somebody else's");
    let json = |name: &str| -> serde_json::Value { serde_json::from_slice(&texts[name]).unwrap() };
    assert_eq!(json("contacts.json")[0]["name"], "Anna Arkadyevna");
    assert_eq!(json("contacts.json")[1]["contact_id"], "K2");
    assert_eq!(json("earlier_values.json")[0]["values"]["name"], "Anna Karenina");
    assert_eq!(json("attempts.json")[0]["disposition"], "promised");
    assert_eq!(json("promises.json")[0]["amount"], 4000);
    assert_eq!(json("payments.json")[0]["payment"], "bank-77");
    assert_eq!(json("numbers.json")[0]["number"], "+447911123456");
    assert_eq!(json("call_log.json")[0]["detail"], "Hello Anna");
    assert_eq!(json("messages.json")[0]["body"], "Anna, thank you");
    assert_eq!(json("tasks.json")["closed"][0]["reason"], "ladder_ended");
    let readme = String::from_utf8(texts["README.txt"].clone()).unwrap();
    for name in texts.keys().filter_map(|name| name.strip_suffix(".json")) {
        assert!(readme.contains(&format!("{name}.json: ")), "{name} is not explained");
        let as_csv = texts.contains_key(&format!("{name}.csv"));
        assert_eq!(as_csv, ["attempts", "promises", "payments", "contacts"].contains(&name));
    }
    let all: Vec<u8> = texts.into_values().flatten().collect();
    assert!(!String::from_utf8_lossy(&all).contains("Boris"));
    let (folders, nobody) = (place.folders(), Whom::Person("P9".into()));
    let mut file = std::io::Cursor::new(Vec::new());
    assert!(export(store, &folders, &nobody, at(2, 0), &mut file).await.is_err());
}

async fn minimised(store: impl Store) {
    let place = world(store, "eu").await;
    let store = &place.store;
    let (anna, nobody) = ("1-call.wav", "2-call.wav");
    place.purge(at(29, 0)).await;
    assert!(place.has("recordings", nobody), "29 days");
    let dry = purge(store, &place.folders(), at(30, 0), true).await.unwrap().to_string();
    assert!(dry.starts_with("would be deleted: 1 recording (EU-1: nothing was said"), "{dry}");
    assert!(place.has("recordings", nobody));
    place.purge(at(30, 0)).await;
    assert!(!place.has("recordings", nobody) && place.has("recordings", anna), "30 days; a talk's is kept");
    place.purge(at(395, 0)).await;
    assert_eq!(store.call_events(CallId(2)).await.unwrap().len(), 1);
    let report = place.purge(at(396, 0)).await;
    assert!(report.contains("deleted: 2 calls' logs and numbers (EU-1:"), "{report}");
    assert_eq!(store.call_events(CallId(2)).await.unwrap(), []);
    assert_eq!(store.outbox().await.unwrap()[0].body, "");
    assert_eq!(store.history("K1").await.unwrap().standing.contact.name, "Anna Karenina");
    // Anna paid on the 21st of November 2026 what she owed to Water: three years later she is forgotten there. K2 and K3 owe.
    let before = sums(store).await;
    place.purge(at(1096, 0)).await;
    assert!(store.history("K1").await.is_ok() && place.has("recordings", anna));
    let report = place.purge(at(1097, 0)).await;
    assert!(
        report.contains("deleted: 1 contact (EU-1: claims are in time for three years (art. 17(3)(e)))"),
        "{report}"
    );
    assert!(store.history("K1").await.is_err() && !place.has("recordings", anna));
    assert_eq!(sums(store).await, before);
    assert!(store.history("K2").await.is_ok() && store.history("K3").await.is_ok(), "something is owed still");
    assert_eq!(store.purges(1).await.unwrap()[0].report, report);
}

async fn three_years_from_the_call(store: impl Store) {
    let place = world(store, "ru.credit").await;
    // With a 29th of February in them, three years are 1,096 days.
    for days in [1095, 1096] {
        let report = place.purge(at(days, 0)).await;
        assert!(report.contains("deleted: nothing"), "{report}");
        assert!(report.contains("kept: 2 recordings until 2029-11-20 (RU-10: Minjust order 134 of 2024)"), "{report}");
        assert!(place.has("recordings", "1-call.wav") && place.has("recordings", "2-call.wav"));
    }
    let report = place.purge(at(1097, 0)).await;
    assert!(
        report.contains("deleted: 2 recordings (RU-10:") && report.contains("deleted: 1 message (RU-10:"),
        "{report}"
    );
    assert!(!place.has("recordings", "1-call.wav") && !place.has("recordings", "2-call.wav"));
    assert_eq!(place.store.history("K1").await.unwrap().outbox[0].body, "");
    assert_eq!(place.store.call_events(CallId(1)).await.unwrap().len(), 1, "nobody speaks about logs");
}

async fn three_years_from_the_last_activity(store: impl Store) {
    let place = world(store, "us.reg_f, eu").await;
    let store = &place.store;
    // The call was on the 20th, the payment on the 21st of November 2026: audio counts from the one, records from the other.
    place.purge(at(1096, 0)).await;
    assert!(place.has("recordings", "1-call.wav") && store.call_events(CallId(1)).await.unwrap().len() == 1);
    assert!(place.has("recordings", "2-call.wav"), "EU-1 would have deleted it after 30 days");
    let report = place.purge(at(1097, 0)).await;
    assert!(report.contains("kept: 1 call's log and number until 2029-11-21 (US-F6: 12 CFR 1006.100(a))"), "{report}");
    assert!(!place.has("recordings", "2-call.wav") && store.history("K1").await.is_ok());
    assert_eq!(store.call_events(CallId(2)).await.unwrap(), [], "nothing has happened with K3 since the call");
    let report = place.purge(at(1098, 0)).await;
    assert!(report.contains("deleted: 1 contact (EU-1:"), "{report}");
    assert!(store.history("K1").await.is_err() && !place.has("recordings", "1-call.wav"));
    assert_eq!(store.call_events(CallId(1)).await.unwrap(), []);
}

/// Who said in a call that they want no more, and paid, is forgotten after years; that they want no more is not.
async fn opt_outs_survive_the_purge(store: impl Store) {
    let place = world(store, "eu").await;
    let store = &place.store;
    let suppress = |attempt, scope| Write::Suppress { attempt, scope, reason: Disposition::OptedOut, at: at(0, 1) };
    store
        .apply(&[suppress(AttemptId(1), OptOutScope::Person), suppress(AttemptId(2), OptOutScope::Number)])
        .await
        .unwrap();
    let paid = NewPayment { id: "bank-78".into(), contact: "K3".into(), debt: None, amount: None, paid_at: at(1, 0) };
    store.pay(&[paid], at(1, 0)).await.unwrap().remove(0).unwrap();
    place.purge(at(2000, 0)).await;
    assert!(store.history("K1").await.is_err() && store.history("K3").await.is_err());
    let again = "K1,,Anna,+447911000001,anna@example.org,en,Europe/London,Water,9.00,GBP,2026-11-01,\n\
        K3,,Boris,+447911999999,b@example.org,en,Europe/London,Water,9.00,GBP,2026-11-01,\n";
    store.import(&rows(again), at(2000, 1)).await.unwrap();
    assert!(!may(store, "K1", Channel::Voice).await && !may(store, "K1", Channel::Email).await);
    assert!(!may(store, "K2", Channel::Voice).await, "the same person, whom Heat does not forget: they owe there");
    assert!(!may(store, "K3", Channel::Voice).await && may(store, "K3", Channel::Email).await, "the number alone");
}

async fn once_a_day(store: impl Store) {
    let place = world(store, "eu").await;
    let mut daily = Daily::new(place.folders());
    assert!(daily.look(&place.store, at(30, 0)).await.unwrap().is_some());
    assert!(daily.look(&place.store, at(30, 839)).await.unwrap().is_none());
    // Another process, on the same day.
    assert!(Daily::new(place.folders()).look(&place.store, at(30, 1)).await.unwrap().is_none());
    assert!(daily.look(&place.store, at(30, 840)).await.unwrap().is_some(), "midnight in UTC");
    assert_eq!(place.store.purges(9).await.unwrap().len(), 2);
}

/// A campaign whose ladder nobody can read any more: what the law holds of its contacts is not known, so nothing goes.
#[tokio::test]
async fn what_nobody_can_read_deletes_nothing() {
    let place = world(MemoryStore::new(), "eu").await;
    let campaign = place.store.create_campaign("odd", "ladder: of another version", &[], at(0, 0)).await.unwrap();
    let closed = Next::Close(Close::new("excluded", "x"));
    place.store.enrol(campaign, &[Enrolment { contact: ContactId(1), next: closed }], at(0, 0)).await.unwrap();
    let refused = place.erase("K1", at(2, 0)).await.unwrap_err();
    assert!(matches!(&refused, EraseError::UnknownRules(name) if name == "odd"), "{refused}");
    let report = place.purge(at(2000, 0)).await;
    assert!(report.contains("kept: all of campaign odd"), "{report}");
    assert!(place.store.history("K1").await.is_ok() && place.has("recordings", "1-call.wav"));
    assert!(!place.has("recordings", "2-call.wav"), "others' go");
}

/// Neither in the database nor beside it.
#[tokio::test(flavor = "multi_thread")]
async fn eu_2_nothing_is_left_in_the_files() {
    let (folder, store) = sqlite().await;
    let place = world(store, "eu").await;
    let personal = ["Anna", "+447911123456", "anna@example.org", "Park Lane", "bank-77"];
    for text in personal {
        assert!(!found_in(folder.path(), text).is_empty(), "{text} is looked for in the wrong place");
    }
    place.erase("K1", at(2, 0)).await.unwrap();
    for text in personal {
        assert_eq!(found_in(folder.path(), text), [""; 0], "{text}");
    }
}
