//! A report as JSON. Money is written as text with its currency, so that no reader makes a binary fraction of it.

use serde_json::{Map, Value, json};

use super::rates::{costs, rates};
use super::{Figures, Promises, Reached, Report, Stage, Sums};
use crate::price::Prices;

fn sums(sums: &Sums) -> Value {
    sums.iter().map(|sum| json!({ "amount": sum.amount(), "currency": sum.currency.code() })).collect()
}

fn promises(promises: &Promises) -> Value {
    let state = |(state, p): (crate::books::PromiseState, &super::Pledged)| {
        let value = json!({ "promises": p.count, "promised": sums(&p.promised), "paid": sums(&p.paid) });
        (state.to_string(), value)
    };
    Value::Object(promises.iter().map(state).collect::<Map<_, _>>())
}

fn figures(figures: &Figures, persons: Option<u64>, prices: Option<&Prices>) -> Map<String, Value> {
    let stage = |stage: &Stage| {
        let reached = figures.stage(*stage);
        let Reached { attempts, contacts, persons, owed } = reached;
        (stage.to_string(), json!({ "calls": attempts, "contacts": contacts, "persons": persons, "owed": sums(owed) }))
    };
    let rates: Vec<Value> = rates(figures, persons, prices)
        .iter()
        .map(|rate| {
            json!({
                "name": rate.name,
                "of": rate.of,
                "numerator": rate.numerator.number(),
                "denominator": rate.denominator.number(),
                "currency": rate.numerator.currency().map(|c| c.code()),
                "value": rate.value(),
                "max": rate.max_permille.map(|max| max as f64 / 1000.0),
                "exceeded": rate.is_exceeded(),
            })
        })
        .collect();
    let Value::Object(mut all) = json!({
        "attempts": figures.attempts,
        "contacts": figures.contacts,
        "persons": figures.persons,
        "owed_at_start": sums(&figures.owed_at_start),
        "machine": figures.machine,
        "unknown": figures.unknown,
        "opted_out": figures.opted_out,
        "wrong_number": figures.wrong_number,
        "delivered": figures.delivered,
        "made": promises(&figures.made),
        "due": promises(&figures.due),
        "payments": figures.payments,
        "collected": sums(&figures.collected),
        "unprompted_payments": figures.unprompted_payments,
        "unprompted": sums(&figures.unprompted),
        "talk_ms": figures.effort.talk_ms,
        "sms": figures.effort.sms,
        "agent_ms": figures.effort.agent_ms,
        "agent_connected": figures.agent_connected,
        "agent_abandoned": figures.agent_abandoned,
        "costs": costs(figures, prices).iter().map(ToString::to_string).collect::<Vec<_>>(),
        "rates": rates,
    }) else {
        unreachable!("an object was written")
    };
    all.insert("stages".into(), Value::Object(Stage::ALL.iter().map(stage).collect()));
    all
}

pub fn report(report: &Report, prices: Option<&Prices>) -> Value {
    let states: Map<String, Value> = report.states.iter().map(|(state, n)| (state.to_string(), json!(n))).collect();
    let channels: Map<String, Value> = report.by_channel.iter().map(|(c, n)| (c.to_string(), json!(n))).collect();
    let ended: Vec<Value> = report
        .dispositions
        .iter()
        .map(|((disposition, blame), n)| {
            json!({ "disposition": disposition.as_str(), "blame": blame.as_str(), "attempts": n })
        })
        .collect();
    let parts: Vec<Value> = report
        .parts()
        .iter()
        .map(|(by, cells)| {
            let by: Vec<&str> = by.iter().map(|d| d.as_str()).collect();
            let rows: Vec<Value> = cells
                .iter()
                .map(|(key, cell)| {
                    let mut row = figures(cell, None, prices);
                    let key = by.iter().zip(key).map(|(name, value)| (name.to_string(), json!(value.to_string())));
                    row.insert("key".into(), Value::Object(key.collect()));
                    Value::Object(row)
                })
                .collect();
            json!({ "by": by, "rows": rows })
        })
        .collect();
    json!({
        "from": report.period.from.map(|d| d.to_string()),
        "to": report.period.to.map(|d| d.to_string()),
        "contacts": report.enrolled,
        "persons": report.persons,
        "owed": sums(&report.owed),
        "states": states,
        "dispositions": ended,
        "channels": channels,
        "total": figures(report.total(), Some(report.persons), prices),
        "parts": parts,
    })
}
