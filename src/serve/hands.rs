//! Carries the engine's orders to the edges, and turns what the edges report into facts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::figures::Figures;
use super::{Clock, Media, Trunk, TrunkEventKind};
use super::{HangupCause, Input, LegEvent, MediaEvent, MediaEventKind, PromptCache, Store, StoreError, TrunkEvent};
use crate::audio::listen::Countries;
use crate::audio::{Clip, Codec, tone};
use crate::books::{CallQuality, Caller, Write};
use crate::campaign::TrunkId;
use crate::config::{self, Config};
use crate::engine::{Destination, Output, Refusal, StoreFailure};
use crate::id::*;
use crate::media::{MediaStats, Remote};
use crate::request::Services;
use crate::sip::{Referral, User};
use crate::speech::Utterance;
use crate::time::Mono;
use crate::trunk::trace::Trace;
use crate::trunk::{InboundNumbers, Keep, PeerAddress, Tls, TrunkConfig};

/// How long a claimed attempt is ours before another process may take it: far longer than preparing and queueing last.
const LEASE: Duration = Duration::from_secs(300);

pub(super) struct Hands<S> {
    pub store: Arc<S>,
    pub clock: Arc<Clock>,
    pub prompts: Arc<PromptCache>,
    pub services: Services,
    /// In the config's order.
    pub trunks: Vec<Trunk>,
    /// Which of them each leg goes over.
    pub over: BTreeMap<LegId, TrunkId>,
    pub media: Media,
    pub media_ip: IpAddr,
    /// Answers of spawned work come back here.
    pub answers: UnboundedSender<Input>,
    /// The audio of each attempt that is prepared or live, held so that none of it is evicted before it is played.
    pub held: Arc<Mutex<HashMap<AttemptId, Prepared>>>,
    /// Legs with a media port, and when they were answered.
    pub connected: BTreeMap<LegId, Option<Mono>>,
    /// Legs that speak another codec than G.711.
    pub coded: BTreeMap<LegId, Codec>,
    /// Legs hung up since nothing was heard of them: the trunk knows only that we did it.
    pub silent: BTreeSet<LegId>,
    pub recordings_dir: PathBuf,
    /// How it sounds when somebody answers, by country.
    pub countries: Arc<Countries>,
    /// So much of what is heard at first is kept, to tune that; zero: nothing.
    pub keep_first: Duration,
    /// Both directions of every call are kept there.
    pub record_calls: bool,
    /// Messages that are asked for or being taken, by leg.
    pub messages: BTreeMap<LegId, Taking>,
    /// The key whose orders are being carried out, and when its first packet came.
    pub key: Option<(LegId, Mono)>,
}

/// The beep before a message is no play of the call's, whose numbers begin with 1.
const BEEP: PlayId = PlayId(0);

/// A message on its way to disk.
pub(super) struct Taking {
    file: String,
    /// What is taken when the beep has ended; `None`: it has.
    after_beep: Option<(Duration, Duration)>,
}

pub(super) type Prepared = HashMap<Utterance, Arc<Clip>>;

impl<S: Store> Hands<S> {
    pub fn carry_out_all(&mut self, outputs: Vec<Output>, figures: &mut Figures) {
        for output in outputs {
            self.carry_out(output, figures);
        }
        self.key = None;
    }

