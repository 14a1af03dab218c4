//! Refuses requests beyond their limit, before they cost anything.

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::authenticator::CredentialScheme;
use crate::error::ApiError;
use crate::extract::CurrentUser;
use crate::request_context::RequestContext;
use crate::request_limits::RouteClass;
use crate::state::AppState;

/// Counts a request, and refuses it if its user or its network has no allowance left.
///
/// A read counts for its network, and for its user once the network has no more: so a read that needs no user asks for
/// none, and a user in a crowded network is not shut out. Everything else counts for its user, if it has one; a hold counts
/// for its network, too.
pub(crate) async fn limited(state: &AppState, request: Request) -> Result<Request, ApiError> {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let Some(class) = RouteClass::of(request.method(), route) else { return Ok(request) };
    let counts = state.request_counts();
    let client = request.extensions().get::<RequestContext>().and_then(|context| context.client);
    if class == RouteClass::Read {
        let Err(refused) = counts.network(class, client).await else { return Ok(request) };
        // Boxed, as below: the future of a read that is not refused stays small.
        let (request, user) = Box::pin(user_of(state, request, class)).await;
        return match user {
            Some(user) => counts.user(class, user.buyer()).await.map(|()| request),
            None => Err(refused),
        };
    }
    let (request, user) = Box::pin(user_of(state, request, class)).await;
    let Some(user) = user else {
        // Without a user it holds nothing.
        let class = if class == RouteClass::Hold { RouteClass::Write } else { class };
        counts.network(class, client).await?;
        return Ok(request);
    };
    counts.user(class, user.buyer()).await?;
    // Accounts are many and cheap, networks are not: a hold counts for both.
    if class == RouteClass::Hold {
        let class = if user.user().is_verified { class } else { RouteClass::UnverifiedHold };
        counts.network(class, client).await?;
    }
    Ok(request)
}

/// Finds the user of a request, if users have an allowance of its class.
async fn user_of(state: &AppState, request: Request, class: RouteClass) -> (Request, Option<CurrentUser>) {
    let (mut parts, body) = request.into_parts();
    let is_asked = state.request_counts().counts_users(class) && may_have_user(&parts, state);
    let user = if is_asked { CurrentUser::from_request_parts(&mut parts, state).await.ok() } else { None };
    (Request::from_parts(parts, body), user)
}

/// Returns whether a request has credentials, as far as its headers show; a host may take others.
fn may_have_user(parts: &Parts, state: &AppState) -> bool {
    match state.credential_scheme() {
        CredentialScheme::Bearer => parts.headers.contains_key(AUTHORIZATION),
        CredentialScheme::Cookie { .. } => parts.headers.contains_key("cookie"),
        CredentialScheme::Header { name } => parts.headers.contains_key(name.as_str()),
    }
}
