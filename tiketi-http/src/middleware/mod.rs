//! What every request goes through on its way to a handler and back.

mod body;
mod context;
mod layers;

pub(crate) use layers::wrap;
