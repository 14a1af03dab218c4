//! A user with a separate connection and token.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tiketi_server_harness::{self as harness, DEADLINE};
use uuid::Uuid;

/// The secret that signs the server's tokens.
pub(crate) const SECRET: &str = "known-to-the-server-and-to-this-test-only";

/// A signed-in user.
#[derive(Debug)]
pub(crate) struct Person {
    client: reqwest::Client,
    base: String,
    token: String,
}

/// The status and the body of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: Value,
}

impl Person {
    /// Signs in an administrator.
    pub(crate) fn admin(address: &str) -> Self {
        Self::with_role(address, 0, "admin")
    }

    /// Signs in a buyer; each number is another buyer.
    pub(crate) fn buyer(address: &str, number: u128) -> Self {
        Self::with_role(address, number, "user")
    }

    fn with_role(address: &str, number: u128, role: &str) -> Self {
        let id = Uuid::from_u128(number);
        let claims = json!({
            "userId": id.to_string(), "email": format!("{number}@example.com"), "role": role,
            "iat": 1, "exp": 9_999_999_999_u64,
        });
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
        Self { client, base: format!("http://{address}"), token }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.client.post(self.url(path)).json(body)).await
    }

    /// Sends the same request twice concurrently, as a double click does, and returns the answer.
    pub(crate) async fn post_twice(&self, path: &str, body: &Value, key: &str) -> Answer {
        let request = || self.client.post(self.url(path)).header("Idempotency-Key", key).json(body);
        let (first, second) = tokio::join!(self.send(request()), self.send(request()));
        // The second request is answered with 409 while the first runs, and otherwise like the first.
        if first.status == 409 { second } else { first }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends a request, and asserts that the server does not answer 5xx.
    async fn send(&self, request: RequestBuilder) -> Answer {
        let harness::Answer { status, body, .. } =
            harness::send_with_retries(request.bearer_auth(&self.token)).await.unwrap();
        let answer = Answer { status, body };
        assert!(answer.status < 500, "{}", answer.body);
        answer
    }
}

impl Answer {
    /// Returns the body of an answer, which must be a success.
    #[track_caller]
    pub(crate) fn ok<T: DeserializeOwned>(&self) -> T {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        serde_json::from_value(self.body.clone()).unwrap()
    }

    /// Returns the details of a refusal, which must have this code.
    #[track_caller]
    pub(crate) fn refused(&self, code: &str) -> Value {
        let body = &self.body;
        assert_eq!((self.status, body["code"].as_str()), (409, Some(code)), "{body}");
        body["details"].clone()
    }
}
