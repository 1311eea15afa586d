//! Import as its users meet it: a file in; contacts, rejects and words out.

use std::path::{Path, PathBuf};

use ringback::cli;
use ringback::import::{Batch, ContactReader, Defaults, Encoding, HeaderError, decoded, read};
use ringback::store::{MemoryStore, SqliteStore, Store};
use ringback::time::{Clock, Mono, Wall};

const HEADER: &str = "contact_id,name,phone,language,zone,creditor,amount,currency,due";
const ROW: &str = "C1,Анна,+79161234567,ru,Europe/Moscow,Водоканал,1234.50,RUB,2026-11-25";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import")
}

fn read_text(text: &str) -> Result<Batch, HeaderError> {
    read(text.as_bytes(), Defaults::default())
}

/// `line field: why`, as in `broken.expected`.
fn rejects_as_text(batch: &Batch) -> String {
    let line = |r: &ringback::import::Reject| {
        let field = if r.field.is_empty() { "-" } else { &r.field };
        format!("{} {field}: {}\n", r.line, r.why)
    };
    batch.rejects.iter().map(line).collect()
}

#[test]
fn every_broken_row_says_what_is_wrong_and_no_good_one_is_lost() {
    let file = std::fs::read(folder().join("broken.csv")).unwrap();
    let batch = read(file.as_slice(), Defaults::default()).unwrap();
    let expected = std::fs::read_to_string(folder().join("broken.expected")).unwrap();
    let found = rejects_as_text(&batch);
    assert!(found == expected, "found:\n{found}");
    let good: Vec<&str> = batch.contacts.iter().map(|c| c.external_id.as_str()).collect();
    assert_eq!(good, ["C1", "C35", "C36", "C2"]);
    assert!(batch.lines_rejected >= 20);
    let quoted = &batch.contacts[1];
    assert_eq!(quoted.name, "Иванова, Анна \"мл.\"");
    assert_eq!(quoted.phones.iter().map(|p| p.full()).collect::<Vec<_>>(), ["+12025550100", "+74951234567"]);
    assert_eq!(quoted.debts[0].due, jiff::civil::date(2026, 11, 25));
    assert_eq!(quoted.fields["last4"], "4321");
}

#[test]
fn headers() {
    for (header, says) in [
        ("", "the file is empty"),
        ("\n", "the file is empty"),
        ("contact_id,name", "`phone`, `language` (or give a default for all contacts), `zone` (or give"),
        ("contact_id,nmae,phone,language,zone,creditor,amount,currency,due", "`name` (`nmae` is there: is it meant?)"),
        (
            "contact_id,name,phone,language,zone,creditor,ammount,currency,due",
            "`amount` (`ammount` is there: is it meant?)",
        ),
        ("name,Name", "the column `name` stands in the header twice"),
        ("\"name", "the header cannot be read: a quote is opened"),
        ("c\0o\0n\0", "is not UTF-8"),
    ] {
        let error = read_text(header).unwrap_err().to_string();
        assert!(error.contains(says), "{header:?}: {error}");
    }
    let cp1251 = read(b"\xc0\xed\xed\xe0,name".as_slice(), Defaults::default());
    assert!(matches!(cp1251, Err(HeaderError::Encoding)));
    let utf16 = read(b"\xff\xfec\0o\0".as_slice(), Defaults::default());
    assert!(matches!(utf16, Err(HeaderError::Encoding)));
}

#[test]
fn separators_byte_order_marks_and_case() {
    let plain = read_text(&format!("{HEADER}\n{ROW}\n")).unwrap().contacts;
    assert_eq!(plain.len(), 1);
    for text in [
        format!("\u{feff}{HEADER}\r\n{ROW}\r\n"),
        format!("{HEADER}\n{ROW}"),
        format!("{HEADER}\n{ROW}\n").replace(',', ";"),
        format!("{HEADER}\n{ROW}\n").replace(',', "\t"),
        format!("{}\n{ROW}\n", HEADER.to_uppercase()),
        format!("{HEADER},\n{ROW},whatever stands under no name\n"),
        format!("{HEADER}\n\n,,,,,,,,\n{ROW}\n"),
    ] {
        assert_eq!(read_text(&text).unwrap().contacts, plain, "{text}");
    }
}

#[test]
fn defaults_fill_missing_columns_and_empty_cells() {
    let defaults = Defaults {
        columns: Vec::new(),
        language: Some("en".parse().unwrap()),
        zone: Some("Asia/Tokyo".parse().unwrap()),
        creditor: Some("Acme".into()),
        currency: Some("USD".parse().unwrap()),
        claimant: None,
    };
    let text = "contact_id,name,phone,amount,due,zone\n1,Ann,+12025550100,5,2026-11-25,\n";
    let batch = read(text.as_bytes(), defaults).unwrap();
    let contact = &batch.contacts[0];
    assert_eq!((contact.language.code(), contact.zone.name(), contact.creditor.as_str()), ("en", "Asia/Tokyo", "Acme"));
    assert_eq!(contact.debts[0].amount.to_string(), "5.00 USD");
}

