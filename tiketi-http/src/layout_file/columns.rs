//! Derives columns from positions: which seats are behind each other, and where the aisles are.

/// Seats beyond this column are placed side by side; no real row is as wide.
const WIDEST: f64 = 10_000.0;

/// A ruler along the rows of one zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ruler {
    start: f64,
    spacing: f64,
}

impl Ruler {
    /// Measures rows, each given as the ascending positions of its seats.
    ///
    /// The typical distance between neighbours is the median: neither aisles nor one close pair of seats distort it.
    pub(super) fn measure<'r>(rows: impl IntoIterator<Item = &'r [f64]>) -> Self {
        let mut start = f64::INFINITY;
        let mut distances = Vec::new();
        for row in rows {
            start = row.iter().copied().fold(start, f64::min);
            let pairs = row.iter().zip(row.iter().skip(1));
            distances.extend(pairs.map(|(left, right)| right - left).filter(|distance| *distance > 0.0));
        }
        distances.sort_by(f64::total_cmp);
        let spacing = distances.get(distances.len() / 2).copied().unwrap_or(1.0);
        Self { start: if start.is_finite() { start } else { 0.0 }, spacing }
    }

    /// Returns the columns of one row's ascending positions; they are strictly ascending.
    pub(super) fn columns(self, row: &[f64]) -> Vec<u32> {
        let mut free = 0_u32;
        row.iter()
            .map(|position| {
                let column = nearest((position - self.start) / self.spacing).max(free);
                free = column.saturating_add(1);
                column
            })
            .collect()
    }
}

fn nearest(column: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped before; and not-a-number becomes 0"
    )]
    let nearest = column.round().clamp(0.0, WIDEST) as u32;
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(rows: &[&[f64]]) -> Vec<Vec<u32>> {
        let ruler = Ruler::measure(rows.iter().copied());
        rows.iter().map(|row| ruler.columns(row)).collect()
    }

    #[test]
    fn an_aisle_leaves_columns_free() {
        assert_eq!(columns(&[&[0.0, 20.0, 40.0, 80.0, 100.0]]), [[0, 1, 2, 4, 5]]);
    }

    #[test]
    fn rows_of_a_zone_share_their_columns() {
        let rows: [&[f64]; 2] = [&[20.0, 40.0], &[0.0, 20.0, 40.0, 60.0]];
        assert_eq!(columns(&rows), [vec![1, 2], vec![0, 1, 2, 3]]);
    }

    #[test]
    fn uneven_spacing_never_puts_two_seats_in_one_column() {
        assert_eq!(columns(&[&[0.0, 20.0, 25.0, 45.0, 65.0]]), [[0, 1, 2, 3, 4]]);
    }

    #[test]
    fn a_lone_seat_stands_in_the_first_column() {
        assert_eq!(columns(&[&[317.5]]), [[0]]);
    }

    #[test]
    fn absurd_positions_are_drawn_side_by_side() {
        assert_eq!(columns(&[&[f64::MIN, 0.0, f64::MAX, f64::MAX]]).concat().len(), 4);
        assert_eq!(columns(&[&[0.0, 1.0, 2.0, 1e300]]), [[0, 1, 2, 10_000]]);
    }
}
