//! `ringback why --campaign`: how many contacts wait for what, and why others are done.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::bail;
use serde_json::json;

use super::PAGE;
use crate::books::{CampaignState, Moved, RulingCount};
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
    let mut moved: BTreeMap<(String, Option<String>), u64> = BTreeMap::new();
    let mut after = AttemptId(0);
    loop {
        let page = store.open_attempts(campaign.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.attempt.id;
        for open in &page {
            waiting.add(&ladder, &open.attempt, &open.standing, now);
            if let Some(Moved { reason, by }) = &open.attempt.plan.moved {
                *moved.entry((reason.clone(), by.clone())).or_default() += 1;
            }
        }
    }
    let reasons = waiting.reasons();
    let closed: Vec<(String, u64)> =
        store.closings(Some(campaign.id)).await?.into_iter().filter(|(reason, _)| reason != "open").collect();
    let rulings = store.rulings(campaign.id).await?;
    let rejects = store.campaign_rejects(campaign.id).await?;
    if json {
        let waiting = reasons.iter().map(|r| {
            let (made_by, first) = (r.made_by.as_deref(), r.first.map(|at| at.to_string()));
            json!({ "reason": r.reason, "made_by": made_by, "contacts": r.contacts, "what": r.what, "first": first })
        });
        let closed = closed.iter().map(|(reason, contacts)| json!({ "reason": reason, "contacts": contacts }));
        let rulings = rulings.iter().map(
            |r| json!({ "verdict": r.verdict.as_str(), "reason": r.reason, "made_by": r.made_by, "times": r.times }),
        );
        let planned_later = moved
            .iter()
            .map(|((reason, by), contacts)| json!({ "reason": reason, "made_by": by, "contacts": contacts }));
        let rejected = rejects.iter().map(|(code, faults)| json!({ "code": code.as_str(), "faults": faults }));
        let told = json!({
            "campaign": name,
            "state": campaign.state.as_str(),
            "now": now.to_string(),
            "waiting": waiting.collect::<Vec<_>>(),
            "closed": closed.collect::<Vec<_>>(),
            "rulings": rulings.collect::<Vec<_>>(),
            "moved": planned_later.collect::<Vec<_>>(),
            "rejected": rejected.collect::<Vec<_>>(),
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
    if !moved.is_empty() {
        let count = |((reason, by), count): (&(String, Option<String>), &u64)| {
            format!("{count} by {reason}{}", by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default())
        };
        let counts: Vec<String> = moved.iter().map(count).collect();
        writeln!(out, "  planned later than the ladder says: {}", counts.join(", "))?;
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
    if !rejects.is_empty() {
        let counts: Vec<String> = rejects.iter().map(|(code, faults)| format!("{faults} {code}")).collect();
        writeln!(out, "  not taken in from the files that its contacts came in: {}", counts.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{Enrolment, ImportPart, ImportReject, NewBatch, RejectCode, Write as Change};
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
  planned later than the ladder says: 2 by calling_window (ladder)
  done with: 1 excluded, 1 refused_contact
";
        assert_eq!(told(&store, "2026-11-20T05:30Z").await, early);
        let mut json = Vec::new();
        run(&store, "blast", true, start, &mut json).await.unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let moved = serde_json::json!([{ "reason": "calling_window", "made_by": "ladder", "contacts": 2 }]);
        assert_eq!((&json["moved"], &json["rejected"]), (&moved, &serde_json::json!([])));
        let late = told(&store, "2026-11-20T19:30Z").await;
        assert!(late.contains("3 wait for 09:00 in their zone (ladder); the first at 2026-11-21T03:00:00Z"), "{late}");
    }

    /// Of two files one brought the campaign's contact, and lines that were not taken in.
    #[tokio::test]
    async fn what_the_import_did_not_take_in() {
        let (store, start) = (MemoryStore::new(), "2026-11-20T05:30Z".parse().unwrap());
        let csv = |n: u32| {
            format!(
                "contact_id,name,phone,language,zone,creditor,amount,currency,due\n\
                 K{n},Anna,+7916123456{n},ru,Europe/Moscow,Bank,1234.50,RUB,2026-11-01\n"
            )
        };
        for (n, codes) in
            [(1, vec![RejectCode::Empty, RejectCode::NumberFormat, RejectCode::Empty]), (2, vec![RejectCode::Zone])]
        {
            let file = NewBatch { file: format!("{n}.csv"), ..NewBatch::default() };
            let batch = store.begin_import(&file, start).await.unwrap();
            let rows = read(csv(n).as_bytes(), Defaults::default()).unwrap().contacts;
            let reject = |(line, code)| ImportReject { line, field: "phone".into(), code };
            let rejects = (3..).zip(codes).map(reject).collect();
            let part = ImportPart { batch: Some(batch), rows, lines: vec![2], rejects, ..ImportPart::default() };
            store.import_part(part, start).await.unwrap();
            store.finish_import(batch, start).await.unwrap();
        }
        let id = store.create_campaign("blast", LADDER, &[], start).await.unwrap();
        let close = crate::books::Next::Close(crate::books::Close::new("excluded", "not now"));
        store.enrol(id, &[Enrolment { contact: ContactId(1), next: close }], start).await.unwrap();
        let told = told(&store, "2026-11-20T05:30Z").await;
        let line = "  not taken in from the files that its contacts came in: 2 empty, 1 number_format\n";
        assert!(told.ends_with(line), "{told}");
    }
}
