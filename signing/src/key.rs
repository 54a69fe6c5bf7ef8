//! Key pairs as people keep them: the public half as 43 characters of base64url, the private half as a small text file.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

/// What the line with the secret begins with.
const SECRET: &str = "parlour-private-key ";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    NoPublicKey,
    NoPrivateKey,
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoPublicKey => {
                "this is no public key: write the 43 characters that `parlour keygen` printed"
            }
            Self::NoPrivateKey => "this is no private key: give a file that `parlour keygen` wrote",
        })
    }
}

impl std::error::Error for KeyError {}

/// What pages know, and may be read by anyone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// # Errors
    /// When the text is not 32 bytes of base64url that are a key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = BASE64URL.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        let bytes: [u8; 32] = bytes.ok_or(KeyError::NoPublicKey)?;
        VerifyingKey::from_bytes(&bytes).map(|_| Self(bytes)).map_err(|_| KeyError::NoPublicKey)
    }

    /// Is this its signature of these very bytes, made for this purpose?
    #[must_use]
    pub fn signed(self, purpose: &[u8], bytes: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(&[purpose, bytes].concat(), &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&BASE64URL.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({self})")
    }
}

pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Of 32 bytes from a source that nobody can guess.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// # Errors
    /// When the text is not a file that [`Self::to_file`] wrote, or its two halves do not belong together.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(SECRET));
        let seed = line.and_then(|secret| BASE64URL.decode(secret.trim()).ok());
        let seed = seed.and_then(|seed| seed.try_into().ok()).ok_or(KeyError::NoPrivateKey)?;
        Ok(Self::from_seed(seed))
    }

    /// What is kept on disk, readable by its owner alone.
    #[must_use]
    pub fn to_file(&self) -> String {
        let secret = BASE64URL.encode(self.0.to_bytes());
        format!(
            "# A private key of Parlour (Ed25519). Whoever has this file can sign in your name: keep it out of\n\
             # repositories and public folders. Its public half, for pages and parlour.json:\n\
             # {}\n{SECRET}{secret}\n",
            self.public()
        )
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The purpose keeps what was signed for one use from being taken for another.
    #[must_use]
    pub fn sign(&self, purpose: &[u8], bytes: &[u8]) -> [u8; 64] {
        self.0.sign(&[purpose, bytes].concat()).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey(of {})", self.public())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// RFC 8032, 7.1, TEST 1 and TEST 3.
    #[test]
    fn keys_and_signatures_are_those_of_rfc_8032() {
        let hex = |text: &str| -> Vec<u8> {
            text.as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect()
        };
        for (seed, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ] {
            let key = PrivateKey::from_seed(hex(seed).try_into().unwrap());
            assert_eq!(key.public().to_bytes().to_vec(), hex(public));
            assert_eq!(key.sign(b"", &hex(message)).to_vec(), hex(signature));
            assert!(key.public().signed(b"", &hex(message), &hex(signature).try_into().unwrap()));
        }
    }

    #[test]
    fn a_key_file_is_read_back_and_says_what_it_is() {
        let key = PrivateKey::from_seed([7; 32]);
        let file = key.to_file();
        assert!(file.starts_with("# A private key of Parlour"), "{file}");
        assert!(file.contains(&key.public().to_string()), "{file}");
        assert_eq!(PrivateKey::parse(&file).unwrap().public(), key.public());
        assert_eq!(PublicKey::parse(&key.public().to_string()), Ok(key.public()));
        let secret = file.lines().last().unwrap().strip_prefix(SECRET).unwrap();
        assert!(!format!("{key:?}").contains(secret), "a secret in what is printed for debugging");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let file = PrivateKey::from_seed([7; 32]).to_file();
        for text in ["", "parlour-private-key ", "parlour-private-key AAAA", &file.replace("parlour-", "")] {
            assert_eq!(PrivateKey::parse(text).err(), Some(KeyError::NoPrivateKey), "{text}");
        }
        // The last is 32 bytes, but no point of the curve.
        let off = BASE64URL.encode([2; 32]);
        for text in ["", "AAAA", &"A".repeat(44), &format!("{}=", "A".repeat(43)), &off] {
            assert_eq!(PublicKey::parse(text), Err(KeyError::NoPublicKey), "{text}");
        }
    }
}
