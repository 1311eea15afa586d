use super::*;

fn formatted(source: &str) -> String {
    format(source).unwrap_or_else(|e| panic!("left alone: {e:?}\n{source}"))
}

#[test]
fn laid_out() {
    for (what, source, expected) in [
        (
            "sections in order, groups parted",
            "nodes:\n  a: { end: x }\n\n\n\nstart: a\nversion: 1\nflow: f\n",
            "flow: f\nversion: 1\n\nstart: a\n\nnodes:\n  a: { end: x }\n",
        ),
        (
            "line ends, byte order mark, trailing space",
            "\u{feff}flow: f  \r\nversion: 1\t\r\n",
            "flow: f\nversion: 1\n",
        ),
        (
            "indent",
            "nodes:\n      a:\n          say: b\n          next: c\n",
            "nodes:\n  a:\n    say: b\n    next: c\n",
        ),
        (
            "lists",
            "tests:\n- name: a\n  steps:\n  - answer\n  -   keys 1\n",
            "tests:\n  - name: a\n    steps:\n      - answer\n      - keys 1\n",
        ),
        (
            "brackets that fit stay",
            "nodes:\n  a: {say: [b,c],\n    next: d}\n",
            "nodes:\n  a: { say: [b, c], next: d }\n",
        ),
        (
            "empty things",
            "flow: f\ncontact: {   }\nprotect: [ ]\nstart:\n",
            "flow: f\n\ncontact: {}\nprotect: []\n\nstart:\n",
        ),
        ("quotes of keys stay", "hotkeys: { '*9': stop, \"1\": a }\n", "hotkeys: { \"*9\": stop, \"1\": a }\n"),
        (
            "quotes that need the fewest escapes",
            "tests:\n  - 'hears \"a, b\"'\n  - \"it's\"\n  - 'say \"it''s\"'\n",
            "tests:\n  - 'hears \"a, b\"'\n  - \"it's\"\n  - 'say \"it''s\"'\n",
        ),
        (
            "messages",
            "messages: { bye: { en: Good bye., ru: 'Пока' } }\n",
            "messages:\n  bye:\n    en: \"Good bye.\"\n    ru: \"Пока\"\n",
        ),
        (
            "a recording",
            "messages:\n  bye:\n    en: {audio: bye.wav, text: Bye}\n",
            "messages:\n  bye:\n    en: { audio: bye.wav, text: Bye }\n",
        ),
        (
            "what YAML 1.1 misreads keeps its face, so that the compiler tells it off",
            "messages:\n  a:\n    en: no\n",
            "messages:\n  a:\n    en: no\n",
        ),
        (
            "a folded text that fits",
            "messages:\n  a:\n    en: >-\n       Good bye.\n",
            "messages:\n  a:\n    en: \"Good bye.\"\n",
        ),
        (
            "breaks of the author",
            "messages:\n  a:\n    en: >-\n          One.\n          Two.\n",
            "messages:\n  a:\n    en: >-\n      One.\n      Two.\n",
        ),
        (
            "paragraphs",
            "messages:\n  a:\n    en: >\n     One.\n\n     Two.\n",
            "messages:\n  a:\n    en: >\n      One.\n\n      Two.\n",
        ),
        (
            "literal",
            "messages:\n  a:\n    en: |-\n     One.\n       Two.\n",
            "messages:\n  a:\n    en: |-\n      One.\n        Two.\n",
        ),
        (
            "blank lines between nodes, at most one, none at the top",
            "nodes:\n\n  a: { end: x }\n\n\n  b: { end: y }\n",
            "nodes:\n  a: { end: x }\n\n  b: { end: y }\n",
        ),
        ("document marks", "--- \nflow: f\n...\n", "flow: f\n"),
        (
            "a sub-flow",
            "nodes:\n  a: { exit: ok }\nstart: a\nexits: [ok]\ninputs: { x: text }\nversion: 1\nsubflow: s\n",
            "subflow: s\nversion: 1\n\ninputs: { x: text }\nexits: [ok]\n\nstart: a\n\nnodes:\n  a: { exit: ok }\n",
        ),
        ("a flow in brackets", "{ version: 1, flow: f }\n", "flow: f\nversion: 1\n"),
    ] {
        let out = formatted(source);
        assert_eq!(out, expected, "{what}");
        assert_eq!(formatted(&out), out, "{what}, again");
    }
}

