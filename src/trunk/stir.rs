//! STIR/SHAKEN: signs who calls, so that networks on the way can tell our number from a stolen one (RFC 8224 the header,
//! RFC 8225 the token, RFC 8588 its SHAKEN form). The key never leaves this value, and nothing here is logged.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

use crate::secret::Secret;
use crate::time::Wall;

/// How well we know who calls (RFC 8588 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attestation {
    /// The caller, and that the number is theirs: `A`.
    Full,
    /// The caller only: `B`.
    Partial,
    /// Where the call entered our network: `C`.
    Gateway,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StirError {
    #[error(
        "the signing key is no private key in PEM (`BEGIN PRIVATE KEY`); `openssl pkcs8 -topk8 -nocrypt` makes one of others"
    )]
    NotPem,
    #[error(
        "the signing key is not of the curve P-256, which STIR wants (`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`)"
    )]
    NotP256,
}

pub struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
    certificate_url: String,
    attestation: Attestation,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("certificate_url", &self.certificate_url).finish_non_exhaustive()
    }
}

impl Signer {
    /// `key`: PEM, PKCS#8, P-256. `certificate_url`: where its certificate can be fetched.
    ///
    /// # Errors
    /// The key is not what is needed.
    pub fn new(key: &Secret, certificate_url: &str, attestation: Attestation) -> Result<Signer, StirError> {
        let text = key.reveal();
        let body = text.split_once("-----BEGIN PRIVATE KEY-----").and_then(|(_, rest)| rest.split_once("-----END"));
        let (body, _) = body.ok_or(StirError::NotPem)?;
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let der = STANDARD.decode(body).map_err(|_| StirError::NotPem)?;
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random);
        let key = key.map_err(|_| StirError::NotP256)?;
        Ok(Signer { key, random, certificate_url: certificate_url.to_owned(), attestation })
    }

    /// The value of the Identity header for a call from `orig` to `dest`, begun at `now`. `call`: 128 random bits that name
    /// the call's origin. `None`: one of the two is no telephone number, so that there is nothing to sign.
    pub fn identity(&self, orig: &str, dest: &str, now: Wall, call: u128) -> Option<String> {
        let (orig, dest) = (canonical(orig)?, canonical(dest)?);
        let (attest, url) = (self.attestation.letter(), &self.certificate_url);
        let issued_s = now.0.div_euclid(1_000_000);
        let origid = uuid(call);
        // RFC 8225 §9: keys in order, no spaces; only then do both ends hash the same bytes. All values are plain ASCII.
        let header = format!(r#"{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{url}"}}"#);
        let claims = format!(
            r#"{{"attest":"{attest}","dest":{{"tn":["{dest}"]}},"iat":{issued_s},"orig":{{"tn":"{orig}"}},"origid":"{origid}"}}"#
        );
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).ok()?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Some(format!("{signed}.{signature};info=<{url}>;alg=ES256;ppt=shaken"))
    }
}

impl Attestation {
    fn letter(self) -> char {
        match self {
            Attestation::Full => 'A',
            Attestation::Partial => 'B',
            Attestation::Gateway => 'C',
        }
    }
}

