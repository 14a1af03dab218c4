//! Reasons: sentences in `details.reason`, in each language.

use std::borrow::Cow;

use crate::language::Language;

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
