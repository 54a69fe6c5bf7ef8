//! What the report's names are called for people.

use parlour_report::model::{Dimension, Exclusion, GoalKind, Verdict};

/// Names of the site's own move no cursor and turn no text around: control characters and bidi overrides become spaces.
pub fn clean(name: &str) -> String {
    let is_bidi = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.replace(|letter: char| letter.is_control() || is_bidi(letter), " ")
}

/// The start of a name that is too long for its place, in letters of half their height on average.
pub fn fitted(name: &str, pixels: i32, font: i32) -> String {
    let name = clean(name);
    let room = usize::try_from(pixels.saturating_mul(9) / (font.max(1) * 5)).unwrap_or_default().max(4);
    if name.chars().count() <= room {
        return name;
    }
    name.chars().take(room - 1).chain(['…']).collect()
}

pub fn dimension(of: Dimension) -> &'static str {
    match of {
        Dimension::Page => "page",
        Dimension::Device => "device",
        Dimension::Source => "source",
        Dimension::Day => "day",
        Dimension::Returning => "returning visitors",
    }
}

pub fn verdict(of: Verdict) -> &'static str {
    match of {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Open => "open",
    }
}

pub fn kind(of: GoalKind) -> &'static str {
    match of {
        GoalKind::Conversion => "share of visitors that reached it",
        GoalKind::Count => "times a visitor",
        GoalKind::Revenue => "money a visitor",
        GoalKind::Ratio => "times by times of another goal",
        GoalKind::Time => "mean hours until it",
        GoalKind::Retention => "share of visitors that reached it again",
    }
}

pub fn exclusion(of: Exclusion) -> &'static str {
    match of {
        Exclusion::SeveralVariants => "visitors who met more than one variant",
        Exclusion::NotBucketed => "exposures that the bucket did not cause: forced previews and the like",
        Exclusion::Bot => "events by programs that call themselves bots",
        Exclusion::NoUnit => "exposures without a visitor or user",
        Exclusion::OtherEnvironment => "events from named environments",
        Exclusion::Late => "page views in which the decision came too late",
        Exclusion::WrongBucket => "exposures whose bucket is not that of their variant",
        Exclusion::UnknownVariant => "exposures by variants that the file does not have",
        Exclusion::AbsurdAmount => "amounts below 0 or absurdly high",
        Exclusion::OtherCurrency => "amounts in another currency, without a rate",
        Exclusion::OlderVersion => "exposures of a version before the newest",
        Exclusion::Clock => "events dated before 2000, or after they arrived",
        Exclusion::SameOrder => "orders told again",
        Exclusion::UnknownOrder => "refunds of orders that nobody told",
        Exclusion::NotOver => "visitors whose time is not over yet",
    }
}

pub fn p_value(p: f64) -> String {
    if p >= 0.001 { format!("{p:.3}") } else { format!("{p:.1e}") }
}
