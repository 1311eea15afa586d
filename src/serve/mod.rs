//! The one loop that joins the engine and the edges: start, run, drain, stop.
//!
//! Each turn takes one fact from wherever it came (trunk, media, store, voice, the clock, the operator), tells the
//! engine, and hands the engine's orders to the edges. Decides nothing itself.

mod agreed;
pub mod descriptors;
mod figures;
mod given;
mod hands;
mod lines;
mod memory;
mod money;
mod plans;
mod room;
mod told;
mod trunks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::agent::Desk;
use crate::api::Api;
use crate::books::Holding;
use crate::campaign::{Spending, TrunkId};
use crate::config::Config;
use crate::engine::{Engine, Input, LegEvent, Line, Tally};
use crate::keeping;
use crate::media::{Media, MediaEvent, MediaEventKind};
use crate::notify::Courier;
use crate::outcome::HangupCause;
use crate::request::Services;
use crate::store::{Store, StoreError};
use crate::time::{Clock, Now, Wall};
use crate::trunk::{InboundNumbers, Trunk, TrunkEvent, TrunkEventKind};
use crate::voice::PromptCache;

pub use figures::{Figures, Spread};
pub use given::{Numbers, Unmet, numbers, silent, staffing, trunk_plans, unlawful, unmet};
pub use plans::{PlanError, load as load_plan};

use hands::Hands;
use plans::Seen;
use told::Told;

/// How often the campaigns are read again: an operator starts, pauses and moves them from another process.
const WATCH: Duration = Duration::from_millis(500);
/// How often progress is shown.
const SHOW: Duration = Duration::from_millis(250);
/// How often it is asked whether a new day has begun, whose purge is to be done.
const PURGE_WATCH: Duration = Duration::from_secs(60);
/// The longest the loop sleeps without looking at the clock.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// What differs between a service and a demo.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// When nothing is due and nothing is in the air, move the wall clock to the next due moment.
    pub skip_idle: bool,
    /// Return when no campaign has anything left to do.
    pub until_done: bool,
}

/// A glance at a running engine.
#[derive(Debug)]
pub struct Progress<'a> {
    pub now: Now,
    pub in_air: usize,
    pub tally: &'a Tally,
    pub figures: &'a Figures,
    /// What slows or stops dialling.
    pub holding: Vec<Holding>,
}

