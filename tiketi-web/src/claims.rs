//! What a token says, for showing it; only the API knows whether it is genuine.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Longest token that is read, in bytes.
const MAX_TOKEN_BYTES: usize = 4_096;

/// Who is signed in, as a token says.
///
/// It decides only what a page shows. Each call of the API checks the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Claims {
    /// The address that the user signs in with.
    pub(crate) email: String,
    /// The user's role, as the wire names it.
    pub(crate) role: String,
    /// When the token ends, in seconds since 1970.
    pub(crate) exp: i64,
}

impl Claims {
    /// Reads the claims of a token; `None` if it is none.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.').filter(|_| token.len() <= MAX_TOKEN_BYTES);
        let claims = URL_SAFE_NO_PAD.decode(parts.nth(1)?).ok()?;
        serde_json::from_slice(&claims).ok()
    }

    /// Returns whether the user is of the staff.
    pub(crate) fn is_staff(&self) -> bool {
        self.role != "user"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_token_says_nothing() {
        for text in ["", "a", "a.b.c", "a.e30.c", &"x.".repeat(4_000)] {
            assert_eq!(Claims::of(text), None);
        }
        let claims = URL_SAFE_NO_PAD.encode(r#"{"email":"a@b.example","role":"user","exp":7,"iat":1}"#);
        let claims = Claims::of(&format!("x.{claims}.y")).unwrap();
        assert_eq!((claims.email.as_str(), claims.exp, claims.is_staff()), ("a@b.example", 7, false));
    }
}
