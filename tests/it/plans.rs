//! The import's own numbering plans, held against those of the crate `phonenumber`, which every dialled number is asked of.

use std::collections::BTreeMap;

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
    ("RU", "7", 9..=11),
    ("TR", "90", 9..=12),
    ("UA", "380", 8..=10),
    ("US", "1", 9..=11),
];

/// Digits of a beginning that is tried, and numbers tried behind each.
const DEPTH: usize = 4;
const EACH: usize = 4;

/// By what ours and the crate's say: the beginnings, as short as they can be.
type Differences = BTreeMap<String, Vec<String>>;

/// Of a beginning: what both said of its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Said(Vec<String>);

fn said(country: &str, code: &str, lengths: &std::ops::RangeInclusive<usize>) -> BTreeMap<String, Said> {
    let mut rng = StdRng::seed_from_u64(u64::from(country.as_bytes()[0]) * 256 + u64::from(country.as_bytes()[1]));
    let mut found = BTreeMap::new();
    for n in 0..10usize.pow(DEPTH as u32) {
        let begins = format!("{n:0DEPTH$}");
        let mut all = Vec::new();
        for length in lengths.clone() {
            for _ in 0..EACH {
                let rest: String = (DEPTH..length).map(|_| char::from(b'0' + rng.random_range(0..10u8))).collect();
                let written = format!("+{code}{begins}{rest}");
                let Ok(number) = written.parse::<PhoneNumber>() else { continue };
                let theirs = number.number_type();
                let ours = PhoneNumber::written_in(&written, None).ok().map(|number| number.type_by_plan());
                let told = match (ours, theirs) {
                    // Nobody has it, as far as the crate knows; ours knows no more than the beginning.
                    (_, NumberType::Unknown) => continue,
                    (None, theirs) => format!("{theirs} of {length} digits is refused"),
                    (Some(ours), theirs) if ours == theirs => String::new(),
                    (Some(ours), theirs) => format!("{ours} is {theirs}"),
                };
                all.push(told);
            }
        }
        all.sort();
        all.dedup();
        if !all.is_empty() {
            found.insert(begins, Said(all));
        }
    }
    found
}

/// Beginnings below which all that is known says the same are one.
fn short(mut found: BTreeMap<String, Said>) -> Differences {
    for depth in (1..DEPTH).rev() {
        let mut merged: BTreeMap<String, Vec<(String, Said)>> = BTreeMap::new();
        for (begins, said) in found.iter().filter(|(begins, _)| begins.len() == depth + 1) {
            merged.entry(begins[..depth].to_string()).or_default().push((begins.clone(), said.clone()));
        }
        for (begins, parts) in merged {
            if parts.iter().all(|(_, said)| *said == parts[0].1) {
                for (part, _) in &parts {
                    found.remove(part);
                }
                found.insert(begins, parts[0].1.clone());
            }
        }
    }
    let mut differences = Differences::new();
    for (begins, Said(all)) in found {
        if all.iter().any(|told| !told.is_empty()) {
            let told: Vec<&str> = all.iter().map(|told| if told.is_empty() { "same" } else { told }).collect();
            differences.entry(told.join(" + ")).or_default().push(begins);
        }
    }
    differences
}

#[test]
fn the_plans_here_are_those_of_the_crate() {
    let mut text = String::new();
    for (country, code, lengths) in COUNTRIES {
        assert!(country.parse::<Country>().is_ok());
        for (told, begins) in short(said(country, code, &lengths)) {
            text += &format!("{country} {told}: {}\n", begins.join(" "));
        }
    }
    println!("{text}");
    panic!("look");
}
