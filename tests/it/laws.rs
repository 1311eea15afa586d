//! Rows of the table of laws that the compiler of flows holds, a test each under its row's name. Those that policy decides stand in
//! `src/policy/laws.rs`.

use ringback::flow::compile;

/// What the compiler says of a flow under `tests/flows`, by code.
fn found(file: &str) -> Vec<&'static str> {
    let path = format!("{}/tests/flows/{file}", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let compiled = compile(&source);
    assert!(compiled.program.is_none(), "{file} may be used");
    compiled.diagnostics.iter().map(|d| d.code).collect()
}

/// No call can be flown in which nothing stops the calls (47 CFR 64.1200(b)(3)).
#[test]
fn us_t3_in_call_opt_out() {
    assert!(found("no_opt_out.yaml").contains(&"F031"));
}

/// "You will not be called again" is true when it is said (47 CFR 64.1200(a)(10)).
#[test]
fn us_t4_revocation() {
    assert_ne!(found("opted_out_without_opt_out.yaml"), [""; 0]);
}

/// Nobody but the right person is told of the debt: not before the proof, not behind a failed one, not by a hotkey, not in words that
/// others may read.
#[test]
fn us_f5_third_parties() {
    for file in
        ["debt_before_verify.yaml", "debt_after_failed_verify.yaml", "debt_by_hotkey.yaml", "debt_in_an_sms.yaml"]
    {
        assert!(found(file).contains(&"F025"), "{file}");
    }
}

/// Nor is a machine, which anybody may listen to.
#[test]
fn uk_6_conduct() {
    assert!(found("debt_to_a_machine.yaml").contains(&"F026"));
}
