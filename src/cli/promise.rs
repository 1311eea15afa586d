//! `ringback promise`: what a contact has promised, and taking it back by hand.

use std::path::Path;

use anyhow::bail;

use crate::books::PromiseState;
use crate::store::Store;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Each promise of a contact, with what it came to and when it is judged.
    List {
        /// The contact's `contact_id`.
        contact: String,
    },
    /// The contact's open promise binds no more, for example because a clerk agreed on something else; its campaign goes on.
    Withdraw {
        /// The contact's `contact_id`.
        contact: String,
    },
}

pub async fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let (_, store, clock) = super::open(config).await?;
    match command {
        Command::List { contact } => {
            let standing = store.history(contact).await?.standing;
            let zone = &standing.contact.zone;
            if standing.promises.is_empty() {
                println!("{contact} has promised nothing");
            }
            for p in &standing.promises {
                let at = |wall: crate::time::Wall| wall.in_zone(zone).strftime("%Y-%m-%d %H:%M").to_string();
                let part = if p.parts > 1 { format!(", part {} of {}", p.part, p.parts) } else { String::new() };
                println!(
                    "{} for {}{part}: {}; made at {} in call {}, kept from {} on, judged at {}",
                    p.amount,
                    p.on,
                    p.state,
                    at(p.made_at),
                    p.attempt,
                    p.least,
                    at(p.judge_at)
                );
            }
        }
        Command::Withdraw { contact } => {
            let promises = store.history(contact).await?.standing.promises;
            let open: Vec<_> = promises.iter().filter(|p| p.state == PromiseState::Open).collect();
            if open.is_empty() {
                bail!("{contact} has no open promise; `ringback promise list {contact}` shows what there is");
            }
            let now = clock.now().wall;
            for promise in open {
                store.withdraw_promise(promise.id, now).await?;
                println!("the promise of {} for {} is withdrawn", promise.amount, promise.on);
            }
        }
    }
    Ok(())
}
