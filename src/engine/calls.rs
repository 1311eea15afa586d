//! The live calls, each with the time at which it wants to be looked at: found without asking all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::talking::LiveCall;
use crate::id::CallId;
use crate::time::Mono;

#[derive(Default)]
pub(super) struct Calls {
    /// Boxed: a call is large, and the nodes of a tree are half empty.
    live: BTreeMap<CallId, Box<Kept>>,
    /// What `Kept::due` says, in order.
    order: BTreeSet<(Mono, CallId)>,
    /// Those that may have changed since their times were read.
    touched: Vec<CallId>,
}

struct Kept {
    call: LiveCall,
    /// Its time as it stands in `order`.
    due: Option<Mono>,
}

impl Calls {
    pub fn len(&self) -> usize {
        self.live.len()
    }

    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    pub fn insert(&mut self, id: CallId, call: LiveCall) {
        self.remove(id);
        self.live.insert(id, Box::new(Kept { call, due: None }));
        self.touched.push(id);
    }

    pub fn remove(&mut self, id: CallId) -> Option<LiveCall> {
        let kept = self.live.remove(&id)?;
        if let Some(due) = kept.due {
            self.order.remove(&(due, id));
        }
        Some(kept.call)
    }

    pub fn get(&self, id: CallId) -> Option<&LiveCall> {
        self.live.get(&id).map(|kept| &kept.call)
    }

    /// To be changed: its time is read anew before anybody asks.
    pub fn get_mut(&mut self, id: CallId) -> Option<&mut LiveCall> {
        let kept = self.live.get_mut(&id)?;
        if self.touched.last() != Some(&id) {
            self.touched.push(id);
        }
        Some(&mut kept.call)
    }

    /// In order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (CallId, &LiveCall)> {
        self.live.iter().map(|(id, kept)| (*id, &kept.call))
    }

    /// The earliest time that any call wants.
    pub fn deadline(&mut self) -> Option<Mono> {
        self.settle();
        self.order.first().map(|(at, _)| *at)
    }

    /// The calls whose time has come, in order of their ids.
    pub fn due(&mut self, now: Mono) -> Vec<CallId> {
        self.settle();
        let mut due: Vec<CallId> = self.order.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect();
        due.sort_unstable();
        due
    }

    fn settle(&mut self) {
        for id in self.touched.drain(..) {
            let Some(kept) = self.live.get_mut(&id) else { continue };
            let due = kept.call.deadline();
            if due == kept.due {
                continue;
            }
            if let Some(before) = kept.due {
                self.order.remove(&(before, id));
            }
            if let Some(due) = due {
                self.order.insert((due, id));
            }
            kept.due = due;
        }
    }
}
