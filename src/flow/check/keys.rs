//! Menus: keys that can be told apart, that are few, and that the prompts announce.

use super::Sketch;
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::codes;
use crate::flow::context::Context;
use crate::flow::program::{Step, StepId};
use crate::language::Language;

const KEYS_MAX: usize = 5;

pub fn check(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    hotkeys(cx, sketch);
    for (n, step) in sketch.steps.iter().enumerate() {
        let id = StepId(n as u32);
        let Some(keys) = cx.menu_keys.get(&id).cloned() else { continue };
        overlaps(cx, sketch, &keys);
        if keys.len() > KEYS_MAX {
            let text = format!("{} keys; people remember about {KEYS_MAX} choices by ear", keys.len());
            cx.report(Diagnostic::warning(codes::MANY_KEYS, sketch.names[n].1, text).help("split the menu in two"));
        }
        let prompts = match step.as_ref().map(|named| &named.step) {
            Some(Step::Menu(menu)) => &menu.prompts[..],
            Some(Step::Reason(reason)) => &reason.prompts[..],
            Some(Step::Queue(queue)) => queue.waiting.as_slice(),
            _ => continue,
        };
        announced(cx, sketch, &prompts.iter().map(|m| m.0 as usize).collect::<Vec<_>>(), &keys);
    }
}

fn hotkeys(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    for (n, (key, _, span)) in sketch.hotkeys.iter().enumerate() {
        if let Some((other, ..)) =
            sketch.hotkeys[..n].iter().find(|(k, ..)| k.starts_with(key.as_str()) || key.starts_with(k))
        {
            cx.error(codes::KEY_OVERLAP, *span, format!("hotkeys `{other}` and `{key}` cannot be told apart"));
        }
    }
}

fn overlaps(cx: &mut Context<'_>, sketch: &Sketch<'_>, keys: &[(String, Span)]) {
    for (n, (key, span)) in keys.iter().enumerate() {
        let mine = keys[..n].iter().map(|(k, _)| (k, "key"));
        let hot = sketch.hotkeys.iter().map(|(k, ..)| (k, "hotkey"));
        let clash = mine.chain(hot).find(|(k, _)| k.starts_with(key.as_str()) || key.starts_with(k.as_str()));
        if let Some((other, what)) = clash {
            let text = format!("`{key}` and the {what} `{other}` begin alike and cannot be told apart");
            cx.error_help(codes::KEY_OVERLAP, *span, text, "give one of them another key");
        }
    }
}

fn announced(cx: &mut Context<'_>, sketch: &Sketch<'_>, prompts: &[usize], keys: &[(String, Span)]) {
    let mut named: Vec<(Language, Vec<String>)> = cx.languages.iter().map(|l| (*l, Vec::new())).collect();
    for prose in sketch.prose.iter().filter(|p| prompts.contains(&p.message)) {
        for (key, from, length) in pressed(&prose.scalar.text) {
            let taken = keys.iter().any(|(k, _)| *k == key) || sketch.hotkeys.iter().any(|(k, ..)| *k == key);
            if !taken {
                let span = prose.scalar.place(cx.source, prose.span, from, length);
                let text = format!("the text says to press {key}, and the menu does not take it");
                let found = Diagnostic::warning(codes::KEY_SPOKEN, span, text);
                if !cx.diagnostics.contains(&found) {
                    cx.report(found);
                }
            }
            if let Some((_, all)) = named.iter_mut().find(|(l, _)| *l == prose.language) {
                all.push(key);
            }
        }
    }
    for (key, span) in keys {
        let silent: Vec<&str> =
            named.iter().filter(|(_, all)| !all.contains(key)).map(|(language, _)| language.code()).collect();
        if !silent.is_empty() && !sketch.hotkeys.iter().any(|(k, ..)| k == key) {
            let text = format!("no prompt here says to press {key} ({})", silent.join(", "));
            cx.report(Diagnostic::warning(codes::KEY_SILENT, *span, text));
        }
    }
}

/// Verbs after which a key is named.
const VERBS: &[&str] = &[
    "press",
    "dial",
    "нажмите",
    "наберите",
    "натисніть",
    "наберіть",
    "drücken",
    "wählen",
    "appuyez",
    "tapez",
    "composez",
    "pulse",
    "presione",
    "oprima",
    "marque",
    "naciśnij",
    "wciśnij",
    "wybierz",
    "tuşlayın",
];
/// Words that may stand between the verb and the key.
const FILLERS: &[&str] = &[
    "the",
    "key",
    "number",
    "digit",
    "button",
    "на",
    "клавишу",
    "кнопку",
    "цифру",
    "клавішу",
    "sie",
    "die",
    "taste",
    "sur",
    "la",
    "touche",
    "le",
    "el",
    "tecla",
    "número",
    "klawisz",
    "numer",
];
const JOINERS: &[&str] = &["or", "или", "або", "чи", "oder", "ou", "o", "lub", "veya", "немесе"];
const THEN: &[&str] = &["and", "then", "и", "затем", "і", "та", "und", "et", "y", "i", "ve"];
/// Verbs that stand behind the key, as in Turkish and Kazakh: «1'e basın», «1-ді басыңыз».
const VERBS_BEHIND: &[&str] = &["basın", "basınız", "tuşlayın", "tuşlayınız", "басыңыз", "теріңіз"];

