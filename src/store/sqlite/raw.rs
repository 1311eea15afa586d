//! SQLite's own functions, called on the thread that writes: a statement costs a few microseconds there, where handing it to
//! another thread and waiting for the answer costs tens. The only `unsafe` of this folder.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_int};
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{NonNull, null_mut};
use std::str::FromStr;

use libsqlite3_sys as ffi;

use super::super::{Result, StoreError};
use super::{SqliteOptions, error};

/// A connection, used by one thread at a time.
pub(super) struct Connection {
    db: NonNull<ffi::sqlite3>,
    /// Compiled once each, by their text.
    statements: HashMap<&'static str, NonNull<ffi::sqlite3_stmt>>,
}

// SAFETY: SQLite lets a connection be used by any thread, one at a time (it is compiled with SQLITE_THREADSAFE ≥ 1), and every
// method here takes `&mut self`.
unsafe impl Send for Connection {}

/// What stands for a `?n` (not `$n`, which is a name to SQLite and counted as it comes).
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
}

impl From<i64> for Value<'_> {
    fn from(n: i64) -> Self {
        Value::Integer(n)
    }
}

impl From<u32> for Value<'_> {
    fn from(n: u32) -> Self {
        Value::Integer(i64::from(n))
    }
}

impl From<bool> for Value<'_> {
    fn from(b: bool) -> Self {
        Value::Integer(i64::from(b))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// The row that a statement stands at.
pub(super) struct Row<'a>(&'a NonNull<ffi::sqlite3_stmt>);

impl Row<'_> {
    /// A column that is never NULL.
    pub fn integer(&self, column: c_int) -> i64 {
        // SAFETY: the statement stands at a row; a column that is not there reads as NULL, which is 0.
        unsafe { ffi::sqlite3_column_int64(self.0.as_ptr(), column) }
    }

    pub fn integer_or_null(&self, column: c_int) -> Option<i64> {
        // SAFETY: as above.
        let kind = unsafe { ffi::sqlite3_column_type(self.0.as_ptr(), column) };
        (kind != ffi::SQLITE_NULL).then(|| self.integer(column))
    }

    /// A text column; empty where it is NULL.
    pub fn text(&self, column: c_int) -> Result<&str> {
        // SAFETY: the statement stands at a row; the text is read with its length, and lives until something else is asked of the
        // statement, which this borrow of it does not outlive.
        let text = unsafe {
            let text = ffi::sqlite3_column_text(self.0.as_ptr(), column);
            let length = ffi::sqlite3_column_bytes(self.0.as_ptr(), column);
            match text.is_null() {
                true => &[][..],
                false => std::slice::from_raw_parts(text, usize::try_from(length).unwrap_or(0)),
            }
        };
        std::str::from_utf8(text).map_err(|e| damaged(column, e))
    }

    pub fn text_or_null(&self, column: c_int) -> Result<Option<&str>> {
        // SAFETY: as above.
        let kind = unsafe { ffi::sqlite3_column_type(self.0.as_ptr(), column) };
        if kind == ffi::SQLITE_NULL { Ok(None) } else { self.text(column).map(Some) }
    }

    /// A text column that holds a word.
    pub fn word<T: FromStr<Err: Display>>(&self, column: c_int) -> Result<T> {
        self.text(column)?.parse().map_err(|e: T::Err| damaged(column, e))
    }
}

pub(super) fn damaged(column: c_int, why: impl Display) -> StoreError {
    StoreError::Unavailable(format!("column {column} of a row cannot be read: {why}"))
}

