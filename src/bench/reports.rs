//! Reports over books with millions of calls: how long each takes, and how much memory all of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::process::peak_kb;
use crate::cli::{export, report};
use crate::report::Dimension;
use crate::report::cohort::Every;
use crate::report::export::Rows;
use crate::store::SqliteStore;
use crate::time::{Clock, Wall};

/// What `ringback bench-reports` is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The database is made here, unless it is there already.
    #[arg(long)]
    dir: PathBuf,
    #[arg(long, default_value_t = 1_000_000)]
    contacts: u64,
    /// Calls to each of them.
    #[arg(long, default_value_t = 5)]
    attempts: u64,
    /// Make the database and no more: memory is measured in a process that has not.
    #[arg(long, hide = true)]
    make: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reports {
    pub contacts: u64,
    pub attempts: u64,
    pub database_mb: f64,
    /// By segment, and by flow: what is shown without asking for more.
    pub report_s: f64,
    /// By creditor and the number shown.
    pub two_s: f64,
    /// By segment and hour, of one month.
    pub month_s: f64,
    pub cohorts_s: f64,
    pub nodes_s: f64,
    /// All attempts as CSV.
    pub csv_s: f64,
    pub csv_mb: f64,
    pub parquet_s: f64,
    pub parquet_mb: f64,
    /// Of all of them.
    pub peak_kb: u64,
}

const HISTORY: &str = include_str!("history.sql");

/// Prints [`Reports`] as JSON.
///
/// # Errors
/// The folder cannot be written, or a report fails.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let path = args.dir.join("books.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if args.make {
        return runtime.block_on(make(args, &path));
    }
    if !path.exists() {
        let (contacts, attempts) = (args.contacts.to_string(), args.attempts.to_string());
        let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
        command
            .args(["bench-reports", "--make", "--contacts", &contacts, "--attempts", &attempts, "--dir"])
            .arg(&args.dir);
        ensure!(command.status()?.success(), "the books could not be made");
    }
    let reports = runtime.block_on(measure(args, &path))?;
    println!("{}", serde_json::to_string(&reports)?);
    Ok(())
}

async fn make(args: &Args, path: &Path) -> anyhow::Result<()> {
    drop(SqliteStore::open(path).await?);
    let sql =
        HISTORY.replace("{contacts}", &args.contacts.to_string()).replace("{attempts}", &args.attempts.to_string());
    let mut connection = SqliteConnectOptions::new().filename(path).disable_statement_logging().connect().await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
    Ok(sqlx::Connection::close(connection).await?)
}

async fn measure(args: &Args, path: &Path) -> anyhow::Result<Reports> {
    let store = SqliteStore::open(path).await?;
    let clock = Clock::system();
    let now: Wall = "2026-12-31T12:00Z".parse()?;
    let lap = |begun| clock.mono().since(begun).as_secs_f64();
    let run = async |options: report::Options| -> anyhow::Result<f64> {
        let begun = clock.mono();
        report::run(&store, &options, now, &mut std::io::sink()).await?;
        Ok(lap(begun))
    };
    let report_s = run(report::Options::default()).await?;
    let by = vec![report::By(vec![Dimension::Creditor, Dimension::CallerId])];
    let two_s = run(report::Options { by, ..report::Options::default() }).await?;
    let by = vec![report::By(vec![Dimension::Segment, Dimension::Hour])];
    let (from, to) = (Some("2026-01-01".parse()?), Some("2026-01-31".parse()?));
    let month_s = run(report::Options { by, from, to, ..report::Options::default() }).await?;
    let cohorts_s = run(report::Options { cohorts: Some(Every::Week), ..report::Options::default() }).await?;
    let nodes_s = run(report::Options { nodes: true, ..report::Options::default() }).await?;
    let export = async |name: &str| -> anyhow::Result<(u64, f64, f64)> {
        let begun = clock.mono();
        let file = args.dir.join(name);
        let options = export::Options { rows: Rows::Attempts, campaign: None, file, format: None, full: false };
        let rows = export::run(&store, &options, now, &mut std::io::sink()).await?;
        Ok((rows, lap(begun), size_mb(&options.file)?))
    };
    let (attempts, csv_s, csv_mb) = export("attempts.csv").await?;
    let (_, parquet_s, parquet_mb) = export("attempts.parquet").await?;
    Ok(Reports {
        contacts: args.contacts,
        attempts,
        database_mb: size_mb(path)?,
        report_s,
        two_s,
        month_s,
        cohorts_s,
        nodes_s,
        csv_s,
        csv_mb,
        parquet_s,
        parquet_mb,
        peak_kb: peak_kb().context("only Linux tells how much memory a process has had")?,
    })
}

fn size_mb(path: &Path) -> anyhow::Result<f64> {
    Ok(std::fs::metadata(path).with_context(|| format!("{} is there", path.display()))?.len() as f64 / 1e6)
}
