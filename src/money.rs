//! Amounts: decimal text with a currency at the edges, integer minor units inside (exponents of ISO 4217).

/// Digits after the point of a currency, `None` for a text that is no currency code.
#[must_use]
pub fn exponent(currency: &str) -> Option<u8> {
    let code = currency.as_bytes();
    if code.len() != 3 || !code.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    Some(match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    })
}

/// Reads decimal text into minor units, half away from zero where it has more digits than the currency.
///
/// Accepts an optional sign, digits, an optional point and digits, and an exponent as JSON writes it.
/// `None` for anything else and for amounts beyond ±9·10^15, which JavaScript could not hold exactly.
#[must_use]
pub fn parse_minor(text: &str, exponent: u8) -> Option<i64> {
    const LIMIT: i128 = 9_000_000_000_000_000;
    let (mantissa, power) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: i128 = 0;
    let mut shift = power.checked_add(i32::from(exponent))?;
    let mut rest_is_half = false;
    let mut dropping = false;
    let point_at = whole.len() as i32;
    for (index, byte) in (0i32..).zip(whole.bytes().chain(fraction.bytes())) {
        if !byte.is_ascii_digit() {
            return None;
        }
        let place = shift.saturating_add(point_at - 1 - index);
        if place >= 0 {
            value = value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
            if value > LIMIT {
                return None;
            }
        } else if !dropping {
            dropping = true;
            rest_is_half = place == -1 && byte >= b'5';
        }
    }
    shift = shift.saturating_sub(fraction.len() as i32);
    while shift > 0 && value != 0 {
        value = value.checked_mul(10)?;
        if value > LIMIT {
            return None;
        }
        shift -= 1;
    }
    value += i128::from(rest_is_half);
    i64::try_from(if negative { -value } else { value }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_becomes_minor_units_of_its_currency() {
        for (text, currency, expect) in [
            ("12.50", "EUR", Some(1250)),
            ("12.5", "EUR", Some(1250)),
            ("12", "EUR", Some(1200)),
            ("0.30000000000000004", "EUR", Some(30)),
            ("0.005", "EUR", Some(1)),
            ("0.0049", "EUR", Some(0)),
            ("-2.345", "EUR", Some(-235)),
            ("1200", "JPY", Some(1200)),
            ("1200.5", "JPY", Some(1201)),
            ("1.2345", "KWD", Some(1235)),
            ("1e3", "EUR", Some(100_000)),
            ("1.5e-1", "EUR", Some(15)),
            (".5", "EUR", Some(50)),
            ("9999999999999999", "EUR", None),
            ("", "EUR", None),
            (".", "EUR", None),
            ("1,5", "EUR", None),
            ("NaN", "EUR", None),
            ("1e999999999", "EUR", None),
            ("10e2147483647", "JPY", None),
            ("0.1e-2147483648", "JPY", Some(0)),
            ("0e999999", "EUR", Some(0)),
        ] {
            assert_eq!(
                exponent(currency).and_then(|digits| parse_minor(text, digits)),
                expect,
                "{text} {currency}"
            );
        }
    }

    #[test]
    fn a_text_that_is_no_currency_has_no_exponent() {
        for text in ["", "eur", "EURO", "E1R"] {
            assert_eq!(exponent(text), None, "{text}");
        }
    }
}
