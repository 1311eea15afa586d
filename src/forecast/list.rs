//! A list of people held small: what decisions ask of a person, in 56 bytes beside what many people share.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::beside::Beside;
use super::history::{Histories, History, TooMuch, fits};
use crate::books::{Close, Contact, Debt, Next, Phone, PhoneState, Plan, Promise, Sleeper, Standing, Suppression};
use crate::flow::program::OptOutScope;
use crate::id::{ContactId, DebtId, PhoneId};
use crate::money::{Currency, Money};
use crate::outcome::Channel;
use crate::phone::PhoneNumber;
use crate::policy::{Fact, phones_to_dial};
use crate::time::{Wall, Zone};

/// Seconds since 1970 that never come.
pub(super) const NEVER: u32 = u32::MAX;
const PHONES_MAX: i64 = 254;
/// Columns that tell where somebody is.
const PLACE: [&str; 2] = ["region", "postcode"];

/// One person who is still to be contacted when the play begins.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub owes_minor: i64,
    pub shared: u32,
    pub history: History,
    /// In [`List::phones`], `phones_len` from here on.
    pub phones: u32,
    pub due: Date,
    /// Of the attempt to come, or of being looked at again. Seconds since 1970.
    pub due_s: u32,
    /// When a payment will have come.
    pub pays_s: u32,
    /// The next person in a queue.
    pub next: u32,
    pub step: u16,
    pub try_number: u16,
    pub segment: u16,
    /// Dice thrown.
    pub thrown: u16,
    pub phones_len: u8,
    pub channel: Channel,
    pub state: State,
    /// Its first attempt is no longer waited for.
    pub tried: bool,
    /// `step` and what follows it are those of a plan; else nothing has been planned yet.
    pub planned: bool,
}

impl Person {
    /// Whether this is the first attempt since the play began, or else the end of waiting for it.
    pub fn try_first(&mut self) -> bool {
        !std::mem::replace(&mut self.tried, true)
    }
}

/// Where a person stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Closed, and looked at again when due: a promise is judged then. The reason is a place in [`List::reasons`].
    Asleep(u8),
    Closed(u8),
}

/// The segment of somebody of whom nothing has been planned.
pub(super) const NO_SEGMENT: u16 = u16::MAX;

/// One of a person's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    /// Its digits, of which the first is no zero.
    pub digits: u64,
    pub state: PhoneState,
    /// By the config's `allow_prefixes`.
    pub allowed: bool,
}

/// What few people have.
#[derive(Debug, Clone, Default)]
pub(super) struct Further {
    pub suppressions: Vec<Suppression>,
    pub promises: Vec<Promise>,
    /// When, since 1970, and how many minor units.
    pub part_paid: Option<(u32, i64)>,
}

/// Contacts and what they owe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    pub contacts: u64,
    pub owed: BTreeMap<Currency, i64>,
}

impl Counted {
    pub(super) fn add(&mut self, owed: Money) {
        self.contacts += 1;
        *self.owed.entry(owed.currency).or_default() += owed.minor;
    }
}

/// The people of one campaign. [`add`](List::add) each, then [`play`](super::play).
#[derive(Debug, Clone, Default)]
pub struct List {
    pub(super) people: Vec<Person>,
    pub(super) histories: Histories,
    pub(super) phones: Vec<Number>,
    /// What many share: zone, creditor, language, currency, facts; as a standing to be filled in.
    pub(super) shared: Vec<Standing>,
    by_shared: HashMap<String, u32>,
    pub(super) beside: Beside,
    pub(super) further: HashMap<u32, Further>,
    pub(super) segments: Vec<String>,
    no_segment: String,
    pub(super) reasons: Vec<String>,
    /// Not to be contacted when the play begins: by reason, with the words of one of them.
    pub(super) excluded: BTreeMap<String, (Counted, String)>,
    pub(super) zones: Vec<(Zone, u64)>,
    pub(super) all: Counted,
}

impl List {
    pub fn len(&self) -> u64 {
        self.all.contacts
    }

    pub fn is_empty(&self) -> bool {
        self.all.contacts == 0
    }

    /// A contact of the campaign, and what comes next for them: what is planned already, or what joining now would give.
    ///
    /// # Errors
    /// More numbers or tries than are kept.
    pub fn add(
        &mut self,
        standing: &Standing,
        next: &Next,
        may_dial: impl Fn(&PhoneNumber) -> bool,
    ) -> Result<(), TooMuch> {
        let owed = standing.contact.amount();
        self.all.add(owed);
        match next {
            Next::Attempt(plan) => self.put(standing, Some(plan), plan.due_at, State::Open, may_dial),
            Next::Close(Close { reason, wake_at: Some(wake_at), .. }) => {
                let asleep = self.asleep(reason);
                self.put(standing, None, *wake_at, asleep, may_dial)
            }
            Next::Close(Close { reason, why, wake_at: None }) => {
                let excluded = self.excluded.entry(reason.clone());
                excluded.or_insert_with(|| (Counted::default(), why.clone())).0.add(owed);
                Ok(())
            }
        }
    }

