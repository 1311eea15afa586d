//! How fast a list comes into the books, and how much memory that takes: `ringback import` as a process of its own, of a CSV and of a
//! workbook.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

use super::figures::ImportStep;
use super::house::House;
use super::sheet;

/// A prime: what is multiplied and divided by it never comes twice, and comes in no order, as real numbers do.
const SCATTER: u64 = 999_999_937;
/// A sheet has 1,048,576 rows, its header among them.
const SHEET_LINES_MAX: u64 = 1_048_575;

/// A list into empty books, then the same list again; then as a workbook.
pub fn measure(house: &House, lines: u64, dir: &Path) -> anyhow::Result<Vec<ImportStep>> {
    let (csv, xlsx) = (dir.join("list.csv"), dir.join("list.xlsx"));
    list(&csv, lines).with_context(|| format!("cannot write {}", csv.display()))?;
    let rows = lines.min(SHEET_LINES_MAX);
    sheet::workbook(&xlsx, rows).with_context(|| format!("cannot write {}", xlsx.display()))?;
    let mut steps = Vec::new();
    for (path, lines, what, again) in [
        (&csv, lines, "new", false),
        (&csv, lines, "as they were", true),
        (&xlsx, rows, "a workbook, as they were", false),
    ] {
        let file_mb = std::fs::metadata(path)?.len() as f64 / 1e6;
        let name = path.to_string_lossy().into_owned();
        let mut arguments = vec!["import", &name];
        if again {
            arguments.push("--again");
        }
        let used = house.used(&arguments)?;
        steps.push(ImportStep {
            what: what.into(),
            lines,
            file_mb,
            wall_s: used.wall_s,
            cpu_s: used.cpu_s,
            peak_kb: used.peak_kb,
        });
    }
    std::fs::remove_file(&csv)?;
    std::fs::remove_file(&xlsx)?;
    Ok(steps)
}

/// The `n`-th of the list: ids and numbers in no order, two numbers each, as creditors' lists are.
pub(super) struct Person {
    pub id: String,
    pub name: String,
    pub mobile: String,
    pub fixed: String,
    pub email: String,
    pub amount_minor: u64,
    /// Of November 2026.
    pub day: u64,
    pub last4: String,
}

impl Person {
    pub fn new(n: u64) -> Person {
        Person {
            id: format!("K{:09}", n * 387_420_489 % SCATTER),
            name: format!("Person {n}, the elder"),
            mobile: format!("+79{:09}", n * 123_456_789 % SCATTER),
            fixed: format!("+74{:09}", n * 987_654_321 % SCATTER),
            email: format!("k{n}@example.org"),
            amount_minor: 100_000 + n % 1000 * 100 + n % 100,
            day: n % 28 + 1,
            last4: format!("{:04}", n % 10_000),
        }
    }
}

fn list(path: &Path, lines: u64) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(b"contact_id,name,phone,phone2,email,language,zone,creditor,amount,currency,due,last4\n")?;
    for n in 1..=lines {
        let Person { id, name, mobile, fixed, email, amount_minor, day, last4 } = Person::new(n);
        let (thousands, rest, cents) = (amount_minor / 100_000, amount_minor / 100 % 1000, amount_minor % 100);
        writeln!(
            file,
            "{id},\"{name}\",{mobile},{fixed},{email},ru,Europe/Moscow,City Water,\"{thousands} {rest:03},{cents:02}\",RUB,{day:02}.11.2026,\
             {last4}"
        )?;
    }
    file.flush()
}
