//! Reports as tables of text.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, TableComponent, presets};

use super::cohort::{AFTER_DAYS, Cohorts};
use super::drop_off::Flow;
use super::rates::{Rate, rates};
use super::{Dimension, Figures, Key, Period, Promises, Report, Stage, Sum};
use crate::price::Prices;

/// Part of whole in percent, with both named by the caller.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".into() } else { format!("{:.1} %", 100.0 * part as f64 / whole as f64) }
}

fn percent_of_money(part: Sum, whole: Sum) -> String {
    if whole.minor <= 0 { "-".into() } else { format!("{:.1} %", 100.0 * part.minor as f64 / whole.minor as f64) }
}

fn table(header: &[&str], rows: Vec<Vec<String>>, numbers: std::ops::Range<usize>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_header(header.to_vec()).add_rows(rows);
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    for column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{table}\n")
}

/// The whole report. `closings`: how contacts were closed, by reason.
pub fn render(report: &Report, closings: &[(String, u64)], prices: Option<&Prices>) -> String {
    let states: Vec<String> = report.states.iter().map(|(state, n)| format!("{n} {state}")).collect();
    let attempts: u64 = report.states.values().sum();
    let total = report.total();
    let mut out =
        format!("{} contacts owe {}; {attempts} attempts ({})\n", report.enrolled, report.owed, states.join(", "));
    out += &period(&report.period);
    out += "\nFunnel of calls\n";
    out += &funnel(total);
    out += "\nPromises made by these calls (each instalment by itself)\n";
    out += &promises(&total.made);
    if report.period != Period::default() {
        out += "\nPromises for a day of the period, whenever they were made\n";
        out += &promises(&total.due);
    }
    out += &format!(
        "\nCollected after contact: {} in {} payments; paid before any contact: {} in {}\n",
        total.collected, total.payments, total.unprompted, total.unprompted_payments
    );
    out += "\nRates\n";
    out += &rate_table(&rates(total, Some(report.persons), prices));
    for (by, cells) in report.parts() {
        let words: Vec<String> = by.iter().map(|d| d.as_str().replace('_', " ")).collect();
        out += &format!("\nBy {} (calls)\n", words.join(" and "));
        out += &breakdown(by, cells);
    }
    out += "\nHow attempts ended\n";
    let finished: u64 = report.dispositions.values().sum();
    let mut ended: Vec<_> = report.dispositions.iter().collect();
    ended.sort_by_key(|(ending, n)| (std::cmp::Reverse(**n), **ending));
    let rows = ended.into_iter().map(|((disposition, blame), n)| {
        let (class, blame) = (disposition.class().to_string(), blame.to_string());
        vec![disposition.to_string(), n.to_string(), percent(*n, finished), class, blame]
    });
    out += &table(&["disposition", "attempts", "of finished", "class", "blame"], rows.collect(), 1..3);
    out += "\nBy channel (finished)\n";
    let rows = report.by_channel.iter().map(|(channel, n)| vec![channel.to_string(), n.to_string()]);
    out += &table(&["channel", "attempts"], rows.collect(), 1..2);
    if !closings.is_empty() {
        out += "\nContacts of the campaign\n";
        let rows = closings.iter().map(|(reason, n)| vec![reason.clone(), n.to_string()]);
        out += &table(&["closed as", "contacts"], rows.collect(), 1..2);
    }
    out
}

fn period(period: &Period) -> String {
    match (period.from, period.to) {
        (None, None) => String::new(),
        (Some(from), None) => format!("From {from} on, by each contact's own calendar.\n"),
        (None, Some(to)) => format!("Until {to} included, by each contact's own calendar.\n"),
        (Some(from), Some(to)) => format!("From {from} to {to}, both included, by each contact's own calendar.\n"),
    }
}

fn funnel(figures: &Figures) -> String {
    let dialled = figures.stage(Stage::Dialled);
    let mut before: Option<Stage> = None;
    let mut rows = Vec::new();
    for stage in Stage::ALL {
        let here = figures.stage(*stage);
        let of_before = match before {
            Some(b) => format!("{} of {b}", percent(here.attempts, figures.calls(b))),
            None => String::new(),
        };
        rows.push(vec![
            stage.to_string(),
            here.attempts.to_string(),
            percent(here.attempts, dialled.attempts),
            of_before,
            here.contacts.to_string(),
            percent(here.contacts, dialled.contacts),
            here.persons.to_string(),
            here.owed.to_string(),
        ]);
        before = Some(*stage);
    }
    let header =
        ["stage", "calls", "of dialled", "of the stage before", "contacts", "of dialled", "people", "they owe now"];
    table(&header, rows, 1..8)
}

