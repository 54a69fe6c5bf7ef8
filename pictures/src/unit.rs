//! Numbers for people.

use parlour::money;

#[derive(Debug, Clone, PartialEq)]
pub enum Unit {
    Count,
    Number,
    /// Parts of 1, told in hundredths.
    Share,
    /// Differences of shares.
    Points,
    /// Minor units of the currency.
    Minor(String),
    /// Whole units of the currency, where it is known.
    Money(Option<String>),
    Hours,
    Days,
    Bytes,
}

impl Unit {
    pub fn text(&self, value: f64) -> String {
        if !value.is_finite() {
            return if value.is_nan() {
                "–"
            } else if value > 0.0 {
                "∞"
            } else {
                "−∞"
            }
            .to_owned();
        }
        match self {
            Self::Count => grouped(value, 0),
            Self::Number => number(value),
            Self::Share => format!("{} %", hundredths(value)),
            Self::Points => format!("{} points", hundredths(value)),
            Self::Minor(code) => {
                let exponent = money::exponent(code).unwrap_or_default();
                format!("{} {code}", grouped(value / 10f64.powi(exponent.into()), exponent.into()))
            }
            Self::Money(Some(code)) => {
                format!("{} {code}", grouped(value, money::exponent(code).unwrap_or(2).into()))
            }
            Self::Money(None) => grouped(value, 2),
            Self::Hours => format!("{} h", number(value)),
            Self::Days if value > 0.0 && value < 1.0 => {
                format!("{} hours", trimmed((value * 240.0).round() / 10.0))
            }
            Self::Days => {
                let days = trimmed((value * 10.0).round() / 10.0);
                format!("{days} {}", if days == "1" { "day" } else { "days" })
            }
            Self::Bytes => format!("{} bytes", grouped(value, 0)),
        }
    }

    /// With its sign: a difference.
    pub fn signed(&self, value: f64) -> String {
        let text = self.text(value);
        if value > 0.0 { format!("+{text}") } else { text }
    }

    /// Short enough for an axis.
    pub fn tick(&self, value: f64) -> String {
        match self {
            Self::Share | Self::Points => format!("{} %", trimmed(value * 100.0)),
            Self::Minor(code) => {
                trimmed(value / 10f64.powi(money::exponent(code).unwrap_or_default().into()))
            }
            _ => trimmed(value),
        }
    }

    pub fn interval(&self, low: f64, high: f64) -> String {
        let low = self.text(low);
        // The unit stands once, at the end.
        format!("{} to {}", low.split(' ').next().unwrap_or_default(), self.text(high))
    }
}

fn hundredths(share: f64) -> String {
    let value = share * 100.0;
    fixed(value, if value.abs() < 10.0 && value != 0.0 { 2 } else { 1 })
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 || value.fract() == 0.0 => grouped(value, 0),
        size if size >= 10.0 => fixed(value, 1),
        size if size >= 0.1 => fixed(value, 3),
        _ => fixed(value, 5),
    }
}

/// At most four decimals, none that is 0 at the end.
fn trimmed(value: f64) -> String {
    let text = grouped(value, 4);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// With a minus sign as books print it.
fn fixed(value: f64, decimals: usize) -> String {
    grouped(value, decimals)
}

/// Thousands parted by commas.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let is_zero = text.chars().all(|digit| matches!(digit, '0' | '.'));
    let mut told = String::from(if value < 0.0 && !is_zero { "−" } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    if let Some(rest) = rest {
        told.push('.');
        told.push_str(rest);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn numbers_read_as_people_write_them() {
        let minor = Unit::Minor("EUR".to_owned());
        for (unit, value, text) in [
            (&Unit::Count, 1_234_567.0, "1,234,567"),
            (&Unit::Share, 0.0314, "3.14 %"),
            (&Unit::Share, 0.5, "50.0 %"),
            (&Unit::Share, 0.0, "0.0 %"),
            (&Unit::Points, -0.012, "−1.20 points"),
            (&minor, 123_456.0, "1,234.56 EUR"),
            (&minor, -0.2, "0.00 EUR"),
            (&Unit::Minor("JPY".to_owned()), 1_200.0, "1,200 JPY"),
            (&Unit::Number, 0.12345, "0.123"),
            (&Unit::Number, f64::NAN, "–"),
            (&Unit::Days, 1.04, "1 day"),
            (&Unit::Days, 0.1, "2.4 hours"),
            (&Unit::Days, 14.0, "14 days"),
            (&Unit::Number, f64::NEG_INFINITY, "−∞"),
        ] {
            assert_eq!(unit.text(value), text);
        }
        assert_eq!(Unit::Share.signed(0.031), "+3.10 %");
        assert_eq!(Unit::Points.interval(-0.001, 0.02), "−0.10 to 2.00 points");
        assert_eq!(Unit::Share.tick(0.1), "10 %");
        assert_eq!(Unit::Number.tick(-100.0), "−100");
    }
}
