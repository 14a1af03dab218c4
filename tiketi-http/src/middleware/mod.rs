//! Layers that every request passes.

mod body;
mod context;
mod layers;

pub(crate) use layers::wrap;
#[cfg(feature = "socketio")]
pub(crate) use layers::wrap_sockets;
