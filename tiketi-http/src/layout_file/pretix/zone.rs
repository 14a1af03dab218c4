//! Converts the positions of one zone to rows and columns.

use std::collections::{HashMap, HashSet};

use tiketi_core::{Row, seat_layout::PlannedSeat};

use super::{Block, Names, PlanRow, Point, Seat, Zone};
use crate::layout_file::LayoutFileError;
use crate::layout_file::columns::Ruler;

/// A row with its seats at their positions in the plan.
#[derive(Debug)]
struct Line {
    path: String,
    label: String,
    chairs: Vec<Chair>,
}

#[derive(Debug)]
struct Chair {
    number: String,
    category: String,
    /// Position along the row.
    along: f64,
    /// Position across the rows, growing away from the stage.
    across: f64,
    column: u32,
}

impl Zone {
    /// Builds one block per category, with the position of the row nearest to the stage.
    pub(super) fn into_blocks(
        self,
        path: &str,
        names: &mut Names,
    ) -> Result<(f64, Vec<Block>), LayoutFileError> {
        if self.rows.is_empty() {
            return Err(LayoutFileError::Empty { path: format!("{path}.rows") });
        }
        let (name, corner) = (self.name.unwrap_or_default(), self.position);
        let rows = self.rows.into_iter().enumerate();
        let lines: Result<Vec<_>, _> =
            rows.map(|(at, row)| row.into_line(format!("{path}.rows[{at}]"), corner, names)).collect();
        let mut lines = lines?;
        let top = lines.iter().flat_map(|line| &line.chairs).map(|chair| chair.across);
        let top = top.fold(f64::INFINITY, f64::min);
        arrange(&mut lines);
        Ok((top, blocks(&name, lines, names)?))
    }
}

impl PlanRow {
    fn into_line(self, path: String, corner: Point, names: &mut Names) -> Result<Line, LayoutFileError> {
        let said = |text: &String| !text.trim().is_empty();
        let label = Some(self.row_number).filter(said).or(self.row_label.filter(said));
        let label = label.ok_or_else(|| LayoutFileError::Empty { path: format!("{path}.row_number") })?;
        if self.seats.is_empty() {
            return Err(LayoutFileError::Empty { path: format!("{path}.seats") });
        }
        let corner = Point { x: corner.x + self.position.x, y: corner.y + self.position.y };
        let mut numbers = HashSet::new();
        let mut chairs = Vec::new();
        for (at, seat) in self.seats.into_iter().enumerate() {
            let path = format!("{path}.seats[{at}]");
            if !numbers.insert(seat.number.clone()) {
                let path = format!("{path}.seat_number");
                return Err(LayoutFileError::Duplicate { path, name: seat.number });
            }
            chairs.push(seat.into_chair(&path, corner, names)?);
        }
        Ok(Line { path, label, chairs })
    }
}

impl Seat {
    fn into_chair(self, path: &str, corner: Point, names: &mut Names) -> Result<Chair, LayoutFileError> {
        if self.number.trim().is_empty() {
            return Err(LayoutFileError::Empty { path: format!("{path}.seat_number") });
        }
        if !names.categories.contains_key(&self.category) {
            let path = format!("{path}.category");
            return Err(LayoutFileError::UnknownCategory { path, name: self.category });
        }
        if !names.guids.insert(self.guid.clone()) {
            return Err(LayoutFileError::Duplicate { path: format!("{path}.seat_guid"), name: self.guid });
        }
        Ok(Chair {
            number: self.number,
            category: self.category,
            along: corner.x + self.position.x,
            across: corner.y + self.position.y,
            column: 0,
        })
    }
}

/// Sorts rows from the stage backwards and seats from left to right, and gives seats their columns.
fn arrange(lines: &mut [Line]) {
    if runs_downwards(lines) {
        for chair in lines.iter_mut().flat_map(|line| &mut line.chairs) {
            (chair.along, chair.across) = (chair.across, chair.along);
        }
    }
    for line in &mut *lines {
        line.chairs.sort_by(|a, b| a.along.total_cmp(&b.along));
    }
    lines.sort_by(|a, b| a.front().total_cmp(&b.front()));
    let positions: Vec<Vec<f64>> =
        lines.iter().map(|line| line.chairs.iter().map(|chair| chair.along).collect()).collect();
    let ruler = Ruler::measure(positions.iter().map(Vec::as_slice));
    for (line, positions) in lines.iter_mut().zip(&positions) {
        for (chair, column) in line.chairs.iter_mut().zip(ruler.columns(positions)) {
            chair.column = column;
        }
    }
}

/// Returns whether the rows of a zone run along y, as they may beside a stage.
fn runs_downwards(lines: &[Line]) -> bool {
    let spread = |of: fn(&Chair) -> f64| {
        let extents = lines.iter().map(|line| {
            let ends = |low: f64, high: f64, at: f64| (low.min(at), high.max(at));
            let (low, high) = line
                .chairs
                .iter()
                .map(of)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| ends(low, high, at));
            high - low
        });
        extents.sum::<f64>()
    };
    spread(|chair| chair.across) > spread(|chair| chair.along)
}

impl Line {
    fn front(&self) -> f64 {
        self.chairs.iter().map(|chair| chair.across).fold(f64::INFINITY, f64::min)
    }

    /// Cuts the row into its categories.
    fn into_rows(self) -> HashMap<String, Row> {
        let mut rows = HashMap::new();
        for chair in self.chairs {
            let row = rows.entry(chair.category).or_insert_with(|| Row::new(self.label.clone()));
            row.seats.push(PlannedSeat::new(chair.number, chair.column));
        }
        rows
    }
}

/// Cuts a zone into its categories, in the order the plan declares them.
fn blocks(zone: &str, lines: Vec<Line>, names: &Names) -> Result<Vec<Block>, LayoutFileError> {
    let mut groups: HashMap<String, (HashSet<String>, Vec<Row>)> = HashMap::new();
    for line in lines {
        let path = line.path.clone();
        for (category, row) in line.into_rows() {
            let (labels, rows) = groups.entry(category).or_default();
            if !labels.insert(row.label.clone()) {
                let path = format!("{path}.row_number");
                return Err(LayoutFileError::Duplicate { path, name: row.label });
            }
            rows.push(row);
        }
    }
    let alone = groups.len() == 1;
    let mut groups: Vec<_> = groups.into_iter().map(|(category, (_, rows))| (category, rows)).collect();
    groups.sort_by_key(|(category, _)| names.categories.get(category).copied());
    let blocks = groups.into_iter().map(|(category, rows)| Block {
        section: section_name(zone.trim(), &category, alone),
        category,
        rows,
    });
    Ok(blocks.collect())
}

fn section_name(zone: &str, category: &str, alone: bool) -> String {
    match zone {
        "" => category.to_owned(),
        zone if alone => zone.to_owned(),
        zone => format!("{zone} {category}"),
    }
}
