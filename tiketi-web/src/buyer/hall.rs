//! The seats of a hall, as the step-through list needs them: section, row, seat, and what is free.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde::Deserialize;
use tiketi_core::fact::SeatStatus;
use tiketi_core::seat_states::SeatStates;

use crate::buyer::event::segment;
use crate::failure::Failure;
use crate::visit::Visit;

/// Most layouts that are kept.
const MOST_LAYOUTS: usize = 32;

/// The layout of an event's seats.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Layout {
    event_id: String,
    pub(super) seats: Vec<Seat>,
}

/// A seat and where it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the wire contract")]
pub(super) struct Seat {
    pub(super) id: String,
    pub(super) ticket_type_id: String,
    pub(super) section: String,
    pub(super) row_number: String,
    pub(super) seat_number: String,
    pub(super) seat_label: String,
    pub(super) column: u32,
    pub(super) line: u32,
    pub(super) accessible: bool,
}

/// Layouts by name. A name has the hash of the layout, so that what it names never changes.
static LAYOUTS: LazyLock<Mutex<HashMap<String, Arc<Layout>>>> = LazyLock::new(Mutex::default);

/// A hall with the states of its seats.
#[derive(Debug)]
pub(super) struct Hall {
    layout: Arc<Layout>,
    free: Vec<bool>,
}

/// A section, and how much of it is free.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SectionLine {
    pub(super) name: String,
    pub(super) ticket_type_id: String,
    pub(super) free: u32,
}

/// A row, and what of it can be chosen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RowLine {
    pub(super) name: String,
    pub(super) free: u32,
    /// Free seats in the longest run side by side.
    pub(super) together: u32,
}

/// Seats that are chosen together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) seats: Vec<Seat>,
}