/// RFC 8224 §8.3: digits only, with the country code.
fn canonical(number: &str) -> Option<&str> {
    let digits = number.strip_prefix('+')?;
    ((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// RFC 9562 §5.4.
fn uuid(random: u128) -> String {
    let bits = (random & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair, UnparsedPublicKey};

    use super::*;

    /// A key of the moment, as PEM, and its public half.
    fn key() -> (Secret, Vec<u8>) {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
        let body = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = body.as_bytes().chunks(64).map(|c| std::str::from_utf8(c).unwrap()).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", lines.join("\n"));
        (Secret::new(pem), pair.public_key().as_ref().to_vec())
    }

    fn decoded(part: &str) -> String {
        String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_signature_that_others_can_verify() {
        let (pem, public) = key();
        let url = "https://certificates.example.com/ours.pem";
        for (attestation, letter) in
            [(Attestation::Full, 'A'), (Attestation::Partial, 'B'), (Attestation::Gateway, 'C')]
        {
            let signer = Signer::new(&pem, url, attestation).unwrap();
            let value = signer.identity("+12155551212", "+12155551213", Wall(1_443_208_345_999_999), 7).unwrap();
            let (token, params) = value.split_once(';').unwrap();
            assert_eq!(params, format!("info=<{url}>;alg=ES256;ppt=shaken"));
            let parts: Vec<&str> = token.split('.').collect();
            assert_eq!(parts.len(), 3);
            assert_eq!(
                decoded(parts[0]),
                format!(r#"{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{url}"}}"#)
            );
            let claims = decoded(parts[1]);
            let expected = format!(
                r#"{{"attest":"{letter}","dest":{{"tn":["12155551213"]}},"iat":1443208345,"orig":{{"tn":"12155551212"}},"origid":"00000000-0000-4000-8000-000000000007"}}"#
            );
            assert_eq!(claims, expected);
            let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
            let signed = format!("{}.{}", parts[0], parts[1]);
            let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public);
            assert!(verifier.verify(signed.as_bytes(), &signature).is_ok());
            let other = signed.replace(parts[1], &URL_SAFE_NO_PAD.encode(claims.replace("5551213", "5551214")));
            assert!(verifier.verify(other.as_bytes(), &signature).is_err(), "another number");
            assert!(!format!("{signer:?}").contains(pem.reveal()));
        }
    }

    /// The judge is OpenSSL: the key is made by it, and the signature verified by it.
    #[test]
    fn openssl_agrees() {
        use std::process::Command;
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let run = |arguments: &[&str]| {
            Command::new("openssl").args(arguments).current_dir(folder.path()).output().map(|o| o.status.success())
        };
        let curve = "ec_paramgen_curve:P-256";
        if !matches!(run(&["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", "key.pem"]), Ok(true)) {
            eprintln!("skipped: openssl is not installed");
            return;
        }
        assert!(run(&["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"]).unwrap());
        let pem = Secret::new(std::fs::read_to_string(file("key.pem")).unwrap());
        let signer = Signer::new(&pem, "https://c.example/c.pem", Attestation::Full).unwrap();
        let value = signer.identity("+12155551212", "+12155551213", Wall(0), u128::MAX).unwrap();
        let (signed, signature) = value.split_once(';').unwrap().0.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        std::fs::write(file("signed"), signed).unwrap();
        std::fs::write(file("signature"), asn1(&signature)).unwrap();
        let verify = ["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "signed"];
        assert!(run(&verify).unwrap());
        std::fs::write(file("signed"), signed.replace('e', "f")).unwrap();
        assert!(!run(&verify).unwrap());
    }

    /// r and s as OpenSSL wants them: a DER sequence of two integers.
    fn asn1(fixed: &[u8]) -> Vec<u8> {
        let integer = |bytes: &[u8]| {
            let start = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len() - 1);
            let mut value = bytes[start..].to_vec();
            if value[0] >= 0x80 {
                value.insert(0, 0);
            }
            [vec![2, value.len() as u8], value].concat()
        };
        let both = [integer(&fixed[..32]), integer(&fixed[32..])].concat();
        [vec![0x30, both.len() as u8], both].concat()
    }

    #[test]
    fn keys_and_numbers_that_will_not_do() {
        for wrong in ["", "hunter2", "-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----"] {
            let error = Signer::new(&Secret::new(wrong), "https://x", Attestation::Full).unwrap_err();
            assert_eq!(error, StirError::NotPem, "{wrong}");
        }
        let other = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        assert_eq!(Signer::new(&Secret::new(other), "https://x", Attestation::Full).unwrap_err(), StirError::NotP256);
        let signer = Signer::new(&key().0, "https://x", Attestation::Full).unwrap();
        for (orig, dest) in [("12155551212", "+12155551213"), ("+12155551212", "sip:bob@h"), ("", "+12155551213")] {
            assert_eq!(signer.identity(orig, dest, Wall(0), 1), None, "{orig} {dest}");
        }
    }
}
