//! `ringback report`: the funnel to kept promises, by what is asked for; cohorts of debts; where calls are lost.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::civil::Date;

use super::ledgers;
use crate::campaign::{TrunkPlan, Trunks};
use crate::flow;
use crate::flow::graph::edges;
use crate::flow::program::FlowHash;
use crate::id::{CallId, CampaignId};
use crate::price::{Cost, Price, Priced, Prices};
use crate::report::cohort::{Cohorts, Every};
use crate::report::drop_off::{self, DropOff};
use crate::report::{Dimension, Names, Period, Question, Report, Tally, charge, json, table, text};
use crate::store::Store;
use crate::time::{Mono, Wall};

/// Calls read at once.
const PAGE: u32 = 5_000;

#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// One campaign by name; without it, all together.
    pub campaign: Option<String>,
    /// Break down by one of `segment`, `creditor`, `campaign`, `flow`, `hour`, `weekday`, `try_number`, `step`, `channel`, `node`,
    /// `trunk`, `caller_id`, `class`, or by two of them: `--by segment,hour`. May be given several times; without it, by segment and by flow.
    #[arg(long, value_parser = dimensions, value_name = "WHAT[,WHAT]")]
    pub by: Vec<By>,
    /// The first day, as in 2026-11-01; each contact's own calendar counts.
    #[arg(long)]
    pub from: Option<Date>,
    /// The last day.
    #[arg(long)]
    pub to: Option<Date>,
    /// Into this file (`-`: to standard output): a line a part, every count and sum by itself.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Into this file (`-`: to standard output): everything, with the rates.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cohorts", "nodes"])]
    pub json: Option<PathBuf>,
    /// Instead: debts by the day or week they came in, and what was paid of them after 7, 14 and 30 days.
    #[arg(long, value_name = "day|week", conflicts_with_all = ["by", "from", "to", "nodes"])]
    pub cohorts: Option<Every>,
    /// Instead: of the calls that reached each node of each flow version, how many went on, where to, and how many hung up.
    #[arg(long, conflicts_with_all = ["by", "from", "to"])]
    pub nodes: bool,
    /// With `--nodes`: counts of each flow version into this folder, for `ringback flow graph --counts`.
    #[arg(long, value_name = "FOLDER", requires = "nodes")]
    pub counts: Option<PathBuf>,
    #[command(flatten)]
    pub prices: PriceOptions,
}

/// What things cost, for the cost of a promise: calls that were not charged when they were made, and what is no call.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PriceOptions {
    /// Of a call's attempt, as in `0.25 RUB`, in place of the trunk's tariff.
    #[arg(long, value_name = "PRICE")]
    pub price_attempt: Option<Cost>,
    /// Of a minute of talk, in place of the trunk's tariff.
    #[arg(long, value_name = "PRICE")]
    pub price_minute: Option<Cost>,
    /// Of an SMS.
    #[arg(long, value_name = "PRICE")]
    pub price_sms: Option<Cost>,
    /// Of an agent's hour.
    #[arg(long, value_name = "PRICE")]
    pub price_agent_hour: Option<Cost>,
    /// Talk is charged in whole steps of so many seconds, 1 to 3,600, in place of the tariff's; 60 without one.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub billed_by_s: Option<u32>,
    /// The config's: by their tariffs calls are charged that were made before there were any.
    #[arg(skip)]
    pub trunks: Vec<TrunkPlan>,
}

/// One breakdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By(pub Vec<Dimension>);

fn dimensions(written: &str) -> Result<By, String> {
    let found: Vec<Dimension> = written.split(',').map(|word| word.trim().parse()).collect::<Result<_, String>>()?;
    let twice = found.iter().enumerate().any(|(n, d)| found[..n].contains(d));
    match found.len() {
        1 | 2 if !twice => Ok(By(found)),
        _ => Err(format!("`{written}`: expected one dimension or two different ones, as in segment,hour")),
    }
}

impl PriceOptions {
    fn prices(&self, trunks: &Trunks) -> anyhow::Result<Option<Prices>> {
        let given = [
            (Priced::Call, self.price_attempt),
            (Priced::Minute, self.price_minute),
            (Priced::Sms, self.price_sms),
            (Priced::AgentHour, self.price_agent_hour),
        ];
        let given: Vec<Price> = given.into_iter().filter_map(|(of, each)| Some(Price { of, each: each? })).collect();
        super::prices(&given, self.billed_by_s, trunks)
    }

    fn trunks(&self) -> Trunks {
        Trunks::new(self.trunks.clone(), false, Mono::ZERO)
    }
}

