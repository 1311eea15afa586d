//! `ringback simulate`: campaigns in virtual time, one seed a world.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use crate::flow::program::Program;
use crate::sim::{self, Scene, Summary, Troubles};
use crate::{flow, ladder};

#[derive(clap::Args)]
pub struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, one after another.
    #[arg(long, default_value_t = 1)]
    count: u64,
    #[arg(long, default_value_t = 40)]
    contacts: u32,
    /// Virtual days.
    #[arg(long, default_value_t = 10)]
    days: u32,
}

/// The shipped ladder and flows, with every kind of trouble.
pub fn shipped_scene(contacts: u32, days: u32) -> anyhow::Result<Scene> {
    let flows = super::init::shipped_flows();
    let ladder_source = super::init::SHIPPED_LADDER;
    let ladder = ladder::compile(ladder_source).0.context("the shipped ladder compiles")?;
    let mut programs: Vec<(Arc<Program>, String)> = Vec::new();
    for name in ladder.flows() {
        let source = flows.get(name).with_context(|| format!("the shipped ladder names the flow {name}"))?;
        let program = flow::compile(source).program.with_context(|| format!("the shipped flow {name} compiles"))?;
        programs.push((Arc::new(program), (*source).to_string()));
    }
    Ok(Scene {
        ladder: Arc::new(ladder),
        ladder_source: ladder_source.to_string(),
        programs,
        start: "2026-11-20T00:00Z".parse().expect("a fixed instant"),
        contacts,
        days,
        troubles: Troubles::ALL,
        plant: None,
    })
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let scene = shipped_scene(arguments.contacts, arguments.days)?;
    let mut total = Summary::default();
    for seed in arguments.seed..arguments.seed + arguments.count {
        match sim::run(&scene, seed) {
            Ok(summary) => total.add(&summary),
            Err(violation) => {
                println!("{violation}");
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    println!("{} worlds, no rule broken\n{total:#?}", arguments.count);
    Ok(ExitCode::SUCCESS)
}
