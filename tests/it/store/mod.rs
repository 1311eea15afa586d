//! One suite for every store: the same scenarios, the same expectations; then random operations against the model;
//! then what only a database can do: survive, fill the disk, be locked.

/// Each scenario on the memory store, whose invariants are held, and on SQLite.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $name() {
                let store = super::MemoryStore::new();
                super::$name(&store).await;
                store.model().check().unwrap();
                store.model().check_all().unwrap();
            })*
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let place = super::Place::new();
                super::$name(&super::open(&place.file()).await).await;
            })*
        }
    };
}

mod export;
mod failure;
mod funnel;
mod imports;
mod persons;
mod random;
mod report;
mod scenarios;
mod statements;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ringback::books::*;
use ringback::flow::program::FlowHash;
use ringback::id::*;
use ringback::money::{Currency, Money};
use ringback::outcome::{Channel, Disposition};
use ringback::store::{SqliteStore, Store};
use ringback::time::Wall;

/// 2026-11-20T10:00Z and so many minutes.
pub fn at(minutes: i64) -> Wall {
    Wall("2026-11-20T10:00Z".parse::<Wall>().unwrap().0 + minutes * 60_000_000)
}

/// A contact's only debt.
pub fn debt(minor: i64, due: jiff::civil::Date) -> NewDebt {
    NewDebt { external_id: String::new(), amount: Money::new(minor, Currency::Rub), due }
}

/// So many kopecks, or all that is owed.
pub fn payment(id: &str, contact: &str, minor: Option<i64>, minute: i64) -> NewPayment {
    let amount = minor.map(|minor| Money::new(minor, Currency::Rub));
    NewPayment { id: id.into(), contact: contact.into(), debt: None, amount, paid_at: at(minute) }
}

/// Books one payment, at its own time.
pub async fn pay(store: &impl Store, new: NewPayment) -> ringback::store::Result<Paid> {
    let at = new.paid_at;
    store.pay(&[new], at).await?.remove(0)
}

pub fn contact(n: u32) -> NewContact {
    NewContact {
        external_id: format!("K{n}"),
        name: format!("Person {n}"),
        language: "ru".parse().unwrap(),
        zone: "Europe/Moscow".parse().unwrap(),
        zone_from: ZoneFrom::Given,
        email: Some(format!("k{n}@example.org")),
        creditor: "Водоканал".into(),
        phones: vec![format!("+7916{n:07}").parse().unwrap(), format!("+7495{n:07}").parse().unwrap()],
        person: None,
        debts: vec![debt(123_450, jiff::civil::date(2026, 11, 25))],
        fields: BTreeMap::from([("last4".to_string(), format!("{n:04}"))]),
    }
}

pub fn flow() -> FlowVersion {
    FlowVersion { hash: FlowHash("aa11".into()), name: "reminder".into(), version: 1, source: "flow: reminder".into() }
}

pub fn plan(channel: Channel, due_at: Wall) -> Plan {
    let by_law = || Moved { reason: "calling_window".into(), by: Some("RU-1".into()) };
    let moved = (channel == Channel::Voice).then(by_law);
    Plan { channel, step: 0, try_number: 1, segment: "early".into(), due_at, why: "first try".into(), moved }
}

/// Of one who was heard and, from 1 on, has reported.
pub fn quality(n: u16) -> CallQuality {
    let said = |figure: u16| (n > 0).then_some(figure);
    CallQuality {
        mos_centi: 400 + n,
        heard_loss_permille: Some(n),
        heard_jitter_ms: Some(10 + n),
        said_loss_permille: said(20 + n),
        said_jitter_ms: said(30 + n),
        round_trip_ms: said(40 + n),
    }
}

pub fn outcome(disposition: Disposition) -> Outcome {
    Outcome {
        disposition,
        blame: disposition.blame(),
        cause: None,
        answered_by: None,
        right_party: disposition == Disposition::Promised,
        ring_ms: 4000,
        talk_ms: 0,
        node: (disposition == Disposition::Promised).then(|| "thanks".to_string()),
    }
}

/// The number that people see.
pub fn shown() -> ringback::phone::PhoneNumber {
    "+74950000001".parse().unwrap()
}

pub fn live(attempt: AttemptId, phone: PhoneId, minute: i64) -> Write {
    Write::Live { attempt, phone, flow: flow().hash, policy: "default 1#0".into(), caller_id: shown(), at: at(minute) }
}

pub fn live_with(attempt: AttemptId, phone: PhoneId, flow: &FlowVersion) -> Write {
    Write::Live { attempt, phone, flow: flow.hash.clone(), policy: "default 1#0".into(), caller_id: shown(), at: at(1) }
}

pub fn finish(attempt: AttemptId, disposition: Disposition, minute: i64, next: Next) -> Write {
    Write::Finish { attempt, outcome: outcome(disposition), at: at(minute), next }
}

pub fn log(call: AttemptId, minute: i64, kind: &str) -> Write {
    Write::Log(CallEvent { call: CallId::of(call), at: at(minute), kind: kind.into(), detail: String::new() })
}

pub fn close(reason: &str) -> Next {
    Next::Close(Close::new(reason, "said the test"))
}

pub fn again(minute: i64) -> Next {
    Next::Attempt(plan(Channel::Voice, at(minute)))
}

/// Promised for the 24th; judged when the 26th has ended in Moscow.
pub fn part(minor: i64) -> PromisePart {
    let (amount, on) = (Money::new(minor, Currency::Rub), jiff::civil::date(2026, 11, 24));
    PromiseTerms::default().part(amount, on, &"Europe/Moscow".parse().unwrap())
}

pub fn promise(attempt: AttemptId, minute: i64) -> Write {
    Write::Promise { attempt, parts: vec![part(50_000)], at: at(minute) }
}

/// A running campaign with so many contacts, each with a voice attempt due at minute 0.
pub async fn running(store: &impl Store, contacts: u32) -> CampaignId {
    let rows: Vec<NewContact> = (1..=contacts).map(contact).collect();
    store.import(&rows, at(-10)).await.unwrap();
    let campaign = store.create_campaign("blast", "ladder: x", &[flow()], at(-9)).await.unwrap();
    let batch: Vec<Enrolment> = (1..=contacts)
        .map(|n| Enrolment { contact: ContactId(i64::from(n)), next: Next::Attempt(plan(Channel::Voice, at(0))) })
        .collect();
    store.enrol(campaign, &batch, at(-8)).await.unwrap();
    store.set_campaign_state(campaign, CampaignState::Running, at(-7)).await.unwrap();
    campaign
}

/// A file in a folder that is removed with the value.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("books.db")
    }
}

pub async fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).await.unwrap()
}
