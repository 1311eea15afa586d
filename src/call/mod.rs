//! One conversation: a [`Program`](crate::flow::program::Program) being run with one person.
//!
//! Pure: facts in ([`Event`]), orders out ([`Action`]). Knows no SIP, no campaign, no database, no clock.
//! Start at [`Call`]; `step` enters the program's steps, `ask` takes keys, `ending` finds the last word.

pub mod action;
mod ask;
pub mod balance;
mod ending;
pub mod event;
mod found;
mod hold;
mod hotkey;
mod input;
mod others;
mod promised;
mod prompts;
pub mod rehearse;
mod save;
mod step;
pub mod transcript;
mod written;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

pub use action::Action;
pub use balance::Balance;
pub use event::Event;
pub use prompts::{Unsayable, depends_on_call, prompts_needed, prompts_of, spoken_messages};

use crate::call::action::Note;
use crate::flow::expr::{Expr, Value};
use crate::flow::program::{ContactValues, MessageId, Program, PromiseBounds, StepId, VarId, Via};
use crate::id::{PlayId, RequestId};
use crate::language::Language;
use crate::outcome::{AnsweredBy, Disposition, HangupCause, NonPaymentReason};
use crate::time::Mono;

/// Steps entered between two waits. The compiler refuses loops that do not wait, so more is a mistake of ours.
pub const STEPS_PER_TURN_MAX: u32 = 100;
/// Steps entered in one call: a person cannot reach it in [`CALL_LENGTH_MAX`], a broken far end sending keys by the
/// thousand can. The call hangs up.
pub const STEPS_PER_CALL_MAX: usize = 1_000;
pub use crate::flow::program::CALL_LENGTH_MAX;
/// How long client and agent may talk.
pub const BRIDGE_LENGTH_MAX: Duration = Duration::from_secs(60 * 60);
/// Keys pressed ahead that are kept; further ones are thrown away.
pub const KEYS_BUFFERED_MAX: usize = 32;
/// The longest a prompt can take. Guards against a `PlayEnded` that never comes.
pub const PLAY_LENGTH_MAX: Duration = Duration::from_secs(120);
/// After this long without an answer a save counts as failed: the caller waits in silence meanwhile.
pub const SAVE_WAIT_MAX: Duration = Duration::from_secs(5);
/// A beep so soon after the message was begun shows that the greeting had not ended.
pub const SAID_AGAIN_WITHIN: Duration = Duration::from_secs(15);
/// So often a message to a machine is begun anew.
pub const SAID_AGAIN_MAX: u32 = 2;
/// How long a screener's question is waited out before it is answered.
pub const QUESTION_WAIT_MAX: Duration = Duration::from_secs(12);
/// How long a person is given to come on behind a screener.
pub const PERSON_WAIT_MAX: Duration = Duration::from_secs(40);
/// How long we stay on hold, unless the config says otherwise.
pub const HOLD_MAX: Duration = Duration::from_secs(120);
/// Between the keys of a hotkey, where the step that is running does not say.
pub const HOTKEY_GAP: Duration = Duration::from_secs(2);
/// Given to the agent's ringing on top of its timeout, so that the one who rings gives up first.
pub const AGENT_GRACE: Duration = Duration::from_secs(2);

/// What a call is told about its day and its contact beside the flow's own fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// The contact's; the flow's first when it does not speak it.
    pub language: Language,
    /// In whose name we call.
    pub company: String,
    /// The contact's day.
    pub today: Date,
    /// The debt's due date, for `days_overdue`.
    pub due: Option<Date>,
}

/// One conversation. Facts in by [`Call::handle`], orders out. Nothing happens between two facts.
#[derive(Debug)]
pub struct Call {
    program: Arc<Program>,
    contact: ContactValues,
    context: Context,
    language: Language,
    /// By `VarId`.
    variables: Vec<Option<Value>>,
    /// What `set` steps made of them, in the order of their last computing.
    computed: Vec<(VarId, Expr)>,

