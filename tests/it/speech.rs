//! What each language says, held against tables that a speaker of it can read: `tests/speech/<code>.txt`.

use jiff::civil::{Date, date};
use ringback::language::Language;
use ringback::speech::{Format, Piece, Spoken, Template, say, say_pieces};

const TODAY: Date = date(2026, 11, 20);

/// Checks every line of a table; all that are wrong are shown at once.
fn check(language: Language, table: &str) {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for (number, line) in table.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
        let line_number = number + 1;
        let (case, expected) = line.split_once(" => ").unwrap_or_else(|| panic!("line {line_number}: no ` => `"));
        let (format, value) = case.split_once(": ").unwrap_or_else(|| panic!("line {line_number}: no `: `"));
        let said = said(language, format, value).unwrap_or_else(|error| format!("error: {error}"));
        if said != expected {
            wrong.push(format!("line {line_number}: {case}\n    says    {said}\n    expects {expected}"));
        }
        assert!(!said.chars().any(|c| c.is_numeric()), "line {line_number}: a digit is left in {said}");
        cases += 1;
    }
    assert!(wrong.is_empty(), "{} of {cases} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 300, "{language}: only {cases} cases");
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
        Format::Date(_) => Spoken::Date(value.parse().map_err(|e| format!("{e}"))?),
        Format::Number(_) => Spoken::Number(value.parse().map_err(|e| format!("{e}"))?),
        Format::Digits => Spoken::Digits(value.to_owned()),
        Format::Time => Spoken::Time(ringback::flow::expr::time(value).ok_or("a time is written 09:30")?),
    };
    let template = Template(vec![Piece::Slot { slot: 0, format }]);
    say(&template, |_| Some(spoken.clone()), language, TODAY).map_err(|e| e.to_string())
}

#[test]
fn russian() {
    check(Language::RU, include_str!("../speech/ru.txt"));
}

#[test]
fn english() {
    check(Language::EN, include_str!("../speech/en.txt"));
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
    let pieces = say_pieces(&debt, value, Language::RU, TODAY).unwrap();
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
            "одна тысяча двести тридцать два рубля одна копейка",
            "срок оплаты",
            "двадцать пятого ноября",
            "Код",
            "четыре",
            "три",
            "два",
            "один",
            "Нажмите один.",
        ]
    );
    let letters = |s: &str| s.chars().filter(|c| c.is_alphabetic()).collect::<String>();
    assert_eq!(letters(&whole), letters(&pieces.concat()));
}

#[test]
fn what_cannot_be_said_says_why() {
    let german: Language = "de".parse().unwrap();
    for (language, format, value, why) in [
        (Language::RU, "money", None, "slot 0 has no value"),
        (
            Language::RU,
            "money",
            Some(Spoken::Text("много".into())),
            "slot 0 cannot be spoken as `money nominative`: its value is text",
        ),
        (
            Language::EN,
            "date",
            Some(Spoken::Date(date(-44, 3, 15))),
            "slot 0 cannot be spoken as `date genitive`: its value is a date before the year one",
        ),
        (
            german,
            "number",
            Some(Spoken::Number(1)),
            "numbers, money and dates of the language `de` cannot be spoken: it has no file in src/speech/lang",
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
            _ => Spoken::Text(text.clone()),
        });
        let whole = say(&template, value, language, TODAY).unwrap();
        let pieces = say_pieces(&template, value, language, TODAY).unwrap();
        for said in pieces.iter().chain([&whole]) {
            let word = |c: char| (c.is_alphabetic() && !c.is_numeric()) || " .,!?:;—-'\u{301}".contains(c);
            proptest::prop_assert!(said.chars().all(word), "{said:?}");
            proptest::prop_assert!(!said.is_empty() && !said.contains("  ") && said.trim() == said, "{said:?}");
        }
    }
}
