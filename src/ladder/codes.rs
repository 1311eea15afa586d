//! The codes of a ladder's findings. Up to `L049` a number means what it means for flows (`F005` and `L005` are both
//! about shape); from `L050` on they are the ladder's own. A code is never given a second meaning.

pub const SHAPE: &str = "L005";
pub const UNKNOWN_KEY: &str = "L006";
pub const MISSING_KEY: &str = "L007";
pub const MALFORMED: &str = "L008";
pub const LANGUAGE: &str = "L009";
/// A step that does nothing, or two things.
pub const KIND: &str = "L010";
pub const UNKNOWN_MESSAGE: &str = "L012";
pub const TRANSLATION: &str = "L017";
pub const EMPTY_MESSAGE: &str = "L018";
pub const SLOT: &str = "L020";
pub const UNUSED_MESSAGE: &str = "L038";

/// An ending or a stop word that does not exist.
pub const UNKNOWN_ENDING: &str = "L050";
/// The window and the outermost hours have no minute in common.
pub const NEVER_OPEN: &str = "L051";
/// Warning: the outermost rules are stricter than what is written.
pub const CLIPPED: &str = "L052";
/// Warning: more tries than the delays can lead to.
pub const TRIES_UNREACHED: &str = "L053";
/// Warning: a retry that the caps or the gap always move.
pub const RETRY_TOO_SOON: &str = "L054";
/// Warning: `stop_on` leaves out what always stops.
pub const STOPS_ANYWAY: &str = "L055";
/// Warning: nothing comes after a hand-over.
pub const STEP_UNREACHED: &str = "L056";

/// A pack of rules that does not exist.
pub const UNKNOWN_PACK: &str = "L057";

/// Warning: retries are spread over a part of the day in which nobody may be called.
pub const PART_CLOSED: &str = "L058";

/// `goto` or `channels` names a step that is not there.
pub const UNKNOWN_STEP: &str = "L059";
/// A test that cannot be read.
pub const TEST: &str = "L060";

/// A flow's code as a ladder's: the two share the language, not the letter.
pub fn of_flow(code: &str) -> &'static str {
    use crate::flow::codes as f;
    match code {
        f::NOT_YAML => "L001",
        f::NOT_PLAIN_YAML => "L002",
        f::DUPLICATE_KEY => "L003",
        f::SURPRISE => "L004",
        f::SHAPE => SHAPE,
        f::MALFORMED => MALFORMED,
        f::UNKNOWN_NAME => "L013",
        f::EXPRESSION => "L014",
        f::TYPE => "L015",
        f::FIELD_TYPE => "L016",
        _ => "L049",
    }
}
