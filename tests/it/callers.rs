//! Callers of flows: random ones, who must never find a flow that the compiler passed leaking or hanging; and one who plays by
//! hand, whose call becomes a test.

use std::sync::Arc;

use ringback::call::rehearse::{Covered, rehearse};
use ringback::diagnostic::render_all;
use ringback::flow::program::{Program, StepId, Via};
use ringback::flow::{compile, compile_with, node};
use ringback::workshop::coverage::Coverage;
use ringback::workshop::fuzz::{Law, fuzz};
use ringback::workshop::phone::{Phone, Shown};
use ringback::workshop::test_entry::entry;

use crate::made_flows;

pub const SHIPPED: [&str; 2] = ["flows/gentle_reminder.yaml", "flows/overdue_reminder.yaml"];

fn sound(source: &str) -> Arc<Program> {
    let compiled = compile_with(source, &made_flows::library());
    let shown = render_all(&compiled.diagnostics, "flow", source);
    Arc::new(compiled.program.unwrap_or_else(|| panic!("{shown}\n{source}")))
}

fn shipped(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn every_kind_of_node_is_made() {
    let made: Vec<&str> = made_flows::ARMS.iter().map(|(kind, ..)| *kind).collect();
    // An exit stands in a sub-flow only; the one that is called has two.
    let all = node::ALL.iter().map(|kind| kind.name).filter(|kind| *kind != "exit");
    let missing: Vec<&str> = all.filter(|kind| !made.contains(kind)).collect();
    assert!(missing.is_empty(), "made_flows::ARMS lacks {missing:?}");
}

#[test]
fn shipped_flows_keep_every_law() {
    for path in SHIPPED {
        let program = sound(&shipped(path));
        let fuzzed = fuzz(&program, 1, 3_000);
        assert!(fuzzed.broken.is_none(), "{path}: {:?}", fuzzed.broken);
        assert_eq!(fuzzed.covered.nodes.len(), program.steps.len(), "{}", Coverage::of(&program, &fuzzed.covered));
    }
}

/// Random flows that the compiler passes, random callers, every law. Each made flow compiles: none is filtered out.
#[test]
fn made_flows_keep_every_law() {
    const FLOWS: u64 = 150;
    const CALLS: u64 = 60;
    let (mut nodes, mut entered, mut kinds) = (0, 0, std::collections::BTreeSet::new());
    for seed in 0..FLOWS {
        let source = made_flows::flow(seed, 4 + (seed as usize % 20)).to_string();
        let program = sound(&source);
        let fuzzed = fuzz(&program, seed * CALLS, CALLS);
        if let Some(found) = fuzzed.broken {
            panic!("seed {seed}: {:?}\n{}\n{source}", found.broken, entry(&program, &found.test));
        }
        nodes += program.steps.len();
        entered += fuzzed.covered.nodes.len();
        kinds.extend(fuzzed.covered.nodes.iter().map(|id| program.step(*id).kind.name));
    }
    println!("{FLOWS} flows, {nodes} nodes, {entered} of them entered, in {} calls", FLOWS * CALLS);
    // A call is written out: its nodes are of other kinds.
    assert_eq!(kinds.len(), made_flows::ARMS.len() - 1, "kinds that no caller met: only {kinds:?}");
    assert!(entered * 2 > nodes, "the callers see too little: {entered} of {nodes} nodes");
}

#[test]
fn the_same_seed_makes_the_same_calls() {
    let program = sound(&shipped(SHIPPED[1]));
    let covered = |seed| -> Covered { fuzz(&program, seed, 3).covered };
    for seed in 0..10 {
        assert_eq!(covered(seed), covered(seed));
    }
    assert!((1..10).any(|seed| covered(seed) != covered(0)), "all seeds make the same calls");
}

/// A shipped flow in which one thing was broken behind the compiler's back; the law that a caller sees broken; the most
/// steps that it takes to show it.
#[allow(clippy::type_complexity, reason = "a table")]
const BREAKS: &[(&str, Law, usize, fn(&mut Program))] = &[
    ("the debt without proof", Law::Protected, 2, |flow| lead(flow, "hello", Via::Key(0), "tell")),
    ("the debt after a failed proof", Law::Protected, 4, |flow| lead(flow, "check", Via::Outcome("failed"), "tell")),
    ("the debt to a machine", Law::ProtectedFromMachine, 3, |flow| flow.on_machine = Some(id(flow, "tell"))),
    ("silence for ever", Law::SilenceEnds, 1, |flow| lead(flow, "hello", Via::Outcome("exhausted"), "hello")),
    ("words for ever", Law::SilenceEnds, 3, |flow| lead(flow, "tell", Via::Outcome("next"), "tell")),
    ("a refusal that counts", Law::Claim, 5, |flow| lead(flow, "offer", Via::Outcome("refused"), "thanks")),
    ("a name that may be missing", Law::Sayable, 1, |flow| flow.contact[0].optional = true),
];

fn id(flow: &Program, name: &str) -> StepId {
    StepId(flow.steps.iter().position(|step| step.name == name).expect("a node of the flow") as u32)
}

fn lead(flow: &mut Program, from: &str, by: Via, to: &str) {
    let (from, to) = (id(flow, from), id(flow, to));
    let route = flow.steps[from.0 as usize].routes.iter_mut().find(|(via, _)| *via == by);
    route.expect("a way out of the node").1 = to;
}

#[test]
fn what_is_broken_is_found_and_told_in_few_steps() {
    let source = shipped(SHIPPED[1]);
    let sound = sound(&source);
    for (what, law, most, damage) in BREAKS {
        let mut flow = (*sound).clone();
        damage(&mut flow);
        let flow = Arc::new(flow);
        let found = fuzz(&flow, 1, 2_000).broken.unwrap_or_else(|| panic!("{what}: nobody noticed"));
        let told = entry(&flow, &found.test);
        assert_eq!(found.broken.law, *law, "{what}: {:?}", found.broken);
        assert!(found.test.steps.len() <= *most, "{what}: more than {most} steps\n{told}");
        assert_eq!(fuzz(&flow, found.seed, 1).broken.map(|again| again.broken), Some(found.broken), "{what}");
        if matches!(law, Law::Protected | Law::ProtectedFromMachine) {
            // As a test it fails, and passes once the flow is whole again.
            let again = compile(&format!("{source}{told}"));
            let case = again.tests.last().unwrap_or_else(|| panic!("{what}: {:?}\n{told}", again.diagnostics));
            assert!(rehearse(&flow, case).is_err(), "{what}\n{told}");
            assert!(rehearse(&sound, case).is_ok(), "{what}\n{told}");
        }
    }
}

/// What is typed (`Enter` is silence), played to the overdue reminder.
const PLAYED: &[(&str, &[&str], &str)] = &[
    ("promises", &["1", "4321", "1", "1", "2", "1"], "promised"),
    ("promises half after a slip", &["1", "1111", "4321", "1", "2", "1", "3112", "2", "1"], "promised"),
    ("barges in", &["!1", "!4321", "!1", "!2", "!2", "!2", "Enter"], "refused"),
    ("types ahead", &["!14321", "h"], "informed"),
    ("silent", &["Enter", "Enter"], "no_input"),
    ("hangs up at once", &["h"], "hung_up_early"),
    ("hangs up over the debt", &["1", "4321", "h"], "informed"),
    ("a machine", &["m", "b"], "voicemail_left"),
    ("a machine without a beep", &["m", "Enter"], "voicemail_left"),
    ("an agent", &["1", "4321", "2", "a", "d"], "transferred"),
    ("no agent", &["1", "4321", "2", "n"], "callback_requested"),
    ("hangs up while the agent rings", &["1", "4321", "2", "h"], "informed"),
    ("pays", &["1", "4321", "p"], "already_paid"),
    ("a save fails", &["1", "4321", "1", "1", "1", "s", "1", "Enter"], "callback_requested"),
    ("opts out", &["w 2s", "*9"], "opted_out"),
    ("waits too long", &["w 3s", "w 9s"], "no_input"),
    ("looks", &["hears hello", "1", "not hears debt", "*"], "not_verified"),
];

fn played(program: &Arc<Program>, case: &ringback::flow::test::TestCase, typed: &[&str]) -> (Phone, Vec<Shown>) {
    let mut phone = Phone::new(program, case.clone());
    let mut shown = phone.news();
    for line in typed {
        shown.extend(phone.take(if *line == "Enter" { "" } else { line }));
    }
    (phone, shown)
}

#[test]
fn a_call_that_was_played_is_a_test_that_passes() {
    let source = shipped(SHIPPED[1]);
    let compiled = compile(&source);
    let program = Arc::new(compiled.program.expect("a shipped flow"));
    let mut with_tests = source.clone();
    for (name, typed, result) in PLAYED {
        let (phone, shown) = played(&program, &compiled.tests[0], typed);
        let complaints: Vec<&Shown> = shown.iter().filter(|s| matches!(s, Shown::Complaint(_))).collect();
        assert!(phone.is_over() && complaints.is_empty(), "{name}: {shown:?}");
        let test = phone.recorded(name).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(test.expect.result.map(|r| r.as_str()), Some(*result), "{name}: {shown:?}");
        with_tests += &entry(&program, &test);
    }
    let again = compile(&with_tests);
    assert!(again.diagnostics.is_empty(), "{}", render_all(&again.diagnostics, "flow", &with_tests));
    assert_eq!(again.tests.len(), compiled.tests.len() + PLAYED.len());
    let program = Arc::new(again.program.expect("no diagnostics"));
    for (case, (name, ..)) in again.tests[compiled.tests.len()..].iter().zip(PLAYED) {
        assert_eq!(case.name, *name);
        let ran = rehearse(&program, case);
        assert!(ran.is_ok(), "{name}: {}\n{}", ran.unwrap_err().message, entry(&program, case));
    }
}

#[test]
fn what_cannot_be_typed_is_explained() {
    let compiled = compile(&shipped(SHIPPED[1]));
    let program = Arc::new(compiled.program.expect("a shipped flow"));
    for (typed, why) in [
        (&["x"][..], "unknown step `x`"),
        (&["a"], "no agent is being rung"),
        (&["d"], "no agent is talking"),
        (&["w"], "unknown step `w`"),
        (&["w soon"], "`wait` is followed by a duration"),
        (&["keys one"], "`keys` is followed by 0-9, * and #"),
        (&["hears debt"], "`debt` was not heard"),
        (&["hears dept"], "did you mean `debt`?"),
        (&["h", "1"], "the call was over by then: hung_up_early"),
    ] {
        let (_, shown) = played(&program, &compiled.tests[0], typed);
        let told = shown.iter().any(|line| matches!(line, Shown::Complaint(text) if text.contains(why)));
        assert!(told, "{typed:?}: {shown:?}");
    }
}
