//! How a batch begins: its limits, and how the database plans its statements.

/// How long a connection keeps the plan of a statement of a batch: the setting `plan_cache_mode` of Postgres.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanCacheMode {
    /// Each connection plans a statement once: every statement finds its rows by key, so that another plan gains nothing.
    #[default]
    ForceGenericPlan,
    /// The server decides.
    Auto,
    /// Each statement is planned for its values, which a coordinator of shards needs to know the shard.
    ForceCustomPlan,
}

/// Begins a batch, each of whose statements sees what was committed before it; the arguments are how many milliseconds it may wait for a lock, and how plans are kept.
///
/// Every statement of a batch finds its rows by a key, whatever the planner estimates: no table is scanned, and new
/// values are joined to their rows by hashing. Planning a statement again therefore gains nothing, and each
/// connection plans it once. The settings end with the transaction.
///
/// `lock_timeout` is long enough for the batches of other servers that wait for the event's row, and short enough
/// that an event that stays locked soon releases its permit; see [`crate::queue::permits`]. The other timeout is
/// explained at [`crate::sql::session::BEGIN`]. All of it is sent with `BEGIN`, in one message.
macro_rules! begin {
    ($lock_timeout:literal, $plans:literal) => {
        concat!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL enable_seqscan = off; SET LOCAL enable_nestloop = off; SET LOCAL jit = off; \
                SET LOCAL plan_cache_mode = ",
            $plans,
            "; SET LOCAL idle_in_transaction_session_timeout = 5000; SET LOCAL lock_timeout = ",
            $lock_timeout
        )
    };
}

/// How batches begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begin {
    pub(crate) first: &'static str,
    /// For an event that could not be locked in that time: many servers may be waiting for it.
    pub(crate) waiting: &'static str,
}

impl Begin {
    /// Returns the statements for one way of keeping plans.
    pub(crate) const fn of(mode: PlanCacheMode) -> Self {
        match mode {
            PlanCacheMode::ForceGenericPlan => Self {
                first: begin!("200", "force_generic_plan"),
                waiting: begin!("500", "force_generic_plan"),
            },
            PlanCacheMode::Auto => Self { first: begin!("200", "auto"), waiting: begin!("500", "auto") },
            PlanCacheMode::ForceCustomPlan => Self {
                first: begin!("200", "force_custom_plan"),
                waiting: begin!("500", "force_custom_plan"),
            },
        }
    }
}
