//! By what a report can be broken down.

use std::fmt;

use crate::books::{Attempt, Contact};
use crate::phone::PhoneNumber;
use crate::time::Wall;

use super::Names;

crate::words! {
    pub enum Dimension {
        Segment = "segment",
        Creditor = "creditor",
        Campaign = "campaign",
        /// Name and version.
        Flow = "flow",
        /// Of the contact's day.
        Hour = "hour",
        /// Of the contact's week.
        Weekday = "weekday",
        /// Which try of its step, from 1.
        TryNumber = "try_number",
        /// Of the ladder, from 1.
        Step = "step",
        Channel = "channel",
        /// The flow's node where the call ended.
        Node = "node",
        /// Which carried the call, or refused it last.
        Trunk = "trunk",
        /// The number that the person saw.
        CallerId = "caller_id",
        /// What the ladder made of the contact when the attempt was made; without it, the contact's column `class`.
        Class = "class",
        /// Name, version and content of the one by which the attempt was made.
        Ladder = "ladder",
    }
}

/// A value of a dimension; what a row does not say is `None` and comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    None,
    Number(u32),
    /// 0 to 23.
    Hour(u8),
    /// 1 is Monday.
    Weekday(u8),
    Text(String),
}

/// One value a dimension.
pub type Key = Vec<Value>;

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        match self {
            Value::None => f.pad("-"),
            Value::Number(n) => f.pad(&n.to_string()),
            Value::Hour(hour) => f.pad(&format!("{hour:02}:00")),
            Value::Weekday(day) => f.pad(DAYS[usize::from(day.saturating_sub(1)).min(6)]),
            Value::Text(text) => f.pad(text),
        }
    }
}

fn text(text: Option<&str>) -> Value {
    text.filter(|t| !t.is_empty()).map_or(Value::None, |t| Value::Text(t.to_string()))
}

/// When an attempt was made; of one that was not, when it was to be.
pub(super) fn made_at(attempt: &Attempt) -> Wall {
    attempt.live_at.or(attempt.finished_at).unwrap_or(attempt.plan.due_at)
}

impl Dimension {
    /// `attempt`: none, where all that is known is the contact.
    pub fn value(self, contact: &Contact, attempt: Option<&Attempt>, names: &Names) -> Value {
        let of = |value: &dyn Fn(&Attempt) -> Value| attempt.map_or(Value::None, value);
        match self {
            Dimension::Creditor => text(Some(&contact.creditor)),
            Dimension::Class => {
                let then = attempt.and_then(|a| a.led.as_ref()).and_then(|led| led.contact_class.as_deref());
                text(then.or(contact.fields.get("class").map(String::as_str)))
            }
            Dimension::Ladder => of(&|a| text(a.led.as_ref().map(|led| led.ladder.as_str()))),
            Dimension::Segment => of(&|a| text(Some(&a.plan.segment))),
            Dimension::Campaign => of(&|a| text(Some(&names.campaign(a.campaign)))),
            Dimension::Flow => of(&|a| text(a.flow.as_ref().map(|hash| names.flow(hash)).as_deref())),
            Dimension::Hour => of(&|a| Value::Hour(made_at(a).in_zone(&contact.zone).hour().unsigned_abs())),
            Dimension::Weekday => of(&|a| {
                let day = made_at(a).date(&contact.zone).weekday();
                Value::Weekday(day.to_monday_one_offset().unsigned_abs())
            }),
            Dimension::TryNumber => of(&|a| Value::Number(a.plan.try_number)),
            Dimension::Step => of(&|a| Value::Number(a.plan.step + 1)),
            Dimension::Channel => of(&|a| text(Some(a.channel.as_str()))),
            Dimension::Trunk => of(&|a| text(a.trunk.as_deref())),
            // Ours, and no secret.
            Dimension::CallerId => of(&|a| text(a.caller_id.as_ref().map(PhoneNumber::full))),
            Dimension::Node => of(&|a| text(a.outcome.as_ref().and_then(|o| o.node.as_deref()))),
        }
    }
}
