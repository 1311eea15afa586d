//! Markup inside a message's text: the small part of SSML 1.1 (W3C) that sounds the same with every voice.
//!
//! `<break time="500ms"/>` `<emphasis level="strong">…</emphasis>` `<prosody rate="slow" pitch="low" volume="+2dB">…</prosody>`
//! `<say-as interpret-as="digits">4321</say-as>`. Anything else is an error that says so: no tag is passed on to an engine.

use jiff::civil::Time;

use super::{Format, Manner, Spoken};

/// Longest silence that one break may ask for.
pub const BREAK_MS_MAX: u16 = 10_000;

/// One tag, as it stands between `<` and `>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tag {
    Break(u16),
    /// `emphasis` or `prosody` begins: how what is inside is spoken, against what is outside.
    Open(&'static str, Manner),
    SayAs(Format),
    /// `</name>`
    Close(&'static str),
}

/// What is wrong with a tag, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct MarkupError {
    pub message: String,
    pub help: String,
}

const SPEAKING: [&str; 3] = ["emphasis", "prosody", "say-as"];

/// Whether what follows a `<` is meant as a tag. `a < b` is text.
pub fn is_tag(after: &str) -> bool {
    after.strip_prefix('/').unwrap_or(after).starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Reads what stands between `<` and `>`.
pub fn tag(inside: &str) -> Result<Tag, MarkupError> {
    let error = |message: String, help: &str| Err(MarkupError { message, help: help.to_owned() });
    if let Some(name) = inside.strip_prefix('/') {
        return match SPEAKING.iter().find(|known| **known == name.trim()) {
            Some(name) => Ok(Tag::Close(name)),
            None => error(format!("there is no tag `</{name}>` to close"), "known: </emphasis>, </prosody>, </say-as>"),
        };
    }
    let (inside, empty) = match inside.trim_end().strip_suffix('/') {
        Some(inside) => (inside, true),
        None => (inside, false),
    };
    let (name, attributes) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let attributes = attributes_of(attributes)?;
    let known: &[&str] = match name {
        "break" => &["time", "strength"],
        "emphasis" => &["level"],
        "prosody" => &["rate", "pitch", "volume"],
        "say-as" => &["interpret-as"],
        _ => {
            let help = "known: break, emphasis, prosody, say-as. To have a `<` in a text, put a space behind it";
            return error(format!("unknown tag `<{name}>`"), help);
        }
    };
    if let Some((wrong, _)) = attributes.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return error(format!("`<{name}>` has no attribute `{wrong}`"), &format!("it takes {}", known.join(", ")));
    }
    if empty != (name == "break") {
        let help =
            if empty { "put what it is about between it and its closing tag" } else { "write <break time=\"500ms\"/>" };
        return error(format!("`<{name}>` is {}", if empty { "empty" } else { "not closed" }), help);
    }
    let get = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    match name {
        "break" => break_of(get("time"), get("strength")).map(Tag::Break),
        "emphasis" => emphasis(get("level").unwrap_or("moderate")).map(|manner| Tag::Open("emphasis", manner)),
        "prosody" => {
            let rate = get("rate").map_or(Ok(100), |v| percent(v, &RATES, "rate"))?;
            let pitch = get("pitch").map_or(Ok(100), |v| percent(v, &PITCHES, "pitch"))?;
            let volume = get("volume").map_or(Ok(0), volume)?;
            Ok(Tag::Open("prosody", Manner { rate_percent: rate, pitch_percent: pitch, volume_db: volume }))
        }
        _ => match get("interpret-as") {
            Some(how) => say_as(how).map(Tag::SayAs),
            None => error(
                "`<say-as>` does not say as what".to_owned(),
                "write <say-as interpret-as=\"digits\">4321</say-as>",
            ),
        },
    }
}

/// `name="value"` or `name='value'`, any number of them.
fn attributes_of(text: &str) -> Result<Vec<(String, String)>, MarkupError> {
    let error = || MarkupError {
        message: format!("`{}` is no list of attributes", text.trim()),
        help: "write name=\"value\", as in <break time=\"500ms\"/>".to_owned(),
    };
    let mut rest = text.trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(error)?;
        let quote = after.trim_start().chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(error)?;
        let (value, after) = after.trim_start()[1..].split_once(quote).ok_or_else(error)?;
        found.push((name.trim().to_owned(), value.trim().to_owned()));
        rest = after.trim_start();
    }
    Ok(found)
}

