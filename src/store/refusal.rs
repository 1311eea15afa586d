//! Why a payment was refused, with the field that is to blame: for those who tell it to a clerk or a program.

use super::{Result, Store, StoreError};
use crate::books::{AccountOf, NewPayment, Refusal};

/// Behind `error`, with which the books refused `new`.
///
/// # Errors
/// It was not refused: the books could not be asked.
pub async fn refusal(store: &impl Store, new: &NewPayment, error: StoreError) -> Result<Refusal> {
    let said = match error {
        unavailable @ StoreError::Unavailable(_) => return Err(unavailable),
        StoreError::NotFound(_) => return Ok(Refusal::of_contact(&new.contact)),
        StoreError::Conflict(said) => said,
    };
    match store.account(AccountOf::Payment(&new.id)).await {
        Ok(account) => {
            let recorded = account.payments.iter().find(|p| p.id == new.id);
            let differences = recorded.map(|p| p.told_differently(new, &account.contact.external_id));
            if let Some(differences) = differences.filter(|differences| !differences.is_empty()) {
                return Ok(Refusal::of_id(&differences));
            }
        }
        Err(StoreError::NotFound(_)) => {}
        Err(other) => return Err(other),
    }
    match store.account(AccountOf::Contact(&new.contact)).await {
        // The account has moved between the two questions: then the answer that was given stands.
        Ok(account) => Ok(account.refusal(new).unwrap_or_else(|| Refusal::of_answer(said))),
        Err(StoreError::NotFound(_)) => Ok(Refusal::of_contact(&new.contact)),
        Err(other) => Err(other),
    }
}
