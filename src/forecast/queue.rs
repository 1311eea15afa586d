//! Who is due when: a bucket a minute, and those who are due now in the order in which they became so. Links, no copies.

use super::list::{List, NEVER};

#[derive(Debug)]
pub(super) struct Queue {
    start_s: u32,
    /// The minute that has begun.
    present: Option<usize>,
    /// The first person of each minute; the others hang on them.
    minutes: Vec<u32>,
    /// Due within the present minute, the last first.
    arriving: Vec<(u32, u32)>,
    first: u32,
    last: u32,
    pub waiting: u64,
}

impl Queue {
    pub fn new(start_s: u32, minutes: usize) -> Queue {
        Queue {
            start_s,
            present: None,
            minutes: vec![NEVER; minutes],
            arriving: Vec::new(),
            first: NEVER,
            last: NEVER,
            waiting: 0,
        }
    }

    /// Who is due after the last minute is not seen again.
    pub fn put(&mut self, list: &mut List, person: u32, due_s: u32) {
        let minute = (due_s.saturating_sub(self.start_s) / 60) as usize;
        if self.present.is_some_and(|present| minute <= present) {
            let at = self.arriving.partition_point(|known| *known > (due_s, person));
            self.arriving.insert(at, (due_s, person));
        } else if let Some(first) = self.minutes.get_mut(minute) {
            list.people[person as usize].next = *first;
            *first = person;
        }
    }

    /// The minute begins: whoever is due in it will arrive.
    pub fn begin(&mut self, list: &List, minute: usize) {
        self.present = Some(minute);
        let mut person = std::mem::replace(&mut self.minutes[minute], NEVER);
        while person != NEVER {
            let p = &list.people[person as usize];
            self.arriving.push((p.due_s, person));
            person = p.next;
        }
        self.arriving.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// Those who are due by now join the line.
    pub fn arrive(&mut self, list: &mut List, now_s: u32) {
        while self.arriving.last().is_some_and(|(due_s, _)| *due_s <= now_s) {
            let (_, person) = self.arriving.pop().expect("looked at");
            list.people[person as usize].next = NEVER;
            match self.last {
                NEVER => self.first = person,
                last => list.people[last as usize].next = person,
            }
            self.last = person;
            self.waiting += 1;
        }
    }

    pub fn idle(&self) -> bool {
        self.first == NEVER && self.arriving.is_empty()
    }

    pub fn first(&self) -> Option<u32> {
        (self.first != NEVER).then_some(self.first)
    }

    pub fn pop(&mut self, list: &List) {
        self.first = list.people[self.first as usize].next;
        self.waiting -= 1;
        if self.first == NEVER {
            self.last = NEVER;
        }
    }
}