    fn carry_out(&mut self, output: Output, figures: &mut Figures) {
        match output {
            Output::Claim { wanted } => {
                let (store, answers, now) = (self.store.clone(), self.answers.clone(), self.clock.now().wall);
                tokio::spawn(async move {
                    let claimed = async {
                        let attempts = store.claim_due(now, now + LEASE, &wanted).await?;
                        // Asked only by who must wait for it.
                        let next_due = if attempts.is_empty() { store.next_due().await? } else { None };
                        Ok::<_, StoreError>((attempts, next_due))
                    };
                    let input = match claimed.await {
                        Ok((attempts, next_due)) => Input::Claimed { attempts, next_due },
                        Err(e) => Input::ClaimFailed(e.to_string()),
                    };
                    let _ = answers.send(input);
                });
            }
            Output::Prepare { attempt, utterances } => {
                if let Some(clips) = self.prompts.at_hand(&utterances) {
                    lock(&self.held).entry(attempt).or_default().extend(clips);
                    let _ = self.answers.send(Input::Prepared { attempt, result: Ok(()) });
                    return;
                }
                let (prompts, answers, held) = (self.prompts.clone(), self.answers.clone(), self.held.clone());
                tokio::task::spawn_blocking(move || {
                    let result = prompts.ready(&utterances).map_err(|e| chain(&e)).map(|clips| {
                        lock(&held).entry(attempt).or_default().extend(clips);
                    });
                    let _ = answers.send(Input::Prepared { attempt, result });
                });
            }
            Output::Write { order, group } => {
                let (store, answers) = (self.store.clone(), self.answers.clone());
                let dialled = group.iter().find_map(|write| {
                    let Write::Live { attempt, .. } = write else { return None };
                    Some(CallId::of(*attempt))
                });
                let recorded = dialled.filter(|_| self.record_calls).map(|call| (call, self.recordings_dir.clone()));
                tokio::spawn(async move {
                    if let Some((call, folder)) = recorded {
                        let room = tokio::task::spawn_blocking(move || super::room::for_recording(&folder, call)).await;
                        if let Err(why) = room.unwrap_or_else(|e| Err(format!("the disk was not asked: {e}"))) {
                            let result = Err(StoreFailure::Unavailable(why));
                            let _ = answers.send(Input::Stored { order, result });
                            return;
                        }
                    }
                    let result = store.apply(&group).await.map_err(|e| match e {
                        StoreError::Unavailable(_) => StoreFailure::Unavailable(e.to_string()),
                        StoreError::NotFound(_) | StoreError::Conflict(_) => StoreFailure::Conflict(e.to_string()),
                    });
                    let _ = answers.send(Input::Stored { order, result });
                });
            }
            Output::Ring { leg } => self.trunk(leg).ring(leg),
            Output::Answer { leg } => self.answer(leg),
            Output::Refuse { leg, why } => {
                self.trunk(leg).refuse(leg, refusal(why));
                self.over.remove(&leg);
            }
            Output::Dial { leg, to, trunk } => self.dial(leg, &to, trunk),
            Output::Suspend { campaign, why } => self.suspend(campaign, why),
            Output::Refer { leg, to: Destination::Number(number) } => self.trunk(leg).refer(leg, number.full()),
            Output::Refer { leg, to: Destination::Agent(uri) } => self.trunk(leg).refer(leg, &uri),
            Output::Play { leg, play, utterances } => self.play(leg, play, &utterances, figures),
            Output::StopPlay { leg, play } => self.media.stop(leg, play),
            Output::EndPlay { leg, play } => self.media.stop_after_sentence(leg, play),
            Output::Request { call, request, question } => {
                let (services, answers) = (self.services.clone(), self.answers.clone());
                tokio::spawn(async move {
                    // Why there is none stands in the log; for the call it is all one.
                    let reply = services.ask(question).await.ok().map(|reply| (reply.status, reply.body));
                    let _ = answers.send(Input::Replied { call, request, reply });
                });
            }
            Output::Record { leg, number, max, silence } => {
                let file = format!("{}-{number}.wav", leg.call);
                self.messages.insert(leg, Taking { file, after_beep: Some((max, silence)) });
                self.media.play(leg, BEEP, vec![Arc::new(Clip::from_pcm(&tone::speak_now()))]);
            }
            Output::StopRecording { leg } => {
                self.media.stop(leg, BEEP);
                self.give_up_beep(leg);
                self.media.end_message(leg);
            }
            Output::Bridge { call } => self.media.bridge(LegId::client(call), LegId::agent(call)),
            Output::Hangup { leg } => self.trunk(leg).hangup(leg),
            Output::Close { call } => {
                for leg in [LegId::client(call), LegId::agent(call)] {
                    self.close(leg);
                }
                lock(&self.held).remove(&call.attempt());
            }
            Output::Warn(why) => tracing::warn!("{why}"),
        }
    }