fn break_of(time: Option<&str>, strength: Option<&str>) -> Result<u16, MarkupError> {
    const STRENGTHS: [(&str, u16); 6] =
        [("none", 0), ("x-weak", 50), ("weak", 150), ("medium", 300), ("strong", 600), ("x-strong", 1000)];
    let Some(time) = time else {
        return named(strength.unwrap_or("medium"), &STRENGTHS, "strength");
    };
    let ms = match (time.strip_suffix("ms"), time.strip_suffix('s')) {
        (Some(ms), _) => ms.parse::<f64>().ok(),
        (None, Some(s)) => s.parse::<f64>().ok().map(|s| s * 1000.0),
        (None, None) => None,
    };
    ms.filter(|ms| (0.0..=f64::from(BREAK_MS_MAX)).contains(ms)).map(|ms| ms.round() as u16).ok_or_else(|| {
        MarkupError {
            message: format!("`{time}` is no length of a break"),
            help: "write 500ms or 1.5s, 10s at most".to_owned(),
        }
    })
}

/// Slower and a little louder; engines know no better emphasis that they all share.
fn emphasis(level: &str) -> Result<Manner, MarkupError> {
    let manner = |rate_percent, volume_db| Manner { rate_percent, volume_db, ..Manner::default() };
    let levels = [
        ("strong", manner(82, 3)),
        ("moderate", manner(90, 2)),
        ("none", manner(100, 0)),
        ("reduced", manner(110, -3)),
    ];
    named(level, &levels, "level")
}

const RATES: [(&str, u16); 6] =
    [("x-slow", 60), ("slow", 80), ("medium", 100), ("default", 100), ("fast", 125), ("x-fast", 160)];
const PITCHES: [(&str, u16); 6] =
    [("x-low", 70), ("low", 85), ("medium", 100), ("default", 100), ("high", 118), ("x-high", 140)];

