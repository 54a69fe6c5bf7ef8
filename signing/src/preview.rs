//! Preview tokens: they force one variant of one experiment on one host for a short while, and say so under a signature.
//! `base64url(JSON).base64url(signature)`.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};

use crate::{PrivateKey, PublicKey};

const PURPOSE: &[u8] = b"parlour preview v1\n";
/// No honest token is half as long.
const MAX_CHARS: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The host of the page it is for.
    pub site: String,
    pub experiment: String,
    pub variant: String,
    #[serde(rename = "expires")]
    pub expires_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// No token, or one that was changed.
    Malformed,
    /// Not signed by the plan's preview key.
    Unsigned,
    Expired,
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "the preview link is cut short or was changed: ask for a new one",
            Self::Unsigned => {
                "the preview link was changed, or is signed by another key than the plan's previewKey: make it with `parlour preview --key` and this server's key"
            }
            Self::Expired => "the preview link has expired: ask for a new one",
        })
    }
}

impl std::error::Error for TokenError {}

impl Token {
    #[must_use]
    pub fn sign(&self, key: &PrivateKey) -> String {
        let payload = serde_json::to_vec(self).unwrap_or_default();
        let signature = key.sign(PURPOSE, &payload);
        format!("{}.{}", BASE64URL.encode(&payload), BASE64URL.encode(signature))
    }

    /// # Errors
    /// When it is no token, another key's, or over.
    pub fn verify(text: &str, key: PublicKey, now_ms: u64) -> Result<Self, TokenError> {
        let parts = text.split_once('.').filter(|_| text.len() <= MAX_CHARS);
        let decode = |part: &str| BASE64URL.decode(part).map_err(|_| TokenError::Malformed);
        let (payload, signature) = parts.ok_or(TokenError::Malformed)?;
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        let signature = signature.try_into().map_err(|_| TokenError::Malformed)?;
        if !key.signed(PURPOSE, &payload, &signature) {
            return Err(TokenError::Unsigned);
        }
        let token: Self = serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)?;
        if token.expires_ms <= now_ms { Err(TokenError::Expired) } else { Ok(token) }
    }

    /// The address with this token in its query, and none it had before.
    #[must_use]
    pub fn link(text: &str, url: &str) -> String {
        let (address, fragment) =
            url.split_once('#').map_or((url, None), |(address, rest)| (address, Some(rest)));
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let mut pairs: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("parlour-preview="))
            .collect();
        let token = format!("parlour-preview={text}");
        pairs.push(&token);
        let fragment = fragment.map(|rest| format!("#{rest}")).unwrap_or_default();
        format!("{path}?{}{fragment}", pairs.join("&"))
    }

    /// The host of an http or https address as the page's `location.hostname` has it.
    #[must_use]
    pub fn host_of(url: &str) -> Option<String> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
        let host = match authority.strip_prefix('[') {
            Some(address) => format!("[{}]", address.split_once(']')?.0),
            None => authority.split(':').next()?.to_ascii_lowercase(),
        };
        (!host.is_empty()).then_some(host)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token {
            site: "shop.example".into(),
            experiment: "banner".into(),
            variant: "big".into(),
            expires_ms: 1_000,
        }
    }

    #[test]
    fn a_token_says_what_was_signed_until_it_expires() {
        let key = PrivateKey::from_seed([1; 32]);
        let text = token().sign(&key);
        assert_eq!(Token::verify(&text, key.public(), 999), Ok(token()));
        assert_eq!(Token::verify(&text, key.public(), 1_000), Err(TokenError::Expired));
        let other = PrivateKey::from_seed([2; 32]).public();
        assert_eq!(Token::verify(&text, other, 0), Err(TokenError::Unsigned));
    }

    #[test]
    fn no_character_of_a_token_can_change() {
        let key = PrivateKey::from_seed([1; 32]);
        let text = token().sign(&key);
        for at in 0..text.len() {
            for with in ["A", "B", "-", ".", "", "é"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, with);
                assert!(changed == text || Token::verify(&changed, key.public(), 0).is_err(), "{changed}");
            }
        }
        for text in ["", ".", "e30.", "a.b.c", &"A".repeat(2_000)] {
            assert_eq!(Token::verify(text, key.public(), 0), Err(TokenError::Malformed), "{text}");
        }
    }

    #[test]
    fn what_a_key_signed_for_another_use_is_no_token() {
        let key = PrivateKey::from_seed([1; 32]);
        let payload = serde_json::to_vec(&token()).unwrap();
        for purpose in [b"".as_slice(), b"parlour plan v1\n"] {
            let text =
                format!("{}.{}", BASE64URL.encode(&payload), BASE64URL.encode(key.sign(purpose, &payload)));
            assert_eq!(Token::verify(&text, key.public(), 0), Err(TokenError::Unsigned));
        }
    }

    #[test]
    fn a_link_is_the_address_with_the_token() {
        for (url, expect) in [
            ("https://a.example/x", "https://a.example/x?parlour-preview=T"),
            ("https://a.example/x?b=1&parlour-preview=old#c", "https://a.example/x?b=1&parlour-preview=T#c"),
            ("https://a.example?", "https://a.example?parlour-preview=T"),
        ] {
            assert_eq!(Token::link("T", url), expect);
        }
        for (url, expect) in [
            ("https://Shop.example:8080/a", Some("shop.example")),
            ("http://u:p@shop.example?x", Some("shop.example")),
            ("http://[::1]:8080/", Some("[::1]")),
            ("ftp://shop.example", None),
            ("https:///x", None),
            ("shop.example", None),
        ] {
            assert_eq!(Token::host_of(url).as_deref(), expect, "{url}");
        }
    }
}
