//! A voice made of recordings: fragments and whole messages, joined to sentences.
//!
//! `<folder>/<language>/fragments.csv` names each recording and what is said in it; the longest that fits is played. A clause with
//! a word that nobody recorded is left to the next voice, whole: half a sum in another voice is worse than none. So is a
//! name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::finish::{even, pause_ms};
use super::{Sound, VoiceError};
use crate::audio::{RATE, comfort, wav};
use crate::language::Language;
use crate::speech::vocabulary::is_between;
use crate::speech::{Said, ValueSpan, is_mark};

/// The list of a language's recordings.
pub const LIST: &str = "fragments.csv";
/// Between two fragments of one phrase: people do not glue words.
const JOIN_MS: u16 = 25;

/// Where in a phrase a recording was read: with the voice going on, or falling as at the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intonation {
    Any,
    Inside,
    End,
}

/// As the column `take` has them.
pub const INTONATIONS: [(&str, Intonation); 3] =
    [("", Intonation::Any), ("inside", Intonation::Inside), ("end", Intonation::End)];

/// The takes of one text. At least one.
#[derive(Debug, Default)]
struct Takes {
    any: Option<Vec<i16>>,
    inside: Option<Vec<i16>>,
    end: Option<Vec<i16>>,
}

impl Takes {
    fn of(&self, intonation: Intonation) -> &[i16] {
        let (first, second) = match intonation {
            Intonation::End => (&self.end, &self.inside),
            Intonation::Any | Intonation::Inside => (&self.inside, &self.end),
        };
        first.as_deref().or(self.any.as_deref()).or(second.as_deref()).expect("a text stands there with its recording")
    }
}

#[derive(Debug, Default)]
struct Inventory {
    /// By words, as [`key`] joins them.
    takes: HashMap<String, Takes>,
    /// Words of the longest text.
    longest: usize,
}

#[derive(Debug)]
pub struct Fragments {
    id: String,
    languages: BTreeMap<Language, Inventory>,
}

/// How much of a stretch is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Covers {
    All,
    Some,
    Nothing,
}

/// One part of a stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Words of the text that one recording says.
    Recorded(Range<usize>),
    /// Bytes of the text that another voice has to say.
    Gap(Range<usize>),
}

/// A word and its bytes in the text.
type Word = (String, Range<usize>);

impl Fragments {
    /// Reads every list and every recording below `folder`.
    ///
    /// # Errors
    /// All that is wrong with lists and recordings, one line each, with file and line.
    pub fn load(name: &str, folder: &Path) -> Result<Fragments, VoiceError> {
        let failed = |why: String| VoiceError::Load { voice: name.to_owned(), path: folder.to_owned(), why };
        let entries = std::fs::read_dir(folder).map_err(|e| failed(e.to_string()))?;
        let mut languages = BTreeMap::new();
        let mut faults = Vec::new();
        let mut sum = Sha256::new();
        let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        for of_language in folders {
            let code = of_language.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let (Ok(language), true) = (code.parse::<Language>(), of_language.join(LIST).is_file()) else { continue };
            languages.insert(language, Inventory::load(&of_language, &mut faults, &mut sum));
        }
        if languages.is_empty() {
            faults.push(format!("no <language>/{LIST} in it, such as ru/{LIST}"));
        }
        if !faults.is_empty() {
            return Err(failed(faults.join("; ")));
        }
        let sum = sum.finalize();
        let id = format!("recorded-{name}-{:02x}{:02x}{:02x}{:02x}", sum[0], sum[1], sum[2], sum[3]);
        Ok(Fragments { id, languages })
    }

