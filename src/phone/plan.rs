//! Numbering plans of the countries whose languages are spoken here: how a number is written at home, how long it is, and what
//! kind of line it belongs to. From the national plans that ITU-T publishes after E.164 (as of 2026), and held against the crate
//! `phonenumber` in `tests/it/plans.rs`, where the differences stand with their reasons; a number of another country is taken as it
//! stands, and nothing is said of its kind. Ranges that a plan does not tell apart are `fixed_or_mobile`, never a guess.

use super::{PhoneError, PhoneNumber};
use crate::number_type::NumberType;

crate::words! {
    /// By ISO 3166.
    pub enum Country {
        De = "DE",
        Es = "ES",
        Fr = "FR",
        Gb = "GB",
        Kz = "KZ",
        Pl = "PL",
        Ru = "RU",
        Tr = "TR",
        Ua = "UA",
        /// With the other countries of +1.
        Us = "US",
    }
}

struct Plan {
    country: Country,
    code: &'static str,
    /// Written before a national number at home; empty: nothing is.
    trunk: &'static str,
    /// Written before a country's code at home.
    abroad: &'static str,
    /// Digits after the country's code.
    lengths: std::ops::RangeInclusive<usize>,
    /// Digits that no national number begins with.
    never_first: &'static [char],
    /// What numbers begin with after the country's code; the longest counts.
    ranges: &'static [(&'static str, NumberType)],
}

use NumberType::{Fixed, FixedOrMobile, Mobile, Pager, Personal, Premium, SharedCost, TollFree, Universal, Voip};

