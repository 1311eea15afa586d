//! The report over a store: figures, rows as CSV, where calls are lost.

use ringback::cli::{self, export, report};
use ringback::report::export::Rows;
use ringback::report::{Dimension, Stage, Value};
use ringback::store::MemoryStore;

use super::*;

/// Three contacts: one promised, one did not answer, one waits.
async fn called(store: &impl Store) {
    running(store, 3).await;
    for claimed in store.claim_due(at(0), at(5), &[(CampaignId(1), 2)]).await.unwrap() {
        let (id, phone) = (claimed.attempt.id, claimed.standing.contact.phones[0].id);
        let (end, next) = if id.0 == 1 {
            let entered = |node: &str| {
                Write::Log(CallEvent { call: CallId::of(id), at: at(1), kind: "entered".into(), detail: node.into() })
            };
            let said = vec![entered("greet"), entered("ask"), promise(id, 1), entered("thanks")];
            (said, finish(id, Disposition::Promised, 2, close("promised")))
        } else {
            (vec![], finish(id, Disposition::NoAnswer, 2, again(90)))
        };
        let group: Vec<Write> = [live(id, phone, 1)].into_iter().chain(end).chain([next]).collect();
        store.apply(&group).await.unwrap();
    }
}

#[tokio::test]
async fn the_command_prints_figures_and_writes_rows() {
    let store = MemoryStore::new();
    called(&store).await;
    let now = at(60);
    let options = report::Options { campaign: Some("blast".into()), ..Default::default() };
    let figures = report::report(&store, Some(CampaignId(1)), &options, now).await.unwrap();
    assert_eq!(figures.total().calls(Stage::Dialled), 2);
    assert_eq!(figures.total().made.all().promised.to_string(), "500.00 RUB");
    let flow = figures.part(Dimension::Flow, &Value::Text("reminder v1 (aa11)".into())).unwrap();
    assert_eq!(flow.calls(Stage::Promised), 1);
    let mut out = Vec::new();
    report::run(&store, &options, now, &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("reminder v1 (aa11)"), "{out}");
    assert!(out.contains("3 contacts owe 3703.50 RUB; 4 attempts (2 scheduled, 2 finished)"), "{out}");

    let place = Place::new();
    let file = place.file().with_extension("csv");
    for (full, shown) in [(false, "'+7916•••0001"), (true, "'+79160000001")] {
        let options = export::Options { rows: Rows::Attempts, campaign: None, file: file.clone(), format: None, full };
        assert_eq!(export::run(&store, &options, now, &mut Vec::new()).await.unwrap(), 4);
        let csv = std::fs::read_to_string(&file).unwrap();
        assert_eq!(csv.lines().count(), 5, "{csv}");
        assert!(csv.contains(shown), "{csv}");
        assert!(csv.lines().nth(1).unwrap().contains(",promised,right_party,callee,"), "{csv}");
    }
    let nobody = report::Options { campaign: Some("nobody".into()), ..Default::default() };
    let error = cli::report::run(&store, &nobody, now, &mut Vec::new()).await.unwrap_err();
    assert!(error.to_string().contains("campaign `nobody` is not there"), "{error}");
}

#[tokio::test]
async fn it_says_where_calls_are_lost() {
    let store = MemoryStore::new();
    called(&store).await;
    let options = report::Options { nodes: true, csv: Some("-".into()), ..Default::default() };
    let mut out = Vec::new();
    report::run(&store, &options, at(60), &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    let rows: Vec<&str> = out.lines().skip(1).collect();
    let flow = "reminder v1 (aa11)";
    let expected = [",ask,1,1,1,0,0,0,thanks,1", ",greet,1,1,1,0,0,0,ask,1", ",thanks,1,1,0,0,1,0,,"];
    assert_eq!(rows, expected.map(|row| format!("{flow}{row}")), "{out}");
}

/// A debt enters once: a later import of it, or of another of the same contact, does not make it younger.
#[tokio::test]
async fn a_debt_enters_once() {
    let place = Place::new();
    let sqlite = SqliteStore::open(place.file()).await.unwrap();
    let memory = MemoryStore::new();
    let other = NewDebt { external_id: "heat".into(), ..debt(700, jiff::civil::date(2026, 12, 1)) };
    let more = NewContact { debts: vec![debt(200, jiff::civil::date(2026, 12, 25)), other], ..contact(1) };
    for (rows, minute) in [(contact(1), 0), (more.clone(), 10), (more, 20)] {
        sqlite.import(std::slice::from_ref(&rows), at(minute)).await.unwrap();
        memory.import(&[rows], at(minute)).await.unwrap();
    }
    for ledgers in
        [sqlite.ledgers(None, &LedgerPlace::default(), 9).await, memory.ledgers(None, &LedgerPlace::default(), 9).await]
    {
        assert_eq!(ledgers.unwrap()[0].entered, [at(0), at(10)]);
    }
}
