//! `ringback suppress`: numbers that are not to be called, whoever has them now or is imported with them later. They are kept as keyed
//! hashes: the list can be asked about a number, and does not give its numbers back.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::books;
use crate::outcome::Disposition;
use crate::phone::PhoneNumber;
use crate::store::Store;
use crate::time::Wall;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Put one number on the list.
    Add {
        /// `+` and country code.
        number: PhoneNumber,
        /// Why, as a call would have ended: `opted_out`, `wrong_number`, `third_party`.
        #[arg(long, default_value = "opted_out", value_parser = reason)]
        reason: Disposition,
    },
    /// Put all numbers of a file on the list: one a line, `+` and country code; lines that begin with # are passed over. Doing so again
    /// changes nothing.
    Import {
        file: PathBuf,
        #[arg(long, default_value = "opted_out", value_parser = reason)]
        reason: Disposition,
    },
    /// Whether a number is on the list, with why and since when.
    Check { number: PhoneNumber },
    /// The lines of the list, with why and since when. Numbers are kept hashed, so that each line begins with twelve digits of its hash;
    /// `check` tells those of a number.
    List {
        /// Those that were taken off it, and why.
        #[arg(long)]
        released: bool,
    },
    /// Take a number off the list. Who has opted out as a person, on every number, stays so.
    Release {
        number: PhoneNumber,
        /// Why, in plain words; kept for good.
        #[arg(long)]
        why: String,
    },
}

/// Numbers in one transaction, and read at a time.
const PAGE: usize = 1_000;
/// Faulty lines that are told one by one.
const SHOWN_MAX: usize = 10;

fn reason(word: &str) -> Result<Disposition, String> {
    const KNOWN: [Disposition; 3] = [Disposition::OptedOut, Disposition::WrongNumber, Disposition::ThirdParty];
    let words = KNOWN.map(Disposition::as_str);
    KNOWN.into_iter().find(|d| d.as_str() == word).ok_or_else(|| format!("expected one of {}", words.join(", ")))
}

pub async fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let (_, store, clock) = super::open(config).await?;
    let (now, out) = (clock.now().wall, &mut std::io::stdout());
    match command {
        Command::Add { number, reason } => {
            add(&*store, std::slice::from_ref(number), *reason, now).await?;
            writeln!(out, "{number} is not called any more")?;
        }
        Command::Import { file, reason } => {
            let shown = file.display();
            let opened = std::fs::File::open(file).with_context(|| format!("{shown} cannot be opened"))?;
            let (numbers, faults) = read(std::io::BufReader::new(opened), &shown.to_string())?;
            for page in numbers.chunks(PAGE) {
                add(&*store, page, *reason, now).await?;
            }
            writeln!(out, "{} numbers of {shown} are not called any more", numbers.len())?;
            if !faults.is_empty() {
                let more = faults.len().saturating_sub(SHOWN_MAX);
                let more = if more > 0 { format!("\n  … and {more} more") } else { String::new() };
                let first: Vec<&str> = faults.iter().take(SHOWN_MAX).map(String::as_str).collect();
                bail!("{} lines hold no number and suppress nobody:\n  {}{more}", faults.len(), first.join("\n  "));
            }
        }
        Command::Check { number } => check(&*store, number, out).await?,
        Command::List { released: false } => list(&*store, out).await?,
        Command::List { released: true } => {
            for row in store.released_numbers().await? {
                let hash = &row.hash;
                writeln!(out, "{hash}  {} from {} to {}: {}", row.reason, row.since, row.at, row.why)?;
            }
        }
        Command::Release { number, why } => {
            anyhow::ensure!(!why.trim().is_empty(), "--why is empty: say who allowed it, and when");
            let (number, why) = (number.clone(), why.trim().to_string());
            let shown = number.to_string();
            store.apply(&[books::Write::ReleaseNumber { number, why, at: now }]).await?;
            writeln!(out, "{shown} may be called again, where nothing else stands against it")?;
        }
    }
    Ok(())
}

async fn add(store: &impl Store, numbers: &[PhoneNumber], reason: Disposition, at: Wall) -> anyhow::Result<()> {
    let write = |number: &PhoneNumber| books::Write::SuppressNumber { number: number.clone(), reason, at };
    Ok(store.apply(&numbers.iter().map(write).collect::<Vec<_>>()).await?)
}

