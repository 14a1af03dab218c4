//! Log lines are machine-readable and contain no secrets.

use serde_json::{Value, json};
use tiketi_server_harness::{Running, server};

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
    assert!(said.err.contains("DEBUG"), "the filter was not obeyed: {}", said.err);
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
