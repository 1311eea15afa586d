//! Amounts as people and their spreadsheets write them.

use std::borrow::Cow;

use crate::books::RejectCode;

crate::words! {
    /// What stands before the fractions of an amount.
    pub enum Decimal {
        Point = "point",
        Comma = "comma",
    }
}

impl Decimal {
    fn mark(self) -> char {
        match self {
            Decimal::Point => '.',
            Decimal::Comma => ',',
        }
    }
}

/// The digits and one decimal point: `1 234,50`, `1.234,50`, `1,234.50` and `1'234.50` are all `1234.50`.
///
/// # Errors
/// One separator with three digits behind it may be either, unless `decimal` says which; nobody's debt is guessed.
pub fn plain(written: &str, decimal: Option<Decimal>) -> Result<Cow<'_, str>, (RejectCode, String)> {
    let marks = |c: &char| matches!(c, '.' | ',' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\'' | '\u{2019}');
    let point = decimal != Some(Decimal::Comma);
    if point && !written.contains(|c| marks(&c) && c != '.') && written.matches('.').count() < 2 {
        return Ok(Cow::Borrowed(written));
    }
    let not = || {
        let why = format!("not an amount: expected one such as 1234.50, 1 234,50 or 1,234.50, found `{written}`");
        (RejectCode::AmountFormat, why)
    };
    if written.contains(|c: char| !c.is_ascii_digit() && !marks(&c)) {
        return Err(not());
    }
    let last = written.rfind(['.', ',']);
    let at = match (last, decimal) {
        (Some(at), Some(decimal)) => {
            let mark = decimal.mark();
            let is_decimal = written[at..].starts_with(mark);
            if written.matches(mark).count() > usize::from(is_decimal) {
                return Err(not());
            }
            is_decimal.then_some(at)
        }
        (Some(at), None) => {
            let mark = written[at..].chars().next().unwrap_or('.');
            let digits = written.len() - at - 1;
            let alone = written.matches(mark).count() == 1;
            let grouped = written[..at].contains(|c| marks(&c));
            if alone && digits == 3 && !grouped {
                let (thousand, one) = (written.replace(mark, ""), written.replace(mark, "."));
                let why =
                    format!("`{written}` may be a thousand or one: expected decimals, as in {thousand}.00 or {one}");
                return Err((RejectCode::AmountAmbiguous, why));
            }
            // The same mark several times, or three digits behind groups, only groups.
            (alone && digits != 3).then_some(at)
        }
        (None, _) => None,
    };
    let (whole, cents) = at.map_or((written, ""), |at| (&written[..at], &written[at + 1..]));
    let groups: Vec<&str> = whole.split(|c| marks(&c)).collect();
    let mut between = whole.chars().filter(marks);
    let first = between.next();
    let even = groups.iter().skip(1).all(|g| g.len() == 3) && (1..=3).contains(&groups[0].len());
    if groups.len() > 1 && !(even && between.all(|mark| Some(mark) == first)) {
        return Err(not());
    }
    let whole = groups.concat();
    Ok(Cow::Owned(if cents.is_empty() { whole } else { format!("{whole}.{cents}") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_forms() {
        for (written, expected) in [
            ("1234.50", Some("1234.50")),
            ("1234,50", Some("1234.50")),
            ("1 234,50", Some("1234.50")),
            ("1\u{a0}234\u{a0}567,5", Some("1234567.5")),
            ("1\u{202f}234", Some("1234")),
            ("1.234,50", Some("1234.50")),
            ("1,234.50", Some("1234.50")),
            ("1'234.50", Some("1234.50")),
            ("1.234.567", Some("1234567")),
            ("1,234,567.05", Some("1234567.05")),
            ("0,05", Some("0.05")),
            ("1,234", None),
            ("12 34,50", None),
            ("1 23", None),
            ("1,2,3", None),
            ("1.234'567,00", None),
            ("12,50 руб", None),
            ("", Some("")),
            ("abc", Some("abc")),
        ] {
            assert_eq!(plain(written, None).ok().as_deref(), expected, "{written}");
        }
        for (written, decimal, expected) in [
            ("1,234", Decimal::Point, Some("1234")),
            ("1,234", Decimal::Comma, Some("1.234")),
            ("1.234", Decimal::Comma, Some("1234")),
            ("1.234", Decimal::Point, Some("1.234")),
            ("1.234,5", Decimal::Comma, Some("1234.5")),
            ("1.234,5", Decimal::Point, None),
            ("12.50", Decimal::Comma, None),
            ("1234,50", Decimal::Comma, Some("1234.50")),
            ("1234", Decimal::Comma, Some("1234")),
            ("1,234,567", Decimal::Comma, None),
        ] {
            assert_eq!(plain(written, Some(decimal)).ok().as_deref(), expected, "{written} {decimal}");
        }
    }
}
