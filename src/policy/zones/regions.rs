//! Regions and postcodes → zones, for countries that have several.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use super::NoRegion;
use crate::phone::PhoneNumber;
use crate::time::Zone;

const SHIPPED: &str = include_str!("regions.yaml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    zones: Vec<String>,
    #[serde(default)]
    codes: String,
    #[serde(default)]
    names: String,
    #[serde(default)]
    postcodes: String,
}

#[derive(Debug)]
struct Country {
    /// As in `regions.yaml`.
    key: &'static str,
    /// As codes begin (ISO 3166), and as its numbers do.
    iso: &'static str,
    calling: &'static str,
    such_as: [&'static str; 2],
    /// Names and codes, both in lower case.
    regions: HashMap<String, &'static [Zone]>,
    postcodes: HashMap<String, &'static [Zone]>,
}

/// Key, ISO code, how its numbers begin, examples of a region and of a postcode.
const COUNTRIES: [(&str, &str, &str, [&str; 2]); 5] = [
    ("kz", "KZ", "77", ["KZ-75 or Алматы", ""]),
    ("ru", "RU", "7", ["RU-SVE or Свердловская область", "620014"]),
    ("ca", "CA", "1", ["CA-ON or Ontario", "K1A 0B1"]),
    ("us", "US", "1", ["US-NY or New York", "10001"]),
    ("uk", "GB", "44", ["GB-SCT or Scotland", "EH1 1AA"]),
];

/// Words that say what sort of region it is, or nothing.
const SORTS: [&str; 19] = [
    "республика",
    "респ",
    "область",
    "обл",
    "край",
    "город",
    "г",
    "автономный",
    "автономная",
    "авт",
    "округ",
    "ао",
    "федеральный",
    "фо",
    "state",
    "of",
    "the",
    "republic",
    "oblast",
];

static LISTED: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let mut written: BTreeMap<String, Vec<Written>> =
        serde_saphyr::from_str(SHIPPED).expect("shipped, and held by a test");
    let country = |(key, iso, calling, such_as)| {
        let mut country = Country { key, iso, calling, such_as, regions: HashMap::new(), postcodes: HashMap::new() };
        for region in written.remove(key).expect("shipped, and held by a test") {
            country.take_in(region);
        }
        country
    };
    COUNTRIES.into_iter().map(country).collect()
});

impl Country {
    fn take_in(&mut self, region: Written) {
        let zones: Vec<Zone> = region.zones.iter().map(|z| z.parse().expect("shipped, and held by a test")).collect();
        let zones: &'static [Zone] = Vec::leak(zones);
        let codes = region.codes.split_whitespace().map(str::to_lowercase);
        let names = region.names.split(',').map(plain).filter(|name| !name.is_empty());
        for name in codes.chain(names) {
            assert!(self.regions.insert(name.clone(), zones).is_none(), "{} {name} is listed twice", self.key);
        }
        for written in region.postcodes.split_whitespace() {
            for begin in range(written) {
                assert!(self.postcodes.insert(begin.clone(), zones).is_none(), "{} {begin} is listed twice", self.key);
            }
        }
    }

    fn fault(&self, what: &'static str, at: usize) -> NoRegion {
        NoRegion { what, country: self.key, such_as: self.such_as[at] }
    }

    fn region(&self, written: &str) -> Option<&'static [Zone]> {
        self.regions.get(&plain(written)).copied()
    }

    fn postcode(&self, written: &str) -> Option<&'static [Zone]> {
        let code: String = written.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_uppercase();
        let digits = code.bytes().all(|b| b.is_ascii_digit());
        // Another length is another country's, or a slip of the hand. Where they are letters, a country has no codes of digits.
        let begin = match (self.key, code.len()) {
            ("uk", 5..=7) => code.chars().take_while(char::is_ascii_alphabetic).collect(),
            ("ca", 6) if !digits => code[..1].to_string(),
            ("ru", 6) | ("us", 5 | 9) if digits => code[..3].to_string(),
            _ => return None,
        };
        self.postcodes.get(&begin).copied()
    }
}

/// `236-238` → 236, 237, 238; `AB` → AB.
fn range(written: &str) -> Vec<String> {
    let Some((from, to)) = written.split_once('-') else { return vec![written.to_string()] };
    let number = |digits: &str| digits.parse::<u32>().expect("shipped, and held by a test");
    (number(from)..=number(to)).map(|n| format!("{n:03}")).collect()
}

/// In lower case, without the words of [`SORTS`].
fn plain(written: &str) -> String {
    let lower = written.trim().to_lowercase().replace('ё', "е");
    let words =
        lower.split(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '—' | '–')).filter(|w| !w.is_empty());
    let words: Vec<&str> = words.filter(|word| !SORTS.contains(word)).collect();
    words.join(" ")
}

/// The zones of a region, else of a postcode, both as imported; of the country that the region's code names, else of one that has such
/// numbers. `None`: neither is given, or we have no list of that country.
pub(super) fn find(
    region: &str,
    postcode: &str,
    number: Option<&PhoneNumber>,
) -> Result<Option<&'static [Zone]>, NoRegion> {
    let code = |c: &&Country| region.get(..3).is_some_and(|head| head.to_uppercase() == format!("{}-", c.iso));
    if let Some(country) = LISTED.iter().find(code) {
        return country.region(&region[3..]).map(Some).ok_or_else(|| country.fault("region", 0));
    }
    let digits = number.map_or("", |n| &n.full()[1..]);
    let countries: Vec<&Country> = LISTED.iter().filter(|c| digits.starts_with(c.calling)).collect();
    let Some(last) = countries.last() else { return Ok(None) };
    if !region.is_empty() {
        return countries.iter().find_map(|c| c.region(region)).map(Some).ok_or_else(|| last.fault("region", 0));
    }
    if postcode.is_empty() || countries.iter().any(|c| c.postcodes.is_empty()) {
        return Ok(None);
    }
    countries.iter().find_map(|c| c.postcode(postcode)).map(Some).ok_or_else(|| last.fault("postcode", 1))
}
