use std::sync::Arc;

use super::layout::Placed;
use super::svg::Drawing;
use super::*;
use crate::call::rehearse::rehearse;

const FLOW: &str = r#"flow: small
version: 3
languages: [en]
contact: { name: text, amount: money, last4: digits(4) }
protect: [amount]
messages:
  hello: { en: "Hello {contact.name}, \"friend\" & < co >. Press 1, 2 or 0." }
  prove: { en: "Your last four digits." }
  debt: { en: "You owe {contact.amount | money}." }
  bye: { en: "Goodbye." }
start: ask
on_machine: bye
hotkeys: { "*9": stop }
nodes:
  ask: { menu: hello, keys: { "1": check, "2": bye, "0": ask }, exhausted: bye }
  check: { verify: contact.last4, ask: prove, ok: which, failed: ask, refused: bye }
  which: { branch: [{ when: contact.amount > 5 RUB, to: tell }], else: bye }
  tell: { say: debt, next: bye }
  bye: { say: bye, end: informed }
  stop: { opt_out: number, next: bye }
tests:
  - name: two
    contact: { name: Anna, amount: 9.00 RUB, last4: "4321" }
    steps: [answer, keys 2]
    expect: { result: informed }
"#;

fn program() -> Program {
    crate::flow::compile(FLOW).program.expect("the flow compiles")
}

fn plain() -> Picture {
    let mut picture = picture(&program(), &Overlay::None);
    picture.subtitle = "version 3".into();
    picture
}

#[test]
fn as_mermaid() {
    let expected = r##"%% small, version 3
flowchart TD
  n0{{"ask<br/>menu"}}
  n1{{"check<br/>verify: contact.last4"}}
  n2{"which<br/>branch"}
  n3("tell<br/>say 🔒")
  n4(["bye<br/>end: informed"])
  n5["stop<br/>opt#95;out: number"]
  e0(["start"]) --> n0
  e1(["#42;9 at any moment"]) --> n5
  e2(["a machine answers"]) --> n4
  n0 -->|"key 1"| n1
  n0 -->|"key 2<br/>exhausted"| n4
  n0 -->|"key 0"| n0
  n1 -->|"ok"| n2
  n1 -->|"failed"| n0
  n1 -->|"refused"| n4
  n2 -->|"contact.amount #62; 5 RUB"| n3
  n2 -->|"else"| n4
  n3 --> n4
  n5 --> n4
"##;
    assert_eq!(mermaid(&plain()), expected);
}

#[test]
fn as_dot() {
    let dot = dot(&plain());
    for line in [
        "digraph \"small\" {\n  label=\"small\\nversion 3\"; labelloc=t; fontname=sans;\n",
        "  n0 [label=\"ask\\nmenu\", shape=octagon, style=\"filled\", fillcolor=\"#dcebfa\", color=\"#2b6cb0\", \
         fontcolor=\"#1f2933\"];\n",
        "  e1 [label=\"*9 at any moment\", shape=plaintext, style=\"\"];\n  e1 -> n5;\n",
        "  n0 -> n4 [label=\"key 2\\nexhausted\", color=\"#616e7c\", penwidth=1.3];\n",
        "  n3 -> n4 [color=\"#616e7c\", penwidth=1.3];\n",
    ] {
        assert!(dot.contains(line), "{line}\n{dot}");
    }
    let mut odd = plain();
    odd.title = "a \"b\" \\".into();
    assert!(super::dot(&odd).starts_with("digraph \"a \\\"b\\\" \\\\\" {"));
}

fn apart(a: &Placed, b: &Placed) -> bool {
    (a.x - b.x).abs() >= (a.width + b.width) / 2.0 - 0.01 || (a.y - b.y).abs() >= (a.height + b.height) / 2.0 - 0.01
}

/// What is on a drawing must not lie upon anything else, and lines must end where they should.
fn sound(picture: &Picture) {
    let laid = Drawing::of(picture).laid;
    let labels: Vec<&Placed> = laid.routes.iter().map(|r| &r.label).filter(|l| l.width > 0.0).collect();
    let all: Vec<&Placed> = laid.boxes.iter().chain(labels).collect();
    for (n, a) in all.iter().enumerate() {
        assert!(a.x - a.width / 2.0 >= -0.01 && a.x + a.width / 2.0 <= laid.width + 0.01, "{a:?} in {}", laid.width);
        assert!(a.y - a.height / 2.0 >= -0.01 && a.y + a.height / 2.0 <= laid.height + 0.01, "{a:?}");
        for b in &all[n + 1..] {
            assert!(apart(a, b), "{a:?} lies on {b:?}");
        }
    }
    let on = |at: &Placed, (x, y): (f64, f64)| {
        (x - at.x).abs() <= at.width / 2.0 + 0.01 && (y - at.y).abs() <= at.height / 2.0 + 0.01
    };
    assert_eq!(laid.routes.len(), picture.ways.len() + picture.entries.len());
    for (way, route) in picture.ways.iter().zip(&laid.routes) {
        let (first, last) = (route.points[0], route.points[route.points.len() - 1]);
        assert!(on(&laid.boxes[way.from], first) && on(&laid.boxes[way.to], last), "{way:?} {route:?}");
    }
}

