//! What an agent is: its addresses, its peer, what it may and what it wants.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::auth::{Credentials, Demand};
use super::carrier::{Carrier, Registration};
use super::gate::Rules;
use super::hop::{Contacts, Peer};
use super::session::Abilities;
use super::session_timer::SessionTimes;
use super::timing::Timing;

#[derive(Debug, Clone)]
pub struct Config {
    /// Our addresses as others reach them: written into Via and Contact.
    pub contacts: Contacts,
    /// Where calls go and OPTIONS are sent. `None`: this agent only answers.
    pub peer: Option<Peer>,
    /// The name of the peer, when it is only a name; [`Input::Located`] says where it is.
    pub domain: Option<String>,
    /// A larger INVITE goes over TCP (RFC 3261 §18.1.1), and as a datagram after all to who does not speak it. 1300 where
    /// the edge speaks TCP.
    pub datagram_bytes_max: usize,
    /// For User-Agent and Server.
    pub software: String,
    /// What we answer challenges with.
    pub credentials: Option<Credentials>,
    /// What we demand of callers.
    pub demand: Option<Demand>,
    pub timing: Timing,
    /// Codecs, packet times, encryption: what calls offer and agree to.
    pub abilities: Arc<Abilities>,
    /// Tell the peer where we are; calls go out while the first of them holds. None: it knows.
    pub registrations: Vec<Registration>,
    /// How the peer wants its messages.
    pub carrier: Carrier,
    /// Who may ask for anything outside a call. `None`: everybody.
    pub gate: Option<Rules>,
    /// Session timers are asked for; `None`: only answered when others ask.
    pub session_times: Option<SessionTimes>,
    /// Reliable provisional answers (100rel) are offered to others and taken from them.
    pub reliable: bool,
    /// A far end may send us to somebody else (REFER). Without it that is declined.
    pub may_be_referred: bool,
    /// A new call from the same peer may take the place of one that is up (Replaces).
    pub may_be_replaced: bool,
    /// How often the peer is asked whether it is there; zero: never, and it counts as up.
    pub options_interval: Duration,
    /// Makes tags, branches and Call-IDs. From the system's randomness except in tests: who can guess a branch can
    /// speak for the peer.
    pub seed: [u8; 32],
    /// Calls at once; more are refused with 503.
    pub calls_max: usize,
    /// Requests remembered at once; more are answered without being remembered.
    pub transactions_max: usize,
}

impl Config {
    pub fn new(contact: SocketAddr, seed: [u8; 32]) -> Config {
        Config {
            contacts: Contacts::all(contact),
            peer: None,
            domain: None,
            datagram_bytes_max: usize::MAX,
            software: concat!("Ringback/", env!("CARGO_PKG_VERSION")).into(),
            credentials: None,
            demand: None,
            timing: Timing::default(),
            abilities: Arc::default(),
            registrations: Vec::new(),
            carrier: Carrier::default(),
            gate: None,
            session_times: Some(SessionTimes::default()),
            reliable: true,
            may_be_referred: false,
            may_be_replaced: false,
            options_interval: Duration::ZERO,
            seed,
            calls_max: 10_000,
            transactions_max: 100_000,
        }
    }
}