    /// The one that a leg goes over.
    fn trunk(&self, leg: LegId) -> &Trunk {
        &self.trunks[self.over.get(&leg).map_or(0, |trunk| trunk.0)]
    }

    /// In the books, from where it comes back as a change of the campaign; an event there says why.
    fn suspend(&self, campaign: CampaignId, why: String) {
        let (store, at) = (self.store.clone(), self.clock.now().wall);
        tracing::warn!(%campaign, "the campaign is paused: {why}");
        tokio::spawn(async move {
            if let Err(error) = store.suspend_campaign(campaign, &why, at).await {
                tracing::error!(%campaign, %error, "the campaign could not be paused in the books; it is not dialled");
            }
        });
    }

    fn dial(&mut self, leg: LegId, to: &Destination, trunk: TrunkId) {
        match self.media.open(leg, self.media_ip) {
            Ok(local) => {
                self.over.insert(leg, trunk);
                self.connected.insert(leg, None);
                match to {
                    Destination::Number(number) => {
                        self.media.listen_in(leg, self.countries.of_number(number.full()));
                        self.trunk(leg).dial(leg, number.full(), local);
                    }
                    Destination::Agent(uri) => self.trunk(leg).dial(leg, uri, local),
                }
            }
            Err(e) => {
                tracing::error!(call = %leg.call, error = %e, "no media port for this call: nobody is rung");
                let event = LegEvent::Failed(HangupCause::NoMediaPort);
                let _ = self.answers.send(Input::Leg { leg, event });
            }
        }
    }

    fn answer(&mut self, leg: LegId) {
        match self.media.open(leg, self.media_ip) {
            Ok(local) => {
                self.connected.insert(leg, None);
                self.trunk(leg).answer(leg, local);
            }
            Err(e) => {
                tracing::error!(call = %leg.call, error = %e, "no media port for a call that came in");
                self.trunk(leg).refuse(leg, refusal(Refusal::Unavailable));
                let event = LegEvent::Failed(HangupCause::NoMediaPort);
                let _ = self.answers.send(Input::Leg { leg, event });
            }
        }
    }

    fn play(&mut self, leg: LegId, play: PlayId, utterances: &[Utterance], figures: &mut Figures) {
        let clips: Option<Vec<Arc<Clip>>> = {
            let held = lock(&self.held);
            let prepared = held.get(&leg.call.attempt());
            utterances.iter().map(|u| prepared.and_then(|clips| clips.get(u)).cloned()).collect()
        };
        if let Some(clips) = clips {
            if let Some((_, at)) = self.key.filter(|(pressed, _)| *pressed == leg) {
                figures.key_to_prompt.add(self.clock.now().mono.since(at));
            }
            return self.play_clips(leg, play, clips);
        }
        // `prompts_needed` named everything before the dial; should it ever miss something, better late than silent.
        figures.rendered_late += 1;
        tracing::warn!(call = %leg.call, "a prompt was not made ready before the call");
        let (prompts, media, answers) = (self.prompts.clone(), self.media.clone(), self.answers.clone());
        let utterances = utterances.to_vec();
        tokio::task::spawn_blocking(move || match prompts.ready(&utterances) {
            Ok(made) => media.play(leg, play, utterances.iter().filter_map(|u| made.get(u)).cloned().collect()),
            Err(e) => {
                tracing::error!(call = %leg.call, error = %chain(&e), "a prompt could not be made");
                // Silence, but the call goes on.
                let _ = answers.send(Input::Leg { leg, event: LegEvent::PlayEnded(play) });
            }
        });
    }