/// A flow of `nodes` menus whose keys lead anywhere, from a seed.
fn tangle(nodes: usize, seed: u64) -> Program {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut any = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut source = String::from(
        "flow: tangle\nversion: 1\nlanguages: [en]\ncontact: { name: text }\nmessages: { a: { en: Press 1 to 3. } }\n\
         start: n0\nhotkeys: { \"*9\": stop }\nnodes:\n  stop: { opt_out: number, next: end }\n  end: { end: informed }\n",
    );
    for n in 0..nodes {
        let keys: Vec<String> = (1..=3).map(|key| format!("\"{key}\": n{}", any(nodes))).collect();
        source += &format!("  n{n}: {{ menu: a, keys: {{ {} }}, exhausted: end }}\n", keys.join(", "));
    }
    let out = crate::flow::compile(&source);
    out.program.unwrap_or_else(|| panic!("{}", crate::diagnostic::render_all(&out.diagnostics, "x", &source)))
}

#[test]
fn nothing_lies_upon_anything() {
    sound(&plain());
    for (nodes, seed) in [(1, 0), (2, 1), (5, 2), (9, 3), (14, 4), (30, 5)] {
        sound(&picture(&tangle(nodes, seed), &Overlay::None));
    }
}

#[test]
fn the_same_every_time() {
    let program = tangle(12, 7);
    let once = svg(&picture(&program, &Overlay::None)).expect("small enough");
    assert_eq!(once, svg(&picture(&program, &Overlay::None)).expect("small enough"));
    assert_eq!(once.matches("class=\"node\"").count(), program.steps.len());
}

#[test]
fn as_svg() {
    let drawn = svg(&plain()).expect("small enough");
    well_formed(&drawn);
    for part in [
        "Hello {name},",
        "&quot;friend&quot; &amp; &lt;</text>",
        "<title>check: failed → ask</title>",
        "<title>ask: 2, exhausted → bye</title>",
        ">informed</text>",
        "class=\"lock\"",
        ">*9 at any moment</text>",
        ">contact.amount &gt; 5 RUB</text>",
    ] {
        assert!(drawn.contains(part), "{part}\n{drawn}");
    }
    let mut large = plain();
    large.nodes = vec![large.nodes[0].clone(); NODES_MAX + 1];
    assert_eq!(svg(&large).unwrap_err(), TooLarge { nodes: NODES_MAX + 1 });
}

/// Every tag that opens closes, in order; no bare `&` or `<`.
fn well_formed(xml: &str) {
    let mut open = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "a bare > in {text}");
        for entity in part.split('&').skip(1) {
            let name = entity.split_once(';').expect("an entity ends").0;
            assert!(["amp", "lt", "gt", "quot"].contains(&name), "&{name};");
        }
        let name = tag.split([' ', '/']).find(|n| !n.is_empty()).expect("a tag has a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn coverage_is_seen() {
    let compiled = crate::flow::compile(FLOW);
    let program = Arc::new(compiled.program.expect("the flow compiles"));
    let covered = rehearse(&program, &compiled.tests[0]).expect("the test passes").covered;
    let picture = picture(&program, &Overlay::Coverage(covered));
    assert_eq!(picture.summary.as_deref(), Some("tests enter 2 of 6 nodes and take 1 of 11 ways"));
    let entered: Vec<&str> =
        picture.nodes.iter().filter(|n| n.mark == Mark::Entered).map(|n| n.name.as_str()).collect();
    assert_eq!(entered, ["ask", "bye"]);
    let taken = picture.ways.iter().filter(|w| w.mark() == Mark::Entered);
    assert_eq!(taken.map(|w| (w.from, w.to)).collect::<Vec<_>>(), [(0, 4)]);
    well_formed(&svg(&picture).expect("small enough"));
}

#[test]
fn counts_show_where_calls_are_lost() {
    let csv = "node,way,count\n*,2000\nask,1000\nask,1,640\nask,exhausted,150\ncheck,ok,10\n";
    let counts = Counts::read(csv, &program()).expect("the counts fit");
    let picture = picture(&program(), &Overlay::Counts(counts));
    let words = |n: usize| (picture.nodes[n].mark.words(), picture.nodes[n].lost.and_then(Mark::words));
    assert_eq!(words(0), (Some("1 000 · 50 %".into()), Some("210 · 10 %".into())));
    assert_eq!(words(1), (Some("640 · 32 %".into()), Some("630 · 32 %".into())));
    assert_eq!(words(2), (Some("10 · 0.5 %".into()), None));
    assert_eq!(words(5), (None, None));
    assert!(svg(&picture).expect("small enough").contains(">no further: 210 · 10 %</text>"));
}

#[test]
fn counts_that_do_not_fit() {
    for (csv, why) in [
        ("ask,5\nchek,3\n", "line 2: the flow has no node `chek`; did you mean `check`?"),
        ("ask,5\nask,3,3\n", "line 2: the node `ask` has no way `3`: it has 1, 2, 0, exhausted"),
        ("ask,5\nbye,next,3\n", "line 2: the node `bye` has no way `next`: it has none"),
        ("ask,many\n", "line 1: `many` is not a count: expected a whole number such as 1200"),
        ("ask,5\nask,6\n", "line 2: it has been counted in a line before"),
        ("ask,5\nask,1,2,3\n", "line 2: expected `node,count` or `node,way,count`"),
        ("check,5\n", "how many calls are 100 %? Give a line `*,N` or one of the first node, `ask,N`"),
        ("*,0\n", "how many calls are 100 %? Give a line `*,N` or one of the first node, `ask,N`"),
    ] {
        assert_eq!(Counts::read(csv, &program()).unwrap_err(), [why], "{csv}");
    }
}
