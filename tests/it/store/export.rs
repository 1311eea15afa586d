//! Exported rows: the same in CSV and in Parquet, which the official crate reads; types, and memory that does not grow.

use std::fs::File;

use parquet::basic::{ConvertedType, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use ringback::cli::export::{self, Format};
use ringback::report::export::{Cell, Rows, Type};
use ringback::report::parquet::Parquet;

use super::*;

/// A contact who promised in two parts and paid, one who was put off, one on the same number as before with letters that CSV quotes.
async fn lived(store: &impl Store) {
    running(store, 3).await;
    let odd = NewContact { name: "Комма, \"quoted\"\nline".into(), email: None, ..contact(4) };
    store.import(&[odd], at(-5)).await.unwrap();
    let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), 2)]).await.unwrap();
    let (id, phone) = (claimed[0].attempt.id, claimed[0].standing.contact.phones[0].id);
    let promise = Write::Promise { attempt: id, parts: vec![part(50_000), part(73_450)], at: at(1) };
    let carried = Write::Carried {
        attempt: id,
        trunk: Some("main".into()),
        caller_id: Some(shown()),
        cost: Some(Cost::new(-1_234_567, Currency::Rub)),
        agent: None,
    };
    let ends = finish(id, Disposition::Promised, 2, close("promised"));
    let heard = Write::Quality { call: CallId::of(id), quality: quality(3) };
    store.apply(&[live(id, phone, 1), promise, carried, ends, heard]).await.unwrap();
    let id = claimed[1].attempt.id;
    let ruling = Ruling {
        attempt: id,
        at: at(1),
        verdict: Verdict::PutOff,
        reason: Some("window".into()),
        made_by: Some("RU-1".into()),
        until: Some(at(600)),
        policy: "default 1#0, ru 3#ab".into(),
    };
    let later = Write::Reschedule { attempt: id, due_at: at(600), why: "window".into() };
    store.apply(&[Write::Ruling(ruling), later]).await.unwrap();
    pay(store, payment("P1", "K1", Some(12_345), 30)).await.unwrap();
}

async fn write(store: &impl Store, rows: Rows, file: &Path, full: bool) -> u64 {
    let options = export::Options { rows, campaign: None, file: file.to_path_buf(), format: None, full };
    export::run(store, &options, at(60), &mut Vec::new()).await.unwrap()
}

/// As CSV writes it.
fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Bool(b) => b.to_string(),
        Field::Long(n) => n.to_string(),
        Field::TimestampMicros(at) => Wall(*at).to_string(),
        Field::Date(days) => (jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(*days)).to_string(),
        Field::Str(text) => text.clone(),
        Field::Decimal(decimal) => {
            let minor = i64::from_be_bytes(decimal.data().try_into().expect("eight bytes"));
            assert_eq!((decimal.scale(), decimal.precision()), (2, 18));
            Cell::Amount(minor).csv()
        }
        other => panic!("no column has {other:?}"),
    }
}

/// Column names, and rows as CSV would have them.
fn read(file: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    let names = schema.columns().iter().map(|column| column.name().to_string()).collect();
    let rows = reader.get_row_iter(None).unwrap();
    let cells = |row: parquet::record::Row| row.get_column_iter().map(|(_, field)| text(field)).collect();
    (names, rows.map(|row| cells(row.unwrap())).collect())
}

#[tokio::test]
async fn parquet_holds_what_csv_holds() {
    let place = Place::new();
    let store = open(&place.file()).await;
    lived(&store).await;
    for rows in Rows::ALL {
        for full in [false, true] {
            let (csv, parquet) = (place.file().with_extension("csv"), place.file().with_extension("parquet"));
            let count = write(&store, *rows, &csv, full).await;
            assert!(count > 0, "{rows}");
            assert_eq!(write(&store, *rows, &parquet, full).await, count, "{rows}");
            let mut sheet = csv::Reader::from_path(&csv).unwrap();
            let header: Vec<String> = sheet.headers().unwrap().iter().map(String::from).collect();
            // What a spreadsheet would run has a mark in front, in CSV only.
            let cell = |cell: &str| cell.strip_prefix('\'').unwrap_or(cell).to_string();
            let expected: Vec<Vec<String>> =
                sheet.records().map(|row| row.unwrap().iter().map(cell).collect()).collect();
            let (names, found) = read(&parquet);
            assert_eq!(names, header, "{rows}");
            assert_eq!(found, expected, "{rows}");
        }
    }
}

