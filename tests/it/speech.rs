//! What each language says, held against tables that a speaker of it can read: `tests/speech/<code>.txt`.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::{Date, Time, date};
use ringback::language::Language;
use ringback::speech::{Format, Manner, Piece, Spoken, Template, languages, say, say_pieces, say_sentences};

const TODAY: Date = date(2026, 11, 20);

/// Checks every line of a table; all that are wrong are shown at once.
fn check(language: Language, table: &str) {
    let mut wrong = Vec::new();
    let mut cases = BTreeSet::new();
    for (number, line) in table.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
        let line_number = number + 1;
        let (case, expected) = line.split_once(" => ").unwrap_or_else(|| panic!("{language}:{line_number}: no ` => `"));
        let (format, value) = case.split_once(": ").unwrap_or_else(|| panic!("{language}:{line_number}: no `: `"));
        let said = said(language, format, value).unwrap_or_else(|error| format!("error: {error}"));
        if said != expected {
            wrong.push(format!("line {line_number}: {case}\n    says    {said}\n    expects {expected}"));
        }
        assert!(
            expected.starts_with("error: ") || !said.chars().any(|c| c.is_numeric()),
            "{language}:{line_number}: a digit is left in {said}"
        );
        assert!(cases.insert(case.to_owned()), "{language}:{line_number}: {case} stands there twice");
    }
    assert!(wrong.is_empty(), "{language}: {} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    let least = if [Language::RU, Language::EN].contains(&language) { 800 } else { 200 };
    assert!(cases.len() >= least, "{language}: only {} cases, {least} are asked for", cases.len());
}

fn said(language: Language, format: &str, value: &str) -> Result<String, String> {
    if format == "text" {
        let template = Template(vec![Piece::Text(value.to_owned())]);
        return say(&template, |_| None, language, TODAY).map_err(|e| e.to_string());
    }
    let format: Format = format.parse().map_err(|e| format!("{e}"))?;
    let spoken = match format {
        Format::Plain => Spoken::Text(value.to_owned()),
        Format::Money(_) => Spoken::Money(value.parse().map_err(|e| format!("{e}"))?),
        Format::Date(..) => Spoken::Date(value.parse().map_err(|e| format!("{e}"))?),
        Format::Number(..) | Format::Ordinal(..) | Format::Count(..) | Format::Duration(_) => {
            Spoken::Number(value.parse().map_err(|e| format!("{e}"))?)
        }
        Format::Digits | Format::Phone => Spoken::Digits(value.to_owned()),
        Format::Time(_) => Spoken::Time(Time::strptime("%H:%M", value).map_err(|e| e.to_string())?),
    };
    let template = Template(vec![Piece::Slot { slot: 0, format }]);
    say(&template, |_| Some(spoken.clone()), language, TODAY).map_err(|e| e.to_string())
}

/// Every language that has a grammar has its table, and every table its language.
#[test]
fn tables_of_all_languages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/speech");
    let mut tables = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "txt") {
            tables.insert(path.file_stem().unwrap().to_str().unwrap().parse::<Language>().unwrap());
        }
    }
    let with_grammar: BTreeSet<Language> = languages().collect();
    assert_eq!(tables, with_grammar, "tests/speech/<code>.txt against src/speech/lang/<code>.rs");
    for language in tables {
        check(language, &std::fs::read_to_string(folder.join(format!("{language}.txt"))).unwrap());
    }
}

fn template(pieces: &[(&str, Option<&str>)]) -> Template {
    let mut slot = 0;
    let pieces = pieces.iter().map(|(text, format)| match format {
        None => Piece::Text((*text).to_owned()),
        Some(format) => {
            slot += 1;
            Piece::Slot { slot: slot - 1, format: format.parse().unwrap() }
        }
    });
    Template(pieces.collect())
}

fn texts(said: Vec<ringback::speech::Said>) -> Vec<String> {
    said.into_iter().map(|said| said.text).collect()
}

