//! How long a flow talks and waits when the person does nothing.

use std::time::Duration;

use super::Sketch;
use crate::diagnostic::Diagnostic;
use crate::flow::codes;
use crate::flow::context::Context;
use crate::flow::graph;
use crate::flow::program::{CALL_LENGTH_MAX, MessageId, NamedStep, Step, StepId};

/// People hang up on a voice that asks nothing for longer.
const SPEECH_BEFORE_CHOICE_MAX: Duration = Duration::from_secs(30);

pub fn check(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    let entries = [sketch.start.map(|id| (id, sketch.start_span)), sketch.on_machine];
    for (entry, span) in entries.into_iter().flatten() {
        let mut longest = Longest { sketch, known: vec![None; sketch.steps.len()] };
        let whole = longest.from(entry, &|_| false);
        if whole.is_some_and(|whole| whole > CALL_LENGTH_MAX) {
            let text = format!(
                "with nobody pressing anything the call takes up to {}, and may last {}",
                words(whole.unwrap_or_default()),
                words(CALL_LENGTH_MAX)
            );
            cx.error_help(codes::LONG_CALL, span, text, "say less, wait shorter, or lead silence to an end sooner");
        }
    }
    if let Some(start) = sketch.start {
        let mut longest = Longest { sketch, known: vec![None; sketch.steps.len()] };
        let asks = |step: &NamedStep| step.kind.listens() || step.routes.is_empty();
        let before = longest.from(start, &asks).unwrap_or_default();
        let choice_follows = sketch.steps.iter().flatten().any(|step| step.kind.listens());
        if before > SPEECH_BEFORE_CHOICE_MAX && choice_follows {
            let text = format!("about {} of speech before the first choice", words(before));
            let found = Diagnostic::warning(codes::LONG_SPEECH, sketch.start_span, text);
            cx.report(found.help("ask something sooner: who is there, or whether it is a good moment"));
        }
    }
}

fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

struct Longest<'a> {
    sketch: &'a Sketch<'a>,
    /// By step; `Some(None)` while it is being found out.
    known: Vec<Option<Option<Duration>>>,
}

impl Longest<'_> {
    /// The longest time from the entry of a step along ways that need nobody, up to steps where it stops. `None`: it goes
    /// round, which is reported elsewhere, or leads nowhere.
    fn from(&mut self, entry: StepId, stops: &dyn Fn(&NamedStep) -> bool) -> Option<Duration> {
        // By hand, not by recursion: a flow may be a chain of thousands.
        let mut open = vec![(entry, false)];
        while let Some((id, seen)) = open.pop() {
            let at = id.0 as usize;
            let step = self.sketch.step(id)?;
            if stops(step) {
                self.known[at] = Some(Some(Duration::ZERO));
                continue;
            }
            let alone = graph::edges(step).filter(|e| e.alone).map(|e| e.to);
            if seen {
                let mut after = Duration::ZERO;
                for to in alone {
                    after = after.max(self.known.get(to.0 as usize).copied().flatten().flatten()?);
                }
                self.known[at] = Some(Some(self.at(step) + after));
            } else if self.known[at].is_none() {
                self.known[at] = Some(None);
                open.push((id, true));
                for to in alone {
                    if self.known.get(to.0 as usize)?.is_none() {
                        open.push((to, false));
                    }
                }
            }
        }
        self.known[entry.0 as usize].flatten()
    }

    fn speech(&self, messages: &[MessageId]) -> Duration {
        messages.iter().map(|id| self.sketch.messages[id.0 as usize].length_estimate()).sum()
    }

    /// The time a silent person spends in the step.
    fn at(&self, step: &NamedStep) -> Duration {
        let asked = |prompts: &[MessageId], no_input: Option<MessageId>, listen: &crate::flow::program::Listen| {
            let tries = (0..listen.tries as usize).filter_map(|n| prompts.get(n).or(prompts.last()));
            let again = self.speech(no_input.as_slice()) * listen.tries.saturating_sub(1);
            tries.map(|prompt| self.speech(&[*prompt]) + listen.first_key).sum::<Duration>() + again
        };
        match &step.step {
            Step::Say { messages, .. } | Step::End { messages, .. } => self.speech(messages),
            Step::Menu(m) => asked(&m.prompts, m.no_input, &m.listen),
            Step::Reason(r) => asked(&r.prompts, r.no_input, &r.listen),
            Step::Collect(c) => asked(&c.prompts, c.no_input, &c.listen),
            Step::Verify(v) => asked(&v.prompts, None, &v.listen),
            // Silence at the first offer refuses them all.
            Step::Promise(p) => {
                let first: Vec<MessageId> = p.offers.iter().map(|o| o.message).take(1).collect();
                asked(&first, None, &p.listen)
            }
            Step::Queue(q) => self.speech(q.message.as_slice()) + q.timeout,
            Step::Transfer(t) => self.speech(t.message.as_slice()) + t.timeout,
            Step::Record(r) => self.speech(&[r.message]) + r.silence.max(Duration::from_secs(5)),
            Step::Request(r) => self.speech(r.message.as_slice()) + r.wait,
            Step::Branch { .. } | Step::Set { .. } | Step::Notify { .. } | Step::OptOut { .. } => Duration::ZERO,
        }
    }
}
