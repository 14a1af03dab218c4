//! What every layer knows about a request.

use std::sync::Arc;

use crate::language::Language;

/// What the answer to a request needs to know about it.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext {
    /// Names the request in the answer and in the log.
    pub(crate) id: Arc<str>,
    /// What its sender reads.
    pub(crate) language: Language,
}
