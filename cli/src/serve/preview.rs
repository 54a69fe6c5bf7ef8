//! Preview links: the key that signs them, made at the first start and kept beside the store, and what a token is
//! answered: the plan with the drafts that no visitor's plan holds.

use std::path::{Path, PathBuf};

use anyhow::Context;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use parlour::authoring::PREVIEW_KEY_CHARS;
use parlour_command::host::Host;
use parlour_signing::{PrivateKey, PublicKey, Token};

use super::now_ms;
use super::plan::Served;
use crate::host::Machine;

/// The key pair of this server's previews, and where its private half lies.
#[derive(Debug)]
pub struct PreviewKey {
    pub path: PathBuf,
    pub public: PublicKey,
}

impl PreviewKey {
    /// The key beside the store at `db`: `events.db` has `events.preview-key`.
    ///
    /// # Errors
    /// When there is none and none can be made, or what is there is no key.
    pub fn beside(db: &Path) -> anyhow::Result<Self> {
        let path = db.with_extension("preview-key");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let key = PrivateKey::parse(&text).with_context(|| path.display().to_string())?;
                Ok(Self { path, public: key.public() })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::make(path),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn make(path: PathBuf) -> anyhow::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        let key = PrivateKey::from_seed(seed);
        let host: &dyn Host = &Machine;
        host.keep_secret(&path, key.to_file().as_bytes())?;
        Ok(Self { path, public: key.public() })
    }

    /// As plans name it.
    #[must_use]
    pub fn chars(&self) -> Option<[u8; PREVIEW_KEY_CHARS]> {
        self.public.to_string().as_bytes().try_into().ok()
    }
}

/// The plan with drafts for whoever has a token, else the reason why not.
pub fn answer(served: &Served, token: &str) -> Response {
    let now_ms = u64::try_from(now_ms()).unwrap_or_default();
    let refused = match served.rules.preview_key() {
        None => "the plan names no previewKey".to_owned(),
        Some(key) => match Token::verify(token, key, now_ms) {
            Ok(token) if served.rules.has(&token.site) => return plan(served),
            Ok(token) => format!("the preview link is for {}, and this plan is not", token.site),
            Err(error) => error.to_string(),
        },
    };
    (StatusCode::FORBIDDEN, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], format!("{refused}\n"))
        .into_response()
}

fn plan(served: &Served) -> Response {
    let bytes = served.drafts.clone().unwrap_or_else(|| served.bytes().clone());
    let fixed = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (fixed, bytes).into_response()
}
