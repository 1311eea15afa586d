//! `ringback why <contact>`: what happened to one contact and what happens next, in plain words.

mod json;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;

use crate::books::*;
use crate::id::{CampaignId, PhoneId};
use crate::ladder::Ladder;
use crate::money::Money;
use crate::policy;
use crate::store::Store;
use crate::time::Wall;

/// `contact`: the creditor's own key, `contact_id` in the CSV.
pub async fn run(store: &impl Store, contact: &str, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    let history = store.history(contact).await?;
    let campaigns = store.campaigns().await?;
    write!(out, "{}", tell(&history, &campaigns, now))?;
    Ok(())
}

/// The same for programs.
pub async fn run_json(store: &impl Store, contact: &str, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    let history = store.history(contact).await?;
    let story = json::story(&history, &store.campaigns().await?, now);
    writeln!(out, "{story:#}")?;
    Ok(())
}

fn tell(history: &History, campaigns: &[Campaign], now: Wall) -> String {
    let mut story = Story { history, out: String::new() };
    story.person(now);
    let involved: BTreeSet<CampaignId> =
        history.attempts.iter().map(|a| a.campaign).chain(history.closed.iter().map(|(id, _)| *id)).collect();
    for id in &involved {
        match campaigns.iter().find(|c| c.id == *id) {
            Some(campaign) => story.campaign(campaign, now),
            None => story.line(format!("Campaign {id}, which is no longer there")),
        }
    }
    if involved.is_empty() {
        story.line("\nIn no campaign yet: nothing is planned.".into());
    }
    story.out
}

/// A step's place in the list in which it is written, from 1. Of a ladder that does not compile any more, in the ladder's own list.
fn step_number(ladder: Option<&Ladder>, step: u32) -> usize {
    ladder.map_or(step as usize + 1, |ladder| ladder.number(step as usize))
}

struct Story<'a> {
    history: &'a History,
    out: String,
}

