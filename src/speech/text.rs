//! Text as people write it → text as it is said: numerals and signs become words; what a synthesizer would stumble over,
//! or take for a command, goes.
//!
//! Numerals in a text stand in the nominative masculine («нажмите один»): whoever wants another form writes it in words
//! or uses a slot. With the sign of a currency or of per cent they are a sum ("$12.50") or a percentage. Letters written
//! onto one make an ordinal («25-го», "25th"), "pm" after one a time of day. A numeral with a leading zero, or of more than
//! nine digits, is said digit by digit.

use super::lang::{Counted, Grammar, NoForm, grammar, of_sign};
use super::say::NoGrammar;
use super::{Case, Gender, Measure};
use crate::language::Language;
use crate::money::Money;

/// Beyond this a numeral is an account or a telephone, not a quantity.
const CARDINAL_DIGITS_MAX: usize = 9;

/// Where a value begins and ends in words that are not tidy yet. No text holds these: they are no letters, so `written` drops
/// them.
pub(super) const VALUE_BEGIN: char = '\u{e000}';
pub(super) const NAME_BEGIN: char = '\u{e002}';
pub(super) const VALUE_END: char = '\u{e001}';

/// The words of `text`, with its outer spaces kept as single spaces (it may have neighbours). Fails only when there are
/// numerals and the language has no grammar.
pub(super) fn written(text: &str, language: Language) -> Result<String, NoGrammar> {
    let chars: Vec<char> = text.chars().collect();
    let grammar = grammar(language);
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        if is_digit(chars[at]) {
            let grammar = grammar.ok_or(NoForm::Language(language))?;
            let from = out.len();
            at = numeral(&chars, at, grammar, &mut out);
            at = suffix(&chars, at, grammar, from, &mut out);
            continue;
        }
        let c = match chars[at] {
            '-' | '−' if is_minus(&chars, at) => '−',
            '−' => '—',
            c => c,
        };
        let sign = grammar.and_then(|g| Some((g, g.sign(c, Counted::Nothing)?)));
        let from = out.len();
        at += 1;
        match sign {
            // "$5": the number comes first in speech, and brings the sign with it.
            Some(_) if before_its_number(&chars, at - 1) => {}
            Some((grammar, word)) => {
                push_word(&mut out, word);
                at = suffix(&chars, at, grammar, from, &mut out);
            }
            None => push_char(&mut out, c, chars.get(at).copied()),
        }
    }
    Ok(out)
}

/// «1'e», «₺'yi»: letters after an apostrophe belong to what was just said, `out[from..]`. Returns where they ended.
fn suffix(chars: &[char], at: usize, grammar: &dyn Grammar, from: usize, out: &mut String) -> usize {
    if !matches!(chars.get(at), Some('\'' | '’')) {
        return at;
    }
    let letters: String = chars[at + 1..].iter().take_while(|c| c.is_alphabetic()).collect();
    let Some(words) = grammar.suffixed(out[from..].trim(), &letters) else { return at };
    out.truncate(from);
    push_word(out, &words);
    at + 1 + letters.chars().count()
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn before_its_number(chars: &[char], at: usize) -> bool {
    of_sign(chars[at]).is_some() && chars.get(at + 1).copied().is_some_and(is_digit)
}

/// "−5" and "-$5" are less than zero; "5-6", "10 -5" and "10 - 5" have a dash.
fn is_minus(chars: &[char], at: usize) -> bool {
    let spaces = chars[..at].iter().rev().take_while(|c| c.is_whitespace()).count();
    let apart = match chars[..at - spaces].last() {
        Some(before) if spaces > 0 => !is_digit(*before),
        Some(before) => matches!(before, '(' | '[' | '"' | '«' | '“'),
        None => true,
    };
    let next = at + 1;
    apart && next < chars.len() && (is_digit(chars[next]) || before_its_number(chars, next))
}

/// A word with a space on either side, unless one is there.
fn push_word(out: &mut String, word: &str) {
    if out.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '\u{301}') {
        out.push(' ');
    }
    out.push_str(word);
    out.push(' ');
}

