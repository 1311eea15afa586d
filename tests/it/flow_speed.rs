//! Figures of the flow language: how fast a large flow compiles, how many calls a core can think through.
//! Printed by `cargo test --release --test it flow_speed -- --ignored --nocapture --test-threads=1`.

use std::fmt::Write;
use std::sync::Arc;

use ringback::call::rehearse::rehearse;
use ringback::call::{Action, Call, Context, Event};
use ringback::flow::compile;
use ringback::flow::program::Program;
use ringback::flow::test::TestCase;
use ringback::time::{Clock, Mono};
use ringback::workshop::fuzz::fuzz;

/// A flow of this many sections of ten nodes, each like a small flow of its own: a menu, a proof, a debt, a promise or an
/// entry, a guard, an SMS, a human, ends.
fn large(sections: usize) -> String {
    let mut messages = String::new();
    let mut nodes = String::new();
    for n in 0..sections {
        for (name, ru, en) in [
            (
                "hello",
                "Это {company}. Мы ищем {contact.name}. Если это вы, нажмите 1. Дальше: нажмите 2.",
                "This is {company}. We are looking for {contact.name}. If this is you, press 1. To go on, press 2.",
            ),
            ("ask", "Введите последние четыре цифры номера договора.", "Enter the last four digits of your contract."),
            (
                "debt",
                "Сумма к оплате: {contact.amount | money}. Срок оплаты был до {contact.due | date}.",
                "The amount is {contact.amount | money}. It was due on {contact.due | date}.",
            ),
            ("mail", "Мы пишем вам на адрес {contact.email}.", "We write to {contact.email}."),
            ("wait", "Пожалуйста, подождите.", "Please wait."),
            (
                "offer",
                "Заплатить {AMOUNT | money}? Да: нажмите 1. Нет: нажмите 2.",
                "Can you pay {AMOUNT | money}? If yes, press 1. If no, press 2.",
            ),
            ("day", "Когда вы заплатите?", "When will you pay?"),
            ("bye", "Спасибо, что выслушали нас. Всего доброго!", "Thank you for listening. Goodbye!"),
        ] {
            let (ru, en) =
                (ru.replace("AMOUNT", &format!("s{n}_pay.amount")), en.replace("AMOUNT", &format!("s{n}_pay.amount")));
            if n % 2 == 0 || !["offer", "day"].contains(&name) {
                let _ = writeln!(messages, "  s{n}_{name}:\n    ru: >-\n      {ru}\n    en: >-\n      {en}");
            }
        }
        let next = (n + 1) % sections;
        let _ = write!(
            nodes,
            "  s{n}_hello:\n    menu: s{n}_hello\n    keys: {{ \"1\": s{n}_check, \"2\": s{next}_hello }}\n    exhausted: s{n}_bye\n\
             \x20 s{n}_check: {{ verify: contact.last4, ask: s{n}_ask, tries: 3, ok: s{n}_tell, failed: s{n}_bye, refused: s{n}_bye }}\n\
             \x20 s{n}_tell: {{ say: s{n}_debt, next: s{n}_guard }}\n\
             \x20 s{n}_guard: {{ branch: [{{ when: has(contact.email), to: s{n}_mail }}], else: s{n}_pay }}\n\
             \x20 s{n}_mail: {{ say: s{n}_mail, next: s{n}_sms }}\n\
             \x20 s{n}_sms: {{ notify: sms, message: s{n}_mail, queued: s{n}_pay, failed: s{n}_pay }}\n\
             \x20 s{n}_agent: {{ queue: desk, say: s{n}_wait, answered: s{n}_talked, no_agent: s{n}_bye }}\n\
             \x20 s{n}_talked: {{ end: transferred }}\n\
             \x20 s{n}_bye: {{ say: s{n}_bye, end: informed }}\n"
        );
        // No flow has more than 200 variables.
        if n % 2 == 0 {
            let _ = writeln!(
                nodes,
                "  s{n}_pay:\n    promise: contact.amount\n    offers: [{{ share: full, within: 7d, say: s{n}_offer }}]\n    \
                 ask_date: s{n}_day\n    recorded: s{n}_bye\n    refused: s{n}_agent\n    rejected: s{n}_agent"
            );
        } else {
            let _ = writeln!(
                nodes,
                "  s{n}_pay: {{ collect: digits, ask: s{n}_ask, into: v{n}, max: 6, ok: s{n}_agent, exhausted: s{n}_bye, \
                 cancelled: s{n}_bye }}"
            );
        }
    }
    format!(
        "flow: large\nversion: 1\nlanguages: [ru, en]\n\
         contact: {{ name: text, amount: money, due: date, last4: digits(4), email: text? }}\nprotect: [amount, due]\n\
         messages:\n{messages}\nstart: s0_hello\nhotkeys: {{ \"*9\": stop }}\nnodes:\n\
         {nodes}  stop: {{ opt_out: number, next: s0_bye }}\n"
    )
}