    /// How well the client's audio went both ways. Calls in which nothing was heard have no quality.
    fn keep_quality(&self, leg: LegId, stats: &MediaStats) {
        let Some(mos_centi) = stats.mos_centi.filter(|_| leg.party == Party::Client) else { return };
        let quality = CallQuality {
            mos_centi,
            heard_loss_permille: stats.heard.map(|heard| heard.loss_permille),
            heard_jitter_ms: stats.heard.map(|heard| heard.jitter_ms),
            said_loss_permille: stats.said.map(|said| said.loss_permille),
            said_jitter_ms: stats.said.map(|said| said.jitter_ms),
            round_trip_ms: stats.said.and_then(|said| said.round_trip_ms),
        };
        let call = leg.call;
        let store = self.store.clone();
        tokio::spawn(async move {
            // A figure, not a fact that anything follows from: without it the call is what it was.
            if let Err(error) = store.apply(&[Write::Quality { call, quality }]).await {
                tracing::warn!(%call, %error, "the quality of a call's audio is not kept");
            }
        });
    }

    /// G.711 is at hand in every clip. What a rarer codec sends is encoded before the media thread sees it, which is not to wait.
    fn play_clips(&self, leg: LegId, play: PlayId, clips: Vec<Arc<Clip>>) {
        let missing = self.coded.get(&leg).filter(|codec| !clips.iter().all(|clip| clip.is_prepared(**codec))).copied();
        let Some(codec) = missing else { return self.media.play(leg, play, clips) };
        let media = self.media.clone();
        tokio::task::spawn_blocking(move || {
            clips.iter().for_each(|clip| clip.prepare(codec));
            media.play(leg, play, clips);
        });
    }

    /// The call speaks G.722 or Opus: all that was made ready for it is encoded while the first of it is heard.
    fn encode_ahead(&mut self, leg: LegId, codec: Codec) {
        if codec.law().is_some() {
            self.coded.remove(&leg);
            return;
        }
        self.coded.insert(leg, codec);
        let held: Vec<Arc<Clip>> = lock(&self.held)
            .get(&leg.call.attempt())
            .map(|clips| clips.values().cloned().collect())
            .unwrap_or_default();
        tokio::task::spawn_blocking(move || held.iter().for_each(|clip| clip.prepare(codec)));
    }

    /// A message that had not begun is over, empty. One that had is told by media when it is on disk.
    fn give_up_beep(&mut self, leg: LegId) {
        if self.messages.get(&leg).is_some_and(|taking| taking.after_beep.is_some()) {
            self.messages.remove(&leg);
            let event = LegEvent::Recorded { length: Duration::ZERO, file: None };
            let _ = self.answers.send(Input::Leg { leg, event });
        }
    }

    fn close(&mut self, leg: LegId) {
        self.give_up_beep(leg);
        self.silent.remove(&leg);
        self.coded.remove(&leg);
        if self.connected.remove(&leg).is_some() {
            self.media.close(leg);
        }
    }

