//! The key of the list of those who are not to be called, and a list kept in clear moved over to hashes.

use sqlx::{Connection, SqliteConnection};

use super::super::{Result, StoreError};
use super::row;
use crate::books::SuppressionKey;
use crate::phone::PhoneNumber;

/// The migrations have run. What they left in clear is gone when this returns: all of it moved over, or none.
pub(super) async fn move_over(conn: &mut SqliteConnection) -> Result<SuppressionKey> {
    let found = sqlx::query("SELECT key FROM suppression_key").fetch_one(&mut *conn).await?;
    let key = SuppressionKey::from_hex(row::get(&found, 0)?)
        .ok_or_else(|| StoreError::Unavailable("the key in `suppression_key` cannot be read".into()))?;
    if !in_clear(conn).await? {
        return Ok(key);
    }
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    // Another process may have been quicker.
    if in_clear(&mut transaction).await? {
        let numbers = "SELECT number, reason, at FROM suppressed_number_in_clear";
        for r in &sqlx::query(numbers).fetch_all(&mut *transaction).await? {
            let number: PhoneNumber = row::word(r, 0)?;
            let sql = "INSERT INTO suppressed_number (hash, reason, at) VALUES ($1, $2, $3)";
            let query = sqlx::query(sql).bind(key.number(&number).full().to_string());
            let query = query.bind(row::get::<String>(r, 1)?).bind(row::get::<i64>(r, 2)?);
            query.execute(&mut *transaction).await?;
        }
        let released = "SELECT id, number, reason, since, why, at FROM released_number_in_clear";
        for r in &sqlx::query(released).fetch_all(&mut *transaction).await? {
            let number: PhoneNumber = row::word(r, 1)?;
            let sql = "INSERT INTO released_number (id, hash, reason, since, why, at) VALUES ($1, $2, $3, $4, $5, $6)";
            let query = sqlx::query(sql).bind(row::get::<i64>(r, 0)?).bind(key.number(&number).full().to_string());
            let query = query.bind(row::get::<String>(r, 2)?).bind(row::get::<i64>(r, 3)?);
            let query = query.bind(row::get::<String>(r, 4)?).bind(row::get::<i64>(r, 5)?);
            query.execute(&mut *transaction).await?;
        }
        for drop in ["DROP TABLE suppressed_number_in_clear", "DROP TABLE released_number_in_clear"] {
            sqlx::query(drop).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    // When others read, the rest of the log is overwritten by and by.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(conn).await?;
    Ok(key)
}

async fn in_clear(conn: &mut SqliteConnection) -> Result<bool> {
    let sql = "SELECT 1 FROM sqlite_master WHERE name = 'suppressed_number_in_clear'";
    Ok(sqlx::query(sql).fetch_optional(conn).await?.is_some())
}