#[tokio::test]
async fn columns_have_types() {
    let place = Place::new();
    let store = open(&place.file()).await;
    lived(&store).await;
    let file = place.file().with_extension("parquet");
    for rows in Rows::ALL {
        write(&store, *rows, &file, false).await;
        let reader = SerializedFileReader::new(File::open(&file).unwrap()).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr();
        for (column, (name, kind)) in schema.columns().iter().zip(rows.columns()) {
            let expected = match kind {
                Type::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
                Type::Integer => (Physical::INT64, ConvertedType::NONE),
                Type::Instant => (Physical::INT64, ConvertedType::TIMESTAMP_MICROS),
                Type::Date => (Physical::INT32, ConvertedType::DATE),
                Type::Amount => (Physical::INT64, ConvertedType::DECIMAL),
                Type::Bool => (Physical::BOOLEAN, ConvertedType::NONE),
            };
            assert_eq!((column.physical_type(), column.converted_type()), expected, "{rows}: {name}");
        }
    }
}

#[tokio::test]
async fn rulings_say_who_rules_by_which_packs() {
    let place = Place::new();
    let sqlite = open(&place.file()).await;
    lived(&sqlite).await;
    let memory = ringback::store::MemoryStore::new();
    lived(&memory).await;
    let file = place.file().with_extension("csv");
    let expected = "1,2,blast,K2,Водоканал,voice,2026-11-20T10:01:00Z,put_off,window,RU-1,2026-11-20T20:00:00Z,\
         \"default 1#0, ru 3#ab\"";
    for count in [write(&sqlite, Rows::Rulings, &file, false).await, write(&memory, Rows::Rulings, &file, false).await]
    {
        assert_eq!(count, 1);
        let csv = std::fs::read_to_string(&file).unwrap();
        assert_eq!(csv.lines().nth(1), Some(expected));
    }
}

#[tokio::test]
async fn the_files_name_or_the_user_says_which_format() {
    let place = Place::new();
    let store = open(&place.file()).await;
    lived(&store).await;
    for (name, format, parquet) in [
        ("a.csv", None, false),
        ("a", None, false),
        ("a.Parquet", None, true),
        ("a.out", Some(Format::Parquet), true),
        ("a.parquet", Some(Format::Csv), false),
    ] {
        let file = place.file().with_file_name(name);
        let options = export::Options { rows: Rows::Payments, campaign: None, file: file.clone(), format, full: false };
        export::run(&store, &options, at(60), &mut Vec::new()).await.unwrap();
        assert_eq!(std::fs::read(&file).unwrap().starts_with(b"PAR1"), parquet, "{name} {format:?}");
    }
}

/// Rows leave as they come: a quarter of a million take several row groups, and nothing of an earlier one is kept. Columns that are
/// always there, never, and now and then.
#[test]
fn many_rows_are_several_groups() {
    const ROWS: i64 = 250_003;
    let columns = [("always", Type::Integer), ("never", Type::Text), ("sometimes", Type::Text), ("yes", Type::Bool)];
    let mut parquet = Parquet::new(Vec::new(), &columns).unwrap();
    for n in 0..ROWS {
        let sometimes = if n % 3 == 0 { Cell::Text(format!("{n}")) } else { Cell::None };
        let yes = if n % 7 == 0 { Cell::None } else { Cell::Bool(n % 2 == 0) };
        parquet.row(&[Cell::Integer(-n), Cell::None, sometimes, yes]).unwrap();
    }
    let place = Place::new();
    std::fs::write(place.file(), parquet.finish().unwrap()).unwrap();
    let reader = SerializedFileReader::new(File::open(place.file()).unwrap()).unwrap();
    let groups = reader.metadata().row_groups();
    assert!(groups.len() >= 5 && groups.iter().all(|group| group.num_rows() <= 50_000), "{}", groups.len());
    let (_, found) = read(&place.file());
    assert_eq!(found.len() as i64, ROWS);
    for (n, row) in (0..ROWS).zip(found) {
        let sometimes = if n % 3 == 0 { n.to_string() } else { String::new() };
        let yes = if n % 7 == 0 { String::new() } else { (n % 2 == 0).to_string() };
        assert_eq!(row, [(-n).to_string(), String::new(), sometimes, yes]);
    }
}

#[test]
fn no_rows_are_a_file_too() {
    let place = Place::new();
    let empty = Parquet::new(Vec::new(), &Rows::Contacts.columns()).unwrap().finish().unwrap();
    std::fs::write(place.file(), empty).unwrap();
    let (names, rows) = read(&place.file());
    assert_eq!((names.len(), rows.len()), (Rows::Contacts.columns().len(), 0));
}
