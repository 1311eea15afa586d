//! Batches: what was imported when, and taking one back.

use std::io::Write;

use anyhow::Context;
use comfy_table::{Table, presets};

use crate::books::{ImportBatch, Kept, RejectCode, Undone};
use crate::id::ImportBatchId;
use crate::store::Store;
use crate::time::Wall;

/// Oldest first, with the kinds of its rejects.
pub async fn list(store: &impl Store, out: &mut impl Write) -> anyhow::Result<()> {
    let batches = store.imports().await?;
    if batches.is_empty() {
        writeln!(out, "nothing has been imported")?;
        return Ok(());
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header([
        "batch",
        "at",
        "file",
        "sha-256",
        "lines",
        "added",
        "changed",
        "as they were",
        "rejected",
        "state",
    ]);
    for batch in &batches {
        let ImportBatch { id, of, at, counts, .. } = batch;
        let numbers =
            [counts.lines, counts.added, counts.changed, counts.unchanged, counts.rejected].map(|n| n.to_string());
        let [lines, added, changed, unchanged, rejected] = numbers;
        let (at, sha256) = (at.timestamp().to_string(), of.sha256.chars().take(12).collect());
        table.add_row([
            id.to_string(),
            at,
            of.file.clone(),
            sha256,
            lines,
            added,
            changed,
            unchanged,
            rejected,
            state(batch),
        ]);
    }
    writeln!(out, "{table}")?;
    for batch in batches.iter().filter(|b| b.counts.rejected > 0) {
        let kinds = store.import_reject_kinds(batch.id).await?;
        let kind = |(code, count): &(RejectCode, u64)| format!("{count} × {}", code.why());
        writeln!(out, "batch {}: {}", batch.id, kinds.iter().map(kind).collect::<Vec<_>>().join(", "))?;
    }
    Ok(())
}

fn state(batch: &ImportBatch) -> String {
    match (batch.undone_at, batch.finished_at) {
        (Some(at), _) => format!("taken back {}", at.timestamp()),
        (None, Some(_)) => "in the books".into(),
        (None, None) => "broke off".into(),
    }
}

pub async fn undo(store: &impl Store, batch: i64, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    let undone = store
        .undo_import(ImportBatchId(batch), now)
        .await
        .with_context(|| format!("batch {batch} is not taken back; `ringback import list` shows the batches"))?;
    let Undone { deleted, withdrawn, restored, kept, kept_first } = &undone;
    writeln!(
        out,
        "batch {batch} is taken back: {deleted} contacts deleted, {withdrawn} withdrawn from their campaigns, {restored} as they were \
         before"
    )?;
    for (why, count) in kept {
        writeln!(out, "  {count} stay: {}", reason(*why))?;
    }
    for (contact, why) in kept_first {
        writeln!(out, "  {contact}: {}", reason(*why))?;
    }
    let shown = kept_first.len() as u64;
    let all: u64 = kept.values().sum();
    if all > shown {
        writeln!(out, "  … and {} more", all - shown)?;
    }
    Ok(())
}

fn reason(why: Kept) -> &'static str {
    match why {
        Kept::Attempted => "an attempt has been made to them since",
        Kept::Paid => "something has been paid since",
        Kept::ImportedSince => "a later batch has changed them",
    }
}
