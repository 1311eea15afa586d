//! What helps to write flows: pictures of them, differences between them, callers that try them, and what an editor asks.
//!
//! Pure: texts and programs in, texts out. Files, terminals and editors are the business of `cli::flow`.

pub mod contact;
pub mod coverage;
pub mod diff;
pub mod editor;
mod facets;
pub mod fmt;
pub mod fuzz;
pub mod graph;
pub mod phone;
pub mod prompts;
pub mod reading;
pub mod report;
pub mod schema;
pub mod test_entry;
mod written;
