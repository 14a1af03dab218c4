//! The hall of an event as it is now, and seats that are taken off sale.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::choice::Select;
use super::member::{Member, Staff, done, may};
use super::refusals::{is_answerable, say};
use super::seat_ranges::{NamedSeat, RangeError, chosen};
use super::wire::{OneEvent, SeatMap, SeatStatus, StaffEvent, StaffSeat};
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;

/// Most seats that a refusal names.
const MOST_NAMED: usize = 12;

pub(super) fn routes() -> Router {
    Router::new().route("/staff/events/{id}/hall", get(show).post(change))
}

#[derive(Template)]
#[template(path = "staff/hall.html")]
struct HallPage {
    page: Page,
    member: Member,
    form: Form,
    event: StaffEvent,
    sections: Vec<SectionCounts>,
    total: SectionCounts,
}

/// How many seats of a section are in each state.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct SectionCounts {
    name: String,
    available: u64,
    held: u64,
    sold: u64,
    blocked: u64,
}

/// Where the parts of a bar end; each begins at its left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BarEnds {
    sold: u64,
    held: u64,
    blocked: u64,
}

impl SectionCounts {
    fn add(&mut self, status: SeatStatus) {
        match status {
            SeatStatus::Available => self.available += 1,
            SeatStatus::Locked => self.held += 1,
            SeatStatus::Reserved => self.sold += 1,
            SeatStatus::Blocked => self.blocked += 1,
        }
    }

    fn all(&self) -> u64 {
        self.available + self.held + self.sold + self.blocked
    }

    /// Returns where the parts of a bar end that is 100 wide.
    fn bar(&self) -> BarEnds {
        let end = |count: u64| count * 100 / self.all().max(1);
        BarEnds {
            sold: end(self.sold),
            held: end(self.sold + self.held),
            blocked: end(self.sold + self.held + self.blocked),
        }
    }
}

/// Counts the seats of each section, in the order of the hall.
fn counted(seats: &[StaffSeat]) -> (Vec<SectionCounts>, SectionCounts) {
    let (mut sections, mut total): (Vec<SectionCounts>, _) = (Vec::new(), SectionCounts::default());
    for seat in seats {
        total.add(seat.status);
        if let Some(section) = sections.iter_mut().find(|section| section.name == seat.section) {
            section.add(seat.status);
        } else {
            let mut section = SectionCounts { name: seat.section.clone(), ..SectionCounts::default() };
            section.add(seat.status);
            sections.push(section);
        }
    }
    (sections, total)
}

/// Shows the hall.
async fn show(
    Staff { member, .. }: Staff<may::Read>,
    Path(id): Path<String>,
    query: Fields,
) -> Result<Response, Failure> {
    let seats = seats(&member, &id).await?;
    shown(&member, &id, &seats, Form::default(), query.get("done"), StatusCode::OK).await
}

