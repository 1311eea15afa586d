//! The flow language as a JSON Schema (draft 2020-12), for editors: completion, hover texts, a first check while typing.
//!
//! Made from the tables that the compiler reads, so a new kind of node or key appears by itself. What a table cannot say,
//! the shape of each key's value, stands here in [`SHAPES`]. The compiler remains the judge: the schema knows no names,
//! types or paths.

use serde_json::{Map, Value, json};

use crate::flow::made;
use crate::flow::node::{self, Key, Kind};
use crate::flow::program::Disclosure;
use crate::flow::program::OptOutScope;
use crate::flow::program::RENDERS;
use crate::flow::{EXPECTATIONS, FLOW_KEYS, STEPS, SUBFLOW_KEYS, TYPES};
use crate::outcome::{Disposition, NonPaymentReason};

/// What stands behind a key.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// A name of a node, message, variable or queue.
    Name,
    /// One name or a list of them.
    Names,
    Truth,
    Number,
    Duration,
    Expression,
    Words(&'static [&'static str]),
    Result,
    OptOut,
    /// A key of a telephone, or several in a row.
    Key,
    /// Map of keys of a telephone to nodes.
    Keys,
    /// Map of keys of a telephone to a reason and a node.
    Reasons,
    /// Map of variable to expression.
    Variables,
    /// Map of field to type.
    Fields,
    /// Map of an expression's value to a node.
    Cases,
    /// An expression, or a list of conditions with their nodes.
    Branches,
    Reason,
    /// List of maps with these keys; one that ends with `?` may be left out.
    Rows(&'static [(&'static str, Shape)]),
}

/// An offer of `promise`.
const OFFER: &[(&str, Shape)] = &[
    ("share", Shape::Expression),
    ("within", Shape::Duration),
    ("say", Shape::Name),
    ("confirm?", Shape::Name),
    ("every?", Shape::Expression),
];

/// The shape of each key of a node. `kind.key` goes before `key`, which holds whatever the kind.
const SHAPES: &[(&str, Shape)] = &[
    ("say", Shape::Names),
    ("interruptible", Shape::Truth),
    ("menu", Shape::Names),
    ("keys", Shape::Keys),
    ("no_match", Shape::Name),
    ("no_input", Shape::Name),
    ("collect", Shape::Words(&["digits", "account", "number", "amount", "date", "time", "phone"])),
    ("ask", Shape::Names),
    ("into", Shape::Name),
    ("min", Shape::Expression),
    ("max", Shape::Expression),
    ("check", Shape::Words(&["luhn", "mod_11_10", "mod_97_10"])),
    ("country", Shape::Expression),
    ("end_key", Shape::Words(&["#", "*"])),
    ("within", Shape::Duration),
    ("workdays", Shape::Truth),
    ("confirm", Shape::Name),
    ("verify", Shape::Expression),
    ("wrong", Shape::Name),
    ("promise", Shape::Expression),
    ("offers", Shape::Rows(OFFER)),
    ("ask_date", Shape::Names),
    ("bad_date", Shape::Name),
    ("reason", Shape::Names),
    ("reason.keys", Shape::Reasons),
    ("request", Shape::Expression),
    ("method", Shape::Words(&["get", "post"])),
    ("transfer.by", Shape::Words(&["bridge", "refer"])),
    ("send", Shape::Variables),
    ("reply", Shape::Fields),
    ("public", Shape::Names),
    ("wait", Shape::Duration),
    ("priority", Shape::Expression),
    ("waiting", Shape::Name),
    ("every", Shape::Duration),
    ("call_back", Shape::Key),
    ("transfer", Shape::Expression),
    ("record", Shape::Name),
    ("record.max", Shape::Duration),
    ("silence", Shape::Duration),
    ("branch", Shape::Branches),
    ("cases", Shape::Cases),
    ("call", Shape::Name),
    ("with", Shape::Variables),
    ("exit", Shape::Name),
    ("set", Shape::Variables),
    ("queue", Shape::Name),
    ("timeout", Shape::Duration),
    ("gap", Shape::Duration),
    ("tries", Shape::Number),
    ("barge_in", Shape::Truth),
    ("type_ahead", Shape::Truth),
    ("whole", Shape::Duration),
    ("secret", Shape::Truth),
    ("notify", Shape::Words(&["sms", "email"])),
    ("message", Shape::Name),
    ("subject", Shape::Name),
    ("opt_out", Shape::OptOut),
    ("end", Shape::Result),
];