const PLANS: &[Plan] = &[
    Plan {
        country: Country::Ru,
        code: "7",
        trunk: "8",
        abroad: "810",
        lengths: 10..=10,
        never_first: &['0', '1', '2', '5'],
        ranges: &[
            ("3", Fixed),
            ("4", Fixed),
            ("8", Fixed),
            ("800", TollFree),
            ("803", Premium),
            ("804", TollFree),
            ("809", Premium),
            ("9", Mobile),
            ("6", Fixed),
            ("7", Fixed),
            ("70", Mobile),
            ("747", Mobile),
            ("75", Voip),
            ("76", Mobile),
            ("77", Mobile),
            ("78", Mobile),
        ],
    },
    // Shares +7 and its length with Russia; what differs lies under 6 and 7, which Russia has not.
    Plan {
        country: Country::Kz,
        code: "7",
        trunk: "8",
        abroad: "810",
        lengths: 10..=10,
        never_first: &['0', '1', '2', '5'],
        ranges: &[],
    },
    Plan {
        country: Country::Ua,
        code: "380",
        trunk: "0",
        abroad: "00",
        lengths: 9..=9,
        never_first: &['0', '1', '2'],
        ranges: &[
            ("3", Fixed),
            ("39", Mobile),
            ("4", Fixed),
            ("5", Fixed),
            ("50", Mobile),
            ("6", Fixed),
            ("63", Mobile),
            ("66", Mobile),
            ("67", Mobile),
            ("68", Mobile),
            ("7", Mobile),
            ("800", TollFree),
            ("89", Voip),
            ("900", Premium),
            ("9", Mobile),
        ],
    },
    Plan {
        country: Country::Us,
        code: "1",
        trunk: "1",
        abroad: "011",
        lengths: 10..=10,
        never_first: &['0', '1'],
        ranges: &[
            ("2", FixedOrMobile),
            ("3", FixedOrMobile),
            ("4", FixedOrMobile),
            ("5", FixedOrMobile),
            ("6", FixedOrMobile),
            ("7", FixedOrMobile),
            ("8", FixedOrMobile),
            ("9", FixedOrMobile),
            ("800", TollFree),
            ("833", TollFree),
            ("844", TollFree),
            ("855", TollFree),
            ("866", TollFree),
            ("877", TollFree),
            ("888", TollFree),
            ("900", Premium),
            ("600", Voip),
            ("500", Personal),
            ("521", Personal),
            ("522", Personal),
            ("523", Personal),
            ("524", Personal),
            ("525", Personal),
            ("526", Personal),
            ("527", Personal),
            ("528", Personal),
            ("529", Personal),
            ("532", Personal),
            ("533", Personal),
            ("544", Personal),
            ("566", Personal),
            ("577", Personal),
            ("588", Personal),
            ("622", Personal),
            ("633", Personal),
        ],
    },
    Plan {
        country: Country::Gb,
        code: "44",
        trunk: "0",
        abroad: "00",
        lengths: 9..=10,
        never_first: &['0'],
        ranges: &[
            ("1", Fixed),
            ("2", Fixed),
            ("3", Universal),
            ("55", Universal),
            ("56", Voip),
            ("7", Mobile),
            ("70", Personal),
            ("76", Pager),
            ("7624", Mobile),
            ("80", TollFree),
            ("84", Premium),
            ("87", Premium),
            ("9", Premium),
        ],
    },
    Plan {
        country: Country::De,
        code: "49",
        trunk: "0",
        abroad: "00",
        lengths: 5..=11,
        never_first: &['0'],
        ranges: &[
            ("2", Fixed),
            ("3", Fixed),
            ("4", Fixed),
            ("5", Fixed),
            ("6", Fixed),
            ("7", Fixed),
            ("8", Fixed),
            ("9", Fixed),
            ("15", Mobile),
            ("16", Mobile),
            ("17", Mobile),
            ("164", Pager),
            ("168", Pager),
            ("169", Pager),
            ("800", TollFree),
            ("13", SharedCost),
            ("1377", Premium),
            ("1378", Premium),
            ("1379", Premium),
            ("18", Universal),
            ("180", SharedCost),
            ("700", Personal),
            ("900", Premium),
        ],
    },
    Plan {
        country: Country::Es,
        code: "34",
        trunk: "",
        abroad: "00",
        lengths: 9..=9,
        never_first: &['0'],
        ranges: &[
            ("51", Universal),
            ("59", Mobile),
            ("6", Mobile),
            ("7", Mobile),
            ("70", Personal),
            ("8", Fixed),
            ("800", TollFree),
            ("803", Premium),
            ("806", Premium),
            ("807", Premium),
            ("9", Fixed),
            ("900", TollFree),
            ("901", SharedCost),
            ("902", SharedCost),
            ("905", Premium),
            ("907", Premium),
        ],
    },
    Plan {
        country: Country::Fr,
        code: "33",
        trunk: "0",
        abroad: "00",
        lengths: 9..=9,
        never_first: &['0'],
        ranges: &[
            ("1", Fixed),
            ("2", Fixed),
            ("3", Fixed),
            ("4", Fixed),
            ("5", Fixed),
            ("9", Voip),
            ("6", Mobile),
            ("7", Mobile),
            ("8", Premium),
            ("80", TollFree),
            ("806", Universal),
            ("807", Universal),
            ("808", Universal),
            ("809", Universal),
            ("810", SharedCost),
            ("811", SharedCost),
            ("820", SharedCost),
            ("821", SharedCost),
            ("825", SharedCost),
            ("826", SharedCost),
            ("84", SharedCost),
            ("884", SharedCost),
        ],
    },
    Plan {
        country: Country::Pl,
        code: "48",
        trunk: "",
        abroad: "00",
        lengths: 9..=9,
        never_first: &['0'],
        ranges: &[
            ("1", Fixed),
            ("2", Fixed),
            ("21", Mobile),
            ("3", Fixed),
            ("39", Voip),
            ("4", Fixed),
            ("45", Mobile),
            ("5", Mobile),
            ("52", Fixed),
            ("54", Fixed),
            ("55", Fixed),
            ("56", Fixed),
            ("58", Fixed),
            ("59", Fixed),
            ("6", Mobile),
            ("61", Fixed),
            ("62", Fixed),
            ("63", Fixed),
            ("64", Pager),
            ("65", Fixed),
            ("67", Fixed),
            ("68", Fixed),
            ("7", Mobile),
            ("70", Premium),
            ("71", Fixed),
            ("74", Fixed),
            ("75", Fixed),
            ("76", Fixed),
            ("77", Fixed),
            ("8", Fixed),
            ("800", TollFree),
            ("801", SharedCost),
            ("804", Universal),
            ("88", Mobile),
            ("9", Fixed),
        ],
    },
    Plan {
        country: Country::Tr,
        code: "90",
        trunk: "0",
        abroad: "00",
        lengths: 10..=10,
        never_first: &['0'],
        ranges: &[
            ("2", Fixed),
            ("3", Fixed),
            ("4", Fixed),
            ("5", Mobile),
            ("512", Pager),
            ("800", TollFree),
            ("81", TollFree),
            ("85", Voip),
            ("888", Premium),
            ("898", Premium),
            ("900", Premium),
        ],
    },
];

