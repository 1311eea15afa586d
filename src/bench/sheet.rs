//! A list as a workbook, as spreadsheets save it: every text once, in a part of its own, and cells that name it by its place; sums and
//! days as numbers.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::import::Person;

const HEADER: [&str; 12] = [
    "contact_id",
    "name",
    "phone",
    "phone2",
    "email",
    "language",
    "zone",
    "creditor",
    "amount",
    "currency",
    "due",
    "last4",
];
/// Texts that all lines share, behind those of the header.
const SHARED: [&str; 4] = ["ru", "Europe/Moscow", "City Water", "RUB"];
/// Texts of a line that no other has.
const OWN: u64 = 6;
/// 1 November 2026 as spreadsheets count days.
const FIRST_DAY: u64 = 46_327;

const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A row at a time: neither the rows nor the texts are ever in memory together.
pub fn workbook(path: &Path, lines: u64) -> io::Result<()> {
    let mut zip = Parts(ZipWriter::new(BufWriter::with_capacity(1 << 20, File::create(path)?)));
    zip.part(
        "[Content_Types].xml",
        &format!(
            "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
             ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
             ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{KIND}.sheet.main+xml\"/>\
             <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{KIND}.worksheet+xml\"/>\
             <Override PartName=\"/xl/styles.xml\" ContentType=\"{KIND}.styles+xml\"/>\
             <Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"{KIND}.sharedStrings+xml\"/></Types>"
        ),
    )?;
    zip.part(
        "_rels/.rels",
        &format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" \
             Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    )?;
    zip.part(
        "xl/workbook.xml",
        &format!(
            "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"List\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
        ),
    )?;
    zip.part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" \
             Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/>\
             <Relationship Id=\"rId3\" Type=\"{OFFICE}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
        ),
    )?;
    zip.part(
        "xl/styles.xml",
        &format!(
            "<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
        ),
    )?;
    zip.begin("xl/worksheets/sheet1.xml")?;
    rows(&mut zip.0, lines)?;
    zip.begin("xl/sharedStrings.xml")?;
    texts(&mut zip.0, lines)?;
    zip.0.finish()?.flush()
}

struct Parts<W: Write + io::Seek>(ZipWriter<W>);

impl<W: Write + io::Seek> Parts<W> {
    fn begin(&mut self, name: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
        Ok(self.0.start_file(name, options.compression_level(Some(1)))?)
    }

    fn part(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.begin(name)?;
        self.0.write_all(text.as_bytes())
    }
}

fn rows(to: &mut impl Write, lines: u64) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(1 << 16, to);
    write!(to, "<worksheet xmlns=\"{MAIN}\"><sheetData><row r=\"1\">")?;
    for (column, at) in ('A'..).zip(0..HEADER.len()) {
        write!(to, "<c r=\"{column}1\" t=\"s\"><v>{at}</v></c>")?;
    }
    write!(to, "</row>")?;
    let shared = HEADER.len() as u64;
    for n in 1..=lines {
        let (row, own) = (n + 1, shared + SHARED.len() as u64 + (n - 1) * OWN);
        write!(to, "<row r=\"{row}\">")?;
        let [language, zone, creditor, currency] = [0, 1, 2, 3].map(|at| shared + at);
        // The order of the header; own texts in the order of `texts`.
        let text = [own, own + 1, own + 2, own + 3, own + 4, language, zone, creditor];
        for (column, at) in ('A'..).zip(text) {
            write!(to, "<c r=\"{column}{row}\" t=\"s\"><v>{at}</v></c>")?;
        }
        let person = Person::new(n);
        let (major, minor, day) = (person.amount_minor / 100, person.amount_minor % 100, FIRST_DAY + person.day - 1);
        write!(to, "<c r=\"I{row}\"><v>{major}.{minor:02}</v></c><c r=\"J{row}\" t=\"s\"><v>{currency}</v></c>")?;
        write!(to, "<c r=\"K{row}\" s=\"1\"><v>{day}</v></c><c r=\"L{row}\" t=\"s\"><v>{}</v></c></row>", own + 5)?;
    }
    write!(to, "</sheetData></worksheet>")?;
    to.flush()
}

fn texts(to: &mut impl Write, lines: u64) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(1 << 16, to);
    let count = HEADER.len() as u64 + SHARED.len() as u64 + lines * OWN;
    write!(to, "<sst xmlns=\"{MAIN}\" uniqueCount=\"{count}\">")?;
    for text in HEADER.into_iter().chain(SHARED) {
        write!(to, "<si><t>{text}</t></si>")?;
    }
    for n in 1..=lines {
        let Person { id, name, mobile, fixed, email, last4, .. } = Person::new(n);
        for text in [id, name, mobile, fixed, email, last4] {
            write!(to, "<si><t>{text}</t></si>")?;
        }
    }
    write!(to, "</sst>")?;
    to.flush()
}
