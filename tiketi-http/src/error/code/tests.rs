//! The list is complete, and is that of `ERRORS.md`.

use std::collections::HashSet;

use super::*;

#[test]
fn every_code_has_words_of_its_own_in_both_languages() {
    let mut seen = HashSet::new();
    for code in Code::ALL {
        assert!(seen.insert(code.wire()), "{} twice", code.wire());
        assert!(code.sentence(Language::English).is_ascii(), "{}", code.wire());
        let korean = code.sentence(Language::Korean);
        assert!(korean.chars().any(|c| ('가'..='힣').contains(&c)), "{}", code.wire());
        assert!(!code.remedy().is_empty());
    }
}

/// Writes the list as `ERRORS.md` has it.
fn written() -> String {
    let mut list = "\n| Code | Status | English | Korean | Remedy |\n|---|---|---|---|---|\n".to_owned();
    for code in Code::ALL {
        let cells = [
            format!("`{}`", code.wire()),
            code.status().as_u16().to_string(),
            code.sentence(Language::English).to_owned(),
            code.sentence(Language::Korean).to_owned(),
            code.remedy().to_owned(),
        ];
        list.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    list
}

#[test]
fn the_written_list_of_codes_is_current() {
    let list = include_str!("../../../ERRORS.md");
    assert!(list.ends_with(&written()), "ERRORS.md should end with:\n{}", written());
}

#[test]
fn every_code_is_an_error_or_an_unknown_outcome() {
    for code in Code::ALL {
        let status = code.status();
        assert!(
            status.is_client_error() || status.is_server_error() || status == StatusCode::ACCEPTED,
            "{}",
            code.wire()
        );
    }
}
