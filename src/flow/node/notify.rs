//! `notify`: puts an SMS or an e-mail into the outbox.

use super::super::codes;
use super::super::program::{NotifyBy, Step};
use super::{Kind, Presence, Reader, alone, declares_nothing, optional, required, teaches_nothing};

pub const KIND: Kind = Kind {
    name: "notify",
    about: "Puts an SMS or an e-mail into the outbox. What it says follows the same rule of protection as speech.",
    keys: &[
        required("notify", "`sms` or `email`"),
        required("message", "the text"),
        optional("subject", "message that is the subject; e-mail only, and required there"),
    ],
    outcomes: &[alone("queued", "the message is on disk"), alone("failed", "it could not be saved, or has no address")],
    presence: Presence::Nobody,
    declare: declares_nothing,
    lower,
    facts: teaches_nothing,
};

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let by = node.get("notify").and_then(|written| {
        let scalar = node.cx.scalar(written, "`notify`")?;
        match scalar.text.as_str() {
            "sms" => Some(NotifyBy::Sms),
            "email" => Some(NotifyBy::Email),
            other => {
                node.cx.unknown(codes::MALFORMED, written.span, "way to notify", other, ["sms", "email"]);
                None
            }
        }
    });
    let message = node.get("message").and_then(|n| node.written(n, "message"));
    let subject = node.get("subject").and_then(|n| node.written(n, "subject"));
    match (by, node.map.get("subject")) {
        (Some(NotifyBy::Sms), Some(entry)) => {
            node.cx.error(codes::UNKNOWN_KEY, entry.key_span, "an SMS has no subject");
        }
        (Some(NotifyBy::Email), None) => {
            let text = format!("node `{}` sends an e-mail and lacks `subject`", node.name);
            node.cx.error(codes::MISSING_KEY, node.span, text);
        }
        _ => {}
    }
    Some(Step::Notify { by: by?, subject, message: message? })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let routes = "queued: bye, failed: bye";
        assert!(matches!(
            step(&format!("{{ notify: sms, message: a, {routes} }}")),
            Step::Notify { subject: None, .. }
        ));
        assert!(matches!(
            step(&format!("{{ notify: email, subject: b, message: a, {routes} }}")),
            Step::Notify { by: NotifyBy::Email, subject: Some(_), .. }
        ));
        assert_eq!(codes(&format!("{{ notify: email, message: a, {routes} }}")), ["F007"]);
        assert_eq!(codes(&format!("{{ notify: sms, subject: b, message: a, {routes} }}")), ["F006"]);
        assert_eq!(codes(&format!("{{ notify: fax, message: a, {routes} }}")), ["F008"]);
    }
}
