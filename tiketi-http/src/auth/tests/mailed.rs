//! Registering, proving an address and setting a password by codes in mails.

use std::sync::Arc;

use tiketi_core::BoxOfficeBuilder;
use tiketi_core::account::Account;
use tiketi_core::memory::MemoryStore;
use tiketi_core::store::MailStore;
use tiketi_mail::{AccountAddresses, CodeMails, MailSender, MemoryMailer, Message, Shopfront};

use super::*;
use crate::credentials::SessionsOf;
use crate::state::AppStateBuilder;
use crate::test_support::json_request;

const ADDRESS: &str = "new.buyer@example.com";

/// A shop that sends mail, and the mail.
struct Shop {
    server: Server,
    mailer: Arc<MemoryMailer>,
    sender: MailSender,
    mails: Arc<MemoryStore>,
}

impl Shop {
    fn open() -> Self {
        Self::with(|builder| builder)
    }

    fn with(state: impl FnOnce(AppStateBuilder) -> AppStateBuilder) -> Self {
        let mails = Arc::new(MemoryStore::default());
        let (queue, codes) = (Arc::clone(&mails), Arc::clone(&mails));
        let parts = |builder: BoxOfficeBuilder| builder;
        let server = Server::with_state(parts, |builder| state(builder.mails(queue).codes(codes)));
        let mailer = Arc::new(MemoryMailer::default());
        let accounts = Arc::clone(&server.state.accounts().unwrap().store);
        let key = crate::TokenSecret::new(SECRET).unwrap().code_key();
        let codes = CodeMails::new(mails.clone(), Arc::clone(&accounts), key);
        let front = Shopfront::new("https://tickets.example".parse().unwrap());
        let addresses = Arc::new(AccountAddresses::new(accounts));
        let office = server.state.box_office().clone();
        let sender = MailSender::new(office, mails.clone(), addresses, mailer.clone(), front)
            .codes(codes)
            .clock(Arc::<tiketi_core::clock::ManualClock>::clone(&server.clock));
        Self { server, mailer, sender, mails }
    }

    /// Sends what is queued, and returns it.
    async fn mails(&self) -> Vec<Message> {
        while self.sender.send_once().await.unwrap().claimed() > 0 {}
        self.mailer.drain()
    }

    /// Returns the code of the only mail.
    async fn code(&self) -> String {
        let mails = self.mails().await;
        assert_eq!(mails.len(), 1);
        mails[0].text.lines().find_map(|line| line.strip_prefix("    ")).unwrap().to_owned()
    }

