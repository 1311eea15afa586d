//! One person erased: all that no law holds, at once; the rest is told, and goes with the purge of the day on which its time is over.

use std::fmt;

use super::files::{self, Folders};
use super::plan::{Planned, Tally, plan};
use super::{House, inbound};
use crate::books::{Forget, Forgotten, Whom};
use crate::id::ContactId;
use crate::store::{Store, StoreError};
use crate::time::Wall;

#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error("{0}")]
    Nobody(String),
    /// `contact` or a call of theirs that came in.
    #[error("a call with {0} is up; erase when it has ended. Nothing was erased")]
    CallUp(String),
    #[error(
        "what the ladder of campaign {0} holds cannot be read with this version of ringback, so nobody knows what the law holds of its \
         contacts. Nothing was erased; use a version that reads it"
    )]
    UnknownRules(String),
    #[error("a file is there still, and with it the person's rows; do it again when it can be deleted: {0}")]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was erased, what is kept, why and until when.
#[derive(Debug)]
pub struct Erasure {
    /// Keys of the person's contacts, as they were.
    pub contacts: Vec<String>,
    pub gone: Forgotten,
    pub recordings: usize,
    pub letters: usize,
    pub(super) tally: Tally,
    /// Calls that came in from a number that other people have, too: they stay.
    pub shared_inbound: u64,
    pub dry_run: bool,
}

impl Erasure {
    /// A law holds something of the person.
    pub fn is_partial(&self) -> bool {
        !self.tally.held.is_empty()
    }
}

impl fmt::Display for Erasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = if self.dry_run { "would be erased" } else { "erased" };
        writeln!(f, "contacts of this person: {}", self.contacts.join(", "))?;
        let Forgotten { contacts, debts, numbers, calls, log_lines, messages, inbound_calls } = self.gone;
        let all = [
            (contacts, "contacts, with names, addresses, fields and what imports replaced"),
            (debts, "keys of debts"),
            (numbers, "telephone numbers"),
            (calls, "calls' numbers"),
            (log_lines, "lines of calls' logs"),
            (messages, "messages"),
            (inbound_calls, "callers of calls that came in"),
            (self.recordings as u64, "recordings, as files"),
            (self.letters as u64, "letters, as files"),
        ];
        if self.dry_run {
            for line in self.tally.goes_lines() {
                writeln!(f, "{head}: {line}")?;
            }
        } else {
            let told: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
            writeln!(f, "{head}: {}", if told.is_empty() { "nothing yet".into() } else { told.join("; ") })?;
        }
        for line in self.tally.held_lines() {
            writeln!(f, "kept: {line}")?;
        }
        if self.is_partial() {
            writeln!(
                f,
                "kept with it: the name and the keys of the contact, so that it is found; the purge of the day after deletes both"
            )?;
        }
        if self.shared_inbound > 0 {
            writeln!(
                f,
                "kept: {} calls that came in from a number that others have, too: nobody can say whose they were",
                self.shared_inbound
            )?;
        }
        writeln!(f, "kept for ever: that the numbers and the person are not to be called, hashed (ALL-2)")?;
        writeln!(
            f,
            "kept in reports: how many calls, promises and payments there were, when to the quarter of an hour, and their sums, without \
             anybody's name, number or key"
        )?;
        writeln!(
            f,
            "not reached: SIP messages (`sip_trace`) until newer ones overwrite them, rendered speech in `cache_dir` (which may be deleted \
             at any time), backups, imported files and their rejects, and what was exported or sent"
        )
    }
}

/// `whom`: by one contact's key or by the person's.
///
/// # Errors
/// Before anything is erased, but for files that cannot be deleted and a database that fails; then it is done again.
pub async fn erase(
    store: &impl Store,
    folders: &Folders,
    whom: &Whom,
    now: Wall,
    dry_run: bool,
) -> Result<Erasure, EraseError> {
    let keepings = store.keepings(whom).await?;
    let Some(first) = keepings.first() else { return Err(EraseError::Nobody(nobody(whom))) };
    let zone = first.zone.clone();
    if let Some(up) = keepings.iter().find(|keeping| keeping.live) {
        return Err(EraseError::CallUp(format!("contact {}", up.external_id)));
    }
    let house = House::load(store).await?;
    let files = folders.look()?;
    let mut planned: Vec<Planned> = Vec::new();
    for keeping in &keepings {
        let rules = house.rules(&keeping.campaigns).map_err(EraseError::UnknownRules)?;
        planned.push(plan(keeping, &rules, &files, now, true));
    }
    let ids: Vec<ContactId> = keepings.iter().map(|keeping| keeping.contact).collect();
    let of = store.inbound_of(&ids).await?;
    let mut came_in = inbound::Planned::default();
    for call in inbound::calls(store, Some(&of.theirs)).await?.values() {
        let rules = house.rules(&[]).map_err(EraseError::UnknownRules)?;
        if call.ended.is_none() {
            return Err(EraseError::CallUp(format!("somebody on a number of theirs (call {})", call.id)));
        }
        inbound::plan(call, &rules, &files, &zone, now, true, &mut came_in);
    }

    let mut erasure = Erasure {
        contacts: keepings.iter().map(|keeping| keeping.external_id.clone()).collect(),
        gone: Forgotten::default(),
        recordings: came_in.recordings.len() + planned.iter().map(|p| p.recordings.len()).sum::<usize>(),
        letters: planned.iter().map(|p| p.letters.len()).sum(),
        tally: Tally::default(),
        shared_inbound: of.shared,
        dry_run,
    };
    planned.iter().for_each(|planned| erasure.tally.add(planned.tally.clone()));
    erasure.tally.add(came_in.tally.clone());
    if dry_run {
        return Ok(erasure);
    }
    // First nobody is called any more; a call that has begun meanwhile is a conflict, and nothing is lost by then.
    for contact in &ids {
        store.forget(&Forget { asked: true, ..Forget::nothing(*contact) }, now).await.map_err(up)?;
    }
    // Then the files: without their rows nobody would find them again.
    let paths = planned.iter().flat_map(|p| p.recordings.iter().chain(&p.letters)).chain(&came_in.recordings);
    paths.into_iter().try_for_each(|path| files::remove(path))?;
    erasure.gone.add(store.forget_inbound(&came_in.forget).await.map_err(up)?);
    for planned in &planned {
        erasure.gone.add(store.forget(&planned.forget, now).await.map_err(up)?);
    }
    store.forget_traces().await?;
    Ok(erasure)
}

fn up(e: StoreError) -> EraseError {
    match e {
        StoreError::Conflict(why) => EraseError::CallUp(format!("the person ({why})")),
        e @ (StoreError::NotFound(_) | StoreError::Unavailable(_)) => EraseError::Store(e),
    }
}

pub(super) fn nobody(whom: &Whom) -> String {
    match whom {
        Whom::Contact(key) => format!("nobody has contact_id `{key}`: expected the creditor's own key, as in the CSV"),
        Whom::Person(key) => format!("nobody has person_id `{key}`: expected the key as in the CSV"),
        Whom::After(..) => "the books are empty".into(),
    }
}
