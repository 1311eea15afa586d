//! What a node does beside leading somewhere, kind by kind, as words: the one place of the workshop that matches on `Step`.
//! Pictures, differences and reading scripts are made of this, of the node's routes and of what it says.

use super::written;
use crate::flow::program::{
    Case, Collect, Collected, Every, Listen, MessageId, NamedStep, NotifyBy, Offer, Program, Promise, Queue, Request,
    Share, Step, TransferTo, VarId, Via,
};

/// A node as a reader of its flow would describe it.
pub(super) struct Facets {
    /// What it is about, in a few words: a queue, a field, a result. May be empty.
    pub about: String,
    /// What it says, and on which occasion; in the order in which a call would come to it.
    pub says: Vec<(Occasion, MessageId)>,
    /// What else can be told from outside: `("wait for the first key", "6s")`.
    pub settings: Vec<(&'static str, String)>,
}

/// The setting that repeats the conditions of a node in their order.
pub(super) const ORDER: &str = "order of conditions";

/// When a message is said: `prompt`, `after a wrong key`, `offer of half`. Unique in its node.
pub(super) type Occasion = String;

pub(super) fn facets(program: &Program, node: &NamedStep) -> Facets {
    let mut facets = of_step(program, &node.step);
    // A kind may say more than is known here.
    for message in &node.says {
        if !facets.says.iter().any(|(_, known)| known == message) {
            facets.says.push((String::new(), *message));
        }
    }
    number_occasions(&mut facets.says);
    facets
}

fn of_step(program: &Program, step: &Step) -> Facets {
    let expr = |e| written::expr(program, e);
    match step {
        Step::Say { messages, interruptible } => Facets {
            about: String::new(),
            says: each("", messages),
            settings: vec![("a key stops the speech", yes_no(*interruptible))],
        },
        Step::Menu(menu) => Facets {
            about: String::new(),
            says: [
                each("prompt", &menu.prompts),
                one("after a wrong key", menu.no_match),
                one("after silence", menu.no_input),
            ]
            .concat(),
            settings: listening(&menu.listen),
        },
        Step::Collect(collect) => of_collect(program, collect),
        Step::Verify(verify) => {
            let field = format!("contact.{}", program.contact[verify.against.0 as usize].name);
            Facets {
                about: field.clone(),
                says: [each("prompt", &verify.prompts), one("after a wrong entry", verify.wrong)].concat(),
                settings: [vec![("proof", field)], listening(&verify.listen)].concat(),
            }
        }
        Step::Promise(promise) => of_promise(program, promise),
        Step::Branch { cases } => Facets {
            about: String::new(),
            says: vec![],
            settings: vec![(ORDER, in_order(cases.iter().map(|c| expr(&c.when))))],
        },
        Step::Set { assign } => {
            let assigned = assign.iter().map(|(to, e)| format!("{} = {}", variable(program, *to), expr(e)));
            let all = in_order(assigned);
            Facets { about: all.clone(), says: vec![], settings: vec![("computes", all)] }
        }
        Step::Reason(reason) => {
            let keys = in_order(reason.keys.iter().map(|(key, why)| format!("{key} = {why}")));
            Facets {
                about: in_order(reason.keys.iter().map(|(_, why)| why.to_string())),
                says: [
                    each("prompt", &reason.prompts),
                    one("after a wrong key", reason.no_match),
                    one("after silence", reason.no_input),
                ]
                .concat(),
                settings: [vec![("reasons", keys)], listening(&reason.listen)].concat(),
            }
        }
        Step::Request(request) => of_request(program, request),
        Step::Queue(queue) => of_queue(program, queue),
        Step::Transfer(transfer) => {
            let to = match &transfer.to {
                TransferTo::Fixed(to) => to.clone(),
                TransferTo::Phone(to) => expr(to),
            };
            Facets {
                about: to.clone(),
                says: one("before it rings", transfer.message),
                settings: vec![
                    ("transfers to", to),
                    ("by", transfer.by.to_string()),
                    ("longest ringing", written::duration(transfer.timeout)),
                ],
            }
        }
        Step::Record(record) => Facets {
            about: format!("at most {}", written::duration(record.max)),
            says: one("before the beep", Some(record.message)),
            settings: vec![
                ("longest message", written::duration(record.max)),
                ("pause that ends the message", written::duration(record.silence)),
            ],
        },
        Step::Notify { by, subject, message } => {
            let by = match by {
                NotifyBy::Sms => "SMS",
                NotifyBy::Email => "e-mail",
            };
            Facets {
                about: by.into(),
                says: [one("subject, written", *subject), vec![("text, written".into(), *message)]].concat(),
                settings: vec![("sends", by.into())],
            }
        }
        Step::OptOut { scope } => {
            Facets { about: scope.to_string(), says: vec![], settings: vec![("closes", scope.to_string())] }
        }
        Step::End { messages, result } => Facets {
            about: result.to_string(),
            says: each("", messages),
            settings: vec![("result of the call", result.to_string())],
        },
    }
}

fn of_request(program: &Program, request: &Request) -> Facets {
    let sent = request.send.iter().map(|(name, e)| format!("{name} = {}", written::expr(program, e)));
    let reply = request.reply.iter().map(|r| {
        let kept = if r.field.protected { ", protected" } else { "" };
        format!("{} ({}{kept})", r.field.name, written::field_type(&r.field))
    });
    Facets {
        about: request.url.clone(),
        says: one("before asking", request.message),
        settings: vec![
            ("asks", format!("{} {}", request.method, request.url)),
            ("sends", in_order(sent)),
            ("takes from the reply", in_order(reply)),
            ("longest wait for the reply", written::duration(request.wait)),
        ],
    }
}

fn of_queue(program: &Program, queue: &Queue) -> Facets {
    let none = || "none".to_string();
    Facets {
        about: queue.queue.clone(),
        says: [one("at first", queue.message), one("while waiting", queue.waiting)].concat(),
        settings: vec![
            ("queue", queue.queue.clone()),
            ("longest wait for an agent", written::duration(queue.timeout)),
            ("priority", queue.priority.as_ref().map_or_else(none, |e| written::expr(program, e))),
            ("words while waiting come every", written::duration(queue.every)),
            ("key to be called back", queue.call_back.clone().unwrap_or_else(none)),
        ],
    }
}

fn of_collect(program: &Program, collect: &Collect) -> Facets {
    let expr = |e| written::expr(program, e);
    let what = match &collect.what {
        Collected::Digits { min, max, check } => {
            let digits = if min == max { format!("{max} digits") } else { format!("{min} to {max} digits") };
            check.map_or(digits.clone(), |check| format!("{digits}, check {check}"))
        }
        Collected::Number { min, max } => format!("a number from {min} to {max}"),
        Collected::Amount { min: Some(min), max } => format!("an amount from {} to {}", expr(min), expr(max)),
        Collected::Amount { min: None, max } => format!("an amount up to {}", expr(max)),
        Collected::Time { from, to } => format!("a time from {} to {}", written::clock(*from), written::clock(*to)),
        Collected::Phone { country } => format!("a telephone number, +{country}"),
        Collected::Date { ahead, workdays } => {
            format!("a {} within {ahead}d", if *workdays { "workday" } else { "day" })
        }
    };
    Facets {
        about: format!("{} = {what}", variable(program, collect.into)),
        says: [
            each("prompt", &collect.prompts),
            one("after a wrong entry", collect.no_match),
            one("after silence", collect.no_input),
            one("read back", collect.confirm),
        ]
        .concat(),
        settings: [
            vec![("takes", what), ("key that ends the entry", collect.end_key.to_string())],
            listening(&collect.listen),
        ]
        .concat(),
    }
}

fn of_promise(program: &Program, promise: &Promise) -> Facets {
    let every = |o: &Offer| match o.every {
        None => String::new(),
        Some(Every::Month) => ", every month".to_string(),
        Some(Every::Days(days)) => format!(", every {days}d"),
    };
    let offers = in_order(promise.offers.iter().map(|o| format!("{} within {}d{}", share(o), o.within, every(o))));
    let sum = written::expr(program, &promise.of);
    let said = promise.offers.iter().map(|o| (format!("offer ({})", share(o)), o.message));
    let own = promise.offers.iter().filter_map(|o| Some((format!("read back ({})", share(o)), o.confirm?)));
    Facets {
        about: in_order(promise.offers.iter().map(share)),
        says: [
            said.collect(),
            each("asking for the day", &promise.ask_date),
            one("after a day that is not possible", promise.bad_date),
            one("read back", promise.confirm),
            own.collect(),
        ]
        .concat(),
        settings: [
            vec![("sum", sum), ("offers", offers), ("workdays only", yes_no(promise.workdays))],
            listening(&promise.listen),
        ]
        .concat(),
    }
}

/// The way out, the same for two programs when it means the same: a condition without regard to how it is spaced.
pub(super) fn way(program: &Program, node: &NamedStep, via: Via) -> String {
    match (via, &node.step) {
        (Via::Case(n), Step::Branch { cases }) => {
            let Case { when, .. } = &cases[n as usize];
            written::expr(program, when)
        }
        (Via::Outcome(_) | Via::Key(_) | Via::Case(_), _) => node.way(via).to_string(),
    }
}

fn listening(listen: &Listen) -> Vec<(&'static str, String)> {
    vec![
        ("wait for the first key", written::duration(listen.first_key)),
        ("wait between keys", written::duration(listen.gap)),
        ("longest wait for a whole entry", written::duration(listen.whole)),
        ("tries", listen.tries.to_string()),
        ("a key stops the prompt", yes_no(listen.barge_in)),
        ("keys pressed before count", yes_no(listen.type_ahead)),
        ("entries are kept out of the logs", yes_no(listen.secret)),
    ]
}

fn share(offer: &Offer) -> String {
    match offer.share {
        Share::Full => "full".into(),
        Share::Half => "half".into(),
        Share::Instalment(n) => format!("instalment {n}"),
    }
}

fn each(occasion: &str, messages: &[MessageId]) -> Vec<(Occasion, MessageId)> {
    messages.iter().map(|message| (occasion.to_string(), *message)).collect()
}

fn one(occasion: &str, message: Option<MessageId>) -> Vec<(Occasion, MessageId)> {
    each(occasion, message.as_slice())
}

/// The second message of an occasion becomes `prompt 2`: a further try, or a further part.
fn number_occasions(says: &mut [(Occasion, MessageId)]) {
    for n in (0..says.len()).rev() {
        let before = says[..n].iter().filter(|(occasion, _)| *occasion == says[n].0).count();
        if before > 0 {
            let numbered = format!("{} {}", says[n].0, before + 1);
            says[n].0 = numbered.trim().to_string();
        }
    }
}

fn variable(program: &Program, id: VarId) -> &str {
    &program.variables[id.0 as usize].name
}

fn in_order(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn yes_no(truth: bool) -> String {
    (if truth { "yes" } else { "no" }).into()
}
