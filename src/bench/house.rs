//! An installation for one measurement: a folder, a config, a campaign, and the real program run in it on one core.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::de::DeserializeOwned;

use super::far_end::Address;
use super::process::Usage;
use super::seen::Seen;
use super::sys::{conclude, pin, terminate};
use crate::audio::{tone, wav};
use crate::time::{Clock, Mono};

/// How long an order to the far end, or the end of a process, is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// Which cores the engine and its far end stay on.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    pub engine: Option<usize>,
    pub far_end: Option<usize>,
}

/// What the calls of a measurement are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// A prompt of three seconds, and goodbye.
    Short,
    /// A menu that waits for a key, and three seconds more.
    Menu,
}

pub struct House {
    dir: PathBuf,
    program: PathBuf,
    cores: Cores,
    /// Where the engine's trunk listens.
    pub bind: SocketAddr,
}

const CAMPAIGN: &str = "bench";

const LADDER: &str = r#"
ladder: bench
segments:
  all: { when: days_overdue > -10000, flow: bench }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
steps:
  - voice: segment.flow
    attempts_max: 1
"#;

const SHORT: &str = r#"flow: bench
version: 1
languages: [en]
messages:
  prompt: { en: { audio: three_seconds.wav, text: "This is a test of the telephone." } }
  stopped: { en: { audio: three_seconds.wav, text: "We will not call again." } }
start: hello
hotkeys: { "*9": stop }
nodes:
  hello: { say: prompt, end: informed }
  stop: { opt_out: number, next: stopped }
  stopped: { say: stopped, end: opted_out }
"#;

const MENU: &str = r#"flow: bench
version: 1
languages: [en]
defaults: { timeout: 60s, gap: 3s, tries: 1 }
messages:
  question: { en: { audio: hundred_seconds.wav, text: "To end this test of the telephone, press 1. To hear nothing more of it, press 9." } }
  thanks: { en: { audio: three_seconds.wav, text: "Thank you." } }
start: ask
nodes:
  ask: { menu: question, keys: { "1": thanks, "9": stop }, exhausted: silent }
  thanks: { say: thanks, end: informed }
  silent: { say: thanks, end: no_input }
  stop: { opt_out: number, next: stopped }
  stopped: { say: thanks, end: opted_out }
"#;

/// A zone in which it is the middle of the day, so that people may be rung at any hour of the machine's clock.
fn zone_at_noon(clock: &Clock) -> String {
    let hour = clock.now().wall.0.div_euclid(3_600_000_000).rem_euclid(24);
    // Etc/GMT zones have the sign of POSIX: Etc/GMT-3 is three hours ahead of UTC.
    match 13 - hour {
        0 => "Etc/GMT".to_string(),
        ahead @ 1.. => format!("Etc/GMT-{ahead}"),
        ahead => format!("Etc/GMT+{}", -ahead),
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// A tone as a recording, so that every machine plays the same and none needs a voice.
fn recording(seconds: u32) -> anyhow::Result<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    wav::write(&mut bytes, &tone::sine(440.0, seconds * 1000, 6000)).context("a tone as WAV")?;
    Ok(bytes.into_inner())
}

impl House {
    /// `contacts` people whose calls go to `peer`; the campaign runs when this returns, and nobody is dialled yet.
    pub fn make(
        dir: &Path,
        program: &Path,
        peer: SocketAddr,
        calls: Calls,
        contacts: usize,
        cps_max: usize,
        cores: Cores,
    ) -> anyhow::Result<House> {
        if dir.exists() {
            std::fs::remove_dir_all(dir).with_context(|| format!("cannot clear {}", dir.display()))?;
        }
        // The engine must be reached before it has said anything, so its port is chosen here.
        let bind = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|s| s.local_addr()).context("no free port")?;
        let channels_max = contacts.clamp(1, 10_000);
        let config = format!(
            r#"database: ringback.db
voices_dir: voices
prompts_dir: prompts
cache_dir: cache
recordings_dir: recordings
caller_id: "+74950000000"
allow_prefixes: ["+7"]
trunks:
  - name: bench
    peer: "{peer}"
    bind: "{bind}"
    channels_max: {channels_max}
    cps_max: {cps_max}
    ring_s_max: 30
    options_interval_s: 60
media: {{ threads: 1, bind_ip: 127.0.0.1 }}
drain_s: 10
"#
        );
        let zone = zone_at_noon(&Clock::system());
        let mut csv = String::from("contact_id,name,phone,language,zone,creditor,amount,currency,due\n");
        for n in 0..contacts {
            csv += &format!("c{n},Person {n},+7000{n:07},en,{zone},City Water,12.50,GBP,2026-01-15\n");
        }
        write(&dir.join("ringback.yaml"), config.as_bytes())?;
        write(&dir.join("contacts.csv"), csv.as_bytes())?;
        write(&dir.join("ladder.yaml"), LADDER.as_bytes())?;
        let flow = match calls {
            Calls::Short => SHORT,
            Calls::Menu => MENU,
        };
        write(&dir.join("flows/bench.yaml"), flow.as_bytes())?;
        write(&dir.join("prompts/en/three_seconds.wav"), &recording(3)?)?;
        write(&dir.join("prompts/en/hundred_seconds.wav"), &recording(100)?)?;
        let house = House { dir: dir.to_path_buf(), program: program.to_path_buf(), cores, bind };
        let path = |name: &str| house.dir.join(name).to_string_lossy().into_owned();
        if contacts > 0 {
            house.ok(&["import", &path("contacts.csv")])?;
            house.ok(&["campaign", "create", CAMPAIGN, "--ladder", &path("ladder.yaml"), "--flows", &path("flows")])?;
            house.ok(&["campaign", "start", CAMPAIGN])?;
        }
        Ok(house)
    }

    pub fn database(&self) -> PathBuf {
        self.dir.join("ringback.db")
    }

    /// What the books say became of the attempts.
    pub fn dispositions(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let path = self.dir.join("attempts.csv");
        self.ok(&["export", "attempts", "--campaign", CAMPAIGN, "--csv", &path.to_string_lossy()])?;
        let mut attempts = csv::Reader::from_path(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let at = attempts.headers()?.iter().position(|name| name == "disposition").context("no dispositions")?;
        let mut found = BTreeMap::new();
        for attempt in attempts.records() {
            *found.entry(attempt?.get(at).unwrap_or_default().to_string()).or_insert(0) += 1;
        }
        Ok(found)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.dir.join("ringback.yaml")).args(args).stdin(Stdio::null());
        command
    }

    fn ok(&self, args: &[&str]) -> anyhow::Result<()> {
        let output = self.command(args).env("RINGBACK_LOG", "warn").output().context("cannot start this program")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "ringback {} failed:\n{said}", args.join(" "));
        Ok(())
    }

    /// Runs a command on the engine's core, and says what it took.
    pub fn used(&self, args: &[&str]) -> anyhow::Result<Used> {
        let clock = Clock::system();
        let begun = clock.now().mono;
        let mut command = self.command(args);
        command.env("RINGBACK_LOG", "warn").stdout(Stdio::null());
        let child = on_core(self.cores.engine, self.cores.far_end, || command.spawn())?;
        let (succeeded, cpu_s, peak_kb) = conclude(&child).context("cannot wait for the command")?;
        ensure!(succeeded, "ringback {} failed", args.join(" "));
        Ok(Used { wall_s: clock.now().mono.since(begun).as_secs_f64(), cpu_s, peak_kb })
    }

    /// `ringback serve`, on the engine's core.
    pub fn serve(&self) -> anyhow::Result<Serve> {
        let path = self.dir.join("serve.log");
        let log = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut command = self.command(&["--log-json", "serve"]);
        command.env("RINGBACK_LOG", "info").stdout(Stdio::null()).stderr(Stdio::from(log));
        let child = on_core(self.cores.engine, self.cores.far_end, || command.spawn())?;
        Ok(Serve { child, log: path })
    }
}

