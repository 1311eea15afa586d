//! For whom a pack, or one of its rules, does not hold. What is not known of a contact keeps it in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts::Fact;
use crate::books::Contact;
use crate::money::Money;

/// All that must be known of a contact for it to be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exempt {
    /// The id of who says so: `RU-13`.
    pub by: Arc<str>,
    /// A column of the import, and the word that it has.
    pub facts: Vec<(Fact, String)>,
    /// All debts together, as the creditor states them, come to no more, in this currency.
    pub amount_max: Option<Money>,
}

impl Exempt {
    pub fn covers(&self, contact: &Contact) -> bool {
        let noted = self.facts.iter().all(|(fact, word)| fact.of(contact) == Some(word));
        noted
            && self.amount_max.is_none_or(|most| {
                owed(contact).is_some_and(|owed| {
                    owed <= most.minor && contact.debts.iter().all(|d| d.amount.currency == most.currency)
                })
            })
    }
}

/// What was paid since is not taken off: a debt does not leave a law by being paid in part.
fn owed(contact: &Contact) -> Option<i64> {
    contact.debts.iter().try_fold(0i64, |sum, debt| sum.checked_add(debt.amount.minor))
}

/// `debtor_kind: sole_trader`, `amount_max: 50000 RUB`.
pub(super) fn read(by: &Arc<str>, mut written: BTreeMap<String, String>) -> Result<Exempt, String> {
    let amount_max = written.remove("amount_max").map(|most| most.parse::<Money>().map_err(|e| format!("{most}: {e}")));
    let fact = |(column, word): (String, String)| {
        let fact: Fact = column.parse()?;
        match fact.fault(&word) {
            Some(fault) => Err(format!("{column}: {fault}")),
            None => Ok((fact, word)),
        }
    };
    let facts: Vec<(Fact, String)> = written.into_iter().map(fact).collect::<Result<_, String>>()?;
    if facts.is_empty() {
        return Err("what leaves a contact out is known by a column".into());
    }
    Ok(Exempt { by: by.clone(), facts, amount_max: amount_max.transpose()? })
}
