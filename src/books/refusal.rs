//! Why a payment is not booked, and by which of its fields: one rule for the stores that refuse it and for those who tell a clerk or
//! a program.

use super::{Account, NewPayment, Payment, RejectCode};

/// What is wrong with a payment, beside what is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// As the column and the JSON field are called.
    pub field: &'static str,
    pub code: RejectCode,
    /// What is wrong, and what was expected.
    pub why: String,
}

/// One field of a payment that was told before otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: &'static str,
    pub recorded: String,
    pub told: String,
}

impl Refusal {
    pub fn of_contact(contact_id: &str) -> Refusal {
        let why = format!("no contact `{contact_id}` is in the books: expected the `contact_id` of an imported list");
        Refusal { field: "contact_id", code: RejectCode::ContactUnknown, why }
    }

    pub fn of_id(differences: &[Difference]) -> Refusal {
        let told = differences.iter().map(|d| format!("{} {} and not {}", d.field, d.recorded, d.told));
        let told = told.collect::<Vec<_>>().join(", ");
        let why = format!("the same payment_id is in the books with {told}: expected a payment_id of its own");
        Refusal { field: "payment_id", code: RejectCode::PaymentDiffers, why }
    }

    /// In the books' own words.
    pub fn of_answer(why: String) -> Refusal {
        Refusal { field: "payment_id", code: RejectCode::PaymentDiffers, why }
    }

    pub fn of_reversal(payment_id: &str) -> Refusal {
        let why = format!("no payment `{payment_id}` is in the books that could be taken back");
        Refusal { field: "payment_id", code: RejectCode::PaymentUnknown, why }
    }
}

impl Account {
    /// Why the payment, which is new, cannot be booked on this account.
    pub fn refusal(&self, new: &NewPayment) -> Option<Refusal> {
        let owed = self.contact.amount();
        let amount = new.amount.unwrap_or(owed);
        let refusal = |field, code, why| Some(Refusal { field, code, why });
        if amount.minor <= 0 {
            let why = match new.amount {
                Some(_) => format!("{amount} is no payment: expected a sum above zero"),
                None => "nothing is owed: expected the amount".to_string(),
            };
            return refusal("amount", RejectCode::AmountNotAboveZero, why);
        }
        if amount.currency != owed.currency {
            let why = format!("it is in {}, the debt in {}", amount.currency, owed.currency);
            return refusal("currency", RejectCode::CurrencyOfBooks, why);
        }
        let named = new.debt.as_ref()?;
        if self.contact.debts.iter().any(|debt| debt.external_id == *named) {
            return None;
        }
        let there: Vec<String> = self.contact.debts.iter().map(|debt| format!("`{}`", debt.external_id)).collect();
        let why = format!("contact `{}` has no debt `{named}`: expected one of {}", new.contact, there.join(", "));
        refusal("debt_id", RejectCode::DebtUnknown, why)
    }
}

impl Payment {
    /// In what `new`, of the same id, differs from what is recorded; `of` is the recorded payment's `contact_id`. What `new` leaves out
    /// says nothing; when it was paid is not looked at, since feeds without that column say another time each time.
    pub fn told_differently(&self, new: &NewPayment, of: &str) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut hold = |field, recorded: &str, told: &str| {
            if recorded != told {
                found.push(Difference { field, recorded: recorded.into(), told: told.into() });
            }
        };
        let debt = |debt: &Option<String>| debt.as_ref().map_or("none".to_string(), |debt| format!("`{debt}`"));
        hold("contact_id", of, &new.contact);
        hold("debt_id", &debt(&self.debt), &debt(&new.debt));
        if let Some(told) = new.amount {
            hold("amount", &self.amount.amount(), &told.amount());
            hold("currency", self.amount.currency.code(), told.currency.code());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;
    use crate::policy::world::standing;
    use crate::time::Wall;

    fn told(debt: Option<&str>, amount: &str) -> NewPayment {
        let (id, contact) = ("p1".to_string(), "c1".to_string());
        NewPayment { id, contact, debt: debt.map(Into::into), amount: Some(amount.parse().unwrap()), paid_at: Wall(5) }
    }

    #[test]
    fn what_is_refused_by_which_field() {
        let contact = standing("Europe/Moscow").contact;
        let debt = contact.debts[0].external_id.clone();
        let currency = contact.debts[0].amount.currency;
        let account = Account { contact, promises: Vec::new(), payments: Vec::new() };
        for (new, expected) in [
            (told(None, &format!("5.00 {currency}")), None),
            (told(Some(&debt), &format!("5.00 {currency}")), None),
            (told(None, &format!("0.00 {currency}")), Some("amount")),
            (told(None, "5.00 TRY"), Some("currency")),
            (told(Some("attic"), &format!("5.00 {currency}")), Some("debt_id")),
        ] {
            let found = account.refusal(&new);
            assert_eq!(found.as_ref().map(|r| r.field), expected, "{new:?}: {found:?}");
            // What is said here is what refuses there.
            assert_eq!(account.clone().pay(&new, 1, Wall(9)).is_err(), expected.is_some(), "{new:?}");
        }
    }

    #[test]
    fn what_was_told_otherwise_is_named() {
        let amount: Money = "5.00 RUB".parse().unwrap();
        let payment = Payment {
            id: "p1".into(),
            number: 1,
            contact: crate::id::ContactId(1),
            debt: None,
            amount,
            paid_at: Wall(5),
            at: Wall(6),
            reversed_at: None,
            parts: Vec::new(),
        };
        let fields =
            |new: &NewPayment, of| payment.told_differently(new, of).iter().map(|d| d.field).collect::<Vec<_>>();
        assert!(fields(&told(None, "5.00 RUB"), "c1").is_empty());
        assert!(fields(&NewPayment { amount: None, ..told(None, "5.00 RUB") }, "c1").is_empty());
        assert_eq!(fields(&told(Some("heat"), "6.00 USD"), "c2"), ["contact_id", "debt_id", "amount", "currency"]);
        let why = Refusal::of_id(&payment.told_differently(&told(None, "6.00 RUB"), "c1")).why;
        assert!(why.contains("amount 5.00 and not 6.00"), "{why}");
    }
}
