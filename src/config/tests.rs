use super::*;

fn parse(source: &str) -> Result<Config, ConfigError> {
    let env = |name: &str| match name {
        "SET" => Some("s3cret".to_string()),
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
    for key in ["username", "password", "caller_id", "token", "authorization"] {
        whole = whole.replace(&format!("# {key}:"), &format!("{key}:"));
    }
    let whole = whole
        .replace("TRUNK_PASSWORD", "SET")
        .replace("SMS_TOKEN", "SET")
        .replace("BILLING_AUTHORIZATION", "SET")
        .replace("\"file:secrets/smtp\"", "\"${env:SET}\"");
    let config = parse(&whole).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.trunks[0].password.as_ref().unwrap().reveal(), "s3cret");
    assert!(!format!("{config:?}").contains("s3cret"));
}

/// (what to replace in the sample, by what, the findings as `line:column code`, words that must be in the text)
#[test]
fn mistakes_have_a_place_and_a_code() {
    for (from, to, expected, words) in [
        ("\ndatabase:", "\ndatabse:", "5:1 C001", "databse"),
        ("caller_id: \"+74950000000\"", "caller_id: \"4950000000\"", "16:12 C003", "begins with +"),
        ("[\"+7\", \"+44\"]", "[]", "19:17 C007", "no number may be dialled"),
        ("[\"+7\", \"+44\"]", "[\"7\", \"+4x\"]", "19:18 C003, 19:23 C003", "beginning of a number"),
        ("# password: \"${env:TRUNK_PASSWORD}\"", "password: hunter2 #", "26:15 C004", "change the secret"),
        ("# password: \"${env:TRUNK_PASSWORD}\"", "password: \"${env:NOPE}\" #", "26:15 C005", "NOPE is not set"),
        ("# password: \"file:secrets/smtp\"", "password: \"file:none\"\n  username: x", "46:13 C005", "cannot read"),
        ("channels_max: 30", "channels_max: 0", "28:19 C003", "from 1 to 10000"),
        ("channels_max: 30", "channels_max: many", "28:19 C001", "number"),
        ("cps_max: 5 ", "cps_max: -1 ", "29:14 C003", "out of range"),
        ("peer: \"127.0.0.1:5060\"", "peer: carrier", "23:11 C003", "host and a port"),
        ("tls: none ", "tls: maybe ", "44:8 C001", "maybe"),
        ("sip:agent2@127", "agent2@127", "37:43 C003", "not a SIP address"),
        (
            "http://127.0.0.1:8025",
            "http://sms.example.com\"\n  token: \"${env:SET}\"\n  # \"",
            "53:8 C003",
            "plain text",
        ),
        ("host: billing.example.org", "host: https://billing.example.org/balance", "61:11 C003", "name of a server"),
        ("host: billing.example.org", "host: http://billing.example.org", "61:11 C003", "plain text"),
        ("host: billing.example.org", "host: a.example\n  - host: \"A.example:443\"", "62:11 C006", "named twice"),
        (
            "# authorization: \"${env:BILLING_AUTHORIZATION}\"",
            "authorization: hunter2 #",
            "62:20 C004",
            "change the secret",
        ),
        (
            "# authorization: \"${env:BILLING_AUTHORIZATION}\"",
            "authorization: \"${env:LINES}\" #",
            "62:20 C003",
            "one line",
        ),
        ("days: mon-fri", "days: sat-mon", "38:20 C003", "begins on Monday"),
        ("from: \"09:00\"", "from: \"9\"", "38:35 C003", "time of day"),
        ("to: \"20:00\"", "to: \"08:00\"", "38:48 C003", "closes after it opens"),
        ("zone: Europe/Moscow", "zone: Moscow", "38:63 C003", "time zone"),
        ("transfer_to: []", "transfer_to: [\"8800\", \"sip:desk\"]", "67:15 C003, 67:23 C003", "sip:*@example.org"),
        ("drain_s: 120", "drain_s: 120\ndrain_s: 5", "75:1 C001", "duplicate"),
        ("from: \"Billing <billing@example.com>\"", "from: \"a@b.c\\nBcc: x@y.z\"", "47:9 C003", "e-mail address"),
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
    assert_eq!(codes, [(19, "C003"), (24, "C003"), (27, "C006"), (34, "C003")], "{error}");
}

#[test]
fn a_missing_file_says_what_to_do() {
    let error = Config::load(Path::new("no/such/ringback.yaml")).unwrap_err();
    assert!(error.to_string().contains("ringback init"), "{error}");
}
