//! What another process has used, as Linux tells it.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Clock ticks a second in `/proc/PID/stat`: the same on every Linux that user programs see.
const TICKS: u64 = 100;

/// The most memory that this process has held at once. `None`: this is no Linux.
pub fn peak_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.split_ascii_whitespace().next()?.parse().ok()
}

/// Of one process, up to now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// User and system time, of all its threads that were.
    pub cpu_us: u64,
    /// Time on a core by the name of the thread, numbers left out; of those that are.
    pub threads_us: BTreeMap<String, u64>,
    pub resident_kb: u64,
}

impl Usage {
    /// `None`: it is gone, or this is no Linux.
    pub fn of(pid: u32) -> Option<Usage> {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let stat = std::fs::read_to_string(proc.join("stat")).ok()?;
        // The name, in parentheses, may hold anything; what follows are numbers.
        let numbers: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let ticks: u64 = numbers.get(11)?.parse::<u64>().ok()? + numbers.get(12)?.parse::<u64>().ok()?;
        let status = std::fs::read_to_string(proc.join("status")).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let resident_kb = resident.split_ascii_whitespace().next()?.parse().ok()?;
        let mut threads_us = BTreeMap::new();
        for thread in std::fs::read_dir(proc.join("task")).ok()?.flatten() {
            let (Ok(name), Ok(times)) = (
                std::fs::read_to_string(thread.path().join("comm")),
                std::fs::read_to_string(thread.path().join("schedstat")),
            ) else {
                continue;
            };
            let ns: u64 = times.split_ascii_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
            let name = name.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_string();
            *threads_us.entry(name).or_insert(0) += ns / 1000;
        }
        Some(Usage { cpu_us: ticks * 1_000_000 / TICKS, threads_us, resident_kb })
    }

    /// What was used between the two.
    pub fn since(&self, before: &Usage) -> Usage {
        let threads = self.threads_us.iter().map(|(name, us)| {
            let earlier = before.threads_us.get(name).copied().unwrap_or(0);
            (name.clone(), us.saturating_sub(earlier))
        });
        Usage {
            cpu_us: self.cpu_us.saturating_sub(before.cpu_us),
            threads_us: threads.filter(|(_, us)| *us > 0).collect(),
            resident_kb: self.resident_kb.saturating_sub(before.resident_kb),
        }
    }
}
