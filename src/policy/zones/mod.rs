//! In which time zones a person may be: the zone that is given, else those of the region or postcode, else every one that the numbers
//! allow. What is lawful must be lawful in all of them. Data: `numbers.yaml`, `regions.yaml`.

mod numbers;
mod regions;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use numbers::NumberZones;
pub(super) use numbers::of_number;

use crate::books::{Contact, PhoneState, ZoneFrom};
use crate::phone::PhoneNumber;
use crate::time::Zone;

/// Columns of the import that tell of the place.
const REGION: &str = "region";
const POSTCODE: &str = "postcode";

/// Where the contact may be. Empty: nobody can say.
pub fn candidates(contact: &Contact) -> Cow<'_, [Zone]> {
    match contact.zone_from {
        ZoneFrom::Given => Cow::Borrowed(std::slice::from_ref(&contact.zone)),
        ZoneFrom::Region => match of_region(contact) {
            // The data no longer knows the region: what is left is the number.
            None => of_numbers(contact),
            Some(zones) => Cow::Borrowed(zones),
        },
        ZoneFrom::Number => of_numbers(contact),
    }
}

/// The candidates, and the places that the numbers' area codes name beside them (12 CFR 1006.6(b)(1): where the address is *and* where
/// the number is). A number that says nothing of a place adds none.
pub fn candidates_and_numbers(contact: &Contact) -> Cow<'_, [Zone]> {
    let mut zones = candidates(contact);
    for phone in contact.phones.iter().filter(|p| p.state != PhoneState::Wrong) {
        if let Some(NumberZones { zones: theirs, wide: false }) = of_number(&phone.number) {
            join(&mut zones, theirs);
        }
    }
    zones
}

/// What an imported row says of the place, where no zone is given: the zone to speak of, and where it is from.
pub fn surmised(region: &str, postcode: &str, numbers: &[PhoneNumber]) -> Result<(Zone, ZoneFrom), NoRegion> {
    if let Some(zones) = regions::find(region, postcode, numbers.first())? {
        return Ok((zones[0].clone(), ZoneFrom::Region));
    }
    let first = numbers.first().and_then(of_number).map(|found| found.zones[0].clone());
    Ok((first.unwrap_or_else(Zone::utc), ZoneFrom::Number))
}

/// A region or postcode of a country whose regions are known, that is none of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no {what} of {country} is called so: expected one such as {such_as}; left empty, every zone that the number allows is respected"
)]
pub struct NoRegion {
    pub what: &'static str,
    pub country: &'static str,
    pub such_as: &'static str,
}

fn of_region(contact: &Contact) -> Option<&'static [Zone]> {
    let noted = |column: &str| contact.fields.get(column).map_or("", |value| value.trim());
    regions::find(noted(REGION), noted(POSTCODE), contact.phones.first().map(|p| &p.number)).ok().flatten()
}

/// Of all numbers together; one that is of no plan we know makes the place unknown.
fn of_numbers(contact: &Contact) -> Cow<'static, [Zone]> {
    let mut zones: Cow<'static, [Zone]> = Cow::Borrowed(&[]);
    for phone in contact.phones.iter().filter(|p| p.state != PhoneState::Wrong) {
        match of_number(&phone.number) {
            Some(NumberZones { zones: theirs, .. }) if zones.is_empty() => zones = Cow::Borrowed(theirs),
            Some(NumberZones { zones: theirs, .. }) => join(&mut zones, theirs),
            None => return Cow::Borrowed(&[]),
        }
    }
    zones
}

fn join(zones: &mut Cow<'_, [Zone]>, others: &[Zone]) {
    for zone in others {
        if !zones.contains(zone) {
            zones.to_mut().push(zone.clone());
        }
    }
}
