//! Caps: so many calls, talks or messages a day, week or month of the contact's own calendar, or in any stretch of so many days.

use std::fmt;
use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;

use super::window::day_start;
use crate::books::{PastAttempt, Whose};
use crate::id::PhoneId;
use crate::outcome::{Channel, Disposition, DispositionClass};
use crate::time::{Wall, Zone};

crate::words! {
    /// A calendar period in the contact's zone, whose weeks begin on Monday, or a stretch of time wherever it begins.
    pub enum Period {
        Day = "day",
        Week = "week",
        Month = "month",
        Hours24 = "24 hours",
        Days7 = "7 days",
        Days30 = "30 days",
    }
}

crate::words! {
    /// What a cap counts.
    pub enum Counted {
        /// Voice attempts at which a phone may have rung.
        Calls = "calls",
        /// Calls in which somebody picked up.
        Talks = "talks",
        /// SMS, e-mails, and messages left on a machine.
        Messages = "messages",
    }
}

crate::words! {
    /// Of what a cap counts each alone.
    pub enum Each {
        /// The human, whoever's customer: all contacts that share a person.
        Person = "person",
        /// What is owed to one creditor: one contact.
        Debt = "debt",
        /// The line, whoever is wanted there.
        Number = "number",
    }
}

/// At most `most` of `of` in one `per`, for each `each`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    pub most: u32,
    pub of: Counted,
    pub per: Period,
    pub each: Each,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = match (self.of, self.most) {
            (Counted::Calls, 1) => "call",
            (Counted::Talks, 1) => "talk",
            (Counted::Messages, 1) => "message",
            (of, _) => of.as_str(),
        };
        let per = if self.per.sliding().is_some() { "in" } else { "per" };
        write!(f, "{} {noun} {per} {}", self.most, self.per)?;
        match self.each {
            Each::Person => Ok(()),
            Each::Debt | Each::Number => write!(f, " per {}", self.each),
        }
    }
}

/// What is wrong with a cap as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CapFault {
    Shape,
    Most(String),
    Of(String),
    Per(String),
    Each(String),
    /// An SMS or e-mail is to a person: no number is noted with it.
    MessagesPerNumber,
}

impl std::str::FromStr for Cap {
    type Err = CapFault;
    /// `3 per day` (calls), `1 talk per day`, `7 calls in 7 days per debt`, `3 per day per number`; else of a person.
    fn from_str(written: &str) -> Result<Cap, CapFault> {
        let words: Vec<&str> = written.split_whitespace().collect();
        let at = words.iter().position(|w| matches!(*w, "per" | "in")).ok_or(CapFault::Shape)?;
        let (most, of) = match words[..at] {
            [most] => (most, "calls"),
            [most, of] => (most, of),
            _ => return Err(CapFault::Shape),
        };
        let singular = |of: &Counted| of.as_str().strip_suffix('s').unwrap_or(of.as_str());
        let found = Counted::ALL.iter().copied().find(|c| c.as_str() == of || singular(c) == of);
        let of = found.ok_or_else(|| CapFault::Of(of.into()))?;
        let (period, each) = match words[at + 1..].iter().position(|w| *w == "per") {
            None => (&words[at + 1..], Each::Person),
            Some(last) => {
                let (period, each) = (&words[at + 1..at + 1 + last], words[at + 2 + last..].join(" "));
                (period, each.parse().map_err(|_| CapFault::Each(each))?)
            }
        };
        if (of, each) == (Counted::Messages, Each::Number) {
            return Err(CapFault::MessagesPerNumber);
        }
        let period = period.join(" ");
        let per: Period = period.parse().map_err(|_| CapFault::Per(period))?;
        let most = most.parse().ok().filter(|most| *most > 0).ok_or_else(|| CapFault::Most(most.into()))?;
        Ok(Cap { most, of, per, each })
    }
}

impl Counted {
    /// Of the person's.
    pub fn counts(self, past: &PastAttempt) -> bool {
        // Somebody else's call on a shared line disturbs the line, not the person.
        past.whose != Whose::Line && self.counts_anybody(past)
    }

    /// Whoever was wanted.
    pub fn counts_anybody(self, past: &PastAttempt) -> bool {
        let voice = past.channel == Channel::Voice;
        match self {
            Counted::Calls => voice && (may_have_rung(past.disposition) || broke_off(past)),
            Counted::Talks => voice && (somebody_picked_up(past.disposition) || broke_off(past)),
            Counted::Messages => match past.channel {
                Channel::Sms | Channel::Email => past.disposition == Disposition::Queued,
                // Part of a message is one.
                Channel::Voice => matches!(past.disposition, Disposition::VoicemailLeft | Disposition::VoicemailCut),
                // Paper by post is not what the limits on messages are about.
                Channel::Letter | Channel::Human | Channel::Visit => false,
            },
        }
    }

    /// Whether a contact by `channel` adds to the count, and so must find room in it.
    pub fn binds(self, channel: Channel) -> bool {
        match channel {
            Channel::Voice => matches!(self, Counted::Calls | Counted::Talks),
            Channel::Sms | Channel::Email => self == Counted::Messages,
            Channel::Letter | Channel::Human | Channel::Visit => false,
        }
    }
}

/// A call that we cancelled or that broke on our side may have rung: when unsure, it has.
fn may_have_rung(disposition: Disposition) -> bool {
    !matches!(
        disposition,
        Disposition::Congestion | Disposition::TrunkDown | Disposition::InvalidNumber | Disposition::OutOfService
    )
}

