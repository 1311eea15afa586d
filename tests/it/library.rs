//! The library of flows that is shipped: tested to the last node, and fit to be said to people.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ringback::call::rehearse::{Covered, rehearse};
use ringback::flow::expr::Expr;
use ringback::flow::program::{Message, MessageId, Program, Step, StepId, Via};
use ringback::flow::test::TestCase;
use ringback::language::Language;
use ringback::speech::Piece;

struct Flow {
    program: Arc<Program>,
    tests: Vec<TestCase>,
}

fn library() -> Vec<Flow> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows");
    let entries = std::fs::read_dir(folder).expect("the folder is in the repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    paths.sort();
    let flows: Vec<Flow> = paths
        .iter()
        .map(|path| {
            let compiled =
                ringback::flow::compile_with(&std::fs::read_to_string(path).unwrap(), &crate::flows::library());
            let program = compiled.program.unwrap_or_else(|| panic!("{} does not compile", path.display()));
            Flow { program: Arc::new(program), tests: compiled.tests }
        })
        .collect();
    assert!(flows.len() >= 9, "{} flows", flows.len());
    flows
}

/// The text of a message without its slots, in lower case.
fn text(message: &Message, language: Language) -> String {
    let pieces = message.takes[&language].template.0.iter();
    let text: String = pieces.map(|piece| if let Piece::Text(text) = piece { text.as_str() } else { " " }).collect();
    text.to_lowercase()
}

/// Every step that is reached from these, by ways that are `open`.
fn reached(program: &Program, from: &[StepId], open: impl Fn(&Step, Via) -> bool) -> BTreeSet<StepId> {
    let mut seen = BTreeSet::new();
    let mut next = from.to_vec();
    while let Some(id) = next.pop() {
        if seen.insert(id) {
            let named = program.step(id);
            next.extend(named.routes.iter().filter(|(via, _)| open(&named.step, *via)).map(|(_, to)| *to));
        }
    }
    seen
}

#[test]
fn every_node_is_entered_by_a_test_of_its_flow() {
    for Flow { program, tests } in library() {
        let mut covered = Covered::default();
        for case in &tests {
            match rehearse(&program, case) {
                Ok(rehearsal) => covered.join(&rehearsal.covered),
                Err(failure) => panic!("{}: {}: {}", program.name, case.name, failure.message),
            }
        }
        let steps = (0u32..).map(StepId).zip(&program.steps);
        let never: Vec<&str> =
            steps.filter(|(id, _)| !covered.nodes.contains(id)).map(|(_, step)| step.name.as_str()).collect();
        assert!(never.is_empty(), "{}: no test enters {never:?}", program.name);
    }
}

/// The law wants to know who rings before anything else.
#[test]
fn the_creditor_is_named_in_the_first_words() {
    for Flow { program, .. } in library() {
        let first: MessageId = match &program.step(program.start).step {
            Step::Menu(menu) => menu.prompts[0],
            Step::Say { messages, .. } => messages[0],
            step => panic!("{}: begins with {step:?}, which greets nobody", program.name),
        };
        for (language, take) in &program.message(first).takes {
            assert!(take.slots.contains(&Expr::Company), "{}: {language:?}: who is calling?", program.name);
        }
    }
}

/// Without a hotkey, which nobody has to know of.
#[test]
fn a_human_and_an_opt_out_can_be_reached_by_the_keys_of_menus() {
    for Flow { program, .. } in library() {
        let kinds: Vec<&str> =
            reached(&program, &[program.start], |_, _| true).iter().map(|id| program.step(*id).kind.name).collect();
        assert!(kinds.contains(&"queue"), "{}: no human", program.name);
        let asks = |step: &Step| matches!(step, Step::Menu(_));
        let first = reached(&program, &[program.start], |step, _| !asks(step));
        let menus: Vec<_> = first.iter().map(|id| program.step(*id)).filter(|named| asks(&named.step)).collect();
        assert_eq!(menus.len(), 1, "{}: one first menu", program.name);
        let stops = menus[0].routes.iter().any(|(_, to)| matches!(program.step(*to).step, Step::OptOut { .. }));
        assert!(stops, "{}: the first menu takes no key that stops the calls", program.name);
        assert!(program.hotkeys.iter().any(|(keys, _)| keys == "*9"), "{}: no hotkey *9", program.name);
    }
}

/// Words of debts. A third person or a machine that hears one of them knows enough.
const OF_DEBTS: &[&str] = &[
    "долг",
    "долж",
    "задолж",
    "плат",
    "заплат",
    "оплат",
    "сумм",
    "просроч",
    "рубл",
    "счета",
    "расчёт",
    "обеща",
    "debt",
    "owe",
    "pay",
    "due",
    "overdue",
    "amount",
    "money",
    "bill",
    "promis",
];

/// The compiler keeps the sum and the day; this keeps the words around them.
#[test]
fn nobody_hears_of_a_debt_before_the_proof() {
    for Flow { program, .. } in library() {
        let entries: Vec<StepId> = [program.start]
            .into_iter()
            .chain(program.on_machine)
            .chain(program.hotkeys.iter().map(|(_, to)| *to))
            .collect();
        let proof = |step: &Step, via| matches!(step, Step::Verify(_)) && via == Via::Outcome("ok");
        for id in reached(&program, &entries, |step, via| !proof(step, via)) {
            for message in program.step(id).says.iter().map(|id| program.message(*id)) {
                for language in &program.languages {
                    let text = text(message, *language);
                    let told = words(&text).find(|word| OF_DEBTS.iter().any(|stem| word.starts_with(stem)));
                    assert_eq!(told, None, "{}: `{}` before the proof", program.name, message.name);
                }
            }
        }
    }
}

