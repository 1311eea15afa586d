//! All contacts of a campaign, or of the books, one after another: what reports and exports go through.

use crate::books::{Ledger, LedgerPlace};
use crate::id::CampaignId;
use crate::store::Store;

/// Contacts read at once; twice as many are in memory.
const PAGE: u32 = 500;

/// The next page is read while `each` is called with the contacts of this one.
pub(super) async fn each(
    store: &impl Store,
    campaign: Option<CampaignId>,
    mut each: impl FnMut(&mut Ledger) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut page = store.ledgers(campaign, &LedgerPlace::default(), PAGE).await?;
    while let Some(last) = page.last() {
        let after = LedgerPlace::behind(&last.contact);
        let (next, done) =
            tokio::join!(store.ledgers(campaign, &after, PAGE), async { page.iter_mut().try_for_each(&mut each) });
        done?;
        page = next?;
    }
    Ok(())
}
