//! Amounts in forms: numbers as people type them.

/// Reads an amount of a currency with so many decimals, and returns it in minor units.
///
/// Commas between digits are left out. `None` if it is no number, or has more decimals than the currency.
pub(crate) fn read(text: &str, decimals: u32) -> Option<i64> {
    let text: String = text.chars().filter(|character| !matches!(character, ',' | ' ')).collect();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let width = usize::try_from(decimals).ok()?;
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > width {
        return None;
    }
    format!("{whole}{part:0<width$}").parse().ok()
}

/// Writes minor units as a field of a form shows them.
pub(crate) fn shown(minor: i64, decimals: u32) -> String {
    super::charts::money(minor, decimals).replace(',', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_the_units_of_their_currency() {
        for (text, decimals, minor) in [
            ("150,000", 0, Some(150_000)),
            ("12.5", 2, Some(1_250)),
            ("12", 2, Some(1_200)),
            ("0.05", 2, Some(5)),
            ("12.505", 2, None),
            ("12.5", 0, None),
            ("", 0, None),
            ("-5", 0, None),
            ("1e5", 0, None),
            ("99999999999999999999", 0, None),
        ] {
            assert_eq!(read(text, decimals), minor, "{text}");
            if let Some(minor) = minor {
                assert_eq!(read(&shown(minor, decimals), decimals), Some(minor));
            }
        }
    }
}
