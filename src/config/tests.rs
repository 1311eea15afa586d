use super::voices::{Body, OpenAiRequest, Price, Reply, VoiceKind};
use super::*;
use crate::language::Language;
use crate::money::{Currency, Money};

fn parse(source: &str) -> Result<Config, ConfigError> {
    let env = |name: &str| match name {
        "SET" => Some("s3cret".to_string()),
        "LONG" => Some("0123456789abcdef0123456789abcdef".to_string()),
        "LINES" => Some("one\ntwo".to_string()),
        _ => None,
    };
    Config::parse("ringback.yaml", source, Path::new("/etc/ringback"), &env)
}

#[test]
fn the_sample_loads() {
    let config = parse(Config::sample()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.database, Path::new("/etc/ringback/ringback.db"));
    assert_eq!(config.trunks[0].channels_max, 30);
    assert_eq!(config.queues["collections"].agents.len(), 2);
    assert!(config.may_dial(&"+79990000001".parse().unwrap()));
    assert!(!config.may_dial(&"+12025550100".parse().unwrap()));
}

#[test]
fn the_sample_loads_with_its_commented_settings() {
    let mut whole = Config::sample().to_string();
    let of_carriers = "register realm from_domain from_display identity privacy number_format dial_prefix \
        user_phone codecs ptime_ms srtp early_media prack session_timer_s redirects_max redirect_hosts \
        failover_statuses stir prefixes priority allow deny types tariff budget api";
    let of_others = ["username", "password", "caller_id", "token", "authorization"];
    for key in of_carriers.split_whitespace().chain(of_others) {
        whole = whole.replace(&format!("# {key}:"), &format!("{key}:"));
    }
    let whole = whole
        .replace("TRUNK_PASSWORD", "SET")
        .replace("SMS_TOKEN", "SET")
        .replace("API_TOKEN", "LONG")
        .replace("BILLING_AUTHORIZATION", "SET")
        .replace("TTS_AUTHORIZATION", "SET")
        .replace("ALENA_AUTHORIZATION", "SET")
        .replace("\"file:secrets/smtp\"", "\"${env:SET}\"");
    let whole = with_voices(&whole).replace("file:secrets/stir.pem", "${env:SET}");
    let config = parse(&whole).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.trunks[0].password.as_ref().unwrap().reveal(), "s3cret");
    assert!(!format!("{config:?}").contains("s3cret"));
    // What stands there in comments is what holds without them, but for the examples.
    let (trunk, usual) = (&config.trunks[0], &parse(Config::sample()).unwrap().trunks[0]);
    let carrier = sip::Carrier {
        realm: Some("sip.example.com".into()),
        from_domain: Some("sip.example.com".into()),
        from_display: Some("Billing".into()),
        redirect_prefixes: vec!["+7".into(), "+44".into()],
        ..sip::Carrier::default()
    };
    assert_eq!(trunk.carrier, carrier);
    assert_eq!((usual.registrations.len(), &usual.stir), (0, &None));
    assert_eq!(trunk.abilities, usual.abilities);
    assert_eq!(trunk.abilities, sip::Abilities::default());
    assert_eq!(trunk.registrations[0].expires, Duration::from_secs(3_600));
    assert_eq!(trunk.stir.as_ref().unwrap().attestation, Attestation::Full);
    assert_eq!(config.inbound, Inbound::default());
    let api = config.api.as_ref().unwrap();
    assert_eq!((api.listen.to_string().as_str(), api.tokens.len()), ("127.0.0.1:8080", 1));
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
    assert_eq!(config.speech.voices.len(), 6);
    assert_eq!(config.speech.creditors["Горводоканал"].speakers[&Language::RU], ["alena", "ru_tts"]);
}

