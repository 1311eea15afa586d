//! `/v1/contacts/{contact_id}/account`.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;

use super::problem::{Problem, json};
use super::{Desk, shape};
use crate::books::AccountOf;
use crate::store::Store;

pub(super) async fn account<S: Store>(
    State(desk): State<Arc<Desk<S>>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(contact_id) = path.map_err(|e| Problem::body(400, &e.body_text()))?;
    let mut account = desk.store.account(AccountOf::Contact(&contact_id)).await?;
    // In the books a promise is judged when its time has come, which may be a moment ago.
    account.judge(desk.clock.now().wall);
    Ok(json(200, &shape::account(&account)))
}
