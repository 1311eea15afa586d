//! Parts of a program back in the words of its file: expressions, templates, times.

use std::time::Duration;

use jiff::civil::Time;

use crate::flow::expr::{BinaryOp, Expr, Type, Value};
use crate::flow::program::{Field, Program, Take};
use crate::speech::{Format, Piece, Spoken};

/// The expression as somebody would write it, whatever its spaces and brackets were.
pub(super) fn expr(program: &Program, e: &Expr) -> String {
    let field = |id: &crate::flow::program::FieldId| format!("contact.{}", program.contact[id.0 as usize].name);
    let below = |inner: &Expr, least: u8| {
        let text = expr(program, inner);
        if rank(inner) < least { format!("({text})") } else { text }
    };
    match e {
        Expr::Literal(v) => value(v),
        Expr::Contact(id) => field(id),
        Expr::Variable(id) => program.variables[id.0 as usize].name.clone(),
        Expr::Company => "company".into(),
        Expr::Today => "today".into(),
        Expr::DaysOverdue => "days_overdue".into(),
        Expr::Has(id) => format!("has({})", field(id)),
        Expr::HasVariable(id) => format!("has({})", program.variables[id.0 as usize].name),
        Expr::Not(a) => format!("not {}", below(a, 4)),
        // The right side of `a - (b - c)` keeps its brackets.
        Expr::Binary(op, a, b) => format!("{} {} {}", below(a, rank(e)), sign(*op), below(b, rank(e) + 1)),
        Expr::InRange(a, from, to) => format!("{} in {from}..{to}", below(a, 5)),
        Expr::OneOf(a, all) => {
            format!("{} in [{}]", below(a, 5), all.iter().map(value).collect::<Vec<_>>().join(", "))
        }
        Expr::Weekday(a) => format!("weekday({})", expr(program, a)),
        Expr::Len(a) => format!("len({})", expr(program, a)),
    }
}

/// How strongly it holds together: what is weaker inside something stronger needs brackets.
fn rank(e: &Expr) -> u8 {
    use BinaryOp as B;
    match e {
        Expr::Binary(B::Or, ..) => 1,
        Expr::Binary(B::And, ..) => 2,
        Expr::Not(_) => 3,
        Expr::Binary(B::Equal | B::NotEqual | B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual, ..) => 4,
        Expr::InRange(..) | Expr::OneOf(..) => 4,
        Expr::Binary(B::Add | B::Subtract, ..) => 5,
        Expr::Binary(B::Multiply | B::Divide, ..) => 6,
        Expr::Literal(_) | Expr::Contact(_) | Expr::Variable(_) | Expr::Company | Expr::Today => 7,
        Expr::DaysOverdue | Expr::Has(_) | Expr::HasVariable(_) | Expr::Weekday(_) | Expr::Len(_) => 7,
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
    }
}

fn value(v: &Value) -> String {
    match v {
        Value::Text(text) => text.clone(),
        Value::Money(money) => money.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => clock(*time),
        Value::Number(number) => number.to_string(),
        Value::Digits(digits) | Value::Phone(digits) => format!("\"{digits}\""),
        Value::Language(language) => language.to_string(),
        Value::Bool(truth) => truth.to_string(),
    }
}

/// `09:30`
pub(super) fn clock(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

/// The text with its slots: `You owe {contact.amount | money}.`
pub(super) fn text(program: &Program, take: &Take) -> String {
    with_slots(take, |slot, format| match format {
        Format::Plain => format!("{{{}}}", expr(program, &take.slots[slot])),
        other => format!("{{{} | {}}}", expr(program, &take.slots[slot]), other),
    })
}

/// The text with slots as short as can be understood: `You owe {amount}.`
pub(super) fn short_text(program: &Program, take: &Take) -> String {
    with_slots(take, |slot, _| {
        let whole = expr(program, &take.slots[slot]);
        format!("{{{}}}", whole.strip_prefix("contact.").unwrap_or(&whole))
    })
}

pub(super) fn with_slots(take: &Take, slot_words: impl Fn(usize, Format) -> String) -> String {
    let pieces = take.template.0.iter().map(|piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Slot { slot, format } => slot_words(*slot, *format),
        Piece::Literal { value, .. } => literal(value),
        Piece::Manner(_) | Piece::Break(_) => String::new(),
    });
    pieces.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn literal(spoken: &Spoken) -> String {
    match spoken {
        Spoken::Text(text) | Spoken::Digits(text) => text.clone(),
        Spoken::Money(money) => money.to_string(),
        Spoken::Date(date) => date.to_string(),
        Spoken::Number(number) => number.to_string(),
        Spoken::Time(time) => clock(*time),
    }
}

/// `6s`, `500ms`.
pub(super) fn duration(time: Duration) -> String {
    let ms = time.as_millis();
    if ms.is_multiple_of(1000) { format!("{}s", ms / 1000) } else { format!("{ms}ms") }
}

/// `digits(4)`, `text?`: the type of a field as `contact:` has it.
pub(super) fn field_type(field: &Field) -> String {
    let ty = match &field.ty {
        Type::Text => "text".into(),
        Type::Money => "money".into(),
        Type::Date => "date".into(),
        Type::Time => "time".into(),
        Type::Number => "number".into(),
        Type::Digits(n) => format!("digits({n})"),
        Type::Phone => "phone".into(),
        Type::Language => "language".into(),
        Type::Bool => "bool".into(),
        Type::Enum(words) => format!("enum({})", words.join(", ")),
    };
    if field.optional { ty + "?" } else { ty }
}
