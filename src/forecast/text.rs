//! An outlook as text: before the start, and day by day.

use comfy_table::{CellAlignment, Table, presets};

use super::list::Counted;
use super::outlook::{Day, End, Need, Outlook, Sums};
use super::play::Lines;
use crate::money::Money;
use crate::time::Wall;

/// Hours are shown for so many days.
pub const HOURS_DAYS: usize = 3;
/// The longest bar.
const BAR: u64 = 40;

fn money(sums: &Sums) -> String {
    let sums: Vec<String> = sums.iter().map(|(currency, minor)| Money::new(*minor, *currency).to_string()).collect();
    if sums.is_empty() { "-".into() } else { sums.join(", ") }
}

fn counted(counted: &Counted) -> String {
    format!("{} contacts, {}", counted.contacts, money(&counted.owed))
}

/// Columns from `numbers` on are aligned to the right.
fn table(head: &[&str], rows: Vec<Vec<String>>, numbers: usize) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(head.to_vec()).add_rows(rows);
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    // No blanks at the ends of lines.
    let lines: Vec<String> = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    lines.concat()
}

impl Outlook {
    fn at(&self, at: Wall) -> String {
        at.in_zone(&self.zone).strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    fn heading(&self, name: &str, lines: Lines) -> String {
        format!(
            "{name}: {}\nfrom {} for {} days, times of {}; people: {}, seed {}; {} channels, {} calls a second\n",
            counted(&self.contacts),
            self.at(self.start),
            self.days_played,
            self.zone,
            self.people_model,
            self.seed,
            lines.channels_max,
            lines.cps_max,
        )
    }

    fn when_over(&self) -> String {
        let tried = match self.all_tried_at {
            Some(at) => format!("everybody is tried once by {}", self.at(at)),
            None => format!("{} are not tried once within these days", self.not_tried),
        };
        match (self.finished_at, self.ends.get(&End::Open)) {
            (Some(at), _) => format!("{tried}; over on {}", self.at(at)),
            (None, open) => {
                format!("{tried}; not over within these days: {} are open", open.map_or(0, |open| open.contacts))
            }
        }
    }

    fn cost(&self) -> String {
        match &self.cost {
            Some(cost) => format!("cost: {cost}\n"),
            None => "cost: not known; a trunk's `tariff`, or --price call=… --price minute=… --price sms=… say what things cost\n".into(),
        }
    }

    /// What a campaign for agents came to, and whether its money was enough.
    fn limits(&self) -> String {
        let mut out = String::new();
        if let Some(met) = &self.agents {
            let (hours, minutes) = (met.talk_s / 3600, met.talk_s / 60 % 60);
            out += &format!(
                "{} agents of the queue {}: {} people were connected, {} found nobody in time ({:.1} %); {hours} h {minutes} min of talk\n",
                met.agents,
                met.queue,
                met.connected,
                met.abandoned,
                met.abandoned_permille() / 10.0
            );
        }
        if self.parts_paid > 0 {
            out += &format!("{} contacts paid a part, {}\n", self.parts_paid, money(&self.parts_paid_sum));
        }
        if let Some((at, why)) = &self.stopped {
            out += &format!("stopped on {}: {why}\n", self.at(*at));
        }
        out
    }

    fn segments(&self) -> String {
        let rows = self.segments.iter().map(|((name, currency), s)| {
            let money = |minor| Money::new(minor, *currency).to_string();
            vec![
                name.clone(),
                s.contacts.to_string(),
                money(s.owed_minor),
                s.calls.to_string(),
                s.right_party.to_string(),
                s.promises.to_string(),
                money(s.promised_minor),
                s.kept.to_string(),
                s.paid.to_string(),
                money(s.paid_minor),
            ]
        });
        let head = [
            "segment",
            "contacts",
            "they owe",
            "calls",
            "right party",
            "promises",
            "promised",
            "kept",
            "paid",
            "paid sum",
        ];
        table(&head, rows.collect(), 1)
    }

    /// Before the start: who is called, who is not and why, when, with how many lines, for how long, for how much.
    /// `self` is played with the lines there are, `due` with lines without end.
    pub fn forecast(&self, due: &Outlook, name: &str, lines: Lines) -> String {
        let mut out = self.heading(name, lines);
        out += &format!("\n  {} are called or written to\n", counted(&self.callable));
        if self.asleep.contacts > 0 {
            out += &format!("  {} have promised, and are looked at when the promise is due\n", counted(&self.asleep));
        }
        for (reason, (count, example)) in &self.excluded {
            out += &format!("  {} are not ({reason}), for example: {example}\n", counted(count));
        }
        out += "\nSegments\n";
        let rows = self.segments.iter().map(|((name, currency), s)| {
            vec![name.clone(), s.contacts.to_string(), Money::new(s.owed_minor, *currency).to_string()]
        });
        out += &table(&["segment", "contacts", "they owe"], rows.collect(), 1);
        out += "\nCalls by hour: due, and made with these lines\n";
        out += &self.hours(due);
        let Need { channels, cps_milli } = due.lines_needed();
        out += &format!(
            "\n{channels} channels and {}.{:03} calls a second would make every call on the day that it is due\n",
            cps_milli / 1000,
            cps_milli % 1000
        );
        out += &format!(
            "with {} channels and {} calls a second, {}\n",
            lines.channels_max,
            lines.cps_max,
            self.when_over()
        );
        out += &self.limits();
        out += &self.cost();
        out
    }

    fn hours(&self, due: &Outlook) -> String {
        let days: Vec<(&Day, &Day)> = self
            .days
            .iter()
            .zip(&due.days)
            .filter(|(made, due)| made.calls() + due.calls() > 0)
            .take(HOURS_DAYS)
            .collect();
        let most = days.iter().flat_map(|(made, _)| made.calls).max().map_or(1, |most| u64::from(most.max(1)));
        let mut rows = Vec::new();
        for (made, due) in days {
            for hour in (0..24).filter(|hour| made.calls[*hour] + due.calls[*hour] > 0) {
                let bar = "#".repeat((u64::from(made.calls[hour]) * BAR).div_ceil(most) as usize);
                rows.push(vec![
                    format!("{} {hour:02}:00", made.date.strftime("%a %F")),
                    due.calls[hour].to_string(),
                    made.calls[hour].to_string(),
                    bar,
                ]);
            }
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(["", "due", "made", ""]).add_rows(rows);
        for column in table.column_iter_mut().skip(1).take(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.lines().map(|line| format!(" {}\n", line.trim_end())).collect()
    }

    /// Day by day, and where everybody stands at the end.
    pub fn dry_run(&self, name: &str, lines: Lines) -> String {
        let mut out = self.heading(name, lines);
        out.push('\n');
        let row = |first: String, day: &Day| {
            vec![
                first,
                day.calls().to_string(),
                day.picked_up.to_string(),
                day.right_party.to_string(),
                day.promises.to_string(),
                money(&day.promised),
                day.kept.to_string(),
                day.broken.to_string(),
                day.messages.to_string(),
                day.to_humans.to_string(),
                day.put_off.to_string(),
                day.paid.to_string(),
                money(&day.paid_sum),
            ]
        };
        let mut rows: Vec<Vec<String>> =
            self.days.iter().map(|day| row(day.date.strftime("%a %F").to_string(), day)).collect();
        rows.push(row("all".into(), &self.total()));
        let head = [
            "day",
            "calls",
            "picked up",
            "right party",
            "promises",
            "promised",
            "kept",
            "broken",
            "messages",
            "to humans",
            "put off",
            "paid",
            "paid sum",
        ];
        out += &table(&head, rows, 1);
        out += "\nSegments\n";
        out += &self.segments();
        out += "\nWhere everybody stands at the end\n";
        let mut rows: Vec<Vec<String>> = self
            .ends
            .iter()
            .map(|(end, count)| vec![end.to_string(), count.contacts.to_string(), money(&count.owed)])
            .collect();
        rows.extend(self.excluded.iter().map(|(reason, (count, _))| {
            vec![format!("not called: {reason}"), count.contacts.to_string(), money(&count.owed)]
        }));
        rows.push(vec!["all".into(), self.accounted_for().to_string(), money(&self.contacts.owed)]);
        out += &table(&["", "contacts", "they owe"], rows, 1);
        out += &format!("\n{}; {} channels were in use at most\n", self.when_over(), self.channels_in_use_max);
        out += &self.limits();
        out += &self.cost();
        out
    }

    /// All days as one.
    fn total(&self) -> Day {
        let mut all = Day::of(self.days[0].date);
        for day in &self.days {
            for hour in 0..24 {
                all.calls[hour] += day.calls[hour];
                all.line_s[hour] += day.line_s[hour];
            }
            all.picked_up += day.picked_up;
            all.right_party += day.right_party;
            all.promises += day.promises;
            all.kept += day.kept;
            all.broken += day.broken;
            all.messages += day.messages;
            all.to_humans += day.to_humans;
            all.paid += day.paid;
            all.put_off += day.put_off;
            for (sum, add) in [(&mut all.promised, &day.promised), (&mut all.paid_sum, &day.paid_sum)] {
                add.iter().for_each(|(currency, minor)| *sum.entry(*currency).or_default() += minor);
            }
        }
        all
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Paid => f.write_str("paid"),
            End::Promised => f.write_str("promise open"),
            End::Closed(reason) => write!(f, "closed: {reason}"),
            End::Open => f.write_str("open"),
        }
    }
}
