//! What an editor is told of a flow: first by the workshop, where `¦` marks the cursor, then by the real language server
//! over a pipe.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use proptest::prelude::*;
use ringback::workshop::editor::{Document, Place, Symbol};
use serde_json::{Value, json};

const FLOW: &str = r#"flow: small
version: 1
languages: [ru, en]
contact:
  name: text
  amount: money
  service: enum(water, heating)
  email: text?
messages:
  greet:
    ru: "Здравствуйте, {contact.name}! Сумма {contact.amount | money}. Нажмите 1."
    en: >-
      Hello, {contact.name}! The sum is
      {contact.amount | money}. Press 1.
  bye: { ru: "Всего доброго!", en: "Goodbye!" }
start: ask
hotkeys: { "*9": stop }
nodes:
  ask: { menu: greet, keys: { "1": check }, exhausted: bye }
  check: { branch: [{ when: contact.amount > 10 RUB, to: half }], else: bye }
  half: { set: { part: contact.amount / 2 }, next: bye }
  stop: { opt_out: number, next: bye }
  bye: { say: bye, end: informed }
tests:
  - name: presses one
    contact: { name: Анна, amount: 20.50 RUB, service: water, language: ru }
    steps: [answer, hears greet, keys 1]
    expect: { result: informed, hears: [bye], path: [ask, check, half, bye] }
"#;

/// The text without its mark, and the place of the mark.
fn marked(text: &str) -> (String, Place) {
    let at = text.find('¦').expect("a `¦` marks the cursor");
    let before = &text[..at];
    let line = before.matches('\n').count() as u32;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() as u32;
    (text.replacen('¦', "", 1), Place { line, column })
}

/// [`FLOW`] with `from`, which stands in it once, written as `to`.
fn with(from: &str, to: &str) -> String {
    assert_eq!(FLOW.matches(from).count(), 1, "`{from}` is not there once");
    FLOW.replacen(from, to, 1)
}

fn labels(text: &str) -> Vec<String> {
    let (source, place) = marked(text);
    Document::new(&source).completion(place).into_iter().map(|p| p.label).collect()
}

#[test]
fn the_flow_of_these_tests_is_sound() {
    assert_eq!(Document::new(FLOW).findings(), []);
}

