//! What is over, deleted: once a day, exact to the day of each contact's zone.

use std::fmt;

use super::files::{self, Folders};
use super::plan::{Tally, plan};
use super::{House, Thing, inbound};
use crate::books::{Forgotten, PurgeReport, Whom};
use crate::id::ContactId;
use crate::policy::{Fate, Rules};
use crate::store::{Store, StoreError};
use crate::time::{Wall, Zone};

/// Contacts at a time: others read and write in between.
const PAGE: u32 = 200;

/// A day's purge.
#[derive(Debug, Default)]
pub struct Purged {
    pub gone: Forgotten,
    pub recordings: usize,
    pub letters: usize,
    pub(super) tally: Tally,
    /// Contacts of campaigns whose ladder cannot be read, by the campaign's name: nothing of them is deleted.
    unknown: Vec<String>,
    /// What could not be deleted, and is tried again on the next day.
    failed: Vec<String>,
    /// No pack of any campaign says how long anything is kept.
    silent: bool,
    dry_run: bool,
}

impl fmt::Display for Purged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.silent {
            return writeln!(
                f,
                "nothing is deleted: no campaign's ladder names a pack that says how long something is kept"
            );
        }
        let head = if self.dry_run { "would be deleted" } else { "deleted" };
        for line in self.tally.goes_lines() {
            writeln!(f, "{head}: {line}")?;
        }
        if self.tally.goes.is_empty() {
            writeln!(f, "{head}: nothing; the time of nothing is over")?;
        }
        for line in self.tally.held_lines() {
            writeln!(f, "kept: {line}")?;
        }
        for campaign in &self.unknown {
            writeln!(f, "kept: all of campaign {campaign}, whose ladder this version of ringback cannot read")?;
        }
        for what in &self.failed {
            writeln!(f, "not deleted, tried again tomorrow: {what}")?;
        }
        Ok(())
    }
}

/// Deletes what is over, and keeps the report in the books.
///
/// # Errors
/// The books or a folder cannot be read. What was done until then is done; the next purge does the rest.
pub async fn purge(store: &impl Store, folders: &Folders, now: Wall, dry_run: bool) -> Result<Purged, StoreError> {
    let house = House::load(store).await?;
    let mut purged = Purged { dry_run, silent: !house.says_anything(), ..Purged::default() };
    if !purged.silent {
        let files = folders.look().map_err(|e| StoreError::Unavailable(format!("the folders cannot be read: {e}")))?;
        contacts(store, &house, &files, now, &mut purged).await?;
        match house.rules(&[]) {
            Ok(rules) => came_in(store, &rules, &files, now, &mut purged).await?,
            Err(campaign) => purged.unknown.push(campaign),
        }
        purged.unknown.sort();
        purged.unknown.dedup();
    }
    if !dry_run {
        if purged.gone != Forgotten::default() {
            store.forget_traces().await?;
        }
        store.tell_purge(&PurgeReport { at: now, report: purged.to_string() }).await?;
    }
    Ok(purged)
}

async fn contacts(
    store: &impl Store,
    house: &House,
    files: &files::Files,
    now: Wall,
    purged: &mut Purged,
) -> Result<(), StoreError> {
    let mut after = ContactId(0);
    loop {
        let page = store.keepings(&Whom::After(after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.contact;
        for keeping in &page {
            let rules = match house.rules(&keeping.campaigns) {
                Ok(rules) => rules,
                Err(campaign) => {
                    purged.unknown.push(campaign);
                    continue;
                }
            };
            let planned = plan(keeping, &rules, files, now, false);
            if purged.dry_run {
                purged.tally.add(planned.tally);
                continue;
            }
            // Files first: without their rows nobody would find them again.
            if let Err(e) = planned.recordings.iter().chain(&planned.letters).try_for_each(|path| files::remove(path)) {
                purged.failed.push(e.to_string());
                continue;
            }
            match planned.forget.is_nothing() {
                true => {}
                false => match store.forget(&planned.forget, now).await {
                    Ok(gone) => purged.gone.add(gone),
                    // A call is up.
                    Err(StoreError::Conflict(why) | StoreError::NotFound(why)) => {
                        purged.failed.push(why);
                        continue;
                    }
                    Err(e @ StoreError::Unavailable(_)) => return Err(e),
                },
            }
            purged.recordings += planned.recordings.len();
            purged.letters += planned.letters.len();
            purged.tally.add(planned.tally);
        }
    }
}

/// Days of calls that came in are those of UTC: nobody knows where the caller lives.
async fn came_in(
    store: &impl Store,
    rules: &Rules,
    files: &files::Files,
    now: Wall,
    purged: &mut Purged,
) -> Result<(), StoreError> {
    let mut planned = inbound::Planned::default();
    for call in inbound::calls(store, None).await?.values() {
        inbound::plan(call, rules, files, &Zone::utc(), now, false, &mut planned);
    }
    if !purged.dry_run {
        for path in &planned.recordings {
            match files::remove(path) {
                Ok(()) => purged.recordings += 1,
                Err(e) => purged.failed.push(e.to_string()),
            }
        }
        let gone = store.forget_inbound(&planned.forget).await?;
        purged.gone.add(gone);
        let why = "calls that came in".to_string();
        planned.tally.count(Thing::Call, &Fate::Goes { by: None, why }, gone.inbound_calls);
    }
    purged.tally.add(planned.tally);
    Ok(())
}

/// The purge of a running service: on each day (in UTC) once, whichever process does it.
#[derive(Debug)]
pub struct Daily {
    folders: Folders,
    /// The day of the last purge that is known of.
    done: Option<jiff::civil::Date>,
}

impl Daily {
    pub fn new(folders: Folders) -> Daily {
        Daily { folders, done: None }
    }

    /// `None`: today's is done.
    pub async fn look(&mut self, store: &impl Store, now: Wall) -> Result<Option<Purged>, StoreError> {
        let today = now.date(&Zone::utc());
        if self.done.is_none_or(|day| day < today) {
            let last = store.purges(1).await?;
            self.done = last.first().map(|last| last.at.date(&Zone::utc()));
        }
        if self.done.is_some_and(|day| day >= today) {
            return Ok(None);
        }
        let purged = purge(store, &self.folders, now, false).await?;
        self.done = Some(today);
        Ok(Some(purged))
    }
}