    wait: Wait,
    /// The step being run. Meaningless before the answer.
    step: StepId,
    /// The step to enter in this turn.
    next: Option<StepId>,
    playing: Option<Playing>,
    /// What was last ordered to be heard.
    said: Vec<MessageId>,
    /// Pressed and not yet used.
    keys: VecDeque<char>,
    /// Keys that may become a hotkey, until when.
    held: String,
    held_until: Mono,
    /// An end key pressed by habit after the last digit of a full entry is not a key of the next question, until then.
    ignore_end_key: Option<(char, Mono)>,
    saves: save::Saves,
    hold: hold::Hold,
    /// The leg is down and what was recorded has not been told yet.
    recording_until: Option<Mono>,
    plays: i64,

    answered_at: Option<Mono>,
    /// Since when the flow has been talking: from the answer, or from the end of a talk with an agent.
    alone_since: Mono,
    ended_at: Option<Mono>,
    answered_by: Option<AnsweredBy>,
    /// Speaking to a machine, or waiting for it.
    machine: bool,
    beeped: bool,
    /// When the words to the machine were begun, and how often they were begun anew.
    said_to_machine: Option<Mono>,
    said_again: u32,
    pressed: bool,
    right_party: bool,
    reason: Option<NonPaymentReason>,
    /// Which promises the campaign takes.
    bounds: PromiseBounds,
    /// Named and not yet confirmed.
    promised: Vec<action::Promised>,
    requests: i64,
    verify_failed: bool,
    bridged: bool,
    /// The result of the `end` step that was entered.
    result: Option<Disposition>,
    path: Vec<StepId>,
    /// The ways by which steps were left, in order.
    ways: Vec<(StepId, Via)>,
}

/// What the call is waiting for. Every wait has an end: see [`Call::deadline`].
#[derive(Debug, Clone, PartialEq)]
enum Wait {
    /// The leg is not up yet. The trunk's own timers bound this.
    Dialling,
    Saying {
        interruptible: bool,
    },
    Asking(ask::Ask),
    Saving {
        save: crate::id::SaveId,
        until: Mono,
        saved: &'static str,
        failed: &'static str,
    },
    /// A machine's greeting is being waited out.
    Beep {
        until: Mono,
    },
    /// A screener has asked who is calling: first its question is waited out, then a person.
    Screened {
        until: Mono,
        answered: bool,
    },
    /// The words before an agent is rung.
    Announcing,
    RingingAgent {
        until: Mono,
        /// When the client is next told that it goes on. `None`: not in line, or nothing to say.
        say_at: Option<Mono>,
        in_line: bool,
    },
    Requesting {
        request: RequestId,
        until: Mono,
    },
    Recording {
        until: Mono,
    },
    Bridged {
        until: Mono,
    },
    /// The last words.
    Ending,
    /// The legs are down; a save is still out, and its outcome decides the disposition.
    Closing {
        until: Mono,
        cause: HangupCause,
        told: Option<Disposition>,
    },
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Playing {
    play: PlayId,
    until: Mono,
}

/// One call of [`Call::handle`].
struct Turn {
    now: Mono,
    actions: Vec<Action>,
    steps: u32,
}

impl Turn {
    fn order(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn note(&mut self, note: Note) {
        self.actions.push(Action::Note(note));
    }
}

impl Call {
    /// A call that is about to be dialled. `contact` is bound to the program's schema.
    pub fn new(program: Arc<Program>, contact: ContactValues, context: Context) -> Call {
        assert_eq!(contact.0.len(), program.contact.len(), "one value a field of the contact");
        Call {
            language: program.language_for(context.language),
            variables: vec![None; program.variables.len()],
            computed: Vec::new(),
            step: program.start,
            program,
            contact,
            context,
            wait: Wait::Dialling,
            next: None,
            playing: None,
            said: Vec::new(),
            keys: VecDeque::new(),
            held: String::new(),
            held_until: Mono::ZERO,
            ignore_end_key: None,
            saves: save::Saves::default(),
            hold: hold::Hold::default(),
            recording_until: None,
            plays: 0,
            answered_at: None,
            alone_since: Mono::ZERO,
            ended_at: None,
            answered_by: None,
            machine: false,
            beeped: false,
            said_to_machine: None,
            said_again: 0,
            pressed: false,
            right_party: false,
            reason: None,
            bounds: PromiseBounds::default(),
            promised: Vec::new(),
            requests: 0,
            verify_failed: false,
            bridged: false,
            result: None,
            path: Vec::new(),
            ways: Vec::new(),
        }
    }

    /// Takes promises within these bounds only.
    #[must_use]
    pub fn promising_within(self, bounds: PromiseBounds) -> Call {
        Call { bounds, ..self }
    }