/// The sample with its last sections, of voices, uncommented.
fn with_voices(sample: &str) -> String {
    let uncommented = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.starts_with(' ') || matches!(rest, "lines:" | "voices:" | "speech:") => rest.to_string(),
        _ => line.to_string(),
    };
    sample.lines().map(uncommented).collect::<Vec<_>>().join("\n")
}

const REGISTER: &str = "# register: { expires_s: 3600 }";

#[test]
fn a_trunk_may_have_several_accounts() {
    let list =
        "registrations: [{ expires_s: 600 }, { username: \"10002\", password: \"${env:SET}\", contact_user: desk }]";
    let config = parse(&Config::sample().replacen(REGISTER, list, 1)).unwrap_or_else(|e| panic!("{e}"));
    let [own, other] = &config.trunks[0].registrations[..] else { panic!("two: {config:?}") };
    assert_eq!((&own.account, own.expires, &own.contact_user), (&None, Duration::from_secs(600), &None));
    let account = other.account.as_ref().unwrap();
    assert_eq!((account.username.as_str(), account.password.reveal()), ("10002", "s3cret"));
    assert_eq!((other.expires, other.contact_user.as_deref()), (Duration::from_secs(3_600), Some("desk")));
}

/// (what to replace in the sample, by what, the findings as `line:column code`, words that must be in the text)
#[test]
fn mistakes_have_a_place_and_a_code() {
    for (from, to, expected, words) in [
        ("\ndatabase:", "\ndatabse:", "5:1 C001", "databse"),
        ("caller_id: \"+74950000000\"", "caller_id: \"4950000000\"", "16:12 C003", "begins with +"),
        ("[\"+7\", \"+44\"]", "[]", "19:17 C007", "no number may be dialled"),
        ("[\"+7\", \"+44\"]", "[\"7\", \"+4x\"]", "19:18 C003, 19:23 C003", "beginning of a number"),
        ("# password: \"${env:TRUNK_PASSWORD}\"", "password: hunter2 #", "32:15 C004", "change the secret"),
        ("# password: \"${env:TRUNK_PASSWORD}\"", "password: \"${env:NOPE}\" #", "32:15 C005", "NOPE is not set"),
        ("# password: \"file:secrets/smtp\"", "password: \"file:none\"\n  username: x", "97:13 C005", "cannot read"),
        ("channels_max: 30", "channels_max: 0", "34:19 C003", "from 1 to 10000"),
        ("channels_max: 30", "channels_max: many", "34:19 C001", "number"),
        ("cps_max: 5 ", "cps_max: -1 ", "35:14 C003", "out of range"),
        ("peer: \"127.0.0.1:5060\"", "peer: carrier", "23:11 C003", "host and a port"),
        ("peer: \"127.0.0.1:5060\"", "peer: \"sip carrier.example\"", "23:11 C003", "or a domain"),
        ("# transport: tls ", "transport: sctp ", "24:16 C001", "sctp"),
        ("# transport: tls ", "transport: tcp\n    tls: {} ", "25:10 C003", "no use over udp"),
        ("# transport: tls ", "tls: { ca: none.pem } ", "24:16 C005", "cannot read the file none.pem"),
        ("# transport: tls ", "tls: { key: ringback.yaml } ", "24:17 C005, 24:17 C003", "go together"),
        ("# transport: tls ", "tls: { server_name: a/b } ", "24:25 C003", "not the name of a host"),
        ("tls: none ", "tls: maybe ", "95:8 C001", "maybe"),
        ("sip:agent2@127", "agent2@127", "88:43 C003", "not a SIP address"),
        (
            "http://127.0.0.1:8025",
            "http://sms.example.com\"\n  token: \"${env:SET}\"\n  # \"",
            "104:8 C003",
            "plain text",
        ),
        ("host: billing.example.org", "host: https://billing.example.org/balance", "112:11 C003", "name of a server"),
        ("host: billing.example.org", "host: http://billing.example.org", "112:11 C003", "plain text"),
        ("host: billing.example.org", "host: a.example\n  - host: \"A.example:443\"", "113:11 C006", "named twice"),
        (
            "# authorization: \"${env:BILLING_AUTHORIZATION}\"",
            "authorization: hunter2 #",
            "113:20 C004",
            "change the secret",
        ),
        (
            "# authorization: \"${env:BILLING_AUTHORIZATION}\"",
            "authorization: \"${env:LINES}\" #",
            "113:20 C003",
            "one line",
        ),
        (REGISTER, "register: { expires_s: 5 }", "39:28 C003", "from 60"),
        (REGISTER, "registrations: []", "39:20 C003", "1 to 50"),
        (REGISTER, "registrations: [{ username: a }]", "39:21 C003", "go together"),
        (REGISTER, "registrations: [{ username: a, password: hunter2 }]", "39:46 C004", "change the secret"),
        (REGISTER, "registrations: [{}, {}]", "39:25 C006", "registered twice"),
        (REGISTER, "registrations: [{ contact_user: \"a b\" }]", "39:37 C003", "cannot be the user"),
        (REGISTER, "registrations: [{ expires: 60 }]", "39:23 C001", "expires"),
        (REGISTER, "register: {}\n    registrations: [{}]", "39:15 C003", "exclude each other"),
        ("# from_domain: sip.example.com", "from_domain: \"a b\"", "44:18 C003", "not the name of a host"),
        ("# identity: none", "identity: who", "46:15 C001", "who"),
        ("# number_format: e164", "number_format: national", "48:20 C003", "country_code"),
        ("# dial_prefix: \"\"", "dial_prefix: \"a\"", "50:18 C003", "cannot be dialled"),
        ("# codecs: [pcma, pcmu]", "codecs: [pcma, g729]", "52:20 C003", "pcma, pcmu, g722, opus"),
        ("# ptime_ms: 20", "ptime_ms: 25", "53:15 C003", "10, 20"),
        ("# session_timer_s: 1800", "session_timer_s: 60", "58:22 C003", "from 90"),
        ("# redirects_max: 0", "redirects_max: 9", "59:20 C003", "from 0 to 5"),
        ("# failover_statuses: []", "failover_statuses: [200]", "61:25 C003", "from 300"),
        ("# stir: { key: \"file:secrets/stir.pem\"", "stir: { key: \"hunter2\"", "62:18 C004", "change the secret"),
        ("peers: []", "peers: [\"carrier\"]", "81:11 C003", "203.0.113.0/24"),
        ("strangers: silence", "strangers: loud", "82:14 C001", "loud"),
        ("days: mon-fri", "days: sat-mon", "89:20 C003", "begins on Monday"),
        ("from: \"09:00\"", "from: \"9\"", "89:35 C003", "time of day"),
        ("to: \"20:00\"", "to: \"08:00\"", "89:48 C003", "closes after it opens"),
        ("zone: Europe/Moscow", "zone: Moscow", "89:63 C003", "time zone"),
        ("transfer_to: []", "transfer_to: [\"8800\", \"sip:desk\"]", "118:15 C003, 118:23 C003", "sip:*@example.org"),
        ("  bind_ip: 127.0.0.1", "  ports: 5000-4000\n  bind_ip: 127.0.0.1", "132:10 C003", "16384-32767"),
        ("  bind_ip: 127.0.0.1", "  silent_s_max: 2\n  bind_ip: 127.0.0.1", "132:17 C003", "from 5"),
        ("# hold_s_max: 120", "hold_s_max: 1", "135:15 C003", "from 5"),
        ("  bind_ip: 127.0.0.1", "  record_calls: some\n  bind_ip: 127.0.0.1", "132:17 C003", "off"),
        ("  bind_ip: 127.0.0.1", "  far_end: here\n  bind_ip: 127.0.0.1", "132:12 C003", "behind a NAT"),
        ("disk_mb_max: 4096", "disk_mb_max: 0", "146:16 C003", "from 1"),
        ("disk_mb_max: 200", "disk_mb_max: -1", "160:43 C003", "from 0"),
        ("drain_s: 120", "drain_s: 120\ndrain_s: 5", "157:1 C001", "duplicate"),
        ("from: \"Billing <billing@example.com>\"", "from: \"a@b.c\\nBcc: x@y.z\"", "98:9 C003", "e-mail address"),
        ("\ndatabase: ringback.db", "\ndatabase: [", "5:11 C001", ""),
    ] {
        let source = Config::sample().replacen(from, to, 1);
        assert_ne!(source, Config::sample(), "{from} is not in the sample");
        let error = parse(&source).expect_err(to);
        let places: Vec<String> =
            error.diagnostics.iter().map(|d| format!("{}:{} {}", d.span.line, d.span.column, d.code)).collect();
        let text = error.to_string();
        assert_eq!(places.join(", "), expected, "{to}: {text}");
        assert!(text.contains(words), "{to}: {text}");
        assert!(!text.contains("hunter2"), "a secret is shown: {text}");
    }
}

