//! Values with units, and secret values.

use std::convert::Infallible;
use std::time::Duration;

use secrecy::SecretString;
use tiketi_core::rate_limit::RateLimit;

/// Reads a duration with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write a number and its unit, as in 90s, 5m or 1h30m"))
}

/// Reads a size in bytes, with or without a unit.
pub(super) fn size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, usize); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("B", 1)];
    let unit = UNITS.into_iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
    let (number, bytes) = unit.unwrap_or((text, 1));
    let number: Option<usize> = number.trim().parse().ok();
    let size = number.and_then(|number| number.checked_mul(bytes));
    size.ok_or_else(|| "write a whole number of bytes, or one with its unit, as in 64KiB or 1MiB".to_owned())
}

/// Accepts any secret: clap would print a value that is refused here.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a value parser")]
pub(super) fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}

/// A limit of attempts, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<RateLimit>);

/// Reads a number of attempts in a time, or `off`.
pub(super) fn limit(text: &str) -> Result<Limit, String> {
    if text == "off" {
        return Ok(Limit(None));
    }
    let limit = text.parse::<RateLimit>();
    limit
        .map(|limit| Limit(Some(limit)))
        .map_err(|error| format!("{error}, as in 10/1h or 300/15m; or `off`"))
}

/// Reads the price of a category; splits at the last `=`, since names may contain one.
pub(super) fn price(text: &str) -> Result<(String, i64), String> {
    let parts = text.rsplit_once('=').filter(|(category, _)| !category.trim().is_empty());
    let (category, amount) = parts.ok_or("write CATEGORY=AMOUNT, as in VIP=150000")?;
    let amount = amount.trim().parse();
    let amount = amount.map_err(|_| "the amount is a whole number of minor units, as in VIP=150000")?;
    Ok((category.trim().to_owned(), amount))
}

/// 32 bytes, such as a seed or a hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes32(pub(crate) [u8; 32]);

/// Reads 64 hexadecimal digits.
pub(super) fn bytes32(text: &str) -> Result<Bytes32, String> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let bytes = digits.map(|digits| {
        digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit))
            .collect::<Vec<u8>>()
    });
    let bytes = bytes.filter(|_| text.len() == 64).and_then(|bytes| bytes.try_into().ok());
    bytes.map(Bytes32).ok_or_else(|| "write 64 hexadecimal digits".to_owned())
}
