//! One binary of integration tests, one file a subject.

mod blast;
mod callers;
mod calls;
mod demo;
mod editor;
mod flow_speed;
mod flows;
mod house;
mod import;
mod library;
mod made_flows;
mod media;
mod mutations;
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
mod versions;
mod views;
mod voice;
