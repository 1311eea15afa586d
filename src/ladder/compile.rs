//! Ladder YAML → [`Ladder`].

use super::reader::Reader;
use super::{AgentPacing, Ladder, LadderTest, Message, Remind, StopOn};
use super::{check, codes, message, pacing, promise, remind, rules, segments, steps, test_section};
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::yaml::{self, Map, Node};
use crate::language::Language;

pub(super) const KEYS: [&str; 19] = [
    "ladder",
    "version",
    "languages",
    "contact",
    "policy",
    "classes",
    "segments",
    "window",
    "caps",
    "gap",
    "promise",
    "steps",
    "stop_on",
    "on_broken_promise",
    "on_kept_promise",
    "pacing",
    "numbers",
    "messages",
    "tests",
];

/// Nobody counts further by hand.
const VERSION_MAX: u32 = 1_000_000;

/// What came of a text.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// Present exactly when no diagnostic is an error.
    pub ladder: Option<Ladder>,
    /// Empty unless `ladder` is present.
    pub tests: Vec<LadderTest>,
    /// In the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

/// All findings at once, in the order of their places; no ladder when one of them is an error.
pub fn compile(source: &str) -> (Option<Ladder>, Vec<Diagnostic>) {
    let compiled = compile_with_tests(source);
    (compiled.ladder, compiled.diagnostics)
}

/// As [`compile`], with the tests that stand in the ladder.
pub fn compile_with_tests(source: &str) -> Compiled {
    let mut reader = Reader { source, diagnostics: Vec::new() };
    let mut found = Vec::new();
    let root = yaml::read(source, &mut found);
    let nothing = source.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    for diagnostic in found {
        // The reader of YAML speaks of flows.
        let here = |text: String| text.replace("flow", "ladder");
        let (message, help) = (here(diagnostic.message), diagnostic.help.map(here));
        let help = help.or_else(|| nothing.then(|| "begin with `ladder: name_of_the_ladder`".to_string()));
        reader.report(Diagnostic { code: codes::of_flow(diagnostic.code), message, help, ..diagnostic });
    }
    let ladder = root.as_ref().and_then(|root| ladder(&mut reader, root));
    // After an error, names that it took away would be missed once more.
    let broken = reader.diagnostics.iter().any(Diagnostic::is_error);
    let tests = match (&ladder, &root) {
        (Some(ladder), Some(root)) if !broken => test_section::tests(&mut reader, root, ladder),
        _ => Vec::new(),
    };
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|d| (d.span, d.code));
    let sound = !diagnostics.iter().any(Diagnostic::is_error);
    Compiled { ladder: ladder.filter(|_| sound), tests: if sound { tests } else { Vec::new() }, diagnostics }
}

