//! The parts that reports share: how current they are, and sums.

use serde::Serialize;
use tiketi_core::box_office::Report;
use tiketi_core::figures::{Day, DayRange, MoneyTally, Tally};
use tiketi_core::{Currency, Event, EventId};
use utoipa::ToSchema;

/// What a report is about, and how current it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsHead)]
pub(crate) struct HeadDto {
    /// What was committed before this moment is counted.
    #[schema(format = DateTime)]
    as_of: String,
    /// The time zone of the days.
    #[schema(example = "Asia/Seoul")]
    time_zone: String,
}

/// A report about some days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsSpan)]
pub(crate) struct SpanDto {
    #[serde(flatten)]
    head: HeadDto,
    /// The first day.
    #[schema(example = "2026-01-01")]
    from: String,
    /// The last day.
    #[schema(example = "2026-01-31")]
    to: String,
}

impl HeadDto {
    pub(crate) fn of(report: &Report) -> Self {
        Self { as_of: report.as_of.to_string(), time_zone: report.zone.clone() }
    }
}

impl SpanDto {
    pub(super) fn of(report: &Report, range: DayRange) -> Self {
        Self { head: HeadDto::of(report), from: range.first().to_string(), to: range.last().to_string() }
    }
}

/// Money of one currency, in minor units; currencies are never added.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsMoney)]
pub(crate) struct MoneyDto {
    #[schema(example = "KRW")]
    pub(super) currency: &'static str,
    /// What was captured in this time.
    #[schema(example = 1_500_000)]
    pub(super) gross: i64,
    /// What was refunded in this time, whenever it was captured.
    #[schema(example = 150_000)]
    pub(super) refunded: i64,
    /// `gross` less `refunded`; negative if more went back than came in.
    #[schema(example = 1_350_000)]
    pub(super) net: i64,
}

pub(super) fn money(tally: &Tally) -> Vec<MoneyDto> {
    let dto = |(currency, sum): (Currency, MoneyTally)| MoneyDto {
        currency: currency.code(),
        gross: sum.gross,
        refunded: sum.refunded,
        net: sum.net(),
    };
    tally.money().into_iter().map(dto).collect()
}

/// What happened in a time. Everything counts when it happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsTally)]
pub(crate) struct TallyDto {
    /// Reservations made; one is counted once its payment is prepared, or it is confirmed or ends.
    reservations: i64,
    /// Reservations confirmed.
    confirmed: i64,
    /// Reservations whose hold ended.
    expired: i64,
    cancelled: CancelledDto,
    /// Tickets sold.
    tickets_sold: i64,
    /// Sold tickets that came back.
    tickets_returned: i64,
    money: Vec<MoneyDto>,
}

/// Cancelled reservations.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsCancelled)]
pub(crate) struct CancelledDto {
    /// Given up by their buyers, unpaid or free.
    by_buyer: i64,
    /// Cancelled by the organiser, unpaid or free.
    by_organiser: i64,
    /// Paid, and all their tickets were returned.
    refunded: i64,
}

impl From<&Tally> for CancelledDto {
    fn from(tally: &Tally) -> Self {
        Self {
            by_buyer: tally.cancelled_by_buyer,
            by_organiser: tally.cancelled_by_organiser,
            refunded: tally.cancelled_refunded,
        }
    }
}

impl From<&Tally> for TallyDto {
    fn from(tally: &Tally) -> Self {
        Self {
            reservations: tally.started,
            confirmed: tally.confirmed,
            expired: tally.expired,
            cancelled: tally.into(),
            tickets_sold: tally.tickets_sold,
            tickets_returned: tally.tickets_returned,
            money: money(tally),
        }
    }
}

/// What happened on a day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsDay)]
pub(crate) struct DayDto {
    #[schema(example = "2026-01-05")]
    date: String,
    #[serde(flatten)]
    tally: TallyDto,
}

pub(super) fn days(report: &Report, event: Option<EventId>, range: DayRange) -> Vec<DayDto> {
    let dto = |(day, tally): (Day, Tally)| DayDto { date: day.to_string(), tally: (&tally).into() };
    report.days(event, range).into_iter().map(dto).collect()
}

/// Returns a part of a whole with four decimals.
pub(super) fn rate(part: i64, whole: i64) -> Option<f64> {
    let of_10_000 = part.checked_mul(10_000)?.checked_div(whole)?;
    Some(f64::from(i32::try_from(of_10_000).ok()?) / 10_000.0)
}

/// An event, in figures.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsEventName)]
pub(crate) struct EventNameDto {
    #[schema(format = Uuid)]
    id: String,
    title: String,
    #[schema(format = DateTime)]
    event_date: String,
}

impl From<&Event> for EventNameDto {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            title: event.details.title.clone(),
            event_date: event.details.starts_at.to_string(),
        }
    }
}
