//! A contact pays while their attempt is on its way or their call in the air.
//!
//! Before the answer the call is taken back. In a call that talks, all paid is its end; of a part the call is told when the audio
//! with the new sum is there, since a sum that has no audio would be silence.

use super::talking::Whose;
use super::{Engine, Output};
use crate::books::Debt;
use crate::call::{Balance, Event};
use crate::id::*;
use crate::time::Now;

/// A part was paid, and the call has not been told.
#[derive(Debug, Default)]
pub(super) struct News {
    balance: Option<Balance>,
    /// Audio that was ordered and has not come.
    preparing: u32,
    /// Some of it will not come.
    failed: bool,
}

impl Engine {
    /// Somebody of whom a payment has to be told.
    pub fn concerns(&self, contact: ContactId) -> bool {
        self.calls.iter().any(|(_, live)| live.is_of(contact))
            || self.waiting.values().any(|waiting| waiting.claimed.standing.contact.id == contact)
    }

    pub(super) fn paid(&mut self, now: Now, contact: ContactId, debts: &[Debt], out: &mut Vec<Output>) {
        for waiting in self.waiting.values_mut().filter(|w| w.claimed.standing.contact.id == contact) {
            let known = &mut waiting.claimed.standing.contact.debts;
            waiting.paid |= known != debts;
            *known = debts.to_vec();
        }
        let calls: Vec<CallId> = self.calls.iter().filter(|(_, live)| live.is_of(contact)).map(|(id, _)| id).collect();
        for id in calls {
            self.call_paid(now, id, debts, out);
        }
    }

    fn call_paid(&mut self, now: Now, id: CallId, debts: &[Debt], out: &mut Vec<Output>) {
        let Some(live) = self.calls.get_mut(id) else { return };
        let Whose::Attempt { claimed, .. } = &mut live.whose else { return };
        let contact = &mut claimed.standing.contact;
        // Over, or claimed after the payment.
        if live.call.is_over() || contact.debts == debts {
            return;
        }
        contact.debts = debts.to_vec();
        if contact.paid() {
            live.news.balance = None;
            return self.tell(now, id, Event::Paid, out);
        }
        let balance = Balance { left: contact.amount(), due: Some(contact.due()) };
        if live.answered_at.is_none() {
            return self.tell(now, id, Event::PaidPart(balance), out);
        }
        let needed = match live.call.prompts_with(balance) {
            Ok(needed) => needed.into_iter().collect(),
            Err(why) => {
                out.push(Output::Warn(format!("call {id} cannot say what is still owed: {why}")));
                return self.tell(now, id, Event::Paid, out);
            }
        };
        live.news.balance = Some(balance);
        live.news.preparing += 1;
        out.push(Output::Prepare { attempt: id.attempt(), utterances: needed });
    }

    /// Audio for a call in the air; `false`: there is none.
    pub(super) fn news_prepared(&mut self, now: Now, id: CallId, why: Option<&str>, out: &mut Vec<Output>) -> bool {
        let Some(live) = self.calls.get_mut(id) else { return false };
        let news = &mut live.news;
        news.preparing = news.preparing.saturating_sub(1);
        news.failed |= why.is_some();
        if let Some(why) = why {
            self.tally.errors += 1;
            out.push(Output::Warn(format!("call {id} cannot say what is still owed, its audio is missing: {why}")));
        }
        if news.preparing > 0 {
            return true;
        }
        let failed = std::mem::take(&mut news.failed);
        if let Some(balance) = news.balance.take() {
            // Without the words for it: thanks for the payment, and the rest another time.
            self.tell(now, id, if failed { Event::Paid } else { Event::PaidPart(balance) }, out);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::agent::Desk;
    use crate::books::Priority;
    use crate::engine::tests::{LADDER, Playing, Stage, limits, script};

    /// Tells the debt to whom it concerns.
    const FLOW: &str = r#"
flow: counter
version: 1
languages: [en]
contact: { name: text, amount: money, last4: digits(4) }
protect: [amount]
messages:
  ask: { en: "Last four digits, please." }
  debt: { en: "You owe {contact.amount | money}. Paid already, press 1." }
  thanks: { en: "Thank you." }
  bye: { en: "Goodbye." }
start: prove
hotkeys: { "*9": stop }
nodes:
  prove: { verify: contact.last4, ask: ask, ok: tell, failed: bye, refused: bye }
  tell: { menu: debt, tries: 1, keys: { "1": thanks }, exhausted: bye }
  thanks: { say: thanks, end: already_paid }
  bye: { say: bye, end: informed }
  stop: { opt_out: number, next: bye }
"#;

    const TOLD: &str = "
        > 1 answered
        1 hears Last four digits, please.
        > 1 key 4
        > 1 key 3
        > 1 key 2
        > 1 key 1
        1 hears You owe ten pounds. Paid already, press one.
    ";

    /// Ten pounds are owed; the call is told of them, and audio is made from now on when the script says so.
    fn told(rest: &str) {
        let campaign = Playing { name: "small", ladder: LADDER, flow: FLOW, priority: Priority::USUAL, calls: 1 };
        let mut stage = Stage::play(limits(), Desk::default(), None, &[campaign], "2026-11-20T10:00Z");
        stage.wait(Duration::from_secs(1));
        assert_eq!(stage.engine.in_air(), 1, "{:?}", stage.ordered);
        stage.ordered.clear();
        stage.voice_is_slow = true;
        script(stage, &format!("{TOLD}{rest}"));
    }

    #[test]
    fn the_new_sum_is_told_when_its_audio_is_there() {
        told(
            "
            > 1 pays 400
            > 1 prepared
            1 hears You owe six pounds. Paid already, press one.
            > 1 played
            > wait 20
            1 hears Goodbye.
            > 1 played
            1 hung up on
            1 ended informed
            ",
        );
    }

    #[test]
    fn of_two_parts_only_what_is_left_after_both_is_told() {
        told(
            "
            > 1 pays 400
            > 1 pays 100
            > 1 prepared
            > 1 prepared
            1 hears You owe five pounds. Paid already, press one.
            ",
        );
    }

    #[test]
    fn the_rest_paid_while_the_audio_is_made_ends_the_call() {
        told(
            "
            > 1 pays 400
            > 1 pays 600
            1 hears Thank you.
            > 1 prepared
            > 1 played
            1 hung up on
            1 ended already_paid
            ",
        );
    }

    #[test]
    fn without_the_audio_the_call_thanks_and_ends() {
        told(
            "
            > 1 pays 400
            > 1 not prepared
            warned: call 1 cannot say what is still owed, its audio is missing: no voice
            1 hears Thank you.
            > 1 played
            1 hung up on
            1 ended already_paid
            ",
        );
    }

    #[test]
    fn who_is_not_there_any_more_is_told_nothing() {
        told(
            "
            > 1 pays 400
            > 1 hung up
            1 ended informed
            > 1 prepared
            ",
        );
    }
}
