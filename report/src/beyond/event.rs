//! An event as it is counted here: with its texts, and only events of visitors.

use crate::model::Exclusion;

#[derive(Debug, Clone, Copy, Default)]
pub struct Seen<'a> {
    /// The touchpoint's type.
    pub kind: &'a str,
    pub has_env: bool,
    pub unit: Option<&'a str>,
    pub occurred_ms: i64,
    pub experiment: Option<&'a str>,
    pub variant: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub has_wrong_bucket: bool,
    pub is_bot: bool,
    pub goal: Option<&'a str>,
    pub order: Option<&'a str>,
    pub minor: Option<i64>,
    pub currency: Option<&'a str>,
}

pub fn left_out(seen: &Seen<'_>, is_known: bool) -> Option<Exclusion> {
    if seen.has_env {
        Some(Exclusion::OtherEnvironment)
    } else if seen.is_bot {
        Some(Exclusion::Bot)
    } else if seen.kind == "late" {
        Some(Exclusion::Late)
    } else if !matches!(seen.reason, Some("bucketed" | "sticky")) {
        Some(Exclusion::NotBucketed)
    } else if seen.unit.is_none() {
        Some(Exclusion::NoUnit)
    } else if seen.has_wrong_bucket && seen.reason == Some("bucketed") {
        Some(Exclusion::WrongBucket)
    } else if !is_known {
        Some(Exclusion::UnknownVariant)
    } else {
        None
    }
}
