//! What every request goes through on its way to a handler and back.

mod body;
mod context;
mod layers;

pub(crate) use body::read_body;
pub(crate) use context::RequestContext;
pub(crate) use layers::{detached, with_patience, wrap};
