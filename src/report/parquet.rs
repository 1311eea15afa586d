//! Rows as Apache Parquet: a file of typed columns that databases and notebooks read without being told anything.
//!
//! Written here, and not by the crate `parquet`: that takes 50 s of a core to build with what it needs (opt-level 1), and this is
//! a few hundred lines. The tests read with that crate what is written here. Of the format it is the plainest part: one page a column and
//! row group, values one after another (PLAIN) behind their definition levels, compressed with Snappy, no statistics. Every column may
//! be empty (OPTIONAL). See the format's `parquet.thrift` and `Encodings.md`; numbers in comments are the fields' there.

use std::io::{self, Write};

use super::export::{Cell, Type};

/// Rows kept in memory until they are written; readers take a row group at a time too.
const GROUP_ROWS_MAX: usize = 50_000;
/// …and bytes of them, so that long texts do not fill it.
const GROUP_BYTES_MAX: usize = 32 << 20;
const MAGIC: &[u8] = b"PAR1";

/// A column of the rows that are being gathered.
struct Column {
    name: &'static str,
    kind: Type,
    /// A row each: whether it says anything.
    present: Vec<bool>,
    /// What those say, one after another; of [`Type::Bool`] in `bits`.
    plain: Vec<u8>,
    bits: Vec<bool>,
}

/// A column of a row group that is in the file.
struct Chunk {
    /// Where its page begins.
    at: u64,
    uncompressed: usize,
    compressed: usize,
}

struct Group {
    rows: usize,
    chunks: Vec<Chunk>,
}

pub struct Parquet<W: Write> {
    out: W,
    at: u64,
    columns: Vec<Column>,
    groups: Vec<Group>,
}

