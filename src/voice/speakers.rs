//! Who speaks when, and how names are said then: for everybody, and what differs for a creditor.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::VoiceError;
use super::lexicon::Lexicon;
use super::set::Named;
use crate::config::voices::Speech;
use crate::language::Language;

/// As the settings say. A language that is not there is spoken by whoever can.
#[derive(Default)]
pub(super) struct Speakers {
    all: Choice,
    creditors: BTreeMap<String, Choice>,
}

#[derive(Default)]
struct Choice {
    /// Places in the list of voices, the preferred first.
    speakers: BTreeMap<Language, Vec<usize>>,
    lexicons: BTreeMap<Language, Lexicon>,
}

impl Speakers {
    /// `problems` takes what the settings name and is not here, or cannot be read.
    pub fn of(speech: &Speech, voices: &[Named], problems: &mut Vec<VoiceError>) -> Speakers {
        let all = Choice {
            speakers: places(&speech.speakers, speech, voices, problems),
            lexicons: lexicons(&speech.pronunciation, problems),
        };
        let mut creditors = BTreeMap::new();
        for (creditor, differs) in &speech.creditors {
            let speakers = places(&differs.speakers, speech, voices, problems);
            let own = lexicons(&differs.pronunciation, problems).into_iter().map(|(language, own)| {
                let both = all.lexicons.get(&language).map(|all| all.overlaid(&own));
                (language, both.unwrap_or(own))
            });
            creditors.insert(creditor.clone(), Choice { speakers, lexicons: own.collect() });
        }
        Speakers { all, creditors }
    }

    /// `None`: the settings say nothing.
    pub fn named(&self, language: Language, creditor: &str) -> Option<&[usize]> {
        let own = self.creditors.get(creditor).and_then(|own| own.speakers.get(&language));
        own.or_else(|| self.all.speakers.get(&language)).map(Vec::as_slice)
    }

    pub fn pronounce<'a>(&self, language: Language, creditor: &str, text: &'a str) -> Cow<'a, str> {
        let own = self.creditors.get(creditor).and_then(|own| own.lexicons.get(&language));
        match own.or_else(|| self.all.lexicons.get(&language)) {
            Some(lexicon) => lexicon.pronounce(text),
            None => Cow::Borrowed(text),
        }
    }
}

fn places(
    named: &BTreeMap<Language, Vec<String>>,
    speech: &Speech,
    voices: &[Named],
    problems: &mut Vec<VoiceError>,
) -> BTreeMap<Language, Vec<usize>> {
    let mut place = |language: Language, name: &String| {
        let found = voices.iter().position(|voice| voice.name == *name);
        let why = match found {
            Some(at) if voices[at].speaker.speaks(language) => return Some(at),
            Some(_) => format!("it is named to speak `{language}`, and does not speak it: name another"),
            // Why it could not be loaded has been said.
            None if speech.voices.contains_key(name) => return None,
            None => {
                let get = if name == "espeak" { "install espeak-ng" } else { "run `make setup`" };
                format!("it is named to speak `{language}`, and is not here: {get}, or name another")
            }
        };
        problems.push(VoiceError::Speaker { voice: name.clone(), why });
        None
    };
    let of = |(language, names): (&Language, &Vec<String>)| {
        (*language, names.iter().filter_map(|name| place(*language, name)).collect())
    };
    named.iter().map(of).collect()
}

fn lexicons(files: &BTreeMap<Language, PathBuf>, problems: &mut Vec<VoiceError>) -> BTreeMap<Language, Lexicon> {
    let mut read = BTreeMap::new();
    for (language, file) in files {
        match Lexicon::read(file, *language) {
            Ok(lexicon) => {
                read.insert(*language, lexicon);
            }
            Err(faults) => problems.extend(faults.into_iter().map(VoiceError::Lexicon)),
        }
    }
    read
}