#[test]
fn all_mistakes_at_once() {
    let source = Config::sample().replace("cps_max: 5 ", "cps_max: 0 ").replace("\"+7\", ", "\"7\", ").replace(
        "name: main",
        "name: main\n    peer: x:1\n    bind: nowhere\n    channels_max: 1\n    cps_max: 1\n  - name: main",
    );
    let error = parse(&source).unwrap_err();
    let mut codes: Vec<_> = error.diagnostics.iter().map(|d| (d.span.line, d.code)).collect();
    codes.sort();
    assert_eq!(codes, [(19, "C003"), (24, "C003"), (27, "C006"), (40, "C003")], "{error}");
}

#[test]
fn numbers_within_a_country() {
    let written = "number_format: national\n    country_code: \"+7\"\n    national_prefix: \"8\"\n    \
        international_prefix: \"810\"";
    let config = parse(&Config::sample().replace("# number_format: e164", written)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.trunks[0].carrier.dialled("+79161234567"), "89161234567");
    let error = parse(&Config::sample().replace("# number_format: e164", "country_code: \"7\"")).unwrap_err();
    assert!(error.to_string().contains("for `number_format: national` only"), "{error}");
}

#[test]
fn a_missing_file_says_what_to_do() {
    let error = Config::load(Path::new("no/such/ringback.yaml")).unwrap_err();
    assert!(error.to_string().contains("ringback init"), "{error}");
}

