//! Tests that stand in a ladder: a contact, what happens to it, and what is to come next.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use crate::books::VisitOutcome;
use crate::diagnostic::Span;
use crate::language::Language;
use crate::money::Money;
use crate::outcome::{Channel, Disposition};
use crate::time::{Wall, Zone};

#[derive(Debug, Clone, PartialEq)]
pub struct LadderTest {
    pub name: String,
    /// Of the test's name.
    pub span: Span,
    pub contact: TestContact,
    /// When the contact joins.
    pub start: Wall,
    pub steps: Vec<(TestStep, Span)>,
}

/// A contact as a test writes it. What a test leaves out is made up: one number, an e-mail address, Moscow.
#[derive(Debug, Clone, PartialEq)]
pub struct TestContact {
    pub language: Language,
    pub zone: Zone,
    /// Amount and due date of each.
    pub debts: Vec<(Money, Date)>,
    /// How many good numbers.
    pub phones: u32,
    pub email: bool,
    /// The other columns.
    pub fields: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TestStep {
    Happens(Happened),
    Expects(Expected),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    /// The attempt that is planned is made when it is due, and ends so; for an early hang-up, in this node.
    Ends { disposition: Disposition, node: Option<String> },
    /// The planned call ends with a promise, in one part or several.
    Promises(Vec<(Money, Date)>),
    /// The visit that is planned, or was given out, is reported so.
    Visited { outcome: VisitOutcome, promised: Option<(Money, Date)> },
    /// A payment comes; `None`: of all that is owed.
    Pays(Option<Money>),
    /// The newest payment that stands is taken back.
    Reversed,
    /// The open promise is withdrawn by hand.
    Withdrawn,
    /// Nothing happens until then, where the contact is; messages that are due are sent.
    Passes(DateTime),
}

/// What comes next. What is `None` is not asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expected {
    pub channel: Option<Channel>,
    /// By its name, or its place in its list.
    pub step: Option<String>,
    pub segment: Option<String>,
    pub class: Option<String>,
    /// When it is due, where the contact is.
    pub at: Option<DateTime>,
    /// Nothing: closed for this reason.
    pub closed: Option<String>,
    /// Closed until then, where the contact is.
    pub until: Option<DateTime>,
}
