//! Write keys: who may send, from which origins, and how much.
//!
//! A file of `--keys`: `{"keys": {"KEY": {"origins": ["https://shop.example"], "servers": true, "eventsPerSecond": 200}}}`.
//! Without a file everybody may send. A key is no secret, since every page holds it; what it stops is other sites' pages.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use anyhow::Context;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::refused::Refused;

/// Whoever may send.
#[derive(Debug, Default)]
pub enum WriteKeys {
    #[default]
    Anyone,
    Known(BTreeMap<String, WriteKey>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WriteKey {
    /// As browsers write them: scheme, host and port where it is not the scheme's own. `https://*.shop.example` takes
    /// every sub-domain.
    #[serde(default)]
    pub origins: Vec<String>,
    /// May it be used without an origin, as servers do?
    #[serde(default)]
    pub servers: bool,
    pub events_per_second: Option<NonZeroU32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    keys: BTreeMap<String, WriteKey>,
}

impl WriteKeys {
    /// # Errors
    /// When the file cannot be read or says what it may not.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// # Errors
    /// With what is wrong and how it should be.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let File { keys } = serde_json::from_str(text)?;
        anyhow::ensure!(!keys.is_empty(), "there is no key in it: leave --keys out to let everybody send");
        for (name, key) in &keys {
            anyhow::ensure!(
                key.servers || !key.origins.is_empty(),
                "key {name:?} can be used by nobody: give it \"origins\", or \"servers\": true"
            );
            for origin in &key.origins {
                check(origin).with_context(|| format!("key {name:?}, origin {origin:?}"))?;
            }
        }
        Ok(Self::Known(keys))
    }

    /// May this request send with that key?
    pub fn admit(&self, key: Option<&str>, origin: Option<&HeaderValue>) -> Result<(), Refused> {
        let Self::Known(keys) = self else { return Ok(()) };
        let Some(name) = key else {
            return Err(Refused::new(
                StatusCode::UNAUTHORIZED,
                "there is no write key",
                "send it as writeKey, as the user name of Basic authorization, or as the protocol has it",
            ));
        };
        let Some(key) = keys.get(name) else {
            return Err(Refused::new(
                StatusCode::UNAUTHORIZED,
                format!("no such write key: {name:?}"),
                "take a key of the file that parlour serve was given by --keys",
            ));
        };
        let Some(origin) = origin else {
            return if key.servers {
                Ok(())
            } else {
                Err(Refused::new(
                    StatusCode::FORBIDDEN,
                    "this key is for pages alone, and the request has no Origin",
                    "give the key \"servers\": true",
                ))
            };
        };
        if key.takes(origin) {
            return Ok(());
        }
        Err(Refused::new(
            StatusCode::FORBIDDEN,
            format!("this key is not for pages of {:?}", String::from_utf8_lossy(origin.as_bytes())),
            "add the origin to the key's \"origins\"",
        ))
    }

    /// Does any key take pages of this origin? A preflight does not say which key will be used.
    #[must_use]
    pub fn take_origin(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::Anyone => true,
            Self::Known(keys) => keys.values().any(|key| key.takes(origin)),
        }
    }
}

impl WriteKey {
    fn takes(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.origins.iter().any(|pattern| fits(origin, pattern)))
    }
}

fn fits(origin: &str, pattern: &str) -> bool {
    match pattern.split_once("*.") {
        Some((scheme, domain)) => origin
            .strip_prefix(scheme)
            .and_then(|host| host.strip_suffix(domain))
            .is_some_and(|sub| sub.len() > 1 && sub.ends_with('.') && !sub.contains(['/', ':', '@'])),
        None => origin == pattern,
    }
}

fn check(origin: &str) -> anyhow::Result<()> {
    let url = url::Url::parse(&origin.replacen("*.", "any.", 1))?;
    anyhow::ensure!(matches!(url.scheme(), "http" | "https"), "its scheme must be https or http");
    let written = url.origin().ascii_serialization();
    let meant = if origin.contains("*.") { written.replacen("any.", "*.", 1) } else { written };
    anyhow::ensure!(origin == meant, "write it as browsers do: {meant:?}");
    Ok(())
}

/// The user name of Basic authorization, as Segment's and RudderStack's clients send their key.
pub fn basic(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let text = BASE64_STANDARD.decode(value.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(text).ok()?;
    text.split_once(':').map(|(key, _)| key.to_owned()).filter(|key| !key.is_empty())
}
