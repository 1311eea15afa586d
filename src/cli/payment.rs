//! `ringback payment`: what was paid, and what was taken back.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::books::{NewPayment, Paid};
use crate::money::{Currency, Money};
use crate::store::{Store, StoreError};
use crate::time::Wall;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Book one payment. What it pays in full is not called about any more; a call that rings is taken back.
    Add {
        /// The contact's `contact_id`.
        contact: String,
        /// The payment's own id; the same id again counts once.
        #[arg(long)]
        id: String,
        /// For example `500.00 RUB`; left out: all that is owed.
        #[arg(long)]
        amount: Option<Money>,
        /// The `debt_id` it is for; left out: the debt due first, then the next.
        #[arg(long)]
        debt: Option<String>,
        /// When the person paid, for example 2026-11-20T10:00+03:00; left out: now. Promises are judged by it.
        #[arg(long)]
        paid_at: Option<Wall>,
    },
    /// Book the payments of a CSV file with the columns payment_id, contact_id, amount, currency and, if there are any, debt_id and paid_at;
    /// a line with `reversed` = `yes` takes the payment back. Importing the file again changes nothing.
    Import {
        file: PathBuf,
        /// For lines without one.
        #[arg(long)]
        currency: Option<Currency>,
    },
    /// Take a payment back, for example because a bank returned it: what it paid is owed again, and its promise is judged without it.
    Reverse {
        /// The payment's own id.
        id: String,
    },
}

pub async fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let (_, store, clock) = super::open(config).await?;
    let now = clock.now().wall;
    match command {
        Command::Add { contact, id, amount, debt, paid_at } => {
            let (id, contact, debt) = (id.clone(), contact.clone(), debt.clone());
            let new = NewPayment { id, contact, debt, amount: *amount, paid_at: paid_at.unwrap_or(now) };
            println!("{}", add(&*store, &new, now).await?);
        }
        Command::Import { file, currency } => {
            let opened = std::fs::File::open(file).with_context(|| format!("{} cannot be opened", file.display()))?;
            let mut out = std::io::stdout();
            let refused = import(&*store, std::io::BufReader::new(opened), *currency, now, &mut out).await?;
            if refused > 0 {
                bail!(
                    "{}: {refused} lines are not booked; the others are. Mend them and import the file again",
                    file.display()
                );
            }
        }
        Command::Reverse { id } => match store.reverse(id, now).await.with_context(|| format!("payment {id}"))? {
            true => println!("payment {id} is taken back; what it paid is owed again"),
            false => println!("payment {id} was taken back before; nothing changed"),
        },
    }
    Ok(())
}

async fn add(store: &impl Store, new: &NewPayment, now: Wall) -> anyhow::Result<String> {
    let (id, contact) = (&new.id, &new.contact);
    let paid = store.pay(std::slice::from_ref(new), now).await?.pop().expect("an answer for each");
    let Paid { new, settled, left } = paid.with_context(|| format!("payment {id} is not recorded"))?;
    Ok(match (new, settled) {
        (false, _) => format!("payment {id} was recorded before; nothing changed"),
        (true, true) => {
            format!("payment {id} is recorded; contact {contact} owes nothing and is not called about it any more")
        }
        (true, false) => format!("payment {id} is recorded; contact {contact} still owes {left}"),
    })
}

/// So many payments are booked at a time.
const BATCH: usize = 1_000;

/// Returns how many lines were refused; each is named in `out`.
pub async fn import(
    store: &impl Store,
    reader: impl BufRead,
    currency: Option<Currency>,
    now: Wall,
    out: &mut impl std::io::Write,
) -> anyhow::Result<u64> {
    let mut feed = crate::import::PaymentReader::new(reader, currency, now)?;
    let (mut booked, mut known, mut reversed, mut refused) = (0u64, 0u64, 0u64, 0u64);
    while let Some(batch) = feed.batch(BATCH)? {
        for reject in &batch.rejects {
            writeln!(out, "  {reject}")?;
        }
        refused += batch.lines_rejected;
        let answers = store.pay(&batch.payments, now).await?;
        for ((line, new), answer) in batch.lines.iter().zip(&batch.payments).zip(answers) {
            match answer {
                Ok(paid) if paid.new => booked += 1,
                Ok(_) => known += 1,
                Err(error @ (StoreError::NotFound(_) | StoreError::Conflict(_))) => {
                    refused += 1;
                    writeln!(out, "  line {line}: payment {}: {error}", new.id)?;
                }
                Err(error @ StoreError::Unavailable(_)) => return Err(error.into()),
            }
        }
        for (line, id) in &batch.reversed {
            match store.reverse(id, now).await {
                Ok(true) => reversed += 1,
                Ok(false) => known += 1,
                Err(error @ (StoreError::NotFound(_) | StoreError::Conflict(_))) => {
                    refused += 1;
                    writeln!(out, "  line {line}: {error}")?;
                }
                Err(error @ StoreError::Unavailable(_)) => return Err(error.into()),
            }
        }
    }
    writeln!(out, "{booked} payments booked, {reversed} taken back, {known} known before, {refused} lines refused")?;
    Ok(refused)
}
