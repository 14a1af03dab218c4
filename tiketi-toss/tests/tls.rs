//! The error before a program has chosen a TLS provider, in a separate process.

use tiketi_toss::{TossGateway, TossSettings, TossSettingsError};

/// Fails if the gateway does not check for an installed TLS provider: the HTTP client then panics.
#[test]
fn a_gateway_is_made_once_the_program_has_chosen_a_tls_provider() {
    let settings = || TossSettings::new("test_sk_secret".to_owned().into(), "test_ck_public");
    assert!(matches!(TossGateway::new(settings()), Err(TossSettingsError::NoTlsProvider)));
    assert!(rustls::crypto::aws_lc_rs::default_provider().install_default().is_ok());
    assert!(TossGateway::new(settings()).is_ok());
}
