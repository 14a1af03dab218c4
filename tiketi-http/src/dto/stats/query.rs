//! The days and events that a report is about.

use serde::Deserialize;
use tiketi_core::box_office::Reports;
use tiketi_core::figures::{Day, DayRange, MAX_DAYS};
use tiketi_core::id::ParseIdError;
use tiketi_core::store::{EventKey, EventSort};
use tiketi_core::{EventId, PageRequest};
use utoipa::IntoParams;

use crate::dto::event::event_key;
use crate::dto::page::{numbered_page, page_after_key};
use crate::error::ApiError;
use crate::reason::Reason;

/// Days of a report unless the client says otherwise.
const DEFAULT_DAYS: i64 = 30;

/// The days of a report, in the organiser's time zone.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatsQuery {
    /// How many days up to the last one, from 1 to 366; 30 by default. Not together with `from`.
    #[param(example = 30, minimum = 1, maximum = 366)]
    pub(crate) days: Option<i64>,
    /// The first day.
    #[param(example = "2026-01-01", value_type = Option<String>)]
    pub(crate) from: Option<String>,
    /// The last day; today by default.
    #[param(example = "2026-01-31", value_type = Option<String>)]
    pub(crate) to: Option<String>,
    /// Only this event; the whole shop by default.
    #[param(value_type = Option<String>, format = Uuid)]
    pub(crate) event_id: Option<String>,
}

/// The days of a report about several events, and the page of events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatsPageQuery {
    /// How many days up to the last one, from 1 to 366; 30 by default. Not together with `from`.
    #[param(example = 30, minimum = 1, maximum = 366)]
    days: Option<i64>,
    /// The first day.
    #[param(example = "2026-01-01", value_type = Option<String>)]
    from: Option<String>,
    /// The last day; today by default.
    #[param(example = "2026-01-31", value_type = Option<String>)]
    to: Option<String>,
    /// Only this event.
    #[param(value_type = Option<String>, format = Uuid)]
    event_id: Option<String>,
    /// Which page of events, from 1, within the first 1,000; 1 by default. Not together with `after`.
    #[param(example = 1, minimum = 1)]
    page: Option<i64>,
    /// `pagination.next` of the page before.
    after: Option<String>,
    /// How many events a page has, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

impl StatsQuery {
    /// Reads the days.
    pub(crate) fn range(&self, reports: &Reports) -> Result<DayRange, ApiError> {
        day_range(self.days, self.from.as_deref(), self.to.as_deref(), reports.today()?)
    }

    /// Reads the event.
    pub(crate) fn event(&self) -> Result<Option<EventId>, ApiError> {
        event_of(self.event_id.as_deref())
    }
}

impl StatsPageQuery {
    /// Reads the days.
    pub(crate) fn range(&self, reports: &Reports) -> Result<DayRange, ApiError> {
        day_range(self.days, self.from.as_deref(), self.to.as_deref(), reports.today()?)
    }

    /// Reads the event.
    pub(crate) fn event(&self) -> Result<Option<EventId>, ApiError> {
        event_of(self.event_id.as_deref())
    }

    /// Reads the page of events, the latest first, and the place after which it starts.
    pub(crate) fn page(&self) -> Result<(PageRequest, Option<EventKey>), ApiError> {
        match &self.after {
            Some(after) => {
                let page = page_after_key(self.page, self.limit)?;
                Ok((page, Some(event_key(after, EventSort::Newest)?)))
            }
            None => Ok((numbered_page(self.page, self.limit)?, None)),
        }
    }
}

fn event_of(text: Option<&str>) -> Result<Option<EventId>, ApiError> {
    let wrong = |error: ParseIdError| ApiError::invalid_query("eventId", error);
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

fn day_range(
    days: Option<i64>,
    from: Option<&str>,
    to: Option<&str>,
    today: Day,
) -> Result<DayRange, ApiError> {
    let read =
        |name: &str, text: &str| text.parse::<Day>().map_err(|error| ApiError::invalid_query(name, error));
    let last = to.map_or(Ok(today), |text| read("to", text))?;
    let first = match (days, from) {
        (Some(_), Some(_)) => return Err(ApiError::invalid_query("days, from", Reason::SEND_ONE)),
        (None, Some(text)) => read("from", text)?,
        (days, None) => {
            let days = i32::try_from(days.unwrap_or(DEFAULT_DAYS)).ok().filter(|days| *days > 0);
            let days = days.ok_or_else(|| ApiError::invalid_query("days", Reason::range(1, MAX_DAYS)))?;
            last.plus(1 - days)
        }
    };
    DayRange::new(first, last).map_err(|error| ApiError::invalid_query("from, to", error))
}