/// Keys that the text says to press: the key, where its first word stands, and how long that is, in characters.
pub fn pressed(text: &str) -> Vec<(String, usize, usize)> {
    let words = words(text);
    let mut found: Vec<(String, usize, usize)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if VERBS_BEHIND.contains(&words[at].0.as_str()) {
            found.extend(pressed_before(&words[..at]));
        }
        if !VERBS.contains(&words[at].0.as_str()) {
            at += 1;
            continue;
        }
        at += 1;
        loop {
            while words.get(at).is_some_and(|w| FILLERS.contains(&w.0.as_str())) {
                at += 1;
            }
            let Some((key, from, length)) = words.get(at).and_then(|w| Some((key(&w.0)?, w.1, w.2))) else { break };
            at += 1;
            let mut whole = key;
            // "star nine", "star and then nine"
            if whole == "*" {
                let skipped = words[at..].iter().take_while(|w| THEN.contains(&w.0.as_str()) || w.0 == "key").count();
                if let Some(next) = words.get(at + skipped).and_then(|w| self::key(&w.0)) {
                    whole.push_str(&next);
                    at += skipped + 1;
                }
            }
            found.push((whole, from, length));
            if words.get(at).is_some_and(|w| JOINERS.contains(&w.0.as_str())) {
                at += 1;
            } else {
                break;
            }
        }
    }
    found
}

/// The keys right before a verb, each with the ending that may be written onto it: «1'e veya 2'ye».
fn pressed_before(words: &[(String, usize, usize)]) -> Vec<(String, usize, usize)> {
    const ENDING_MAX: usize = 4;
    let mut rest = words;
    let mut found = Vec::new();
    loop {
        let ending = rest.last().is_some_and(|w| key(&w.0).is_none() && w.2 <= ENDING_MAX);
        let without = &rest[..rest.len() - usize::from(ending)];
        let Some((word, before)) = without.split_last() else { break };
        let Some(key) = key(&word.0) else { break };
        found.push((key, word.1, word.2));
        match before.split_last() {
            Some((joiner, before)) if JOINERS.contains(&joiner.0.as_str()) => rest = before,
            _ => break,
        }
    }
    found.reverse();
    found
}

/// Lower-case words with their place and length in characters; `*`, `#` and digits are words too.
fn words(text: &str) -> Vec<(String, usize, usize)> {
    let mut out: Vec<(String, usize, usize)> = Vec::new();
    let mut word = String::new();
    let mut from = 0;
    let mut count = 0;
    for (n, c) in text.chars().chain([' ']).enumerate() {
        if c.is_alphanumeric() || c == '*' || c == '#' {
            if word.is_empty() {
                from = n;
                count = 0;
            }
            count += 1;
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            out.push((std::mem::take(&mut word), from, count));
        }
    }
    out
}

fn key(word: &str) -> Option<String> {
    if crate::flow::node::is_key(word) {
        return Some(word.to_string());
    }
    let key = match word {
        "zero" | "ноль" => "0",
        "one" | "один" | "единицу" => "1",
        "two" | "два" | "двойку" => "2",
        "three" | "три" | "тройку" => "3",
        "four" | "четыре" => "4",
        "five" | "пять" => "5",
        "six" | "шесть" => "6",
        "seven" | "семь" => "7",
        "eight" | "восемь" => "8",
        "nine" | "девять" => "9",
        "star" | "звёздочку" | "звездочку" => "*",
        "hash" | "pound" | "решётку" | "решетку" => "#",
        _ => return None,
    };
    Some(key.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_prose() {
        for (text, expected) in [
            ("Press 1 for help, or press 2.", vec!["1", "2"]),
            ("Если это вы, нажмите 1. Или нажмите клавишу 3.", vec!["1", "3"]),
            ("Нажмите один или два.", vec!["1", "2"]),
            ("Press star nine to stop.", vec!["*9"]),
            ("нажмите звёздочку и затем девять", vec!["*9"]),
            ("Press *9, then the hash key.", vec!["*9"]),
            ("press the star key", vec!["*"]),
            ("The press wrote about 3 people.", vec![]),
            ("Нажмите", vec![]),
            ("Drücken Sie die 1 oder die 2.", vec!["1", "2"]),
            ("Tapez 1, ou appuyez sur la touche 3.", vec!["1", "3"]),
            ("Naciśnij 1 lub 2, натисніть 3", vec!["1", "2", "3"]),
            ("Ödemek için 1'e veya 2'ye basın.", vec!["1", "2"]),
            ("Төлеу үшін 1-ді басыңыз.", vec!["1"]),
            ("basın", vec![]),
        ] {
            let found: Vec<String> = pressed(text).into_iter().map(|(key, ..)| key).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
