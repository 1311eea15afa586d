//! `lines`: the numbers that are answered.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::super::Line;
use super::{Checker, Number, Text, span};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::time::Zone;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenLine {
    did: Option<Text>,
    flow: Text,
    company: Text,
    language: Text,
    zone: Text,
    calls_max: Option<Number>,
}

/// Calls at once on a line whose `calls_max` is not written.
const CALLS_USUAL: f64 = 30.0;

impl Checker<'_> {
    pub(super) fn lines(&mut self, w: &[WrittenLine]) -> Option<Vec<Line>> {
        let mut seen = BTreeSet::new();
        // Every line is checked before the first failure counts, so that all of them are reported.
        let lines: Vec<Option<Line>> = w.iter().map(|line| self.line(line, &mut seen)).collect();
        lines.into_iter().collect()
    }

    fn line(&mut self, w: &WrittenLine, seen: &mut BTreeSet<Option<String>>) -> Option<Line> {
        let did = w.did.as_ref().map(|did| did.value.trim_start_matches('+').to_string());
        if let Some((digits, did)) = did.as_ref().zip(w.did.as_ref())
            && (digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()))
        {
            let message = format!("`{}` is not a number as a trunk gives it", did.value);
            self.wrong(
                did,
                message,
                "write digits, with or without +: \"+74950000000\", \"104\"; without `did`, any number",
            );
        }
        if !seen.insert(did.clone()) {
            let (at, message) = match &w.did {
                Some(did) => (span(did), format!("two lines have the number `{}`", did.value)),
                None => (span(&w.flow), "two lines have no `did`, and the first answers every number".to_string()),
            };
            self.found.push(Diagnostic::error("C006", at, message).help("give each its own number"));
        }
        let language = self.parsed::<Language>(&w.language, "a language", "write it as ru");
        let zone = self.parsed::<Zone>(&w.zone, "the name of a time zone", "write it as Europe/Moscow");
        let calls_max = w.calls_max.as_ref().map_or(Some(CALLS_USUAL), |n| self.whole(n, 1.0, 10_000.0));
        Some(Line {
            did: w.did.as_ref().map(|did| did.value.clone()),
            flow: self.path(&w.flow),
            company: w.company.value.clone(),
            language: language?,
            zone: zone?,
            calls_max: calls_max? as u32,
        })
    }
}
