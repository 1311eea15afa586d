//! A standing taken further by what was written since it was read, and its contact's values as flows ask for them.

use super::{
    Contact, Debt, NewContact, NewDebt, Outcome, Phone, PhoneState, Promise, PromiseState, Standing, Suppression, Write,
};
use crate::flow::program::OptOutScope;
use crate::id::{ContactId, DebtId, PhoneId, PromiseId};
use crate::outcome::Disposition;

impl Outcome {
    /// An ending without a call.
    pub fn of(disposition: Disposition) -> Outcome {
        Outcome {
            disposition,
            blame: disposition.blame(),
            cause: None,
            answered_by: None,
            right_party: false,
            ring_ms: 0,
            talk_ms: 0,
            node: None,
        }
    }
}

impl Contact {
    /// A value by its name in a flow's contact schema, as text: the columns every contact has, then its own fields.
    pub fn field(&self, name: &str) -> Option<String> {
        match name {
            "contact_id" => Some(self.external_id.clone()),
            "name" => Some(self.name.clone()),
            "language" => Some(self.language.to_string()),
            "zone" => Some(self.zone.to_string()),
            "email" => self.email.clone(),
            "creditor" => Some(self.creditor.clone()),
            "amount" => Some(self.amount().to_string()),
            "due" => Some(self.due().to_string()),
            _ => self.fields.get(name).cloned(),
        }
    }
}

impl NewContact {
    /// As the books would give it, were it imported with the id `id`: nothing has been tried yet. Its numbers and debts are counted
    /// from 1.
    pub fn unseen(self, id: i64) -> Standing {
        let NewContact { external_id, person, name, language, zone, zone_from, email, creditor, phones, debts, fields } =
            self;
        let phone = |(n, number)| Phone { id: PhoneId(n), number, state: PhoneState::Good };
        let debt = |(n, debt): (i64, NewDebt)| Debt {
            id: DebtId(n),
            external_id: debt.external_id,
            amount: debt.amount,
            due: debt.due,
            paid: 0,
        };
        let contact = Contact {
            id: ContactId(id),
            external_id,
            person,
            name,
            language,
            zone,
            zone_from,
            email,
            creditor,
            phones: (1..).zip(phones).map(phone).collect(),
            debts: (1..).zip(debts).map(debt).collect(),
            fields,
        };
        Standing { contact, past: Vec::new(), past_here: Vec::new(), suppressions: Vec::new(), promises: Vec::new() }
    }
}

impl Standing {
    /// What a call wrote, so that the ladder looks at the contact as it stands after it.
    pub fn take_in(&mut self, written: &[Write]) {
        for write in written {
            match write {
                Write::Promise { attempt, parts, at } => {
                    self.supersede();
                    let (contact, count) = (self.contact.id, parts.len() as u32);
                    let promise =
                        |(n, part)| Promise::new(PromiseId(0), contact, *attempt, n as u32 + 1, count, part, *at);
                    self.promises.extend(parts.iter().enumerate().map(promise));
                }
                Write::Suppress { scope, reason, at, .. } => {
                    let dialled = self.past.last().and_then(|past| past.phone);
                    let phone = match scope {
                        OptOutScope::Number => dialled,
                        OptOutScope::Person => None,
                    };
                    let (contact, scope, reason, at) = (self.contact.id, *scope, *reason, *at);
                    self.suppressions.push(Suppression { contact, phone, scope, reason, at });
                }
                Write::Phone { phone, state } => self.set_phone(*phone, *state),
                Write::Live { .. }
                | Write::Ruling(_)
                | Write::Led { .. }
                | Write::Visited { .. }
                | Write::Reschedule { .. }
                | Write::Log(_)
                | Write::Quality { .. }
                | Write::Carried { .. }
                | Write::Message { .. }
                | Write::Worklist { .. }
                | Write::Finish { .. }
                | Write::Cancel { .. }
                | Write::SuppressNumber { .. }
                | Write::ReleaseNumber { .. }
                | Write::InboundAnswered { .. }
                | Write::InboundEnded { .. } => {}
            }
        }
    }

    fn supersede(&mut self) {
        for open in self.promises.iter_mut().filter(|p| p.state == PromiseState::Open) {
            open.state = PromiseState::Superseded;
        }
    }

    fn set_phone(&mut self, id: crate::id::PhoneId, state: PhoneState) {
        for phone in self.contact.phones.iter_mut().filter(|p| p.id == id) {
            phone.state = state;
        }
    }
}
