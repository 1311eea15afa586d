use super::*;
use crate::policy::world::{phone, standing};
use crate::policy::{CallingWindow, Hours, Purpose, Question, Rules, WEEK, decide};
use crate::time::Wall;

fn placed(zone: &str, from: ZoneFrom, numbers: &[&str], fields: &[(&str, &str)]) -> Contact {
    let mut contact = standing(zone).contact;
    contact.zone_from = from;
    contact.phones = numbers.iter().enumerate().map(|(n, number)| phone(n as i64 + 1, number)).collect();
    contact.fields = fields.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    contact
}

fn shown(zones: &[Zone]) -> String {
    let mut names: Vec<&str> = zones.iter().map(|z| z.name().rsplit('/').next().unwrap_or_default()).collect();
    names.sort_unstable();
    match names.len() {
        0..=4 => names.join(" "),
        n => format!("{n} zones"),
    }
}

#[test]
fn where_a_contact_may_be() {
    use ZoneFrom::{Given, Number, Region};
    for (from, numbers, fields, expected) in [
        (Given, vec!["+79161234567"], vec![], "Moscow"),
        (Given, vec![], vec![], "Moscow"),
        (Number, vec!["+79161234567"], vec![], "12 zones"),
        (Number, vec!["+74012345678"], vec![], "Kaliningrad"),
        (Number, vec!["+74112345678"], vec![], "Magadan Vladivostok Yakutsk"),
        (Number, vec!["+77011234567"], vec![], "12 zones"),
        (Number, vec!["+12125551234"], vec![], "New_York"),
        (Number, vec!["+12705551234"], vec![], "Chicago New_York"),
        // Toll-free: nobody lives there.
        (Number, vec!["+18005551234"], vec![], ""),
        (Number, vec!["+447911123456"], vec![], "Guernsey Isle_of_Man Jersey London"),
        (Number, vec!["+4930123456"], vec![], "Berlin"),
        (Number, vec!["+12125551234", "+4930123456"], vec![], "Berlin New_York"),
        // No plan that we know begins so, and one number of unknown place makes the place unknown.
        (Number, vec!["+9991234567"], vec![], ""),
        (Number, vec!["+12125551234", "+9991234567"], vec![], ""),
        (Number, vec![], vec![], ""),
        (Region, vec!["+79161234567"], vec![("region", "Свердловская обл.")], "Yekaterinburg"),
        (Region, vec!["+79161234567"], vec![("region", "RU-SA")], "Magadan Vladivostok Yakutsk"),
        (Region, vec!["+79161234567"], vec![("region", "Сибирский федеральный округ")], "Irkutsk Krasnoyarsk Omsk"),
        (Region, vec!["+79161234567"], vec![("postcode", "236 010")], "Kaliningrad"),
        (Region, vec!["+77011234567"], vec![("region", "Алматы")], "Almaty"),
        (Region, vec!["+12125551234"], vec![("region", "CA")], "Los_Angeles"),
        (Region, vec!["+12125551234"], vec![("region", "US-TX")], "Chicago Denver"),
        (Region, vec!["+12125551234"], vec![("region", "Ontario")], "Chicago New_York"),
        (Region, vec!["+12125551234"], vec![("postcode", "90210-1234")], "Los_Angeles"),
        (Region, vec!["+12125551234"], vec![("postcode", "K1A 0B1")], "Chicago New_York"),
        (Region, vec!["+447911123456"], vec![("postcode", "GY1 1AA")], "Guernsey"),
        // Of another country's number, and named by its code.
        (Region, vec!["+79161234567"], vec![("region", "GB-SCT")], "London"),
        (Region, vec!["+79161234567"], vec![("region", "nowhere")], "12 zones"),
    ] {
        let contact = placed("Europe/Moscow", from, &numbers, &fields);
        assert_eq!(shown(&candidates(&contact)), expected, "{from} {numbers:?} {fields:?}");
    }
}

