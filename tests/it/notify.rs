//! The courier against our own sinks, a foreign SMTP server (aiosmtpd), and servers that misbehave.

use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ringback::books::{
    CampaignState, Enrolment, NewContact, NewDebt, Next, OutboxMessage, OutboxState, Plan, Write, ZoneFrom,
};
use ringback::config::{Secret, SmsGateway, Smtp, TlsMode};
use ringback::id::{AttemptId, ContactId, OutboxId};
use ringback::notify::sink::Sinks;
use ringback::notify::{Courier, Delivery, Sent, TRIES_MAX};
use ringback::outcome::Channel;
use ringback::store::Store;
use ringback::store::memory::MemoryStore;
use ringback::time::Wall;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn now() -> Wall {
    "2026-11-20T10:00Z".parse().unwrap()
}

fn smtp(addr: SocketAddr) -> Smtp {
    Smtp {
        host: addr.ip().to_string(),
        port: addr.port(),
        tls: TlsMode::None,
        username: None,
        password: None,
        from: "Горводоканал <billing@example.com>".parse().unwrap(),
        reply_to: Some("help@example.com".parse().unwrap()),
        timeout: Duration::from_secs(5),
    }
}

fn gateway(addr: SocketAddr) -> SmsGateway {
    SmsGateway {
        url: format!("http://{addr}/messages"),
        token: Some(Secret::new("t0ken")),
        from: Some("Billing".into()),
        timeout: Duration::from_secs(5),
    }
}

fn message(id: i64, channel: Channel, to: &str, subject: &str, body: &str) -> OutboxMessage {
    OutboxMessage {
        id: OutboxId(id),
        attempt: AttemptId(70 + id),
        channel,
        to: to.into(),
        subject: Some(subject.into()),
        body: body.into(),
        state: OutboxState::Queued,
        tries: 0,
        next_try_at: now(),
        last_error: None,
    }
}

fn email(id: i64, to: &str, subject: &str, body: &str) -> OutboxMessage {
    message(id, Channel::Email, to, subject, body)
}

fn sms(id: i64) -> OutboxMessage {
    message(id, Channel::Sms, "+79990000001", "", "Пожалуйста, оплатите счёт.")
}

fn read_sorted(dir: &Path) -> Vec<String> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect()
}

