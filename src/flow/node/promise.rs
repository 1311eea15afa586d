//! `promise`: the ladder of demands. Offers in order; the accepted one gets a day, is read back, confirmed and saved.

use super::super::codes;
use super::super::expr::Type;
use super::super::graph::Fact;
use super::super::program::{Domain, Every, MessageId, Offer, PlanVariables, Promise, Share, Step, VarId, Via};
use super::super::yaml::{Node, Value};
use super::{Kind, Presence, Reader, acted, alone, optional, required};
use crate::diagnostic::Diagnostic;

/// Longest time to pay, in days.
const WITHIN_MAX: u32 = 366;
const OFFERS_MAX: usize = 9;
/// Parts of a plan that lie further apart are another agreement.
const EVERY_DAYS_MAX: u32 = 92;

pub const KIND: Kind = Kind {
    name: "promise",
    about: "The ladder of demands: offers in order, each said and answered with 1 (yes) or 2 (no, the next offer). The \
            accepted one gets a day (keyed as in `collect: date`), is read back, confirmed with 1 (2 changes the day) and \
            saved. Sets `promise.amount` and `promise.on`; with several promise nodes, `<node>.amount` and `<node>.on`. An \
            instalment with a `confirm` of its own is a plan: all its parts are promised, and `promise.parts`, \
            `promise.last_amount` and `promise.last_on` are there to read them back. What the campaign's ladder does not \
            take (`promise:`) is not offered, and its days are not possible.",
    keys: &[
        required("promise", "the sum: an expression of money, `contact.amount`"),
        required(
            "offers",
            "list of `{ share: full | half | instalment N, within: 7d, say: message }`; `within` is the latest day of payment. \
             `confirm: message` reads this offer back; with it, an instalment is a plan of N parts, `every: month` (the usual) \
             or `every: 14d`, the first of them `within`",
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
        alone("rejected", "nothing is owed, the promise could not be saved, or the campaign takes none of the offers"),
    ],
    presence: Presence::Keys,
    declare,
    lower,
    facts,
};

/// `promise.amount` while there is one promise node; `<node>.amount` always when there are several.
fn names<const N: usize>(node: &Reader<'_, '_>, of: [&str; N]) -> [String; N] {
    let owner = if node.cx.frame().promises > 1 { node.name } else { "promise" };
    of.map(|variable| format!("{owner}.{variable}"))
}

const PROMISED: [&str; 2] = ["amount", "on"];
const PLANNED: [&str; 3] = ["parts", "last_amount", "last_on"];

fn facts(step: &Step, via: Via) -> Vec<Fact> {
    let Step::Promise(p) = step else { return vec![] };
    match via {
        Via::Outcome("recorded") => {
            let plan = p.plan.map(|plan| [plan.parts, plan.last_amount, plan.last_on]);
            let set = [p.amount, p.on].into_iter().chain(plan.into_iter().flatten()).map(Fact::Set);
            set.chain([Fact::PromiseRecorded]).collect()
        }
        _ => vec![],
    }
}

fn declare(node: &mut Reader<'_, '_>) {
    let [amount, on] = names(node, PROMISED);
    let before = node.cx.diagnostics.len();
    let offers = offers(node, None);
    node.cx.diagnostics.truncate(before);
    let within = offers.iter().map(|o| o.within).max().unwrap_or(WITHIN_MAX);
    let (id, span) = (node.id, node.span);
    node.cx.declare(&amount, Type::Money, Domain::OfferAmounts(id), span);
    node.cx.declare(&on, Type::Date, Domain::DaysAhead(within), span);
    if !offers.iter().any(|o| o.every.is_some()) {
        return;
    }
    let last_within = offers.iter().map(|o| o.within + o.every.map_or(0, |every| every.days_max(o.parts() - 1))).max();
    let parts = offers.iter().filter(|o| o.every.is_some()).map(Read::parts).max().unwrap_or(1);
    let [count, last_amount, last_on] = names(node, PLANNED);
    node.cx.declare(&count, Type::Number, Domain::Numbers(1, i64::from(parts)), span);
    node.cx.declare(&last_amount, Type::Money, Domain::OfferAmounts(id), span);
    node.cx.declare(&last_on, Type::Date, Domain::DaysAhead(last_within.unwrap_or(within)), span);
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let [amount, on] = names(node, PROMISED).map(|name| node.cx.variable(&name));
    let (amount, on) = (amount?, on?);
    let of = node.get("promise").and_then(|written| {
        let (expr, ty) = node.expr(written, "`promise`")?;
        if ty == Type::Money {
            return Some(expr);
        }
        node.cx.error(codes::TYPE, written.span, format!("a promise is of money, not of {}", ty.words()));
        None
    });
    let plan = match names(node, PLANNED).map(|name| node.cx.variable(&name)) {
        [Some(parts), Some(last_amount), Some(last_on)] => Some(PlanVariables { parts, last_amount, last_on }),
        _ => None,
    };
    let offers = offers(node, Some((amount, on, plan)));
    let ask_date = node.messages("ask_date", &[amount]);
    let listen = node.listen(1);
    let confirm = node.message("confirm", &known(amount, on, plan));
    let bad_date = node.message("bad_date", &[amount]);
    let workdays = node.truth("workdays", false);
    if offers.is_empty() {
        return None;
    }
    let offer = |o: Read| {
        let Read { share, within, message, every, confirm } = o;
        Offer { share, within, message, every, confirm }
    };
    Some(Step::Promise(Promise {
        of: of?,
        offers: offers.into_iter().map(offer).collect(),
        listen,
        ask_date,
        confirm,
        bad_date,
        workdays,
        amount,
        on,
        plan,
    }))
}

/// What is set when a promise is read back.
fn known(amount: VarId, on: VarId, plan: Option<PlanVariables>) -> Vec<VarId> {
    let plan = plan.map(|plan| [plan.parts, plan.last_amount, plan.last_on]);
    [amount, on].into_iter().chain(plan.into_iter().flatten()).collect()
}

struct Read {
    share: Share,
    within: u32,
    message: MessageId,
    every: Option<Every>,
    confirm: Option<MessageId>,
}

impl Read {
    fn parts(&self) -> u32 {
        match self.share {
            Share::Full | Share::Half => 1,
            Share::Instalment(parts) => parts,
        }
    }
}

type Variables = (VarId, VarId, Option<PlanVariables>);

/// With their variables, messages are noted as said with these set.
fn offers(node: &mut Reader<'_, '_>, set: Option<Variables>) -> Vec<Read> {
    let Some(written) = node.get("offers") else { return Vec::new() };
    let Value::List(items) = &written.value else {
        node.cx.error(codes::SHAPE, written.span, format!("`offers` must be a list, not {}", written.kind()));
        return Vec::new();
    };
    if items.is_empty() || items.len() > OFFERS_MAX {
        node.cx.error(codes::SHAPE, written.span, format!("`offers` has 1 to {OFFERS_MAX} entries"));
    }
    items.iter().take(OFFERS_MAX).filter_map(|item| offer(node, item, set)).collect()
}

fn offer(node: &mut Reader<'_, '_>, item: &Node, set: Option<Variables>) -> Option<Read> {
    let map = node.cx.map(item, "an offer")?;
    node.cx.known_keys(map, "key of an offer", &["share", "within", "say", "confirm", "every"]);
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
    let message = |node: &mut Reader<'_, '_>, written: &Node, key: &str, set: Option<Vec<VarId>>| match set {
        Some(set) => node.message_of(written, key, &set),
        None => node.cx.scalar(written, &format!("`{key}`")).and_then(|s| node.cx.message(s, written.span)),
    };
    let said = say.and_then(|n| message(node, n, "say", set.map(|(amount, ..)| vec![amount])));
    let read_back = map.get("confirm").map(|e| &e.value);
    let confirm =
        read_back.and_then(|n| message(node, n, "confirm", set.map(|(amount, on, plan)| known(amount, on, plan))));
    let every = map.get("every").map(|e| (every(node, &e.value), e.key_span));
    let every = match (share?, read_back, every) {
        (Share::Instalment(_), Some(_), None) => Some(Every::Month),
        (Share::Instalment(_), Some(_), Some((every, _))) => Some(every?),
        (Share::Instalment(_), None, Some((_, span))) => {
            node.cx.error(
                codes::MISSING_KEY,
                span,
                "a plan is read back before it is promised: the offer lacks `confirm`",
            );
            None
        }
        (Share::Full | Share::Half, _, Some((_, span))) => {
            node.cx.error(codes::SHAPE, span, "only an instalment has parts that come one after another");
            None
        }
        (Share::Instalment(_), None, None) => {
            let message =
                "of this instalment only the first part is promised: no `confirm` of the offer reads back all parts";
            node.cx.report(Diagnostic::warning(codes::FIRST_PART_ONLY, item.span, message));
            None
        }
        (_, _, None) => None,
    };
    Some(Read { share: share?, within: within?, message: said?, every, confirm })
}

/// `month`, or whole days: `14d`.
fn every(node: &mut Reader<'_, '_>, written: &Node) -> Option<Every> {
    if node.cx.scalar(written, "`every`")?.text == "month" {
        return Some(Every::Month);
    }
    let days = node.cx.days(written, "`every`", EVERY_DAYS_MAX)?;
    if days == 0 {
        node.cx.error(codes::MALFORMED, written.span, "`every` is `month` or at least a day, for example 14d");
        return None;
    }
    Some(Every::Days(days))
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
        let offers = "[{ share: full, within: 7d, say: a }, { share: instalment 3, within: 30d, say: a, confirm: c }]";
        let program = compiled(&format!("{{ promise: contact.amount, offers: {offers}, {REST} }}"));
        let Step::Promise(promise) = &program.steps[0].step else { panic!() };
        assert_eq!(promise.offers[1].share, Share::Instalment(3));
        assert_eq!(program.variables[promise.amount.0 as usize].name, "promise.amount");
        assert!(matches!(program.variables[promise.on.0 as usize].domain, Domain::DaysAhead(30)));
    }

    #[test]
    fn a_plan_has_days_and_amounts_to_read_back() {
        let offers = "[{ share: instalment 3, within: 30d, say: a, confirm: c, every: 14d }, { share: half, within: 7d, say: a }]";
        let program = compiled(&format!("{{ promise: contact.amount, offers: {offers}, {REST} }}"));
        let Step::Promise(promise) = &program.steps[0].step else { panic!() };
        assert_eq!((promise.offers[0].every, promise.offers[1].every), (Some(Every::Days(14)), None));
        let plan = promise.plan.unwrap();
        assert!(matches!(program.variables[plan.last_on.0 as usize].domain, Domain::DaysAhead(58)));
        assert!(matches!(program.variables[plan.parts.0 as usize].domain, Domain::Numbers(1, 3)));
        assert_eq!(program.variables[plan.last_amount.0 as usize].name, "promise.last_amount");
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
            ("[{ share: full, within: 7d, say: a, every: month }]", "F005"),
            ("[{ share: instalment 2, within: 7d, say: a, every: month }]", "F007"),
            ("[{ share: instalment 2, within: 7d, say: a, every: 0d, confirm: c }]", "F008"),
            ("[{ share: instalment 2, within: 7d, say: a, every: year, confirm: c }]", "F008"),
            ("[{ share: instalment 2, within: 7d, say: a }]", "F050"),
        ] {
            let found = codes(&format!("{{ promise: contact.amount, offers: {offers}, {REST} }}"));
            assert!(found.contains(&expected), "{offers}: {found:?}");
        }
        let offers = "[{ share: full, within: 7d, say: a }]";
        assert_eq!(codes(&format!("{{ promise: contact.due, offers: {offers}, {REST} }}")), ["F015"]);
    }
}