#[test]
fn of_the_import() {
    let number = |n: &str| vec![n.parse::<PhoneNumber>().unwrap()];
    for (region, postcode, numbers, expected) in [
        ("", "", number("+79161234567"), "Europe/Moscow number"),
        ("", "", number("+9991234567"), "UTC number"),
        ("Омская область", "", number("+79161234567"), "Asia/Omsk region"),
        ("Омская область", "620014", number("+79161234567"), "Asia/Omsk region"),
        ("", "620014", number("+79161234567"), "Asia/Yekaterinburg region"),
        ("Омск", "", number("+79161234567"), "no region of ru"),
        ("US-XX", "", number("+79161234567"), "no region of us"),
        ("", "6200", number("+79161234567"), "no postcode of ru"),
        ("", "050000", number("+77011234567"), "Europe/Moscow number"),
        // Of a country without a list: the number says what it can.
        ("Bayern", "80331", number("+4930123456"), "Europe/Berlin number"),
        ("", "XX1 1XX", number("+447911123456"), "no postcode of uk"),
    ] {
        let found = match surmised(region, postcode, &numbers) {
            Ok((zone, from)) => format!("{zone} {from}"),
            Err(NoRegion { what, country, .. }) => format!("no {what} of {country}"),
        };
        assert_eq!(found, expected, "{region} {postcode} {numbers:?}");
    }
}

/// The hours of a day in which an SMS is lawful: first and last whole hour that allow, in UTC, by asking each of 48 hours.
fn open_hours(rules: &Rules, contact: &Contact, day: &str) -> String {
    let mut standing = standing("UTC");
    standing.contact = contact.clone();
    let first: Wall = format!("{day}T00:00Z").parse().unwrap();
    let asked = (0..48).map(|hour| Wall(first.0 + hour * 3_600_000_000));
    let open: Vec<String> = asked
        .filter(|now| {
            let channel = crate::outcome::Channel::Sms;
            decide(&Question { standing: &standing, channel, purpose: Purpose::Demand, now: *now, rules }).allows()
        })
        .map(|now| now.to_string()[8..13].to_string())
        .collect();
    open.join(" ")
}

/// The vectors of the zone rule, ALL-Z: where nothing but the number is known, it is lawful in all the zones that the number allows.
#[test]
fn all_z_zones_of_the_number() {
    let us = Rules::of_ladder(CallingWindow::on(&WEEK, Hours::new(8 * 60, 21 * 60)), vec![], None);
    let ru = Rules::outermost();
    for (number, rules, day, expected) in [
        // Wednesday: from 08:00 in Kaliningrad to 22:00 in Kamchatka; Saturday: from 09:00 to 20:00.
        ("+79161234567", &ru, "2026-11-25", "25T06 25T07 25T08 25T09 26T06 26T07 26T08 26T09"),
        ("+79161234567", &ru, "2026-11-28", "28T07 29T07"),
        ("+77011234567", &ru, "2026-11-25", "25T06 25T07 25T08 25T09 26T06 26T07 26T08 26T09"),
        // New York in summer, 12:00–01:00.
        (
            "+12125551234",
            &us,
            "2026-07-15",
            "15T00 15T12 15T13 15T14 15T15 15T16 15T17 15T18 15T19 15T20 15T21 15T22 15T23 \
             16T00 16T12 16T13 16T14 16T15 16T16 16T17 16T18 16T19 16T20 16T21 16T22 16T23",
        ),
        ("+18005551234", &us, "2026-07-15", ""),
        // Guernsey in winter: 08:00–21:00.
        (
            "+447911123456",
            &us,
            "2026-11-25",
            "25T08 25T09 25T10 25T11 25T12 25T13 25T14 25T15 25T16 25T17 25T18 25T19 25T20 \
             26T08 26T09 26T10 26T11 26T12 26T13 26T14 26T15 26T16 26T17 26T18 26T19 26T20",
        ),
    ] {
        let contact = placed("UTC", ZoneFrom::Number, &[number], &[]);
        assert_eq!(open_hours(rules, &contact, day), expected, "{number} {day}");
    }
}

/// Everybody whose number lies in a listed range has a zone that exists, and no beginning hides another's digits.
#[test]
fn shipped_lists_can_be_read() {
    for number in ["+12015550123", "+79991234567", "+380501234567", "+998901234567", "+13455551234"] {
        assert!(of_number(&number.parse().unwrap()).is_some_and(|found| !found.zones.is_empty()), "{number}");
    }
    assert!(regions::find("RU-MOW", "", None).unwrap().is_some());
}
