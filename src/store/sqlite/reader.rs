//! Connections on which much is read: reports and exports, millions of rows. They call SQLite's own functions; sqlx copies every value
//! and hands every row to another thread, which takes four times as long.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::{Result, StoreError};
use super::SqliteOptions;
use super::raw::Connection;

/// Kept open for the next one that reads.
const IDLE_MAX: usize = 2;

pub(super) struct Readers {
    path: PathBuf,
    options: SqliteOptions,
    idle: Mutex<Vec<Connection>>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Readers {
    pub fn new(path: PathBuf, options: SqliteOptions) -> Readers {
        Readers { path, options, idle: Mutex::default() }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that `work` asks is of one moment. On a thread that may wait.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Readers>,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let readers = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let idle = readers.idle().pop();
            let mut connection = match idle {
                Some(connection) => connection,
                None => Connection::open(&readers.path, &readers.options)?,
            };
            connection.run("BEGIN", &[])?;
            // When it fails, the connection is closed, and its snapshot with it.
            let found = work(&mut connection)?;
            connection.run("COMMIT", &[])?;
            let mut idle = readers.idle();
            if idle.len() < IDLE_MAX {
                idle.push(connection);
            }
            Ok(found)
        });
        done.await.map_err(|e| StoreError::Unavailable(format!("the thread that reads broke off: {e}")))?
    }
}