    /// `End` has been ordered; every further fact is ignored.
    pub fn is_over(&self) -> bool {
        self.wait == Wait::Over
    }

    /// Takes a fact, gives the orders that follow from it, in order. Facts that cannot matter any more (a late
    /// `PlayEnded`, an answer to an older question) are ignored.
    #[must_use]
    pub fn handle(&mut self, now: Mono, event: Event) -> Vec<Action> {
        let mut turn = Turn { now: self.hold.own(now), actions: Vec::new(), steps: 0 };
        if !self.is_over() {
            match event {
                // There is nobody to say goodbye to either.
                Event::Ticked if self.hold.is_over(now) => self.hang_up_for(&mut turn, HangupCause::Held, None),
                event => self.take(&mut turn, event),
            }
            self.drive(&mut turn);
            self.mind_hold(now);
        }
        let ends = turn.actions.iter().filter(|a| matches!(a, Action::End(_))).count();
        assert_eq!(ends > 0, self.is_over() && !turn.actions.is_empty(), "a call that is over says so in that turn");
        assert!(ends == 0 || matches!(turn.actions.last(), Some(Action::End(_))), "nothing follows the end");
        turn.actions
    }

    /// The nodes entered so far and the ways taken out of them.
    pub fn covered(&self) -> rehearse::Covered {
        rehearse::Covered { nodes: self.path.iter().copied().collect(), edges: self.ways.iter().copied().collect() }
    }

    /// When to say `Ticked`, unless another fact comes first. `None`: before the answer, and when over.
    pub fn deadline(&self) -> Option<Mono> {
        self.due().map(|own| self.hold.told(own))
    }

    /// The same by the call's own clock.
    fn due(&self) -> Option<Mono> {
        let wait = match &self.wait {
            Wait::Dialling | Wait::Over => return None,
            Wait::Closing { until, .. } | Wait::Bridged { until } => return Some(*until),
            Wait::Saving { until, .. } | Wait::Beep { until } | Wait::Screened { until, .. } => Some(*until),
            Wait::Requesting { until, .. } | Wait::Recording { until } => Some(*until),
            Wait::RingingAgent { until, say_at, .. } => {
                Some(say_at.filter(|_| self.playing.is_none()).map_or(*until, |at| at.min(*until)))
            }
            // While a hotkey may be under way, its key is not yet known not to be the answer.
            Wait::Asking(ask) if self.held.is_empty() => ask.timer,
            Wait::Asking(_) | Wait::Saying { .. } | Wait::Announcing | Wait::Ending => None,
        };
        let play = self.playing.map(|p| p.until);
        let held = (!self.held.is_empty()).then_some(self.held_until);
        [wait, play, held, Some(self.length_bound())].into_iter().flatten().min()
    }

    fn length_bound(&self) -> Mono {
        self.alone_since + CALL_LENGTH_MAX
    }

