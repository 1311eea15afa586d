//! Numbers → zones, by the longest beginning that is listed.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::phone::PhoneNumber;
use crate::time::Zone;

const SHIPPED: &str = include_str!("numbers.yaml");
/// Digits of the longest beginning.
const DIGITS_MAX: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberZones {
    /// At least one; the first is where many of them are.
    pub zones: &'static [Zone],
    /// The country is so wide that the number says nothing of the place.
    pub wide: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    zones: Vec<String>,
    begin: String,
    #[serde(default)]
    wide: bool,
}

static NUMBERS: LazyLock<HashMap<String, NumberZones>> = LazyLock::new(|| {
    let written: Vec<Written> = serde_saphyr::from_str(SHIPPED).expect("shipped, and held by a test");
    let mut numbers = HashMap::new();
    for Written { zones, begin, wide } in written {
        let zones: Vec<Zone> = zones.iter().map(|z| z.parse().expect("shipped, and held by a test")).collect();
        let found = NumberZones { zones: Vec::leak(zones), wide };
        for begin in begin.split_whitespace() {
            assert!(begin.len() <= DIGITS_MAX, "shipped, and held by a test: {begin}");
            assert!(numbers.insert(begin.to_string(), found).is_none(), "{begin} is listed twice");
        }
    }
    numbers
});

/// `None`: a beginning that no line lists, or that is no person's.
pub fn of_number(number: &PhoneNumber) -> Option<NumberZones> {
    let digits = &number.full()[1..];
    let longest = (1..=DIGITS_MAX.min(digits.len())).rev().find_map(|length| NUMBERS.get(&digits[..length]));
    longest.copied().filter(|found| !found.zones.is_empty())
}
