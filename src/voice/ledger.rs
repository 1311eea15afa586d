//! What a paid voice has cost this month, and whether it may cost more. A small file, so that neither a new start of the
//! program nor a second one beside it forgets what has been spent.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::VoiceError;
use super::disk::write_atomically;
use crate::config::voices::Price;
use crate::money::{Currency, Money};
use crate::time::{Wall, Zone};

/// A price is for a million letters, so that one letter costs the price's minor units in millionths of a minor unit.
const MILLION: u64 = 1_000_000;

pub(super) struct Ledger {
    /// `<folder>/<voice>.json`.
    file: PathBuf,
    /// Held while the file is read and written, by whichever process.
    lock: PathBuf,
    per_million: u64,
    currency: Currency,
    month_max: Option<Money>,
}

/// What the file holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Month {
    /// `2026-11`, in UTC.
    month: String,
    /// Letters that were sent.
    letters: u64,
    /// In millionths of a minor unit of the currency.
    spent_millionths: u64,
    currency: String,
}

/// What was reserved, to be given back when nothing was made of it.
#[must_use]
#[derive(Debug)]
pub(super) struct Reserved {
    month: String,
    letters: u64,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum LedgerError {
    #[error(
        "its {max} of this month are used up: {spent} are spent and this text costs {costs}. It speaks again from {anew} \
         (UTC), or when `month_max` is raised"
    )]
    UsedUp { max: Money, spent: Money, costs: Money, anew: Date },
    /// What is not written down may not be spent.
    #[error("what it costs cannot be written to {}: {why}", file.display())]
    Unwritten { file: PathBuf, why: String },
}

impl Ledger {
    /// `None`: the voice has no price.
    pub fn open(folder: &Path, voice: &str, price: &Price) -> Result<Option<Ledger>, VoiceError> {
        let Some(per_million) = price.per_million else { return Ok(None) };
        let ledger = Ledger {
            file: folder.join(format!("{voice}.json")),
            lock: folder.join(format!("{voice}.lock")),
            per_million: u64::try_from(per_million.minor).unwrap_or(0),
            currency: per_million.currency,
            month_max: price.month_max,
        };
        let usable = fs::create_dir_all(folder).map_err(|e| e.to_string()).and_then(|()| ledger.read().map(drop));
        usable.map_err(|why| VoiceError::Load { voice: voice.to_owned(), path: ledger.file.clone(), why })?;
        Ok(Some(ledger))
    }

    /// Writes down the cost of so many letters, before they are sent: a crash may count what was never made, and never the
    /// other way round.
    pub fn reserve(&self, letters: usize, now: Wall) -> Result<Reserved, LedgerError> {
        let unwritten = |why: String| LedgerError::Unwritten { file: self.file.clone(), why };
        let _locked = self.lock().map_err(|e| unwritten(e.to_string()))?;
        let letters = letters as u64;
        let mut month = self.month(now).map_err(unwritten)?;
        let costs = letters.saturating_mul(self.per_million);
        let after = month.spent_millionths.saturating_add(costs);
        if let Some(max) = self.month_max
            && u128::from(after) > u128::try_from(max.minor).unwrap_or(0) * u128::from(MILLION)
        {
            let today = now.date(&Zone::utc());
            // The file may be ahead of a clock that was put back; then its month is the one that counts.
            let first = format!("{}-01", month.month).parse::<Date>().unwrap_or(today);
            let anew = first.last_of_month().tomorrow().unwrap_or(today);
            let (spent, costs) = (self.money(month.spent_millionths), self.money(costs));
            return Err(LedgerError::UsedUp { max, spent, costs, anew });
        }
        month.letters = month.letters.saturating_add(letters);
        month.spent_millionths = after;
        self.write(&month).map_err(|e| unwritten(e.to_string()))?;
        Ok(Reserved { month: month.month, letters })
    }

    /// For a text that the server refused. One that cannot be given back stays spent.
    pub fn give_back(&self, reserved: Reserved) {
        let given = self.lock().map_err(|e| e.to_string()).and_then(|_locked| {
            let mut month = self.read()?.filter(|month| month.month == reserved.month).ok_or("another month began")?;
            month.letters = month.letters.saturating_sub(reserved.letters);
            let costs = reserved.letters.saturating_mul(self.per_million);
            month.spent_millionths = month.spent_millionths.saturating_sub(costs);
            self.write(&month).map_err(|e| e.to_string())
        });
        if let Err(why) = given {
            tracing::debug!(file = %self.file.display(), why, "what was not spent stays counted");
        }
    }

    /// Ends with the file's handle. Threads of one process exclude each other by it too: each opens its own.
    fn lock(&self) -> io::Result<File> {
        let file = File::options().create(true).truncate(false).write(true).open(&self.lock)?;
        file.lock()?;
        Ok(file)
    }

