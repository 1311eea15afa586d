//! Cells → a contact, or all that is wrong with them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use super::header::Header;
use super::{Defaults, Reject, amount, days};
use crate::books::{NewContact, NewDebt, RejectCode, ZoneFrom};
use crate::diagnostic::did_you_mean;
use crate::money::{Currency, Money};
use crate::phone::{NumberType, PhoneError, PhoneNumber};
use crate::policy::{Fact, surmised};
use crate::time::Zone;

pub(super) const NAME_CHARS_MAX: usize = 100;
const ID_CHARS_MAX: usize = 64;
const FIELD_CHARS_MAX: usize = 500;
/// Of a rejected value, in a reject.
const VALUE_CHARS_MAX: usize = 80;

/// Zones by name, each looked up once.
#[derive(Debug, Default)]
pub(super) struct Zones(HashMap<String, Result<Zone, String>>);

impl Zones {
    pub fn get(&mut self, name: &str) -> Result<Zone, String> {
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
) -> Result<NewContact, Vec<Reject>> {
    let mut row = Row { cells, line, header, rejects: Vec::new() };
    let debt = row.text("debt_id", ID_CHARS_MAX, Some(String::new())).unwrap_or_default();
    let person = row.text("person_id", ID_CHARS_MAX, Some(String::new())).filter(|person| !person.is_empty());
    let external_id = row.text("contact_id", ID_CHARS_MAX, None);
    let name = row.text("name", NAME_CHARS_MAX, None);
    let phones = row.phones(defaults);
    let email = Some(row.cell("email")).filter(|e| !e.is_empty()).and_then(|_| {
        row.value("email", None, |v| match v.parse::<lettre::Address>() {
            Ok(_) => Ok(v.to_string()),
            Err(_) => Err((RejectCode::Email, "not an e-mail address: expected one such as anna@example.org".into())),
        })
    });
    let language = row.value("language", defaults.language, |v| v.parse().map_err(of(RejectCode::Language)));
    let creditor = row.text("creditor", NAME_CHARS_MAX, defaults.creditor.clone());
    let currency =
        row.value("currency", defaults.currency, |v| v.parse::<Currency>().map_err(of(RejectCode::Currency)));
    // The amount is judged even where the currency is wrong: all faults of a line at once.
    let amount = row.value("amount", None, |v| {
        let v = amount::plain(v, defaults.decimal)?;
        let amount = Money::parse(&v, currency.unwrap_or(Currency::Rub)).map_err(of(RejectCode::AmountFormat))?;
        let none = "nothing is owed: expected an amount above 0";
        if amount.minor > 0 { Ok(amount) } else { Err((RejectCode::AmountNotAboveZero, none.to_string())) }
    });
    let day = |v: &str| days::day(v, defaults.dates).map_err(|e| (e.code(), e.to_string()));
    let due = row.value("due", None, day);
    let mut fields = BTreeMap::new();
    for (at, name) in &header.further {
        let value = cells[*at].trim();
        if value.is_empty() {
            continue;
        }
        match field(name, value, day) {
            Ok(value) => drop(fields.insert(name.clone(), value.into_owned())),
            Err((code, why)) => row.reject(name, value, code, why),
        }
    }
    for (name, value) in &defaults.constants {
        fields.entry(name.clone()).or_insert_with(|| value.clone());
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

/// A further column's value as it is kept: the day of a refusal as policy reads it.
fn field<'v>(
    name: &str,
    value: &'v str,
    day: impl Fn(&str) -> Result<jiff::civil::Date, (RejectCode, String)>,
) -> Result<Cow<'v, str>, (RejectCode, String)> {
    if let Some(fault) = text_fault(value, FIELD_CHARS_MAX) {
        return Err(fault);
    }
    match name.parse::<Fact>() {
        Ok(Fact::RefusedOn) => Ok(Cow::Owned(day(value)?.to_string())),
        Ok(fact) => match fact.fault(value) {
            Some(why) => Err((RejectCode::Fact, why)),
            None => Ok(Cow::Borrowed(value)),
        },
        Err(_) => Ok(Cow::Borrowed(value)),
    }
}

fn of<E: Display>(code: RejectCode) -> impl Fn(E) -> (RejectCode, String) {
    move |why| (code, why.to_string())
}

/// Digits as a spreadsheet writes a number that it takes for a quantity: `7.9161234567E10`, `79161234567.0`, `'79161234567`.
fn unshortened(text: &str) -> Result<Cow<'_, str>, (RejectCode, String)> {
    let bare = text.strip_prefix('\'').unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(whole) = bare.strip_suffix(".0").or_else(|| bare.strip_suffix(",0")).filter(|whole| digits(whole)) {
        return Ok(Cow::Borrowed(whole));
    }
    let Some((mantissa, exponent)) = bare.split_once(['E', 'e', 'Е', 'е']) else { return Ok(Cow::Borrowed(bare)) };
    let Some((first, rest)) = mantissa.split_once(['.', ',']) else { return Ok(Cow::Borrowed(bare)) };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    if !(first.len() == 1 && digits(first) && digits(rest) && digits(exponent)) {
        return Ok(Cow::Borrowed(bare));
    }
    // With fewer digits the last ones are gone.
    if exponent.parse() == Ok(rest.len()) {
        return Ok(Cow::Owned(format!("{first}{rest}")));
    }
    let why = "a spreadsheet has shortened this number and its last digits are gone: make the column text there, enter or load the \
        numbers again, and save";
    Err((RejectCode::NumberShortened, why.to_string()))
}

