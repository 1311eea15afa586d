#![doc = include_str!("README.md")]

pub mod exchange;
pub mod person;
pub mod population;
pub mod sounds;
pub mod switch;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

pub use self::exchange::CallRecord;
use self::person::Person;
use self::sounds::Sounds;
use self::switch::{Place, Switch};
use crate::notify::sink::Sinks;
use crate::trunk::answerer::{Credentials, Secret};
use crate::voice::{VoiceOptions, VoiceSet};

/// What `ringback network` is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON lines, one person each
    #[arg(long)]
    pub people: PathBuf,
    /// Gets network.jsonl, heard/*.wav, mail/*.eml and sms.jsonl
    #[arg(long)]
    pub out: PathBuf,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Where the embedded voices keep their data; without it, people murmur
    #[arg(long)]
    pub voices: Option<PathBuf>,
    /// Callers must log in with this name (digest authentication)
    #[arg(long, requires = "password")]
    pub username: Option<String>,
    /// and this password
    #[arg(long, env = "RINGBACK_NETWORK_PASSWORD", hide_env_values = true, requires = "username")]
    pub password: Option<String>,
}

/// Where the network listens: the one line it prints when it is ready.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Addresses {
    pub sip: SocketAddr,
    pub smtp: SocketAddr,
    pub sms: SocketAddr,
}

/// Runs the network until stdin closes, so that it dies with its parent, whatever the parent dies of. When ready, prints one
/// line of JSON: `{"sip": "127.0.0.1:…", "smtp": …, "sms": …}`. Within a tokio runtime.
///
/// # Errors
/// The people file cannot be read, the folder cannot be written, no socket is to be had.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let people = read_people(&args.people)?;
    let digest = args.username.zip(args.password);
    let digest = digest.map(|(username, password)| Credentials { username, password: Secret::new(password) });
    let sinks = Sinks::start(args.bind, &args.out).await.context("the mail and SMS sinks do not start")?;
    let sounds = match args.voices {
        Some(data) => Sounds::spoken(&VoiceSet::load(&VoiceOptions::embedded(data))),
        None => Sounds::murmured(),
    };
    let place = Place { bind: args.bind, out: args.out.clone(), digest };
    let switch = Switch::start(people, sounds, place).context("the telephone network does not start")?;
    let addresses = Addresses { sip: switch.sip(), smtp: sinks.smtp, sms: sinks.sms };
    println!("{}", serde_json::to_string(&addresses).context("three addresses as JSON")?);
    until_stdin_closes().await;
    switch.stop().await.with_context(|| format!("the log in {} could not be written", args.out.display()))
}

async fn until_stdin_closes() {
    // A thread of its own: a read of stdin cannot be taken back, and must not keep the runtime from ending.
    let (closed, mut stdin_closed) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = closed.send(());
    });
    loop {
        tokio::select! {
            _ = &mut stdin_closed => return,
            // Ctrl-C in a terminal reaches the parent too; it hangs up in good order and needs us until then.
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
    }
}

/// One person a line.
fn read_people(file: &Path) -> anyhow::Result<Vec<Person>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut people = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("{}:{}", file.display(), number + 1);
        let person: Person = serde_json::from_str(line).with_context(|| format!("{place}: not a person"))?;
        if person.calls.is_empty() {
            bail!("{place}: `calls` is empty; a person does something when rung");
        }
        people.push(person);
    }
    Ok(people)
}
