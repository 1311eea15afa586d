//! What was tried, twelve bytes a try, in chains of small blocks: a million people's histories beside each other.

use crate::books::{PastAttempt, Whose};
use crate::id::PhoneId;
use crate::outcome::{AnsweredBy, Blame, Channel, Disposition};
use crate::time::Wall;

#[derive(Debug, Clone, Copy, Default)]
struct Tried {
    /// Since 1970.
    at_s: u32,
    /// Its place among [`Histories::nodes`]; [`NO_NODE`]: none.
    node: u16,
    step: u8,
    try_number: u8,
    disposition: u8,
    /// Its place among the contact's numbers; [`NO_PHONE`]: none, or one that is no longer listed.
    phone: u8,
    channel_and_blame: u8,
    /// Who answered, to whom it was made, whether they found no agent, whether it was the right party, whether it was of this campaign.
    rest: u8,
}

const NO_PHONE: u8 = u8::MAX;
const NO_NODE: u16 = u16::MAX;
const ANSWERED_BY: u8 = 0x07;
const WHOSE_BITS: u8 = 3;
const WHOSE: u8 = 0x03;
const A_BLOCK: usize = 5;
const END: u32 = u32::MAX;
const ABANDONED: u8 = 0x20;
const RIGHT_PARTY: u8 = 0x40;
const HERE: u8 = 0x80;

#[derive(Debug, Clone, Copy)]
struct Block {
    tried: [Tried; A_BLOCK],
    next: u32,
}

/// One person's, within [`Histories`]: oldest first.
#[derive(Debug, Clone, Copy)]
pub struct History {
    first: u32,
    last: u32,
    pub len: u16,
}

impl History {
    pub const NONE: History = History { first: END, last: END, len: 0 };
}

#[derive(Debug, Clone, Default)]
pub struct Histories {
    blocks: Vec<Block>,
    /// Names of the nodes where calls ended.
    nodes: Vec<String>,
    /// Blocks of people who are done with, to be used again.
    free: Option<u32>,
}

/// A place in a list of words, which all are shorter than 256.
fn place<T: PartialEq>(all: &[T], word: T) -> u8 {
    all.iter().position(|w| *w == word).expect("every word is in its list") as u8
}

/// Why a try cannot be kept so small.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {found} is more than {most}")]
pub struct TooMuch {
    pub what: &'static str,
    pub found: i64,
    pub most: i64,
}

/// `as_many` fits, or why it does not.
pub fn fits<T: TryFrom<i64>>(what: &'static str, found: i64, most: i64) -> Result<T, TooMuch> {
    let too_much = TooMuch { what, found, most };
    if found > most {
        return Err(too_much);
    }
    T::try_from(found).map_err(|_| too_much)
}

impl Histories {
    /// `phone`: its place among the contact's numbers. Instants are kept to the second.
    pub fn push(
        &mut self,
        history: &mut History,
        past: &PastAttempt,
        phone: Option<u8>,
        here: bool,
    ) -> Result<(), TooMuch> {
        let answered_by = past.answered_by.map_or(0, |who| place(AnsweredBy::ALL, who) + 1);
        let node = match &past.node {
            Some(node) => fits("nodes of flows", self.node(node) as i64, i64::from(NO_NODE) - 1)?,
            None => NO_NODE,
        };
        let tried = Tried {
            node,
            at_s: fits("the second", past.at.0.div_euclid(1_000_000), i64::from(u32::MAX) - 1)?,
            step: fits("step", i64::from(past.step), i64::from(u8::MAX))?,
            try_number: fits("try", i64::from(past.try_number), i64::from(u8::MAX))?,
            disposition: place(Disposition::ALL, past.disposition),
            phone: phone.unwrap_or(NO_PHONE),
            channel_and_blame: place(Channel::ALL, past.channel) << 4 | place(Blame::ALL, past.blame),
            rest: answered_by
                | place(Whose::ALL, past.whose) << WHOSE_BITS
                | if past.abandoned_at.is_some() { ABANDONED } else { 0 }
                | if past.right_party { RIGHT_PARTY } else { 0 }
                | if here { HERE } else { 0 },
        };
        let at = usize::from(history.len) % A_BLOCK;
        if at == 0 {
            let block = self.fresh();
            match history.last {
                END => history.first = block,
                last => self.blocks[last as usize].next = block,
            }
            history.last = block;
        }
        self.blocks[history.last as usize].tried[at] = tried;
        history.len = fits("the number of tries", i64::from(history.len) + 1, i64::from(u16::MAX))?;
        Ok(())
    }

    fn node(&mut self, name: &str) -> usize {
        self.nodes.iter().position(|known| known == name).unwrap_or_else(|| {
            self.nodes.push(name.to_string());
            self.nodes.len() - 1
        })
    }

