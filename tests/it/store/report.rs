//! The report over a store: figures, and attempts as CSV.

use ringback::cli;
use ringback::report::Stage;
use ringback::store::MemoryStore;

use super::*;

#[tokio::test]
async fn the_command_prints_figures_and_writes_attempts() {
    let store = MemoryStore::new();
    running(&store, 3).await;
    for claimed in store.claim_due(at(0), at(5), &[(CampaignId(1), 2)]).await.unwrap() {
        let (id, phone) = (claimed.attempt.id, claimed.standing.contact.phones[0].id);
        let (end, next) = if id.0 == 1 {
            (vec![promise(id, 1)], finish(id, Disposition::Promised, 2, close("promised")))
        } else {
            (vec![], finish(id, Disposition::NoAnswer, 2, again(90)))
        };
        let group: Vec<Write> = [live(id, phone, 1)].into_iter().chain(end).chain([next]).collect();
        store.apply(&group).await.unwrap();
    }
    let place = Place::new();
    let file = place.file().with_extension("csv");
    for (full_numbers, shown) in [(false, "'+7916•••0001"), (true, "'+79160000001")] {
        let options =
            cli::report::Options { campaign: Some("blast".into()), attempts_csv: Some(file.clone()), full_numbers };
        let mut out = Vec::new();
        let report = cli::report::run(&store, &options, &mut out).await.unwrap();
        assert_eq!(report.total.attempts(Stage::Dialled), 2);
        assert_eq!(report.total.promised.to_string(), "500.00 RUB");
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("reminder v1 (aa11)"), "{out}");
        assert!(out.contains("3 contacts owe 3703.50 RUB; 4 attempts (2 scheduled, 2 finished)"), "{out}");
        let csv = std::fs::read_to_string(&file).unwrap();
        assert_eq!(csv.lines().count(), 5, "{csv}");
        assert!(csv.contains(shown), "{csv}");
        assert!(csv.lines().nth(1).unwrap().contains(",promised,right_party,callee,"), "{csv}");
    }
    let nobody = cli::report::Options { campaign: Some("nobody".into()), ..Default::default() };
    let error = cli::report::run(&store, &nobody, &mut Vec::new()).await.unwrap_err();
    assert!(error.to_string().contains("campaign `nobody` is not there"), "{error}");
}
