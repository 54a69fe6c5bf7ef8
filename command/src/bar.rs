//! Bars of block characters, to an eighth of a column.

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// `share` of `columns`, 0 to 1.
#[must_use]
pub fn bar(share: f64, columns: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * columns as f64 * 8.0).round() as usize;
    let rest = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
    format!("{}{rest}", "█".repeat(eighths / 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        for (share, expect) in [
            (0.0, ""),
            (0.5, "██"),
            (1.0, "████"),
            (0.25 / 8.0, "▏"),
            (0.6, "██▍"),
            (2.0, "████"),
            (f64::NAN, ""),
        ] {
            assert_eq!(bar(share, 4), expect, "{share}");
        }
    }
}
