//! Import as its users meet it: a file in; contacts, rejects and words out.

use std::path::{Path, PathBuf};

use ringback::cli;
use ringback::cli::import::Mode;
use ringback::import::{
    Batch, ContactReader, Decimal, Defaults, Encoding, HeaderError, Source, decoded, mapping, read,
};
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
        ("contact_id,name", "`phone`, `language` (or give a default for all contacts), `creditor` (or give"),
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
        language: Some("en".parse().unwrap()),
        zone: Some("Asia/Tokyo".parse().unwrap()),
        creditor: Some("Acme".into()),
        currency: Some("USD".parse().unwrap()),
        ..Defaults::default()
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
    assert_eq!(missing, "--column or the mapping names `ФИО`, which the header does not have");
}

/// `line contact: numbers; debt sum due`, then the rejects as `line field code`.
fn as_text(batch: &Batch) -> String {
    let mut text = String::new();
    for (line, c) in batch.lines.iter().zip(&batch.contacts) {
        let numbers: Vec<&str> = c.phones.iter().map(|p| p.full()).collect();
        let debt = &c.debts[0];
        text += &format!(
            "{line} {}: {}; {} {} {}\n",
            c.external_id,
            numbers.join(" "),
            debt.external_id,
            debt.amount,
            debt.due
        );
    }
    for r in &batch.rejects {
        text += &format!("{} {} {}\n", r.line, if r.field.is_empty() { "-" } else { &r.field }, r.code);
    }
    text
}

/// A file on disk, read in two passes.
fn read_file(path: &Path, encoding: Encoding, sheet: Option<&str>, defaults: &Defaults) -> Batch {
    let source = Source { path: path.to_path_buf(), encoding, sheet: sheet.map(str::to_string) };
    let survey = source.survey(defaults).unwrap();
    source.contacts(defaults.clone(), survey).unwrap().batch(1000).unwrap().unwrap_or_default()
}

fn russian() -> Defaults {
    Defaults {
        language: Some("ru".parse().unwrap()),
        zone: Some("Europe/Moscow".parse().unwrap()),
        creditor: Some("Водоканал".into()),
        currency: Some("RUB".parse().unwrap()),
        country: Some("RU".parse().unwrap()),
        ..Defaults::default()
    }
}

