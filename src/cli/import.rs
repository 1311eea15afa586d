//! `ringback import`: a file into the books; what was not taken goes into a file beside it, with the reasons. And batches: what was
//! imported when, and taking one back.

mod batches;
mod broken;
mod options;
mod rejects;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

pub use self::broken::mend;
use self::options::Command;
pub use self::options::{Arguments, Mode, Options};
pub use self::options::{Reading, beside};
pub use self::rejects::Rejects;
use crate::books::{ImportBatch, ImportCounts, ImportPart, ImportSummary, NewBatch, RejectCode};
use crate::id::ImportBatchId;
use crate::import::{Batch, Reject, Survey};
use crate::phone::NumberType;
use crate::store::Store;
use crate::time::Wall;

/// Lines in one transaction: long enough to be quick, short enough that dialling beside it hardly waits.
const PART_LINES: usize = 10_000;

/// Good lines are booked, others were not.
const SOME_REJECTED: u8 = 3;
/// Nothing is booked, since lines were rejected and all or nothing was wanted.
const ALL_REFUSED: u8 = 4;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// `None`: nothing was booked.
    pub batch: Option<ImportBatchId>,
    /// The batch that has brought the same file before.
    pub already: Option<ImportBatchId>,
    pub contacts: ImportSummary,
    pub lines_rejected: u64,
    /// What was found, in lines, booked or not.
    pub counts: ImportCounts,
}

impl Imported {
    /// 0: every line is in the books. 3: the good ones are. 4: none, since not all of them are good.
    pub fn exit(&self) -> u8 {
        match (self.lines_rejected, self.batch, self.already) {
            (0, ..) | (_, _, Some(_)) => 0,
            (_, Some(_), None) => SOME_REJECTED,
            (_, None, None) => ALL_REFUSED,
        }
    }
}

