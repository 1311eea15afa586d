//! Amounts as people and their spreadsheets write them.

use std::borrow::Cow;

/// The digits and one decimal point: `1 234,50`, `1.234,50`, `1,234.50` and `1'234.50` are all `1234.50`.
///
/// # Errors
/// One separator with three digits behind it may be either; nobody's debt is guessed.
pub fn plain(written: &str) -> Result<Cow<'_, str>, String> {
    let marks = |c: &char| matches!(c, '.' | ',' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\'' | '\u{2019}');
    if !written.contains(|c| marks(&c) && c != '.') && written.matches('.').count() < 2 {
        return Ok(Cow::Borrowed(written));
    }
    let not = || format!("not an amount: expected one such as 1234.50, 1 234,50 or 1,234.50, found `{written}`");
    if written.contains(|c: char| !c.is_ascii_digit() && !marks(&c)) {
        return Err(not());
    }
    let last = written.rfind(['.', ',']);
    let decimal = match last {
        Some(at) => {
            let mark = written[at..].chars().next().unwrap_or('.');
            let digits = written.len() - at - 1;
            let alone = written.matches(mark).count() == 1;
            let grouped = written[..at].contains(|c| marks(&c));
            if alone && digits == 3 && !grouped {
                return Err(format!(
                    "`{written}` may be a thousand or one: expected decimals, as in {}.00 or {}",
                    written.replace(mark, ""),
                    written.replace(mark, ".")
                ));
            }
            // The same mark several times, or three digits behind groups, only groups.
            (alone && digits != 3).then_some(at)
        }
        None => None,
    };
    let (whole, cents) = decimal.map_or((written, ""), |at| (&written[..at], &written[at + 1..]));
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
            assert_eq!(plain(written).ok().as_deref(), expected, "{written}");
        }
    }
}