/// A word, `80%` (of the usual), or `+10%` and `-10%` (more or less than the usual).
fn percent(value: &str, words: &[(&'static str, u16)], what: &str) -> Result<u16, MarkupError> {
    let Some(number) = value.strip_suffix('%') else { return named(value, words, what) };
    let relative = number.starts_with(['+', '-']);
    let number = number.parse::<i32>().ok().map(|n| if relative { n.saturating_add(100) } else { n });
    number.filter(|n| (50..=200).contains(n)).map(|n| n as u16).ok_or_else(|| MarkupError {
        message: format!("`{value}` is no {what}"),
        help: "from 50% to 200% of the usual, or from -50% to +100%".to_owned(),
    })
}

fn volume(value: &str) -> Result<i8, MarkupError> {
    const WORDS: [(&str, i8); 5] = [("x-soft", -12), ("soft", -6), ("medium", 0), ("default", 0), ("loud", 4)];
    let Some(db) = value.strip_suffix("dB") else { return named(value, &WORDS, "volume") };
    db.parse::<f32>().ok().filter(|db| (-20.0..=6.0).contains(db)).map(|db| db.round() as i8).ok_or_else(|| {
        MarkupError {
            message: format!("`{value}` is no volume"),
            help: "from -20dB to +6dB: louder would clip".to_owned(),
        }
    })
}

fn named<T: Copy>(word: &str, table: &[(&'static str, T)], what: &str) -> Result<T, MarkupError> {
    table.iter().find(|(name, _)| *name == word).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        MarkupError { message: format!("`{word}` is no {what}"), help: format!("known: {}", known.join(", ")) }
    })
}

/// The names that SSML engines share, or a format as it stands in a slot.
fn say_as(how: &str) -> Result<Format, MarkupError> {
    let format = match how {
        "cardinal" => "number",
        "characters" | "spell-out" => "digits",
        "telephone" => "phone",
        "currency" => "money",
        other => other,
    };
    format.parse().map_err(|e: super::FormatError| MarkupError {
        message: format!("`{how}` is nothing to say a text as"),
        help: format!("instead of `{}` expected {}", e.wrong, e.expected.join(", ")),
    })
}

impl Manner {
    /// What is inside `self` and asks for `inner` in turn.
    pub fn with(self, inner: Manner) -> Manner {
        let percent = |a: u16, b: u16| (u32::from(a) * u32::from(b) / 100).clamp(50, 200) as u16;
        Manner {
            rate_percent: percent(self.rate_percent, inner.rate_percent),
            pitch_percent: percent(self.pitch_percent, inner.pitch_percent),
            volume_db: (self.volume_db + inner.volume_db).clamp(-20, 6),
        }
    }
}

impl Spoken {
    /// A value as it is written in a text, for a format that says of what kind it is.
    ///
    /// # Errors
    /// How it should have been written.
    pub fn read(text: &str, format: Format) -> Result<Spoken, &'static str> {
        let text = text.trim();
        let digits =
            |text: &str| text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'+' | b'(' | b')'));
        Ok(match format {
            Format::Plain => Spoken::Text(text.to_owned()),
            Format::Money(_) => Spoken::Money(text.parse().map_err(|_| "money is written as 1234.50 RUB")?),
            Format::Date(..) => Spoken::Date(text.parse().map_err(|_| "a date is written as 2026-11-25")?),
            Format::Time(_) => Spoken::Time(Time::strptime("%H:%M", text).map_err(|_| "a time is written as 09:30")?),
            Format::Number(..) | Format::Ordinal(..) | Format::Count(..) => {
                Spoken::Number(text.parse().map_err(|_| "a number is written as 42")?)
            }
            Format::Duration(_) => Spoken::Number(text.parse().map_err(|_| "a duration is written in seconds, as 90")?),
            Format::Digits | Format::Phone if !text.is_empty() && digits(text) => Spoken::Digits(text.to_owned()),
            Format::Digits => return Err("digits are 0 to 9 and nothing else"),
            Format::Phone => return Err("a telephone number is written as +74951234567"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        let manner = |rate_percent, pitch_percent, volume_db| Manner { rate_percent, pitch_percent, volume_db };
        for (inside, expected) in [
            (r#"break time="500ms"/"#, Ok(Tag::Break(500))),
            ("break time='1.5s' /", Ok(Tag::Break(1500))),
            ("break/", Ok(Tag::Break(300))),
            (r#"break strength="x-strong"/"#, Ok(Tag::Break(1000))),
            ("emphasis", Ok(Tag::Open("emphasis", manner(90, 100, 2)))),
            (r#"emphasis level="strong""#, Ok(Tag::Open("emphasis", manner(82, 100, 3)))),
            (r#"prosody rate="slow" pitch="+10%" volume="-3dB""#, Ok(Tag::Open("prosody", manner(80, 110, -3)))),
            (r#"prosody rate="70%""#, Ok(Tag::Open("prosody", manner(70, 100, 0)))),
            (r#"say-as interpret-as="telephone""#, Ok(Tag::SayAs(Format::Phone))),
            (r#"say-as interpret-as="money accusative""#, Ok(Tag::SayAs("money accusative".parse().unwrap()))),
            ("/prosody", Ok(Tag::Close("prosody"))),
            ("/speak", Err("there is no tag `</speak>` to close")),
            (r#"speed level="9""#, Err("unknown tag `<speed>`")),
            (r#"break time="3h"/"#, Err("`3h` is no length of a break; write 500ms")),
            (r#"break time="11s"/"#, Err("`11s` is no length")),
            ("break", Err("`<break>` is not closed")),
            ("emphasis/", Err("`<emphasis>` is empty")),
            (r#"prosody rate="20%""#, Err("`20%` is no rate; from 50%")),
            (r#"prosody rate="quick""#, Err("`quick` is no rate; known: x-slow")),
            (r#"prosody volume="+9dB""#, Err("`+9dB` is no volume")),
            (r#"prosody speed="slow""#, Err("`<prosody>` has no attribute `speed`; it takes rate, pitch, volume")),
            ("prosody rate=slow", Err("`rate=slow` is no list of attributes")),
            ("say-as", Err("`<say-as>` does not say as what")),
            (r#"say-as interpret-as="moeny""#, Err("`moeny` is nothing to say a text as")),
        ] {
            match (tag(inside), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{inside}"),
                (Err(error), Err(expected)) => assert!(error.to_string().starts_with(expected), "{inside}: {error}"),
                (found, expected) => panic!("{inside}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn manners_inside_each_other() {
        let slow = Manner { rate_percent: 80, ..Manner::default() };
        assert_eq!(slow.with(slow).rate_percent, 64);
        assert_eq!(slow.with(slow).with(slow).rate_percent, 51);
        assert_eq!(slow.with(slow).with(slow).with(slow).rate_percent, 50);
        assert_eq!(Manner { volume_db: 5, ..slow }.with(Manner { volume_db: 5, ..slow }).volume_db, 6);
    }
}
