//! Seat layouts.

use serde::Deserialize;

/// A layout in a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LayoutSummary {
    pub(crate) id: String,
    pub(crate) venue: String,
    pub(crate) name: String,
    pub(crate) seat_count: u64,
    pub(crate) sections: Vec<SectionSummary>,
    pub(crate) created_at: String,
}

/// A section of a layout in a list.
#[derive(Debug, Deserialize)]
pub(crate) struct SectionSummary {
    pub(crate) name: String,
}

/// A page of layouts.
#[derive(Debug, Deserialize)]
pub(crate) struct LayoutList {
    pub(crate) layouts: Vec<LayoutSummary>,
    pub(crate) pagination: super::Pagination,
}

/// One layout with its seats.
#[derive(Debug, Deserialize)]
pub(crate) struct LayoutAnswer {
    pub(crate) layout: Layout,
}

/// A layout with its seats.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Layout {
    pub(crate) id: String,
    pub(crate) venue: String,
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) seat_count: u64,
    pub(crate) sections: Vec<PlannedSection>,
    pub(crate) created_at: String,
}

/// A section with its seats.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PlannedSection {
    pub(crate) name: String,
    pub(crate) price: i64,
    #[serde(default)]
    pub(crate) rows: Vec<PlannedRow>,
}

/// A row with its seats.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PlannedRow {
    pub(crate) label: String,
    pub(crate) seats: Vec<PlannedSeat>,
}

/// A chair on the plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PlannedSeat {
    pub(crate) column: u32,
    pub(crate) accessible: bool,
}

/// What would be made from a plan, or why nothing would be.
#[derive(Debug, Deserialize)]
pub(crate) struct LayoutCheck {
    pub(crate) layout: Option<CheckedLayout>,
    pub(crate) problems: Vec<LayoutProblem>,
}

/// The layout that would be made.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckedLayout {
    pub(crate) venue: String,
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) seat_count: u64,
    pub(crate) sections: Vec<PlannedSection>,
}

/// A problem of a plan.
#[derive(Debug, Deserialize)]
pub(crate) struct LayoutProblem {
    pub(crate) path: String,
    pub(crate) reason: String,
}
