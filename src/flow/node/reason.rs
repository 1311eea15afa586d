//! `reason`: why the bill was not paid, by key. It stands in the call's log.

use super::super::codes;
use super::super::program::{Reason, Step, Via};
use super::super::yaml::Entry;
use super::menu::key_entries;
use super::{Kind, NO_INPUT, NO_MATCH, Presence, Reader, alone, declares_nothing, required, teaches_nothing};
use crate::outcome::NonPaymentReason;

pub const KIND: Kind = Kind {
    name: "reason",
    about: "Asks by key why the bill was not paid. The reason stands in the call's log (`ringback why`).",
    keys: &[
        required("reason", "prompt, or a list of prompts, one per try"),
        required("keys", "map of key to reason and node: `{ \"1\": { is: no_money, to: offer } }`"),
        NO_MATCH,
        NO_INPUT,
    ],
    outcomes: &[alone("exhausted", "silence or wrong keys on every try")],
    presence: Presence::Keys,
    declare: declares_nothing,
    lower,
    facts: teaches_nothing,
};

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let prompts = node.messages("reason", &[]);
    let listen = node.listen(prompts.len());
    let keys = keys(node);
    let no_match = node.message("no_match", &[]);
    let no_input = node.message("no_input", &[]);
    Some(Step::Reason(Reason { prompts, listen, keys: keys?, no_match, no_input }))
}

fn keys(node: &mut Reader<'_, '_>) -> Option<Vec<(String, NonPaymentReason)>> {
    let entries = key_entries(node)?;
    let mut keys = Vec::new();
    for entry in entries {
        if let Some(reason) = reason(node, entry, keys.len()) {
            keys.push((entry.key.clone(), reason));
        }
    }
    Some(keys)
}

fn reason(node: &mut Reader<'_, '_>, entry: &Entry, number: usize) -> Option<NonPaymentReason> {
    let map = node.cx.map(&entry.value, "a key of `reason`")?;
    node.cx.known_keys(map, "key of a reason", &["is", "to"]);
    for key in ["is", "to"] {
        if map.get(key).is_none() {
            node.cx.error(codes::MISSING_KEY, entry.value.span, format!("a reason lacks `{key}`"));
        }
    }
    let reason = map.get("is").and_then(|e| {
        let scalar = node.cx.scalar(&e.value, "`is`")?;
        let reason = scalar.text.parse().ok();
        if reason.is_none() {
            let known = NonPaymentReason::ALL.iter().map(|r| r.as_str());
            node.cx.unknown(codes::MALFORMED, e.value.span, "reason", &scalar.text, known);
        }
        reason
    });
    let to = map.get("to").and_then(|e| node.target(&e.value, "to"))?;
    node.way(Via::Key(number as u16), to);
    reason
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let Step::Reason(reason) = step("{ reason: c, keys: { \"*5\": { is: no_money, to: bye } }, exhausted: bye }")
        else {
            panic!()
        };
        assert_eq!(reason.keys, [("*5".to_string(), NonPaymentReason::NoMoney)]);
        for (keys, expected) in [
            ("{ \"*5\": { is: no_mony, to: bye } }", "F008"),
            ("{ \"*5\": { is: no_money } }", "F007"),
            ("{ \"*5\": bye }", "F005"),
            ("{ \"5x\": { is: other, to: bye } }", "F021"),
            ("{}", "F005"),
        ] {
            let found = codes(&format!("{{ reason: c, keys: {keys}, exhausted: bye }}"));
            assert!(found.contains(&expected), "{keys}: {found:?}");
        }
    }
}
