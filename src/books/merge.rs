//! What an imported line does to a contact that is already in the books. One rule for every store.

use super::rows::{Contact, Debt, NewContact, NewDebt, Phone, PhoneState};
use crate::id::{ContactId, DebtId, PhoneId};

/// A contact with the numbers its creditor no longer lists: they are kept, since attempts were made on them, and come
/// back in the state they had.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownContact {
    pub contact: Contact,
    pub unlisted: Vec<Phone>,
}

/// The next free ids of rows that an import makes.
#[derive(Debug, Clone, Copy)]
pub struct NextIds {
    pub phone: PhoneId,
    pub debt: DebtId,
}

impl NextIds {
    fn phone(&mut self) -> PhoneId {
        let id = self.phone;
        self.phone.0 += 1;
        id
    }

    fn debt(&mut self) -> DebtId {
        let id = self.debt;
        self.debt.0 += 1;
        id
    }
}

impl KnownContact {
    pub fn new(id: ContactId, row: &NewContact, ids: &mut NextIds) -> KnownContact {
        let contact = Contact {
            id,
            external_id: row.external_id.clone(),
            person: row.person.clone(),
            name: row.name.clone(),
            language: row.language,
            zone: row.zone.clone(),
            zone_from: row.zone_from,
            email: row.email.clone(),
            creditor: row.creditor.clone(),
            phones: Vec::new(),
            debts: Vec::new(),
            fields: row.fields.clone(),
        };
        let mut known = KnownContact { contact, unlisted: Vec::new() };
        known.list(row, ids);
        known.owe(row, ids);
        known
    }

    /// Takes the line over; returns whether anything changed, or why it cannot be. Another amount or due date of a debt is another
    /// bill, of which nothing is paid; the same one stays as paid as it was. Debts that the line does not name stay.
    pub fn merge(&mut self, row: &NewContact, ids: &mut NextIds) -> Result<bool, String> {
        let before = self.contact.clone();
        let other = |ours: &&Debt| row.debts.iter().any(|new| new.amount.currency != ours.amount.currency);
        let stays = |ours: &&Debt| row.debts.iter().all(|new| new.external_id != ours.external_id);
        if let Some(ours) = before.debts.iter().filter(stays).find(other) {
            let (named, theirs) = (&ours.external_id, ours.amount.currency);
            return Err(format!("the contact owes debt `{named}` in {theirs}; its debts must be in one currency"));
        }
        self.list(row, ids);
        self.owe(row, ids);
        let contact = &mut self.contact;
        contact.person.clone_from(&row.person);
        contact.name.clone_from(&row.name);
        contact.language = row.language;
        contact.zone.clone_from(&row.zone);
        contact.zone_from = row.zone_from;
        contact.email.clone_from(&row.email);
        contact.creditor.clone_from(&row.creditor);
        contact.fields.clone_from(&row.fields);
        Ok(*contact != before)
    }

    fn owe(&mut self, row: &NewContact, ids: &mut NextIds) {
        for NewDebt { external_id, amount, due } in &row.debts {
            let (amount, due) = (*amount, *due);
            match self.contact.debts.iter_mut().find(|d| d.external_id == *external_id) {
                Some(same) if same.amount == amount && same.due == due => {}
                Some(debt) => *debt = Debt { amount, due, paid: 0, ..debt.clone() },
                None => {
                    let id = ids.debt();
                    self.contact.debts.push(Debt { id, external_id: external_id.clone(), amount, due, paid: 0 });
                }
            }
        }
    }

    /// Listed and unlisted numbers.
    pub fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.contact.phones.iter().chain(&self.unlisted)
    }

    fn list(&mut self, row: &NewContact, ids: &mut NextIds) {
        let mut known: Vec<Phone> = self.contact.phones.drain(..).chain(self.unlisted.drain(..)).collect();
        for number in &row.phones {
            if self.contact.phones.iter().any(|p| p.number == *number) {
                continue; // listed twice in one line
            }
            let phone = match known.iter().position(|p| p.number == *number) {
                Some(at) => known.remove(at),
                None => Phone { id: ids.phone(), number: number.clone(), state: PhoneState::Good },
            };
            self.contact.phones.push(phone);
        }
        known.sort_by_key(|p| p.id);
        self.unlisted = known;
    }
}
