//! How long what is kept, and why: what packs say of it (`retain`), weighed against each other for one record. A law that makes us keep
//! wins over one that makes us delete; what nobody makes us keep any more goes.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::rules::Rules;

crate::words! {
    /// What packs speak about.
    pub enum Retained {
        /// Audio of every call, counted from the call.
        Recordings = "recordings",
        /// Audio of a call that reached nobody, counted from the call.
        RecordingsNoContact = "recordings_no_contact",
        /// Audio of a call that reached somebody, counted from the day on which nothing was owed any more.
        RecordingsSettled = "recordings_settled",
        /// A call's log and the number dialled, counted from the call.
        CallRecords = "call_records",
        /// SMS, e-mails and letters, counted from the day they were written.
        Messages = "messages",
        /// All of the above but audio, and the contact, counted from the last activity on the debt.
        Records = "records",
        /// Who the contact is, counted from the day on which nothing was owed any more.
        SettledContacts = "settled_contacts",
        /// That somebody is not to be called.
        OptOuts = "opt_outs",
    }
}

/// What is kept, how long, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retain {
    pub what: Retained,
    pub term: Term,
    /// At least so long; else at most.
    pub at_least: bool,
    pub why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    Days(u16),
    /// Three years are 1,095 or 1,096 days.
    Years(u8),
    ForEver,
}

impl Term {
    /// The day so long after this one; `None`: never, or beyond the calendar's end.
    fn after(self, day: Date) -> Option<Date> {
        let span: Span = match self {
            Term::Days(days) => i64::from(days).days(),
            Term::Years(years) => i64::from(years).years(),
            Term::ForEver => return None,
        };
        day.checked_add(span).ok()
    }
}

/// One thing that is kept. Days are those of the contact's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub of: Kind,
    /// The day of the call, or on which the message was written. Of a contact: of its first import.
    pub day: Date,
    /// Since when nothing is owed, planned or promised; `None`: something is.
    pub settled: Option<Date>,
    /// Of the last call, message or payment about the debt.
    pub last_activity: Date,
    /// Somebody asked to have it erased.
    pub erase_asked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `reached`: somebody picked up, or nobody knows.
    Recording {
        reached: bool,
    },
    CallRecord,
    Message,
    Contact,
}

/// From which day on a rule counts for a record.
enum Counts {
    /// A call before something was settled, and one after: each from its own day.
    From(Date),
    /// When nothing is owed any more.
    NotYet,
    /// The rule is about something else.
    Never,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nothing holds it, and this makes it go: an id of a pack, or `None`: the person asked.
    Goes { by: Option<String>, why: String },
    /// A law holds it through this day; `None`: for ever.
    Held(Held),
    /// Nobody speaks about it yet.
    Stays,
}

/// Why something is not deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The last day on which it is kept; `None`: for ever.
    pub until: Option<Date>,
    /// An id of a pack.
    pub by: String,
    pub why: String,
}

impl Record {
    fn counts(&self, what: Retained) -> Counts {
        let settled = self.settled.map_or(Counts::NotYet, Counts::From);
        match (self.of, what) {
            (Kind::Recording { .. }, Retained::Recordings) => Counts::From(self.day),
            (Kind::Recording { reached: false }, Retained::RecordingsNoContact) => Counts::From(self.day),
            (Kind::Recording { reached: true }, Retained::RecordingsSettled) => settled,
            (Kind::CallRecord, Retained::CallRecords) => Counts::From(self.day),
            (Kind::Message, Retained::Messages) => Counts::From(self.day),
            (Kind::CallRecord | Kind::Message | Kind::Contact, Retained::Records) => Counts::From(self.last_activity),
            (Kind::Contact, Retained::SettledContacts) => settled,
            (Kind::Recording { .. } | Kind::CallRecord | Kind::Message | Kind::Contact, _) => Counts::Never,
        }
    }
}

