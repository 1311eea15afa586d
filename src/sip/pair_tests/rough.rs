//! Bad lines, broken bytes, orders out of place; and what a call costs.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::sip::auth::Demand;

/// Every call ends, in agreement, and leaves nothing behind, whatever the line does to packets.
#[test]
fn a_bad_line_delays_agreement_but_does_not_prevent_it() {
    let line = Line { lost: 15, doubled: 15, delay_min: 5, delay_max: 400 };
    let (mut answered, mut failed) = (0, 0);
    for seed in 0..1000u64 {
        let mut world = World::new(line, seed, |who, config| {
            if seed % 5 == 0 {
                match who {
                    CALLER => config.credentials = Some(secret("right")),
                    _ => config.demand = Some(Demand { realm: "net".into(), credentials: secret("right") }),
                }
            }
        });
        let mut dice = StdRng::seed_from_u64(seed ^ 0xd1ce);
        let mut roll = |n: u64| dice.next_u64() % n;
        world.on_incoming = match roll(5) {
            0 => vec![(roll(300), busy)],
            1 => vec![(roll(300), ring)],
            2 => vec![(roll(300), ring), (roll(9000), answer), (9000 + roll(9000), hang_up)],
            _ => vec![(roll(300), ring), (roll(9000), answer)],
        };
        let dialog = world.dial(0, 4000 + roll(12_000));
        world.at(roll(25_000), CALLER, hang_up(dialog));
        world.at(60_000, CALLER, hang_up(dialog));
        world.run();
        let told = |who: usize, wanted: &dyn Fn(&Event) -> bool| {
            world.events.iter().filter(|(_, w, e)| *w == who && wanted(e)).count()
        };
        let ends = |e: &Event| matches!(e, Event::Failed { .. } | Event::Ended { .. } | Event::Cancelled { .. });
        let up = |e: &Event| matches!(e, Event::Answered { .. });
        let context = || format!("seed {seed}: {:#?} {:#?}", world.told(CALLER), world.transcript());
        assert_eq!(told(CALLER, &ends), 1, "{}", context());
        assert!(told(CALLER, &up) <= 1 && told(CALLEE, &|e| matches!(e, Event::Acked { .. })) <= 1, "{}", context());
        // What the callee was told of, it was told the end of, unless it said no itself.
        let refused = world.on_incoming.iter().any(|(_, c)| matches!(c(dialog), Command::Reject { .. }));
        if !refused {
            assert_eq!(
                told(CALLEE, &|e| matches!(e, Event::Incoming { .. })),
                told(CALLEE, &ends),
                "{} {:#?}",
                context(),
                world.told(CALLEE)
            );
        }
        if told(CALLER, &up) == 1 {
            answered += 1;
            assert_eq!(told(CALLEE, &|e| matches!(e, Event::Ended { .. })), 1, "{}", context());
        } else {
            failed += 1;
        }
        world.assert_forgotten();
    }
    assert!(answered > 50 && failed > 50, "both happen: {answered}, {failed}");
}

