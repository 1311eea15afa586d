//! The config file of an installation: YAML to typed settings, or everything that is wrong with it, each with its place.
//!
//! Settings only: campaigns, ladders and flows are other files. Secrets never stand in the file; it names an
//! environment variable or another file, and what was read is hidden from `Debug`. Start at [`Config::load`].

mod origin;
pub mod voices;
mod written;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::audio::listen::Countries;
use crate::campaign::Budget;
use crate::diagnostic::{Diagnostic, Span, render_all};
use crate::language::Language;
use crate::phone::{NumberRules, PhoneNumber};
use crate::price::Tariff;
pub use crate::secret::Secret;
use crate::sip;
use crate::time::Zone;
pub use origin::Origin;

crate::words! {
    /// What a letter is written as.
    pub enum LetterForm {
        /// A4, with the address in the window.
        Pdf = "pdf",
        /// Plain text in a fixed-width layout.
        Text = "text",
    }
}

/// Everything that a running Ringback is told by its operator. Paths are as written, joined to the file's own folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The SQLite database.
    pub database: PathBuf,
    /// Where synthesizers keep their data.
    pub voices_dir: PathBuf,
    /// Recorded prompts, one folder a language.
    pub prompts_dir: PathBuf,
    /// Rendered prompts; may be deleted at any time.
    pub cache_dir: PathBuf,
    /// What clients said after the beep: `<call>-<n>.wav`.
    pub recordings_dir: PathBuf,
    /// Letters to be printed and posted are written there, a file each.
    pub letters_dir: PathBuf,
    pub letters: LetterForm,
    /// The number shown to the people rung, unless a trunk has its own.
    pub caller_id: PhoneNumber,
    /// At least one. The first rings agents.
    pub trunks: Vec<Trunk>,
    pub inbound: Inbound,
    pub sip_trace: SipTrace,
    /// Only numbers that begin with one of these are dialled. Never empty.
    pub allow_prefixes: Vec<String>,
    pub queues: BTreeMap<String, Queue>,
    pub smtp: Option<Smtp>,
    pub sms: Option<SmsGateway>,
    /// The services that flows may ask; no other ever is. Each server once.
    pub requests: Vec<Service>,
    /// Whom calls may be given to, beside the agents of queues: beginnings of numbers (`+7800`), `sip:user@host`, `sip:*@host`.
    pub transfer_to: Vec<String>,
    /// The numbers that are answered, in order of trial.
    pub lines: Vec<Line>,
    pub media: MediaSettings,
    /// What calls may cost. `None`: no limit.
    pub budget: Option<Budget>,
    pub cache: CacheSettings,
    pub speech: voices::Speech,
    /// Where programs tell of payments. `None`: nowhere.
    pub api: Option<ApiSettings>,
    /// After SIGTERM, calls in the air may go on for this long.
    pub drain: Duration,
}

/// The way to one carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Trunk {
    /// Unique.
    pub name: String,
    /// The carrier, and how it is reached.
    pub peer: Reach,
    /// Our own side's address; port 0 takes a free one.
    pub bind: SocketAddr,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// Overrides the company's.
    pub caller_id: Option<PhoneNumber>,
    /// Calls in the air at once, 1..=10,000.
    pub channels_max: u32,
    /// INVITEs a second, 1..=1,000.
    pub cps_max: u32,
    /// How long we let a phone ring, from its first ring (180 or 183) on, 5..=180 s. Nothing rings so long after the INVITE, or for 60 s: no
    /// answer. Both together stay below the five minutes that calls keep from a window's end.
    pub ring_max: Duration,
    /// OPTIONS keep-alive, 5..=3,600 s; zero: never asked, and taken to be up.
    pub options_interval: Duration,
    /// The carrier is told where we are, for each account; None: it knows. At most [`REGISTRATIONS_MAX`].
    pub registrations: Vec<sip::Registration>,
    /// How this carrier wants its messages.
    pub carrier: sip::Carrier,
    /// What we offer for audio.
    pub abilities: sip::Abilities,
    /// How our numbers are signed. `None`: not at all.
    pub stir: Option<Stir>,
    /// The contract with the carrier for mass calls, and what it shows of us.
    pub mass_call: Option<MassCall>,
    /// The beginnings of the numbers it is for; empty: any, behind trunks that name the number's beginning.
    pub prefixes: Vec<String>,
    /// Of equally fitting trunks the lowest is tried first, 1..=100.
    pub priority: u32,
    /// Which numbers are not dialled over it.
    pub numbers: NumberRules,
    pub tariff: Option<Tariff>,
}

