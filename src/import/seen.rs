//! Lines that belong together though they may stand far apart: several debts of a contact, and a line told twice.
//!
//! A first pass over the file finds which contacts stand on several lines ([`Survey`]): it keeps eight bytes a line, a hash of the
//! contact's id, and forgets all but those that occur more than once. Only of these contacts the second pass keeps ids, so that two
//! ids with one hash cost a little memory and are never taken for each other.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io;

use super::days::{self, DayOrder};
use super::header::Header;
use super::kind::Kind;
use super::line::Line;
use super::{Defaults, HeaderError};
use crate::books::RejectCode;

/// Columns that are a debt's; all others are its contact's and the same on each of the contact's lines.
const OF_DEBT: [&str; 3] = ["debt_id", "amount", "due"];

/// What a first pass over a file has found.
#[derive(Debug)]
pub struct Survey {
    /// Below the header, without empty ones.
    pub lines: u64,
    hasher: RandomState,
    /// Of the ids of contacts with several lines.
    repeated: HashSet<u64>,
    /// In which order days are written, when some line proves it and none the opposite.
    pub(super) order: Option<DayOrder>,
}

impl Survey {
    pub(super) fn of(
        lines: &mut dyn Iterator<Item = io::Result<Line>>,
        kind: &'static Kind,
        defaults: &Defaults,
    ) -> Result<Survey, HeaderError> {
        let hasher = RandomState::new();
        let header = Header::first(lines, kind, defaults)?;
        let together = kind.together.and_then(|name| header.at(name));
        let days: Vec<usize> = kind.days.iter().filter_map(|name| header.place(name)).collect();
        let mut hashes = Vec::new();
        let (mut dmy, mut mdy) = (false, false);
        let mut count = 0;
        for line in lines {
            let line = line.map_err(HeaderError::Io)?;
            let cells = line.cells(header.separator, header.columns);
            count += u64::from(cells.as_ref().map_or(true, |cells| !cells.is_empty()));
            // What is wrong with it, the second pass tells.
            let Ok(cells) = cells else { continue };
            if let Some(id) = together.and_then(|at| cells.get(at)) {
                hashes.push(hasher.hash_one(id.trim()));
            }
            for cell in days.iter().filter_map(|at| cells.get(*at)) {
                match days::proves(cell) {
                    Some(DayOrder::Dmy) => dmy = true,
                    Some(DayOrder::Mdy) => mdy = true,
                    Some(DayOrder::Ymd) | None => {}
                }
            }
        }
        hashes.sort_unstable();
        let repeated = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        let order = match (dmy, mdy) {
            (true, false) => Some(DayOrder::Dmy),
            (false, true) => Some(DayOrder::Mdy),
            (true, true) | (false, false) => None,
        };
        Ok(Survey { lines: count, hasher, repeated, order })
    }
}

/// What a good line is to those before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    First,
    /// Another debt of a contact that was named before.
    Further,
    /// All of it has been said.
    Repeated,
    /// The column in which it contradicts an earlier line, and why.
    Contradicts(RejectCode, String, String),
}

#[derive(Debug)]
pub(super) struct Seen {
    hasher: RandomState,
    /// `None`: no survey was made, so every contact is kept.
    repeated: Option<HashSet<u64>>,
    contacts: HashMap<Box<str>, Contact>,
}

/// A contact with several lines, as on its first good one.
#[derive(Debug)]
struct Contact {
    line: u64,
    /// Hashes of its cells.
    cells: Box<[u64]>,
    debts: Vec<(Box<str>, u64, u64)>,
}

impl Seen {
    pub fn new(survey: Option<Survey>) -> Seen {
        let (hasher, repeated) = match survey {
            Some(survey) => (survey.hasher, Some(survey.repeated)),
            None => (RandomState::new(), None),
        };
        Seen { hasher, repeated, contacts: HashMap::new() }
    }

    /// Takes note of a good line.
    pub fn judge(&mut self, contact: &str, debt: &str, line: u64, cells: &[Cow<'_, str>], header: &Header) -> Verdict {
        if self.repeated.as_ref().is_some_and(|repeated| !repeated.contains(&self.hasher.hash_one(contact))) {
            return Verdict::First;
        }
        let of_debt = |at: usize| header.name(at).is_some_and(|name| OF_DEBT.contains(&name));
        let owed: Vec<&str> = (0..cells.len()).filter(|at| of_debt(*at)).map(|at| cells[at].trim()).collect();
        let owed = self.hasher.hash_one(owed);
        let hashes = || cells.iter().map(|cell| self.hasher.hash_one(cell.trim())).collect::<Box<[u64]>>();
        let Some(first) = self.contacts.get_mut(contact) else {
            let first = Contact { line, cells: hashes(), debts: vec![(debt.into(), line, owed)] };
            self.contacts.insert(contact.into(), first);
            return Verdict::First;
        };
        let now = hashes();
        let differs = |at: &usize| header.name(*at).is_some() && !of_debt(*at) && first.cells.get(*at) != now.get(*at);
        if let Some(at) = (0..cells.len()).find(differs) {
            let column = header.name(at).unwrap_or_default().to_string();
            let why =
                format!("is not as on line {}, which names the same contact: a contact has one {column}", first.line);
            return Verdict::Contradicts(RejectCode::ContactDiffers, column, why);
        }
        match first.debts.iter().find(|(id, ..)| **id == *debt) {
            None => {
                first.debts.push((debt.into(), line, owed));
                Verdict::Further
            }
            Some((_, _, same)) if *same == owed => Verdict::Repeated,
            Some((_, earlier, _)) => {
                let (column, why) = match debt {
                    "" => (
                        "contact_id",
                        format!(
                            "the same contact_id is on line {earlier} with another debt; of several debts each needs its debt_id"
                        ),
                    ),
                    debt => (
                        "debt_id",
                        format!("the same contact_id and debt_id `{debt}` are on line {earlier} with other values"),
                    ),
                };
                Verdict::Contradicts(RejectCode::DebtDiffers, column.into(), why)
            }
        }
    }
}
