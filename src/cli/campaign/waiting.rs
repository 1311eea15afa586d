//! `ringback why --campaign`: how many contacts wait for what, and why others are done.

use std::io::Write;

use anyhow::bail;
use serde_json::json;

use super::PAGE;
use crate::books::{CampaignState, RulingCount};
use crate::campaign::Waiting;
use crate::id::AttemptId;
use crate::ladder;
use crate::store::Store;
use crate::time::Wall;

pub async fn run(store: &impl Store, name: &str, json: bool, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    let campaign = store.campaign(name).await?;
    let (Some(ladder), _) = ladder::compile(&campaign.ladder) else {
        bail!(
            "the ladder of campaign `{name}` does not compile any more; `ringback campaign status {name}` says what happened"
        );
    };
    let held = match campaign.state {
        CampaignState::Draft => ": nobody is contacted before `ringback campaign start`",
        CampaignState::Paused => ": nobody is contacted before it is started again",
        CampaignState::Stopped => ": nobody is contacted any more",
        CampaignState::Running | CampaignState::Finished => "",
    };
    let mut waiting = Waiting::default();
    let mut after = AttemptId(0);
    loop {
        let page = store.open_attempts(campaign.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.attempt.id;
        for open in &page {
            waiting.add(&ladder, &open.attempt, &open.standing, now);
        }
    }
    let reasons = waiting.reasons();
    let closed: Vec<(String, u64)> =
        store.closings(Some(campaign.id)).await?.into_iter().filter(|(reason, _)| reason != "open").collect();
    let rulings = store.rulings(campaign.id).await?;
    if json {
        let waiting = reasons.iter().map(|r| {
            let (made_by, first) = (r.made_by.as_deref(), r.first.map(|at| at.to_string()));
            json!({ "reason": r.reason, "made_by": made_by, "contacts": r.contacts, "what": r.what, "first": first })
        });
        let closed = closed.iter().map(|(reason, contacts)| json!({ "reason": reason, "contacts": contacts }));
        let rulings = rulings.iter().map(
            |r| json!({ "verdict": r.verdict.as_str(), "reason": r.reason, "made_by": r.made_by, "times": r.times }),
        );
        let told = json!({
            "campaign": name,
            "state": campaign.state.as_str(),
            "now": now.to_string(),
            "waiting": waiting.collect::<Vec<_>>(),
            "closed": closed.collect::<Vec<_>>(),
            "rulings": rulings.collect::<Vec<_>>(),
        });
        writeln!(out, "{told:#}")?;
        return Ok(());
    }
    writeln!(out, "{name}: {}{held}", campaign.state)?;
    if campaign.state == CampaignState::Running {
        for held in super::held(&store.holding().await?, Some(name), now) {
            writeln!(out, "  {held}")?;
        }
    }
    if reasons.is_empty() && closed.is_empty() {
        writeln!(out, "  it has no contacts yet")?;
    }
    for reason in &reasons {
        let first = reason.first.map(|at| format!("; the first at {at}")).unwrap_or_default();
        writeln!(out, "  {:>9} {}{first}", reason.contacts, reason.what)?;
    }
    if !closed.is_empty() {
        let counts: Vec<String> = closed.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        writeln!(out, "  done with: {}", counts.join(", "))?;
    }
    if !rulings.is_empty() {
        let count = |r: &RulingCount| {
            let by = r.made_by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
            format!("{} {} by {}{by}", r.times, r.verdict, r.reason)
        };
        let counts: Vec<String> = rulings.iter().map(count).collect();
        writeln!(out, "  decided when their turn came: {}", counts.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{Enrolment, Write as Change};
    use crate::campaign::plan_first;
    use crate::id::ContactId;
    use crate::import::{Defaults, read};
    use crate::store::MemoryStore;

    const LADDER: &str = r#"
ladder: blast
policy: [ru.credit]
segments:
  all: { when: days_overdue > -1000, flow: reminder }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
steps:
  - voice: segment.flow
"#;

    async fn told(store: &MemoryStore, now: &str) -> String {
        let mut out = Vec::new();
        run(store, "blast", false, now.parse().unwrap(), &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    #[tokio::test]
    async fn how_many_wait_for_what() {
        let store = MemoryStore::new();
        let start: Wall = "2026-11-20T05:30Z".parse().unwrap();
        let mut csv =
            "contact_id,name,phone,language,zone,creditor,amount,currency,due,protected,refused_on\n".to_string();
        let rows = [
            ("Europe/Moscow", "", ""),
            ("Europe/Moscow", "", ""),
            ("Asia/Omsk", "", ""),
            ("Asia/Omsk", "", "2026-11-01"),
            ("Asia/Omsk", "minor", ""),
            ("Asia/Omsk", "", ""),
        ];
        for (n, (zone, protected, refused)) in rows.iter().enumerate() {
            csv += &format!("K{n},Anna,+7916123456{n},ru,{zone},Bank,1234.50,RUB,2026-11-01,{protected},{refused}\n");
        }
        let contacts = read(csv.as_bytes(), Defaults::default()).unwrap().contacts;
        store.import(&contacts, start).await.unwrap();
        let id = store.create_campaign("blast", LADDER, &[], start).await.unwrap();
        assert_eq!(
            told(&store, "2026-11-20T05:30Z").await,
            "\
blast: draft: nobody is contacted before `ringback campaign start`
  it has no contacts yet
"
        );
        let (ladder, found) = ladder::compile(LADDER);
        let ladder = ladder.unwrap_or_else(|| panic!("{found:?}"));
        let standings = store.not_enrolled(id, ContactId(0), 100).await.unwrap();
        let first =
            |s: &crate::books::Standing| Enrolment { contact: s.contact.id, next: plan_first(&ladder, s, start) };
        let enrolled: Vec<Enrolment> = standings.iter().map(first).collect();
        store.enrol(id, &enrolled, start).await.unwrap();
        store.set_campaign_state(id, CampaignState::Running, start).await.unwrap();
        let opted_out = Change::Suppress {
            attempt: AttemptId(4),
            scope: crate::flow::program::OptOutScope::Person,
            reason: crate::outcome::Disposition::OptedOut,
            at: start,
        };
        store.apply(&[opted_out]).await.unwrap();
        let early = "\
blast: running
          2 wait for 09:00 in their zone (ladder); the first at 2026-11-20T06:00:00Z
          1 are due for a call now
          1 have asked not to be contacted
  done with: 1 excluded, 1 refused_contact
";
        assert_eq!(told(&store, "2026-11-20T05:30Z").await, early);
        let late = told(&store, "2026-11-20T19:30Z").await;
        assert!(late.contains("3 wait for 09:00 in their zone (ladder); the first at 2026-11-21T03:00:00Z"), "{late}");
    }
}
