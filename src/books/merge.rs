//! What an imported line does to a contact that is already in the books. One rule for every store.

use super::rows::{Contact, Debt, NewContact, Phone, PhoneState};
use crate::id::{ContactId, PhoneId};

/// A contact with the numbers its creditor no longer lists: they are kept, since attempts were made on them, and come
/// back in the state they had.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownContact {
    pub contact: Contact,
    pub unlisted: Vec<Phone>,
}

impl KnownContact {
    pub fn new(id: ContactId, row: &NewContact, mut phone_id: impl FnMut() -> PhoneId) -> KnownContact {
        let contact = Contact {
            id,
            external_id: row.external_id.clone(),
            name: row.name.clone(),
            language: row.language,
            zone: row.zone.clone(),
            email: row.email.clone(),
            creditor: row.creditor.clone(),
            phones: Vec::new(),
            debt: Debt { amount: row.amount, due: row.due, paid: false },
            fields: row.fields.clone(),
        };
        let mut known = KnownContact { contact, unlisted: Vec::new() };
        known.list(row, &mut phone_id);
        known
    }

    /// Takes the line over; returns whether anything changed. Another amount or due date is another debt, so it is
    /// unpaid; the same debt stays as paid as it was.
    pub fn merge(&mut self, row: &NewContact, mut phone_id: impl FnMut() -> PhoneId) -> bool {
        let before = self.contact.clone();
        self.list(row, &mut phone_id);
        let contact = &mut self.contact;
        contact.name.clone_from(&row.name);
        contact.language = row.language;
        contact.zone.clone_from(&row.zone);
        contact.email.clone_from(&row.email);
        contact.creditor.clone_from(&row.creditor);
        contact.fields.clone_from(&row.fields);
        if contact.debt.amount != row.amount || contact.debt.due != row.due {
            contact.debt = Debt { amount: row.amount, due: row.due, paid: false };
        }
        *contact != before
    }

    /// Listed and unlisted numbers.
    pub fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.contact.phones.iter().chain(&self.unlisted)
    }

    fn list(&mut self, row: &NewContact, phone_id: &mut impl FnMut() -> PhoneId) {
        let mut known: Vec<Phone> = self.contact.phones.drain(..).chain(self.unlisted.drain(..)).collect();
        for number in &row.phones {
            if self.contact.phones.iter().any(|p| p.number == *number) {
                continue; // listed twice in one line
            }
            let phone = match known.iter().position(|p| p.number == *number) {
                Some(at) => known.remove(at),
                None => Phone { id: phone_id(), number: number.clone(), state: PhoneState::Good },
            };
            self.contact.phones.push(phone);
        }
        known.sort_by_key(|p| p.id);
        self.unlisted = known;
    }
}