#[test]
fn completion() {
    let nodes = "ask bye check half stop";
    let messages = "bye greet";
    for (from, to, first, never) in [
        // Where a node is wanted, nodes; where a message, messages.
        ("start: ask", "start: ¦", nodes, "greet"),
        ("start: ask", "start: as¦k", nodes, "greet"),
        ("exhausted: bye }", "exhausted: ¦ }", nodes, "greet"),
        ("\"1\": check", "\"1\": ¦", nodes, "greet"),
        ("menu: greet", "menu: ¦", messages, "ask"),
        ("menu: greet", "menu: [greet, ¦]", messages, "ask"),
        ("{ \"*9\": stop }", "{ \"*9\": ¦ }", nodes, "greet"),
        // Keys of the kind at hand, without those that are there.
        (
            "exhausted: bye }",
            "exhausted: bye, ¦ }",
            "no_match no_input timeout gap tries barge_in type_ahead",
            "menu keys exhausted",
        ),
        ("say: bye, end: informed", "say: bye, ¦", "interruptible next", "say"),
        ("say: bye, end: informed", "¦", "say menu collect verify promise branch set queue notify opt_out end", "next"),
        ("{ say: bye, end: informed }", "\n    say: bye\n    ¦", "interruptible next", "say"),
        ("{ say: bye, end: informed }", "\n    ¦", "say menu", "next"),
        ("{ say: bye, end: informed }", "\n    me¦", "say menu", "next"),
        ("{ when: contact.amount > 10 RUB, to: half }", "{ ¦ }", "when to", "say"),
        // Closed sets.
        ("end: informed", "end: ¦", "no_input machine", "busy"),
        ("opt_out: number", "opt_out: ¦", "number person", "bye"),
        ("email: text?", "email: ¦", "text money date number", "bye"),
        ("[ru, en]", "[ru, ¦]", "en ru", "bye"),
        ("version: 1", "version: 1\n¦", "protect defaults on_machine", "flow version"),
        ("version: 1", "version: 1\nprotect: [¦]", "name amount service email", "greet"),
        // Slots and expressions.
        (
            "Hello, {contact.name}",
            "Hello, {¦}",
            "contact.name contact.amount contact.service contact.email part company",
            "ask",
        ),
        ("Hello, {contact.name}", "Hello, {contact.¦}", "name amount service email", "contact.name"),
        ("{contact.name}! Сумма", "{cont¦", "contact.name contact.amount", "ask"),
        ("Сумма {contact.amount | money}", "Сумма {contact.amount | ¦}", "plain money date number digits", "dative"),
        ("Сумма {contact.amount | money}", "Сумма {contact.amount | money ¦}", "nominative genitive dative", "money"),
        ("contact.amount > 10 RUB", "contact.service == ¦", "contact.name", "ask"),
        ("contact.amount > 10 RUB", "contact.service == w¦", "contact.name", "ask"),
        ("contact.amount / 2", "contact.¦", "name amount", "part"),
        // Tests.
        ("keys 1]", "¦]", "answer human machine", "bye"),
        ("hears greet", "hears ¦", messages, "ask"),
        ("hears greet", "not hears gr¦", messages, "ask"),
        ("hears: [bye]", "hears: [¦]", messages, "ask"),
        ("path: [ask,", "path: [¦,", nodes, "greet"),
        ("result: informed, ", "¦, ", "result promise", "hears path"),
        ("result: informed", "result: ¦", "", "bye"),
        ("service: water, ", "¦, ", "service email", "name"),
        ("    steps:", "    ¦\n    steps:", "company now", "steps"),
    ] {
        let found = labels(&with(from, to));
        let wanted: Vec<&str> = first.split_whitespace().collect();
        let begins: Vec<&str> = found.iter().map(String::as_str).filter(|l| wanted.contains(l)).collect();
        assert_eq!(begins, wanted, "{to}: {found:?}");
        for word in never.split_whitespace() {
            assert!(!found.iter().any(|l| l == word), "{to}: `{word}` among {found:?}");
        }
    }
    for (from, to) in [("Press 1.", "Press ¦ 1."), ("flow: small", "# ¦\nflow: small"), ("version: 1", "version: ¦1")]
    {
        assert_eq!(labels(&with(from, to)), [""; 0], "{to}");
    }
}

/// While the text is not YAML at all.
#[test]
fn completion_in_broken_text() {
    for (from, to, expected) in [
        ("{ say: bye, end: informed }", "{ say: ¦", "bye greet"),
        ("{ say: bye, end: informed }", "{ say: bye, end: inf¦", "no_input informed"),
        ("{ opt_out: number, next: bye }", "{ opt_out: number, next: ¦", "ask bye check half stop"),
        ("{ opt_out: number, next: bye }", "{ opt_out: number, ¦", "next"),
        (
            "ru: \"Здравствуйте, {contact.name}! Сумма {contact.amount | money}. Нажмите 1.\"",
            "ru: \"Привет, {¦",
            "contact.name",
        ),
        ("steps: [answer, hears greet, keys 1]", "steps: [answer, hears ¦", "bye greet"),
        ("steps: [answer, hears greet, keys 1]", "steps: [answer, ¦", "answer human hears"),
    ] {
        let found = labels(&with(from, to));
        for word in expected.split_whitespace() {
            assert!(found.iter().any(|l| l == word), "{to}: no `{word}` in {found:?}");
        }
    }
}

