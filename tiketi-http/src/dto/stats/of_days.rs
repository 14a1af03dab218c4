//! Reports about days: overview, each day, revenue, payments, conversion, cancellations and hours.

use std::time::Duration;

use serde::Serialize;
use tiketi_core::EventId;
use tiketi_core::box_office::Report;
use tiketi_core::figures::{Calendar, Day, DayRange, MethodKey, MethodTally, Tally};
use utoipa::ToSchema;

use super::sums::{CancelledDto, DayDto, MoneyDto, SpanDto, TallyDto, days, money, rate};

/// An overview of some days, and of all time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsOverview)]
pub(crate) struct OverviewAnswer {
    #[serde(flatten)]
    span: SpanDto,
    /// The sum of the days.
    total: TallyDto,
    /// Since the first sale.
    all_time: TallyDto,
}

impl OverviewAnswer {
    pub(crate) fn of(report: &Report, event: Option<EventId>, range: DayRange) -> Self {
        Self {
            span: SpanDto::of(report, range),
            total: (&report.sum(event, range)).into(),
            all_time: (&report.total(event)).into(),
        }
    }
}

/// Each day, those without sales included.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsDaily)]
pub(crate) struct DailyAnswer {
    #[serde(flatten)]
    span: SpanDto,
    days: Vec<DayDto>,
}

impl DailyAnswer {
    pub(crate) fn of(report: &Report, event: Option<EventId>, range: DayRange) -> Self {
        Self { span: SpanDto::of(report, range), days: days(report, event, range) }
    }
}

/// Money, of all days and of each.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsRevenue)]
pub(crate) struct RevenueAnswer {
    #[serde(flatten)]
    span: SpanDto,
    /// The sum of the days.
    money: Vec<MoneyDto>,
    days: Vec<RevenueDayDto>,
}

/// Money of a day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsRevenueDay)]
pub(crate) struct RevenueDayDto {
    #[schema(example = "2026-01-05")]
    date: String,
    money: Vec<MoneyDto>,
}

impl RevenueAnswer {
    pub(crate) fn of(report: &Report, event: Option<EventId>, range: DayRange) -> Self {
        let dto = |(day, tally): (Day, Tally)| RevenueDayDto { date: day.to_string(), money: money(&tally) };
        Self {
            span: SpanDto::of(report, range),
            money: money(&report.sum(event, range)),
            days: report.days(event, range).into_iter().map(dto).collect(),
        }
    }
}

/// Payments by method and currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsPayments)]
pub(crate) struct PaymentsAnswer {
    #[serde(flatten)]
    span: SpanDto,
    methods: Vec<MethodDto>,
}

/// Payments by one method in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsMethod)]
pub(crate) struct MethodDto {
    #[schema(example = "kakao_pay")]
    method: String,
    /// Payments prepared.
    attempts: i64,
    /// Payments captured.
    captured: i64,
    /// Payments declined.
    declined: i64,
    /// Refunds done.
    refunds: i64,
    #[serde(flatten)]
    money: MoneyDto,
}

impl From<(&MethodKey, &MethodTally)> for MethodDto {
    fn from((key, of): (&MethodKey, &MethodTally)) -> Self {
        let net = of.gross.saturating_sub(of.refunded);
        let currency = key.currency.code();
        Self {
            method: key.method.clone(),
            attempts: of.attempts,
            captured: of.captured,
            declined: of.declined,
            refunds: of.refunds,
            money: MoneyDto { currency, gross: of.gross, refunded: of.refunded, net },
        }
    }
}

impl PaymentsAnswer {
    pub(crate) fn of(report: &Report, event: Option<EventId>, range: DayRange) -> Self {
        let sum = report.sum(event, range);
        Self { span: SpanDto::of(report, range), methods: sum.methods.iter().map(Into::into).collect() }
    }
}

/// How many reservations become sales.
///
/// Each number counts what happened in this time, so a rate may exceed 1 when a time begins in the middle of sales.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsConversion)]
pub(crate) struct ConversionAnswer {
    #[serde(flatten)]
    span: SpanDto,
    /// Reservations made.
    reservations: i64,
    /// Payments prepared; a reservation may have several.
    payment_attempts: i64,
    /// Payments declined.
    declined: i64,
    /// Reservations confirmed.
    confirmed: i64,
    /// Reservations whose hold ended.
    expired: i64,
    /// Reservations given up unpaid.
    given_up: i64,
    /// `confirmed` of `reservations`; absent without reservations.
    #[schema(example = 0.8125)]
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_rate: Option<f64>,
    /// `expired` of `reservations`; absent without reservations.
    #[schema(example = 0.125)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_rate: Option<f64>,
}