    fn take(&mut self, turn: &mut Turn, event: Event) {
        let dialling = self.wait == Wait::Dialling;
        let closing = matches!(self.wait, Wait::Closing { .. });
        match event {
            Event::Saved(save) => self.saved(turn, save),
            Event::SaveFailed(save) => self.save_failed(turn, save),
            Event::Ticked => self.ticked(turn),
            Event::Ringing => {}
            Event::Recorded { length, file } => self.recorded(turn, length, file),
            _ if closing => {}
            Event::Answered if dialling => self.answered(turn),
            Event::Held => self.held(turn, true),
            Event::Resumed => self.held(turn, false),
            Event::Failed(cause) | Event::HungUp(cause) => {
                turn.note(Note::HungUp(cause));
                self.leg_ended(turn, cause);
            }
            // Taken back before the answer, whatever for: the person has heard nothing.
            Event::Stopped | Event::Paid | Event::PaidPart(_) if dialling => self.take_back(turn),
            Event::Announced(cause) => self.announced_by_network(turn, cause),
            Event::Stopped => self.stopped(turn),
            Event::Paid => self.paid(turn),
            Event::PaidPart(balance) => self.paid_part(turn, balance),
            _ if dialling => {}
            Event::Answered => {}
            Event::AnsweredBy(who) => self.found(turn, who),
            Event::Beeped => self.beep_ended(turn),
            Event::Digit(key) => self.pressed(turn, key),
            Event::PlayEnded(play) if self.playing.is_some_and(|p| p.play == play) => self.play_ended(turn),
            Event::PlayEnded(_) => {}
            Event::AgentAnswered if matches!(self.wait, Wait::RingingAgent { .. }) => {
                self.other_end_answered(turn);
            }
            Event::AgentUnavailable | Event::AgentHungUp if matches!(self.wait, Wait::RingingAgent { .. }) => {
                self.unavailable(turn, HangupCause::NoAnswer);
            }
            Event::QueueClosed if matches!(self.wait, Wait::RingingAgent { .. }) => {
                self.stop_play(turn);
                turn.note(Note::QueueClosed);
                self.come_to("closed");
            }
            Event::TransferFailed(cause) if matches!(self.wait, Wait::RingingAgent { .. }) => {
                self.unavailable(turn, cause);
            }
            Event::Queued { position, wait } => self.in_line(turn, position, wait),
            Event::Replied { request, status, body } => self.replied(turn, request, status, &body),
            Event::RequestFailed(request) => self.request_failed(turn, request),
            Event::AgentHungUp if matches!(self.wait, Wait::Bridged { .. }) => {
                self.alone_since = turn.now;
                self.come_to("answered");
            }
            // An agent who answered after we had stopped asking for one.
            Event::AgentAnswered => turn.order(Action::ReleaseAgent),
            Event::AgentUnavailable | Event::AgentHungUp | Event::QueueClosed | Event::TransferFailed(_) => {}
        }
    }

    fn answered(&mut self, turn: &mut Turn) {
        turn.note(Note::Answered);
        self.answered_at = Some(turn.now);
        self.alone_since = turn.now;
        self.go(self.program.start);
    }

    /// A time has come. Nothing is due: nothing happens.
    fn ticked(&mut self, turn: &mut Turn) {
        let now = turn.now;
        match &self.wait {
            Wait::Dialling | Wait::Over => return,
            Wait::Closing { until, .. } if *until <= now => return self.finish(turn),
            Wait::Bridged { until } if *until <= now => return self.hang_up(turn, None),
            Wait::Closing { .. } | Wait::Bridged { .. } => return,
            Wait::Saving { .. } | Wait::Beep { .. } | Wait::Screened { .. } | Wait::RingingAgent { .. } => {}
            Wait::Requesting { .. } | Wait::Recording { .. } => {}
            Wait::Asking(_) | Wait::Saying { .. } | Wait::Announcing | Wait::Ending => {}
        }
        if self.length_bound() <= now {
            return self.hang_up(turn, None);
        }
        if !self.held.is_empty() && self.held_until <= now {
            // The key is used before the silence after it is judged; that is due at the next tick.
            return self.release_held(turn);
        }
        if let Some(playing) = self.playing.filter(|p| p.until <= now) {
            // Nobody said that it ended; make sure that it has.
            turn.order(Action::StopPlay { play: playing.play });
            self.play_ended(turn);
        }
        // One thing led on; what else was due belongs to the wait that is left.
        if self.next.is_some() {
            return;
        }
        match &self.wait {
            Wait::Saving { until, failed, .. } if *until <= now => self.come_to(failed),
            Wait::Beep { until } if *until <= now => self.beep_ended(turn),
            Wait::Screened { until, answered: false } if *until <= now => self.answer_screener(turn),
            // Nobody came on.
            Wait::Screened { until, answered: true } if *until <= now => self.hang_up(turn, None),
            Wait::RingingAgent { until, .. } if *until <= now => {
                turn.order(Action::ReleaseAgent);
                self.unavailable(turn, HangupCause::NoAnswer);
            }
            Wait::RingingAgent { say_at: Some(at), .. } if *at <= now => self.say_in_line(turn),
            Wait::Requesting { until, .. } if *until <= now => {
                turn.note(Note::RequestFailed);
                self.come_to("no_reply");
            }
            // Whoever records has kept no time.
            Wait::Recording { until } if *until <= now => {
                turn.order(Action::StopRecording);
                self.recorded(turn, Duration::ZERO, None);
            }
            Wait::Asking(ask) if self.held.is_empty() && ask.timer.is_some_and(|t| t <= now) => self.silence(turn),
            _ => {}
        }
    }