pub async fn command(config: &Path, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (command, options) = arguments.read()?;
    let (config, store, clock) = super::open(config).await?;
    let (now, out) = (clock.now().wall, &mut std::io::stdout());
    // Two at once would each take the other's for one that broke off.
    let _alone = match broken::alone(&config.database)? {
        Some(alone) => alone,
        None if matches!(command, Some(Command::List)) => return list(&*store, out).await,
        None => bail!("another import is under way in {}; wait for it to end", config.database.display()),
    };
    broken::take_back(&*store, now, out).await?;
    match (command, options) {
        (Some(Command::List), _) => return list(&*store, out).await,
        (Some(Command::Undo { batch }), _) => batches::undo(&*store, batch, now, out).await?,
        (None, Some(options)) => {
            let imported = run(&*store, &options, now, out).await?;
            let exit = match (options.mode, imported.exit()) {
                // Says what would have been.
                (Mode::DryRun, ALL_REFUSED) => SOME_REJECTED,
                (_, exit) => exit,
            };
            return Ok(ExitCode::from(exit));
        }
        (None, None) => bail!("name a file, or say `list` or `undo`"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(store: &impl Store, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    batches::list(store, out).await?;
    Ok(ExitCode::SUCCESS)
}

/// Imports the file and prints what came of it to `out`. An error leaves the lines before it in the books, in a batch that is not
/// finished; importing again changes nothing about them.
pub async fn run(store: &impl Store, options: &Options, now: Wall, out: &mut impl Write) -> anyhow::Result<Imported> {
    let file = options.source.path.display().to_string();
    let of = NewBatch {
        file: options.source.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: options.source.sha256().with_context(|| format!("{file} cannot be opened"))?,
        settings: settings(options),
        whole: options.mode == Mode::AllOrNothing,
    };
    if let Some(before) = already(store, &of).await?.filter(|_| !options.again) {
        let (id, at) = (before.id, before.at.timestamp());
        writeln!(
            out,
            "{file}: already imported as batch {id} at {at}; nothing is changed (--again takes it all the same)"
        )?;
        return Ok(Imported { already: Some(id), ..Imported::default() });
    }
    let mut run = Run::new(options, file.clone());
    if options.mode != Mode::GoodLines {
        // Every line is held against the books, and nothing is kept.
        let survey = run.survey()?;
        run.through(store, None, survey, now).await?;
        let refused = run.imported.lines_rejected > 0;
        if options.mode == Mode::DryRun || refused {
            let said = if options.mode == Mode::DryRun { "would be " } else { "NOTHING IS BOOKED; would have been: " };
            run.tell(store, said, out).await?;
            return Ok(run.imported);
        }
        run = Run::new(options, file.clone());
    }
    // A file without a header that can be read is no batch.
    let survey = run.survey()?;
    let batch = store.begin_import(&of, now).await.context("importing")?;
    run.imported.batch = Some(batch);
    let booked = run.through(store, Some(batch), survey, now).await;
    if of.whole && booked.is_err() {
        // What is left of it when this fails too goes with the next command that looks.
        store.undo_import(batch, now).await.context("taking back what was booked before the import failed")?;
    }
    booked?;
    if of.whole && run.imported.lines_rejected > 0 {
        // The books have moved between the look and the booking. Not finished, so that no campaign takes any of it meanwhile.
        store.undo_import(batch, now).await.context("taking the import back")?;
        run.imported.batch = None;
        run.tell(store, "TAKEN BACK, since the books have changed meanwhile; would have been: ", out).await?;
        return Ok(run.imported);
    }
    store.finish_import(batch, now).await.context("importing")?;
    run.tell(store, "", out).await?;
    Ok(run.imported)
}

/// A finished import of the same bytes, read the same way, that was not taken back.
async fn already(store: &impl Store, of: &NewBatch) -> anyhow::Result<Option<ImportBatch>> {
    let batches = store.imports().await?;
    let same = |b: &ImportBatch| b.of.sha256 == of.sha256 && b.of.settings == of.settings;
    Ok(batches.into_iter().rev().find(|b| same(b) && b.finished_at.is_some() && b.undone_at.is_none()))
}

/// Of all that decides how the bytes are read.
fn settings(options: &Options) -> String {
    let said = format!("{:?} {:?} {:?}", options.defaults, options.source.encoding, options.source.sheet);
    Sha256::digest(said).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One way through the file.
struct Run<'o> {
    options: &'o Options,
    file: String,
    rejects: Rejects,
    numbers: BTreeMap<NumberType, u64>,
    /// Columns kept as fields that look like a slip of the hand.
    meant: Vec<String>,
    /// Columns without a name, from 1, and on how many lines something stands there.
    nameless: Vec<(usize, u64)>,
    imported: Imported,
}

impl<'o> Run<'o> {
    fn new(options: &'o Options, file: String) -> Run<'o> {
        let (numbers, meant, nameless) = Default::default();
        let rejects = Rejects::new(options.rejects.clone());
        Run { options, file, rejects, numbers, meant, nameless, imported: Imported::default() }
    }

    fn survey(&self) -> anyhow::Result<Survey> {
        self.options.source.survey(&self.options.defaults).with_context(|| self.file.clone())
    }

    /// Without a batch, nothing is kept.
    async fn through(
        &mut self,
        store: &impl Store,
        batch: Option<ImportBatchId>,
        survey: Survey,
        now: Wall,
    ) -> anyhow::Result<()> {
        let Options { source, defaults, .. } = self.options;
        let mut lines = source.contacts(defaults.clone(), survey).with_context(|| self.file.clone())?;
        self.meant = options::meant(&lines.further_columns());
        while let Some(read) = lines.batch(PART_LINES).with_context(|| format!("{} cannot be read", self.file))? {
            let Batch { contacts: rows, lines: at, further, repeated, rejects: mut faults, lines_rejected: _ } = read;
            for number in rows.iter().flat_map(|row| &row.phones) {
                *self.numbers.entry(number.type_by_plan()).or_default() += 1;
            }
            let kept = faults.iter().map(Reject::kept).collect();
            let part = ImportPart { batch, rows, lines: at.clone(), further, repeated, rejects: kept };
            // Counted without the rows, which go to the store.
            let told = ImportPart { rejects: part.rejects.clone(), repeated, ..ImportPart::default() };
            let summary = match batch {
                Some(_) => store.import_part(part, now).await,
                None => store.try_import(part, now).await,
            };
            let summary = summary.context("importing")?;
            let counts = told.counts(&summary);
            faults.extend(summary.refused.iter().map(|(n, why)| Reject {
                line: at[*n],
                field: "currency".into(),
                value: String::new(),
                code: RejectCode::CurrencyOfBooks,
                why: why.clone(),
            }));
            self.rejects.write(faults)?;
            let all = &mut self.imported;
            all.contacts.added += summary.added;
            all.contacts.changed += summary.changed;
            all.contacts.unchanged += summary.unchanged;
            all.contacts.further += summary.further;
            all.lines_rejected += counts.rejected;
            all.counts.add(&counts);
        }
        self.nameless = lines.nameless().collect();
        Ok(())
    }

    async fn tell(&mut self, store: &impl Store, said: &str, out: &mut impl Write) -> anyhow::Result<()> {
        let ImportCounts { added, changed, unchanged, further, repeated, rejected, .. } = self.imported.counts;
        let file = &self.file;
        writeln!(
            out,
            "{file}: {said}{added} contacts added, {changed} changed, {unchanged} as they were, {rejected} lines rejected"
        )?;
        if further + repeated > 0 {
            writeln!(out, "  {further} further debts of contacts; {repeated} lines said again what was said before")?;
        }
        if !self.numbers.is_empty() {
            let kinds: Vec<String> = self.numbers.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
            writeln!(out, "  numbers by kind: {}", kinds.join(", "))?;
        }
        for meant in &self.meant {
            writeln!(out, "  {meant}")?;
        }
        for (column, lines) in &self.nameless {
            writeln!(
                out,
                "  column {column} has no name in the header, and something stands there on {lines} lines: it is not kept; give it a name"
            )?;
        }
        self.rejects.tell(out)?;
        if let Some(batch) = self.imported.batch {
            let shared = store.shared_numbers().await?;
            if shared > 0 {
                writeln!(out, "  {shared} numbers in the books are those of several contacts")?;
            }
            writeln!(out, "  This is batch {batch}; `ringback import undo {batch}` takes it back")?;
        }
        Ok(())
    }
}
