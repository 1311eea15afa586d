//! `window:`, `caps:` and `gap:` → [`Rules`], clipped by the outermost.

use jiff::civil::Weekday;

use super::codes;
use super::reader::Reader;
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::yaml::{Map, Node};
use crate::policy::{CallingWindow, Cap, Counted, Hours, Period, Rules};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

pub fn rules(reader: &mut Reader, top: &Map) -> Rules {
    let outermost = Rules::outermost();
    let mut own = Rules::usual();
    if let Some(entry) = top.get("window") {
        own.window = window(reader, &entry.value);
    }
    if let Some(entry) = top.get("caps") {
        own.caps = reader.items(&entry.value).into_iter().filter_map(|node| cap(reader, node, &outermost)).collect();
    }
    if let Some(entry) = top.get("gap")
        && let Some(gap) = reader.delay(&entry.value, "the gap")
    {
        own.gap_min = std::time::Duration::from_secs(u64::from(gap.days) * 86_400 + u64::from(gap.seconds));
        if own.gap_min < outermost.gap_min {
            clipped(reader, entry.value.span, format!("at least {} minutes", outermost.gap_min.as_secs() / 60));
        }
    }
    let rules = own.strictest(&outermost);
    if let Some(entry) = top.get("window")
        && !own.window.never_open()
        && rules.window.never_open()
    {
        reader.error(
            codes::NEVER_OPEN,
            entry.key_span,
            "no contact is ever lawful in this window",
            "the outermost hours are 08:00–22:00 on weekdays and 09:00–20:00 at weekends",
        );
    }
    rules
}

/// One window, or a list of them for different days.
fn window(reader: &mut Reader, node: &Node) -> CallingWindow {
    let outermost = Rules::outermost().window;
    let mut window = CallingWindow { days: [None; 7] };
    for node in reader.items(node) {
        let Some(map) = reader.map(node, "a window") else { continue };
        reader.known_keys(map, "key of a window", &["days", "from", "to", "zone"]);
        if let Some(entry) = map.get("zone")
            && let Some(zone) = reader.text(&entry.value, "the zone")
            && zone != "contact"
        {
            reader.error(
                codes::MALFORMED,
                entry.value.span,
                format!("the zone is `contact`, not `{zone}`"),
                "hours are always judged where the contact is",
            );
        }
        let from = reader.required(map, "from", "a window", node.span).and_then(|n| time(reader, n));
        let to = reader.required(map, "to", "a window", node.span).and_then(|n| time(reader, n));
        let days = match reader.required(map, "days", "a window", node.span) {
            Some(days) => reader.items(days).into_iter().flat_map(|n| weekdays(reader, n)).collect(),
            None => Vec::new(),
        };
        let (Some(from), Some(to)) = (from, to) else { continue };
        if from >= to {
            let place = map.get("to").map_or(node.span, |e| e.value.span);
            reader.error(codes::MALFORMED, place, "the window ends before it begins", "write `to` later than `from`");
            continue;
        }
        let own = CallingWindow::on(&days, Hours::new(from, to));
        let both = own.intersect(&outermost);
        if both != own && !both.never_open() {
            let day = (0..7).find(|i| both.days[*i] != own.days[*i]).unwrap_or(0);
            let hours = both.days[day].map_or("closed".into(), |h| h.to_string());
            clipped(reader, node.span, format!("on {} {hours}", DAYS[day]));
        }
        for (all, one) in window.days.iter_mut().zip(own.days) {
            *all = one.or(*all);
        }
    }
    window
}

fn clipped(reader: &mut Reader, span: Span, stricter: String) {
    let found = format!("the outermost rules are stricter, and hold: {stricter}");
    reader.report(Diagnostic::warning(codes::CLIPPED, span, found).help("write what will really happen"));
}

/// `"09:00"` → minutes after midnight; `"24:00"` is the day's end.
fn time(reader: &mut Reader, node: &Node) -> Option<u16> {
    let scalar = reader.scalar(node, "a time")?;
    let parsed = scalar.text.split_once(':').and_then(|(h, m)| {
        let digits = |s: &str| s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit());
        let (hour, minute): (u16, u16) =
            (digits(h) && digits(m)).then(|| Some((h.parse().ok()?, m.parse().ok()?)))??;
        (hour * 60 + minute <= 1440 && minute < 60).then_some(hour * 60 + minute)
    });
    if parsed.is_none() {
        let found = format!("`{}` is not a time of day", scalar.text);
        reader.error(codes::MALFORMED, node.span, found, "write hours and minutes, for example \"09:00\"");
    }
    parsed
}

/// `mon`, `mon-fri`, `daily`.
fn weekdays(reader: &mut Reader, node: &Node) -> Vec<Weekday> {
    let Some(scalar) = reader.scalar(node, "days") else { return Vec::new() };
    let all = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    let at = |word: &str| DAYS.iter().position(|d| *d == word);
    let (first, last) = match scalar.text.split_once('-') {
        Some((a, b)) => (a.trim(), b.trim()),
        None if scalar.text == "daily" => ("mon", "sun"),
        None => (scalar.text.as_str(), scalar.text.as_str()),
    };
    match (at(first), at(last)) {
        (Some(a), Some(b)) if a <= b => all[a..=b].to_vec(),
        (Some(_), Some(_)) => {
            reader.error(
                codes::MALFORMED,
                node.span,
                "a week begins on Monday",
                "write two ranges: [sat-sun, mon-tue]",
            );
            Vec::new()
        }
        (a, _) => {
            let bad = if a.is_none() { first } else { last };
            reader.unknown(codes::MALFORMED, node.span, "day", bad, &DAYS);
            Vec::new()
        }
    }
}

/// `3 per day`, `2 talks per week`, `1 message per day`.
fn cap(reader: &mut Reader, node: &Node, outermost: &Rules) -> Option<Cap> {
    let scalar = reader.scalar(node, "a cap")?;
    let words: Vec<&str> = scalar.text.split_whitespace().collect();
    let (most, of, per) = match words.as_slice() {
        [most, "per", per] => (*most, "calls", *per),
        [most, of, "per", per] => (*most, *of, *per),
        _ => {
            let found = format!("`{}` is not a cap", scalar.text);
            reader.error(
                codes::MALFORMED,
                node.span,
                found,
                "for example: 3 per day, 2 talks per week, 1 message per day",
            );
            return None;
        }
    };
    let singular = |of: &Counted| of.as_str().strip_suffix('s').unwrap_or(of.as_str());
    let Some(of) = Counted::ALL.iter().copied().find(|c| c.as_str() == of || singular(c) == of) else {
        reader.unknown(codes::MALFORMED, node.span, "thing to count", of, &["calls", "talks", "messages"]);
        return None;
    };
    let Ok(per) = per.parse::<Period>() else {
        reader.unknown(codes::MALFORMED, node.span, "period", per, &["day", "week", "month"]);
        return None;
    };
    let most = match most.parse::<u32>() {
        Ok(most) if most > 0 => most,
        Ok(_) | Err(_) => {
            let found = format!("a cap is a whole number from 1 up, not `{most}`");
            reader.error(codes::MALFORMED, node.span, found, "leave the step out to make no contact by it");
            return None;
        }
    };
    let cap = Cap { most, of, per };
    if let Some(stricter) = outermost.caps.iter().find(|c| c.of == of && c.per == per && c.most < most) {
        clipped(reader, node.span, stricter.to_string());
    }
    Some(cap)
}