fn push_char(out: &mut String, c: char, next: Option<char>) {
    match c {
        // Typed on some systems as letter and mark.
        '\u{306}' if out.ends_with(['и', 'И']) => compose(out, 'й', 'Й'),
        '\u{308}' if out.ends_with(['е', 'Е']) => compose(out, 'ё', 'Ё'),
        '\u{308}' if out.ends_with(['і', 'І']) => compose(out, 'ї', 'Ї'),
        // The mark of stress is kept: a voice that can, obeys it.
        '\u{301}' => out.push(c),
        c if c.is_alphabetic() && !c.is_numeric() => out.push(c),
        '.' | ',' | '!' | '?' | ':' | ';' => out.push(c),
        '…' => out.push('.'),
        '\'' | '’' | 'ʼ' if letter_before(out) && next.is_some_and(char::is_alphabetic) => out.push('\''),
        '-' | '‐' | '‑' if letter_before(out) && next.is_some_and(char::is_alphabetic) => out.push('-'),
        '-' | '–' | '—' | '−' => out.push_str(" — "),
        '(' | ')' | '[' | ']' => out.push(','),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
        // Quotation marks are seen, not heard; anything else is a sign nobody taught us.
        '"' | '«' | '»' | '“' | '”' | '„' | '\'' | '’' | '‘' => {}
        _ => out.push(' '),
    }
}

fn letter_before(out: &str) -> bool {
    out.chars().next_back().is_some_and(char::is_alphabetic)
}

fn compose(out: &mut String, lower: char, upper: char) {
    let was = out.pop().expect("the letter is there");
    out.push(if was.is_lowercase() { lower } else { upper });
}

/// Reads one numeral at `at`, with the separators inside it and the sign before or after it. Returns where it ended.
fn numeral(chars: &[char], at: usize, grammar: &dyn Grammar, out: &mut String) -> usize {
    let run = |from: usize| chars[from..].iter().take_while(|c| is_digit(**c)).count();
    let text = |from: usize, to: usize| chars[from..to].iter().filter(|c| is_digit(**c)).collect::<String>();
    let mut end = at + run(at);
    // 12 345 and, in English, 12,345: groups of exactly three to the very end; otherwise it is a telephone, said group by
    // group.
    let grouped = thousands_end(chars, at, end, grammar);
    end = grouped.unwrap_or(end);
    let digits = text(at, end);
    let next = |offset: usize| chars.get(end + offset).copied();

    if grouped.is_none()
        && let Some((hour, minute, after)) = time_of_day(chars, at, end, grammar)
    {
        push_word(out, &grammar.clock(hour, minute, None));
        return after;
    }
    let by_digits = digits.len() > CARDINAL_DIGITS_MAX || (digits.len() > 1 && digits.starts_with('0'));
    // 25th, 25-го
    if !by_digits
        && let Some((ending, after)) = letters_after(chars, end)
        && let Some(words) = grammar.written_ordinal(digits.parse().expect("at most nine digits"), &ending)
    {
        push_word(out, &words);
        return after;
    }
    // 31 декабря
    if !by_digits
        && grouped.is_none()
        && next(0) == Some(' ')
        && let Some(words) = grammar.before_word(digits.parse().expect("at most nine digits"), &word_at(chars, end + 1))
    {
        push_word(out, &words);
        return end;
    }
    // 3.5, but not 25.11.2026
    let fraction = if matches!(next(0), Some('.' | ',')) { run(end + 1) } else { 0 };
    let dot_between = |i: usize| {
        matches!(chars.get(i), Some('.' | ','))
            && chars.get(i + 1).copied().is_some_and(is_digit)
            && chars.get(i.wrapping_sub(1)).copied().is_some_and(is_digit)
    };
    let dotted_on = dot_between(end + 1 + fraction) || dot_between(at.wrapping_sub(1));
    let mut after_point = String::new();
    if !by_digits && (1..=CARDINAL_DIGITS_MAX).contains(&fraction) && !dotted_on {
        after_point = text(end + 1, end + 1 + fraction);
        end += 1 + fraction;
    }
    let sign = sign_beside(chars, at, end);
    let (words, counted) = if by_digits {
        let words: Vec<&str> = digits.bytes().map(|b| grammar.digit(b - b'0')).collect();
        (words.join(" "), Counted::Nothing)
    } else {
        let whole: i64 = digits.parse().expect("at most nine digits");
        if let Some((sign, after)) = sign
            && let Some(words) = with_sign(whole, &after_point, sign, grammar)
        {
            push_word(out, &words);
            return after_separator(chars, after);
        }
        match after_point.as_str() {
            "" => (grammar.cardinal(whole, Gender::Masculine, Case::Nominative), Counted::Whole(whole)),
            after_point => (grammar.decimal(whole, after_point), Counted::Decimal),
        }
    };
    push_word(out, &words);
    if let Some((sign, after)) = sign {
        if let Some(word) = grammar.sign(sign, counted) {
            push_word(out, word);
        }
        end = after;
    }
    after_separator(chars, end)
}

