//! A foreign peer's part of a call as a transcript of a few lines, turned into a scenario for `sipp`.
//!
//! The format is described in `tests/sipp/README.md`. What must come of the call stands in the same file, above the
//! transcript.

use std::fmt::Write as _;
use std::path::PathBuf;

/// One file of `tests/sipp/out` or `tests/sipp/in`.
pub struct Scenario {
    pub name: String,
    /// What the peer does: the comment on top.
    pub what: String,
    /// What our side does, one order a line: `hang up`, `ring 1500` …
    pub we: Vec<String>,
    /// More for the command line of sipp.
    pub sipp: Vec<String>,
    /// What our side must tell, in order.
    pub expect: Vec<String>,
    /// Whose doing a call is that never came up.
    pub blame: Option<String>,
    pub xml: Vec<u8>,
}

/// Everything in `tests/sipp/<folder>`, by name.
pub fn all(folder: &str) -> Vec<Scenario> {
    let dir = home().join(folder);
    let entries = std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .filter_map(|name| Some(name.strip_suffix(".txt")?.to_owned()))
        .collect();
    names.sort();
    names.iter().map(|name| read(folder, name)).collect()
}

pub fn read(folder: &str, name: &str) -> Scenario {
    let file = home().join(folder).join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    Scenario::parse(name, &text, folder == "in").unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sipp")
}

/// A line of the transcript with the lines indented under it.
struct Step<'a> {
    line: &'a str,
    under: Vec<&'a str>,
}

impl Scenario {
    fn parse(name: &str, text: &str, calls_us: bool) -> Result<Scenario, String> {
        let mut scenario = Scenario {
            name: name.to_owned(),
            what: text.lines().next().unwrap_or("").trim_start_matches('#').trim().to_owned(),
            we: Vec::new(),
            sipp: Vec::new(),
            expect: Vec::new(),
            blame: None,
            xml: Vec::new(),
        };
        let mut steps: Vec<Step> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let wrong = |what: &str| format!("line {}: {what}: `{line}`", at + 1);
            let word = line.split_whitespace().next().unwrap_or("");
            let rest = line.strip_prefix(word).unwrap_or("").trim();
            match word {
                "" | "#" => {}
                _ if line.starts_with(' ') => {
                    steps.last_mut().ok_or_else(|| wrong("nothing to stand under"))?.under.push(line.trim());
                }
                "we" => scenario.we.push(rest.to_owned()),
                "sipp" => scenario.sipp.extend(rest.split_whitespace().map(str::to_owned)),
                "expect" => scenario.expect.push(rest.to_owned()),
                "blame" => scenario.blame = Some(rest.to_owned()),
                "<" | ">" | "pause" => steps.push(Step { line, under: Vec::new() }),
                _ => return Err(wrong("not understood")),
            }
        }
        let mut writer = Writer { calls_us, ..Writer::default() };
        for step in &steps {
            writer.step(step).map_err(|e| format!("{e}: `{}`", step.line))?;
        }
        scenario.xml = bytes(&writer.finish(name));
        Ok(scenario)
    }
}

/// The table in `tests/sipp/README.md` is what the files say.
#[test]
fn the_table_is_up_to_date() {
    let readme = std::fs::read_to_string(home().join("README.md")).expect("the README");
    let mut table = String::new();
    for (folder, title) in [("out", "we call"), ("in", "sipp calls")] {
        let _ = writeln!(table, "\n| {title} | what sipp does | what must come of it |\n|---|---|---|");
        for scenario in all(folder) {
            let ours = if scenario.we.is_empty() { String::new() } else { format!(" We: {}.", scenario.we.join("; ")) };
            let blame = scenario.blame.map_or(String::new(), |blame| format!(" ({blame})"));
            let told =
                if scenario.expect.is_empty() { "nothing is told".to_owned() } else { scenario.expect.join(", ") };
            let _ = writeln!(table, "| `{}` | {}{ours} | {told}{blame} |", scenario.name, scenario.what);
        }
    }
    let marker = "<!-- made by the test `the_table_is_up_to_date` -->\n";
    let (text, written) = readme.split_once(marker).expect("the README has the marker");
    if written != table {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sipp-README.md");
        std::fs::write(&file, format!("{text}{marker}{table}")).expect("writable");
        panic!("tests/sipp/README.md is not what the scenarios say; copy {} over it", file.display());
    }
}

