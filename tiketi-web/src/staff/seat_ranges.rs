//! Reads which seats staff mean: a section, rows and seats as they are written on tickets.

use std::collections::BTreeMap;

/// A seat that a form can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedSeat<'a> {
    /// What the interface calls it.
    pub(crate) id: &'a str,
    /// Its section.
    pub(crate) section: &'a str,
    /// The label of its row.
    pub(crate) row: &'a str,
    /// Its number in the row.
    pub(crate) number: &'a str,
}

/// Why a text names no seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RangeError {
    /// The section has no such row.
    Row(String),
    /// No chosen row has such a seat.
    Seat(String),
    /// A range begins after its end.
    Backwards(String),
}

/// Returns the ids of the seats that a form names, in the order of the hall.
///
/// `rows` and `seats` are lists with ranges, such as `A, C-E` and `1-10, 15`; an empty one means all. A range counts in the
/// order of the hall, so that it works for letters, too.
///
/// # Errors
///
/// A [`RangeError`] for what the section does not have.
pub(crate) fn chosen<'a>(
    all: &[NamedSeat<'a>],
    section: &str,
    rows: &str,
    seats: &str,
) -> Result<Vec<&'a str>, RangeError> {
    let mut labels: Vec<&str> = Vec::new();
    let mut by_row: BTreeMap<usize, Vec<&NamedSeat<'a>>> = BTreeMap::new();
    for seat in all.iter().filter(|seat| seat.section == section) {
        let at = labels.iter().position(|label| *label == seat.row).unwrap_or_else(|| {
            labels.push(seat.row);
            labels.len() - 1
        });
        by_row.entry(at).or_default().push(seat);
    }
    let wanted_rows = picked(&labels, rows).map_err(RowOrSeat::into_row)?;
    let seats_wanted: Vec<&str> = parts(seats).collect();
    let mut found = Vec::new();
    let mut named = vec![seats_wanted.is_empty(); seats_wanted.len().max(1)];
    for at in wanted_rows {
        let row = by_row.get(&at).map(Vec::as_slice).unwrap_or_default();
        let numbers: Vec<&str> = row.iter().map(|seat| seat.number).collect();
        let mut in_row: Vec<usize> =
            if seats_wanted.is_empty() { (0..row.len()).collect() } else { Vec::new() };
        for (part, named) in seats_wanted.iter().zip(&mut named) {
            // Rows differ in length: a part must be in one of them.
            match picked(&numbers, part) {
                Ok(places) => {
                    *named = true;
                    in_row.extend(places);
                }
                Err(RowOrSeat::Backwards(part)) => return Err(RangeError::Backwards(part)),
                Err(RowOrSeat::Unknown(_)) => {}
            }
        }
        in_row.sort_unstable();
        in_row.dedup();
        found.extend(in_row.into_iter().filter_map(|place| row.get(place)).map(|seat| seat.id));
    }
    let missing = seats_wanted.iter().zip(&named).find(|(_, named)| !**named);
    missing.map_or(Ok(found), |(part, _)| Err(RangeError::Seat((*part).to_owned())))
}

/// Why a part of a list picks nothing.
#[derive(Debug)]
enum RowOrSeat {
    Unknown(String),
    Backwards(String),
}

impl RowOrSeat {
    fn into_row(self) -> RangeError {
        match self {
            Self::Unknown(part) => RangeError::Row(part),
            Self::Backwards(part) => RangeError::Backwards(part),
        }
    }
}

fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

/// Returns the places of what a list names; all if it names nothing.
fn picked(names: &[&str], list: &str) -> Result<Vec<usize>, RowOrSeat> {
    let place = |name: &str| names.iter().position(|known| known.eq_ignore_ascii_case(name));
    let mut places = Vec::new();
    let mut is_all = true;
    for part in parts(list) {
        is_all = false;
        // A name may have a hyphen itself.
        if let Some(place) = place(part) {
            places.push(place);
            continue;
        }
        let ends = part
            .split_once(['-', '~', '–'])
            .and_then(|(first, last)| Some((place(first.trim())?, place(last.trim())?)));
        match ends {
            None => return Err(RowOrSeat::Unknown(part.to_owned())),
            Some((from, to)) if from > to => return Err(RowOrSeat::Backwards(part.to_owned())),
            Some((from, to)) => places.extend(from..=to),
        }
    }
    if is_all {
        return Ok((0..names.len()).collect());
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALL: [NamedSeat<'static>; 9] = [
        seat("a1", "VIP", "A", "1"),
        seat("a2", "VIP", "A", "2"),
        seat("a3", "VIP", "A", "3"),
        seat("b1", "VIP", "B", "1"),
        seat("b2", "VIP", "B", "2"),
        seat("c1", "VIP", "C", "1"),
        seat("x1", "R", "A", "A"),
        seat("x2", "R", "A", "B"),
        seat("x3", "R", "A", "B-1"),
    ];

    const fn seat(
        id: &'static str,
        section: &'static str,
        row: &'static str,
        number: &'static str,
    ) -> NamedSeat<'static> {
        NamedSeat { id, section, row, number }
    }

    #[test]
    fn lists_and_ranges_name_seats_in_the_order_of_the_hall() {
        let cases: [(&str, &str, &str, &[&str]); 8] = [
            ("VIP", "", "", &["a1", "a2", "a3", "b1", "b2", "c1"]),
            ("VIP", "B", "", &["b1", "b2"]),
            ("VIP", "A-B", "2", &["a2", "b2"]),
            ("VIP", "C, a", "1", &["a1", "c1"]),
            ("VIP", "A", "1-2, 2, 3", &["a1", "a2", "a3"]),
            // Row B has no seat 3, but row A has.
            ("VIP", "A-C", "3", &["a3"]),
            ("R", "A", "A-B", &["x1", "x2"]),
            ("R", "A", "B-1", &["x3"]),
        ];
        for (section, rows, seats, ids) in cases {
            assert_eq!(chosen(&HALL, section, rows, seats).as_deref(), Ok(ids), "{section} {rows} {seats}");
        }
    }

    #[test]
    fn what_the_section_does_not_have_is_named() {
        assert_eq!(chosen(&HALL, "VIP", "D", ""), Err(RangeError::Row("D".into())));
        assert_eq!(chosen(&HALL, "VIP", "A-D", ""), Err(RangeError::Row("A-D".into())));
        assert_eq!(chosen(&HALL, "VIP", "A", "1, 9"), Err(RangeError::Seat("9".into())));
        assert_eq!(chosen(&HALL, "VIP", "B-A", ""), Err(RangeError::Backwards("B-A".into())));
        assert_eq!(chosen(&HALL, "VIP", "A", "3-1"), Err(RangeError::Backwards("3-1".into())));
    }

    #[test]
    fn another_section_has_no_seats() {
        assert_eq!(chosen(&HALL, "S", "", ""), Ok(vec![]));
    }
}
