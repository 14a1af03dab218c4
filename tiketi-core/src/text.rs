//! The one rule for text: the characters and lengths that a store accepts.
//!
//! A text of a command is refused if it breaks the rule, and the error names the field. A text of a payment provider is
//! cleaned instead: its answer about money must be recorded, whatever characters it has.

use std::borrow::Cow;
use std::ops::RangeInclusive;

/// A text that no store accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
#[non_exhaustive]
pub struct TextError {
    /// The invalid field, by its name in this crate, such as `title` or `provider_key`.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub problem: TextProblem,
}

impl TextError {
    /// Makes the error of a field.
    pub fn new(field: impl Into<Cow<'static, str>>, problem: TextProblem) -> Self {
        Self { field: field.into(), problem }
    }
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TextProblem {
    /// It is too short, without surrounding white space, or too long.
    #[error("must have from {least} to {most} characters")]
    Length {
        /// Fewest characters.
        least: usize,
        /// Most characters.
        most: usize,
    },
    /// It has a control character: NUL, which databases refuse, or another unprintable one.
    ///
    /// Tabs and line breaks are allowed in texts of several lines.
    #[error("has the control character U+{:04X}, which is not allowed", u32::from(*.character))]
    ControlCharacter {
        /// The first control character.
        character: char,
    },
}

/// Checks a text of one line: its length, and that it has no control character.
///
/// # Errors
///
/// [`TextError`] naming the field and what is wrong.
///
/// ```
/// use tiketi_core::text::{TextProblem, check_line};
///
/// assert!(check_line("title", "Evening of Lanterns", 1..=200).is_ok());
/// let refused = check_line("title", "Evening\0", 1..=200).unwrap_err();
/// assert_eq!(refused.problem, TextProblem::ControlCharacter { character: '\0' });
/// ```
pub fn check_line(
    field: impl Into<Cow<'static, str>>,
    text: &str,
    length: RangeInclusive<usize>,
) -> Result<(), TextError> {
    check(field, text, length, |_| false)
}

/// Checks a text of several lines, as [`check_line`] does.
///
/// Tabs and line breaks are allowed.
///
/// # Errors
///
/// [`TextError`] naming the field and what is wrong.
pub fn check_lines(
    field: impl Into<Cow<'static, str>>,
    text: &str,
    length: RangeInclusive<usize>,
) -> Result<(), TextError> {
    check(field, text, length, |character| matches!(character, '\t' | '\n' | '\r'))
}

/// Returns whether a store accepts a text as a search key.
///
/// A text that it does not accept is in no row, so it need not be searched.
pub fn can_be_kept(text: &str) -> bool {
    !text.contains('\0')
}

/// Replaces control characters by U+FFFD and cuts a text after `most` characters.
pub(crate) fn cleaned(text: &str, most: usize) -> String {
    let shown =
        |character: char| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character };
    text.chars().take(most).map(shown).collect()
}

fn check(
    field: impl Into<Cow<'static, str>>,
    text: &str,
    length: RangeInclusive<usize>,
    is_allowed: impl Fn(char) -> bool,
) -> Result<(), TextError> {
    let (least, most) = length.into_inner();
    let problem = if text.trim().chars().count() < least || text.chars().count() > most {
        TextProblem::Length { least, most }
    } else if let Some(character) = text.chars().find(|found| found.is_control() && !is_allowed(*found)) {
        TextProblem::ControlCharacter { character }
    } else {
        return Ok(());
    };
    Err(TextError { field: field.into(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(checked: Result<(), TextError>) -> Option<TextProblem> {
        checked.err().map(|error| error.problem)
    }

    #[test]
    fn the_least_length_counts_characters_without_surrounding_space() {
        let length = TextProblem::Length { least: 1, most: 3 };
        for fine in ["a", "밤의등", " a "] {
            assert_eq!(check_line("name", fine, 1..=3), Ok(()), "{fine:?}");
        }
        for bad in ["", "   ", "abcd", " ab "] {
            assert_eq!(problem(check_line("name", bad, 1..=3)), Some(length), "{bad:?}");
        }
        assert_eq!(check_line("name", "", 0..=3), Ok(()));
    }

    #[test]
    fn a_line_has_no_control_character_at_all() {
        for character in ['\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9f}'] {
            let found = problem(check_line("name", &format!("a{character}b"), 0..=9));
            assert_eq!(found, Some(TextProblem::ControlCharacter { character }), "{character:?}");
        }
    }

    #[test]
    fn lines_have_tabs_and_ends_of_lines_and_no_other_control_character() {
        assert_eq!(check_lines("text", "a\tb\r\nc\n", 1..=9), Ok(()));
        for character in ['\0', '\u{b}', '\u{1b}', '\u{7f}', '\u{85}'] {
            let found = problem(check_lines("text", &format!("a\n{character}"), 0..=9));
            assert_eq!(found, Some(TextProblem::ControlCharacter { character }), "{character:?}");
        }
    }

    #[test]
    fn the_message_names_the_field_what_is_wrong_and_the_limit() {
        let said = |checked: Result<(), TextError>| checked.unwrap_err().to_string();
        assert_eq!(said(check_line("title", "", 1..=200)), "title must have from 1 to 200 characters");
        let control = said(check_line("title", "a\u{1}", 1..=200));
        assert_eq!(control, "title has the control character U+0001, which is not allowed");
    }

    #[test]
    fn a_cleaned_text_passes_the_rule() {
        let cleaned = cleaned("DECLINED\0\n밤의", 10);
        assert_eq!(cleaned, "DECLINED\u{fffd}\u{fffd}");
        assert_eq!(check_line("code", &cleaned, 0..=10), Ok(()));
    }
}