/// What a spreadsheet of a Russian office saves: CP1251, semicolons, decimal commas, columns by names of its own.
#[test]
fn a_file_as_an_office_saves_it() {
    let text = "Договор;ФИО;phone;language;zone;creditor;Долг;currency;due\r\n\
                7;Иванова Анна;+79161234567;ru;Europe/Moscow;Водоканал;1 234,50;RUB;25.11.2026\r\n";
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| match c {
            'А'..='я' => (c as u32 - 'А' as u32 + 0xC0) as u8,
            _ => c as u8,
        })
        .collect();
    let rename = |theirs: &str, ours: &str| (theirs.to_string(), ours.to_string());
    let columns = vec![rename("Договор", "contact_id"), rename("ФИО", "name"), rename("Долг", "amount")];
    let defaults = Defaults { columns, ..Defaults::default() };
    let batch = read(decoded(&bytes[..], Encoding::Windows1251), defaults.clone()).unwrap();
    let contact = &batch.contacts[0];
    assert_eq!((contact.external_id.as_str(), contact.name.as_str()), ("7", "Иванова Анна"));
    assert_eq!(contact.debts[0].amount.to_string(), "1234.50 RUB");
    let wrong = read(decoded(&bytes[..], Encoding::Utf8), defaults).unwrap_err().to_string();
    assert!(wrong.contains("--encoding windows-1251"), "{wrong}");
    let columns = vec![rename("ФИО", "name")];
    let missing = read(HEADER.as_bytes(), Defaults { columns, ..Defaults::default() }).unwrap_err().to_string();
    assert_eq!(missing, "--column names `ФИО`, which the header does not have");
}

#[test]
fn batches_of_any_size_find_the_same() {
    let file = std::fs::read(folder().join("broken.csv")).unwrap();
    let whole = read(file.as_slice(), Defaults::default()).unwrap();
    for size in [1, 2, 7] {
        let mut reader = ContactReader::new(file.as_slice(), Defaults::default()).unwrap();
        let (mut contacts, mut rejects) = (Vec::new(), Vec::new());
        while let Some(batch) = reader.batch(size).unwrap() {
            contacts.extend(batch.contacts);
            rejects.extend(batch.rejects);
        }
        assert_eq!((contacts, rejects), (whole.contacts.clone(), whole.rejects.clone()));
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let mut file = format!("{HEADER}\n{ROW}\n").into_bytes();
        file.extend(body);
        let batch = read(file.as_slice(), Defaults::default()).unwrap();
        proptest::prop_assert_eq!(batch.contacts[0].external_id.as_str(), "C1");
    }
}

#[tokio::test]
async fn the_command_counts_shows_and_writes_the_rejects() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("debtors.csv");
    std::fs::copy(folder().join("broken.csv"), &file).unwrap();
    let store = MemoryStore::new();
    let options = cli::import::Options { file, rejects: None, encoding: Encoding::Utf8, defaults: Defaults::default() };
    let mut out = Vec::new();
    let imported = cli::import::run(&store, &options, Wall(0), &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(imported.contacts.added, 4);
    let counts = format!("4 contacts added, 0 changed, 0 as they were, {} lines rejected", imported.lines_rejected);
    assert!(out.contains(&counts), "{out}");
    assert!(out.contains("line 4, contact_id `C1`: the same contact_id is on line 2"), "{out}");
    assert!(!out.contains("89161234567"), "a whole number on the screen: {out}");
    let rejects = std::fs::read_to_string(place.path().join("debtors.rejects.csv")).unwrap();
    assert!(out.contains("debtors.rejects.csv"));
    assert!(rejects.starts_with("line,field,value,why\r\n3,contact_id,,"), "{rejects}");
    assert!(rejects.contains("\r\n11,phone,'+7916,"), "a number would be run as a formula: {rejects}");
    assert!(rejects.contains(",'=HYPERLINK(1)"), "{rejects}");
    let again = cli::import::run(&store, &options, Wall(0), &mut Vec::new()).await.unwrap();
    assert_eq!((again.contacts.added, again.contacts.unchanged), (0, 4));
}

/// Prints a figure; run with `cargo test --test it import_speed -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn import_speed() {
    const LINES: u32 = 100_000;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("many.csv");
    let mut text = format!("{HEADER},last4,email,phone2\n");
    for n in 0..LINES {
        let row = ROW.replace("C1", &format!("C{n}")).replace("+79161234567", &format!("+7916{n:07}"));
        text += &format!("{row},4321,k{n}@example.org,+7495{n:07}\n");
    }
    std::fs::write(&file, text).unwrap();
    let store = SqliteStore::open(place.path().join("books.db")).await.unwrap();
    let options = cli::import::Options { file, rejects: None, encoding: Encoding::Utf8, defaults: Defaults::default() };
    let clock = Clock::system();
    for what in ["new", "unchanged"] {
        let before: Mono = clock.now().mono;
        let imported = cli::import::run(&store, &options, Wall(0), &mut Vec::new()).await.unwrap();
        let took = clock.now().mono.since(before).as_secs_f64();
        println!("{LINES} {what} contacts in {took:.2} s: {:.0} a second; {imported:?}", f64::from(LINES) / took);
    }
    assert_eq!(store.contacts(ringback::id::ContactId(i64::from(LINES) - 1), 9).await.unwrap().len(), 1);
}
