//! `transfer`: gives the call to a telephone number or a SIP address.

use super::super::codes;
use super::super::expr::Type;
use super::super::graph::Fact;
use super::super::program::{Step, Transfer, TransferBy, TransferTo, Via};
use super::super::yaml::Value;
use super::{Kind, Presence, Reader, acted, alone, declares_nothing, optional, required};
use crate::phone::PhoneNumber;

pub const KIND: Kind = Kind {
    name: "transfer",
    about: "Gives the call to a telephone number or a SIP address that the config allows (`transfer_to`).",
    keys: &[
        required("transfer", "`\"+78001234567\"`, `\"sip:desk@example.org\"`, or an expression of type phone"),
        optional("say", "message before it is rung"),
        optional("timeout", "how long it is rung; 45s"),
        optional(
            "by",
            "`bridge`: we ring it and join the two; `refer`: the client is sent there by SIP, as far as their carrier lets it; bridge",
        ),
    ],
    outcomes: &[
        acted("answered", "they have talked; by `refer`: the client is there, and this is the end"),
        alone("failed", "not allowed, no such number, or the carrier could not, or takes no `refer`"),
        alone("busy", "the other end is busy; goes where `failed` goes unless routed").or("failed"),
        alone("no_answer", "nobody picked up; goes where `failed` goes unless routed").or("failed"),
    ],
    presence: Presence::Person,
    declare: declares_nothing,
    lower,
    facts,
};

fn facts(_: &Step, via: Via) -> Vec<Fact> {
    if via == Via::Outcome("answered") { vec![Fact::Talked] } else { vec![] }
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let to = to(node);
    let message = node.get("say").and_then(|n| node.message_of(n, "say", &[]));
    let timeout = node.ringing(45, 5, 180);
    let by = by(node);
    Some(Step::Transfer(Transfer { to: to?, by: by?, message, timeout: timeout? }))
}

fn by(node: &mut Reader<'_, '_>) -> Option<TransferBy> {
    let Some(written) = node.get("by") else { return Some(TransferBy::Bridge) };
    let scalar = node.cx.scalar(written, "`by`")?;
    let by = scalar.text.parse::<TransferBy>().ok();
    if by.is_none() {
        let known = TransferBy::ALL.iter().map(|by| by.as_str());
        node.cx.unknown(codes::MALFORMED, written.span, "way to give a call away", &scalar.text, known);
    }
    by
}

fn to(node: &mut Reader<'_, '_>) -> Option<TransferTo> {
    let written = node.get("transfer")?;
    if let Value::Scalar(scalar) = &written.value {
        if scalar.text.starts_with('+') {
            return match scalar.text.parse::<PhoneNumber>() {
                Ok(number) => Some(TransferTo::Fixed(number.full().to_string())),
                Err(why) => {
                    node.cx.error(codes::MALFORMED, written.span, why.to_string());
                    None
                }
            };
        }
        if let Some(rest) = scalar.text.strip_prefix("sip:") {
            let good =
                rest.split('@').count() == 2 && rest.chars().all(|c| c.is_ascii_graphic() && !"<>\";,?".contains(c));
            if good && !rest.starts_with('@') && !rest.ends_with('@') {
                return Some(TransferTo::Fixed(scalar.text.clone()));
            }
            node.cx.error(codes::MALFORMED, written.span, "a SIP address is written sip:user@host");
            return None;
        }
    }
    let (expr, ty) = node.expr(written, "`transfer`")?;
    if ty == Type::Phone {
        return Some(TransferTo::Phone(expr));
    }
    let message = format!("a call is given to a number (+…), a SIP address (sip:…) or a phone, not to {}", ty.words());
    node.cx.error(codes::TYPE, written.span, message);
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, compiled};
    use super::*;

    #[test]
    fn lowered() {
        let program = compiled("{ transfer: \"+7 800 123-45-67\", timeout: 30s, answered: bye, failed: bye }");
        let Step::Transfer(transfer) = &program.steps[0].step else { panic!() };
        assert!(matches!(&transfer.to, TransferTo::Fixed(to) if to == "+78001234567"));
        assert_eq!(program.steps[0].to(Via::Outcome("busy")).0, 2, "falls back to `failed`");
        for (to, expected) in [
            ("\"sip:desk@example.org\"", vec![]),
            ("\"sip:desk\"", vec!["F008"]),
            ("\"+12\"", vec!["F008"]),
            ("contact.name", vec!["F015"]),
            ("\"80012345\"", vec!["F015"]),
            ("\"+78001234567\", by: refer", vec!["F049"]),
            ("\"+78001234567\", by: bridge", vec![]),
            ("\"+78001234567\", by: hand", vec!["F008"]),
        ] {
            assert_eq!(codes(&format!("{{ transfer: {to}, answered: bye, failed: bye }}")), expected, "{to}");
        }
    }
}
