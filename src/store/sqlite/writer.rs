//! The one connection that writes, its transactions, and the task that lets groups share a commit.

use std::sync::Arc;

use sqlx::SqliteConnection;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::super::{Result, StoreError};
use crate::books::Write;

/// Groups in one commit: bounds how long the other writers wait.
const GROUPS_MAX: usize = 256;

#[derive(Debug)]
pub(super) struct Writer {
    pub conn: SqliteConnection,
    /// A caller may be dropped in the middle; the next one rolls back what it left.
    in_transaction: bool,
}

/// Writes that belong together, and whom to tell.
#[derive(Debug)]
pub(super) struct Group {
    pub writes: Vec<Write>,
    pub done: oneshot::Sender<Result<()>>,
}

impl Writer {
    pub fn new(conn: SqliteConnection) -> Writer {
        Writer { conn, in_transaction: false }
    }

    /// Takes the write lock at once: a lock taken halfway could be refused halfway.
    pub async fn begin(&mut self) -> Result<()> {
        if self.in_transaction {
            self.rollback().await;
        }
        self.in_transaction = true;
        self.run("BEGIN IMMEDIATE").await.inspect_err(|_| self.in_transaction = false)
    }

    /// On disk when it returns.
    pub async fn commit(&mut self) -> Result<()> {
        match self.run("COMMIT").await {
            Ok(()) => {
                self.in_transaction = false;
                Ok(())
            }
            Err(e) => {
                self.rollback().await;
                Err(e)
            }
        }
    }

    pub async fn rollback(&mut self) {
        // SQLite may have rolled back by itself (full disk); then this fails, and nothing is left to undo.
        let _ = self.run("ROLLBACK").await;
        self.in_transaction = false;
    }

    /// Commits what went well, takes back what did not.
    pub async fn end<T>(&mut self, result: Result<T>) -> Result<T> {
        match result {
            Ok(value) => self.commit().await.map(|()| value),
            Err(e) => {
                self.rollback().await;
                Err(e)
            }
        }
    }

    async fn run(&mut self, statement: &'static str) -> Result<()> {
        sqlx::query(statement).execute(&mut self.conn).await?;
        Ok(())
    }

    /// One transaction for all; each group stands or falls alone, unless the database itself fails.
    async fn apply_groups(&mut self, groups: &[Group]) -> Result<Vec<Result<()>>> {
        self.begin().await?;
        let mut results = Vec::with_capacity(groups.len());
        for group in groups {
            let result = self.apply_alone(&group.writes, groups.len() > 1).await;
            match result {
                Err(StoreError::Unavailable(_)) => return self.end(result.map(|()| Vec::new())).await,
                Err(_) if groups.len() == 1 => {
                    self.rollback().await;
                    return Ok(vec![result]);
                }
                Ok(()) | Err(_) => results.push(result),
            }
        }
        self.commit().await?;
        Ok(results)
    }

    async fn apply_alone(&mut self, writes: &[Write], among_others: bool) -> Result<()> {
        if !among_others {
            return self.apply(writes).await;
        }
        self.run("SAVEPOINT one_group").await?;
        let result = self.apply(writes).await;
        if matches!(result, Err(StoreError::Conflict(_) | StoreError::NotFound(_))) {
            self.run("ROLLBACK TO one_group").await?;
        }
        if !matches!(result, Err(StoreError::Unavailable(_))) {
            self.run("RELEASE one_group").await?;
        }
        result
    }
}

/// Takes what has gathered while the last commit was on its way to the disk, and commits it as one. Ends with the store.
pub(super) async fn commit_groups(writer: Arc<Mutex<Writer>>, mut queue: mpsc::Receiver<Group>) {
    let mut groups = Vec::new();
    while queue.recv_many(&mut groups, GROUPS_MAX).await > 0 {
        let mut writer = writer.lock().await;
        let results = writer.apply_groups(&groups).await;
        drop(writer);
        match results {
            Ok(results) => {
                for (group, result) in groups.drain(..).zip(results) {
                    // A caller that no longer waits does not take its write back.
                    let _ = group.done.send(result);
                }
            }
            Err(e) => groups.drain(..).for_each(|group| drop(group.done.send(Err(e.clone())))),
        }
    }
}