impl<W: Write> Parquet<W> {
    /// # Errors
    /// `out` cannot be written; here and below.
    pub fn new(out: W, columns: &[(&'static str, Type)]) -> io::Result<Parquet<W>> {
        let empty = |(name, kind): &(&'static str, Type)| Column {
            name,
            kind: *kind,
            present: Vec::new(),
            plain: Vec::new(),
            bits: Vec::new(),
        };
        let columns = columns.iter().map(empty).collect();
        let mut parquet = Parquet { out, at: 0, columns, groups: Vec::new() };
        parquet.put(MAGIC)?;
        Ok(parquet)
    }

    /// A cell a column.
    pub fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        assert_eq!(cells.len(), self.columns.len(), "a row has a cell a column");
        self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
        let rows = self.columns.first().map_or(0, |column| column.present.len());
        let bytes: usize = self.columns.iter().map(|column| column.plain.len()).sum();
        if rows >= GROUP_ROWS_MAX || bytes >= GROUP_BYTES_MAX { self.end_group() } else { Ok(()) }
    }

    /// What is gathered, then what the file holds: without its end nobody can read it.
    pub fn finish(mut self) -> io::Result<W> {
        self.end_group()?;
        let footer = self.footer();
        self.put(&footer)?;
        let length =
            u32::try_from(footer.len()).map_err(|_| io::Error::other("more row groups than a file can list"))?;
        self.put(&length.to_le_bytes())?;
        self.put(MAGIC)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn end_group(&mut self) -> io::Result<()> {
        let rows = self.columns.first().map_or(0, |column| column.present.len());
        if rows == 0 {
            return Ok(());
        }
        let mut chunks = Vec::with_capacity(self.columns.len());
        for column in 0..self.columns.len() {
            let body = self.columns[column].take();
            let packed = snap::raw::Encoder::new().compress_vec(&body).map_err(io::Error::other)?;
            let header = page_header(rows, body.len(), packed.len());
            let at = self.at;
            self.put(&header)?;
            self.put(&packed)?;
            let (uncompressed, compressed) = (header.len() + body.len(), header.len() + packed.len());
            chunks.push(Chunk { at, uncompressed, compressed });
        }
        self.groups.push(Group { rows, chunks });
        Ok(())
    }

    /// `FileMetaData`.
    fn footer(&self) -> Vec<u8> {
        let mut t = Thrift::default();
        t.i32(1, 1);
        t.list(2, STRUCT, self.columns.len() + 1);
        t.element(|t| {
            t.text(4, "rows");
            t.i32(5, self.columns.len() as i32);
        });
        for column in &self.columns {
            t.element(|t| schema(t, column));
        }
        t.i64(3, self.groups.iter().map(|group| group.rows as i64).sum());
        t.list(4, STRUCT, self.groups.len());
        for group in &self.groups {
            t.element(|t| {
                t.list(1, STRUCT, group.chunks.len());
                for (column, chunk) in self.columns.iter().zip(&group.chunks) {
                    t.element(|t| chunk_metadata(t, column, chunk, group.rows));
                }
                t.i64(2, group.chunks.iter().map(|chunk| chunk.uncompressed as i64).sum());
                t.i64(3, group.rows as i64);
            });
        }
        t.text(6, concat!("ringback version ", env!("CARGO_PKG_VERSION")));
        t.end();
        t.bytes
    }
}

impl Column {
    fn push(&mut self, cell: &Cell) {
        self.present.push(*cell != Cell::None);
        match (self.kind, cell) {
            (_, Cell::None) => {}
            (Type::Text, Cell::Text(text)) => {
                self.plain.extend((text.len() as u32).to_le_bytes());
                self.plain.extend(text.as_bytes());
            }
            (Type::Integer, Cell::Integer(n)) | (Type::Amount, Cell::Amount(n)) => self.plain.extend(n.to_le_bytes()),
            (Type::Instant, Cell::Instant(at)) => self.plain.extend(at.0.to_le_bytes()),
            (Type::Date, Cell::Date(day)) => self.plain.extend(days_since_1970(*day).to_le_bytes()),
            (Type::Bool, Cell::Bool(yes)) => self.bits.push(*yes),
            (kind, cell) => panic!("the column {} holds {kind}, not {cell:?}", self.name),
        }
    }

    /// The page's body: levels behind their length, then values. Leaves the column empty.
    fn take(&mut self) -> Vec<u8> {
        let levels = levels(&self.present);
        let mut body = (levels.len() as u32).to_le_bytes().to_vec();
        body.extend(levels);
        body.append(&mut self.plain);
        body.extend(packed(&self.bits));
        self.present.clear();
        self.bits.clear();
        body
    }
}

fn days_since_1970(day: jiff::civil::Date) -> i32 {
    let since = day.since(jiff::civil::date(1970, 1, 1)).expect("days of our calendar have a distance");
    since.get_days()
}

/// Eight a byte, the first in the lowest bit.
fn packed(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8).map(|eight| eight.iter().rev().fold(0, |byte, bit| (byte << 1) | u8::from(*bit))).collect()
}

/// Definition levels of one bit: a run, where all are alike, or packed, in groups of eight (RLE / bit-packed hybrid).
fn levels(present: &[bool]) -> Vec<u8> {
    let mut levels = Vec::new();
    if present.iter().all(|p| *p == present[0]) {
        varint(&mut levels, (present.len() as u64) << 1);
        levels.push(u8::from(present[0]));
    } else {
        varint(&mut levels, ((present.len().div_ceil(8) as u64) << 1) | 1);
        levels.extend(packed(present));
    }
    levels
}

/// `PageHeader` of a data page of the first version, with PLAIN values and levels as runs.
fn page_header(rows: usize, uncompressed: usize, compressed: usize) -> Vec<u8> {
    const PLAIN: i32 = 0;
    const RLE: i32 = 3;
    let mut t = Thrift::default();
    t.i32(1, 0);
    t.i32(2, uncompressed as i32);
    t.i32(3, compressed as i32);
    t.object(5, |t| {
        t.i32(1, rows as i32);
        t.i32(2, PLAIN);
        t.i32(3, RLE);
        t.i32(4, RLE);
    });
    t.end();
    t.bytes
}

/// The physical type's number.
fn physical(kind: Type) -> i32 {
    match kind {
        Type::Bool => 0,
        Type::Date => 1,
        Type::Integer | Type::Instant | Type::Amount => 2,
        Type::Text => 6,
    }
}

/// `SchemaElement`, with the meaning both as the old `converted_type` and as `logicalType`.
fn schema(t: &mut Thrift, column: &Column) {
    const OPTIONAL: i32 = 1;
    /// As many digits as fit into 64 bits.
    const DIGITS: i32 = 18;
    t.i32(1, physical(column.kind));
    t.i32(3, OPTIONAL);
    t.text(4, column.name);
    match column.kind {
        Type::Bool | Type::Integer => {}
        Type::Text => {
            t.i32(6, 0);
            t.object(10, |t| t.object(1, |_| {}));
        }
        Type::Amount => {
            t.i32(6, 5);
            t.i32(7, 2);
            t.i32(8, DIGITS);
            t.object(10, |t| {
                t.object(5, |t| {
                    t.i32(1, 2);
                    t.i32(2, DIGITS);
                });
            });
        }
        Type::Date => {
            t.i32(6, 6);
            t.object(10, |t| t.object(6, |_| {}));
        }
        // Microseconds, of UTC.
        Type::Instant => {
            t.i32(6, 10);
            t.object(10, |t| {
                t.object(8, |t| {
                    t.yes(1);
                    t.object(2, |t| t.object(2, |_| {}));
                });
            });
        }
    }
}

/// `ColumnChunk`.
fn chunk_metadata(t: &mut Thrift, column: &Column, chunk: &Chunk, rows: usize) {
    const SNAPPY: i32 = 1;
    t.i64(2, chunk.at as i64);
    t.object(3, |t| {
        t.i32(1, physical(column.kind));
        // PLAIN and RLE.
        t.list(2, I32, 2);
        t.number(0);
        t.number(3);
        t.list(3, BINARY, 1);
        t.bare_text(column.name);
        t.i32(4, SNAPPY);
        t.i64(5, rows as i64);
        t.i64(6, chunk.uncompressed as i64);
        t.i64(7, chunk.compressed as i64);
        t.i64(9, chunk.at as i64);
    });
}

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const STRUCT: u8 = 12;

/// Thrift's compact protocol: fields by the distance of their numbers, integers of variable length.
#[derive(Default)]
struct Thrift {
    bytes: Vec<u8>,
    /// The number of the field before, in the structure that is being written.
    last: u8,
}

fn varint(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

impl Thrift {
    fn field(&mut self, id: u8, kind: u8) {
        self.bytes.push(((id - self.last) << 4) | kind);
        self.last = id;
    }

    /// Without a field's header, as in lists. Small ones of either sign are short (zigzag).
    fn number(&mut self, n: i64) {
        varint(&mut self.bytes, ((n << 1) ^ (n >> 63)) as u64);
    }

    fn i32(&mut self, id: u8, n: i32) {
        self.field(id, I32);
        self.number(n.into());
    }

    fn i64(&mut self, id: u8, n: i64) {
        self.field(id, I64);
        self.number(n);
    }

    /// `true`: the field's header says it all.
    fn yes(&mut self, id: u8) {
        self.field(id, 1);
    }

    fn bare_text(&mut self, text: &str) {
        varint(&mut self.bytes, text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    fn text(&mut self, id: u8, text: &str) {
        self.field(id, BINARY);
        self.bare_text(text);
    }

    /// As many elements must follow.
    fn list(&mut self, id: u8, kind: u8, count: usize) {
        self.field(id, 9);
        match count {
            0..15 => self.bytes.push(((count as u8) << 4) | kind),
            _ => {
                self.bytes.push(0xf0 | kind);
                varint(&mut self.bytes, count as u64);
            }
        }
    }

    /// A structure in a list.
    fn element(&mut self, fields: impl FnOnce(&mut Thrift)) {
        let outer = std::mem::take(&mut self.last);
        fields(self);
        self.end();
        self.last = outer;
    }

    fn object(&mut self, id: u8, fields: impl FnOnce(&mut Thrift)) {
        self.field(id, STRUCT);
        self.element(fields);
    }

    fn end(&mut self) {
        self.bytes.push(0);
    }
}
