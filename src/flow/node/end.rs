//! `end`: hangs up and closes the attempt with a result.

use super::super::codes;
use super::super::program::Step;
use super::{Kind, Presence, Reader, declares_nothing, optional, required, teaches_nothing};
use crate::outcome::Disposition;

pub const KIND: Kind = Kind {
    name: "end",
    about: "Speaks (`say` beside it), hangs up and closes the attempt with a result. The result feeds the retry table and \
            the funnel.",
    keys: &[required("end", "a result"), optional("say", "message or list of messages said before hanging up")],
    outcomes: &[],
    presence: Presence::Nobody,
    declare: declares_nothing,
    lower,
    facts: teaches_nothing,
};

/// The results that a conversation can have. The others are found out by the call or the carrier, never claimed by a flow.
pub const RESULTS: &[Disposition] = &[
    Disposition::NoInput,
    Disposition::Machine,
    Disposition::VoicemailLeft,
    Disposition::ThirdParty,
    Disposition::WrongNumber,
    Disposition::NotVerified,
    Disposition::Promised,
    Disposition::AlreadyPaid,
    Disposition::Disputed,
    Disposition::Refused,
    Disposition::Informed,
    Disposition::CallbackRequested,
    Disposition::Transferred,
    Disposition::OptedOut,
];

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let messages = node.messages("say", &[]);
    let written = node.get("end")?;
    let scalar = node.cx.scalar(written, "`end`")?;
    let Some(result) = RESULTS.iter().find(|r| r.as_str() == scalar.text) else {
        if scalar.text.parse::<Disposition>().is_ok() {
            let message = format!("`{}` is found out by the call itself; a flow cannot claim it", scalar.text);
            node.cx.error(codes::RESULT, written.span, message);
        } else {
            let known: Vec<&str> = RESULTS.iter().map(|r| r.as_str()).collect();
            node.cx.unknown(codes::RESULT, written.span, "result", &scalar.text, known);
        }
        return None;
    };
    node.cx.results.insert(node.id, written.span);
    Some(Step::End { messages, result: *result })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let Step::End { messages, result } = step("{ say: a, end: refused }") else { panic!() };
        assert_eq!((messages.len(), result), (1, Disposition::Refused));
        assert_eq!(codes("{ end: answered }"), ["F023"]);
        assert_eq!(codes("{ end: busy }"), ["F023"]);
    }
}