/// Takes seats off sale, or puts them back.
async fn change(
    Staff { member, .. }: Staff<may::Sell>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let visit = &member.visit;
    let all = seats(&member, &id).await?;
    let mut form = Form::of(fields.clone());
    let wanted = wanted(&all, &fields, &mut form, &member);
    if form.is_fine() {
        let blocks = fields.get("action") != "unblock";
        let (path, body) = if blocks {
            ("block", json!({"seatIds": wanted, "reason": fields.get("reason")}))
        } else {
            ("unblock", json!({"seatIds": wanted}))
        };
        let path = format!("/api/admin/events/{id}/seats/{path}");
        match visit.api.send(Method::POST, &path, &body, fields.key()).await {
            Ok(_) => {
                return Ok(done(
                    &format!("/staff/events/{id}/hall"),
                    if blocks { "blocked" } else { "unblocked" },
                ));
            }
            Err(failure) if is_answerable(&failure) => {
                say(&mut form, visit, &failure, &[("reason", "reason"), ("seatIds", "seats")]);
                name_taken(&mut form, &member, &all, &failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    let all = seats(&member, &id).await?;
    shown(&member, &id, &all, form, "", StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Reads the seats of an event; none if buyers do not see it yet.
async fn seats(member: &Member, id: &str) -> Result<Vec<StaffSeat>, Failure> {
    let found = member.visit.api.find::<SeatMap>(&format!("/api/seats/{id}")).await?;
    Ok(found.map(|map| map.seats).unwrap_or_default())
}

/// Returns the seats that a form names: those chosen on the picture, or a part of a section.
fn wanted<'a>(all: &'a [StaffSeat], fields: &'a Fields, form: &mut Form, member: &Member) -> Vec<&'a str> {
    let on_picture: Vec<_> = fields.all("seat").filter(|id| !id.is_empty()).collect();
    if !on_picture.is_empty() {
        return on_picture;
    }
    let named: Vec<_> = all
        .iter()
        .map(|seat| NamedSeat {
            id: &seat.id,
            section: &seat.section,
            row: &seat.row_number,
            number: &seat.seat_number,
        })
        .collect();
    let t = |id| member.visit.t(id);
    match chosen(&named, fields.get("section"), fields.get("rows"), fields.get("seats")) {
        Ok(found) if found.is_empty() => form.refuse("section", t("staff-hall-no-seats")),
        Ok(found) => return found,
        Err(RangeError::Row(part)) => form.refuse("rows", t("staff-hall-no-row").with("part", part)),
        Err(RangeError::Seat(part)) => form.refuse("seats", t("staff-hall-no-seat").with("part", part)),
        Err(RangeError::Backwards(part)) => {
            form.refuse("seats", t("staff-hall-backwards").with("part", part));
        }
    }
    Vec::new()
}

/// Names the seats that someone holds or owns.
fn name_taken(form: &mut Form, member: &Member, all: &[StaffSeat], failure: &Failure) {
    let Some(taken) = failure.details.get("unavailableSeats").and_then(serde_json::Value::as_array) else {
        return;
    };
    let labels = taken.iter().filter_map(serde_json::Value::as_str).filter_map(|id| {
        let seat = all.iter().find(|seat| seat.id == id)?;
        Some(format!("{} {}-{}", seat.section, seat.row_number, seat.seat_number))
    });
    let labels: Vec<_> = labels.take(MOST_NAMED).collect();
    form.refuse_all(
        member.visit.t("staff-hall-taken").with("count", taken.len()).with("seats", labels.join(", ")),
    );
}

async fn shown(
    member: &Member,
    id: &str,
    seats: &[StaffSeat],
    form: Form,
    what: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let OneEvent { event } = member.visit.api.get(&format!("/api/admin/events/{id}")).await?;
    let (sections, total) = counted(seats);
    let title = member.visit.t("staff-hall-title").with("event", &event.title);
    let page = member.page(title, what);
    let shown = HallPage { page, form, event, sections, total, member: member.clone() };
    Ok((status, member.visit.html(&shown)).into_response())
}

impl HallPage {
    fn section(&self) -> Select {
        let names = self.sections.iter().map(|section| (section.name.clone(), section.name.clone()));
        Select::new(&self.form, "section", self.page.t("staff-section"))
            .options(names, self.form.value("section"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seat_is_counted_once_in_its_section() {
        use SeatStatus::{Available, Blocked, Locked, Reserved};
        let seat = |section: &str, status: SeatStatus| StaffSeat {
            id: String::new(),
            section: section.into(),
            row_number: "A".into(),
            seat_number: "1".into(),
            status,
        };
        let seats = [("VIP", Available), ("VIP", Reserved), ("R", Locked), ("VIP", Blocked), ("R", Reserved)];
        let (sections, total) = counted(&seats.map(|(section, status)| seat(section, status)));
        let counts = |name: &str, available, held, sold, blocked| SectionCounts {
            name: name.into(),
            available,
            held,
            sold,
            blocked,
        };
        assert_eq!(sections, [counts("VIP", 1, 0, 1, 1), counts("R", 0, 1, 1, 0)]);
        assert_eq!((total.all(), sections[0].bar()), (5, BarEnds { sold: 33, held: 33, blocked: 66 }));
    }
}
