//! We call, `sipp` answers: every transcript of `tests/sipp/out` and what must come of it.

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::Duration;

use ringback::outcome::HangupCause;
use ringback::trunk::{Secret, Timing, Transport, TrunkConfig, TrunkEventKind};

use crate::scenario::{self, Scenario};
use crate::sipp::{IPV6, LEG, line, nowhere, start_sipp_xml};

/// sipp processes at once; most of their time is waiting.
const AT_ONCE: usize = 8;

#[test]
fn every_transcript_comes_out_as_it_says() {
    let scenarios = scenario::all("out");
    assert!(scenarios.len() >= 30, "{} scenarios", scenarios.len());
    let failures = each_at_once(&scenarios, call);
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), scenarios.len(), failures.join("\n"));
}

/// Runs `act` for each, some at once; the panics, by scenario. `ONLY=word` in the environment picks some.
pub fn each_at_once(scenarios: &[Scenario], act: impl Fn(&Scenario) + Sync) -> Vec<String> {
    let only = std::env::var("ONLY").unwrap_or_default();
    let queue = Mutex::new(scenarios.iter().filter(|s| s.name.contains(&only)).collect::<Vec<_>>());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(scenario) = queue.lock().expect("no panic holds it").pop() else { return };
                    if let Err(panic) = std::panic::catch_unwind(AssertUnwindSafe(|| act(scenario))) {
                        let said = panic.downcast_ref::<String>().cloned();
                        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
                        let line = format!("- {}: {}", scenario.name, said.unwrap_or_default());
                        failures.lock().expect("no panic holds it").push(line);
                    }
                }
            });
        }
    });
    failures.into_inner().expect("no panic holds it")
}

/// What our side does, as the transcript's `we` lines say.
#[derive(Default)]
struct Orders {
    timing: Timing,
    ipv6: bool,
    tcp: bool,
    ring_ms_max: Option<u64>,
    redirects_max: u8,
    credentials: Option<(String, String)>,
    at_once: bool,
    when_ringing: bool,
    when_answered: bool,
}

impl Orders {
    fn read(scenario: &Scenario) -> Orders {
        let mut orders = Orders::default();
        for order in &scenario.we {
            match order.split_whitespace().collect::<Vec<_>>()[..] {
                ["wait"] => {}
                ["ipv6"] => orders.ipv6 = true,
                ["tcp"] => orders.tcp = true,
                ["follow", times] => orders.redirects_max = times.parse().expect("a number of times"),
                ["hang", "up"] => orders.when_answered = true,
                ["hang", "up", "at", "once"] => orders.at_once = true,
                ["hang", "up", "when", "ringing"] => orders.when_ringing = true,
                ["ring", ms] => orders.ring_ms_max = Some(ms.parse().expect("milliseconds")),
                ["t1", ms] => orders.timing.t1 = Duration::from_millis(ms.parse().expect("milliseconds")),
                ["know", user, password] => orders.credentials = Some((user.to_owned(), password.to_owned())),
                _ => panic!("`we {order}` is not understood"),
            }
        }
        orders
    }

    fn configure(&self, config: &mut TrunkConfig) {
        if self.ipv6 {
            config.bind = "[::1]:0".parse().expect("an address");
        }
        if self.tcp {
            config.peer.transport = Some(Transport::Tcp);
        }
        config.settings.carrier.redirects_max = self.redirects_max;
        config.settings.carrier.redirect_prefixes = vec!["+7".to_owned()];
        if let Some(ms) = self.ring_ms_max {
            config.ring_ms_max = ms;
        }
        if let Some((user, password)) = &self.credentials {
            (config.username, config.password) = (Some(user.clone()), Some(Secret::new(password)));
        }
    }
}

fn call(scenario: &Scenario) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options: Vec<&str> = scenario.sipp.iter().map(String::as_str).collect();
    let orders = Orders::read(scenario);
    let home: &[&str] = if orders.ipv6 { &[IPV6] } else { &[] };
    let over: &[&str] = if orders.tcp { &["-t", "t1"] } else { &[] };
    let sipp = start_sipp_xml(&scenario.name, &scenario.xml, &[&["-m", "1"], home, over, &options[..]].concat());
    let told = runtime.block_on(async {
        let mut line = line(sipp.addr, |config| orders.configure(config), orders.timing);
        line.dial(nowhere());
        if orders.at_once {
            line.trunk.hangup(LEG);
        }
        let mut told = Vec::new();
        let last = loop {
            let kind = line.next().await;
            match kind {
                TrunkEventKind::Ringing if orders.when_ringing => line.trunk.hangup(LEG),
                TrunkEventKind::Answered(_) if orders.when_answered => line.trunk.hangup(LEG),
                _ => {}
            }
            told.push(words(&kind));
            if let TrunkEventKind::Failed { cause, .. } | TrunkEventKind::Ended(cause) = kind {
                break cause;
            }
        };
        // What belongs to a transaction is still answered: an ACK that was lost, a BYE that crossed ours.
        tokio::task::spawn_blocking(move || sipp.finish())
            .await
            .unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
        line.trunk.stop().await;
        if let Some(event) = line.events.recv().await {
            told.push(format!("and then {:?}", event.kind));
        }
        (told, last)
    });
    let (told, last): (Vec<String>, HangupCause) = told;
    assert_eq!(told, scenario.expect);
    if let Some(blame) = &scenario.blame {
        assert_eq!(last.disposition().blame().as_str(), blame);
    } else {
        assert!(matches!(last, HangupCause::LocalHangup | HangupCause::RemoteHangup), "no blame is written down");
    }
}

pub fn words(kind: &TrunkEventKind) -> String {
    match kind {
        TrunkEventKind::Ringing => "ringing".to_owned(),
        TrunkEventKind::EarlyMedia(media) => format!("early {}", format!("{:?}", media.codec).to_lowercase()),
        TrunkEventKind::Referred(outcome) => format!("referred {outcome:?}"),
        TrunkEventKind::Moved(media) => format!("moved {}", media.direction),
        TrunkEventKind::Digit { digit, .. } => format!("digit {digit}"),
        TrunkEventKind::Answered(media) => {
            let events = media.dtmf_payload.map_or("-".to_owned(), |payload| payload.to_string());
            format!("answered {} {events}", format!("{:?}", media.codec).to_lowercase())
        }
        TrunkEventKind::Failed { cause, status } => {
            format!("failed {cause} {}", status.map_or("-".to_owned(), |status| status.to_string()))
        }
        TrunkEventKind::Ended(cause) => format!("ended {cause}"),
        TrunkEventKind::Offered { .. } => "offered".to_owned(),
    }
}