/// The plan of a whole number, and its digits after the country's code.
fn plan_of(number: &PhoneNumber) -> Option<(&'static Plan, &str)> {
    let digits = &number.0[1..];
    PLANS.iter().find_map(|plan| Some((plan, digits.strip_prefix(plan.code)?)))
}

impl PhoneNumber {
    /// By the tables here: quick enough for a file of a million numbers, and `unknown` for other countries. What is dialled is asked
    /// of every country's plan, by [`number_type`](PhoneNumber::number_type).
    pub fn type_by_plan(&self) -> NumberType {
        let Some((plan, national)) = plan_of(self) else { return NumberType::Unknown };
        let fits = plan.ranges.iter().filter(|(prefix, _)| national.starts_with(prefix));
        fits.max_by_key(|(prefix, _)| prefix.len()).map_or(NumberType::Unknown, |(_, kind)| *kind)
    }

    /// As people write it: with `+`, or as it is dialled in `country`: `8 916 123-45-67` in Russia, `07911 123456` in Britain,
    /// `00 7 916…` from abroad. Its length is held against the plan of its country.
    ///
    /// # Errors
    /// No number, or one too long or short for its country.
    pub fn written_in(text: &str, country: Option<Country>) -> Result<PhoneNumber, PhoneError> {
        let text = text.trim();
        let plan = country.and_then(|country| PLANS.iter().find(|p| p.country == country));
        let number: PhoneNumber = match plan {
            Some(plan) if !text.starts_with('+') => at_home(text, plan)?,
            Some(_) | None => text.parse()?,
        };
        match plan_of(&number) {
            Some((plan, national)) if !plan.lengths.contains(&national.len()) => Err(PhoneError::Country(plan.code)),
            Some(_) | None => Ok(number),
        }
    }
}

