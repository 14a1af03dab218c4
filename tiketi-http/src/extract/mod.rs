//! Extractors; every failure becomes an [`ApiError`](crate::error::ApiError).

mod client_address;
mod ids;
mod json;
mod key;
mod language;
mod objects_only;
mod query;
mod staff;
mod user;

pub(crate) use client_address::ClientAddress;
pub(crate) use ids::ApiPath;
pub(crate) use json::ApiJson;
pub(crate) use key::{IdemKey, command_key, has_key};
pub(crate) use language::WantedLanguage;
pub(crate) use query::ApiQuery;
pub(crate) use staff::{Staff, StaffAsking, may};
pub(crate) use user::{CurrentUser, VerifiedUser};

#[cfg(test)]
mod tests;
