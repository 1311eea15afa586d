//! Audio ahead of the calls, as an operator meets it: the real program renders a campaign, says what it costs, and names what a
//! recorded voice lacks before anybody is rung.

use std::path::Path;

use ringback::audio::wav;
use ringback::language::Language;
use ringback::speech::Utterance;
use ringback::voice::{VoiceOptions, VoiceSet};

use crate::house::{House, zone_at_noon};

const TRUNK: &str = "    channels_max: 2\n    cps_max: 2\n    options_interval_s: 0\n";

const LADDER: &str = r#"
ladder: brief
segments:
  all: { when: days_overdue > -1000, flow: brief }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
steps:
  - voice: segment.flow
"#;

const FLOW: &str = r#"
flow: brief
version: 1
languages: [ru]
contact: { name: text, amount: money }
messages:
  hello: { ru: "Здравствуйте, {contact.name}! Звоним о долге." }
  debt: { ru: "Ваш долг {contact.amount | money}. Спасибо.", render: pieces }
  bye: { ru: "Больше не позвоним." }
start: hello
hotkeys: { "*9": stop }
nodes:
  hello: { say: [hello, debt], end: informed }
  stop: { opt_out: number, next: bye }
  bye: { say: bye, end: opted_out }
tests:
  - { name: greets, contact: { name: Анна, amount: 5 RUB }, steps: [answer, hears hello], expect: { result: informed } }
"#;

/// An installation with a campaign of 30 people who owe 1 to 30 roubles; ten of them have the same name.
fn house() -> House {
    let house = House::new("127.0.0.1:9", TRUNK);
    let config = std::fs::read_to_string(house.path("ringback.yaml")).unwrap();
    let own: Vec<&str> = config.lines().filter(|line| !line.starts_with("cache_dir")).collect();
    house.write("ringback.yaml", &format!("{}\ncache_dir: cache\n", own.join("\n")));
    house.write("flows/brief.yaml", FLOW);
    house.write("ladder.yaml", LADDER);
    let mut rows = "contact_id,name,phone,language,zone,creditor,amount,currency,due\n".to_owned();
    for n in 1..=30 {
        let name = if n <= 10 { "Анна".to_owned() } else { format!("Иван {}", "ов".repeat(n - 10)) };
        rows += &format!("{n},{name},+7912345{n:04},ru,{},Свет,{n}.00,RUB,2026-01-01\n", zone_at_noon());
    }
    house.write("contacts.csv", &rows);
    let path = |name: &str| house.path(name).to_string_lossy().into_owned();
    house.ok(&["import", &path("contacts.csv")]);
    house.ok(&["campaign", "create", "june", "--ladder", &path("ladder.yaml"), "--flows", &path("flows")]);
    house
}

fn pins(house: &House) -> Option<u64> {
    std::fs::metadata(house.path("cache/pins/june")).ok().map(|m| m.len() / 32)
}

#[test]
fn what_a_campaign_needs_is_made_once_and_stays() {
    let house = house();
    let estimate = house.ok(&["campaign", "render", "june", "--estimate"]);
    // 21 greetings by name and the sentence after them; «Ваш долг», 30 sums, «Спасибо.»; the farewell.
    assert!(estimate.contains("30 contacts need 55 clips, 0 of them are there"), "{estimate}");
    for row in ["brief ru debt", "or sentences", "or whole"] {
        assert!(estimate.contains(row), "`{row}` is not in\n{estimate}");
    }
    assert_eq!(pins(&house), None);
    let first = house.ok(&["campaign", "render", "june"]);
    assert!(first.starts_with("30 contacts need 55 clips: "), "{first}");
    assert_eq!(pins(&house), Some(55));
    // Before and after the campaign has taken its contacts in, nothing is missing any more.
    assert!(house.ok(&["campaign", "render", "june"]).starts_with("30 contacts need 55 clips: 0 made"));
    house.ok(&["campaign", "start", "june"]);
    assert!(house.ok(&["campaign", "render", "june"]).starts_with("30 contacts need 55 clips: 0 made"));
    let again = house.ok(&["campaign", "render", "june", "--estimate"]);
    assert!(again.contains("30 contacts need 55 clips, 55 of them are there"), "{again}");
    house.ok(&["campaign", "stop", "june"]);
    assert_eq!(pins(&house), None);
}

/// A voice actor reads the script; one file is lost.
#[test]
fn a_recorded_voice_is_named_what_it_lacks() {
    let house = house();
    let flows = house.path("flows").to_string_lossy().into_owned();
    let script = |more: &[&str]| {
        let args = [
            "prompts",
            "record-script",
            &flows,
            "-l",
            "ru",
            "--currency",
            "RUB",
            "--amount-max",
            "999",
            "--name",
            "Свет",
        ];
        house.run(&[&args[..], more].concat())
    };
    let list = String::from_utf8(script(&[]).stdout).unwrap();
    assert!(list.starts_with("file,text,take,state,said_in\r\n"), "{list}");
    let folder = house.path("anna/ru");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("fragments.csv"), &list).unwrap();
    let actor = VoiceSet::load(&VoiceOptions::embedded(house.path("voices")));
    let mut lines = 0;
    for row in csv::Reader::from_reader(list.as_bytes()).records().map(Result::unwrap) {
        let pcm = actor.render(&Utterance::new(Language::RU, &row[1])).unwrap().pcm;
        wav::write(std::fs::File::create(folder.join(&row[0])).unwrap(), &pcm).unwrap();
        lines += 1;
    }
    assert!((45..70).contains(&lines), "{lines} lines:\n{list}");
    let voice = house.path("anna").to_string_lossy().into_owned();
    assert!(script(&["--voice", &voice, "--missing"]).status.success());
    let config = std::fs::read_to_string(house.path("ringback.yaml")).unwrap();
    house.write("ringback.yaml", &format!("{config}\nvoices:\n  anna: {{ recorded: anna, languages: [ru] }}\n"));
    let voices = house.ok(&["prompts", "voices"]);
    assert!(voices.lines().next().unwrap().contains("recorded-anna-"), "{voices}");

    std::fs::remove_file(folder.join("dvadtsat.wav")).unwrap();
    let lacks = script(&["--voice", &voice, "--missing"]);
    assert!(!lacks.status.success());
    assert!(
        String::from_utf8_lossy(&lacks.stdout).contains("dvadtsat.wav,двадцать,inside,missing,| money"),
        "{lacks:?}"
    );
    let started = house.ok(&["campaign", "start", "june"]);
    let expected =
        "the voice anna (ru, in the name of Свет) has no recording of «двадцать»; ru_tts says the clauses with them";
    assert!(started.contains(expected), "{started}");
    let rendered = house.ok(&["campaign", "render", "june"]);
    assert!(rendered.contains("the voice anna has no recording of: двадцать;"), "{rendered}");
    assert!(clips(&house.path("cache")) >= 55, "{rendered}");
}

fn clips(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.map(|path| if path.is_dir() { clips(&path) } else { usize::from(path.extension().is_some()) }).sum()
}