fn ladder(reader: &mut Reader, root: &Node) -> Option<Ladder> {
    let top = reader.map(root, "a ladder")?;
    let start = Span { line: 1, column: 1, length: 1 };
    reader.known_keys(top, "key of a ladder", &KEYS);
    let name = reader.required(top, "ladder", "a ladder", start).and_then(|n| reader.text(n, "the ladder's name"));
    let version = top.get("version").and_then(|e| reader.number(&e.value, "`version`", 1, VERSION_MAX));
    let languages = languages(reader, top);
    let messages = messages(reader, top, &languages);
    let mut rules = rules::rules(reader, top);
    let fields = segments::fields(reader, top);
    let classes = segments::classes(reader, top, &fields);
    let fields = segments::with_class(fields, &classes);
    let mut laid = steps::Laid::own(reader, top, start, &messages);
    let segments = segments::segments(reader, top, start, &fields, &messages, &mut laid);
    let promise_limits = promise::limits(reader, top);
    let promise_terms = promise::terms(reader, top);
    let broken = promise::on_broken(reader, top);
    let kept = promise::on_kept(reader, top);
    let reminder = remind::remind(reader, top, &messages);
    let stop_on = stop_on(reader, top);
    let (pacing, numbers) = (pacing::pacing(reader, top, &rules), pacing::numbers(reader, top));
    rules.agent_kept = pacing.as_ref().is_some_and(AgentPacing::keeps_an_agent);
    check::gotos(reader, broken.iter().chain([&kept]), &segments, &laid);
    check::lists(reader, &laid, &rules);
    let steps::Laid { mut steps, lists } = laid;
    let remind = reminder.map(|(step, span, days_before, at)| {
        steps.push((step, span));
        Remind { step: steps.len() - 1, days_before, at }
    });
    check::unused_messages(reader, top, &messages, &steps);
    Some(Ladder {
        name: name.unwrap_or_default(),
        version,
        hash: super::hash(reader.source),
        languages,
        fields,
        classes,
        segments,
        rules,
        promise_terms,
        promise_limits,
        remind,
        on_broken_promise: broken.into_iter().map(|(goto, _)| goto).collect(),
        on_kept_promise: kept.0,
        steps: steps.into_iter().map(|(step, _)| step).collect(),
        lists,
        stop_on,
        pacing,
        numbers,
        messages,
    })
}

fn languages(reader: &mut Reader, top: &Map) -> Vec<Language> {
    let mut languages = Vec::new();
    if let Some(entry) = top.get("languages") {
        for node in reader.items(&entry.value) {
            let Some(text) = reader.text(node, "a language") else { continue };
            match text.parse::<Language>() {
                Ok(language) if !languages.contains(&language) => languages.push(language),
                Ok(_) => reader.error(codes::LANGUAGE, node.span, format!("`{text}` is given twice"), "remove one"),
                Err(why) => reader.report(Diagnostic::error(codes::LANGUAGE, node.span, why.to_string())),
            }
        }
    } else if top.get("messages").is_some() {
        let span = top.get("messages").map_or(Span::default(), |e| e.key_span);
        reader.error(
            codes::MISSING_KEY,
            span,
            "a ladder with messages needs `languages`",
            "for example: languages: [ru, en]",
        );
    }
    if languages.is_empty() {
        languages.push(Language::EN);
    }
    languages
}

fn messages(reader: &mut Reader, top: &Map, languages: &[Language]) -> Vec<Message> {
    let Some(map) = top.get("messages").and_then(|e| reader.map(&e.value, "messages")) else { return Vec::new() };
    map.entries.iter().map(|e| message::message(reader, &e.key, e.key_span, &e.value, languages)).collect()
}

fn stop_on(reader: &mut Reader, top: &Map) -> Vec<StopOn> {
    let Some(entry) = top.get("stop_on") else { return StopOn::ALWAYS.to_vec() };
    let mut stop_on: Vec<StopOn> = Vec::new();
    let mut understood = true;
    for node in reader.items(&entry.value) {
        let Some(text) = reader.text(node, "a word of stop_on") else { continue };
        match text.parse::<StopOn>() {
            Ok(stop) => stop_on.push(stop),
            Err(_) => {
                understood = false;
                let known: Vec<&str> = StopOn::ALL.iter().map(|s| s.as_str()).collect();
                reader.unknown(codes::UNKNOWN_ENDING, node.span, "reason to stop", &text, &known);
            }
        }
    }
    // A misspelt word would be reported twice.
    let missing: Vec<&str> = StopOn::ALWAYS.iter().filter(|s| !stop_on.contains(s)).map(|s| s.as_str()).collect();
    if understood && !missing.is_empty() {
        let found = format!("a ladder always stops on {}, listed or not", missing.join(", "));
        reader.report(Diagnostic::warning(codes::STOPS_ANYWAY, entry.key_span, found).help("list them"));
    }
    for stop in StopOn::ALWAYS {
        if !stop_on.contains(&stop) {
            stop_on.push(stop);
        }
    }
    stop_on
}
