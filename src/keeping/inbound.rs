//! Calls that came in: they have no contact, and are kept by what holds for anybody here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Thing;
use super::files::Files;
use super::plan::Tally;
use crate::books::InboundCall;
use crate::id::CallId;
use crate::policy::{Fate, Kind, Record, Rules};
use crate::store::{Result, Store};
use crate::time::{Wall, Zone};

/// Read at a time.
const PAGE: u32 = 500;

#[derive(Debug, Default)]
pub(super) struct Planned {
    pub forget: Vec<CallId>,
    pub recordings: Vec<PathBuf>,
    pub tally: Tally,
}

/// Adds what becomes of one. `asked`: by the person whose number it came from.
pub(super) fn plan(
    call: &InboundCall,
    rules: &Rules,
    files: &Files,
    zone: &Zone,
    now: Wall,
    asked: bool,
    to: &mut Planned,
) {
    // One that is up is not over yet, whatever anybody asks.
    let Some(ended) = call.ended else { return };
    let (day, today) = (ended.at.date(zone), now.date(zone));
    let record = |of| Record { of, day, settled: Some(day), last_activity: day, erase_asked: asked };
    if let Some(paths) = files.recordings.get(&call.id) {
        let fate = rules.fate(&record(Kind::Recording { reached: true }), today);
        if matches!(fate, Fate::Goes { .. }) {
            to.recordings.extend(paths.iter().cloned());
        }
        to.tally.count(Thing::Recording, &fate, paths.len() as u64);
    }
    let fate = rules.fate(&record(Kind::CallRecord), today);
    if matches!(fate, Fate::Goes { .. }) {
        to.forget.push(call.id);
        // Counted when it is done: of most of them nothing is left to go.
    } else {
        to.tally.count(Thing::Call, &fate, 1);
    }
}

/// All of them, or those that are named, by their number.
pub(super) async fn calls(store: &impl Store, of: Option<&[CallId]>) -> Result<BTreeMap<CallId, InboundCall>> {
    let mut found = BTreeMap::new();
    if of.is_some_and(<[CallId]>::is_empty) {
        return Ok(found);
    }
    let mut before = None;
    loop {
        let page = store.inbound_calls(before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        before = Some(last.id);
        found.extend(page.into_iter().filter(|c| of.is_none_or(|of| of.contains(&c.id))).map(|c| (c.id, c)));
    }
}
