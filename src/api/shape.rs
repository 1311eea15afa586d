//! The books as JSON: the fields are called as their columns, sums are text with two digits behind the point, times are in UTC.

use serde_json::{Value, json};

use crate::books::{Account, Debt, Payment, Promise};
use crate::id::DebtId;
use crate::money::Money;
use crate::time::Wall;

/// A payment of this account.
pub(super) fn payment(payment: &Payment, account: &Account) -> Value {
    let Payment { id, number: _, contact: _, debt, amount, paid_at, at, reversed_at, parts } = payment;
    let debts = parts.iter().map(|part| {
        json!({ "debt_id": debt_id(account, part.debt), "amount": Money::new(part.minor, amount.currency).amount() })
    });
    json!({
        "payment_id": id,
        "contact_id": account.contact.external_id,
        "debt_id": debt,
        "amount": amount.amount(),
        "currency": amount.currency.code(),
        "paid_at": time(*paid_at),
        "recorded_at": time(*at),
        "reversed_at": reversed_at.map(time),
        "debts": debts.collect::<Vec<_>>(),
    })
}

/// What is owed, promised and paid. Neither names nor numbers: who asks knows whom it is about.
pub(super) fn account(account: &Account) -> Value {
    let Account { contact, promises, payments } = account;
    let owed = contact.amount();
    json!({
        "contact_id": contact.external_id,
        "owed": { "amount": owed.amount(), "currency": owed.currency.code() },
        "settled": contact.paid(),
        "debts": contact.debts.iter().map(debt).collect::<Vec<_>>(),
        "promises": promises.iter().map(promise).collect::<Vec<_>>(),
        "payments": payments.iter().map(|p| payment(p, account)).collect::<Vec<_>>(),
    })
}

fn debt(debt: &Debt) -> Value {
    let Debt { id: _, external_id, amount, due, paid } = debt;
    let currency = amount.currency;
    json!({
        "debt_id": external_id,
        "amount": amount.amount(),
        "currency": currency.code(),
        "due": due.to_string(),
        "paid": Money::new(*paid, currency).amount(),
        "open": Money::new(debt.open_minor(), currency).amount(),
    })
}

fn promise(promise: &Promise) -> Value {
    json!({
        "amount": promise.amount.amount(),
        "currency": promise.amount.currency.code(),
        "on": promise.on.to_string(),
        "part": promise.part,
        "parts": promise.parts,
        "state": promise.state.as_str(),
        "made_at": time(promise.made_at),
        "judge_at": time(promise.judge_at),
    })
}

/// Nobody's debt has no id, or was dropped by its creditor since.
fn debt_id(account: &Account, id: DebtId) -> Option<&str> {
    account.contact.debts.iter().find(|debt| debt.id == id).map(|debt| debt.external_id.as_str())
}

fn time(at: Wall) -> String {
    at.timestamp().to_string()
}
