//! What a plan file says of itself, for `parlour check PLAN.bin`.

use std::fmt;

use parlour::plan::Plan;
use serde_json::json;

use crate::{Refusal, Signature, Site, moment, signatures};

const DAY_MS: u64 = 86_400_000;
/// Time enough to notice, build and sign.
pub const EXPIRY_WARNING_MS: u64 = 14 * DAY_MS;

#[derive(Clone, Debug)]
pub struct Report {
    pub hosts: Vec<String>,
    pub version: u32,
    pub hash: u64,
    pub issued_ms: u64,
    pub expires_ms: Option<u64>,
    pub signatures: Vec<Signature>,
    pub preview_key: Option<String>,
    pub bytes: usize,
    now_ms: u64,
}

impl Report {
    /// # Errors
    /// When the file is no plan.
    pub fn read(file: &[u8], now_ms: u64) -> Result<Self, Refusal> {
        let plan = Plan::decode(file).map_err(Refusal::Unreadable)?;
        let site = Site::read(&plan);
        Ok(Self {
            preview_key: site.preview_key().map(|key| key.to_string()),
            hosts: site.hosts,
            version: plan.version(),
            hash: plan.hash(),
            issued_ms: plan.issued_ms(),
            expires_ms: Some(plan.expires_ms()).filter(|ms| *ms != u64::MAX),
            signatures: signatures(file)?,
            bytes: file.len(),
            now_ms,
        })
    }

    #[must_use]
    pub fn has_expired(&self) -> bool {
        self.expires_ms.is_some_and(|ms| ms <= self.now_ms)
    }

    #[must_use]
    pub fn expires_soon(&self) -> bool {
        !self.has_expired() && self.expires_ms.is_some_and(|ms| ms - self.now_ms < EXPIRY_WARNING_MS)
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self, file: &str) -> serde_json::Value {
        let signatures = self
            .signatures
            .iter()
            .map(|Signature { key, is_sound }| json!({"key": key.to_string(), "sound": is_sound}));
        json!({
            "file": file,
            "ok": !self.has_problems(),
            "site": self.hosts,
            "version": self.version,
            "hash": format!("{:016x}", self.hash),
            "bytes": self.bytes,
            "issued": Some(self.issued_ms).filter(|ms| *ms > 0).map(moment::written),
            "expires": self.expires_ms.map(moment::written),
            "expiresSoon": self.expires_soon(),
            "signatures": signatures.collect::<Vec<_>>(),
            "previewKey": self.preview_key,
        })
    }

    /// Would pages refuse it, whatever keys they know?
    #[must_use]
    pub fn has_problems(&self) -> bool {
        self.has_expired() || self.signatures.iter().any(|signature| !signature.is_sound)
    }
}

/// One line a thing, `warning:` or `error:` where something is to be done.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "site       {}", self.hosts.join(", "))?;
        writeln!(f, "version    {}", self.version)?;
        writeln!(f, "hash       {:016x}", self.hash)?;
        writeln!(f, "size       {} bytes", self.bytes)?;
        if self.issued_ms > 0 {
            writeln!(f, "issued     {}", moment::written(self.issued_ms))?;
        }
        writeln!(f, "expires    {}", self.expires_ms.map_or_else(|| "never".into(), moment::written))?;
        for Signature { key, is_sound } in &self.signatures {
            writeln!(f, "signature  {key} {}", if *is_sound { "sound" } else { "NOT SOUND" })?;
        }
        if self.signatures.is_empty() {
            writeln!(f, "signature  none")?;
        }
        if let Some(key) = &self.preview_key {
            writeln!(f, "previews   {key}")?;
        }
        if self.signatures.iter().any(|signature| !signature.is_sound) {
            writeln!(f, "error: the plan was changed after it was signed: build it anew and sign it")?;
        }
        if self.has_expired() {
            writeln!(
                f,
                "error: the plan has expired, and pages show their original: build it anew with --expires"
            )?;
        } else if self.expires_soon() {
            let days = self.expires_ms.unwrap_or_default().saturating_sub(self.now_ms).div_ceil(DAY_MS);
            let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
            writeln!(f, "warning: the plan expires in {days}: build it anew with --expires")?;
        }
        Ok(())
    }
}
