//! From messages to what is heard: in a call, and beforehand for all that a call may need.

use std::collections::BTreeSet;

use super::ask::share_of;
use super::{Call, Context};
use crate::flow::expr::{Env, Expr, Value, eval, spoken};
use crate::flow::program::{ContactValues, Domain, MessageId, Program, Step, Take, VarId};
use crate::flow::walk;
use crate::language::Language;
use crate::speech::{self, NoGrammar, Piece, Spoken, Template, Utterance};

/// Values of one slot that are tried for one message. Slots hold one variable as a rule; the bound is for a slot that
/// computes with several.
const SLOT_VALUES_MAX: usize = 4_000;

impl Call {
    /// What an expression can look at now.
    fn env(&self) -> Env<'_> {
        env(&self.contact, &self.variables, &self.context)
    }

    pub(super) fn eval(&self, expr: &Expr) -> Option<Value> {
        eval(expr, &self.env())
    }

    pub(super) fn holds(&self, condition: &Expr) -> bool {
        crate::flow::expr::holds(condition, &self.env())
    }

    /// These messages as they are heard now, one after another.
    pub(super) fn utterances(&self, messages: &[MessageId]) -> Result<Vec<Utterance>, NoGrammar> {
        let mut utterances = Vec::new();
        for message in messages {
            let take = take(&self.program, *message, self.language);
            utterances.extend(utterances_of(take, &self.env(), self.language)?);
        }
        Ok(utterances)
    }

    /// A message as it is read in an SMS or an e-mail.
    pub(super) fn written(&self, message: MessageId) -> String {
        let take = take(&self.program, message, self.language);
        super::written::write(
            &take.template,
            |slot| eval(&take.slots[slot], &self.env()).and_then(spoken),
            self.language,
        )
    }
}

fn env<'a>(contact: &'a ContactValues, variables: &'a [Option<Value>], context: &'a Context) -> Env<'a> {
    Env { contact, variables, company: &context.company, today: context.today, due: context.due }
}

fn take(program: &Program, message: MessageId, language: Language) -> &Take {
    &program.message(message).takes[&language]
}

/// A message whose values are all known is made sentence by sentence: a voice gives each its melody, and the sentences that
/// all contacts share are made once. One that depends on the call is put together from pieces made beforehand; one that was
/// recorded is played whole.
fn utterances_of(take: &Take, env: &Env, language: Language) -> Result<Vec<Utterance>, NoGrammar> {
    let value = |slot: usize| eval(&take.slots[slot], env).and_then(spoken);
    let today = env.today;
    if take.in_pieces {
        let pieces = speech::say_pieces(&take.template, value, language, today)?;
        return Ok(pieces.into_iter().map(|text| Utterance { language, audio: None, text }).collect());
    }
    let text = speech::say(&take.template, value, language, today)?;
    if take.audio.is_some() {
        return Ok(vec![Utterance { language, audio: take.audio.clone(), text }]);
    }
    let sentences = speech::sentences(&text).into_iter();
    Ok(sentences.map(|text| Utterance { language, audio: None, text: text.to_string() }).collect())
}

/// Every utterance that any call with this contact may play, so that all of its audio is there before it is dialled.
/// A message that cannot be said to this contact (an optional value is missing) is left out: a branch keeps the call
/// away from it.
pub fn prompts_needed(program: &Program, contact: &ContactValues, context: &Context) -> BTreeSet<Utterance> {
    let language = program.language_for(context.language);
    let unset = vec![None; program.variables.len()];
    let env = env(contact, &unset, context);
    let mut needed = BTreeSet::new();
    for message in spoken_messages(program) {
        let take = take(program, message, language);
        if take.in_pieces {
            needed.extend(pieces_of(program, take, &env, language));
        } else {
            needed.extend(utterances_of(take, &env, language).into_iter().flatten());
        }
    }
    needed
}

/// All messages but those that are only written.
fn spoken_messages(program: &Program) -> BTreeSet<MessageId> {
    program.steps.iter().flat_map(|step| step.says.iter().copied()).collect()
}

fn pieces_of(program: &Program, take: &Take, env: &Env, language: Language) -> Vec<Utterance> {
    let mut pieces = Vec::new();
    let mut say = |piece: &Piece, value: Option<&Spoken>| {
        let alone = Template(vec![piece.clone()]);
        if let Ok(said) = speech::say_pieces(&alone, |_| value.cloned(), language, env.today) {
            pieces.extend(said.into_iter().map(|text| Utterance { language, audio: None, text }));
        }
    };
    for piece in &take.template.0 {
        match piece {
            Piece::Text(_) => say(piece, None),
            Piece::Slot { slot, .. } => {
                for value in slot_values(program, &take.slots[*slot], env) {
                    say(piece, spoken(value).as_ref());
                }
            }
        }
    }
    pieces
}

/// All values that a slot can have in a call: its expression over all values of the variables in it.
fn slot_values(program: &Program, slot: &Expr, env: &Env) -> Vec<Value> {
    let mut assignments = vec![env.variables.to_vec()];
    for variable in variables_in(slot) {
        let domain = domain_values(program, variable, env);
        assignments = assignments
            .iter()
            .flat_map(|assignment| {
                domain.iter().map(|value| {
                    let mut assignment = assignment.clone();
                    assignment[variable.0 as usize] = Some(value.clone());
                    assignment
                })
            })
            .take(SLOT_VALUES_MAX)
            .collect();
    }
    assignments.iter().filter_map(|variables| eval(slot, &Env { variables, ..*env })).collect()
}

fn domain_values(program: &Program, variable: VarId, env: &Env) -> Vec<Value> {
    match &program.variables[variable.0 as usize].domain {
        Domain::OneOf(exprs) => exprs.iter().filter_map(|expr| eval(expr, env)).collect(),
        Domain::DaysAhead(ahead) => (0..=i64::from(*ahead))
            .filter_map(|days| env.today.checked_add(jiff::Span::new().days(days)).ok())
            .map(Value::Date)
            .collect(),
        Domain::Numbers(from, to) => (*from..=*to).map(Value::Number).collect(),
        Domain::Unknown => Vec::new(),
        // Spoken one by one.
        Domain::Digits => vec![Value::Digits("0123456789".into())],
        Domain::OfferAmounts(step) => {
            let Step::Promise(promise) = &program.step(*step).step else {
                panic!("offers are made in a promise step only")
            };
            let sums = slot_values(program, &promise.of, env).into_iter();
            let offered = sums.filter_map(|sum| match sum {
                Value::Money(sum) => Some(promise.offers.iter().map(move |o| Value::Money(share_of(o.share, sum)))),
                _ => None,
            });
            offered.flatten().collect()
        }
    }
}

fn variables_in(expr: &Expr) -> BTreeSet<VarId> {
    let mut variables = BTreeSet::new();
    walk(expr, &mut |part| {
        if let Expr::Variable(variable) = part {
            variables.insert(*variable);
        }
    });
    variables
}