#[test]
fn sentences_end_outside_of_values() {
    let message = template(&[
        ("Здравствуйте! Это ", None),
        ("", Some("")),
        (". Ваш долг ", None),
        ("", Some("money")),
        (", к оплате ", None),
        ("", Some("date relative")),
        ("… Нажмите", None),
        ("", Some("digits")),
        ("раз", None),
    ]);
    let values = [
        Spoken::Text("А. Б. Иванов".into()),
        Spoken::Money("2 RUB".parse().unwrap()),
        Spoken::Date(date(2026, 11, 25)),
        Spoken::Digits("12345".into()),
    ];
    let said = say_sentences(&message, |slot| values.get(slot).cloned(), Language::RU, TODAY).unwrap();
    let shown: Vec<(&str, Vec<&str>)> = said
        .iter()
        .map(|said| (said.text.as_str(), said.values.iter().map(|value| &said.text[value.begin..value.end]).collect()))
        .collect();
    assert_eq!(
        shown,
        [
            ("Здравствуйте!", vec![]),
            ("Это А. Б. Иванов.", vec!["А. Б. Иванов"]),
            ("Ваш долг два рубля, к оплате в среду двадцать пятого.", vec!["два рубля", "в среду двадцать пятого"]),
            ("Нажмите один два три, четыре пять раз", vec!["один два три, четыре пять"]),
        ]
    );
}

/// Markup cuts a message into stretches of one manner, with silences after them.
#[test]
fn manners_and_breaks() {
    let slow = Manner { rate_percent: 80, ..Manner::default() };
    let message = Template(vec![
        Piece::Break(200),
        Piece::Text("Your code is ".into()),
        Piece::Manner(slow),
        Piece::Literal { value: Spoken::Digits("42".into()), format: Format::Digits },
        Piece::Manner(Manner::default()),
        Piece::Text(". ".into()),
        Piece::Break(500),
        Piece::Text("Thank you. Bye.".into()),
    ]);
    let show = |said: Vec<ringback::speech::Said>| -> Vec<(String, u16, u16)> {
        said.into_iter().map(|said| (said.text, said.manner.rate_percent, said.break_ms)).collect()
    };
    let line = |text: &str, rate, silence| (text.to_owned(), rate, silence);
    assert_eq!(
        show(say_sentences(&message, |_| None, Language::EN, TODAY).unwrap()),
        [
            line("", 100, 200),
            line("Your code is", 100, 0),
            line("four two.", 80, 500),
            line("Thank you.", 100, 0),
            line("Bye.", 100, 0)
        ]
    );
    assert_eq!(
        show(say_pieces(&message, |_| None, Language::EN, TODAY).unwrap()),
        [
            line("", 100, 200),
            line("Your code is", 100, 0),
            line("four", 80, 0),
            line("two.", 80, 500),
            line("Thank you. Bye.", 100, 0)
        ]
    );
    assert_eq!(say(&message, |_| None, Language::EN, TODAY).unwrap(), "Your code is four two. Thank you. Bye.");
}

/// The day that is spoken is the contact's, also when clocks are moved.
#[test]
fn days_and_times_across_clock_changes() {
    for (instant, zone, day, time) in [
        ("2026-03-29T00:59:00Z", "Europe/Berlin", "the twenty-ninth of March", "one fifty-nine in the morning"),
        ("2026-03-29T01:00:00Z", "Europe/Berlin", "the twenty-ninth of March", "three in the morning"),
        ("2026-10-25T00:30:00Z", "Europe/Berlin", "the twenty-fifth of October", "two thirty in the morning"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "the twenty-fifth of October", "two thirty in the morning"),
        ("2026-12-31T21:00:00Z", "Europe/Moscow", "the first of January twenty twenty-seven", "midnight"),
        ("2026-12-31T20:59:59Z", "Europe/Moscow", "the thirty-first of December", "eleven fifty-nine at night"),
    ] {
        let local = instant.parse::<jiff::Timestamp>().unwrap().in_tz(zone).unwrap();
        assert_eq!(said(Language::EN, "date", &local.date().to_string()).unwrap(), day, "{instant}");
        assert_eq!(said(Language::EN, "time", &local.strftime("%H:%M").to_string()).unwrap(), time, "{instant}");
    }
}

