//! Who or what has answered, found out by listening while the first words are already being said.

use super::action::{Action, Note};
use super::{Call, PERSON_WAIT_MAX, QUESTION_WAIT_MAX, SAID_AGAIN_MAX, SAID_AGAIN_WITHIN, Turn, Wait};
use crate::flow::program::MachineStop;
use crate::outcome::{AnsweredBy, Disposition, HangupCause};

impl Call {
    /// What was heard on the line. A person who pressed a key is a person, whatever it sounded like.
    pub(super) fn found(&mut self, turn: &mut Turn, who: AnsweredBy) {
        let not_human = matches!(who, AnsweredBy::Machine | AnsweredBy::Fax | AnsweredBy::Screening);
        if not_human && (self.pressed || self.bridged) {
            return;
        }
        // The path of the machine has been entered: its words are being said, whoever hears them.
        if self.said_to_machine.is_some() {
            return;
        }
        turn.note(Note::AnsweredBy(who));
        self.answered_by = Some(who);
        match who {
            AnsweredBy::Human => self.found_person(turn),
            AnsweredBy::Unknown => {}
            AnsweredBy::Fax => self.hang_up(turn, Some(Disposition::Fax)),
            AnsweredBy::Machine => self.found_machine(turn),
            AnsweredBy::Screening if self.program.on_screening.is_none() => self.found_machine(turn),
            AnsweredBy::Screening => {
                self.turn_from_person(turn);
                self.wait = Wait::Screened { until: turn.now + QUESTION_WAIT_MAX, answered: false };
            }
        }
    }

    /// A person after all, or one who comes on behind a screener: the call begins anew. Otherwise it goes on as it does.
    fn found_person(&mut self, turn: &mut Turn) {
        if matches!(self.wait, Wait::Beep { .. } | Wait::Screened { .. }) {
            self.stop_play(turn);
            self.machine = false;
            self.beeped = false;
            self.go(self.program.start);
        }
    }

    fn found_machine(&mut self, turn: &mut Turn) {
        self.turn_from_person(turn);
        if self.is_closed() {
            return;
        }
        if self.program.on_machine.is_none() {
            return self.hang_up(turn, Some(Disposition::Machine));
        }
        self.wait = Wait::Beep { until: turn.now + self.program.machine.beep_wait };
        if self.beeped {
            self.beep_ended(turn);
        }
    }

    /// What was said and ordered for a person ends.
    fn turn_from_person(&mut self, turn: &mut Turn) {
        self.machine = true;
        self.result = None;
        match (self.program.machine.stop, self.playing) {
            // With nowhere to go on to, the call ends here.
            (MachineStop::Sentence, Some(playing)) if self.program.on_machine.is_some() => {
                turn.order(Action::EndPlay { play: playing.play });
            }
            (MachineStop::AtOnce | MachineStop::Sentence, _) => self.stop_play(turn),
        }
        self.take_back_orders(turn);
    }

    /// The machine's beep has ended, or the time has come to speak without.
    pub(super) fn beep_ended(&mut self, turn: &mut Turn) {
        self.beeped = true;
        match (&self.wait, self.said_to_machine) {
            (Wait::Screened { answered: false, .. }, _) => self.answer_screener(turn),
            (Wait::Beep { .. }, _) => self.speak_to_machine(turn),
            // It had only paused: what was said until now is not on its tape.
            (Wait::Saying { .. } | Wait::Ending, Some(begun))
                if self.machine && self.said_again < SAID_AGAIN_MAX && turn.now.since(begun) <= SAID_AGAIN_WITHIN =>
            {
                self.said_again += 1;
                turn.note(Note::SaidAgain);
                self.result = None;
                self.speak_to_machine(turn);
            }
            _ => {}
        }
    }

    fn speak_to_machine(&mut self, turn: &mut Turn) {
        if let Some(step) = self.program.on_machine {
            self.stop_play(turn);
            self.said_to_machine = Some(turn.now);
            self.go(step);
        }
    }

    pub(super) fn answer_screener(&mut self, turn: &mut Turn) {
        self.stop_play(turn);
        self.wait = Wait::Screened { until: turn.now + PERSON_WAIT_MAX, answered: true };
        let words: Vec<_> = self.program.on_screening.into_iter().collect();
        self.play(turn, &words);
    }

    /// The network told us that nobody will come to this line. A line on which somebody pressed a key has somebody on it.
    pub(super) fn announced_by_network(&mut self, turn: &mut Turn, cause: HangupCause) {
        if self.pressed || self.bridged {
            return;
        }
        turn.note(Note::Announced(cause));
        if self.wait == Wait::Dialling {
            return self.give_up(turn, cause);
        }
        self.hang_up(turn, Some(cause.disposition()));
    }
}
