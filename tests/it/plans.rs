//! The import's own numbering plans, held against those of the crate `phonenumber`, which every dialled number is asked of.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringback::phone::{Country, NumberType, PhoneNumber};

/// Code of each country, and the lengths of its numbers behind it that are tried.
const COUNTRIES: [(&str, &str, std::ops::RangeInclusive<usize>); 9] = [
    ("DE", "49", 4..=13),
    ("ES", "34", 8..=10),
    ("FR", "33", 8..=10),
    ("GB", "44", 8..=11),
    ("PL", "48", 8..=10),
    // With Kazakhstan, which shares code and length.
    ("RU", "7", 9..=11),
    ("TR", "90", 9..=12),
    ("UA", "380", 8..=10),
    // With the other countries of +1.
    ("US", "1", 9..=11),
];

/// Where ours says another thing, and why it stays so: country, what is said (`*` for any type), beginnings of the numbers.
const STATED: [(&str, &str, &[&str], &str); 14] = [
    (
        "DE",
        "* of 12 digits is refused",
        &[""],
        "nobody is given more than 11; what is longer has digits of a switchboard in it",
    ),
    ("DE", "* of 13 digits is refused", &[""], "likewise"),
    ("PL", "toll_free of 10 digits is refused", &["800"], "a company's, no debtor's"),
    ("PL", "pager of 8 digits is refused", &["64"], "pagers are not taken in any length"),
    (
        "RU",
        "toll_free of * digits is refused",
        &["800", "804"],
        "the crate finds service numbers by their beginnings, whatever follows",
    ),
    ("RU", "premium of * digits is refused", &["803", "809"], "likewise"),
    ("TR", "toll_free of * digits is refused", &["80", "81"], "a company's, no debtor's"),
    ("UA", "toll_free of 10 digits is refused", &["80"], "a company's, no debtor's"),
    ("UA", "premium of 10 digits is refused", &["90"], "refused as premium it would be, too"),
    ("US", "fixed_or_mobile is fixed", &[""], "islands whose plans tell them apart; here all of +1 is one plan"),
    ("US", "fixed_or_mobile is mobile", &[""], "likewise"),
    ("US", "fixed_or_mobile is toll_free", &["809", "829", "849"], "the Dominican Republic's, within its area codes"),
    ("US", "fixed_or_mobile is toll_free", &["242"], "the Bahamas', within their area code"),
    ("US", "fixed_or_mobile is *", &["246"], "Barbados' voip and universal numbers, within its area code"),
];

/// Digits of a beginning that is tried, and numbers tried behind each and for each length.
const DEPTH: usize = 4;
const EACH: usize = 3;

/// Beginnings, by what is said of numbers that begin so; and how many numbers were held against each other.
fn differences(
    country: &str,
    code: &str,
    lengths: &std::ops::RangeInclusive<usize>,
) -> (BTreeMap<String, Vec<String>>, u32) {
    let mut rng = StdRng::seed_from_u64(u64::from(country.as_bytes()[0]) * 256 + u64::from(country.as_bytes()[1]));
    let (mut found, mut held): (BTreeMap<String, BTreeSet<String>>, u32) = Default::default();
    for n in 0..10usize.pow(DEPTH as u32) {
        let begins = format!("{n:0DEPTH$}");
        for length in lengths.clone() {
            // Behind the country's code the crate passes over what is dialled before a number at home; ours refuses it.
            if begins.starts_with('0') || country == "RU" && begins.starts_with('8') && length > 10 {
                continue;
            }
            for _ in 0..EACH {
                let rest: String = (DEPTH..length).map(|_| char::from(b'0' + rng.random_range(0..10u8))).collect();
                let written = format!("+{code}{begins}{rest}");
                let Ok(number) = written.parse::<PhoneNumber>() else { continue };
                let ours = PhoneNumber::written_in(&written, None).ok().map(|number| number.type_by_plan());
                let told = match (ours, number.number_type()) {
                    // Nobody has it, as far as the crate knows; ours knows no more than the beginning.
                    (_, NumberType::Unknown) => continue,
                    (None, theirs) => format!("{theirs} of {length} digits is refused"),
                    (Some(ours), theirs) if ours == theirs => {
                        held += 1;
                        continue;
                    }
                    (Some(ours), theirs) => format!("{ours} is {theirs}"),
                };
                held += 1;
                found.entry(told).or_default().insert(begins.clone());
            }
        }
    }
    (found.into_iter().map(|(told, begins)| (told, begins.into_iter().collect())).collect(), held)
}

/// `*` stands for a word.
fn fits(pattern: &str, told: &str) -> bool {
    let (pattern, told): (Vec<&str>, Vec<&str>) = (pattern.split(' ').collect(), told.split(' ').collect());
    pattern.len() == told.len() && pattern.iter().zip(&told).all(|(p, t)| *p == "*" || p == t)
}

#[test]
fn the_plans_here_are_those_of_the_crate_but_for_what_is_stated() {
    let (mut unstated, mut met) = (String::new(), BTreeSet::new());
    for (country, code, lengths) in COUNTRIES {
        assert!(country.parse::<Country>().is_ok(), "{country}");
        let (found, held) = differences(country, code, &lengths);
        assert!(held > 2_000, "{country}: only {held} numbers were held against each other");
        for (told, begins) in found {
            let left = begins.into_iter().filter(|begins| {
                let stated = STATED.iter().position(|(where_, what, which, _)| {
                    *where_ == country && fits(what, &told) && which.iter().any(|which| begins.starts_with(which))
                });
                met.extend(stated);
                stated.is_none()
            });
            let left: Vec<String> = left.collect();
            if !left.is_empty() {
                unstated += &format!("{country} {told}: {}\n", left.join(" "));
            }
        }
    }
    assert!(unstated.is_empty(), "mend src/phone/plan.rs, or state why not:\n{unstated}");
    let gone: Vec<_> = (0..STATED.len()).filter(|n| !met.contains(n)).map(|n| STATED[n]).collect();
    assert!(gone.is_empty(), "there is no such difference any more: {gone:?}");
}