impl ConversionAnswer {
    pub(crate) fn of(report: &Report, event: Option<EventId>, range: DayRange) -> Self {
        let sum = report.sum(event, range);
        let of_methods = |of: fn(&MethodTally) -> i64| sum.methods.values().map(of).sum();
        Self {
            span: SpanDto::of(report, range),
            reservations: sum.started,
            payment_attempts: of_methods(|of| of.attempts),
            declined: of_methods(|of| of.declined),
            confirmed: sum.confirmed,
            expired: sum.expired,
            given_up: sum.cancelled_by_buyer.saturating_add(sum.cancelled_by_organiser),
            confirmed_rate: rate(sum.confirmed, sum.started),
            expired_rate: rate(sum.expired, sum.started),
        }
    }
}

/// What came back, and what ended unpaid.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsCancellations)]
pub(crate) struct CancellationsAnswer {
    #[serde(flatten)]
    span: SpanDto,
    /// The sum of the days.
    total: CancellationsDto,
    days: Vec<CancellationsDayDto>,
}

/// Cancellations of a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsCancellationSums)]
pub(crate) struct CancellationsDto {
    cancelled: CancelledDto,
    /// Reservations whose hold ended.
    expired: i64,
    /// Sold tickets that came back, those of reservations that keep others included.
    tickets_returned: i64,
    /// Refunds done.
    refunds: i64,
    money: Vec<MoneyDto>,
}

/// Cancellations of a day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsCancellationDay)]
pub(crate) struct CancellationsDayDto {
    #[schema(example = "2026-01-05")]
    date: String,
    #[serde(flatten)]
    sums: CancellationsDto,
}

impl From<&Tally> for CancellationsDto {
    fn from(tally: &Tally) -> Self {
        Self {
            cancelled: tally.into(),
            expired: tally.expired,
            tickets_returned: tally.tickets_returned,
            refunds: tally.methods.values().map(|of| of.refunds).sum(),
            money: money(tally),
        }
    }
}

impl CancellationsAnswer {
    pub(crate) fn of(report: &Report, event: Option<EventId>, range: DayRange) -> Self {
        let dto =
            |(day, tally): (Day, Tally)| CancellationsDayDto { date: day.to_string(), sums: (&tally).into() };
        Self {
            span: SpanDto::of(report, range),
            total: (&report.sum(event, range)).into(),
            days: report.days(event, range).into_iter().map(dto).collect(),
        }
    }
}

/// What happened at each hour of the clock, of all days together.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsHourlyTraffic)]
pub(crate) struct HourlyTrafficAnswer {
    #[serde(flatten)]
    span: SpanDto,
    /// The hours 0 to 23. An hour that a day has twice is one hour here.
    hours: Vec<HourDto>,
}

/// What happened in an hour of the clock.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsHour)]
pub(crate) struct HourDto {
    #[schema(example = 19)]
    hour: u8,
    reservations: i64,
    confirmed: i64,
    tickets_sold: i64,
}

/// How long a quarter of an hour is.
pub(super) const QUARTER: Duration = Duration::from_mins(15);

impl HourlyTrafficAnswer {
    pub(crate) fn of(
        report: &Report,
        event: Option<EventId>,
        range: DayRange,
        calendar: &dyn Calendar,
    ) -> Self {
        let mut hours: Vec<HourDto> = (0..24).map(|hour| HourDto { hour, ..HourDto::default() }).collect();
        for day in range.days() {
            let starts_at = calendar.starts_at(day);
            for (quarter, of) in &report.day(event, day).quarters {
                let at = starts_at.after(QUARTER * u32::from(*quarter));
                if let Some(hour) = hours.get_mut(usize::from(calendar.hour_of(at))) {
                    hour.reservations += of.started;
                    hour.confirmed += of.confirmed;
                    hour.tickets_sold += of.tickets;
                }
            }
        }
        Self { span: SpanDto::of(report, range), hours }
    }
}
