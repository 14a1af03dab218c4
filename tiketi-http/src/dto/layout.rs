//! Seat layouts as they are read.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    Page, PageRequest, Row, SeatLayout, Section,
    seat_layout::{LayoutOutline, PlannedSeat, StoredLayout},
};
use utoipa::{IntoParams, ToSchema};

use super::page::PaginationDto;
use crate::layout_file::{LayoutFile, LayoutProblem};
use crate::reason::Reason;
use tiketi_core::language::Language;

/// Most seats in one answer: about a megabyte.
const MOST_SEATS_SHOWN: usize = 20_000;

/// A seat layout without its seats.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LayoutSummary)]
struct LayoutSummaryDto {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "Harbour Hall")]
    venue: String,
    #[schema(example = "Great hall")]
    name: String,
    #[schema(example = "KRW")]
    currency: String,
    #[schema(example = 2000)]
    seat_count: u64,
    sections: Vec<SectionSummaryDto>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A section without its seats.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SectionSummary)]
struct SectionSummaryDto {
    #[schema(example = "VIP")]
    name: String,
    /// In minor units.
    #[schema(example = 150_000)]
    price: i64,
    #[schema(example = 200)]
    seat_count: u64,
}

impl From<&LayoutOutline> for LayoutSummaryDto {
    fn from(outline: &LayoutOutline) -> Self {
        let sections = outline.sections.iter().map(|section| SectionSummaryDto {
            name: section.name.clone(),
            price: section.price.minor(),
            seat_count: section.seats,
        });
        let first = outline.sections.first();
        Self {
            id: outline.id.to_string(),
            venue: outline.venue.clone(),
            name: outline.name.clone(),
            currency: first.map(|section| section.price.currency().code().to_owned()).unwrap_or_default(),
            seat_count: outline.seat_count(),
            sections: sections.collect(),
            created_at: outline.created_at.to_string(),
        }
    }
}

/// What a check of a plan answers.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LayoutCheckQuery {
    /// Whether the answer has the rows with their seats; not by default.
    #[param(example = true)]
    #[serde(default)]
    seats: bool,
}

/// What would be made from a plan, or why nothing would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LayoutCheck {
    /// What would be made; null if there is a problem.
    layout: Option<CheckedLayoutDto>,
    /// Every problem with its place, at most 100.
    problems: Vec<LayoutProblemDto>,
}

/// The layout that would be made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CheckedLayout)]
struct CheckedLayoutDto {
    #[schema(example = "Harbour Hall")]
    venue: String,
    #[schema(example = "Great hall")]
    name: String,
    #[schema(example = "KRW")]
    currency: String,
    #[schema(example = 2000)]
    seat_count: usize,
    sections: Vec<CheckedSectionDto>,
}

/// A section that would be made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CheckedSection)]
struct CheckedSectionDto {
    #[schema(example = "VIP")]
    name: String,
    /// In minor units.
    #[schema(example = 150_000)]
    price: i64,
    #[schema(example = 10)]
    row_count: usize,
    #[schema(example = 200)]
    seat_count: usize,
    /// Seats meant for wheelchair users.
    #[schema(example = 4)]
    accessible_count: usize,
    /// The rows with their seats; absent unless they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<RowDto>>,
}

/// A problem of a plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LayoutProblem)]
struct LayoutProblemDto {
    /// Where, as in `sections[0].rows[2].seats`, counted from 0.
    #[schema(example = "sections[0].rows[2].label")]
    path: String,
    #[schema(example = "\"A\" appears twice")]
    reason: String,
}

impl LayoutCheck {
    /// Checks a plan.
    pub(crate) fn of(file: LayoutFile, query: LayoutCheckQuery, language: Language) -> Self {
        let problem = |problem: LayoutProblem| LayoutProblemDto {
            reason: problem.sentence(language).to_owned(),
            path: problem.path,
        };
        let mut problems: Vec<_> = file.problems().into_iter().map(problem).collect();
        if !problems.is_empty() {
            return Self { layout: None, problems };
        }
        match file.into_layout() {
            Ok(layout) => Self { layout: Some(CheckedLayoutDto::of(&layout, query)), problems },
            // A problem that the list does not know: its reason names the place.
            Err(error) => {
                problems.push(LayoutProblemDto {
                    path: String::new(),
                    reason: Reason::of(&error).sentence(language).to_owned(),
                });
                Self { layout: None, problems }
            }
        }
    }
}

