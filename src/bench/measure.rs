//! The measurements, one after another, each in an installation of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use super::bare::{Bare, Ceiling};
use super::books::Books;
use super::dry_run::DryRun;
use super::figures::{CallsStep, Figures, Idle, RateStep};
use super::house::{Calls, Cores, FarEnd, House, on_core, wait_for};
use super::process::Usage;
use super::reports::Reports;
use super::seen::Glance;
use crate::time::Clock;

/// A folder with this file in it was made by a measurement and may be made anew.
const MARK: &str = ".ringback-bench";
/// How long calls ring.
const RING_MS: u64 = 100;
/// Installations are measured at rest after so long.
const REST: Duration = Duration::from_secs(2);
/// Calls are over so long after the last was begun, or never.
const OVER_WITHIN: Duration = Duration::from_secs(20);
/// Dialling at a rate, in seconds.
const RATE_S: usize = 8;
/// How long all calls of a step talk before the first key, and over how long keys are pressed.
const PLATEAU: Duration = Duration::from_secs(5);
const PRESS_MS: u64 = 4_000;
/// Memory is compared from this part of the calls on, one in so many.
const FEW: u64 = 10;
/// What the last calls brought about is over.
const SETTLE: Duration = Duration::from_millis(500);
/// The ramp: so many seconds, at most so many calls a second.
const RAMP_S: usize = 8;
const RAMP_CPS_MAX: usize = 400;
/// A rate is reached when this part of it was.
const REACHED: f64 = 0.97;
/// One packet in so many may come more than 40 ms after the one before.
const LATE_ONE_IN: u64 = 1_000;
/// Signalling alone is measured with so many calls; the bare audio loop with so many, for so long.
const BARE_CALLS: usize = 20_000;
const BARE_AUDIO_CALLS: usize = 1_000;
const BARE_AUDIO_S: u64 = 5;

pub struct Bench {
    dir: PathBuf,
    program: PathBuf,
    cores: Cores,
    quick: bool,
    figures: Figures,
}

impl Bench {
    pub fn new(dir: &Path, program: &Path, cores: Cores, quick: bool) -> anyhow::Result<Bench> {
        if dir.exists() {
            let empty =
                std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?.next().is_none();
            if !empty && !dir.join(MARK).exists() {
                bail!("{} is there and was not made by a measurement; name another folder with --dir", dir.display());
            }
        }
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        std::fs::write(dir.join(MARK), "made by `ringback bench`, which makes it anew each time\n")?;
        let figures = Figures { version: env!("CARGO_PKG_VERSION").into(), ..Figures::default() };
        Ok(Bench { dir: dir.to_path_buf(), program: program.to_path_buf(), cores, quick, figures })
    }

    /// Takes the folder away, and gives all that was measured.
    pub fn close(self) -> anyhow::Result<Figures> {
        std::fs::remove_dir_all(&self.dir).with_context(|| format!("cannot clear {}", self.dir.display()))?;
        Ok(self.figures)
    }

    fn house(&self, far_end: &FarEnd, calls: Calls, contacts: usize, cps_max: usize) -> anyhow::Result<House> {
        House::make(&self.dir.join("house"), &self.program, far_end.sip, calls, contacts, cps_max, self.cores)
    }

    /// From starting the program to its first answer, and what it holds at rest.
    pub fn idle(&mut self) -> anyhow::Result<()> {
        let mut far_end = FarEnd::start(self.cores.far_end, RING_MS, false)?;
        let house = self.house(&far_end, Calls::Short, 1, 1)?;
        // The campaign's one contact would be rung: the books without a campaign are measured.
        std::fs::remove_file(house.database())?;
        let clock = Clock::system();
        let started = clock.now().wall;
        let serve = house.serve()?;
        let answered_us: i64 = far_end.order(&format!("probe {}", house.bind))?;
        let start_ms = (answered_us - started.0) as f64 / 1000.0;
        std::thread::park_timeout(REST);
        let usage = serve.usage()?;
        serve.stop()?;
        far_end.conclude()?;
        let idle = Idle { start_ms, resident_kb: usage.resident_kb, cpu_ms: usage.cpu_us / 1000 };
        println!("{idle}");
        self.figures.idle = Some(idle);
        Ok(())
    }

    /// A list of so many contacts into the books, and again.
    pub fn import(&mut self, lines: u64) -> anyhow::Result<()> {
        let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
        let house = House::make(&self.dir.join("house"), &self.program, nobody, Calls::Short, 0, 1, self.cores)?;
        let steps = super::import::measure(&house, lines, &self.dir)?;
        steps.iter().for_each(|step| println!("{step}"));
        self.figures.imports = steps;
        Ok(())
    }

    /// Calls set up a second, at each of these rates until one is not reached.
    pub fn rates(&mut self, rates: &[usize]) -> anyhow::Result<()> {
        for rate in rates {
            let step = self.rate(*rate)?;
            println!("{step}");
            let reached = step.reached;
            self.figures.rates.push(step);
            if !reached {
                break;
            }
        }
        Ok(())
    }

