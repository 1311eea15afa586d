//! Imports of which all was wanted, or nothing, and that broke off: their process was killed. What they left goes.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::config::Config;
use crate::store::Store;
use crate::time::Wall;

/// While it is held nobody else imports into this database. The system gives it up with its process, however that ends.
#[derive(Debug)]
pub struct Alone {
    _file: File,
}

/// `None`: somebody else imports.
pub fn alone(database: &Path) -> anyhow::Result<Option<Alone>> {
    let mut name = database.as_os_str().to_os_string();
    name.push(".import-lock");
    let shown = name.display().to_string();
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.with_context(|| format!("{shown} cannot be written"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Alone { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(e).with_context(|| format!("{shown} cannot be locked")),
    }
}

/// Of who is [`alone`]: then what is not finished has nobody who goes on with it.
pub async fn take_back(store: &impl Store, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    for batch in store.imports().await?.into_iter().filter(|batch| batch.broke_off_whole()) {
        let file = &batch.of.file;
        writeln!(out, "the import of {file} broke off, and all or nothing was wanted: what it left is taken back")?;
        super::batches::undo(store, batch.id.0, now, out).await?;
    }
    Ok(())
}

/// Before somebody dials: unless an import is under way, whose contacts wait for its end.
pub async fn mend(config: &Config, store: &impl Store, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    match alone(&config.database)? {
        Some(_alone) => take_back(store, now, out).await,
        None => Ok(()),
    }
}
