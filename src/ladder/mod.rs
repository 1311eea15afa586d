#![doc = include_str!("README.md")]

mod awake;
mod check;
mod codes;
mod compile;
mod delay;
mod letter;
mod message;
mod next;
mod pacing;
mod promise;
mod reader;
mod remind;
mod render;
mod retry;
mod retry_table;
mod rules;
mod segment;
mod segments;
mod spread;
mod steps;
mod test;
mod test_section;
#[cfg(test)]
mod tests;
mod visit;
mod words;

use std::ops::Range;

use crate::flow::expr::Expr;
use crate::flow::program::Field;
use crate::language::Language;
use crate::phone::NumberRules;
use crate::policy::Rules;

pub use compile::{Compiled, compile, compile_with_tests};
pub use delay::Delay;
pub use pacing::{AgentPacing, PacingMode};
pub use promise::{Goto, PromiseLimits, Target};
pub use remind::Remind;
pub use render::Written;
pub use retry::{Answer, Retry, RetryOn};
pub use test::{Expected, Happened, LadderTest, TestStep};
pub use visit::Visits;
pub use words::StopOn;

/// A checked ladder: every name resolved, every rule intersected with the outermost ones.
#[derive(Debug, Clone)]
pub struct Ladder {
    pub name: String,
    /// From 1. `None`: it is told apart by its content alone.
    pub version: Option<u32>,
    /// Of its content: [`hash`].
    pub hash: String,
    /// First is the fallback for a contact whose language is not among them.
    pub languages: Vec<Language>,
    /// What conditions may name beside `days_overdue` and `today`: what every contact has, then the ladder's own `contact:`.
    pub fields: Vec<Field>,
    /// In order; a contact is of the first whose condition holds, or of none.
    pub classes: Vec<Class>,
    /// In order; the first whose condition holds takes the contact.
    pub segments: Vec<Segment>,
    /// The ladder's own window and caps, those of its packs, and [`Rules::outermost`]: all of them hold.
    pub rules: Rules,
    /// What counts as a kept promise.
    pub promise_terms: crate::books::PromiseTerms,
    /// Which promises are taken.
    pub promise_limits: PromiseLimits,
    /// What is sent before a promise falls due.
    pub remind: Option<Remind>,
    /// After the first, the second… promise of a contact that was not kept; the last entry holds for all later ones. At least one.
    pub on_broken_promise: Vec<Goto>,
    /// After a promise was kept, when something is owed still.
    pub on_kept_promise: Goto,
    /// Those of all lists, one list behind the other, and the reminder's: an attempt names its step by its place here.
    pub steps: Vec<Step>,
    /// Where each list lies in `steps`: first the ladder's own, then those of segments that have others.
    pub lists: Vec<Range<usize>>,
    pub stop_on: Vec<StopOn>,
    /// Dialled for the agents of a queue; `None`: as fast as the trunks go.
    pub pacing: Option<AgentPacing>,
    /// Which numbers are not dialled, beside those that the config bars.
    pub numbers: NumberRules,
    pub messages: Vec<Message>,
}

/// Debtors told apart by rule.
#[derive(Debug, Clone)]
pub struct Class {
    pub name: String,
    pub when: Expr,
}

#[derive(Debug, Clone)]
pub struct Segment {
    pub name: String,
    pub when: Expr,
    /// Name of the flow its contacts hear.
    pub flow: String,
    /// How its contacts are to be spoken to, for the agent.
    pub tone: Option<String>,
    /// What the agent is to say, or where that is written.
    pub agent_script: Option<String>,
    /// Its steps: a place in [`Ladder::lists`].
    pub list: usize,
}

#[derive(Debug, Clone)]
pub struct Step {
    /// As `goto` names it; of a step without one, its channel.
    pub name: String,
    /// How long after the step before has ended; for the first step, after the contact joined.
    pub after: Delay,
    pub does: Does,
}

#[derive(Debug, Clone)]
pub enum Does {
    Voice {
        flow: FlowOf,
        retry: Retry,
    },
    Sms {
        message: MessageIndex,
    },
    Email {
        subject: MessageIndex,
        body: MessageIndex,
    },
    Letter {
        message: MessageIndex,
    },
    Human {
        queue: String,
    },
    /// A task for somebody who goes there.
    Visit {
        queue: String,
        visits: Visits,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowOf {
    Segment,
    Named(String),
}

/// Index into [`Ladder::messages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageIndex(pub usize);

/// A written message: one text for each of [`Ladder::languages`], in that order.
#[derive(Debug, Clone)]
pub struct Message {
    pub name: String,
    pub texts: Vec<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// `{contact.name}`
    Name,
    /// `{company}`
    Company,
}

/// The content of a ladder in a few digits: the first twelve of its SHA-256.
pub fn hash(source: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(source.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

impl Ladder {
    /// `utility_overdue v3 (1a2b3c4d5e6f)`; without a version, name and content.
    pub fn edition(&self) -> String {
        let version = self.version.map(|version| format!(" v{version}")).unwrap_or_default();
        format!("{}{version} ({})", self.name, self.hash)
    }

    /// What each SMS and e-mail says, once a language, by the message's name; what is put into it left out. Subjects are not asked.
    pub fn written(&self) -> impl Iterator<Item = (&str, String)> {
        let sent = self.steps.iter().filter_map(|step| match &step.does {
            Does::Sms { message } | Does::Email { body: message, .. } => Some(*message),
            Does::Voice { .. } | Does::Letter { .. } | Does::Human { .. } | Does::Visit { .. } => None,
        });
        sent.flat_map(|MessageIndex(at)| {
            let message = &self.messages[at];
            let text = |pieces: &Vec<Piece>| {
                let words = pieces.iter().filter_map(|piece| match piece {
                    Piece::Text(text) => Some(text.as_str()),
                    Piece::Name | Piece::Company => None,
                });
                words.collect::<String>()
            };
            message.texts.iter().map(move |pieces| (message.name.as_str(), text(pieces)))
        })
    }
}

impl Does {
    pub fn channel(&self) -> crate::outcome::Channel {
        use crate::outcome::Channel;
        match self {
            Does::Voice { .. } => Channel::Voice,
            Does::Sms { .. } => Channel::Sms,
            Does::Email { .. } => Channel::Email,
            Does::Letter { .. } => Channel::Letter,
            Does::Human { .. } => Channel::Human,
            Does::Visit { .. } => Channel::Visit,
        }
    }
}
