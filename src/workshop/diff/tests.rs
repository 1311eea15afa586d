use super::*;

const FLOW: &str = r#"flow: small
version: 1
languages: [en]
contact: { name: text, amount: money, last4: digits(4), email: text? }
protect: [amount]
messages:
  hello: { en: "Hello {contact.name}. Press 1 or 2." }
  prove: { en: "Your last four digits." }
  debt: { en: "You owe {contact.amount | money}." }
  bye: { en: "Goodbye." }
  wait: { en: "Please wait." }
start: ask
hotkeys: { "*9": stop }
nodes:
  ask: { menu: hello, keys: { "1": check, "2": agent }, exhausted: silent }
  check: { verify: contact.last4, ask: prove, ok: which, failed: silent, refused: silent }
  which: { branch: [{ when: has(contact.email), to: tell }], else: tell }
  tell: { say: debt, next: done }
  done: { say: bye, end: informed }
  agent: { queue: people, say: wait, answered: talked, no_agent: silent }
  talked: { end: transferred }
  silent: { say: bye, end: no_input }
  stop: { opt_out: number, next: silent }
"#;

fn compiled(source: &str) -> Program {
    let out = crate::flow::compile(source);
    let shown = crate::diagnostic::render_all(&out.diagnostics, "x.yaml", source);
    out.program.unwrap_or_else(|| panic!("{shown}"))
}

/// What the diff says when `from` in the flow becomes `to`.
fn changed(edits: &[(&str, &str)]) -> String {
    let mut source = FLOW.to_string();
    for (from, to) in edits {
        assert!(source.contains(from), "{from}");
        source = source.replace(from, to);
    }
    text(&words(&compiled(FLOW), &compiled(&source)))
}

#[test]
fn each_change_has_its_sentence() {
    let ask = r#"keys: { "1": check, "2": agent }"#;
    for (from, to, said) in [
        (ask, r#"keys: { "1": check, "2": silent }"#, "In `ask`\n  key 2 now leads to `silent` instead of `agent`"),
        (ask, r#"keys: { "1": check, "2": agent, "3": done }"#, "In `ask`\n  key 3 is new and leads to `done`"),
        (ask, r#"keys: { "1": check }"#, "In `ask`\n  key 2 is gone; it led to `agent`"),
        (ask, r#"keys: { "1": check }"#, "Gone: `agent`\n  queue (people)\n    en: Please wait."),
        ("exhausted: silent", "exhausted: done", "In `ask`\n  `exhausted` now leads to `done` instead of `silent`"),
        ("exhausted: silent", "timeout: 8s, exhausted: silent", "  wait for the first key: 8s instead of 6s"),
        ("exhausted: silent", "tries: 3, exhausted: silent", "  tries: 3 instead of 2"),
        ("exhausted: silent", "no_input: wait, exhausted: silent", "  after silence: new words\n    en: Please wait."),
        ("say: wait, ", "", "In `agent`\n  at first: not said any more\n    en: Please wait."),
        (
            "You owe {contact.amount | money}",
            "Your debt is {contact.amount | money accusative}",
            "In `tell`\n  other words\n    en - You owe {contact.amount | money}.\n    en + Your debt is {contact.amount | money accusative}.",
        ),
        ("Goodbye.", "See you.", "In `silent`\n  other words, the same as above in `done`\n"),
        (
            "{ en: \"Please wait.\" }",
            "{ en: { audio: w.wav, text: \"Please wait.\" } }",
            "    en: the recording `w.wav` instead of the synthesized voice",
        ),
        ("end: informed", "end: refused", "In `done`\n  result of the call: refused instead of informed"),
        ("queue: people", "queue: experts", "In `agent`\n  queue: experts instead of people"),
        ("opt_out: number", "opt_out: person", "In `stop`\n  closes: person instead of number"),
        (
            "when: has(contact.email)",
            "when: contact.amount > 5 RUB",
            "`contact.amount > 5.00 RUB` is new and leads to `tell`",
        ),
        ("when: has(contact.email)", "when: contact.amount > 5 RUB", "`has(contact.email)` is gone; it led to `tell`"),
        (
            "{ \"*9\": stop }",
            "{ \"*9\": stop, \"*8\": agent }",
            "The whole call\n  hotkey *8 is new and leads to `agent`",
        ),
        ("start: ask", "start: agent", "the call begins with `agent` instead of `ask`"),
        (
            "start: ask",
            "start: ask\non_machine: done",
            "a machine that answers is led to `done`; before, the call hung up",
        ),
        ("email: text?", "email: text?, town: text", "The whole call\n  a contact must bring `town` (text)"),
        ("email: text?", "email: text", "the contact's `email` is text instead of text?"),
        ("name: text, ", "name: text, age: number?, ", "a contact may bring `age` (number?)"),
        (
            "protect: [amount]",
            "",
            "PROTECTION REMOVED: `amount` may be spoken to anybody now, and to machines; before, only after `verify`; \
             it is spoken in `tell`\n",
        ),
        ("protect: [amount]", "protect: [amount, last4]", "`last4` is protected now: spoken only after `verify`"),
    ] {
        let told = changed(&[(from, to)]);
        assert!(told.contains(said), "{from} -> {to}\nexpected: {said}\n{told}");
    }
}

#[test]
fn what_a_client_would_not_notice() {
    let none = "no difference that a client would notice\n";
    for edits in [
        vec![],
        vec![("version: 1", "# another comment\nversion: 2")],
        vec![("has(contact.email)", "( has( contact.email ) )")],
        // A message, a node, and a node together with the one it leads to get other names.
        vec![("  wait: {", "  hold_on: {"), ("say: wait", "say: hold_on")],
        vec![("  tell: {", "  say_it: {"), ("to: tell", "to: say_it"), ("else: tell", "else: say_it")],
        vec![
            ("  tell: {", "  say_it: {"),
            ("to: tell", "to: say_it"),
            ("else: tell", "else: say_it"),
            ("next: done", "next: finish"),
            ("  done: {", "  finish: {"),
        ],
        vec![("  stop: {", "  alone: { say: bye, next: silent }\n  stop: {")],
    ] {
        assert_eq!(changed(&edits), none, "{edits:?}");
    }
}

#[test]
fn a_new_node_is_told_with_its_words() {
    let told = changed(&[("next: done", "next: more"), ("  done: {", "  more: { say: wait, next: done }\n  done: {")]);
    let expected = "In `tell`\n  `next` now leads to `more` instead of `done`\n\n\
        In `more`\n  a new node: say\n    en: Please wait.\n    `next` leads to `done`\n";
    assert_eq!(told, expected);
}

#[test]
fn another_language() {
    let other = FLOW.replace("languages: [en]", "languages: [ru]").replace("{ en:", "{ ru:");
    let told = text(&words(&compiled(FLOW), &compiled(&other)));
    assert!(told.contains("the call can be held in ru"), "{told}");
    assert!(told.contains("cannot be held in en any more: such clients hear ru"), "{told}");
}
