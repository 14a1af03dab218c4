//! The three ways to write the seats of a row.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The seats of a row, from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = NewSeats)]
#[non_exhaustive]
pub enum SeatsFile {
    /// A number of seats, numbered from 1.
    Count(u32),
    /// Each seat by its number, or with more details.
    Each(Vec<SeatEntry>),
}

/// One seat of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = NewSeat)]
#[non_exhaustive]
pub enum SeatEntry {
    /// Its number; the seat is right of the one before it.
    Number(String),
    /// Its number, with column and accessibility.
    Seat(SeatFile),
}

/// A seat with details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPlacedSeat)]
#[non_exhaustive]
pub struct SeatFile {
    /// Number or letter, unique within the row.
    pub number: String,
    /// Column from 0; right of the seat before it by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Whether the place is meant for a wheelchair user.
    #[serde(default)]
    pub accessible: bool,
}

// Written by hand: an untagged enum loses the position of an error in the file.
impl<'de> Deserialize<'de> for SeatsFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seats;

        impl<'de> Visitor<'de> for Seats {
            type Value = SeatsFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of seats, or a list of seats")
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<SeatsFile, E> {
                u32::try_from(count)
                    .map(SeatsFile::Count)
                    .map_err(|_| E::custom(format!("{count} seats are too many for a row")))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<SeatsFile, A::Error> {
                let mut seats = Vec::new();
                while let Some(seat) = list.next_element()? {
                    seats.push(seat);
                }
                Ok(SeatsFile::Each(seats))
            }
        }

        deserializer.deserialize_any(Seats)
    }
}

impl<'de> Deserialize<'de> for SeatEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> Visitor<'de> for Entry {
            type Value = SeatEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a seat's number as a text, or an object with `number`")
            }

            fn visit_str<E: Error>(self, number: &str) -> Result<SeatEntry, E> {
                Ok(SeatEntry::Number(number.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SeatEntry, A::Error> {
                SeatFile::deserialize(MapAccessDeserializer::new(map)).map(SeatEntry::Seat)
            }
        }

        deserializer.deserialize_any(Entry)
    }
}
