//! An outlook for programs. Sums of money are minor units by currency.

use serde_json::{Map, Value, json};

use super::list::Counted;
use super::outlook::{Day, End, Outlook, Sums};
use super::play::Lines;
use crate::price::Priced;

fn sums(sums: &Sums) -> Value {
    sums.iter()
        .map(|(currency, minor)| (currency.code().to_string(), Value::from(*minor)))
        .collect::<Map<_, _>>()
        .into()
}

fn counted(counted: &Counted) -> Value {
    json!({ "contacts": counted.contacts, "owed_minor": sums(&counted.owed) })
}

impl Day {
    fn json(&self) -> Value {
        json!({
            "date": self.date.to_string(),
            "calls_by_hour": self.calls,
            "line_s_by_hour": self.line_s,
            "calls": self.calls(),
            "picked_up": self.picked_up,
            "right_party": self.right_party,
            "promises": self.promises,
            "promised_minor": sums(&self.promised),
            "kept": self.kept,
            "broken": self.broken,
            "messages": self.messages,
            "to_humans": self.to_humans,
            "put_off": self.put_off,
            "paid": self.paid,
            "paid_minor": sums(&self.paid_sum),
        })
    }
}

impl Outlook {
    /// `due`: the same with lines without end.
    pub fn json(&self, due: Option<&Outlook>, name: &str, lines: Lines) -> Value {
        let excluded = self.excluded.iter().map(|(reason, (count, example))| {
            let mut excluded = counted(count);
            excluded["example"] = example.as_str().into();
            (reason.clone(), excluded)
        });
        let segments = self.segments.iter().map(|((name, currency), s)| {
            json!({
                "segment": name,
                "currency": currency.code(),
                "contacts": s.contacts,
                "owed_minor": s.owed_minor,
                "calls": s.calls,
                "right_party": s.right_party,
                "promises": s.promises,
                "promised_minor": s.promised_minor,
                "kept": s.kept,
                "paid": s.paid,
                "paid_minor": s.paid_minor,
            })
        });
        let ends = |of: &dyn Fn(&End) -> Option<String>| -> Value {
            self.ends.iter().filter_map(|(end, count)| Some((of(end)?, counted(count)))).collect::<Map<_, _>>().into()
        };
        let word = |end: &End| match end {
            End::Paid => Some("paid".to_string()),
            End::Promised => Some("promise_open".into()),
            End::Open => Some("open".into()),
            End::Closed(_) => None,
        };
        let closed = |end: &End| match end {
            End::Closed(reason) => Some(reason.clone()),
            _ => None,
        };
        let cost = self.cost.as_ref().map(|cost| {
            let each = Priced::ALL.iter().filter(|of| cost.has_price(**of));
            let each = each.map(|of| (of.to_string(), json!({ "used": cost.used(*of), "cost_minor": cost.of(*of).minor })));
            json!({ "currency": cost.total().currency.code(), "total_minor": cost.total().minor, "by": each.collect::<Map<_, _>>() })
        });
        let agents = self.agents.as_ref().map(|met| {
            json!({
                "queue": met.queue,
                "agents": met.agents,
                "connected": met.connected,
                "abandoned": met.abandoned,
                "talk_s": met.talk_s,
            })
        });
        let stopped = self.stopped.as_ref().map(|(at, why)| json!({ "at": at.to_string(), "why": why }));
        let endings = self.endings.iter().map(|(disposition, n)| (disposition.to_string(), Value::from(*n)));
        json!({
            "name": name,
            "people": self.people_model,
            "seed": self.seed,
            "start": self.start.to_string(),
            "days_played": self.days_played,
            "zone": self.zone.name(),
            "channels_max": lines.channels_max,
            "cps_max": lines.cps_max,
            "all": counted(&self.contacts),
            "callable": counted(&self.callable),
            "asleep": counted(&self.asleep),
            "not_called": excluded.collect::<Map<_, _>>(),
            "segments": segments.collect::<Vec<_>>(),
            "days": self.days.iter().map(Day::json).collect::<Vec<_>>(),
            "due_days": due.map(|due| due.days.iter().map(Day::json).collect::<Vec<_>>()),
            "lines_needed": due.map(Outlook::lines_needed),
            "dispositions": endings.collect::<Map<_, _>>(),
            "ends": ends(&word),
            "closed": ends(&closed),
            "all_tried_at": self.all_tried_at.map(|at| at.to_string()),
            "not_tried": self.not_tried,
            "finished_at": self.finished_at.map(|at| at.to_string()),
            "channels_in_use_max": self.channels_in_use_max,
            "cost": cost,
            "agents": agents,
            "stopped": stopped,
            "parts_paid": self.parts_paid,
            "parts_paid_minor": sums(&self.parts_paid_sum),
        })
    }
}
