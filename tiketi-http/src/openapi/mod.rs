//! The OpenAPI document: what the handlers say about themselves, and what holds for all of them.

mod aliases;
mod document;
mod pages;

pub(crate) use document::complete;
pub(crate) use pages::pages;

#[cfg(test)]
mod tests;
