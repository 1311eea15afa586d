//! `promise`: the ladder of demands. Offers in order; the accepted one gets a day, is read back, confirmed and saved.

use super::super::codes;
use super::super::expr::Type;
use super::super::graph::Fact;
use super::super::program::{Domain, MessageId, Offer, Promise, Share, Step, VarId, Via};
use super::super::yaml::{Node, Value};
use super::{Kind, Presence, Reader, acted, alone, optional, required};

/// Longest time to pay, in days.
const WITHIN_MAX: u32 = 366;
const OFFERS_MAX: usize = 9;

pub const KIND: Kind = Kind {
    name: "promise",
    about: "The ladder of demands: offers in order, each said and answered with 1 (yes) or 2 (no, the next offer). The \
            accepted one gets a day (keyed as in `collect: date`), is read back, confirmed with 1 (2 changes the day) and \
            saved. Sets `promise.amount` and `promise.on`; with several promise nodes, `<node>.amount` and `<node>.on`.",
    keys: &[
        required("promise", "the sum: an expression of money, `contact.amount`"),
        required(
            "offers",
            "list of `{ share: full | half | instalment N, within: 7d, say: message }`; `within` is the latest day of payment",
        ),
        required("ask_date", "prompt for the day, or a list, one per try"),
        optional("confirm", "message that reads amount and day back and asks for 1 or 2"),
        optional("bad_date", "message after a day outside the limits"),
        optional("workdays", "Monday to Friday only; false"),
    ],
    outcomes: &[
        acted("recorded", "the promise is on disk"),
        alone("refused", "every offer was declined, or silence on every try"),
        // With nothing owed it comes about at once, before anybody has been asked anything.
        alone("rejected", "nothing is owed, the promise could not be saved, or breaks a limit of the campaign"),
    ],
    presence: Presence::Keys,
    declare,
    lower,
    facts,
};

/// `promise.amount` while there is one promise node; `<node>.amount` always when there are several.
fn names(node: &Reader<'_, '_>) -> [String; 2] {
    let owner = if node.cx.frame().promises > 1 { node.name } else { "promise" };
    [format!("{owner}.amount"), format!("{owner}.on")]
}

fn facts(step: &Step, via: Via) -> Vec<Fact> {
    let Step::Promise(p) = step else { return vec![] };
    match via {
        Via::Outcome("recorded") => vec![Fact::Set(p.amount), Fact::Set(p.on), Fact::PromiseRecorded],
        _ => vec![],
    }
}

fn declare(node: &mut Reader<'_, '_>) {
    let [amount, on] = names(node);
    let before = node.cx.diagnostics.len();
    let within = offers(node, None).iter().map(|o| o.within).max().unwrap_or(WITHIN_MAX);
    node.cx.diagnostics.truncate(before);
    let (id, span) = (node.id, node.span);
    node.cx.declare(&amount, Type::Money, Domain::OfferAmounts(id), span);
    node.cx.declare(&on, Type::Date, Domain::DaysAhead(within), span);
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let [amount, on] = names(node).map(|name| node.cx.variable(&name));
    let (amount, on) = (amount?, on?);
    let of = node.get("promise").and_then(|written| {
        let (expr, ty) = node.expr(written, "`promise`")?;
        if ty == Type::Money {
            return Some(expr);
        }
        node.cx.error(codes::TYPE, written.span, format!("a promise is of money, not of {}", ty.words()));
        None
    });
    let offers = offers(node, Some(amount));
    let ask_date = node.messages("ask_date", &[amount]);
    let listen = node.listen(1);
    let confirm = node.message("confirm", &[amount, on]);
    let bad_date = node.message("bad_date", &[amount]);
    let workdays = node.truth("workdays", false);
    if offers.is_empty() {
        return None;
    }
    Some(Step::Promise(Promise {
        of: of?,
        offers: offers.into_iter().map(|o| Offer { share: o.share, within: o.within, message: o.message }).collect(),
        listen,
        ask_date,
        confirm,
        bad_date,
        workdays,
        amount,
        on,
    }))
}

struct Read {
    share: Share,
    within: u32,
    message: MessageId,
}

