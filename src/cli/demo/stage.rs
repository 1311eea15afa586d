//! Sets the stage: a fresh folder, made-up people, the telephone network's process, a config that names its addresses.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::Arguments;
use crate::config::Config;
use crate::network::{self, CallRecord, population};
use crate::time::{Wall, Zone};

/// A folder with this file in it was made by a demo and may be made anew.
const MARK: &str = ".ringback-demo";

/// The network asks for credentials, as a carrier would. It is on loopback and lives as long as the demo.
const USERNAME: &str = "demo";
const PASSWORD: &str = "demo-password";

const NETWORK_ENDS_WITHIN: Duration = Duration::from_secs(20);

pub(super) struct Stage {
    pub dir: PathBuf,
    pub config: Config,
    pub sip: String,
    network: Child,
}

/// What the telephone network saw: the judge's own book.
pub(super) struct Seen {
    pub calls: Vec<CallRecord>,
}

pub(super) async fn set(arguments: &Arguments, begins: Wall) -> anyhow::Result<Stage> {
    let dir = &arguments.dir;
    fresh(dir)?;
    let mut made = population::generate(arguments.seed, arguments.contacts as usize, begins.date(&Zone::utc()));
    if arguments.listen {
        for person in &mut made.people {
            person.record = true;
        }
    }
    write(&dir.join("contacts.csv"), &made.contacts_csv)?;
    write(&dir.join("people.jsonl"), &made.people_file())?;

    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let mut network = Command::new(program)
        .arg("network")
        .arg("--people")
        .arg(dir.join("people.jsonl"))
        .arg("--out")
        .arg(dir)
        .arg("--voices")
        .arg(dir.join("voices"))
        .args(["--username", USERNAME, "--password", PASSWORD])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the telephone network")?;
    let said = BufReader::new(network.stdout.take().expect("piped")).lines().next_line().await;
    let Some(line) = said.context("the telephone network said nothing")? else {
        bail!("the telephone network ended before it was ready; its message stands above");
    };
    let at: network::Addresses = serde_json::from_str(&line).context("the telephone network's addresses")?;

    write(&dir.join("trunk-password"), PASSWORD)?;
    let config = config_text(arguments, &at);
    write(&dir.join("ringback.yaml"), &config)?;
    let config = Config::load(&dir.join("ringback.yaml"))?;
    Ok(Stage { dir: dir.clone(), config, sip: at.sip.to_string(), network })
}

impl Stage {
    /// Ends the network's process (it ends when its input does) and reads what it saw.
    pub async fn close(&mut self) -> anyhow::Result<Seen> {
        drop(self.network.stdin.take());
        let ended = tokio::time::timeout(NETWORK_ENDS_WITHIN, self.network.wait()).await;
        let status = ended.context("the telephone network does not end")?.context("the telephone network is lost")?;
        if !status.success() {
            bail!("the telephone network failed: {status}");
        }
        let path = self.dir.join("network.jsonl");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let calls = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        Ok(Seen { calls: calls.with_context(|| format!("{} is damaged", path.display()))? })
    }
}

fn fresh(dir: &Path) -> anyhow::Result<()> {
    if dir.exists() {
        let empty = std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?.next().is_none();
        if !empty && !dir.join(MARK).exists() {
            bail!("{} is there and was not made by a demo; name another folder with --dir", dir.display());
        }
        std::fs::remove_dir_all(dir).with_context(|| format!("cannot clear {}", dir.display()))?;
    }
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    write(&dir.join(MARK), "made by `ringback demo`, which makes it anew each time\n")
}

pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn config_text(arguments: &Arguments, at: &network::Addresses) -> String {
    let smtp_port = at.smtp.port();
    let (sip, sms) = (at.sip, at.sms);
    let (channels_max, cps_max) = (arguments.channels_max, arguments.cps_max);
    format!(
        r#"# The demo's installation, in the format that `ringback init` writes and explains.
database: ringback.db
voices_dir: voices
prompts_dir: ../prompts
cache_dir: cache
caller_id: "+74950000000"
allow_prefixes: ["+7", "+44", "+1"]
trunks:
  - name: demo
    peer: "{sip}"
    bind: "127.0.0.1:0"
    username: "{USERNAME}"
    password: "file:trunk-password"
    channels_max: {channels_max}
    cps_max: {cps_max}
    ring_s_max: 6
    options_interval_s: 10
queues:
  collections:
    agents: ["sip:agent1@{sip}", "sip:agent2@{sip}", "sip:agent3@{sip}"]
smtp: {{ host: 127.0.0.1, port: {smtp_port}, tls: none, from: "Billing <billing@example.com>", timeout_s: 10 }}
sms: {{ url: "http://{sms}/messages", from: "Billing", timeout_s: 10 }}
media: {{ threads: 1, bind_ip: 127.0.0.1 }}
drain_s: 30
"#
    )
}