/// A number that may be rung: no emergency or short number, none that costs more than a call.
fn number(text: &str, defaults: &Defaults) -> Result<PhoneNumber, (RejectCode, String)> {
    let text = &*unshortened(text)?;
    let number = PhoneNumber::written_in(text, defaults.country).map_err(|e| match e {
        PhoneError::Short => (RejectCode::NumberShort, e.to_string()),
        PhoneError::Country(_) => (RejectCode::NumberUnassigned, e.to_string()),
        PhoneError::NoPlus => (RejectCode::NumberFormat, format!("{e}, or say where it is at home: --country RU")),
        PhoneError::Length | PhoneError::Character => (RejectCode::NumberFormat, e.to_string()),
    })?;
    match number.type_by_plan() {
        NumberType::Premium | NumberType::SharedCost => {
            Err((RejectCode::NumberPremium, "premium-rate and shared-cost numbers are never dialled".to_string()))
        }
        NumberType::Personal | NumberType::Pager => {
            let why = "personal (follow-me) and pager numbers cost more than a call or ring nobody, and are not taken";
            Err((RejectCode::NumberPremium, why.to_string()))
        }
        _ => Ok(number),
    }
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
        self.header.cell(column, self.cells)
    }

    /// At least one; a column `phones` may hold several.
    fn phones(&mut self, defaults: &Defaults) -> Vec<PhoneNumber> {
        let header = self.header;
        let mut phones = Vec::new();
        let (mut first, mut written) = ("phone", 0);
        for (n, (column, at)) in header.phones().enumerate() {
            if n == 0 {
                first = column;
            }
            let cell = self.cells[at].trim();
            let several = |c: char| column == "phones" && matches!(c, ',' | ';' | '|' | '\n');
            for text in cell.split(several).map(str::trim).filter(|text| !text.is_empty()) {
                written += 1;
                match number(text, defaults) {
                    Ok(number) => phones.push(number),
                    Err((code, why)) => self.reject(column, text, code, why),
                }
            }
        }
        if written == 0 {
            self.reject(first, "", RejectCode::Empty, "is empty: expected a value");
        }
        phones
    }

    fn value<T>(
        &mut self,
        column: &str,
        default: Option<T>,
        parse: impl FnOnce(&str) -> Result<T, (RejectCode, String)>,
    ) -> Option<T> {
        let value = self.cell(column);
        if value.is_empty() {
            if default.is_none() {
                self.reject(column, value, RejectCode::Empty, "is empty: expected a value");
            }
            return default;
        }
        parse(value).map_err(|(code, why)| self.reject(column, value, code, why)).ok()
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
            return Some((
                self.value("zone", defaults.zone.clone(), |v| zones.get(v).map_err(of(RejectCode::Zone)))?,
                ZoneFrom::Given,
            ));
        }
        let [region, postcode] = ["region", "postcode"].map(|column| fields.get(column).map_or("", String::as_str));
        match surmised(region, postcode, phones) {
            Ok(found) => Some(found),
            Err(why) => {
                self.reject(why.what, if why.what == "region" { region } else { postcode }, RejectCode::Zone, &why);
                None
            }
        }
    }

    fn text(&mut self, column: &str, chars_max: usize, default: Option<String>) -> Option<String> {
        self.value(column, default, |v| match text_fault(v, chars_max) {
            None => Ok(v.to_string()),
            Some(fault) => Err(fault),
        })
    }

    fn reject(&mut self, field: &str, value: &str, code: RejectCode, why: impl Display) {
        let (value, why) = (shown(value), why.to_string());
        self.rejects.push(Reject { line: self.line, field: field.into(), value, code, why });
    }
}

/// A value as rejects show it.
pub fn shown(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(VALUE_CHARS_MAX).collect()
}

pub(super) fn text_fault(text: &str, chars_max: usize) -> Option<(RejectCode, String)> {
    // Direction marks and zero-width characters hide in names pasted from web pages, and break synthesis.
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}');
    let length = text.chars().count();
    if text.contains('\u{fffd}') {
        Some((RejectCode::Encoding, "holds what is no letter in the file's encoding".into()))
    } else if length > chars_max {
        Some((RejectCode::TooLong, format!("is {length} characters long: expected at most {chars_max}")))
    } else if text.contains(hidden) {
        Some((RejectCode::ControlCharacter, "holds a control character: expected plain text".into()))
    } else {
        None
    }
}
