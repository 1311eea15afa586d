//! The file as written, and the checks that turn it into [`Config`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Weekday;
use serde::Deserialize;
use serde_saphyr::{DefaultMessageFormatter, MessageFormatter, Spanned};

use super::MassCall;
use super::{
    CacheSettings, Config, LetterForm, MediaSettings, Origin, Queue, QueueHours, Secret, Service, SmsGateway, Smtp,
    TlsMode, Trunk,
};
use crate::audio::listen::Countries;
use crate::diagnostic::{Diagnostic, Span};
use crate::phone::PhoneNumber;
use crate::time::Zone;

mod api;
mod dialling;
mod lines;
mod reach;
mod trunk;
mod voices;

type Text = Spanned<String>;
type Number = Spanned<f64>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    database: Text,
    voices_dir: Text,
    prompts_dir: Text,
    cache_dir: Text,
    recordings_dir: Option<Text>,
    letters_dir: Option<Text>,
    letters: Option<Text>,
    caller_id: Text,
    allow_prefixes: Spanned<Vec<Text>>,
    trunks: Spanned<Vec<WrittenTrunk>>,
    inbound: Option<trunk::WrittenInbound>,
    sip_trace: Option<trunk::WrittenTrace>,
    #[serde(default)]
    queues: BTreeMap<String, WrittenQueue>,
    smtp: Option<WrittenSmtp>,
    sms: Option<WrittenSms>,
    #[serde(default)]
    requests: Vec<WrittenService>,
    #[serde(default)]
    transfer_to: Vec<Text>,
    #[serde(default)]
    lines: Vec<lines::WrittenLine>,
    media: Option<WrittenMedia>,
    cache: Option<WrittenCache>,
    #[serde(default)]
    voices: BTreeMap<String, Spanned<voices::WrittenVoice>>,
    #[serde(default)]
    speech: voices::WrittenSpeech,
    budget: Option<Spanned<dialling::WrittenBudget>>,
    api: Option<Spanned<api::WrittenApi>>,
    drain_s: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTrunk {
    name: Text,
    peer: Text,
    transport: Option<Spanned<reach::WrittenTransport>>,
    tls: Option<Spanned<reach::WrittenTls>>,
    bind: Text,
    username: Option<String>,
    password: Option<Text>,
    caller_id: Option<Text>,
    channels_max: Number,
    cps_max: Number,
    ring_s_max: Option<Number>,
    options_interval_s: Option<Number>,
    register: Option<Spanned<trunk::WrittenRegister>>,
    registrations: Option<Spanned<Vec<Spanned<trunk::WrittenRegistration>>>>,
    from_domain: Option<Text>,
    from_display: Option<Text>,
    identity: Option<trunk::WrittenIdentity>,
    privacy: Option<bool>,
    number_format: Option<Spanned<trunk::WrittenFormat>>,
    country_code: Option<Text>,
    national_prefix: Option<Text>,
    international_prefix: Option<Text>,
    dial_prefix: Option<Text>,
    user_phone: Option<bool>,
    realm: Option<Text>,
    codecs: Option<Spanned<Vec<Text>>>,
    ptime_ms: Option<Number>,
    srtp: Option<trunk::WrittenSrtp>,
    session_timer_s: Option<Number>,
    prack: Option<trunk::WrittenPrack>,
    early_media: Option<bool>,
    redirects_max: Option<Number>,
    #[serde(default)]
    redirect_hosts: Vec<Text>,
    #[serde(default)]
    failover_statuses: Vec<Number>,
    stir: Option<trunk::WrittenStir>,
    mass_call: Option<WrittenMassCall>,
    priority: Option<Number>,
    #[serde(default)]
    prefixes: Vec<Text>,
    #[serde(default)]
    allow: Vec<Text>,
    #[serde(default)]
    deny: Vec<Text>,
    #[serde(default)]
    types: Vec<Text>,
    tariff: Option<Spanned<dialling::WrittenTariff>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMassCall {
    contract: Text,
    label: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenQueue {
    agents: Vec<Text>,
    hours: Option<WrittenHours>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHours {
    days: Text,
    from: Text,
    to: Text,
    zone: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSmtp {
    host: Text,
    port: u16,
    tls: WrittenTls,
    username: Option<String>,
    password: Option<Text>,
    from: Text,
    reply_to: Option<Text>,
    timeout_s: Option<Number>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum WrittenTls {
    None,
    Starttls,
    Tls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSms {
    url: Text,
    token: Option<Text>,
    from: Option<String>,
    timeout_s: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenService {
    host: Text,
    authorization: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCache {
    disk_mb_max: Option<Number>,
    memory_mb_max: Option<Number>,
    threads: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMedia {
    threads: Option<Number>,
    bind_ip: Option<Text>,
    ports: Option<Text>,
    silent_s_max: Option<Number>,
    hold_s_max: Option<Number>,
    far_end: Option<Text>,
    record_calls: Option<Text>,
    who_answered: Option<Text>,
    keep_first_s: Option<Number>,
}

/// Settings, or everything that is wrong with them.
pub(super) fn read(
    source: &str,
    folder: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Diagnostic>> {
    let written: Written = serde_saphyr::from_str(source).map_err(|e| vec![not_settings(&e)])?;
    let mut checker = Checker { folder, env, found: Vec::new() };
    let config = checker.config(written);
    match config {
        Some(config) if checker.found.is_empty() => Ok(config),
        Some(_) | None => Err(checker.found),
    }
}

fn not_settings(e: &serde_saphyr::Error) -> Diagnostic {
    let span = e.location().map_or(Span { line: 1, column: 1, length: 1 }, |l| Span {
        line: l.line() as u32,
        column: l.column() as u32,
        length: l.span().len().max(1) as u32,
    });
    let message = DefaultMessageFormatter.format_message(e.without_snippet());
    // The library's word for a scalar that is no number; a clerk knows no floating points.
    let message = message.replace("invalid floating point", "expected a number");
    let message = message.replace(", set DuplicateKeyPolicy in Options if acceptable", "");
    Diagnostic::error("C001", span, message).help("`ringback init` writes a config with every setting explained")
}

/// The source with what stands after a secret's key hidden, unless it only names where the secret lies.
pub(super) fn hide_secrets(source: &str) -> String {
    let hidden = |line: &str| {
        let (key, value) = line.split_once(':')?;
        let name = key.trim().trim_start_matches(['-', '#', ' ', '"', '\'']).trim_end_matches(['"', '\'']);
        let value = value.trim().trim_start_matches(['"', '\'']);
        let names_a_place = value.is_empty() || value.starts_with("${env:") || value.starts_with("file:");
        let flow_style = line.contains('{') && voices::is_secret_name(&line.to_lowercase());
        if flow_style && !names_a_place {
            return Some("•••".to_string());
        }
        (voices::is_secret_name(&name.to_lowercase()) && !names_a_place).then(|| format!("{key}: •••"))
    };
    source.lines().map(|line| hidden(line).unwrap_or_else(|| line.to_string())).collect::<Vec<_>>().join("\n")
}

fn span<T>(at: &Spanned<T>) -> Span {
    Span {
        line: at.referenced.line() as u32,
        column: at.referenced.column() as u32,
        length: at.referenced.span().len().clamp(1, 200) as u32,
    }
}

struct Checker<'a> {
    folder: &'a Path,
    env: &'a dyn Fn(&str) -> Option<String>,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    /// `pdf`, without the key.
    fn letters(&mut self, w: Option<&Text>) -> Option<LetterForm> {
        let Some(w) = w else { return Some(LetterForm::Pdf) };
        let form = w.value.parse().ok();
        if form.is_none() {
            let found = format!("expected `pdf` or `text`, found `{}`", w.value);
            self.wrong(w, found, "write `letters: pdf`, or leave it out");
        }
        form
    }

    fn config(&mut self, w: Written) -> Option<Config> {
        let caller_id = self.phone(&w.caller_id);
        let allow_prefixes = self.allow_prefixes(&w.allow_prefixes);
        let trunks = self.trunks(&w.trunks, &allow_prefixes);
        let budget = w.budget.as_ref().map(|b| self.budget(b, &w.trunks.value));
        let inbound = self.inbound(w.inbound.as_ref());
        let sip_trace = self.sip_trace(w.sip_trace.as_ref());
        // Every queue is checked before the first failure counts, so that all of them are reported.
        let queues: Vec<Option<(String, Queue)>> =
            w.queues.into_iter().map(|(name, q)| Some((name, self.queue(q)?))).collect();
        let queues: Option<BTreeMap<String, Queue>> = queues.into_iter().collect();
        let smtp = w.smtp.map(|s| self.smtp(s));
        let sms = w.sms.map(|s| self.sms(s));
        let requests = self.services(&w.requests);
        let transfer_to = self.transfer_to(w.transfer_to);
        let lines = self.lines(&w.lines);
        let letters = self.letters(w.letters.as_ref());
        let media = self.media(w.media);
        let cache = self.cache(w.cache);
        let speech = self.speech(w.voices, w.speech);
        let api = w.api.as_ref().map_or(Some(None), |api| self.api(api).map(Some));
        let drain = self.seconds(w.drain_s.as_ref(), 120.0, 0.0, 86_400.0);
        Some(Config {
            database: self.path(&w.database),
            voices_dir: self.path(&w.voices_dir),
            prompts_dir: self.path(&w.prompts_dir),
            cache_dir: self.path(&w.cache_dir),
            recordings_dir: w.recordings_dir.as_ref().map_or_else(|| self.folder.join("recordings"), |r| self.path(r)),
            letters: letters?,
            letters_dir: w.letters_dir.as_ref().map_or_else(|| self.folder.join("letters"), |l| self.path(l)),
            caller_id: caller_id?,
            trunks: trunks?,
            inbound: inbound?,
            sip_trace: sip_trace?,
            allow_prefixes,
            queues: queues?,
            smtp: smtp.map_or(Some(None), |s| s.map(Some))?,
            sms: sms.map_or(Some(None), |s| s.map(Some))?,
            requests: requests?,
            transfer_to,
            lines: lines?,
            media: media?,
            cache: cache?,
            speech: speech?,
            budget: budget.map_or(Some(None), |b| b.map(Some))?,
            api: api?,
            drain: drain?,
        })
    }

    fn trunks(&mut self, w: &Spanned<Vec<WrittenTrunk>>, allow_prefixes: &[String]) -> Option<Vec<Trunk>> {
        if w.value.is_empty() {
            self.wrong(
                w,
                "at least one trunk is needed",
                "add `- name: …` with `peer`, `bind`, `channels_max` and `cps_max`",
            );
        }
        let mut names = BTreeSet::new();
        for trunk in &w.value {
            if !names.insert(&trunk.name.value) {
                let message = format!("two trunks are named `{}`", trunk.name.value);
                self.found.push(Diagnostic::error("C006", span(&trunk.name), message).help("give each its own name"));
            }
        }
        // Every trunk is checked before the first failure counts, so that all of them are reported.
        let trunks: Vec<Option<Trunk>> = w.value.iter().map(|t| self.trunk(t, allow_prefixes)).collect();
        trunks.into_iter().collect()
    }

    fn trunk(&mut self, w: &WrittenTrunk, allow_prefixes: &[String]) -> Option<Trunk> {
        let peer = self.reach(w);
        let bind = self.parsed::<SocketAddr>(&w.bind, "an address and a port", "write it as \"0.0.0.0:5060\"");
        let password = w.password.as_ref().map_or(Some(None), |p| self.secret(p).map(Some));
        let caller_id = w.caller_id.as_ref().map_or(Some(None), |c| self.phone(c).map(Some));
        let channels_max = self.whole(&w.channels_max, 1.0, 10_000.0);
        let cps_max = self.whole(&w.cps_max, 1.0, 1_000.0);
        let ring_max = self.seconds(w.ring_s_max.as_ref(), 40.0, 5.0, 180.0);
        let options_interval = match &w.options_interval_s {
            Some(never) if never.value == 0.0 => Some(Duration::ZERO),
            interval => self.seconds(interval.as_ref(), 30.0, 5.0, 3_600.0),
        };
        let carrier = self.carrier(w, allow_prefixes);
        let abilities = self.abilities(w);
        let registrations = self.registrations(w);
        let mass_call = w.mass_call.as_ref().map_or(Some(None), |m| self.mass_call(m).map(Some));
        let priority = w.priority.as_ref().map_or(Some(1.0), |p| self.whole(p, 1.0, 100.0));
        let prefixes = self.prefixes(&w.prefixes);
        let numbers = self.number_rules(w);
        let tariff = w.tariff.as_ref().map_or(Some(None), |t| self.tariff(t).map(Some));
        let stir = w.stir.as_ref().map_or(Some(None), |s| self.stir(s).map(Some));
        Some(Trunk {
            registrations: registrations?,
            carrier: carrier?,
            abilities: abilities?,
            stir: stir?,
            mass_call: mass_call?,
            priority: priority? as u32,
            prefixes: prefixes?,
            numbers: numbers?,
            tariff: tariff?,
            name: w.name.value.clone(),
            peer: peer?,
            bind: bind?,
            username: w.username.clone(),
            password: password?,
            caller_id: caller_id?,
            channels_max: channels_max? as u32,
            cps_max: cps_max? as u32,
            ring_max: ring_max?,
            options_interval: options_interval?,
        })
    }

    fn mass_call(&mut self, w: &WrittenMassCall) -> Option<MassCall> {
        const LABEL_CHARS_MAX: usize = 32;
        let (contract, label) = (w.contract.value.trim().to_string(), w.label.value.trim().to_string());
        if contract.is_empty() {
            self.wrong(&w.contract, "the contract is empty", "write the number of the contract");
            return None;
        }
        if label.is_empty() || label.chars().count() > LABEL_CHARS_MAX {
            let message =
                format!("the label has {} characters: expected 1 to {LABEL_CHARS_MAX}", label.chars().count());
            self.wrong(&w.label, message, "write what the carrier shows of you");
            return None;
        }
        Some(MassCall { contract, label })
    }

    fn allow_prefixes(&mut self, w: &Spanned<Vec<Text>>) -> Vec<String> {
        if w.value.is_empty() {
            let d = Diagnostic::error("C007", span(w), "no number may be dialled: `allow_prefixes` is empty")
                .help("list the beginnings of the numbers you may ring, for example [\"+7\", \"+44\"]");
            self.found.push(d);
        }
        for prefix in &w.value {
            if !is_beginning_of_a_number(&prefix.value) {
                let message = format!("`{}` is not the beginning of a number: expected + and digits", prefix.value);
                self.wrong(prefix, message, "write it as \"+7495\"");
            }
        }
        w.value.iter().map(|p| p.value.clone()).collect()
    }

    fn queue(&mut self, w: WrittenQueue) -> Option<Queue> {
        for agent in &w.agents {
            let rest = agent.value.strip_prefix("sip:").unwrap_or("");
            if !is_sip_user_and_host(rest) {
                let message = format!("`{}` is not a SIP address", agent.value);
                self.wrong(agent, message, "write it as \"sip:agent1@host:5060\"");
            }
        }
        let hours = w.hours.map_or(Some(None), |h| self.hours(&h).map(Some));
        Some(Queue { agents: w.agents.into_iter().map(|a| a.value).collect(), hours: hours? })
    }

    fn hours(&mut self, w: &WrittenHours) -> Option<QueueHours> {
        let days = weekdays(&w.days.value);
        if days.is_none() {
            let message = format!("`{}` is no stretch of a week that begins on Monday", w.days.value);
            self.wrong(&w.days, message, "write it as mon-fri, sat or daily");
        }
        let (from, to) = (self.minutes(&w.from), self.minutes(&w.to));
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            self.wrong(&w.to, "a queue closes after it opens", "hours end at 24:00 at the latest");
            return None;
        }
        let zone = self.parsed::<Zone>(&w.zone, "the name of a time zone", "write it as Europe/Moscow");
        Some(QueueHours { days: days?, from: from?, to: to?, zone: zone? })
    }

    /// `09:00`, up to `24:00`.
    fn minutes(&mut self, w: &Text) -> Option<u16> {
        let number = |digits: &str| digits.parse::<u16>().ok().filter(|_| digits.len() == 2);
        let read = w.value.split_once(':').and_then(|(h, m)| Some((number(h)?, number(m)?)));
        let minutes = read.filter(|(_, m)| *m < 60).map(|(h, m)| h * 60 + m).filter(|minutes| *minutes <= 1440);
        if minutes.is_none() {
            self.wrong(w, format!("expected a time of day, found `{}`", w.value), "write it as \"09:00\"");
        }
        minutes
    }

    fn smtp(&mut self, w: WrittenSmtp) -> Option<Smtp> {
        let mailbox = "an e-mail address";
        let help = "write it as \"Name <name@example.com>\"";
        let from = self.parsed(&w.from, mailbox, help);
        let reply_to = w.reply_to.as_ref().map_or(Some(None), |r| self.parsed(r, mailbox, help).map(Some));
        let password = w.password.as_ref().map_or(Some(None), |p| self.secret(p).map(Some));
        let timeout = self.seconds(w.timeout_s.as_ref(), 20.0, 1.0, 120.0);
        let tls = match w.tls {
            WrittenTls::None => TlsMode::None,
            WrittenTls::Starttls => TlsMode::Starttls,
            WrittenTls::Tls => TlsMode::Tls,
        };
        if w.username.is_some() != w.password.is_some() {
            self.wrong(
                &w.host,
                "`username` and `password` go together: one of them is missing",
                "give both or neither",
            );
        }
        Some(Smtp {
            host: w.host.value,
            port: w.port,
            tls,
            username: w.username,
            password: password?,
            from: from?,
            reply_to: reply_to?,
            timeout: timeout?,
        })
    }

    fn sms(&mut self, w: WrittenSms) -> Option<SmsGateway> {
        let url = &w.url.value;
        let fine = (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(char::is_whitespace);
        if !fine {
            self.wrong(&w.url, format!("`{url}` is not an HTTP address"), "write it as \"https://host/path\"");
        } else if w.token.is_some() && url.starts_with("http://") && !is_this_machine(url) {
            self.wrong(&w.url, "a token would travel in plain text", "use https:// for a gateway on another machine");
        }
        let token = w.token.as_ref().map_or(Some(None), |t| self.secret(t).map(Some));
        let timeout = self.seconds(w.timeout_s.as_ref(), 20.0, 1.0, 120.0);
        Some(SmsGateway { url: w.url.value, token: token?, from: w.from, timeout: timeout? })
    }

    fn services(&mut self, w: &[WrittenService]) -> Option<Vec<Service>> {
        let mut seen = BTreeSet::new();
        // Every service is checked before the first failure counts, so that all of them are reported.
        let services: Vec<Option<Service>> = w.iter().map(|s| self.service(s, &mut seen)).collect();
        services.into_iter().collect()
    }

    fn service(&mut self, w: &WrittenService, seen: &mut BTreeSet<Origin>) -> Option<Service> {
        let authorization = w.authorization.as_ref().map_or(Some(None), |a| self.header_value(a, true).map(Some));
        let Some(origin) = Origin::named(&w.host.value) else {
            let message = format!("`{}` is not the name of a server", w.host.value);
            self.wrong(
                &w.host,
                message,
                "write it as \"billing.example.org\" or \"billing.example.org:8443\", without a path",
            );
            return None;
        };
        if !origin.is_private() {
            self.wrong(&w.host, "what a flow asks would travel in plain text", "leave out http://: https is used");
        }
        if !seen.insert(origin.clone()) {
            let message = format!("{origin} is named twice");
            self.found.push(Diagnostic::error("C006", span(&w.host), message).help("name each server once"));
        }
        Some(Service { origin, authorization: authorization? })
    }

    fn transfer_to(&mut self, w: Vec<Text>) -> Vec<String> {
        for to in &w {
            let fine = match to.value.strip_prefix("sip:") {
                Some(rest) => is_sip_user_and_host(rest),
                None => is_beginning_of_a_number(&to.value),
            };
            if !fine {
                let message = format!("`{}` is neither the beginning of a number nor a SIP address", to.value);
                self.wrong(to, message, "write it as \"+7800\", \"sip:desk@example.org\" or \"sip:*@example.org\"");
            }
        }
        w.into_iter().map(|to| to.value).collect()
    }

    /// The file that says how it sounds when somebody answers.
    fn countries(&mut self, file: &Text) -> Option<Arc<Countries>> {
        let path = self.path(file);
        let read = std::fs::read_to_string(&path).map_err(|e| e.to_string());
        match read.and_then(|text| Countries::read(&text)) {
            Ok(countries) => Some(Arc::new(countries)),
            Err(why) => {
                let message = format!("`{}` cannot be used: {why}", file.value);
                self.wrong(file, message, "`ringback amd settings` prints the program's own as an example");
                None
            }
        }
    }

    fn media(&mut self, w: Option<WrittenMedia>) -> Option<MediaSettings> {
        let none = WrittenMedia {
            threads: None,
            bind_ip: None,
            ports: None,
            silent_s_max: None,
            hold_s_max: None,
            far_end: None,
            record_calls: None,
            who_answered: None,
            keep_first_s: None,
        };
        let w = w.unwrap_or(none);
        let threads = w.threads.map_or(Some(1.0), |t| self.whole(&t, 1.0, 64.0));
        let bind_ip = w.bind_ip.map_or(Some(IpAddr::from([127, 0, 0, 1])), |ip| {
            self.parsed(&ip, "an IP address", "write it as \"192.0.2.10\"")
        });
        let who_answered = match &w.who_answered {
            Some(file) => self.countries(file),
            None => Some(Countries::shipped()),
        };
        let keep_first = w.keep_first_s.map_or(Some(0.0), |s| self.whole(&s, 0.0, 30.0));
        let ports = w.ports.map_or(Some(None), |w| self.ports(&w).map(Some));
        let silent = match w.silent_s_max {
            Some(never) if never.value == 0.0 => Some(None),
            silent => self.seconds(silent.as_ref(), 30.0, 5.0, 3600.0).map(Some),
        };
        let hold = self.seconds(w.hold_s_max.as_ref(), 120.0, 5.0, 3600.0);
        let anywhere = match &w.far_end {
            None => Some(false),
            Some(w) => match w.value.as_str() {
                "named" => Some(false),
                "anywhere" => Some(true),
                other => {
                    let message = format!("expected `named` or `anywhere`, found `{other}`");
                    self.wrong(w, message, "`anywhere` is for far ends behind a NAT that name a private address");
                    None
                }
            },
        };
        let record = match &w.record_calls {
            None => Some(false),
            Some(w) => match w.value.as_str() {
                "off" => Some(false),
                "all" => Some(true),
                other => {
                    self.wrong(w, format!("expected `off` or `all`, found `{other}`"), "write `record_calls: all`");
                    None
                }
            },
        };
        Some(MediaSettings {
            threads: threads? as usize,
            bind_ip: bind_ip?,
            ports: ports?,
            silent_max: silent?,
            hold_max: hold?,
            record_calls: record?,
            far_end_anywhere: anywhere?,
            who_answered: who_answered?,
            keep_first: Duration::from_secs(keep_first? as u64),
        })
    }

    /// `16384-32767`.
    fn ports(&mut self, w: &Text) -> Option<(u16, u16)> {
        let ends = w.value.split_once('-').map(|(first, last)| (first.trim().parse(), last.trim().parse()));
        match ends {
            // An even one and the one above it are one call.
            Some((Ok(first), Ok(last))) if first >= 1024 && first < last => Some((first, last)),
            Some(_) | None => {
                let message = format!("`{}` is no range of UDP ports", w.value);
                self.wrong(w, message, "write it as \"16384-32767\", from 1024 upwards; a call takes two");
                None
            }
        }
    }

    fn cache(&mut self, w: Option<WrittenCache>) -> Option<CacheSettings> {
        let (disk, memory, threads) = w.map_or((None, None, None), |c| (c.disk_mb_max, c.memory_mb_max, c.threads));
        let mut whole = |w: Option<Number>, usual: f64, most: f64| match w {
            Some(w) => self.whole(&w, 1.0, most),
            None => Some(usual),
        };
        let (disk, memory) = (whole(disk, 4096.0, 100_000_000.0), whole(memory, 256.0, 1_000_000.0));
        let threads = whole(threads, 2.0, 64.0);
        Some(CacheSettings { disk_mb_max: disk? as u64, memory_mb_max: memory? as u64, threads: threads? as usize })
    }

    /// `${env:NAME}` or `file:PATH`, and what it holds.
    fn secret(&mut self, w: &Text) -> Option<Secret> {
        let at = span(w);
        let problem = |code, message: String, help: &str| Diagnostic::error(code, at, message).help(help);
        let diagnostic = if let Some(name) = w.value.strip_prefix("${env:").and_then(|s| s.strip_suffix('}')) {
            match (self.env)(name) {
                Some(value) if !value.is_empty() => return Some(Secret::new(value)),
                Some(_) | None => problem(
                    "C005",
                    format!("the environment variable {name} is not set"),
                    "set it for the process that runs ringback",
                ),
            }
        } else if let Some(path) = w.value.strip_prefix("file:") {
            match std::fs::read_to_string(self.folder.join(path)) {
                Ok(text) if !text.trim().is_empty() => return Some(Secret::new(text.trim_end())),
                Ok(_) => problem("C005", format!("the file {path} is empty"), "put the secret into it, on one line"),
                Err(e) => problem(
                    "C005",
                    format!("cannot read the file {path}: {e}"),
                    "put the secret into it, readable by the user that runs ringback",
                ),
            }
        } else {
            problem(
                "C004",
                "a secret does not stand in this file".to_string(),
                "write \"${env:NAME}\" or \"file:PATH\", and change the secret if others have seen the file",
            )
        };
        self.found.push(diagnostic);
        None
    }

    fn phone(&mut self, w: &Text) -> Option<PhoneNumber> {
        let parsed = w.value.parse();
        parsed.map_err(|e: crate::phone::PhoneError| self.wrong(w, e.to_string(), "quote it: \"+74950000000\"")).ok()
    }

    fn parsed<T: std::str::FromStr>(&mut self, w: &Text, expected: &str, help: &str) -> Option<T> {
        let parsed = w.value.parse().ok();
        if parsed.is_none() {
            self.wrong(w, format!("expected {expected}, found `{}`", w.value), help);
        }
        parsed
    }

    fn seconds(&mut self, w: Option<&Number>, default: f64, min: f64, max: f64) -> Option<Duration> {
        w.map_or(Some(default), |w| self.within(w, min, max)).map(Duration::from_secs_f64)
    }

    fn whole(&mut self, w: &Number, min: f64, max: f64) -> Option<f64> {
        if w.value.fract() != 0.0 {
            self.wrong(w, format!("expected a whole number, found {}", w.value), format!("from {min} to {max}"));
            return None;
        }
        self.within(w, min, max)
    }

    fn within(&mut self, w: &Number, min: f64, max: f64) -> Option<f64> {
        let fine = (min..=max).contains(&w.value);
        if !fine {
            self.wrong(w, format!("{} is out of range", w.value), format!("from {min} to {max}"));
        }
        fine.then_some(w.value)
    }

    fn path(&self, w: &Text) -> std::path::PathBuf {
        self.folder.join(&w.value)
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic::error("C003", span(at), message).help(help));
    }
}

/// `mon`, `mon-fri`, `daily`.
fn weekdays(written: &str) -> Option<Vec<Weekday>> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let written = if written == "daily" { "mon-sun" } else { written };
    let (first, last) = written.split_once('-').unwrap_or((written, written));
    let at = |name: &str| NAMES.iter().position(|n| *n == name.trim());
    let (first, last) = (at(first)?, at(last)?);
    let days = (first..=last).filter_map(|n| Weekday::from_monday_zero_offset(n as i8).ok()).collect::<Vec<_>>();
    (!days.is_empty()).then_some(days)
}

/// `+` and up to 15 digits.
fn is_beginning_of_a_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or("");
    !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit())
}

/// What follows `sip:`.
fn is_sip_user_and_host(rest: &str) -> bool {
    let both = rest.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    both && !rest.contains(char::is_whitespace)
}

fn is_this_machine(url: &str) -> bool {
    let host = url.trim_start_matches("http://");
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|h| host.strip_prefix(h).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
}
