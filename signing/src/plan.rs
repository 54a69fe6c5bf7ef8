//! Signed plan files: the plan as it is, then for each signer its public key and its signature of all before the first
//! of them. So a plan keeps its bytes and its hash whoever signs it, and a page without keys runs it all the same.
//!
//! A file is taken where every signature in it is sound and one is of a known key: then no bit of it can change.

use std::fmt;

use parlour::plan::{Plan, PlanError, SIGNATURE_BYTES};

use crate::{PrivateKey, PublicKey, Site, moment};

/// Two, so that keys can be changed without a moment in which some page refuses.
pub const MAX_SIGNATURES: usize = 2;
const PURPOSE: &[u8] = b"parlour plan v1\n";

/// One signature of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    pub key: PublicKey,
    /// Is it that key's signature of these very bytes?
    pub is_sound: bool,
}

/// What a plan must be to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub keys: &'a [PublicKey],
    /// The host of the page.
    pub site: Option<&'a str>,
    /// The version accepted last; 0 for none.
    pub version: u32,
    pub now_ms: u64,
}

/// Why a plan is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Unreadable(PlanError),
    Unsigned,
    TooManySignatures,
    /// Changed after it was signed.
    Unsound(PublicKey),
    UnknownKey(Vec<PublicKey>),
    WrongSite {
        host: String,
        hosts: Vec<String>,
    },
    Older {
        version: u32,
        accepted: u32,
    },
    Expired {
        ms: u64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(formatter),
            Self::Unsigned => formatter.write_str("the plan is not signed: sign it with `parlour sign`"),
            Self::TooManySignatures => {
                write!(
                    formatter,
                    "the plan has more than {MAX_SIGNATURES} signatures: build it anew and sign it"
                )
            }
            Self::Unsound(key) => {
                write!(
                    formatter,
                    "the plan was changed after it was signed: the signature by {key} is not sound"
                )
            }
            Self::UnknownKey(keys) => {
                let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                write!(formatter, "the plan is signed by a key that is not known here: {}", keys.join(", "))
            }
            Self::WrongSite { host, hosts } => {
                write!(formatter, "the plan is for {} and not for {host}", hosts.join(", "))
            }
            Self::Older { version, accepted } => {
                write!(
                    formatter,
                    "the plan has version {version}, older than {accepted}, which was accepted before"
                )
            }
            Self::Expired { ms } => {
                write!(formatter, "the plan expired on {}: build and sign it anew", moment::written(*ms))
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// The signatures of a plan file, in its order.
///
/// # Errors
/// When the file is no plan.
pub fn signatures(file: &[u8]) -> Result<Vec<Signature>, Refusal> {
    Plan::decode(file).map_err(Refusal::Unreadable)?;
    let (plan, trailer) = Plan::split(file).ok_or(Refusal::Unreadable(PlanError::Damaged))?;
    let (rows, _) = trailer.as_chunks::<SIGNATURE_BYTES>();
    Ok(rows.iter().filter_map(|row| signature(plan, row)).collect())
}

fn signature(plan: &[u8], row: &[u8; SIGNATURE_BYTES]) -> Option<Signature> {
    let (key, signature) = row.split_first_chunk()?;
    let key = PublicKey::from_bytes(*key);
    Some(Signature { key, is_sound: key.signed(PURPOSE, plan, signature.try_into().ok()?) })
}

/// The file with this key's signature, in place of one it made before.
///
/// # Errors
/// When the file is no plan, or carries other signatures that are not sound or too many.
pub fn sign(file: &[u8], key: &PrivateKey) -> Result<Vec<u8>, Refusal> {
    let found = signatures(file)?;
    let (plan, trailer) = Plan::split(file).ok_or(Refusal::Unreadable(PlanError::Damaged))?;
    let mut signed = plan.to_vec();
    let mut count = 1;
    for (row, signature) in trailer.as_chunks::<SIGNATURE_BYTES>().0.iter().zip(found) {
        if signature.key == key.public() {
            continue;
        }
        if !signature.is_sound {
            return Err(Refusal::Unsound(signature.key));
        }
        signed.extend_from_slice(row);
        count += 1;
    }
    if count > MAX_SIGNATURES {
        return Err(Refusal::TooManySignatures);
    }
    signed.extend_from_slice(&key.public().to_bytes());
    signed.extend_from_slice(&key.sign(PURPOSE, plan));
    Ok(signed)
}

/// The plan, if it is what is expected.
///
/// # Errors
/// Says why not; nothing of a refused plan is to be used.
pub fn verify(file: &[u8], expected: &Expected<'_>) -> Result<Plan, Refusal> {
    let plan = Plan::decode(file).map_err(Refusal::Unreadable)?;
    let found = signatures(file)?;
    if found.is_empty() {
        return Err(Refusal::Unsigned);
    }
    if found.len() > MAX_SIGNATURES {
        return Err(Refusal::TooManySignatures);
    }
    if let Some(unsound) = found.iter().find(|signature| !signature.is_sound) {
        return Err(Refusal::Unsound(unsound.key));
    }
    if !found.iter().any(|signature| expected.keys.contains(&signature.key)) {
        return Err(Refusal::UnknownKey(found.iter().map(|signature| signature.key).collect()));
    }
    let site = Site::read(&plan);
    match expected.site {
        Some(host) if !site.has(host) => {
            return Err(Refusal::WrongSite { host: host.to_owned(), hosts: site.hosts });
        }
        _ => {}
    }
    if plan.version() < expected.version {
        return Err(Refusal::Older { version: plan.version(), accepted: expected.version });
    }
    if plan.expires_ms() <= expected.now_ms {
        return Err(Refusal::Expired { ms: plan.expires_ms() });
    }
    Ok(plan)
}