#[test]
fn a_key_brings_its_colon() {
    for (to, insert) in [("say: bye, interrup¦", "interruptible: "), ("say: bye, inter¦: true", "interruptible")] {
        let (source, place) = marked(&with("say: bye, end: informed", to));
        let found = Document::new(&source).completion(place);
        let proposal = found.iter().find(|p| p.label == "interruptible").expect("offered");
        assert_eq!(proposal.insert, insert);
        assert!(proposal.about.contains("a key stops the speech"), "{}", proposal.about);
    }
}

fn hover(text: &str) -> String {
    let (source, place) = marked(text);
    Document::new(&source).hover(place).map(|h| h.text).unwrap_or_default()
}

#[test]
fn hovering() {
    let said_in_english = "`en` Hello, Анна! The sum is twenty rubles and fifty kopecks. Press one.";
    let said_in_russian = "`ru` Здравствуйте, Анна! Сумма двадцать рублей пятьдесят копеек. Нажмите один.";
    for (from, to, expected) in [
        ("menu: greet", "menu: gr¦eet", said_in_english),
        ("menu: greet", "menu: ¦greet", said_in_russian),
        ("  greet:\n", "  gre¦et:\n", said_in_russian),
        ("hears greet", "hears gree¦t", said_in_english),
        ("Сумма {", "Су¦мма {", said_in_russian),
        ("The sum is\n", "The s¦um is\n", said_in_english),
        ("menu: greet", "menu: gr¦eet", "as the test “presses one” hears it"),
        ("menu: greet", "me¦nu: greet", "Says a prompt and waits for one of its keys"),
        ("exhausted: bye }", "exha¦usted: bye }", "silence or wrong keys on every try"),
        ("{ say: bye, end: informed }", "{ say: bye, en¦d: informed }", "closes the attempt with a result"),
        ("hotkeys:", "hot¦keys:", "map of keys, heard at any moment, to nodes"),
        ("to: half", "to: ha¦lf", "`set`: Gives variables values"),
        ("Hello, {contact.name}", "Hello, {contact.na¦me}", "field **name**\n\ntext"),
        ("contact.amount / 2", "contact.amou¦nt / 2", "money"),
        ("part:", "pa¦rt:", "variable **part**\n\nmoney"),
        ("flow: small", "# F0¦12\nflow: small", "A message that does not exist"),
        ("start: ask", "start: as¦x", "F011: A node that does not exist"),
    ] {
        let found = hover(&with(from, to));
        assert!(found.contains(expected), "{to}: expected {expected}\ngot {found}");
    }
    let made_up = FLOW.split("tests:").next().expect("a beginning").replace("menu: greet", "menu: gre¦et");
    let found = hover(&made_up);
    assert!(found.contains("`ru` Здравствуйте, Анна! Сумма одна тысяча двести тридцать четыре рубля"), "{found}");
    assert!(found.contains("with values made up"), "{found}");
    assert_eq!(hover(&with("version: 1", "version: ¦1")), "");
}

/// The line of the definition, and how often the name stands in the file.
#[test]
fn definitions_and_references() {
    for (from, to, declared, places) in [
        ("start: ask", "start: as¦k", "  ask: {", 3),
        ("to: half", "to: hal¦f", "  half: {", 3),
        ("menu: greet", "menu: gre¦et", "  greet:", 3),
        ("hears greet", "hears greet¦", "  greet:", 3),
        ("Сумма {contact.amount |", "Сумма {contact.a¦mount |", "  amount: money", 6),
        ("\n      {contact.amount | money}", "\n      {contact.a¦mount | money}", "  amount: money", 6),
        ("part:", "par¦t:", "  half: {", 1),
    ] {
        let (source, place) = marked(&with(from, to));
        let document = Document::new(&source);
        let found = document.definition(place).unwrap_or_else(|| panic!("{to}: nowhere"));
        let line = document.text().line(found.from.line);
        assert!(line.starts_with(declared), "{to}: {line}");
        assert_eq!(document.references(place, true).len(), places, "{to}: {:?}", document.references(place, true));
    }
    let (source, place) = marked(&with("version: 1", "ver¦sion: 1"));
    assert_eq!(Document::new(&source).definition(place), None);
}

