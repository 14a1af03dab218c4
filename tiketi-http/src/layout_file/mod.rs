//! Reads seating plans from JSON files.
//!
//! Two formats are supported, and distinguished by their fields:
//!
//! - **this crate's own**, short enough to be written by hand: see [`LayoutFile`];
//! - **pretix seating plans**, the published JSON of its free editor: zones with rows of seats at positions, each seat
//!   of a category. They contain neither prices nor a currency; [`LayoutReader::currency`] and
//!   [`LayoutReader::price`] add them.
//!
//! ```
//! use tiketi_core::Currency;
//! use tiketi_http::layout_file::LayoutReader;
//!
//! let plan = r##"{
//!     "name": "Small hall",
//!     "categories": [{ "name": "Stalls", "color": "#3366aa" }],
//!     "zones": [{
//!         "name": "Ground floor",
//!         "position": { "x": 0, "y": 0 },
//!         "rows": [{
//!             "row_number": "A",
//!             "position": { "x": 0, "y": 0 },
//!             "seats": [
//!                 { "seat_number": "1", "seat_guid": "A-1", "position": { "x": 0, "y": 0 }, "category": "Stalls" },
//!                 { "seat_number": "2", "seat_guid": "A-2", "position": { "x": 20, "y": 0 }, "category": "Stalls" }
//!             ]
//!         }]
//!     }]
//! }"##;
//! let reader = LayoutReader::new().currency(Currency::KRW).price("Stalls", 80_000);
//! let layout = reader.read(plan.as_bytes())?;
//! assert_eq!(layout.seat_count(), 2);
//! # Ok::<(), tiketi_http::layout_file::LayoutFileError>(())
//! ```

mod check;
mod columns;
mod error;
mod own;
mod pretix;
mod reader;
mod seats;
#[cfg(test)]
mod tests;

pub use check::LayoutProblem;
pub use error::LayoutFileError;
pub use own::{LayoutFile, RowFile, SectionFile};
pub use reader::LayoutReader;
pub use seats::{SeatEntry, SeatFile, SeatsFile};
