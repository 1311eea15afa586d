//! A call as lines a person can read: `>` facts, `<` orders, `.` notes. Flow tests print it, `tests/calls` is written
//! in it.

use super::action::{Action, Ending, Fact, Note, promised_in_words};
use super::balance::Balance;
use super::event::Event;
use crate::flow::program::NotifyBy;

/// `> answered`, `> key 4`.
pub fn fact_line(event: &Event) -> String {
    match event {
        Event::Ringing => "> ringing".into(),
        Event::Failed(cause) => format!("> failed {cause}"),
        Event::Answered => "> answered".into(),
        Event::AnsweredBy(who) => format!("> found {who}"),
        Event::Beeped => "> beeped".into(),
        Event::Announced(cause) => format!("> announced {cause}"),
        Event::Held => "> held".into(),
        Event::Resumed => "> resumed".into(),
        Event::Digit(key) => format!("> key {key}"),
        Event::PlayEnded(play) => format!("> played {play}"),
        Event::Saved(save) => format!("> saved {save}"),
        Event::SaveFailed(save) => format!("> save failed {save}"),
        Event::Queued { position, wait } => format!("> queued {position} {wait:?}"),
        Event::AgentAnswered => "> agent answered".into(),
        Event::AgentUnavailable => "> agent unavailable".into(),
        Event::AgentHungUp => "> agent hung up".into(),
        Event::QueueClosed => "> queue closed".into(),
        Event::TransferFailed(cause) => format!("> transfer failed {cause}"),
        Event::Replied { request, status, body } => format!("> replied {request} {status} {body}"),
        Event::RequestFailed(request) => format!("> request failed {request}"),
        Event::Recorded { length, file: Some(file) } => format!("> recorded {length:?} {file}"),
        Event::Recorded { length, file: None } => format!("> recorded {length:?}"),
        Event::HungUp(cause) => format!("> hung up {cause}"),
        Event::Paid => "> paid".into(),
        Event::PaidPart(Balance { left, due: None }) => format!("> paid in part, {left} left"),
        Event::PaidPart(Balance { left, due: Some(due) }) => format!("> paid in part, {left} left, due {due}"),
        Event::Stopped => "> stopped".into(),
        Event::Ticked => "> ticked".into(),
    }
}

/// `< play 1 "…"`. The note of what is said is left out: the order to play it follows.
pub fn order_line(action: &Action) -> Option<String> {
    Some(match action {
        Action::Play { play, utterances } => {
            let words: Vec<&str> = utterances.iter().map(|u| u.said.text.as_str()).collect();
            format!("< play {play} \"{}\"", words.join(" | "))
        }
        Action::StopPlay { play } => format!("< stop {play}"),
        Action::EndPlay { play } => format!("< end of sentence {play}"),
        Action::Save { save, fact } => format!("< save {save} {}", fact_words(fact)),
        Action::ReleaseAgent => "< release agent".into(),
        Action::RingAgent { queue, priority, timeout } => {
            let priority = if *priority == 0 { String::new() } else { format!(", priority {priority}") };
            format!("< ring agent of {queue} for {timeout:?}{priority}")
        }
        Action::Transfer { to, timeout } => format!("< transfer to {to} for {timeout:?}"),
        Action::Refer { to, timeout } => format!("< refer to {to} for {timeout:?}"),
        Action::Record { max, silence } => format!("< record {max:?}, until {silence:?} of silence"),
        Action::StopRecording => "< stop recording".into(),
        Action::Request { request, question } => {
            let send = serde_json::Value::Object(question.send.clone());
            format!("< request {request} {} {} {send} within {:?}", question.method, question.url, question.wait)
        }
        Action::Bridge => "< bridge".into(),
        Action::Hangup => "< hang up".into(),
        Action::Note(note) => format!(". {}", note_words(note)?),
        Action::End(ending) => format!("< end {}", ending_words(ending)),
    })
}

fn fact_words(fact: &Fact) -> String {
    match fact {
        Fact::Promise { parts } => format!("promise of {}", promised_in_words(parts)),
        Fact::OptOut { scope } => format!("opt-out of the {scope}"),
        Fact::Message { by, subject, body } => {
            let by = match by {
                NotifyBy::Sms => "sms",
                NotifyBy::Email => "email",
            };
            let subject = subject.as_ref().map(|s| format!(" \"{s}\"")).unwrap_or_default();
            format!("{by}{subject} \"{body}\"")
        }
    }
}

fn note_words(note: &Note) -> Option<String> {
    Some(match note {
        Note::Said { .. } => return None,
        Note::Answered => "answered".into(),
        Note::AnsweredBy(who) => format!("answered by {who}"),
        Note::Announced(cause) => format!("the network says {cause}"),
        Note::SaidAgain => "the message again".into(),
        Note::Entered(node) => format!("entered {node}"),
        Note::Interrupted => "interrupted".into(),
        Note::Pressed(keys) => format!("pressed {keys}"),
        Note::NoInput => "no input".into(),
        Note::NoMatch => "no match".into(),
        Note::Verified => "verified".into(),
        Note::VerifyFailed => "not verified".into(),
        Note::Promised { parts } => format!("promised {}", promised_in_words(parts)),
        Note::OptedOut => "opted out".into(),
        Note::Reason(reason) => format!("reason: {reason}"),
        Note::Queued { position } => format!("in line at {position}"),
        Note::QueueClosed => "queue closed".into(),
        Note::CalledBack => "wants to be called back".into(),
        Note::TransferRung { to } => format!("{to} rung"),
        Note::TransferFailed(cause) => format!("transfer failed: {cause}"),
        Note::Requested { url } => format!("asked {url}"),
        Note::Replied { good: true } => "replied".into(),
        Note::Replied { good: false } => "replied otherwise than declared".into(),
        Note::RequestFailed => "no reply".into(),
        Note::Recorded { length, file: Some(file) } => format!("recorded {length:?}: {file}"),
        Note::Recorded { length, file: None } => format!("recorded {length:?}, not kept"),
        Note::AgentRung { queue } => format!("agent of {queue} rung"),
        Note::AgentAnswered => "agent answered".into(),
        Note::AgentUnavailable => "agent unavailable".into(),
        Note::Held => "on hold".into(),
        Note::Resumed => "back from hold".into(),
        Note::HungUp(cause) => format!("hung up: {cause}"),
        Note::PaidPart { left } => format!("paid in part, {left} left"),
    })
}

fn ending_words(ending: &Ending) -> String {
    let by = ending.answered_by.map(|who| format!(", answered by {who}")).unwrap_or_default();
    let party = if ending.right_party { ", right party" } else { "" };
    let reason = ending.reason.map(|reason| format!(", reason {reason}")).unwrap_or_default();
    let path = if ending.path.is_empty() { "no node".to_string() } else { ending.path.join(" > ") };
    format!("{} ({}{by}{party}{reason}, talk {:?}): {path}", ending.disposition, ending.cause, ending.talk)
}
