//! Reasons: sentences in `details.reason`, in each language.

mod shape;

use std::borrow::Cow;
use std::fmt::Display;

use tiketi_core::language::Language;

pub(crate) use shape::shape_reason;

/// Said of a length of time.
pub(crate) const AT_MOST_A_DAY: Reason =
    Reason::fixed("must be more than zero and at most a day", "0보다 길고 하루 이하여야 합니다.");

/// Why a value is refused, in each language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    english: Cow<'static, str>,
    korean: Cow<'static, str>,
}

impl Reason {
    /// Makes a reason that has no values in it.
    pub(crate) const fn fixed(english: &'static str, korean: &'static str) -> Self {
        Self { english: Cow::Borrowed(english), korean: Cow::Borrowed(korean) }
    }

    /// Makes a reason with values in it.
    pub(crate) fn new(english: String, korean: String) -> Self {
        Self { english: english.into(), korean: korean.into() }
    }

    /// Says which numbers are allowed.
    pub(crate) fn range(least: impl Display, most: impl Display) -> Self {
        Self::new(format!("must be from {least} to {most}"), format!("{least}부터 {most}까지여야 합니다."))
    }

    /// Says what a value must not be less than: a number, or the name of another field.
    pub(crate) fn at_least(least: &str) -> Self {
        Self::new(format!("must be at least {least}"), format!("{least} 이상이어야 합니다."))
    }

    /// Said of a value that a program made, such as an id or a key of a page.
    pub(crate) const NOT_VALID: Self = Self::fixed("is not valid", "올바르지 않은 값입니다.");
    /// Said of a place in a list.
    pub(crate) const NOT_A_NEXT: Self = Self::fixed(
        "must be the `next` of a page of the same order",
        "같은 순서로 읽은 페이지의 `next`여야 합니다.",
    );
    /// Said of parameters that exclude each other.
    pub(crate) const SEND_ONE: Self = Self::fixed("send one of them", "하나만 보내십시오.");

    /// Says how long a text may be.
    pub(crate) fn at_most_characters(most: usize) -> Self {
        Self::new(format!("must have at most {most} characters"), format!("{most}자 이하여야 합니다."))
    }

    /// Says which choice a field belongs to, and is allowed with.
    pub(crate) fn belongs_to(choice: &str) -> Self {
        Self::new(format!("belongs to {choice}"), format!("{choice}에만 쓸 수 있습니다."))
    }

    /// Says which choice needs a field.
    pub(crate) fn required_by(choice: &str) -> Self {
        Self::new(format!("is required by {choice}"), format!("{choice}에는 필요합니다."))
    }

    /// Says which other field must be there.
    pub(crate) fn given_with(other: &str) -> Self {
        Self::new(format!("must be given with {other}"), format!("{other}와(과) 함께 보내야 합니다."))
    }

    /// Says which words are allowed.
    pub(crate) fn one_of(words: &str) -> Self {
        Self::new(format!("must be one of {words}"), format!("다음 중 하나여야 합니다: {words}"))
    }

    /// Puts a name before the sentence.
    #[must_use]
    pub(crate) fn about(self, name: &str) -> Self {
        Self::new(format!("{name}: {}", self.english), format!("{name}: {}", self.korean))
    }

    /// Returns the sentence in a language.
    pub(crate) fn sentence(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Korean => &self.korean,
        }
    }
}