/// The sign that belongs to the number at `at..end`, before it ("$5") or after it ("5 %"), and where both end.
fn sign_beside(chars: &[char], at: usize, end: usize) -> Option<(char, usize)> {
    if let Some(before) = at.checked_sub(1).map(|i| chars[i]).filter(|c| of_sign(*c).is_some()) {
        return Some((before, end));
    }
    let spaces = chars[end..].iter().take_while(|c| c.is_whitespace()).count();
    let after = chars.get(end + spaces).copied()?;
    // "100 $5": the sign of the next number.
    if spaces > 0 && before_its_number(chars, end + spaces) {
        return None;
    }
    (matches!(after, '%' | '°') || of_sign(after).is_some()).then_some((after, end + spaces + 1))
}

/// A sum or a percentage as one, since number and noun agree («две гривны»): "$5", "$12.50", "5%". `None`: neither.
fn with_sign(whole: i64, after_point: &str, sign: char, grammar: &dyn Grammar) -> Option<String> {
    let hundredths: i64 = match after_point.len() {
        0 => 0,
        2 => after_point.parse().ok()?,
        _ => return None,
    };
    match (sign, of_sign(sign)) {
        (_, Some(currency)) => Some(grammar.money(Money::new(whole * 100 + hundredths, currency), Case::Nominative)),
        ('%', None) if after_point.is_empty() => Some(grammar.count(whole, Measure::Percent, Case::Nominative)),
        _ => None,
    }
}

/// "25.11" of "25.11.2026" and "555-35-35": what parts numbers is not said.
fn after_separator(chars: &[char], end: usize) -> usize {
    let digit_at = |i: usize| chars.get(i).copied().is_some_and(is_digit);
    match chars.get(end) {
        Some('-' | '–' | '.' | ',' | ':' | '/') if digit_at(end - 1) && digit_at(end + 1) => end + 1,
        _ => end,
    }
}

/// The time of day that begins with the numeral at `at..end`: hour, minute, and where it ends. "9:05" is one by itself;
/// "9" and "9.05" are only with the half of the day after them.
fn time_of_day(chars: &[char], at: usize, end: usize, grammar: &dyn Grammar) -> Option<(i64, i64, usize)> {
    let up_to = |max: i64, from: usize, to: usize| {
        let digits = chars.get(from..to).filter(|digits| digits.len() <= 2 && digits.iter().all(|c| is_digit(*c)))?;
        digits.iter().collect::<String>().parse().ok().filter(|n| *n <= max)
    };
    let hour: i64 = up_to(23, at, end)?;
    let digit_at = |i: usize| chars.get(i).copied().is_some_and(is_digit);
    let minute = match chars.get(end) {
        Some(':' | '.') if !digit_at(end + 3) => up_to(59, end + 1, end + 3),
        _ => None,
    };
    let time_end = if minute.is_some() { end + 3 } else { end };
    match grammar.half_of_day(&chars[time_end..]) {
        // "12 am" is midnight; "15:30 pm" has said it twice.
        Some((second, length)) if hour <= 12 || second => {
            let hour = if hour > 12 { hour } else { hour % 12 + if second { 12 } else { 0 } };
            Some((hour, minute.unwrap_or(0), time_end + length))
        }
        _ if chars.get(end) == Some(&':') => minute.map(|minute| (hour, minute, time_end)),
        _ => None,
    }
}

