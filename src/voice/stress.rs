//! Where the stress of a Russian word falls, for an engine that does not know. A small dictionary (`ru_stress.txt`): numbers,
//! months, money, and the words that reminders are made of. A word that is not there goes unmarked, and is understood all
//! the same.

use std::collections::HashMap;
use std::sync::LazyLock;

static WORDS: &str = include_str!("ru_stress.txt");

/// Shorter stems than this would catch strangers.
const STEM_MIN: usize = 2;

struct Dictionary {
    /// The word without its mark → how many letters stand before the mark.
    words: HashMap<String, usize>,
    stems: HashMap<String, usize>,
    /// Of words that are written together with what stands before them: «двадцатипятитысячный».
    tails: Vec<(String, usize)>,
}

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let (mut words, mut stems, mut tails) = (HashMap::new(), HashMap::new(), Vec::new());
    for entry in WORDS.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace) {
        let (tail, entry) = (entry.starts_with('*'), entry.trim_start_matches('*'));
        let Some(marked) = entry.chars().position(|c| c == '+') else { continue };
        let plain: String = entry.chars().filter(|c| !matches!(c, '+' | '*')).collect();
        if tail {
            tails.push((plain, marked));
        } else {
            if entry.ends_with('*') { &mut stems } else { &mut words }.insert(plain, marked);
        }
    }
    Dictionary { words, stems, tails }
});

/// Words that lean on their neighbour and have no stress of their own.
const CLITICS: [&str; 24] = [
    "а", "без", "бы", "в", "во", "для", "до", "же", "за", "и", "из", "к", "ко", "ли", "на", "не", "ни", "но", "о",
    "об", "от", "по", "с", "у",
];

/// Puts `+` after the stressed vowel of each word that is known. `text` is lower-case; marks already there are obeyed.
pub(super) fn mark(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphabetic() || c == '+' {
            word.push(c);
        } else {
            mark_word(&word, &mut out);
            word.clear();
            out.push(c);
        }
    }
    mark_word(&word, &mut out);
    out
}

fn mark_word(word: &str, out: &mut String) {
    match stressed(word) {
        Some(after) => {
            out.extend(word.chars().take(after));
            out.push('+');
            out.extend(word.chars().skip(after));
        }
        None => out.push_str(word),
    }
}

/// How many letters stand before the mark.
fn stressed(word: &str) -> Option<usize> {
    if word.contains('+') || CLITICS.contains(&word) {
        return None;
    }
    if let Some(after) = DICTIONARY.words.get(word) {
        return Some(*after);
    }
    let tail = DICTIONARY.tails.iter().find_map(|(tail, after)| {
        let at = word.find(tail.as_str())?;
        Some(word[..at].chars().count() + after)
    });
    if tail.is_some() {
        return tail;
    }
    if let Some(yo) = word.chars().position(|c| c == 'ё') {
        return Some(yo + 1);
    }
    let vowels: Vec<usize> =
        word.chars().enumerate().filter(|(_, c)| "аеиоуыэюя".contains(*c)).map(|(at, _)| at).collect();
    if let [only] = vowels[..] {
        return Some(only + 1);
    }
    let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).skip(STEM_MIN).collect();
    ends.into_iter().rev().find_map(|end| DICTIONARY.stems.get(&word[..end])).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked() {
        for (text, expected) in [
            ("одна тысяча двести тридцать два рубля", "одна+ ты+сяча две+сти три+дцать два+ рубля+"),
            ("двадцать пятого ноября", "два+дцать пя+того ноября+"),
            ("нажмите один.", "нажми+те оди+н."),
            ("на счёте за воду", "на счё+те за во+ду"),
            ("сло+во абракадабра", "сло+во абракадабра"),
            ("двадцатипятитысячный", "двадцатипятиты+сячный"),
        ] {
            assert_eq!(mark(text), expected);
        }
    }

    /// A mark stands after a vowel, and no entry is there twice with different stresses.
    #[test]
    fn the_dictionary_is_sound() {
        let mut seen: HashMap<(String, bool), usize> = HashMap::new();
        for entry in WORDS.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace) {
            let entry = entry.trim_start_matches('*');
            let marks: Vec<usize> = entry.chars().enumerate().filter(|(_, c)| *c == '+').map(|(at, _)| at).collect();
            assert_eq!(marks.len(), 1, "{entry}: one mark");
            let before = entry.chars().nth(marks[0] - 1).unwrap();
            assert!("аеёиоуыэюя".contains(before), "{entry}: no vowel before the mark");
            let plain: String = entry.chars().filter(|c| !matches!(c, '+' | '*')).collect();
            let old = seen.insert((plain, entry.ends_with('*')), marks[0]);
            assert!(old.is_none_or(|old| old == marks[0]), "{entry}: two stresses");
        }
    }

    /// Every word that Russian grammar makes is known.
    #[test]
    fn all_that_speech_says_is_marked() {
        for line in include_str!("../../tests/speech/ru.txt").lines() {
            let grammar = !["text", "plain", "#"].iter().any(|f| line.starts_with(f));
            let Some((_, words)) = line.split_once(" => ").filter(|(_, w)| grammar && !w.starts_with("error")) else {
                continue;
            };
            for word in words.split([' ', ',']).filter(|w| !w.is_empty() && !CLITICS.contains(w)) {
                assert!(stressed(word).is_some(), "{word} of {line}");
            }
        }
    }
}
