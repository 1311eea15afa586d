//! Templates and values into what is heard: one walk over the message, from which whole sentences and pieces are made.

use jiff::civil::Date;

use super::lang::{Grammar, NoForm, grammar, has_grammar};
use super::telephone::{self, Group};
use super::text::{NAME_BEGIN, VALUE_BEGIN, VALUE_END, bare, is_mark, tidy, written};
use super::{Case, DateStyle, Format, Gender, Manner, Piece, Spoken, Template};
use crate::language::Language;

/// Why a template cannot be said. The flow compiler rules out all but `Missing` (an optional field whose message nobody
/// guarded), `Blank`, and a `Mismatch` of the value itself, such as a telephone number of two digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGrammar {
    #[error(transparent)]
    Form(#[from] NoForm),
    #[error("slot {slot} has no value")]
    Missing { slot: usize },
    #[error("slot {slot} cannot be spoken as `{format}`: its value is {value}")]
    Mismatch { slot: usize, format: Format, value: &'static str },
    /// A name without a letter, such as `-`: silence would be heard in its place.
    #[error("slot {slot} has nothing in it that can be spoken")]
    Blank { slot: usize },
}

/// A stretch of a message, in words only: no digits, no signs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Said {
    pub text: String,
    /// Each is spoken by one voice, whole.
    pub values: Vec<ValueSpan>,
    pub manner: Manner,
    /// Silence after it beside what its last mark asks for, in milliseconds.
    pub break_ms: u16,
}

/// Where a value stands in [`Said::text`]: bytes `begin..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueSpan {
    pub begin: usize,
    pub end: usize,
    /// A text, such as a person's name, that nobody can have recorded; not a number, a sum or a date.
    pub is_name: bool,
}

/// What the walk meets.
enum Part {
    /// With its outer spaces and marks.
    Text(String),
    Value(String),
    Name(String),
    /// One of several, each played by itself when the message is in pieces. `pause`: it ends a group of them.
    Digit {
        word: String,
        pause: bool,
    },
    /// After the last of the digits.
    DigitsEnd,
    Manner(Manner),
    Break(u16),
}

/// The walk: every text and value of the template in words, in the order in which they are heard.
fn walk(
    template: &Template,
    value: impl Fn(usize) -> Option<Spoken>,
    language: Language,
    today: Date,
    mut meet: impl FnMut(Part),
) -> Result<(), NoGrammar> {
    for piece in &template.0 {
        match piece {
            Piece::Text(text) => meet(Part::Text(written(text, language)?)),
            Piece::Slot { slot, format } => {
                let spoken = value(*slot).ok_or(NoGrammar::Missing { slot: *slot })?;
                value_parts(*slot, &spoken, *format, language, today)?.into_iter().for_each(&mut meet);
            }
            // No slot has this number. The compiler has said it once already.
            Piece::Literal { value, format } => {
                value_parts(usize::MAX, value, *format, language, today)?.into_iter().for_each(&mut meet);
            }
            Piece::Manner(manner) => meet(Part::Manner(*manner)),
            Piece::Break(ms) => meet(Part::Break(*ms)),
        }
    }
    Ok(())
}

/// The whole message in words only: no digits, no signs. `today` decides whether a date's year is said.
/// A message without slots or digits can be said in any language.
pub fn say(
    template: &Template,
    value: impl Fn(usize) -> Option<Spoken>,
    language: Language,
    today: Date,
) -> Result<String, NoGrammar> {
    let said = say_whole(template, value, language, today)?;
    Ok(tidy(&said.iter().map(|stretch| stretch.text.as_str()).collect::<Vec<_>>().join(" ")))
}