impl Story<'_> {
    fn line(&mut self, text: String) {
        self.out += &text;
        self.out.push('\n');
    }

    /// In the contact's own zone.
    fn at(&self, wall: Wall) -> String {
        wall.in_zone(&self.history.standing.contact.zone).strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn phone(&self, id: PhoneId) -> String {
        let found = self.history.standing.contact.phones.iter().find(|p| p.id == id);
        found.map_or("a number no longer listed".into(), |p| p.number.to_string())
    }

    fn person(&mut self, now: Wall) {
        let standing = &self.history.standing;
        let c = &standing.contact;
        self.line(format!("{} {}", c.external_id, c.name));
        for debt in &c.debts {
            let Debt { external_id, amount, due, paid, .. } = debt;
            let named = if external_id.is_empty() { String::new() } else { format!(" ({external_id})") };
            let state = match *paid {
                _ if debt.is_paid() => "paid".to_string(),
                0 => "not paid".to_string(),
                paid => format!("{} paid", Money::new(paid, amount.currency)),
            };
            self.line(format!("  owes {amount} to {}, due {due}: {state}{named}", c.creditor));
        }
        let phones: Vec<String> = c.phones.iter().map(|p| format!("{} ({})", p.number, p.state)).collect();
        let email = if c.email.is_some() { "an e-mail address" } else { "no e-mail address" };
        self.line(format!("  {}; {email}; speaks {}", phones.join(", "), c.language));
        let zones = policy::candidates(c);
        self.line(match zones.as_ref() {
            [] => "  it is not known where they live, and no number tells it: only a human may go on".into(),
            [zone] => format!("  lives in {zone}, where it is {} now", self.at(now)),
            [first, ..] => {
                let (count, of) = (zones.len(), if c.zone_from == ZoneFrom::Region { "region" } else { "number" });
                format!(
                    "  lives in any of {count} time zones of their {of}, such as {first}; in {} it is {} now",
                    c.zone,
                    self.at(now)
                )
            }
        });
        for s in &standing.suppressions {
            let what = s.phone.map_or("the person, on every number and channel".into(), |p| self.phone(p));
            self.line(format!("  not to be contacted: {what}, {} at {}", s.reason, self.at(s.at)));
        }
        for p in &standing.promises {
            let part = if p.parts > 1 { format!(", part {} of {}", p.part, p.parts) } else { String::new() };
            self.line(format!("  promised {} for {} at {}{part}: {}", p.amount, p.on, self.at(p.made_at), p.state));
        }
    }

    fn campaign(&mut self, campaign: &Campaign, now: Wall) {
        self.line(format!("\nCampaign `{}` ({})", campaign.name, campaign.state));
        let history = self.history;
        let ladder = crate::ladder::compile(&campaign.ladder).0;
        for attempt in history.attempts.iter().filter(|a| a.campaign == campaign.id) {
            self.attempt(attempt, campaign, ladder.as_ref());
        }
        let open = history.attempts.iter().find(|a| a.campaign == campaign.id && a.state.is_open());
        let close = history.closed.iter().find(|(id, _)| *id == campaign.id);
        match (open, close) {
            (_, Some((_, close))) => {
                let until = match close.wake_at {
                    Some(at) => format!("Nothing until {}", self.at(at)),
                    None => "Nothing more".to_string(),
                };
                self.line(format!("  {until}: closed as {}, {}", close.reason, close.why));
            }
            (Some(attempt), None) => self.next(attempt, campaign.state, now),
            (None, None) => self.line("  Nothing is planned.".into()),
        }
    }

    fn next(&mut self, attempt: &Attempt, campaign: CampaignState, now: Wall) {
        let Plan { channel, due_at, why, .. } = &attempt.plan;
        let when = match attempt.state {
            AttemptState::Live => "is in the air now".to_string(),
            AttemptState::Claimed => "is being decided on now".to_string(),
            AttemptState::Scheduled | AttemptState::Finished | AttemptState::Cancelled if *due_at > now => {
                format!("is due at {}", self.at(*due_at))
            }
            AttemptState::Scheduled | AttemptState::Finished | AttemptState::Cancelled => {
                format!("has been due since {}", self.at(*due_at))
            }
        };
        let held = match campaign {
            CampaignState::Draft => "; it waits for the campaign to be started",
            CampaignState::Paused => "; it waits while the campaign is paused",
            CampaignState::Running | CampaignState::Stopped | CampaignState::Finished => "",
        };
        self.line(format!("  Next: {channel} {when}{held}, because: {why}"));
    }

    fn attempt(&mut self, attempt: &Attempt, campaign: &Campaign, ladder: Option<&Ladder>) {
        let Plan { channel, step, try_number, segment, why, .. } = &attempt.plan;
        let (number, step) = (attempt.id, step_number(ladder, *step));
        let mut line = format!("  attempt {number}: {channel}, step {step}, try {try_number}, segment {segment}");
        if let (Some(at), Some(phone)) = (attempt.live_at, attempt.phone) {
            let _ = write!(line, "; dialled {} at {}", self.phone(phone), self.at(at));
        }
        if let Some(flow) = attempt.flow.as_ref().and_then(|hash| campaign.flow(hash)) {
            let _ = write!(line, " with {flow}");
        }
        if let Some(class) = attempt.led.as_ref().and_then(|led| led.contact_class.as_ref()) {
            let _ = write!(line, ", class {class}");
        }
        match (&attempt.outcome, attempt.finished_at) {
            (Some(outcome), Some(at)) => {
                let _ = write!(line, "; ended {} as {} (blame: {})", self.at(at), outcome.disposition, outcome.blame);
                if let Some(by) = outcome.answered_by {
                    let _ = write!(line, ", answered by {by}");
                }
                if outcome.talk_ms > 0 {
                    let _ = write!(line, ", talked {} s", outcome.talk_ms / 1000);
                }
                if let Some(trunk) = &attempt.trunk {
                    let _ = write!(line, ", over {trunk}");
                }
                if let Some(cost) = attempt.cost {
                    let _ = write!(line, ", cost {cost}");
                }
                if attempt.agent == Some(AgentResult::Abandoned) {
                    line.push_str(", found no agent in time");
                }
                if let Some(quality) = attempt.quality {
                    let _ = write!(line, "; audio: {quality}");
                }
            }
            _ => {
                let _ = write!(line, "; {}", attempt.state);
            }
        }
        self.line(line);
        self.line(format!("    because: {why}"));
        let history = self.history;
        for entry in history.worklist.iter().filter(|w| w.attempt == attempt.id) {
            self.line(format!("    waits for a human in `{}`: {}", entry.queue, entry.reason));
        }
        for visit in history.visits.iter().filter(|v| v.attempt == attempt.id) {
            let note = if visit.note.is_empty() { String::new() } else { format!(": {}", visit.note) };
            self.line(format!("    visited {}: {}{note}", self.at(visit.visited_at), visit.outcome));
        }
        for message in history.outbox.iter().filter(|m| m.attempt == attempt.id) {
            let trouble = message.last_error.as_ref().map(|e| format!(", last error: {e}")).unwrap_or_default();
            self.line(format!("    {} {} after {} tries{trouble}", message.channel, message.state, message.tries));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::Write;
    use crate::flow::program::FlowHash;
    use crate::id::{AttemptId, CallId, ContactId};
    use crate::import::{Defaults, read};
    use crate::outcome::{AnsweredBy, Channel, Disposition};
    use crate::store::MemoryStore;

    async fn why(store: &MemoryStore, minute: i64) -> String {
        let mut out = Vec::new();
        run(store, "K1", at(minute), &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    fn at(minute: i64) -> Wall {
        Wall("2026-11-20T10:00Z".parse::<Wall>().unwrap().0 + minute * 60_000_000)
    }

    fn plan(channel: Channel, minute: i64, why: &str) -> Plan {
        Plan {
            channel,
            step: 0,
            try_number: 1,
            segment: "early".into(),
            due_at: at(minute),
            why: why.into(),
            moved: None,
        }
    }

    #[tokio::test]
    async fn a_story_from_import_to_the_human() {
        let store = MemoryStore::new();
        let csv = "contact_id,name,phone,language,zone,creditor,amount,currency,due\n\
                   K1,Анна,+79161234567,ru,Europe/Moscow,Водоканал,1234.50,RUB,2026-11-25\n";
        let contacts = read(csv.as_bytes(), Defaults::default()).unwrap().contacts;
        store.import(&contacts, at(0)).await.unwrap();
        assert!(why(&store, 0).await.ends_with("In no campaign yet: nothing is planned.\n"));
        let flow =
            FlowVersion { hash: FlowHash("a1".into()), name: "reminder".into(), version: 3, source: String::new() };
        let id = store.create_campaign("blast", "", std::slice::from_ref(&flow), at(0)).await.unwrap();
        let first = Next::Attempt(plan(Channel::Voice, 30, "first try of step 1"));
        store.enrol(id, &[Enrolment { contact: ContactId(1), next: first }], at(0)).await.unwrap();
        let waits = "  Next: voice is due at 2026-11-20 13:30; it waits for the campaign to be started, because: first try of step 1\n";
        assert!(why(&store, 0).await.ends_with(waits), "{}", why(&store, 0).await);
        store.set_campaign_state(id, CampaignState::Running, at(0)).await.unwrap();
        let phone =
            store.claim_due(at(31), at(40), &[(CampaignId(1), 1)]).await.unwrap()[0].standing.contact.phones[0].id;
        let outcome = Outcome {
            disposition: Disposition::Refused,
            blame: Disposition::Refused.blame(),
            cause: None,
            answered_by: Some(AnsweredBy::Human),
            right_party: true,
            ring_ms: 4000,
            talk_ms: 61_000,
            node: None,
        };
        let human = Next::Attempt(plan(Channel::Human, 60, "refused: step 2 is a human"));
        let live = Write::Live {
            attempt: AttemptId(1),
            phone,
            flow: flow.hash,
            policy: "default 1#0".into(),
            caller_id: "+74950000001".parse().unwrap(),
            at: at(31),
        };
        let finish = Write::Finish { attempt: AttemptId(1), outcome, at: at(33), next: human };
        let quality = CallQuality {
            mos_centi: 437,
            heard_loss_permille: Some(5),
            heard_jitter_ms: Some(3),
            said_loss_permille: None,
            said_jitter_ms: None,
            round_trip_ms: None,
        };
        let quality = Write::Quality { call: CallId(1), quality };
        store.apply(&[live, finish, quality]).await.unwrap();
        let expected = "\
K1 Анна
  owes 1234.50 RUB to Водоканал, due 2026-11-25: not paid
  +7916•••4567 (good); no e-mail address; speaks ru
  lives in Europe/Moscow, where it is 2026-11-20 13:40 now

Campaign `blast` (running)
  attempt 1: voice, step 1, try 1, segment early; dialled +7916•••4567 at 2026-11-20 13:31 with reminder v3 (a1); ended 2026-11-20 13:33 as refused (blame: callee), answered by human, talked 61 s; audio: MOS 4.37, heard 0.5 % lost and 3 ms jitter
    because: first try of step 1
  attempt 2: human, step 1, try 1, segment early; scheduled
    because: refused: step 2 is a human
  Next: human is due at 2026-11-20 14:00, because: refused: step 2 is a human
";
        assert_eq!(why(&store, 40).await, expected);
        let (id, contact, paid_at) = ("P1".to_string(), "K1".to_string(), at(45));
        store.pay(&[NewPayment { id, contact, debt: None, amount: None, paid_at }], at(45)).await.unwrap();
        assert!(why(&store, 50).await.ends_with("  Nothing more: closed as paid, the debt was paid\n"));
    }

    /// The second step of a segment's own list lies behind the ladder's own three.
    #[tokio::test]
    async fn steps_have_the_numbers_that_are_read_in_the_ladder() {
        let ladder = "\
ladder: two lists
languages: [ru]
segments:
  early: { when: days_overdue > -1000, flow: reminder, steps: [{ human: desk, name: ask }, { human: desk, name: insist }] }
window: { days: daily, from: \"09:00\", to: \"20:00\", zone: contact }
steps: [{ human: desk, name: one }, { human: desk, name: two }, { human: desk, name: three }]
";
        let store = MemoryStore::new();
        let csv = "contact_id,name,phone,language,zone,creditor,amount,currency,due\n\
                   K1,Анна,+79161234567,ru,Europe/Moscow,Водоканал,1234.50,RUB,2026-11-25\n";
        store.import(&read(csv.as_bytes(), Defaults::default()).unwrap().contacts, at(0)).await.unwrap();
        let id = store.create_campaign("blast", ladder, &[], at(0)).await.unwrap();
        let (compiled, found) = crate::ladder::compile(ladder);
        let compiled = compiled.unwrap_or_else(|| panic!("{found:?}"));
        let step = compiled.steps.iter().position(|step| step.name == "insist").unwrap() as u32;
        assert_eq!(step, 4, "in the list of all steps");
        let next = Next::Attempt(Plan { step, ..plan(Channel::Human, 30, "asked in vain") });
        store.enrol(id, &[Enrolment { contact: ContactId(1), next }], at(0)).await.unwrap();
        let told = why(&store, 0).await;
        assert!(told.contains("attempt 1: human, step 2, try 1, segment early"), "{told}");
        let mut json = Vec::new();
        run_json(&store, "K1", at(0), &mut json).await.unwrap();
        let story: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(story["campaigns"][0]["attempts"][0]["step"], 2, "{story:#}");
    }
}