/// Packets of a whole call, broken in a hundred ways, into agents that are in the midst of one.
#[test]
fn broken_bytes_never_panic() {
    let mut world = World::new(CLEAN, 1, |who, config| match who {
        CALLER => config.credentials = Some(secret("right")),
        _ => config.demand = Some(Demand { realm: "net".into(), credentials: secret("right") }),
    });
    world.on_incoming = vec![(0, ring), (500, answer)];
    let dialog = world.dial(0, 10_000);
    world.at(2000, CALLER, hang_up(dialog));
    world.run_until(ms(3000));
    let packets: Vec<(usize, Vec<u8>)> = world.sent.iter().map(|(_, who, bytes)| (*who, bytes.clone())).collect();
    let mut rng = StdRng::seed_from_u64(7);
    let spices = b"\r\n<>\";=:, \0\xff%@[]";
    for round in 0..20_000u64 {
        let (who, bytes) = &packets[rng.next_u64() as usize % packets.len()];
        let mut bytes = bytes.clone();
        for _ in 0..1 + rng.next_u64() % 4 {
            let at = rng.next_u64() as usize % bytes.len().max(1);
            match rng.next_u64() % 6 {
                0 => bytes.truncate(at),
                1 if at < bytes.len() => bytes[at] ^= 1 << (rng.next_u64() % 8),
                2 => bytes.insert(at.min(bytes.len()), spices[rng.next_u64() as usize % spices.len()]),
                3 if at < bytes.len() => drop(bytes.drain(at..(at + rng.next_u64() as usize % 40).min(bytes.len()))),
                4 if at < bytes.len() => {
                    let piece = bytes[at..(at + 30).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => {}
            }
        }
        let now = ms(3000 + round);
        world.agents[1 - who].handle(now, Input::Message { from: hop(*who), bytes: &bytes });
        if round % 100 == 0 {
            let dialog = world.agents[CALLER].reserve();
            let (to, from, media) = ("1".to_owned(), "2".to_owned(), audio(CALLER));
            let dial = Command::Dial { dialog, to, from, media, ring_ms_max: 5000 };
            world.agents[CALLER].handle(now, Input::Command(dial));
            for agent in &mut world.agents {
                agent.handle(now, Input::Ticked);
            }
        }
    }
    for agent in &world.agents {
        agent.check();
    }
    parse(b"Via:\r\n", hop(0)).err().expect("the datagram that once brought a stack down");
}

/// Orders at any time, about any call, also about none: nothing panics, every call ends, and nothing is kept.
#[test]
fn orders_out_of_place() {
    for seed in 0..200 {
        let line = Line { lost: 5, doubled: 10, delay_min: 1, delay_max: 60 };
        let mut world = World::new(line, seed, |_, _| {});
        let mut dice = StdRng::seed_from_u64(seed);
        let mut dialogs = Vec::new();
        for _ in 0..100 {
            let at = dice.next_u64() % 20_000;
            if dice.next_u64().is_multiple_of(5) {
                dialogs.push(world.dial(at, dice.next_u64() % 5000));
            }
            let who = (dice.next_u64() % 2) as usize;
            // The callee numbers its calls and transactions in one row.
            let dialog = DialogId(dice.next_u64() % 60);
            let command = match dice.next_u64() % 8 {
                0 => ring(dialog),
                1..=3 => answer(dialog),
                4 => busy(dialog),
                5 => ignore(dialog),
                _ => hang_up(dialog),
            };
            world.at(at, who, command);
        }
        world.at(30_000, CALLER, Command::Close);
        world.at(40_000, CALLEE, Command::Close);
        world.run();
        for dialog in dialogs {
            let ends = world.events.iter().filter(|(_, who, event)| {
                let ended = match event {
                    Event::Failed { dialog, .. } | Event::Ended { dialog, .. } => Some(*dialog),
                    _ => None,
                };
                *who == CALLER && ended == Some(dialog)
            });
            assert_eq!(ends.count(), 1, "seed {seed}: {dialog:?}");
        }
        world.assert_forgotten();
    }
}

/// What remains of a call in the caller's table until its timers run out: an ACK, not an INVITE.
#[test]
fn a_finished_invite_is_cheap_to_remember() {
    let mut world = World::new(CLEAN, 1, |_, _| {});
    world.on_incoming = vec![(0, ring), (1, busy)];
    for _ in 0..100 {
        world.dial(0, 10_000);
    }
    world.run_until(ms(100));
    let (transactions, bytes) = world.agents[CALLER].transactions_kept();
    assert_eq!(transactions, 100);
    println!("{} bytes each", bytes / transactions);
    assert!(bytes / transactions < 700, "{} bytes each", bytes / transactions);
}

/// Run by hand: `cargo test --lib sip::pair_tests::rough::measure -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn measure() {
    let clock = crate::time::Clock::system();
    let mut world = World::new(CLEAN, 1, |_, config| config.calls_max = 1_000_000);
    world.on_incoming = vec![(0, ring), (1, answer)];
    let calls = 20_000;
    for i in 0..calls {
        let dialog = world.dial(i, 10_000);
        world.at(i + 100, CALLER, hang_up(dialog));
    }
    let before = clock.now().mono;
    world.run_until(ms(calls + 1000));
    let took = clock.now().mono.since(before);
    let (kept, bytes) = world.agents[CALLER].transactions_kept();
    let invite = world.sent[0].2.clone();
    let start = clock.now().mono;
    for _ in 0..20_000 {
        assert!(parse(&invite, hop(CALLER)).is_ok());
    }
    let parsing = clock.now().mono.since(start).as_secs_f64() * 1e6 / 20_000.0;
    println!("reading an INVITE: {parsing:.1} µs");
    println!("{calls} calls, both ends: {took:?}, {:.1} µs each", took.as_secs_f64() * 1e6 / calls as f64);
    println!("caller keeps {kept} transactions (INVITE, BYE), {} bytes each", bytes / kept);
    assert_eq!(world.told(CALLER).iter().filter(|t| t.contains("answered")).count() as u64, calls);
}
