//! `request`: asks a service over HTTP, with a reply whose shape is declared.

use std::time::Duration;

use super::super::codes;
use super::super::expr::Expr;
use super::super::graph::Fact;
use super::super::program::{Domain, Field, Method, ReplyField, Request, Step, Via};
use super::super::sections::typed_fields;
use super::super::yaml::Value;
use super::{Kind, Presence, Reader, alone, optional, required};

const FIELDS_MAX: usize = 30;

pub const KIND: Kind = Kind {
    name: "request",
    about: "Asks a service over HTTP. The reply is an object of JSON whose fields are declared with their types; they become \
            `<node>.<field>`. The config names the hosts that may be asked (`requests`) and keeps their credentials. A reply \
            is about the person, so its fields are protected unless they are named under `public`.",
    keys: &[
        required("request", "the address: `https://billing.example.org/balance`"),
        optional("method", "`post` sends an object of JSON, `get` a query; post"),
        optional("send", "map of name to expression: `{ contract: contact.contract }`"),
        optional("reply", "map of field to type, as under `contact`: `{ amount: money, note: text? }`"),
        optional("public", "fields of the reply that anybody may hear"),
        optional("say", "message before asking"),
        optional("wait", "how long the reply is waited for; 5s"),
    ],
    outcomes: &[
        alone("ok", "the reply came and is as declared"),
        alone("error", "it was refused, failed, too large, or not as declared"),
        alone("no_reply", "nothing came within `wait`; goes where `error` goes unless routed").or("error"),
    ],
    presence: Presence::Nobody,
    declare,
    lower,
    facts,
};

fn facts(step: &Step, via: Via) -> Vec<Fact> {
    match (step, via) {
        (Step::Request(request), Via::Outcome("ok")) => {
            request.reply.iter().filter(|r| !r.field.optional).map(|r| Fact::Set(r.into)).collect()
        }
        _ => vec![],
    }
}

fn reply(node: &mut Reader<'_, '_>) -> Vec<(Field, crate::diagnostic::Span)> {
    let Some(written) = node.get("reply") else { return Vec::new() };
    let Some(map) = node.cx.map(written, "`reply`") else { return Vec::new() };
    if map.entries.len() > FIELDS_MAX {
        node.cx.error(codes::SHAPE, written.span, format!("a reply has at most {FIELDS_MAX} fields"));
    }
    typed_fields(node.cx, &map.entries[..map.entries.len().min(FIELDS_MAX)])
}

fn public(node: &mut Reader<'_, '_>, fields: &[(Field, crate::diagnostic::Span)]) -> Vec<String> {
    let Some(written) = node.get("public") else { return Vec::new() };
    let named = node.cx.scalars(written, "`public`");
    let mut public = Vec::new();
    for (scalar, span) in named {
        if fields.iter().any(|(f, _)| f.name == scalar.text) {
            public.push(scalar.text.clone());
        } else {
            let known = fields.iter().map(|(f, _)| f.name.as_str());
            node.cx.unknown(codes::UNKNOWN_NAME, span, "field of the reply", &scalar.text, known);
        }
    }
    public
}

fn declare(node: &mut Reader<'_, '_>) {
    let before = node.cx.diagnostics.len();
    let fields = reply(node);
    let public = public(node, &fields);
    node.cx.diagnostics.truncate(before);
    for (field, span) in fields {
        let protected = !public.contains(&field.name);
        let name = format!("{}.{}", node.name, field.name);
        node.cx.declare(&name, field.ty, Domain::Unknown, span);
        if let Some(id) = node.cx.variable(&name) {
            node.cx.variables[id.0 as usize].protected = protected;
        }
    }
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let url = url(node);
    let method = match node.get("method") {
        None => Some(Method::Post),
        Some(written) => node.cx.scalar(written, "`method`").and_then(|scalar| {
            let method = scalar.text.parse().ok();
            if method.is_none() {
                let known = Method::ALL.iter().map(|m| m.as_str());
                node.cx.unknown(codes::MALFORMED, written.span, "method", &scalar.text, known);
            }
            method
        }),
    };
    let send = send(node);
    let fields = reply(node);
    public(node, &fields);
    let reply = fields
        .into_iter()
        .filter_map(|(field, _)| {
            let into = node.cx.variable(&format!("{}.{}", node.name, field.name))?;
            Some(ReplyField { field, into })
        })
        .collect();
    let message = node.get("say").and_then(|n| node.message_of(n, "say", &[]));
    let wait = node.duration("wait", Duration::from_secs(5), Duration::from_millis(500), Duration::from_secs(20));
    Some(Step::Request(Request { method: method?, url: url?, send: send?, reply, message, wait }))
}

