//! What the layout of every page needs.

use std::fmt;

use askama::filters::HtmlSafe;
use tiketi_core::Timestamp;
use tiketi_core::language::Language;

use crate::amount;
use crate::assets;
use crate::moment::Moment;
use crate::texts::Text;
use crate::theme::Theme;
use crate::visit::Visit;

/// A page: its title, and what the layout shows around it.
///
/// Templates name it `page` and extend `layout.html`. Sentences are `page.t` with their names.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) visit: Visit,
    pub(crate) title: String,
    /// Seconds after which a page without scripts loads itself again.
    pub(crate) refresh: Option<u32>,
    /// A sentence about what was just done.
    pub(crate) notice: Option<String>,
    /// Which style sheets it has beside the shop's own.
    pub(crate) styles: &'static [&'static str],
}

impl Visit {
    /// Starts a page.
    pub(crate) fn page(&self, title: impl fmt::Display) -> Page {
        Page { visit: self.clone(), title: title.to_string(), refresh: None, notice: None, styles: &[] }
    }
}

impl Page {
    /// Lets the page load itself again after some seconds, for browsers without scripts.
    pub(crate) fn refreshed_after(mut self, seconds: u32) -> Self {
        self.refresh = Some(seconds);
        self
    }

    /// Says on the page what was just done.
    pub(crate) fn saying(mut self, notice: Option<String>) -> Self {
        self.notice = notice;
        self
    }

    /// Adds style sheets.
    pub(crate) fn styled(mut self, styles: &'static [&'static str]) -> Self {
        self.styles = styles;
        self
    }

    /// Starts a sentence in the visitor's language.
    pub(crate) fn t<'t>(&self, id: &'t str) -> Text<'t> {
        self.visit.t(id)
    }

    /// Returns the address of an embedded file.
    #[expect(clippy::unused_self, reason = "templates call it as the others")]
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// Places a moment in the shop's time zone.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
    pub(crate) fn moment(&self, at: &Timestamp) -> Moment {
        self.visit.moment(*at)
    }

    /// Writes money.
    pub(crate) fn money(&self, minor: impl Whole, currency: &str) -> String {
        self.visit.money(minor.whole(), currency)
    }

    /// Writes a whole number.
    #[expect(clippy::unused_self, reason = "templates call it as the others")]
    pub(crate) fn number(&self, number: impl Whole) -> String {
        amount::grouped(number.whole())
    }

    /// Returns a new once-only key as a hidden field: however often its form is sent, it takes effect once.
    pub(crate) fn key(&self) -> OnceOnlyKey {
        OnceOnlyKey(self.visit.new_key())
    }

    /// Returns the tag of the language.
    pub(crate) fn language(&self) -> &'static str {
        self.visit.language.tag()
    }

    /// Returns the other languages with their own names.
    pub(crate) fn other_languages(&self) -> Vec<(&'static str, &'static str)> {
        let named = [(Language::English, "English"), (Language::Korean, "한국어")];
        let others = named.into_iter().filter(|(language, _)| *language != self.visit.language);
        others.map(|(language, name)| (language.tag(), name)).collect()
    }

    /// Returns the name of the theme.
    pub(crate) fn theme(&self) -> &'static str {
        self.visit.theme.name()
    }

    /// Returns the theme that the switch in the layout chooses.
    pub(crate) fn next_theme(&self) -> &'static str {
        match self.visit.theme {
            Theme::Auto => Theme::Dark.name(),
            Theme::Dark => Theme::Light.name(),
            Theme::Light => Theme::Auto.name(),
        }
    }

    /// Returns whether the page is at a path or below it.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        let at = self.visit.path.split('?').next().unwrap_or_default();
        at.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns the name of the shop.
    pub(crate) fn shop(&self) -> &str {
        &self.visit.shop.settings.shop
    }

    /// Returns the name of the zone in which times are shown.
    pub(crate) fn zone(&self) -> &'static str {
        self.visit.shop.settings.zone.name()
    }
}

/// A whole number; templates hand over references to numbers, and references to these.
pub(crate) trait Whole {
    /// Returns the number; the greatest one for those that are greater.
    fn whole(&self) -> i64;
}

impl Whole for i64 {
    fn whole(&self) -> i64 {
        *self
    }
}

impl Whole for u64 {
    fn whole(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl Whole for u32 {
    fn whole(&self) -> i64 {
        i64::from(*self)
    }
}

impl<T: Whole> Whole for &T {
    fn whole(&self) -> i64 {
        (**self).whole()
    }
}

/// A hidden field with a once-only key.
#[derive(Debug)]
pub(crate) struct OnceOnlyKey(String);

impl fmt::Display for OnceOnlyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An id has hexadecimal digits and hyphens only.
        write!(f, r#"<input type="hidden" name="key" value="{}">"#, self.0)
    }
}

impl HtmlSafe for OnceOnlyKey {}
