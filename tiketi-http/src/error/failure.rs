//! The cause of an error, on its way to the log: it is written once, in the line of its request.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{ApiError, Code};
use crate::request_context::RequestContext;

/// Why a request failed, in the extensions of its answer.
///
/// The layer around every route writes it. If the answer gets lost, because its client has left, it writes itself.
#[derive(Debug, Clone)]
pub(crate) struct Failure(Arc<Untold>);

#[derive(Debug)]
struct Untold {
    code: Code,
    cause: String,
    request: String,
    is_told: AtomicBool,
}

impl Failure {
    /// Returns the cause of an error, if it has one.
    pub(super) fn of(error: &ApiError, context: &RequestContext) -> Option<Self> {
        let cause = chain(error.cause.as_ref()?.as_ref());
        let request = context.id.as_str().to_owned();
        Some(Self(Arc::new(Untold { code: error.code, cause, request, is_told: AtomicBool::new(false) })))
    }

    /// Returns whether it is a defect, the code and the cause, for the line that is written now.
    pub(crate) fn tell(&self) -> (bool, &'static str, &str) {
        self.0.is_told.store(true, Ordering::Relaxed);
        (self.0.code == Code::Internal, self.0.code.wire(), &self.0.cause)
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        if *self.is_told.get_mut() {
            return;
        }
        let (code, cause, request) = (self.code.wire(), &*self.cause, &*self.request);
        tracing::warn!(code, request_id = request, cause, "failed after its client had left");
    }
}

/// Writes an error and its causes on one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
