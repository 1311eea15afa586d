//! Which of a contact's numbers may be dialled.

use super::cap::{Cap, Each};
use super::decide::Question;
use super::facts::{Fact, Stop, consents, is_landline, may_be_rung};
use super::rules::Rules;
use super::zones::candidates;
use crate::books::{Phone, PhoneState, Standing};
use crate::flow::program::OptOutScope;
use crate::outcome::{Disposition, DispositionClass};
use crate::phone::PhoneNumber;

/// The number to dial next: the first that may be.
pub fn phone_to_dial(standing: &Standing) -> Option<&Phone> {
    phones_to_dial(standing).next()
}

/// Numbers that are good, not suppressed, not known dead or somebody else's from the past, not premium, and not a third person's; in the
/// contact's own order. The past is asked beside the phone's state: the mark may lie in the same transaction.
pub fn phones_to_dial(standing: &Standing) -> impl Iterator<Item = &Phone> {
    standing.contact.phones.iter().filter(move |phone| {
        phone.state == PhoneState::Good
            && !premium(&phone.number)
            && may_be_rung(&standing.contact, &phone.number)
            && !standing.suppressions.iter().any(|s| s.phone == Some(phone.id))
            && !standing.past.iter().chain(&standing.past_here).any(|p| {
                p.phone == Some(phone.id)
                    && (p.disposition.class() == DispositionClass::Number || p.disposition == Disposition::WrongNumber)
            })
    })
}

/// Those of them that a recorded voice may ring: without consent, where rules ask for it, landlines only.
pub(super) fn phones_to_ring<'a>(rules: &Rules, standing: &'a Standing) -> impl Iterator<Item = &'a Phone> {
    let contact = &standing.contact;
    let asks = rules.stops.iter().any(|stop| stop.rule == Stop::Consent && stop.holds(contact));
    let landlines_only = asks && !consents(contact, Fact::ConsentVoice);
    phones_to_dial(standing).filter(move |phone| !landlines_only || is_landline(contact, &phone.number))
}

/// Those of them that no cap of each number stands against now, whatever zone the contact is in.
pub fn phones_with_room<'a>(question: &Question<'a>) -> impl Iterator<Item = &'a Phone> {
    let Question { standing, channel, now, rules, .. } = *question;
    let zones = candidates(&standing.contact);
    phones_to_ring(rules, standing).filter(move |phone| {
        let holding = rules.caps.iter().filter(|cap| cap.holds(&standing.contact)).map(|cap| &cap.rule);
        let caps = holding.filter(|c| c.each == Each::Number && c.of.binds(channel));
        let full = |cap: &Cap| zones.iter().any(|zone| cap.full(&standing.past, Some(phone.id), now, zone).is_some());
        !caps.into_iter().any(full)
    })
}

/// Whether the person has opted out on every number and channel.
pub(super) fn person_suppressed(standing: &Standing) -> bool {
    standing.suppressions.iter().any(|s| s.phone.is_none() || s.scope == OptOutScope::Person)
}

/// Numbers that cost the caller: premium-rate ranges of the plans we know, and ITU's international premium service.
/// Emergency numbers never become a [`PhoneNumber`]: they are too short for one.
pub(super) fn premium(number: &PhoneNumber) -> bool {
    const RANGES: [&str; 5] = ["+979", "+1900", "+1976", "+7809", "+449"];
    RANGES.iter().any(|range| number.full().starts_with(range))
}