#[derive(Default)]
struct Writer {
    /// sipp is the caller.
    calls_us: bool,
    body: String,
    /// Variables that a check fills and nobody reads; sipp wants each named.
    unread: Vec<String>,
    /// The request that responses answer when nothing else is said.
    asked: String,
    /// CSeq of our own requests, and the number of the transaction: the branch.
    cseq: u32,
    branch: u32,
    invite_branch: u32,
    invite_cseq: u32,
    /// The last INVITE: its target was known, and its text.
    invite_known: bool,
    invite: String,
    /// The last response that came was a failure: its ACK belongs to the INVITE's transaction.
    failed: bool,
    /// The dialog is known: our requests have a target.
    known: bool,
}

const TAG: &str = "[pid]x[call_number]";

impl Writer {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        let mut words = step.line.split_whitespace();
        let kind = words.next().unwrap_or("");
        let what = words.next().ok_or("the line says nothing")?;
        let words: Vec<&str> = words.collect();
        match kind {
            "pause" => {
                let ms: u32 = what.parse().map_err(|_| "pause wants milliseconds")?;
                let _ = writeln!(self.body, "  <pause milliseconds=\"{ms}\"/>");
                Ok(())
            }
            "<" => self.receive(what, &words, &step.under),
            _ if what == "raw" => self.send_raw(&step.under),
            _ if what == "repeat" => {
                let _ = writeln!(self.body, "  <send>\n    <![CDATA[\n{}]]>\n  </send>", self.invite);
                Ok(())
            }
            _ => self.send(what, &words, &step.under),
        }
    }

    fn receive(&mut self, what: &str, words: &[&str], under: &[&str]) -> Result<(), String> {
        let response = what.parse::<u16>().ok();
        let mut attributes = match response {
            Some(status) => format!("response=\"{status}\""),
            None => format!("request=\"{what}\""),
        };
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("optional", "") => attributes.push_str(" optional=\"true\""),
                ("within", ms) => {
                    let _ = write!(attributes, " timeout=\"{ms}\"");
                }
                ("lost", percent) => {
                    let _ = write!(attributes, " lost=\"{percent}\"");
                }
                _ => return Err(format!("`{word}` is not understood")),
            }
        }
        let mut actions = Vec::new();
        match response {
            None if what != "ACK" => self.asked = what.to_owned(),
            None => {}
            Some(status) if status >= 200 => self.failed = status >= 300,
            Some(_) => {}
        }
        if what == "INVITE" {
            for (header, variable) in [("Via:", "via"), ("From:", "from"), ("To:", "to"), ("CSeq:", "cseq")] {
                actions.push(format!(
                    "<ereg regexp=\".*\" search_in=\"hdr\" header=\"{header}\" assign_to=\"{variable}\"/>"
                ));
                self.unread.push(variable.to_owned());
            }
        }
        let accepted =
            self.calls_us && response.is_some_and(|s| (180..300).contains(&s)) && self.cseq == self.invite_cseq;
        if what == "INVITE" || accepted {
            actions.push(
                "<ereg regexp=\"sip:[^>]*\" search_in=\"hdr\" header=\"Contact:\" assign_to=\"contact\"/>".to_owned(),
            );
            self.unread.push("contact".to_owned());
            self.known = true;
        }
        if accepted {
            actions.push("<ereg regexp=\".*\" search_in=\"hdr\" header=\"To:\" assign_to=\"far\"/>".to_owned());
            self.unread.push("far".to_owned());
        }
        for line in under {
            let (word, rest) = line.split_once(' ').ok_or("`has`, `lacks` or `keep` with something behind")?;
            if let ("keep", Some((variable, header))) = (word, rest.split_once(' ')) {
                actions.push(format!(
                    "<ereg regexp=\"[^ ].*\" search_in=\"hdr\" header=\"{header}\" assign_to=\"{variable}\"/>"
                ));
                self.unread.push(variable.to_owned());
                continue;
            }
            let variable = format!("seen{}", self.unread.len());
            let quoted = quoted(rest);
            actions.push(match word {
                "has" => {
                    format!("<ereg regexp=\"{quoted}\" search_in=\"msg\" check_it=\"true\" assign_to=\"{variable}\"/>")
                }
                "lacks" => format!(
                    "<ereg regexp=\"{quoted}\" search_in=\"msg\" check_it_inverse=\"true\" assign_to=\"{variable}\"/>"
                ),
                _ => return Err(format!("`{line}` is not understood")),
            });
            self.unread.push(variable);
        }
        if actions.is_empty() {
            let _ = writeln!(self.body, "  <recv {attributes}/>");
        } else {
            let _ = writeln!(self.body, "  <recv {attributes}>\n    <action>");
            for action in actions {
                let _ = writeln!(self.body, "      {action}");
            }
            let _ = writeln!(self.body, "    </action>\n  </recv>");
        }
        Ok(())
    }

    fn send(&mut self, what: &str, words: &[&str], under: &[&str]) -> Result<(), String> {
        let (mut tag, mut cseq, mut body, mut to, mut reason) = (TAG.to_owned(), None, None, None, None);
        let mut retrans = true;
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("sdp", "") => body = Some(sdp("pcma")?),
                ("sdp", name) => body = Some(sdp(name)?),
                ("tag", "none") => tag = String::new(),
                ("tag", name) => tag = name.to_owned(),
                ("cseq", number) => cseq = Some(number.parse::<u32>().map_err(|_| "cseq wants a number")?),
                ("to", request) => to = Some(request.to_owned()),
                ("says", words) => reason = Some(words.replace('_', " ")),
                ("once", "") => retrans = false,
                _ => return Err(format!("`{word}` is not understood")),
            }
        }
        let mut lines = Vec::new();
        let mut changes = Vec::new();
        for line in under {
            if let Some(text) = line.strip_prefix('|') {
                let text = text.strip_prefix(' ').unwrap_or(text);
                let body = body.get_or_insert_with(String::new);
                body.push_str(text);
                body.push('\n');
            } else {
                changes.push(*line);
            }
        }
        let repeated;
        if let Ok(status) = what.parse::<u16>() {
            let asked = to.unwrap_or_else(|| self.asked.clone());
            repeated = asked == "INVITE" && status >= 200;
            lines.push(format!("SIP/2.0 {status} {}", reason.unwrap_or_else(|| phrase(status).to_owned())));
            let to_tag = if tag.is_empty() || status == 100 { String::new() } else { format!(";tag={tag}") };
            if asked == "INVITE" {
                // Saved when it came; what came last may be a CANCEL.
                lines.push("Via:[$via]".to_owned());
                lines.push("From:[$from]".to_owned());
                lines.push(format!("To:[$to]{to_tag}"));
                lines.push("[last_Call-ID:]".to_owned());
                lines.push(format!("CSeq:{}", cseq.map_or("[$cseq]".to_owned(), |n| format!(" {n} INVITE"))));
            } else {
                lines.extend(["[last_Via:]", "[last_From:]"].map(str::to_owned));
                let bare = asked == "CANCEL" || asked == "OPTIONS";
                lines.push(if bare { format!("[last_To:]{to_tag}") } else { "[last_To:]".to_owned() });
                lines.extend(["[last_Call-ID:]", "[last_CSeq:]"].map(str::to_owned));
            }
            if (101..300).contains(&status) {
                lines.push("Contact: <sip:[local_ip]:[local_port];transport=[transport]>".to_owned());
            }
        } else {
            repeated = what != "ACK";
            self.request(what, cseq, &tag, &mut lines);
        }
        if body.is_some() && !changes.iter().any(|line| line.to_ascii_lowercase().starts_with("content-type:")) {
            lines.push("Content-Type: application/sdp".to_owned());
        }
        lines.push("Content-Length: [len]".to_owned());
        for change in changes {
            change_header(&mut lines, change)?;
        }
        let text = format!("{}\n\n{}", lines.join("\n"), body.unwrap_or_default());
        if what == "INVITE" {
            self.invite.clone_from(&text);
        }
        let retrans = if repeated && retrans { " retrans=\"500\"" } else { "" };
        let _ = writeln!(self.body, "  <send{retrans}>\n    <![CDATA[\n{text}]]>\n  </send>");
        Ok(())
    }

    fn request(&mut self, method: &str, cseq: Option<u32>, tag: &str, lines: &mut Vec<String>) {
        let belongs = method == "CANCEL" || (method == "ACK" && self.failed);
        if belongs || method == "ACK" {
            if !belongs {
                self.branch += 1;
            }
        } else {
            self.cseq += 1;
            self.branch += 1;
        }
        if method == "INVITE" {
            (self.invite_branch, self.invite_cseq, self.invite_known) = (self.branch, self.cseq, self.known);
        }
        let branch = if belongs { self.invite_branch } else { self.branch };
        let number = if matches!(method, "ACK" | "CANCEL") { self.invite_cseq } else { self.cseq };
        let number = cseq.unwrap_or(number);
        let outside = !if belongs { self.invite_known } else { self.known };
        let target = if outside { "sip:[service]@[remote_ip]:[remote_port]" } else { "[$contact]" };
        lines.push(format!("{method} {target} SIP/2.0"));
        lines.push(format!("Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK{TAG}x{branch};rport"));
        lines.push("Max-Forwards: 70".to_owned());
        if self.calls_us {
            lines.push(format!("From: <sip:+74951112233@[local_ip]:[local_port]>;tag={tag}"));
            let plain = "To: <sip:[service]@[remote_ip]:[remote_port]>";
            let answered = method == "ACK" && self.failed;
            if answered {
                lines.push("[last_To:]".to_owned());
            } else if outside {
                lines.push(plain.to_owned());
            } else {
                lines.push("To:[$far]".to_owned());
            }
        } else {
            lines.push(format!("From:[$to];tag={tag}"));
            lines.push("To:[$from]".to_owned());
        }
        lines.push("Call-ID: [call_id]".to_owned());
        lines.push(format!("CSeq: {number} {method}"));
        lines.push("Contact: <sip:[local_ip]:[local_port];transport=[transport]>".to_owned());
    }

    /// Bytes as they stand.
    fn send_raw(&mut self, under: &[&str]) -> Result<(), String> {
        let mut text = String::new();
        for line in under {
            let line = line.strip_prefix('|').ok_or("raw wants lines that begin with |")?;
            text.push_str(line.strip_prefix(' ').unwrap_or(line));
            text.push('\n');
        }
        let _ = writeln!(self.body, "  <send>\n    <![CDATA[\n{text}]]>\n  </send>");
        Ok(())
    }

    fn finish(mut self, name: &str) -> String {
        self.unread.sort();
        self.unread.dedup();
        let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<scenario name=\"{name}\">\n{}", self.body);
        if !self.unread.is_empty() {
            let _ = writeln!(xml, "  <Reference variables=\"{}\"/>", self.unread.join(","));
        }
        xml.push_str("</scenario>\n");
        xml
    }
}

