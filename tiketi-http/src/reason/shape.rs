//! Says why a value has the wrong shape, in words of JSON and in each language.

use crate::reason::Reason;

/// Words of serde's messages for a kind of value, and the sentence about it; the first that fits counts.
static KINDS: [(&[&str], Reason); 7] = [
    (&["struct", "object", "map"], Reason::fixed("must be an object", "객체여야 합니다.")),
    (&["sequence", "array", "tuple"], Reason::fixed("must be a list", "목록이어야 합니다.")),
    (&["boolean", "bool"], Reason::fixed("must be true or false", "true 또는 false여야 합니다.")),
    (
        &["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "integer", "digit"],
        Reason::fixed("must be a whole number of its range", "범위 안의 정수여야 합니다."),
    ),
    (&["f32", "f64", "number", "float"], Reason::fixed("must be a number", "숫자여야 합니다.")),
    (&["string", "str", "char"], Reason::fixed("must be a text", "문자열이어야 합니다.")),
    (&["UUID", "uuid"], Reason::fixed("must be a UUID", "UUID여야 합니다.")),
];
/// What readers of this crate expect, in their words, and the sentence about it.
static OWN: [(&str, Reason); 2] = [
    (
        "a whole number of seats",
        Reason::fixed(
            "must be a whole number of seats, or a list of seats",
            "좌석 수(정수) 또는 좌석 목록이어야 합니다.",
        ),
    ),
    (
        "a seat's number as a text",
        Reason::fixed(
            "must be a seat's number as a text, or an object with `number`",
            "좌석 번호(문자열) 또는 `number`가 있는 객체여야 합니다.",
        ),
    ),
];
const OF_ANOTHER_KIND: Reason = Reason::fixed("has a wrong value", "올바르지 않은 값입니다.");

/// Returns the reason for a message of serde, which names types of Rust.
pub(crate) fn shape_reason(message: &str) -> Reason {
    if message.starts_with("missing field") {
        return Reason::fixed("is missing", "필수 항목입니다.");
    }
    if message.starts_with("unknown field") {
        return Reason::fixed("is not known", "알 수 없는 항목입니다.");
    }
    if message.starts_with("duplicate field") {
        return Reason::fixed("is given twice", "두 번 지정되었습니다.");
    }
    if let Some((_, listed)) =
        message.split_once("unknown variant ").and_then(|(_, rest)| rest.split_once(", "))
    {
        let words: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
        let words = words.join(", ");
        return Reason::one_of(&words);
    }
    let expected = message.rsplit_once("expected ").map_or(message, |(_, expected)| expected);
    if let Some((_, reason)) = OWN.iter().find(|(own, _)| expected.starts_with(own)) {
        return reason.clone();
    }
    let words = || expected.split(|letter: char| !letter.is_ascii_alphanumeric());
    let found = KINDS.iter().find(|(known, _)| words().any(|word| known.contains(&word)));
    found.map_or(OF_ANOTHER_KIND, |(_, reason)| reason.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiketi_core::language::Language;

    #[test]
    fn no_reason_names_a_type_of_rust() {
        let cases = [
            ("missing field `eventId`", "is missing"),
            ("unknown field `colour`, expected `eventId` or `items`", "is not known"),
            ("duplicate field `eventId`", "is given twice"),
            ("invalid type: integer `7`, expected a string", "must be a text"),
            ("invalid type: string \"u32\", expected u32", "must be a whole number of its range"),
            ("invalid value: integer `-1`, expected u32", "must be a whole number of its range"),
            ("invalid type: null, expected struct CreateReservation", "must be an object"),
            ("invalid type: sequence, expected an object", "must be an object"),
            ("invalid type: map, expected a sequence", "must be a list"),
            ("invalid type: string \"yes\", expected a boolean", "must be true or false"),
            ("unknown variant `gold`, expected one of `auto`, `on`, `off`", "must be one of auto, on, off"),
            ("invalid digit found in string", "must be a whole number of its range"),
            ("something that serde may say one day", "has a wrong value"),
        ];
        for (message, expected) in cases {
            let reason = shape_reason(message);
            assert_eq!(reason.sentence(Language::English), expected, "{message}");
            assert!(!reason.sentence(Language::Korean).is_ascii(), "{message}");
        }
    }
}