    fn fresh(&mut self) -> u32 {
        let empty = Block { tried: [Tried::default(); A_BLOCK], next: END };
        match self.free {
            Some(block) => {
                let there = &mut self.blocks[block as usize];
                self.free = (there.next != END).then_some(there.next);
                *there = empty;
                block
            }
            None => {
                self.blocks.push(empty);
                u32::try_from(self.blocks.len() - 1).expect("fewer blocks than memory")
            }
        }
    }

    /// Its blocks are used again.
    pub fn forget(&mut self, history: &mut History) {
        if history.last != END {
            self.blocks[history.last as usize].next = self.free.unwrap_or(END);
            self.free = Some(history.first);
        }
        *history = History::NONE;
    }

    /// Into `past`, and those of this campaign into `past_here` too; what was there is replaced.
    pub fn read(&self, history: History, past: &mut Vec<PastAttempt>, past_here: &mut Vec<PastAttempt>) {
        past.clear();
        past_here.clear();
        let (mut block, mut left) = (history.first, usize::from(history.len));
        while left > 0 {
            let Block { tried, next } = &self.blocks[block as usize];
            for tried in &tried[..left.min(A_BLOCK)] {
                let read = tried.past(&self.nodes);
                if tried.rest & HERE != 0 {
                    past_here.push(read.clone());
                }
                past.push(read);
            }
            left = left.saturating_sub(A_BLOCK);
            block = *next;
        }
    }
}

impl Tried {
    fn past(&self, nodes: &[String]) -> PastAttempt {
        let disposition = Disposition::ALL[usize::from(self.disposition)];
        let at = Wall(i64::from(self.at_s) * 1_000_000);
        PastAttempt {
            whose: Whose::ALL[usize::from(self.rest >> WHOSE_BITS & WHOSE)],
            node: nodes.get(usize::from(self.node)).cloned(),
            channel: Channel::ALL[usize::from(self.channel_and_blame >> 4)],
            step: u32::from(self.step),
            try_number: u32::from(self.try_number),
            at,
            phone: (self.phone != NO_PHONE).then_some(PhoneId(i64::from(self.phone))),
            disposition,
            blame: Blame::ALL[usize::from(self.channel_and_blame & 0xf)],
            answered_by: AnsweredBy::ALL.get(usize::from(self.rest & ANSWERED_BY).wrapping_sub(1)).copied(),
            right_party: self.rest & RIGHT_PARTY != 0,
            // A call's length does not matter to a forecast of days.
            abandoned_at: (self.rest & ABANDONED != 0).then_some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_and_room_is_used_again() {
        let mut histories = Histories::default();
        let past = |n: u32| PastAttempt {
            whose: Whose::ALL[n as usize % 3],
            node: n.is_multiple_of(7).then(|| format!("node{}", n % 2)),
            channel: Channel::ALL[n as usize % Channel::ALL.len()],
            step: n % 5,
            try_number: n,
            at: Wall(1_700_000_000_000_000 + i64::from(n) * 1_000_000),
            phone: n.is_multiple_of(2).then_some(PhoneId(i64::from(n % 3))),
            disposition: Disposition::ALL[n as usize % Disposition::ALL.len()],
            blame: Blame::ALL[n as usize % Blame::ALL.len()],
            answered_by: AnsweredBy::ALL.get(n as usize % 6).copied(),
            right_party: n.is_multiple_of(3),
            abandoned_at: n.is_multiple_of(5).then_some(Wall(1_700_000_000_000_000 + i64::from(n) * 1_000_000)),
        };
        let (mut a, mut b) = (History::NONE, History::NONE);
        for round in 0..3 {
            for n in 0..23 {
                let phone = past(n).phone.map(|id| id.0 as u8);
                histories.push(&mut a, &past(n), phone, n % 4 == 0).unwrap();
                histories.push(&mut b, &past(n + 100), None, true).unwrap();
            }
            let (mut all, mut here) = (Vec::new(), Vec::new());
            histories.read(a, &mut all, &mut here);
            assert_eq!(all, (0..23).map(past).collect::<Vec<_>>(), "{round}");
            assert_eq!(here, (0..23).filter(|n| n % 4 == 0).map(past).collect::<Vec<_>>());
            histories.read(b, &mut all, &mut here);
            assert_eq!((all.len(), here.len(), all[22].try_number), (23, 23, 122));
            histories.forget(&mut a);
            histories.forget(&mut b);
            assert_eq!(histories.blocks.len(), 10, "{round}");
        }
    }

    #[test]
    fn what_is_too_much_is_said() {
        assert_eq!(fits::<u8>("numbers", 255, 254).unwrap_err().to_string(), "numbers 255 is more than 254");
        assert_eq!(fits::<u8>("numbers", 254, 254), Ok(254));
        assert!(fits::<u32>("the second", -1, 254).is_err());
    }
}
