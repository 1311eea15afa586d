//! Questions to services over real HTTP on loopback: what comes back, what does not, and who is never asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ringback::call::action::Question;
use ringback::config::{Origin, Secret, Service};
use ringback::flow::program::Method;
use ringback::request::{REPLY_BYTES_MAX, Services};
use ringback::time::Clock;

/// How a service behaves, by the path that it is asked for.
fn answer(path: &str) -> Vec<u8> {
    let whole = |status: &str, headers: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    match path {
        "/good" => whole("200 OK", "", br#"{"amount":"12.30 GBP"}"#),
        "/full" => whole("200 OK", "", &vec![b'a'; REPLY_BYTES_MAX as usize]),
        "/huge" => whole("200 OK", "", &vec![b'a'; REPLY_BYTES_MAX as usize + 1]),
        // No length, and no end either: it goes on for as long as it is read.
        "/endless" => [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &vec![b'a'; 1 << 20]].concat(),
        "/latin" => whole("200 OK", "", b"{\"note\":\"caf\xE9\"}"),
        "/broken" => whole("500 Internal Server Error", "", b"{\"amount\":\"99 GBP\"}"),
        "/moved" => whole("302 Found", "Location: /good\r\n", b""),
        "/rubbish" => b"I am no web server\r\n".to_vec(),
        // Begins and never goes on.
        "/slow" => b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{".to_vec(),
        other => panic!("nobody asks for {other}"),
    }
}

/// What one request held: its first line, its Authorization and its body.
#[derive(Debug)]
struct Asked {
    line: String,
    authorization: String,
    body: String,
}

struct Counter {
    at: SocketAddr,
    asked: Receiver<Asked>,
}

fn service() -> Counter {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (told, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, told) = (stream.unwrap(), told.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut line, mut authorization, mut length) = (String::new(), String::new(), 0);
                reader.read_line(&mut line).unwrap();
                loop {
                    let mut header = String::new();
                    reader.read_line(&mut header).unwrap();
                    let Some((name, value)) = header.trim().split_once(": ") else { break };
                    match name.to_ascii_lowercase().as_str() {
                        "authorization" => authorization = value.to_string(),
                        "content-length" => length = value.parse().unwrap(),
                        _ => {}
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let path = line.split(' ').nth(1).unwrap().split('?').next().unwrap().to_string();
                let body = String::from_utf8(body).unwrap();
                told.send(Asked { line: line.trim().to_string(), authorization, body }).unwrap();
                // The other side may have gone: too long, or too late.
                let _ = stream.write_all(&answer(&path));
                if path == "/slow" {
                    let _ = stream.read(&mut [0]);
                }
            });
        }
    });
    Counter { at, asked }
}

fn question(method: Method, url: String) -> Question {
    let send = serde_json::json!({ "contract": "12 3&4", "amount": 7, "name": "Анна" });
    let send = send.as_object().unwrap().clone();
    Question { method, url, send, wait: Duration::from_secs(2) }
}

fn services(at: SocketAddr) -> Services {
    let origin = Origin::named(&format!("http://{at}")).unwrap();
    let authorization = Some(Secret::new("Bearer t0ken"));
    Services::new(&[Service { origin, authorization }], Arc::new(Clock::system()))
}

#[tokio::test]
async fn replies_and_failures() {
    let service = service();
    let services = services(service.at);
    for (path, expected) in [
        ("/good", "200 {\"amount\":\"12.30 GBP\"}"),
        ("/broken", "500 "),
        // Not followed: it could lead anywhere.
        ("/moved", "302 "),
        ("/huge", "longer than 65536 bytes"),
        ("/endless", "longer than 65536 bytes"),
        ("/latin", "not UTF-8"),
        ("/rubbish", "did not answer as it should"),
    ] {
        let reply = services.ask(question(Method::Post, format!("http://{}{path}", service.at))).await;
        let shown = reply.map_or_else(|e| e.to_string(), |r| format!("{} {}", r.status, r.body));
        assert!(shown.contains(expected), "{path}: {shown}");
        let asked = service.asked.try_recv().unwrap();
        assert_eq!(asked.line, format!("POST {path} HTTP/1.1"));
        assert_eq!(asked.authorization, "Bearer t0ken");
        assert_eq!(asked.body, r#"{"amount":7,"contract":"12 3&4","name":"Анна"}"#);
        assert!(service.asked.try_recv().is_err(), "{path} was asked twice");
    }
    let full = services.ask(question(Method::Post, format!("http://{}/full", service.at))).await.unwrap();
    assert_eq!(full.body.len() as u64, REPLY_BYTES_MAX);
}

#[tokio::test]
async fn a_get_sends_a_query() {
    let service = service();
    let asked = question(Method::Get, format!("http://{}/good?v=1", service.at));
    services(service.at).ask(asked).await.unwrap();
    let asked = service.asked.recv().unwrap();
    let name = "%D0%90%D0%BD%D0%BD%D0%B0";
    assert_eq!(asked.line, format!("GET /good?v=1&amount=7&contract=12%203%264&name={name} HTTP/1.1"));
    assert_eq!((asked.authorization.as_str(), asked.body.as_str()), ("Bearer t0ken", ""));
}

/// A reply that does not come ends the question at its `wait`, also when its beginning has come.
#[tokio::test]
async fn a_slow_service_is_not_waited_for() {
    let service = service();
    let clock = Clock::system();
    let before = clock.now().mono;
    let mut asked = question(Method::Post, format!("http://{}/slow", service.at));
    asked.wait = Duration::from_millis(500);
    let error = services(service.at).ask(asked).await.unwrap_err().to_string();
    let took = clock.now().mono.since(before);
    assert!(error.contains("timeout"), "{error}");
    assert!((Duration::from_millis(450)..Duration::from_secs(5)).contains(&took), "{took:?}");
}

/// Same machine, other port; same port, other scheme; a name for the same machine: none of them is the server that was named.
#[tokio::test]
async fn only_the_named_server_is_asked() {
    let service = service();
    let named = services(service.at);
    let port = service.at.port();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [
        format!("http://{closed}/good"),
        format!("https://127.0.0.1:{port}/good"),
        format!("http://localhost:{port}/good"),
        format!("http://user@127.0.0.1:{port}/good"),
        "http://127.0.0.1/good".to_string(),
    ] {
        let error = named.ask(question(Method::Post, url.clone())).await.unwrap_err().to_string();
        assert!(error.contains("name it under `requests`"), "{url}: {error}");
        assert!(!error.contains("/good"), "{url}: {error}");
    }
    assert!(service.asked.try_recv().is_err(), "a server that is not allowed was asked");
    // Allowed, but nobody is there.
    let error = services(closed).ask(question(Method::Post, format!("http://{closed}/good"))).await.unwrap_err();
    assert!(error.to_string().contains("could not be asked"), "{error}");
}
