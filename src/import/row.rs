//! Cells → a contact, or all that is wrong with them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use jiff::civil::Date;

use super::header::Header;
use super::{Defaults, Reject};
use crate::books::{NewContact, NewDebt, ZoneFrom};
use crate::diagnostic::did_you_mean;
use crate::money::{Currency, Money};
use crate::phone::PhoneNumber;
use crate::policy::{Fact, surmised};
use crate::time::Zone;

const NAME_CHARS_MAX: usize = 100;
const ID_CHARS_MAX: usize = 64;
const FIELD_CHARS_MAX: usize = 500;
/// Of a rejected value, in a reject.
const VALUE_CHARS_MAX: usize = 80;
/// Due days outside of these years are slips of the hand.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// Zones by name, each looked up once.
#[derive(Debug, Default)]
pub(super) struct Zones(HashMap<String, Result<Zone, String>>);

impl Zones {
    fn get(&mut self, name: &str) -> Result<Zone, String> {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let zone = name.parse::<Zone>().map_err(|_| {
            let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
            let meant = did_you_mean(name, names.iter().map(String::as_str));
            let meant = meant.map(|m| format!("; did you mean {m}?")).unwrap_or_default();
            format!("no such time zone: expected an IANA name such as Europe/Moscow{meant}")
        });
        // A hostile file has a million names; what is remembered is bounded.
        if self.0.len() < 1000 {
            self.0.insert(name.to_string(), zone.clone());
        }
        zone
    }
}

pub(super) fn contact(
    cells: &[Cow<'_, str>],
    line: u64,
    header: &Header,
    defaults: &Defaults,
    zones: &mut Zones,
    seen: &HashMap<(Box<str>, Box<str>), u64>,
) -> Result<NewContact, Vec<Reject>> {
    let mut row = Row { cells, line, header, rejects: Vec::new() };
    let debt = row.text("debt_id", ID_CHARS_MAX, Some(String::new())).unwrap_or_default();
    let person = row.text("person_id", ID_CHARS_MAX, Some(String::new())).filter(|person| !person.is_empty());
    let external_id = row.text("contact_id", ID_CHARS_MAX, None).filter(|id| match seen.get(&key(id, &debt)) {
        None => true,
        Some(first) => {
            row.reject(
                "contact_id",
                id,
                match debt.as_str() {
                    "" => format!("the same contact_id is on line {first}; of several debts each needs its debt_id"),
                    debt => format!("the same contact_id and debt_id `{debt}` are on line {first}"),
                },
            );
            false
        }
    });
    let name = row.text("name", NAME_CHARS_MAX, None);
    let mut phones = Vec::new();
    phones.extend(row.value("phone", None, |v| v.parse::<PhoneNumber>()));
    for column in ["phone2", "phone3"] {
        if !row.cell(column).is_empty() {
            phones.extend(row.value(column, None, |v| v.parse::<PhoneNumber>()));
        }
    }
    let email = Some(row.cell("email")).filter(|e| !e.is_empty()).and_then(|_| {
        let parse = |v: &str| match v.parse::<lettre::Address>() {
            Ok(_) => Ok(v.to_string()),
            Err(_) => Err("not an e-mail address: expected one such as anna@example.org"),
        };
        row.value("email", None, parse)
    });
    let language = row.value("language", defaults.language, |v| v.parse());
    let creditor = row.text("creditor", NAME_CHARS_MAX, defaults.creditor.clone());
    let currency = row.value("currency", defaults.currency, |v| v.parse::<Currency>());
    // The amount is judged even where the currency is wrong: all faults of a line at once.
    let amount = row.value("amount", None, |v| {
        let v = super::amount::plain(v)?;
        let amount = Money::parse(&v, currency.unwrap_or(Currency::Rub)).map_err(|e| e.to_string())?;
        if amount.minor > 0 { Ok(amount) } else { Err("nothing is owed: expected an amount above 0".to_string()) }
    });
    let due = row.value("due", None, day);
    let mut fields = BTreeMap::new();
    for (at, name) in &header.further {
        let value = cells[*at].trim();
        let fact = name.parse::<Fact>().ok().filter(|_| !value.is_empty());
        match text_fault(value, FIELD_CHARS_MAX).or_else(|| fact.and_then(|fact| fact.fault(value))) {
            None if value.is_empty() => {}
            None => drop(fields.insert(name.clone(), value.to_string())),
            Some(why) => row.reject(name, value, why),
        }
    }
    if let Some(claimant) = defaults.claimant {
        fields.entry(Fact::Claimant.as_str().to_string()).or_insert_with(|| claimant.to_string());
    }
    let zone = row.zone(defaults, zones, &fields, &phones);
    let parts = (external_id, name, language, zone, creditor, amount, due);
    if !row.rejects.is_empty() {
        return Err(row.rejects);
    }
    let (
        Some(external_id),
        Some(name),
        Some(language),
        Some((zone, zone_from)),
        Some(creditor),
        Some(amount),
        Some(due),
    ) = parts
    else {
        unreachable!("a part is missing only with a reject that says so");
    };
    let debts = vec![NewDebt { external_id: debt, amount, due }];
    Ok(NewContact { external_id, person, name, language, zone, zone_from, email, creditor, phones, debts, fields })
}

/// What may stand in a file once.
pub(super) fn key(contact: &str, debt: &str) -> (Box<str>, Box<str>) {
    (contact.into(), debt.into())
}

struct Row<'a> {
    cells: &'a [Cow<'a, str>],
    line: u64,
    header: &'a Header,
    rejects: Vec<Reject>,
}