    /// Changes with every recording.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn speaks(&self, language: Language) -> bool {
        self.languages.contains_key(&language)
    }

    /// Whether recordings alone can say this text.
    pub fn says(&self, language: Language, text: &str) -> bool {
        self.covers(language, &Said::plain(text)) == Covers::All
    }

    pub(super) fn covers(&self, language: Language, said: &Said) -> Covers {
        let Some(inventory) = self.languages.get(&language) else { return Covers::Nothing };
        let parts = inventory.parts(said, &words(&said.text));
        let recorded = parts.iter().filter(|part| matches!(part, Part::Recorded(_))).count();
        match recorded {
            0 => Covers::Nothing,
            n if n == parts.len() => Covers::All,
            _ => Covers::Some,
        }
    }

    /// The audio of a stretch, without the pause after it; what is not recorded comes from `other`. `None`: nothing of it is
    /// recorded.
    pub fn render(
        &self,
        language: Language,
        said: &Said,
        mut other: impl FnMut(&str) -> Result<Vec<i16>, VoiceError>,
    ) -> Result<Option<Vec<i16>>, VoiceError> {
        let Some(inventory) = self.languages.get(&language) else { return Ok(None) };
        let words = words(&said.text);
        let parts = inventory.parts(said, &words);
        if !parts.iter().any(|part| matches!(part, Part::Recorded(_))) {
            return Ok(None);
        }
        let mut pcm = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            let after = match part {
                Part::Recorded(range) => {
                    let after = mark_after(&said.text, words[range.end - 1].1.end);
                    let end = matches!(after, Some('.' | '!' | '?'));
                    let takes = &inventory.takes[&key(&words[range.clone()])];
                    pcm.extend_from_slice(takes.of(if end { Intonation::End } else { Intonation::Inside }));
                    after
                }
                Part::Gap(range) => {
                    let gap = &said.text[range.clone()];
                    pcm.extend(other(gap)?);
                    // The gap may have its mark within it.
                    gap.chars().next_back().filter(|c| is_mark(*c)).or_else(|| mark_after(&said.text, range.end))
                }
            };
            if n + 1 < parts.len() {
                let ms = after.map_or(JOIN_MS, pause_ms);
                pcm.extend(comfort::pcm(usize::from(ms) * RATE as usize / 1000));
            }
        }
        Ok(Some(pcm))
    }

    /// The words of a stretch that are in no recording that fits; names are nobody's fault and left out.
    pub fn missing(&self, language: Language, said: &Said) -> BTreeSet<String> {
        let words = words(&said.text);
        let name =
            |word: &Word| said.values.iter().any(|v| v.is_name && v.begin <= word.1.start && word.1.end <= v.end);
        let Some(inventory) = self.languages.get(&language) else {
            return words.iter().filter(|word| !name(word)).map(|(word, _)| word.clone()).collect();
        };
        let gaps = inventory.parts(said, &words).into_iter().filter_map(|part| match part {
            Part::Gap(range) => Some(range),
            Part::Recorded(_) => None,
        });
        let mut missing = BTreeSet::new();
        for gap in gaps {
            let inside: Vec<&Word> =
                words.iter().filter(|w| gap.start <= w.1.start && w.1.end <= gap.end && !name(w)).collect();
            let unknown = inside.iter().filter(|word| !inventory.takes.contains_key(&word.0));
            missing.extend(unknown.map(|(word, _)| word.clone()));
        }
        missing
    }
}

