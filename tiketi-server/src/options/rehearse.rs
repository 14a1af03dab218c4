//! Options of the command `rehearse`.

use std::time::Duration;

use clap::Args;

use super::values;

/// How to rehearse.
#[derive(Debug, Args)]
pub(crate) struct Rehearse {
    /// Most buyers who come, in all
    #[arg(long, value_name = "NUMBER", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=200_000))]
    pub(crate) buyers: u32,
    /// Longest time for which buyers come; the scratch shop takes some seconds more to make and delete
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = values::duration)]
    pub(crate) time: Duration,
    /// Most buyers at the same time; the rehearsal begins with one, and goes on with four times as many at each step
    #[arg(long, value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub(crate) at_once: u32,
    /// Tickets that each buyer takes
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=8))]
    pub(crate) tickets: u32,
    /// Longest that 99 of 100 holds may take for a step to count
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = values::duration)]
    pub(crate) hold_within: Duration,
    /// How long a real buyer stays from the admission to the payment, for the recommended number of active buyers
    #[arg(long, value_name = "DURATION", default_value = "3m", value_parser = values::duration)]
    pub(crate) visit: Duration,
    /// Rehearse although the shop is selling; its buyers will wait longer
    #[arg(long)]
    pub(crate) beside_sales: bool,
}