impl Rules {
    /// What becomes of a record on a day. The longest hold wins over every deletion; of deletions the earliest counts. Where packs only
    /// hold, the record goes when the last of them has let go: nobody needs it any more. A contact of whom something is owed or planned
    /// goes only when somebody asks.
    pub fn fate(&self, record: &Record, today: Date) -> Fate {
        let mut held: Option<Held> = None;
        let (mut due, mut pending): (Option<(Date, &str, &str)>, bool) = (None, false);
        for (by, retain) in self.retained() {
            let base = match record.counts(retain.what) {
                Counts::From(day) => day.max(record.day),
                Counts::NotYet => {
                    pending |= !retain.at_least;
                    continue;
                }
                Counts::Never => continue,
            };
            let end = retain.term.after(base);
            if retain.at_least {
                let hold = Held { until: end, by: by.to_string(), why: retain.why.clone() };
                let longer = |held: &Held| held.until.is_some() && (end.is_none() || end > held.until);
                if held.as_ref().is_none_or(longer) {
                    held = Some(hold);
                }
            } else if let Some(end) = end
                && due.is_none_or(|(earliest, ..)| end < earliest)
            {
                due = Some((end, by, &retain.why));
            }
        }
        if let Some(hold) = held.clone().filter(|held| held.until.is_none_or(|until| today <= until)) {
            return Fate::Held(hold);
        }
        if record.erase_asked {
            return Fate::Goes { by: None, why: "the person asked for it".into() };
        }
        if record.of == Kind::Contact && record.settled.is_none() {
            return Fate::Stays;
        }
        match (due, held) {
            (Some((day, by, why)), _) if today >= day => Fate::Goes { by: Some(by.to_string()), why: why.to_string() },
            // Somebody says until when it may be needed, and that is not over.
            (Some(_), _) | (None, None) => Fate::Stays,
            (None, Some(_)) if pending => Fate::Stays,
            (None, Some(hold)) => {
                Fate::Goes { why: format!("nothing holds it any more ({})", hold.why), by: Some(hold.by) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pack;
    use super::*;

    const CALL: Date = jiff::civil::date(2026, 11, 20);

    fn record(of: Kind) -> Record {
        Record { of, day: CALL, settled: None, last_activity: CALL, erase_asked: false }
    }

    fn rules(packs: &[&str]) -> Rules {
        packs.iter().fold(Rules::outermost(), |rules, name| rules.and(&Pack::named(name).unwrap().rules))
    }

    /// `goes ID`, `held ID until`, `stays`, on each of these days after the call.
    #[track_caller]
    fn check(packs: &[&str], record: Record, days: &[(i64, &str)]) {
        for (after, expected) in days {
            let found = match rules(packs).fate(&record, CALL.checked_add(after.days()).unwrap()) {
                Fate::Goes { by, .. } => format!("goes {}", by.as_deref().unwrap_or("asked")),
                Fate::Held(Held { until, by, .. }) => {
                    format!("held {by} {}", until.map_or("for ever".into(), |day| day.to_string()))
                }
                Fate::Stays => "stays".into(),
            };
            assert_eq!(found, *expected, "{packs:?} {record:?} {after} days later");
        }
    }

    #[test]
    fn what_one_pack_says() {
        let (reached, nobody) = (Kind::Recording { reached: true }, Kind::Recording { reached: false });
        check(&[], record(reached), &[(9999, "stays")]);
        // 2026-11-20 to 2029-11-20 has a 29th of February in it: 1,096 days.
        let three_years = [(1095, "held RU-10 2029-11-20"), (1096, "held RU-10 2029-11-20"), (1097, "goes RU-10")];
        check(&["ru.credit"], record(reached), &three_years);
        check(&["ru.credit"], record(Kind::Message), &three_years);
        check(&["ru.credit"], record(Kind::CallRecord), &[(9999, "stays")]);
        check(&["eu"], record(nobody), &[(29, "stays"), (30, "goes EU-1")]);
        check(&["eu"], record(reached), &[(9999, "stays")]);
        let settled = Record { settled: CALL.checked_add(100.days()).ok(), ..record(reached) };
        check(&["eu"], settled, &[(1195, "stays"), (1196, "goes EU-1")]);
        check(&["eu"], record(Kind::CallRecord), &[(395, "stays"), (396, "goes EU-1")]);
        let late = Record { last_activity: CALL.checked_add(365.days()).unwrap(), ..record(Kind::CallRecord) };
        check(&["us.reg_f"], late, &[(1461, "held US-F6 2030-11-20"), (1462, "goes US-F6")]);
    }

    #[test]
    fn the_longest_hold_wins_over_deletion() {
        for packs in [["eu", "ru.credit"], ["ru.credit", "eu"]] {
            let nobody = record(Kind::Recording { reached: false });
            check(
                &packs,
                nobody,
                &[(30, "held RU-10 2029-11-20"), (1096, "held RU-10 2029-11-20"), (1097, "goes EU-1")],
            );
        }
        let late = Record { last_activity: CALL.checked_add(365.days()).unwrap(), ..record(Kind::Message) };
        // What is owed still may be proved by it; nobody asks for that where the pack `eu` does not hold.
        let reached = record(Kind::Recording { reached: true });
        check(&["ru.credit", "eu"], reached, &[(1096, "held RU-10 2029-11-20"), (1097, "stays")]);
        check(&["ru.credit", "us.reg_f"], late, &[(1097, "held US-F6 2030-11-20")]);
    }

    #[test]
    fn who_asks_waits_for_holds_only() {
        let asked = |of| Record { erase_asked: true, ..record(of) };
        check(&[], asked(Kind::Contact), &[(0, "goes asked")]);
        check(&["eu"], asked(Kind::Recording { reached: true }), &[(0, "goes asked")]);
        check(&["ru.credit"], asked(Kind::Message), &[(0, "held RU-10 2029-11-20"), (1097, "goes asked")]);
        check(&["us.reg_f"], asked(Kind::Contact), &[(0, "held US-F6 2029-11-20"), (1097, "goes asked")]);
    }

    #[test]
    fn a_contact_that_owes_stays() {
        check(&["us.reg_f"], record(Kind::Contact), &[(9999, "stays")]);
        let settled = Record { settled: Some(CALL), ..record(Kind::Contact) };
        check(&["us.reg_f"], settled, &[(1096, "held US-F6 2029-11-20"), (1097, "goes US-F6")]);
        check(&["eu"], settled, &[(1095, "stays"), (1096, "goes EU-1")]);
    }
}
