use super::*;

const FLOW: &str = r#"flow: small
version: 1
languages: [en]
contact: { amount: money, last4: digits(4) }
messages:
  hello: { en: { audio: hello.wav, text: "Hello, \"friend\". This is {company}. Press 1." } }
  debt: { en: "You owe {contact.amount | money}." }
  bye: { en: { audio: bye.wav, text: "Goodbye." } }
  sms: { en: "Please pay." }
start: ask
nodes:
  ask: { menu: hello, keys: { "1": tell }, exhausted: stop }
  tell: { say: [debt, bye], next: write }
  write: { notify: sms, message: sms, queued: done, failed: done }
  done: { say: bye, end: informed }
  stop: { opt_out: number, next: done }
"#;

fn of(source: &str, recordings: &[&str]) -> Script {
    let out = crate::flow::compile(source);
    let shown = crate::diagnostic::render_all(&out.diagnostics, "x.yaml", source);
    let program = out.program.unwrap_or_else(|| panic!("{shown}"));
    let recordings = recordings.iter().map(|file| (Language::EN, (*file).to_string())).collect();
    script(&[program], &recordings)
}

#[test]
fn what_is_there_and_what_is_not() {
    let expected = "\
MISSING      en/bye.wav  Goodbye.
             small: done; small: tell (2)
synthesized  en/debt.wav  You owe [contact.amount: one thousand two hundred thirty-four dollars and fifty cents].
             small: tell
recorded     en/hello.wav  Hello, \"friend\". This is [company]. Press 1.
             small: ask (prompt)
unused       en/old.wav  is named by none of these flows
3 texts: 1 recorded, 1 missing, 1 synthesized; 1 recordings unused
";
    assert_eq!(of(FLOW, &["hello.wav", "old.wav"]).text(), expected);
}

#[test]
fn the_script_is_csv() {
    let csv = of(FLOW, &["hello.wav"]).csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_string).collect()).collect();
    let files: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(files, ["bye.wav", "debt.wav", "hello.wav"], "what is only written is not read out");
    assert_eq!(rows[2][3], "Hello, \"friend\". This is [company]. Press 1.");
    assert_eq!(rows[2][7], "1: “You owe {amount}.”");
    assert_eq!(rows[1][4..6], ["yes", "small: tell"]);
    assert_eq!(rows[1][6..], ["“Hello, \"friend\". This is {company}. Press 1.”", "“Goodbye.”"]);
    assert!(csv.starts_with("file,language,state,text,varies,said_in,before,after\r\n"), "{csv}");
}

#[test]
fn recordings_that_will_not_sound_as_meant() {
    for (from, to, warning) in [
        (
            "debt: { en: \"You owe {contact.amount | money}.\" }",
            "debt: { en: { audio: debt.wav, text: \"You owe {contact.amount | money}.\" } }",
            "small: `debt` is spoken from en/debt.wav, but its words vary from call to call: You owe [contact.amount:",
        ),
        ("audio: hello.wav", "audio: bye.wav", "en/bye.wav stands for different words: “Goodbye.”, “Hello"),
    ] {
        let told = of(&FLOW.replace(from, to), &[]).text();
        assert!(told.contains(&format!("warning: {warning}")), "{told}");
    }
    assert_eq!(of(FLOW, &[]).warnings, Vec::<String>::new());
}
