//! What is keyed in secret stays so: it is never said, read back, written, or put into an address (PCI DSS 3.3).

use super::Sketch;
use crate::flow::codes;
use crate::flow::context::Context;
use crate::flow::expr::Expr;
use crate::flow::message::walk;
use crate::flow::program::{CheckDigit, Collect, Collected, Method, Request, Step, TransferTo, VarId};

/// Payment cards have 12 to 19 digits (ISO/IEC 7812-1).
const CARD_DIGITS_MIN: u32 = 12;

pub fn check(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    let place = |n: usize| sketch.names[n].1;
    let mut secret: Vec<VarId> = Vec::new();
    for (n, step) in sketch.steps.iter().enumerate() {
        let Some(Step::Collect(collect)) = step.as_ref().map(|named| &named.step) else { continue };
        if collect.listen.secret {
            secret.push(collect.into);
        } else if is_card(collect) {
            let text = "a payment card's number is asked for, and its digits would stand in the log";
            cx.error_help(codes::SECRET, place(n), text, "set `secret: true`; better, send a link to a payment page");
        }
    }
    if secret.is_empty() {
        return;
    }
    let holds = |expr: &Expr| {
        let mut found = false;
        walk(expr, &mut |e| found |= matches!(e, Expr::Variable(id) if secret.contains(id)));
        found
    };
    for said in cx.said.clone() {
        let message = &sketch.messages[said.message.0 as usize];
        if message.takes.values().flat_map(|take| &take.slots).any(&holds) {
            let text =
                format!("`{}` says what was keyed in secret, and what is said stands in transcripts", message.name);
            cx.error_help(codes::SECRET, said.span, text, "say that it was received, not what");
        }
    }
    for (n, step) in sketch.steps.iter().enumerate() {
        let fault = match step.as_ref().map(|named| &named.step) {
            Some(Step::Request(Request { method: Method::Get, send, .. })) if send.iter().any(|(_, e)| holds(e)) => {
                "what was keyed in secret would stand in an address, and addresses stand in logs"
            }
            Some(Step::Transfer(transfer)) if matches!(&transfer.to, TransferTo::Phone(to) if holds(to)) => {
                "what was keyed in secret would be dialled, and numbers stand in the books"
            }
            Some(Step::Queue(queue)) if queue.priority.as_ref().is_some_and(&holds) => {
                "what was keyed in secret would order the line"
            }
            _ => continue,
        };
        cx.error_help(codes::SECRET, place(n), fault, "a secret goes to a service by `method: post` only");
    }
}

fn is_card(collect: &Collect) -> bool {
    matches!(collect.what, Collected::Digits { max, check: Some(CheckDigit::Luhn), .. } if max >= CARD_DIGITS_MIN)
}
