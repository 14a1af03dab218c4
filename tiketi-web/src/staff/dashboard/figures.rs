//! The charts of the first page: which figures each one shows.

use std::collections::BTreeSet;

use tiketi_core::Currency;

use crate::staff::charts::{Chart, Series, Shape, ValueText};
use crate::staff::member::Member;
use crate::staff::wire::{
    Conversion, Daily, DayTally, EventPreferences, HourlyTraffic, Money, Overview, Payments, Preferences,
    Tally,
};
use tiketi_core::language::Language;

/// Most rows of a list of bars.
const MOST_BARS: usize = 12;

/// Named amounts, each with a bar; the table that it is has the figures.
pub(super) struct Bars {
    pub(super) title: String,
    pub(super) rows: Vec<Bar>,
    pub(super) hint: Option<String>,
}

/// One named amount.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: String,
    /// Of the longest bar, in a hundredth.
    pub(super) width: i64,
    /// What is said beside the value.
    pub(super) note: String,
}

/// Draws what has a time: sales, money, ended reservations and hours.
pub(super) fn drawn(
    member: &Member,
    overview: &Overview,
    daily: &Daily,
    hours: &HourlyTraffic,
) -> Vec<Chart> {
    let mut charts = vec![sales(member, daily)];
    charts.extend(currencies(overview).into_iter().map(|code| revenue(member, daily, &code)));
    charts.push(ended(member, daily));
    charts.push(by_hour(member, hours));
    charts
}

/// Returns the currencies in which something was captured or refunded, at most two.
fn currencies(overview: &Overview) -> Vec<String> {
    let codes: BTreeSet<_> = overview.total.money.iter().map(|money| money.currency.clone()).collect();
    codes.into_iter().take(2).collect()
}

fn of_days(member: &Member, id: &'static str, title: String, daily: &Daily, series: Vec<Series>) -> Chart {
    Chart {
        id,
        title,
        shape: Shape::Lines,
        label_heading: member.visit.t("staff-chart-day").to_string(),
        // The year is said above the charts.
        labels: daily.days.iter().map(|day| day.date.get(5..).unwrap_or(&day.date).to_owned()).collect(),
        series,
        in_table: ValueText::Count,
        at_axis: member.at_axis(),
    }
}

fn each_day(daily: &Daily, value: impl Fn(&Tally) -> i64) -> Vec<i64> {
    daily.days.iter().map(|DayTally { tally, .. }| value(tally)).collect()
}

fn sales(member: &Member, daily: &Daily) -> Chart {
    let t = |id| member.visit.t(id).to_string();
    let series = vec![
        Series::new(t("staff-chart-sold"), each_day(daily, |tally| tally.tickets_sold)),
        Series::new(t("staff-chart-returned"), each_day(daily, |tally| tally.tickets_returned)),
    ];
    of_days(member, "chart-sales", t("staff-chart-sales"), daily, series)
}

fn revenue(member: &Member, daily: &Daily, code: &str) -> Chart {
    let t = |id| member.visit.t(id).to_string();
    let of = |value: fn(&Money) -> i64| {
        each_day(daily, |tally| tally.money.iter().find(|money| money.currency == code).map_or(0, value))
    };
    let series = vec![
        Series::new(t("staff-chart-gross"), of(|money| money.gross)),
        Series::new(t("staff-chart-refunded"), of(|money| money.refunded)),
    ];
    let title = member.visit.t("staff-chart-revenue").with("currency", code).to_string();
    let decimals = code.parse::<Currency>().map_or(0, |currency| u32::from(currency.decimals()));
    let id = if code == "KRW" { "chart-revenue-krw" } else { "chart-revenue" };
    Chart {
        in_table: ValueText::Money { decimals, currency: code.to_owned() },
        at_axis: ValueText::ShortMoney { decimals, korean: member.visit.language == Language::Korean },
        ..of_days(member, id, title, daily, series)
    }
}

fn ended(member: &Member, daily: &Daily) -> Chart {
    let t = |id| member.visit.t(id).to_string();
    let series = vec![
        Series::new(t("staff-chart-expired"), each_day(daily, |tally| tally.expired)),
        Series::new(t("staff-chart-by-buyer"), each_day(daily, |tally| tally.cancelled.by_buyer)),
        Series::new(t("staff-chart-by-organiser"), each_day(daily, |tally| tally.cancelled.by_organiser)),
        Series::new(t("staff-chart-paid-back"), each_day(daily, |tally| tally.cancelled.refunded)),
    ];
    of_days(member, "chart-ended", t("staff-chart-ended"), daily, series)
}

fn by_hour(member: &Member, hours: &HourlyTraffic) -> Chart {
    let t = |id| member.visit.t(id).to_string();
    let values = |value: fn(&crate::staff::wire::HourOfDay) -> i64| hours.hours.iter().map(value).collect();
    Chart {
        id: "chart-hours",
        title: t("staff-chart-hours"),
        shape: Shape::Bars,
        label_heading: t("staff-chart-hour"),
        labels: hours.hours.iter().map(|hour| format!("{:02}", hour.hour)).collect(),
        series: vec![
            Series::new(t("staff-chart-reservations"), values(|hour| hour.reservations)),
            Series::new(t("staff-chart-sold"), values(|hour| hour.tickets_sold)),
        ],
        in_table: ValueText::Count,
        at_axis: member.at_axis(),
    }
}

