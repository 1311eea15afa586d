#![doc = include_str!("README.md")]

mod check;
mod codes;
mod compile;
mod delay;
mod message;
mod next;
mod pacing;
mod reader;
mod render;
mod retry;
mod rules;
mod segment;
mod spread;
#[cfg(test)]
mod tests;
mod words;

use crate::flow::expr::Expr;
use crate::language::Language;
use crate::phone::NumberRules;
use crate::policy::Rules;

pub use compile::compile;
pub use delay::Delay;
pub use pacing::{AgentPacing, PacingMode};
pub use render::Written;
pub use retry::{Answer, Retry, RetryOn};
pub use words::StopOn;

/// A checked ladder: every name resolved, every rule intersected with the outermost ones.
#[derive(Debug, Clone)]
pub struct Ladder {
    pub name: String,
    /// First is the fallback for a contact whose language is not among them.
    pub languages: Vec<Language>,
    /// In order; the first whose condition holds takes the contact.
    pub segments: Vec<Segment>,
    /// The ladder's own window and caps, those of its packs, and [`Rules::outermost`]: all of them hold.
    pub rules: Rules,
    /// At least one.
    pub steps: Vec<Step>,
    pub stop_on: Vec<StopOn>,
    /// Dialled for the agents of a queue; `None`: as fast as the trunks go.
    pub pacing: Option<AgentPacing>,
    /// Which numbers are not dialled, beside those that the config bars.
    pub numbers: NumberRules,
    pub messages: Vec<Message>,
}

#[derive(Debug, Clone)]
pub struct Segment {
    pub name: String,
    pub when: Expr,
    /// Name of the flow its contacts hear.
    pub flow: String,
}

#[derive(Debug, Clone)]
pub struct Step {
    /// How long after the step before has ended; for the first step, after the contact joined.
    pub after: Delay,
    pub does: Does,
}

#[derive(Debug, Clone)]
pub enum Does {
    Voice { flow: FlowOf, retry: Retry },
    Sms { message: MessageIndex },
    Email { subject: MessageIndex, body: MessageIndex },
    Human { queue: String },
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

impl Does {
    pub fn channel(&self) -> crate::outcome::Channel {
        use crate::outcome::Channel;
        match self {
            Does::Voice { .. } => Channel::Voice,
            Does::Sms { .. } => Channel::Sms,
            Does::Email { .. } => Channel::Email,
            Does::Human { .. } => Channel::Human,
        }
    }
}