    /// A contact that the campaign has closed and will look at again.
    ///
    /// # Errors
    /// More numbers or tries than are kept.
    pub fn add_sleeper(&mut self, sleeper: &Sleeper, may_dial: impl Fn(&PhoneNumber) -> bool) -> Result<(), TooMuch> {
        let Sleeper { standing, last, closed, .. } = sleeper;
        self.all.add(standing.contact.amount());
        let asleep = self.asleep(&closed.reason);
        self.put(standing, last.as_ref(), closed.wake_at.unwrap_or(Wall(0)), asleep, may_dial)
    }

    fn asleep(&mut self, reason: &str) -> State {
        State::Asleep(u8::try_from(place(&mut self.reasons, reason)).expect("a dozen reasons"))
    }

    fn put(
        &mut self,
        standing: &Standing,
        plan: Option<&Plan>,
        due_at: Wall,
        state: State,
        may_dial: impl Fn(&PhoneNumber) -> bool,
    ) -> Result<(), TooMuch> {
        let owed = standing.contact.amount();
        self.zone(&standing.contact.zone);
        let person = u32::try_from(self.people.len()).expect("fewer people than live");
        let phones = u32::try_from(self.phones.len()).expect("fewer numbers than people dial");
        let listed = &standing.contact.phones;
        for phone in listed {
            // Whatever keeps a number from being dialled for good, be it a rule or its state, keeps it so here.
            let usable = phones_to_dial(standing).any(|p| p.id == phone.id);
            let state = if usable || phone.state != PhoneState::Good { phone.state } else { PhoneState::Bad };
            let digits = phone.number.full()[1..].parse().expect("at most fifteen digits");
            self.phones.push(Number { digits, state, allowed: may_dial(&phone.number) });
        }
        let mut history = History::NONE;
        let here = |past| standing.past_here.contains(past);
        for past in &standing.past {
            let place = past.phone.and_then(|id| listed.iter().position(|p| p.id == id));
            self.histories.push(&mut history, past, place.map(|place| place as u8), here(past))?;
        }
        let further = Further {
            // Of persons, not of numbers: those are in the numbers' states.
            suppressions: standing
                .suppressions
                .iter()
                .filter(|s| s.phone.is_none() || s.scope == OptOutScope::Person)
                .map(|s| Suppression { phone: None, ..s.clone() })
                .collect(),
            promises: standing.promises.clone(),
            part_paid: None,
        };
        if !further.suppressions.is_empty() || !further.promises.is_empty() {
            self.further.insert(person, further);
        }
        if let Some(human) = &standing.contact.person {
            self.beside.is(person, human);
        }
        let shared = self.shared(&standing.contact);
        let planned = plan.is_some();
        let segment = match plan {
            Some(plan) => self.segment(&plan.segment)?,
            None => NO_SEGMENT,
        };
        let (step, try_number) = plan.map_or((0, 1), |plan| (plan.step, plan.try_number));
        self.people.push(Person {
            owes_minor: owed.minor,
            shared,
            history,
            phones,
            due: standing.contact.due(),
            due_s: seconds(due_at)?,
            pays_s: NEVER,
            next: NEVER,
            step: fits("step", i64::from(step), i64::from(u16::MAX))?,
            try_number: fits("try", i64::from(try_number), i64::from(u16::MAX))?,
            segment,
            thrown: 0,
            phones_len: fits("numbers", listed.len() as i64, PHONES_MAX)?,
            channel: plan.map_or(Channel::Voice, |plan| plan.channel),
            state,
            tried: state != State::Open,
            planned,
        });
        Ok(())
    }

    pub(super) fn segment(&mut self, name: &str) -> Result<u16, TooMuch> {
        fits("segments", place(&mut self.segments, name) as i64, i64::from(NO_SEGMENT) - 1)
    }

    /// All have been added: finds who is beside whom, and lets go of what only adding needs.
    pub(super) fn complete(&mut self) {
        self.by_shared = HashMap::new();
        let mut numbers = Vec::with_capacity(self.phones.len());
        for (n, p) in self.people.iter().enumerate() {
            let own = &self.phones[p.phones as usize..p.phones as usize + usize::from(p.phones_len)];
            numbers.extend(own.iter().enumerate().map(|(place, number)| (number.digits, n as u32, place as u8)));
        }
        self.beside.complete(numbers);
    }

    /// Where most of them live.
    pub(super) fn usual_zone(&self) -> Zone {
        self.zones.iter().max_by_key(|(_, count)| *count).map_or_else(Zone::utc, |(zone, _)| zone.clone())
    }

    fn zone(&mut self, zone: &Zone) {
        match self.zones.iter_mut().find(|(known, _)| known == zone) {
            Some((_, count)) => *count += 1,
            None => self.zones.push((zone.clone(), 1)),
        }
    }

