//! The retry table of a voice step: after which ending, how long to wait, how often.

use super::delay::Delay;
use super::spread::DayPart;
use crate::outcome::Disposition;

crate::words! {
    /// The endings a retry table knows. Each groups dispositions that call for the same wait.
    pub enum RetryOn {
        Busy = "busy",
        /// Also `unknown_outcome`, which waits the longest of these delays.
        NoAnswer = "no_answer",
        Rejected = "rejected",
        /// Machine, fax, message left.
        Machine = "machine",
        HungUpEarly = "hung_up_early",
        NoInput = "no_input",
        ThirdParty = "third_party",
        NotVerified = "not_verified",
        CallbackRequested = "callback_requested",
        /// Congestion, trunk down, our own failure or cancellation: not the person's doing, bounded apart.
        Technical = "technical",
    }
}

/// What a disposition asks of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Retry(RetryOn),
    /// The number is no good: the next one, at once.
    NextNumber,
    /// Nothing more from this step.
    NextStep,
    /// The contact is done.
    Close,
}

/// How a disposition is taken, before bounds are looked at.
pub fn answer(disposition: Disposition) -> Answer {
    use Disposition as D;
    match disposition {
        D::Congestion | D::TrunkDown | D::SystemError | D::Cancelled => Answer::Retry(RetryOn::Technical),
        D::UnknownOutcome | D::NoAnswer => Answer::Retry(RetryOn::NoAnswer),
        D::InvalidNumber | D::OutOfService => Answer::NextNumber,
        D::Busy => Answer::Retry(RetryOn::Busy),
        D::Rejected => Answer::Retry(RetryOn::Rejected),
        D::HungUpEarly => Answer::Retry(RetryOn::HungUpEarly),
        D::NoInput => Answer::Retry(RetryOn::NoInput),
        D::Machine | D::VoicemailLeft | D::VoicemailCut | D::Fax => Answer::Retry(RetryOn::Machine),
        D::ThirdParty => Answer::Retry(RetryOn::ThirdParty),
        D::NotVerified => Answer::Retry(RetryOn::NotVerified),
        D::CallbackRequested => Answer::Retry(RetryOn::CallbackRequested),
        D::Refused | D::Informed | D::Queued => Answer::NextStep,
        D::Promised | D::AlreadyPaid | D::Disputed | D::WrongNumber | D::Transferred | D::OptedOut | D::HandedOver => {
            Answer::Close
        }
    }
}

/// A voice step's retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Tries of this step in all, technical failures and dead numbers not counted. ≥ 1.
    pub attempts_max: u32,
    /// The k-th delay follows the k-th such ending; when they are used up, the next step comes.
    pub delays: Vec<(RetryOn, Vec<Delay>)>,
    /// Who hangs up early is called again by the flow's node where they did; `delays` holds for all other nodes.
    pub hung_up_at: Vec<(String, Vec<Delay>)>,
    /// Retries are made in these parts of the day, one after another and over again; none: whenever they are due.
    pub spread: Vec<DayPart>,
    /// Leave the flow's voicemail when a machine answers; otherwise hang up without a word.
    pub leave_voicemail: bool,
}

impl Default for Retry {
    fn default() -> Retry {
        let hours = |h: u32| Delay::minutes(h * 60);
        let day = Delay::days(1);
        Retry {
            attempts_max: 4,
            delays: vec![
                (RetryOn::Busy, vec![Delay::minutes(10), hours(1), day]),
                (RetryOn::NoAnswer, vec![hours(2), day, Delay::days(2)]),
                (RetryOn::Rejected, vec![day]),
                (RetryOn::Machine, vec![day]),
                (RetryOn::HungUpEarly, vec![day]),
                (RetryOn::NoInput, vec![day]),
                (RetryOn::ThirdParty, vec![day]),
                (RetryOn::NotVerified, vec![day]),
                (RetryOn::CallbackRequested, vec![day]),
                (RetryOn::Technical, TECHNICAL.to_vec()),
            ],
            hung_up_at: Vec::new(),
            spread: Vec::new(),
            leave_voicemail: false,
        }
    }
}

/// Growing: a trunk that is down for a day must not use up a contact's tries in minutes.
pub const TECHNICAL: [Delay; 6] =
    [Delay::minutes(1), Delay::minutes(5), Delay::minutes(15), Delay::minutes(60), Delay::minutes(240), Delay::days(1)];

impl Retry {
    pub fn delays(&self, on: RetryOn) -> &[Delay] {
        self.delays.iter().find(|(o, _)| *o == on).map_or(&[], |(_, delays)| delays)
    }

    /// After this ending in this node of the flow: the delays, and the node they are for, when they are not for all.
    pub fn delays_at(&self, on: RetryOn, node: Option<&str>) -> (&[Delay], Option<&str>) {
        let own =
            self.hung_up_at.iter().filter(|_| on == RetryOn::HungUpEarly).find(|(name, _)| Some(name.as_str()) == node);
        match own {
            Some((name, delays)) => (delays, Some(name)),
            None => (self.delays(on), None),
        }
    }

    /// Every list of delays with the ending it is for, as it is written.
    pub fn lists(&self) -> impl Iterator<Item = (RetryOn, String, &[Delay])> {
        let usual = self.delays.iter().map(|(on, delays)| (*on, on.to_string(), delays.as_slice()));
        let on = RetryOn::HungUpEarly;
        usual
            .chain(self.hung_up_at.iter().map(move |(node, delays)| (on, format!("{on} at {node}"), delays.as_slice())))
    }

    pub fn set(&mut self, on: RetryOn, delays: Vec<Delay>) {
        match self.delays.iter_mut().find(|(o, _)| *o == on) {
            Some((_, old)) => *old = delays,
            None => self.delays.push((on, delays)),
        }
    }

    /// The most tries that these delays can lead to: one, and one more for each delay of people's endings.
    pub fn reachable(&self) -> u32 {
        1 + self.lists().filter(|(on, ..)| *on != RetryOn::Technical).map(|(.., d)| d.len() as u32).sum::<u32>()
    }
}