const NAME: &str = "^[a-z][a-z0-9_]{0,63}$";
const KEY: &str = "^[0-9*#]{1,8}$";

/// The schema, as it is written into a file.
pub fn schema() -> String {
    serde_json::to_string_pretty(&value()).expect("texts are always JSON") + "\n"
}

fn value() -> Value {
    let kinds = node::ALL.iter().map(|kind| (format!("node_{}", kind.name), of_kind(kind)));
    let files = [("flow", FLOW_KEYS), ("subflow", SUBFLOW_KEYS)].map(|(name, keys)| (name.to_string(), file(keys)));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A flow of Ringback, or a sub-flow",
        "if": { "required": ["subflow"] },
        "then": { "$ref": "#/$defs/subflow" },
        "else": { "$ref": "#/$defs/flow" },
        "$defs": kinds.chain(files).collect::<Map<_, _>>(),
    })
}

/// A file with these sections: name, required, what it is.
fn file(keys: &[(&str, bool, &str)]) -> Value {
    let required: Vec<&str> = keys.iter().filter(|(_, required, _)| *required).map(|(name, ..)| *name).collect();
    object(keys.iter().map(|(name, _, about)| (*name, described(section(name), about))), &required)
}

/// What stands under a key of the flow. A section that is not here is taken as it comes.
fn section(name: &str) -> Value {
    match name {
        "flow" | "subflow" | "start" | "on_machine" | "on_screening" => shape(Shape::Name),
        "machine" => object(
            [
                ("stop", described(json!({ "enum": ["at_once", "sentence"] }), "where the words break off; at_once")),
                ("beep_wait", described(json!({ "type": "string" }), "3s to 60s; 15s")),
            ],
            &[],
        ),
        "version" => shape(Shape::Number),
        "languages" => one_or_list(json!({ "enum": languages() })),
        "contact" | "inputs" | "outputs" => shape(Shape::Fields),
        "protect" | "exits" => shape(Shape::Names),
        "discloses" => one_or_list(json!({ "enum": Disclosure::ALL.iter().map(|d| d.as_str()).collect::<Vec<_>>() })),
        "defaults" => defaults(),
        "messages" => messages(),
        "hotkeys" => map_of("^[*][0-9*#]{1,7}$", shape(Shape::Name)),
        "nodes" => map_of(NAME, any_node()),
        "tests" => json!({ "type": "array", "items": test() }),
        _ => json!({}),
    }
}

fn languages() -> Vec<String> {
    crate::speech::languages().map(|language| language.to_string()).collect()
}

/// `digits(4)` in the table stands for any `digits(…)`.
fn type_pattern() -> String {
    let one = |ty: &&str| match ty.split_once('(') {
        Some((word, _)) => format!("{word} *[(][^()]+[)]"),
        None => (*ty).to_string(),
    };
    format!("^({}) *[?]?$", TYPES.iter().map(one).collect::<Vec<_>>().join("|"))
}

fn messages() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let recording = object(
        [
            ("audio", described(json!({ "type": "string" }), "a .wav file under prompts/<language>/")),
            ("text", described(text.clone(), "its transcript, said when there is no recording")),
        ],
        &["text"],
    );
    let languages = languages();
    let takes = languages.iter().map(|language| (language.as_str(), json!({ "anyOf": [text, recording] })));
    let renders: Vec<&str> = RENDERS.iter().map(|(name, _)| *name).collect();
    let render = described(json!({ "enum": renders }), "in which stretches it is made; sentences by default");
    let words = object(takes.chain([("render", render)]), &[]);
    let made = made::KINDS.map(|(key, _, parts)| {
        let part = |(name, _, about): &(&'static str, bool, &'static str)| {
            (*name, described(json!({ "type": ["string", "boolean"] }), about))
        };
        let required: Vec<&str> = parts.iter().filter(|(_, required, _)| *required).map(|(name, ..)| *name).collect();
        object([(key, object(parts.iter().map(part), &required))], &[key])
    });
    let forms: Vec<Value> = [words].into_iter().chain(made).collect();
    map_of(NAME, json!({ "anyOf": forms }))
}

