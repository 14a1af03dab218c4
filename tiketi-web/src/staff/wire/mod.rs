//! What the pages of staff read of the interface: the fields that they show.

mod event;
mod figures;
mod layout;
mod money;
mod office;
mod room;

pub(crate) use event::*;
pub(crate) use figures::*;
pub(crate) use layout::*;
pub(crate) use money::*;
pub(crate) use office::*;
pub(crate) use room::*;

pub(crate) use crate::buyer::wire::Pagination;
