//! Log lines are machine-readable and contain no secrets.

use serde_json::{Value, json};
use tiketi_postgres_harness::{Database, Fsync, Server};
use tiketi_server_harness::{Running, SECRET, migrate, server};

#[tokio::test]
async fn json_logs_are_one_object_a_line() {
    let running = Running::start(&["--demo", "--log-format", "json"]).await;
    running.get("/api/events", None).await;
    let said = running.stop().await;
    let lines: Vec<Value> = said.err.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["message"].as_str().is_some_and(|text| text.contains("demo@"))));
    assert!(lines.iter().all(|line| line["level"].is_string() && line["timestamp"].is_string()));
}

#[tokio::test]
async fn no_secret_and_no_token_is_logged_at_any_level() {
    let secret = "a-secret-that-signs-all-the-tokens-of-this-shop";
    let arguments = ["--jwt-secret", secret, "--admin-email=boss@example.com"];
    let password = ["--admin-password=correct-horse", "--log=trace"];
    let running = Running::start(&[&arguments[..], &password[..]].concat()).await;
    let token = running.sign_in("boss@example.com", "correct-horse").await;
    let (status, _) = running.get("/api/auth/me", Some(&token)).await;
    assert_eq!(status, 200);
    let wrong = json!({ "email": "boss@example.com", "password": "battery-staple" });
    assert_eq!(running.post("/api/auth/login", None, &wrong).await.0, 401);
    let said = running.stop().await;
    assert!(said.err.contains("answered"), "the filter was not obeyed: {}", said.err);
    for hidden in [secret, "correct-horse", "battery-staple", &token, "$argon2"] {
        assert!(!said.err.contains(hidden), "{hidden} was logged");
    }
}

#[tokio::test]
async fn a_misspelt_variable_is_warned_of_by_name() {
    let mut command = server(&["--listen", "127.0.0.1:0"]);
    command.env("TIKETI_HOLD_TLL", "5m").env("TIKETI_HOLD_TTL", "4m");
    let said = Running::of(command).await.stop().await;
    assert!(said.err.contains("TIKETI_HOLD_TLL") && !said.err.contains("TIKETI_HOLD_TTL"), "{}", said.err);
}

#[tokio::test]
async fn the_log_can_be_switched_off() {
    let said = Running::start(&["--log", "off"]).await.stop().await;
    assert_eq!(said.err, "");
}

/// Seen to fail with the cause of a failure in a line of its own.
#[tokio::test]
async fn each_request_is_one_line_with_its_client_id_and_cause() {
    let postgres = Server::start(Fsync::Off).await;
    let database = Database::fresh(&postgres, migrate).await;
    let options = ["--trusted-proxies=127.0.0.0/8", "--log-format=json", "--sweep-every=1m"];
    let shop = ["--store", &database.url(), "--jwt-secret", SECRET];
    let running = Running::start(&[&options[..], &shop].concat()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |path: &str, id: &str| {
        let request = client.get(format!("http://{}{path}", running.address()));
        let request = request.header("x-forwarded-for", "192.0.2.7").header("x-request-id", id);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    ask("/api/events", "well").await;
    postgres.stop().await;
    let failed = ask("/api/events", "badly").await;
    assert_eq!(failed["requestId"], "badly", "{failed}");
    let said = running.stop().await;
    let lines: Vec<Value> = said.err.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |id: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line.to_string().contains(&format!("\"{id}\""))).collect()
    };
    let [well, badly] = [of("well"), of("badly")];
    assert_eq!((well.len(), badly.len()), (1, 1), "{well:?} {badly:?}");
    assert_eq!((&well[0]["status"], &well[0]["span"]["client"]), (&json!(200), &json!("192.0.2.7")));
    assert_eq!((&badly[0]["status"], &badly[0]["level"]), (&json!(503), &json!("WARN")));
    assert!(badly[0]["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{badly:?}");
    assert!(!badly[0].to_string().contains(postgres.password()));
}
