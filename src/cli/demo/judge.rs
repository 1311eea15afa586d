//! The judge: holds what the telephone network saw against what the books say. Two processes that share no memory.

use std::collections::BTreeMap;

use super::exhibits::{dialled, names};
use super::stage::Seen;
use crate::books::{Attempt, pledge};
use crate::id::ContactId;
use crate::store::Store;

/// One comparison: what it is, what the network saw, what the books say.
struct Row {
    what: &'static str,
    network: u64,
    books: u64,
}

pub(super) struct Verdict {
    rows: Vec<Row>,
    /// Numbers on which the two disagree, with what each says.
    differences: Vec<String>,
}

const DIFFERENCES_SHOWN_MAX: usize = 10;

pub(super) async fn compare(store: &impl Store, seen: &Seen) -> anyhow::Result<Verdict> {
    let names = names(store).await?;
    // By contact: calls dialled and calls answered.
    let answered = |a: &Attempt| a.outcome.as_ref().is_some_and(|o| o.answered_by.is_some());
    let counts =
        |attempts: Vec<Attempt>| (attempts.len() as u64, attempts.iter().filter(|a| answered(a)).count() as u64);
    let dialled: BTreeMap<ContactId, (u64, u64)> =
        dialled(store).await?.into_iter().map(|(contact, attempts)| (contact, counts(attempts))).collect();
    let mut promised: BTreeMap<ContactId, u64> = BTreeMap::new();
    // A plan of instalments is one promise.
    for parts in pledge::pledges(&store.promises().await?) {
        *promised.entry(parts[0].contact).or_default() += 1;
    }

    let mut verdict = Verdict { rows: Vec::new(), differences: Vec::new() };
    let clients = || seen.calls.iter().filter(|c| c.number.starts_with('+'));
    let count = |of: u64, what: &'static str, books: u64| Row { what, network: of, books };
    verdict.rows = vec![
        count(clients().count() as u64, "calls received = attempts dialled", dialled.values().map(|d| d.0).sum()),
        count(clients().filter(|c| c.answered).count() as u64, "calls answered", dialled.values().map(|d| d.1).sum()),
        count(
            clients().filter(|c| c.promise_confirmed).count() as u64,
            "promises pressed and confirmed = promises kept on disk",
            promised.values().sum(),
        ),
    ];
    for (contact, (external_id, theirs)) in &names {
        let of = |what: &dyn Fn(&crate::network::CallRecord) -> bool| {
            clients().filter(|c| theirs.contains(&c.number) && what(c)).count() as u64
        };
        let books = (dialled.get(contact).map_or(0, |d| d.0), promised.get(contact).copied().unwrap_or(0));
        let network = (of(&|_| true), of(&|c| c.promise_confirmed));
        if books != network {
            verdict.differences.push(format!(
                "contact {external_id}: the network saw {} calls and {} promises, the books have {} and {}",
                network.0, network.1, books.0, books.1
            ));
        }
    }
    Ok(verdict)
}

impl Verdict {
    pub fn agrees(&self) -> bool {
        self.differences.is_empty() && self.rows.iter().all(|row| row.network == row.books)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "The judge: what the telephone network saw, against the books")?;
        for Row { what, network, books } in &self.rows {
            let sign = if network == books { "agree" } else { "DIFFER" };
            writeln!(f, "  {what:<56} {network:>6} {books:>6}  {sign}")?;
        }
        for difference in self.differences.iter().take(DIFFERENCES_SHOWN_MAX) {
            writeln!(f, "  {difference}")?;
        }
        if self.differences.len() > DIFFERENCES_SHOWN_MAX {
            writeln!(f, "  … and {} more", self.differences.len() - DIFFERENCES_SHOWN_MAX)?;
        }
        Ok(())
    }
}