    /// A standing of somebody of whom decisions are asked the same, made once.
    fn shared(&mut self, contact: &Contact) -> u32 {
        // Every column is named: a new one that decisions ask for belongs into `key`.
        #[rustfmt::skip]
        let Contact {
            zone, zone_from, language, email, creditor, fields,
            id: _, external_id: _, person: _, name: _, debts: _, phones: _,
        } = contact;
        let mut asked: Vec<(String, String)> = Vec::new();
        for fact in Fact::ALL {
            let value = match fact {
                // In the numbers' states.
                Fact::ThirdPersonNumbers => None,
                // It is asked whether there is one.
                Fact::Address => fact.of(contact).map(|_| "-".to_string()),
                _ => fields.get(fact.as_str()).cloned(),
            };
            asked.extend(value.map(|value| (fact.as_str().to_string(), value)));
        }
        for place in PLACE {
            asked.extend(fields.get(place).map(|value| (place.to_string(), value.clone())));
        }
        let (currency, email) = (contact.amount().currency, email.is_some());
        let key = format!("{zone}\n{zone_from}\n{language}\n{currency}\n{email}\n{creditor}\n{asked:?}");
        if let Some(known) = self.by_shared.get(&key) {
            return *known;
        }
        let debt =
            Debt { id: DebtId(0), external_id: String::new(), amount: contact.amount(), due: contact.due(), paid: 0 };
        let standing = Standing {
            contact: Contact {
                id: ContactId(0),
                external_id: String::new(),
                name: String::new(),
                person: None,
                email: email.then(String::new),
                phones: Vec::new(),
                debts: vec![debt],
                fields: asked.into_iter().collect(),
                ..contact.clone()
            },
            past: Vec::new(),
            past_here: Vec::new(),
            suppressions: Vec::new(),
            promises: Vec::new(),
        };
        let place = u32::try_from(self.shared.len()).expect("fewer than people");
        self.shared.push(standing);
        self.by_shared.insert(key, place);
        place
    }

    /// The person as policy and ladder are asked about them, in the place of whoever was asked about before.
    pub(super) fn standing(&mut self, person: u32) -> &mut Standing {
        let p = &self.people[person as usize];
        let standing = &mut self.shared[p.shared as usize];
        let debt = &mut standing.contact.debts[0];
        debt.amount.minor = p.owes_minor;
        debt.due = p.due;
        debt.paid = 0;
        let phones = &mut standing.contact.phones;
        let numbers = &self.phones[p.phones as usize..p.phones as usize + usize::from(p.phones_len)];
        phones.clear();
        phones.extend(numbers.iter().enumerate().map(|(n, Number { digits, state, .. })| Phone {
            id: PhoneId(n as i64),
            number: format!("+{digits}").parse().expect("a number"),
            state: *state,
        }));
        self.histories.read(p.history, &mut standing.past, &mut standing.past_here);
        standing.suppressions.clear();
        standing.promises.clear();
        if let Some(further) = self.further.get(&person) {
            standing.suppressions.extend_from_slice(&further.suppressions);
            standing.promises.extend_from_slice(&further.promises);
        }
        standing
    }

    /// The attempt to come, into `plan`.
    pub(super) fn plan(&self, person: u32, plan: &mut Plan) {
        let p = &self.people[person as usize];
        plan.channel = p.channel;
        plan.step = u32::from(p.step);
        plan.try_number = u32::from(p.try_number);
        plan.segment.clone_from(self.segments.get(usize::from(p.segment)).unwrap_or(&self.no_segment));
        plan.due_at = wall(p.due_s);
    }

    pub(super) fn owed(&self, person: &Person) -> Money {
        Money::new(person.owes_minor, self.shared[person.shared as usize].contact.debts[0].amount.currency)
    }

    pub(super) fn close(&mut self, person: u32, reason: &str) {
        let place = place(&mut self.reasons, reason);
        let p = &mut self.people[person as usize];
        p.state = State::Closed(u8::try_from(place).expect("a dozen reasons"));
        self.histories.forget(&mut p.history);
    }

    pub(super) fn sleep(&mut self, person: u32, reason: &str, until_s: u32) {
        let asleep = self.asleep(reason);
        let p = &mut self.people[person as usize];
        p.state = asleep;
        p.due_s = until_s;
    }
}

/// The place of a word in a short list; put there, if it is new.
fn place(words: &mut Vec<String>, word: &str) -> usize {
    words.iter().position(|known| known == word).unwrap_or_else(|| {
        words.push(word.to_string());
        words.len() - 1
    })
}

pub(super) fn wall(seconds: u32) -> Wall {
    Wall(i64::from(seconds) * 1_000_000)
}

/// Rounded up: what is due within a second is due at its end.
pub(super) fn seconds(at: Wall) -> Result<u32, TooMuch> {
    fits("the second", (at.0 + 999_999).div_euclid(1_000_000), i64::from(NEVER) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_small() {
        assert!(size_of::<Person>() <= 64, "{}", size_of::<Person>());
    }
}