    /// What the trunk reported, after media has been told what it must know first.
    /// `None`: media's affair alone, nothing for the engine.
    pub fn signalled(&mut self, trunk: TrunkId, event: TrunkEvent) -> Option<Input> {
        let TrunkEvent { leg, at, kind } = event;
        let event = match kind {
            TrunkEventKind::Ringing => LegEvent::Ringing,
            // To be heard, and not spoken to: nobody has answered.
            TrunkEventKind::EarlyMedia(remote) => {
                let early = Remote { sends: false, hears: false, ..remote.into() };
                self.media.connect(leg, early);
                if leg.party == Party::Client && !leg.call.is_inbound() {
                    self.media.listen_for_network(leg);
                }
                return None;
            }
            TrunkEventKind::Moved(remote) => {
                self.media.connect(leg, remote.into());
                if leg.party == Party::Client && !leg.call.is_inbound() {
                    self.media.listen_for_network(leg);
                }
                if remote.may_send() { LegEvent::Resumed } else { LegEvent::Held }
            }
            TrunkEventKind::Referred(Referral::Connected(_) | Referral::Unreported) => LegEvent::Referred,
            TrunkEventKind::Referred(Referral::Refused(0)) => LegEvent::ReferFailed(HangupCause::SystemError),
            TrunkEventKind::Referred(Referral::Refused(status)) => {
                LegEvent::ReferFailed(HangupCause::from_sip_status(status))
            }
            // Media counts a key once, however often and in whichever ways it comes.
            TrunkEventKind::Digit { digit, .. } => {
                self.media.hear_key(leg, digit);
                return None;
            }
            TrunkEventKind::Answered(remote) => {
                self.encode_ahead(leg, remote.codec);
                self.media.connect(leg, remote.into());
                if self.record_calls && leg.party == Party::Client {
                    // No name and no number: the call's own says all to who may read the books.
                    self.media.tape(leg, self.recordings_dir.join(format!("{}-call.wav", leg.call)));
                }
                // Only people ring us.
                if leg.party == Party::Client && !leg.call.is_inbound() {
                    self.media.listen_for_machine(leg);
                    if !self.keep_first.is_zero() {
                        // By the call's number: whose phone it was stands in the books only.
                        let file = self.recordings_dir.join(format!("{}-first.wav", leg.call));
                        self.media.record_first(leg, file, self.keep_first);
                    }
                }
                if let Some(answered_at) = self.connected.get_mut(&leg) {
                    *answered_at = Some(at);
                }
                if !remote.may_send() {
                    // Answered, and nobody there yet: told behind the answer.
                    let _ = self.answers.send(Input::Leg { leg, event: LegEvent::Held });
                }
                LegEvent::Answered
            }
            TrunkEventKind::Failed { cause, status } => {
                tracing::debug!(call = %leg.call, %cause, status, "leg failed");
                self.close(leg);
                self.over.remove(&leg);
                // 504 says that somebody further on was asked and did not answer: a phone there may have rung.
                match (cause, status) {
                    (HangupCause::Congestion, Some(status)) if status != 504 => LegEvent::Refused(cause),
                    _ => LegEvent::Failed(cause),
                }
            }
            TrunkEventKind::Ended(cause) => {
                let cause = if self.silent.contains(&leg) { HangupCause::MediaSilent } else { cause };
                self.close(leg);
                self.over.remove(&leg);
                LegEvent::Ended(cause)
            }
            TrunkEventKind::Offered { did, from, caller: told } => {
                self.over.insert(leg, trunk);
                // Only what is written in E.164 is a number for us; a national one could be anybody's.
                let number = |user: Option<&User>| user.and_then(|user| user.full().parse().ok());
                let diverted_from = number(told.diverted_from.as_ref());
                let caller = Caller { number: number(told.number(&from)), verstat: told.verstat, diverted_from };
                return Some(Input::Offered { leg, did: did.full().to_string(), caller });
            }
        };
        Some(Input::Leg { leg, event })
    }

    /// What media heard. `None`: a figure only, nothing for the engine.
    pub fn heard(&mut self, event: MediaEvent, figures: &mut Figures) -> Option<Input> {
        let MediaEvent { leg, at, kind } = event;
        let event = match kind {
            MediaEventKind::FirstPacket { .. } => {
                if leg.party == Party::Client
                    && let Some(answered) = self.connected.get(&leg).copied().flatten()
                {
                    figures.answer_to_audio.add(at.since(answered));
                }
                return None;
            }
            MediaEventKind::PlayEnded(BEEP) => {
                if let Some(taking) = self.messages.get_mut(&leg)
                    && let Some((max, silence)) = taking.after_beep.take()
                {
                    self.media.take_message(leg, self.recordings_dir.join(&taking.file), max, silence);
                }
                return None;
            }
            MediaEventKind::MessageTaken { length, kept } => {
                let file = self.messages.remove(&leg).map(|taking| taking.file).filter(|_| kept);
                LegEvent::Recorded { length, file }
            }
            MediaEventKind::PlayEnded(play) => LegEvent::PlayEnded(play),
            MediaEventKind::Digit(key) => {
                self.key = Some((leg, at));
                LegEvent::Digit(key)
            }
            MediaEventKind::MediaSilent { lasted } => {
                tracing::warn!(call = %leg.call, ?lasted, "nothing comes from the far end; hung up");
                self.silent.insert(leg);
                self.trunk(leg).hangup(leg);
                return None;
            }
            MediaEventKind::AnsweredBy(who) => LegEvent::AnsweredBy(who),
            MediaEventKind::Beeped => LegEvent::Beeped,
            MediaEventKind::Announced(cause) => LegEvent::Announced(cause),
            MediaEventKind::Closed { stats } => {
                figures.rtp_sent += stats.sent;
                figures.rtp_received += stats.received;
                figures.rtp_lost += stats.lost;
                self.keep_quality(leg, &stats);
                return None;
            }
            MediaEventKind::SpeechStarted | MediaEventKind::SpeechEnded => return None,
        };
        Some(Input::Leg { leg, event })
    }
}