/// The numbers, and where there is none: `list.txt:3: …`. A faulty line is not shown, since it may be half a number.
fn read(lines: impl BufRead, file: &str) -> anyhow::Result<(Vec<PhoneNumber>, Vec<String>)> {
    let (mut numbers, mut faults) = (Vec::new(), Vec::new());
    for (n, line) in lines.lines().enumerate() {
        let line = line.with_context(|| format!("{file}:{}: cannot be read", n + 1))?;
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.trim_matches('"').parse() {
            Ok(number) => numbers.push(number),
            Err(why) => faults.push(format!("{file}:{}: {why}", n + 1)),
        }
    }
    Ok((numbers, faults))
}

async fn check(store: &impl Store, number: &PhoneNumber, out: &mut impl Write) -> anyhow::Result<()> {
    match store.suppressed_number(number).await? {
        Some(row) => writeln!(out, "{number} is on the list: {}  {} since {}", row.hash, row.reason, row.at)?,
        None => writeln!(out, "{number} is not on the list")?,
    }
    Ok(())
}

async fn list(store: &impl Store, out: &mut impl Write) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = store.suppressed_numbers(after.as_ref(), PAGE as u32).await?;
        let Some(last) = page.last() else { return Ok(()) };
        for row in &page {
            writeln!(out, "{}  {} since {}", row.hash, row.reason, row.at)?;
        }
        after = Some(last.hash.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{self, Defaults};
    use crate::policy::phone_to_dial;
    use crate::store::{MemoryStore, SqliteStore};

    const CSV: &str = "contact_id,name,phone,language,creditor,amount,currency,due\n\
                       K1,Anna,+447911123456,en,Water,12.00,GBP,2026-11-01\n";

    #[test]
    fn a_file_of_numbers() {
        let (numbers, faults) =
            read("\u{feff}+44 7911 123456\n\n# ours\n\"+79161234567\"\n0791112\n".as_bytes(), "l").unwrap();
        let shown: Vec<&str> = numbers.iter().map(PhoneNumber::full).collect();
        assert_eq!(shown, ["+447911123456", "+79161234567"]);
        assert_eq!(faults, ["l:5: a number begins with + and the country code, for example +79161234567"]);
    }

    /// On the list before anybody has the number, and after everybody is imported again.
    async fn holds_for_whoever_is_imported(store: &impl Store) {
        let at = |minute: i64| Wall(minute * 60_000_000);
        let number: PhoneNumber = "+447911123456".parse().unwrap();
        add(store, std::slice::from_ref(&number), Disposition::OptedOut, at(0)).await.unwrap();
        let contacts = import::read(CSV.as_bytes(), Defaults::default()).unwrap().contacts;
        for minute in 1..3 {
            store.import(&contacts, at(minute)).await.unwrap();
            assert!(phone_to_dial(&store.history("K1").await.unwrap().standing).is_none());
        }
        let mut out = Vec::new();
        list(store, &mut out).await.unwrap();
        let listed = String::from_utf8(out).unwrap();
        let (hash, rest) = listed.split_once("  ").unwrap();
        assert_eq!((hash.len(), rest), (12, "opted_out since 1970-01-01T00:00:00Z\n"));
        let mut out = Vec::new();
        check(store, &number, &mut out).await.unwrap();
        check(store, &"+447911123457".parse().unwrap(), &mut out).await.unwrap();
        let expected = format!("+4479•••3456 is on the list: {listed}+4479•••3457 is not on the list\n");
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let release = |at| books::Write::ReleaseNumber { number: number.clone(), why: "a mix-up".into(), at };
        store.apply(&[release(at(5))]).await.unwrap();
        assert!(phone_to_dial(&store.history("K1").await.unwrap().standing).is_some());
        assert!(store.apply(&[release(at(6))]).await.is_err(), "it is not on the list any more");
        let released = store.released_numbers().await.unwrap();
        assert_eq!((released.len(), released[0].why.as_str(), released[0].since), (1, "a mix-up", at(0)));
    }

    #[tokio::test]
    async fn in_memory() {
        holds_for_whoever_is_imported(&MemoryStore::new()).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("books.db")).await.unwrap();
        holds_for_whoever_is_imported(&store).await;
    }
}
