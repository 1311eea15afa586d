//! `ringback inbound`: the calls that came in, and what was said in one of them.

use std::io::Write;

use comfy_table::{Table, presets};

use crate::id::CallId;
use crate::outcome::Verstat;
use crate::phone::PhoneNumber;
use crate::store::Store;

#[derive(clap::Args)]
pub struct Arguments {
    /// A call by its number (below zero): its log.
    #[arg(allow_negative_numbers = true)]
    call: Option<i64>,
    /// How many calls are listed, the newest first.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Whole numbers; without it their middle is hidden.
    #[arg(long)]
    full_numbers: bool,
}

pub async fn run(store: &impl Store, arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<()> {
    if let Some(call) = arguments.call {
        let events = store.call_events(CallId(call)).await?;
        anyhow::ensure!(!events.is_empty(), "no call {call} came in; `ringback inbound` lists those that did");
        for event in events {
            writeln!(out, "{} {} {}", event.at, event.kind, event.detail)?;
        }
        return Ok(());
    }
    let calls = store.inbound_calls(None, arguments.limit).await?;
    if calls.is_empty() {
        writeln!(out, "No call has come in. `lines` in the config says which numbers are answered.")?;
        return Ok(());
    }
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["call", "answered at", "number rung", "caller", "flow", "talked", "ended as", "audio"]);
    for call in calls {
        let shown = |number: &PhoneNumber| match arguments.full_numbers {
            true => number.full().to_string(),
            false => number.to_string(),
        };
        let mut caller = call.caller.number.as_ref().map_or_else(|| "withheld".to_string(), shown);
        caller += match call.caller.verstat {
            Some(Verstat::Passed) => ", verified",
            Some(Verstat::Failed) => ", found false",
            Some(Verstat::NotVerified) => ", not verified",
            None => "",
        };
        if let Some(first) = &call.caller.diverted_from {
            caller += &format!(", sent on by {}", shown(first));
        }
        let (talked, ended) = match call.ended {
            Some(end) => (format!("{} s", end.talk_ms / 1000), end.disposition.to_string()),
            None => (String::new(), "is up".to_string()),
        };
        let audio = call.quality.map(|quality| quality.to_string()).unwrap_or_default();
        let at = call.answered_at.to_string();
        table.add_row([call.id.to_string(), at, call.did, caller, call.flow, talked, ended, audio]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}
