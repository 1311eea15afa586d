//! What the demo leaves to look at: transcripts beside the WAVs as the clients heard them, and the messages sent.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;

use super::stage::{Seen, write};
use crate::books::{Attempt, CallEvent, OutboxState};
use crate::id::{AttemptId, CallId, ContactId};
use crate::outcome::Channel;
use crate::store::Store;

const PAGE: u32 = 5_000;
/// Printed lines of promises, messages and worklist entries each.
const SHOWN_MAX: usize = 5;

/// SMS, e-mails and the human worklist: counts, and the first few.
pub(super) async fn messages(store: &impl Store, dir: &Path) -> anyhow::Result<()> {
    let outbox = store.outbox().await?;
    for channel in [Channel::Sms, Channel::Email] {
        let of: Vec<_> = outbox.iter().filter(|m| m.channel == channel).collect();
        let sent = of.iter().filter(|m| m.state == OutboxState::Sent).count();
        println!("{channel}: {} written, {sent} sent", of.len());
        for message in of.iter().take(2) {
            println!("    {}", message.subject.as_deref().unwrap_or(&message.body));
        }
    }
    let worklist = store.worklist().await?;
    println!("human worklist: {} contacts", worklist.len());
    let names = names(store).await?;
    for entry in worklist.iter().take(SHOWN_MAX) {
        println!("    {} in queue {}: {}", names[&entry.contact].0, entry.queue, entry.reason);
    }
    println!("    as received by the demo's servers: {0}/mail, {0}/sms.jsonl\n", dir.display());
    Ok(())
}

/// Writes `calls/*.txt` for the calls that were recorded; returns what to tell the reader.
pub(super) async fn calls(store: &impl Store, dir: &Path, seen: &Seen, print: bool) -> anyhow::Result<String> {
    let calls_dir = dir.join("calls");
    std::fs::create_dir_all(&calls_dir).with_context(|| format!("cannot make {}", calls_dir.display()))?;
    let attempts = dialled(store).await?;
    let names = names(store).await?;
    let mut shown: Vec<String> = Vec::new();
    for (contact, theirs) in &attempts {
        let (external_id, numbers) = &names[contact];
        // The n-th call that a contact's numbers received is the n-th attempt that was dialled.
        let mut received: Vec<_> = seen.calls.iter().filter(|c| numbers.contains(&c.number)).collect();
        received.sort_by_key(|c| c.call);
        for (attempt, call) in theirs.iter().zip(received) {
            let Some(wav) = call.wav.as_deref() else { continue };
            let outcome = attempt.outcome.as_ref().map_or("unknown", |o| o.disposition.as_str());
            let name = format!("{external_id}-{}-{outcome}", attempt.plan.try_number);
            let events = store.call_events(CallId::of(attempt.id)).await?;
            let transcript = transcript(attempt, &events);
            write(&calls_dir.join(format!("{name}.txt")), &transcript)?;
            std::fs::rename(dir.join("heard").join(wav), calls_dir.join(format!("{name}.wav")))
                .with_context(|| format!("the recording {wav}"))?;
            if print {
                println!("── {}\n{transcript}", calls_dir.join(format!("{name}.wav")).display());
            }
            shown.push(name);
        }
    }
    let mut text =
        format!("  {}: {} calls as the clients heard them, with transcripts\n", calls_dir.display(), shown.len());
    for name in shown.iter().filter(|n| n.ends_with("promised")).take(3) {
        let _ = writeln!(text, "    {}/{name}.wav", calls_dir.display());
    }
    Ok(text)
}

/// The creditor's own key of each contact, and its numbers.
pub(super) async fn names(store: &impl Store) -> anyhow::Result<BTreeMap<ContactId, (String, Vec<String>)>> {
    let mut names = BTreeMap::new();
    let mut after = ContactId(0);
    loop {
        let page = store.contacts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(names) };
        after = last.id;
        for contact in page {
            let numbers = contact.phones.iter().map(|p| p.number.full().to_string()).collect();
            names.insert(contact.id, (contact.external_id, numbers));
        }
    }
}

/// The calls that were dialled, by contact, in order of time.
pub(super) async fn dialled(store: &impl Store) -> anyhow::Result<BTreeMap<ContactId, Vec<Attempt>>> {
    let mut found: BTreeMap<ContactId, Vec<Attempt>> = BTreeMap::new();
    let mut after = AttemptId(0);
    loop {
        let page = store.attempts(None, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for attempt in page {
            if attempt.channel == Channel::Voice && attempt.live_at.is_some() {
                found.entry(attempt.contact).or_default().push(attempt);
            }
        }
    }
    for attempts in found.values_mut() {
        attempts.sort_by_key(|a| a.live_at);
    }
    Ok(found)
}

/// `mm:ss.t  kind  words`, from the answer on.
fn transcript(attempt: &Attempt, events: &[CallEvent]) -> String {
    let mut text = String::new();
    let began = events.iter().find(|e| e.kind == "answered").or(events.first()).map(|e| e.at);
    for event in events {
        let since = began.map_or(0.0, |at| event.at.since(at).as_secs_f64());
        let minutes = (since / 60.0) as u64;
        let seconds = since - 60.0 * minutes as f64;
        let _ = writeln!(text, "{minutes:02}:{seconds:04.1}  {:<12} {}", event.kind, event.detail);
    }
    if let Some(outcome) = &attempt.outcome {
        let _ = writeln!(text, "         ended: {}", outcome.disposition);
    }
    text
}
