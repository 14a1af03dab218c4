//! The language that a request asks for.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use tiketi_core::language::Language;

/// Chooses the supported language with the greatest weight; English by default.
pub(crate) fn preferred_language(headers: &HeaderMap) -> Language {
    let wishes = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (Language::default(), 0);
    for wish in wishes.split(',') {
        let mut parts = wish.split(';');
        let Some(language) = of_tag(parts.next().unwrap_or_default().trim()) else { continue };
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1_000, thousandths);
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

fn of_tag(tag: &str) -> Option<Language> {
    let primary = tag.split('-').next().unwrap_or_default();
    if primary.eq_ignore_ascii_case("ko") {
        Some(Language::Korean)
    } else if primary.eq_ignore_ascii_case("en") || primary == "*" {
        Some(Language::English)
    } else {
        None
    }
}

/// Reads a weight such as `0.8` in thousandths, its finest grain (source: RFC 9110, 12.4.2).
fn thousandths(text: &str) -> u32 {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    whole.parse::<u32>().unwrap_or(0).min(1) * 1_000 + part.parse::<u32>().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(wishes: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, wishes.parse().unwrap());
        preferred_language(&headers)
    }

    #[test]
    fn the_language_with_the_greatest_weight_wins() {
        assert_eq!(preferred("ko-KR,ko;q=0.9,en-US;q=0.8"), Language::Korean);
        assert_eq!(preferred("ko;q=0.5, en;q=0.75"), Language::English);
        assert_eq!(preferred("fr, ko;q=0.2"), Language::Korean);
    }

    #[test]
    fn english_is_the_language_for_unknown_preferences() {
        assert_eq!(preferred_language(&HeaderMap::new()), Language::English);
        for odd in ["", "fr", "ko;q=0", ";;,,q=", "ko;q=x"] {
            assert_eq!(preferred(odd), Language::English, "{odd:?}");
        }
    }
}
