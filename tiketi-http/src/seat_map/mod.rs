//! Encoded seat maps: encoded once per version, shared by every request.
//!
//! A hall of 20,000 seats is about four megabytes of JSON. A request gets the event's picture from memory. While the
//! picture is the encoded one, every request gets the same bytes. If it is newer, one request encodes what changed, and
//! the others wait for it. A map is encoded and compressed in segments of seats; a segment that did not change is shared
//! between versions.

mod answer;
mod encoded;
mod event_map;
mod map_header;
mod seat_index;
mod segment;
#[cfg(test)]
mod tests;

pub(crate) use encoded::Counters;
pub(crate) use event_map::EventMap;
