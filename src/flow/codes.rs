//! Every code a flow's diagnostics can carry: its title, and the page that `ringback flow explain` prints.
//! A code is never given a second meaning; a retired one stays retired.

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    pub code: &'static str,
    pub title: &'static str,
    /// Why it is so, and what to do.
    pub explanation: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal, $explanation:literal;)*) => {
        $(#[doc = $title] pub const $name: &str = $code;)*

        /// All codes, in order.
        pub const ALL: &[Code] = &[$(Code { code: $code, title: $title, explanation: $explanation }),*];
    };
}

/// The row of `code`, in any case: `F012`, `f012`.
pub fn explain(code: &str) -> Option<&'static Code> {
    ALL.iter().find(|c| c.code.eq_ignore_ascii_case(code.trim()))
}

codes! {
    NOT_YAML = "F001", "The file is not YAML",
        "The text cannot be read at all, so nothing behind this place was looked at. Usual reasons: a tab in the \
         indentation, a missing quote or bracket, or text with `: ` or ` #` in it that does not stand in quotes.";
    NOT_PLAIN_YAML = "F002", "YAML beyond what flows use, or too much of it",
        "Anchors, aliases, tags and several documents in a file are refused: they make a file mean something else than it \
         looks like, and a small file unfold into a huge one. Also refused: more than 1 MiB, nesting deeper than 32.";
    DUPLICATE_KEY = "F003", "A key is given twice",
        "YAML readers keep one of the two without a word. Two nodes or messages need two names.";
    SURPRISE = "F004", "Unquoted text that YAML reads as something else",
        "`no`, `yes`, `on` and `off` are truth values for YAML 1.1, `0412` is octal, `1:30` is ninety. Put text in quotes: \
         \"no\", \"0412\". Truth values are written `true` and `false`.";
    SHAPE = "F005", "A map, list or value where another was expected",
        "For example a list of messages where one name was expected, or `keys:` that is not a map of key to node.";
    UNKNOWN_KEY = "F006", "Unknown key",
        "No such key exists at this place. Keys are listed for every kind of node in the reference of the language.";
    MISSING_KEY = "F007", "A required key is missing",
        "The flow or the node cannot work without it.";
    MALFORMED = "F008", "A value is malformed or out of range",
        "For example a duration without its unit (write `6s`, `500ms`, `2m`, `7d`), zero tries, or a name with other \
         characters than a-z, 0-9 and _.";
    LANGUAGE = "F009", "A language that cannot be spoken",
        "Only languages whose numbers, money and dates the speech rules know can be used: de, en, es, fr, kk, pl, ru, tr, uk.";
    KIND = "F010", "A node of no kind, or of two",
        "Every node has exactly one key that names its kind; the reference lists them. Only `say` may stand beside another: with \
         `end`, `queue`, `transfer`, `request`.";
    UNKNOWN_TARGET = "F011", "A node that does not exist",
        "An outcome, a key, `start`, `on_machine` or a hotkey leads to a name that is not under `nodes`.";
    UNKNOWN_MESSAGE = "F012", "A message that does not exist",
        "Nodes speak by the names of messages; the text itself stands under `messages`.";
    UNKNOWN_NAME = "F013", "An unknown field, variable or function",
        "A contact's fields are written `contact.name` and are declared under `contact`. Variables come from `set`, \
         `collect` (`into`) and `promise` (`promise.amount`, `promise.on`).";
    EXPRESSION = "F014", "An expression that cannot be read",
        "Expressions know `and or not in`, `== != < <= > >=`, `+ - * /`, `has(field)`, `weekday(date)`, `len(text)`, \
         amounts (`10.50 RUB`), days (`2026-11-20`), numbers, `\"text\"`.";
    TYPE = "F015", "Types do not fit",
        "Text is not compared with numbers, nor money with days. Every value has its type before the call starts, so that \
         no call can find out too late.";
    UNROUTED = "F016", "An outcome leads nowhere",
        "Every outcome of a node must be routed, in the node or under `defaults`. Nothing falls through silently.";
    TRANSLATION = "F017", "A message lacks a language",
        "A message must exist in every language under `languages`, or a client would hear silence.";
    EMPTY_MESSAGE = "F018", "An empty message",
        "There is nothing to say. A node with nothing to say does not need a message.";
    SLOT_FORMAT = "F019", "A slot's format does not fit its type",
        "`money` says money, `date` days, `time` times of day, `number`, `ordinal`, `duration`, `percent` and `days` (`hours`, \
         `weeks`, …) numbers, `digits` digits and telephone numbers, `phone` telephone numbers, `plain` text. An `enum`, `bool` or \
         `language` is a code word and cannot be spoken: branch on it and say a message for each.";
    SLOT = "F020", "A slot that cannot be read",
        "A slot is `{what | format}`, for example `{contact.amount | money}`. A brace that is to be text is written twice.";
    KEY = "F021", "Not a key of a telephone",
        "Keys are 0-9, * and #. A hotkey begins with * and has at least two keys, so that it cannot be mistaken for digits \
         that a node asks for.";
    KEY_OVERLAP = "F022", "Two keys that cannot be told apart",
        "When one key is the beginning of another (`1` and `12`, or `*` and the hotkey `*9`), the call would have to wait \
         to know which was meant.";
    RESULT = "F023", "Not a result a flow can end with",
        "`end` takes one of the closed list of dispositions that a conversation can have; see the reference.";
    CLAIM = "F024", "A result that did not happen on every path",
        "`promised` may end a call only when every path to it has a recorded promise, `opted_out` only behind `opt_out`, \
         `transferred` only behind an answered `queue` or `transfer`, `machine` and `voicemail_left` only on the path of \
         `on_machine`. Reports and the policy believe these words.";
    PROTECTED = "F025", "A protected field may be spoken before verification",
        "There is a path to this node on which nobody has proved to be the right person. The debt is then told to a third \
         party. Lead every path through `verify` and its `ok`. A hotkey may be pressed at any time, so what it leads to \
         counts as unverified.";
    PROTECTED_MACHINE = "F026", "A protected field may be spoken to a machine",
        "Anybody can listen to an answering machine. Nothing under `protect` may be said on the path from `on_machine`.";
    UNGUARDED = "F027", "An optional field that may be missing here",
        "The field is declared with `?`, so some contacts do not have it. Branch on `has(contact.field)` first, and use it \
         on that side only.";
    UNSET = "F028", "A variable that may have no value here",
        "There is a path to this place on which nothing has set the variable.";
    NO_END = "F029", "No way to an end",
        "From this node no path leads to any `end`, so the call could never be closed.";
    ENDLESS = "F030", "A loop that needs nobody",
        "A call in which the person does nothing would go round here for ever. Lead the outcome of silence (`exhausted`, \
         `refused`, `no_agent`) out of the loop.";
    NO_OPT_OUT = "F031", "No way to opt out",
        "A person who is called must be able to stop the calls: some key or hotkey must lead to an `opt_out` node.";
    MACHINE_LISTENS = "F032", "A machine is asked for keys",
        "A machine presses nothing. The path from `on_machine` may only speak and end.";
    TEST = "F033", "A test that cannot be read",
        "A step or an expectation that the tests do not know; see the reference.";
    TEST_CONTACT = "F034", "A test's contact does not fit the schema",
        "The contact of a test is read by the same rules as a row of the CSV.";
    FIELD_TYPE = "F035", "Unknown type of a field",
        "Types are text, money, date, number, digits(n), phone, language, bool, enum(a, b); `?` behind makes it optional.";
    CONFLICT = "F036", "A variable with two meanings",
        "A variable is set in one way only, with one type, so that all it can say is known before the call. `set` assigns \
         only what is known from the contact.";
    UNREACHABLE = "F037", "A node that is never reached",
        "No path from `start`, a hotkey or `on_machine` leads here. Remove it, or route something to it.";
    UNUSED_MESSAGE = "F038", "A message that is never said",
        "No node says it. Remove it, or say it.";
    MANY_KEYS = "F039", "A menu with more than five keys",
        "People do not remember that many choices by ear. Split the menu.";
    KEY_SPOKEN = "F040", "A key is announced that does nothing",
        "The text says to press a key which the menu does not take.";
    KEY_SILENT = "F041", "A key is taken that is never announced",
        "Nobody will press a key that no prompt of the menu names. Name it, or remove it.";
    SUBFLOW = "F042", "A sub-flow that cannot be called",
        "It is not in the folder `library` beside the flow, has faults of its own, would call itself, or is given other inputs \
         than it declares.";
    NOT_EXHAUSTIVE = "F043", "A branch that forgets a case",
        "Every word of an enum must lead somewhere: name the missing ones under `cases`, or route `else`.";
    LONG_CALL = "F044", "A person who stays silent is held too long",
        "With nobody pressing anything, some path through the flow talks and waits longer than a call may last, so the call \
         would be cut off in the middle. Say less, wait shorter, or lead silence to an end sooner.";
    LONG_SPEECH = "F045", "Long speech before the first choice",
        "People hang up on a voice that talks and asks nothing. The first question should come within half a minute.";
    NOT_TESTED = "F046", "A node that no test enters",
        "The tests of the flow never come here, so nobody knows what it does. Shown when the flow passes its own tests.";
    NO_FORM = "F047", "A value that this language has no words for",
        "Not every language has every case (`money ablative`, `date instrumental`): a case that the language does not have cannot be \
         asked for.";
    MARKUP = "F048", "Markup that cannot be spoken",
        "A message may hold `<break time=\"500ms\"/>`, `<emphasis level=\"strong\">…</emphasis>`, \
         `<prosody rate=\"slow\" pitch=\"low\" volume=\"+2dB\">…</prosody>` and \
         `<say-as interpret-as=\"digits\">4321</say-as>`, each closed within the message. No other tag is passed to a voice.";
    SENT_AWAY = "F049", "More for a client who has been sent away",
        "Behind `transfer` with `by: refer` the client is on another call: `answered` leads to an `end` without words, such as \
         `{ end: transferred }`.";
    FIRST_PART_ONLY = "F050", "An instalment of which only the first part is promised",
        "Only what was read back and confirmed is promised. An offer of an instalment with a `confirm` of its own, which names all parts \
         by `promise.amount`, `promise.on`, `promise.parts`, `promise.last_amount` and `promise.last_on`, promises the whole plan; without \
         it the first part alone.";
    MADE = "F051", "A message with our words says something of its own",
        "`limited_content` (what may be left on a machine, 12 CFR 1006.2(j)) and `abandoned` (what one hears who finds no agent) are made \
         from named parts; the words around them are ours, in each language, since free words cannot be judged. No other part, text, \
         amount or value of a contact stands in them, and no name that gives a collector's trade away.";
    SECRET = "F052", "A secret entry that would be kept",
        "What is keyed with `secret: true` (a card's number, its code) may be sent to a service with `method: post` and compared, and nothing \
         else: what is spoken, read back or written stands in transcripts. An entry of twelve digits or more that `luhn` proves is a payment \
         card's number, and must be secret. Better: send a link to a page of your payment service.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_unique() {
        for (n, code) in ALL.iter().enumerate() {
            assert_eq!(code.code, format!("F{:03}", n + 1));
        }
        assert_eq!(explain("f003").unwrap().code, DUPLICATE_KEY);
        assert!(explain("F999").is_none());
    }
}
