//! The progress line.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::serve::words;
use crate::money::Money;
use crate::serve::Progress;
use crate::time::{Mono, Wall};

pub(super) struct Screen {
    bar: ProgressBar,
    /// For calls a second: when and how many at the last look.
    last: Option<(Mono, u64)>,
    per_second: f64,
    begins: Wall,
    lines: Option<u64>,
}

/// Without a terminal, a line this often (seconds).
const LINE_EVERY_S: u64 = 10;

impl Screen {
    pub fn new(begins: Wall) -> Screen {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("a fixed template"));
        let lines = bar.is_hidden().then_some(0);
        Screen { bar, last: None, per_second: 0.0, begins, lines }
    }

    pub fn show(&mut self, progress: &Progress) {
        let tally = progress.tally;
        let mono = progress.now.mono;
        match self.last {
            Some((at, dialled)) if mono.since(at).as_secs_f64() >= 1.0 => {
                self.per_second = (tally.dialled - dialled) as f64 / mono.since(at).as_secs_f64();
                self.last = Some((mono, tally.dialled));
            }
            Some(_) => {}
            None => self.last = Some((mono, tally.dialled)),
        }
        let hours = progress.now.wall.since(self.begins).as_secs() / 3_600;
        let money: Vec<String> =
            tally.promised.iter().map(|(currency, minor)| Money::new(*minor, *currency).to_string()).collect();
        let line = format!(
            "day {} {:02} h | in the air {:>3} | {:>4.1} dials/s | dialled {} answered {} | promises {} ({}) | \
             to agents {} | SMS and e-mail {} | errors {}{}",
            hours / 24 + 1,
            hours % 24,
            progress.in_air,
            self.per_second,
            tally.dialled,
            tally.answered,
            tally.promises,
            if money.is_empty() { "0".to_string() } else { money.join(", ") },
            tally.agents_talked,
            tally.messages,
            tally.errors,
            if progress.holding.is_empty() { String::new() } else { format!(" | {}", words(&progress.holding)) },
        );
        match &mut self.lines {
            // No terminal: a plain line now and then.
            Some(next) if mono.0 / 1_000_000 >= *next => {
                *next = mono.0 / 1_000_000 + LINE_EVERY_S;
                println!("  {line}");
            }
            Some(_) => {}
            None => {
                self.bar.set_message(line);
                self.bar.tick();
            }
        }
    }

    pub fn done(&self) {
        self.bar.finish();
        println!();
    }
}
