#![doc = include_str!("README.md")]
#![forbid(unsafe_op_in_unsafe_fn)]

// words: depend on nothing
pub mod diagnostic;
pub mod id;
pub mod language;
pub mod money;
pub mod number_type;
pub mod outcome;
pub mod phone;
pub mod price;
pub mod secret;
pub mod time;
pub mod zone;

// pure: values in, values out
pub mod agent;
pub mod audio;
pub mod books;
pub mod call;
pub mod campaign;
pub mod engine;
pub mod flow;
pub mod forecast;
pub mod ladder;
pub mod policy;
pub mod report;
pub mod rtp;
pub mod sim;
pub mod sip;
pub mod speech;
pub mod workshop;

// edges: the only code that waits
pub mod api;
pub mod bench;
pub mod cli;
pub mod config;
pub mod import;
pub mod keeping;
pub mod media;
pub mod network;
pub mod notify;
pub mod request;
pub mod serve;
pub mod store;
pub mod trunk;
pub mod voice;
