//! Simulated campaigns: the real engine, policy, ladder and calls against made-up people, a seed a world. The judge in
//! `sim` looks at every step; a seed that fails prints the command that replays it.

use ringback::cli::simulate::shipped_scene;
use ringback::sim::{self, Plant, Scene, Summary};

/// Of 5,000 worlds so many are large.
const SEEDS: u64 = 200;

/// Lives through a world a seed; returns what happened in all of them.
fn worlds(contacts: u32, days: u32, seeds: std::ops::Range<u64>) -> Summary {
    let scene = shipped_scene(contacts, days).expect("the shipped scene");
    let mut total = Summary::default();
    for seed in seeds.clone() {
        match sim::run(&scene, seed) {
            Ok(summary) => total.add(&summary),
            Err(violation) => panic!("{contacts} contacts, {days} days: {violation}"),
        }
    }
    println!("{} worlds: {total:?}", seeds.count());
    total
}

#[test]
fn no_rule_is_broken_in_small_worlds() {
    let total = worlds(5, 12, SEEDS..2_600);
    assert!(total.kept > 100 && total.broken > 100 && total.woken > 100 && total.reversals > 100, "{total:?}");
}

#[test]
fn no_rule_is_broken_in_more_of_them() {
    let total = worlds(5, 12, 2_600..5_000);
    assert!(total.kept > 100 && total.broken > 100 && total.woken > 100 && total.reversals > 100, "{total:?}");
}

#[test]
fn no_rule_is_broken_in_any_world() {
    let total = worlds(30, 8, 0..SEEDS);
    // Worlds in which nothing happens would prove nothing.
    assert!(total.dialled > SEEDS * 30, "{total:?}");
    assert!(total.promises > SEEDS && total.said_recorded > SEEDS, "{total:?}");
    assert!(total.crashes > SEEDS, "{total:?}");
    assert!(total.unknown_outcomes > 20, "{total:?}");
    assert!(total.moves > SEEDS / 4 && total.dialled_after_move > SEEDS * 5, "{total:?}");
    assert!(total.payments > SEEDS && total.reversals > SEEDS / 2, "{total:?}");
    assert!(total.kept > SEEDS / 2 && total.broken > SEEDS / 2 && total.woken > SEEDS / 2, "{total:?}");
    assert!(total.failed_over > SEEDS / 4, "{total:?}");
    assert!(total.agents_talked > 20 && total.in_line_max > 0, "{total:?}");
    assert!(total.messages > 0 && total.handed_over > 0, "{total:?}");
}

/// A judge that finds nothing would prove nothing: each fault is planted, and found.
#[test]
fn a_planted_fault_of_each_kind_is_found() {
    for (plant, says) in [
        (Plant::DialsTwice, "was dialled twice"),
        (Plant::WrongHour, "was dialled at"),
        (Plant::ForgetsHistory, "was rung 4 times"),
        (Plant::LosesPayments, "was dialled after paying"),
        (Plant::RingsOn, "rings on more than a second"),
        (Plant::LosesOptOuts, "the books do not know"),
        (Plant::LosesPromises, "says a promise is recorded that is not in the books"),
        (Plant::JudgesEarly, "was dialled while a promise is open"),
        (Plant::CountsTwice, "by the books after paying"),
        (Plant::LetsSleep, "nobody would ask again"),
        (Plant::LosesOutcomes, "its outcome is lost"),
        (Plant::PassesOver, "and is not made"),
    ] {
        let scene = Scene { plant: Some(plant), ..shipped_scene(20, 12).expect("the shipped scene") };
        let faults = (0..200).filter_map(|seed| sim::run(&scene, seed).err()).map(|violation| violation.what);
        // What else it finds on the way tells why, when this is not found.
        let mut others = Vec::new();
        let found = faults.inspect(|what| others.push(what.clone())).any(|what| what.contains(says));
        assert!(found, "{plant}: {says} is none of {others:?}");
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let scene = shipped_scene(20, 5).expect("the shipped scene");
    assert_eq!(sim::run(&scene, 7), sim::run(&scene, 7));
    assert_ne!(sim::run(&scene, 7), sim::run(&scene, 8));
}
