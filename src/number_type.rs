//! What sort of line a number is, by its country's numbering plan.

use std::fmt;

use phonenumber::Type;

use crate::phone::PhoneNumber;

crate::words! {
    /// By the numbering plan, not by who owns the number now: ported numbers keep their look.
    pub enum NumberType {
        Mobile = "mobile",
        Fixed = "fixed",
        /// Where mobiles have the numbers of a place, as in North America.
        FixedOrMobile = "fixed_or_mobile",
        TollFree = "toll_free",
        /// Who rings pays a third party. Never dialled.
        Premium = "premium",
        /// Who rings pays more than for a usual call.
        SharedCost = "shared_cost",
        Voip = "voip",
        /// Follows its owner; may cost more.
        Personal = "personal",
        Pager = "pager",
        /// A company's one number for all its places.
        Universal = "universal",
        /// Emergency and service numbers. Never dialled.
        Short = "short",
        Unknown = "unknown",
    }
}

/// Service numbers of +7, which two countries share: the crate finds no country for them, and would let premium ones pass.
const SERVICES: [(&str, NumberType); 4] = [
    ("+7800", NumberType::TollFree),
    ("+7804", NumberType::TollFree),
    ("+7803", NumberType::Premium),
    ("+7809", NumberType::Premium),
];

impl PhoneNumber {
    pub fn number_type(&self) -> NumberType {
        let Ok(number) = phonenumber::parse(None, self.full()) else { return NumberType::Unknown };
        match number.number_type(&phonenumber::metadata::DATABASE) {
            Type::FixedLine => NumberType::Fixed,
            Type::Mobile => NumberType::Mobile,
            Type::FixedLineOrMobile => NumberType::FixedOrMobile,
            Type::TollFree => NumberType::TollFree,
            Type::PremiumRate => NumberType::Premium,
            Type::SharedCost => NumberType::SharedCost,
            Type::PersonalNumber => NumberType::Personal,
            Type::Voip => NumberType::Voip,
            Type::Pager => NumberType::Pager,
            Type::Uan => NumberType::Universal,
            Type::Emergency | Type::ShortCode => NumberType::Short,
            Type::Voicemail | Type::StandardRate | Type::Carrier | Type::NoInternational | Type::Unknown => {
                SERVICES.iter().find(|(p, _)| self.full().starts_with(p)).map_or(NumberType::Unknown, |(_, t)| *t)
            }
        }
    }
}

/// Which numbers may be dialled: of the whole installation, or over one trunk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberRules {
    /// Beginnings of numbers, `+` and digits. Empty: any.
    pub allow: Vec<String>,
    /// Beginnings that are not dialled although `allow` has them.
    pub deny: Vec<String>,
    /// Empty: any but those that never are.
    pub types: Vec<NumberType>,
}

/// Why a number is not dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barred {
    /// One word: `not_allowed`, `number_type`, `no_price`, `no_trunk`.
    pub reason: &'static str,
    /// Plain words, with the number's middle hidden.
    pub why: String,
}

impl fmt::Display for Barred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl NumberRules {
    /// `None`: it may be dialled, as far as these rules go.
    pub fn bars(&self, number: &PhoneNumber) -> Option<Barred> {
        let begins = |prefixes: &[String]| prefixes.iter().find(|p| number.full().starts_with(p.as_str())).cloned();
        if !self.allow.is_empty() && begins(&self.allow).is_none() {
            let why = format!("{number} begins with none of {}", self.allow.join(", "));
            return Some(Barred { reason: "not_allowed", why });
        }
        if let Some(prefix) = begins(&self.deny) {
            return Some(Barred {
                reason: "not_allowed",
                why: format!("{number} begins with {prefix}, which is denied"),
            });
        }
        let kind = number.number_type();
        let barred = |why: String| Some(Barred { reason: "number_type", why });
        match kind {
            NumberType::Premium | NumberType::Short => {
                barred(format!("{number} is a {kind} number, which are never dialled"))
            }
            _ if self.types.is_empty() || self.lets(kind) => None,
            _ => {
                let types: Vec<&str> = self.types.iter().map(|t| t.as_str()).collect();
                barred(format!("{number} is of type {kind}, and only {} are dialled", types.join(", ")))
            }
        }
    }

    fn lets(&self, kind: NumberType) -> bool {
        // It may be either: both must be wanted.
        let either = kind == NumberType::FixedOrMobile
            && [NumberType::Fixed, NumberType::Mobile].iter().all(|t| self.types.contains(t));
        either || self.types.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    #[test]
    fn types_by_the_plans() {
        for (text, expected) in [
            ("+79161234567", "mobile"),
            ("+74951234567", "fixed"),
            ("+78002000600", "toll_free"),
            ("+78091234567", "premium"),
            ("+77011234567", "mobile"),
            ("+447911123456", "mobile"),
            ("+442079460000", "fixed"),
            ("+449012345678", "premium"),
            ("+448431234567", "premium"),
            ("+447012345678", "personal"),
            ("+12125551234", "fixed_or_mobile"),
            ("+19005551234", "premium"),
            ("+4915123456789", "mobile"),
            ("+4930123456", "fixed"),
            ("+491371234567", "shared_cost"),
            ("+375291234567", "mobile"),
            ("+2999999999", "unknown"),
        ] {
            assert_eq!(number(text).number_type().as_str(), expected, "{text}");
        }
    }

    /// allow, deny, types, number → reason, or nothing
    #[test]
    fn rules() {
        for (allow, deny, types, text, expected) in [
            ("", "", "", "+79161234567", None),
            ("+7 +49", "", "", "+4915123456789", None),
            ("+7 +49", "", "", "+447911123456", Some("not_allowed")),
            ("+7", "+7900", "", "+79001234567", Some("not_allowed")),
            ("+7", "+7900", "", "+79011234567", None),
            ("", "", "mobile", "+79161234567", None),
            ("", "", "mobile", "+74951234567", Some("number_type")),
            // A premium number is not dialled whoever lists it.
            ("+44", "", "premium", "+449012345678", Some("number_type")),
            ("", "", "mobile", "+12125551234", Some("number_type")),
            ("", "", "mobile fixed", "+12125551234", None),
            ("", "", "mobile fixed", "+2999999999", Some("number_type")),
            ("", "", "", "+2999999999", None),
        ] {
            let list = |text: &str| text.split_whitespace().map(String::from).collect::<Vec<_>>();
            let types = list(types).iter().map(|t| t.parse().unwrap()).collect();
            let rules = NumberRules { allow: list(allow), deny: list(deny), types };
            let barred = rules.bars(&number(text));
            assert_eq!(barred.as_ref().map(|b| b.reason), expected, "{rules:?} {text}: {barred:?}");
            assert!(barred.is_none_or(|b| !b.why.contains(text)), "a whole number is shown");
        }
    }
}
