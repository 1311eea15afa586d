//! Digits that prove the others: a slip of the finger is found while the person is still there.

use super::program::CheckDigit;

impl CheckDigit {
    /// Whether the entry, its check digits last, is right. No digits, or other characters: not right.
    pub fn holds(self, entry: &str) -> bool {
        let digits: Option<Vec<u32>> = entry.chars().map(|c| c.to_digit(10)).collect();
        let Some(digits) = digits.filter(|d| d.len() >= 2) else { return false };
        match self {
            // Every second digit from the right doubled, its digits added.
            CheckDigit::Luhn => {
                let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
                let sum: u32 =
                    digits.iter().rev().enumerate().map(|(n, d)| if n % 2 == 1 { doubled(*d) } else { *d }).sum();
                sum.is_multiple_of(10)
            }
            CheckDigit::Mod11 => {
                let (last, others) = digits.split_last().expect("two at least");
                let product = others.iter().fold(10, |product, digit| {
                    let sum = (product + digit) % 10;
                    (if sum == 0 { 10 } else { sum }) * 2 % 11
                });
                (product + last) % 10 == 1
            }
            CheckDigit::Mod97 => digits.iter().fold(0, |rest, digit| (rest * 10 + digit) % 97) == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published examples: ISO/IEC 7812-1, ISO/IEC 7064.
    #[test]
    fn known_entries() {
        for (check, right) in [
            (CheckDigit::Luhn, "79927398713"),
            (CheckDigit::Luhn, "4539578763621486"),
            (CheckDigit::Mod11, "07945"),
            (CheckDigit::Mod97, "79444"),
        ] {
            assert!(check.holds(right), "{check} {right}");
            assert!(!check.holds(""), "{check}");
            assert!(!check.holds("12a"), "{check}");
        }
    }

    /// What the schemes are for: each wrong digit is found.
    #[test]
    fn one_wrong_digit_is_found() {
        for (check, right) in
            [(CheckDigit::Luhn, "79927398713"), (CheckDigit::Mod11, "07945"), (CheckDigit::Mod97, "79444")]
        {
            for (at, was) in right.char_indices() {
                for digit in ('0'..='9').filter(|d| *d != was) {
                    let mut wrong = right.to_string();
                    wrong.replace_range(at..=at, &digit.to_string());
                    assert!(!check.holds(&wrong), "{check} {wrong}");
                }
            }
        }
    }
}