/// Files as their columns below the header, what is said of them, and what they come to.
#[test]
fn lines_that_belong_together_and_local_forms() {
    let place = tempfile::tempdir().unwrap();
    let comma = |defaults: Defaults| Defaults { decimal: Some(Decimal::Comma), ..defaults };
    let dates = |order: &str| Defaults { dates: Some(order.parse().unwrap()), ..russian() };
    for (name, defaults, text, expected) in [
        (
            "several debts of a contact, far apart; a line said again; lines that contradict each other",
            russian(),
            "contact_id,debt_id,name,phone,amount,due\n\
             K1,water,Анна,89161234567,100,2026-11-25\n\
             K2,,Олег,89161234568,100,2026-11-25\n\
             K1,heat,Анна,89161234567,200,2026-11-25\n\
             K2,,Олег,89161234568,100,2026-11-25\n\
             K1,heat,Анна,89161234567,300,2026-11-25\n\
             K1,rent,Анна,89161234569,100,2026-11-25\n\
             K2,,Олег,89161234568,101,2026-11-25\n",
            "2 K1: +79161234567; water 100.00 RUB 2026-11-25\n\
             3 K2: +79161234568;  100.00 RUB 2026-11-25\n\
             4 K1: +79161234567; heat 200.00 RUB 2026-11-25\n\
             6 debt_id debt_differs\n7 phone contact_differs\n8 contact_id debt_differs\n",
        ),
        (
            "numbers as written at home, several in a cell and in columns; those never rung",
            russian(),
            "contact_id,name,phones,phone9,amount,due\n\
             K1,А,\"8 (916) 123-45-67, 8 495 123 45 67\",+4915112345678,1,2026-11-25\n\
             K2,А,79161234567,,1,2026-11-25\n\
             K3,А,112,,1,2026-11-25\n\
             K4,А,8-809-123-45-67,,1,2026-11-25\n\
             K5,А,8916123456,,1,2026-11-25\n\
             K6,А,,,1,2026-11-25\n\
             K7,А,,позвоните,1,2026-11-25\n",
            "2 K1: +4915112345678 +79161234567 +74951234567;  1.00 RUB 2026-11-25\n\
             3 K2: +79161234567;  1.00 RUB 2026-11-25\n\
             4 phones number_short\n5 phones number_premium\n6 phones number_unassigned\n7 phone9 empty\n\
             8 phone9 number_format\n",
        ),
        (
            "days whose order another line proves",
            russian(),
            "contact_id|name|phone|amount|due\nK1|А|89161234567|1|05/11/2026\nK2|А|89161234567|1|25/11/2026\n",
            "2 K1: +79161234567;  1.00 RUB 2026-11-05\n3 K2: +79161234567;  1.00 RUB 2026-11-25\n",
        ),
        (
            "days whose order is proved both ways",
            russian(),
            "contact_id|name|phone|amount|due\nK1|А|89161234567|1|05/11/2026\nK2|А|89161234567|1|25/11/2026\n\
             K3|А|89161234567|1|11/25/2026\n",
            "3 K2: +79161234567;  1.00 RUB 2026-11-25\n4 K3: +79161234567;  1.00 RUB 2026-11-25\n2 due day_ambiguous\n",
        ),
        (
            "days as said",
            dates("mdy"),
            "contact_id|name|phone|amount|due\nK1|А|89161234567|1|05/11/2026\nK2|А|89161234567|1|25/11/2026\n\
             K3|А|89161234567|1|25 ноября 2026\nK4|А|89161234567|1|46351\n",
            "2 K1: +79161234567;  1.00 RUB 2026-05-11\n4 K3: +79161234567;  1.00 RUB 2026-11-25\n\
             5 K4: +79161234567;  1.00 RUB 2026-11-25\n3 due day_format\n",
        ),
        (
            "amounts as said",
            comma(russian()),
            "contact_id;name;phone;amount;due\nK1;А;89161234567;1.234;2026-11-25\nK2;А;89161234567;1234,5;2026-11-25\n\
             K3;А;89161234567;12.50;2026-11-25\nK4;А;89161234567;0,00;2026-11-25\n",
            "2 K1: +79161234567;  1234.00 RUB 2026-11-25\n3 K2: +79161234567;  1234.50 RUB 2026-11-25\n\
             4 amount amount_format\n5 amount amount_not_above_zero\n",
        ),
    ] {
        let file = place.path().join("file.csv");
        std::fs::write(&file, text).unwrap();
        let batch = read_file(&file, Encoding::Utf8, None, &defaults);
        assert_eq!(as_text(&batch), expected, "{name}");
        let once = read(text.as_bytes(), defaults).unwrap();
        if !name.contains("proves") {
            assert_eq!(as_text(&once), expected, "{name}, in one pass");
        }
    }
}

#[test]
fn what_is_counted_of_lines_that_belong_together() {
    let text = "contact_id,debt_id,name,phone,amount,due\n\
         K1,a,А,89161234567,1,2026-11-25\nK1,b,А,89161234567,1,2026-11-25\nK1,a,А,89161234567,1,2026-11-25\n";
    let batch = read(text.as_bytes(), russian()).unwrap();
    assert_eq!((batch.further, batch.repeated, batch.lines_rejected), (vec![1], 1, 0));
}