fn send(node: &mut Reader<'_, '_>) -> Option<Vec<(String, Expr)>> {
    let Some(written) = node.get("send") else { return Some(Vec::new()) };
    let map = node.cx.map(written, "`send`")?;
    if map.entries.len() > FIELDS_MAX {
        node.cx.error(codes::SHAPE, written.span, format!("a request sends at most {FIELDS_MAX} values"));
        return None;
    }
    let mut send = Vec::new();
    for entry in &map.entries {
        let named = node.cx.name(&entry.key, entry.key_plain, entry.key_span, "a value to send");
        let (expr, _) = node.expr(&entry.value, "a value to send")?;
        if named {
            send.push((entry.key.clone(), expr));
        }
    }
    Some(send)
}

/// Nobody between us and the service may read what is sent, so plain `http` goes to this machine only.
fn url(node: &mut Reader<'_, '_>) -> Option<String> {
    let written = node.get("request")?;
    let Value::Scalar(scalar) = &written.value else {
        node.cx.error(codes::SHAPE, written.span, format!("`request` is an address, not {}", written.kind()));
        return None;
    };
    let text = scalar.text.as_str();
    let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => {
            let help = "for example https://billing.example.org/balance";
            node.cx.error_help(codes::MALFORMED, written.span, "an address begins with https://", help);
            return None;
        }
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let good =
        !host.is_empty() && text.chars().all(|c| c.is_ascii_graphic()) && !authority.contains('@') && text.len() < 500;
    if !good {
        let help = "credentials stand in the config, values under `send`";
        node.cx.error_help(codes::MALFORMED, written.span, "an address is https://host/path, nothing more", help);
        return None;
    }
    if !secure && !["localhost", "127.0.0.1"].contains(&host) {
        node.cx.error(codes::MALFORMED, written.span, "plain http goes to this machine only; write https://");
        return None;
    }
    Some(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, compiled};
    use super::*;

    const ROUTES: &str = "ok: bye, error: bye";

    #[test]
    fn lowered() {
        let written =
            "request: \"https://b.example/x\", send: { of: contact.name }, reply: { amount: money, note: text? }";
        let program = compiled(&format!("{{ {written}, public: [note], wait: 2s, {ROUTES} }}"));
        let Step::Request(request) = &program.steps[0].step else { panic!() };
        assert_eq!((request.method, request.send.len(), request.reply.len()), (Method::Post, 1, 2));
        let protected: Vec<(&str, bool)> = program.variables.iter().map(|v| (v.name.as_str(), v.protected)).collect();
        assert_eq!(protected, [("x.amount", true), ("x.note", false)]);
    }

    #[test]
    fn refused() {
        for (written, expected) in [
            ("request: billing", "F008"),
            ("request: \"http://b.example/\"", "F008"),
            ("request: \"https://user:secret@b.example/\"", "F008"),
            ("request: \"https://b.example/\", method: delete", "F008"),
            ("request: \"https://b.example/\", reply: { amount: mony }", "F035"),
            ("request: \"https://b.example/\", reply: { amount: money }, public: [amout]", "F013"),
            ("request: \"https://b.example/\", send: { of: contact.nam }", "F013"),
            ("request: \"https://b.example/\", send: { of: contact.email }", "F027"),
            ("request: \"https://b.example/\", wait: 1h", "F008"),
        ] {
            assert_eq!(codes(&format!("{{ {written}, {ROUTES} }}")), [expected], "{written}");
        }
        assert!(codes("{ request: \"http://127.0.0.1:80/\", ok: bye, error: bye }").is_empty());
    }
}
