//! How one carrier wants its messages: what differs from carrier to carrier, each as a setting with a name. The default is
//! what RFC 3261 says and most carriers take.

use std::time::Duration;

use super::auth::Credentials;

/// Which header tells the carrier who calls, beside From.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identity {
    #[default]
    None,
    /// P-Asserted-Identity (RFC 3325 §9.1): for a carrier that trusts us.
    Asserted,
    /// P-Preferred-Identity (RFC 3325 §9.2): what we would like to be asserted.
    Preferred,
    /// Remote-Party-ID: what older exchanges read; a draft that never became an RFC.
    RemoteParty,
}

/// How numbers are written, both the called one and our own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NumberFormat {
    /// `+79161234567`.
    #[default]
    E164,
    /// `79161234567`.
    Digits,
    /// As people dial within a country: `89161234567`, and `81049301234567` to another one.
    National { country_code: String, national_prefix: String, international_prefix: String },
}

impl NumberFormat {
    /// `number`: E.164 with its `+`. Anything else stays as it is: it is no number that could be written otherwise.
    pub fn write(&self, number: &str) -> String {
        let Some(digits) = number.strip_prefix('+') else { return number.to_owned() };
        match self {
            NumberFormat::E164 => number.to_owned(),
            NumberFormat::Digits => digits.to_owned(),
            NumberFormat::National { country_code, national_prefix, international_prefix } => {
                match digits.strip_prefix(country_code.as_str()) {
                    Some(rest) => format!("{national_prefix}{rest}"),
                    None => format!("{international_prefix}{digits}"),
                }
            }
        }
    }
}

/// Reliable provisional answers (RFC 3262).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prack {
    Off,
    /// When the far end wants them.
    #[default]
    Supported,
    /// A far end that cannot is not called.
    Required,
}

/// REGISTER (RFC 3261 §10): some carriers take calls from, and send calls to, those only who have told where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The account that is registered. `None`: that of the trunk.
    pub account: Option<Credentials>,
    /// What we ask for, 60..=86,400 s; the registrar decides.
    pub expires: Duration,
    /// The user part of our Contact. `None`: the user name, or nothing.
    pub contact_user: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Host of our From. `None`: our own address.
    pub from_domain: Option<String>,
    /// The name shown beside our number, when the far end shows names.
    pub from_display: Option<String>,
    pub identity: Identity,
    /// Our number is not to be shown (RFC 3323 `id`).
    pub privacy: bool,
    pub number_format: NumberFormat,
    /// Put before every called number: a carrier's access code.
    pub dial_prefix: String,
    /// `;user=phone` behind numbers (RFC 3261 §19.1.1).
    pub user_phone: bool,
    /// The only realm that gets our credentials. `None`: whichever asks.
    pub realm: Option<String>,
    /// Redirections followed within one call (RFC 3261 §8.1.3.4), 0..=5.
    pub redirects_max: u8,
    /// Hosts that a redirection may lead to, beside the peer's own.
    pub redirect_hosts: Vec<String>,
    /// Beginnings of numbers that a redirection may lead to. The dial allow-list of the installation.
    pub redirect_prefixes: Vec<String>,
    /// Final statuses, beside 503, for which a call goes on to the carrier's next server.
    pub failover_statuses: Vec<u16>,
    /// How often a call is refreshed (RFC 4028), 90 s at least. `None`: only if the far end asks for it.
    pub session_timer: Option<Duration>,
    pub prack: Prack,
    /// What comes before the answer is listened to (183 with SDP).
    pub early_media: bool,
}

impl Default for Carrier {
    fn default() -> Carrier {
        Carrier {
            from_domain: None,
            from_display: None,
            identity: Identity::None,
            privacy: false,
            number_format: NumberFormat::E164,
            dial_prefix: String::new(),
            user_phone: false,
            realm: None,
            redirects_max: 0,
            redirect_hosts: Vec::new(),
            redirect_prefixes: Vec::new(),
            failover_statuses: Vec::new(),
            session_timer: Some(Duration::from_secs(1_800)),
            prack: Prack::Supported,
            early_media: true,
        }
    }
}

impl Carrier {
    /// A called number as this carrier wants it; a `sip:` URI stays as it is.
    pub fn dialled(&self, to: &str) -> String {
        match to.starts_with('+') {
            true => format!("{}{}", self.dial_prefix, self.number_format.write(to)),
            false => to.to_owned(),
        }
    }

    /// Whether the challenge of this realm gets our credentials.
    pub fn trusts(&self, realm: &str) -> bool {
        self.realm.as_deref().is_none_or(|ours| ours == realm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_carriers_want_them() {
        let national = || NumberFormat::National {
            country_code: "7".into(),
            national_prefix: "8".into(),
            international_prefix: "810".into(),
        };
        for (format, prefix, to, expected) in [
            (NumberFormat::E164, "", "+79161234567", "+79161234567"),
            (NumberFormat::Digits, "", "+79161234567", "79161234567"),
            (NumberFormat::Digits, "99", "+79161234567", "9979161234567"),
            (national(), "", "+79161234567", "89161234567"),
            (national(), "", "+4930123456", "8104930123456"),
            (national(), "1#", "+79161234567", "1#89161234567"),
            (NumberFormat::Digits, "99", "sip:bob@example.com", "sip:bob@example.com"),
            (NumberFormat::Digits, "99", "112", "112"),
        ] {
            let carrier = Carrier { number_format: format, dial_prefix: prefix.into(), ..Carrier::default() };
            assert_eq!(carrier.dialled(to), expected, "{carrier:?}");
        }
    }
}