impl Inventory {
    fn load(folder: &Path, faults: &mut Vec<String>, sum: &mut Sha256) -> Inventory {
        let list = folder.join(LIST);
        let mut inventory = Inventory::default();
        let bytes = match std::fs::read(&list) {
            Ok(bytes) => bytes,
            Err(e) => {
                faults.push(format!("{}: {e}", list.display()));
                return inventory;
            }
        };
        sum.update(&bytes);
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text);
        let column = |headers: &csv::StringRecord, name: &str| headers.iter().position(|h| h == name);
        let headers = reader.headers().cloned().unwrap_or_default();
        let (Some(file), Some(text)) = (column(&headers, "file"), column(&headers, "text")) else {
            faults.push(format!("{}:1: expected the columns `file` and `text`, and perhaps `take`", list.display()));
            return inventory;
        };
        let take = column(&headers, "take");
        for row in reader.records() {
            let row = match row {
                Ok(row) => row,
                Err(e) => {
                    faults.push(format!("{}: {e}", list.display()));
                    continue;
                }
            };
            let line = row.position().map_or(0, |p| p.line());
            let place = format!("{}:{line}", list.display());
            let (file, text) = (row.get(file).unwrap_or_default(), row.get(text).unwrap_or_default());
            let written = take.and_then(|take| row.get(take)).unwrap_or_default();
            let Some((_, intonation)) = INTONATIONS.iter().find(|(name, _)| *name == written) else {
                faults.push(format!("{place}: `{written}` is no take: expected `inside`, `end`, or nothing"));
                continue;
            };
            let words = words(text);
            if words.is_empty() {
                faults.push(format!("{place}: the text has no word in it"));
                continue;
            }
            if !super::recorded::is_plain(file) {
                faults.push(format!("{place}: `{file}` is no plain file name (A-Z a-z 0-9 . _ -)"));
                continue;
            }
            let path = folder.join(file);
            // Not yet recorded: it is missing, and named when it is wanted.
            if !path.is_file() {
                continue;
            }
            match read(&path) {
                Ok(pcm) => {
                    sum.update((pcm.len() as u64).to_le_bytes());
                    sum.update(pcm.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>());
                    let takes = inventory.takes.entry(key(&words)).or_default();
                    let place_of = match intonation {
                        Intonation::Any => &mut takes.any,
                        Intonation::Inside => &mut takes.inside,
                        Intonation::End => &mut takes.end,
                    };
                    if place_of.replace(pcm).is_some() {
                        faults.push(format!("{place}: `{text}` has this take already"));
                    }
                    inventory.longest = inventory.longest.max(words.len());
                }
                Err(why) => faults.push(format!("{place}: {file}: {why}")),
            }
        }
        inventory
    }

    /// How a stretch is put together. Gaps that follow each other are one, so that the other voice gives them their melody.
    fn parts(&self, said: &Said, words: &[Word]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let value = said.values.iter().find(|v| v.begin <= words[at].1.start && words[at].1.end <= v.end);
            let until = self.segment_end(said, words, at, value);
            let clause = clause_end(&said.text, words, at, until, value.is_some());
            match self.cover(words, at..until, clause) {
                Some(recorded) => {
                    at = recorded.last().expect("one at least").end;
                    parts.extend(recorded.into_iter().map(Part::Recorded));
                }
                None => {
                    let bytes = words[at].1.start..words[clause - 1].1.end;
                    match parts.last_mut() {
                        Some(Part::Gap(before)) => before.end = bytes.end,
                        _ => parts.push(Part::Gap(bytes)),
                    }
                    at = clause;
                }
            }
        }
        // The other voice hears the mark, and lets its melody fall.
        for part in &mut parts {
            if let Part::Gap(bytes) = part
                && mark_after(&said.text, bytes.end).is_some()
            {
                bytes.end += 1;
            }
        }
        parts
    }

    /// The first word that is not of the same value, or of the same text between values.
    fn segment_end(&self, said: &Said, words: &[Word], at: usize, value: Option<&ValueSpan>) -> usize {
        let beyond = |word: &Word| match value {
            Some(value) => word.1.start >= value.end,
            None => said.values.iter().any(|v| v.begin <= word.1.start && word.1.end <= v.end),
        };
        words[at..].iter().position(beyond).map_or(words.len(), |n| at + n)
    }

    /// Recordings for the words from the beginning of `segment` to `clause` at least, the longest first at each step, ending where a
    /// clause may end. `None`: a word has none.
    fn cover(&self, words: &[Word], segment: Range<usize>, clause: usize) -> Option<Vec<Range<usize>>> {
        let mut at = segment.start;
        let mut found = Vec::new();
        while at < clause {
            let most = (segment.end - at).min(self.longest);
            let length = (1..=most).rev().find(|n| self.takes.contains_key(&key(&words[at..at + n])))?;
            found.push(at..at + length);
            at += length;
        }
        Some(found)
    }
}

/// The first word after the next mark. A value is never cut.
fn clause_end(text: &str, words: &[Word], at: usize, until: usize, is_value: bool) -> usize {
    if is_value {
        return until;
    }
    (at..until).find(|n| mark_after(text, words[*n].1.end).is_some()).map_or(until, |n| n + 1)
}

/// The mark right after a word.
fn mark_after(text: &str, end: usize) -> Option<char> {
    let rest = text[end..].trim_start_matches(' ');
    match rest.chars().next() {
        Some('—') => Some(','),
        mark => mark.filter(|c| is_mark(*c)),
    }
}

fn words(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let mut begin = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (is_between(c), begin) {
            (false, None) => begin = Some(at),
            (true, Some(from)) => {
                let word = text[from..at].replace('\u{301}', "").to_lowercase();
                found.push((word, from..at));
                begin = None;
            }
            _ => {}
        }
    }
    found
}

fn key(words: &[Word]) -> String {
    words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ")
}