#[tokio::test]
async fn the_sinks_keep_what_the_courier_sends() {
    let dir = tempfile::tempdir().unwrap();
    let sinks = Sinks::start(LOOPBACK, dir.path()).await.unwrap();
    let courier = Courier::new(Some(&smtp(sinks.smtp)), Some(&gateway(sinks.sms))).unwrap();

    let dots = "Здравствуйте!\r\n.\r\n..и ещё строка\r\nQUIT\r\n";
    for (m, expected) in [
        (email(1, "anna@example.org", "Счёт за воду", dots), Delivery::Sent),
        (email(2, "anna@example.org", "plain", "Hello\n.\nthere"), Delivery::Sent),
        (sms(3), Delivery::Sent),
        // The same again, as after a crash between sending and marking.
        (sms(3), Delivery::Sent),
        (sms(4), Delivery::Sent),
    ] {
        assert_eq!(courier.deliver(&m, now()).await, expected, "{:?}", m.id);
    }

    let mails = read_sorted(&dir.path().join("mail"));
    assert_eq!(mails.len(), 2);
    for header in [
        "Return-Path: <billing@example.com>\r\n",
        "Delivered-To: anna@example.org\r\n",
        "Message-ID: <outbox-1.attempt-71@example.com>\r\n",
        "Reply-To: help@example.com\r\n",
        "Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n",
    ] {
        assert!(mails[0].contains(header), "{header} is not in {}", mails[0]);
    }
    assert!(mails[1].ends_with("\r\n\r\nHello\r\n.\r\nthere\r\n"), "{:?}", mails[1]);

    let kept = std::fs::read_to_string(dir.path().join("sms.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = kept.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{kept}");
    assert_eq!(lines[0]["to"], "+79990000001");
    assert_eq!(lines[0]["text"], "Пожалуйста, оплатите счёт.");
    assert_eq!(lines[0]["from"], "Billing");
    assert_eq!((&lines[0]["id"], &lines[1]["id"]), (&"3".into(), &"4".into()));
}

#[tokio::test]
async fn no_text_of_ours_becomes_a_header_or_a_command() {
    let dir = tempfile::tempdir().unwrap();
    let sinks = Sinks::start(LOOPBACK, dir.path()).await.unwrap();
    let courier = Courier::new(Some(&smtp(sinks.smtp)), None).unwrap();
    for to in
        ["a@example.org\r\nRCPT TO:<b@example.org>", "a@example.org>, <b@example.org", "a@b@c", "", "Anna <a@b.c>"]
    {
        let delivery = courier.deliver(&email(1, to, "s", "b"), now()).await;
        assert!(matches!(delivery, Delivery::Refused(_)), "{to:?}: {delivery:?}");
    }
    let nasty =
        email(2, "a@example.org", "Bill\r\nBcc: b@example.org\r\n\r\nhidden", "text\r\n.\r\nMAIL FROM:<x@y.z>\r\n");
    assert_eq!(courier.deliver(&nasty, now()).await, Delivery::Sent);
    let mails = read_sorted(&dir.path().join("mail"));
    assert_eq!(mails.len(), 1, "one message became several");
    let (head, _) = mails[0].split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|l| l.to_lowercase().starts_with("bcc")), "{head}");
    assert_eq!(head.matches("Delivered-To").count(), 1, "{head}");
}

/// A server that answers each connection with the next of `answers`, then closes; `None` says nothing at all.
async fn scripted(answers: Vec<Option<&'static str>>) -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let Some(answer) = answer else {
                silent.push(stream);
                continue;
            };
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        std::future::pending::<()>().await
    });
    addr
}

