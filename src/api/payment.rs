//! `/v1/payments`: told one by one or as a list, looked at, taken back. What a payment does to debts, promises and calls is the books'
//! to say; here it is read from JSON, and the answer written.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::LOCATION;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::problem::{self, Problem};
use super::{Desk, shape};
use crate::books::{AccountOf, Difference, NewPayment, Paid, Refusal, RejectCode};
use crate::import::{self, Fault, Written};
use crate::store::{Store, StoreError};
use crate::time::Wall;

/// Payments in one list: they are one transaction, and who writes beside it waits for it.
pub(super) const ROWS_MAX: usize = 1_000;

const FIELDS: [&str; 6] = ["payment_id", "contact_id", "debt_id", "amount", "currency", "paid_at"];

/// A payment as sent. Whether it says when it was paid: then another time under the same id is another payment.
#[derive(Debug)]
struct Sent {
    new: NewPayment,
    says_when: bool,
}

pub(super) async fn tell<S: Store>(
    State(desk): State<Arc<Desk<S>>>,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let all_or_nothing = match query.as_deref() {
        None | Some("" | "all_or_nothing=false") => false,
        Some("all_or_nothing=true") => true,
        Some(other) => {
            return Err(Problem::query(&format!("expected nothing but all_or_nothing=true, found `{other}`")));
        }
    };
    let body = body.map_err(|e| Problem::body(e.status().as_u16(), &e.body_text()))?;
    let now = desk.clock.now().wall;
    let found: Value = serde_json::from_slice(&body).map_err(|e| Problem::body(400, &format!("it is no JSON: {e}")))?;
    match found {
        Value::Object(fields) => one(&*desk.store, &fields, now).await,
        Value::Array(rows) if rows.len() > ROWS_MAX => Err(Problem::too_many(rows.len(), ROWS_MAX)),
        Value::Array(rows) if all_or_nothing => whole_list(&*desk.store, &rows, now).await,
        Value::Array(rows) => list(&*desk.store, &rows, now).await,
        other => Err(Problem::body(400, &format!("expected a payment or a list of them, found {}", kind(&other)))),
    }
}

pub(super) async fn look<S: Store>(
    State(desk): State<Arc<Desk<S>>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(id) = path.map_err(|e| Problem::body(400, &e.body_text()))?;
    Ok(problem::json(200, &recorded(&*desk.store, &id).await?))
}

pub(super) async fn reverse<S: Store>(
    State(desk): State<Arc<Desk<S>>>,
    path: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let Path(id) = path.map_err(|e| Problem::body(400, &e.body_text()))?;
    let body = body.map_err(|e| Problem::body(e.status().as_u16(), &e.body_text()))?;
    if !matches!(body.trim_ascii(), b"" | b"{}") {
        return Err(Problem::body(400, "a payment is taken back whole: expected no body"));
    }
    match desk.store.reverse(&id, desk.clock.now().wall).await {
        Ok(_) => Ok(problem::json(200, &recorded(&*desk.store, &id).await?)),
        Err(StoreError::NotFound(_)) => Err(Problem::of_refusal(&Refusal::of_reversal(&id))),
        Err(other) => Err(other.into()),
    }
}

async fn one(store: &impl Store, fields: &Map<String, Value>, now: Wall) -> Result<Response, Problem> {
    let sent = read(fields, now).map_err(|faults| Problem::of_payment(&faults))?;
    let answer = store.pay(std::slice::from_ref(&sent.new), now).await?.pop().expect("an answer for each");
    let id = &sent.new.id;
    let is_new = match answer {
        Ok(Paid { new, .. }) => new,
        Err(error) => {
            return Err(match differences(store, &sent).await? {
                found if found.is_empty() => {
                    Problem::of_refusal(&crate::store::refusal(store, &sent.new, error).await?)
                }
                found => Problem::of_differences(id, found),
            });
        }
    };
    if !is_new {
        let found = differences(store, &sent).await?;
        if !found.is_empty() {
            return Err(Problem::of_differences(id, found));
        }
    }
    let mut response = problem::json(if is_new { 201 } else { 200 }, &recorded(store, id).await?);
    if let Some(at) = format!("/v1/payments/{}", in_path(id)).parse().ok().filter(|_| is_new) {
        response.headers_mut().insert(LOCATION, at);
    }
    Ok(response)
}

