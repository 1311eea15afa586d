//! How fast a list comes into the books, and how much memory that takes: `ringback import` as a process of its own.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

use super::figures::ImportStep;
use super::house::House;

/// A prime: what is multiplied and divided by it never comes twice, and comes in no order, as real numbers do.
const SCATTER: u64 = 999_999_937;

/// A list into empty books, then the same list again.
pub fn measure(house: &House, lines: u64, dir: &Path) -> anyhow::Result<Vec<ImportStep>> {
    let path = dir.join("list.csv");
    list(&path, lines).with_context(|| format!("cannot write {}", path.display()))?;
    let file_mb = std::fs::metadata(&path)?.len() as f64 / 1e6;
    let name = path.to_string_lossy().into_owned();
    let mut steps = Vec::new();
    for (what, arguments) in [("new", &["import", &name][..]), ("as they were", &["import", "--again", &name])] {
        let used = house.used(arguments)?;
        steps.push(ImportStep {
            what: what.into(),
            lines,
            file_mb,
            wall_s: used.wall_s,
            cpu_s: used.cpu_s,
            peak_kb: used.peak_kb,
        });
    }
    std::fs::remove_file(&path)?;
    Ok(steps)
}

/// Ids and numbers in no order, two numbers each, as creditors' lists are.
fn list(path: &Path, lines: u64) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(b"contact_id,name,phone,phone2,email,language,zone,creditor,amount,currency,due,last4\n")?;
    for n in 1..=lines {
        let (id, mobile, fixed) = (n * 387_420_489 % SCATTER, n * 123_456_789 % SCATTER, n * 987_654_321 % SCATTER);
        writeln!(
            file,
            "K{id:09},\"Person {n}, the elder\",+79{mobile:09},+74{fixed:09},k{n}@example.org,ru,Europe/Moscow,City Water,\
             \"1 {:03},{:02}\",RUB,{:02}.11.2026,{:04}",
            n % 1000,
            n % 100,
            n % 28 + 1,
            n % 10_000
        )?;
    }
    file.flush()
}