fn renamed(text: &str, new: &str) -> Result<String, String> {
    let (mut source, place) = marked(text);
    let document = Document::new(&source);
    let ranges = document.rename(place, new)?;
    for range in ranges.iter().rev() {
        source.replace_range(document.text().offset(range.from)..document.text().offset(range.to), new);
    }
    Ok(source)
}

#[test]
fn renaming() {
    // A node, and not the message of the same name; a field, also in folded text.
    let found = renamed(&with("exhausted: bye }", "exhausted: by¦e }"), "farewell").expect("renamed");
    assert_eq!(
        found,
        FLOW.replace("exhausted: bye", "exhausted: farewell")
            .replace("else: bye", "else: farewell")
            .replace("next: bye", "next: farewell")
            .replace("  bye: { say", "  farewell: { say")
            .replace("half, bye]", "half, farewell]")
    );
    let found = renamed(&with("  amount: money", "  amou¦nt: money"), "debt").expect("renamed");
    assert_eq!(found, FLOW.replace("amount", "debt"));
    let found = renamed(&with("part:", "par¦t:"), "second_half").expect("renamed");
    assert_eq!(found, FLOW.replace("part:", "second_half:"));

    for (from, to, new, why) in [
        ("start: ask", "start: as¦k", "Ask", "a name is a-z, 0-9 and _"),
        ("start: ask", "start: as¦k", "спроси", "a name is a-z, 0-9 and _"),
        ("start: ask", "start: as¦k", "", "a name is a-z, 0-9 and _"),
        ("start: ask", "start: as¦k", "no", "it is a truth value to many YAML readers"),
        ("start: ask", "start: as¦k", "bye", "there is a node `bye` already"),
        ("menu: greet", "menu: gre¦et", "bye", "there is a message `bye` already"),
        ("part:", "par¦t:", "today", "means something else in an expression"),
        ("start: ask", "start: as¦x", "b", "there is no node `asx` to rename"),
        ("version: 1", "ver¦sion: 1", "b", "no name of a node, message, field or variable"),
        ("start: ask", "start: as¦k\nx: [", "b", "a file that can be read; line"),
    ] {
        let found = renamed(&with(from, to), new).expect_err(to);
        assert!(found.contains(why), "{to}: {found}");
    }
}

/// Every name of the shipped flows can be changed, and the flow is as sound as before.
#[test]
fn renaming_in_shipped_flows() {
    for file in ["flows/overdue_reminder.yaml", "flows/gentle_reminder.yaml"] {
        let source = std::fs::read_to_string(file).expect("a shipped flow");
        let document = Document::new(&source);
        let mut names = 0;
        for section in document.symbols().iter().filter(|s| ["contact", "messages", "nodes"].contains(&s.name.as_str()))
        {
            for symbol in &section.inside {
                let ranges = document.rename(symbol.at.from, "quite_another").unwrap_or_else(|why| panic!("{why}"));
                assert!(ranges.len() > 1, "{file}: {} stands nowhere else", symbol.name);
                names += 1;
            }
        }
        assert!(names > 30, "{file}: only {names} names");
    }
}

fn outline(symbols: &[Symbol]) -> String {
    let told = |s: &Symbol| match (s.detail.as_str(), s.inside.as_slice()) {
        ("", []) => s.name.clone(),
        (detail, []) => format!("{}={detail}", s.name),
        (_, inside) => format!("{}({})", s.name, outline(inside)),
    };
    symbols.iter().map(told).collect::<Vec<_>>().join(" ")
}