#[tokio::test]
async fn what_a_gateway_answers_decides() {
    for (answer, sent, words) in [
        (Some("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "sent", ""),
        (Some("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"), "sent", ""),
        (Some("HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nno number"), "refused", "400: no number"),
        (Some("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"), "later", "401"),
        (Some("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"), "later", "429"),
        (Some("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), "later", "500"),
        (
            Some("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
            "later",
            "redirects",
        ),
        (Some("nonsense\r\n\r\n"), "later", ""),
        (Some(""), "later", ""),
        (None, "later", "timeout"),
    ] {
        let addr = scripted(vec![answer]).await;
        let gateway = SmsGateway { timeout: Duration::from_millis(400), ..gateway(addr) };
        let delivery = Courier::new(None, Some(&gateway)).unwrap().deliver(&sms(1), now()).await;
        let (kind, text) = describe(&delivery);
        assert_eq!(kind, sent, "{answer:?}: {delivery:?}");
        assert!(text.contains(words), "{answer:?}: {text}");
        assert!(!text.contains("t0ken"), "{text}");
    }
}

fn describe(delivery: &Delivery) -> (&'static str, &str) {
    match delivery {
        Delivery::Sent => ("sent", ""),
        Delivery::Refused(text) => ("refused", text),
        Delivery::Later(text) => ("later", text),
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad\r\nContent-Length: 1000000000\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let delivery = Courier::new(None, Some(&gateway(addr))).unwrap().deliver(&sms(1), now()).await;
    assert_eq!(describe(&delivery).0, "refused", "{delivery:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_or_never_speaks_is_tried_later() {
    let gone = {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        listener.local_addr().unwrap()
    };
    let silent = scripted(vec![None]).await;
    for addr in [gone, silent] {
        let smtp = Smtp { timeout: Duration::from_millis(300), ..smtp(addr) };
        let courier = Courier::new(Some(&smtp), None).unwrap();
        let delivery = courier.deliver(&email(1, "a@example.org", "s", "b"), now()).await;
        assert_eq!(describe(&delivery).0, "later", "{delivery:?}");
    }
    let nothing = Courier::new(None, None).unwrap();
    assert_eq!(describe(&nothing.deliver(&sms(1), now()).await).0, "later");
}

/// aiosmtpd on a free port: prints its port, then one line of JSON a message; ends when its stdin closes.
const FOREIGN: &str = r#"
import asyncio, json, sys
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('nobody@'): return '550 5.1.1 no such person'
        if address.startswith('full@'): return '452 4.2.2 mailbox full'
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode('utf-8', 'replace')
        print(json.dumps({'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'text': text}), flush=True)
        return '250 kept'
def login(server, session, envelope, mechanism, auth):
    right = isinstance(auth, LoginPassword) and auth.password == b's3cret'
    return AuthResult(success=right, handled=True) if right else AuthResult(success=False, handled=False)
async def main():
    need = len(sys.argv) > 1
    make = lambda: SMTP(Handler(), authenticator=login, auth_required=need, auth_require_tls=False)
    server = await asyncio.get_running_loop().create_server(make, '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"#;

struct Foreign {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    addr: SocketAddr,
}

impl Foreign {
    fn start(args: &[&str]) -> Foreign {
        let mut child = Command::new("python3")
            .args(["-c", FOREIGN])
            .args(args)
            .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/python"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It warns that passwords without TLS are unsafe, which is so.
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is needed for this test: sh setup/peers.sh");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("aiosmtpd is needed for this test: sh setup/peers.sh");
        Foreign { child, out, addr: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    fn next(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_foreign_smtp_server_takes_our_mail_and_its_refusals_count() {
    let mut foreign = Foreign::start(&[]);
    let courier = Courier::new(Some(&smtp(foreign.addr)), None).unwrap();
    for (to, expected) in [
        ("anna@example.org", "sent"),
        ("nobody@example.org", "refused"),
        ("full@example.org", "later"),
        ("olga@example.org", "sent"),
    ] {
        let delivery = courier.deliver(&email(1, to, "Счёт за воду", "Сумма: 1 234,50 ₽\n.\n"), now()).await;
        assert_eq!(describe(&delivery).0, expected, "{to}: {delivery:?}");
    }
    let (first, second) = (foreign.next(), foreign.next());
    assert_eq!(first["to"][0], "anna@example.org");
    assert_eq!(second["to"][0], "olga@example.org");
    assert_eq!(first["from"], "billing@example.com");
    assert!(first["text"].as_str().unwrap().contains("Message-ID: <outbox-1.attempt-71@example.com>"), "{first}");
}

#[tokio::test]
async fn a_wrong_password_gives_up_no_message() {
    let mut foreign = Foreign::start(&["auth"]);
    let with = |password: &str| Smtp {
        username: Some("u".into()),
        password: Some(Secret::new(password)),
        ..smtp(foreign.addr)
    };
    for (settings, expected) in [(smtp(foreign.addr), "later"), (with("wrong"), "later"), (with("s3cret"), "sent")] {
        let courier = Courier::new(Some(&settings), None).unwrap();
        let delivery = courier.deliver(&email(1, "anna@example.org", "s", "b"), now()).await;
        assert_eq!(describe(&delivery).0, expected, "{delivery:?}");
        assert!(!describe(&delivery).1.contains("wrong"), "{delivery:?}");
    }
    assert_eq!(foreign.next()["to"][0], "anna@example.org");
}

/// Books with one contact and one claimed attempt, and these messages of it in the outbox.
async fn books(channels: &[Channel]) -> MemoryStore {
    let store = MemoryStore::new();
    let contact = NewContact {
        external_id: "C-1".into(),
        name: "Анна".into(),
        language: ringback::language::Language::RU,
        zone: "Europe/Moscow".parse().unwrap(),
        zone_from: ZoneFrom::Given,
        email: Some("anna@example.org".into()),
        creditor: "Горводоканал".into(),
        phones: vec!["+70000000001".parse().unwrap()],
        person: None,
        debts: vec![NewDebt {
            external_id: String::new(),
            amount: "100.00 RUB".parse().unwrap(),
            due: "2026-10-01".parse().unwrap(),
        }],
        fields: Default::default(),
    };
    store.import(&[contact], now()).await.unwrap();
    let campaign = store.create_campaign("c", "ladder: c", &[], now()).await.unwrap();
    let plan = Plan {
        channel: Channel::Email,
        step: 0,
        try_number: 1,
        segment: "s".into(),
        due_at: now(),
        why: "a test".into(),
        moved: None,
    };
    let enrolment = Enrolment { contact: ContactId(1), next: Next::Attempt(plan) };
    store.enrol(campaign, &[enrolment], now()).await.unwrap();
    store.set_campaign_state(campaign, CampaignState::Running, now()).await.unwrap();
    let claimed =
        store.claim_due(now(), now() + Duration::from_secs(60), &[(ringback::id::CampaignId(1), 1)]).await.unwrap();
    let message = |channel: &Channel| Write::Message {
        attempt: claimed[0].attempt.id,
        channel: *channel,
        subject: Some("Счёт".into()),
        body: "Пожалуйста, оплатите.".into(),
        at: now(),
    };
    let group: Vec<Write> = channels.iter().map(message).collect();
    store.apply(&group).await.unwrap();
    store
}

#[tokio::test]
async fn the_outbox_is_emptied_once() {
    let dir = tempfile::tempdir().unwrap();
    let sinks = Sinks::start(LOOPBACK, dir.path()).await.unwrap();
    let mut courier = Courier::new(Some(&smtp(sinks.smtp)), Some(&gateway(sinks.sms))).unwrap();
    let channels: Vec<Channel> = [Channel::Email, Channel::Sms].into_iter().cycle().take(40).collect();
    let store = books(&channels).await;
    assert_eq!(courier.run_once(&store, now()).await.unwrap(), Sent { sent: 40, retried: 0, failed: 0 });
    assert_eq!(courier.run_once(&store, now()).await.unwrap(), Sent::default());
    assert!(store.outbox().await.unwrap().iter().all(|m| m.state == OutboxState::Sent));
    assert_eq!(read_sorted(&dir.path().join("mail")).len(), 20);
    assert_eq!(std::fs::read_to_string(dir.path().join("sms.jsonl")).unwrap().lines().count(), 20);
}

#[tokio::test]
async fn a_message_is_tried_with_growing_delays_and_given_up() {
    let oops = Some("HTTP/1.1 503 Oops\r\nContent-Length: 0\r\n\r\n");
    let addr = scripted(vec![oops; TRIES_MAX as usize]).await;
    let mut courier = Courier::new(None, Some(&gateway(addr))).unwrap();
    let store = books(&[Channel::Sms]).await;
    let mut at = now();
    let mut waits = Vec::new();
    for nth in 1..=TRIES_MAX {
        let last = nth == TRIES_MAX;
        let counts = courier.run_once(&store, at).await.unwrap();
        assert_eq!(counts, Sent { sent: 0, retried: u32::from(!last), failed: u32::from(last) }, "try {nth}");
        let message = store.outbox().await.unwrap().remove(0);
        assert_eq!(message.tries, nth);
        assert!(message.last_error.as_ref().unwrap().contains("503"));
        if last {
            assert_eq!(message.state, OutboxState::Failed);
        } else {
            // A moment too early, nothing is sent.
            let early = message.next_try_at - Duration::from_secs(1);
            assert_eq!(courier.run_once(&store, early).await.unwrap(), Sent::default());
            waits.push(message.next_try_at.since(at).as_secs() / 60);
            at = message.next_try_at;
        }
    }
    assert_eq!(waits, [1, 5, 30, 120, 480]);
}
