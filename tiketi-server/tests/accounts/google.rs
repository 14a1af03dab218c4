//! Signing in by an ID token of a provider that others wrote.

use serde_json::json;
use tiketi_server_harness::{Running, run};

use crate::peers::Peer;

const CLIENT: &str = "shop-client";

#[tokio::test]
async fn a_token_of_a_real_provider_signs_in() {
    let mut provider = Peer::start("oidc.py", &[CLIENT]).await;
    let told = provider.line().await;
    let text = |name: &str| told[name].as_str().unwrap();
    let options =
        ["--google-client-id", CLIENT, "--google-jwks-url", text("keys"), "--google-issuer", text("issuer")];
    let running = Running::start(&options).await;
    let present = async |running: &Running| {
        running.post("/api/auth/google", None, &json!({"credential": told["token"]})).await
    };
    let (status, answer) = present(&running).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["user"]["email"], "hanbyul@mail.example");
    assert_eq!(answer["user"]["name"], "한별 Example");
    let (status, me) = running.get("/api/auth/me", answer["token"].as_str()).await;
    assert_eq!((status, &me["user"]), (200, &answer["user"]));
    // Another shop, and Google's own name as the issuer.
    for wrong in [
        ["--google-client-id", "another-client", text("issuer")],
        ["--google-client-id", CLIENT, "https://accounts.google.com"],
    ] {
        let [flag, client, issuer] = wrong;
        let other =
            Running::start(&[flag, client, "--google-jwks-url", text("keys"), "--google-issuer", issuer])
                .await;
        let (status, answer) = present(&other).await;
        assert_eq!((status, &answer["code"]), (401, &json!("GOOGLE_TOKEN_REFUSED")), "{wrong:?}");
    }
    let checked = run(&[&options[..], &["check"]].concat()).await;
    assert!(checked.out.contains("ok       Google: "), "{}", checked.out);
}

#[tokio::test]
async fn keys_are_not_fetched_in_plain_text_from_elsewhere() {
    let options = ["--google-client-id", CLIENT, "--google-jwks-url", "http://keys.example/jwks"];
    let refused = run(&options).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("--google-jwks-url"), "{}", refused.err);
}
