//! How names are said: dictionaries that an operator writes, put in place of the words just before an engine gets them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::language::Language;
use crate::speech::{self, Piece, Template};

/// Larger files are no dictionaries of names.
const BYTES_MAX: u64 = 16 << 20;
const WORD_LETTERS_MAX: usize = 200;
const SAY_LETTERS_MAX: usize = 500;
/// Faults that are told of one file; more are of the same making.
const FAULTS_MAX: usize = 20;

/// Vowels of the languages that people have stress marks for. U+0301 stands after one of them.
const VOWELS: &str = "aeiouyàâäæèéêëìîïòôöùûüąęóıаеёиоуыэюяіїєәөүұў";
const STRESS: char = '\u{301}';

/// Words and how they are said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lexicon {
    /// By the first word, folded; of those that begin with it, the longest first.
    words: HashMap<String, Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    /// What follows the first word, folded, spaces collapsed.
    rest: Vec<char>,
    say: String,
}

/// What is wrong with a dictionary, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {why}", file.display(), line.map_or(String::new(), |line| format!(":{line}")))]
pub struct LexiconFault {
    pub file: PathBuf,
    /// `None`: it is about the whole file.
    pub line: Option<u64>,
    pub why: String,
}

impl Lexicon {
    /// # Errors
    /// All that is wrong with the file, up to a bound.
    ///
    /// Texts come in words (`speech`): "5G" is "five G" by then, and "Г.У.П." is "Г. У. П.". So entries are read as texts of their
    /// language are.
    pub fn read(path: &Path, language: Language) -> Result<Lexicon, Vec<LexiconFault>> {
        let in_words = |text: &str| {
            let template = Template(vec![Piece::Text(text.to_owned())]);
            speech::say(&template, |_| None, language, jiff::civil::date(2026, 1, 1))
                .unwrap_or_else(|_| text.to_owned())
        };
        let fault = |why: String| vec![LexiconFault { file: path.to_owned(), line: None, why }];
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes));
        read.map_err(|e| fault(format!("the pronunciation dictionary cannot be read: {e}")))?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(fault(format!("longer than {BYTES_MAX} bytes: it is meant for names, not for a language")));
        }
        Lexicon::parse(&bytes, &in_words).map_err(|faults| {
            let place = |(line, why)| LexiconFault { file: path.to_owned(), line: Some(line), why };
            faults.into_iter().take(FAULTS_MAX).map(place).collect()
        })
    }

    /// From the CSV `word,say`, or `word;say` as spreadsheets of some countries write it.
    fn parse(bytes: &[u8], in_words: &dyn Fn(&str) -> String) -> Result<Lexicon, Vec<(u64, String)>> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let line = 1 + bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count();
            vec![(line as u64, "not UTF-8: save the file as \"CSV UTF-8\"".to_string())]
        })?;
        let header = text.lines().next().unwrap_or("");
        let delimiter = if header.contains(';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).trim(csv::Trim::All).delimiter(delimiter);
        let mut records = reader.from_reader(text.as_bytes()).into_records();
        let is_header = records.next().is_some_and(|r| r.is_ok_and(|r| r.iter().eq(["word", "say"])));
        if !is_header {
            return Err(vec![(1, "the first line is not `word,say`: write it there".to_string())]);
        }
        let (mut lexicon, mut lines, mut faults) = (Lexicon::default(), HashMap::new(), Vec::new());
        for record in records {
            let record = match record {
                Ok(record) => record,
                Err(e) => {
                    faults.push((e.position().map_or(1, csv::Position::line), "not readable as CSV".to_string()));
                    break;
                }
            };
            let line = record.position().map_or(1, |at| line_of(text, at));
            match entry(&record, in_words) {
                Ok((first, entry)) => {
                    let before = *lines.entry((first.clone(), entry.rest.clone())).or_insert(line);
                    if before == line {
                        lexicon.put(first, entry);
                    } else {
                        faults.push((line, format!("this word stands in line {before} already: keep one of them")));
                    }
                }
                Err(why) => faults.push((line, why)),
            }
        }
        if faults.is_empty() { Ok(lexicon) } else { Err(faults) }
    }

    /// With all of `other`, which wins.
    pub fn overlaid(&self, other: &Lexicon) -> Lexicon {
        let mut both = self.clone();
        for (first, entries) in &other.words {
            entries.iter().for_each(|entry| both.put(first.clone(), entry.clone()));
        }
        both
    }

    fn put(&mut self, first: String, entry: Entry) {
        let entries = self.words.entry(first).or_default();
        entries.retain(|old| old.rest != entry.rest);
        let at = entries.partition_point(|old| old.rest.len() >= entry.rest.len());
        entries.insert(at, entry);
    }

    /// The text as it is to be said: whole words that stand here, in any case of letters, the longest first, each once.
    pub fn pronounce<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.words.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out: Option<String> = None;
        // `copied` bytes of the text are in `out`, or would be.
        let (mut copied, mut at) = (0, 0);
        while let Some(begin) = text[at..].find(is_of_word).map(|n| at + n) {
            let first_end = text[begin..].find(|c| !is_of_word(c)).map_or(text.len(), |n| begin + n);
            at = first_end;
            let Some(entries) = self.words.get(&fold(&text[begin..first_end])) else { continue };
            let found = entries.iter().find_map(|e| Some((e, first_end + match_rest(&e.rest, &text[first_end..])?)));
            if let Some((entry, end)) = found {
                let out = out.get_or_insert_default();
                out.push_str(&text[copied..begin]);
                out.push_str(&entry.say);
                (copied, at) = (end, end);
            }
        }
        match out {
            Some(out) => Cow::Owned(out + &text[copied..]),
            None => Cow::Borrowed(text),
        }
    }
}

