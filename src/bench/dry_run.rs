//! How fast days are played for a list of made-up people: the dry run of `campaign dry-run`, without books.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::crowd::Crowd;
use super::process::peak_kb;
use super::sys::own_cpu_us;
use crate::campaign::plan_first;
use crate::cli::SHIPPED_LADDER;
use crate::forecast::{Lines, List, People, Scene, play};
use crate::ladder;
use crate::time::{Clock, Wall};

/// What `ringback bench-dry-run` is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, default_value_t = 1_000_000)]
    contacts: u64,
    #[arg(long, default_value_t = 30)]
    days: u32,
    #[arg(long, default_value_t = 3_000)]
    channels_max: u32,
    #[arg(long, default_value_t = 100)]
    cps_max: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DryRun {
    pub contacts: u64,
    pub days: u32,
    pub channels_max: u32,
    pub cps_max: u32,
    /// Making the people up and planning the first attempt of each.
    pub load_s: f64,
    /// The play.
    pub play_s: f64,
    pub cpu_s: f64,
    pub peak_kb: u64,
    pub calls: u64,
    pub messages: u64,
    pub put_off: u64,
    pub accounted_for: u64,
}

/// Prints [`DryRun`] as JSON.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let (ladder, _) = ladder::compile(SHIPPED_LADDER);
    let ladder = ladder.context("the shipped ladder compiles")?;
    let people = People::default_model();
    let start: Wall = "2026-11-23T05:00Z".parse()?;
    let clock = Clock::system();
    let begun = clock.mono();
    let crowd = Crowd::new(start);
    let mut list = List::default();
    for n in 0..args.contacts {
        let standing = crowd.standing(n);
        let next = plan_first(&ladder, &standing, start);
        list.add(&standing, &next, |_| true)?;
    }
    let load_s = clock.mono().since(begun).as_secs_f64();
    let lines = Lines { channels_max: args.channels_max, cps_max: args.cps_max };
    let scene = Scene {
        ladder: &ladder,
        people: &people,
        lines,
        prices: None,
        trunks: None,
        purse: None,
        agents: None,
        start,
        days: args.days,
        seed: 1,
    };
    let begun = clock.mono();
    let outlook = play(list, &scene)?;
    let done = DryRun {
        contacts: args.contacts,
        days: args.days,
        channels_max: args.channels_max,
        cps_max: args.cps_max,
        load_s,
        play_s: clock.mono().since(begun).as_secs_f64(),
        cpu_s: own_cpu_us() as f64 / 1e6,
        peak_kb: peak_kb().unwrap_or(0),
        calls: outlook.calls(),
        messages: outlook.days.iter().map(|day| day.messages).sum(),
        put_off: outlook.days.iter().map(|day| day.put_off).sum(),
        accounted_for: outlook.accounted_for(),
    };
    println!("{}", serde_json::to_string(&done)?);
    Ok(())
}