/// Constants fill what is missing; what policy reads is held to its words; a refusal's day is kept as policy reads it.
#[test]
fn a_mapping_makes_a_file_readable() {
    let mapping = mapping(
        "columns:\n  Договор: contact_id\n  ФИО: name\n  Тел.: phones\n  Долг: amount\n  Срок: due\n  Отказ: refused_on\n\
         ignore: [Примечание]\nconstants: {creditor: Водоканал, zone: Europe/Moscow, language: ru, currency: RUB, claimant: collector}\n\
         dates: dmy\ndecimal: comma\ncountry: RU\n",
    );
    let defaults = mapping.unwrap().defaults;
    let text = "Договор;ФИО;Тел.;Долг;Срок;Отказ;Примечание\n\
         7;Анна;8 916 123-45-67;1.234,50;25/11/2026;1.2.2026;злая\n8;Олег;8 916 123-45-68;5;25/11/2026;вчера;\n";
    let batch = read(text.as_bytes(), defaults.clone()).unwrap();
    assert_eq!(as_text(&batch), "2 7: +79161234567;  1234.50 RUB 2026-11-25\n3 refused_on day_format\n");
    let fields: Vec<String> = batch.contacts[0].fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(fields, ["claimant=collector", "refused_on=2026-02-01"]);
    let without = read("Договор;ФИО\n".as_bytes(), defaults).unwrap_err().to_string();
    assert_eq!(without, "--column or the mapping names `Тел.`, which the header does not have");
}

/// A workbook with these sheets: rows of cells as XML.
fn workbook(path: &Path, sheets: &[(&str, &[&[&str]])]) {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let mut part = |name: &str, text: &str| {
        zip.start_file(
            name,
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored),
        )
        .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let (mut names, mut relations, mut types) = (String::new(), String::new(), String::new());
    let package = "http://schemas.openxmlformats.org/package/2006";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    for (n, (name, rows)) in (1..).zip(sheets) {
        names += &format!("<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>");
        relations +=
            &format!("<Relationship Id=\"rId{n}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>");
        types += &format!("<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"{kind}.worksheet+xml\"/>");
        let mut text = String::new();
        for (r, cells) in (1..).zip(*rows) {
            text += &format!("<row r=\"{r}\">");
            for (column, cell) in ('A'..).zip(*cells) {
                text += &match cell.split_once(':') {
                    Some(("n", number)) => format!("<c r=\"{column}{r}\"><v>{number}</v></c>"),
                    Some(("day", number)) => format!("<c r=\"{column}{r}\" s=\"1\"><v>{number}</v></c>"),
                    Some(("error", what)) => format!("<c r=\"{column}{r}\" t=\"e\"><v>{what}</v></c>"),
                    _ if cell.is_empty() => String::new(),
                    _ => format!("<c r=\"{column}{r}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"),
                };
            }
            text += "</row>";
        }
        let sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>{text}</sheetData></worksheet>");
        part(&format!("xl/worksheets/sheet{n}.xml"), &sheet);
    }
    relations += &format!("<Relationship Id=\"rId99\" Type=\"{office}/styles\" Target=\"styles.xml\"/>");
    let styles = format!(
        "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
    );
    part("xl/styles.xml", &styles);
    part(
        "xl/workbook.xml",
        &format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{names}</sheets></workbook>"),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &format!("<Relationships xmlns=\"{package}/relationships\">{relations}</Relationships>"),
    );
    let root = format!("<Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/>");
    part("_rels/.rels", &format!("<Relationships xmlns=\"{package}/relationships\">{root}</Relationships>"));
    let types = format!(
        "<Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{kind}.sheet.main+xml\"/>{types}</Types>"
    );
    part("[Content_Types].xml", &types);
    zip.finish().unwrap();
}

#[test]
fn workbooks() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("долги.xlsx");
    let header = &["contact_id", "name", "phone", "amount", "due", "last4"][..];
    let rows: &[&[&str]] = &[
        header,
        &["007", "Анна", "n:79161234567", "n:1234.4999999999998", "day:46351", "0042"],
        &[],
        &["n:8", "Олег", "8 916 123-45-68", "1 234,50", "25 ноября 2026"],
        &["9", "Вера", "89161234569", "n:5", "n:46351", "", "", "n:1"],
        &["10", "Нина", "89161234569", "error:#N/A", "day:46351.5"],
    ];
    workbook(&file, &[("Пояснения", &[&["Список за ноябрь"]]), ("Долги", rows)]);
    let batch = read_file(&file, Encoding::Utf8, Some("Долги"), &russian());
    let expected = "2 007: +79161234567;  1234.50 RUB 2026-11-25\n4 8: +79161234568;  1234.50 RUB 2026-11-25\n\
         5 - cell_count\n6 amount amount_format\n6 due day_format\n";
    assert_eq!(as_text(&batch), expected);
    assert_eq!(batch.contacts[0].fields["last4"], "0042", "text keeps its zeros");
    let source =
        |sheet: Option<&str>| Source { path: file.clone(), encoding: Encoding::Utf8, sheet: sheet.map(Into::into) };
    let shown = |e: HeaderError| std::error::Error::source(&e).map_or(e.to_string(), ToString::to_string);
    let wrong = shown(source(Some("Долг")).survey(&russian()).unwrap_err());
    assert_eq!(wrong, "the workbook has no sheet `Долг`; it has `Пояснения`, `Долги`");
    let first = shown(source(None).survey(&russian()).unwrap_err());
    assert!(first.starts_with("the header lacks `contact_id`"), "the first sheet is no list: {first}");
    std::fs::write(&file, "no workbook").unwrap();
    let broken = shown(source(None).survey(&russian()).unwrap_err());
    assert!(broken.starts_with("the workbook cannot be read"), "{broken}");
}

