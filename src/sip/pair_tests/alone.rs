//! One agent and a far end written by hand: for what a well-behaved agent would not do.

use super::*;
use crate::sip::message::{Request, Writer};
use crate::sip::session::{Abilities, Local};
use crate::sip::{Hop, MasterKey};

pub(super) struct Alone {
    pub(super) agent: UserAgent,
    pub(super) now: Mono,
    pub(super) dialog: DialogId,
    /// What the agent sent and told, as `20 ACK a`: milliseconds, method or status, tag of the far end.
    pub(super) lines: Vec<String>,
    /// Every request it sent, repetitions left out.
    pub(super) requests: Vec<Request>,
    pub(super) bytes: Vec<String>,
}

/// A description of the far end's, heard at this port.
pub(super) fn described(port: u16) -> String {
    let addr = SocketAddr::new([10, 0, 0, 9].into(), port);
    Local::new(addr, 1, std::sync::Arc::new(Abilities::default()), [MasterKey::new([0; 30]); 2]).offer()
}

impl Alone {
    /// A caller whose INVITE is out at 0.
    pub(super) fn calling(configure: impl Fn(&mut Config)) -> Alone {
        let mut config = Config::new(addr(CALLER), [7; 32]);
        config.peer = Some(crate::sip::Peer::at(Hop::udp(addr(CALLEE))));
        config.session_times = None;
        configure(&mut config);
        let mut agent = UserAgent::new(Mono::ZERO, config);
        let dialog = agent.reserve();
        let (lines, requests, bytes) = Default::default();
        let mut alone = Alone { agent, now: Mono::ZERO, dialog, lines, requests, bytes };
        alone.order(Command::Dial {
            dialog,
            to: "+79161234567".into(),
            from: "+74950000000".into(),
            media: audio(CALLER),
            ring_ms_max: 60_000,
        });
        alone
    }

    pub(super) fn order(&mut self, command: Command) {
        let outputs = self.agent.handle(self.now, Input::Command(command));
        self.note(outputs);
    }

    /// The far end says this at this time; timers that are due before go off.
    pub(super) fn hear(&mut self, at: u64, bytes: &[u8]) {
        self.run_until(at);
        let outputs = self.agent.handle(self.now, Input::Message { from: Hop::udp(addr(CALLEE)), bytes });
        self.note(outputs);
    }

    pub(super) fn run_until(&mut self, at: u64) {
        while let Some(due) = self.agent.deadline().filter(|due| *due <= ms(at)) {
            self.now = self.now.max(due);
            let outputs = self.agent.handle(self.now, Input::Ticked);
            self.note(outputs);
        }
        self.now = self.now.max(ms(at));
    }

    fn note(&mut self, outputs: Vec<Output>) {
        let at = self.now.0 / 1000;
        for output in outputs {
            match output {
                Output::Event(event) => self.lines.push(format!("{at} {}", name(&event))),
                Output::Send { bytes, .. } => {
                    self.bytes.push(String::from_utf8_lossy(&bytes).into_owned());
                    match parse(&bytes, Hop::udp(addr(CALLER))) {
                        Ok(Message::Request(r)) => {
                            let tag = r.head.to.tag.as_deref().map_or(String::new(), |tag| format!(" {tag}"));
                            self.lines.push(format!("{at} {}{tag}", r.head.method));
                            if self
                                .requests
                                .iter()
                                .all(|known| known.head.branch != r.head.branch || known.head.method != r.head.method)
                            {
                                self.requests.push(*r);
                            }
                        }
                        Ok(Message::Response(r)) => self.lines.push(format!("{at} {} {}", r.status, r.head.method)),
                        Err(_) => panic!("unreadable: {}", String::from_utf8_lossy(&bytes)),
                    }
                }
            }
        }
    }

    /// What has been noted since the last time.
    pub(super) fn lines(&mut self) -> String {
        std::mem::take(&mut self.lines).join(", ")
    }

    pub(super) fn last(&self, method: &str) -> &Request {
        let of = self.requests.iter().rev().find(|r| r.head.method.as_str() == method);
        of.unwrap_or_else(|| panic!("no {method} was sent: {:?}", self.lines))
    }

    /// An answer of the far end to the last request of this kind; `more`: further header lines.
    pub(super) fn answer(&self, method: &str, status: u16, tag: &str, more: &[&str], sdp: Option<&str>) -> Vec<u8> {
        let request = self.last(method);
        let mut w = Writer::response(status, &request.echo, tag);
        w.line("Contact", format_args!("<sip:{tag}@10.0.0.2>"));
        for line in more {
            let (name, value) = line.split_once(": ").unwrap();
            w.line(name, value);
        }
        w.finish(sdp)
    }

    /// A request of the far end's within the call, from the telephone `tag`.
    pub(super) fn request(
        &self,
        method: &str,
        tag: &str,
        seq: u32,
        more: &[&str],
        body: Option<(&str, &str)>,
    ) -> Vec<u8> {
        let invite = self.last("INVITE");
        let mut text = format!(
            "{method} sip:{} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK{method}{tag}{seq};rport\r\nFrom: <{}>;tag={tag}\r\n\
             To: <{}>;tag={}\r\nCall-ID: {}\r\nCSeq: {seq} {method}\r\nContact: <sip:{tag}@10.0.0.2>\r\n",
            addr(CALLER),
            addr(CALLEE),
            invite.head.to.uri,
            invite.head.from.uri,
            invite.head.from.tag.as_deref().unwrap(),
            invite.head.call_id,
        );
        for line in more {
            text += &format!("{line}\r\n");
        }
        if let Some((kind, body)) = body {
            text += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        } else {
            text += "Content-Length: 0\r\n\r\n";
        }
        text.into_bytes()
    }
}
