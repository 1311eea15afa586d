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