/// The message cut only where its manner changes or silence is asked for.
pub fn say_whole(
    template: &Template,
    value: impl Fn(usize) -> Option<Spoken>,
    language: Language,
    today: Date,
) -> Result<Vec<Said>, NoGrammar> {
    let mut done: Vec<Said> = Vec::new();
    let mut manner = Manner::default();
    let mut words = String::new();
    let mut in_digits = false;
    let mut close = |words: &mut String, manner: Manner, break_ms: u16| {
        if let Some(before) = done.last_mut()
            && let Some(mark) = leading_mark(words)
        {
            before.mark(mark);
        }
        let (mut text, values) = values_of(&tidy(words));
        words.clear();
        if !text.contains(char::is_alphabetic) {
            text.clear();
        }
        match done.last_mut() {
            // Marks and spaces alone are silence of the stretch before.
            Some(before) if text.is_empty() => {
                before.break_ms = before.break_ms.saturating_add(break_ms);
            }
            _ if text.is_empty() && break_ms == 0 => {}
            _ => done.push(Said { text, values, manner, break_ms }),
        }
    };
    walk(template, value, language, today, |part| match part {
        Part::Text(text) => words.push_str(&text),
        Part::Value(value) => words.push_str(&format!("{VALUE_BEGIN}{value}{VALUE_END}")),
        Part::Name(name) => words.push_str(&format!("{NAME_BEGIN}{name}{VALUE_END}")),
        Part::Digit { word, pause } => {
            words.push(if in_digits { ' ' } else { VALUE_BEGIN });
            in_digits = true;
            words.push_str(&word);
            if pause {
                words.push(',');
            }
        }
        Part::DigitsEnd => {
            words.push(VALUE_END);
            in_digits = false;
        }
        Part::Manner(next) => {
            if next != manner {
                close(&mut words, manner, 0);
                manner = next;
            }
        }
        Part::Break(ms) => close(&mut words, manner, ms),
    })?;
    close(&mut words, manner, 0);
    Ok(done)
}

/// The message sentence by sentence: what all contacts share is rendered once, and a voice gives each sentence its melody.
pub fn say_sentences(
    template: &Template,
    value: impl Fn(usize) -> Option<Spoken>,
    language: Language,
    today: Date,
) -> Result<Vec<Said>, NoGrammar> {
    Ok(say_whole(template, value, language, today)?.into_iter().flat_map(Said::sentences).collect())
}

/// The same message as stretches to be rendered apart and played without a gap: one per text between slots, one per value,
/// one per digit of digits. So a value that is only known in the call can be ready before it. Marks that follow a value
/// belong to it: its melody and the pause after it hang on them.
pub fn say_pieces(
    template: &Template,
    value: impl Fn(usize) -> Option<Spoken>,
    language: Language,
    today: Date,
) -> Result<Vec<Said>, NoGrammar> {
    let mut pieces: Vec<Said> = Vec::new();
    let mut manner = Manner::default();
    let whole = |text: String, manner, is_name| {
        let value = ValueSpan { begin: 0, end: text.len(), is_name };
        Said { text, values: vec![value], manner, break_ms: 0 }
    };
    walk(template, value, language, today, |part| match part {
        Part::Text(text) => {
            if let Some(before) = pieces.last_mut()
                && let Some(mark) = leading_mark(&text)
            {
                before.mark(mark);
            }
            let text = bare(&text);
            if !text.is_empty() {
                pieces.push(Said { text, values: Vec::new(), manner, break_ms: 0 });
            }
        }
        Part::Value(value) => pieces.push(whole(bare(&value), manner, false)),
        Part::Name(name) => pieces.push(whole(bare(&name), manner, true)),
        Part::Digit { word, pause } => {
            let mut digit = whole(word, manner, false);
            if pause {
                digit.mark(',');
            }
            pieces.push(digit);
        }
        Part::DigitsEnd => {}
        Part::Manner(next) => manner = next,
        Part::Break(ms) => match pieces.last_mut() {
            Some(before) => before.break_ms = before.break_ms.saturating_add(ms),
            None => pieces.push(Said { text: String::new(), values: Vec::new(), manner, break_ms: ms }),
        },
    })?;
    Ok(pieces)
}

/// One value in words.
pub(super) fn words_of(spoken: &Spoken, format: Format, language: Language, today: Date) -> Option<String> {
    let template = Template(vec![Piece::Literal { value: spoken.clone(), format }]);
    say(&template, |_| None, language, today).ok()
}

/// The strongest of the marks at the beginning of a text, before its first letter.
fn leading_mark(text: &str) -> Option<char> {
    let before = text.chars().take_while(|c| !c.is_alphabetic()).map(|c| if c == '—' { ',' } else { c });
    let marks: Vec<char> = before.filter(|c| is_mark(*c)).collect();
    marks.iter().find(|c| matches!(c, '.' | '!' | '?')).or(marks.first()).copied()
}