/// What a run leaves behind.
#[derive(Debug)]
pub struct Ended {
    pub tally: Tally,
    pub figures: Figures,
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot start: {0}")]
    Start(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything that waits, made before the loop starts.
pub struct Edges<S> {
    pub store: Arc<S>,
    pub clock: Arc<Clock>,
    pub prompts: Arc<PromptCache>,
    pub courier: Courier,
    pub signals: Signals,
    /// The numbers that are answered.
    pub lines: Vec<Line>,
}

/// Runs until SIGTERM or SIGINT (drain: no new calls, those in the air end within `drain_s`), or until done.
pub async fn run<S: Store>(
    config: &Config,
    edges: Edges<S>,
    manner: Manner,
    mut show: impl FnMut(&Progress),
) -> Result<Ended, ServeError> {
    let Edges { store, clock, prompts, courier, mut signals, lines } = edges;
    let (trunk_events, mut trunk_facts) = mpsc::unbounded_channel::<(TrunkId, TrunkEvent)>();
    let (health_events, mut health_facts) = mpsc::unbounded_channel::<(TrunkId, bool)>();
    let (media_events, mut media_facts) = mpsc::unbounded_channel::<MediaEvent>();
    let (answers, mut inputs) = mpsc::unbounded_channel::<Input>();
    let start = |what: &str, e: std::io::Error| ServeError::Start(format!("{what}: {e}"));

    if config.trunks.is_empty() {
        return Err(ServeError::Start("the config names no trunk".to_string()));
    }
    if let Err(why) = descriptors::raise(config.trunks.iter().map(|trunk| trunk.channels_max).sum()) {
        tracing::warn!("{why}");
    }
    let inbound_after = match lines.is_empty() {
        true => None,
        false => Some(InboundNumbers::after(lines::last_inbound(&*store).await?)),
    };
    let trace = hands::trace(config).map_err(|e| start("the folder of SIP messages", e))?;
    let mut trunks = Vec::new();
    for (n, settings) in config.trunks.iter().enumerate() {
        let events = trunks::told_as(TrunkId(n), trunk_events.clone());
        let trunk = trunks::start(settings, config, inbound_after.clone(), trace.clone(), clock.clone(), events)?;
        trunks.push(trunk);
    }
    let media = Media::start_with(given::media(&config.media), clock.clone(), media_events)
        .map_err(|e| start("media threads", e))?;

    let spending = match &config.budget {
        None => None,
        Some(budget) => {
            let now = clock.now().wall;
            let spent = store.spent(Spending::day_began(budget, now)).await?;
            Some(Spending::new(budget.clone(), &spent, now))
        }
    };
    let mut engine = Engine::new(given::limits(config), Desk::new(given::staffing(config)), spending, clock.now());
    let mut figures = Figures::default();
    if let Err(error) = std::fs::create_dir_all(&config.recordings_dir) {
        let folder = config.recordings_dir.display();
        tracing::error!(%folder, %error, "the folder of recordings cannot be made; messages of clients will not be kept");
    }
    let mut hands = Hands {
        store: store.clone(),
        clock: clock.clone(),
        prompts,
        services: Services::new(&config.requests, clock.clone()),
        trunks: trunks.clone(),
        over: BTreeMap::new(),
        media: media.clone(),
        media_ip: config.media.bind_ip,
        coded: BTreeMap::new(),
        silent: BTreeSet::new(),
        answers,
        held: Arc::default(),
        connected: BTreeMap::new(),
        recordings_dir: config.recordings_dir.clone(),
        countries: config.media.who_answered.clone(),
        keep_first: config.media.keep_first,
        record_calls: config.media.record_calls,
        messages: BTreeMap::new(),
        key: None,
    };

    lines::ready(&lines, &hands.prompts, &clock)?;
    hands.carry_out_all(engine.handle(clock.now(), Input::LinesLoaded(lines)), &mut figures);

    // What an earlier process left, before anything new.
    lines::close_left(&*store, &clock).await?;
    let left = store.recover().await?;
    let month = Wall(clock.now().wall.0 - 30 * 86_400 * 1_000_000);
    let met = Input::AgentHours(store.agent_hours(month).await?);
    hands.carry_out_all(engine.handle(clock.now(), met), &mut figures);
    let mut seen = Seen::default();
    let mut money = money::Money::from_now(&*store).await?;
    for input in seen.changes(&*store, clock.now().wall).await? {
        let input = given::fit(config, &*store, input, clock.now().wall).await?;
        hands.carry_out_all(engine.handle(clock.now(), input), &mut figures);
    }
    if !left.is_empty() {
        tracing::warn!(calls = left.len(), "closing calls that an earlier process left in the air");
    }
    hands.carry_out_all(engine.handle(clock.now(), Input::Recovered(left)), &mut figures);

    // Ends with this function: questions are answered while calls drain.
    let _api = match &config.api {
        Some(settings) => {
            let started = Api::start(settings, store.clone(), clock.clone());
            Some(started.map_err(|e| start(&format!("the API on {}", settings.listen), e))?)
        }
        None => None,
    };

    let courier_clock = clock.clone();
    let courier_store = store.clone();
    let (stop_courier, mut courier_stopped) = mpsc::channel::<()>(1);
    let mut courier = courier;
    let courier_task = tokio::spawn(async move {
        loop {
            let sent = courier.run_once(&*courier_store, courier_clock.now().wall).await;
            if let Err(e) = sent {
                tracing::error!(error = %e, "the outbox could not be read");
            }
            tokio::select! {
                _ = courier_stopped.recv() => break,
                () = tokio::time::sleep(WATCH) => {}
            }
        }
        // What the last calls left is sent before we go, as far as the servers take it.
        let _ = courier.run_once(&*courier_store, courier_clock.now().wall).await;
    });

    let (stop_purge, mut purge_stopped) = mpsc::channel::<()>(1);
    let (purge_store, purge_clock) = (store.clone(), clock.clone());
    let folders = keeping::Folders { recordings: config.recordings_dir.clone(), letters: config.letters_dir.clone() };
    let purge_task = tokio::spawn(async move {
        let mut daily = keeping::Daily::new(folders);
        loop {
            match daily.look(&*purge_store, purge_clock.now().wall).await {
                Ok(Some(purged)) => tracing::info!("the day's purge:\n{purged}"),
                Ok(None) => {}
                Err(e) => tracing::error!(error = %e, "what is over could not be deleted; tried again in a minute"),
            }
            tokio::select! {
                _ = purge_stopped.recv() => break,
                () = tokio::time::sleep(PURGE_WATCH) => {}
            }
        }
    });

    let mut watch = tokio::time::interval(WATCH);
    let mut shown = tokio::time::interval(SHOW);
    watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    shown.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut drain_until = None;
    for (n, (trunk, settings)) in trunks.iter().zip(&config.trunks).enumerate() {
        if !trunks::answers(trunk).await {
            tracing::warn!(trunk = %settings.name, "the trunk does not answer; it is not dialled until it does");
            let down = Input::TrunkUp { trunk: TrunkId(n), up: false };
            hands.carry_out_all(engine.handle(clock.now(), down), &mut figures);
        }
        trunks::watch(TrunkId(n), trunk, health_events.clone());
    }
    let mut told = Told::default();
    memory::give_back();
    loop {
        let now = clock.now();
        let sleep = match (engine.deadline(now), drain_until) {
            (Some(a), Some(b)) => std::cmp::min::<crate::time::Mono>(a, b).since(now.mono),
            (Some(at), None) | (None, Some(at)) => at.since(now.mono),
            (None, None) => SLEEP_MAX,
        };
        let input = tokio::select! {
            biased;
            Some(event) = media_facts.recv() => hands.heard(event, &mut figures),
            Some((trunk, event)) = trunk_facts.recv() => hands.signalled(trunk, event),
            Some(input) = inputs.recv() => Some(input),
            () = signals.asked_to_stop() => {
                if drain_until.is_some() {
                    tracing::warn!("asked twice to stop: ending the calls in the air");
                    Some(Input::Stopped)
                } else {
                    tracing::info!(in_air = engine.in_air(), drain_s = config.drain.as_secs(), "draining");
                    drain_until = Some(now.mono + config.drain);
                    Some(Input::Drained)
                }
            }
            _ = watch.tick() => {
                match seen.changes(&*store, now.wall).await {
                    Ok(inputs) => {
                        for input in inputs {
                            match given::fit(config, &*store, input, now.wall).await {
                                Ok(input) => hands.carry_out_all(engine.handle(clock.now(), input), &mut figures),
                                // Its state is not as we saw it: looked at again at the next tick, and not dialled until then.
                                Err(e) => tracing::error!(error = %e, "a campaign could not be suspended, and is not loaded"),
                            }
                        }
                    }
                    // Read again at the next tick; dialling stops by the failures of its own writes.
                    Err(e) => tracing::error!(error = %e, "the campaigns could not be read"),
                }
                match money.look(&*store, &engine, now.wall).await {
                    Ok(inputs) => {
                        for input in inputs {
                            hands.carry_out_all(engine.handle(clock.now(), input), &mut figures);
                        }
                    }
                    Err(e) => tracing::error!(error = %e, "payments and promises could not be read"),
                }
                None
            }
            Some((trunk, up)) = health_facts.recv() => {
                tracing::info!(trunk = %config.trunks[trunk.0].name, up, "the trunk's health has changed");
                Some(Input::TrunkUp { trunk, up })
            }
            _ = shown.tick() => {
                let holding = engine.holding(now);
                told.tell(&*store, &holding, now).await;
                figures.look_at_memory(engine.in_air(), hands.prompts.memory_bytes() as u64);
                show(&Progress { now, in_air: engine.in_air(), tally: engine.tally(), figures: &figures, holding });
                None
            }
            () = tokio::time::sleep(sleep) => Some(Input::Ticked),
        };
        if let Some(input) = input {
            hands.carry_out_all(engine.handle(clock.now(), input), &mut figures);
        }
        if let Some(until) = drain_until {
            if engine.in_air() > 0 && clock.now().mono >= until {
                drain_until = Some(clock.now().mono + Duration::from_secs(5));
                hands.carry_out_all(engine.handle(clock.now(), Input::Stopped), &mut figures);
            } else if engine.is_idle() {
                break;
            }
        } else if (manner.skip_idle || manner.until_done) && engine.is_idle() {
            // A store that cannot say now is asked again at the next turn.
            match store.next_due().await {
                Ok(Some(due)) if manner.skip_idle && due > clock.now().wall => {
                    clock.jump_to(due);
                    engine.look_again();
                    hands.carry_out_all(engine.handle(clock.now(), Input::Ticked), &mut figures);
                }
                Ok(None) if manner.until_done => break,
                Ok(Some(_) | None) | Err(_) => {}
            }
        }
    }
    let now = clock.now();
    told.tell(&*store, &[], now).await;
    show(&Progress { now, in_air: 0, tally: engine.tally(), figures: &figures, holding: Vec::new() });
    let _ = stop_courier.send(()).await;
    let _ = stop_purge.send(()).await;
    let _ = courier_task.await;
    let _ = purge_task.await;
    for trunk in &trunks {
        trunk.stop().await;
    }
    Ok(Ended { tally: engine.tally().clone(), figures })
}

/// The operator's wish to stop, heard from the moment this is made: before voices are loaded, so that who is told to stop while
/// it starts stops in good order.
pub struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Within a runtime only.
    pub fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
