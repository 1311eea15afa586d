//! The connection that writes campaigns, claims and payments, and its transactions.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use sqlx::SqliteConnection;

use super::super::Result;
use super::Counting;

#[derive(Debug)]
pub(super) struct Writer {
    conn: SqliteConnection,
    counters: Arc<Counting>,
    /// A caller may be dropped in the middle; the next one rolls back what it left.
    in_transaction: bool,
}

impl Writer {
    pub fn new(conn: SqliteConnection, counters: Arc<Counting>) -> Writer {
        Writer { conn, counters, in_transaction: false }
    }

    /// A transaction is open, or was left open.
    pub fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// For one statement, which is counted.
    pub fn conn(&mut self) -> &mut SqliteConnection {
        self.counters.statements.fetch_add(1, Relaxed);
        &mut self.conn
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
                self.counters.transactions.fetch_add(1, Relaxed);
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
        sqlx::query(statement).execute(self.conn()).await?;
        Ok(())
    }
}