/// Where the law wants one (Russia, 41-FZ of 2025).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MassCall {
    /// Its number.
    pub contract: String,
    /// Shown to who is rung; at most 32 characters.
    pub label: String,
}

/// Of one trunk: accounts and contacts that are registered.
pub const REGISTRATIONS_MAX: usize = 50;

/// Where a carrier is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// An address, a host, or a domain with SRV records (RFC 3263).
    pub host: String,
    /// `None`: that of the SRV records, else the transport's own.
    pub port: Option<u16>,
    /// `None`: what the domain's NAPTR records prefer, else UDP.
    pub transport: Option<sip::Transport>,
    /// Always there when `transport` is TLS.
    pub tls: Option<TrunkTls>,
}

/// PEM files, readable when the config was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrunkTls {
    /// Who vouches for the carrier. `None`: those whom browsers believe.
    pub ca: Option<PathBuf>,
    /// Ours, together with `key`.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// The name in the carrier's certificate, when it is not `host`.
    pub server_name: Option<String>,
}

/// STIR/SHAKEN: what the number shown is vouched for with (RFC 8224, 8225, 8588).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stir {
    /// PEM, PKCS#8, P-256.
    pub key: Secret,
    /// Where the certificate may be fetched by those who verify; `https://…`.
    pub certificate_url: String,
    pub attestation: Attestation,
}

/// How well we know who calls (RFC 8588 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attestation {
    /// The caller, and that the number is theirs.
    Full,
    /// The caller only.
    Partial,
    /// Where the call entered our network.
    Gateway,
}

/// Where the SIP messages of calls are kept, for `ringback ladder`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipTrace {
    pub folder: PathBuf,
    /// 0..=100,000 MB; zero: none is kept.
    pub disk_mb_max: u64,
}

/// Who may call us, beside the peers of the trunks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inbound {
    /// Addresses and networks.
    pub peers: Vec<sip::Network>,
    pub strangers: sip::Strangers,
}

/// A human queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// SIP addresses of the agents' phones. One who stands in several queues is one agent.
    pub agents: Vec<String>,
    /// When calls are taken in; `None`: always.
    pub hours: Option<QueueHours>,
}

/// A number that is answered, and the flow that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The number dialled, as the trunk gives it, with or without `+`; `None`: any.
    pub did: Option<String>,
    /// The flow's file. It asks for no contact.
    pub flow: PathBuf,
    /// In whose name it speaks.
    pub company: String,
    pub language: Language,
    /// Whose day it is.
    pub zone: Zone,
    /// Calls at once, 1..=10,000; more are refused as busy.
    pub calls_max: u32,
}

/// The same hours on some days of the week.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueHours {
    pub days: Vec<jiff::civil::Weekday>,
    /// Minutes after midnight: `from` inclusive, `to` exclusive, 0..=1440.
    pub from: u16,
    pub to: u16,
    /// Whose clock it is.
    pub zone: Zone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain text: only within one machine or one trusted network.
    None,
    /// Plain text first, then STARTTLS (RFC 3207), required.
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
}

/// The server that our e-mail leaves by.
#[derive(Debug, Clone, PartialEq)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: TlsMode,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// `Name <address>` or `address`.
    pub from: lettre::message::Mailbox,
    pub reply_to: Option<lettre::message::Mailbox>,
    /// 1..=120 s.
    pub timeout: Duration,
}

