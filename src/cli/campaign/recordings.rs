//! What recorded voices lack for a campaign's flows, named before anybody is rung.

use std::collections::BTreeSet;

use anyhow::bail;

use super::PAGE;
use crate::books::Campaign;
use crate::flow::program::Program;
use crate::id::ContactId;
use crate::language::Language;
use crate::money::Currency;
use crate::serve;
use crate::speech::vocabulary::Extent;
use crate::store::Store;
use crate::time::{Wall, Zone};
use crate::voice::VoiceSet;
use crate::workshop::reading::reading;

/// More than these are counted, not named.
const NAMED_MAX: usize = 20;

/// One line for each recorded voice that lacks something; another voice says those clauses.
///
/// # Errors
/// A clause that nobody could say.
pub(super) async fn lacking(
    store: &impl Store,
    voices: &VoiceSet,
    campaign: &Campaign,
    now: Wall,
) -> anyhow::Result<Vec<String>> {
    let programs: Vec<Program> = serve::load_plan(campaign)?.programs.values().map(|p| p.as_ref().clone()).collect();
    let mut currencies: BTreeSet<Currency> = BTreeSet::new();
    let mut amount_max = 0;
    // Who is called by a recorded voice, and in whose name.
    let mut called: BTreeSet<(Language, String)> = BTreeSet::new();
    let mut after = ContactId(0);
    loop {
        let page = store.contacts(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for contact in &page {
            currencies.insert(contact.amount().currency);
            amount_max = amount_max.max(contact.amount().minor.unsigned_abs() / 100);
            for program in &programs {
                called.insert((program.language_for(contact.language), contact.creditor.clone()));
            }
        }
    }
    let currencies: Vec<Currency> = currencies.into_iter().collect();
    let extent = Extent { number_max: amount_max.max(999), currencies: &currencies, today: now.date(&Zone::utc()) };
    let mut lines = Vec::new();
    for (language, creditor) in called {
        let Some((name, fragments, other)) = voices.recorded_first(language, &creditor) else { continue };
        let wanted = reading(&programs, language, std::slice::from_ref(&creditor), &extent)?;
        let lacks: BTreeSet<&str> =
            wanted.iter().map(|line| line.text.as_str()).filter(|text| !fragments.says(language, text)).collect();
        if lacks.is_empty() {
            continue;
        }
        let named = lacks.iter().take(NAMED_MAX).map(|text| format!("«{text}»")).collect::<Vec<_>>().join(", ");
        let more = match lacks.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            n => format!(" and {n} more (`ringback prompts record-script --missing` lists them all)"),
        };
        let whom = if creditor.is_empty() { String::new() } else { format!(", in the name of {creditor}") };
        let what = format!("the voice {name} ({language}{whom}) has no recording of {named}{more}");
        match other {
            Some(other) => lines.push(format!("{what}; {other} says the clauses with them")),
            None => bail!("{what}, and no other voice is named after it (config: speech, speakers)"),
        }
    }
    Ok(lines)
}
