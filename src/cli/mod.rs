#![doc = include_str!("README.md")]

mod amd;
mod campaign;
pub mod demo;
pub mod export;
mod flow;
pub mod import;
mod inbound;
mod init;
mod ladder;
mod ledgers;
mod lines;
pub mod payment;
mod person;
mod policy;
mod promise;
mod prompts;
mod purge;
pub mod report;
mod say;
mod serve;
pub mod simulate;
mod sip_ladder;
mod suppress;
mod visit;
pub mod why;

pub(crate) use init::{SHIPPED_LADDER, shipped_flows};

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::campaign::Trunks;
use crate::config::Config;
use crate::notify::Courier;
use crate::price::{Price, Prices};
use crate::store::SqliteStore;
use crate::time::Clock;
use crate::voice::{CacheOptions, PromptCache, Recorded, VoiceOptions, VoiceSet};

/// Telephones people about bills and debts, and follows every case to the money.
#[derive(Parser)]
#[command(name = "ringback", version, about, max_term_width = 110)]
struct Arguments {
    /// The installation's config; `ringback init` writes one.
    #[arg(long, global = true, default_value = "ringback.yaml", env = "RINGBACK_CONFIG")]
    config: PathBuf,
    /// Log lines as JSON, for collectors.
    #[arg(long, global = true)]
    log_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a documented config, the shipped flows and a ladder into a folder.
    Init(init::Arguments),
    /// Take contacts from a CSV or XLSX; rejects are listed with row, field and reason. List what was imported, or take it back.
    ///
    /// Exit codes: 0 when every line is in the books (or was), 3 when the good ones are and others were rejected, 4 when nothing is
    /// booked since all or nothing was wanted, 1 when the file or the books cannot be read.
    Import(import::Arguments),
    /// Create, start, pause, stop, move and look at campaigns.
    #[command(subcommand)]
    Campaign(campaign::Command),
    /// Dial what is due, until told to stop (SIGTERM drains).
    Serve,
    /// The funnel to kept promises, with money and rates, by what you ask for; cohorts of debts; where calls are lost.
    Report(Box<report::Options>),
    /// Attempts, promises, payments or contacts, row by row, into a file.
    Export(export::Options),
    /// The calls that came in; with a call's number, what was said in it.
    Inbound(inbound::Arguments),
    /// Why a contact was, is or is not being called, and when next; or what all contacts of a campaign wait for.
    Why {
        /// The contact's `contact_id`.
        #[arg(required_unless_present = "campaign", conflicts_with = "campaign")]
        contact: Option<String>,
        /// A campaign by name: how many wait for what.
        #[arg(long)]
        campaign: Option<String>,
        /// For programs; times in UTC.
        #[arg(long)]
        json: bool,
    },
    /// Check, test and publish the ladders of campaigns; or, with a call's number, print that call's SIP messages between us and the carrier
    /// as a ladder or a pcap file, no audio.
    #[command(args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true)]
    Ladder {
        #[command(subcommand)]
        command: Option<ladder::Command>,
        /// The call's number, as logs and reports show it.
        #[arg(allow_hyphen_values = true, required = true)]
        call: Option<i64>,
        /// For Wireshark and others, into this file; numbers are whole there.
        #[arg(long)]
        pcap: Option<PathBuf>,
        /// Whole telephone numbers; without it their middle is hidden.
        #[arg(long)]
        full_numbers: bool,
    },
    /// Book what was paid, and take back what was returned: debts, promises and calls follow.
    #[command(subcommand)]
    Payment(payment::Command),
    /// Visits that are to be made, and what came of them.
    #[command(subcommand)]
    Visit(visit::Command),
    /// What was promised, and taking it back by hand.
    #[command(subcommand)]
    Promise(promise::Command),
    /// Check, test, explain and publish flows.
    #[command(subcommand)]
    Flow(flow::Command),
    /// What has to be recorded for a recorded voice.
    #[command(subcommand)]
    Prompts(prompts::Command),
    /// Speak a message into a WAV file.
    Say(say::SayArgs),
    /// Who answered: try settings on stored first seconds of calls, fit them, teach them recordings.
    #[command(subcommand)]
    Amd(amd::Command),
    /// The packs of rules that say when, how often and whom: list them, or show one.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Numbers that are not to be called, whoever has them: put them on the list, look at it, take one off.
    #[command(subcommand)]
    Suppress(suppress::Command),
    /// Everything about one person: erase it, or write it into one file for them.
    #[command(subcommand)]
    Person(person::Command),
    /// Delete what is over by the packs of the campaigns' ladders: recordings, calls' details, messages, contacts long settled. A running
    /// `serve` does it once a day.
    Purge(purge::Arguments),
    /// Run made-up campaigns in virtual time and hold them against the rules.
    Simulate(simulate::Arguments),
    /// The whole main job on this machine: 1,000 made-up people, rung over real SIP and RTP.
    Demo(demo::Arguments),
    /// The demo's telephone network; the demo starts it.
    #[command(hide = true)]
    Network(crate::network::Args),
    /// Measure this machine: calls set up a second, calls at once, memory, pacing.
    Bench(crate::bench::Args),
    /// The far end of the measurement's calls; `bench` starts it.
    #[command(hide = true)]
    BenchFarEnd(crate::bench::FarEndArgs),
    /// Measure reports over books with millions of calls.
    #[command(hide = true)]
    BenchReports(crate::bench::ReportsArgs),
    /// The measurement's bare loop; `bench` starts it.
    #[command(hide = true)]
    BenchBare(crate::bench::BareArgs),
    /// The measurement's dry run; `bench` starts it.
    #[command(hide = true)]
    BenchDryRun(crate::bench::DryRunArgs),
    /// The measurement's books; `bench` starts it.
    #[command(hide = true)]
    BenchBooks(crate::bench::BooksArgs),
}

pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(&arguments);
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config;
    match arguments.command {
        Command::Init(args) => init::run(&args)?,
        Command::Flow(command) => return flow::run(&config, command),
        Command::Prompts(command) => {
            let complete = prompts::run(&config, &command, &mut std::io::stdout())?;
            return Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Say(args) => say::run(&config, args)?,
        Command::Simulate(args) => return simulate::run(&args),
        Command::Amd(command) => return amd::run(command),
        Command::Policy(command) => runtime()?.block_on(policy::run(&config, command))?,
        Command::Suppress(command) => runtime()?.block_on(suppress::run(&config, &command))?,
        Command::Person(command) => runtime()?.block_on(person::run(&config, &command))?,
        Command::Purge(arguments) => runtime()?.block_on(purge::run(&config, &arguments))?,
        Command::Network(args) => runtime()?.block_on(crate::network::run(args))?,
        Command::Bench(args) => crate::bench::run(&args)?,
        Command::BenchFarEnd(args) => crate::bench::run_far_end(&args)?,
        Command::BenchReports(args) => crate::bench::run_reports(&args)?,
        Command::BenchBare(args) => crate::bench::run_bare(&args)?,
        Command::BenchDryRun(args) => crate::bench::run_dry_run(&args)?,
        Command::BenchBooks(args) => crate::bench::run_books(&args)?,
        Command::Demo(args) => return runtime()?.block_on(demo::run(&args)),
        Command::Import(args) => return runtime()?.block_on(import::command(&config, args)),
        Command::Campaign(command) => runtime()?.block_on(campaign::run(&config, &command))?,
        Command::Serve => loop_runtime()?.block_on(serve::run(&config))?,
        Command::Report(args) => runtime()?.block_on(print_report(&config, &args))?,
        Command::Export(args) => runtime()?.block_on(export_rows(&config, &args))?,
        Command::Inbound(args) => runtime()?.block_on(print_inbound(&config, &args))?,
        Command::Why { contact, campaign, json } => {
            runtime()?.block_on(print_why(&config, contact.as_deref(), campaign.as_deref(), json))?;
        }
        Command::Ladder { command: Some(command), .. } => {
            let sound = ladder::run(&config, &command, &mut std::io::stdout())?;
            return Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Ladder { command: None, call, pcap, full_numbers } => {
            let call = call.expect("required without a subcommand");
            sip_ladder::run(&Config::load(&config)?, call, full_numbers, pcap.as_deref(), &mut std::io::stdout())?;
        }
        Command::Payment(command) => runtime()?.block_on(payment::run(&config, command))?,
        Command::Visit(command) => runtime()?.block_on(visit::run(&config, command))?,
        Command::Promise(command) => runtime()?.block_on(promise::run(&config, &command))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

/// One thread for the loop, the trunk and what they start: they hand each other a dozen facts a call, and each would wake another
/// thread. Audio, the database and voices have threads of their own.
fn loop_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")
}

/// The installation that most commands work on.
async fn open(config: &Path) -> anyhow::Result<(Config, Arc<SqliteStore>, Arc<Clock>)> {
    let config = Config::load(config)?;
    let store = SqliteStore::open(&config.database)
        .await
        .with_context(|| format!("cannot open the database {}", config.database.display()))?;
    Ok((config, Arc::new(store), Arc::new(Clock::system())))
}

/// What is given by hand, and the trunks' tariffs for what is not.
fn prices(given: &[Price], billed_by_s: Option<u32>, trunks: &Trunks) -> anyhow::Result<Option<Prices>> {
    match Prices::of(given, billed_by_s, trunks.tariffs()) {
        Ok(prices) => Ok(prices),
        // Trunks may charge in several currencies; nobody has asked for one sum.
        Err(why) if given.is_empty() => {
            eprintln!("warning: {why}; costs beside those in the books are left out");
            Ok(None)
        }
        Err(why) => Err(anyhow::Error::msg(why).context("prices")),
    }
}

async fn print_report(config: &Path, options: &report::Options) -> anyhow::Result<()> {
    let (config, store, clock) = open(config).await?;
    let mut options = options.clone();
    options.prices.trunks = crate::serve::trunk_plans(&config);
    report::run(&*store, &options, clock.now().wall, &mut std::io::stdout()).await
}

async fn export_rows(config: &Path, options: &export::Options) -> anyhow::Result<()> {
    let (_, store, clock) = open(config).await?;
    export::run(&*store, options, clock.now().wall, &mut std::io::stdout()).await?;
    Ok(())
}

async fn print_inbound(config: &Path, arguments: &inbound::Arguments) -> anyhow::Result<()> {
    let (_, store, _) = open(config).await?;
    inbound::run(&*store, arguments, &mut std::io::stdout()).await
}

async fn print_why(config: &Path, contact: Option<&str>, campaign: Option<&str>, json: bool) -> anyhow::Result<()> {
    let (_, store, clock) = open(config).await?;
    let (now, out) = (clock.now().wall, &mut std::io::stdout());
    if let Some(campaign) = campaign {
        campaign::waiting(&*store, campaign, json, now, out).await?;
    }
    match contact {
        Some(contact) if json => why::run_json(&*store, contact, now, out).await,
        Some(contact) => why::run(&*store, contact, now, out).await,
        None => Ok(()),
    }
}

/// The voices of an installation.
///
/// # Errors
/// Something that the config names is not here: calls would sound otherwise than their operator thinks.
fn voices(config: &Config, clock: &Arc<Clock>) -> anyhow::Result<VoiceSet> {
    let voices = VoiceSet::load(&VoiceOptions {
        speech: config.speech.clone(),
        clock: Arc::clone(clock),
        ..VoiceOptions::embedded(config.voices_dir.clone())
    });
    let problems: Vec<String> = voices.problems().iter().map(|problem| format!("\n  {problem}")).collect();
    anyhow::ensure!(problems.is_empty(), "what the config says of speech cannot be had:{}", problems.concat());
    Ok(voices)
}

/// The voices, the recordings and the cache of what has been rendered.
fn prompts(config: &Config, clock: &Arc<Clock>) -> anyhow::Result<Arc<PromptCache>> {
    let voices = voices(config, clock)?;
    let recorded = Recorded::scan(&config.prompts_dir);
    let options = CacheOptions {
        memory_bytes_max: config.cache.memory_mb_max as usize * 1_000_000,
        disk_bytes_max: config.cache.disk_mb_max * 1_000_000,
        workers: config.cache.threads,
    };
    Ok(Arc::new(PromptCache::open(&config.cache_dir, voices, recorded, options, clock.clone())?))
}

/// Where what is kept of people lies beside the books.
fn folders(config: &Config) -> crate::keeping::Folders {
    crate::keeping::Folders { recordings: config.recordings_dir.clone(), letters: config.letters_dir.clone() }
}

/// What sends SMS and e-mail.
fn courier(config: &Config) -> anyhow::Result<Courier> {
    Courier::new(config.smtp.as_ref(), config.sms.as_ref())
        .map(|courier| courier.with_letters(config.letters_dir.clone(), config.letters))
        .map_err(anyhow::Error::msg)
        .context("the config's smtp section")
}

/// Logs go to stderr, so that stdout stays what was asked for. Numbers in them are redacted by their type.
fn log_to_stderr(arguments: &Arguments) {
    let quiet = matches!(arguments.command, Command::Demo(_));
    let default = if quiet { "warn" } else { "info" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("RINGBACK_LOG").unwrap_or_else(|_| default.into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let log = log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    // A second subscriber in one process is a test's business, not an error.
    let _ = if arguments.log_json { log.json().try_init() } else { log.try_init() };
}