/// With `amount`, messages are noted as said with it set.
fn offers(node: &mut Reader<'_, '_>, amount: Option<VarId>) -> Vec<Read> {
    let Some(written) = node.get("offers") else { return Vec::new() };
    let Value::List(items) = &written.value else {
        node.cx.error(codes::SHAPE, written.span, format!("`offers` must be a list, not {}", written.kind()));
        return Vec::new();
    };
    if items.is_empty() || items.len() > OFFERS_MAX {
        node.cx.error(codes::SHAPE, written.span, format!("`offers` has 1 to {OFFERS_MAX} entries"));
    }
    items.iter().take(OFFERS_MAX).filter_map(|item| offer(node, item, amount)).collect()
}

fn offer(node: &mut Reader<'_, '_>, item: &Node, amount: Option<VarId>) -> Option<Read> {
    let map = node.cx.map(item, "an offer")?;
    node.cx.known_keys(map, "key of an offer", &["share", "within", "say"]);
    let mut value = |key: &str| {
        let found = map.get(key).map(|e| &e.value);
        if found.is_none() {
            node.cx.error(codes::MISSING_KEY, item.span, format!("an offer lacks `{key}`"));
        }
        found
    };
    let (share_node, within, say) = (value("share"), value("within"), value("say"));
    let share = share_node.and_then(|n| share(node, n));
    let within = within.and_then(|n| node.cx.days(n, "`within`", WITHIN_MAX));
    let message = match (say, amount) {
        (Some(n), Some(amount)) => node.message_of(n, "say", &[amount]),
        (Some(n), None) => node.cx.scalar(n, "`say`").and_then(|s| node.cx.message(s, n.span)),
        (None, _) => None,
    };
    Some(Read { share: share?, within: within?, message: message? })
}

fn share(node: &mut Reader<'_, '_>, written: &Node) -> Option<Share> {
    let scalar = node.cx.scalar(written, "`share`")?;
    let words: Vec<&str> = scalar.text.split_whitespace().collect();
    match words.as_slice() {
        ["full"] => return Some(Share::Full),
        ["half"] => return Some(Share::Half),
        ["instalment", n] => {
            if let Some(n) = n.parse().ok().filter(|n| (2..=24).contains(n)) {
                return Some(Share::Instalment(n));
            }
            node.cx.error(
                codes::MALFORMED,
                written.span,
                "an instalment is one of 2 to 24 equal parts: `instalment 3`",
            );
            return None;
        }
        _ => {}
    }
    let first = words.first().copied().unwrap_or_default();
    node.cx.unknown(codes::MALFORMED, written.span, "share", first, ["full", "half", "instalment"]);
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, compiled};
    use super::*;

    const REST: &str = "ask_date: b, confirm: c, recorded: bye, refused: bye, rejected: bye";

    #[test]
    fn lowered() {
        let offers = "[{ share: full, within: 7d, say: a }, { share: instalment 3, within: 30d, say: a }]";
        let program = compiled(&format!("{{ promise: contact.amount, offers: {offers}, {REST} }}"));
        let Step::Promise(promise) = &program.steps[0].step else { panic!() };
        assert_eq!(promise.offers[1].share, Share::Instalment(3));
        assert_eq!(program.variables[promise.amount.0 as usize].name, "promise.amount");
        assert!(matches!(program.variables[promise.on.0 as usize].domain, Domain::DaysAhead(30)));
    }

    #[test]
    fn refused() {
        for (offers, expected) in [
            ("[]", "F005"),
            ("[{ share: third, within: 7d, say: a }]", "F008"),
            ("[{ share: instalment 1, within: 7d, say: a }]", "F008"),
            ("[{ share: full, within: 7, say: a }]", "F008"),
            ("[{ share: full, say: a }]", "F007"),
            ("[{ share: full, within: 7d, say: z }]", "F012"),
        ] {
            let found = codes(&format!("{{ promise: contact.amount, offers: {offers}, {REST} }}"));
            assert!(found.contains(&expected), "{offers}: {found:?}");
        }
        let offers = "[{ share: full, within: 7d, say: a }]";
        assert_eq!(codes(&format!("{{ promise: contact.due, offers: {offers}, {REST} }}")), ["F015"]);
    }
}
