//! What helps to write flows: pictures of them, differences between them, callers that try them, and what an editor asks.
//!
//! Pure: texts and programs in, texts out. Files, terminals and editors are the business of `cli::flow`.

pub mod fmt;
pub mod report;
pub mod schema;
