//! Text as people write it → text as it is said: numerals and signs become words; what a synthesizer would stumble over,
//! or take for a command, goes.
//!
//! Numerals in a text stand in the nominative masculine («нажмите один»): whoever wants another form writes it in words
//! or uses a slot. Letters written onto it make an ordinal («25-го», "25th"). A numeral with a leading zero, or of more than nine digits, is said digit by digit.

use super::lang::{Counted, Grammar, NoForm, grammar};
use super::say::NoGrammar;
use super::{Case, Gender};
use crate::language::Language;

/// Beyond this a numeral is an account or a telephone, not a quantity.
const CARDINAL_DIGITS_MAX: usize = 9;

/// Where a value begins and ends in words that are not tidy yet. No text holds these: they are no letters, so `written` drops
/// them.
pub(super) const VALUE_BEGIN: &str = "\u{e000}";
pub(super) const VALUE_END: &str = "\u{e001}";

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
            at = numeral(&chars, at, grammar, &mut out);
            continue;
        }
        let c = chars[at];
        let sign = grammar.and_then(|g| g.sign(c, Counted::Nothing));
        match sign {
            // "$5": the number comes first in speech, and brings the sign with it.
            Some(_) if before_its_number(&chars, at) => {}
            Some(word) => push_word(&mut out, word),
            None => push_char(&mut out, c, chars.get(at + 1).copied()),
        }
        at += 1;
    }
    Ok(out)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '₽' | '₸' | '₴' | '₺')
}

fn before_its_number(chars: &[char], at: usize) -> bool {
    is_currency(chars[at]) && chars.get(at + 1).copied().is_some_and(is_digit)
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
    // 12 345 and 12,345: groups of exactly three to the very end; otherwise it is a telephone, said group by group.
    let grouped = thousands_end(chars, at, end);
    end = grouped.unwrap_or(end);
    let digits = text(at, end);
    let next = |offset: usize| chars.get(end + offset).copied();

    // 9:05
    if grouped.is_none()
        && next(0) == Some(':')
        && run(end + 1) == 2
        && let (Ok(hour @ 0..=23), Ok(minute @ 0..=59)) = (digits.parse(), text(end + 1, end + 3).parse())
    {
        push_word(out, &grammar.clock(hour, minute, None));
        return end + 3;
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
    let whole: i64 = if by_digits { 0 } else { digits.parse().expect("at most nine digits") };
    let mut counted = Counted::Whole(whole);
    // 3.5, but not 25.11.2026
    let fraction = if matches!(next(0), Some('.' | ',')) { run(end + 1) } else { 0 };
    let dot_between = |i: usize| {
        matches!(chars.get(i), Some('.' | ','))
            && chars.get(i + 1).copied().is_some_and(is_digit)
            && chars.get(i.wrapping_sub(1)).copied().is_some_and(is_digit)
    };
    let dotted_on = dot_between(end + 1 + fraction) || dot_between(at.wrapping_sub(1));
    if by_digits {
        let words: Vec<&str> = digits.bytes().map(|b| grammar.digit(b - b'0')).collect();
        push_word(out, &words.join(" "));
        counted = Counted::Nothing;
    } else if (1..=CARDINAL_DIGITS_MAX).contains(&fraction) && !dotted_on {
        push_word(out, &grammar.decimal(whole, &text(end + 1, end + 1 + fraction)));
        end += 1 + fraction;
        counted = Counted::Decimal;
    } else {
        push_word(out, &grammar.cardinal(whole, Gender::Masculine, Case::Nominative));
    }
    sign_of(chars, at, end, grammar, counted, out)
}

/// The letters written onto a number, with or without a dash, and where they end.
fn letters_after(chars: &[char], end: usize) -> Option<(String, usize)> {
    let from = if matches!(chars.get(end), Some('-' | '‑')) { end + 1 } else { end };
    let ending: String = chars[from..].iter().take_while(|c| c.is_alphabetic()).collect();
    let after = from + ending.chars().count();
    (!ending.is_empty()).then_some((ending, after))
}

/// Says the sign that belongs to the number at `at..end`, and returns where the sign ended.
fn sign_of(chars: &[char], at: usize, end: usize, grammar: &dyn Grammar, counted: Counted, out: &mut String) -> usize {
    let countable = |c: char| c == '%' || is_currency(c);
    let spaces = chars[end..].iter().take_while(|c| c.is_whitespace()).count();
    if let Some(sign) = chars.get(end + spaces).copied().filter(|c| countable(*c))
        && let Some(word) = grammar.sign(sign, counted)
    {
        push_word(out, word);
        return end + spaces + 1;
    }
    if let Some(word) =
        at.checked_sub(1).map(|i| chars[i]).filter(|c| is_currency(*c)).and_then(|c| grammar.sign(c, counted))
    {
        push_word(out, word);
    }
    // "25.11" of "25.11.2026" and "555-35-35": what parts numbers is not said.
    match chars.get(end) {
        Some('-' | '–' | '.' | ',' | ':' | '/') if chars.get(end + 1).copied().is_some_and(is_digit) => end + 1,
        _ => end,
    }
}

/// Where a numeral with separated thousands ends; `None` when it is none.
fn thousands_end(chars: &[char], at: usize, mut end: usize) -> Option<usize> {
    let digit_at = |i: usize| chars.get(i).copied().is_some_and(is_digit);
    let start = end;
    if end - at > 3 || chars[at] == '0' || (at > 1 && digit_at(at - 2) && !chars[at - 1].is_alphabetic()) {
        return None;
    }
    let separator = *chars.get(end)?;
    if !matches!(separator, ' ' | '\u{a0}' | '\u{202f}' | ',' | '\'') {
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
    let is_sign = |c: char| VALUE_BEGIN.starts_with(c) || VALUE_END.starts_with(c);
    let mut out = String::with_capacity(words.len());
    // The last that is heard: not a sign of where a value stands.
    let mut last: Option<char> = None;
    // A value has begun or ended since `last`.
    let mut border = false;
    let mut chars = words.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {
                if last.is_some_and(|l| l != ' ') {
                    // Inside a value that has just begun there is no space; before its end neither.
                    out.push(' ');
                    last = Some(' ');
                }
            }
            c if is_sign(c) => {
                let begins = VALUE_BEGIN.starts_with(c);
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
                // Of two marks the stronger stays: ",." ends a sentence.
                match last {
                    None | Some('.' | '!' | '?') => {}
                    Some(',' | ':' | ';' | '—') => {
                        let at = out.rfind([',', ':', ';', '—']).expect("it was the last");
                        let weak = out.remove(at);
                        if weak == '—' && out[..at].ends_with(' ') {
                            out.remove(at - 1);
                        }
                        out.push(c);
                        last = Some(c);
                    }
                    Some(_) => {
                        out.push(c);
                        last = Some(c);
                    }
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

fn is_mark(c: char) -> bool {
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
            ("en", "12,345 people", "twelve thousand three hundred forty-five people"),
            ("en", "don't <speed level='9'>run</speed>", "don't speed level nine run speed"),
            ("en", "press *9", "press star nine"),
            ("en", "at 9:05 & at 22:00", "at nine oh five in the morning and at ten at night"),
            ("en", "A\nB\tC \u{200b}😀 D", "A B C D"),
            ("en", "1234567890", "one two three four five six seven eight nine zero"),
            ("de", "Guten Tag!", "Guten Tag!"),
        ] {
            let language = language.parse().unwrap();
            assert_eq!(tidy(&written(text, language).unwrap()), said, "{text}");
        }
        assert!(written("drücken Sie 1", "de".parse().unwrap()).is_err());
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