/// What no flow says, however late the payment: the beginning of a word, or several words, and why.
const NEVER_SAID: &[(&str, &str)] = &[
    ("суд", COURT),
    ("иско", COURT),
    ("пристав", COURT),
    ("court", COURT),
    ("lawsuit", COURT),
    ("sue", COURT),
    ("legal", COURT),
    ("bailiff", COURT),
    ("полици", CRIME),
    ("прокур", CRIME),
    ("уголовн", CRIME),
    ("тюрьм", CRIME),
    ("мошенн", CRIME),
    ("police", CRIME),
    ("criminal", CRIME),
    ("prosecut", CRIME),
    ("jail", CRIME),
    ("prison", CRIME),
    ("fraud", CRIME),
    ("арест", PROPERTY),
    ("конфиск", PROPERTY),
    ("имуществ", PROPERTY),
    ("arrest", PROPERTY),
    ("seiz", PROPERTY),
    ("garnish", PROPERTY),
    ("confiscat", PROPERTY),
    ("коллектор", COLLECTORS),
    ("взыск", COLLECTORS),
    ("взыщ", COLLECTORS),
    ("collector", COLLECTORS),
    ("collection", COLLECTORS),
    ("сосед", OTHERS),
    ("родствен", OTHERS),
    ("работодат", OTHERS),
    ("начальств", OTHERS),
    ("neighbo", OTHERS),
    ("relative", OTHERS),
    ("employer", OTHERS),
    ("кредитн", OTHERS),
    ("credit", OTHERS),
    ("должник", SHAME),
    ("злостн", SHAME),
    ("позор", SHAME),
    ("стыд", SHAME),
    ("debtor", SHAME),
    ("shame", SHAME),
    ("немедленно", PRESSURE),
    ("срочно", PRESSURE),
    ("обязан", PRESSURE),
    ("иначе", PRESSURE),
    ("предупрежда", PRESSURE),
    ("штраф", PRESSURE),
    ("угро", PRESSURE),
    ("накаж", PRESSURE),
    ("в противном случае", PRESSURE),
    ("последнее предупреждение", PRESSURE),
    ("последний шанс", PRESSURE),
    ("immediately", PRESSURE),
    ("urgent", PRESSURE),
    ("must", PRESSURE),
    ("otherwise", PRESSURE),
    ("penalt", PRESSURE),
    ("warning", PRESSURE),
    ("last chance", PRESSURE),
    ("or else", PRESSURE),
];

const COURT: &str = "a claim in court is told in writing, by somebody who has decided on it";
const CRIME: &str = "owing money is no crime";
const PROPERTY: &str = "what is taken, a court decides";
const COLLECTORS: &str = "the word alone is a threat, and for some debts the step is against the law";
const OTHERS: &str = "what others may learn or think of it is no means of pressure";
const SHAME: &str = "a person is not called names";
const PRESSURE: &str = "calm facts: what will happen, and on which day";

#[test]
fn no_message_threatens() {
    for Flow { program, .. } in library() {
        for message in &program.messages {
            for language in &program.languages {
                let found = threat(&text(message, *language));
                assert_eq!(found, None, "{}: `{}` ({language:?})", program.name, message.name);
            }
        }
    }
}

#[test]
fn a_threat_is_known_by_its_words() {
    for (text, threatens) in [
        ("иначе мы обратимся в суд.", true),
        ("в противном случае вас ждут неприятности", true),
        ("чтобы обсудить другой порядок оплаты", false),
        ("мы больше не будем искать этого человека", false),
        ("введите последние четыре цифры", false),
        ("this is our last chance to talk", true),
        ("we will sue you", true),
        ("it was due on", false),
    ] {
        assert_eq!(threat(text).is_some(), threatens, "{text}");
    }
}

/// The first of [`NEVER_SAID`] in a text of lower case, and why it is not said.
fn threat(text: &str) -> Option<(&'static str, &'static str)> {
    NEVER_SAID.iter().copied().find(|(stem, _)| match stem.contains(' ') {
        true => text.contains(stem),
        false => words(text).any(|word| word.starts_with(stem)),
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

/// The list at the head of `flows/README.md` is what is in the folder.
#[test]
fn the_readme_names_every_flow() {
    let readme = include_str!("../../flows/README.md");
    let named: BTreeSet<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.split_once(".yaml` ").map(|(name, _)| name))
        // Flows for lines answer whoever rings: they are no part of what is dialled.
        .filter(|name| !name.starts_with("lines/"))
        .collect();
    let library = library();
    let shipped: BTreeSet<&str> = library.iter().map(|flow| flow.program.name.as_str()).collect();
    assert_eq!(named, shipped);
}

#[test]
fn init_writes_the_whole_library() {
    let folder = tempfile::tempdir().unwrap();
    let run =
        std::process::Command::new(env!("CARGO_BIN_EXE_ringback")).arg("init").arg(folder.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for Flow { program, .. } in library() {
        let file = format!("flows/{}.yaml", program.name);
        let shipped = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
        let written = std::fs::read_to_string(folder.path().join(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(written, shipped, "{file}");
    }
}