    async fn register(&self, body: &Value) -> Value {
        let answer = self.server.post("/api/auth/register", body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        answer.json()
    }

    /// Registers an address and proves it.
    async fn join(&self) -> Value {
        let asked = self.register(&registration()).await;
        let code = self.code().await;
        let answer = self.verify(&asked, &code).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.json()
    }

    async fn verify(&self, asked: &Value, code: &str) -> Answered {
        self.server.post("/api/auth/verify", &json!({"codeId": asked["codeId"], "code": code})).await
    }

    async fn login(&self, password: &str) -> Answered {
        self.server.post("/api/auth/login", &json!({"email": ADDRESS, "password": password})).await
    }

    async fn reset(&self, email: &str) -> Value {
        let answer = self.server.post("/api/auth/reset", &json!({"email": email})).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        answer.json()
    }

    async fn confirm(&self, asked: &Value, code: &str, password: &str) -> Answered {
        let body = json!({"codeId": asked["codeId"], "code": code, "password": password});
        self.server.post("/api/auth/reset/confirm", &body).await
    }

    /// Makes an account whose address is not proved, as a shop has from before it sent mail.
    async fn unverified(&self) -> String {
        let token = self.server.token_of(ADDRESS, Role::Buyer).await;
        let accounts = self.server.state.accounts().unwrap();
        let account = accounts.store.account_by_email(&ADDRESS.parse().unwrap()).await.unwrap().unwrap();
        let forget = |account: &mut Account| account.verified_at = None;
        accounts.edit(account.id, SessionsOf::Kept, forget).await.unwrap();
        token
    }
}

fn invalid_code() -> (u16, String) {
    (400, "INVALID_CODE".to_owned())
}

fn refusal(answer: &Answered) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

#[tokio::test]
async fn an_account_is_created_once_its_address_is_proved() {
    let shop = Shop::open();
    let asked = shop.register(&registration()).await;
    assert_eq!(asked["expiresAt"], "2026-01-05T10:30:00Z");
    assert_eq!(refusal(&shop.login(PASSWORD).await), (401, "INVALID_CREDENTIALS".to_owned()));
    let code = shop.code().await;
    let answer = shop.verify(&asked, &code.to_uppercase()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let joined = answer.json();
    assert_eq!((&joined["user"]["email"], &joined["user"]["emailVerified"]), (&json!(ADDRESS), &json!(true)));
    let me = me_with(&shop.server, joined["token"].as_str().unwrap()).await;
    assert_eq!(me.json()["user"], joined["user"]);
    assert_eq!(shop.login(PASSWORD).await.status, StatusCode::OK);
}

/// Fails with an answer of 409 to a taken address, and with accounts that can sign in before they are proved.
#[tokio::test]
async fn registering_does_not_tell_whether_an_address_is_taken() {
    let shop = Shop::open();
    shop.join().await;
    let mut body = registration();
    body["password"] = json!("another password of a stranger");
    let taken = shop.register(&body).await;
    assert_eq!(shop.mails().await[0].subject, "You already have an account");
    body["email"] = json!("nobody@example.com");
    let free = shop.register(&body).await;
    let keys = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&taken), keys(&free));
    assert_eq!(taken["expiresAt"], free["expiresAt"]);
    assert_eq!(shop.mails().await[0].subject, "Your code");
    // Neither can sign in, and wrong codes are refused alike.
    for email in [ADDRESS, "nobody@example.com"] {
        let login = json!({"email": email, "password": "another password of a stranger"});
        let answer = shop.server.post("/api/auth/login", &login).await;
        assert_eq!(refusal(&answer), (401, "INVALID_CREDENTIALS".to_owned()));
    }
    for asked in [taken, free] {
        let answer = shop.verify(&asked, "aaaa-aaaa").await;
        assert_eq!(refusal(&answer), invalid_code());
        assert_eq!(answer.json()["details"], json!({"triesLeft": 4}));
    }
}

#[tokio::test]
async fn resetting_does_not_tell_whether_an_address_has_an_account() {
    let shop = Shop::open();
    shop.join().await;
    let (known, unknown) = (shop.reset(ADDRESS).await, shop.reset("nobody@example.com").await);
    assert_eq!(known["expiresAt"], unknown["expiresAt"]);
    assert_eq!(shop.mails().await.len(), 1);
    for asked in [known, unknown] {
        let answer = shop.confirm(&asked, "aaaa-aaaa", "a new password of mine").await;
        assert_eq!(refusal(&answer), invalid_code());
        assert_eq!(answer.json()["details"], json!({"triesLeft": 4}));
    }
}

/// Fails without counting tries, and with a code that stays after its use.
#[tokio::test]
async fn a_code_is_used_once_and_tried_five_times() {
    let shop = Shop::open();
    let asked = shop.register(&registration()).await;
    let code = shop.code().await;
    for left in (0..=4).rev() {
        let answer = shop.verify(&asked, "aaaa-aaaa").await;
        assert_eq!(answer.json()["details"]["triesLeft"], left);
    }
    assert_eq!(refusal(&shop.verify(&asked, &code).await), invalid_code());
    let asked = shop.register(&registration()).await;
    let code = shop.code().await;
    assert_eq!(shop.verify(&asked, &code).await.status, StatusCode::OK);
    assert_eq!(refusal(&shop.verify(&asked, &code).await), invalid_code());
}

#[tokio::test]
async fn a_code_ends_after_half_an_hour() {
    let shop = Shop::open();
    let asked = shop.register(&registration()).await;
    let code = shop.code().await;
    shop.server.clock.advance(Duration::from_mins(30));
    assert_eq!(refusal(&shop.verify(&asked, &code).await), invalid_code());
}

/// A stranger registers the buyer's address with another password; the code of one registration confirms that one only.
///
/// Fails with codes that are found by their address.
#[tokio::test]
async fn a_code_confirms_only_the_registration_it_was_mailed_for() {
    let shop = Shop::open();
    let own = shop.register(&registration()).await;
    let own_code = shop.code().await;
    let mut body = registration();
    body["password"] = json!("another password of a stranger");
    let strange = shop.register(&body).await;
    let strange_code = shop.code().await;
    assert_eq!(refusal(&shop.verify(&own, &strange_code).await), invalid_code());
    assert_eq!(refusal(&shop.verify(&strange, &own_code).await), invalid_code());
    assert_eq!(shop.verify(&own, &own_code).await.status, StatusCode::OK);
    // The other one comes too late, and leaves the account as it is.
    assert_eq!(refusal(&shop.verify(&strange, &strange_code).await), invalid_code());
    assert_eq!(shop.login(PASSWORD).await.status, StatusCode::OK);
}