/// The HTTP gateway that our SMS leave by.
#[derive(Debug, Clone, PartialEq)]
pub struct SmsGateway {
    /// `https://…`, or `http://…` within one machine.
    pub url: String,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<Secret>,
    /// The sender shown to the receiver.
    pub from: Option<String>,
    /// 1..=120 s.
    pub timeout: Duration,
}

/// A service that flows may ask over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub origin: Origin,
    /// The whole value of the `Authorization` header.
    pub authorization: Option<Secret>,
}

/// The HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSettings {
    /// On this machine, unless a proxy that speaks TLS stands before it. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who holds one of them may ask; never empty, each of at least [`TOKEN_CHARS_MIN`] characters.
    pub tokens: Vec<Secret>,
}

/// 16 random bytes, written as hexadecimal digits.
pub const TOKEN_CHARS_MIN: usize = 32;

#[derive(Debug, Clone, PartialEq)]
pub struct MediaSettings {
    /// 1..=64 threads that send and receive audio.
    pub threads: usize,
    /// Where audio is received; the address put into SDP.
    pub bind_ip: IpAddr,
    /// First and last UDP port for audio, which takes the even ones, and RTCP. `None`: any that the system gives.
    pub ports: Option<(u16, u16)>,
    /// A call is hung up when its far end has sent nothing for so long, 5..=3600 s. `None`: never.
    pub silent_max: Option<Duration>,
    /// On hold for so long, we hang up, 5..=3,600 s.
    pub hold_max: Duration,
    /// Every call is recorded, both directions, into `recordings_dir`.
    pub record_calls: bool,
    /// The first packet from anywhere decides where a far end is: it is behind a NAT and names a private address.
    pub far_end_anywhere: bool,
    /// How it sounds when a person, a machine or the network answers, by country. The program's own when no file is named.
    pub who_answered: Arc<Countries>,
    /// So much of what is heard behind the answer is kept in `recordings_dir`, to tune that: 0..=30 s; zero: nothing.
    pub keep_first: Duration,
}

/// How much rendered speech is kept, and how many threads render. A second of speech has 16 kB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSettings {
    /// 1..=100,000,000 MB on disk. What campaigns have pinned is never thrown out for more.
    pub disk_mb_max: u64,
    /// 1..=1,000,000 MB in memory.
    pub memory_mb_max: u64,
    /// 1..=64.
    pub threads: usize,
}

/// What is wrong with a config file. Displays every finding with its line and a caret; secrets in the lines are hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub file: String,
    pub source: String,
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render_all(&self.diagnostics, &self.file, &self.source))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the file and the secrets it names.
    ///
    /// # Errors
    /// Everything found wrong: `C001` not readable as settings (the first such place only), `C002` file cannot be read,
    /// `C003` a value that is not what is expected, `C004` a secret in plain text, `C005` a secret that cannot be had,
    /// `C006` a name used twice, `C007` nothing may be dialled, `C008` a speaker that is no voice of the language.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let file = path.display().to_string();
        let source = std::fs::read_to_string(path).map_err(|e| ConfigError {
            file: file.clone(),
            source: String::new(),
            diagnostics: vec![
                Diagnostic::error("C002", Span { line: 1, column: 1, length: 1 }, format!("cannot read the file: {e}"))
                    .help("`ringback init` writes a config with every setting explained"),
            ],
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Config::parse(&file, &source, folder, &|name| std::env::var(name).ok())
    }

    /// As [`load`](Config::load), from a text; `env` looks up environment variables, `folder` is where relative paths begin.
    pub fn parse(
        file: &str,
        source: &str,
        folder: &Path,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        written::read(source, folder, env).map_err(|diagnostics| ConfigError {
            file: file.to_string(),
            source: written::hide_secrets(source),
            diagnostics,
        })
    }

    /// What `ringback init` writes: every setting, explained.
    pub fn sample() -> &'static str {
        include_str!("config/sample.yaml")
    }

    /// Whether the dial allow-list lets this number through.
    pub fn may_dial(&self, number: &PhoneNumber) -> bool {
        self.allow_prefixes.iter().any(|prefix| number.full().starts_with(prefix.as_str()))
    }
}

#[cfg(test)]
mod tests;