/// The letters from here on, in lower case.
fn word_at(chars: &[char], from: usize) -> String {
    chars[from..].iter().take_while(|c| c.is_alphabetic()).flat_map(|c| c.to_lowercase()).collect()
}

/// The letters written onto a number, with or without a dash, in lower case, and where they end.
fn letters_after(chars: &[char], end: usize) -> Option<(String, usize)> {
    let from = if matches!(chars.get(end), Some('-' | '‑')) { end + 1 } else { end };
    let letters = chars[from..].iter().take_while(|c| c.is_alphabetic()).count();
    let ending = chars[from..from + letters].iter().collect::<String>().to_lowercase();
    (letters > 0).then_some((ending, from + letters))
}

/// Where a numeral with separated thousands ends; `None` when it is none.
fn thousands_end(chars: &[char], at: usize, mut end: usize, grammar: &dyn Grammar) -> Option<usize> {
    let digit_at = |i: usize| chars.get(i).copied().is_some_and(is_digit);
    let start = end;
    if end - at > 3 || chars[at] == '0' || (at > 1 && digit_at(at - 2) && !chars[at - 1].is_alphabetic()) {
        return None;
    }
    let separator = *chars.get(end)?;
    if !matches!(separator, ' ' | '\u{a0}' | '\u{202f}' | '\'') && Some(separator) != grammar.thousands_mark() {
        return None;
    }
    while chars.get(end) == Some(&separator) && digit_at(end + 1) {
        if !(1..=3).all(|i| digit_at(end + i)) || digit_at(end + 4) {
            return None;
        }
        end += 4;
    }
    // "495 123-45-67"
    if matches!(chars.get(end), Some('-')) && digit_at(end + 1) {
        return None;
    }
    (end > start).then_some(end)
}

/// One space between words, none before a comma, no two commas in a row. Values (see [`VALUE_BEGIN`]) stand apart from the
/// letters beside them.
pub(super) fn tidy(words: &str) -> String {
    let is_sign = |c: char| matches!(c, VALUE_BEGIN | NAME_BEGIN | VALUE_END);
    let mut out = String::with_capacity(words.len());
    // The last that is heard: not a sign of where a value stands.
    let mut last: Option<char> = None;
    // A value has begun or ended since `last`.
    let mut border = false;
    for c in words.chars() {
        match c {
            c if c.is_whitespace() => {
                if last.is_some_and(|l| l != ' ') {
                    // Inside a value that has just begun there is no space; before its end neither.
                    out.push(' ');
                    last = Some(' ');
                }
            }
            c if is_sign(c) => {
                let begins = c != VALUE_END;
                if begins && last.is_some_and(|l| l.is_alphabetic() || is_mark(l)) {
                    out.push(' ');
                    last = Some(' ');
                } else if !begins && last == Some(' ') {
                    out.pop();
                    last = out.chars().next_back().filter(|l| !is_sign(*l));
                }
                out.push(c);
                border = !begins;
                continue;
            }
            c if is_mark(c) => {
                if last == Some(' ') {
                    out.pop();
                    last = out.chars().rev().find(|l| !is_sign(*l));
                }
                // Of marks in a row one stays, the stronger: ",." ends a sentence. None stays where nothing is before it.
                while let Some(',' | ':' | ';' | '—') = last {
                    let at = out.rfind([',', ':', ';', '—']).expect("it was the last");
                    let weak = out.remove(at);
                    if weak == '—' && out[..at].ends_with(' ') {
                        out.remove(at - 1);
                    }
                    last = out.chars().rev().find(|l| !is_sign(*l));
                }
                if last.is_some_and(|l| !matches!(l, '.' | '!' | '?')) {
                    out.push(c);
                    last = Some(c);
                }
            }
            c => {
                if last.is_some_and(is_mark) || border && last.is_some_and(char::is_alphabetic) && c.is_alphabetic() {
                    out.push(' ');
                }
                out.push(c);
                last = Some(c);
            }
        }
        border = false;
    }
    out.truncate(out.trim_end().len());
    out
}

