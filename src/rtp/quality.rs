//! How good a conversation is, estimated from what the network did to it: ITU-T G.107 with all that is not the network's at its default.

use crate::audio::Codec;

/// What became of one direction of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quality {
    /// Of a thousand packets, those that never came, or came too late to be heard.
    pub loss_permille: u16,
    /// The mean deviation of the packets' spacing (RFC 3550 §6.4.1).
    pub jitter_ms: u16,
    /// To the far end and back, when RTCP has told.
    pub round_trip_ms: Option<u16>,
}

/// Everything but delay and losses at its default (G.107 §7.7 and table 3): the rating of a call that nothing is wrong with.
const RATING_BEST: f64 = 93.2;
/// Beyond this delay people begin to talk into each other's words.
const DELAY_FELT_MS: f64 = 177.3;

impl Quality {
    /// The mean opinion score, in hundredths: 100 is bad and 450 the best there is.
    ///
    /// `ptime_ms`: audio in a packet, by which it is late from the start. Losses are taken as random.
    pub fn mos_centi(&self, codec: Codec, ptime_ms: u8) -> u16 {
        let (codec_impairment, robustness) = equipment(codec);
        let loss = f64::from(self.loss_permille) / 10.0;
        let equipment = codec_impairment + (95.0 - codec_impairment) * loss / (loss + robustness);
        // One way, and what a jitter buffer waits for nearly all of the packets.
        let way = f64::from(self.round_trip_ms.unwrap_or(0)) / 2.0;
        let delay = way + f64::from(ptime_ms) + 2.0 * f64::from(self.jitter_ms);
        let delay_impairment = 0.024 * delay + 0.11 * (delay - DELAY_FELT_MS).max(0.0);
        let rating = RATING_BEST - delay_impairment - equipment;
        let mos =
            if rating <= 0.0 { 1.0 } else { 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6 };
        (mos.clamp(1.0, 4.5) * 100.0).round() as u16
    }
}

/// Impairment by the codec itself, and its robustness against losses with concealment (ITU-T G.113, appendix I). G.722 and Opus are
/// not in the table for telephone band: G.722 is taken as G.711, Opus as the best of the narrow ones, GSM EFR.
fn equipment(codec: Codec) -> (f64, f64) {
    match codec {
        Codec::Pcma | Codec::Pcmu | Codec::G722 => (0.0, 25.1),
        Codec::Opus => (5.0, 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn scores() {
        // loss ‰, jitter ms, round trip ms → MOS in hundredths, ± 1
        for (loss_permille, jitter_ms, round_trip_ms, expected) in [
            (0,    0,   Some(0),   440),
            (0,    0,   Some(100), 437),
            (10,   0,   Some(40),  430),
            (50,   5,   Some(40),  387),
            (100,  20,  Some(100), 328),
            (200,  20,  Some(100), 249),
            (0,    0,   Some(600), 359),
            (0,    200, None,      291),
            (1000, 0,   None,      116),
        ] {
            let mos = Quality { loss_permille, jitter_ms, round_trip_ms }.mos_centi(Codec::Pcma, 20);
            assert!(mos.abs_diff(expected) <= 1, "{loss_permille} ‰, {jitter_ms} ms, {round_trip_ms:?}: {mos}");
        }
    }

    #[test]
    fn worse_is_never_better() {
        let of = |loss_permille, jitter_ms| Quality { loss_permille, jitter_ms, round_trip_ms: None };
        let mut last = 500;
        for n in 0..1000 {
            let mos = of(n, n / 4).mos_centi(Codec::Pcmu, 20);
            assert!(mos <= last && mos >= 100, "{n}");
            last = mos;
        }
    }
}
