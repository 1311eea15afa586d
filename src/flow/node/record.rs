//! `record`: the person leaves a voice message.

use std::time::Duration;

use super::super::program::{Record, Step};
use super::{Kind, Presence, Reader, acted, alone, declares_nothing, optional, required, teaches_nothing};

pub const KIND: Kind = Kind {
    name: "record",
    about: "The person leaves a voice message after a beep; any key or a pause ends it. The audio is kept beside the books and \
            stands in the attempt's log by its file name.",
    keys: &[
        required("record", "message before the beep"),
        optional("max", "longest message; 60s"),
        optional("silence", "a pause this long ends it; 4s"),
    ],
    outcomes: &[acted("done", "a message was left"), alone("empty", "nothing was said, or it could not be kept")],
    presence: Presence::Person,
    declare: declares_nothing,
    lower,
    facts: teaches_nothing,
};

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let message = node.get("record").and_then(|n| node.message_of(n, "record", &[]));
    let seconds = Duration::from_secs;
    let max = node.duration("max", seconds(60), seconds(3), seconds(300));
    let silence = node.duration("silence", seconds(4), seconds(1), seconds(20));
    Some(Step::Record(Record { message: message?, max, silence }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let Step::Record(record) = step("{ record: a, max: 30s, done: bye, empty: bye }") else { panic!() };
        assert_eq!((record.max.as_secs(), record.silence.as_secs()), (30, 4));
        assert_eq!(codes("{ record: a, max: 1h, done: bye, empty: bye }"), ["F008"]);
        assert_eq!(codes("{ record: a, done: bye }"), ["F016"]);
    }
}