/// The status that says so (RFC 3261 §21).
fn refusal(why: Refusal) -> u16 {
    match why {
        Refusal::NoSuchLine => 404,
        Refusal::Full => 486,
        Refusal::Unavailable => 503,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with what lies behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// What keeps the SIP messages.
pub(super) fn trace(config: &Config) -> std::io::Result<Option<Trace>> {
    let kept = &config.sip_trace;
    let start = || Trace::start(kept.folder.clone(), kept.disk_mb_max << 20);
    (kept.disk_mb_max > 0).then(start).transpose()
}

/// What signs the numbers that a trunk shows.
fn signer(settings: &config::Trunk) -> std::io::Result<Option<Arc<crate::trunk::Signer>>> {
    use crate::trunk::{Attestation, Signer};
    let Some(stir) = &settings.stir else { return Ok(None) };
    let attestation = match stir.attestation {
        config::Attestation::Full => Attestation::Full,
        config::Attestation::Partial => Attestation::Partial,
        config::Attestation::Gateway => Attestation::Gateway,
    };
    let signer = Signer::new(&stir.key, &stir.certificate_url, attestation);
    let signer = signer.map_err(|e| std::io::Error::other(format!("trunk {}: `stir`: {e}", settings.name)))?;
    Ok(Some(Arc::new(signer)))
}

/// A trunk's settings as the SIP edge takes them: the secret handed over, the peer to be found by the edge.
/// `inbound_after`: the numbers of calls that come in, when calls are answered. `trace`: what keeps all trunks' messages.
pub(super) fn trunk_config(
    settings: &config::Trunk,
    config: &Config,
    inbound_after: Option<InboundNumbers>,
    trace: Option<Trace>,
) -> std::io::Result<TrunkConfig> {
    let reach = &settings.peer;
    let tls = reach.tls.clone().map(|config::TrunkTls { ca, certificate, key, server_name }| Tls {
        ca,
        certificate,
        key,
        server_name,
    });
    let peer = PeerAddress {
        host: reach.host.clone(),
        port: reach.port,
        transport: reach.transport,
        tls,
        name_servers: Vec::new(),
        keep: Keep::default(),
    };
    let caller_id = settings.caller_id.as_ref().unwrap_or(&config.caller_id);
    Ok(TrunkConfig {
        name: settings.name.clone(),
        peer,
        bind: settings.bind,
        username: settings.username.clone(),
        password: settings.password.clone(),
        caller_id: caller_id.full().to_string(),
        ring_ms_max: settings.ring_max.as_millis() as u64,
        options_interval: settings.options_interval,
        inbound_after,
        settings: crate::trunk::Settings {
            carrier: settings.carrier.clone(),
            abilities: settings.abilities.clone(),
            registrations: settings.registrations.clone(),
            signer: signer(settings)?,
            trace,
            gate: crate::sip::Rules { peers: config.inbound.peers.clone(), strangers: config.inbound.strangers },
        },
    })
}
