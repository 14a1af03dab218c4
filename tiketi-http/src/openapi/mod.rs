//! The OpenAPI document, completed from the handlers' descriptions.

mod aliases;
mod bounds;
mod document;
mod packed;
mod pages;

pub(crate) use document::complete;
pub(crate) use pages::pages;

#[cfg(test)]
mod tests;