impl Connection {
    /// The file must be there, with its schema.
    pub fn open(path: &Path, chosen: &SqliteOptions) -> Result<Connection> {
        let name = CString::new(path.as_os_str().as_bytes())
            .map_err(|_| StoreError::Unavailable("the file's name has a zero byte in it".into()))?;
        let mut db = null_mut();
        // SAFETY: the name lives through the call; SQLite fills `db` unless it has no memory.
        let code =
            unsafe { ffi::sqlite3_open_v2(name.as_ptr(), &mut db, ffi::SQLITE_OPEN_READWRITE, std::ptr::null()) };
        let db = NonNull::new(db).ok_or_else(|| StoreError::Unavailable("no memory for the database".into()))?;
        // Closes what was opened, also on an error below.
        let connection = Connection { db, statements: HashMap::new() };
        connection.check(code)?;
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_extended_result_codes(db.as_ptr(), 1) };
        let milliseconds = c_int::try_from(chosen.busy_timeout.as_millis()).unwrap_or(c_int::MAX);
        // SAFETY: the connection is open.
        connection.check(unsafe { ffi::sqlite3_busy_timeout(db.as_ptr(), milliseconds) })?;
        let mut settings =
            String::from("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");
        if let Some(pages) = chosen.pages_max {
            settings += &format!("PRAGMA max_page_count = {pages};");
        }
        let settings = CString::new(settings).expect("no zero byte in it");
        // SAFETY: the text lives through the call; no callback, no message wanted.
        let code = unsafe { ffi::sqlite3_exec(db.as_ptr(), settings.as_ptr(), None, null_mut(), null_mut()) };
        connection.check(code)?;
        Ok(connection)
    }

    /// Keeps so much of the database in memory, for work that touches all of its indexes.
    pub fn cache_kb(&mut self, kb: u32) -> Result<()> {
        let setting = CString::new(format!("PRAGMA cache_size = -{kb}")).expect("no zero byte in it");
        // SAFETY: the text lives through the call; no callback, no message wanted.
        let code = unsafe { ffi::sqlite3_exec(self.db.as_ptr(), setting.as_ptr(), None, null_mut(), null_mut()) };
        self.check(code)
    }

    /// The id of the row inserted last, by a statement and not by a trigger.
    pub fn last_id(&self) -> i64 {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_last_insert_rowid(self.db.as_ptr()) }
    }

    /// Runs a statement; gives how many rows it changed.
    pub fn run(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        self.row(sql, values, |_| Ok(()))?;
        // SAFETY: the connection is open.
        Ok(u64::try_from(unsafe { ffi::sqlite3_changes(self.db.as_ptr()) }).unwrap_or(0))
    }

    /// Runs a statement; gives what is read of its first row, if it has one.
    pub fn row<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        read: impl FnOnce(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let (mut read, mut found) = (Some(read), None);
        self.rows(sql, values, |row| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Runs a statement to its end; `read` is called with each of its rows.
    pub fn rows(&mut self, sql: &'static str, values: &[Value], read: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        let statement = self.statement(sql)?;
        let done = self.step(statement, values, read);
        // SAFETY: the statement is ours; texts bound to it are not looked at after this. The error, if any, is known already.
        unsafe {
            ffi::sqlite3_reset(statement.as_ptr());
            ffi::sqlite3_clear_bindings(statement.as_ptr());
        }
        done
    }

    fn step(
        &self,
        statement: NonNull<ffi::sqlite3_stmt>,
        values: &[Value],
        mut read: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        for (at, value) in (1..).zip(values) {
            // SAFETY: the statement is compiled and reset; a text lives until the statement is reset, with the length named.
            let code = unsafe {
                match value {
                    Value::Null => ffi::sqlite3_bind_null(statement.as_ptr(), at),
                    Value::Integer(n) => ffi::sqlite3_bind_int64(statement.as_ptr(), at, *n),
                    Value::Text(text) => {
                        let length = c_int::try_from(text.len())
                            .map_err(|_| StoreError::Unavailable("a text is longer than 2 GB".into()))?;
                        ffi::sqlite3_bind_text(statement.as_ptr(), at, text.as_ptr().cast(), length, None)
                    }
                }
            };
            self.check(code)?;
        }
        loop {
            // SAFETY: the statement is compiled, its values are bound.
            match unsafe { ffi::sqlite3_step(statement.as_ptr()) } {
                ffi::SQLITE_DONE => return Ok(()),
                // To the end, so that all of its changes are made.
                ffi::SQLITE_ROW => read(&Row(&statement))?,
                code => return Err(self.error(code)),
            }
        }
    }

    fn statement(&mut self, sql: &'static str) -> Result<NonNull<ffi::sqlite3_stmt>> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(*statement);
        }
        let mut statement = null_mut();
        let length = c_int::try_from(sql.len()).expect("our own text");
        // SAFETY: the text lives through the call, with the length named.
        let code = unsafe {
            let flags = ffi::SQLITE_PREPARE_PERSISTENT as _;
            ffi::sqlite3_prepare_v3(self.db.as_ptr(), sql.as_ptr().cast(), length, flags, &mut statement, null_mut())
        };
        self.check(code)?;
        let statement = NonNull::new(statement).expect("our own texts are statements");
        self.statements.insert(sql, statement);
        Ok(statement)
    }

    fn check(&self, code: c_int) -> Result<()> {
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(self.error(code)) }
    }

    fn error(&self, code: c_int) -> StoreError {
        // SAFETY: SQLite's text is valid until the next call on this connection, and copied before.
        let said = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.db.as_ptr())) }.to_string_lossy();
        error::of(code.unsigned_abs(), &said)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the statements are ours and are not used again; the connection has no others.
        unsafe {
            for statement in self.statements.values() {
                ffi::sqlite3_finalize(statement.as_ptr());
            }
            ffi::sqlite3_close(self.db.as_ptr());
        }
    }
}
