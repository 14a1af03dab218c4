//! The schema that contains a shop's tables.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// The name of the schema in the statements of this crate; [`Schema`] replaces it by the shop's own name.
const PLACEHOLDER: &str = "tiketi.";
/// The default name, which needs no rendering.
const DEFAULT: &str = "tiketi";
/// Longest identifier of Postgres, in bytes (source: PostgreSQL's manual, 4.1.1; longer ones are truncated).
const MAX_BYTES: usize = 63;

/// Name of the schema that contains a shop's tables, `tiketi` by default.
///
/// Shops in different schemas of one database share nothing: each has its own tables, sequences and migrations.
///
/// A name has 1 to 63 letters `a` to `z`, digits and underscores, and does not begin with a digit. Names that
/// Postgres reserves (`pg_…`, `information_schema`) are refused, and so is `public`, which contains the host's own
/// tables.
///
/// ```
/// use tiketi_postgres::SchemaName;
///
/// let north: SchemaName = "shop_north".parse()?;
/// assert_eq!(north.as_str(), "shop_north");
/// assert!("shop\"; DROP".parse::<SchemaName>().is_err());
/// # Ok::<(), tiketi_postgres::InvalidSchemaName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemaName(Cow<'static, str>);

impl SchemaName {
    /// Returns the name, which needs no quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Replaces the placeholder in the text of a statement by the schema's name.
    pub(crate) fn render(&self, statement: &str) -> String {
        statement.replace(PLACEHOLDER, &format!("\"{self}\"."))
    }
}

impl Default for SchemaName {
    fn default() -> Self {
        Self(Cow::Borrowed(DEFAULT))
    }
}

impl FromStr for SchemaName {
    type Err = InvalidSchemaName;

    fn from_str(name: &str) -> Result<Self, InvalidSchemaName> {
        let is_plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
        let begins_right = name.starts_with(|letter: char| is_plain(letter) && !letter.is_ascii_digit());
        let is_reserved = name.starts_with("pg_") || matches!(name, "information_schema" | "public");
        if !begins_right || !name.chars().all(is_plain) || name.len() > MAX_BYTES || is_reserved {
            return Err(InvalidSchemaName);
        }
        Ok(Self(Cow::Owned(name.to_owned())))
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Error: a text is not a valid [`SchemaName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidSchemaName;

impl fmt::Display for InvalidSchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a schema's name has 1 to 63 letters a to z, digits and underscores, begins with no digit or `pg_`, \
             and is neither `public` nor `information_schema`",
        )
    }
}

impl std::error::Error for InvalidSchemaName {}

/// A shop's schema, with a cache of the statements that were rendered for it.
///
/// A statement must have the same text each time, because connections cache prepared statements by their text.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    name: SchemaName,
    /// By address and length of the constant text, so that no text is hashed.
    rendered: RwLock<HashMap<(usize, usize), Arc<str>>>,
}

impl Schema {
    /// Creates an empty cache.
    pub(crate) fn new(name: SchemaName) -> Self {
        Self { name, rendered: RwLock::default() }
    }

    /// Returns the schema's name.
    pub(crate) fn name(&self) -> &SchemaName {
        &self.name
    }

    /// Returns a statement with the schema's name.
    pub(crate) fn sql(&self, statement: &'static str) -> SqlStr {
        if self.name.as_str() == DEFAULT {
            return statement.into_sql_str();
        }
        let key = (statement.as_ptr().addr(), statement.len());
        let known = self.rendered.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let rendered = known.unwrap_or_else(|| {
            let rendered = Arc::from(self.name.render(statement));
            let mut all = self.rendered.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(key).or_insert(rendered))
        });
        // The statement is a constant of this crate, and the name has letters, digits and underscores only.
        AssertSqlSafe(rendered).into_sql_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_need_quotes_or_are_reserved_are_refused() {
        for name in [
            "",
            "1st",
            "Shop",
            "a b",
            "a\"b",
            "a.b",
            "pg_shop",
            "public",
            "information_schema",
            &"a".repeat(64),
        ] {
            assert_eq!(name.parse::<SchemaName>(), Err(InvalidSchemaName), "{name}");
        }
        for name in ["tiketi", "_a", "shop_2", &"a".repeat(63)] {
            assert_eq!(name.parse::<SchemaName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_statement_is_rendered_once() {
        let schema = Schema::new("north".parse().unwrap());
        let first = schema.sql("SELECT 1 FROM tiketi.events JOIN tiketi.seats ON true");
        assert_eq!(first.as_str(), "SELECT 1 FROM \"north\".events JOIN \"north\".seats ON true");
        assert_eq!(schema.rendered.read().unwrap().len(), 1);
    }

    #[test]
    fn statements_of_the_default_schema_stay_as_they_are() {
        let statement = "SELECT 1 FROM tiketi.events";
        let schema = Schema::default();
        assert!(std::ptr::eq(schema.sql(statement).as_str(), statement));
        assert!(schema.rendered.read().unwrap().is_empty());
    }
}