/// Fails without ending the sessions.
#[tokio::test]
async fn a_new_password_ends_every_session() {
    let shop = Shop::open();
    let joined = shop.join().await;
    let token = joined["token"].as_str().unwrap();
    let other = shop.login(PASSWORD).await.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(me_with(&shop.server, &other).await.status, StatusCode::OK);
    let asked = shop.reset(ADDRESS).await;
    let code = shop.code().await;
    let answer = shop.confirm(&asked, &code, "a new password of mine").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["user"]["email"], ADDRESS);
    for token in [token, &other] {
        assert_eq!(me_with(&shop.server, token).await.code(), "INVALID_TOKEN");
    }
    assert_eq!(refusal(&shop.login(PASSWORD).await), (401, "INVALID_CREDENTIALS".to_owned()));
    assert_eq!(shop.login("a new password of mine").await.status, StatusCode::OK);
    assert_eq!(refusal(&shop.confirm(&asked, &code, "yet another password").await), invalid_code());
}

#[tokio::test]
async fn a_refused_password_leaves_the_code_as_it_is() {
    let shop = Shop::open();
    shop.join().await;
    let asked = shop.reset(ADDRESS).await;
    let code = shop.code().await;
    for bad in ["short", "password123"] {
        assert_eq!(refusal(&shop.confirm(&asked, &code, bad).await), (422, "INVALID_BODY".to_owned()));
    }
    assert_eq!(shop.confirm(&asked, &code, "a new password of mine").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_is_for_one_purpose() {
    let shop = Shop::open();
    shop.join().await;
    let asked = shop.reset(ADDRESS).await;
    let code = shop.code().await;
    assert_eq!(refusal(&shop.verify(&asked, &code).await), invalid_code());
    let mut body = registration();
    body["email"] = json!("other@example.com");
    let asked = shop.register(&body).await;
    let code = shop.code().await;
    assert_eq!(refusal(&shop.confirm(&asked, &code, "a new password of mine").await), invalid_code());
}

/// Fails without the check in the routes that hold.
#[tokio::test]
async fn tickets_are_held_only_with_a_proved_address() {
    let shop = Shop::open();
    let token = shop.unverified().await;
    let nothing = json!({"eventId": "01890a5d-ac96-774b-bcce-b302099a8057", "seatIds": []});
    let hold = async |path: &str| {
        let request = json_request(axum::http::Method::POST, path, &nothing);
        shop.server.send(signed(request, &token)).await
    };
    for path in ["/api/seats/reserve", "/api/reservations"] {
        assert_eq!(refusal(&hold(path).await), (403, "EMAIL_NOT_VERIFIED".to_owned()), "{path}");
    }
    let send = json_request(axum::http::Method::POST, "/api/auth/verify/send", &json!({}));
    let asked = shop.server.send(signed(send, &token)).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    let code = shop.code().await;
    let answer = shop.verify(&asked.json(), &code).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        (&answer.json()["token"], &answer.json()["user"]["emailVerified"]),
        (&json!(null), &json!(true))
    );
    // At once, on the server that proved it.
    for path in ["/api/seats/reserve", "/api/reservations"] {
        assert_ne!(hold(path).await.code(), "EMAIL_NOT_VERIFIED", "{path}");
    }
    let send = json_request(axum::http::Method::POST, "/api/auth/verify/send", &json!({}));
    assert_eq!(refusal(&shop.server.send(signed(send, &token)).await), (409, "ALREADY_VERIFIED".to_owned()));
}

#[tokio::test]
async fn a_shop_may_let_unproved_addresses_hold() {
    let shop = Shop::with(|builder| builder.unverified_holds(true));
    let token = shop.unverified().await;
    let nothing = json!({"eventId": "01890a5d-ac96-774b-bcce-b302099a8057", "seatIds": []});
    let request = json_request(axum::http::Method::POST, "/api/seats/reserve", &nothing);
    assert_ne!(shop.server.send(signed(request, &token)).await.code(), "EMAIL_NOT_VERIFIED");
}

#[tokio::test]
async fn mails_to_one_address_are_limited_whether_it_has_an_account_or_not() {
    let shop = Shop::open();
    shop.join().await;
    for (email, first) in [(ADDRESS, 1), ("nobody@example.com", 0)] {
        let body = json!({"email": email});
        for _ in first..5 {
            assert_eq!(shop.server.post("/api/auth/reset", &body).await.status, StatusCode::ACCEPTED);
        }
        let answer = shop.server.post("/api/auth/reset", &body).await;
        assert_eq!(refusal(&answer), (429, "TOO_MANY_ATTEMPTS".to_owned()), "{email}");
        assert!(!answer.header("retry-after").is_empty());
    }
}

#[tokio::test]
async fn without_mail_a_taken_address_is_refused_and_codes_do_not_exist() {
    let server = Server::new();
    server.post("/api/auth/register", &registration()).await;
    let from = |body: &Value| {
        let request = json_request(axum::http::Method::POST, "/api/auth/register", body);
        with_header(request, "x-forwarded-for", "192.0.2.1")
    };
    let answer = server.send(from(&registration())).await;
    assert_eq!(refusal(&answer), (409, "EMAIL_TAKEN".to_owned()));
    for path in ["/api/auth/verify", "/api/auth/reset/confirm", "/api/auth/reset"] {
        let body = json!({"codeId": "01890a5d-ac96-774b-bcce-b302099a8057", "code": "x", "email": ADDRESS, "password": PASSWORD});
        assert_eq!(refusal(&server.post(path, &body).await), (404, "MAIL_NOT_SENT".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn mails_that_were_given_up_are_listed_for_administrators_and_retried() {
    let shop = Shop::open();
    let token = shop.server.token_of("admin@example.com", Role::Admin).await;
    shop.register(&registration()).await;
    let now = shop.server.state.now();
    let claimed = shop.mails.claim_mail(now, Duration::from_mins(3), 1).await.unwrap();
    let (id, until) = (claimed[0].mail.id, now.after(Duration::from_mins(3)));
    let dead = tiketi_core::mail::MailOutcome::Dead { problem: "550 no such user".into() };
    assert!(shop.mails.settle_mail(id, until, dead, now).await.unwrap());
    let list = async || {
        let request = Request::get("/api/admin/mail?limit=1").body(Body::empty()).unwrap();
        shop.server.send(signed(request, &token)).await.json()
    };
    let listed = list().await;
    assert_eq!(
        (&listed["mails"][0]["id"], &listed["mails"][0]["kind"]),
        (&json!(id.to_string()), &json!("code"))
    );
    assert_eq!(listed["mails"][0]["problem"], "550 no such user");
    let path = format!("/api/admin/mail/{id}/retry");
    let retry = async || {
        let request = json_request(axum::http::Method::POST, &path, &json!({}));
        shop.server.send(signed(request, &token)).await
    };
    assert_eq!(retry().await.status, StatusCode::ACCEPTED);
    assert_eq!(refusal(&retry().await), (404, "MAIL_NOT_FOUND".to_owned()));
    assert_eq!(list().await["mails"], json!([]));
    assert_eq!(shop.mails().await.len(), 1);
}

#[tokio::test]
async fn the_language_of_mail_is_that_of_the_request_and_can_be_changed() {
    let shop = Shop::open();
    let request = json_request(axum::http::Method::POST, "/api/auth/register", &registration());
    let asked = shop.server.send(with_header(request, "accept-language", "ko-KR,ko;q=0.9")).await.json();
    let mails = shop.mails().await;
    assert_eq!((mails[0].language, mails[0].subject.as_str()), ("ko", "인증 코드 안내"));
    let code = mails[0].text.lines().find_map(|line| line.strip_prefix("    ")).unwrap();
    let joined = shop.verify(&asked, code).await.json();
    assert_eq!(joined["user"]["language"], "ko");
    let token = joined["token"].as_str().unwrap();
    for (language, kept) in [(json!("en"), "en"), (json!(null), "en")] {
        let body = json!({"name": "Ada Example", "language": language});
        let request = json_request(axum::http::Method::PUT, "/api/auth/profile", &body);
        assert_eq!(shop.server.send(signed(request, token)).await.json()["user"]["language"], kept);
    }
    let request =
        json_request(axum::http::Method::PUT, "/api/auth/profile", &json!({"name": "A", "language": "xx"}));
    assert_eq!(shop.server.send(signed(request, token)).await.code(), "INVALID_BODY");
}