impl Said {
    /// Words without values, in the voice's own manner.
    pub fn plain(text: impl Into<String>) -> Said {
        Said { text: text.into(), ..Said::default() }
    }

    /// Puts the mark at the end, unless a stronger one is there.
    fn mark(&mut self, mark: char) {
        match self.text.chars().next_back() {
            Some('.' | '!' | '?') | None => {}
            Some(',' | ':' | ';') => {
                self.text.pop();
                self.text.push(mark);
            }
            Some(_) => self.text.push(mark),
        }
    }

    /// Cut at the ends of its sentences, each with its mark, but never inside a value. A mark ends a sentence when white
    /// space follows.
    fn sentences(self) -> Vec<Said> {
        let Said { text, values, manner, break_ms } = self;
        let within = |at: usize| values.iter().any(|value| value.begin < at && at < value.end);
        let ends = text.char_indices().filter(|(at, c)| {
            matches!(c, '.' | '!' | '?') && text[at + 1..].starts_with(char::is_whitespace) && !within(*at)
        });
        let mut cuts: Vec<usize> = ends.map(|(at, _)| at + 1).collect();
        cuts.push(text.len());
        let mut from = 0;
        let mut sentences: Vec<Said> = Vec::with_capacity(cuts.len());
        for to in cuts {
            let from_letter = from + (text[from..to].len() - text[from..to].trim_start().len());
            let inside = values.iter().filter(|value| from_letter <= value.begin && value.end <= to);
            let inside = inside
                .map(|value| ValueSpan { begin: value.begin - from_letter, end: value.end - from_letter, ..*value })
                .collect();
            sentences.push(Said { text: text[from_letter..to].to_owned(), values: inside, manner, break_ms: 0 });
            from = to;
        }
        if let Some(last) = sentences.last_mut() {
            last.break_ms = break_ms;
        }
        sentences
    }
}

/// The words without the signs of where values stand, and where they stand.
fn values_of(signed: &str) -> (String, Vec<ValueSpan>) {
    let mut text = String::with_capacity(signed.len());
    let (mut values, mut begin, mut is_name) = (Vec::new(), 0, false);
    for c in signed.chars() {
        match c {
            VALUE_BEGIN | NAME_BEGIN => (begin, is_name) = (text.len(), c == NAME_BEGIN),
            VALUE_END => values.push(ValueSpan { begin, end: text.len(), is_name }),
            c => text.push(c),
        }
    }
    (text, values)
}

fn value_parts(
    slot: usize,
    spoken: &Spoken,
    format: Format,
    language: Language,
    today: Date,
) -> Result<Vec<Part>, NoGrammar> {
    let mismatch = |value| NoGrammar::Mismatch { slot, format, value };
    if let (Format::Plain, Spoken::Text(text)) = (format, spoken) {
        let words = tidy(&written(text, language)?);
        if !words.contains(char::is_alphabetic) {
            return Err(NoGrammar::Blank { slot });
        }
        return Ok(vec![Part::Name(words)]);
    }
    // What is not plain needs a grammar; a value without a format of its own is said in the form that is usual for it.
    let format = usual(format, spoken);
    has_grammar(language, format)?;
    let grammar = grammar(language).ok_or(NoForm::Language(language))?;
    let number = match spoken {
        Spoken::Number(n) => Some(*n),
        Spoken::Text(digits) | Spoken::Digits(digits) if is_digits(digits) => digits.parse().ok(),
        _ => None,
    };
    let one = |words: String| Ok(vec![Part::Value(words)]);
    match (format, spoken) {
        (Format::Digits, Spoken::Digits(digits)) => digits_parts(digits, grammar).ok_or(NoGrammar::Blank { slot }),
        (Format::Digits, Spoken::Text(text)) if is_digits(text) => Ok(digits_parts(text, grammar).unwrap_or_default()),
        (Format::Digits, Spoken::Number(n @ 0..)) => Ok(digits_parts(&n.to_string(), grammar).unwrap_or_default()),
        (Format::Phone, Spoken::Digits(phone) | Spoken::Text(phone)) if telephone::is_telephone(phone) => {
            Ok(telephone_parts(phone, grammar))
        }
        (Format::Number(gender, case), _) if let Some(n) = number => one(grammar.cardinal(n, gender, case)),
        (Format::Ordinal(gender, case), _) if let Some(n) = number => one(grammar.ordinal(n, gender, case)),
        (Format::Count(measure, case), _) if let Some(n) = number => one(grammar.count(n, measure, case)),
        (Format::Duration(case), _) if let Some(n) = number => one(grammar.duration(n, case)),
        (Format::Money(case), Spoken::Money(m)) => one(grammar.money(*m, case)),
        (Format::Date(style, case), Spoken::Date(d)) => {
            date(grammar, *d, style, case, today).ok_or(mismatch("a date before the year one")).and_then(one)
        }
        (Format::Time(case), Spoken::Time(t)) => one(grammar.clock(i64::from(t.hour()), i64::from(t.minute()), case)),
        (Format::Number(..) | Format::Ordinal(..), Spoken::Text(d) | Spoken::Digits(d)) if is_digits(d) => {
            Err(mismatch("too large a number"))
        }
        (_, Spoken::Time(_)) => Err(mismatch("a time of day")),
        (_, Spoken::Text(_)) => Err(mismatch("text")),
        (_, Spoken::Money(_)) => Err(mismatch("money")),
        (_, Spoken::Date(_)) => Err(mismatch("a date")),
        (_, Spoken::Number(_)) => Err(mismatch("a number")),
        (_, Spoken::Digits(_)) => Err(mismatch("digits")),
    }
}

