//! `sipp` calls, we answer: every transcript of `tests/sipp/in` and what must come of it.

use std::net::SocketAddr;
use std::sync::Arc;

use ringback::audio::Codec;
use ringback::sip::Strangers;
use ringback::time::Clock;
use ringback::trunk::answerer::{Answerer, AnswererEvent, AnswererEventKind, Credentials, Secret};
use ringback::trunk::{Timing, TrunkEventKind};
use tokio::sync::mpsc::unbounded_channel;

use crate::scenario::{self, Scenario};
use crate::sip_outbound::each_at_once;
use crate::sipp::{IPV6, STRANGER, call_with_sipp_xml, line, nowhere};

#[test]
fn every_transcript_comes_out_as_it_says() {
    let scenarios = scenario::all("in");
    let failures = each_at_once(&scenarios, called);
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), scenarios.len(), failures.join("\n"));
}

/// What our side does, as the transcript's `we` line says.
#[derive(Default)]
struct Orders {
    demand: Option<Credentials>,
    ipv6: bool,
    tcp: bool,
    /// It calls a trunk, from another address than the carrier's.
    stranger: bool,
    /// It calls a trunk whose carrier it is.
    carrier: bool,
    forbidden: bool,
    ring: bool,
    answer: bool,
    ignore: bool,
    reject: Option<u16>,
    when_acked: bool,
}

impl Orders {
    fn read(scenario: &Scenario) -> Orders {
        let mut orders = Orders::default();
        for order in scenario.we.iter().flat_map(|line| line.split(", ")) {
            match order.split_whitespace().collect::<Vec<_>>()[..] {
                ["ipv6"] => orders.ipv6 = true,
                ["tcp"] => orders.tcp = true,
                ["are", "a", "trunk"] => orders.carrier = true,
                ["know", "only", "others"] => (orders.carrier, orders.stranger) = (true, true),
                ["say", "403", "to", "strangers"] => orders.forbidden = true,
                ["ring"] => orders.ring = true,
                ["answer"] => orders.answer = true,
                ["ignore"] => orders.ignore = true,
                ["reject", status] => orders.reject = Some(status.parse().expect("a status")),
                ["hang", "up", "when", "acked"] => orders.when_acked = true,
                ["demand", user, password] => {
                    orders.demand = Some(Credentials { username: user.into(), password: Secret::new(password) });
                }
                _ => panic!("`we {order}` is not understood"),
            }
        }
        orders
    }

    fn carry_out(&self, answerer: &Answerer, event: &AnswererEvent) {
        match &event.kind {
            AnswererEventKind::Incoming { media, .. } => {
                if self.ring {
                    answerer.ring(event.dialog);
                }
                if self.answer {
                    answerer.answer(event.dialog, nowhere(), media.codec);
                }
                if self.ignore {
                    answerer.ignore(event.dialog);
                }
                if let Some(status) = self.reject {
                    answerer.reject(event.dialog, status);
                }
            }
            AnswererEventKind::IncomingWithoutOffer { .. } if self.answer => {
                answerer.answer(event.dialog, nowhere(), Codec::Pcma);
            }
            AnswererEventKind::Acked if self.when_acked => answerer.hangup(event.dialog),
            _ => {}
        }
    }
}