/// The good ones are booked; the others are told of, each with its row.
async fn list(store: &impl Store, rows: &[Value], now: Wall) -> Result<Response, Problem> {
    let read: Vec<Result<Sent, Vec<Fault>>> = rows.iter().map(|row| read_row(row, now)).collect();
    let good: Vec<NewPayment> = read.iter().flatten().map(|sent| sent.new.clone()).collect();
    let mut answers = store.pay(&good, now).await?.into_iter();
    let mut counts = Counts::default();
    let mut told = Vec::with_capacity(rows.len());
    for (row, (sent, value)) in read.iter().zip(rows).enumerate() {
        let answer = match sent {
            Ok(sent) => row_answer(store, sent, answers.next().expect("an answer for each")).await?,
            Err(faults) => Err(faults.iter().map(problem::of_fault).collect()),
        };
        told.push(counts.row(row, value, answer));
    }
    let Counts { booked, known, refused } = counts;
    let status = if refused == 0 { 200 } else { 207 };
    let body = json!({ "booked": booked, "known": known, "refused": refused, "payments": told });
    Ok(problem::json(status, &body))
}

/// All of them, or none with all that is wrong.
async fn whole_list(store: &impl Store, rows: &[Value], now: Wall) -> Result<Response, Problem> {
    let read: Vec<Result<Sent, Vec<Fault>>> = rows.iter().map(|row| read_row(row, now)).collect();
    let mut answers = Vec::with_capacity(rows.len());
    if read.iter().all(Result::is_ok) {
        let good: Vec<NewPayment> = read.iter().flatten().map(|sent| sent.new.clone()).collect();
        // What is known with another time is found before anything is booked: the books do not look at times.
        for sent in read.iter().flatten() {
            answers.push(otherwise(differences(store, sent).await?));
        }
        if answers.iter().all(Result::is_ok) {
            answers.clear();
            for (sent, answer) in read.iter().flatten().zip(store.pay_all(&good, now).await?) {
                answers.push(row_answer(store, sent, answer).await?);
            }
        }
    } else {
        let faults = |faults: &Vec<Fault>| faults.iter().map(problem::of_fault).collect::<Vec<_>>();
        answers.extend(read.iter().map(|sent| sent.as_ref().map(|_| false).map_err(faults)));
    }
    let (mut counts, mut told) = (Counts::default(), Vec::with_capacity(rows.len()));
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    for (row, (answer, value)) in answers.into_iter().zip(rows).enumerate() {
        let is_refused = answer.is_err();
        let answer = counts.row(row, value, answer);
        if refused == 0 || is_refused {
            told.push(answer);
        }
    }
    if refused > 0 {
        return Err(Problem::of_list(refused, told));
    }
    let Counts { booked, known, refused } = counts;
    Ok(problem::json(200, &json!({ "booked": booked, "known": known, "refused": refused, "payments": told })))
}

#[derive(Debug, Default)]
struct Counts {
    booked: u64,
    known: u64,
    refused: u64,
}

/// Whether it is new, or all that is wrong.
type Answer = Result<bool, Vec<Value>>;

impl Counts {
    /// `row` counts from 0, as programs count.
    fn row(&mut self, row: usize, sent: &Value, answer: Answer) -> Value {
        let id = sent.get("payment_id").cloned().unwrap_or_default();
        let (count, status, errors) = match answer {
            Ok(true) => (&mut self.booked, "booked", None),
            Ok(false) => (&mut self.known, "known", None),
            Err(errors) => (&mut self.refused, "refused", Some(errors)),
        };
        *count += 1;
        let mut told = json!({ "row": row, "payment_id": id, "status": status });
        if let Some(errors) = errors {
            told["errors"] = errors.into();
        }
        told
    }
}

