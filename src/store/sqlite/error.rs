//! What SQLite says → what the caller can do about it.

use super::super::StoreError;

impl From<sqlx::Error> for StoreError {
    fn from(e: sqlx::Error) -> StoreError {
        let sqlx::Error::Database(db) = &e else {
            return StoreError::Unavailable(e.to_string());
        };
        of(db.code().and_then(|c| c.parse::<u32>().ok()).unwrap_or(0), db.message())
    }
}

/// By an extended result code, and SQLite's own words.
pub(super) fn of(code: u32, said: &str) -> StoreError {
    // The low byte is the class, 787 a foreign key without its row.
    match (code & 0xff, code) {
        (19, 787) => StoreError::NotFound("a row that this write names".into()),
        (19, _) => StoreError::Conflict(said.into()),
        (5 | 6, _) => StoreError::Unavailable("another process holds the database locked".into()),
        (13, _) => StoreError::Unavailable("the disk is full".into()),
        (8, _) => StoreError::Unavailable("the database file cannot be written: read-only".into()),
        (10, _) => StoreError::Unavailable(format!("the disk does not work: {said}")),
        (11 | 26, _) => StoreError::Unavailable(format!("the file is damaged or is no database: {said}")),
        (14, _) => StoreError::Unavailable("the file cannot be opened; is its folder there and writable?".into()),
        _ => StoreError::Unavailable(said.into()),
    }
}
