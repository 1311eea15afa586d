//! `ringback visit`: the visits that are to be made, and the reports of those that were.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::import::{Reading, Rejects};
use crate::books::{Claimed, RejectCode, VisitOutcome, VisitReport, Write as Change};
use crate::campaign::plan_visited;
use crate::id::{AttemptId, ContactId};
use crate::import::{Defaults, Reject, Source, VisitLine};
use crate::ladder::{self, Ladder};
use crate::money::Money;
use crate::policy::postal_address;
use crate::store::Store;
use crate::time::Wall;

#[derive(clap::Subcommand)]
pub enum Command {
    /// The visits that nobody has reported on, with address and what is owed, a line each.
    List,
    /// Say what came of the visit to a contact. The ladder goes on by it: another visit at another hour, the next step, or the end.
    Report {
        /// The contact's `contact_id`.
        contact: String,
        /// nobody_home, no_access, third_party, met, promised, already_paid, disputed, refused or moved.
        outcome: VisitOutcome,
        /// When somebody was there, for example 2026-11-20T18:00+03:00; left out: now.
        #[arg(long)]
        visited_at: Option<Wall>,
        /// In your own words.
        #[arg(long, default_value = "")]
        note: String,
        /// Of `promised`: how much, for example `500.00 RUB`.
        #[arg(long, requires = "on")]
        amount: Option<Money>,
        /// Of `promised`: the day, for example 2026-12-01.
        #[arg(long, requires = "amount")]
        on: Option<jiff::civil::Date>,
    },
    /// The reports of a CSV or XLSX with the columns contact_id, outcome and, if there are any, visited_at, note, amount, currency, on. A
    /// report of a visit that was reported before is refused.
    Import(Box<Reports>),
}