/// What any node may leave to the whole flow.
fn defaults() -> Value {
    let own = ["next", "else"];
    let mut keys: Vec<(&str, Value)> = node::LISTENING.iter().map(|key| of_key("defaults", key)).collect();
    for kind in node::ALL {
        let shared = kind.keys.iter().filter(|key| ["no_match", "no_input"].contains(&key.name));
        keys.extend(shared.map(|key| of_key(kind.name, key)));
        let routes = kind.outcomes.iter().filter(|outcome| !own.contains(&outcome.name));
        keys.extend(routes.map(|outcome| (outcome.name, described(shape(Shape::Name), outcome.about))));
    }
    object(keys, &[])
}

/// A node of the kind whose key it has. One kind may stand beside another that lists it among its keys (`say`, `end`).
fn any_node() -> Value {
    let has = |kind: &Kind| json!({ "required": [kind.name] });
    let mut cases = Vec::new();
    for kind in node::ALL {
        let hosts: Vec<Value> = node::ALL
            .iter()
            .filter(|host| host.name != kind.name && host.keys.iter().any(|key| key.name == kind.name))
            .map(|host| has(host))
            .collect();
        let mut case = has(kind);
        if !hosts.is_empty() {
            case["not"] = json!({ "anyOf": hosts });
        }
        cases.push(json!({ "if": case, "then": { "$ref": format!("#/$defs/node_{}", kind.name) } }));
    }
    let kinds = node::ALL.iter().map(|kind| (kind.name.to_string(), json!({ "description": kind.about })));
    json!({
        "type": "object",
        "properties": kinds.collect::<Map<_, _>>(),
        "anyOf": node::ALL.iter().map(|kind| has(kind)).collect::<Vec<_>>(),
        "allOf": cases,
    })
}

fn of_kind(kind: &Kind) -> Value {
    let mut keys: Vec<(&str, Value)> = kind.keys.iter().map(|key| of_key(kind.name, key)).collect();
    keys.extend(kind.outcomes.iter().map(|outcome| (outcome.name, described(shape(Shape::Name), outcome.about))));
    if kind.listens() {
        keys.extend(node::LISTENING.iter().map(|key| of_key(kind.name, key)));
    }
    let required: Vec<&str> = kind.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut out = described(object(keys, &required), kind.about);
    if kind.name == "call" {
        // Its outcomes are the exits of another file.
        out["additionalProperties"] = shape(Shape::Name);
    }
    out
}

fn of_key<'k>(kind: &str, key: &'k Key) -> (&'k str, Value) {
    (key.name, described(shape_of(kind, key.name).map_or(json!({}), shape), key.about))
}

fn shape_of(kind: &str, key: &str) -> Option<Shape> {
    let find = |wanted: &str| SHAPES.iter().find(|(name, _)| *name == wanted).map(|(_, known)| *known);
    find(&format!("{kind}.{key}")).or_else(|| find(key))
}

fn test() -> Value {
    let worth = json!({ "type": ["string", "number", "boolean", "null"] });
    let step = json!({ "type": "string", "pattern": format!("^ *({})( .*)?$", STEPS.join("|")) });
    object(
        [
            ("name", json!({ "type": "string" })),
            ("contact", described(map_of(NAME, worth), "a value for each field, and `language`")),
            ("company", json!({ "type": "string" })),
            ("now", described(json!({ "type": "string" }), "2026-11-20T10:00+03:00")),
            ("steps", json!({ "type": "array", "items": step })),
            ("expect", object(EXPECTATIONS.iter().map(|name| (*name, expectation(name))), &[])),
        ],
        &["name", "contact", "steps", "expect"],
    )
}

