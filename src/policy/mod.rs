#![doc = include_str!("README.md")]

mod calendar;
mod cap;
mod decide;
mod demands;
mod earliest;
mod facts;
mod gap;
#[cfg(test)]
mod laws;
mod pack;
mod phones;
mod retention;
mod rules;
mod scope;
#[cfg(test)]
pub(crate) mod slow;
#[cfg(test)]
mod tests;
mod window;
#[cfg(test)]
pub(crate) mod world;
mod zones;

pub use cap::{Cap, CapFault, Counted, Each, Period};
pub use decide::{Decision, Purpose, Question, decide};
pub use demands::{Abandon, Demand, Offered, OfferedTrunk};
pub use earliest::{Found, SEARCH_DAYS_MAX, earliest, search};
pub use facts::{Claimant, CreditorKind, DebtorKind, Fact, Protected, postal_address};
pub use pack::Pack;
pub use phones::{phone_to_dial, phones_to_dial, phones_with_room};
pub use retention::{Fate, Held, Kind, Record, Retain, Retained, Term};
pub use rules::Rules;
pub use window::{CallingWindow, DAYS, DaysFault, Hours, WEEK, days};
pub use zones::{candidates, surmised};
