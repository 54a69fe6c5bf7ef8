//! Who may say what a page shows: keys, signed plans and preview tokens (Ed25519, RFC 8032).
//!
//! Nothing here reads a clock, a file or a random source: hosts hand them in. Pages check the same signatures by
//! WebCrypto (`www/signature.js`); nothing of this crate is in the runtime wasm.

mod key;
mod moment;
mod plan;
mod preview;
mod report;
mod site;

pub use key::{KeyError, PrivateKey, PublicKey};
pub use moment::{MomentError, expiry, lifetime_ms, written};
pub use plan::{Expected, MAX_SIGNATURES, Refusal, Signature, sign, signatures, verify};
pub use preview::{Token, TokenError};
pub use report::{EXPIRY_WARNING_MS, Report};
pub use site::Site;
