//! Lines of a call's log: as many as come together are one statement, since a call says a dozen things.

use std::sync::LazyLock;

use super::raw::Value;
use crate::books::{CallEvent, Write};

/// In one statement; SQLite compiles one for each number of lines, once.
const TOGETHER_MAX: usize = 32;

static OF_ATTEMPTS: LazyLock<Vec<String>> = LazyLock::new(|| inserts("call_event"));
static OF_CALLERS: LazyLock<Vec<String>> = LazyLock::new(|| inserts("inbound_call_event"));

/// For one line, for two, …
fn inserts(table: &str) -> Vec<String> {
    let row = |n: usize| format!("(?{}, ?{}, ?{}, ?{})", 4 * n + 1, 4 * n + 2, 4 * n + 3, 4 * n + 4);
    let rows = |count: usize| (0..count).map(row).collect::<Vec<_>>().join(", ");
    (1..=TOGETHER_MAX)
        .map(|count| format!("INSERT INTO {table} (call, at, kind, detail) VALUES {}", rows(count)))
        .collect()
}

/// Lines of one table, and the statement that appends them.
pub(super) struct Lines<'w> {
    pub sql: &'static str,
    pub values: Vec<Value<'w>>,
    pub count: usize,
}

/// `first` and the lines of its table that follow it at once.
pub(super) fn together<'w>(first: &'w CallEvent, rest: &'w [Write]) -> Lines<'w> {
    let inbound = first.call.is_inbound();
    let next = |write: &'w Write| match write {
        Write::Log(event) if event.call.is_inbound() == inbound => Some(event),
        _ => None,
    };
    let events = std::iter::once(first).chain(rest.iter().map_while(next)).take(TOGETHER_MAX);
    let values: Vec<Value> = events
        .flat_map(|CallEvent { call, at, kind, detail }| [call.0.into(), at.0.into(), kind.into(), detail.into()])
        .collect();
    let count = values.len() / 4;
    let sql = if inbound { &OF_CALLERS } else { &OF_ATTEMPTS };
    Lines { sql: &sql[count - 1], values, count }
}
