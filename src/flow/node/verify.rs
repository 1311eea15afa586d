//! `verify`: proof that the right person is on the line. Only behind its `ok` may protected fields be spoken.

use super::super::codes;
use super::super::expr::{Expr, Type};
use super::super::graph::Fact;
use super::super::program::{Step, Verify, Via};
use super::{Kind, Presence, Reader, acted, alone, declares_nothing, optional, required};

pub const KIND: Kind = Kind {
    name: "verify",
    about: "Proof that the right person is on the line: keyed digits must equal a field of the contact. Pressing 1 for \
            \"this is me\" is a claim, not a proof. A `digits(n)` field is keyed as it is, a `date` field as DDMM.",
    keys: &[
        required("verify", "the field: `contact.last4`"),
        required("ask", "prompt, or a list of prompts, one per try"),
        optional("wrong", "message after a wrong entry, before the next try; must not say what was wrong"),
    ],
    outcomes: &[
        acted("ok", "the entry was right: protected fields may be spoken from here"),
        alone("failed", "wrong on every try, or the contact lacks the field"),
        alone("refused", "`*`, or silence on every try"),
    ],
    presence: Presence::Keys,
    declare: declares_nothing,
    lower,
    facts,
};

fn facts(step: &Step, via: Via) -> Vec<Fact> {
    match (step, via) {
        (Step::Verify(v), Via::Outcome("ok")) => vec![Fact::Verified, Fact::Has(v.against)],
        _ => vec![],
    }
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let prompts = node.messages("ask", &[]);
    let listen = node.listen(prompts.len());
    let wrong = node.message("wrong", &[]);
    let against = node.get("verify").and_then(|written| {
        // Not `node.expr`: a contact without the field fails, so an optional field needs no guard.
        let (expr, ty) = node.cx.expr(written, "`verify`")?;
        match (expr, ty) {
            (Expr::Contact(id), Type::Digits(_) | Type::Date) => Some(id),
            (_, ty) => {
                let message = format!("`verify` needs a contact's field of digits(n) or date, not {}", ty.words());
                node.cx.error(codes::TYPE, written.span, message);
                None
            }
        }
    });
    Some(Step::Verify(Verify { prompts, listen, against: against?, wrong }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let routes = "ok: bye, failed: bye, refused: bye";
        let Step::Verify(v) = step(&format!("{{ verify: contact.last4, ask: a, tries: 3, {routes} }}")) else {
            panic!()
        };
        assert_eq!((v.against.0, v.listen.tries), (3, 3));
        assert_eq!(codes(&format!("{{ verify: contact.name, ask: a, {routes} }}")), ["F015"]);
        assert_eq!(codes(&format!("{{ verify: contact.last5, ask: a, {routes} }}")), ["F013"]);
    }
}
