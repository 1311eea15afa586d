//! Everything about one person in one file: tables as JSON and CSV, recordings and letters as they are, and what each of them is.

use std::io::{Read, Seek, Write};
use std::path::Path;

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::erase::{EraseError, nobody};
use super::files::{Files, Folders};
use super::inbound;
use crate::books::{CallEvent, History, InboundCall, Ledger, LedgerPlace, OutboxMessage, Whom};
use crate::id::{CallId, ContactId};
use crate::report::Names;
use crate::report::csv;
use crate::report::export::{Cell, Rows};
use crate::store::Store;
use crate::time::Wall;

/// What was written.
#[derive(Debug)]
pub struct Exported {
    /// Keys of the person's contacts.
    pub contacts: Vec<String>,
    /// Names of the files in the archive, in their order.
    pub files: Vec<String>,
    /// Calls that came in from a number that other people have, too: left out, since they may be theirs.
    pub shared_inbound: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{0}")]
    Nobody(String),
    #[error("the archive cannot be written: {0}")]
    Archive(#[from] zip::result::ZipError),
    #[error("{0}")]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

impl From<EraseError> for ExportError {
    fn from(e: EraseError) -> ExportError {
        ExportError::Nobody(e.to_string())
    }
}

/// Of one person, all contacts together.
#[derive(Default)]
struct Collected {
    ledgers: Vec<Ledger>,
    histories: Vec<History>,
    numbers: Vec<Value>,
    earlier: Vec<Value>,
    logs: Vec<Value>,
    calls: Vec<CallId>,
}

/// Files of the archive and what each holds. Recordings and letters follow by their names.
const ABOUT: [(&str, &str); 12] = [
    ("contacts", "Who you are to whom: name, language, address, whose customer, what is owed. A row for each debt."),
    ("attempts", "Each time you were called or written to, or were to be: when, by which means, and how it ended."),
    ("promises", "What you promised to pay, and what became of it. A row for each part."),
    ("payments", "What was booked as paid by you."),
    ("numbers", "Your telephone numbers, and whether they are still listed and in use."),
    ("call_log", "What was said to you and pressed by you in each call, line by line."),
    ("messages", "SMS, e-mails and letters to you, with their texts."),
    ("visits", "What came of the visits to you."),
    ("decisions", "What the rules of contact decided each time about calling or writing to you."),
    ("tasks", "What was given to a human to do about you, and why you are no longer contacted in a campaign."),
    ("earlier_values", "What was noted about you before a later list of the creditor replaced it."),
    ("inbound_calls", "Calls from your numbers to us."),
];

/// Writes the archive. It has whole numbers and all texts, and is nobody's but the person's.
///
/// # Errors
/// Nobody is called so; a file cannot be read or written; the books cannot be read.
pub async fn export(
    store: &impl Store,
    folders: &Folders,
    whom: &Whom,
    now: Wall,
    to: &mut (impl Write + Seek),
) -> Result<Exported, ExportError> {
    let keepings = store.keepings(whom).await?;
    if keepings.is_empty() {
        return Err(ExportError::Nobody(nobody(whom)));
    }
    let files = folders.look()?;
    let mut names = Names::default();
    for campaign in store.campaigns().await? {
        let flows = campaign.flows.iter().chain(&campaign.earlier_flows);
        names.flows.extend(flows.map(|f| (f.hash.clone(), f.to_string())));
        names.campaigns.insert(campaign.id, campaign.name);
    }
    let mut all = Collected::default();
    for keeping in &keepings {
        let history = store.history(&keeping.external_id).await?;
        all.ledgers.extend(store.ledgers(None, &LedgerPlace::before(&history.standing.contact), 1).await?);
        let key = &keeping.external_id;
        for number in &keeping.numbers {
            let phone = history.standing.contact.phones.iter().find(|p| p.number == *number);
            let suppressed = store.suppressed_number(number).await?.is_some()
                || phone.is_some_and(|p| history.standing.suppressions.iter().any(|s| s.phone == Some(p.id)));
            all.numbers.push(json!({
                "contact_id": key, "number": number.full(), "listed": phone.is_some(),
                "state": phone.map(|p| p.state.as_str()), "not_to_be_called": suppressed,
            }));
        }
        for earlier in store.earlier(keeping.contact).await? {
            let values: Value = serde_json::from_str(&earlier.values).unwrap_or(Value::String(earlier.values));
            all.earlier.push(json!({ "contact_id": key, "import": earlier.batch.0, "values": values }));
        }
        for attempt in history.attempts.iter().filter(|attempt| attempt.live_at.is_some()) {
            let call = CallId::of(attempt.id);
            all.calls.push(call);
            all.logs.extend(store.call_events(call).await?.iter().map(event));
        }
        all.histories.push(history);
    }
    let ids: Vec<ContactId> = keepings.iter().map(|keeping| keeping.contact).collect();
    let of = store.inbound_of(&ids).await?;
    let came_in = inbound::calls(store, Some(&of.theirs)).await?;
    for call in came_in.keys() {
        all.calls.push(*call);
        all.logs.extend(store.call_events(*call).await?.iter().map(event));
    }
    let contacts = keepings.iter().map(|keeping| keeping.external_id.clone()).collect();
    let files = write(&all, &came_in.into_values().collect::<Vec<_>>(), of.shared, &names, &files, now, to)?;
    Ok(Exported { contacts, files, shared_inbound: of.shared })
}

struct Archive<W: Write + Seek> {
    zip: zip::ZipWriter<W>,
    names: Vec<String>,
}

impl<W: Write + Seek> Archive<W> {
    /// Stored as it is: audio hardly shrinks, and every program can read it.
    fn begin(&mut self, name: String) -> Result<(), ExportError> {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        self.zip.start_file(&name, options)?;
        self.names.push(name);
        Ok(())
    }

    fn text(&mut self, name: String, text: &str) -> Result<(), ExportError> {
        self.begin(name)?;
        Ok(self.zip.write_all(text.as_bytes())?)
    }

    fn json(&mut self, name: &str, value: &Value) -> Result<(), ExportError> {
        let text = serde_json::to_string_pretty(value).expect("texts and numbers can be written as JSON");
        self.text(format!("{name}.json"), &text)
    }

    fn file(&mut self, name: String, path: &Path) -> Result<(), ExportError> {
        let of = |e: std::io::Error| std::io::Error::new(e.kind(), format!("{}: {e}", path.display()));
        let mut file = std::fs::File::open(path).map_err(of)?;
        self.begin(name)?;
        let mut piece = vec![0; 64 * 1024];
        loop {
            match file.read(&mut piece).map_err(of)? {
                0 => return Ok(()),
                n => self.zip.write_all(&piece[..n])?,
            }
        }
    }
}

fn write(
    all: &Collected,
    came_in: &[InboundCall],
    shared: u64,
    names: &Names,
    files: &Files,
    now: Wall,
    to: &mut (impl Write + Seek),
) -> Result<Vec<String>, ExportError> {
    let mut archive = Archive { zip: zip::ZipWriter::new(to), names: Vec::new() };
    archive.text("README.txt".into(), &readme(shared, now))?;
    for rows in tables() {
        let (json, csv) = table(rows, &all.ledgers, names, now);
        archive.json(rows.as_str(), &json)?;
        archive.text(format!("{rows}.csv"), &csv)?;
    }
    archive.json("numbers", &json!(all.numbers))?;
    archive.json("call_log", &json!(all.logs))?;
    let histories = || all.histories.iter();
    archive.json("messages", &histories().flat_map(|h| &h.outbox).map(message).collect())?;
    let visits = histories().flat_map(|h| &h.visits).map(|v| {
        json!({
            "attempt": v.attempt.0, "visited_at": v.visited_at.to_string(), "outcome": v.outcome.as_str(), "note": v.note,
            "at": v.at.to_string(),
        })
    });
    archive.json("visits", &visits.collect())?;
    let decisions = histories().flat_map(|h| &h.rulings).map(|r| {
        json!({
            "attempt": r.attempt.0, "at": r.at.to_string(), "verdict": r.verdict.as_str(), "reason": r.reason,
            "made_by": r.made_by, "until": r.until.map(|at| at.to_string()), "policy": r.policy,
        })
    });
    archive.json("decisions", &decisions.collect())?;
    archive.json(
        "tasks",
        &json!({
            "tasks": histories().flat_map(|h| &h.worklist).map(|w| json!({
                "attempt": w.attempt.0, "queue": w.queue, "reason": w.reason, "at": w.at.to_string(),
            })).collect::<Vec<_>>(),
            "closed": histories().flat_map(|h| h.closed.iter().map(|(campaign, close)| json!({
                "contact_id": h.standing.contact.external_id, "campaign": names.campaign(*campaign),
                "reason": close.reason, "why": close.why,
            }))).collect::<Vec<_>>(),
            "not_to_be_contacted": histories().flat_map(|h| &h.standing.suppressions).map(|s| json!({
                "scope": s.scope.as_str(), "reason": s.reason.as_str(), "at": s.at.to_string(),
            })).collect::<Vec<_>>(),
        }),
    )?;
    archive.json("earlier_values", &json!(all.earlier))?;
    archive.json("inbound_calls", &came_in.iter().map(inbound_call).collect())?;
    for call in &all.calls {
        for path in files.recordings.get(call).into_iter().flatten() {
            archive.file(format!("recordings/{}", name_of(path)), path)?;
        }
    }
    for message in histories().flat_map(|h| &h.outbox) {
        for path in files.letters.get(&message.id).into_iter().flatten() {
            archive.file(format!("letters/{}", name_of(path)), path)?;
        }
    }
    archive.zip.finish()?;
    Ok(archive.names)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn readme(shared: u64, now: Wall) -> String {
    let mut text = format!(
        "Everything that is kept about one person, as of {now}.\n\
         Times are in UTC. Amounts in CSV are in the currency's major unit, in JSON in its hundredths. CSV holds the same as the JSON \
         beside it.\n\n"
    );
    for (name, about) in ABOUT {
        text += &format!("{name}.json: {about}\n");
    }
    text += "recordings/: sound of your calls, named by the call's number: -call is both sides (you on the left), -first the first \
             seconds, and a number a message you left.\n\
             letters/: letters as they were given to the printer.\n";
    if shared > 0 {
        text += &format!(
            "\nLeft out: {shared} calls to us from a number that other people have, too; they may be theirs.\n"
        );
    }
    text
}

/// Those that `ringback export` has of each contact; rulings are `decisions` here.
fn tables() -> impl Iterator<Item = Rows> {
    Rows::ALL.iter().copied().filter(|rows| *rows != Rows::Rulings)
}

/// The columns of `ringback export --full`.
fn table(rows: Rows, ledgers: &[Ledger], names: &Names, now: Wall) -> (Value, String) {
    let columns = rows.columns();
    let (mut json, mut csv_text) = (Vec::new(), rows.header());
    for cells in ledgers.iter().flat_map(|ledger| rows.rows(ledger, names, true, now)) {
        let values = columns.iter().zip(&cells).map(|((name, _), cell)| ((*name).to_string(), value(cell)));
        json.push(Value::Object(values.collect()));
        let cells: Vec<String> = cells.iter().map(Cell::csv).collect();
        csv_text += &csv::line(cells.iter().map(String::as_str));
    }
    (Value::Array(json), csv_text)
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::None => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Integer(n) | Cell::Amount(n) => json!(n),
        Cell::Instant(at) => json!(at.to_string()),
        Cell::Date(day) => json!(day.to_string()),
        Cell::Bool(b) => json!(b),
    }
}

fn event(event: &CallEvent) -> Value {
    json!({ "call": event.call.0, "at": event.at.to_string(), "kind": event.kind, "detail": event.detail })
}

fn message(message: &OutboxMessage) -> Value {
    json!({
        "message": message.id.0, "attempt": message.attempt.0, "channel": message.channel.as_str(), "to": message.to,
        "subject": message.subject, "body": message.body, "state": message.state.as_str(),
    })
}

fn inbound_call(call: &InboundCall) -> Value {
    json!({
        "call": call.id.0, "did": call.did, "caller": call.caller.number.as_ref().map(|n| n.full()),
        "diverted_from": call.caller.diverted_from.as_ref().map(|n| n.full()), "flow": call.flow,
        "answered_at": call.answered_at.to_string(), "ended_at": call.ended.map(|end| end.at.to_string()),
        "disposition": call.ended.map(|end| end.disposition.as_str()), "talk_ms": call.ended.map(|end| end.talk_ms),
    })
}
