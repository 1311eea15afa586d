//! Every parser that a stranger reaches, fed with seeds and some ten thousand mutations of them, the same ones each time.
//!
//! `RINGBACK_FUZZ_INPUTS=1000000 cargo test --test it fuzz::` runs longer, `RINGBACK_FUZZ_SEED=2` elsewhere. For a fuzzer that is
//! guided by coverage, see `fuzz/README.md`.

mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use mutate::{Dice, mutated};
use targets::TARGETS;

const INPUTS: u64 = 10_000;

fn number(name: &str, or: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(or)
}

/// `tests/fuzz/NAME.txt`: seeds between lines of `=====`. Text goes with CRLF; a file that begins with `hex` holds digits, in
/// which `#` begins a remark.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fuzz/{name}.txt"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let digits = |seed: &str| -> Vec<u8> {
        let lines = seed.lines().map(|line| line.split('#').next().unwrap_or(""));
        let digits: Vec<u8> = lines.flat_map(str::chars).filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
        digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    };
    match text.strip_prefix("hex\n") {
        Some(text) => text.split("=====\n").map(digits).collect(),
        None => text.split("=====\n").map(|seed| seed.replace('\n', "\r\n").into_bytes()).collect(),
    }
}

#[test]
fn parsers_bear_what_strangers_send() {
    let (inputs, seed) = (number("RINGBACK_FUZZ_INPUTS", INPUTS), number("RINGBACK_FUZZ_SEED", 1));
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        let mut dice = Dice(seed);
        let feed = |input: &[u8]| {
            if catch_unwind(AssertUnwindSafe(|| target(input))).is_err() {
                panic!("{name}, {} bytes: \"{}\"", input.len(), input.escape_ascii());
            }
        };
        feed(b"");
        seeds.iter().for_each(|seed| feed(seed));
        for _ in 0..inputs {
            feed(&mutated(&seeds, &mut dice));
        }
        println!("{name}: {inputs} inputs from {} seeds", seeds.len());
    }
}
