//! The small, total, typed expression language of flows, ladders and reports: no loops, no side effects, no panics.

mod eval;
mod parse;
#[cfg(test)]
mod tests;

use jiff::civil::{Date, Time};

use super::program::{FieldId, VarId};
use crate::language::Language;
use crate::money::Money;

pub use eval::{Env, eval, holds, spoken};
pub use parse::{Scope, parse, parse_as, same, time};

/// The type of a value, known before any call starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    Text,
    Money,
    Date,
    /// A time of day, hours and minutes.
    Time,
    Number,
    /// Exactly this many digits.
    Digits(u32),
    Phone,
    Language,
    Bool,
    Enum(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Also the values of `Type::Enum`.
    Text(String),
    Money(Money),
    Date(Date),
    Time(Time),
    Number(i64),
    Digits(String),
    Phone(String),
    Language(Language),
    Bool(bool),
}

/// A checked expression. Evaluation of a missing optional field yields `None`, and so does all that depends on it.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Literal(Value),
    Contact(FieldId),
    Variable(VarId),
    /// `company`: the creditor in whose name we call.
    Company,
    /// The contact's day now.
    Today,
    /// Whole days since `due`; negative before it.
    DaysOverdue,
    Has(FieldId),
    /// A reply's optional field came.
    HasVariable(VarId),
    Not(Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `days_overdue in 1..90`, both ends included.
    InRange(Box<Expr>, i64, i64),
    /// `service in [water, heating]`
    OneOf(Box<Expr>, Vec<Value>),
    /// ISO weekday, Monday = 1.
    Weekday(Box<Expr>),
    Len(Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}
