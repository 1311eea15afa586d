//! What an accepted offer comes to: its parts with their days, and whether the campaign takes it.

use jiff::civil::{Date, Weekday};

use super::action::Promised;
use crate::flow::program::{Offer, PromiseBounds, Share};
use crate::money::Money;

/// What is offered of a sum; of a plan, one part but the last. Rounded up, so that the parts cover it.
pub(super) fn share_of(share: Share, sum: Money) -> Money {
    match share {
        Share::Full => sum,
        Share::Half => sum.part(2),
        Share::Instalment(parts) => sum.part(parts),
    }
}

/// How many parts are promised by this offer.
fn count(offer: &Offer) -> u32 {
    match (offer.share, offer.every) {
        (Share::Instalment(parts), Some(_)) => parts,
        (Share::Full | Share::Half | Share::Instalment(_), _) => 1,
    }
}

/// The amounts of the parts, in order: all but the last are the same, and together they are what is promised. A sum too small for so
/// many parts has fewer.
pub(super) fn amounts_of(offer: &Offer, sum: Money) -> Vec<Money> {
    let part = share_of(offer.share, sum);
    let parts = i64::from(count(offer));
    if parts == 1 {
        return vec![part];
    }
    let left = |index: i64| (sum.minor - part.minor * index).min(part.minor);
    (0..parts).map(left).filter(|minor| *minor > 0).map(|minor| Money { minor, ..sum }).collect()
}

/// The parts when the first falls on `day`. Later parts that fall on a weekend are due on the Monday after, when only workdays count.
pub(super) fn parts(offer: &Offer, sum: Money, day: Date, workdays: bool) -> Vec<Promised> {
    let on = |index: usize| {
        let named = offer.every.map_or(day, |every| every.after(day, index as u32));
        match named.weekday() {
            Weekday::Saturday if workdays => named.saturating_add(jiff::Span::new().days(2)),
            Weekday::Sunday if workdays => named.saturating_add(jiff::Span::new().days(1)),
            _ => named,
        }
    };
    amounts_of(offer, sum).into_iter().enumerate().map(|(n, amount)| Promised { amount, on: on(n) }).collect()
}

/// Whether a campaign takes this offer on some day.
pub(super) fn is_taken(offer: &Offer, sum: Money, today: Date, bounds: &PromiseBounds) -> bool {
    let all: i128 = amounts_of(offer, sum).iter().map(|part| i128::from(part.minor)).sum();
    let enough = all * 1000 >= i128::from(sum.minor) * i128::from(bounds.least_permille);
    enough && ends_in_time(&parts(offer, sum, today, false), today, bounds)
}

/// Whether the last part is due early enough.
pub(super) fn ends_in_time(parts: &[Promised], today: Date, bounds: &PromiseBounds) -> bool {
    let Some(most) = bounds.last_within_days else { return true };
    let latest = today.saturating_add(jiff::Span::new().days(i64::from(most)));
    parts.last().is_none_or(|last| last.on <= latest)
}