/// A title, merged cells above and inside of the header, blanks that are none, numbers as quantities, days as numbers, notes, and a sum
/// below: what the clerk is told, until it is read.
#[test]
fn a_workbook_as_accounting_sends_it() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("Долги ноябрь.xlsx");
    let rows: &[&[&str]] = &[
        &["Дебиторская задолженность на 25.11.2026"],
        &[],
        &["", "", "Контакты", "", "Долг"],
        &["Договор", "ФИО", "Телефон\u{a0}\n моб.", "", "Сумма,\u{a0}руб.", "Срок"],
        &["n:7", "Иванова Анна", "n:79161234567", "", "1\u{a0}234,50 ", "day:46351"],
        &["8", "\u{a0}Олег ", " 8\u{a0}916 123‑45‑68 ", "n:4951234567", "n:1234.5", "n:46351"],
        &["9", "Вера", "7.9161234569E10", "", "n:5", "25.11.2026"],
        &["10", "Нина", "7,91612E+10", "", "5,00", "25 ноября 2026"],
        &["11", "Яна", "79161234561.0", "", "n:5", "n:46351.0"],
        &[],
        &["", "Итого:", "", "", "n:2484", ""],
    ];
    workbook(&file, &[("Лист1", rows)]);
    let named = |pairs: &[(&str, &str)]| {
        let columns = pairs.iter().map(|(theirs, ours)| (theirs.to_string(), ours.to_string())).collect();
        Defaults { columns, ..russian() }
    };
    let source = Source { path: file.clone(), encoding: Encoding::Utf8, sheet: None };
    let says = |defaults: &Defaults| source.survey(defaults).unwrap_err().to_string();
    let nothing_said = says(&russian());
    assert!(nothing_said.starts_with("the header lacks `contact_id`, `name`, `phone`"), "{nothing_said}");
    assert!(
        nothing_said.ends_with("Line 4 looks like the header: if it is, say so: --header-line 4"),
        "{nothing_said}"
    );
    let columns = &[
        ("Договор", "contact_id"),
        ("ФИО", "name"),
        ("Телефон моб.", "phone"),
        ("Сумма, руб.", "amount"),
        ("Срок", "due"),
    ];
    let mapped = named(columns);
    assert!(
        says(&mapped).ends_with("Line 4 looks like the header: if it is, say so: --header-line 4"),
        "{}",
        says(&mapped)
    );
    let empty = says(&Defaults { header_line: Some(2), ..mapped.clone() });
    assert_eq!(empty, "line 2, where the header was said to be, is empty");
    let wrong = says(&Defaults { header_line: Some(3), ..mapped.clone() });
    assert_eq!(wrong, "--column or the mapping names `Договор`, which the header does not have");
    let below = says(&Defaults { header_line: Some(99), ..mapped.clone() });
    assert_eq!(below, "the file has no line 99, where its header was said to be");

    let defaults = Defaults { header_line: Some(4), ..mapped };
    let survey = source.survey(&defaults).unwrap();
    let mut reader = source.contacts(defaults, survey).unwrap();
    let batch = reader.batch(100).unwrap().unwrap();
    let expected = "5 7: +79161234567;  1234.50 RUB 2026-11-25\n6 8: +79161234568;  1234.50 RUB 2026-11-25\n\
         7 9: +79161234569;  5.00 RUB 2026-11-25\n9 11: +79161234561;  5.00 RUB 2026-11-25\n\
         8 phone number_shortened\n11 name total\n";
    assert_eq!(as_text(&batch), expected);
    assert_eq!(batch.contacts[1].name, "Олег");
    assert_eq!(reader.nameless().collect::<Vec<_>>(), [(4, 1)], "the second number stands under no name");
    let shortened = &batch.rejects[0];
    assert!(shortened.why.contains("its last digits are gone: make the column text"), "{shortened:?}");
}

