//! `window:`, `caps:` and `gap:` → [`Rules`], clipped by the outermost.

use jiff::civil::Weekday;

use super::codes;
use super::reader::Reader;
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::yaml::{Map, Node};
use crate::policy::{CallingWindow, Cap, CapFault, DAYS, DaysFault, Each, Hours, Pack, Period, Rules, days};

/// The ladder's own and those of its packs; the outermost always hold.
pub fn rules(reader: &mut Reader, top: &Map) -> Rules {
    let others = packs(reader, top);
    let mut own = Rules::usual_window();
    if let Some(entry) = top.get("window") {
        own = window(reader, &entry.value, &others.week());
    }
    let mut caps = Rules::usual_caps();
    if let Some(entry) = top.get("caps") {
        caps = reader.items(&entry.value).into_iter().filter_map(|node| cap(reader, node, &others)).collect();
    }
    let mut least = None;
    if let Some(entry) = top.get("gap")
        && let Some(gap) = reader.delay(&entry.value, "the gap")
    {
        let gap = std::time::Duration::from_secs(u64::from(gap.days) * 86_400 + u64::from(gap.seconds));
        if gap < others.gap_min() {
            clipped(reader, entry.value.span, format!("at least {} minutes", others.gap_min().as_secs() / 60));
        }
        least = Some(gap);
    }
    let rules = Rules::of_ladder(own, caps, least).and(&others);
    if let Some(entry) = top.get("window")
        && !own.never_open()
        && rules.week().never_open()
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

/// `policy: [ru.credit]`, beside the pack that always holds.
fn packs(reader: &mut Reader, top: &Map) -> Rules {
    let mut rules = Rules::outermost();
    let Some(entry) = top.get("policy") else { return rules };
    for node in reader.items(&entry.value) {
        let Some(name) = reader.text(node, "a pack's name") else { continue };
        match Pack::named(&name) {
            Some(pack) => rules = rules.and(&pack.rules),
            None => {
                let known: Vec<&str> = Pack::all().iter().map(|pack| pack.name.as_str()).collect();
                reader.unknown(codes::UNKNOWN_PACK, node.span, "policy pack", &name, &known);
            }
        }
    }
    rules
}

/// One window, or a list of them for different days.
fn window(reader: &mut Reader, node: &Node, outermost: &CallingWindow) -> CallingWindow {
    let mut window = CallingWindow::CLOSED;
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
        let on = match reader.required(map, "days", "a window", node.span) {
            Some(days) => reader.items(days).into_iter().flat_map(|n| weekdays(reader, n)).copied().collect(),
            None => Vec::new(),
        };
        let (Some(from), Some(to)) = (from, to) else { continue };
        if from >= to {
            let place = map.get("to").map_or(node.span, |e| e.value.span);
            reader.error(codes::MALFORMED, place, "the window ends before it begins", "write `to` later than `from`");
            continue;
        }
        let own = CallingWindow::on(&on, Hours::new(from, to));
        let both = own.intersect(outermost);
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
pub fn time(reader: &mut Reader, node: &Node) -> Option<u16> {
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

fn weekdays(reader: &mut Reader, node: &Node) -> &'static [Weekday] {
    let Some(scalar) = reader.scalar(node, "days") else { return &[] };
    match days(&scalar.text) {
        Ok(days) => return days,
        Err(DaysFault::Backwards) => {
            reader.error(codes::MALFORMED, node.span, "a week begins on Monday", "write two ranges: [sat-sun, mon-tue]")
        }
        Err(DaysFault::NoDay(word)) => reader.unknown(codes::MALFORMED, node.span, "day", word, &DAYS),
    }
    &[]
}

/// `3 per day`, `2 talks per week`, `7 calls in 7 days`.
fn cap(reader: &mut Reader, node: &Node, outermost: &Rules) -> Option<Cap> {
    let scalar = reader.scalar(node, "a cap")?;
    let cap = match scalar.text.parse::<Cap>() {
        Ok(cap) => cap,
        Err(fault) => {
            cap_fault(reader, node.span, &scalar.text, fault);
            return None;
        }
    };
    if let Some(stricter) = outermost.cap(cap.of, cap.per).filter(|c| cap.each == Each::Person && c.most < cap.most) {
        clipped(reader, node.span, stricter.to_string());
    }
    Some(cap)
}

fn cap_fault(reader: &mut Reader, span: Span, written: &str, fault: CapFault) {
    match fault {
        CapFault::Shape => reader.error(
            codes::MALFORMED,
            span,
            format!("`{written}` is not a cap"),
            "for example: 3 per day, 2 talks per week, 7 calls in 7 days",
        ),
        CapFault::Of(of) => {
            reader.unknown(codes::MALFORMED, span, "thing to count", &of, &["calls", "talks", "messages"])
        }
        CapFault::Per(per) => {
            let known: Vec<&str> = Period::ALL.iter().map(|p| p.as_str()).collect();
            reader.unknown(codes::MALFORMED, span, "period", &per, &known)
        }
        CapFault::Each(each) => {
            let known: Vec<&str> = Each::ALL.iter().map(|e| e.as_str()).collect();
            reader.unknown(codes::MALFORMED, span, "thing that a cap counts for", &each, &known)
        }
        CapFault::MessagesPerNumber => reader.error(
            codes::MALFORMED,
            span,
            "messages are counted for each person or debt, not for each number",
            "write `per person` or `per debt`",
        ),
        CapFault::Most(most) => reader.error(
            codes::MALFORMED,
            span,
            format!("a cap is a whole number from 1 up, not `{most}`"),
            "leave the step out to make no contact by it",
        ),
    }
}
