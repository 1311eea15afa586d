//! Contacts and their numbers, as they are imported.

use super::*;

both!(
    importing_twice_changes_nothing,
    a_changed_line_changes_the_contact,
    a_number_no_longer_listed_comes_back_as_it_was,
);

async fn importing_twice_changes_nothing(store: &impl Store) {
    let rows = [contact(1), contact(2)];
    let first = store.import(&rows, at(0)).await.unwrap();
    assert_eq!(first, ImportSummary { added: 2, ..ImportSummary::default() });
    let before = store.contacts(ContactId(0), 10).await.unwrap();
    let second = store.import(&rows, at(1)).await.unwrap();
    assert_eq!(second, ImportSummary { unchanged: 2, ..ImportSummary::default() });
    assert_eq!(store.contacts(ContactId(0), 10).await.unwrap(), before);
    assert_eq!(before[1].external_id, "K2");
    assert_eq!(before[1].phones.len(), 2);
    assert_eq!(before[1].fields["last4"], "0002");
    assert_eq!(before[1].amount().to_string(), "1234.50 RUB");
    assert_eq!(before[1].zone.name(), "Europe/Moscow");
    assert_eq!(store.contacts(ContactId(1), 10).await.unwrap(), before[1..]);
}

async fn a_changed_line_changes_the_contact(store: &impl Store) {
    store.import(&[contact(1)], at(0)).await.unwrap();
    pay(store, payment("P1", "K1", None, 1)).await.unwrap();
    let renamed = NewContact { name: "Анна".into(), email: None, ..contact(1) };
    assert_eq!(store.import(std::slice::from_ref(&renamed), at(2)).await.unwrap().changed, 1);
    let now = store.contacts(ContactId(0), 10).await.unwrap().remove(0);
    assert_eq!((now.name.as_str(), now.email.clone(), now.paid()), ("Анна", None, true), "the same debt stays paid");
    let next_bill = NewContact { debts: vec![debt(123_450, jiff::civil::date(2026, 12, 25))], ..renamed };
    assert_eq!(store.import(&[next_bill], at(3)).await.unwrap().changed, 1);
    assert!(!store.contacts(ContactId(0), 10).await.unwrap()[0].paid(), "another due date is another debt");
    let same_id_twice = [contact(7), NewContact { name: "B".into(), ..contact(7) }];
    let summary = store.import(&same_id_twice, at(4)).await.unwrap();
    assert_eq!(summary, ImportSummary { added: 1, changed: 1, ..ImportSummary::default() });
    assert_eq!(store.contacts(ContactId(1), 1).await.unwrap()[0].name, "B");
}

async fn a_number_no_longer_listed_comes_back_as_it_was(store: &impl Store) {
    store.import(&[contact(1)], at(0)).await.unwrap();
    let before = store.contacts(ContactId(0), 1).await.unwrap().remove(0);
    store.apply(&[Write::Phone { phone: before.phones[0].id, state: PhoneState::Wrong }]).await.unwrap();
    let one_number = NewContact { phones: contact(1).phones[1..].to_vec(), ..contact(1) };
    store.import(&[one_number], at(1)).await.unwrap();
    let without = store.contacts(ContactId(0), 1).await.unwrap().remove(0);
    assert_eq!(without.phones, before.phones[1..]);
    let mut swapped = contact(1);
    swapped.phones.reverse();
    store.import(&[swapped], at(2)).await.unwrap();
    let back = store.contacts(ContactId(0), 1).await.unwrap().remove(0);
    assert_eq!(back.phones[0], before.phones[1], "in the order of the line");
    assert_eq!((back.phones[1].id, back.phones[1].state), (before.phones[0].id, PhoneState::Wrong));
}