fn called(scenario: &Scenario) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut options: Vec<&str> = scenario.sipp.iter().map(String::as_str).collect();
    if !options.contains(&"-m") {
        options.extend(["-m", "1"]);
    }
    let orders = Orders::read(scenario);
    if orders.ipv6 {
        options.push(IPV6);
    }
    if orders.tcp {
        options.extend(["-t", "t1"]);
    }
    if orders.stranger {
        options.push(STRANGER);
    }
    let mut told: Vec<String> = runtime.block_on(async {
        if orders.carrier {
            return trunk_called(scenario, &orders, &options).await;
        }
        let (out, mut events) = unbounded_channel::<AnswererEvent>();
        let bind = if orders.ipv6 { "[::1]:0" } else { "127.0.0.1:0" }.parse().expect("an address");
        let answerer =
            Answerer::start(bind, orders.demand.clone(), Arc::new(Clock::system()), out).expect("a socket on loopback");
        let sipp = call_with_sipp_xml(answerer.local_addr(), &scenario.name, &scenario.xml, &options);
        let mut sipp = tokio::task::spawn_blocking(move || sipp.finish());
        let mut told = Vec::new();
        loop {
            tokio::select! {
                Some(event) = events.recv() => {
                    orders.carry_out(&answerer, &event);
                    told.push(words(&event.kind));
                }
                ended = &mut sipp => break ended.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic())),
            }
        }
        answerer.stop().await;
        while let Some(event) = events.recv().await {
            told.push(words(&event.kind));
        }
        told
    });
    let mut expected: Vec<String> = Vec::new();
    let many = scenario.expect.iter().any(|line| line.contains(" × "));
    for line in &scenario.expect {
        let (what, times) = line.split_once(" × ").unwrap_or((line, "1"));
        expected.extend(std::iter::repeat_n(what.to_owned(), times.parse().expect("a number of times")));
    }
    if many {
        // Calls at once: their events come mixed.
        told.sort();
        expected.sort();
    }
    assert_eq!(told, expected);
}

/// As above, with a trunk in the answerer's place: what lets in its carrier and keeps out others.
async fn trunk_called(scenario: &Scenario, orders: &Orders, options: &[&str]) -> Vec<String> {
    let mut line = line(
        "127.0.0.1:9".parse().expect("an address"),
        |config| {
            config.inbound_after = Some(ringback::trunk::InboundNumbers::after(0));
            if orders.forbidden {
                config.settings.gate.strangers = Strangers::Forbidden;
            }
            // Bound to every address, as strangers reach it under another than the carrier.
            config.bind = "0.0.0.0:0".parse().expect("an address");
        },
        Timing::default(),
    );
    let at = SocketAddr::from(([127, 0, 0, 1], line.trunk.local_addr().port()));
    let sipp = call_with_sipp_xml(at, &scenario.name, &scenario.xml, options);
    let mut sipp = tokio::task::spawn_blocking(move || sipp.finish());
    let mut told = Vec::new();
    loop {
        tokio::select! {
            Some(event) = line.events.recv() => {
                if matches!(event.kind, TrunkEventKind::Offered { .. }) {
                    if orders.ring {
                        line.trunk.ring(event.leg);
                    }
                    if orders.answer {
                        line.trunk.answer(event.leg, nowhere());
                    }
                    if let Some(status) = orders.reject {
                        line.trunk.refuse(event.leg, status);
                    }
                }
                told.push(crate::sip_outbound::words(&event.kind));
            }
            ended = &mut sipp => break ended.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic())),
        }
    }
    line.trunk.stop().await;
    told
}

fn words(kind: &AnswererEventKind) -> String {
    match kind {
        AnswererEventKind::IncomingWithoutOffer { .. } => "incoming without an offer".to_owned(),
        AnswererEventKind::Moved(media) => format!("moved {}", media.direction),
        AnswererEventKind::Digit(digit) => format!("digit {digit}"),
        AnswererEventKind::Incoming { media, .. } => {
            let codec = match media.codec {
                Codec::Pcma => "pcma",
                Codec::Pcmu => "pcmu",
                Codec::G722 => "g722",
                Codec::Opus => "opus",
            };
            format!("incoming {codec} {}", media.dtmf_payload.map_or("-".to_owned(), |payload| payload.to_string()))
        }
        AnswererEventKind::Acked => "acked".to_owned(),
        AnswererEventKind::Cancelled => "cancelled".to_owned(),
        AnswererEventKind::Ended => "ended".to_owned(),
    }
}