/// What is written of the sample's trunk, and behind the trunks.
fn dialled(of_trunk: &str, more: &str) -> Result<Config, ConfigError> {
    let trunk = "    channels_max: 30 ";
    let source = Config::sample().replacen(trunk, &format!("    {of_trunk}\n{trunk}"), 1);
    parse(&format!("{source}\n{more}"))
}

#[test]
fn prices_and_limits_as_written_and_read() {
    let tariff = "tariff: { currency: RUB, rates: [{ prefix: \"+7 (495)\", attempt: 0.25, minute: 1.2 }] }";
    let budget = "budget: { zone: Europe/Moscow, currency: RUB, day_max: 5000.5, campaigns: { a: { max: 1 } } }";
    let config = dialled(tariff, budget).unwrap_or_else(|e| panic!("{e}"));
    let rate = &config.trunks[0].tariff.as_ref().unwrap().rates[0];
    assert_eq!(
        (rate.prefix.as_str(), rate.price.attempt_micros, rate.price.minute_micros),
        ("+7495", 250_000, 1_200_000)
    );
    let budget = config.budget.unwrap();
    assert_eq!((budget.day_max, budget.campaigns["a"].max), (Some(5_000_500_000), Some(1_000_000)));
    let numbers = dialled("allow: [\"+7 495\"]\n    types: [mobile]", "").unwrap().trunks[0].numbers.clone();
    assert_eq!((numbers.allow, numbers.types), (vec!["+7495".to_string()], vec![crate::phone::NumberType::Mobile]));
}

