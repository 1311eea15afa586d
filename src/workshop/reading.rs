//! What a voice actor has to read so that a recorded voice can say everything that some flows say: the texts between values,
//! sentence by sentence, and every word that a value can be said with.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::program::{Program, Take};
use crate::language::Language;
use crate::speech::vocabulary::{Extent, Places, vocabulary};
use crate::speech::{Format, NoForm, Piece, Said, Spoken, Template, say_sentences};

/// One line to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// A file name that nobody else in the script has.
    pub file: String,
    pub text: String,
    /// As the last words of a sentence, with the voice falling; otherwise with the voice going on.
    pub at_end: bool,
    /// Flow and message of a text; the formats of a word.
    pub said_in: BTreeSet<String>,
}

/// Stands for a value while a message is cut into sentences. It is a word, so that marks fall as they do around a value.
const PLACEHOLDER: &str = "q";

#[derive(Debug, Default)]
struct Reading {
    texts: BTreeMap<(String, bool), BTreeSet<String>>,
    /// Whether a value of the format stands within a sentence, and at the end of one.
    formats: Vec<(Format, bool, bool)>,
}

/// The reading list of one language; `names` are values that are known beforehand, such as creditors.
///
/// # Errors
/// A format that the language has no words for.
pub fn reading(
    programs: &[Program],
    language: Language,
    names: &[String],
    extent: &Extent<'_>,
) -> Result<Vec<Line>, NoForm> {
    let mut reading = Reading::default();
    for program in programs.iter().filter(|p| p.languages.contains(&language)) {
        for message in &program.messages {
            if let Some(take) = message.takes.get(&language).filter(|take| take.audio.is_none()) {
                reading.add(take, &format!("{}: {}", program.name, message.name), language, extent);
            }
        }
    }
    for name in names {
        for at_end in [false, true] {
            reading.texts.entry((name.clone(), at_end)).or_default().insert("names".to_owned());
        }
    }
    let mut words: BTreeMap<(String, bool), BTreeSet<String>> = BTreeMap::new();
    for (format, within, at_end) in &reading.formats {
        for (word, Places { inside, last }) in vocabulary(language, *format, extent)? {
            for (wanted, falling) in [(inside || last && *within, false), (last && *at_end, true)] {
                if wanted {
                    words.entry((word.clone(), falling)).or_default().insert(format!("| {format}"));
                }
            }
        }
    }
    let mut names = BTreeSet::new();
    let lines = reading.texts.into_iter().chain(words);
    Ok(lines
        .map(|((text, at_end), said_in)| Line { file: file_name(&text, at_end, &mut names), text, at_end, said_in })
        .collect())
}

impl Reading {
    fn add(&mut self, take: &Take, place: &str, language: Language, extent: &Extent<'_>) {
        let mut formats = Vec::new();
        let pieces = take.template.0.iter().map(|piece| match piece {
            Piece::Slot { format, .. } => {
                formats.push(*format);
                Piece::Literal { value: Spoken::Text(PLACEHOLDER.to_owned()), format: Format::Plain }
            }
            Piece::Literal { format, .. } => {
                formats.push(*format);
                Piece::Literal { value: Spoken::Text(PLACEHOLDER.to_owned()), format: Format::Plain }
            }
            other => other.clone(),
        });
        let template = Template(pieces.collect());
        // The compiler has seen to it that the text has words in this language.
        let sentences = say_sentences(&template, |_| None, language, extent.today).unwrap_or_default();
        let mut formats = formats.into_iter();
        for Said { text, values, .. } in &sentences {
            let mut from = 0;
            for value in values {
                self.text(&text[from..value.begin], false, place);
                let at_end = text[value.end..].starts_with(['.', '!', '?']);
                if let Some(format) = formats.next().filter(|format| *format != Format::Plain) {
                    self.format(format, at_end);
                }
                from = value.end;
            }
            self.text(&text[from..], text.ends_with(['.', '!', '?']), place);
        }
    }

    fn text(&mut self, text: &str, at_end: bool, place: &str) {
        let text = text.trim_matches(|c: char| !c.is_alphabetic());
        if !text.is_empty() {
            self.texts.entry((text.to_owned(), at_end)).or_default().insert(place.to_owned());
        }
    }

    fn format(&mut self, format: Format, at_end: bool) {
        let at = self.formats.iter().position(|(known, ..)| *known == format).unwrap_or_else(|| {
            self.formats.push((format, false, false));
            self.formats.len() - 1
        });
        let (_, within, end) = &mut self.formats[at];
        if at_end { *end = true } else { *within = true }
    }
}