/// The form in which a value is said that was given none.
fn usual(format: Format, spoken: &Spoken) -> Format {
    match (format, spoken) {
        (Format::Plain, Spoken::Money(_)) => Format::Money(Case::Nominative),
        (Format::Plain, Spoken::Date(_)) => Format::Date(DateStyle::Day, None),
        (Format::Plain, Spoken::Number(_)) => Format::Number(Gender::Masculine, Case::Nominative),
        (Format::Plain, Spoken::Digits(_)) => Format::Digits,
        (Format::Plain, Spoken::Time(_)) => Format::Time(None),
        (given, _) => given,
    }
}

/// `None` for years before 1, of which no language here speaks.
fn date(grammar: &dyn Grammar, date: Date, style: DateStyle, case: Option<Case>, today: Date) -> Option<String> {
    /// Farther than this, the day of the week alone would be taken for the nearer one.
    const NEAR_DAYS_MAX: i32 = 6;
    let days = date.since(today).ok()?.get_days();
    let with_year = date.year() != today.year();
    if with_year && date.year() < 1 {
        return None;
    }
    Some(match style {
        DateStyle::Day => grammar.date(date, with_year, case),
        DateStyle::Weekday => grammar.with_weekday(date, with_year, case),
        DateStyle::Relative => match grammar.around(i64::from(days)) {
            Some(word) => word.to_owned(),
            None if (1..=NEAR_DAYS_MAX).contains(&days) => grammar.near(date),
            None => grammar.on_day(date, with_year),
        },
    })
}

fn is_digits(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())
}

/// Spaces and dashes between the digits are not said. More than four digits get pauses as people make them: in threes, with
/// a rest of four as two pairs.
fn digits_parts(digits: &str, grammar: &dyn Grammar) -> Option<Vec<Part>> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    let mut parts = Vec::with_capacity(digits.len() + 1);
    let mut rest = digits.len();
    let mut group = 0;
    for digit in &digits {
        if group == 0 {
            group = match rest {
                _ if digits.len() <= 4 => rest,
                2 | 4 => 2,
                _ => rest.min(3),
            };
        }
        group -= 1;
        rest -= 1;
        parts.push(Part::Digit { word: grammar.digit(*digit).to_owned(), pause: group == 0 && rest > 0 });
    }
    parts.push(Part::DigitsEnd);
    (!digits.is_empty()).then_some(parts)
}

/// Groups with pauses between them.
fn telephone_parts(number: &str, grammar: &dyn Grammar) -> Vec<Part> {
    let groups: Vec<String> = telephone::groups(number)
        .into_iter()
        .map(|group| match group {
            Group::Plus(country) => match grammar.sign('+', super::lang::Counted::Nothing) {
                Some(plus) => format!("{plus} {}", grammar.telephone_group(&country)),
                None => grammar.telephone_group(&country),
            },
            Group::Digits(digits) => grammar.telephone_group(&digits),
        })
        .collect();
    vec![Part::Value(groups.join(", "))]
}
