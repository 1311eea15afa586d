//! One binary of integration tests, one file a subject.

mod blast;
mod calls;
mod demo;
mod flows;
mod house;
mod import;
mod library;
mod media;
mod network;
mod notify;
mod recovery;
mod simulation;
mod sipp;
mod speech;
mod store;
mod tidy;
mod torture;
mod town;
mod voice;
mod workshop_text;
