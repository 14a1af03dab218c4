//! Chainable setters of structs that a host builds.

/// Defines a chainable setter for each named field, so that a `#[non_exhaustive]` struct is built in one expression.
///
/// The type is that of the setter's argument, and is converted into the field's: `hold_ttl: Duration`,
/// `title: impl Into<String>`, `account: impl Into<Option<RefundAccount>>`.
macro_rules! setters {
    ($($field:ident: $argument:ty),+ $(,)?) => {
        $(
            #[doc = concat!("Sets [`", stringify!($field), "`](#structfield.", stringify!($field), ").")]
            #[must_use]
            pub fn $field(mut self, $field: $argument) -> Self {
                self.$field = $field.into();
                self
            }
        )+
    };
}

pub(crate) use setters;