    fn rate(&mut self, rate: usize) -> anyhow::Result<RateStep> {
        let calls = rate * if self.quick { 1 } else { RATE_S };
        let mut far_end = FarEnd::start(self.cores.far_end, RING_MS, false)?;
        let house = self.house(&far_end, Calls::Short, calls, rate)?;
        let serve = house.serve()?;
        let _: i64 = far_end.order(&format!("probe {}", house.bind))?;
        let before = serve.usage()?;
        let limit = Duration::from_secs((calls / rate * 3) as u64) + OVER_WITHIN;
        let over = wait_for("the calls to be over", limit, || {
            let glance: Glance = far_end.order("look")?;
            Ok((glance.over >= calls as u64).then_some(()))
        });
        let used = serve.usage()?.since(&before);
        let said = serve.stop()?;
        let seen = far_end.conclude()?;
        let dispositions = house.dispositions()?;
        let informed = dispositions.get("informed").copied().unwrap_or(0);
        let failed = calls as u64 - informed;
        let reached = over.is_ok() && failed == 0 && seen.dropped == 0 && seen.rate >= rate as f64 * REACHED;
        let per_call = |key: &str| said.get(key).and_then(|n| n.as_f64()).unwrap_or(0.0) / calls as f64;
        Ok(RateStep {
            offered: rate,
            calls,
            rate: seen.rate,
            reached,
            failed,
            cpu_us: used.cpu_us / calls as u64,
            threads_us: shares(&used, calls as u64),
            transactions: per_call("transactions"),
            statements: per_call("statements"),
            seen,
        })
    }

    /// Calls at once, at each of these numbers until one is not held; then between the two, and at half of the limit.
    pub fn calls(&mut self, numbers: &[usize]) -> anyhow::Result<()> {
        let (mut held, mut beyond) = (0, None);
        for calls in numbers {
            if self.calls_step(*calls)? {
                held = *calls;
            } else {
                beyond = Some(*calls);
                break;
            }
        }
        if let Some(beyond) = beyond {
            let between = held.midpoint(beyond) / 50 * 50;
            if between > held && self.calls_step(between)? {
                held = between;
            }
        }
        self.figures.calls_held = held;
        let half = held / 2;
        if half > 0 && !self.figures.calls.iter().any(|step| step.calls == half) {
            self.calls_step(half)?;
        }
        let half = self.figures.calls.iter().find(|step| step.calls == half);
        self.figures.first_packet_at_half = half.map(|step| step.seen.first_packet);
        Ok(())
    }

    fn calls_step(&mut self, calls: usize) -> anyhow::Result<bool> {
        let step = self.at_once(calls)?;
        println!("{step}");
        let held = step.held;
        self.figures.calls.push(step);
        Ok(held)
    }

    fn at_once(&mut self, calls: usize) -> anyhow::Result<CallsStep> {
        let (plateau, press_ms) = if self.quick { (Duration::from_secs(1), 500) } else { (PLATEAU, PRESS_MS) };
        let mut far_end = FarEnd::start(self.cores.far_end, RING_MS, true)?;
        let cps = calls.div_ceil(RAMP_S).clamp(20, RAMP_CPS_MAX);
        let house = self.house(&far_end, Calls::Menu, calls, cps)?;
        let serve = house.serve()?;
        let _: i64 = far_end.order(&format!("probe {}", house.bind))?;
        let before = serve.usage()?;
        let ramp = Duration::from_secs((calls / cps * 2) as u64) + OVER_WITHIN;
        // What the first calls bring into memory, such as the prompts, the others share.
        let mut few = None;
        let up = wait_for("all calls to be up", ramp, || {
            let glance: Glance = far_end.order("look")?;
            if few.is_none() && glance.up * FEW >= calls as u64 {
                few = Some((glance.up, serve.usage()?.resident_kb));
            }
            Ok((glance.up >= calls as u64).then_some(()))
        });
        // One that failed is not waited for for ever; what it means is seen at the end.
        drop(up);
        std::thread::park_timeout(SETTLE);
        let began = serve.usage()?;
        let (few, few_kb) = few.unwrap_or((0, before.resident_kb));
        std::thread::park_timeout(plateau);
        let ended = serve.usage()?;
        let pressed: u64 = far_end.order(&format!("press {press_ms}"))?;
        let over = wait_for("the calls to be over", Duration::from_millis(press_ms) + OVER_WITHIN, || {
            let glance: Glance = far_end.order("look")?;
            Ok((glance.over >= glance.offered).then_some(()))
        });
        let said = serve.stop()?;
        let seen = far_end.conclude()?;
        let dispositions = house.dispositions()?;
        let informed = dispositions.get("informed").copied().unwrap_or(0);
        let failed = calls as u64 - informed.min(seen.keyed).min(pressed);
        let number = |key: &str| said.get(key).and_then(|n| n.as_u64()).unwrap_or(0);
        let lost_by_engine = number("rtp_lost");
        let held = over.is_ok()
            && failed == 0
            && seen.lost == 0
            && lost_by_engine == 0
            && seen.dropped == 0
            && seen.late * LATE_ONE_IN <= seen.received;
        let used = ended.since(&began);
        let seconds = plateau.as_secs_f64();
        Ok(CallsStep {
            calls,
            held,
            failed,
            lost_by_engine,
            rtp_received_by_engine: number("rtp_received"),
            cpu_percent: used.cpu_us as f64 / 10_000.0 / seconds,
            cpu_us_per_call_second: used.cpu_us as f64 / seconds / calls as f64,
            threads_us: shares(&used, (calls as f64 * seconds) as u64),
            memory_bytes_per_call: began.resident_kb.saturating_sub(few_kb) * 1024 / (calls as u64 - few).max(1),
            seen,
        })
    }

