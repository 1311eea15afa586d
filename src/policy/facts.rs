//! What is known of a person beside debts and numbers, and bears on whether they may be contacted: further columns of the import
//! with names of their own.

use jiff::civil::Date;

use crate::books::Contact;
use crate::phone::{NumberType, PhoneNumber};

crate::words! {
    /// People whom nobody may press (230-FZ art. 7(1)).
    pub enum Protected {
        Bankruptcy = "bankruptcy",
        Incapacity = "incapacity",
        InPatient = "in_patient",
        DisabilityOne = "disability_1",
        Minor = "minor",
    }
}

crate::words! {
    /// Who claims the debt.
    pub enum Claimant {
        /// The one to whom it is owed.
        Principal = "principal",
        Collector = "collector",
    }
}

crate::words! {
    /// Out of what a debt is owed.
    pub enum DebtorKind {
        /// Of a natural person, for their own life.
        Consumer = "consumer",
        /// Of a sole trader, from trading.
        SoleTrader = "sole_trader",
    }
}

crate::words! {
    /// What the one is to whom it is owed.
    pub enum CreditorKind {
        Organisation = "organisation",
        PrivatePerson = "private_person",
    }
}

crate::words! {
    pub enum Fact {
        /// `yes` or `no`: a recorded voice may ring.
        ConsentVoice = "consent_voice",
        /// The day of the statement that refuses all contact but by post.
        RefusedOn = "refused_on",
        /// The advocate's name: all contact goes there.
        Advocate = "advocate",
        /// Words of [`Protected`], with spaces between.
        Protected = "protected",
        /// A word of [`Claimant`].
        Claimant = "claimant",
        /// A word of [`DebtorKind`].
        DebtorKind = "debtor_kind",
        /// A word of [`CreditorKind`].
        CreditorKind = "creditor_kind",
        /// Numbers among the contact's that a look-up found to be landlines, where their look does not tell.
        LandlineNumbers = "landline_numbers",
        /// Numbers among the contact's that are a relative's, an employer's, a neighbour's.
        ThirdPersonNumbers = "third_person_numbers",
        /// `yes` or `no`: the debtor agrees to these being rung.
        ThirdPersonConsent = "third_person_consent",
        /// The postal address, in one line.
        Address = "address",
    }
}

impl Fact {
    /// What is wrong with a value of this column.
    pub fn fault(self, value: &str) -> Option<String> {
        match self {
            Fact::ConsentVoice | Fact::ThirdPersonConsent => yes(value).err(),
            Fact::RefusedOn => value.parse::<Date>().err().map(|_| "not a day: expected one such as 2026-11-25".into()),
            Fact::Advocate | Fact::Address => None,
            Fact::Protected => value.split_whitespace().find_map(|word| word.parse::<Protected>().err()),
            Fact::Claimant => value.parse::<Claimant>().err(),
            Fact::DebtorKind => value.parse::<DebtorKind>().err(),
            Fact::CreditorKind => value.parse::<CreditorKind>().err(),
            Fact::ThirdPersonNumbers | Fact::LandlineNumbers => {
                value.split_whitespace().find_map(|number| number.parse::<PhoneNumber>().err().map(|e| e.to_string()))
            }
        }
    }

    /// As imported. What cannot be read counts as the stricter reading, and does not come about by the import.
    pub fn of(self, contact: &Contact) -> Option<&str> {
        contact.fields.get(self.as_str()).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

fn yes(value: &str) -> Result<bool, String> {
    match value {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected yes or no".into()),
    }
}

/// Consent that nobody has noted was not given.
pub fn consents(contact: &Contact, to: Fact) -> bool {
    to.of(contact).is_some_and(|value| yes(value) == Ok(true))
}

/// Where letters go and visits are made.
pub fn postal_address(contact: &Contact) -> Option<&str> {
    Fact::Address.of(contact)
}

/// A third person's number is rung only when the debtor agrees (230-FZ art. 4(5)); when the list cannot be read, none is.
pub fn may_be_rung(contact: &Contact, number: &PhoneNumber) -> bool {
    let Some(listed) = Fact::ThirdPersonNumbers.of(contact) else { return true };
    let other = listed.split_whitespace().any(|n| n.parse::<PhoneNumber>().map_or(true, |n| n == *number));
    !other || consents(contact, Fact::ThirdPersonConsent)
}

/// Whether a number is surely a landline: by its country's plan, or, where mobiles look alike (North America), by the creditor's word. A
/// list that cannot be read tells nothing; what is not known is a mobile.
pub fn is_landline(contact: &Contact, number: &PhoneNumber) -> bool {
    let listed = || {
        let numbers = Fact::LandlineNumbers.of(contact)?.split_whitespace().map(str::parse::<PhoneNumber>);
        numbers.collect::<Result<Vec<_>, _>>().ok().map(|numbers| numbers.contains(number))
    };
    match number.number_type() {
        NumberType::Fixed => true,
        NumberType::FixedOrMobile => listed() == Some(true),
        NumberType::Mobile
        | NumberType::TollFree
        | NumberType::Premium
        | NumberType::SharedCost
        | NumberType::Voip
        | NumberType::Personal
        | NumberType::Pager
        | NumberType::Universal
        | NumberType::Short
        | NumberType::Unknown => false,
    }
}

/// The same columns ask the same of every pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    Consent,
    Refused,
    Protected,
    Collector,
}

impl Stop {
    /// Why nobody may be contacted, if so.
    pub fn holds(self, contact: &Contact) -> Option<String> {
        match self {
            Stop::Consent if consents(contact, Fact::ConsentVoice) => None,
            Stop::Consent => Some(
                "the person has not consented to calls by a recorded voice, and no number is surely a landline".into(),
            ),
            Stop::Refused => match (Fact::RefusedOn.of(contact), Fact::Advocate.of(contact)) {
                (Some(day), _) => Some(format!("the person refused all contact on {day}; only by post")),
                (None, Some(_)) => Some("the person is to be contacted through an advocate".into()),
                (None, None) => None,
            },
            Stop::Protected => Fact::Protected.of(contact).map(|words| format!("the person is protected: {words}")),
            Stop::Collector => match Fact::Claimant.of(contact).map(str::parse) {
                Some(Ok(Claimant::Principal)) => None,
                Some(Ok(Claimant::Collector) | Err(_)) => {
                    Some("a debt for housing or utilities is claimed by a collector".into())
                }
                None => Some("it is not known who claims the debt: the column `claimant` says so".into()),
            },
        }
    }
}
