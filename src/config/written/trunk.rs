//! What a trunk's section says of its carrier, and who else may call in: as written, and checked.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::super::{Attestation, Inbound, REGISTRATIONS_MAX, SipTrace, Stir};
use super::{Checker, Number, Text, WrittenTrunk, span};
use crate::audio::Codec;
use crate::diagnostic::Diagnostic;
use crate::sip::{
    Abilities, Carrier, Credentials, Encryption, Identity, Network, NumberFormat, Prack, Registration, Strangers,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRegister {
    expires_s: Option<Number>,
    contact_user: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRegistration {
    username: Option<Text>,
    password: Option<Text>,
    expires_s: Option<Number>,
    contact_user: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenStir {
    key: Text,
    certificate_url: Text,
    attestation: WrittenAttestation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenInbound {
    #[serde(default)]
    peers: Vec<Text>,
    strangers: Option<WrittenStrangers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTrace {
    dir: Option<Text>,
    disk_mb_max: Option<Number>,
}

/// Words of the file and what they stand for.
macro_rules! written {
    ($($name:ident { $($word:ident),* })*) => { $(
        #[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
        #[serde(rename_all = "snake_case")]
        pub(super) enum $name { $($word),* }
    )* };
}

written! {
    WrittenIdentity { None, Pai, Ppi, Rpid }
    WrittenFormat { E164, Digits, National }
    WrittenSrtp { Off, Allowed, Required }
    WrittenPrack { Off, Supported, Required }
    WrittenStrangers { Silence, Forbidden }
}

#[derive(Deserialize, Clone, Copy)]
pub(super) enum WrittenAttestation {
    A,
    B,
    C,
}

impl Checker<'_> {
    pub(super) fn carrier(&mut self, w: &WrittenTrunk, allow_prefixes: &[String]) -> Option<Carrier> {
        let usual = Carrier::default();
        let from_domain = self.host_name(w.from_domain.as_ref());
        let realm = self.one_line(w.realm.as_ref());
        let from_display = self.one_line(w.from_display.as_ref());
        let number_format = self.number_format(w);
        let dial_prefix = self.dialled(w.dial_prefix.as_ref());
        let failover_statuses = self.failover_statuses(&w.failover_statuses);
        let redirects_max = w.redirects_max.as_ref().map_or(Some(0.0), |n| self.whole(n, 0.0, 5.0));
        // Every host is checked before the first failure counts, so that all of them are reported.
        let hosts: Vec<Option<String>> = w.redirect_hosts.iter().map(|h| self.host_name(Some(h)).flatten()).collect();
        let redirect_hosts: Option<Vec<String>> = hosts.into_iter().collect();
        // RFC 4028 §5: never below 90 s.
        let session_timer = match &w.session_timer_s {
            Some(off) if off.value == 0.0 => Some(None),
            Some(timer) => self.seconds(Some(timer), 0.0, 90.0, 86_400.0).map(Some),
            None => Some(usual.session_timer),
        };
        Some(Carrier {
            from_domain: from_domain?,
            from_display: from_display?,
            identity: w.identity.map_or(usual.identity, |identity| match identity {
                WrittenIdentity::None => Identity::None,
                WrittenIdentity::Pai => Identity::Asserted,
                WrittenIdentity::Ppi => Identity::Preferred,
                WrittenIdentity::Rpid => Identity::RemoteParty,
            }),
            privacy: w.privacy.unwrap_or(usual.privacy),
            number_format: number_format?,
            dial_prefix: dial_prefix?,
            user_phone: w.user_phone.unwrap_or(usual.user_phone),
            realm: realm?,
            redirects_max: redirects_max? as u8,
            redirect_hosts: redirect_hosts?,
            redirect_prefixes: allow_prefixes.to_vec(),
            failover_statuses: failover_statuses?,
            session_timer: session_timer?,
            prack: w.prack.map_or(usual.prack, |prack| match prack {
                WrittenPrack::Off => Prack::Off,
                WrittenPrack::Supported => Prack::Supported,
                WrittenPrack::Required => Prack::Required,
            }),
            early_media: w.early_media.unwrap_or(usual.early_media),
        })
    }

    pub(super) fn abilities(&mut self, w: &WrittenTrunk) -> Option<Abilities> {
        let usual = Abilities::default();
        let codecs = w.codecs.as_ref().map_or(Some(usual.codecs.clone()), |c| self.codecs(c));
        let ptime_ms = match &w.ptime_ms {
            Some(ms) if ms.value % 10.0 != 0.0 => {
                self.wrong(ms, format!("packets of {} ms are not made", ms.value), "10, 20, 30, 40, 50 or 60");
                None
            }
            Some(ms) => self.whole(ms, 10.0, 60.0),
            None => Some(f64::from(usual.ptime_ms)),
        };
        let encryption = w.srtp.map_or(usual.encryption, |srtp| match srtp {
            WrittenSrtp::Off => Encryption::Off,
            WrittenSrtp::Allowed => Encryption::Optional,
            WrittenSrtp::Required => Encryption::Required,
        });
        Some(Abilities { codecs: codecs?, ptime_ms: ptime_ms? as u8, encryption, ..usual })
    }

    fn codecs(&mut self, w: &Spanned<Vec<Text>>) -> Option<Vec<Codec>> {
        if w.value.is_empty() {
            self.wrong(w, "without a codec nobody is heard", "write it as [pcma, pcmu]");
            return None;
        }
        let mut codecs = Vec::new();
        let mut fine = true;
        for name in &w.value {
            let codec = Codec::ALL.iter().find(|c| codec_name(**c).eq_ignore_ascii_case(&name.value));
            match codec {
                Some(codec) if !codecs.contains(codec) => codecs.push(*codec),
                Some(_) => self.wrong(name, format!("`{}` is named twice", name.value), "name each codec once"),
                None => {
                    let known: Vec<&str> = Codec::ALL.iter().map(|c| codec_name(*c)).collect();
                    self.wrong(name, format!("no codec is called `{}`", name.value), known.join(", "));
                }
            }
            fine &= codec.is_some();
        }
        fine.then_some(codecs)
    }

    /// One of the trunk's own account (`register`), or a list.
    pub(super) fn registrations(&mut self, w: &WrittenTrunk) -> Option<Vec<Registration>> {
        let Some(list) = &w.registrations else {
            let one = w.register.as_ref().map(|r| self.registration(&r.value.expires_s, &r.value.contact_user, None));
            return one.map_or(Some(Vec::new()), |one| Some(vec![one?]));
        };
        if let Some(register) = &w.register {
            let help = "move what `register` says into the list, as its first entry";
            self.wrong(register, "`register` and `registrations` exclude each other", help);
        }
        if list.value.is_empty() || list.value.len() > REGISTRATIONS_MAX {
            let found = list.value.len();
            let message = format!("expected 1 to {REGISTRATIONS_MAX} registrations, found {found}");
            self.wrong(list, message, "leave `registrations` out when the carrier knows where we are");
            return None;
        }
        let mut seen = BTreeSet::new();
        for each in &list.value {
            let account = each.value.username.as_ref().map(|u| u.value.as_str()).or(w.username.as_deref());
            let contact = each.value.contact_user.as_ref().map(|u| u.value.as_str());
            if !seen.insert((account, contact)) {
                let message = "the same account is registered twice in the same words";
                let help = "give each its own `username`, or its own `contact_user`";
                self.found.push(Diagnostic::error("C006", span(each), message).help(help));
            }
        }
        // Every one is checked before the first failure counts, so that all of them are reported.
        let all: Vec<Option<Registration>> = list.value.iter().map(|each| self.listed(each)).collect();
        all.into_iter().collect()
    }

    fn listed(&mut self, w: &Spanned<WrittenRegistration>) -> Option<Registration> {
        let WrittenRegistration { username, password, expires_s, contact_user } = &w.value;
        if username.is_some() != password.is_some() {
            let message = "`username` and `password` go together: one of them is missing";
            self.wrong(w, message, "give both, or neither for the trunk's own account");
            return None;
        }
        let password = password.as_ref().map_or(Some(None), |p| self.secret(p).map(Some));
        let fine = username.as_ref().is_none_or(|user| self.user(user));
        let account = username.as_ref().map(|u| u.value.clone()).zip(password?);
        let account = account.map(|(username, password)| Credentials { username, password });
        let registration = self.registration(expires_s, contact_user, account);
        registration.filter(|_| fine)
    }

    fn registration(
        &mut self,
        expires_s: &Option<Number>,
        contact_user: &Option<Text>,
        account: Option<Credentials>,
    ) -> Option<Registration> {
        let expires = self.seconds(expires_s.as_ref(), 3_600.0, 60.0, 86_400.0);
        let fine = contact_user.as_ref().is_none_or(|user| self.user(user));
        let contact_user = contact_user.as_ref().map(|user| user.value.clone());
        Some(Registration { account, expires: expires?, contact_user }).filter(|_| fine)
    }

    /// Whether it can be the user of a SIP address.
    fn user(&mut self, user: &Text) -> bool {
        let fine = crate::sip::address::is_user(&user.value);
        if !fine {
            let message = format!("`{}` cannot be the user of a SIP address", user.value);
            self.wrong(user, message, "letters, digits and + - _ . only");
        }
        fine
    }

    fn failover_statuses(&mut self, w: &[Number]) -> Option<Vec<u16>> {
        let statuses: Vec<Option<u16>> = w.iter().map(|s| self.whole(s, 300.0, 699.0).map(|s| s as u16)).collect();
        statuses.into_iter().collect()
    }

    pub(super) fn stir(&mut self, w: &WrittenStir) -> Option<Stir> {
        let key = self.secret(&w.key);
        let url = &w.certificate_url.value;
        // It goes into a header between angle brackets.
        let fine = url.starts_with("https://") && url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b));
        if !fine {
            let message = format!("`{url}` is not an address from which everybody can fetch a certificate");
            self.wrong(&w.certificate_url, message, "write it as \"https://certificates.example.com/ours.pem\"");
        }
        let attestation = match w.attestation {
            WrittenAttestation::A => Attestation::Full,
            WrittenAttestation::B => Attestation::Partial,
            WrittenAttestation::C => Attestation::Gateway,
        };
        fine.then_some(Stir { key: key?, certificate_url: url.clone(), attestation })
    }

    pub(super) fn sip_trace(&mut self, w: Option<&WrittenTrace>) -> Option<SipTrace> {
        let (dir, most) = w.map_or((None, None), |w| (w.dir.as_ref(), w.disk_mb_max.as_ref()));
        let folder = dir.map_or_else(|| self.folder.join("sip-trace"), |dir| self.path(dir));
        let disk_mb_max = most.map_or(Some(200.0), |most| self.whole(most, 0.0, 100_000.0));
        Some(SipTrace { folder, disk_mb_max: disk_mb_max? as u64 })
    }

    pub(super) fn inbound(&mut self, w: Option<&WrittenInbound>) -> Option<Inbound> {
        let Some(w) = w else { return Some(Inbound::default()) };
        let expected = "an address or a network";
        let help = "write it as \"203.0.113.7\" or \"203.0.113.0/24\"";
        let peers: Vec<Option<Network>> = w.peers.iter().map(|p| self.parsed(p, expected, help)).collect();
        let peers: Option<Vec<Network>> = peers.into_iter().collect();
        let strangers = w.strangers.map_or(Strangers::default(), |s| match s {
            WrittenStrangers::Silence => Strangers::Silence,
            WrittenStrangers::Forbidden => Strangers::Forbidden,
        });
        Some(Inbound { peers: peers?, strangers })
    }

    fn number_format(&mut self, w: &WrittenTrunk) -> Option<NumberFormat> {
        let country_code = self.dialled(w.country_code.as_ref());
        let national_prefix = self.dialled(w.national_prefix.as_ref());
        let international_prefix = self.dialled(w.international_prefix.as_ref());
        let format = w.number_format.as_ref().map_or(WrittenFormat::E164, |f| f.value);
        let about_a_country = [&w.country_code, &w.national_prefix, &w.international_prefix];
        if format != WrittenFormat::National
            && let Some(useless) = about_a_country.into_iter().flatten().next()
        {
            self.wrong(useless, "this is for `number_format: national` only", "leave it out, or set the format");
            return None;
        }
        match format {
            WrittenFormat::E164 => Some(NumberFormat::E164),
            WrittenFormat::Digits => Some(NumberFormat::Digits),
            WrittenFormat::National => {
                let country_code = country_code?.trim_start_matches('+').to_owned();
                if country_code.is_empty() {
                    if let Some(format) = &w.number_format {
                        self.wrong(format, "a national format needs to know the country", "add `country_code: \"7\"`");
                    }
                    return None;
                }
                let (national_prefix, international_prefix) = (national_prefix?, international_prefix?);
                Some(NumberFormat::National { country_code, national_prefix, international_prefix })
            }
        }
    }

    /// What may stand before a number: what a telephone has keys for.
    fn dialled(&mut self, w: Option<&Text>) -> Option<String> {
        let Some(w) = w else { return Some(String::new()) };
        let fine = w.value.len() <= 16 && w.value.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
        if !fine {
            self.wrong(w, format!("`{}` cannot be dialled", w.value), "digits, + * and # only, 16 at most");
        }
        fine.then(|| w.value.clone())
    }

    /// A host as it stands in a SIP address.
    fn host_name(&mut self, w: Option<&Text>) -> Option<Option<String>> {
        let Some(w) = w else { return Some(None) };
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]_".contains(&b);
        let fine = !w.value.is_empty() && w.value.len() <= 255 && w.value.bytes().all(allowed);
        if !fine {
            self.wrong(w, format!("`{}` is not the name of a host", w.value), "write it as \"sip.example.com\"");
        }
        fine.then(|| Some(w.value.clone()))
    }

    /// Text that stands between quotes within one line of a message.
    fn one_line(&mut self, w: Option<&Text>) -> Option<Option<String>> {
        let Some(w) = w else { return Some(None) };
        let fine = !w.value.is_empty() && w.value.len() <= 128 && !w.value.contains(|c: char| c.is_control());
        if !fine {
            self.wrong(w, "expected one line of text", "128 bytes at most");
        }
        fine.then(|| Some(w.value.clone()))
    }
}

fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcma => "pcma",
        Codec::Pcmu => "pcmu",
        Codec::G722 => "g722",
        Codec::Opus => "opus",
    }
}
