//! A picture of a seat layout, drawn by the server.
//!
//! A run of neighbouring seats is one dashed line, whose dashes are the seats. So a hall of 20,000 seats is some kilobytes.

use std::fmt::Write as _;

use super::charts::MOST_SERIES;
use super::escape::escaped;
use super::wire::{PlannedRow, PlannedSection};

/// Width and height of a place, in units of the drawing, which are pixels at most.
const PLACE: u32 = 12;
/// Width of a seat; the rest of its place is free.
const SEAT: u32 = 9;

/// A section as a drawing, with what is said beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SectionPicture {
    /// The name of the section.
    pub(crate) name: String,
    /// The price of a seat, in minor units.
    pub(crate) price: i64,
    /// How many rows it has.
    pub(crate) rows: usize,
    /// How many seats it has.
    pub(crate) seats: usize,
    /// How many of them are meant for wheelchair users.
    pub(crate) accessible: usize,
    /// The labels of the first and of the last row.
    pub(crate) row_labels: (String, String),
    /// The `svg` element.
    pub(crate) svg: String,
}

/// Draws the sections of a layout, from the stage backwards, all at one scale.
pub(crate) fn pictures(sections: &[PlannedSection]) -> Vec<SectionPicture> {
    let rows = sections.iter().flat_map(|section| &section.rows);
    let columns =
        rows.flat_map(|row| &row.seats).map(|seat| seat.column.saturating_add(1)).max().unwrap_or(0);
    let picture = |(at, section): (usize, &PlannedSection)| picture(section, columns, at % MOST_SERIES + 1);
    sections.iter().enumerate().map(picture).collect()
}

fn picture(section: &PlannedSection, columns: u32, colour: usize) -> SectionPicture {
    let label = |row: Option<&PlannedRow>| row.map(|row| row.label.clone()).unwrap_or_default();
    let seats = || section.rows.iter().flat_map(|row| &row.seats);
    SectionPicture {
        name: section.name.clone(),
        price: section.price,
        rows: section.rows.len(),
        seats: seats().count(),
        accessible: seats().filter(|seat| seat.accessible).count(),
        row_labels: (label(section.rows.first()), label(section.rows.last())),
        svg: svg(section, columns, colour),
    }
}

fn svg(section: &PlannedSection, columns: u32, colour: usize) -> String {
    let rows = u32::try_from(section.rows.len()).unwrap_or(u32::MAX);
    let (width, height) = (columns.saturating_mul(PLACE), rows.saturating_mul(PLACE));
    let (mut runs, mut rings) = (String::new(), String::new());
    for (row, y) in section.rows.iter().zip((PLACE / 2..).step_by(PLACE as usize)) {
        add_runs(&mut runs, row, y);
        for seat in row.seats.iter().filter(|seat| seat.accessible) {
            let x = seat.column.saturating_mul(PLACE).saturating_add(PLACE / 2);
            let _ = write!(rings, "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\"/>");
        }
    }
    let name = escaped(&section.name);
    let gap = PLACE - SEAT;
    format!(
        "<svg class=\"seats\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"{name}\"><path d=\"{runs}\" fill=\"none\" stroke=\"var(--chart-{colour})\" \
         stroke-width=\"{SEAT}\" stroke-dasharray=\"{SEAT} {gap}\"/>\
         <g class=\"accessible\">{rings}</g></svg>"
    )
}

/// Adds the runs of neighbouring seats of a row, each as a line along its middle.
fn add_runs(path: &mut String, row: &PlannedRow, y: u32) {
    // Those with a ring are left out, so that they differ by more than colour.
    let mut columns: Vec<u32> =
        row.seats.iter().filter(|seat| !seat.accessible).map(|seat| seat.column).collect();
    columns.sort_unstable();
    let mut columns = columns.into_iter().peekable();
    while let Some(first) = columns.next() {
        let mut last = first;
        while let Some(next) = columns.next_if(|next| *next <= last.saturating_add(1)) {
            last = next;
        }
        let x = first.saturating_mul(PLACE).saturating_add((PLACE - SEAT) / 2);
        let length = (last - first).saturating_mul(PLACE).saturating_add(SEAT);
        let _ = write!(path, "M{x} {y}h{length}");
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::PlannedSeat;
    use super::*;

    /// A row of numbered seats, with a gap after some of them, and wheelchair places.
    fn row(label: &str, count: u32, gaps_after: &[u32], accessible: &[u32]) -> PlannedRow {
        let seat = |number: u32| {
            let gaps = gaps_after.iter().filter(|gap| **gap < number).count();
            let column = number - 1 + u32::try_from(gaps).unwrap();
            PlannedSeat { column, accessible: accessible.contains(&number) }
        };
        PlannedRow { label: label.into(), seats: (1..=count).map(seat).collect() }
    }

    fn section(name: &str, rows: impl IntoIterator<Item = PlannedRow>) -> PlannedSection {
        PlannedSection { name: name.into(), price: 150_000, rows: rows.into_iter().collect() }
    }

    #[test]
    fn a_run_of_seats_is_one_line_and_a_gap_begins_another() {
        let drawn = pictures(&[section("VIP", [row("A", 10, &[5], &[1, 10])])]).remove(0);
        // The seats 2 to 5 and 6 to 9; the ends of the row are rings.
        assert!(drawn.svg.contains("d=\"M13 6h45M73 6h45\""), "{}", drawn.svg);
        assert_eq!(drawn.svg.matches("<circle").count(), 2);
        assert!(drawn.svg.contains("viewBox=\"0 0 132 12\""), "{}", drawn.svg);
        assert_eq!((drawn.rows, drawn.seats, drawn.accessible), (1, 10, 2));
    }

    #[test]
    fn the_sections_of_a_hall_have_one_scale() {
        let drawn = pictures(&[
            section("VIP", [row("A", 4, &[], &[])]),
            section("R <\"x\">", [row("B", 9, &[], &[]), row("C", 9, &[], &[])]),
        ]);
        let has = |at: usize, part: &str| drawn[at].svg.contains(part);
        assert!(has(0, "viewBox=\"0 0 108 12\"") && has(1, "viewBox=\"0 0 108 24\""));
        assert!(has(1, "aria-label=\"R &lt;&quot;x&quot;&gt;\""));
        assert_eq!(drawn[1].row_labels, ("B".into(), "C".into()));
    }

    #[test]
    fn a_hall_of_twenty_thousand_seats_is_drawn_in_some_kilobytes() {
        let rows = (0..200_u32).map(|number| row(&number.to_string(), 100, &[25, 50, 75], &[]));
        let drawn = pictures(&[section("A", rows)]).remove(0);
        assert_eq!(drawn.seats, 20_000);
        assert!(drawn.svg.len() < 20_000, "{} bytes", drawn.svg.len());
    }

    #[test]
    fn what_is_drawn_has_no_style_and_no_fixed_colour() {
        let drawn = pictures(&[section("VIP", [row("A", 4, &[], &[])])]).remove(0).svg;
        assert!(!drawn.contains("style") && !drawn.contains("\"#"), "{drawn}");
    }
}
