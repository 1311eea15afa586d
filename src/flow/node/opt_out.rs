//! `opt_out`: this number or this person is never called again.

use super::super::codes;
use super::super::graph::Fact;
use super::super::program::{OptOutScope, Step, Via};
use super::{Kind, Presence, Reader, alone, declares_nothing, required};

pub const KIND: Kind = Kind {
    name: "opt_out",
    about: "Saves that this number (`number`) or the person on every number and channel (`person`) is not to be contacted. \
            Holds for every campaign.",
    keys: &[required("opt_out", "`number` or `person`")],
    outcomes: &[
        alone("next", "saved"),
        alone("failed", "it could not be kept, or the number is withheld; goes where `next` goes unless routed")
            .or("next"),
    ],
    presence: Presence::Nobody,
    declare: declares_nothing,
    lower,
    facts,
};

fn facts(_: &Step, _: Via) -> Vec<Fact> {
    vec![Fact::OptedOut]
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let scope = node.get("opt_out").and_then(|written| {
        let scalar = node.cx.scalar(written, "`opt_out`")?;
        let scope = scalar.text.parse::<OptOutScope>().ok();
        if scope.is_none() {
            let known = OptOutScope::ALL.iter().map(|s| s.as_str());
            node.cx.unknown(codes::MALFORMED, written.span, "scope of an opt-out", &scalar.text, known);
        }
        scope
    });
    Some(Step::OptOut { scope: scope? })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        assert!(matches!(step("{ opt_out: person, next: bye }"), Step::OptOut { scope: OptOutScope::Person, .. }));
        assert_eq!(codes("{ opt_out: everything, next: bye }"), ["F008"]);
    }
}
