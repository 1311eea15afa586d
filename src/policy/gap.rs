//! Gaps: how long after something nobody is contacted again.

use std::fmt;
use std::time::Duration;

use jiff::ToSpan;

use super::cap::Counted;
use super::window::day_start;
use crate::books::{PastAttempt, Whose};
use crate::outcome::{Channel, Disposition, DispositionClass};
use crate::time::{Wall, Zone};

crate::words! {
    /// What a gap follows.
    pub enum After {
        /// A call at which a phone may have rung.
        Call = "call",
        /// A call in which somebody picked up.
        Talk = "talk",
        /// A call that a machine answered.
        Machine = "machine",
        /// A call whose person was to talk to an agent and found none.
        Abandoned = "abandoned",
        /// The person said "I have paid".
        SaysPaid = "says_paid",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    For(Duration),
    /// Calendar days of the contact's zone, the first one included.
    Days(u16),
}

/// No contact so soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub after: After,
    pub least: Length,
    /// It does not hold where an agent is kept free for each call.
    pub unless_agent: bool,
}

impl Gap {
    /// Whoever takes the call.
    pub fn after(after: After, least: Length) -> Gap {
        Gap { after, least, unless_agent: false }
    }

    pub fn binds(self, channel: Channel, agent_kept: bool) -> bool {
        match self.after {
            After::Call | After::Talk | After::Machine | After::Abandoned => {
                channel == Channel::Voice && !(self.unless_agent && agent_kept)
            }
            After::SaysPaid => true,
        }
    }

    /// From when it counts, if it follows this attempt.
    fn start(self, past: &PastAttempt) -> Option<Wall> {
        match self.after {
            After::Abandoned => past.abandoned_at,
            After::Call | After::Talk | After::Machine | After::SaysPaid => self.follows(past).then_some(past.at),
        }
    }

    fn follows(self, past: &PastAttempt) -> bool {
        match self.after {
            // A line that was just rung for somebody else is left in peace too.
            After::Call => Counted::Calls.counts_anybody(past),
            After::Talk => Counted::Talks.counts(past),
            // The number is left in peace, whoever was wanted there.
            After::Machine => past.channel == Channel::Voice && past.disposition.class() == DispositionClass::Machine,
            After::Abandoned => past.abandoned_at.is_some(),
            After::SaysPaid => past.whose == Whose::Contact && past.disposition == Disposition::AlreadyPaid,
        }
    }

    /// The first instant that lies behind it.
    pub fn end(self, start: Wall, zone: &Zone) -> Wall {
        match self.least {
            Length::For(length) => start + length,
            Length::Days(days) => {
                let day = start.date(zone).saturating_add(i32::from(days).days());
                day_start(day, zone).unwrap_or(start + Duration::from_secs(86_400 * u64::from(days)))
            }
        }
    }

    /// When the gaps that cover `now` without a break come to their end. `None`: none covers it.
    pub fn until(self, past: &[PastAttempt], now: Wall, zone: &Zone) -> Option<Wall> {
        let mut end = now;
        // In whatever order they are: again, as long as one that the others have reached reaches further.
        loop {
            let starts = past.iter().filter_map(|p| self.start(p)).filter(|start| *start <= end);
            match starts.map(|start| self.end(start, zone)).max().filter(|reached| *reached > end) {
                Some(further) => end = further,
                None => break,
            }
        }
        (end > now).then_some(end)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.least {
            Length::For(least) => write!(f, "{} minutes", least.as_secs().div_ceil(60)),
            Length::Days(days) => write!(f, "{days} days"),
        }
    }
}
