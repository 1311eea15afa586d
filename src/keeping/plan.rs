//! What of one contact goes, what stays, and why: each record is asked of the rules by itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;

use super::Thing;
use super::files::Files;
use crate::books::{Forget, Keeping};
use crate::policy::{Fate, Held, Kind, Record, Rules};
use crate::time::Wall;

/// What goes by whom, or is held by whom, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// By what it is, who makes it go (`None`: the person asked), and why.
    pub goes: BTreeMap<(Thing, Option<String>, String), u64>,
    pub held: BTreeMap<(Thing, Held), u64>,
}

impl Tally {
    pub fn count(&mut self, thing: Thing, fate: &Fate, n: u64) {
        match fate {
            _ if n == 0 => {}
            Fate::Goes { by, why } => *self.goes.entry((thing, by.clone(), why.clone())).or_default() += n,
            Fate::Held(held) => *self.held.entry((thing, held.clone())).or_default() += n,
            Fate::Stays => {}
        }
    }

    pub fn add(&mut self, more: Tally) {
        for (key, n) in more.goes {
            *self.goes.entry(key).or_default() += n;
        }
        for (key, n) in more.held {
            *self.held.entry(key).or_default() += n;
        }
    }

    /// `3 recordings until 2029-11-20 (RU-10: Minjust order 134 of 2024)`.
    pub fn held_lines(&self) -> Vec<String> {
        let line = |((thing, Held { until, by, why }), n): (&(Thing, Held), &u64)| {
            let until = until.map_or("for ever".into(), |day| format!("until {day}"));
            format!("{} {until} ({by}: {why})", thing.count(*n))
        };
        self.held.iter().map(line).collect()
    }

    pub fn goes_lines(&self) -> Vec<String> {
        let line = |((thing, by, why), n): (&(Thing, Option<String>, String), &u64)| {
            let by = by.as_ref().map(|by| format!("{by}: ")).unwrap_or_default();
            format!("{} ({by}{why})", thing.count(*n))
        };
        self.goes.iter().map(line).collect()
    }
}

#[derive(Debug)]
pub(super) struct Planned {
    pub forget: Forget,
    pub recordings: Vec<PathBuf>,
    pub letters: Vec<PathBuf>,
    pub tally: Tally,
}

/// `asked`: now, by the person; who asked before stands in the books.
pub(super) fn plan(keeping: &Keeping, rules: &Rules, files: &Files, now: Wall, asked: bool) -> Planned {
    let day = |at: Wall| at.date(&keeping.zone);
    let today = day(now);
    let of = |of: Kind, on: Date| Record {
        of,
        day: on,
        settled: keeping.settled_at.map(day),
        last_activity: day(keeping.last_activity),
        erase_asked: asked || keeping.erase_asked_at.is_some(),
    };
    let fate = |record: &Record| rules.fate(record, today);

    let mut fates: Vec<(Thing, Fate, u64)> = Vec::new();
    let (mut forget, mut recordings, mut letters) = (Forget::nothing(keeping.contact), Vec::new(), Vec::new());
    for call in &keeping.calls {
        if let Some(paths) = files.recordings.get(&call.call) {
            let fate = fate(&of(Kind::Recording { reached: call.reached }, day(call.at)));
            if matches!(fate, Fate::Goes { .. }) {
                recordings.extend(paths.iter().cloned());
            }
            fates.push((Thing::Recording, fate, paths.len() as u64));
        }
        if call.details {
            let fate = fate(&of(Kind::CallRecord, day(call.at)));
            if matches!(fate, Fate::Goes { .. }) {
                forget.calls.push(call.call);
            }
            fates.push((Thing::Call, fate, 1));
        }
    }
    for message in &keeping.messages {
        let fate = fate(&of(Kind::Message, day(message.at)));
        if matches!(fate, Fate::Goes { .. }) {
            forget.messages.push(message.id);
            letters.extend(files.letters.get(&message.id).into_iter().flatten().cloned());
        }
        fates.push((Thing::Message, fate, 1));
    }
    let contact = fate(&of(Kind::Contact, day(keeping.entered_at)));
    // What is held must be found by whom it is about.
    let longest = fates.iter().filter_map(|(_, fate, _)| match fate {
        Fate::Held(held) => Some(held),
        Fate::Goes { .. } | Fate::Stays => None,
    });
    let longest = longest.max_by_key(|held| (held.until.is_none(), held.until)).cloned();
    if let Fate::Goes { by, why } = &contact {
        forget.details = of(Kind::Contact, today).erase_asked;
        match longest {
            Some(held) => fates.push((Thing::Contact, Fate::Held(held), 1)),
            None => {
                // With the contact goes all that is about it.
                forget.whole = true;
                let (by, why) = (by.clone(), why.clone());
                recordings =
                    keeping.calls.iter().filter_map(|c| files.recordings.get(&c.call)).flatten().cloned().collect();
                letters = keeping.messages.iter().filter_map(|m| files.letters.get(&m.id)).flatten().cloned().collect();
                for (_, fate, _) in &mut fates {
                    *fate = Fate::Goes { by: by.clone(), why: why.clone() };
                }
                fates.push((Thing::Contact, Fate::Goes { by, why }, 1));
            }
        }
    } else {
        fates.push((Thing::Contact, contact, 1));
    }
    // Done before.
    forget.details &= !forget.whole && asked;
    forget.asked = asked;
    let mut tally = Tally::default();
    for (thing, fate, n) in &fates {
        tally.count(*thing, fate, *n);
    }
    Planned { forget, recordings, letters, tally }
}
