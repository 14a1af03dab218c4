//! Work that outlives its request.

use std::future::Future;

use crate::error::ApiError;
use crate::state::AppState;

/// Runs work to its end even if the client disconnects, and waits for it.
///
/// # Errors
///
/// `INTERNAL` if the work panicked.
pub(crate) async fn detached<F>(state: &AppState, work: F) -> Result<F::Output, ApiError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    state.tasks().spawn(work).await.map_err(ApiError::internal)
}

/// Runs work on a thread of its own, to its end even if the client disconnects, because it takes the processor for long.
///
/// # Errors
///
/// `INTERNAL` if the work panicked.
pub(crate) async fn on_own_thread<F>(work: F) -> Result<F::Output, ApiError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work)).await.map_err(ApiError::internal)
}

/// Runs work that waits for a payment provider to its end, and waits for it for a bounded time.
///
/// Returns `None` if the work continues in the background.
///
/// # Errors
///
/// `INTERNAL` if the work panicked.
pub(crate) async fn with_patience<F>(state: &AppState, work: F) -> Result<Option<F::Output>, ApiError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let running = state.tasks().spawn(work);
    match tokio::time::timeout(state.limits().provider_patience(), running).await {
        Ok(ended) => ended.map(Some).map_err(ApiError::internal),
        Err(_) => Ok(None),
    }
}
