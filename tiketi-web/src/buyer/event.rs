//! One event: when, where, for how much, and the way in.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use crate::buyer::basket::held_of;
use crate::buyer::poster;
use crate::buyer::wire::{CancellationTier, Event, EventAnswer, EventStatus, News, Notice, Reservation};
use crate::failure::Failure;
use crate::page::Page;
use crate::texts::Text;
use crate::visit::Visit;

/// Notices that an event's page shows.
const NOTICES: u32 = 3;

#[derive(Template)]
#[template(path = "buyer/event.html")]
struct EventPage {
    page: Page,
    event: Event,
    art: String,
    way: WayIn,
    policy: Vec<String>,
    notices: Vec<Notice>,
    /// What the visitor already holds of it.
    held: Option<Reservation>,
}

/// What a visitor can do about an event now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WayIn {
    /// Wait until the sale opens.
    OpensLater,
    /// Join the waiting room, before or after it opens.
    Line,
    /// Choose tickets.
    Tickets,
    /// Nothing is left, but tickets may come back.
    SoldOut,
    /// The sale is over.
    Over,
    Cancelled,
}

impl WayIn {
    fn of(event: &Event) -> Self {
        let line_is_open =
            event.waiting_room.enabled && matches!(&*event.waiting_room.state, "lobby" | "open");
        match event.status {
            EventStatus::Cancelled => Self::Cancelled,
            EventStatus::Ended => Self::Over,
            EventStatus::Upcoming if line_is_open => Self::Line,
            EventStatus::Upcoming => Self::OpensLater,
            EventStatus::SoldOut => Self::SoldOut,
            EventStatus::OnSale if event.waiting_room.enabled => Self::Line,
            EventStatus::OnSale => Self::Tickets,
        }
    }
}

/// Shows an event.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let EventAnswer { event } = visit.api.get(&event_path(&id)).await?;
    let held = held_of(&visit, &event.id).await?;
    let shown = EventPage {
        art: poster::drawn(&event.id),
        way: WayIn::of(&event),
        policy: policy(&visit, &event.limits.cancellation_policy, &event.currency),
        notices: notices(&visit).await?,
        held,
        page: visit.page(&event.title).styled(&["buyer.css"]),
        event,
    };
    Ok(visit.html(&shown))
}

/// Returns the path of an event's read; an id comes from the address, so it may be anything.
pub(super) fn event_path(id: &str) -> String {
    format!("/api/events/{}", segment(id))
}

/// Encodes a text to be one part of a path.
pub(super) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
}

/// Returns the newest notices in the visitor's language; none if the shop publishes no news.
async fn notices(visit: &Visit) -> Result<Vec<Notice>, Failure> {
    let path = format!("/api/news?limit={NOTICES}&language={}", visit.language.tag());
    let found = visit.api.find::<News>(&path).await?;
    Ok(found.map(|found| found.news).unwrap_or_default())
}

/// Says until when tickets can be given back, and what is kept.
pub(super) fn policy(visit: &Visit, tiers: &[CancellationTier], currency: &str) -> Vec<String> {
    let lines = tiers.iter().map(|tier| {
        let (days, hours) = (tier.until_seconds_before / 86_400, tier.until_seconds_before % 86_400 / 3_600);
        let until: Text<'_> = match (days, hours) {
            (0, 0) => visit.t("policy-until-start"),
            (days, 0) => visit.t("policy-until-days").with("days", days),
            (days, hours) => visit.t("policy-until-hours").with("hours", days * 24 + hours),
        };
        let share = format!("{}.{:02}", tier.kept_basis_points / 100, tier.kept_basis_points % 100);
        let share = share.trim_end_matches('0').trim_end_matches('.').to_owned();
        let fee = visit.money(tier.kept_fee, currency);
        let kept = match (tier.kept_basis_points, tier.kept_fee) {
            (0, 0) => visit.t("policy-all-back"),
            (_, 0) => visit.t("policy-share").with("share", share),
            (0, _) => visit.t("policy-fee").with("fee", fee),
            _ => visit.t("policy-share-and-fee").with("share", share).with("fee", fee),
        };
        visit.t("policy-line").with("until", until).with("kept", kept).to_string()
    });
    lines.collect()
}
