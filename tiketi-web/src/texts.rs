//! The sentences of the pages, in each language.
//!
//! They are written in the syntax of Project Fluent, in `locales/`. A test checks that the languages have the same messages with the same
//! variables, and that templates and handlers name only messages that exist.

use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::memoizer::MemoizerKind;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use tiketi_core::language::Language;
use unic_langid::LanguageIdentifier;

use crate::amount::grouped;

/// The files of each language, by the same names.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        pub(crate) const ENGLISH: &[(&str, &str)] = &[$(($name, include_str!(concat!("../locales/en/", $name)))),*];
        pub(crate) const KOREAN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../locales/ko/", $name)))),*];
    };
}

files!("common.ftl", "buyer.ftl", "account.ftl", "staff.ftl");

static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 2]> =
    LazyLock::new(|| [bundle(Language::English, ENGLISH), bundle(Language::Korean, KOREAN)]);

/// A sentence that is written where it is shown.
///
/// Values come in with [`Text::with`]. A template escapes the whole sentence, values included.
#[derive(Debug)]
pub(crate) struct Text<'t> {
    language: Language,
    id: &'t str,
    values: FluentArgs<'static>,
}

/// A value of a sentence.
pub(crate) trait Value {
    /// Returns the value: numbers choose plural forms and are shown with separators, texts are shown as they are.
    fn value(&self) -> FluentValue<'static>;
}

impl<'t> Text<'t> {
    /// Names a sentence.
    pub(crate) fn new(language: Language, id: &'t str) -> Self {
        Self { language, id, values: FluentArgs::new() }
    }

    /// Sets a value.
    pub(crate) fn with(mut self, name: &str, value: impl Value) -> Self {
        self.values.set(name.to_owned(), value.value());
        self
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [english, korean] = &*BUNDLES;
        let bundle = match self.language {
            Language::English => english,
            Language::Korean => korean,
        };
        let Some(pattern) = bundle.get_message(self.id).and_then(|message| message.value()) else {
            tracing::error!(id = self.id, "a sentence is missing");
            return f.write_str(self.id);
        };
        let mut problems = Vec::new();
        let written = bundle.format_pattern(pattern, Some(&self.values), &mut problems);
        if !problems.is_empty() {
            tracing::error!(id = self.id, ?problems, "a sentence cannot be written");
        }
        f.write_str(&written)
    }
}

fn bundle(language: Language, files: &[(&str, &str)]) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Both languages are written from left to right, so that values need no marks around them.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(with_separators));
    for (name, text) in files {
        let read = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(read, problems)| {
            tracing::error!(name, ?problems, "a file of sentences has mistakes");
            read
        });
        if let Err(problems) = bundle.add_resource(read) {
            tracing::error!(name, ?problems, "sentences are there twice");
        }
    }
    bundle
}

fn with_separators<M: MemoizerKind>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(FluentNumber { value, .. }) => {
            let plain = format!("{value}");
            Some(plain.parse().map_or(plain, grouped))
        }
        _ => None,
    }
}

impl Value for str {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::String(self.to_owned().into())
    }
}

impl Value for String {
    fn value(&self) -> FluentValue<'static> {
        self.as_str().value()
    }
}

impl Value for Text<'_> {
    fn value(&self) -> FluentValue<'static> {
        self.to_string().value()
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Value for $number {
            fn value(&self) -> FluentValue<'static> {
                (*self).into()
            }
        }
    )*};
}

numbers!(u8 u16 u32 u64 i32 i64 usize);

impl<T: Value + ?Sized> Value for &T {
    fn value(&self) -> FluentValue<'static> {
        (**self).value()
    }
}

#[cfg(test)]
mod tests;