fn somebody_picked_up(disposition: Disposition) -> bool {
    use DispositionClass as C;
    match disposition.class() {
        C::RightParty | C::ThirdParty | C::Unverified | C::OptOut => true,
        C::NoContact => matches!(disposition, Disposition::HungUpEarly | Disposition::NoInput),
        C::Technical => matches!(disposition, Disposition::UnknownOutcome | Disposition::SystemError),
        C::Number | C::Machine | C::Delivered => false,
    }
}

/// The network lost a call that was up: what it came to says so, and not that somebody was there. When unsure, somebody was.
fn broke_off(past: &PastAttempt) -> bool {
    past.disposition == Disposition::Congestion && past.answered_by.is_some()
}

impl Period {
    /// Its length, where it may begin at any instant.
    fn sliding(self) -> Option<Duration> {
        let days = match self {
            Period::Day | Period::Week | Period::Month => return None,
            Period::Hours24 => 1,
            Period::Days7 => 7,
            Period::Days30 => 30,
        };
        Some(Duration::from_secs(days * 86_400))
    }

    /// The first day of the calendar period.
    fn first_day(self, day: Date) -> Date {
        match self {
            Period::Week => day.saturating_sub((i32::from(day.weekday().to_monday_zero_offset())).days()),
            Period::Month => day.first_of_month(),
            Period::Day | Period::Hours24 | Period::Days7 | Period::Days30 => day,
        }
    }

    fn next(self, first: Date) -> Date {
        match self {
            Period::Week => first.saturating_add(7.days()),
            Period::Month => first.saturating_add(1.month()),
            Period::Day | Period::Hours24 | Period::Days7 | Period::Days30 => first.saturating_add(1.day()),
        }
    }
}

impl Cap {
    /// `on`: the number that a cap of each number asks about; others do not look at it.
    fn counts(&self, past: &PastAttempt, on: Option<PhoneId>) -> bool {
        match self.each {
            Each::Person => self.of.counts(past),
            Each::Debt => past.whose == Whose::Contact && self.of.counts(past),
            Each::Number => on.is_some() && past.phone == on && self.of.counts_anybody(past),
        }
    }

    /// How many of `past` fall into the period that contains `at`; of a stretch, the one that ends at `at`.
    pub fn used(&self, past: &[PastAttempt], on: Option<PhoneId>, at: Wall, zone: &Zone) -> u32 {
        match self.per.sliding() {
            Some(length) => self.within(past, on, at, length).len() as u32,
            None => self.used_from(past, on, self.per.first_day(at.date(zone)), zone),
        }
    }

    fn used_from(&self, past: &[PastAttempt], on: Option<PhoneId>, first: Date, zone: &Zone) -> u32 {
        let next = self.per.next(first);
        past.iter().filter(|p| self.counts(p, on) && (first..next).contains(&p.at.date(zone))).count() as u32
    }

    /// When those were that still count at `at`, the oldest first. What lies ahead of a clock that was put back counts too.
    fn within(&self, past: &[PastAttempt], on: Option<PhoneId>, at: Wall, length: Duration) -> Vec<Wall> {
        let mut times: Vec<Wall> =
            past.iter().filter(|p| self.counts(p, on) && p.at + length > at).map(|p| p.at).collect();
        times.sort();
        times
    }

    /// `None`: room now. `Some(until)`: full; `until` is the first later instant with room, or `None` when there will never be one.
    pub fn full(&self, past: &[PastAttempt], on: Option<PhoneId>, at: Wall, zone: &Zone) -> Option<Option<Wall>> {
        // Most have fewer in all their past than the cap allows in one period; calendars need not be asked.
        if past.iter().filter(|p| self.counts(p, on)).count() < self.most as usize {
            return None;
        }
        if let Some(length) = self.per.sliding() {
            let times = self.within(past, on, at, length);
            let over = times.len().checked_sub(self.most as usize)?;
            return Some(times.get(over).map(|oldest| *oldest + length));
        }
        let mut first = self.per.first_day(at.date(zone));
        if self.used_from(past, on, first, zone) < self.most {
            return None;
        }
        if self.most == 0 {
            return Some(None);
        }
        // Each full period holds at least one attempt of the past, so one more than those has room.
        for _ in 0..=past.len() {
            first = self.per.next(first);
            if self.used_from(past, on, first, zone) < self.most {
                return Some(day_start(first, zone));
            }
        }
        Some(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_written() {
        for (written, expected) in [
            ("3 per day", Ok("3 calls per day")),
            ("1 talk per week", Ok("1 talk per week")),
            ("7 calls in 7 days per debt", Ok("7 calls in 7 days per debt")),
            ("3 per day per number", Ok("3 calls per day per number")),
            ("2 messages per day per person", Ok("2 messages per day")),
            ("2 messages per day per number", Err(CapFault::MessagesPerNumber)),
            ("3 per day per house", Err(CapFault::Each("house".into()))),
            ("3 per fortnight", Err(CapFault::Per("fortnight".into()))),
            ("0 per day", Err(CapFault::Most("0".into()))),
            ("3 letters per day", Err(CapFault::Of("letters".into()))),
            ("day", Err(CapFault::Shape)),
        ] {
            let parsed = written.parse::<Cap>().map(|cap| cap.to_string());
            assert_eq!(parsed, expected.map(str::to_string), "{written}");
        }
    }
}