    /// The month that is counted now.
    fn month(&self, now: Wall) -> Result<Month, String> {
        let this = now.date(&Zone::utc()).strftime("%Y-%m").to_string();
        let counted = self.read()?.filter(|counted| counted.month >= this);
        Ok(counted.unwrap_or_else(|| Month {
            month: this,
            letters: 0,
            spent_millionths: 0,
            currency: self.currency.code().to_owned(),
        }))
    }

    fn read(&self) -> Result<Option<Month>, String> {
        let bytes = match fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e.to_string()),
        };
        let month: Month = serde_json::from_slice(&bytes).map_err(|e| {
            format!("what it has cost is not readable ({e}): see to the file, or delete it to count anew")
        })?;
        if month.currency != self.currency.code() {
            let (was, is) = (month.currency, self.currency);
            return Err(format!(
                "what it has cost was counted in {was}, and its price is in {is}: delete the file to count anew"
            ));
        }
        Ok(Some(month))
    }

    fn write(&self, month: &Month) -> io::Result<()> {
        let json = serde_json::to_vec_pretty(month).expect("texts and numbers only");
        write_atomically(&self.file, &json)?;
        // The power may go too, and the money would be spent all the same.
        File::open(&self.file)?.sync_all()
    }

    /// Rounded up to a whole minor unit.
    fn money(&self, millionths: u64) -> Money {
        Money::new(i64::try_from(millionths.div_ceil(MILLION)).unwrap_or(i64::MAX), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price {
        per_million: Some(Money { minor: 1500, currency: Currency::Usd }),
        month_max: Some(Money { minor: 3, currency: Currency::Usd }),
    };

    fn open(folder: &Path) -> Ledger {
        Ledger::open(folder, "cloud", &PRICE).unwrap().unwrap()
    }

    fn spent(ledger: &Ledger) -> u64 {
        ledger.read().unwrap().map_or(0, |month| month.letters)
    }

    /// A thousand letters cost a cent and a half; three cents are allowed.
    #[test]
    fn a_month_and_the_next() {
        let folder = tempfile::tempdir().unwrap();
        for (at, letters, expected) in [
            ("2026-11-30T10:00Z", 1000, Ok(1000)),
            ("2026-11-30T10:00Z", 999, Ok(1999)),
            (
                "2026-11-30T23:59Z",
                2,
                Err("0.03 USD of this month are used up: 0.03 USD are spent and this text costs 0.01 USD"),
            ),
            ("2026-11-30T23:59Z", 2, Err("again from 2026-12-01 (UTC)")),
            ("2026-11-30T23:59Z", 1, Ok(2000)),
            // A day of the next month in Moscow is none yet.
            ("2026-12-01T02:00+03:00", 1, Err("used up")),
            ("2026-12-01T00:00Z", 2000, Ok(2000)),
            // A clock that was put back does not open the old month again.
            ("2026-11-30T10:00Z", 1, Err("again from 2027-01-01")),
            ("2027-01-01T00:00Z", 3000, Err("0.00 USD are spent and this text costs 0.05 USD")),
            ("2027-01-01T00:00Z", 0, Ok(0)),
        ] {
            // Each time as after a new start.
            let ledger = open(folder.path());
            let found = ledger.reserve(letters, at.parse().unwrap()).map_err(|e| e.to_string()).map(|_| spent(&ledger));
            match (&found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{at} {letters}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{at} {letters}: {found}"),
                _ => panic!("{at} {letters}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn what_was_refused_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        let november = ledger.reserve(1000, "2026-11-30T10:00Z".parse().unwrap()).unwrap();
        let more = ledger.reserve(500, "2026-11-30T10:00Z".parse().unwrap()).unwrap();
        ledger.give_back(more);
        assert_eq!(spent(&ledger), 1000);
        let _ = ledger.reserve(700, "2026-12-01T10:00Z".parse().unwrap()).unwrap();
        ledger.give_back(november);
        assert_eq!(spent(&ledger), 700, "of another month");
    }

    #[test]
    fn threads_and_processes_do_not_overspend() {
        let folder = tempfile::tempdir().unwrap();
        let now: Wall = "2026-11-30T10:00Z".parse().unwrap();
        let allowed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let ledger = open(folder.path());
                        (0..10).filter(|_| ledger.reserve(100, now).is_ok()).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!((allowed, spent(&open(folder.path()))), (20, 2000));
    }

    #[test]
    fn a_file_that_is_not_understood_spends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        for (written, words) in [
            ("{", "delete it to count anew"),
            (r#"{"month":"2026-11","letters":1,"spent_millionths":1,"currency":"EUR"}"#, "counted in EUR"),
        ] {
            fs::write(folder.path().join("cloud.json"), written).unwrap();
            let error = ledger.reserve(1, "2026-11-30T10:00Z".parse().unwrap()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(Ledger::open(folder.path(), "cloud", &PRICE).is_err(), "known at the start");
        }
        assert!(Ledger::open(folder.path(), "free", &Price::default()).unwrap().is_none());
    }
}