    /// All is paid: say nothing more about it. A person who is talking to an agent is left to it.
    fn paid(&mut self, turn: &mut Turn) {
        if matches!(self.wait, Wait::Bridged { .. }) {
            return;
        }
        self.stop_play(turn);
        self.take_back_orders(turn);
        if self.machine {
            return self.hang_up(turn, Some(Disposition::Machine));
        }
        self.result.get_or_insert(Disposition::AlreadyPaid);
        self.wait = Wait::Ending;
        let words = ending::words_for_paid(&self.program);
        self.play(turn, &words);
        if self.playing.is_none() && !self.is_closed() {
            self.hang_up(turn, None);
        }
    }

    /// Enters steps and uses keys until the call has to wait.
    fn drive(&mut self, turn: &mut Turn) {
        loop {
            if let Some(step) = self.next.take() {
                turn.steps += 1;
                assert!(turn.steps <= STEPS_PER_TURN_MAX, "{} loops without waiting", self.program.name);
                self.enter(turn, step);
            } else if let Some(key) = self.key_to_use() {
                self.use_key(turn, key);
            } else {
                return;
            }
        }
    }

    /// Leaves the step that is running by this way.
    fn leave(&mut self, via: Via) {
        let to = self.program.step(self.step).to(via);
        self.ways.push((self.step, via));
        self.go(to);
    }

    /// Leaves the step that is running by this outcome of its kind.
    fn come_to(&mut self, outcome: &'static str) {
        self.leave(Via::Outcome(outcome));
    }

    fn go(&mut self, step: StepId) {
        assert!(self.next.is_none(), "one way on");
        self.next = Some(step);
    }

    /// Orders these to be heard. Nothing to say leaves `playing` empty.
    fn play(&mut self, turn: &mut Turn, messages: &[MessageId]) {
        assert!(self.playing.is_none(), "one thing at a time");
        let utterances = match self.utterances(messages) {
            Ok(utterances) => utterances,
            // A value outside the grammar, say an amount of a trillion. Half a sentence would be worse than none.
            Err(_) => return self.hang_up(turn, Some(Disposition::SystemError)),
        };
        if utterances.is_empty() {
            return;
        }
        self.plays += 1;
        self.said = messages.to_vec();
        let play = PlayId(self.plays);
        let names = messages.iter().map(|m| self.program.message(*m).name.clone()).collect();
        let text = utterances.iter().map(|u| u.said.text.as_str()).collect::<Vec<_>>().join(" ");
        turn.note(Note::Said { messages: names, text });
        turn.order(Action::Play { play, utterances });
        self.playing = Some(Playing { play, until: turn.now + PLAY_LENGTH_MAX });
    }

    fn stop_play(&mut self, turn: &mut Turn) {
        if let Some(playing) = self.playing.take() {
            turn.order(Action::StopPlay { play: playing.play });
            turn.note(Note::Interrupted);
        }
    }

    /// Takes back what the step that is running has ordered of others.
    fn take_back_orders(&mut self, turn: &mut Turn) {
        match self.wait {
            Wait::RingingAgent { .. } => turn.order(Action::ReleaseAgent),
            Wait::Recording { .. } => turn.order(Action::StopRecording),
            Wait::Dialling | Wait::Saying { .. } | Wait::Asking(_) | Wait::Saving { .. } | Wait::Beep { .. } => {}
            Wait::Screened { .. } | Wait::Announcing | Wait::Requesting { .. } | Wait::Bridged { .. } => {}
            Wait::Ending | Wait::Closing { .. } | Wait::Over => {}
        }
    }

    fn play_ended(&mut self, turn: &mut Turn) {
        self.playing = None;
        match &self.wait {
            Wait::Saying { .. } => self.come_to("next"),
            Wait::Asking(_) => self.listen(turn),
            Wait::Announcing => self.announced(turn),
            Wait::Ending => self.hang_up(turn, None),
            Wait::Screened { answered: true, .. } => {
                self.wait = Wait::Screened { until: turn.now + PERSON_WAIT_MAX, answered: true };
            }
            Wait::Dialling | Wait::Saving { .. } | Wait::Beep { .. } | Wait::RingingAgent { .. } => {}
            Wait::Requesting { .. } | Wait::Recording { .. } | Wait::Screened { answered: false, .. } => {}
            Wait::Bridged { .. } | Wait::Closing { .. } | Wait::Over => {}
        }
    }
}
