//! The language of a visitor: chosen by a switch, or by the browser.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use tiketi_core::language::Language;

/// Chooses the language that the browser gives the greatest weight; English by default.
pub(crate) fn preferred(headers: &HeaderMap) -> Language {
    let wishes = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (Language::default(), 0.0);
    for wish in wishes.split(',') {
        let mut parts = wish.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let Some(language) = Language::named(&primary) else { continue };
        let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
        let weight = weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_greatest_weight_wins() {
        for (wishes, language) in [
            ("ko-KR,ko;q=0.9,en-US;q=0.8", Language::Korean),
            ("ko;q=0.5, en;q=0.75", Language::English),
            ("fr, KO;q=0.2", Language::Korean),
            ("fr", Language::English),
            ("ko;q=0", Language::English),
            (";;,,q=", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, wishes.parse().unwrap());
            assert_eq!(preferred(&headers), language, "{wishes}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Language::English);
    }
}