    /// What a bare loop does on the engine's core.
    pub fn ceiling(&mut self) -> anyhow::Result<()> {
        let signalling = self.bare(if self.quick { 200 } else { BARE_CALLS }, 0)?;
        let rate = signalling.bare.calls as f64 * 1e6 / signalling.bare.cpu_us.max(1) as f64;
        println!("bare signalling: {rate:.0} calls a second of the core's time");
        self.figures.bare_calls_per_second = Some(rate);
        let (calls, seconds) = if self.quick { (20, 1) } else { (BARE_AUDIO_CALLS, BARE_AUDIO_S) };
        let audio = self.bare(calls, seconds)?;
        let share = audio.bare.cpu_us as f64 / audio.bare.took_us.max(1) as f64;
        let most = audio.bare.calls as f64 / share.max(1e-6);
        println!("bare audio: {:.1} % of the core for {} calls, so {most:.0} calls", share * 100.0, audio.bare.calls);
        self.figures.bare_calls_at_once = Some(most);
        self.figures.ceilings = vec![signalling, audio];
        Ok(())
    }

    fn bare(&self, calls: usize, audio_s: u64) -> anyhow::Result<Ceiling> {
        let far_end = FarEnd::start(self.cores.far_end, 0, audio_s > 0)?;
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(program);
        command.arg("bench-bare").args(["--peer", &far_end.sip.to_string()]);
        command.args(["--calls", &calls.to_string(), "--audio-s", &audio_s.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = on_core(self.cores.engine, self.cores.far_end, || command.spawn())?;
        let output = child.wait_with_output().context("the bare loop is lost")?;
        anyhow::ensure!(output.status.success(), "the bare loop failed; its message stands above");
        let bare: Bare = serde_json::from_slice(&output.stdout).context("what the bare loop says")?;
        Ok(Ceiling { bare, far_end: far_end.conclude()? })
    }
}

impl Bench {
    /// Thirty days of a list, played.
    pub fn dry_run(&mut self, contacts: u64) -> anyhow::Result<()> {
        let contacts = if self.quick { 2_000 } else { contacts };
        let done: DryRun = self.alone("bench-dry-run", &["--contacts", &contacts.to_string()])?;
        println!("{done}");
        anyhow::ensure!(done.accounted_for == contacts, "{} of {contacts} are accounted for", done.accounted_for);
        self.figures.dry_run = Some(done);
        Ok(())
    }

    /// What is due next, among so many.
    pub fn books(&mut self, contacts: u64) -> anyhow::Result<()> {
        let (contacts, attempts) = if self.quick { (2_000, 100) } else { (contacts, 5_000) };
        let dir = self.dir.join("books");
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let shown = dir.display().to_string();
        let (contacts, attempts) = (contacts.to_string(), attempts.to_string());
        let done: Books =
            self.alone("bench-books", &["--dir", &shown, "--contacts", &contacts, "--attempts", &attempts])?;
        println!("{done}");
        self.figures.books = Some(done);
        Ok(())
    }

    /// Reports about so many, five calls each.
    pub fn reports(&mut self, contacts: u64) -> anyhow::Result<()> {
        let contacts = if self.quick { 2_000 } else { contacts };
        let dir = self.dir.join("reports");
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let shown = dir.display().to_string();
        let done: Reports = self.alone("bench-reports", &["--dir", &shown, "--contacts", &contacts.to_string()])?;
        println!("{done}");
        self.figures.reports = Some(done);
        Ok(())
    }

    /// A part of the program in a process of its own, on the engine's core: its memory is nobody else's.
    fn alone<T: serde::de::DeserializeOwned>(&self, command: &str, args: &[&str]) -> anyhow::Result<T> {
        let mut process = Command::new(&self.program);
        process.arg(command).args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        let child = on_core(self.cores.engine, self.cores.far_end, || process.spawn())?;
        let output = child.wait_with_output().with_context(|| format!("{command} is lost"))?;
        anyhow::ensure!(output.status.success(), "{command} failed; its message stands above");
        serde_json::from_slice(&output.stdout).with_context(|| format!("what {command} says"))
    }
}

/// What each kind of thread used, shared out.
fn shares(used: &Usage, over: u64) -> BTreeMap<String, f64> {
    used.threads_us.iter().map(|(name, us)| (name.clone(), *us as f64 / over.max(1) as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_per_call() {
        let mut used = Usage::default();
        used.threads_us.insert("media".into(), 500);
        assert_eq!(shares(&used, 10), BTreeMap::from([("media".to_string(), 50.0)]));
    }
}
