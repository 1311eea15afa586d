//! `ringback person`: everything about one person, erased or handed out.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::books::Whom;
use crate::keeping::{self, Folders};
use crate::store::Store;
use crate::time::Wall;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Erase all about one person, but what a law holds: that is told with its last day, and deleted by the purge of the day after. The
    /// person is not contacted again, also when they are imported again. Not while a call with them is up.
    Erase {
        #[command(flatten)]
        who: Who,
        /// Only tell what would be erased and what would be kept.
        #[arg(long)]
        dry_run: bool,
    },
    /// Write all about one person into one ZIP: tables as JSON and CSV, recordings, letters, and what each of them is.
    Export {
        #[command(flatten)]
        who: Who,
        /// The file; it must not be there yet, and its folder must.
        #[arg(long, value_name = "FILE")]
        zip: PathBuf,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct Who {
    /// The creditor's own key, `contact_id` in the CSV. With it go all contacts that have the same `person_id`.
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    /// `person_id` in the CSV.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
}

impl Who {
    fn whom(&self) -> Whom {
        match (&self.contact, &self.person) {
            (Some(contact), _) => Whom::Contact(contact.clone()),
            (None, person) => Whom::Person(person.clone().expect("one of the two is required")),
        }
    }
}

pub async fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let (config, store, clock) = super::open(config).await?;
    let folders = super::folders(&config);
    let (now, out) = (clock.now().wall, &mut std::io::stdout());
    match command {
        Command::Erase { who, dry_run } => {
            let erasure = keeping::erase(&*store, &folders, &who.whom(), now, *dry_run).await?;
            write!(out, "{erasure}")?;
        }
        Command::Export { who, zip } => export(&*store, &folders, &who.whom(), zip, now, out).await?,
    }
    Ok(())
}

async fn export(
    store: &impl Store,
    folders: &Folders,
    whom: &Whom,
    zip: &Path,
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let shown = zip.display();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    // For its owner alone: it holds everything about somebody.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(zip).with_context(|| format!("{shown} cannot be made; name a new file"))?;
    match keeping::export(store, folders, whom, now, &mut file).await {
        Ok(done) => {
            file.sync_all().with_context(|| format!("{shown} cannot be written"))?;
            writeln!(out, "{shown}: {} files about contacts {}", done.files.len(), done.contacts.join(", "))?;
            if done.shared_inbound > 0 {
                let n = done.shared_inbound;
                writeln!(out, "left out: {n} calls that came in from a number that other people have, too")?;
            }
            Ok(())
        }
        Err(e) => {
            // Half an archive is taken for a whole one.
            let _ = std::fs::remove_file(zip);
            Err(e.into())
        }
    }
}
