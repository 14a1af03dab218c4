//! Figures.

use serde::Deserialize;

/// Money of one currency, in minor units.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Money {
    pub(crate) currency: String,
    pub(crate) gross: i64,
    pub(crate) refunded: i64,
    pub(crate) net: i64,
}

/// Cancelled reservations.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cancelled {
    pub(crate) by_buyer: i64,
    pub(crate) by_organiser: i64,
    pub(crate) refunded: i64,
}

/// What happened in a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tally {
    pub(crate) reservations: i64,
    pub(crate) expired: i64,
    pub(crate) cancelled: Cancelled,
    pub(crate) tickets_sold: i64,
    pub(crate) tickets_returned: i64,
    pub(crate) money: Vec<Money>,
}

/// What happened on a day.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DayTally {
    pub(crate) date: String,
    #[serde(flatten)]
    pub(crate) tally: Tally,
}

/// The sum of some days, and of all time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Overview {
    pub(crate) as_of: String,
    pub(crate) time_zone: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) total: Tally,
    pub(crate) all_time: Tally,
}

/// Each day.
#[derive(Debug, Deserialize)]
pub(crate) struct Daily {
    pub(crate) days: Vec<DayTally>,
}

/// Payments by method and currency.
#[derive(Debug, Deserialize)]
pub(crate) struct Payments {
    pub(crate) methods: Vec<MethodSum>,
}

/// Payments by one method in one currency.
#[derive(Debug, Deserialize)]
pub(crate) struct MethodSum {
    pub(crate) method: String,
    pub(crate) attempts: i64,
    pub(crate) captured: i64,
    pub(crate) declined: i64,
    pub(crate) refunds: i64,
    pub(crate) currency: String,
    pub(crate) net: i64,
}

/// How many reservations become sales.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversion {
    pub(crate) reservations: i64,
    pub(crate) payment_attempts: i64,
    pub(crate) declined: i64,
    pub(crate) confirmed: i64,
    pub(crate) expired: i64,
    pub(crate) given_up: i64,
}

/// What happens at which hour.
#[derive(Debug, Deserialize)]
pub(crate) struct HourlyTraffic {
    pub(crate) hours: Vec<HourOfDay>,
}

/// What happened in an hour of the clock.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HourOfDay {
    pub(crate) hour: u8,
    pub(crate) reservations: i64,
    pub(crate) tickets_sold: i64,
}

/// Which sections buyers prefer.
#[derive(Debug, Deserialize)]
pub(crate) struct Preferences {
    pub(crate) data: Vec<EventPreferences>,
}

/// Which sections of an event buyers prefer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventPreferences {
    pub(crate) event: EventName,
    pub(crate) ticket_types: Vec<Preference>,
}

/// Tickets of one type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preference {
    pub(crate) name: String,
    pub(crate) capacity: u32,
    pub(crate) tickets_sold: i64,
    pub(crate) tickets_returned: i64,
}

/// An event, in figures.
#[derive(Debug, Deserialize)]
pub(crate) struct EventName {
    pub(crate) id: String,
    pub(crate) title: String,
}

/// What happens now.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Realtime {
    pub(crate) today: Tally,
    pub(crate) on_sale: Vec<Stock>,
}

/// The tickets of an event as they are now.
#[derive(Debug, Deserialize)]
pub(crate) struct Stock {
    pub(crate) event: EventName,
    pub(crate) capacity: u64,
    pub(crate) held: u64,
    pub(crate) sold: u64,
    pub(crate) available: u64,
}

/// What the first page of an administrator shows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdminDashboard {
    pub(crate) events_on_sale: u64,
    pub(crate) payments_needing_attention: u64,
}
