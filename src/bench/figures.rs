//! What was measured: lines as it goes, a table at the end, JSON for programs.

use std::collections::BTreeMap;
use std::fmt;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::bare::Ceiling;
use super::books::Books;
use super::dry_run::DryRun;
use super::reports::Reports;
use super::seen::{Seen, Spread};

#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    pub version: String,
    pub idle: Option<Idle>,
    pub rates: Vec<RateStep>,
    pub calls: Vec<CallsStep>,
    /// The most calls at once that were held.
    pub calls_held: usize,
    pub first_packet_at_half: Option<Spread>,
    /// Calls set up and ended in a second of the core's time by fixed texts.
    pub bare_calls_per_second: Option<f64>,
    /// Calls whose packets a loop with a system call each would fill the core with.
    pub bare_calls_at_once: Option<f64>,
    pub ceilings: Vec<Ceiling>,
    pub dry_run: Option<DryRun>,
    pub books: Option<Books>,
    pub reports: Option<Reports>,
    pub imports: Vec<ImportStep>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ImportStep {
    /// What the lines were to the books.
    pub what: String,
    pub lines: u64,
    pub file_mb: f64,
    pub wall_s: f64,
    /// User and system time, of all threads.
    pub cpu_s: f64,
    /// The most memory that was resident at once.
    pub peak_kb: u64,
}

impl fmt::Display for ImportStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ImportStep { what, lines, file_mb, wall_s, cpu_s, peak_kb } = self;
        let (rate, peak_mb) = (*lines as f64 / wall_s, *peak_kb as f64 / 1024.0);
        write!(
            f,
            "import of {lines} lines ({file_mb:.0} MB), {what}: {wall_s:.1} s, {rate:.0} a second, {cpu_s:.1} s CPU, at most \
             {peak_mb:.0} MB of memory"
        )
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Idle {
    /// From starting the program to its answer to the first OPTIONS that it answered; one is sent each millisecond.
    pub start_ms: f64,
    pub resident_kb: u64,
    /// Spent to start and to rest for two seconds.
    pub cpu_ms: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct RateStep {
    /// Calls a second.
    pub offered: usize,
    pub calls: usize,
    /// Reached in the middle of the run, by the far end.
    pub rate: f64,
    pub reached: bool,
    /// Calls that did not end as they should, by the books.
    pub failed: u64,
    /// User and system time, a call.
    pub cpu_us: u64,
    /// Of these, by thread.
    pub threads_us: BTreeMap<String, f64>,
    /// Of the database, a call.
    pub transactions: f64,
    pub statements: f64,
    pub seen: Seen,
}

#[derive(Debug, Clone, Serialize)]
pub struct CallsStep {
    pub calls: usize,
    /// No call failed, no packet was lost, and 999 of 1,000 came within 40 ms of the one before.
    pub held: bool,
    /// Calls whose key was not heard or that did not end as they should.
    pub failed: u64,
    pub lost_by_engine: u64,
    pub rtp_received_by_engine: u64,
    /// Of one core, while all talk.
    pub cpu_percent: f64,
    pub cpu_us_per_call_second: f64,
    pub threads_us: BTreeMap<String, f64>,
    /// What the process has grown by from a tenth of the calls to all of them, for each.
    pub memory_bytes_per_call: u64,
    pub seen: Seen,
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = self.resident_kb as f64 / 1024.0;
        write!(f, "at rest: {megabytes:.1} MB, first OPTIONS answered after {:.0} ms", self.start_ms)
    }
}

impl fmt::Display for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DryRun { contacts, days, channels_max, cps_max, load_s, play_s, calls, messages, put_off, .. } = self;
        write!(
            f,
            "dry run: {contacts} contacts for {days} days with {channels_max} channels and {cps_max} calls a second in \
             {play_s:.1} s ({:.0} contact-days a second), after {load_s:.1} s to plan their first attempts; {calls} calls, \
             {messages} messages, {put_off} times put off; {:.0} MB at most",
            *contacts as f64 * f64::from(*days) / play_s.max(1e-9),
            self.peak_kb as f64 / 1024.0
        )
    }
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Books { contacts, claim_one, claim_many, claimed_at_once, statements, attempts, .. } = self;
        write!(
            f,
            "books of {contacts} people ({:.0} MB, imported in {:.1} s, taken into a campaign in {:.1} s): what is due next \
             is claimed and decided about in {:.1}/{:.1} ms (p50/p99), {claimed_at_once} at once in {:.1}/{:.1} ms; \
             {statements:.1} statements of the writer an attempt, of {attempts}",
            self.database_mb,
            self.import_s,
            self.enrol_s,
            ms(claim_one.p50_us),
            ms(claim_one.p99_us),
            ms(claim_many.p50_us),
            ms(claim_many.p99_us),
        )
    }
}

impl fmt::Display for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reports { contacts, attempts, database_mb, report_s, two_s, month_s, cohorts_s, nodes_s, .. } = self;
        let Reports { csv_s, csv_mb, parquet_s, parquet_mb, peak_kb, .. } = self;
        write!(
            f,
            "reports about {contacts} people and {attempts} calls ({database_mb:.0} MB): the usual one in {report_s:.1} s, by \
             creditor and number shown in {two_s:.1} s, a month by segment and hour in {month_s:.1} s, cohorts in {cohorts_s:.1} s, \
             nodes in {nodes_s:.1} s; all attempts as CSV in {csv_s:.1} s ({csv_mb:.0} MB), as Parquet in {parquet_s:.1} s \
             ({parquet_mb:.0} MB); {:.0} MB at most",
            *peak_kb as f64 / 1024.0
        )
    }
}

