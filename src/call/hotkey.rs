//! Hotkeys: heard at any moment after the answer, told apart from the keys of the question being asked.

use super::action::{Action, Note};
use super::{Call, HOTKEY_GAP, KEYS_BUFFERED_MAX, Turn, Wait};
use crate::flow::program::StepId;
use crate::outcome::AnsweredBy;

impl Call {
    /// A key, at its press. Keys that may become a hotkey are held until the next key or the gap tells.
    pub(super) fn pressed(&mut self, turn: &mut Turn, key: char) {
        // Keys A–D stand on no client's telephone; a digit detector that was fooled by a voice makes them up.
        let is_key = key.is_ascii_digit() || matches!(key, '*' | '#');
        let heard = match self.wait {
            Wait::Dialling | Wait::Closing { .. } | Wait::Over => false,
            // Two people are talking; what they press is not for us.
            Wait::Bridged { .. } => false,
            Wait::Saying { .. } | Wait::Asking(_) | Wait::Saving { .. } => true,
            Wait::Beep { .. } | Wait::Screened { .. } => true,
            Wait::Announcing | Wait::RingingAgent { .. } | Wait::Ending => true,
            Wait::Requesting { .. } | Wait::Recording { .. } => true,
        };
        if !is_key || !heard {
            return;
        }
        if !self.machine {
            self.pressed = true;
            self.answered_by.get_or_insert(AnsweredBy::Human);
        }
        self.held.push(key);
        self.held_until = turn.now + self.gap();
        self.sort_held(turn, false);
    }

    /// The gap has passed: what is held is a hotkey now, or it is none.
    pub(super) fn release_held(&mut self, turn: &mut Turn) {
        self.sort_held(turn, true);
    }

    fn sort_held(&mut self, turn: &mut Turn, no_more: bool) {
        while !self.held.is_empty() {
            let longer =
                self.program.hotkeys.iter().any(|(k, _)| k.len() > self.held.len() && k.starts_with(&self.held));
            if longer && !no_more {
                return;
            }
            if let Some((_, step)) = self.program.hotkeys.iter().find(|(k, _)| *k == self.held) {
                return self.fire(turn, *step);
            }
            let first = self.held.remove(0);
            self.plain_key(turn, first);
        }
    }

    fn fire(&mut self, turn: &mut Turn, step: StepId) {
        turn.note(Note::Pressed(std::mem::take(&mut self.held)));
        self.stop_play(turn);
        self.take_back_orders(turn);
        self.keys.clear();
        // A machine presses no hotkey: what sounded like one is a person.
        if self.machine {
            self.machine = false;
            self.pressed = true;
            self.answered_by = Some(AnsweredBy::Human);
        }
        self.result = None;
        self.next = None;
        self.go(step);
    }

    /// A key that is no part of a hotkey.
    fn plain_key(&mut self, turn: &mut Turn, key: char) {
        // A machine's own tones.
        if self.machine {
            return;
        }
        if self.ignore_end_key.take().is_some_and(|(end, until)| key == end && turn.now <= until) {
            return;
        }
        let playing = self.playing.is_some();
        let listen = match &self.wait {
            Wait::Asking(ask) => Some(self.listen_of(ask.question).clone()),
            _ => None,
        };
        match (&self.wait, listen) {
            (Wait::Saying { interruptible: true }, _) => {
                self.keep(key);
                // Several keys may be released at once; the first has already led on.
                if self.next.is_none() {
                    self.stop_play(turn);
                    self.come_to("next");
                }
            }
            (Wait::Asking(_), Some(listen)) if playing => {
                if listen.barge_in {
                    self.stop_play(turn);
                    self.keep(key);
                    self.set_timer(turn.now, turn.now + listen.gap);
                } else if listen.type_ahead {
                    self.keep(key);
                }
            }
            (Wait::Ending | Wait::Beep { .. }, _) => {}
            (Wait::RingingAgent { .. }, _) => self.key_in_line(turn, key),
            (Wait::Recording { .. }, _) => turn.order(Action::StopRecording),
            _ => self.keep(key),
        }
    }

    fn keep(&mut self, key: char) {
        if self.keys.len() < KEYS_BUFFERED_MAX {
            self.keys.push_back(key);
        }
    }

    fn gap(&self) -> std::time::Duration {
        match &self.wait {
            Wait::Asking(ask) => self.listen_of(ask.question).gap,
            _ => HOTKEY_GAP,
        }
    }
}
