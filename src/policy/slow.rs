//! The same rules a second time, thought of differently: minute by minute, by counting, without saying until when.
//! Right only for whole minutes. The tests hold `decide` and `earliest` against it.

use std::collections::HashMap;
use std::time::Duration;

use jiff::civil::Date;

use super::facts::Stop;
use super::gap::{After, Length};
use super::scope::Exempt;
use super::zones::of_number;
use super::{CallingWindow, Cap, Counted, Each, Hours, Period, Purpose, Question, Rules, candidates};
use crate::books::{PastAttempt, Phone, PhoneState, PromiseState, Standing, Whose};
use crate::id::PhoneId;
use crate::outcome::{Channel, Disposition};
use crate::phone::PhoneNumber;
use crate::time::{Wall, Zone};

const MINUTE: i64 = 60_000_000;

pub struct Slow<'a> {
    standing: &'a Standing,
    channel: Channel,
    purpose: Purpose,
    rules: &'a Rules,
    /// Where the contact may be.
    zones: Vec<Zone>,
    /// By rule, zone and day: the first instant of opening and the instant of closing.
    openings: HashMap<(usize, String, Date), Option<(Wall, Wall)>>,
}

impl<'a> Slow<'a> {
    pub fn of(question: &Question<'a>) -> Slow<'a> {
        let Question { standing, channel, purpose, rules, .. } = *question;
        let zones = candidates(&standing.contact).into_owned();
        Slow { standing, channel, purpose, rules, zones, openings: HashMap::new() }
    }

    pub fn allows(&mut self, now: Wall) -> bool {
        self.person() && self.opened(now) && self.caps(now) && self.quiet(now)
    }

    pub fn earliest(&mut self, from: Wall) -> Option<Wall> {
        let end = from + Duration::from_secs(super::SEARCH_DAYS_MAX * 86_400);
        (0..).map(|n| Wall(from.0 + n * MINUTE)).take_while(|at| *at <= end).find(|at| self.allows(*at))
    }

    fn may_be_dialled(&self, phone: &Phone) -> bool {
        let on = |p: &&PastAttempt| p.phone == Some(phone.id);
        let wrong = |p: &PastAttempt| {
            matches!(p.disposition, Disposition::WrongNumber | Disposition::InvalidNumber | Disposition::OutOfService)
        };
        phone.state == PhoneState::Good
            && self.standing.suppressions.iter().all(|x| x.phone != Some(phone.id))
            && !self.standing.past.iter().filter(on).any(wrong)
    }

    /// Nothing leaves this contact out.
    fn in_force(&self, unless: &[Exempt]) -> bool {
        let c = &self.standing.contact;
        let noted = |column: &str| c.fields.get(column).map_or("", |value| value.trim());
        let stated: i128 = c.debts.iter().map(|d| i128::from(d.amount.minor)).sum();
        unless.iter().all(|exempt| {
            let unlike = exempt.facts.iter().any(|(fact, word)| noted(fact.as_str()) != word);
            let too_much = exempt.amount_max.is_some_and(|most| {
                stated > i128::from(most.minor) || c.debts.iter().any(|d| d.amount.currency != most.currency)
            });
            unlike || too_much
        })
    }

    fn surely_fixed(&self, phone: &Phone) -> bool {
        let listed = self.standing.contact.fields.get("landline_numbers").map_or("", String::as_str);
        let readable = listed.split_whitespace().all(|n| n.parse::<PhoneNumber>().is_ok());
        let named = listed.split_whitespace().any(|n| n == phone.number.full());
        match phone.number.number_type().as_str() {
            "fixed" => true,
            "fixed_or_mobile" => readable && named,
            _ => false,
        }
    }

    /// No consent is missing for this number.
    fn may_be_rung(&self, phone: &Phone) -> bool {
        let asked = self.rules.stops.iter().any(|s| s.rule == Stop::Consent && self.in_force(&s.unless));
        let consented = self.standing.contact.fields.get("consent_voice").is_some_and(|c| c.trim() == "yes");
        self.may_be_dialled(phone) && (!asked || consented || self.surely_fixed(phone))
    }

    fn person(&self) -> bool {
        let s = self.standing;
        let number = s.contact.phones.iter().any(|phone| self.may_be_dialled(phone));
        let address = match self.channel {
            Channel::Voice | Channel::Sms => number,
            Channel::Email => s.contact.email.is_some(),
            Channel::Letter | Channel::Visit => !s.contact.fields.get("address").is_none_or(|a| a.trim().is_empty()),
            Channel::Human => true,
        };
        let c = &s.contact;
        let noted = |column: &str| c.fields.get(column).map(String::as_str).unwrap_or("");
        let stopped = self.rules.stops.iter().filter(|stop| self.in_force(&stop.unless)).any(|stop| match stop.rule {
            Stop::Consent => {
                let may = |p: &Phone| self.may_be_dialled(p) && self.surely_fixed(p);
                let consented = noted("consent_voice") == "yes";
                self.channel == Channel::Voice && !consented && !s.contact.phones.iter().any(may)
            }
            Stop::Refused => {
                let noted = !noted("refused_on").is_empty() || !noted("advocate").is_empty();
                noted && !matches!(self.channel, Channel::Human | Channel::Letter)
            }
            Stop::Protected => !noted("protected").is_empty(),
            Stop::Collector => noted("claimant") != "principal",
        });
        let disputed = s.past.iter().any(|p| p.whose == Whose::Contact && p.disposition == Disposition::Disputed);
        s.suppressions.iter().all(|x| x.phone.is_some())
            && !s.contact.debts.iter().all(|d| d.paid >= d.amount.minor)
            && (self.purpose == Purpose::Reminder || s.promises.iter().all(|p| p.state != PromiseState::Open))
            && address
            && !stopped
            && !(disputed && self.channel != Channel::Human)
    }

    /// The clock on the wall is inside, now and when the ring ends; and no turned-back clock shows these hours again.
    fn opened(&mut self, now: Wall) -> bool {
        if matches!(self.channel, Channel::Human | Channel::Letter | Channel::Visit) {
            return true;
        }
        let rules = self.rules;
        let mut open = !self.zones.is_empty();
        for (n, hours) in rules.hours.iter().enumerate() {
            if !self.in_force(&hours.unless) {
                continue;
            }
            let guard = if self.channel == Channel::Voice { hours.rule.guard } else { Duration::ZERO };
            let mut zones = self.zones.clone();
            if hours.rule.numbers_too {
                let narrow = |p: &Phone| of_number(&p.number).filter(|found| !found.wide);
                let told = self.standing.contact.phones.iter().filter(|p| p.state != PhoneState::Wrong);
                zones.extend(told.filter_map(narrow).flat_map(|found| found.zones.iter().cloned()));
            }
            for zone in &zones {
                let day = now.date(zone);
                let key = (n, zone.name().to_string(), day);
                let hours = self.openings.entry(key).or_insert_with(|| opening(zone, &hours.rule.window, day));
                open &= hours.is_some_and(|(opens, closes)| opens <= now && now < closes && now + guard <= closes);
            }
        }
        open
    }

    fn caps(&self, now: Wall) -> bool {
        let room = |on: Option<PhoneId>| self.zones.iter().all(|zone| self.room(now, zone, on));
        let some_number = self.standing.contact.phones.iter().any(|p| self.may_be_rung(p) && room(Some(p.id)));
        room(None) && (some_number || self.channel != Channel::Voice)
    }

    /// In the caps of the person and the debt, or in those of a number.
    fn room(&self, now: Wall, zone: &Zone, on: Option<PhoneId>) -> bool {
        let name = |at: Wall, per: Period| {
            let there = at.in_zone(zone);
            match per {
                Period::Hours24 | Period::Days7 | Period::Days30 => unreachable!("begins anywhere"),
                Period::Day => there.strftime("%F").to_string(),
                Period::Week => there.strftime("%G-%V").to_string(),
                Period::Month => there.strftime("%Y-%m").to_string(),
            }
        };
        let asked = |cap: &Cap| (cap.each == Each::Number) == on.is_some();
        let held = self.rules.caps.iter().filter(|cap| self.in_force(&cap.unless));
        held.map(|cap| cap.rule).filter(asked).all(|cap| {
            let binds = match cap.of {
                Counted::Calls | Counted::Talks => self.channel == Channel::Voice,
                Counted::Messages => matches!(self.channel, Channel::Sms | Channel::Email),
            };
            let hours = match cap.per {
                Period::Day | Period::Week | Period::Month => None,
                Period::Hours24 => Some(24),
                Period::Days7 => Some(7 * 24),
                Period::Days30 => Some(30 * 24),
            };
            let same = |at: Wall| match hours {
                Some(hours) => now.0 < at.0 + hours * 60 * MINUTE,
                None => name(at, cap.per) == name(now, cap.per),
            };
            let counts = |p: &&PastAttempt| match cap.each {
                Each::Person => p.whose != Whose::Line && cap.of.counts_anybody(p),
                Each::Debt => p.whose == Whose::Contact && cap.of.counts_anybody(p),
                Each::Number => p.phone == on && cap.of.counts_anybody(p),
            };
            let used = self.standing.past.iter().filter(counts).filter(|p| same(p.at)).count();
            !binds || used < cap.most as usize
        })
    }

    fn quiet(&self, now: Wall) -> bool {
        self.zones.iter().all(|zone| self.quiet_in(now, zone))
    }

    fn quiet_in(&self, now: Wall, zone: &Zone) -> bool {
        let held = self.rules.gaps.iter().filter(|gap| self.in_force(&gap.unless));
        held.map(|gap| gap.rule).all(|gap| {
            let for_agent = gap.unless_agent && self.rules.agent_kept;
            let binds = gap.after == After::SaysPaid || (self.channel == Channel::Voice && !for_agent);
            let within = |at: Wall| match gap.least {
                Length::For(length) => at <= now && now < at + length,
                Length::Days(days) => {
                    let day = at.date(zone);
                    at <= now && (now.date(zone) - day).get_days() < i32::from(days)
                }
            };
            let follows = |p: &PastAttempt| match gap.after {
                After::Call => Counted::Calls.counts_anybody(p),
                After::Talk => Counted::Talks.counts(p),
                After::Machine => {
                    p.channel == Channel::Voice
                        && matches!(
                            p.disposition,
                            Disposition::Machine
                                | Disposition::VoicemailLeft
                                | Disposition::VoicemailCut
                                | Disposition::Fax
                        )
                }
                After::Abandoned => p.abandoned_at.is_some(),
                After::SaysPaid => p.whose == Whose::Contact && p.disposition == Disposition::AlreadyPaid,
            };
            let from =
                |p: &PastAttempt| if gap.after == After::Abandoned { p.abandoned_at.unwrap_or(p.at) } else { p.at };
            !binds || !self.standing.past.iter().any(|p| follows(p) && within(from(p)))
        })
    }
}

fn opening(zone: &Zone, window: &CallingWindow, day: Date) -> Option<(Wall, Wall)> {
    let mut hours = window.days[day.weekday().to_monday_zero_offset() as usize]?;
    if let Some(holidays) = window.holidays.filter(|h| h.calendar.is_off(day)) {
        let shorter = holidays.hours?;
        hours = Hours { from: hours.from.max(shorter.from), to: hours.to.min(shorter.to) };
        if hours.from >= hours.to {
            return None;
        }
    }
    let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    let around = (-40 * 60..40 * 60).map(|n| Wall(Wall::from(&noon).0 + n * MINUTE));
    let shown: Vec<(Wall, u16)> = around
        .map(|at| (at, at.in_zone(zone)))
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