#[test]
fn comments_stay() {
    for (what, source, expected) in [
        ("of the file", "# f\n\nversion: 1\nflow: f\n# end\n", "# f\n\nflow: f\nversion: 1\n# end\n"),
        (
            "of a section that moves",
            "# v\nversion: 1 # one\n# f\nflow: f # ef\n",
            "# f\nflow: f # ef\n# v\nversion: 1 # one\n",
        ),
        (
            "for editors",
            "# yaml-language-server: $schema=x\nversion: 1\nflow: f\n",
            "# yaml-language-server: $schema=x\nflow: f\nversion: 1\n",
        ),
        (
            "beside and above",
            "nodes: # all\n  # a\n  a: # first\n      say: b # said\n   # c\n      next: c\n",
            "nodes: # all\n  # a\n  a: # first\n    say: b # said\n    # c\n    next: c\n",
        ),
        (
            "in brackets",
            "nodes:\n  a: { say: b, # said\n    # where\n    next: c } # end\n",
            "nodes:\n  a: # end\n    say: b # said\n    # where\n    next: c\n",
        ),
        (
            "at an open bracket and before a closed one",
            "nodes:\n  a: { # open\n    say: b\n    # shut\n  }\n",
            "nodes:\n  a: # open\n    say: b\n    # shut\n",
        ),
        (
            "behind a dash",
            "tests:\n  - # t\n    name: a\n  - { name: b } # u\n  - { # v\n    name: c }\n",
            "tests:\n  # t\n  - name: a\n  - { name: b } # u\n  - { name: c } # v\n",
        ),
        ("between key and value", "start:\n  # s\n  a\n", "# s\nstart: a\n"),
        (
            "at a folded text",
            "messages:\n  a:\n    en: >- # e\n      One.\n      Two.\n    # r\n    ru: x\n",
            "messages:\n  a:\n    en: >- # e\n      One.\n      Two.\n    # r\n    ru: \"x\"\n",
        ),
        (
            "at the foot of a node, of all nodes, of the file",
            "nodes:\n  a:\n    say: b\n    # a\n\n  # nodes\n# file\n",
            "nodes:\n  a:\n    say: b\n    # a\n\n  # nodes\n# file\n",
        ),
        (
            "below a list in its key's column",
            "tests:\n- a\n# p\nprotect: [x]\n",
            "# p\nprotect: [x]\n\ntests:\n  - a\n",
        ),
        ("in nothing", "contact: { # c\n}\nstart: # s\nnodes: {}\n", "contact: {} # c\n\nstart: # s\n\nnodes: {}\n"),
        ("not a comment", "flow: a#b\nstart: 'c # d'\n", "flow: a#b\n\nstart: \"c # d\"\n"),
        (
            "too many to stand beside",
            "nodes: { # one\n  a: { end: x } # a\n} # two\n",
            "# one\n# two\nnodes:\n  a: { end: x } # a\n",
        ),
    ] {
        let out = formatted(source);
        assert_eq!(out, expected, "{what}");
        assert_eq!(formatted(&out), out, "{what}, again");
    }
}

#[test]
fn long_texts_are_folded() {
    let sentence = "Twenty-nine characters, all. ".repeat(7);
    let out = formatted(&std::format!("messages:\n  a:\n    en: \"{}\"\n", sentence.trim()));
    let three = ["Twenty-nine characters, all."; 3].join(" ");
    let expected = std::format!("    en: >-\n      {three}\n      {three}\n      Twenty-nine characters, all.\n");
    assert!(out.ends_with(&expected), "{out}");
    assert_eq!(formatted(&out), out);
    // Two spaces, or one at an end, would not survive folding; nor is there a place to break one long word.
    for text in [format_args!(" {sentence}").to_string(), sentence.replace(". ", ".  "), "x".repeat(200)] {
        let out = formatted(&std::format!("messages:\n  a:\n    en: \"{text}\"\n"));
        assert_eq!(formatted(&out), out);
        assert!(yaml::read(&out, &mut Vec::new()).is_some());
    }
}

#[test]
fn long_brackets_are_opened() {
    let node = "{ say: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb], next: cccccccccccccccccc, \
                interruptible: true }";
    let out = formatted(&std::format!("nodes:\n  a: {node}\n"));
    assert!(out.starts_with("nodes:\n  a:\n    say: [aaa"), "{out}");
    assert_eq!(formatted(&out), out);
}

#[test]
fn left_alone() {
    for (source, code) in
        [("a: [1", "F001"), ("a: 1\na: 2\n", "F003"), ("- a\n", "F005"), ("a: &x 1\n", "F002"), ("", "F001")]
    {
        match format(source) {
            Err(LeftAlone::Unreadable(found)) => assert_eq!(found[0].code, code, "{source}"),
            other => panic!("{source}: {other:?}"),
        }
    }
    // Plain text of two paragraphs cannot be said on one line without quotes, and quotes may mean something here.
    assert!(matches!(format("flow: a\n\n  b\n"), Err(LeftAlone::Unsayable)));
}