async fn row_answer(store: &impl Store, sent: &Sent, answer: Result<Paid, StoreError>) -> Result<Answer, Problem> {
    Ok(match answer {
        Ok(Paid { new: true, .. }) => Ok(true),
        Ok(Paid { new: false, .. }) => otherwise(differences(store, sent).await?),
        Err(error) => Err(vec![problem::of_refusal(&crate::store::refusal(store, &sent.new, error).await?)]),
    })
}

fn otherwise(differences: Vec<Difference>) -> Answer {
    match differences.is_empty() {
        true => Ok(false),
        false => Err(vec![problem::of_refusal(&Refusal::of_id(&differences))]),
    }
}

/// In what the books have this id otherwise; nothing when they do not have it.
async fn differences(store: &impl Store, sent: &Sent) -> Result<Vec<Difference>, Problem> {
    let account = match store.account(AccountOf::Payment(&sent.new.id)).await {
        Ok(account) => account,
        Err(StoreError::NotFound(_)) => return Ok(Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let Some(payment) = account.payments.iter().find(|p| p.id == sent.new.id) else { return Ok(Vec::new()) };
    let mut found = payment.told_differently(&sent.new, &account.contact.external_id);
    if sent.says_when && payment.paid_at != sent.new.paid_at {
        let [recorded, told] = [payment.paid_at, sent.new.paid_at].map(|at| at.timestamp().to_string());
        found.push(Difference { field: "paid_at", recorded, told });
    }
    Ok(found)
}

/// As it is in the books now.
async fn recorded(store: &impl Store, id: &str) -> Result<Value, Problem> {
    let account = store.account(AccountOf::Payment(id)).await?;
    let payment = account.payments.iter().find(|p| p.id == id);
    let payment = payment.ok_or_else(|| Problem::not_there(&format!("payment `{id}`")))?;
    Ok(shape::payment(payment, &account))
}

fn read_row(row: &Value, now: Wall) -> Result<Sent, Vec<Fault>> {
    match row {
        Value::Object(fields) => read(fields, now),
        other => {
            let why = format!("is no payment: expected an object with its fields, found {}", kind(other));
            Err(vec![Fault { field: "payment", value: String::new(), code: RejectCode::PaymentField, why }])
        }
    }
}

fn read(fields: &Map<String, Value>, now: Wall) -> Result<Sent, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut texts: [Cow<'_, str>; FIELDS.len()] = Default::default();
    for (name, value) in fields {
        let fault = |field, why| Fault { field, value: import::shown(name), code: RejectCode::PaymentField, why };
        let Some(at) = FIELDS.iter().position(|field| field == name) else {
            let why = match name.as_str() {
                "reversed" => "is not taken here: POST to /v1/payments/{payment_id}/reversal".to_string(),
                _ => format!("is no field of a payment: expected {}", FIELDS.join(", ")),
            };
            faults.push(fault("payment", format!("`{}` {why}", import::shown(name))));
            continue;
        };
        texts[at] = match value {
            Value::Null => Cow::Borrowed(""),
            Value::String(text) => Cow::Borrowed(text.trim()),
            // Shortest digits that read back as the same number: what was written, up to two digits behind the point.
            Value::Number(number) if FIELDS[at] == "amount" => Cow::Owned(number.to_string()),
            other => {
                faults.push(fault(FIELDS[at], format!("is {}: expected a text", kind(other))));
                continue;
            }
        };
    }
    let field = |name: &'static str| {
        let at = FIELDS.iter().position(|field| *field == name);
        at.map_or("", |at| &*texts[at])
    };
    match import::payment(field, &Written::Exactly, now) {
        Ok((new, _)) if faults.is_empty() => Ok(Sent { new, says_when: !field("paid_at").is_empty() }),
        Ok(_) => Err(faults),
        Err(more) => {
            // One that is of the wrong kind is not also told to be empty.
            let more = more.into_iter().filter(|fault| faults.iter().all(|known| known.field != fault.field));
            let more: Vec<Fault> = more.collect();
            Err(faults.into_iter().chain(more).collect())
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// With all but plain letters as `%XX` (RFC 3986 §2.1).
fn in_path(id: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    id.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