/// `dvadtsat_end.wav`: in plain letters, so that every machine can keep it.
fn file_name(text: &str, at_end: bool, taken: &mut BTreeSet<String>) -> String {
    const LETTERS_MAX: usize = 40;
    let mut name = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' => name.push(c),
            c if latin(c).is_some() => name.push_str(latin(c).unwrap_or_default()),
            _ if name.ends_with('_') || name.is_empty() => {}
            _ => name.push('_'),
        }
        if name.len() >= LETTERS_MAX {
            break;
        }
    }
    let name = name.trim_end_matches('_');
    let name = if name.is_empty() { "text" } else { name };
    let end = if at_end { "_end" } else { "" };
    let candidates = (1..).map(|n| if n == 1 { format!("{name}{end}.wav") } else { format!("{name}_{n}{end}.wav") });
    candidates.into_iter().find(|name| taken.insert(name.clone())).expect("numbers do not end")
}

/// Letters of our languages in ASCII.
fn latin(c: char) -> Option<&'static str> {
    const LETTERS: &str = "а:a б:b в:v г:g д:d е:e ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts \
        ч:ch ш:sh щ:shch ъ: ы:y ь: э:e ю:yu я:ya ё:yo і:i ї:yi є:ye ґ:g ғ:gh қ:q ң:ng ә:a ө:o ұ:u ү:u һ:h ä:ae ö:oe ü:ue ß:ss \
        ñ:n ç:c ş:s ğ:g ı:i é:e è:e ê:e ë:e à:a â:a á:a î:i ï:i í:i ô:o ó:o û:u ù:u ú:u œ:oe æ:ae ą:a ć:c ę:e ł:l ń:n ś:s ź:z \
        ż:z";
    let mut pairs = LETTERS.split_whitespace().filter_map(|pair| pair.split_once(':'));
    pairs.find(|(from, _)| from.starts_with(c)).map(|(_, to)| to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    const FLOW: &str = r#"
flow: bill
version: 1
languages: [ru]
contact: { name: text, amount: money, due: date }
messages:
  greet: { ru: "Здравствуйте, {contact.name}! Это {company}. У нас есть вопрос." }
  debt: { ru: "Ваш долг {contact.amount | money}, срок оплаты {contact.due | date}. <break time=\"1s\"/> Нажмите 1, чтобы оплатить." }
  bye: { ru: "Долг {contact.amount | money}." }
start: hello
hotkeys: { "*9": stop }
nodes:
  hello: { say: [greet, debt], next: over }
  over: { say: bye, end: informed }
  stop: { opt_out: number, next: over }
"#;

    #[test]
    fn texts_between_values_and_the_words_of_values() {
        let program = crate::flow::compile(FLOW).program.expect("it compiles");
        let extent = Extent { number_max: 999, currencies: &[Currency::Rub], today: jiff::civil::date(2026, 11, 20) };
        let names = ["Свет".to_owned()];
        let lines = reading(&[program], "ru".parse().unwrap(), &names, &extent).unwrap();
        let texts: Vec<(&str, bool)> = lines
            .iter()
            .filter(|l| !l.said_in.iter().any(|p| p.starts_with('|')))
            .map(|l| (l.text.as_str(), l.at_end))
            .collect();
        assert_eq!(
            texts,
            [
                ("Ваш долг", false),
                ("Долг", false),
                ("Здравствуйте", false),
                ("Нажмите один, чтобы оплатить", true),
                ("Свет", false),
                ("Свет", true),
                ("У нас есть вопрос", true),
                ("Это", false),
                ("срок оплаты", false),
            ]
        );
        let word = |text: &str| -> Vec<(&str, bool)> {
            lines.iter().filter(|l| l.text == text).map(|l| (l.file.as_str(), l.at_end)).collect()
        };
        // A sum stands within a sentence and at the end of one; a date at the end only.
        assert_eq!(word("рублей"), [("rubley.wav", false), ("rubley_end.wav", true)]);
        assert_eq!(word("двести"), [("dvesti.wav", false)]);
        assert_eq!(word("двадцать"), [("dvadtsat.wav", false)]);
        assert_eq!(word("ноября"), [("noyabrya.wav", false), ("noyabrya_end.wav", true)]);
        assert!(word("тысяча").iter().all(|(_, at_end)| !at_end), "only of years");
        let files: BTreeSet<&str> = lines.iter().map(|l| l.file.as_str()).collect();
        assert_eq!(files.len(), lines.len());
    }

    #[test]
    fn files_have_plain_names() {
        let mut taken = BTreeSet::new();
        for (text, at_end, name) in [
            ("двадцать", false, "dvadtsat.wav"),
            ("двадцать", true, "dvadtsat_end.wav"),
            ("Двадцать!", false, "dvadtsat_2.wav"),
            ("fünfhundert — Fuß", false, "fuenfhundert_fuss.wav"),
            ("жиырма бес мың", false, "zhiyrma_bes_myng.wav"),
            ("语", false, "text.wav"),
            ("語", false, "text_2.wav"),
        ] {
            assert_eq!(file_name(text, at_end, &mut taken), name);
        }
    }
}
