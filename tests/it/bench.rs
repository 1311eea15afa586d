//! The measurement works on any machine: small numbers, all figures there, every call ended as it should. Not how fast.

use std::process::Command;

use serde_json::Value;

fn number(figures: &Value, path: &str) -> f64 {
    figures.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {path} in\n{figures:#}"))
}

#[test]
fn a_quick_measurement_has_every_figure() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let (dir, json) = (place.path().join("run"), place.path().join("figures.json"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.args(["bench", "--quick", "--dir"]).arg(&dir).arg("--json").arg(&json);
    let output = command.output().expect("the program starts");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(!dir.exists(), "it takes its folder away");
    let figures: Value = serde_json::from_slice(&std::fs::read(&json).expect("its figures")).expect("JSON");

    assert!(number(&figures, "/idle/start_ms") > 0.0);
    assert!(number(&figures, "/idle/resident_kb") > 1000.0);
    for (path, expected) in [
        ("/rates/0/calls", 10.0),
        ("/rates/0/failed", 0.0),
        ("/rates/0/seen/completed", 10.0),
        ("/rates/0/seen/lost", 0.0),
        ("/rates/0/seen/first_packet/count", 10.0),
        ("/calls/0/calls", 10.0),
        ("/calls/0/failed", 0.0),
        ("/calls/0/lost_by_engine", 0.0),
        ("/calls/0/seen/completed", 10.0),
        ("/calls/0/seen/keyed", 10.0),
        ("/calls/0/seen/lost", 0.0),
        ("/calls/0/seen/first_packet/count", 10.0),
        ("/ceilings/0/bare/calls", 200.0),
        ("/ceilings/0/far_end/completed", 200.0),
        ("/ceilings/1/far_end/lost", 0.0),
        ("/dry_run/contacts", 2000.0),
        ("/dry_run/accounted_for", 2000.0),
        ("/books/contacts", 2000.0),
        ("/reports/contacts", 2000.0),
        ("/reports/attempts", 10_000.0),
        ("/imports/0/lines", 2000.0),
        ("/imports/1/lines", 2000.0),
        ("/imports/2/lines", 2000.0),
    ] {
        assert_eq!(number(&figures, path), expected, "{path} in\n{figures:#}\n{said}");
    }
    // Three seconds of prompt, fifty packets each.
    assert!(number(&figures, "/rates/0/seen/received") >= 10.0 * 150.0, "{figures:#}");
    // Transactions and statements were counted: at least the call's row, and how it ended.
    assert!(number(&figures, "/rates/0/statements") >= 4.0, "{figures:#}");
    assert!(number(&figures, "/rates/0/transactions") > 0.0, "{figures:#}");
    assert!(number(&figures, "/calls/0/seen/gaps/p50_us") > 10_000.0, "{figures:#}");
    assert!(number(&figures, "/dry_run/calls") > 2000.0, "{figures:#}");
    assert!(number(&figures, "/books/attempts") >= 100.0 && number(&figures, "/books/claim_one/p99_us") > 0.0);
    assert!(number(&figures, "/reports/two_s") > 0.0 && number(&figures, "/reports/parquet_mb") > 0.0, "{figures:#}");
    assert!(number(&figures, "/bare_calls_per_second") > 0.0);
    assert!(number(&figures, "/bare_calls_at_once") > 0.0);
    assert!(number(&figures, "/imports/0/wall_s") > 0.0 && number(&figures, "/imports/0/peak_kb") > 1000.0);
    for words in ["Calls set up a second", "Calls at once", "Ceiling"] {
        assert!(said.contains(words), "{words} is not in\n{said}");
    }
}