/// What ends a clause or a sentence.
pub fn is_mark(c: char) -> bool {
    matches!(c, ',' | '.' | '!' | '?' | ':' | ';')
}

/// A piece that stands alone: tidy, and without a mark left over at its beginning. Nothing, if it has no letter.
pub(super) fn bare(words: &str) -> String {
    let words = tidy(words);
    if !words.contains(char::is_alphabetic) {
        return String::new();
    }
    words.trim_start_matches(|c: char| !c.is_alphabetic()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_as_said() {
        for (language, text, said) in [
            ("ru", "Чтобы оплатить, нажмите 1.", "Чтобы оплатить, нажмите один."),
            ("ru", "нажмите  *9 или #", "нажмите звёздочку девять или решётку"),
            ("ru", "договор № 17", "договор номер семнадцать"),
            ("ru", "пени 1%, или 2 %, или 5%", "пени один процент, или два процента, или пять процентов"),
            ("ru", "ставка 0,5 %", "ставка ноль целых пять десятых процента"),
            ("ru", "долг 12 345 ₽", "долг двенадцать тысяч триста сорок пять рублей"),
            (
                "ru",
                "звоните 8 800 555-35-35",
                "звоните восемь восемьсот пятьсот пятьдесят пять тридцать пять тридцать пять",
            ),
            ("ru", "с 9:00 и до 18:30", "с девять ноль ноль и до восемнадцать тридцать"),
            ("ru", "код 007", "код ноль ноль семь"),
            ("ru", "ООО «Свет» (Москва)", "ООО Свет, Москва,"),
            ("ru", "25.11.2026", "двадцать пять одиннадцать две тысячи двадцать шесть"),
            ("ru", "Анна-Мария — жёлтый и\u{306}од", "Анна-Мария — жёлтый йод"),
            ("ru", "за\u{301}мок", "за\u{301}мок"),
            ("en", "press 1, or 2.", "press one, or two."),
            (
                "en",
                "You owe $5 or $1, i.e. 3.25 dollars",
                "You owe five dollars or one dollar, i. e. three point two five dollars",
            ),
            ("en", "5 - : a, : b", "five: a: b"),
            ("ru", "ставка 2,125 %", "ставка две целых сто двадцать пять тысячных процента"),
            ("ru", "100 ₴, 22 ₴ и 2,50 ₴", "сто гривен, двадцать две гривны и две гривны пятьдесят копеек"),
            (
                "en",
                "by 5:30 p.m. We close at 6 pm.",
                "by five thirty in the afternoon. We close at six in the evening.",
            ),
            ("de", "−", "—"),
            ("en", "12,345 people", "twelve thousand three hundred forty-five people"),
            ("en", "don't <speed level='9'>run</speed>", "don't speed level nine run speed"),
            ("en", "press *9", "press star nine"),
            ("en", "at 9:05 & at 22:00", "at nine oh five in the morning and at ten at night"),
            ("en", "A\nB\tC \u{200b}😀 D", "A B C D"),
            ("en", "1234567890", "one two three four five six seven eight nine zero"),
            ("la", "Salve!", "Salve!"),
        ] {
            let language = language.parse().unwrap();
            assert_eq!(tidy(&written(text, language).unwrap()), said, "{text}");
        }
        assert!(written("preme 1", "la".parse().unwrap()).is_err());
    }

    #[test]
    fn pieces_stand_alone() {
        for (piece, alone) in [
            (", due ", "due"),
            (".", ""),
            (" — ", ""),
            ("for water.", "for water."),
            ("pay ,  please ..", "pay, please."),
        ] {
            assert_eq!(bare(piece), alone);
        }
    }
}