/// What a process took from its start to its end.
pub struct Used {
    pub wall_s: f64,
    /// User and system time.
    pub cpu_s: f64,
    pub peak_kb: u64,
}

/// Starts a process on a core: it stays where who starts it is.
pub fn on_core<T>(
    core: Option<usize>,
    back: Option<usize>,
    start: impl FnOnce() -> std::io::Result<T>,
) -> anyhow::Result<T> {
    if let Some(core) = core {
        pin(core).with_context(|| format!("cannot go to core {core}"))?;
    }
    let started = start();
    if let Some(core) = back {
        pin(core).with_context(|| format!("cannot go to core {core}"))?;
    }
    started.context("cannot start this program")
}

/// A running `ringback serve`.
pub struct Serve {
    child: Child,
    log: PathBuf,
}

impl Serve {
    pub fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.child.id()).with_context(|| format!("the engine has ended:\n{}", self.log_tail()))
    }

    fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    /// SIGTERM, and what it said last.
    pub fn stop(mut self) -> anyhow::Result<serde_json::Value> {
        terminate(&self.child);
        let status = wait_for("the engine to stop", PATIENCE, || Ok(self.child.try_wait()?))?;
        ensure!(status.success(), "the engine failed ({status}):\n{}", self.log_tail());
        let text = std::fs::read_to_string(&self.log)?;
        let last = text.lines().rev().find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            let fields = line.get("fields")?;
            (fields.get("message")?.as_str()? == "stopped").then(|| fields.clone())
        });
        last.with_context(|| format!("the engine does not say what it did:\n{}", self.log_tail()))
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // Gone already unless something failed; then it must not go on dialling.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The far end's process.
pub struct FarEnd {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub sip: SocketAddr,
}

impl FarEnd {
    pub fn start(core: Option<usize>, ring_ms: u64, talk: bool) -> anyhow::Result<FarEnd> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(program);
        command.args(["bench-far-end", "--ring-ms", &ring_ms.to_string()]);
        if talk {
            command.arg("--talk");
        }
        if let Some(core) = core {
            command.args(["--core", &core.to_string()]);
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start the far end")?;
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("piped above")?);
        let mut far_end = FarEnd { child, orders, answers, sip: SocketAddr::from(([127, 0, 0, 1], 0)) };
        far_end.sip = far_end.answer::<Address>()?.sip;
        Ok(far_end)
    }

    fn answer<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the far end has ended; its message stands above");
        serde_json::from_str(&line).with_context(|| format!("the far end said {line:?}"))
    }

    /// Tells it something, and waits for what it answers.
    pub fn order<T: DeserializeOwned>(&mut self, order: &str) -> anyhow::Result<T> {
        let orders = self.orders.as_mut().context("the far end has been told to end")?;
        orders.write_all(format!("{order}\n").as_bytes())?;
        self.answer()
    }

    /// Ends it, and gives what it saw.
    pub fn conclude(mut self) -> anyhow::Result<Seen> {
        drop(self.orders.take());
        let seen = self.answer()?;
        wait_for("the far end to stop", PATIENCE, || Ok(self.child.try_wait()?))?;
        Ok(seen)
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again, with a limit.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let clock = Clock::system();
    let until: Mono = clock.now().mono + limit;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if clock.now().mono >= until {
            bail!("waited {} s for {what}", limit.as_secs());
        }
        std::thread::park_timeout(LOOK);
    }
}