fn promises(promises: &Promises) -> String {
    let rows = promises
        .iter()
        .filter(|(_, p)| p.count > 0)
        .map(|(state, p)| vec![state.to_string(), p.count.to_string(), p.promised.to_string(), p.paid.to_string()]);
    let all = promises.all();
    let sum = vec!["all".to_string(), all.count.to_string(), all.promised.to_string(), all.paid.to_string()];
    table(&["state", "promises", "promised", "paid towards, in time"], rows.chain([sum]).collect(), 1..4)
}

fn rate_table(rates: &[Rate]) -> String {
    let row = |rate: &Rate| {
        let rail = match rate.max_permille {
            Some(max) if rate.is_exceeded() => format!("OVER {} %", max as f64 / 10.0),
            Some(max) => format!("below {} %", max as f64 / 10.0),
            None => String::new(),
        };
        let (part, whole) = (rate.numerator.to_string(), rate.denominator.to_string());
        vec![rate.name.to_string(), rate.written(), format!("{part} / {whole}"), rate.of.to_string(), rail]
    };
    table(&["rate", "is", "from", "what / of what", "guard rail"], rates.iter().map(row).collect(), 1..3)
}

fn breakdown(by: &[Dimension], cells: &BTreeMap<Key, Figures>) -> String {
    let rows = cells.iter().map(|(key, figures)| {
        let mut row: Vec<String> = key.iter().map(ToString::to_string).collect();
        row.extend(Stage::ALL.iter().map(|stage| figures.calls(*stage).to_string()));
        let rpc = percent(figures.calls(Stage::RightParty), figures.calls(Stage::Dialled));
        let made = figures.made.all();
        row.extend([rpc, made.promised.to_string(), made.paid.to_string(), figures.collected.to_string()]);
        row
    });
    let mut header: Vec<&str> = by.iter().map(|d| d.as_str()).collect();
    header.extend(Stage::ALL.iter().map(|s| s.as_str()));
    header.extend(["rpc / dialled", "promised money", "paid towards", "collected"]);
    let numbers = by.len()..header.len();
    table(&header, rows.collect(), numbers)
}

/// A line a cohort.
pub fn cohorts(cohorts: &Cohorts) -> String {
    let mut header = vec![cohorts.every.to_string(), "debts".into(), "to be paid".into()];
    for days in AFTER_DAYS {
        header.extend([format!("paid off in {days} days"), format!("money in {days} days")]);
    }
    let mut rows = Vec::new();
    for (first, cohort) in &cohorts.by_day {
        for owed in cohort.owed.iter() {
            let mut row = vec![first.to_string(), cohort.debts.to_string(), owed.to_string()];
            for (days, after) in AFTER_DAYS.iter().zip(&cohort.after) {
                let paid = after.paid.get(owed.currency);
                let still = if cohorts.is_over(*first, *days) { "" } else { " so far" };
                row.push(format!("{} = {}{still}", after.debts, percent(after.debts, cohort.debts)));
                row.push(format!("{paid} = {}{still}", percent_of_money(paid, owed)));
            }
            rows.push(row);
        }
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let numbers = 1..header.len();
    format!("Debts by the {} they came in\n{}", cohorts.every, table(&header, rows, numbers))
}

/// Most reached first.
pub fn drop_off(name: &str, flow: &Flow) -> String {
    let mut nodes: Vec<_> = flow.nodes.iter().collect();
    nodes.sort_by_key(|(name, node)| (std::cmp::Reverse(node.calls), (*name).clone()));
    let rows = nodes.into_iter().map(|(name, node)| {
        let mut next: Vec<_> = node.next.iter().collect();
        next.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
        let next: Vec<String> = next.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
        vec![
            name.clone(),
            node.calls.to_string(),
            percent(node.calls, flow.calls),
            node.went_on().to_string(),
            node.hung_up.to_string(),
            percent(node.hung_up, node.calls),
            node.ended.to_string(),
            next.join(", "),
        ]
    });
    let header = ["node", "calls", "of calls", "went on", "hung up", "of its calls", "ended", "to"];
    format!("{name}: {} dialled, {} in the flow\n{}", flow.dialled, flow.calls, table(&header, rows.collect(), 1..7))
}
