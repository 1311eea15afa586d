//! Several carriers, played by sipp: the real program dials over one, and over the other when the first cannot.

use std::time::Duration;

use ringback::books::Attempt;
use ringback::outcome::Disposition;

use crate::blast::Campaign;
use crate::house::{House, wait_for};
use crate::sipp::{Sipp, start_sipp_with, start_sipp_xml};

const LIMIT: Duration = Duration::from_secs(60);
const PACE: &str = "    channels_max: 4\n    cps_max: 4\n    ring_s_max: 5\n";

/// Two trunks, `test` before `backup`; `more` of the config behind them.
fn house(first: &str, second: &str, of_first: &str, of_second: &str, more: &str) -> House {
    House::new(
        first,
        &format!(
            "{PACE}{of_first}  - name: backup\n    peer: \"{second}\"\n    bind: \"127.0.0.1:0\"\n    priority: 2\n\
             {PACE}    options_interval_s: 0\n{of_second}{more}"
        ),
    )
}

/// One contact is dialled; its first attempt.
fn dial(house: House) -> (Attempt, String) {
    let campaign = Campaign::start_in(house, 1, &[]);
    let attempt = campaign.finished(1, LIMIT).remove(0);
    (attempt, campaign.stop())
}

fn refuses(status: &str) -> Sipp {
    start_sipp_with("refuse", &[("status", status)], &[])
}

fn disposition(attempt: &Attempt) -> Disposition {
    attempt.outcome.as_ref().expect("finished").disposition
}

#[test]
fn a_call_that_one_carrier_refuses_goes_over_the_next() {
    let (first, second) = (refuses("503"), refuses("486"));
    let no_pings = "    options_interval_s: 0\n";
    let (attempt, log) = dial(house(&first.addr.to_string(), &second.addr.to_string(), no_pings, "", ""));
    assert_eq!((disposition(&attempt), attempt.trunk.as_deref()), (Disposition::Busy, Some("backup")), "{log}");
}

/// 504: somebody further on was asked and did not answer, and may have been rung.
#[test]
fn whom_a_carrier_may_have_rung_is_not_dialled_over_the_next() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sipp/refuse.xml");
    let text = std::fs::read_to_string(file).expect("the scenario").replace("{{status}}", "503");
    let (head, send) = text.split_once("  <send retrans").expect("a scenario that sends");
    let ringing = "SIP/2.0 180 Ringing\n[last_Via:]\n[last_From:]\n[last_To:];tag=[pid]SIPp[call_number]\n[last_Call-ID:]\n\
                   [last_CSeq:]\nContact: <sip:[local_ip]:[local_port]>\nContent-Length: 0\n";
    let rings = format!(
        "{head}  <send><![CDATA[\n{ringing}\n]]></send>\n  <pause milliseconds=\"200\"/>\n  <send retrans{send}"
    );
    for first in [start_sipp_xml("ring_refuse", rings.as_bytes(), &[]), refuses("504")] {
        let second = refuses("486");
        let no_pings = "    options_interval_s: 0\n";
        let (attempt, log) = dial(house(&first.addr.to_string(), &second.addr.to_string(), no_pings, "", ""));
        let found = (disposition(&attempt), attempt.trunk.as_deref());
        assert_eq!(found, (Disposition::Congestion, Some("test")), "{log}");
    }
}

/// A carrier that is not there: calls go over the other, and `campaign status` says so while it lasts.
#[test]
fn a_trunk_that_is_down_is_passed_over() {
    // A port that nobody listens on, held so that nobody will.
    let held = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let second = refuses("486");
    let first = held.local_addr().expect("its address").to_string();
    let house = house(&first, &second.addr.to_string(), "    options_interval_s: 5\n", "", "");
    let campaign = Campaign::start_in(house, 1, &[]);
    let attempt = campaign.finished(1, LIMIT).remove(0);
    assert_eq!((disposition(&attempt), attempt.trunk.as_deref()), (Disposition::Busy, Some("backup")));
    let says = "trunk test is not dialled: the trunk does not answer";
    for command in [&["campaign", "status"][..], &["why", "--campaign", "blast"]] {
        wait_for("the reason to be told", LIMIT, || campaign.house.ok(command).contains(says).then_some(()));
    }
    let log = campaign.stop();
    assert!(log.contains("the trunk does not answer; it is not dialled until it does"), "{log}");
}

/// Each attempt costs 0.25, and a day has 0.60: two are made, and no more after the program was started again.
#[test]
fn a_days_money_is_counted_from_the_books() {
    let peer = refuses("486");
    let tariff =
        "    options_interval_s: 0\n    tariff: { currency: GBP, rates: [{ prefix: \"+\", attempt: 0.25 }] }\n";
    let budget = "budget: { zone: Etc/GMT, currency: GBP, day_max: 0.60 }\n";
    let house = House::new(&peer.addr.to_string(), &format!("{PACE}{tariff}{budget}"));
    let mut campaign = Campaign::start_in(house, 5, &[]);
    let put_off = |campaign: &Campaign| {
        let attempts = campaign.attempts()?;
        (attempts.iter().filter(|a| a.plan.why.contains("is spent for today")).count() == 3).then_some(attempts)
    };
    let attempts = wait_for("the rest to wait for money", LIMIT, || put_off(&campaign));
    let costs = |attempts: &[Attempt]| attempts.iter().filter_map(|a| Some(a.cost?.to_string())).collect::<Vec<_>>();
    assert_eq!(costs(&attempts), ["0.25 GBP", "0.25 GBP"]);
    wait_for("the status to say so", LIMIT, || {
        let status = campaign.house.ok(&["campaign", "status"]);
        status.contains("campaign blast is not dialled: the daily limit of all campaigns, 0.60 GBP").then_some(())
    });
    campaign.restart();
    // A contact who comes new would be dialled at once, if it were not for what was spent before.
    let rows = std::fs::read_to_string(campaign.house.path("contacts.csv")).expect("the contacts");
    let late = rows.lines().last().expect("a contact").replace("c4,", "late,").replace("1234571", "1234599");
    campaign.house.write("late.csv", &format!("{}\n{late}\n", rows.lines().next().expect("a header")));
    campaign.house.ok(&["import", &campaign.house.path("late.csv").to_string_lossy()]);
    campaign.house.ok(&["campaign", "start", "blast"]);
    wait_for("the late one to wait for money", LIMIT, || {
        let told = campaign.house.ok(&["why", "late"]);
        told.contains("0.60 GBP, is spent for today: 0.50 GBP so far").then_some(())
    });
    assert_eq!(costs(&campaign.attempts().expect("the books")).len(), 2);
}
