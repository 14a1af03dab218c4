//! Mail over an SMTP server that others wrote.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tiketi_server_harness::{DEADLINE, Running, ServerShop, finish, server};

use crate::peers::Peer;

const FROM: &str = "Lantern Tickets <shop@tickets.example>";
const PASSWORD: &str = "correct horse battery";
const ADDRESS: &str = "hanbyul@mail.example";

/// A shop in a file that sends mail to a server.
struct Shop {
    tickets: ServerShop,
    smtp: Peer,
    url: String,
    _folder: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tickets = ServerShop::make(&folder.path().join("shop.db")).await;
        let mut smtp = Peer::start("smtp.py", &["plain"]).await;
        let url = format!("smtp://127.0.0.1:{}", smtp.line().await);
        Self { tickets, smtp, url, _folder: folder }
    }

    async fn start(&self) -> Running {
        let mail = ["--smtp-url", &self.url, "--mail-from", FROM, "--public-url", "https://tickets.example"];
        let admin = ["--admin-email", "admin@tickets.example", "--admin-password", PASSWORD];
        let own = ["--store", &self.tickets.store, "--sweep-every=50ms"];
        Running::start(&[&own[..], &mail, &admin].concat()).await
    }

    /// Registers with the code of a mail, and returns the token.
    async fn join(&mut self, running: &Running) -> String {
        let body = json!({"email": ADDRESS, "password": PASSWORD, "name": "한별"});
        let (status, asked) = running.post("/api/auth/register", None, &body).await;
        assert_eq!(status, 202, "{asked}");
        let mail = self.smtp.line().await;
        assert_eq!((&mail["to"], &mail["subject"]), (&json!([ADDRESS]), &json!("Your code")));
        let typed = json!({"codeId": asked["codeId"], "code": code(&mail)});
        let (status, joined) = running.post("/api/auth/verify", None, &typed).await;
        assert_eq!(status, 200, "{joined}");
        joined["token"].as_str().unwrap().to_owned()
    }

    /// Buys two tickets.
    async fn buy(&self, running: &Running, token: &str) -> Value {
        let items = json!([{"ticketTypeId": self.tickets.standing, "quantity": 2}]);
        let wanted = json!({"eventId": self.tickets.event, "items": items});
        let (status, held) = running.post("/api/reservations", Some(token), &wanted).await;
        assert_eq!(status, 201, "{held}");
        let pay = json!({"reservationId": held["reservation"]["id"], "paymentMethod": "bank_transfer"});
        let (status, paid) = running.post("/api/payments/process", Some(token), &pay).await;
        assert_eq!(status, 200, "{paid}");
        paid["reservation"].clone()
    }
}

fn code(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix("    "))
        .unwrap_or_else(|| panic!("{text}"))
        .trim()
        .to_owned()
}

#[tokio::test]
async fn a_buyer_registers_buys_and_resets_the_password_by_mail() {
    let mut shop = Shop::open().await;
    let running = shop.start().await;
    let token = shop.join(&running).await;
    let bought = shop.buy(&running, &token).await;
    let mail = shop.smtp.line().await;
    let text = mail["text"].as_str().unwrap();
    for said in ["Winter Lights", bought["reservationNumber"].as_str().unwrap(), "Standing × 2: 132,000 KRW"]
    {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(mail["html"].as_str().unwrap().contains("132,000 KRW"));
    assert_eq!((&mail["from"], &mail["language"]), (&json!(FROM), &json!("en")));
    let (status, asked) = running.post("/api/auth/reset", None, &json!({"email": ADDRESS})).await;
    assert_eq!(status, 202, "{asked}");
    let mail = shop.smtp.line().await;
    let new = json!({"codeId": asked["codeId"], "code": code(&mail), "password": "a new password of mine"});
    assert_eq!(running.post("/api/auth/reset/confirm", None, &new).await.0, 200);
    assert_eq!(running.get("/api/auth/me", Some(&token)).await.0, 401);
    running.sign_in(ADDRESS, "a new password of mine").await;
    let output = running.stop().await;
    for secret in [PASSWORD, "a new password of mine", &code(&mail)] {
        assert!(!output.err.contains(secret), "{}", output.err);
    }
}

/// The server is killed while the mail server refuses, so that the mails wait in the store.
#[tokio::test]
async fn mails_survive_the_death_of_the_server_and_arrive_once() {
    let mut shop = Shop::open().await;
    let running = shop.start().await;
    let token = shop.join(&running).await;
    shop.smtp.tell("451 4.3.0 try later").await;
    let bought = shop.buy(&running, &token).await;
    running.kill().await;
    shop.smtp.tell("ok").await;
    let running = shop.start().await;
    let mail = shop.smtp.line().await;
    assert!(mail["text"].as_str().unwrap().contains(bought["reservationNumber"].as_str().unwrap()));
    // The next mail is that of the next sale.
    let next = shop.buy(&running, &token).await;
    let mail = shop.smtp.line().await;
    assert!(mail["text"].as_str().unwrap().contains(next["reservationNumber"].as_str().unwrap()), "{mail}");
}

#[tokio::test]
async fn a_mail_to_an_address_that_is_refused_is_listed_and_retried() {
    let mut shop = Shop::open().await;
    let running = shop.start().await;
    let token = shop.join(&running).await;
    shop.smtp.tell("550 5.1.1 no such user").await;
    shop.buy(&running, &token).await;
    let admin = running.sign_in("admin@tickets.example", PASSWORD).await;
    let listed = async || running.get("/api/admin/mail", Some(&admin)).await.1["mails"].clone();
    let waits = async {
        while listed().await == json!([]) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waits).await.expect("it is never listed");
    let dead = listed().await;
    assert_eq!(dead[0]["kind"], "reservation_confirmed");
    assert!(dead[0]["problem"].as_str().unwrap().contains("no such user"), "{dead}");
    shop.smtp.tell("ok").await;
    let path = format!("/api/admin/mail/{}/retry", dead[0]["id"].as_str().unwrap());
    assert_eq!(running.post(&path, Some(&admin), &json!({})).await.0, 202);
    assert!(shop.smtp.line().await["subject"].as_str().unwrap().starts_with("Your tickets"));
    assert_eq!(listed().await, json!([]));
}

/// A server with a certificate, which takes mail after STARTTLS and a sign-in only.
#[tokio::test]
async fn a_server_with_starttls_gets_mail_only_if_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let mut smtp = Peer::start("smtp.py", &["starttls", certificate, key, "shop", "se+cret"]).await;
    let port = smtp.line().await;
    let check = async |url: String, trusted: bool| {
        let options =
            ["--mail-from", FROM, "--public-url", "https://tickets.example", "--smtp-url", &url, "check"];
        let mut command = server(&options);
        if trusted {
            command.env("SSL_CERT_FILE", certificate);
        }
        finish(command).await
    };
    let good = check(format!("smtp+starttls://shop:se+cret@localhost:{port}"), true).await;
    assert!(good.out.contains("ok       mail: smtp+starttls://localhost"), "{}", good.out);
    let strange = check(format!("smtp+starttls://shop:se+cret@localhost:{port}"), false).await;
    assert!(strange.out.contains("failed   mail:"), "{}", strange.out);
    let wrong = check(format!("smtp+starttls://shop:wr0ng@localhost:{port}"), true).await;
    assert!(wrong.out.contains("failed   mail:") && !wrong.out.contains("wr0ng"), "{}", wrong.out);
    let gone = check("smtp://127.0.0.1:1".to_owned(), true).await;
    assert!(gone.out.contains("failed   mail: smtp://127.0.0.1:1"), "{}", gone.out);
}
