//! Money as people read it.

use tiketi_core::Currency;
use tiketi_core::language::Language;

/// Writes an amount in minor units as people of a language write it: `₩150,000` or `150,000원`, `€12.50`.
///
/// A code that is no currency is written behind the number.
pub(crate) fn written(language: Language, minor: i64, code: &str) -> String {
    let Ok(currency) = code.parse::<Currency>() else { return format!("{} {code}", grouped(minor)) };
    let number = with_decimals(minor.unsigned_abs(), currency.decimals());
    let sign = if minor < 0 { "−" } else { "" };
    match (language, symbol(currency)) {
        (Language::Korean, _) if currency == Currency::KRW => format!("{sign}{number}원"),
        (_, Some(symbol)) => format!("{sign}{symbol}{number}"),
        (_, None) => format!("{sign}{code}\u{a0}{number}"),
    }
}

/// Writes a whole number with a comma between each three digits, as both languages do.
pub(crate) fn grouped(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", with_commas(&number.unsigned_abs().to_string()))
}

fn with_decimals(minor: u64, decimals: u16) -> String {
    let width = usize::from(decimals) + 1;
    let digits = format!("{minor:0width$}");
    match digits.split_at_checked(digits.len().saturating_sub(usize::from(decimals))) {
        Some((whole, "")) => with_commas(whole),
        Some((whole, part)) => format!("{}.{part}", with_commas(whole)),
        None => digits,
    }
}

fn with_commas(digits: &str) -> String {
    let mut written = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// Returns the sign of a currency that no other one of these shares.
fn symbol(currency: Currency) -> Option<&'static str> {
    Some(match currency.code() {
        "KRW" => "₩",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "USD" => "$",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_by_currency_and_language() {
        for (minor, code, english, korean) in [
            (150_000, "KRW", "₩150,000", "150,000원"),
            (0, "KRW", "₩0", "0원"),
            (1_250, "EUR", "€12.50", "€12.50"),
            (5, "EUR", "€0.05", "€0.05"),
            (123_456_789, "USD", "$1,234,567.89", "$1,234,567.89"),
            (-4_000, "KRW", "−₩4,000", "−4,000원"),
            (10_000, "CHF", "CHF\u{a0}100.00", "CHF\u{a0}100.00"),
            (10_000, "??", "10,000 ??", "10,000 ??"),
        ] {
            assert_eq!(written(Language::English, minor, code), english);
            assert_eq!(written(Language::Korean, minor, code), korean);
        }
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(i64::MIN), "−9,223,372,036,854,775,808");
    }
}
