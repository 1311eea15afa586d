//! Contacts that are one human, and contacts that share a number: whoever is called counts for the others, as the books tell it.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::history::TooMuch;
use super::list::{List, Person, State};
use crate::books::{PastAttempt, Suppression, Whose, Write};
use crate::flow::program::OptOutScope;
use crate::id::{ContactId, PhoneId};

/// Groups of two contacts and more. Most lists have few of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    /// While contacts are added: who is of which person, by a mark of the CSV's `person_id`. Two persons of one mark would be called
    /// less than they may be.
    persons: Vec<(u64, u32)>,
    /// One group behind the other: a contact, and the place of the number that it shares among its own.
    members: Vec<(u32, u8)>,
    /// In order of the contact.
    groups: Vec<Group>,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    contact: u32,
    /// In [`Beside::members`].
    first: u32,
    len: u32,
    /// `None`: they are one person; else the place of the shared number among this contact's.
    line: Option<u8>,
}

/// Who is concerned by a call beside the one that is called.
struct Other {
    contact: u32,
    whose: Whose,
    phone: Option<u8>,
}

impl Beside {
    pub fn is(&mut self, contact: u32, person: &str) {
        let mut mark = DefaultHasher::new();
        person.hash(&mut mark);
        self.persons.push((mark.finish(), contact));
    }

    /// All contacts have been added. `numbers`: digits, contact, and the number's place among the contact's.
    pub fn complete(&mut self, mut numbers: Vec<(u64, u32, u8)>) {
        let mut persons = std::mem::take(&mut self.persons);
        persons.sort_unstable();
        for same in persons.chunk_by(|a, b| a.0 == b.0) {
            self.group(same.iter().map(|(_, contact)| (*contact, 0)), false);
        }
        numbers.sort_unstable();
        for same in numbers.chunk_by(|a, b| a.0 == b.0) {
            self.group(same.iter().map(|(_, contact, place)| (*contact, *place)), true);
        }
        self.groups.sort_by_key(|group| group.contact);
    }

    fn group(&mut self, members: impl ExactSizeIterator<Item = (u32, u8)>, line: bool) {
        if members.len() < 2 {
            return;
        }
        let (first, len) = (self.members.len() as u32, members.len() as u32);
        self.members.extend(members);
        for n in first..first + len {
            let (contact, place) = self.members[n as usize];
            self.groups.push(Group { contact, first, len, line: line.then_some(place) });
        }
    }

    fn of(&self, contact: u32) -> &[Group] {
        let first = self.groups.partition_point(|group| group.contact < contact);
        let len = self.groups[first..].iter().take_while(|group| group.contact == contact).count();
        &self.groups[first..first + len]
    }

    fn members(&self, group: &Group) -> impl Iterator<Item = (u32, u8)> {
        let all = &self.members[group.first as usize..(group.first + group.len) as usize];
        all.iter().copied().filter(|(contact, _)| *contact != group.contact)
    }

    fn others(&self, contact: u32, phone: Option<u8>) -> Vec<Other> {
        let mut others: Vec<Other> = Vec::new();
        let groups = self.of(contact);
        for group in groups.iter().filter(|group| group.line.is_some() && group.line == phone) {
            others.extend(self.members(group).map(|(contact, place)| Other {
                contact,
                whose: Whose::Line,
                phone: Some(place),
            }));
        }
        for group in groups.iter().filter(|group| group.line.is_none()) {
            for (contact, _) in self.members(group) {
                match others.iter_mut().find(|other| other.contact == contact) {
                    Some(other) => other.whose = Whose::Person,
                    None => others.push(Other { contact, whose: Whose::Person, phone: None }),
                }
            }
        }
        others
    }
}

impl List {
    /// What was tried with a contact, for it and for the others.
    pub(super) fn tried(&mut self, contact: u32, past: &PastAttempt, phone: Option<u8>) -> Result<(), TooMuch> {
        self.histories.push(&mut self.people[contact as usize].history, past, phone, true)?;
        if self.beside.groups.is_empty() {
            return Ok(());
        }
        for Other { contact, whose, phone } in self.beside.others(contact, phone) {
            let Person { state, history, .. } = &mut self.people[contact as usize];
            if !matches!(state, State::Closed(_)) {
                let past = PastAttempt { whose, phone: phone.map(|place| PhoneId(i64::from(place))), ..past.clone() };
                self.histories.push(history, &past, phone, false)?;
            }
        }
        Ok(())
    }

    /// Who has opted out has done so as all of their contacts.
    pub(super) fn opted_out(&mut self, contact: u32, written: &[Write]) {
        for write in written {
            let Write::Suppress { scope: OptOutScope::Person, reason, at, .. } = write else { continue };
            for Other { contact, whose, .. } in self.beside.others(contact, None) {
                if whose == Whose::Person {
                    let scope = OptOutScope::Person;
                    let suppression =
                        Suppression { contact: ContactId(0), phone: None, scope, reason: *reason, at: *at };
                    self.further.entry(contact).or_default().suppressions.push(suppression);
                }
            }
        }
    }
}
