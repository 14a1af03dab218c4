//! Embeds the ticket shop into a host with its own users and sessions.
//!
//! The shop has no accounts and no sign-in routes: it asks the host who sent a request.
//!
//! `cargo run -p tiketi-examples --example own_sessions`, and in another terminal:
//!
//! ```sh
//! curl -c /tmp/jar -d ada http://127.0.0.1:3003/sign-in
//! curl -b /tmp/jar http://127.0.0.1:3003/tickets/api/reservations/my
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rand::TryRng;
use rand::rngs::SysRng;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{BoxOffice, BuyerId};
use tiketi_http::{
    AppState, AuthenticatedUser, AuthenticationError, Authenticator, CredentialScheme, SignIn,
};
use tokio::net::TcpListener;

/// The name of the host's session cookie.
const COOKIE_NAME: &str = "sid";

/// The host's sessions: the signed-in user for the secret in each cookie.
#[derive(Default)]
struct Sessions {
    users: Mutex<HashMap<String, AuthenticatedUser>>,
}

impl Sessions {
    /// Starts a session, and returns its secret.
    fn start(&self, user: AuthenticatedUser) -> Result<String, Box<dyn Error>> {
        let secret = format!("{:016x}{:016x}", SysRng.try_next_u64()?, SysRng.try_next_u64()?);
        self.lock().insert(secret.clone(), user);
        Ok(secret)
    }

    /// Ends a session.
    fn end(&self, secret: &str) {
        self.lock().remove(secret);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, AuthenticatedUser>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Authenticator for Sessions {
    async fn authenticate(&self, request: &Parts) -> Result<Option<AuthenticatedUser>, AuthenticationError> {
        let Some(secret) = session_of(&request.headers) else { return Ok(None) };
        // An ended session is refused: the page must ask for a sign-in, not show an anonymous visitor.
        self.lock().get(secret).copied().map(Some).ok_or(AuthenticationError::Expired)
    }

    fn scheme(&self) -> CredentialScheme {
        CredentialScheme::Cookie { name: COOKIE_NAME.to_owned() }
    }
}

/// Written by hand, because the derived form shows the secrets.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// Returns the secret in the session cookie.
fn session_of(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, secret)| secret)
}

/// The host's own sign-in; a real one checks a password or a passkey.
async fn sign_in(State(sessions): State<Arc<Sessions>>, name: String) -> Response {
    let Some(user) = user_named(&name) else { return StatusCode::UNAUTHORIZED.into_response() };
    match sessions.start(user) {
        Ok(secret) => {
            // `SameSite` keeps other sites from sending requests with the cookie. Over HTTPS, add `Secure`.
            let cookie = format!("{COOKIE_NAME}={secret}; HttpOnly; SameSite=Strict; Path=/");
            (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn sign_out(State(sessions): State<Arc<Sessions>>, headers: HeaderMap) -> StatusCode {
    if let Some(secret) = session_of(&headers) {
        sessions.end(secret);
    }
    StatusCode::NO_CONTENT
}

/// The host's users. Reservations belong to these ids, so they must never change.
fn user_named(name: &str) -> Option<AuthenticatedUser> {
    let id = |text: &str| text.parse::<BuyerId>().ok();
    match name {
        "ada" => id("01890a5d-ac96-774b-bcce-b302099a8057").map(AuthenticatedUser::buyer),
        "staff" => id("01890a5d-ac96-774b-bcce-b302099a8058").map(AuthenticatedUser::admin),
        _ => None,
    }
}

/// Combines the shop with the host's sign-in; both use the same sessions.
fn app(sessions: &Arc<Sessions>) -> Result<Router, Box<dyn Error>> {
    let store = Arc::new(MemoryStore::default());
    let box_office =
        BoxOffice::builder().store(Arc::clone(&store)).gateway(Arc::new(TestGateway::default())).build()?;
    let authenticator = SignIn::Host(Arc::<Sessions>::clone(sessions));
    let shop = AppState::builder(box_office, store.clone(), store, authenticator).build()?;
    let host = Router::new().route("/sign-in", post(sign_in)).route("/sign-out", post(sign_out));
    Ok(host.with_state(Arc::clone(sessions)).nest("/tickets", tiketi_http::router(shop)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:3003").await?;
    println!("sign in at http://{}/sign-in, as ada or staff", listener.local_addr()?);
    // A host also runs the background jobs and drains them at its end; the example `nested_in_axum` shows both.
    axum::serve(listener, app(&Arc::new(Sessions::default()))?).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use axum::http::request::Builder;
    use tower::ServiceExt;

    use super::*;

    async fn status(app: &Router, path: &str, cookie: &str) -> u16 {
        send(app, Request::get(path), cookie).await
    }

    async fn send(app: &Router, request: Builder, cookie: &str) -> u16 {
        let request = request.header(COOKIE, format!("theme=dark; {cookie}")).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap().status().as_u16()
    }

    async fn cookie_of(app: &Router, name: &'static str) -> String {
        let request = Request::post("/sign-in").body(Body::from(name)).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        answer.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn the_hosts_sessions_decide_who_buys_and_who_runs_the_shop() {
        let app = app(&Arc::new(Sessions::default())).unwrap();
        let (mine, admin) = ("/tickets/api/reservations/my", "/tickets/api/admin/events");
        assert_eq!(status(&app, mine, "").await, 401);
        assert_eq!(status(&app, mine, "sid=guessed").await, 401);
        let (ada, staff) = (cookie_of(&app, "ada").await, cookie_of(&app, "staff").await);
        assert_eq!(status(&app, mine, &ada).await, 200);
        assert_eq!((status(&app, admin, &ada).await, status(&app, admin, &staff).await), (403, 200));
        assert_eq!(send(&app, Request::post("/sign-out"), &ada).await, 204);
        assert_eq!(status(&app, mine, &ada).await, 401);
    }

    #[tokio::test]
    async fn the_shop_has_no_sign_in_of_its_own() {
        let app = app(&Arc::new(Sessions::default())).unwrap();
        assert_eq!(status(&app, "/tickets/api/events", "").await, 200);
        assert_eq!(status(&app, "/tickets/api/auth/me", "").await, 404);
    }
}
