//! What is answered instead: JSON as in RFC 9457, which says what is wrong, where, what was expected and what to do.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::books::{Difference, Refusal, RejectCode};
use crate::import::Fault;

#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    /// Of this kind of problem, for good.
    code: &'static str,
    title: &'static str,
    /// What is wrong here.
    detail: String,
    /// What to do.
    action: String,
    /// Each fault of what was sent.
    errors: Vec<Value>,
    /// Fields that were told before otherwise.
    differs: Vec<Difference>,
}

impl Problem {
    fn new(status: u16, code: &'static str, title: &'static str, detail: &str, action: &str) -> Problem {
        let (errors, differs) = Default::default();
        Problem { status, code, title, detail: detail.into(), action: action.into(), errors, differs }
    }

    pub fn no_route() -> Problem {
        let detail = "nothing is answered under this path";
        Problem::new(404, "route_unknown", "no such path", detail, "take a path of src/api/openapi.yaml")
    }

    pub fn no_method() -> Problem {
        let detail = "this path is not asked in this way";
        Problem::new(405, "method_unknown", "another method", detail, "take the method of src/api/openapi.yaml")
    }

    pub fn no_token() -> Problem {
        let detail = "expected a token of this installation in the header `Authorization: Bearer …`";
        let action = "send one of the tokens that the config's `api.tokens` name";
        Problem::new(401, "token", "who asks is not known", detail, action)
    }

    pub fn too_slow() -> Problem {
        let detail = "the question was not there, or not answered, in time";
        Problem::new(
            503,
            "too_slow",
            "not in time",
            detail,
            "send it again; a payment counts once, whatever was booked",
        )
    }

    pub fn no_books() -> Problem {
        let detail = "the database cannot be read or written now";
        Problem::new(
            503,
            "books_unavailable",
            "the books are not there",
            detail,
            "send it again; see the program's log",
        )
    }

    pub fn not_there(what: &str) -> Problem {
        let action = "check the id; contacts come from imported lists, payments from this API and `ringback payment`";
        Problem::new(404, "not_found", "not in the books", &format!("{what} is not there"), action)
    }

    pub fn refused(why: &str) -> Problem {
        Problem::new(409, "refused", "the books say otherwise", why, "read the account, and send what fits it")
    }

    pub fn body(status: u16, detail: &str) -> Problem {
        let action = "send a payment, or a list of payments, as JSON in UTF-8";
        Problem::new(status, "body", "the body cannot be read", detail, action)
    }

    pub fn query(detail: &str) -> Problem {
        let action = "leave it out, or write all_or_nothing=true";
        Problem::new(400, "query", "the query is not understood", detail, action)
    }

    pub fn too_many(found: usize, most: usize) -> Problem {
        let detail = format!("a list holds at most {most} payments, found {found}");
        Problem::new(413, "too_many", "too long a list", &detail, "send it in several lists")
    }

    /// A payment that cannot be read.
    pub fn of_payment(faults: &[Fault]) -> Problem {
        let detail = said(&faults[0].why, faults[0].field);
        let action = "mend the fields in `errors`, and send the payment again";
        let problem = Problem::new(422, "payment_fields", "not a payment as expected", &detail, action);
        Problem { errors: faults.iter().map(of_fault).collect(), ..problem }
    }

    /// A payment that the books refuse.
    pub fn of_refusal(refusal: &Refusal) -> Problem {
        let status = match refusal.code {
            RejectCode::ContactUnknown | RejectCode::PaymentUnknown => 404,
            RejectCode::PaymentDiffers => 409,
            _ => 422,
        };
        let detail = said(&refusal.why, refusal.field);
        let code = refusal.code.as_str();
        let problem = Problem::new(status, code, refusal.code.why(), &detail, action(refusal.code));
        Problem { errors: vec![of_refusal(refusal)], ..problem }
    }