fn at_home(text: &str, plan: &Plan) -> Result<PhoneNumber, PhoneError> {
    let mut digits = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '(' | ')' | '-' | '.' | '/' | '\u{a0}' | '\u{2009}' | '\u{2011}' | '\u{2013}' | '\u{202f}' => {}
            _ => return Err(PhoneError::Character),
        }
    }
    if (1..=4).contains(&digits.len()) {
        return Err(PhoneError::Short);
    }
    let whole = |digits: &str| format!("+{digits}").parse();
    let national = |digits: &str| plan.lengths.contains(&digits.len()) && !digits.starts_with(plan.never_first);
    for abroad in [plan.abroad, "00"] {
        match digits.strip_prefix(abroad) {
            Some(rest) if rest.len() > *plan.lengths.end() && !rest.starts_with('0') => return whole(rest),
            Some(_) | None => {}
        }
    }
    if !plan.trunk.is_empty()
        && let Some(rest) = digits.strip_prefix(plan.trunk).filter(|rest| national(rest))
    {
        return whole(&format!("{}{rest}", plan.code));
    }
    // Without the trunk prefix, as a spreadsheet leaves a number whose zero it took for nothing: where all numbers have one length. One
    // that begins as the prefix does may be another that lost a digit.
    let whole_length = plan.lengths.start() == plan.lengths.end();
    if whole_length && national(&digits) && (plan.trunk.is_empty() || !digits.starts_with(plan.trunk)) {
        return whole(&format!("{}{digits}", plan.code));
    }
    match digits.strip_prefix(plan.code) {
        Some(rest) if national(rest) => whole(&digits),
        Some(_) | None => Err(PhoneError::Country(plan.code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_at_home() {
        for (country, written, expected) in [
            ("RU", "8 (916) 123-45-67", Ok("+79161234567")),
            ("RU", "+7 916 123 45 67", Ok("+79161234567")),
            ("RU", "79161234567", Ok("+79161234567")),
            ("RU", "9161234567", Ok("+79161234567")),
            ("RU", "88001234567", Ok("+78001234567")),
            ("RU", "8001234567", Err(PhoneError::Country("7"))),
            ("RU", "810 49 151 12345678", Ok("+4915112345678")),
            ("RU", "916123456", Err(PhoneError::Country("7"))),
            ("RU", "+7916123456", Err(PhoneError::Country("7"))),
            ("RU", "+4915112345678", Ok("+4915112345678")),
            ("RU", "112", Err(PhoneError::Short)),
            ("RU", "call me", Err(PhoneError::Character)),
            ("KZ", "8 701 123 45 67", Ok("+77011234567")),
            ("UA", "067 123 45 67", Ok("+380671234567")),
            ("UA", "671234567", Ok("+380671234567")),
            ("US", "(202) 555-0100", Ok("+12025550100")),
            ("US", "1-202-555-0100", Ok("+12025550100")),
            ("US", "011 44 7911 123456", Ok("+447911123456")),
            ("GB", "07911 123456", Ok("+447911123456")),
            ("GB", "00 7 916 123-45-67", Ok("+79161234567")),
            ("DE", "0151 12345678", Ok("+4915112345678")),
            ("DE", "030/123456", Ok("+4930123456")),
            ("DE", "15112345678", Err(PhoneError::Country("49"))),
            ("ES", "612 34 56 78", Ok("+34612345678")),
            ("FR", "06 12 34 56 78", Ok("+33612345678")),
            ("PL", "501 234 567", Ok("+48501234567")),
            ("TR", "0532 123 45 67", Ok("+905321234567")),
        ] {
            let number = PhoneNumber::written_in(written, Some(country.parse().unwrap()));
            assert_eq!(number.as_ref().map(PhoneNumber::full), expected.as_ref().map(|s| *s), "{country} {written}");
        }
        assert_eq!(PhoneNumber::written_in("89161234567", None), Err(PhoneError::NoPlus));
        assert_eq!(PhoneNumber::written_in("+375291234567", None).unwrap().full(), "+375291234567");
    }

    #[test]
    fn kinds() {
        for (number, kind) in [
            ("+79161234567", NumberType::Mobile),
            ("+74951234567", NumberType::Fixed),
            ("+78001234567", NumberType::TollFree),
            ("+78091234567", NumberType::Premium),
            ("+77011234567", NumberType::Mobile),
            ("+77172123456", NumberType::Fixed),
            ("+380671234567", NumberType::Mobile),
            ("+380441234567", NumberType::Fixed),
            ("+12025550100", NumberType::FixedOrMobile),
            ("+19005550100", NumberType::Premium),
            ("+447911123456", NumberType::Mobile),
            ("+447012345678", NumberType::Personal),
            ("+442079460000", NumberType::Fixed),
            ("+4915112345678", NumberType::Mobile),
            ("+49900123456", NumberType::Premium),
            ("+34612345678", NumberType::Mobile),
            ("+33899123456", NumberType::Premium),
            ("+33800123456", NumberType::TollFree),
            ("+48501234567", NumberType::Mobile),
            ("+48221234567", NumberType::Fixed),
            ("+905321234567", NumberType::Mobile),
            ("+375291234567", NumberType::Unknown),
        ] {
            assert_eq!(number.parse::<PhoneNumber>().unwrap().type_by_plan(), kind, "{number}");
        }
    }
}