/// Writes what was asked for. Nothing is printed beside what goes to standard output.
pub async fn run(store: &impl Store, options: &Options, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    let campaign = match &options.campaign {
        Some(name) => Some(store.campaign(name).await?.id),
        None => None,
    };
    let prices = options.prices.prices(&options.prices.trunks())?;
    if let (Some(from), Some(to)) = (options.from, options.to) {
        anyhow::ensure!(from <= to, "--from {from} is after --to {to}");
    }
    if options.nodes {
        return nodes(store, campaign, options, out).await;
    }
    if let Some(every) = options.cohorts {
        let cohorts = cohorts(store, campaign, every, now).await?;
        return match &options.csv {
            Some(path) => put(path, &table::cohorts(&cohorts), out),
            None => Ok(write!(out, "{}", text::cohorts(&cohorts))?),
        };
    }
    let report = report(store, campaign, options, now).await?;
    if let Some(path) = &options.csv {
        put(path, &table::report(&report, prices.as_ref()), out)?;
    }
    if let Some(path) = &options.json {
        put(path, &format!("{:#}\n", json::report(&report, prices.as_ref())), out)?;
    }
    if options.csv.is_none() && options.json.is_none() {
        let closings = store.closings(campaign).await?;
        write!(out, "{}", text::render(&report, &closings, prices.as_ref()))?;
    }
    Ok(())
}

fn put(path: &Path, text: &str, out: &mut impl Write) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return Ok(out.write_all(text.as_bytes())?);
    }
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(writeln!(out, "{}", path.display())?)
}

/// What campaigns and flow versions are called.
pub(super) async fn names(store: &impl Store) -> anyhow::Result<Names> {
    let mut names = Names::default();
    for campaign in store.campaigns().await? {
        let flows = campaign.flows.iter().chain(&campaign.earlier_flows);
        names.flows.extend(flows.map(|f| (f.hash.clone(), f.to_string())));
        names.campaigns.insert(campaign.id, campaign.name);
    }
    Ok(names)
}

/// The figures, checked.
pub async fn report(
    store: &impl Store,
    campaign: Option<CampaignId>,
    options: &Options,
    now: Wall,
) -> anyhow::Result<Report> {
    let by = match options.by.is_empty() {
        true => vec![vec![Dimension::Segment], vec![Dimension::Flow]],
        false => options.by.iter().map(|By(dimensions)| dimensions.clone()).collect(),
    };
    let period = Period { from: options.from, to: options.to };
    let trunks = options.prices.trunks();
    let prices = options.prices.prices(&trunks)?;
    let mut tally = Tally::new(Question { campaign, period, by, now, names: names(store).await? });
    ledgers::each(store, campaign, |ledger| {
        if let Some(prices) = &prices {
            charge(ledger, prices, |number| trunks.rate(number));
        }
        tally.add(ledger);
        Ok(())
    })
    .await?;
    let report = tally.report();
    report.check().map_err(|e| anyhow::anyhow!("the report does not add up, which is our own mistake: {e}"))?;
    Ok(report)
}

async fn cohorts(store: &impl Store, campaign: Option<CampaignId>, every: Every, now: Wall) -> anyhow::Result<Cohorts> {
    let mut cohorts = Cohorts::new(every, now);
    ledgers::each(store, campaign, |ledger| {
        cohorts.add(ledger);
        Ok(())
    })
    .await?;
    Ok(cohorts)
}

async fn nodes(
    store: &impl Store,
    campaign: Option<CampaignId>,
    options: &Options,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut found = DropOff::default();
    let mut after = CallId(0);
    loop {
        let page = store.call_paths(campaign, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.call;
        page.iter().for_each(|path| found.add(path));
    }
    let names = names(store).await?;
    let mut csv = table::drop_off_header();
    let mut shown = String::new();
    for (hash, flow) in &found.flows {
        let name = names.flow(hash);
        csv += &table::drop_off(&name, flow);
        shown += &text::drop_off(&name, flow);
        shown += "\n";
    }
    match &options.csv {
        Some(path) => put(path, &csv, out)?,
        None => write!(out, "{shown}")?,
    }
    if let Some(folder) = &options.counts {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        for (hash, flow) in &found.flows {
            let (name, counts) = counts(store, hash, flow).await?;
            put(&folder.join(name), &counts, out)?;
        }
    }
    Ok(())
}

/// A file's name and what `flow graph --counts` reads: of each node the calls that entered it, and of a way how often it was taken,
/// where only one way leads from one node to the other.
async fn counts(store: &impl Store, hash: &FlowHash, found: &drop_off::Flow) -> anyhow::Result<(String, String)> {
    let campaigns = store.campaigns().await?;
    let version = campaigns.iter().find_map(|c| c.flow(hash));
    let version = version.with_context(|| format!("the flow {hash} is in no campaign"))?;
    let program = flow::compile(&version.source).program;
    let program = program.with_context(|| format!("the flow {} does not compile any more", version.name))?;
    let mut lines = vec![csv_line(&["*", &found.calls.to_string()])?];
    for step in &program.steps {
        let node = found.nodes.get(&step.name);
        lines.push(csv_line(&[&step.name, &node.map_or(0, |n| n.calls).to_string()])?);
        let Some(node) = node else { continue };
        for (next, count) in &node.next {
            let ways: Vec<_> = edges(step).filter(|edge| program.step(edge.to).name == *next).collect();
            if let [only] = &ways[..] {
                lines.push(csv_line(&[&step.name, step.way(only.via), &count.to_string()])?);
            }
        }
    }
    Ok((format!("{}-{}.csv", version.name, version.version), lines.concat()))
}

/// Not for spreadsheets: names stay as they are.
fn csv_line(cells: &[&str]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}
