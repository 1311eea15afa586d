//! Reports as CSV for machines and spreadsheets: one header, one line a part, every count by itself, money in a column a currency.

use std::collections::BTreeSet;

use super::cohort::{AFTER_DAYS, Cohorts};
use super::drop_off::Flow;
use super::rates::costs;
use super::{Dimension, Figures, Key, Pledged, Report, Stage, Sums, Value, csv};
use crate::books::PromiseState;
use crate::money::Currency;
use crate::price::Prices;

/// Columns that are sums of money, by name.
fn money(figures: &Figures) -> Vec<(&'static str, Sums)> {
    let (made, kept) = (figures.made.all(), figures.made.of(PromiseState::Kept).clone());
    let due = figures.due.judged();
    vec![
        ("promised", made.promised),
        ("paid_towards", made.paid),
        ("promised_kept", kept.promised),
        ("due_promised", due.promised),
        ("due_paid", due.paid),
        ("collected", figures.collected.clone()),
        ("unprompted", figures.unprompted.clone()),
        ("owed_at_start", figures.owed_at_start.clone()),
    ]
}

fn counts(figures: &Figures) -> Vec<(String, u64)> {
    let of = |name: &str, n: u64| (name.to_string(), n);
    let mut counts =
        vec![of("attempts", figures.attempts), of("contacts", figures.contacts), of("persons", figures.persons)];
    for stage in Stage::ALL {
        counts.push(of(&format!("{stage}_calls"), figures.calls(*stage)));
        counts.push(of(&format!("{stage}_contacts"), figures.stage(*stage).contacts));
        counts.push(of(&format!("{stage}_persons"), figures.stage(*stage).persons));
    }
    counts.extend([
        of("machine", figures.machine),
        of("unknown", figures.unknown),
        of("opted_out", figures.opted_out),
        of("wrong_number", figures.wrong_number),
        of("delivered", figures.delivered),
    ]);
    let promises = |counts: &mut Vec<(String, u64)>, what: &str, of: &dyn Fn(PromiseState) -> Pledged| {
        counts.extend(PromiseState::ALL.iter().map(|state| (format!("{what}_{state}"), of(*state).count)));
    };
    promises(&mut counts, "made", &|state| figures.made.of(state).clone());
    promises(&mut counts, "due", &|state| figures.due.of(state).clone());
    counts.extend([
        of("payments", figures.payments),
        of("unprompted_payments", figures.unprompted_payments),
        of("talk_ms", figures.effort.talk_ms),
        of("sms", figures.effort.sms),
        of("agent_ms", figures.effort.agent_ms),
        of("agent_connected", figures.agent_connected),
        of("agent_abandoned", figures.agent_abandoned),
    ]);
    counts
}

fn currencies(cells: &[(&[Dimension], &Key, &Figures)]) -> BTreeSet<Currency> {
    let sums = cells.iter().flat_map(|(_, _, figures)| money(figures));
    sums.flat_map(|(_, sums)| sums.iter().map(|sum| sum.currency).collect::<Vec<_>>()).collect()
}

/// The breakdowns; without any, the whole. Several follow each other: `by` names the line's own dimensions, the cells of others are
/// empty, as is what a row does not say.
pub fn report(report: &Report, prices: Option<&Prices>) -> String {
    let parts = if report.parts().is_empty() { &report.cells[..] } else { report.parts() };
    let cells: Vec<(&[Dimension], &Key, &Figures)> =
        parts.iter().flat_map(|(by, cells)| cells.iter().map(move |(key, f)| (by.as_slice(), key, f))).collect();
    let dimensions: BTreeSet<Dimension> = parts.iter().flat_map(|(by, _)| by.iter().copied()).collect();
    let currencies = currencies(&cells);
    let lower = |currency: &Currency| currency.code().to_lowercase();

    let nothing = Figures::default();
    let mut header = vec!["by".to_string()];
    header.extend(dimensions.iter().map(|d| d.as_str().to_string()));
    header.extend(counts(&nothing).into_iter().map(|(name, _)| name));
    let names: Vec<&str> = money(&nothing).into_iter().map(|(name, _)| name).collect();
    header.extend(names.iter().flat_map(|name| currencies.iter().map(move |c| format!("{name}_{}", lower(c)))));
    let costs_of: BTreeSet<Currency> =
        cells.iter().flat_map(|(_, _, f)| costs(f, prices)).map(|cost| cost.currency).collect();
    header.extend(costs_of.iter().map(|currency| format!("cost_{}", lower(currency))));
    let mut out = csv::line(header.iter().map(String::as_str));
    for (by, key, figures) in cells {
        let value = |d: &Dimension| match by.iter().position(|b| b == d).map(|n| &key[n]) {
            None | Some(Value::None) => String::new(),
            Some(value) => value.to_string(),
        };
        let mut row = vec![by.iter().map(|d| d.as_str()).collect::<Vec<_>>().join(" ")];
        row.extend(dimensions.iter().map(value));
        row.extend(counts(figures).into_iter().map(|(_, n)| n.to_string()));
        let sums = money(figures);
        row.extend(sums.iter().flat_map(|(_, sums)| currencies.iter().map(|c| sums.get(*c).amount())));
        let costs = costs(figures, prices);
        row.extend(costs_of.iter().map(|currency| {
            let cost = costs.iter().find(|cost| cost.currency == *currency);
            cost.map_or("0.00".to_string(), |cost| cost.amount())
        }));
        out += &csv::line(row.iter().map(String::as_str));
    }
    out
}

/// A line a cohort and currency.
pub fn cohorts(cohorts: &Cohorts) -> String {
    let mut header: Vec<String> = [cohorts.every.as_str(), "currency", "debts", "owed"].map(String::from).to_vec();
    for days in AFTER_DAYS {
        header.extend([format!("paid_off_{days}_days"), format!("paid_{days}_days"), format!("over_{days}_days")]);
    }
    let mut out = csv::line(header.iter().map(String::as_str));
    for (first, cohort) in &cohorts.by_day {
        for owed in cohort.owed.iter() {
            let mut row = vec![first.to_string(), owed.currency.to_string(), cohort.debts.to_string(), owed.amount()];
            for (days, after) in AFTER_DAYS.iter().zip(&cohort.after) {
                let over = cohorts.is_over(*first, *days).to_string();
                row.extend([after.debts.to_string(), after.paid.get(owed.currency).amount(), over]);
            }
            out += &csv::line(row.iter().map(String::as_str));
        }
    }
    out
}

pub fn drop_off_header() -> String {
    csv::line(["flow", "node", "calls", "entries", "went_on", "hung_up", "ended", "live", "next", "next_entries"])
}

/// A line a node and where it leads; a node that leads nowhere has one line.
pub fn drop_off(name: &str, flow: &Flow) -> String {
    let mut out = String::new();
    for (node, figures) in &flow.nodes {
        let [calls, entries, went_on, hung_up, ended, live] =
            [figures.calls, figures.entries, figures.went_on(), figures.hung_up, figures.ended, figures.live]
                .map(|n| n.to_string());
        let mut line = |next: &str, count: &str| {
            out += &csv::line([name, node, &calls, &entries, &went_on, &hung_up, &ended, &live, next, count]);
        };
        if figures.next.is_empty() {
            line("", "");
        }
        figures.next.iter().for_each(|(next, count)| line(next, &count.to_string()));
    }
    out
}
