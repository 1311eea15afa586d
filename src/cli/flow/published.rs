//! `ringback flow versions` and `ringback flow published`: what is published.

use std::io::Write;

use crate::books::{Campaign, CampaignState, FlowRef, FlowVersion, PublishedFlow, Which};
use crate::store::Store;

pub(super) async fn versions(store: &impl Store, name: Option<&str>, out: &mut impl Write) -> anyhow::Result<bool> {
    let published = store.published().await?;
    if let Some(name) = name {
        // Says what is there instead, when it is not.
        FlowRef { name: name.to_string(), which: Which::Latest }.find(&published)?;
    }
    if published.is_empty() {
        writeln!(out, "no flow is published yet; `ringback flow publish FILES` publishes them")?;
        return Ok(true);
    }
    let campaigns = store.campaigns().await?;
    let shown = published.iter().filter(|p| name.is_none_or(|name| p.flow.name == name));
    let row = |p: &PublishedFlow| {
        let PublishedFlow { flow, published_at } = p;
        let at = super::minute(*published_at);
        [flow.name.clone(), flow.version.to_string(), flow.hash.to_string(), at, users(flow, &campaigns)]
    };
    let header = ["flow", "version", "hash", "published", "used by"].map(String::from);
    let rows: Vec<[String; 5]> = std::iter::once(header).chain(shown.map(row)).collect();
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
    let [name, version, hash, at] = [0, 1, 2, 3].map(width);
    for [a, b, c, d, e] in &rows {
        let line = format!("{a:name$}  {b:>version$}  {c:hash$}  {d:at$}  {e}");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(true)
}

/// Campaigns that call with it, or will: `overdue (running)`.
fn users(flow: &FlowVersion, campaigns: &[Campaign]) -> String {
    let using = campaigns.iter().filter(|c| match c.state {
        CampaignState::Draft | CampaignState::Running | CampaignState::Paused => {
            c.flows.iter().any(|f| f.hash == flow.hash)
        }
        CampaignState::Stopped | CampaignState::Finished => false,
    });
    let words: Vec<String> = using.map(|c| format!("{} ({})", c.name, c.state)).collect();
    words.join(", ")
}

/// The text as it was published, to the byte: what `flow diff` and an editor take.
pub(super) async fn print(store: &impl Store, flow: &FlowRef, out: &mut impl Write) -> anyhow::Result<bool> {
    let published = store.published().await?;
    write!(out, "{}", flow.find(&published)?.flow.source)?;
    Ok(true)
}