#[derive(clap::Args)]
pub struct Reports {
    /// CSV or XLSX with a header line; `src/import/README.md` lists the columns.
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

pub async fn run(config: &Path, command: Command) -> anyhow::Result<()> {
    let (_, store, clock) = super::open(config).await?;
    let (now, out) = (clock.now().wall, &mut std::io::stdout());
    match command {
        Command::List => list(&*store, now, out).await?,
        Command::Report { contact, outcome, visited_at, note, amount, on } => {
            let promised = amount.zip(on);
            let line = VisitLine { contact, outcome, visited_at: visited_at.unwrap_or(now), note, promised };
            writeln!(out, "{}", report(&*store, &line, now).await?)?;
        }
        Command::Import(reports) => {
            let (source, defaults, rejects) = reports.reading.read(reports.file)?;
            let file = source.path.display().to_string();
            let refused = import(&*store, &source, &defaults, rejects, now, out).await?;
            if refused > 0 {
                bail!("{file}: {refused} reports are not entered; the others are. Mend and import these alone");
            }
        }
    }
    Ok(())
}

/// How many are read at a time.
const PAGE: u32 = 1_000;

async fn list(store: &impl Store, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    let campaigns = store.campaigns().await?;
    let mut after = AttemptId(0);
    let mut any = false;
    loop {
        let page = store.visits_to_report(None, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.attempt.id;
        for Claimed { attempt, standing } in &page {
            any = true;
            let contact = &standing.contact;
            let address = postal_address(contact).unwrap_or("no address any more");
            let owes =
                if contact.paid() { "has paid: do not go".to_string() } else { format!("owes {}", contact.amount()) };
            let since = attempt.finished_at.map(|at| now.since(at).as_secs() / 86_400).unwrap_or_default();
            let campaign = campaigns.iter().find(|c| c.id == attempt.campaign).map_or("", |c| c.name.as_str());
            let visit = attempt.plan.try_number;
            writeln!(
                out,
                "{} {}: {address}; {owes}; visit {visit} of {campaign}, given out {since} days ago",
                contact.external_id, contact.name
            )?;
        }
    }
    if !any {
        writeln!(out, "no visit waits for a report")?;
    }
    Ok(())
}

/// # Errors
/// No visit waits for this report, or the promise is none that the ladder takes.
pub(super) async fn report(store: &impl Store, line: &VisitLine, now: Wall) -> anyhow::Result<String> {
    let VisitLine { contact, outcome, visited_at, note, promised } = line;
    if *visited_at > now {
        bail!("{contact}: the visit would be in the future");
    }
    let id = store.history(contact).await?.standing.contact.id;
    let Some(Claimed { attempt, mut standing }) = waiting(store, id).await? else {
        bail!("no visit to {contact} waits for a report; `ringback visit list` shows those that do");
    };
    let campaigns = store.campaigns().await?;
    let campaign = campaigns.iter().find(|c| c.id == attempt.campaign).context("the visit's campaign is there")?;
    let ladder = ladder::compile(&campaign.ladder).0;
    let ladder =
        ladder.with_context(|| format!("the ladder of campaign {} does not compile any more", campaign.name))?;
    let promise = promise(&ladder, line, &standing, attempt.id, now)?;
    standing.take_in(promise.as_slice());
    let next = plan_visited(&ladder, &standing, &attempt.plan, *outcome, now);
    let (outcome, visited_at, note) = (*outcome, *visited_at, note.clone());
    let report = VisitReport { attempt: attempt.id, outcome, visited_at, note, at: now };
    let told = match &next {
        crate::books::Next::Attempt(plan) => {
            let at = plan.due_at.in_zone(&standing.contact.zone).strftime("%Y-%m-%d %H:%M").to_string();
            format!("next: {} at {at}, because: {}", plan.channel, plan.why)
        }
        crate::books::Next::Close(close) => format!("closed as {}: {}", close.reason, close.why),
    };
    let mut group = vec![Change::Visited { report, next }];
    group.extend(promise);
    store.apply(&group).await.with_context(|| format!("the report on {contact} is not entered"))?;
    Ok(format!(
        "{contact}: {outcome}; {told} ({})",
        promised.map_or(String::new(), |(m, on)| format!("promised {m} for {on}, ")) + &campaign.name
    ))
}

async fn waiting(store: &impl Store, contact: ContactId) -> anyhow::Result<Option<Claimed>> {
    Ok(store.visits_to_report(Some(contact), AttemptId(0), PAGE).await?.pop())
}

/// What was promised at the door, if the ladder takes it.
fn promise(
    ladder: &Ladder,
    line: &VisitLine,
    standing: &crate::books::Standing,
    attempt: AttemptId,
    now: Wall,
) -> anyhow::Result<Option<Change>> {
    let contact = &standing.contact;
    let (amount, on) = match (line.outcome, line.promised) {
        (VisitOutcome::Promised, Some(promised)) => promised,
        (VisitOutcome::Promised, None) => bail!("{}: say what was promised, and for which day", line.contact),
        (outcome, Some(_)) => bail!("{}: a visit that came to {outcome} has no promise", line.contact),
        (_, None) => return Ok(None),
    };
    let owed = contact.amount();
    if amount.currency != owed.currency || amount.minor <= 0 || amount.minor > owed.minor {
        bail!("{}: {amount} was promised, and {owed} is owed", line.contact);
    }
    let today = now.date(&contact.zone);
    let days = today.until(on).map_or(0, |span| i64::from(span.get_days()));
    let bounds = ladder.promise_limits.bounds(standing);
    if days < 0 {
        bail!("{}: {on} has passed; book what was paid with `ringback payment`", line.contact);
    }
    if bounds.none || bounds.within_days.is_some_and(|most| days > i64::from(most)) {
        bail!("{}: the ladder takes no promise for {on}; report `met` instead", line.contact);
    }
    let parts = vec![ladder.promise_terms.part(amount, on, &contact.zone)];
    Ok(Some(Change::Promise { attempt, parts, at: now }))
}

/// Enters the file's reports; those that are not are named in `out` and in the file of rejects. Returns how many lines they were.
async fn import(
    store: &impl Store,
    source: &Source,
    defaults: &Defaults,
    rejects: PathBuf,
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<u64> {
    let file = source.path.display().to_string();
    let mut reports = source.visits(defaults, now).with_context(|| file.clone())?;
    let mut rejects = Rejects::new(rejects);
    let (mut entered, mut refused) = (0u64, 0u64);
    while let Some((number, line)) = reports.line().with_context(|| format!("{file} cannot be read"))? {
        let done = match line {
            Ok(line) => report(store, &line, now).await.map_err(|error| vec![of_books(number, &line, &error)]),
            Err(faults) => Err(faults),
        };
        match done {
            Ok(told) => {
                entered += 1;
                writeln!(out, "  {told}")?;
            }
            Err(faults) => {
                refused += 1;
                rejects.write(faults)?;
            }
        }
    }
    writeln!(out, "{entered} reports entered, {refused} lines refused")?;
    for name in reports.further_columns() {
        writeln!(out, "  the column `{name}` means nothing here and is passed over")?;
    }
    rejects.tell(out)?;
    Ok(refused)
}

fn of_books(number: u64, line: &VisitLine, error: &anyhow::Error) -> Reject {
    let (value, why) = (line.contact.clone(), format!("{error:#}"));
    Reject { line: number, field: "contact_id".into(), value, code: RejectCode::VisitRefused, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{CampaignState, Close, Enrolment, Outcome};
    use crate::id::CampaignId;
    use crate::import::{Encoding, read};
    use crate::outcome::Disposition;
    use crate::store::MemoryStore;

    const LADDER: &str = "\
ladder: doors
languages: [ru]
segments:
  all: { when: days_overdue > -1000, flow: reminder }
window: { days: daily, from: \"09:00\", to: \"21:00\", zone: contact }
steps:
  - visit: field
    visits_max: 3
    retry: { nobody_home: [2d] }
    spread: [evening, morning]
  - human: court
";

    fn at(written: &str) -> Wall {
        written.parse().unwrap()
    }

    /// Three contacts whose visit was given out on Friday at noon.
    async fn given_out() -> MemoryStore {
        let (store, start) = (MemoryStore::new(), at("2026-11-20T12:00+03:00"));
        let mut csv = "contact_id,name,phone,language,zone,creditor,amount,currency,due,address\n".to_string();
        for n in 1..4 {
            csv += &format!("K{n},Anna,+7916123456{n},ru,Europe/Moscow,Water,1000.00,RUB,2026-11-01,Lenina {n}\n");
        }
        store.import(&read(csv.as_bytes(), Defaults::default()).unwrap().contacts, start).await.unwrap();
        let id = store.create_campaign("doors", LADDER, &[], start).await.unwrap();
        let ladder = ladder::compile(LADDER).0.unwrap();
        let standings = store.not_enrolled(id, ContactId(0), 9).await.unwrap();
        let first = |s: &crate::books::Standing| crate::campaign::plan_first(&ladder, s, start);
        let batch: Vec<Enrolment> =
            standings.iter().map(|s| Enrolment { contact: s.contact.id, next: first(s) }).collect();
        store.enrol(id, &batch, start).await.unwrap();
        store.set_campaign_state(id, CampaignState::Running, start).await.unwrap();
        give_out(&store, "2026-11-20T12:00+03:00").await;
        store
    }

    /// What the engine does when a visit is due; another contact's hand-over may be due too.
    async fn give_out(store: &MemoryStore, now: &str) {
        let (now, ladder) = (at(now), ladder::compile(LADDER).0.unwrap());
        for claimed in
            store.claim_due(now, now + std::time::Duration::from_secs(60), &[(CampaignId(1), 9)]).await.unwrap()
        {
            let (attempt, outcome) = (claimed.attempt.id, Outcome::of(Disposition::HandedOver));
            let next = crate::campaign::plan_next(
                &ladder,
                &claimed.standing,
                &claimed.attempt.plan,
                Disposition::HandedOver,
                now,
            );
            store.apply(&[Change::Finish { attempt, outcome, at: now, next }]).await.unwrap();
        }
    }

    async fn imported(store: &MemoryStore, csv: &str, now: &str) -> String {
        let mut out = Vec::new();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("reports.csv");
        std::fs::write(&path, csv).unwrap();
        let source = Source { path, encoding: Encoding::Utf8, sheet: None };
        let rejects = dir.path().join("rejects.csv");
        import(store, &source, &Defaults::default(), rejects, at(now), &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    async fn closed(store: &MemoryStore, contact: &str) -> Option<Close> {
        store.history(contact).await.unwrap().closed.pop().map(|(_, close)| close)
    }

    #[tokio::test]
    async fn reports_lead_to_other_hours_a_promise_or_the_next_step() {
        let store = given_out().await;
        let mut listed = Vec::new();
        list(&store, at("2026-11-22T12:00+03:00"), &mut listed).await.unwrap();
        let listed = String::from_utf8(listed).unwrap();
        assert!(
            listed.contains("K2 Anna: Lenina 2; owes 1000.00 RUB; visit 1 of doors, given out 2 days ago"),
            "{listed}"
        );
        assert_eq!(closed(&store, "K1").await.unwrap().reason, "visiting");
        let csv = "contact_id;outcome;visited_at;note;amount;currency;on\n\
                   K1;nobody_home;2026-11-20T15:00+03:00;dark windows;;;\n\
                   K2;promised;;;500,00;RUB;2026-11-30\n\
                   K3;moved;;;;;\n\
                   K3;met;;;;;\n\
                   K9;met;;;;;\n\
                   K1;vanished;;;;;\n";
        let told = imported(&store, csv, "2026-11-20T18:00+03:00").await;
        for says in [
            "K1: nobody_home; next: visit at 2026-11-22 18:00, because: visit 2 of 3 after nobody_home, 2 days later, in the evening",
            "K2: promised; closed as promised",
            "K3: moved; next: human at 2026-11-20 18:00, because: step 1 ended: the visit came to moved; step 2 of 2: human",
            "line 5, contact_id `K3`: no visit to K3 waits for a report",
            "line 6, contact_id `K9`: contact `K9` is not there",
            "line 7, outcome `vanished`",
            "3 reports entered, 3 lines refused",
        ] {
            assert!(told.contains(says), "`{says}` is not in\n{told}");
        }
        let promises = store.history("K2").await.unwrap().standing.promises;
        assert_eq!(promises.iter().map(|p| p.amount.to_string()).collect::<Vec<_>>(), ["500.00 RUB"]);

        // The second and third visit to K1.
        for (day, next) in [
            (
                "2026-11-22T18:00+03:00",
                "next: visit at 2026-11-25 09:00, because: visit 3 of 3 after nobody_home, 2 days later, in the morning",
            ),
            (
                "2026-11-25T09:00+03:00",
                "next: human at 2026-11-25 19:00, because: step 1 ended after 3 of 3 visits, the last: nobody_home",
            ),
        ] {
            give_out(&store, day).await;
            let entered = if day.contains("22T") { "2026-11-22T20:00+03:00" } else { "2026-11-25T19:00+03:00" };
            let told = imported(&store, "contact_id,outcome\nK1,nobody_home\n", entered).await;
            assert!(told.contains(next), "`{next}` is not in\n{told}");
        }
        let visits = store.history("K1").await.unwrap().visits;
        assert_eq!((visits.len(), visits[0].note.as_str()), (3, "dark windows"));
    }

    #[tokio::test]
    async fn what_cannot_be_reported_says_why() {
        let store = given_out().await;
        let now = at("2026-11-20T18:00+03:00");
        let line = |outcome, promised| VisitLine {
            contact: "K1".into(),
            outcome,
            visited_at: now,
            note: String::new(),
            promised,
        };
        let money = |text: &str| text.parse::<Money>().unwrap();
        let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
        for (line, why) in [
            (line(VisitOutcome::Promised, None), "say what was promised"),
            (line(VisitOutcome::Met, Some((money("1.00 RUB"), day("2026-11-30")))), "has no promise"),
            (line(VisitOutcome::Promised, Some((money("1000.01 RUB"), day("2026-11-30")))), "1000.00 RUB is owed"),
            (line(VisitOutcome::Promised, Some((money("10.00 RUB"), day("2026-11-19")))), "has passed"),
            (VisitLine { visited_at: at("2026-11-21T00:00Z"), ..line(VisitOutcome::Met, None) }, "in the future"),
        ] {
            let error = report(&store, &line, now).await.unwrap_err();
            assert!(error.to_string().contains(why), "{why}: {error:#}");
        }
        assert_eq!(closed(&store, "K1").await.unwrap().reason, "visiting", "nothing was entered");
        assert!(matches!(store.history("K1").await.unwrap().visits.as_slice(), []));
    }
}
