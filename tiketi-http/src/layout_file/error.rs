//! Errors of seating plan files.

use tiketi_core::{Currency, money::ParseCurrencyError, seat_layout::LayoutError};

/// Why no seat layout can be made from a file.
///
/// Paths are written as in `sections[0].rows[2].seats`, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutFileError {
    /// The text is not JSON.
    #[error("not valid JSON: {problem}")]
    Syntax {
        /// What is wrong, with line and column.
        problem: String,
    },
    /// The JSON is neither of the two known shapes.
    #[error("not a seating plan: expected an object with `sections`, or one with `zones` and `categories`")]
    UnknownShape,
    /// A field is missing, unknown or of another type.
    #[error("{path}: {problem}")]
    Shape {
        /// Where.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// The currency is none.
    #[error("currency: {0}")]
    Currency(#[from] ParseCurrencyError),
    /// Something has no name, or nothing in it.
    #[error("{path} is empty")]
    Empty {
        /// Where.
        path: String,
    },
    /// Something that must be unique appears again.
    #[error("{path}: {name:?} appears twice")]
    Duplicate {
        /// Where it appears again.
        path: String,
        /// What appears again.
        name: String,
    },
    /// A row's list names a seat that the row does not have.
    #[error("{path}: the row has no seat {name:?}")]
    UnknownSeat {
        /// Where.
        path: String,
        /// The number of the seat.
        name: String,
    },
    /// A seat is of a category that the plan does not declare.
    #[error("{path}: the plan declares no category {name:?}")]
    UnknownCategory {
        /// Where.
        path: String,
        /// The category.
        name: String,
    },
    /// Categories have seats and no price.
    #[error("no price for {}", quoted(categories))]
    Unpriced {
        /// Every one of them.
        categories: Vec<String>,
    },
    /// A price was given for something the plan does not have.
    #[error("the plan has no {name:?} to be priced; it has {}", quoted(known))]
    UnknownPrice {
        /// What was priced.
        name: String,
        /// What could be.
        known: Vec<String>,
    },
    /// The plan has no currency and none was given.
    #[error("the plan has no currency")]
    CurrencyMissing,
    /// The plan's currency is not the requested one.
    #[error("the plan is priced in {plan}, not in {asked}")]
    CurrencyDiffers {
        /// The plan's currency.
        plan: Currency,
        /// The requested currency.
        asked: Currency,
    },
    /// The plan was read, but is not a valid layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