impl CheckedLayoutDto {
    fn of(layout: &SeatLayout, query: LayoutCheckQuery) -> Self {
        let sections = layout.sections.iter().map(|section| CheckedSectionDto {
            name: section.name.clone(),
            price: section.price.minor(),
            row_count: section.rows.len(),
            seat_count: section.seat_count(),
            accessible_count: section
                .rows
                .iter()
                .flat_map(|row| &row.seats)
                .filter(|seat| seat.accessible)
                .count(),
            rows: query.seats.then(|| section.rows.iter().map(Into::into).collect()),
        });
        let currency = layout.sections.first().map(|section| section.price.currency().code().to_owned());
        Self {
            venue: layout.venue.clone(),
            name: layout.name.clone(),
            currency: currency.unwrap_or_default(),
            seat_count: layout.seat_count(),
            sections: sections.collect(),
        }
    }
}

/// Seat layouts, by venue and name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LayoutList {
    layouts: Vec<LayoutSummaryDto>,
    pagination: PaginationDto,
}

impl LayoutList {
    /// Shows a page of layouts.
    pub(crate) fn of(page: &Page<LayoutOutline>, request: PageRequest) -> Self {
        let layouts = page.rows.iter().map(Into::into).collect();
        Self { layouts, pagination: PaginationDto::of(page, request) }
    }
}

/// A seat layout with its seats; beyond 20,000 seats, its rows have none.
///
/// Its `venue`, `name`, `currency` and `sections`, sent to the server, create the same layout again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Layout)]
pub(crate) struct LayoutDto {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "Harbour Hall")]
    venue: String,
    #[schema(example = "Great hall")]
    name: String,
    #[schema(example = "KRW")]
    currency: String,
    #[schema(example = 2000)]
    seat_count: usize,
    sections: Vec<SectionDto>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A part of the hall sold at one price.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Section)]
struct SectionDto {
    #[schema(example = "VIP")]
    name: String,
    /// In minor units.
    #[schema(example = 150_000)]
    price: i64,
    rows: Vec<RowDto>,
}

/// A row of seats.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Row)]
struct RowDto {
    #[schema(example = "A")]
    label: String,
    /// Absent in an answer with more than 20,000 seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    seats: Option<Vec<PlannedSeatDto>>,
}

/// A chair on the plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedSeat)]
struct PlannedSeatDto {
    #[schema(example = "7")]
    number: String,
    /// Column within the row, from 0; missing numbers are gaps.
    #[schema(example = 6)]
    column: u32,
    accessible: bool,
}

impl From<&StoredLayout> for LayoutDto {
    fn from(stored: &StoredLayout) -> Self {
        let layout = &stored.layout;
        Self {
            id: stored.id.to_string(),
            venue: layout.venue.clone(),
            name: layout.name.clone(),
            currency: currency_of(stored),
            seat_count: layout.seat_count(),
            sections: sections_of(layout),
            created_at: stored.created_at.to_string(),
        }
    }
}

impl From<&Row> for RowDto {
    fn from(row: &Row) -> Self {
        Self { label: row.label.clone(), seats: Some(row.seats.iter().map(Into::into).collect()) }
    }
}

fn sections_of(layout: &SeatLayout) -> Vec<SectionDto> {
    let has_seats = layout.seat_count() <= MOST_SEATS_SHOWN;
    let row = |row: &Row| {
        if has_seats { row.into() } else { RowDto { label: row.label.clone(), seats: None } }
    };
    let section = |section: &Section| SectionDto {
        name: section.name.clone(),
        price: section.price.minor(),
        rows: section.rows.iter().map(row).collect(),
    };
    layout.sections.iter().map(section).collect()
}

/// Which part of a layout is read; without parameters all of it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayoutPart {
    /// The name of the only section to show.
    #[param(example = "VIP")]
    section: Option<String>,
    /// The label of the only row to show.
    #[param(example = "A")]
    row: Option<String>,
}

impl LayoutPart {
    /// Leaves only this part in a layout.
    pub(crate) fn cut(&self, layout: &mut SeatLayout) {
        if let Some(name) = &self.section {
            layout.sections.retain(|section| section.name == *name);
        }
        if let Some(label) = &self.row {
            layout.sections.iter_mut().for_each(|section| section.rows.retain(|row| row.label == *label));
        }
    }
}

impl From<&PlannedSeat> for PlannedSeatDto {
    fn from(seat: &PlannedSeat) -> Self {
        Self { number: seat.number.clone(), column: seat.column, accessible: seat.accessible }
    }
}

/// One seat layout.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LayoutAnswer {
    pub(crate) layout: LayoutDto,
}

/// A layout has at least one section, and all its sections have one currency.
fn currency_of(stored: &StoredLayout) -> String {
    let first = stored.layout.sections.first();
    first.map(|section| section.price.currency().code().to_owned()).unwrap_or_default()
}