impl Group {
    /// Returns the ids as a form sends them.
    pub(super) fn ids(&self) -> String {
        self.seats.iter().map(|seat| seat.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Returns the numbers of its seats, such as `4` or `4–6`.
    pub(super) fn numbers(&self) -> String {
        match (self.seats.first(), self.seats.last()) {
            (Some(first), Some(last)) if first.id != last.id => {
                format!("{}–{}", first.seat_number, last.seat_number)
            }
            (Some(only), _) => only.seat_number.clone(),
            _ => String::new(),
        }
    }

    /// Returns the whole name of its first seat, such as `R A-4`.
    pub(super) fn label(&self) -> String {
        self.seats.first().map(|seat| seat.seat_label.clone()).unwrap_or_default()
    }

    pub(super) fn is_accessible(&self) -> bool {
        self.seats.iter().any(|seat| seat.accessible)
    }
}

impl Hall {
    /// Reads the hall of an event.
    pub(super) async fn of(visit: &Visit, event: &str) -> Result<Self, Failure> {
        let path = format!("/api/seats/{}/states", segment(event));
        let answer = visit.api.call(axum::http::Method::GET, &path, None, None).await?;
        let states = SeatStates::decode(&answer.bytes).map_err(|error| Failure::internal(&error))?;
        let SeatStates::All { of, mut states, exceptions } = states else { return Err(Failure::not_found()) };
        for entry in exceptions {
            let state = usize::try_from(entry.index).ok().and_then(|index| states.get_mut(index));
            if let Some(state) = state {
                *state = entry.state;
            }
        }
        let layout = layout(visit, &format!("{event}.{}", of.layout)).await?;
        let free = states.iter().map(|state| *state == SeatStatus::Available).collect();
        Ok(Self { layout, free })
    }

    fn seats(&self) -> impl Iterator<Item = (&Seat, bool)> {
        self.layout.seats.iter().zip(self.free.iter().copied())
    }

    /// Returns the sections in the order of the hall.
    pub(super) fn sections(&self) -> Vec<SectionLine> {
        let mut lines: Vec<SectionLine> = Vec::new();
        for (seat, is_free) in self.seats() {
            let known = lines.iter().position(|line| line.name == seat.section);
            let at = known.unwrap_or_else(|| {
                let (name, ticket_type_id) = (seat.section.clone(), seat.ticket_type_id.clone());
                lines.push(SectionLine { name, ticket_type_id, free: 0 });
                lines.len() - 1
            });
            if let Some(line) = lines.get_mut(at).filter(|_| is_free) {
                line.free += 1;
            }
        }
        lines
    }

    /// Returns the rows of a section in which enough seats are free side by side.
    pub(super) fn rows(&self, section: &str, party: u32) -> Vec<RowLine> {
        let mut names = Vec::new();
        let mut known = HashSet::new();
        for (seat, _) in self.seats().filter(|(seat, _)| seat.section == section) {
            if known.insert(&seat.row_number) {
                names.push(seat.row_number.clone());
            }
        }
        let rows = names.into_iter().map(|name| {
            let runs = self.runs(section, &name);
            let free = runs.iter().map(|run| count(run.len())).sum();
            let together = runs.iter().map(|run| count(run.len())).max().unwrap_or(0);
            RowLine { name, free, together }
        });
        rows.filter(|row| row.free > 0 && row.together >= party).collect()
    }

    /// Returns what can be chosen in a row: single seats, or groups of seats side by side for a party.
    ///
    /// A run of free seats is divided from its beginning, so that no two groups share a seat.
    pub(super) fn groups(&self, section: &str, row: &str, party: u32) -> Vec<Group> {
        let size = usize::try_from(party.max(1)).unwrap_or(1);
        let runs = self.runs(section, row);
        let groups = runs.iter().flat_map(|run| run.chunks_exact(size));
        groups.map(|seats| Group { seats: seats.iter().map(|seat| (*seat).clone()).collect() }).collect()
    }

    /// Returns the free seats of a row in runs that no taken seat and no gap divides.
    fn runs(&self, section: &str, row: &str) -> Vec<Vec<&Seat>> {
        let mut of_row: Vec<_> =
            self.seats().filter(|(seat, _)| seat.section == section && seat.row_number == row).collect();
        of_row.sort_by_key(|(seat, _)| (seat.line, seat.column));
        let mut runs: Vec<Vec<&Seat>> = Vec::new();
        for (seat, _) in of_row.into_iter().filter(|(_, is_free)| *is_free) {
            let beside = runs
                .last()
                .and_then(|run| run.last())
                .is_some_and(|last: &&Seat| last.line == seat.line && last.column + 1 == seat.column);
            match runs.last_mut().filter(|_| beside) {
                Some(run) => run.push(seat),
                None => runs.push(vec![seat]),
            }
        }
        runs
    }
}

fn count(seats: usize) -> u32 {
    u32::try_from(seats).unwrap_or(u32::MAX)
}

/// Reads a layout, once.
async fn layout(visit: &Visit, name: &str) -> Result<Arc<Layout>, Failure> {
    let known = || LAYOUTS.lock().unwrap_or_else(PoisonError::into_inner);
    let found = known().get(name).cloned();
    if let Some(found) = found {
        return Ok(found);
    }
    let read: Layout = visit.api.get(&format!("/api/layouts/{name}")).await?;
    let read = Arc::new(read);
    let mut known = known();
    if known.len() >= MOST_LAYOUTS {
        known.clear();
    }
    known.insert(name.to_owned(), Arc::clone(&read));
    debug_assert!(name.starts_with(&read.event_id), "{name}");
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a hall; a letter is a seat (capital: free) and a space is a gap.
    fn hall(rows: &[(&str, &str)]) -> Hall {
        let (mut seats, mut free) = (Vec::new(), Vec::new());
        for (line, (row, places)) in rows.iter().enumerate() {
            for (column, place) in places.chars().enumerate().filter(|(_, place)| *place != ' ') {
                let number = column + 1;
                seats.push(Seat {
                    id: format!("{row}{number}"),
                    ticket_type_id: "t".to_owned(),
                    section: "R".to_owned(),
                    row_number: (*row).to_owned(),
                    seat_number: number.to_string(),
                    seat_label: format!("R {row}-{number}"),
                    column: u32::try_from(column).unwrap(),
                    line: u32::try_from(line).unwrap(),
                    accessible: false,
                });
                free.push(place.is_uppercase());
            }
        }
        Hall { layout: Arc::new(Layout { event_id: String::new(), seats }), free }
    }

    fn groups(hall: &Hall, row: &str, party: u32) -> Vec<String> {
        hall.groups("R", row, party).iter().map(Group::ids).collect()
    }

    #[test]
    fn only_free_seats_are_offered() {
        let hall = hall(&[("A", "XxX"), ("B", "xx")]);
        assert_eq!(hall.sections(), [SectionLine { name: "R".into(), ticket_type_id: "t".into(), free: 2 }]);
        assert_eq!(hall.rows("R", 1), [RowLine { name: "A".into(), free: 2, together: 1 }]);
        assert_eq!(groups(&hall, "A", 1), ["A1", "A3"]);
        assert!(groups(&hall, "B", 1).is_empty() && hall.rows("VIP", 1).is_empty());
    }

    /// Seen to fail with gaps and taken seats not dividing a run.
    #[test]
    fn a_party_sits_side_by_side() {
        let hall = hall(&[("A", "XXXxXX XX"), ("B", "XxXxX")]);
        assert_eq!(groups(&hall, "A", 2), ["A1 A2", "A5 A6", "A8 A9"]);
        assert_eq!(groups(&hall, "A", 3), ["A1 A2 A3"]);
        assert_eq!(hall.rows("R", 2).len(), 1);
        assert_eq!(hall.groups("R", "A", 3).first().map(Group::numbers).as_deref(), Some("1–3"));
    }
}
