//! Figures.

mod of_days;
mod of_events;
mod query;
mod sums;

pub(crate) use of_days::{
    CancellationsAnswer, ConversionAnswer, DailyAnswer, HourlyTrafficAnswer, OverviewAnswer, PaymentsAnswer,
    RevenueAnswer,
};
pub(crate) use of_events::{
    AdminDashboardAnswer, DashboardAnswer, EventsAnswer, RealtimeAnswer, SeatPreferencesAnswer,
};
pub(crate) use query::{StatsPageQuery, StatsQuery};
