//! One person erased, imported again and handed out, by the real program.

use std::os::unix::fs::PermissionsExt;

use crate::house::{House, zone_at_noon};

const LADDER: &str = r#"
ladder: blast
segments:
  all: { when: days_overdue > -1000, flow: overdue_reminder }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
steps:
  - voice: segment.flow
    attempts_max: 1
    retry: { busy: [1d] }
"#;

#[test]
fn eu_2_erased_imported_again_and_not_called() {
    // Nobody is rung: no service runs.
    let house = House::new("127.0.0.1:9", "    channels_max: 5\n    cps_max: 5\n    options_interval_s: 0\n");
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    let zone = zone_at_noon();
    let header = "contact_id,name,phone,language,zone,creditor,amount,currency,due,last4\n";
    let row = |key: &str, name: &str, number: &str| {
        format!("{key},{name},{number},en,{zone},City Water,12.50,GBP,2026-01-15,4321\n")
    };
    let rows = row("c0", "Anna Karenina", "+70001234567") + &row("c1", "Boris", "+70001234568");
    house.write("contacts.csv", &format!("{header}{rows}"));
    house.write("ladder.yaml", LADDER);
    house.write("recordings/-7-call.wav", "of nobody's call");
    house.ok(&["import", &path("contacts.csv")]);

    // EU-3: all about her in one file, for its owner's eyes.
    let told = house.ok(&["person", "export", "--contact", "c0", "--zip", &path("anna.zip")]);
    assert!(told.contains("files about contacts c0"), "{told}");
    assert_eq!(std::fs::metadata(house.path("anna.zip")).expect("written").permissions().mode() & 0o777, 0o600);
    let again = house.run(&["person", "export", "--contact", "c0", "--zip", &path("anna.zip")]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("name a new file"));
    let nobody = house.run(&["person", "export", "--contact", "c9", "--zip", &path("nobody.zip")]);
    assert!(!nobody.status.success() && !house.path("nobody.zip").exists(), "no half archive is left");

    // EU-2.
    let dry = house.ok(&["person", "erase", "--contact", "c0", "--dry-run"]);
    assert!(dry.contains("would be erased: 1 contact (the person asked for it)"), "{dry}");
    let told = house.ok(&["person", "erase", "--contact", "c0"]);
    assert!(told.contains("erased: 1 contacts, with names") && told.contains("hashed (ALL-2)"), "{told}");
    assert!(!house.run(&["person", "erase", "--contact", "c0"]).status.success(), "she is nobody now");
    let listed = house.ok(&["suppress", "check", "+70001234567"]);
    assert!(listed.contains("+7000•••4567 is on the list"), "{listed}");

    // The creditor sends the list again, and somebody else has her number.
    let rows = rows + &row("c7", "A. Karenina", "+70001234567");
    house.write("again.csv", &format!("{header}{rows}"));
    house.ok(&["import", &path("again.csv")]);
    house.ok(&["campaign", "create", "blast", "--ladder", &path("ladder.yaml"), "--flows", "flows"]);
    house.ok(&["campaign", "start", "blast"]);
    for (key, reason) in [("c0", "opted_out"), ("c7", "no_number")] {
        let why = house.ok(&["why", key]);
        assert!(why.contains(reason), "{key}: {why}");
    }
    let why = house.ok(&["why", "c1"]);
    assert!(!why.contains("opted_out") && !why.contains("no_number"), "{why}");

    // The ladder names no pack that says how long anything is kept.
    let purged = house.ok(&["purge", "--dry-run"]);
    assert!(purged.starts_with("nothing is deleted: no campaign's ladder names a pack"), "{purged}");
    house.ok(&["purge"]);
    assert!(house.ok(&["purge", "--reports"]).contains("nothing is deleted"), "the report is kept");
}