/// `\xNN` stands for a byte, and `{{N c}}` for a character N times over.
fn bytes(text: &str) -> Vec<u8> {
    let mut text = text.to_owned();
    while let Some((before, rest)) = text.split_once("{{") {
        let (what, after) = rest.split_once("}}").expect("{{N c}}");
        let (times, character) = what.split_once(' ').expect("{{N c}}");
        text = format!("{before}{}{after}", character.repeat(times.parse().expect("a number of times")));
    }
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or("").as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits after \\x"));
        bytes.extend(&part.as_bytes()[2..]);
    }
    bytes
}

/// `Name: value` replaces the header of this name or adds it; `-Name` takes it away; `+Name: value` adds one more.
fn change_header(lines: &mut Vec<String>, change: &str) -> Result<(), String> {
    let named = |line: &str, name: &str| {
        let line = line.trim_start_matches("[last_");
        line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name) && line[name.len()..].starts_with(':')
    };
    if let Some(name) = change.strip_prefix('-') {
        lines.retain(|line| !named(line, name));
        return Ok(());
    }
    let (change, more) = match change.strip_prefix('+') {
        Some(change) => (change, true),
        None => (change, false),
    };
    let name = change.split(':').next().unwrap_or("");
    if !change.contains(':') {
        return Err(format!("`{change}` is no header"));
    }
    match lines.iter().skip(1).position(|line| named(line, name)).filter(|_| !more) {
        Some(at) => lines[at + 1] = change.to_owned(),
        None => lines.insert(lines.len() - 1, change.to_owned()),
    }
    Ok(())
}

fn sdp(name: &str) -> Result<String, String> {
    let file = home().join("sdp").join(format!("{name}.sdp"));
    std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))
}

fn quoted(regexp: &str) -> String {
    regexp.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Reason phrases mean nothing (RFC 3261 §7.2); these are for those who read a trace.
fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        401 => "Unauthorized",
        407 => "Proxy Authentication Required",
        422 => "Session Interval Too Small",
        486 => "Busy Here",
        487 => "Request Terminated",
        491 => "Request Pending",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Whatever",
    }
}
