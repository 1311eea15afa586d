//! A telephone number cut into groups, as the people of its country write and say them.

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Group {
    /// The country code of an international number, said with its "plus".
    Plus(String),
    Digits(String),
}

/// Country codes whose numbers have a length and a grouping that everybody there uses: code, lengths of the groups after it.
const COUNTRIES: [(&str, &[usize]); 14] = [
    ("380", &[2, 3, 2, 2]),
    ("375", &[2, 3, 2, 2]),
    ("1", &[3, 3, 4]),
    ("7", &[3, 3, 2, 2]),
    ("33", &[1, 2, 2, 2, 2]),
    ("34", &[3, 2, 2, 2]),
    ("39", &[3, 3, 4]),
    ("41", &[2, 3, 2, 2]),
    ("43", &[3, 3, 4]),
    ("44", &[4, 3, 3]),
    ("48", &[3, 3, 3]),
    ("49", &[3, 2, 2, 2, 2]),
    ("90", &[3, 3, 2, 2]),
    ("996", &[3, 2, 2, 2]),
];

/// Country codes of two digits; all else has one (1, 7) or three (ITU-T E.164 assignments).
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95", "98",
];

/// Digits, perhaps with a plus before them and the usual separators between them; three of them at least.
pub(super) fn is_telephone(text: &str) -> bool {
    let rest = text.trim().strip_prefix('+').unwrap_or(text.trim());
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    (3..=15).contains(&digits) && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.'))
}

/// The groups of a number for which [`is_telephone`] holds. One without a plus has no country, and is cut in threes and twos.
pub(super) fn groups(number: &str) -> Vec<Group> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if !number.trim_start().starts_with('+') {
        return without_country(&digits).into_iter().map(Group::Digits).collect();
    }
    let country = match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        _ if TWO_DIGITS.iter().any(|code| digits.starts_with(code)) => 2,
        _ => 3,
    };
    let (code, rest) = digits.split_at(country.min(digits.len()));
    let usual = COUNTRIES.iter().find(|(of, lengths)| *of == code && lengths.iter().sum::<usize>() == rest.len());
    let groups = match usual {
        Some((_, lengths)) => cut(rest, lengths),
        None => national(rest),
    };
    std::iter::once(Group::Plus(code.to_owned())).chain(groups.into_iter().map(Group::Digits)).collect()
}

fn cut(digits: &str, lengths: &[usize]) -> Vec<String> {
    let mut rest = digits;
    let mut groups = Vec::with_capacity(lengths.len());
    for length in lengths {
        let (group, after) = rest.split_at(*length);
        groups.push(group.to_owned());
        rest = after;
    }
    groups
}

/// Eleven digits that begin with 8 or 7 are a Russian or Kazakh number, as it is dialled or as it stands in lists.
fn without_country(digits: &str) -> Vec<String> {
    match digits.as_bytes() {
        [b'7' | b'8', ..] if digits.len() == 11 => cut(digits, &[1, 3, 3, 2, 2]),
        _ => national(digits),
    }
}

/// Threes from the beginning and twos at the end: 3-2-2, 3-3-2-2, 2-2-2.
fn national(digits: &str) -> Vec<String> {
    let mut lengths = Vec::new();
    let mut rest = digits.len();
    while rest > 0 {
        let take = match rest {
            1..=3 => rest,
            4 | 6 => 2,
            _ => 3,
        };
        lengths.push(take);
        rest -= take;
    }
    cut(digits, &lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouped_as_in_its_country() {
        for (number, expected) in [
            ("+79123456789", "+7 912 345 67 89"),
            ("+1 (555) 010-1234", "+1 555 010 1234"),
            ("+33612345678", "+33 6 12 34 56 78"),
            ("+442071838750", "+44 2071 838 750"),
            ("+48123456789", "+48 123 456 789"),
            ("+380441234567", "+380 44 123 45 67"),
            ("+905321234567", "+90 532 123 45 67"),
            ("+7912345", "+7 91 23 45"),
            ("+35312345678", "+353 123 456 78"),
            ("88005553535", "8 800 555 35 35"),
            ("7 912 345-67-89", "7 912 345 67 89"),
            ("02079460018", "020 794 600 18"),
            ("1234567", "123 45 67"),
            ("555-35-35", "555 35 35"),
            ("112", "112"),
        ] {
            assert!(is_telephone(number), "{number}");
            let words: Vec<String> = groups(number)
                .into_iter()
                .map(|group| match group {
                    Group::Plus(code) => format!("+{code}"),
                    Group::Digits(digits) => digits,
                })
                .collect();
            assert_eq!(words.join(" "), expected, "{number}");
        }
        for text in ["", "12", "+", "call me", "1234567890123456", "12+345"] {
            assert!(!is_telephone(text), "{text}");
        }
    }
}