/// What is written of a trunk; line below the trunk's first, column and code of what is wrong with it, and some of its words.
#[test]
fn what_is_wrong_about_dialling() {
    for (written, expected, words) in [
        ("priority: 0", "15 C003", "from 1 to 100"),
        ("prefixes: [7495]", "16 C003", "+ and digits"),
        ("deny: [\"+7 9x\"]", "12 C003", "not the beginning of a number"),
        ("types: [premium]", "13 C003", "never dialled"),
        ("types: [mobil]", "13 C003", "mobile, fixed"),
        ("tariff: { currency: RUR, rates: [{ prefix: \"+\", minute: 1 }] }", "25 C003", "one of RUB"),
        ("tariff: { currency: RUB, rates: [] }", "37 C003", "without a price"),
        ("tariff: { currency: RUB, rates: [{ prefix: \"+\" }] }", "38 C003", "a price of nothing"),
        ("tariff: { currency: RUB, rates: [{ prefix: \"7\", minute: 1 }] }", "48 C003", "any number"),
        ("tariff: { currency: RUB, rates: [{ prefix: \"+\", minute: -1 }] }", "61 C003", "out of range"),
        ("tariff: { currency: RUB, rates: [{ prefix: \"+\", minute: 1, step_s: 0 }] }", "72 C003", "from 1 to 3600"),
        ("tariff: { currency: RUB, rates: [{ prefix: \"+\", minut: 1 }] }", "53 C001", "minut"),
        (
            "tariff: { currency: RUB, rates: [{ prefix: \"+\", minute: 1 }, { prefix: \"+\", minute: 2 }] }",
            "76 C006",
            "two prices",
        ),
    ] {
        let error = dialled(written, "").expect_err(written);
        let line = Config::sample().lines().position(|l| l.starts_with("    channels_max: 30 ")).unwrap() as u32 + 1;
        let found: Vec<String> = error
            .diagnostics
            .iter()
            .map(|d| {
                assert_eq!(d.span.line, line, "{error}");
                format!("{} {}", d.span.column, d.code)
            })
            .collect();
        assert!(found.join(", ") == expected && error.to_string().contains(words), "{written}: {found:?}\n{error}");
    }
    for (budget, words) in [
        ("budget: { zone: Europe/Moscow, currency: RUB, day_max: 1 }", "trunk main has no tariff"),
        ("budget: { zone: Moscow, currency: RUB }", "name of a time zone"),
        ("budget: { zone: Europe/Moscow, currency: RUB, day_max: 0.12345678 }", "six digits"),
    ] {
        let error = dialled("priority: 1", budget).expect_err(budget).to_string();
        assert!(error.contains(words), "{error}");
    }
    let priced = "tariff: { currency: USD, rates: [{ prefix: \"+\", minute: 1 }] }";
    let error = dialled(priced, "budget: { zone: Europe/Moscow, currency: RUB, day_max: 1 }").unwrap_err().to_string();
    assert!(error.contains("the budget is in another currency"), "{error}");
}

/// What is written of a voice or of who speaks, at the end of a config that is right.
fn spoken(written: &str) -> Result<Config, ConfigError> {
    parse(&format!("{}\n{written}", Config::sample()))
}

