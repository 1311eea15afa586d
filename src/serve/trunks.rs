//! The trunks of the config: started, each with its place in what it tells, and watched.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{ServeError, hands};
use crate::campaign::TrunkId;
use crate::config::{self, Config};
use crate::time::Clock;
use crate::trunk::trace::Trace;
use crate::trunk::{InboundNumbers, Trunk, TrunkEvent};

/// How long the start waits for a trunk's first answer: a peer that is there answers within milliseconds.
const FIRST_ANSWER: Duration = Duration::from_secs(2);

pub(super) fn start(
    settings: &config::Trunk,
    config: &Config,
    inbound_after: Option<InboundNumbers>,
    trace: Option<Trace>,
    clock: Arc<Clock>,
    events: UnboundedSender<TrunkEvent>,
) -> Result<Trunk, ServeError> {
    let naming = |e| ServeError::Start(format!("trunk {}: {e}", settings.name));
    let trunk_config = hands::trunk_config(settings, config, inbound_after, trace).map_err(naming)?;
    Trunk::start(trunk_config, clock, events).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::Start(format!(
            "trunk {}: another program, or another trunk, holds {}; stop it, or change the trunk's `bind`",
            settings.name, settings.bind
        )),
        _ => naming(error),
    })
}

/// Where a trunk tells what happens, so that it is known which one it was. Ends with the trunk.
pub(super) fn told_as(trunk: TrunkId, to: UnboundedSender<(TrunkId, TrunkEvent)>) -> UnboundedSender<TrunkEvent> {
    let (events, mut told) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(event) = told.recv().await {
            if to.send((trunk, event)).is_err() {
                break;
            }
        }
    });
    events
}

/// Whether it answers at the start.
pub(super) async fn answers(trunk: &Trunk) -> bool {
    let mut health = trunk.watch_health();
    tokio::time::timeout(FIRST_ANSWER, health.wait_for(|h| h.up)).await.is_ok_and(|known| known.is_ok())
}

/// Tells when it goes down or comes back. Ends with the trunk.
pub(super) fn watch(id: TrunkId, trunk: &Trunk, to: UnboundedSender<(TrunkId, bool)>) {
    let mut health = trunk.watch_health();
    let before = health.borrow_and_update().up;
    tokio::spawn(async move {
        let mut before = before;
        while health.changed().await.is_ok() {
            let up = health.borrow_and_update().up;
            // The engine knows it as it was at the start.
            if up != before && to.send((id, up)).is_err() {
                break;
            }
            before = up;
        }
    });
}
