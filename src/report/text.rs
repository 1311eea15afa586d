//! A report as tables of text.

use comfy_table::{CellAlignment, Table, TableComponent, presets};

use super::{Figures, Funnel, Report, Stage};

/// Part of whole in percent, with both named by the caller.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".into() } else { format!("{:.1} %", 100.0 * part as f64 / whole as f64) }
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

/// The whole report: funnel, segments, flows, dispositions, channels, promises. `closings`: how contacts were closed, by reason.
pub fn render(report: &Report, closings: &[(String, u64)]) -> String {
    let states: Vec<String> = report.states.iter().map(|(state, n)| format!("{n} {state}")).collect();
    let attempts: u64 = report.states.values().sum();
    let mut out =
        format!("{} contacts owe {}; {attempts} attempts ({})\n\n", report.contacts, report.owed, states.join(", "));
    out += "Funnel of calls\n";
    out += &funnel(&report.total);
    out += "\nBy segment (attempts)\n";
    out += &breakdown("segment", report.by_segment.iter());
    out += "\nBy flow version (attempts)\n";
    out += &breakdown("flow", report.by_flow.iter());
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
    out += "\nPromises\n";
    let rows =
        report.promises.iter().map(|(state, (n, sums))| vec![state.to_string(), n.to_string(), sums.to_string()]);
    out += &table(&["state", "promises", "money"], rows.collect(), 1..3);
    if !closings.is_empty() {
        out += "\nContacts of the campaign\n";
        let rows = closings.iter().map(|(reason, n)| vec![reason.clone(), n.to_string()]);
        out += &table(&["closed as", "contacts"], rows.collect(), 1..2);
    }
    out
}

fn funnel(funnel: &Funnel) -> String {
    let none = Figures::default();
    let figures = |stage: Stage| funnel.stages.get(&stage).unwrap_or(&none);
    let dialled = figures(Stage::Dialled);
    let mut before: Option<Stage> = None;
    let mut rows = Vec::new();
    for stage in Stage::ALL {
        let here = figures(*stage);
        let of_before = match before {
            Some(b) => format!("{} of {b}", percent(here.attempts, figures(b).attempts)),
            None => String::new(),
        };
        rows.push(vec![
            stage.to_string(),
            here.attempts.to_string(),
            percent(here.attempts, dialled.attempts),
            of_before,
            here.contacts.to_string(),
            percent(here.contacts, dialled.contacts),
            here.owed.to_string(),
        ]);
        before = Some(*stage);
    }
    let header = ["stage", "attempts", "of dialled", "of the stage before", "contacts", "of dialled", "they owe"];
    let mut out = table(&header, rows, 1..7);
    out += &format!("Money promised: {}\n", funnel.promised);
    out
}

fn breakdown<'a>(what: &str, parts: impl Iterator<Item = (&'a String, &'a Funnel)>) -> String {
    let rows = parts.map(|(name, funnel)| {
        let mut row = vec![name.clone()];
        row.extend(Stage::ALL.iter().map(|stage| funnel.attempts(*stage).to_string()));
        row.push(funnel.promised.to_string());
        row
    });
    let mut header = vec![what];
    header.extend(Stage::ALL.iter().map(|s| s.as_str()));
    header.push("money promised");
    table(&header, rows.collect(), 1..7)
}
