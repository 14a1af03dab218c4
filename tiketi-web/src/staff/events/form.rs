//! The form of an event: what it shows, and what it sends.

use chrono_tz::Tz;
use serde_json::{Map, Value, json};
use tiketi_core::Currency;

use crate::form::{Fields, Form};
use crate::staff::amounts;
use crate::staff::local_time;
use crate::staff::wire::{EventLimits, StaffEvent, Tier};
use crate::visit::Visit;

/// Rows of the cancellation policy; the interface takes as many tiers.
pub(super) const TIERS: usize = 6;

/// The limits that are numbers: the name in the form, which is that of the wire.
const NUMBERS: [&str; 5] =
    ["maxSeatsPerBuyer", "holdSeconds", "holdCapSeconds", "paymentWindowSeconds", "depositWindowSeconds"];

/// The fields of the interface, with those of the form.
pub(super) const NAMES: [(&str, &str); 18] = [
    ("title", "title"),
    ("artist", "artist"),
    ("venue", "venue"),
    ("description", "description"),
    ("keywords", "keywords"),
    ("eventDate", "eventDate"),
    ("starts_at", "eventDate"),
    ("saleStart", "saleStart"),
    ("saleEnd", "saleEnd"),
    ("currency", "currency"),
    ("layoutId", "layoutId"),
    ("limits.maxSeatsPerBuyer", "maxSeatsPerBuyer"),
    ("limits.holdSeconds", "holdSeconds"),
    ("limits.holdCapSeconds", "holdCapSeconds"),
    ("limits.paymentWindowSeconds", "paymentWindowSeconds"),
    ("limits.depositWindowSeconds", "depositWindowSeconds"),
    ("limits.cancellationPolicy", "tier0Hours"),
    ("limits", "maxSeatsPerBuyer"),
];

/// Returns the fields of a form that shows an event.
pub(super) fn of_event(event: &StaffEvent, zone: Tz) -> Fields {
    let keywords = event.keywords.join("\n");
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
    add("title", &event.title);
    add("artist", &event.artist);
    add("venue", &event.venue);
    add("description", &event.description);
    add("keywords", &keywords);
    add("eventDate", &local_time::for_form(&event.event_date, zone));
    add("saleStart", &local_time::for_form(&event.sale_start, zone));
    add("saleEnd", &local_time::for_form(&event.sale_end, zone));
    add("version", &event.version.to_string());
    pairs.extend(of_limits(&event.limits, decimals(&event.currency)));
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    Fields::read(encoded.extend_pairs(pairs).finish().as_bytes())
}

fn of_limits(limits: &EventLimits, decimals: u32) -> Vec<(String, String)> {
    let EventLimits { max_seats_per_buyer, hold_seconds, hold_cap_seconds, payment_window_seconds, .. } =
        limits;
    let numbers = [max_seats_per_buyer, hold_seconds, hold_cap_seconds, payment_window_seconds];
    let numbers = numbers.into_iter().chain([&limits.deposit_window_seconds]);
    let mut pairs: Vec<_> = NUMBERS
        .into_iter()
        .zip(numbers)
        .map(|(name, number)| (name.to_owned(), number.to_string()))
        .collect();
    pairs.push(("latePayment".into(), limits.late_payment.clone()));
    pairs.push(("refundedSeats".into(), limits.refunded_seats.clone()));
    for (at, tier) in limits.cancellation_policy.iter().enumerate() {
        pairs.push((format!("tier{at}Hours"), (tier.until_seconds_before / 3_600).to_string()));
        pairs.push((
            format!("tier{at}Percent"),
            amounts::shown(tier.kept_basis_points, 2).trim_end_matches(".00").to_owned(),
        ));
        pairs.push((format!("tier{at}Fee"), amounts::shown(tier.kept_fee, decimals)));
    }
    pairs
}

/// Returns how many decimals a currency has; none if it is unknown, which the interface refuses.
pub(in crate::staff) fn decimals(currency: &str) -> u32 {
    currency.parse::<Currency>().map_or(0, |currency| u32::from(currency.decimals()))
}