/// What stands under a key of `expect`. One that is not here is taken as it comes.
fn expectation(name: &str) -> Value {
    match name {
        "result" => json!({ "enum": Disposition::ALL.iter().map(|d| d.as_str()).collect::<Vec<_>>() }),
        "promise" => {
            let text = || json!({ "type": "string" });
            let part = || object([("amount", text()), ("on", text())], &["amount", "on"]);
            json!({ "anyOf": [{ "const": "none" }, part(), { "type": "array", "minItems": 1, "items": part() }] })
        }
        // The nodes of a sub-flow are `node/name`.
        "path" => one_or_list(json!({ "type": "string", "pattern": "^[a-z][a-z0-9_/]*$" })),
        "hears" | "never_hears" => one_or_list(json!({ "type": "string" })),
        "right_party" => shape(Shape::Truth),
        "opt_out" => shape(Shape::OptOut),
        "language" => json!({ "enum": languages() }),
        "reason" => shape(Shape::Reason),
        "at_most" => shape(Shape::Duration),
        _ => json!({}),
    }
}

fn shape(of: Shape) -> Value {
    match of {
        Shape::Name => json!({ "type": "string", "pattern": NAME }),
        Shape::Names => one_or_list(shape(Shape::Name)),
        Shape::Truth => json!({ "type": "boolean" }),
        Shape::Number => json!({ "type": "integer", "minimum": 1 }),
        Shape::Duration => json!({ "type": "string", "pattern": "^[0-9]+ *(ms|s|m|h|d)$" }),
        Shape::Expression => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Words(words) => json!({ "enum": words }),
        Shape::Result => json!({ "enum": node::RESULTS.iter().map(|r| r.as_str()).collect::<Vec<_>>() }),
        Shape::OptOut => json!({ "enum": OptOutScope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>() }),
        Shape::Key => json!({ "type": "string", "pattern": KEY }),
        Shape::Keys => map_of(KEY, shape(Shape::Name)),
        Shape::Reason => json!({ "enum": NonPaymentReason::ALL.iter().map(|r| r.as_str()).collect::<Vec<_>>() }),
        Shape::Reasons => {
            map_of(KEY, object([("is", shape(Shape::Reason)), ("to", shape(Shape::Name))], &["is", "to"]))
        }
        Shape::Cases => map_of("^[^ ]+$", shape(Shape::Name)),
        Shape::Branches => {
            let conditions = Shape::Rows(&[("when", Shape::Expression), ("to", Shape::Name)]);
            json!({ "anyOf": [shape(Shape::Expression), shape(conditions)] })
        }
        Shape::Fields => map_of(NAME, json!({ "type": "string", "pattern": type_pattern() })),
        Shape::Variables => map_of(NAME, shape(Shape::Expression)),
        Shape::Rows(columns) => {
            let required: Vec<&str> =
                columns.iter().map(|(name, _)| *name).filter(|name| !name.ends_with('?')).collect();
            let row =
                object(columns.iter().map(|(name, column)| (name.trim_end_matches('?'), shape(*column))), &required);
            json!({ "type": "array", "minItems": 1, "items": row })
        }
    }
}

fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = about.into();
    schema
}

fn one_or_list(item: Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

fn map_of(key: &str, value: Value) -> Value {
    json!({ "type": "object", "patternProperties": { key: value }, "additionalProperties": false })
}

fn object<'k>(keys: impl IntoIterator<Item = (&'k str, Value)>, required: &[&str]) -> Value {
    let properties: Map<String, Value> = keys.into_iter().map(|(name, schema)| (name.to_string(), schema)).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key whose shape is not known is taken as it comes; add it to `SHAPES`, `section` or `expectation`.
    #[test]
    fn every_key_has_a_shape() {
        let keys =
            node::ALL.iter().flat_map(|kind| kind.keys.iter().chain(node::LISTENING).map(|key| (kind.name, key.name)));
        let nodes = keys.filter(|(kind, key)| shape_of(kind, key).is_none()).map(|(_, key)| key);
        let sections =
            FLOW_KEYS.iter().chain(SUBFLOW_KEYS).map(|(name, ..)| *name).filter(|name| section(name) == json!({}));
        let expectations = EXPECTATIONS.iter().copied().filter(|name| expectation(name) == json!({}));
        let missing: Vec<&str> = nodes.chain(sections).chain(expectations).collect();
        assert!(missing.is_empty(), "no shape is known for {missing:?}");
    }
}