    /// The same id with another payment.
    pub fn of_differences(id: &str, differs: Vec<Difference>) -> Problem {
        let fields = differs.iter().map(|d| d.field).collect::<Vec<_>>().join(", ");
        let detail = format!("payment `{id}` is recorded with another {fields}");
        let code = RejectCode::PaymentDiffers;
        let problem = Problem::new(409, code.as_str(), code.why(), &detail, action(code));
        Problem { differs, ..problem }
    }

    /// Nothing of a list is booked.
    pub fn of_list(refused: usize, rows: Vec<Value>) -> Problem {
        let detail =
            format!("{refused} payments of the list cannot be booked, and all or nothing was asked for: none is");
        let action = "mend the payments in `errors`, and send the whole list again";
        let problem = Problem::new(422, "list_refused", "nothing is booked", &detail, action);
        Problem { errors: rows, ..problem }
    }

    pub fn to_json(&self) -> Value {
        let Problem { status, code, title, detail, action, errors, differs } = self;
        let mut json = json!({
            "type": format!("urn:ringback:problem:{code}"),
            "title": title,
            "status": status,
            "code": code,
            "detail": detail,
            "action": action,
        });
        if !errors.is_empty() {
            json["errors"] = errors.clone().into();
        }
        if !differs.is_empty() {
            let each = |d: &Difference| json!({ "field": d.field, "recorded": d.recorded, "told": d.told });
            json["differs"] = differs.iter().map(each).collect();
        }
        json
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self.to_json());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, "application/problem+json".parse().expect("plain letters"));
        if self.status == 401 {
            headers.insert(WWW_AUTHENTICATE, "Bearer".parse().expect("plain letters"));
        }
        response
    }
}

/// An answer that nobody on the way keeps.
pub(super) fn json(status: u16, body: &Value) -> Response {
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    let response = response.header(CACHE_CONTROL, "no-store").body(Body::from(body.to_string()));
    response.expect("a status and headers that exist")
}

fn said(why: &str, field: &str) -> String {
    format!("`{field}` {why}")
}

/// With what was expected, and what to do.
pub(super) fn of_fault(fault: &Fault) -> Value {
    let Fault { field, value, code, why } = fault;
    json!({
        "field": field, "code": code.as_str(), "found": value, "detail": why, "expected": expected(field), "action": action(*code),
    })
}

pub(super) fn of_refusal(refusal: &Refusal) -> Value {
    let Refusal { field, code, why } = refusal;
    json!({
        "field": field, "code": code.as_str(), "detail": why, "expected": expected(field), "action": action(*code),
    })
}

fn expected(field: &str) -> &'static str {
    match field {
        "payment_id" => "a text of 1 to 128 characters, for this payment alone",
        "contact_id" => "the contact_id of an imported list",
        "debt_id" => "a debt_id of the contact, or nothing: then the debt due first is paid",
        "amount" => "digits with at most two after the point, above zero: \"1234.50\"",
        "currency" => "that of the contact's debts: RUB, USD, EUR, GBP, KZT, UAH, PLN or TRY",
        "paid_at" => "2026-11-25T10:00:00+03:00, or 2026-11-25; nothing: now",
        _ => "one of payment_id, contact_id, debt_id, amount, currency, paid_at",
    }
}

fn action(code: RejectCode) -> &'static str {
    match code {
        RejectCode::ContactUnknown => "import the contact first, or send the contact_id as the list has it",
        RejectCode::PaymentDiffers => {
            "give another payment its own payment_id; to correct this one, take it back and send it under a new payment_id"
        }
        RejectCode::PaymentUnknown => "send the payment first; what was never booked need not be taken back",
        RejectCode::DebtUnknown => "leave debt_id out, or read the account for the debts that there are",
        RejectCode::CurrencyOfBooks => "send the sum in the currency of the debt",
        RejectCode::InFuture => "send it when it is paid",
        _ => "send the field as expected",
    }
}
