//! `menu`: says a prompt and waits for one of its keys.

use super::super::codes;
use super::super::program::{Menu, Step, Via};
use super::super::yaml::{self, Entry};
use super::{Kind, NO_INPUT, NO_MATCH, Presence, Reader, alone, declares_nothing, required, teaches_nothing};

/// More than anybody can be told; it bounds the work on a hostile file.
const KEYS_MAX: usize = 30;

pub const KIND: Kind = Kind {
    name: "menu",
    about: "Says a prompt and waits for one of its keys. A list of prompts is one wording per try; the last is repeated.",
    keys: &[
        required("menu", "prompt, or a list of prompts, one per try"),
        required("keys", "map of key to node: `{ \"1\": agent, \"*0\": operator }`"),
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
    let prompts = node.messages("menu", &[]);
    let keys = keys(node);
    let listen = node.listen(prompts.len());
    let no_match = node.message("no_match", &[]);
    let no_input = node.message("no_input", &[]);
    Some(Step::Menu(Menu { prompts, listen, keys: keys?, no_match, no_input }))
}

fn keys(node: &mut Reader<'_, '_>) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    for entry in key_entries(node)? {
        if let Some(target) = node.target(&entry.value, "keys") {
            node.way(Via::Key(keys.len() as u16), target);
            keys.push(entry.key.clone());
        }
    }
    Some(keys)
}

/// The entries of `keys` whose keys are keys of a telephone; noted for the checks of what is announced.
pub(super) fn key_entries<'n>(node: &mut Reader<'n, '_>) -> Option<Vec<&'n Entry>> {
    let written = node.get("keys")?;
    let map = node.cx.map(written, "`keys`")?;
    if map.entries.len() > KEYS_MAX {
        node.cx.error(codes::SHAPE, written.span, format!("a menu takes at most {KEYS_MAX} keys"));
        return None;
    }
    let mut entries = Vec::new();
    let mut places = Vec::new();
    for entry in &map.entries {
        if entry.key_plain
            && let Some(as_what) = yaml::surprise(&entry.key)
        {
            node.cx.surprise(entry.key_span, &entry.key, as_what);
            continue;
        }
        if !is_key(&entry.key) {
            let message = format!("`{}` is not a key: keys are 0-9, * and #, at most 8 of them", entry.key);
            node.cx.error(codes::KEY, entry.key_span, message);
            continue;
        }
        places.push((entry.key.clone(), entry.key_span));
        entries.push(entry);
    }
    if map.entries.is_empty() {
        node.cx.error(codes::SHAPE, written.span, "a menu takes at least one key");
        return None;
    }
    node.cx.menu_keys.insert(node.id, places);
    Some(entries)
}

/// One to eight of `0-9 * #`.
pub fn is_key(text: &str) -> bool {
    text.len() <= 8 && is_key_run(text)
}

/// One or more of `0-9 * #`.
pub fn is_key_run(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#')
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let written = "{ menu: [a, b], keys: { \"1\": bye }, timeout: 4s, no_match: c, exhausted: bye }";
        assert_eq!(codes(written), ["F041"], "no prompt names the key");
        let Step::Menu(menu) = step("{ menu: [a, b, c], keys: { \"*5\": bye }, timeout: 4s, exhausted: bye }") else {
            panic!()
        };
        assert_eq!((menu.prompts.len(), menu.listen.tries, menu.listen.first_key.as_secs()), (3, 3, 4));
    }
}
