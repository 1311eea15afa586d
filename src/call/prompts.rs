//! From messages to what is heard: in a call, and beforehand for all that a call may need.

use std::collections::BTreeSet;

use super::promised::amounts_of;
use super::{Balance, Call, Context};
use crate::flow::expr::{Env, Expr, Value, eval, spoken};
use crate::flow::program::{ContactValues, Domain, MessageId, Program, Render, Step, Take, VarId};
use crate::flow::walk;
use crate::language::Language;
use crate::speech::{self, Format, Manner, NoGrammar, Piece, Said, Spoken, Template, Utterance};

/// Values of one slot that are tried for one message. Slots hold one variable as a rule; the bound is for a slot that
/// computes with several.
const SLOT_VALUES_MAX: usize = 4_000;

impl Call {
    /// What it may still have to say when so much is owed.
    ///
    /// # Errors
    /// As of [`prompts_needed`].
    pub fn prompts_with(&self, balance: Balance) -> Result<BTreeSet<Utterance>, Unsayable> {
        let (mut contact, mut context) = (self.contact.clone(), self.context.clone());
        balance.put_into(&self.program, &mut contact, &mut context);
        prompts_needed(&self.program, &contact, &context)
    }

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

/// One that was recorded is played whole, unless what it says differs from call to call: then nobody can have recorded it.
fn utterances_of(take: &Take, env: &Env, language: Language) -> Result<Vec<Utterance>, NoGrammar> {
    utterances_as(take, take.render, env, language)
}

fn utterances_as(take: &Take, render: Render, env: &Env, language: Language) -> Result<Vec<Utterance>, NoGrammar> {
    let value = |slot: usize| eval(&take.slots[slot], env).and_then(spoken);
    let today = env.today;
    let utterance =
        |audio: Option<String>, said: Said| Utterance { language, creditor: env.company.to_owned(), audio, said };
    let same_for_all = take.slots.iter().all(|slot| matches!(slot, Expr::Company | Expr::Literal(_)));
    if take.audio.is_some() && same_for_all {
        let mut whole = speech::say_whole(&take.template, value, language, today)?;
        let said = match whole.pop() {
            Some(only) if whole.is_empty() => only,
            _ => Said::plain(speech::say(&take.template, value, language, today)?),
        };
        return Ok(vec![utterance(take.audio.clone(), said)]);
    }
    let stretches = match render {
        Render::Whole => speech::say_whole(&take.template, value, language, today)?,
        Render::Sentences => speech::say_sentences(&take.template, value, language, today)?,
        Render::Pieces => speech::say_pieces(&take.template, value, language, today)?,
    };
    Ok(stretches.into_iter().map(|said| utterance(None, said)).collect())
}

/// Every utterance that any call with this contact may play, so that all of its audio is there before it is dialled.
/// A message that cannot be said to this contact because an optional value is missing is left out: a branch keeps the call
/// away from it.
///
/// # Errors
/// A value has no words, such as a name without a letter: silence would be heard in its place.
pub fn prompts_needed(
    program: &Program,
    contact: &ContactValues,
    context: &Context,
) -> Result<BTreeSet<Utterance>, Unsayable> {
    let mut needed = BTreeSet::new();
    for message in spoken_messages(program) {
        needed.extend(prompts_of(program, message, None, contact, context)?);
    }
    Ok(needed)
}

/// A message that cannot be said to this contact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message `{message}` cannot be said: {why}")]
pub struct Unsayable {
    pub message: String,
    pub why: NoGrammar,
}

/// What [`prompts_needed`] needs of one message, or would need if it were rendered otherwise. What depends on the call is in
/// pieces, whatever is asked.
pub fn prompts_of(
    program: &Program,
    message: MessageId,
    render: Option<Render>,
    contact: &ContactValues,
    context: &Context,
) -> Result<Vec<Utterance>, Unsayable> {
    let language = program.language_for(context.language);
    let unset = vec![None; program.variables.len()];
    let env = env(contact, &unset, context);
    let take = take(program, message, language);
    let utterances = if depends_on_call(take) {
        pieces_of(program, take, &env, language)
    } else {
        utterances_as(take, render.unwrap_or(take.render), &env, language)
    };
    match utterances {
        Err(NoGrammar::Missing { .. }) => Ok(Vec::new()),
        other => other.map_err(|why| Unsayable { message: program.message(message).name.clone(), why }),
    }
}

/// Whether a slot of it is known only in the call.
pub fn depends_on_call(take: &Take) -> bool {
    take.slots.iter().any(|slot| !variables_in(slot).is_empty())
}

/// All messages but those that are only written.
pub fn spoken_messages(program: &Program) -> BTreeSet<MessageId> {
    program.steps.iter().flat_map(|step| step.says.iter().copied()).chain(program.on_screening).collect()
}

/// A message with slots that depend on the call: its texts, and each value that a slot can have, with the marks that follow it.
fn pieces_of(program: &Program, take: &Take, env: &Env, language: Language) -> Result<Vec<Utterance>, NoGrammar> {
    let mut pieces = Vec::new();
    let say = |template: Vec<Piece>, value: Option<&Spoken>| {
        speech::say_pieces(&Template(template), |_| value.cloned(), language, env.today)
    };
    let template = &take.template.0;
    let mut manner = Manner::default();
    for (at, piece) in template.iter().enumerate() {
        match piece {
            Piece::Manner(next) => manner = *next,
            // A silence at the very beginning is a piece of its own; any other belongs to what stands before it.
            Piece::Break(_)
                if !template[..at].iter().any(|p| matches!(p, Piece::Slot { .. } | Piece::Literal { .. }))
                    && say(template[..at].to_vec(), None)?.iter().all(|said| said.text.is_empty()) =>
            {
                pieces.extend(say(template[..=at].to_vec(), None)?);
            }
            Piece::Break(_) => {}
            Piece::Text(_) | Piece::Literal { .. } | Piece::Slot { .. } => {
                let after =
                    template[at + 1..].iter().take_while(|p| !matches!(p, Piece::Slot { .. } | Piece::Literal { .. }));
                let alone = vec![Piece::Manner(manner), piece.clone()];
                let marked: Vec<Piece> = alone.iter().chain(after).cloned().collect();
                let with_marks = |value: Option<&Spoken>| {
                    let count = say(alone.clone(), value)?.len();
                    Ok::<_, NoGrammar>(say(marked.clone(), value)?.into_iter().take(count))
                };
                let Piece::Slot { slot, format } = piece else {
                    pieces.extend(with_marks(None)?);
                    continue;
                };
                for value in slot_values(program, &take.slots[*slot], env) {
                    let value = spoken(value);
                    match (&value, format) {
                        // Any digit may stand anywhere: within a group, at its end, at the end of them all.
                        (Some(Spoken::Digits(digits)), Format::Digits) => {
                            for digit in digits.chars().filter(char::is_ascii_digit) {
                                let digit = Some(Spoken::Digits(digit.to_string()));
                                pieces.extend(with_marks(digit.as_ref())?);
                                pieces.extend(say(alone.clone(), digit.as_ref())?);
                                let comma = [alone.clone(), vec![Piece::Text(",".to_owned())]].concat();
                                pieces.extend(say(comma, digit.as_ref())?);
                            }
                        }
                        (value, _) => pieces.extend(with_marks(value.as_ref())?),
                    }
                }
            }
        }
    }
    let utterance = |said| Utterance { language, creditor: env.company.to_owned(), audio: None, said };
    Ok(pieces.into_iter().map(utterance).collect())
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
                Value::Money(sum) => {
                    Some(promise.offers.iter().flat_map(move |o| amounts_of(o, sum)).map(Value::Money))
                }
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
