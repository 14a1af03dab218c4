//! The binary forms in which rooms and places are stored.

mod bytes;
mod place;
mod room;

pub(crate) use place::{
    Admitted, BLOCK_BYTES, BLOCK_PLACES, PLACE_BYTES, Pointer, decode_admitted, decode_due, decode_place,
    decode_pointer, due_member, due_until, encode_admitted, encode_place, encode_pointer,
};
pub(crate) use room::{Stamp, decode_room, encode_room, stamp_of};