/// Reads what the form and the creation of an event have in common; what is wrong is said on the form.
pub(super) fn details(fields: &Fields, form: &mut Form, visit: &Visit) -> Map<String, Value> {
    let mut body = Map::new();
    for name in ["title", "artist", "venue", "description"] {
        body.insert(name.into(), fields.get(name).into());
    }
    let keywords: Vec<&str> =
        fields.get("keywords").lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    body.insert("keywords".into(), json!(keywords));
    for name in ["eventDate", "saleStart", "saleEnd"] {
        let Some(text) = fields.filled(name) else {
            if name == "eventDate" {
                form.refuse(name, visit.t("staff-wrong-missing"));
            }
            continue;
        };
        match local_time::from_form(text, visit.shop.settings.zone) {
            Some(at) => _ = body.insert(name.into(), at.into()),
            None => form.refuse(name, visit.t("staff-wrong-time")),
        }
    }
    body
}

/// Reads the limits that are filled in; `None` if none is.
pub(super) fn limits(fields: &Fields, form: &mut Form, visit: &Visit, decimals: u32) -> Option<Value> {
    let mut limits = Map::new();
    for name in NUMBERS {
        match fields.filled(name).map(str::parse::<i64>) {
            None => {}
            Some(Ok(number)) => _ = limits.insert(name.into(), number.into()),
            Some(Err(_)) => form.refuse(name, visit.t("staff-wrong-number")),
        }
    }
    for name in ["latePayment", "refundedSeats"] {
        if let Some(word) = fields.filled(name) {
            limits.insert(name.into(), word.into());
        }
    }
    let tiers = (0..TIERS).filter_map(|at| tier(fields, form, visit, at, decimals)).collect::<Vec<_>>();
    if fields.filled("noRefunds").is_some() {
        limits.insert("cancellationPolicy".into(), json!([]));
    } else if !tiers.is_empty() {
        limits.insert("cancellationPolicy".into(), json!(tiers));
    }
    (!limits.is_empty()).then_some(Value::Object(limits))
}

fn tier(fields: &Fields, form: &mut Form, visit: &Visit, at: usize, decimals: u32) -> Option<Tier> {
    let name = |part: &str| format!("tier{at}{part}");
    let (hours, percent, fee) = (name("Hours"), name("Percent"), name("Fee"));
    let hours_before = fields.filled(&hours)?;
    let mut number = |field: &str, read: Option<i64>| {
        if read.is_none() {
            form.refuse(field, visit.t("staff-wrong-number"));
        }
        read
    };
    let hours_before = number(&hours, amounts::read(hours_before, 0))?;
    let kept = fields.filled(&percent).map_or(Some(0), |text| number(&percent, amounts::read(text, 2)))?;
    let kept_fee = fields.filled(&fee).map_or(Some(0), |text| number(&fee, amounts::read(text, decimals)))?;
    Some(Tier { until_seconds_before: hours_before.saturating_mul(3_600), kept_basis_points: kept, kept_fee })
}

/// Returns whether the limits of a form differ from those that it showed.
///
/// Unless they do, they are not sent: an event keeps the shop's limits where it has none of its own.
pub(super) fn differ(fields: &Fields, known: &EventLimits, decimals: u32) -> bool {
    let shown = of_limits(known, decimals);
    let shown_value =
        |name: &str| shown.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let parts = (0..TIERS).flat_map(|at| ["Hours", "Percent", "Fee"].map(|part| format!("tier{at}{part}")));
    let names = NUMBERS
        .iter()
        .map(ToString::to_string)
        .chain(["latePayment".into(), "refundedSeats".into()])
        .chain(parts);
    let has_none = known.cancellation_policy.is_empty();
    fields.filled("noRefunds").is_some() != has_none
        || names.into_iter().any(|name| fields.get(&name) != shown_value(&name))
}