fn read(path: &Path) -> Result<Vec<i16>, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let pcm = wav::read(BufReader::new(file)).map_err(|e| e.to_string())?;
    let pcm = even(Sound { pcm, rate: RATE });
    if pcm.is_empty() { Err("it holds no sound".to_owned()) } else { Ok(pcm) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{level, tone};
    use crate::speech::{Format, Piece, Spoken, Template, say_sentences};

    /// A template written with its values, as `say` has it: `{value | format}`.
    fn said(message: &str) -> Vec<Said> {
        let (mut pieces, mut rest) = (Vec::new(), message);
        while let Some((text, slot)) = rest.split_once('{') {
            let (slot, after) = slot.split_once('}').unwrap();
            let (value, format) = slot.split_once('|').unwrap_or((slot, ""));
            let format: Format = format.parse().unwrap();
            pieces.push(Piece::Text(text.to_owned()));
            pieces.push(Piece::Literal { value: Spoken::read(value, format).unwrap(), format });
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        say_sentences(&Template(pieces), |_| None, Language::RU, jiff::civil::date(2026, 11, 20)).unwrap()
    }

    fn inventory(texts: &[&str]) -> Inventory {
        let mut inventory = Inventory::default();
        for text in texts {
            let words = words(text);
            inventory.longest = inventory.longest.max(words.len());
            inventory.takes.insert(key(&words), Takes { any: Some(vec![0]), ..Takes::default() });
        }
        inventory
    }

    /// What is recorded in brackets, what another voice says without.
    #[test]
    fn the_longest_recordings_and_whole_clauses_of_another_voice() {
        let recorded = [
            "Здравствуйте",
            "Здравствуйте, это Горводоканал",
            "ваш долг",
            "ваш",
            "один",
            "двадцать",
            "два",
            "рубля",
            "рублей",
            "сорок",
            "двадцать пятого",
            "ноября",
            "срок оплаты",
            "нажмите",
        ];
        for (message, expected) in [
            ("Здравствуйте! Это Горводоканал.", "[Здравствуйте]! | Это Горводоканал."),
            ("Здравствуйте, это Горводоканал.", "[Здравствуйте, это Горводоканал]."),
            ("Ваш долг {22 RUB|money}.", "[Ваш долг] [двадцать] [два] [рубля]."),
            // A word of the sum is missing: all of the sum is.
            ("Ваш долг {23 RUB|money}.", "[Ваш долг] двадцать три рубля."),
            (
                "Ваш долг {43 RUB|money}, срок оплаты {2026-11-25|date}.",
                "[Ваш долг] сорок три рубля, [срок оплаты] [двадцать пятого] [ноября].",
            ),
            // So is a clause of the text, and no more than it.
            ("Ваш долг велик, нажмите 1.", "Ваш долг велик, [нажмите] [один]."),
            // A name that is made of recorded words is said by them.
            ("Ваш долг, {Анна}, {2 RUB|money}.", "[Ваш долг], Анна, [два] [рубля]."),
            ("{Анна}, ваш долг.", "Анна, [ваш долг]."),
            // A recording does not reach from the text into a value.
            ("Двадцать {5 RUB|money}.", "[Двадцать] пять рублей."),
            ("Кто это?", "Кто это?"),
        ] {
            let shown: Vec<String> = said(message)
                .iter()
                .map(|said| {
                    let words = words(&said.text);
                    let mut shown = String::new();
                    let mut done = 0;
                    for part in inventory(&recorded).parts(said, &words) {
                        let (bytes, open, close) = match part {
                            Part::Recorded(range) => (words[range.start].1.start..words[range.end - 1].1.end, "[", "]"),
                            Part::Gap(bytes) => (bytes, "", ""),
                        };
                        shown += &said.text[done..bytes.start];
                        done = bytes.end;
                        shown += &format!("{open}{}{close}", &said.text[bytes]);
                    }
                    shown + &said.text[done..]
                })
                .collect();
            assert_eq!(shown.join(" | "), expected, "{message}");
        }
    }

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(list: &str, files: &[(&str, f64)]) -> Folder {
            let folder = tempfile::tempdir().unwrap();
            let ru = folder.path().join("ru");
            std::fs::create_dir(&ru).unwrap();
            std::fs::write(ru.join(LIST), list).unwrap();
            for (name, hz) in files {
                let pcm = [tone::silence(200), tone::sine(*hz, 400, 2000), tone::silence(300)].concat();
                wav::write(File::create(ru.join(name)).unwrap(), &pcm).unwrap();
            }
            Folder(folder)
        }

        fn load(&self) -> Result<Fragments, VoiceError> {
            Fragments::load("anna", self.0.path())
        }
    }

    fn hertz(pcm: &[i16]) -> f64 {
        let ups = pcm.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
        ups as f64 * f64::from(RATE) / pcm.len() as f64
    }

    /// The take that rises inside a sentence, the one that falls at its end; trimmed, levelled, with a pause between.
    #[test]
    fn takes_by_their_place() {
        let list = "file,text,take\na.wav,рублей,inside\nb.wav,рублей,end\nc.wav,пять,\n";
        let folder = Folder::with(list, &[("a.wav", 300.0), ("b.wav", 600.0), ("c.wav", 900.0)]);
        let voice = folder.load().unwrap();
        for (message, last) in [("{5 RUB|money}.", 600.0), ("{5 RUB|money}, пять.", 300.0)] {
            let pcm = voice.render(Language::RU, &said(message)[0], |_| panic!("all is recorded")).unwrap().unwrap();
            let (five, roubles) = (&pcm[400..2800], &pcm[4000..6400]);
            assert!((hertz(five) - 900.0).abs() < 20.0, "{message}: {}", hertz(five));
            assert!((hertz(roubles) - last).abs() < 20.0, "{message}: {}", hertz(roubles));
            let loud = level::loudness(roubles).unwrap() - level::TARGET_LUFS;
            assert!(loud.abs() < 0.5, "{message}: {loud}");
            let between = level::rms(&pcm[3400..3460]);
            assert!(between < 60.0, "{message}: {between} between the words");
        }
        // A name in between comes from another voice, with its mark.
        let mut asked = Vec::new();
        let other = |text: &str| {
            asked.push(text.to_owned());
            Ok(vec![1000; 800])
        };
        voice.render(Language::RU, &said("Пять, {Анна Ким}! Пять")[0], other).unwrap().unwrap();
        assert_eq!(asked, ["Анна Ким!"]);
        let nothing = voice.render(Language::RU, &said("Кто это?")[0], |_| panic!("not asked by us")).unwrap();
        assert_eq!(nothing, None);
        assert!(
            voice.says(Language::RU, "Пять, пять")
                && !voice.says(Language::RU, "шесть")
                && !voice.says(Language::EN, "пять")
        );
        let all =
            |message: &str| voice.missing(Language::RU, &said(message)[0]).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(all("{Анна}, {5 RUB|money}, {2 RUB|money}."), "два рубля");
    }

    #[test]
    fn another_recording_is_another_voice() {
        let list = "file,text\na.wav,пять\n";
        let first = Folder::with(list, &[("a.wav", 300.0)]).load().unwrap();
        let same = Folder::with(list, &[("a.wav", 300.0)]).load().unwrap();
        let other = Folder::with(list, &[("a.wav", 310.0)]).load().unwrap();
        assert_eq!(first.id(), same.id());
        assert_ne!(first.id(), other.id());
        assert!(first.id().starts_with("recorded-anna-"));
    }

    #[test]
    fn faults_of_a_list_are_all_told() {
        let list = "file,text,take\na.wav,пять,\na.wav,Пять!,\nb.wav,шесть,rising\n../c.wav,семь,\nd.wav,...,\nbad.wav,восемь,\nnone.wav,девять,\n";
        let folder = Folder::with(list, &[("a.wav", 300.0), ("b.wav", 300.0)]);
        std::fs::write(folder.0.path().join("ru/bad.wav"), b"no sound").unwrap();
        let error = folder.load().unwrap_err().to_string();
        for fault in [
            "fragments.csv:3: `Пять!` has this take already",
            "fragments.csv:4: `rising` is no take: expected `inside`, `end`, or nothing",
            "fragments.csv:5: `../c.wav` is no plain file name",
            "fragments.csv:6: the text has no word in it",
            "fragments.csv:7: bad.wav: not a readable WAV",
        ] {
            assert!(error.contains(fault), "{fault}: {error}");
        }
        assert!(!error.contains("none.wav"), "what is not recorded yet is no fault: {error}");
        let empty = tempfile::tempdir().unwrap();
        let error = Fragments::load("anna", empty.path()).unwrap_err().to_string();
        assert!(error.contains("no <language>/fragments.csv in it"), "{error}");
        let error = Folder::with("name,words\n", &[]).load().unwrap_err().to_string();
        assert!(error.contains("expected the columns `file` and `text`"), "{error}");
    }
}
