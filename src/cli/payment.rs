//! `ringback payment`: a debt was paid.

use std::path::Path;

use anyhow::Context;

use crate::store::Store;

#[derive(clap::Args)]
pub struct Arguments {
    /// The contact's `contact_id`.
    contact: String,
    /// The payment's own id; the same id again counts once.
    #[arg(long)]
    id: String,
}

pub async fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, store, clock) = super::open(config).await?;
    let new = store.pay(&arguments.contact, &arguments.id, clock.now().wall).await;
    if new.with_context(|| format!("payment {} is not recorded", arguments.id))? {
        println!(
            "payment {} is recorded; contact {} is not called about this debt any more",
            arguments.id, arguments.contact
        );
    } else {
        println!("payment {} was recorded before; nothing changed", arguments.id);
    }
    Ok(())
}