/// It claims more texts than any memory holds; another ends in the middle.
#[test]
fn a_workbook_that_lies_is_said_to_be_damaged() {
    use std::io::Write as _;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("x.xlsx");
    workbook(&file, &[("List", &[&["contact_id"]])]);
    let whole = std::fs::read(&file).unwrap();
    let open = std::fs::File::options().read(true).write(true).open(&file).unwrap();
    let mut zip = zip::ZipWriter::new_append(open).unwrap();
    zip.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).unwrap();
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    write!(zip, "<sst xmlns=\"{main}\" uniqueCount=\"18446744073709551615\"></sst>").unwrap();
    zip.finish().unwrap();
    let says = || {
        let source = Source { path: file.clone(), encoding: Encoding::Utf8, sheet: None };
        let error = source.survey(&russian()).unwrap_err();
        std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string)
    };
    assert_eq!(says(), "the workbook cannot be read: it is damaged");
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(says().starts_with("the workbook cannot be read"), "{}", says());
}

/// What is left of merged cells is told, not dropped in silence.
#[tokio::test]
async fn a_column_without_a_name_is_told() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("x.csv");
    std::fs::write(&file, format!("{HEADER},\n{ROW},+74951234567\n")).unwrap();
    let mut out = Vec::new();
    cli::import::run(&MemoryStore::new(), &cli::import::Options::plain(file), Wall(0), &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("column 10 has no name in the header, and something stands there on 1 lines"), "{out}");
}

/// The same forms, the same file of rejects.
#[tokio::test]
async fn payments_as_a_bank_sends_them() {
    let place = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    store.import(&read_text(&format!("{HEADER}\n{ROW}\n")).unwrap().contacts, Wall(0)).await.unwrap();
    let rows: &[&[&str]] = &[
        &["Выписка"],
        &["Номер", "Договор", "Сумма", "Дата", "Назначение"],
        &["n:101", "C1", "100,50", "day:46346", "за воду"],
        &["102", "C1", "n:1", "20/11/2026", ""],
        &["103", "C9", "1", "05/11/2026", ""],
        &["101", "C1", "7", "", ""],
        &["104", "C1", "много", "вчера", ""],
        &["Итого", "", "n:109.5", "", ""],
    ];
    let xlsx = place.path().join("bank.xlsx");
    workbook(&xlsx, &[("Лист1", rows)]);
    let cp1251 = |text: &str| -> Vec<u8> {
        let byte = |c| match c {
            'А'..='я' => (c as u32 - 'А' as u32 + 0xC0) as u8,
            _ => c as u8,
        };
        text.chars().map(byte).collect()
    };
    let cell = |cell: &&str| cell.replace("day:46346", "20.11.2026").replace("n:", "");
    let text: Vec<String> = rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(";")).collect();
    let csv = place.path().join("bank.csv");
    std::fs::write(&csv, cp1251(&text.join("\r\n"))).unwrap();
    let rename = |(theirs, ours): &(&str, &str)| (theirs.to_string(), ours.to_string());
    let columns = [("Номер", "payment_id"), ("Договор", "contact_id"), ("Сумма", "amount"), ("Дата", "paid_at")];
    let defaults = Defaults {
        columns: columns.iter().map(rename).collect(),
        header_line: Some(2),
        zone: Some("Europe/Moscow".parse().unwrap()),
        ..russian()
    };
    let now: Wall = "2026-11-26T10:00Z".parse().unwrap();
    for (path, encoding, counts) in [
        (&xlsx, Encoding::Utf8, "2 payments booked, 0 taken back, 0 known before, 4 lines refused"),
        (&csv, Encoding::Windows1251, "0 payments booked, 0 taken back, 2 known before, 4 lines refused"),
    ] {
        let source = Source { path: path.clone(), encoding, sheet: None };
        let (rejects, mut out) = (cli::import::beside(path), Vec::new());
        let refused = cli::payment::import(&store, &source, &defaults, rejects.clone(), now, &mut out).await.unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(refused, 4, "{out}");
        assert!(out.starts_with(counts) && out.contains("the column `Назначение` means nothing here"), "{out}");
        let rejects = std::fs::read_to_string(rejects).unwrap();
        let kinds: Vec<String> =
            rejects.lines().skip(1).map(|line| line.split(',').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(kinds, ["7 amount", "7 paid_at", "8 payment_id", "5 contact_id", "6 payment_id"], "{rejects}");
        assert!(rejects.contains("the same payment_id is in the books with amount 100.50 and not 7.00"), "{rejects}");
    }
    let paid = store.payments(0, 9).await.unwrap();
    let shown: Vec<String> = paid.iter().map(|p| format!("{} {} {}", p.id, p.amount, p.paid_at.timestamp())).collect();
    assert_eq!(shown, ["101 100.50 RUB 2026-11-20T09:00:00Z", "102 1.00 RUB 2026-11-20T09:00:00Z"]);
}

