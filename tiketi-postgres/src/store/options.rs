//! How a store is opened.

use std::time::Duration;

use tiketi_core::decide::MAX_CLOCK_LEAD;

use crate::queue::plans::PlanCacheMode;
use crate::sql::schema::SchemaName;

/// How a [`crate::PostgresStore`] is opened.
///
/// ```
/// use tiketi_postgres::StoreOptions;
///
/// let options = StoreOptions::new().schema("shop_north".parse()?);
/// # Ok::<(), tiketi_postgres::InvalidSchemaName>(())
/// ```
#[derive(Debug, Clone)]
pub struct StoreOptions {
    pub(crate) schema: SchemaName,
    pub(crate) clock_lead: Duration,
    pub(crate) plan_cache_mode: PlanCacheMode,
}

impl StoreOptions {
    /// Starts with the schema `tiketi` and a clock lead of 3 seconds.
    pub fn new() -> Self {
        Self {
            schema: SchemaName::default(),
            clock_lead: MAX_CLOCK_LEAD,
            plan_cache_mode: PlanCacheMode::default(),
        }
    }

    /// Uses the tables of another schema, which [`crate::migrate()`] created.
    #[must_use]
    pub fn schema(self, schema: SchemaName) -> Self {
        Self { schema, ..self }
    }

    /// Accepts commands up to `lead` ahead of the database's clock.
    ///
    /// A command further ahead fails with [`tiketi_core::StoreErrorKind::ClockAhead`]: a server with a wrong clock
    /// can end holds at most `lead` too early. [`Duration::MAX`] is for simulations that run ahead of time.
    #[must_use]
    pub fn clock_lead(self, lead: Duration) -> Self {
        Self { clock_lead: lead, ..self }
    }

    /// Changes how long plans are kept.
    #[must_use]
    pub fn plan_cache_mode(self, mode: PlanCacheMode) -> Self {
        Self { plan_cache_mode: mode, ..self }
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self::new()
    }
}
