//! The binary forms in which rooms and places are stored, and messages are sent.

mod message;
mod place;
mod room;

pub(crate) use message::{decode_private, decode_public, encode_private, encode_public};
pub(crate) use place::{
    Admitted, BLOCK_BYTES, BLOCK_PLACES, PLACE_BYTES, Pointer, decode_admitted, decode_due, decode_place,
    decode_pointer, due_member, due_until, encode_admitted, encode_place, encode_pointer,
};
pub(crate) use room::{Stamp, Swept, decode_room, encode_room, stamp_of};