/// The three ways to take a file, and what each leaves.
#[tokio::test]
async fn all_or_nothing_and_dry_runs() {
    let place = tempfile::tempdir().unwrap();
    let bad = place.path().join("bad.csv");
    std::fs::write(&bad, format!("{HEADER}\n{ROW}\n{}\n", ROW.replace("C1", "C2").replace("1234.50", "much"))).unwrap();
    let good = place.path().join("good.csv");
    std::fs::write(&good, format!("{HEADER}\n{ROW}\n")).unwrap();
    for (file, mode, exit, says, contacts) in [
        (&bad, Mode::DryRun, 4, "would be 1 contacts added", 0),
        (&bad, Mode::AllOrNothing, 4, "NOTHING IS BOOKED; would have been: 1 contacts added", 0),
        (&bad, Mode::GoodLines, 3, "bad.csv: 1 contacts added", 1),
        (&good, Mode::DryRun, 0, "would be 1 contacts added", 0),
        (&good, Mode::AllOrNothing, 0, "good.csv: 1 contacts added", 1),
    ] {
        let sqlite = SqliteStore::open(place.path().join(format!("{mode:?}{exit}.db"))).await.unwrap();
        let options = cli::import::Options { mode, ..cli::import::Options::plain(file.clone()) };
        let mut out = Vec::new();
        let imported = cli::import::run(&sqlite, &options, Wall(0), &mut out).await.unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!((imported.exit(), imported.batch.is_some()), (exit, contacts > 0), "{mode:?}: {out}");
        assert!(out.contains(says), "{mode:?}: {out}");
        assert_eq!(sqlite.contacts(ringback::id::ContactId(0), 9).await.unwrap().len(), contacts, "{mode:?}");
        assert_eq!(place.path().join("bad.rejects.csv").exists(), file == &bad, "{mode:?}");
        let _ = std::fs::remove_file(place.path().join("bad.rejects.csv"));
    }
}

/// A debt of X, whose other debts then are in dollars, too.
const IN_DOLLARS: &str = "contact_id,debt_id,name,phone,language,zone,creditor,amount,currency,due\n\
    X,D9,Анна,+79161234567,ru,Europe/Moscow,Водоканал,1234.50,USD,2026-11-25\n";

/// More lines than one transaction takes.
const MANY: usize = 25_000;

fn many(place: &Path, name: &str, last: &str) -> PathBuf {
    let file = place.join(name);
    let mut text = format!("{HEADER}\n");
    for n in 0..MANY {
        text += &ROW.replace("C1", &format!("C{n}")).replace("+79161234567", &format!("+7916{n:07}"));
        text.push('\n');
    }
    std::fs::write(&file, text + last).unwrap();
    file
}