fn threads(shares: &BTreeMap<String, f64>) -> String {
    let mut shares: Vec<_> = shares.iter().filter(|(_, us)| **us >= 0.5).collect();
    shares.sort_by(|a, b| b.1.total_cmp(a.1));
    shares.iter().map(|(name, us)| format!("{name} {us:.0}")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for RateStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RateStep { offered, rate, cpu_us, transactions, statements, failed, .. } = self;
        let verdict = if self.reached { "" } else { "  NOT REACHED" };
        write!(
            f,
            "{offered} calls/s: {rate:.1} reached, {failed} failed, {cpu_us} µs CPU a call ({}), \
             {transactions:.2} transactions and {statements:.1} statements a call{verdict}",
            threads(&self.threads_us)
        )
    }
}

impl fmt::Display for CallsStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CallsStep { calls, failed, cpu_percent, cpu_us_per_call_second, memory_bytes_per_call, .. } = self;
        let Seen { lost, late, received, dropped, pacing, first_packet, .. } = &self.seen;
        let verdict = if self.held { "" } else { "  NOT HELD" };
        write!(
            f,
            "{calls} calls: {failed} failed, lost {lost} here and {} there, late {late} of {received}, dropped by the far \
             end {dropped}, {cpu_percent:.0} % CPU, {cpu_us_per_call_second:.0} µs a call and second ({}), {:.1} kB a call, \
             pacing ± {:.1}/{:.1}/{:.1}/{:.1} ms, first packet {:.1}/{:.1} ms{verdict}",
            self.lost_by_engine,
            threads(&self.threads_us),
            *memory_bytes_per_call as f64 / 1000.0,
            ms(pacing.p50_us),
            ms(pacing.p99_us),
            ms(pacing.p999_us),
            ms(pacing.max_us),
            ms(first_packet.p50_us),
            ms(first_packet.p99_us),
        )
    }
}

fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(head);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(idle) = &self.idle {
            writeln!(f, "{idle}\n")?;
        }
        if !self.rates.is_empty() {
            let mut rows = table(&["offered/s", "reached/s", "failed", "CPU µs/call", "transactions", "statements"]);
            for step in &self.rates {
                rows.add_row([
                    step.offered.to_string(),
                    format!("{:.1}", step.rate),
                    step.failed.to_string(),
                    step.cpu_us.to_string(),
                    format!("{:.2}", step.transactions),
                    format!("{:.1}", step.statements),
                ]);
            }
            let best = self.rates.iter().filter(|step| step.reached).map(|step| step.offered).max().unwrap_or(0);
            writeln!(
                f,
                "Calls set up a second (ring, answer, 3 s prompt, hang up), campaign and database behind: {best}"
            )?;
            writeln!(f, "{rows}\n")?;
        }
        if !self.calls.is_empty() {
            let head = [
                "calls",
                "held",
                "CPU %",
                "µs/call·s",
                "kB/call",
                "p50 ms",
                "p99",
                "p99.9",
                "max",
                "late",
                "lost",
                "first packet p50 ms",
                "p99",
            ];
            let mut rows = table(&head);
            let mut steps: Vec<&CallsStep> = self.calls.iter().collect();
            steps.sort_by_key(|step| step.calls);
            for step in steps {
                let Seen { pacing, first_packet, .. } = &step.seen;
                rows.add_row([
                    step.calls.to_string(),
                    if step.held { "yes" } else { "no" }.to_string(),
                    format!("{:.0}", step.cpu_percent),
                    format!("{:.0}", step.cpu_us_per_call_second),
                    format!("{:.1}", step.memory_bytes_per_call as f64 / 1000.0),
                    format!("{:.2}", ms(pacing.p50_us)),
                    format!("{:.2}", ms(pacing.p99_us)),
                    format!("{:.2}", ms(pacing.p999_us)),
                    format!("{:.1}", ms(pacing.max_us)),
                    step.seen.late.to_string(),
                    (step.seen.lost + step.lost_by_engine).to_string(),
                    format!("{:.1}", ms(first_packet.p50_us)),
                    format!("{:.1}", ms(first_packet.p99_us)),
                ]);
            }
            let held = self.calls_held;
            writeln!(f, "Calls at once (G.711, 20 ms, two-way audio, prompt and one RFC 4733 key): {held}")?;
            writeln!(f, "Pacing is how far the time between two packets is from 20 ms, by the outside receiver.")?;
            writeln!(f, "{rows}\n")?;
        }
        for step in &self.imports {
            writeln!(f, "{step}")?;
        }
        if let (Some(rate), Some(calls)) = (self.bare_calls_per_second, self.bare_calls_at_once) {
            writeln!(
                f,
                "Ceiling, a bare loop on the same core: {rate:.0} calls set up a second, {calls:.0} calls at once."
            )?;
        }
        if let Some(dry_run) = &self.dry_run {
            writeln!(f, "{dry_run}")?;
        }
        if let Some(books) = &self.books {
            writeln!(f, "{books}")?;
        }
        if let Some(reports) = &self.reports {
            writeln!(f, "{reports}")?;
        }
        Ok(())
    }
}