#[test]
fn voices_as_written_and_read() {
    let folder = Path::new("/etc/ringback");
    for (written, expected) in [
        ("recorded: anna", VoiceKind::Recorded { folder: folder.join("anna") }),
        (
            "rhvoice: elena, data: /usr/share/rhvoice",
            VoiceKind::Rhvoice { voice: "elena".into(), library: None, data: Some("/usr/share/rhvoice".into()) },
        ),
        ("piper: amy.onnx", VoiceKind::Piper { model: folder.join("amy.onnx") }),
        (
            "command: [say, -v, \"{language}\"]",
            VoiceKind::Command { program: "say".into(), arguments: vec!["-v".into(), "{language}".into()] },
        ),
        ("command: [bin/say]", VoiceKind::Command { program: folder.join("bin/say"), arguments: Vec::new() }),
        (
            "openai: \"http://127.0.0.1:8000/v1\", model: m, voice: v, authorization: \"${env:SET}\", \
             price_per_million: 15 USD, month_max: 20.50 USD",
            VoiceKind::OpenAi {
                request: OpenAiRequest {
                    url: "http://127.0.0.1:8000/v1".into(),
                    model: "m".into(),
                    voice: "v".into(),
                    authorization: Some(Secret::new("s3cret")),
                },
                price: Price {
                    per_million: Some(Money::new(1500, Currency::Usd)),
                    month_max: Some(Money::new(2050, Currency::Usd)),
                },
            },
        ),
    ] {
        let config = spoken(&format!("voices: {{ own: {{ {written}, languages: [ru, en] }} }}"));
        let config = config.unwrap_or_else(|e| panic!("{written}: {e}"));
        let voice = &config.speech.voices["own"];
        assert_eq!(voice.kind, expected, "{written}");
        assert_eq!((voice.timeout, voice.retries), (Duration::from_secs(10), 2));
        assert_eq!(voice.languages, [Language::EN, Language::RU]);
    }
    for (written, body, reply) in [
        (
            "form: { text: \"{text}\", rate: \"8000\" }, reply: { pcm: 8000 }",
            Body::Form(vec![("rate".into(), "8000".into()), ("text".into(), "{text}".into())]),
            Reply::Pcm(8000),
        ),
        (
            "json: { input: { text: \"{text}\" }, rate: 8000 }, reply: { base64: a.b }",
            Body::Json(r#"{"input":{"text":"{text}"},"rate":8000}"#.into()),
            Reply::Base64("a.b".into()),
        ),
        ("json: '{\"input\": \"{text}\"}', reply: wav", Body::Json(r#"{"input":"{text}"}"#.into()), Reply::Wav),
        ("xml: \"<speak>{text}</speak>\"", Body::Xml("<speak>{text}</speak>".into()), Reply::Wav),
    ] {
        let headers = "headers: { X-Key: \"${env:SET}\", X-Format: riff-8khz }";
        let written = format!(
            "voices: {{ own: {{ http: \"https://a.example/x?v=1\", {headers}, {written}, languages: [ru] }} }}"
        );
        let config = spoken(&written).unwrap_or_else(|e| panic!("{written}: {e}"));
        let VoiceKind::Http { request, price } = &config.speech.voices["own"].kind else { panic!("{written}") };
        assert_eq!((&request.body, &request.reply), (&body, &reply), "{written}");
        assert_eq!(request.headers[1], ("X-Key".to_string(), Secret::new("s3cret")));
        assert_eq!(*price, Price::default());
    }
}

/// (what is written, the findings as `line:column code` with lines counted from the end of the sample, words in the text)
#[test]
fn mistakes_about_voices_have_a_place_and_a_code() {
    let http = "http: \"https://a.example\"";
    let openai = "openai: \"https://a.example\", model: m, voice: v";
    let own = |what: &str| format!("voices:\n  own: {{ {what}, languages: [ru] }}");
    let mut wrong = Vec::new();
    for (written, expected, words) in [
        ("voices:\n  own: { piper: a, langages: [ru] }".to_string(), "2:20 C001", "langages"),
        ("voices:\n  own: { piper: a }".to_string(), "2:10 C001", "languages"),
        ("voices:\n  own: { piper: a, languages: [] }".to_string(), "2:31 C003", "at least one language"),
        ("voices:\n  own: { piper: a, languages: [rus] }".to_string(), "2:32 C003", "two letters"),
        ("voices:\n  pico: { piper: a, languages: [ru] }".to_string(), "2:9 C006", "comes with the program"),
        ("voices:\n  ../own: { piper: a, languages: [ru] }".to_string(), "2:11 C003", "no name for a voice"),
        (own("timeout_s: 5"), "2:8 C003", "recorded, rhvoice, piper"),
        (own("piper: a, rhvoice: b"), "2:8 C003", "exactly one kind"),
        (own("piper: a, model: b"), "2:27 C003", "`model` means nothing"),
        (own("command: []"), "2:19 C003", "no program"),
        (own("piper: a, timeout_s: 0"), "2:31 C003", "from 1 to 120"),
        (own("piper: a, retries: 1.5"), "2:29 C003", "whole number"),
        (own("piper: a, retries: 6"), "2:29 C003", "from 0 to 5"),
        (own("openai: \"https://a.example\""), "2:8 C003, 2:8 C003", "`voice` is missing"),
        (own(&format!("{openai}, authorization: hunter2")), "2:74 C004", "change the secret"),
        (own(&format!("{openai}, authorization: \"${{env:NOPE}}\"")), "2:74 C005", "NOPE is not set"),
        (own(&format!("{openai}, month_max: 5 USD")), "2:70 C003", "without a price"),
        (own(&format!("{openai}, price_per_million: 15")), "2:78 C003", "15.00 USD"),
        (own(&format!("{openai}, price_per_million: 0 USD")), "2:78 C003", "more than nothing"),
        (own(&format!("{openai}, price_per_million: 1 EUR, month_max: 5 USD")), "2:96 C003", "in EUR"),
        (own("http: \"http://a.example\", xml: \"{text}\""), "2:16 C003", "plain text"),
        (own("http: a.example, xml: \"{text}\""), "2:16 C003", "not an HTTP address"),
        (own("http: \"https://a.example/?key=hunter2\", xml: \"{text}\""), "2:16 C004", "send it in `headers`"),
        (own(&format!("{http}, headers: {{ X-Api-Key: hunter2 }}, xml: \"{{text}}\"")), "2:59 C004", "a secret"),
        (
            format!(
                "voices:\n  own:\n    {http}\n    headers:\n      X-Api-Key: hunter2\n    xml: \"{{text}}\"\n    languages: [ru]"
            ),
            "5:18 C004",
            "a secret",
        ),
        (own(&format!("{openai}, authorisation: hunter2")), "2:59 C001", "authorisation"),
        (own(&format!("{http}, headers: {{ \"X Y\": a }}, xml: \"{{text}}\"")), "2:55 C003", "name of a header"),
        (own(http), "2:8 C003", "give one of `form`, `json`, `xml`"),
        (own(&format!("{http}, xml: a, json: {{}}")), "2:8 C003", "one body"),
        (own(&format!("{http}, xml: <speak/>")), "2:42 C003", "{text} is missing"),
        (own(&format!("{http}, json: '{{\"a\": {{text}}}}'")), "2:43 C003", "not a JSON object"),
        (own(&format!("{http}, xml: \"{{text}}\", reply: mp3")), "2:59 C001", "mp3"),
        (own(&format!("{http}, xml: \"{{text}}\", reply: {{ pcm: 8 }}")), "2:66 C003", "from 4000"),
        ("speech: { speakers: { ru: [nobody] } }".to_string(), "1:28 C008", "there are: pico, ru_tts, espeak"),
        ("speech: { speakers: { ru: [] } }".to_string(), "1:27 C003", "nobody would speak"),
        ("speech: { speakers: { ru: [ru_tts, ru_tts] } }".to_string(), "1:36 C006", "twice"),
        ("speech: { speakers: { rus: [ru_tts] } }".to_string(), "1:28 C003", "two letters"),
        ("speech: { pronunciation: { Ru: a.csv } }".to_string(), "1:32 C003", "two letters"),
        ("speech: { creditors: { A: { speakers: { en: [x] } } } }".to_string(), "1:46 C008", "no voice is named `x`"),
        ("speech: { creditors: { A: { voices: [x] } } }".to_string(), "1:29 C001", "voices"),
        (own("piper: a") + "\nspeech: { speakers: { en: [own] } }", "3:28 C008", "add en to its `languages`"),
    ] {
        let error = spoken(&written).expect_err(&written);
        let before = Config::sample().lines().count() as u32 + 1;
        let places: Vec<String> = error
            .diagnostics
            .iter()
            .map(|d| format!("{}:{} {}", d.span.line - before, d.span.column, d.code))
            .collect();
        let text = error.to_string();
        if places.join(", ") != expected || !text.contains(words) {
            wrong.push(format!("expected {expected} and {words}, found {}:\n{text}", places.join(", ")));
        }
        assert!(!text.contains("hunter2"), "a secret is shown: {text}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_carrier_is_reached_as_its_section_says() {
    use crate::sip::Transport;
    let mut seen = Vec::new();
    for (peer, more) in [
        ("127.0.0.1:5060", ""),
        ("[2001:db8::1]:5070", "transport: tcp"),
        ("2001:db8::1", ""),
        ("carrier.example", ""),
        ("sip.carrier.example.", "transport: tls"),
        ("host:5060", "transport: udp"),
    ] {
        let text = Config::sample().replacen("\"127.0.0.1:5060\" ", &format!("\"{peer}\" "), 1);
        let text = text.replacen("# transport: tls ", &format!("{more} #"), 1);
        let config = parse(&text).unwrap_or_else(|error| panic!("{peer}: {error}"));
        let Reach { host, port, transport, tls } = config.trunks[0].peer.clone();
        seen.push((host, port, transport, tls.is_some()));
    }
    let expected = [
        ("127.0.0.1", Some(5060), None, false),
        ("2001:db8::1", Some(5070), Some(Transport::Tcp), false),
        ("2001:db8::1", None, None, false),
        ("carrier.example", None, None, false),
        ("sip.carrier.example", None, Some(Transport::Tls), true),
        ("host", Some(5060), Some(Transport::Udp), false),
    ];
    assert_eq!(seen, expected.map(|(host, port, transport, tls)| (host.to_owned(), port, transport, tls)));
}

/// What is written of the API; code of what is wrong with it, and some of its words.
#[test]
fn what_is_wrong_about_the_api() {
    for (written, code, words) in [
        ("{ listen: \"127.0.0.1:8080\" }", "C003", "has no token, and answers nobody"),
        ("{ tokens: [] }", "C003", "has no token"),
        ("{ tokens: [hunter2] }", "C004", "change the secret"),
        ("{ tokens: [\"${env:NOPE}\"] }", "C005", "NOPE is not set"),
        ("{ tokens: [\"${env:SET}\"] }", "C003", "of 6 characters can be guessed: expected at least 32"),
        ("{ tokens: [\"${env:LINES}\"] }", "C003", "without blanks, on one line"),
        ("{ listen: here, tokens: [\"${env:LONG}\"] }", "C003", "an address and a port"),
        ("{ listen: \"0.0.0.0:8080\", tokens: [\"${env:LONG}\"] }", "C003", "plain text"),
        ("{ port: 80, tokens: [\"${env:LONG}\"] }", "C001", "port"),
    ] {
        let error = parse(&format!("{}\napi: {written}\n", Config::sample())).expect_err(written);
        assert_eq!(error.diagnostics[0].code, code, "{written}: {error}");
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("hunter2"), "{written}: {text}");
    }
    let proxied = "{ listen: \"[::]:8080\", behind_tls_proxy: true, tokens: [\"${env:LONG}\"] }";
    let config = parse(&format!("{}\napi: {proxied}\n", Config::sample())).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.api.unwrap().listen.port(), 8080);
}