async fn everybody(store: &SqliteStore) -> usize {
    store.contacts(ringback::id::ContactId(0), 1_000_000).await.unwrap().len()
}

/// The bad line is the last one, in the third transaction: one that cannot be read, and one that the books alone refuse.
#[tokio::test(flavor = "multi_thread")]
async fn one_bad_line_at_the_end_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(place.path().join("books.db")).await.unwrap();
    let there = place.path().join("there.csv");
    std::fs::write(&there, IN_DOLLARS).unwrap();
    cli::import::run(&store, &cli::import::Options::plain(there), Wall(0), &mut Vec::new()).await.unwrap();
    let unreadable = many(place.path(), "unreadable.csv", &ROW.replace("C1", "Z").replace("1234.50", "much"));
    let refused = many(place.path(), "refused.csv", &ROW.replace("C1", "X"));
    for file in [unreadable, refused] {
        let options = cli::import::Options { mode: Mode::AllOrNothing, ..cli::import::Options::plain(file) };
        let mut out = Vec::new();
        let imported = cli::import::run(&store, &options, Wall(0), &mut out).await.unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!((imported.exit(), imported.batch, imported.lines_rejected), (4, None, 1), "{out}");
        assert!(out.contains(&format!("NOTHING IS BOOKED; would have been: {MANY} contacts added")), "{out}");
        assert_eq!((everybody(&store).await, store.imports().await.unwrap().len()), (1, 1));
    }
}

/// Every line is good when it is looked at, and one is not when it is booked: what came before it goes again.
#[tokio::test(flavor = "multi_thread")]
async fn books_that_move_meanwhile_leave_nothing_either() {
    let place = tempfile::tempdir().unwrap();
    let books = place.path().join("books.db");
    let (ours, theirs) = (SqliteStore::open(&books).await.unwrap(), SqliteStore::open(&books).await.unwrap());
    let file = many(place.path(), "many.csv", &format!("{}\n", ROW.replace("C1", "X")));
    let options = cli::import::Options { mode: Mode::AllOrNothing, ..cli::import::Options::plain(file) };
    let importing = tokio::spawn(async move {
        let mut out = Vec::new();
        let imported = cli::import::run(&ours, &options, Wall(0), &mut out).await.unwrap();
        (imported, String::from_utf8(out).unwrap())
    });
    // As soon as the booking begins: the same contact, in another currency.
    let begun = async || (!theirs.imports().await.ok()?.is_empty()).then_some(());
    crate::house::wait_until("the booking to begin", std::time::Duration::from_secs(60), begun).await;
    let other = read_text(IN_DOLLARS).unwrap().contacts;
    theirs.import(&other, Wall(0)).await.unwrap();
    let (imported, out) = importing.await.unwrap();
    assert_eq!((imported.exit(), imported.batch), (4, None), "{out}");
    assert!(out.contains("TAKEN BACK, since the books have changed meanwhile"), "{out}");
    assert_eq!(everybody(&theirs).await, 1);
    let batch = theirs.imports().await.unwrap().remove(0);
    assert!(batch.undone_at.is_some() && batch.counts.added == MANY as u64, "{batch:?}");
}

