//! Written messages, with the contact's values put in.

use super::letter::{Head, content};
use super::{Does, Ladder, MessageIndex, Piece};
use crate::books::{Plan, Standing};
use crate::language::Language;
use crate::policy::postal_address;

/// One SMS, e-mail or letter, ready to be put into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Of an e-mail only.
    pub subject: Option<String>,
    pub body: String,
}

impl Ladder {
    /// The message of `plan`'s step in the contact's language; `None` for steps that write nothing.
    pub fn render(&self, plan: &Plan, standing: &Standing) -> Option<Written> {
        match &self.steps.get(plan.step as usize)?.does {
            Does::Sms { message } => Some(Written { subject: None, body: self.text(*message, standing) }),
            Does::Letter { message } => {
                let contact = &standing.contact;
                let head = Head {
                    company: &contact.creditor,
                    name: &contact.name,
                    address: postal_address(contact)?,
                    date: plan.due_at.date(&contact.zone),
                    language: self.language_for(contact.language),
                };
                Some(Written { subject: None, body: content(&head, &self.text(*message, standing)) })
            }
            Does::Email { subject, body } => {
                // A line break in a subject would begin a new header.
                let subject = self.text(*subject, standing).replace(['\r', '\n'], " ");
                Some(Written { subject: Some(subject), body: self.text(*body, standing) })
            }
            Does::Voice { .. } | Does::Human { .. } | Does::Visit { .. } => None,
        }
    }

    /// The contact's language when the ladder has it, else the ladder's first.
    pub fn language_for(&self, wanted: Language) -> Language {
        if self.languages.contains(&wanted) { wanted } else { self.languages[0] }
    }

    fn text(&self, message: MessageIndex, standing: &Standing) -> String {
        let language = self.language_for(standing.contact.language);
        let index = self.languages.iter().position(|l| *l == language).unwrap_or(0);
        self.messages[message.0].texts[index]
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Name => &standing.contact.name,
                Piece::Company => &standing.contact.creditor,
            })
            .collect()
    }
}
