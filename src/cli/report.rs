//! `ringback report`: the funnel and its parts; attempts as CSV.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;

use crate::books::{Campaign, Contact};
use crate::flow::program::FlowHash;
use crate::id::{AttemptId, CampaignId, ContactId};
use crate::report::{Report, Tally, attempts, text};
use crate::store::Store;

const PAGE: u32 = 5000;

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// By name; `None`: all campaigns together.
    pub campaign: Option<String>,
    /// Every attempt as a line of CSV into this file.
    pub attempts_csv: Option<PathBuf>,
    /// In the CSV; else the middle of a number is hidden.
    pub full_numbers: bool,
}

/// Prints the report to `out` and returns it, checked.
pub async fn run(store: &impl Store, options: &Options, out: &mut impl Write) -> anyhow::Result<Report> {
    let campaigns = store.campaigns().await?;
    let campaign = match &options.campaign {
        Some(name) => Some(store.campaign(name).await?.id),
        None => None,
    };
    // The promises are read first: one made meanwhile then belongs to an attempt not yet looked at, and is not counted.
    let promises = store.promises().await?;
    let contacts = contacts(store).await?;
    let debts = contacts.iter().map(|(id, contact)| (*id, contact.amount()));
    let mut tally = Tally::new(debts, promises, flows(&campaigns));
    let mut csv = options.attempts_csv.as_ref().map(AttemptFile::create).transpose()?;
    let names: HashMap<CampaignId, &str> = campaigns.iter().map(|c| (c.id, c.name.as_str())).collect();
    let mut after = AttemptId(0);
    loop {
        let page = store.attempts(campaign, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for attempt in &page {
            tally.add(attempt);
            if let (Some(csv), Some(contact)) = (&mut csv, contacts.get(&attempt.contact)) {
                let name = names.get(&attempt.campaign).copied().unwrap_or_default();
                csv.write(&attempts::line(attempt, name, contact, options.full_numbers))?;
            }
        }
    }
    let report = tally.report();
    report.check().map_err(|e| anyhow::anyhow!("the report does not add up, which is our own mistake: {e}"))?;
    let closings = store.closings(campaign).await?;
    write!(out, "{}", text::render(&report, &closings))?;
    if let Some(csv) = csv {
        writeln!(out, "\nAttempts: {}", csv.finish()?.display())?;
    }
    Ok(report)
}

async fn contacts(store: &impl Store) -> anyhow::Result<HashMap<ContactId, Contact>> {
    let mut all = HashMap::new();
    let mut after = ContactId(0);
    loop {
        let page = store.contacts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.id;
        all.extend(page.into_iter().map(|c| (c.id, c)));
    }
}

fn flows(campaigns: &[Campaign]) -> impl Iterator<Item = (FlowHash, String)> {
    let flows = campaigns.iter().flat_map(|c| c.flows.iter().chain(&c.earlier_flows));
    flows.map(|f| (f.hash.clone(), f.to_string()))
}

struct AttemptFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl AttemptFile {
    fn create(path: &PathBuf) -> anyhow::Result<AttemptFile> {
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        let mut file = AttemptFile { path: path.clone(), file: BufWriter::new(file) };
        file.write(&attempts::header())?;
        Ok(file)
    }

    fn write(&mut self, line: &str) -> anyhow::Result<()> {
        self.file.write_all(line.as_bytes()).with_context(|| format!("{} cannot be written", self.path.display()))
    }

    fn finish(mut self) -> anyhow::Result<PathBuf> {
        self.file.flush().with_context(|| format!("{} cannot be written", self.path.display()))?;
        Ok(self.path)
    }
}