/// A message as a whole and in pieces: pieces joined are the same words.
#[test]
fn whole_and_in_pieces() {
    let debt = template(&[
        ("Ваша задолженность за ", None),
        ("", Some("")),
        (" ", None),
        ("", Some("money")),
        (", срок оплаты ", None),
        ("", Some("date")),
        (". Код ", None),
        ("", Some("digits")),
        (". Нажмите 1.", None),
    ]);
    let values = [
        Spoken::Text("«воду»".into()),
        Spoken::Money("1232.01 RUB".parse().unwrap()),
        Spoken::Date(date(2026, 11, 25)),
        Spoken::Digits("4321".into()),
    ];
    let value = |slot: usize| values.get(slot).cloned();
    let whole = say(&debt, value, Language::RU, TODAY).unwrap();
    let pieces = texts(say_pieces(&debt, value, Language::RU, TODAY).unwrap());
    assert_eq!(
        whole,
        "Ваша задолженность за воду одна тысяча двести тридцать два рубля одна копейка, срок оплаты двадцать пятого \
         ноября. Код четыре три два один. Нажмите один."
    );
    assert_eq!(
        pieces,
        [
            "Ваша задолженность за",
            "воду",
            "одна тысяча двести тридцать два рубля одна копейка,",
            "срок оплаты",
            "двадцать пятого ноября.",
            "Код",
            "четыре",
            "три",
            "два",
            "один.",
            "Нажмите один.",
        ]
    );
    let letters = |s: &str| s.chars().filter(|c| c.is_alphabetic()).collect::<String>();
    assert_eq!(letters(&whole), letters(&pieces.concat()));
}

#[test]
fn what_cannot_be_said_says_why() {
    let latin: Language = "la".parse().unwrap();
    for (language, format, value, why) in [
        (Language::RU, "money", None, "slot 0 has no value"),
        (
            Language::RU,
            "money",
            Some(Spoken::Text("много".into())),
            "slot 0 cannot be spoken as `money`: its value is text",
        ),
        (
            Language::EN,
            "date",
            Some(Spoken::Date(date(-44, 3, 15))),
            "slot 0 cannot be spoken as `date`: its value is a date before the year one",
        ),
        (Language::RU, "", Some(Spoken::Text("— 😀".into())), "slot 0 has nothing in it that can be spoken"),
        (Language::RU, "money ablative", Some(Spoken::Number(1)), "the language `ru` has no ablative case"),
        (
            latin,
            "number",
            Some(Spoken::Number(1)),
            "numbers, money and dates of the language `la` cannot be spoken: it has no file in src/speech/lang",
        ),
    ] {
        let template = template(&[("", Some(format))]);
        let error = say(&template, |_| value.clone(), language, TODAY).unwrap_err();
        assert_eq!(error.to_string(), why);
    }
}

proptest::proptest! {
    /// Whatever a flow or a CSV holds: words come out, and nothing a synthesizer takes for a command.
    #[test]
    fn only_words(text in r"(\PC|[0-9 .,:%$*#<>{}/\\-]){0,60}", minor: i64, n: i64, russian: bool) {
        let language = if russian { Language::RU } else { Language::EN };
        let template = template(&[(&text, None), ("", Some("money dative")), ("", Some("number feminine")), ("", Some(""))]);
        let value = |slot| Some(match slot {
            0 => Spoken::Money(ringback::money::Money::new(minor, ringback::money::Currency::Kzt)),
            1 => Spoken::Number(n),
            _ => Spoken::Text(format!("Q{text}")),
        });
        let whole = say(&template, value, language, TODAY).unwrap();
        let pieces = texts(say_pieces(&template, value, language, TODAY).unwrap());
        let sentences = say_sentences(&template, value, language, TODAY).unwrap();
        for sentence in &sentences {
            for value in &sentence.values {
                let value = &sentence.text[value.begin..value.end];
                proptest::prop_assert!(!value.is_empty() && value.trim() == value, "{value:?} in {sentence:?}");
            }
        }
        proptest::prop_assert_eq!(sentences.iter().map(|s| s.values.len()).sum::<usize>(), 3);
        let sentences = texts(sentences);
        proptest::prop_assert_eq!(sentences.join(" "), whole.clone());
        for said in pieces.iter().chain([&whole]).chain(&sentences) {
            let word = |c: char| (c.is_alphabetic() && !c.is_numeric()) || " .,!?:;—-'\u{301}".contains(c);
            proptest::prop_assert!(said.chars().all(word), "{said:?}");
            proptest::prop_assert!(!said.is_empty() && !said.contains("  ") && said.trim() == said, "{said:?}");
        }
    }
}