#[test]
#[ignore = "a measurement"]
fn compile_speed() {
    let clock = Clock::system();
    for sections in [4, 10, 50, 100] {
        let source = large(sections);
        let nodes = sections * 10 + 1;
        let rounds = 1_000 / sections;
        let compiled = compile(&source);
        let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.is_error()).take(3).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let before = clock.now().mono;
        for _ in 0..rounds {
            assert!(compile(&source).program.is_some());
        }
        let ms = clock.now().mono.since(before).as_secs_f64() * 1e3 / rounds as f64;
        println!(
            "{nodes} nodes, {} KB: compiled in {ms:.2} ms, {:.1} µs a node",
            source.len() / 1024,
            ms * 1e3 / nodes as f64
        );
    }
}

fn promised() -> (Arc<Program>, TestCase) {
    let source = std::fs::read_to_string("flows/overdue_reminder.yaml").expect("a shipped flow");
    let compiled = compile(&source);
    (Arc::new(compiled.program.expect("it compiles")), compiled.tests[0].clone())
}

/// The whole call of a promise, told fact by fact to the bare machine.
fn promise_call(program: &Arc<Program>, case: &TestCase) -> usize {
    let context = Context { language: case.language, company: case.company.clone(), today: case.today, due: case.due };
    let mut call = Call::new(program.clone(), case.contact.clone(), context);
    let (mut now, mut orders, mut facts) = (Mono::ZERO, Vec::new(), vec![Event::Answered]);
    let mut keys = "14321112#1".chars();
    while !call.is_over() {
        // What the world answers, else the end of the words, else the next key.
        let fact = facts.pop().or_else(|| keys.next().map(Event::Digit)).unwrap_or(Event::Ticked);
        now = now + std::time::Duration::from_millis(100);
        let actions = call.handle(now, fact);
        facts.extend(actions.iter().rev().filter_map(|action| match action {
            Action::Play { play, .. } => Some(Event::PlayEnded(*play)),
            Action::Save { save, .. } => Some(Event::Saved(*save)),
            _ => None,
        }));
        orders.extend(actions);
    }
    let promised = orders.iter().any(|a| matches!(a, Action::End(e) if e.disposition.as_str() == "promised"));
    assert!(promised, "{orders:?}");
    orders.len()
}

#[test]
fn the_measured_call_is_that_of_a_promise() {
    let (program, case) = promised();
    assert!(promise_call(&program, &case) > 30);
}

#[test]
#[ignore = "a measurement"]
fn call_speed() {
    const CALLS: u32 = 20_000;
    let (program, case) = promised();
    let clock = Clock::system();
    for (what, run) in [
        ("promise calls", (&|| promise_call(&program, &case)) as &dyn Fn() -> usize),
        ("rehearsals of the same, with transcript", &|| rehearse(&program, &case).expect("it passes").transcript.len()),
    ] {
        let before = clock.now().mono;
        let size: usize = (0..CALLS).map(|_| run()).sum();
        let took = clock.now().mono.since(before).as_secs_f64();
        println!("{:.0} {what} a second on one core ({size})", f64::from(CALLS) / took);
    }
    let before = clock.now().mono;
    let fuzzed = fuzz(&program, 1, u64::from(CALLS));
    let took = clock.now().mono.since(before).as_secs_f64();
    println!("{:.0} random callers a second on one core", fuzzed.calls as f64 / took);
}
