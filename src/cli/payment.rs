//! `ringback payment`: what was paid, and what was taken back.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::import::{Reading, Rejects};
use crate::books::{NewPayment, Paid, Refusal};
use crate::import::{Defaults, Reject, Source};
use crate::money::Money;
use crate::store::{Store, StoreError, refusal};
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
    /// Book the payments of a CSV or XLSX with the columns payment_id, contact_id, amount, currency and, if there are any, debt_id and
    /// paid_at; a line with `reversed` = `yes` takes the payment back. Importing the file again changes nothing.
    Import(Box<Feed>),
    /// Take a payment back, for example because a bank returned it: what it paid is owed again, and its promise is judged without it.
    Reverse {
        /// The payment's own id.
        id: String,
    },
}

#[derive(clap::Args)]
pub struct Feed {
    /// CSV or XLSX with a header line; `src/import/README.md` lists the columns.
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

pub async fn run(config: &Path, command: Command) -> anyhow::Result<()> {
    let (_, store, clock) = super::open(config).await?;
    let now = clock.now().wall;
    match command {
        Command::Add { contact, id, amount, debt, paid_at } => {
            let new = NewPayment { id, contact, debt, amount, paid_at: paid_at.unwrap_or(now) };
            println!("{}", add(&*store, &new, now).await?);
        }
        Command::Import(feed) => {
            let (source, defaults, rejects) = feed.reading.read(feed.file)?;
            let file = source.path.display().to_string();
            let refused = import(&*store, &source, &defaults, rejects, now, &mut std::io::stdout()).await?;
            if refused > 0 {
                bail!("{file}: {refused} lines are not booked; the others are. Mend them and import the file again");
            }
        }
        Command::Reverse { id } => match store.reverse(&id, now).await.with_context(|| format!("payment {id}"))? {
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

/// Books the file's payments; those that are not are named in `out` and in the file of rejects. Returns how many lines they were.
pub async fn import(
    store: &impl Store,
    source: &Source,
    defaults: &Defaults,
    rejects: PathBuf,
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<u64> {
    let file = source.path.display().to_string();
    let mut feed = source.payments(defaults, now).with_context(|| file.clone())?;
    let mut rejects = Rejects::new(rejects);
    let (mut booked, mut known, mut reversed, mut refused) = (0u64, 0u64, 0u64, 0u64);
    let of_books = |line: u64, value: String, Refusal { field, code, why }: Refusal| {
        vec![Reject { line, field: field.into(), value, code, why }]
    };
    while let Some(batch) = feed.batch(BATCH).with_context(|| format!("{file} cannot be read"))? {
        refused += batch.lines_rejected;
        rejects.write(batch.rejects)?;
        let answers = store.pay(&batch.payments, now).await?;
        for ((line, new), answer) in batch.lines.iter().zip(&batch.payments).zip(answers) {
            match answer {
                Ok(paid) if paid.new => booked += 1,
                Ok(_) => known += 1,
                Err(error) => {
                    refused += 1;
                    let refusal = refusal(store, new, error).await?;
                    rejects.write(of_books(*line, value(new, refusal.field), refusal))?;
                }
            }
        }
        for (line, id) in &batch.reversed {
            match store.reverse(id, now).await {
                Ok(true) => reversed += 1,
                Ok(false) => known += 1,
                Err(StoreError::NotFound(_)) => {
                    refused += 1;
                    rejects.write(of_books(*line, id.clone(), Refusal::of_reversal(id)))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    writeln!(out, "{booked} payments booked, {reversed} taken back, {known} known before, {refused} lines refused")?;
    for name in feed.further_columns() {
        writeln!(out, "  the column `{name}` means nothing here and is passed over")?;
    }
    rejects.tell(out)?;
    Ok(refused)
}

/// As it stood, or nearly.
fn value(new: &NewPayment, field: &str) -> String {
    match field {
        "payment_id" => new.id.clone(),
        "contact_id" => new.contact.clone(),
        "debt_id" => new.debt.clone().unwrap_or_default(),
        "amount" => new.amount.map(Money::amount).unwrap_or_default(),
        "currency" => new.amount.map(|amount| amount.currency.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}