/// `kill -9` between two transactions: what is in the books is nobody's to dial, and goes with the next command.
#[test]
fn killed_in_the_middle_nothing_is_left() {
    use crate::house::{House, wait_for};
    let house = House::new("127.0.0.1:9", "    channels_max: 1\n    cps_max: 1\n");
    let file = many(house.dir.path(), "many.csv", "").display().to_string();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(SqliteStore::open(house.path("ringback.db"))).unwrap();
    let campaign = runtime.block_on(store.create_campaign("a", "", &[], Wall(0))).unwrap();
    let mut import = house.command(&["import", "--all-or-nothing", &file]).spawn().unwrap();
    let limit = std::time::Duration::from_secs(120);
    wait_for("the first part to be booked", limit, || {
        runtime.block_on(store.imports()).unwrap().first().filter(|batch| batch.counts.added > 0).map(drop)
    });
    // Who imports beside it is told, and takes nothing back.
    let beside = house.run(&["import", &file]);
    assert!(String::from_utf8_lossy(&beside.stderr).contains("another import is under way"), "{beside:?}");
    import.kill().unwrap();
    import.wait().unwrap();
    let batch = runtime.block_on(store.imports()).unwrap().remove(0);
    assert!(batch.broke_off_whole(), "it was killed too late to prove anything: {batch:?}");
    assert!(runtime.block_on(everybody(&store)) > 0);
    let may_be_taken = runtime.block_on(store.not_enrolled(campaign, ringback::id::ContactId(0), 9)).unwrap();
    assert!(may_be_taken.is_empty(), "{may_be_taken:?}");
    let said = house.ok(&["import", "list"]);
    assert!(said.contains("many.csv broke off, and all or nothing was wanted"), "{said}");
    assert_eq!(runtime.block_on(everybody(&store)), 0);
    // And then all of it.
    let said = house.ok(&["import", "--all-or-nothing", &file]);
    assert!(said.contains(&format!("{MANY} contacts added")) && !said.contains("broke off"), "{said}");
    assert_eq!(runtime.block_on(store.not_enrolled(campaign, ringback::id::ContactId(0), 9)).unwrap().len(), 9);
}

/// Pasted from elsewhere: `consent_vioce` would be a field that no rule reads.
#[tokio::test]
async fn a_column_that_nearly_means_something_is_told() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("x.csv");
    std::fs::write(&file, format!("{HEADER},consent_vioce,last4\n{ROW},yes,1234\n")).unwrap();
    let mut out = Vec::new();
    cli::import::run(&MemoryStore::new(), &cli::import::Options::plain(file), Wall(0), &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(
        out.contains("`consent_vioce` is kept as a field and means nothing to the rules; is `consent_voice` meant?"),
        "{out}"
    );
    assert!(!out.contains("last4"), "{out}");
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
    let options = cli::import::Options::plain(file);
    let mut out = Vec::new();
    let imported = cli::import::run(&store, &options, Wall(0), &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(imported.contacts.added, 4);
    let counts = format!("4 contacts added, 0 changed, 0 as they were, {} lines rejected", imported.lines_rejected);
    assert!(out.contains(&counts), "{out}");
    assert!(out.contains("line 4, name `Анна 3`: is not as on line 2, which names the same contact"), "{out}");
    assert!(!out.contains("89161234567"), "a whole number on the screen: {out}");
    let rejects = std::fs::read_to_string(place.path().join("debtors.rejects.csv")).unwrap();
    assert!(out.contains("debtors.rejects.csv"));
    assert!(rejects.starts_with("line,field,value,code,why\r\n3,contact_id,,empty,"), "{rejects}");
    assert!(rejects.contains("\r\n11,phone,'+7916,"), "a number would be run as a formula: {rejects}");
    assert!(rejects.contains(",'=HYPERLINK(1)"), "{rejects}");
    let mut out = Vec::new();
    let again = cli::import::run(&store, &options, Wall(0), &mut out).await.unwrap();
    assert_eq!((again.already, again.contacts.added, again.exit()), (imported.batch, 0, 0));
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("already imported as batch 1"), "{out}");
    let options = cli::import::Options { again: true, ..options };
    let again = cli::import::run(&store, &options, Wall(0), &mut Vec::new()).await.unwrap();
    assert_eq!((again.contacts.added, again.contacts.unchanged, again.exit()), (0, 4, 3));
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
    let options = cli::import::Options::plain(file);
    let clock = Clock::system();
    for what in ["new", "unchanged"] {
        let before: Mono = clock.now().mono;
        let imported = cli::import::run(&store, &options, Wall(0), &mut Vec::new()).await.unwrap();
        let took = clock.now().mono.since(before).as_secs_f64();
        println!("{LINES} {what} contacts in {took:.2} s: {:.0} a second; {imported:?}", f64::from(LINES) / took);
    }
    assert_eq!(store.contacts(ringback::id::ContactId(i64::from(LINES) - 1), 9).await.unwrap().len(), 1);
}
