//! `ringback policy audit`: every decision about a contact's attempts, with the rule and the versions of the packs.

use std::io::Write;

use crate::books::{Attempt, History, Ruling, Verdict};
use crate::store::Store;
use crate::time::Wall;

/// `contact`: the creditor's own key, `contact_id` in the CSV.
pub async fn run(store: &impl Store, contact: &str, out: &mut impl Write) -> anyhow::Result<()> {
    write!(out, "{}", lines(&store.history(contact).await?))?;
    Ok(())
}

/// In order of time; times in UTC.
fn lines(history: &History) -> String {
    let mut lines: Vec<(Wall, String)> = history.attempts.iter().filter_map(went_live).collect();
    lines.extend(history.rulings.iter().map(decided));
    lines.sort_by_key(|(at, _)| *at);
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    match lines.is_empty() {
        true => "nothing has been decided about an attempt yet\n".into(),
        false => lines.concat(),
    }
}

fn went_live(attempt: &Attempt) -> Option<(Wall, String)> {
    let (at, id, channel) = (attempt.live_at?, attempt.id, attempt.channel);
    let policy = attempt.policy.as_deref().unwrap_or("not kept at that time");
    Some((at, format!("{at}  attempt {id}  {} by {channel}  [{policy}]\n", Verdict::Allowed)))
}

fn decided(ruling: &Ruling) -> (Wall, String) {
    let Ruling { attempt, at, verdict, reason, made_by, until, policy } = ruling;
    let reason = reason.as_ref().map(|reason| format!(" by {reason}")).unwrap_or_default();
    let made_by = made_by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
    let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
    (*at, format!("{at}  attempt {attempt}  {verdict}{reason}{made_by}{until}  [{policy}]\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{CampaignState, Enrolment, FlowVersion, Next, Plan, RulingCount, Write as Change};
    use crate::campaign::ruling;
    use crate::flow::program::FlowHash;
    use crate::id::{AttemptId, ContactId};
    use crate::import::{Defaults, read};
    use crate::outcome::Channel;
    use crate::policy::{Decision, Rules};
    use crate::store::{MemoryStore, SqliteStore};

    fn at(minute: i64) -> Wall {
        Wall("2026-11-20T10:00Z".parse::<Wall>().unwrap().0 + minute * 60_000_000)
    }

    /// Put off once, then dialled.
    async fn told(store: &impl Store) {
        let csv = "contact_id,name,phone,language,creditor,amount,currency,due\n\
                   K1,Anna,+447911123456,en,Water,12.00,GBP,2026-11-01\n";
        store.import(&read(csv.as_bytes(), Defaults::default()).unwrap().contacts, at(0)).await.unwrap();
        let flow = FlowVersion { hash: FlowHash("a1".into()), name: "r".into(), version: 1, source: String::new() };
        let id = store.create_campaign("blast", "", std::slice::from_ref(&flow), at(0)).await.unwrap();
        let channel = Channel::Voice;
        let plan = Plan {
            channel,
            step: 0,
            try_number: 1,
            segment: "s".into(),
            due_at: at(0),
            why: "first".into(),
            moved: None,
        };
        let enrolment = Enrolment { contact: ContactId(1), next: Next::Attempt(plan) };
        store.enrol(id, &[enrolment], at(0)).await.unwrap();
        store.set_campaign_state(id, CampaignState::Running, at(0)).await.unwrap();
        let claimed = store.claim_due(at(1), at(9), &[(id, 1)]).await.unwrap().remove(0);
        let (attempt, rules) = (claimed.attempt.id, Rules::outermost());
        let contact = &claimed.standing.contact;
        let why = "too early".to_string();
        let until = Some(at(60));
        let early = Decision::Deny { rule: "calling_window", by: Some("HOURS".into()), until, why: why.clone() };
        let put_off = ruling(attempt, &rules, contact, &early, Verdict::PutOff, at(1));
        let later = Change::Reschedule { attempt, due_at: at(60), why };
        store.apply(&[put_off, later]).await.unwrap();
        let phone = claimed.standing.contact.phones[0].id;
        let live = Change::Live {
            attempt,
            phone,
            flow: flow.hash,
            policy: rules.policy(contact),
            caller_id: "+74950000001".parse().unwrap(),
            at: at(60),
        };
        store.apply(&[live]).await.unwrap();
        let nobody = ruling(AttemptId(9), &rules, contact, &early, Verdict::PutOff, at(1));
        assert!(store.apply(&[nobody]).await.is_err());

        let mut out = Vec::new();
        run(store, "K1", &mut out).await.unwrap();
        let policy = rules.policy(contact);
        assert!(policy.starts_with("default 1#") && policy.len() == "default 1#".len() + 8, "{policy}");
        let expected = format!(
            "2026-11-20T10:01:00Z  attempt 1  put_off by calling_window (HOURS) until 2026-11-20T11:00:00Z  [{policy}]\n\
             2026-11-20T11:00:00Z  attempt 1  allowed by voice  [{policy}]\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let (reason, made_by) = ("calling_window".to_string(), Some("HOURS".to_string()));
        let counted = RulingCount { verdict: Verdict::PutOff, reason, made_by, times: 1 };
        assert_eq!(store.rulings(id).await.unwrap(), [counted]);
    }

    #[tokio::test]
    async fn in_memory() {
        told(&MemoryStore::new()).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn on_disk() {
        let folder = tempfile::tempdir().unwrap();
        told(&SqliteStore::open(&folder.path().join("books.db")).await.unwrap()).await;
    }
}