impl<'a> Row<'a> {
    /// Trimmed; empty where the file has no such column.
    fn cell(&self, column: &str) -> &'a str {
        self.header.at(column).map_or("", |at| self.cells[at].trim())
    }

    fn value<T, E: Display>(
        &mut self,
        column: &str,
        default: Option<T>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.cell(column);
        if value.is_empty() {
            if default.is_none() {
                self.reject(column, value, "is empty: expected a value");
            }
            return default;
        }
        parse(value).map_err(|why| self.reject(column, value, why)).ok()
    }

    /// As given; else what region, postcode and numbers say.
    fn zone(
        &mut self,
        defaults: &Defaults,
        zones: &mut Zones,
        fields: &BTreeMap<String, String>,
        phones: &[PhoneNumber],
    ) -> Option<(Zone, ZoneFrom)> {
        if !self.cell("zone").is_empty() || defaults.zone.is_some() {
            return Some((self.value("zone", defaults.zone.clone(), |v| zones.get(v))?, ZoneFrom::Given));
        }
        let [region, postcode] = ["region", "postcode"].map(|column| fields.get(column).map_or("", String::as_str));
        match surmised(region, postcode, phones) {
            Ok(found) => Some(found),
            Err(why) => {
                self.reject(why.what, if why.what == "region" { region } else { postcode }, &why);
                None
            }
        }
    }

    fn text(&mut self, column: &str, chars_max: usize, default: Option<String>) -> Option<String> {
        self.value(column, default, |v| match text_fault(v, chars_max) {
            None => Ok(v.to_string()),
            Some(why) => Err(why),
        })
    }

    fn reject(&mut self, field: &str, value: &str, why: impl Display) {
        let shown = value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
        let value = shown.take(VALUE_CHARS_MAX).collect();
        self.rejects.push(Reject { line: self.line, field: field.into(), value, why: why.to_string() });
    }
}

fn text_fault(text: &str, chars_max: usize) -> Option<String> {
    // Direction marks and zero-width characters hide in names pasted from web pages, and break synthesis.
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}');
    let length = text.chars().count();
    if text.contains('\u{fffd}') {
        Some("holds what is no letter in the file's encoding".into())
    } else if length > chars_max {
        Some(format!("is {length} characters long: expected at most {chars_max}"))
    } else if text.contains(hidden) {
        Some("holds a control character: expected plain text".into())
    } else {
        None
    }
}

/// `2026-11-25` or `25.11.2026`; nothing in which day and month could be confused.
fn day(text: &str) -> Result<Date, &'static str> {
    const EXPECTED: &str = "not a day: expected one such as 2026-11-25 or 25.11.2026";
    let format = if text.contains('.') { "%d.%m.%Y" } else { "%Y-%m-%d" };
    let day = Date::strptime(format, text).map_err(|_| EXPECTED)?;
    if YEARS.contains(&day.year()) { Ok(day) } else { Err("the year is out of reason: expected 1990 to 2100") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for (written, expected) in [
            ("2026-11-25", Some("2026-11-25")),
            ("25.11.2026", Some("2026-11-25")),
            ("31.02.2026", None),
            ("25/11/2026", None),
            ("25.11.26", None),
            ("1.2.2026", Some("2026-02-01")),
            ("0226-11-25", None),
            ("", None),
        ] {
            assert_eq!(day(written).ok().map(|d| d.to_string()).as_deref(), expected, "{written}");
        }
    }
}
