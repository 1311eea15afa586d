//! How things ended: the closed lists that every attempt, call and report speaks in.

/// An enum whose variants are one word each, the same in YAML, in a column, in JSON and on a page.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<$name, String> {
                match s {
                    $($word => Ok($name::$variant),)*
                    _ => Err(format!("`{s}` is none of {}", [$($word),*].join(", "))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// Whose doing a failure is.
    pub enum Blame {
        Callee = "callee",
        Carrier = "carrier",
        Us = "us",
        Unknown = "unknown",
    }
}

words! {
    /// Who picked up.
    pub enum AnsweredBy {
        Human = "human",
        Machine = "machine",
        Fax = "fax",
        /// Something that asks who is calling and why before it lets a person come on.
        Screening = "screening",
        Unknown = "unknown",
    }
}

words! {
    /// Why a leg ended or never came up, from the final SIP status (RFC 3261 §21) or from our own side.
    pub enum HangupCause {
        /// BYE from the far end.
        RemoteHangup = "remote_hangup",
        /// We sent the BYE.
        LocalHangup = "local_hangup",
        /// 486, 600.
        Busy = "busy",
        /// 408, 480, 487 after our own CANCEL when `ring_ms_max` ran out.
        NoAnswer = "no_answer",
        /// Switched off or out of reach: Q.850 cause 20.
        Unreachable = "unreachable",
        /// 403, 603, 607.
        Rejected = "rejected",
        /// 608, or 603 "Network Blocked": not by a person, by a network that has judged our number.
        Blocked = "blocked",
        /// 404, 484, 604: no such number.
        InvalidNumber = "invalid_number",
        /// 410, 502 with an announcement: the number is out of service.
        OutOfService = "out_of_service",
        /// 503, 500, 504 and the other 5xx.
        Congestion = "congestion",
        /// 401/407 after credentials, 488, and the other 4xx: trunk and we do not agree.
        TrunkRefused = "trunk_refused",
        /// Nothing came back at all: timer B (RFC 3261 §17.1.1.2).
        TrunkSilent = "trunk_silent",
        /// We took the call back before the answer (payment, stop, shutdown).
        Cancelled = "cancelled",
        /// The far end sent no audio for too long and did not hang up: the carrier has lost it, or the call.
        MediaSilent = "media_silent",
        /// The far end put us on hold and did not come back.
        Held = "held",
        /// No media port was free here: nobody was rung.
        NoMediaPort = "no_media_port",
        /// A panic, a transfer that is not allowed: our own failure.
        SystemError = "system_error",
    }
}

words! {
    /// What the network in between says about a caller's number (ATIS-1000074 §5.3: the tel parameter `verstat`).
    pub enum Verstat {
        Passed = "passed",
        Failed = "failed",
        /// Nothing was there to be verified.
        NotVerified = "not_verified",
    }
}

impl HangupCause {
    /// The cause that a final SIP failure status means. Success and provisional statuses are not asked about.
    pub fn from_sip_status(status: u16) -> HangupCause {
        match status {
            486 | 600 => HangupCause::Busy,
            408 | 480 | 487 => HangupCause::NoAnswer,
            403 | 603 | 607 => HangupCause::Rejected,
            608 => HangupCause::Blocked,
            404 | 484 | 604 => HangupCause::InvalidNumber,
            410 | 502 => HangupCause::OutOfService,
            500 | 503 | 504 | 505..=599 => HangupCause::Congestion,
            _ => HangupCause::TrunkRefused,
        }
    }

    /// Whose doing it is. More exact than a disposition's: a number that a network has blocked is not the callee's choice.
    pub fn blame(self) -> Blame {
        match self {
            HangupCause::RemoteHangup | HangupCause::Busy | HangupCause::NoAnswer | HangupCause::Unreachable => {
                Blame::Callee
            }
            HangupCause::Rejected | HangupCause::InvalidNumber | HangupCause::OutOfService | HangupCause::Held => {
                Blame::Callee
            }
            HangupCause::Blocked | HangupCause::Congestion | HangupCause::TrunkSilent | HangupCause::MediaSilent => {
                Blame::Carrier
            }
            HangupCause::LocalHangup | HangupCause::Cancelled => Blame::Us,
            HangupCause::NoMediaPort | HangupCause::SystemError => Blame::Us,
            // A wrong password is ours, a codec that is not spoken is anybody's.
            HangupCause::TrunkRefused => Blame::Unknown,
        }
    }

    /// The disposition of an attempt whose call never came to talk.
    pub fn disposition(self) -> Disposition {
        match self {
            HangupCause::RemoteHangup | HangupCause::LocalHangup | HangupCause::Held => Disposition::HungUpEarly,
            HangupCause::Busy => Disposition::Busy,
            HangupCause::NoAnswer | HangupCause::Unreachable => Disposition::NoAnswer,
            HangupCause::Rejected | HangupCause::Blocked => Disposition::Rejected,
            HangupCause::InvalidNumber => Disposition::InvalidNumber,
            HangupCause::OutOfService => Disposition::OutOfService,
            // Without a port nothing has left this machine: as little a call as one that the carrier has no room for.
            HangupCause::Congestion | HangupCause::MediaSilent | HangupCause::NoMediaPort => Disposition::Congestion,
            HangupCause::TrunkRefused | HangupCause::TrunkSilent => Disposition::TrunkDown,
            HangupCause::Cancelled => Disposition::Cancelled,
            HangupCause::SystemError => Disposition::SystemError,
        }
    }
}

words! {
    /// Why a bill was not paid, as the person says by key.
    pub enum NonPaymentReason {
        Forgot = "forgot",
        BillNotReceived = "bill_not_received",
        NoMoney = "no_money",
        IncomeLost = "income_lost",
        Illness = "illness",
        AmountDisputed = "amount_disputed",
        ServiceDisputed = "service_disputed",
        AlreadyPaid = "already_paid",
        MovedOut = "moved_out",
        Other = "other",
    }
}

words! {
    /// What sort of ending a [`Disposition`] is; a report counts by it.
    pub enum DispositionClass {
        Technical = "technical",
        Number = "number",
        NoContact = "no_contact",
        Machine = "machine",
        ThirdParty = "third_party",
        Unverified = "unverified",
        RightParty = "right_party",
        OptOut = "opt_out",
        /// Not a call: a message queued, or a contact handed to a human.
        Delivered = "delivered",
    }
}

words! {
    /// The one word an attempt ends with. Final.
    pub enum Disposition {
        Congestion = "congestion",
        TrunkDown = "trunk_down",
        /// The process died while the call was in the air. Not redialled blindly.
        UnknownOutcome = "unknown_outcome",
        SystemError = "system_error",
        Cancelled = "cancelled",
        InvalidNumber = "invalid_number",
        OutOfService = "out_of_service",
        NoAnswer = "no_answer",
        Busy = "busy",
        Rejected = "rejected",
        /// Answered, then hung up before anybody was identified.
        HungUpEarly = "hung_up_early",
        /// Answered, but nobody pressed or said anything.
        NoInput = "no_input",
        /// A machine answered; no message was left.
        Machine = "machine",
        VoicemailLeft = "voicemail_left",
        /// A machine heard some of the message and not its end: what a law allows of a whole message, it need not allow of a part.
        VoicemailCut = "voicemail_cut",
        Fax = "fax",
        ThirdParty = "third_party",
        WrongNumber = "wrong_number",
        NotVerified = "not_verified",
        Promised = "promised",
        AlreadyPaid = "already_paid",
        Disputed = "disputed",
        Refused = "refused",
        /// The right party heard the message and hung up or pressed nothing.
        Informed = "informed",
        CallbackRequested = "callback_requested",
        /// Talked to a human agent.
        Transferred = "transferred",
        OptedOut = "opted_out",
        /// SMS or e-mail put into the outbox.
        Queued = "queued",
        /// Put into the human worklist.
        HandedOver = "handed_over",
    }
}

impl Disposition {
    pub fn class(self) -> DispositionClass {
        use Disposition as D;
        use DispositionClass as C;
        match self {
            D::Congestion | D::TrunkDown | D::UnknownOutcome | D::SystemError | D::Cancelled => C::Technical,
            D::InvalidNumber | D::OutOfService => C::Number,
            D::NoAnswer | D::Busy | D::Rejected | D::HungUpEarly | D::NoInput => C::NoContact,
            D::Machine | D::VoicemailLeft | D::VoicemailCut | D::Fax => C::Machine,
            D::ThirdParty | D::WrongNumber => C::ThirdParty,
            D::NotVerified => C::Unverified,
            D::Promised
            | D::AlreadyPaid
            | D::Disputed
            | D::Refused
            | D::Informed
            | D::CallbackRequested
            | D::Transferred => C::RightParty,
            D::OptedOut => C::OptOut,
            D::Queued | D::HandedOver => C::Delivered,
        }
    }

    pub fn blame(self) -> Blame {
        use Disposition as D;
        match self {
            D::Congestion | D::TrunkDown => Blame::Carrier,
            D::UnknownOutcome | D::SystemError | D::Cancelled => Blame::Us,
            D::InvalidNumber | D::OutOfService | D::NoAnswer | D::Busy | D::Rejected => Blame::Callee,
            D::HungUpEarly | D::NoInput | D::Machine | D::VoicemailLeft | D::VoicemailCut | D::Fax => Blame::Callee,
            D::ThirdParty | D::WrongNumber | D::NotVerified | D::Promised | D::AlreadyPaid => Blame::Callee,
            D::Disputed | D::Refused | D::Informed | D::CallbackRequested | D::Transferred => Blame::Callee,
            D::OptedOut | D::Queued | D::HandedOver => Blame::Callee,
        }
    }

    /// Whose doing it is when the call ended by `cause`. What the attempt came to stands; where it came to no more than its
    /// cause, the cause knows better: of two refusals one is a person's and the other a network's.
    pub fn blame_after(self, cause: HangupCause) -> Blame {
        let says_more = cause != HangupCause::LocalHangup && cause.disposition() == self;
        if says_more { cause.blame() } else { self.blame() }
    }
}

words! {
    /// How a contact is reached.
    pub enum Channel {
        Voice = "voice",
        Sms = "sms",
        Email = "email",
        /// Printed and posted.
        Letter = "letter",
        Human = "human",
        /// A human at the door.
        Visit = "visit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for d in Disposition::ALL {
            assert_eq!(d.as_str().parse(), Ok(*d));
        }
        assert!("answered".parse::<Disposition>().unwrap_err().contains("no_answer"));
    }

    /// Every cause, as a call that never came to talk ends by it; then causes of calls that came to something else.
    #[test]
    fn blame() {
        use Disposition as D;
        use HangupCause as H;
        let rows = [
            (H::RemoteHangup, D::HungUpEarly, Blame::Callee),
            (H::LocalHangup, D::HungUpEarly, Blame::Callee),
            (H::Busy, D::Busy, Blame::Callee),
            (H::NoAnswer, D::NoAnswer, Blame::Callee),
            (H::Unreachable, D::NoAnswer, Blame::Callee),
            (H::Rejected, D::Rejected, Blame::Callee),
            (H::Blocked, D::Rejected, Blame::Carrier),
            (H::InvalidNumber, D::InvalidNumber, Blame::Callee),
            (H::OutOfService, D::OutOfService, Blame::Callee),
            (H::Congestion, D::Congestion, Blame::Carrier),
            (H::TrunkRefused, D::TrunkDown, Blame::Unknown),
            (H::TrunkSilent, D::TrunkDown, Blame::Carrier),
            (H::Cancelled, D::Cancelled, Blame::Us),
            (H::MediaSilent, D::Congestion, Blame::Carrier),
            (H::Held, D::HungUpEarly, Blame::Callee),
            (H::NoMediaPort, D::Congestion, Blame::Us),
            (H::SystemError, D::SystemError, Blame::Us),
        ];
        assert_eq!(rows.map(|(cause, ..)| cause).as_slice(), H::ALL, "a row a cause");
        for (cause, ended, expected) in rows {
            assert_eq!((cause.disposition(), ended.blame_after(cause)), (ended, expected), "{cause}");
        }
        for (cause, ended, expected) in [
            (H::LocalHangup, D::NoInput, Blame::Callee),
            (H::MediaSilent, D::Promised, Blame::Callee),
            (H::SystemError, D::Informed, Blame::Callee),
            (H::RemoteHangup, D::SystemError, Blame::Us),
        ] {
            assert_eq!(ended.blame_after(cause), expected, "{cause} {ended}");
        }
    }

    #[test]
    fn sip_statuses() {
        for (status, cause) in [
            (486, "busy"),
            (600, "busy"),
            (480, "no_answer"),
            (404, "invalid_number"),
            (410, "out_of_service"),
            (503, "congestion"),
            (603, "rejected"),
            (488, "trunk_refused"),
        ] {
            assert_eq!(HangupCause::from_sip_status(status).as_str(), cause, "{status}");
        }
    }
}
