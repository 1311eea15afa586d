//! Messages to be read, not heard: SMS and e-mail. Numbers stay figures; money and dates are written as people of the
//! language write them.

use crate::language::Language;
use crate::money::Money;
use crate::speech::{Piece, Spoken, Template};

/// A missing value leaves a gap rather than failing: the compiler has seen to it that optional values are guarded.
pub(super) fn write(template: &Template, value: impl Fn(usize) -> Option<Spoken>, language: Language) -> String {
    template
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Slot { slot, .. } => value(*slot).map(|v| written(v, language)).unwrap_or_default(),
            Piece::Literal { value, .. } => written(value.clone(), language),
            Piece::Manner(_) | Piece::Break(_) => String::new(),
        })
        .collect()
}

fn written(value: Spoken, language: Language) -> String {
    match value {
        Spoken::Text(text) | Spoken::Digits(text) => text,
        Spoken::Number(number) => number.to_string(),
        Spoken::Time(time) => time.strftime("%H:%M").to_string(),
        Spoken::Date(day) if language == Language::RU => day.strftime("%d.%m.%Y").to_string(),
        // Day and month in figures would be read one way in London and another in Boston.
        Spoken::Date(day) => day.strftime("%-d %b %Y").to_string(),
        Spoken::Money(money) => written_money(money, language),
    }
}

/// `1 234,50 RUB` in Russian, `1,234.50 RUB` elsewhere. The spaces do not break.
fn written_money(money: Money, language: Language) -> String {
    let (thousands, point) = if language == Language::RU { ('\u{a0}', ',') } else { (',', '.') };
    let amount = money.amount();
    let (major, minor) = amount.split_once('.').expect("an amount has a point");
    let (sign, digits) = major.strip_prefix('-').map_or(("", major), |digits| ("-", digits));
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            grouped.push(thousands);
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{point}{minor}\u{a0}{}", money.currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let day: jiff::civil::Date = "2026-11-05".parse().unwrap();
        for (value, ru, en) in [
            (Spoken::Money("1234567.50 RUB".parse().unwrap()), "1 234 567,50 RUB", "1,234,567.50 RUB"),
            (Spoken::Money("-234.05 EUR".parse().unwrap()), "-234,05 EUR", "-234.05 EUR"),
            (Spoken::Date(day), "05.11.2026", "5 Nov 2026"),
            (Spoken::Number(7), "7", "7"),
            (Spoken::Digits("0042".into()), "0042", "0042"),
        ] {
            assert_eq!(written(value.clone(), Language::RU).replace('\u{a0}', " "), ru);
            assert_eq!(written(value, Language::EN).replace('\u{a0}', " "), en);
        }
    }
}
