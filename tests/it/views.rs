//! Flows looked at: pictures, differences and what is to be recorded, over the flows that ship, through the real program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// `ringback flow …` in the project's folder.
fn flow(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringback"))
        .current_dir(here(""))
        .arg("flow")
        .args(args)
        .output()
        .expect("the program runs")
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// The picture in the flows' README is what the tool draws.
#[test]
fn the_picture_in_the_readme_is_of_this_flow() {
    let drawn = flow(&["graph", "flows/overdue_reminder.yaml"]);
    assert!(drawn.status.success(), "{drawn:?}");
    let (drawn, file) = (printed(&drawn), here("flows/overdue_reminder.svg"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(&file, &drawn).expect("writable");
    }
    let up_to_date = read(&file) == drawn;
    assert!(up_to_date, "the picture is out of date: UPDATE_PICTURES=1 cargo test --test it views::");
    assert!(read(&here("flows/README.md")).contains("(overdue_reminder.svg)"), "the README shows it");
}

#[test]
fn a_folder_of_flows_becomes_a_folder_of_pictures() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("text");
    let flows = std::fs::read_dir(here("flows")).expect("there").filter_map(Result::ok);
    let flows = flows.filter(|f| f.path().extension().is_some_and(|e| e == "yaml")).count();
    for (format, ending, begins) in [("svg", "svg", "<svg "), ("mermaid", "mmd", "%% "), ("dot", "dot", "digraph ")] {
        let done = flow(&["graph", "flows", "--format", format, "--coverage", "--out", out]);
        assert!(done.status.success(), "{done:?}");
        assert_eq!(printed(&done).lines().count(), flows);
        let picture = read(&folder.path().join(format!("gentle_reminder.{ending}")));
        assert!(picture.starts_with(begins), "{picture}");
        assert!(picture.contains("gentle_reminder") && picture.contains("tests enter "), "{picture}");
    }
    let several = flow(&["graph", "flows"]);
    assert!(!several.status.success());
    assert!(String::from_utf8_lossy(&several.stderr).contains("say where they go with `--out FOLDER`"));
}

#[test]
fn counts_of_nodes_that_are_not_there_are_told_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let counts = folder.path().join("counts.csv");
    std::fs::write(&counts, "node,count\nhello,100\nchose,20\n").expect("writable");
    let told = flow(&["graph", "flows/overdue_reminder.yaml", "--counts", counts.to_str().expect("text")]);
    assert!(!told.status.success());
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("counts.csv:\nline 3: the flow has no node `chose`; did you mean `choose`?"), "{told}");
}

#[test]
fn differences_have_exit_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = read(&here("flows/overdue_reminder.yaml"));
    let (other, broken) = (folder.path().join("other.yaml"), folder.path().join("broken.yaml"));
    std::fs::write(&other, old.replace("\"2\": agent, \"3\"", "\"2\": heard, \"3\"")).expect("writable");
    std::fs::write(&broken, "flow: x\n").expect("writable");
    let (other, broken) = (other.to_str().expect("text"), broken.to_str().expect("text"));
    for (to, code, said) in [
        ("flows/overdue_reminder.yaml", 0, "no difference that a client would notice\n"),
        (other, 1, "In `choose`\n  key 2 now leads to `heard` instead of `agent`\n"),
        (broken, 2, ""),
    ] {
        let diff = flow(&["diff", "flows/overdue_reminder.yaml", to]);
        assert_eq!((diff.status.code(), printed(&diff).as_str()), (Some(code), said), "{diff:?}");
    }
}

#[test]
fn recordings_that_are_named_and_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("en")).expect("writable");
    let flow_file = folder.path().join("small.yaml");
    let recording = folder.path().join("en/bye.wav");
    std::fs::write(
        &flow_file,
        "flow: small\nversion: 1\nlanguages: [en]\nmessages: { bye: { en: { audio: bye.wav, text: \"Goodbye.\" } } }\n\
         start: stop\nnodes: { stop: { opt_out: number, next: bye }, bye: { say: bye, end: opted_out } }\n",
    )
    .expect("writable");
    let (file, prompts) = (flow_file.to_str().expect("text"), folder.path().to_str().expect("text"));
    let list = || flow(&["prompts", file, "--prompts", prompts, "--require"]);
    assert_eq!(list().status.code(), Some(1));
    assert!(printed(&list()).starts_with("MISSING      en/bye.wav  Goodbye.\n"), "{}", printed(&list()));
    std::fs::write(recording, "x").expect("writable");
    assert_eq!(list().status.code(), Some(0));
    assert!(printed(&list()).ends_with("1 texts: 1 recorded, 0 missing, 0 synthesized; 0 recordings unused\n"));
}

#[test]
fn the_reading_script_of_all_flows() {
    let script = flow(&["prompts", "flows", "--format", "csv", "--bom"]);
    let script = printed(&script);
    let rows = script.strip_prefix('\u{feff}').expect("a byte order mark");
    let rows = csv::Reader::from_reader(rows.as_bytes()).into_records().map(|r| r.expect("a row"));
    let texts: Vec<(String, String)> = rows.map(|row| (row[1].to_string(), row[3].to_string())).collect();
    let of = |language: &str| texts.iter().filter(|(l, _)| l == language).count();
    assert!(of("ru") > 50 && of("en") > 50, "{} and {}", of("ru"), of("en"));
    let amount = "[contact.amount: одна тысяча двести тридцать четыре рубля пятьдесят копеек]";
    assert!(texts.iter().any(|(_, text)| text.contains(amount)), "{texts:?}");
}