#[test]
fn symbols() {
    let whole = "flow=small version=1 languages contact(name=text amount=money service=enum(water, heating) email=text?) \
        messages(greet bye) start=ask hotkeys nodes(ask=menu check=branch half=set stop=opt_out bye=end) tests(presses one)";
    assert_eq!(outline(&Document::new(FLOW).symbols()), whole);
    // Half written: what is there is shown.
    let broken = with("exhausted: bye }", "exhausted: ").replace("[answer, hears", "[answer, \"hears");
    assert!(Document::new(&broken).findings().iter().any(|f| f.code == "F001"));
    assert_eq!(outline(&Document::new(&broken).symbols()), whole);
    // The protocol wants a name within its symbol.
    fn nested(symbols: &[Symbol]) {
        for s in symbols {
            assert!(s.range.from <= s.at.from && s.at.to <= s.range.to, "{s:?}");
            nested(&s.inside);
        }
    }
    nested(&Document::new(FLOW).symbols());
    nested(&Document::new(&broken).symbols());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// A flow scribbled over, asked everything at any place: always an answer.
    #[test]
    fn any_place_in_a_scribbled_flow(
        scribbles in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, "[\\[\\]{}:,\"'|>#*&! \n\t\rа😀a-]{0,6}"), 0..6),
        line in 0u32..40,
        column in 0u32..100,
    ) {
        let mut chars: Vec<char> = FLOW.chars().collect();
        for (at, length, text) in scribbles {
            let from = at.index(chars.len().max(1)).min(chars.len());
            let to = (from + length).min(chars.len());
            chars.splice(from..to, text.chars());
        }
        let source: String = chars.into_iter().collect();
        let document = Document::new(&source);
        let place = Place { line, column };
        for found in document.findings() {
            prop_assert!(found.range.from <= found.range.to);
        }
        document.completion(place);
        document.hover(place);
        document.definition(place);
        document.references(place, true);
        document.symbols();
        if let Ok(ranges) = document.rename(place, "quite_another") {
            prop_assert!(ranges.windows(2).all(|w| w[0].to <= w[1].from), "ranges overlap: {ranges:?}");
        }
    }
}

/// The real server, and the editor's end of its pipe.
struct Session {
    server: Child,
    to: Option<ChildStdin>,
    from: Option<BufReader<ChildStdout>>,
    asked: i32,
}

const URI: &str = "file:///flows/small.yaml";