/// A stress mark belongs to its word: a word that is marked already is another word than the unmarked one.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == STRESS
}

fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// One for one, so that places in a text stay what they are.
fn fold_char(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// How many bytes of `text` are `rest`, if it begins with it and no word goes on after it.
fn match_rest(rest: &[char], text: &str) -> Option<usize> {
    let mut left = text;
    for expected in rest {
        let c = left.chars().next()?;
        if *expected == ' ' && c.is_whitespace() {
            left = left.trim_start();
        } else if fold_char(c) == *expected {
            left = &left[c.len_utf8()..];
        } else {
            return None;
        }
    }
    let goes_on = rest.last().is_some_and(|last| is_of_word(*last)) && left.starts_with(is_of_word);
    (!goes_on).then_some(text.len() - left.len())
}

/// The reader's places lie before the empty lines that it passes over.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let ahead = text.as_bytes().get(at.byte() as usize..).unwrap_or(&[]);
    let empty = ahead.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    at.line() + empty.filter(|b| **b == b'\n').count() as u64
}

/// The first word of an entry, and the entry; or why it is none.
fn entry(record: &csv::StringRecord, in_words: &dyn Fn(&str) -> String) -> Result<(String, Entry), String> {
    let (word, say) = match record.iter().collect::<Vec<_>>()[..] {
        [word, say] => (in_words(word), in_words(say)),
        _ => return Err("expected two fields, word and say: put a field that has a comma in it between quotes".into()),
    };
    if !word.starts_with(char::is_alphanumeric) {
        return Err("a word begins with a letter or a digit: write one".into());
    }
    if word.chars().count() > WORD_LETTERS_MAX || say.chars().count() > SAY_LETTERS_MAX {
        return Err(format!("too long: a word has up to {WORD_LETTERS_MAX} letters, what is said {SAY_LETTERS_MAX}"));
    }
    if !say.contains(char::is_alphanumeric) || say.contains(char::is_control) {
        return Err("nothing that can be said: write how it is spoken, in letters, on one line".into());
    }
    let mut before = ' ';
    for c in say.chars() {
        if c == STRESS && !VOWELS.contains(fold_char(before)) {
            return Err("a stress mark (U+0301) stands after the vowel that it is for: move it".into());
        }
        before = c;
    }
    let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
    let first_end = word.find(|c| !is_of_word(c)).unwrap_or(word.len());
    let (first, rest) = word.split_at(first_end);
    Ok((fold(first), Entry { rest: rest.chars().map(fold_char).collect(), say }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon(csv: &str) -> Lexicon {
        Lexicon::parse(csv.as_bytes(), &str::to_owned).unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    #[test]
    fn words_as_they_are_said() {
        let lexicon = lexicon(
            "\u{feff}word,say\nГорводоканал,Горводокана\u{301}л\nСНТ,эс эн тэ\nСНТ Ромашка,садо\u{301}вое товарищество Ромашка\n\
             \"ул. Ленина\",улица Ле\u{301}нина\nГ.У.П.,гэ у пэ\nT-Bank,Tee Bank\n5G,five gee\n\"ООО, точка\",о\u{301}бщество\n",
        );
        for (text, expected) in [
            ("«Горводоканал» ждёт.", "«Горводокана\u{301}л» ждёт."),
            ("ГОРВОДОКАНАЛ", "Горводокана\u{301}л"),
            ("Вас ждёт СНТ.", "Вас ждёт эс эн тэ."),
            ("снт, СНТ", "эс эн тэ, эс эн тэ"),
            ("СНТ  ромашка", "садо\u{301}вое товарищество Ромашка"),
            ("СНТ Ромашкам", "эс эн тэ Ромашкам"),
            ("ул. Ленина, 5", "улица Ле\u{301}нина, 5"),
            ("ул. Лени", "ул. Лени"),
            ("г.у.п. и Г.У.П", "гэ у пэ и Г.У.П"),
            ("at T-Bank", "at Tee Bank"),
            ("5g", "five gee"),
            ("15G 5GX", "15G 5GX"),
            ("ООО, точка", "о\u{301}бщество"),
            ("Горводоканала", "Горводоканала"),
            ("Горводо\u{301}канал", "Горводо\u{301}канал"),
            ("Мосгорводоканал", "Мосгорводоканал"),
            ("", ""),
            ("…", "…"),
        ] {
            assert_eq!(lexicon.pronounce(text), expected, "{text}");
        }
        assert!(matches!(lexicon.pronounce("nothing of it"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_said_is_not_read_again() {
        assert_eq!(lexicon("word;say\nа;б\nб;а\n").pronounce("а б"), "б а");
    }

    #[test]
    fn the_creditor_wins() {
        let all = lexicon("word,say\nСНТ,эс эн тэ\nТСЖ,тэ эс жэ\n");
        let own = lexicon("word,say\nснт,товарищество\nСНТ Заря,Заря\n");
        assert_eq!(all.overlaid(&own).pronounce("СНТ, СНТ Заря, ТСЖ"), "товарищество, Заря, тэ эс жэ");
        assert_eq!(all.pronounce("СНТ"), "эс эн тэ");
    }

    #[test]
    fn faults_have_a_line_and_say_what_to_do() {
        for (csv, line, words) in [
            ("СНТ,эс эн тэ\n", 1, "write it there"),
            ("", 1, "write it there"),
            ("word,say\nСНТ\n", 2, "two fields"),
            ("word,say\n\na,b,c\n", 3, "two fields"),
            ("word,say\n«СНТ»,эс\n", 2, "begins with a letter"),
            ("word,say\nСНТ,\n", 2, "nothing that can be said"),
            ("word,say\nСНТ,\"a\nb\"\n", 2, "on one line"),
            ("word,say\nСНТ,с\u{301}нт\n", 2, "after the vowel"),
            ("word,say\nСНТ,\u{301}\n", 2, "nothing that can be said"),
            ("word,say\nСНТ,а\nдом,дом\nснт,б\n", 4, "line 2 already"),
        ] {
            let faults = Lexicon::parse(csv.as_bytes(), &str::to_owned).expect_err(csv);
            assert_eq!(faults.len(), 1, "{csv}: {faults:?}");
            assert_eq!(faults[0].0, line, "{csv}: {faults:?}");
            assert!(faults[0].1.contains(words), "{csv}: {faults:?}");
        }
        let faults = Lexicon::parse(b"word,say\n\xD1\xCD,x\n", &str::to_owned).unwrap_err();
        assert_eq!((faults[0].0, faults[0].1.contains("UTF-8")), (2, true));
        assert_eq!(
            Lexicon::parse("word,say\nа,\nб,\n".as_bytes(), &str::to_owned).unwrap_err().len(),
            2,
            "all at once"
        );
        let fault = &Lexicon::read(Path::new("no/such.csv"), Language::RU).unwrap_err()[0];
        assert!(fault.to_string().starts_with("no/such.csv: the pronunciation dictionary cannot be read"), "{fault}");
    }
}
