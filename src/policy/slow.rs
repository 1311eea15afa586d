//! The same rules a second time, thought of differently: minute by minute, by counting, without saying until when.
//! Right only for whole minutes. The tests hold `decide` and `earliest` against it.

use std::collections::HashMap;
use std::time::Duration;

use jiff::civil::Date;

use super::{Counted, Period, Question, Rules};
use crate::books::{PhoneState, PromiseState, Standing};
use crate::outcome::{Channel, Disposition};
use crate::time::Wall;

const MINUTE: i64 = 60_000_000;

pub struct Slow<'a> {
    standing: &'a Standing,
    channel: Channel,
    rules: &'a Rules,
    /// By day: the first instant of opening and the instant of closing.
    openings: HashMap<Date, Option<(Wall, Wall)>>,
}

impl<'a> Slow<'a> {
    pub fn of(question: &Question<'a>) -> Slow<'a> {
        let Question { standing, channel, rules, .. } = *question;
        Slow { standing, channel, rules, openings: HashMap::new() }
    }

    pub fn allows(&mut self, now: Wall) -> bool {
        self.person() && self.opened(now) && self.caps(now) && self.quiet(now)
    }

    pub fn earliest(&mut self, from: Wall) -> Option<Wall> {
        let end = from + Duration::from_secs(super::SEARCH_DAYS_MAX * 86_400);
        (0..).map(|n| Wall(from.0 + n * MINUTE)).take_while(|at| *at <= end).find(|at| self.allows(*at))
    }

    fn person(&self) -> bool {
        let s = self.standing;
        let number =
            s.contact.phones.iter().any(|phone| {
                phone.state == PhoneState::Good && s.suppressions.iter().all(|x| x.phone != Some(phone.id))
            });
        let address = match self.channel {
            Channel::Voice | Channel::Sms => number,
            Channel::Email => s.contact.email.is_some(),
            Channel::Human => true,
        };
        let disputed = s.past.iter().any(|p| p.disposition == Disposition::Disputed);
        s.suppressions.iter().all(|x| x.phone.is_some())
            && !s.contact.debt.paid
            && s.promises.iter().all(|p| p.state != PromiseState::Open)
            && address
            && !(disputed && self.channel != Channel::Human)
    }

    /// The clock on the wall is inside, now and when the ring ends; and no turned-back clock shows these hours again.
    fn opened(&mut self, now: Wall) -> bool {
        let guard = match self.channel {
            Channel::Voice => self.rules.guard,
            Channel::Sms | Channel::Email => Duration::ZERO,
            Channel::Human => return true,
        };
        let day = now.date(&self.standing.contact.zone);
        let (standing, rules) = (self.standing, self.rules);
        let opening = self.openings.entry(day).or_insert_with(|| opening(standing, rules, day));
        opening.is_some_and(|(opens, closes)| opens <= now && now < closes && now + guard <= closes)
    }

    fn caps(&self, now: Wall) -> bool {
        let zone = &self.standing.contact.zone;
        let name = |at: Wall, per: Period| {
            let there = at.in_zone(zone);
            match per {
                Period::Day => there.strftime("%F").to_string(),
                Period::Week => there.strftime("%G-%V").to_string(),
                Period::Month => there.strftime("%Y-%m").to_string(),
            }
        };
        self.rules.caps.iter().all(|cap| {
            let binds = match cap.of {
                Counted::Calls | Counted::Talks => self.channel == Channel::Voice,
                Counted::Messages => matches!(self.channel, Channel::Sms | Channel::Email),
            };
            let now = name(now, cap.per);
            let used = self.standing.past.iter().filter(|p| cap.of.counts(p) && name(p.at, cap.per) == now).count();
            !binds || used < cap.most as usize
        })
    }

    fn quiet(&self, now: Wall) -> bool {
        self.standing.past.iter().all(|p| {
            let within = |length: Duration| p.at <= now && now < p.at + length;
            let gap = self.channel == Channel::Voice && Counted::Calls.counts(p) && within(self.rules.gap_min);
            let pause = p.disposition == Disposition::AlreadyPaid && within(self.rules.says_paid_pause);
            !gap && !pause
        })
    }
}

fn opening(standing: &Standing, rules: &Rules, day: Date) -> Option<(Wall, Wall)> {
    let hours = rules.window.days[day.weekday().to_monday_zero_offset() as usize]?;
    let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    let around = (-40 * 60..40 * 60).map(|n| Wall(Wall::from(&noon).0 + n * MINUTE));
    let shown: Vec<(Wall, u16)> = around
        .map(|at| (at, at.in_zone(&standing.contact.zone)))
        .filter(|(_, there)| there.date() == day)
        .map(|(at, there)| (at, there.hour() as u16 * 60 + there.minute() as u16))
        .collect();
    let opens = match shown.iter().rposition(|(_, minute)| *minute < hours.from) {
        Some(last_before) => shown.get(last_before + 1)?.0,
        None => shown.first()?.0,
    };
    let closes = match shown.iter().find(|(_, minute)| *minute >= hours.to) {
        Some((at, _)) => *at,
        None => Wall(shown.last()?.0.0 + MINUTE),
    };
    Some((opens, closes))
}