/// Draws what has no time: the way to a sale, sections or events, and payment methods.
pub(super) fn bars(
    member: &Member,
    conversion: &Conversion,
    sections: &Preferences,
    payments: &Payments,
    is_one_event: bool,
) -> Vec<Bars> {
    let sections = match sections.data.first().filter(|_| is_one_event) {
        Some(event) => of_sections(member, event),
        None => of_events(member, sections),
    };
    [of_conversion(member, conversion), sections, of_methods(member, payments)].into_iter().collect()
}

/// Makes bars of amounts; the longest one has the whole width.
fn scaled(title: String, rows: Vec<(String, i64, String, String)>) -> Bars {
    let most = rows.iter().map(|(_, amount, ..)| *amount).max().unwrap_or(0).max(1);
    let bar = |(label, amount, value, note): (String, i64, String, String)| Bar {
        label,
        value,
        width: amount.max(0).saturating_mul(100) / most,
        note,
    };
    Bars { title, rows: rows.into_iter().take(MOST_BARS).map(bar).collect(), hint: None }
}

fn of_conversion(member: &Member, figures: &Conversion) -> Bars {
    let steps = [
        ("staff-step-reservations", figures.reservations),
        ("staff-step-attempts", figures.payment_attempts),
        ("staff-step-confirmed", figures.confirmed),
        ("staff-step-declined", figures.declined),
        ("staff-step-expired", figures.expired),
        ("staff-step-given-up", figures.given_up),
    ];
    let row = |(id, amount): (&'static str, i64)| {
        let share = percent(amount, figures.reservations).unwrap_or_default();
        (member.visit.t(id).to_string(), amount, member.count(amount), share)
    };
    let title = member.visit.t("staff-chart-conversion").to_string();
    let hint = Some(member.visit.t("staff-chart-conversion-hint").to_string());
    Bars { hint, ..scaled(title, steps.into_iter().map(row).collect()) }
}

fn of_sections(member: &Member, event: &EventPreferences) -> Bars {
    let rows = event.ticket_types.iter().map(|found| {
        let of = member.visit.t("staff-chart-of-capacity").with("capacity", found.capacity);
        (found.name.clone(), found.tickets_sold, member.count(found.tickets_sold), of.to_string())
    });
    scaled(member.visit.t("staff-chart-sections").to_string(), rows.collect())
}

fn of_events(member: &Member, events: &Preferences) -> Bars {
    let mut rows: Vec<_> = events
        .data
        .iter()
        .map(|event| {
            let sum = |of: fn(&crate::staff::wire::Preference) -> i64| {
                event.ticket_types.iter().map(of).sum::<i64>()
            };
            let (sold, returned) = (sum(|of| of.tickets_sold), sum(|of| of.tickets_returned));
            let note = match returned {
                0 => String::new(),
                _ => member.visit.t("staff-chart-came-back").with("count", returned).to_string(),
            };
            (event.event.title.clone(), sold, member.count(sold), note)
        })
        .collect();
    rows.sort_by_key(|(_, sold, ..)| std::cmp::Reverse(*sold));
    let hint = Some(member.visit.t("staff-chart-events-hint").to_string());
    Bars { hint, ..scaled(member.visit.t("staff-chart-events").to_string(), rows) }
}

fn of_methods(member: &Member, payments: &Payments) -> Bars {
    let rows = payments.methods.iter().map(|found| {
        let note = member
            .visit
            .t("staff-chart-method-note")
            .with("net", member.money(&found.net, &found.currency))
            .with("attempts", found.attempts)
            .with("declined", found.declined)
            .with("refunds", found.refunds);
        (found.method.clone(), found.captured, member.count(found.captured), note.to_string())
    });
    scaled(member.visit.t("staff-chart-methods").to_string(), rows.collect())
}

/// Writes a part of a whole in percent, with one decimal.
pub(super) fn percent(part: i64, whole: i64) -> Option<String> {
    let tenths = part.checked_mul(1_000)?.checked_div(whole)?;
    Some(format!("{}.{}%", tenths / 10, (tenths % 10).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_in_percent() {
        assert_eq!(percent(13, 16).as_deref(), Some("81.2%"));
        assert_eq!(percent(0, 5).as_deref(), Some("0.0%"));
        assert_eq!(percent(1, 0), None);
    }

    #[test]
    fn the_longest_bar_has_the_whole_width() {
        let row = |label: &str, amount: i64| (label.to_owned(), amount, amount.to_string(), String::new());
        let bars = scaled("Sections".into(), vec![row("VIP", 40), row("R", 10), row("S", 0)]);
        let widths: Vec<_> = bars.rows.iter().map(|bar| bar.width).collect();
        assert_eq!(widths, [100, 25, 0]);
        assert!(scaled(String::new(), vec![row("VIP", 0)]).rows.iter().all(|bar| bar.width == 0));
    }
}
