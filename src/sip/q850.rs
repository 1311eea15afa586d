//! Causes of ITU-T Q.850 (the telephone network's own words for why a call failed), and what they and a SIP status mean
//! together.

use crate::outcome::HangupCause;

/// What a Q.850 cause says. `None`: nothing by itself (normal clearing, "unspecified", "interworking"); then the status counts.
pub fn of_q850(cause: u8) -> Option<HangupCause> {
    use HangupCause as H;
    Some(match cause {
        // Unallocated; wrong prefix; ported away; not a number in that plan.
        1 | 5 | 14 | 28 => H::InvalidNumber,
        // No way there: of the carrier's making, for the number may be right.
        2 | 3 | 25 | 91 => H::Congestion,
        // A special information tone; changed; redirected elsewhere; its exchange is out of order.
        4 | 22 | 23 | 27 => H::OutOfService,
        17 => H::Busy,
        // Nobody reacts; it rang, and nobody answered; answered by another telephone.
        18 | 19 | 26 => H::NoAnswer,
        // Switched off, or out of reach.
        20 => H::Unreachable,
        // Refused; by a service of theirs; barred; not of the closed group.
        21 | 24 | 53 | 54 | 55 | 87 => H::Rejected,
        // Channels, circuits, equipment, temporary failures, quality, services that are not there now, timers, protocol.
        6..=9 | 34 | 38..=44 | 46 | 47 | 49 | 58 | 62 | 63 | 81..=86 | 102 | 103 | 110 | 111 => H::Congestion,
        // A facility, a bearer, a message that the two ends do not agree on; outgoing calls barred: ours.
        29 | 50 | 52 | 57 | 65..=70 | 79 | 88 | 90 | 95..=101 => H::TrunkRefused,
        _ => return None,
    })
}

/// What a failure means, from its final status, the Q.850 cause of its Reason header (RFC 3326, RFC 6432) and the text
/// beside either. The exchange that knows the telephone speaks Q.850; the status is what the way back made of it.
pub fn of_failure(status: u16, q850: Option<u8>, text: &str) -> HangupCause {
    let blocked = text.to_ascii_lowercase().contains("network blocked");
    match (status, q850) {
        // RFC 8688; and 603 as networks in North America send it when analytics have judged our number.
        (608, _) | (603, _) if status == 608 || blocked => HangupCause::Blocked,
        // Between the trunk and us, whatever is said of the number.
        (401 | 407, _) => HangupCause::TrunkRefused,
        // Both say that the number leads nowhere.
        (404 | 604, Some(2 | 3 | 25)) => HangupCause::InvalidNumber,
        _ => q850.and_then(of_q850).unwrap_or_else(|| HangupCause::from_sip_status(status)),
    }
}

/// The Q.850 cause that goes with a status of ours (RFC 3398 §8.2.6.1, the other way round), and its name.
pub fn of_status(status: u16) -> Option<(u8, &'static str)> {
    Some(match status {
        404 | 604 => (1, "Unallocated (unassigned) number"),
        410 => (22, "Number changed"),
        408 => (102, "Recovery on timer expiry"),
        480 => (18, "No user responding"),
        484 => (28, "Invalid number format"),
        486 | 600 => (17, "User busy"),
        488 | 606 => (88, "Incompatible destination"),
        403 | 603 => (21, "Call rejected"),
        500 => (41, "Temporary failure"),
        503 => (42, "Switching equipment congestion"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cause of ITU-T Q.850 (05/98) table 1, in its classes.
    #[test]
    fn the_table_of_causes() {
        for (causes, expected) in [
            (&[1, 5, 14, 28][..], Some("invalid_number")),
            (&[2, 3, 25, 91], Some("congestion")),
            (&[4, 22, 23, 27], Some("out_of_service")),
            (&[6, 7, 8, 9], Some("congestion")),
            (&[16, 30, 31, 127], None),
            (&[17], Some("busy")),
            (&[18, 19, 26], Some("no_answer")),
            (&[20], Some("unreachable")),
            (&[21, 24, 53, 54, 55, 87], Some("rejected")),
            (&[34, 38, 39, 40, 41, 42, 43, 44, 46, 47], Some("congestion")),
            (&[49, 58, 62, 63], Some("congestion")),
            (&[29, 50, 52, 57], Some("trunk_refused")),
            (&[65, 66, 69, 70, 79], Some("trunk_refused")),
            (&[81, 82, 83, 84, 85, 86], Some("congestion")),
            (&[88, 90, 95, 96, 97, 98, 99, 100, 101], Some("trunk_refused")),
            (&[102, 103, 110, 111], Some("congestion")),
            (&[0, 10, 33, 128, 255], None),
        ] {
            for &cause in causes {
                assert_eq!(of_q850(cause).map(HangupCause::as_str), expected, "{cause}");
            }
        }
    }

    #[test]
    fn a_status_and_a_cause_together() {
        for (status, q850, text, expected) in [
            // The status alone.
            (486, None, "", "busy"),
            (480, None, "", "no_answer"),
            (404, None, "", "invalid_number"),
            (503, None, "", "congestion"),
            // They agree.
            (486, Some(17), "", "busy"),
            (404, Some(1), "", "invalid_number"),
            // The cause is more exact.
            (480, Some(18), "", "no_answer"),
            (480, Some(19), "", "no_answer"),
            (480, Some(20), "", "unreachable"),
            (480, Some(21), "", "rejected"),
            (480, Some(1), "", "invalid_number"),
            (480, Some(27), "", "out_of_service"),
            (500, Some(41), "", "congestion"),
            (500, Some(17), "", "busy"),
            (503, Some(34), "", "congestion"),
            // They contradict each other: the exchange knows better than the way back.
            (503, Some(1), "", "invalid_number"),
            (503, Some(17), "", "busy"),
            (404, Some(34), "", "congestion"),
            (486, Some(21), "", "rejected"),
            // No route: the number with 404, the carrier with anything else.
            (404, Some(3), "", "invalid_number"),
            (503, Some(3), "", "congestion"),
            // A cause that says nothing.
            (486, Some(16), "", "busy"),
            (480, Some(31), "", "no_answer"),
            (404, Some(127), "", "invalid_number"),
            // Not about the number at all.
            (407, Some(21), "", "trunk_refused"),
            // Another telephone of theirs took it.
            (487, Some(26), "Call completed elsewhere", "no_answer"),
            (487, None, "Call completed elsewhere", "no_answer"),
            // Refused by people, by their service, by the network.
            (603, None, "Decline", "rejected"),
            (603, Some(21), "Call rejected", "rejected"),
            (603, None, "Network Blocked", "blocked"),
            (603, Some(21), "v=analytics1;network blocked", "blocked"),
            (607, None, "Unwanted", "rejected"),
            (608, None, "Rejected", "blocked"),
        ] {
            assert_eq!(of_failure(status, q850, text).as_str(), expected, "{status} {q850:?} {text}");
        }
    }

    #[test]
    fn what_we_say_ourselves_is_understood() {
        for status in [404, 410, 480, 484, 486, 488, 403, 603, 500, 503] {
            let (cause, name) = of_status(status).unwrap();
            let meant = HangupCause::from_sip_status(status);
            assert_eq!(of_failure(status, Some(cause), name), meant, "{status} {cause}");
        }
    }
}
