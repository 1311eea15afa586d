//! The lines before the first call comes in: their audio, and the calls that an earlier process left up.

use std::collections::HashSet;

use super::ServeError;
use crate::books::{InboundEnd, Write};
use crate::engine::Line;
use crate::outcome::Disposition;
use crate::store::{Store, StoreError};
use crate::time::Clock;
use crate::voice::PromptCache;

/// Makes what the lines say, so that the first caller hears it at once. What changes with the day is made when it is asked for.
pub(super) fn ready(lines: &[Line], prompts: &PromptCache, clock: &Clock) -> Result<(), ServeError> {
    let mut wanted = HashSet::new();
    for line in lines {
        let said = line.prompts(clock.now());
        wanted.extend(said.map_err(|why| ServeError::Start(format!("the line of {}: {why}", line.program.name)))?);
    }
    let wanted: Vec<_> = wanted.into_iter().collect();
    prompts.ready(&wanted).map_err(|why| ServeError::Start(format!("the audio of the lines cannot be made: {why}")))?;
    Ok(())
}

/// What was up when an earlier process ended has an unknown outcome.
pub(super) async fn close_left(store: &impl Store, clock: &Clock) -> Result<(), StoreError> {
    let at = clock.now().wall;
    let end = InboundEnd { at, disposition: Disposition::UnknownOutcome, cause: None, talk_ms: 0 };
    let left = store.inbound_calls_up().await?;
    let ends: Vec<Write> = left.into_iter().map(|call| Write::InboundEnded { call, end }).collect();
    if ends.is_empty() { Ok(()) } else { store.apply(&ends).await }
}

/// The number of the last call that came in, 0 before the first; the next have higher ones.
pub(super) async fn last_inbound(store: &impl Store) -> Result<i64, StoreError> {
    let newest = store.inbound_calls(None, 1).await?;
    Ok(newest.first().map_or(0, |call| -call.id.0))
}
