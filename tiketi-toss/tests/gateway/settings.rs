//! The gateway's settings, and the data that it sends to a browser.

use std::time::Duration;

use tiketi_core::{
    PaymentGateway,
    gateway::{BuyerStep, CheckoutRequest, Confirms},
};
use tiketi_toss::{TOSS_URL, TossGateway, TossLimits, TossMethod, TossSettings, TossSettingsError};

use crate::shop::{BUYER, choose_tls, payment_id, won};

fn settings() -> TossSettings {
    choose_tls();
    TossSettings::new("test_sk_secret".to_owned().into(), "test_ck_public")
}

#[test]
fn the_provider_is_called_over_tls_unless_configured_otherwise() {
    assert_eq!(settings().base_url, TOSS_URL);
    assert!(TossGateway::new(settings()).is_ok());
    let limits = TossLimits::default();
    let seconds = Duration::from_secs;
    assert_eq!((limits.connect, limits.change, limits.read), (seconds(3), seconds(60), seconds(5)));
}

#[test]
fn a_secret_key_is_never_sent_unencrypted() {
    for url in ["http://api.example.com", "http://127.0.0.1.example.com", "http://192.0.2.1"] {
        let refused = TossGateway::new(settings().base_url(url));
        assert!(matches!(refused, Err(TossSettingsError::PlainHttp)), "{url}");
    }
    for url in ["http://127.0.0.1:4000", "http://localhost:4000", "http://[::1]:4000"] {
        assert!(TossGateway::new(settings().base_url(url)).is_ok(), "{url}");
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for url in [
        "",
        "toss",
        "ftp://api.example.com",
        "data:text",
        "https://name:word@api.example.com",
        "https://:word@api.example.com",
    ] {
        let refused = TossGateway::new(settings().base_url(url));
        assert!(matches!(refused, Err(TossSettingsError::BaseUrl)), "{url}");
    }
    for key in ["", "test_sk_secret:", "test sk", "test_sk\n"] {
        let refused = TossGateway::new(TossSettings::new(key.to_owned().into(), "test_ck_public"));
        assert!(matches!(refused, Err(TossSettingsError::SecretKey)), "{key:?}");
    }
    assert!(matches!(TossGateway::new(settings().methods([])), Err(TossSettingsError::NoMethods)));
}

#[tokio::test]
async fn a_browser_gets_the_data_of_the_payment_window_without_a_secret() {
    let gateway = TossGateway::new(settings()).unwrap();
    let method = gateway.methods().first().unwrap().id.clone();
    let order_name = "Night of the Lighthouse ".repeat(10);
    let deposit_window = Duration::from_hours(24);
    let request = CheckoutRequest::new(payment_id(7), BUYER, won(220_000), method)
        .order_name(order_name)
        .deposit_window(deposit_window);
    let checkout = gateway.checkout(request.clone()).await.unwrap();
    assert_eq!(checkout, gateway.checkout(request).await.unwrap());
    assert_eq!(checkout.client_key.as_deref(), Some("test_ck_public"));
    let wanted = |name: &str| checkout.parameters.get(name).map(String::as_str);
    assert_eq!(wanted("orderId"), Some("00000000-0000-0000-0000-000000000007"));
    assert_eq!((wanted("amount"), wanted("currency")), (Some("220000"), Some("KRW")));
    assert_eq!(wanted("method"), Some("CARD"));
    assert_eq!(wanted("orderName").map(|name| name.chars().count()), Some(100));
    assert!(!format!("{checkout:?}").contains("test_sk_secret"));
}

#[tokio::test]
async fn a_virtual_account_is_to_live_as_long_as_the_shop_waits_in_whole_hours() {
    let gateway = TossGateway::new(settings().methods(TossMethod::ALL)).unwrap();
    for (window, hours) in [(1, "1"), (24 * 60, "24"), (61, "2"), (100 * 24 * 60, "720")] {
        let (method, order_name) = (TossMethod::VirtualAccount.id().to_owned(), "Night".to_owned());
        let deposit_window = Duration::from_mins(window);
        let request = CheckoutRequest::new(payment_id(7), BUYER, won(1), method)
            .order_name(order_name)
            .deposit_window(deposit_window);
        let checkout = gateway.checkout(request).await.unwrap();
        let wanted = |name: &str| checkout.parameters.get(name).map(String::as_str);
        assert_eq!((wanted("method"), wanted("validHours")), (Some("VIRTUAL_ACCOUNT"), Some(hours)));
    }
}

#[test]
fn money_moves_by_the_server_after_the_buyer_was_at_the_provider() {
    let gateway = TossGateway::new(settings()).unwrap();
    let can = gateway.capabilities();
    assert_eq!((can.confirms, can.buyer_step), (Confirms::Server, BuyerStep::Needed));
    assert_eq!((gateway.name(), gateway.ready()), ("toss", Ok(())));
}