impl Session {
    fn new() -> Session {
        let mut server = Command::new(env!("CARGO_BIN_EXE_ringback"))
            .args(["flow", "lsp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (to, from) = (server.stdin.take(), server.stdout.take().expect("a pipe"));
        Session { server, to, from: Some(BufReader::new(from)), asked: 0 }
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        let to = self.to.as_mut().expect("the pipe is open");
        write!(to, "Content-Length: {}\r\n\r\n{text}", text.len()).and_then(|()| to.flush()).expect("the server reads");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn read(&mut self) -> Value {
        let from = self.from.as_mut().expect("the pipe is open");
        let mut length = 0;
        loop {
            let mut line = String::new();
            from.read_line(&mut line).expect("the server writes");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", n)) => length = n.parse().expect("a number"),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).expect("a whole message");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// The result, or the error.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }));
        let answer = self.read();
        assert_eq!(answer["id"], self.asked, "{answer}");
        answer.get("result").or(answer.get("error")).cloned().expect("one of the two")
    }

    fn initialize(&mut self, encodings: Value) -> String {
        let params = json!({ "processId": null, "rootUri": null,
            "capabilities": { "general": { "positionEncodings": encodings } } });
        let result = self.ask("initialize", params);
        self.tell("initialized", json!({}));
        result["capabilities"]["positionEncoding"].as_str().unwrap_or("none").to_string()
    }

    fn open(&mut self, text: &str) -> Value {
        let document = json!({ "uri": URI, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.read()["params"].take()
    }

    fn change(&mut self, version: i32, text: &str) -> Value {
        let document = json!({ "uri": URI, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
        self.read()["params"].take()
    }

    fn at(&mut self, what: &str, line: u32, character: u32, more: Value) -> Value {
        let mut params =
            json!({ "textDocument": { "uri": URI }, "position": { "line": line, "character": character } });
        params.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
        self.ask(&format!("textDocument/{what}"), params)
    }

    /// The code it exits with, and its last words.
    fn ended(mut self) -> (Option<i32>, String) {
        drop(self.to.take());
        drop(self.from.take());
        let mut words = String::new();
        self.server.stderr.take().expect("a pipe").read_to_string(&mut words).expect("text");
        (self.server.wait().expect("it ends").code(), words)
    }
}

#[test]
fn a_session() {
    let mut session = Session::new();
    let early = session.at("hover", 0, 0, json!({}));
    assert_eq!(early["code"], -32002, "{early}");
    assert_eq!(session.initialize(json!(["utf-16"])), "utf-16");

    // A fault behind Cyrillic: columns of UTF-16, code, severity, help.
    let faulty = FLOW.replace("Сумма {contact.amount", "Сумма 😀 {contact.amuont");
    let published = session.open(&faulty);
    let found = &published["diagnostics"][0];
    assert_eq!((&published["uri"], &published["version"]), (&json!(URI), &json!(1)));
    assert_eq!((&found["code"], &found["severity"], &found["source"]), (&json!("F013"), &json!(1), &json!("ringback")));
    assert_eq!(found["message"], "a contact has no field `amuont`\ndid you mean `contact.amount`?");
    let line = faulty.lines().nth(10).expect("the line");
    let column = |part: &str| line[..line.find(part).expect("there")].encode_utf16().count();
    assert_eq!(found["range"]["start"], json!({ "line": 10, "character": column("contact.amuont") }));
    assert_eq!(found["range"]["end"], json!({ "line": 10, "character": column(" | money") }));

    // Half written: told so, and still helped.
    let (half, place) = marked(&with("exhausted: bye }", "exhausted: ¦"));
    let published = session.change(2, &half);
    assert_eq!(published["diagnostics"][0]["code"], "F001", "{published}");
    let found = session.at("completion", place.line, place.column, json!({}));
    let labels: Vec<&str> =
        found["items"].as_array().expect("a list").iter().filter_map(|i| i["label"].as_str()).collect();
    assert_eq!(labels, ["ask", "bye", "check", "half", "stop"]);
    let refused = session.at("rename", place.line, 3, json!({ "newName": "other" }));
    assert!(refused["message"].as_str().is_some_and(|m| m.contains("a file that can be read")), "{refused}");
    let symbols = session.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(symbols.as_array().map(Vec::len), Some(9), "{symbols}");

    // Whole again. Line 18 is `  ask: { menu: greet, …`.
    assert_eq!(session.change(3, FLOW)["diagnostics"], json!([]));
    let hover = session.at("hover", 18, 17, json!({}));
    assert_eq!(hover["contents"]["kind"], "markdown");
    assert!(
        hover["contents"]["value"].as_str().is_some_and(|t| t.contains("двадцать рублей пятьдесят копеек")),
        "{hover}"
    );
    let definition = session.at("definition", 18, 17, json!({}));
    assert_eq!(definition["range"]["start"], json!({ "line": 9, "character": 2 }));
    let references = session.at("references", 18, 17, json!({ "context": { "includeDeclaration": false } }));
    assert_eq!(references.as_array().map(Vec::len), Some(2), "{references}");
    assert_eq!(session.at("prepareRename", 18, 17, json!({}))["start"], json!({ "line": 18, "character": 15 }));
    let edit = session.at("rename", 18, 17, json!({ "newName": "welcome" }));
    assert_eq!(edit["changes"][URI].as_array().map(Vec::len), Some(3), "{edit}");
    let refused = session.at("rename", 18, 17, json!({ "newName": "Привет" }));
    assert_eq!((&refused["code"], refused["message"].as_str().is_some()), (&json!(-32803), true));

    // What is not served or not open is refused, and the server lives on.
    assert_eq!(session.ask("textDocument/formatting", json!({}))["code"], -32601);
    assert_eq!(session.ask("textDocument/hover", json!({ "textDocument": { "uri": "file:///x" } }))["code"], -32602);
    assert_eq!(session.ask("textDocument/hover", json!([]))["code"], -32602);
    session.tell("textDocument/didChange", json!({ "nonsense": true }));
    session.tell("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(session.read()["params"]["diagnostics"], json!([]));

    assert_eq!(session.ask("shutdown", Value::Null), Value::Null);
    session.tell("exit", Value::Null);
    assert_eq!(session.ended(), (Some(0), String::new()));
}

#[test]
fn encodings() {
    for (offered, taken) in [
        (json!(["utf-8", "utf-16"]), "utf-8"),
        (json!(["utf-32", "utf-8"]), "utf-32"),
        (json!(["utf-7", "utf-16"]), "utf-16"),
        (json!([]), "utf-16"),
        (Value::Null, "utf-16"),
    ] {
        let mut session = Session::new();
        assert_eq!(session.initialize(offered.clone()), taken, "{offered}");
        session.open(FLOW);
        // `Сумма {contact.a` in line 10.
        let line = FLOW.lines().nth(10).expect("the line");
        let before = &line[..line.find("amount").expect("there")];
        let units = match taken {
            "utf-8" => before.len(),
            "utf-16" => before.encode_utf16().count(),
            _ => before.chars().count(),
        };
        let found = session.at("prepareRename", 10, units as u32 + 1, json!({}));
        assert_eq!(found["start"]["character"], units, "{taken}: {found}");
        assert_eq!(found["end"]["character"], units + "amount".len(), "{taken}: {found}");
    }
}

#[test]
fn other_yaml_is_let_alone() {
    let mut session = Session::new();
    session.initialize(json!(["utf-16"]));
    assert_eq!(session.open("version: 3\nservices:\n  web: { image: nginx }\n")["diagnostics"], json!([]));
    assert_eq!(session.at("hover", 0, 2, json!({})), Value::Null);
    assert_eq!(session.at("completion", 3, 0, json!({}))["items"], json!([]));
    // A flow that has only been begun is helped with, and not told off yet.
    assert_eq!(session.change(2, "versi")["diagnostics"], json!([]));
    assert_eq!(session.at("completion", 0, 5, json!({}))["items"][1]["label"], "version");
}

#[test]
fn pipes_that_close() {
    // Nothing was ever said.
    assert_eq!(Session::new().ended(), (Some(0), String::new()));
    // In the middle of a session.
    let mut session = Session::new();
    session.initialize(json!(["utf-16"]));
    session.open(FLOW);
    assert_eq!(session.ended(), (Some(0), String::new()));
    // Nobody reads any more, though somebody still writes.
    let mut session = Session::new();
    session.initialize(json!(["utf-16"]));
    drop(session.from.take());
    for _ in 0..2 {
        let document = json!({ "uri": URI, "languageId": "yaml", "version": 1, "text": FLOW });
        session.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }
    assert_eq!(session.server.wait().expect("it ends").code(), Some(0));
    // `exit` without `shutdown` is a fault of the editor's.
    let mut session = Session::new();
    session.initialize(json!(["utf-16"]));
    session.tell("exit", Value::Null);
    assert_eq!(session.ended().0, Some(1));
    // No protocol at all: said so.
    let mut session = Session::new();
    session.to.as_mut().expect("a pipe").write_all(b"hello\r\n\r\n").expect("written");
    let (code, words) = session.ended();
    assert_eq!(code, Some(1));
    assert!(words.contains("does not speak the language server protocol"), "{words}");
}
