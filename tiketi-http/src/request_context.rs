//! What every layer knows about a request.

use std::sync::Arc;

use crate::language::Language;

/// A request's id and language.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext {
    /// Names the request in the answer and in the log.
    pub(crate) id: Arc<str>,
    /// The language of error sentences.
    pub(crate) language: Language,
    /// The scheme that a 401 names in `WWW-Authenticate`.
    pub(crate) challenge: &'static str,
}
