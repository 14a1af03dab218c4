//! Options read from text; a separate process tests those from the environment.

use std::ffi::OsString;
use std::fs;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::paying::{LateMoney, SeatsBack};
use super::*;

fn options(words: &[&str]) -> Options {
    read_words(words).unwrap().into_parts().0
}

fn read_words(words: &[&str]) -> Result<CommandLine, crate::failure::Failure> {
    read(["tiketi-server"].iter().chain(words).map(OsString::from))
}

fn refused(words: &[&str]) -> String {
    read_words(words).unwrap_err().sentence().to_owned()
}

fn with_file<T>(text: &str, then: impl FnOnce(&str) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiketi.toml");
    fs::write(&path, text).unwrap();
    then(path.to_str().unwrap())
}

#[test]
fn the_command_line_is_consistent() {
    layers::declaration().debug_assert();
}

#[test]
fn an_option_may_stand_before_or_after_the_command() {
    for words in [["--hold-ttl", "90s", "serve"], ["serve", "--hold-ttl", "90s"]] {
        assert_eq!(options(&words).hold_ttl, Duration::from_secs(90));
    }
}

#[test]
fn durations_and_sizes_have_units() {
    let told = options(&["--hold-cap=1h30m", "--body-limit=1MiB"]);
    assert_eq!((told.hold_cap, told.body_limit), (Duration::from_mins(90), 1 << 20));
    assert_eq!(options(&["--body-limit", "512"]).body_limit, 512);
    assert!(refused(&["--hold-ttl", "5"]).contains("--hold-ttl"));
    assert!(refused(&["--hold-ttl", "five minutes"]).contains("90s, 5m or 1h30m"));
    assert!(refused(&["--body-limit=-1"]).contains("--body-limit"));
}

#[test]
fn the_file_sets_what_the_flags_do_not() {
    let text = "hold-ttl = \"2m\"\nhold-cap = \"20m\"\nmax-seats-per-buyer = 3\nlog-format = \"json\"\n";
    with_file(text, |path| {
        let told = options(&["--hold-ttl", "1m", "check", "--config", path]);
        assert_eq!((told.hold_ttl, told.hold_cap), (Duration::from_mins(1), Duration::from_mins(20)));
        assert_eq!((told.max_seats_per_buyer, told.log_format), (3, LogFormat::Json));
    });
}

#[test]
fn an_unknown_key_of_the_file_is_named_with_the_one_that_was_meant() {
    let error = with_file("hold_ttl = \"2m\"", |path| refused(&["--config", path]));
    assert!(error.ends_with("unknown key `hold_ttl`; did you mean `hold-ttl`?"), "{error}");
    let error = with_file("speed = 9", |path| refused(&["--config", path]));
    assert!(error.contains("unknown key `speed`; there are listen, "), "{error}");
}

#[test]
fn a_bad_value_of_the_file_is_named_with_the_file() {
    let error = with_file("hold-ttl = \"soon\"", |path| refused(&["--config", path]));
    assert!(error.contains("tiketi.toml: ") && error.contains("--hold-ttl"), "{error}");
    let error = with_file("hold-ttl = [1]", |path| refused(&["--config", path]));
    assert!(error.contains("hold-ttl must be a text"), "{error}");
}

#[test]
fn a_broken_file_is_refused_with_its_line_and_without_what_it_says() {
    let error = with_file("demo = true\njwt-secret = \"hush\" hush", |path| refused(&["--config", path]));
    assert!(error.contains("tiketi.toml, line 2") && !error.contains("hush"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    assert!(refused(&["--config", "/nowhere/tiketi.toml"]).contains("/nowhere/tiketi.toml"));
}

#[test]
fn secrets_are_never_shown() {
    let words = ["--jwt-secret=hush", "--admin-password=hush", "--store=postgres://me:hush@host/db"];
    let toss = ["--toss-secret-key=hush", "--toss-client-key=hush"];
    let told = options(&[&words[..], &toss].concat());
    assert_eq!(told.jwt_secret.as_ref().map(ExposeSecret::expose_secret), Some("hush"));
    assert!(!format!("{told:?}").contains("hush"));
}

#[test]
fn policies_about_money_are_words_and_a_switch_needs_none() {
    let told = options(&[]).paying;
    assert_eq!((told.late_payment, told.refunded_seats), (LateMoney::TakeAgain, SeatsBack::OnSale));
    assert_eq!((told.test_gateway, told.toss_base_url.as_str()), (None, tiketi_toss::TOSS_URL));
    let words = ["--late-payment=refund", "--refunded-seats=blocked", "--test-gateway"];
    let told = options(&words).paying;
    assert_eq!((told.late_payment, told.refunded_seats), (LateMoney::Refund, SeatsBack::Blocked));
    assert_eq!(told.test_gateway, Some(true));
    assert!(refused(&["--late-payment=keep"]).contains("take-again"));
}

#[test]
fn a_switch_is_set_by_its_flag_and_has_a_value_in_a_file() {
    // `--demo` is not tested here, because `cargo run` and tests at the root have it in their environment.
    let switches = |told: Options| (told.migrate, told.allow_unsafe_durability, told.paying.test_gateway);
    assert_eq!(switches(options(&[])), (false, false, None));
    let words = ["--migrate", "serve", "--allow-unsafe-durability=no", "--test-gateway=1"];
    assert_eq!(switches(options(&words)), (true, false, Some(true)));
    with_file("migrate = true\ntest-gateway = false", |path| {
        assert_eq!(switches(options(&["--config", path])), (true, false, Some(false)));
        assert!(!options(&["--migrate=false", "--config", path]).migrate);
    });
    assert!(refused(&["--migrate=perhaps"]).contains("--migrate"));
}

#[test]
fn payment_methods_are_words_in_the_order_of_offering() {
    use tiketi_toss::TossMethod::{Card, MobilePhone, Transfer, VirtualAccount};
    assert_eq!(options(&[]).paying.toss_methods.0, [Card, Transfer]);
    let told = options(&["--toss-methods", "virtual-account, card,mobile-phone"]).paying;
    assert_eq!(told.toss_methods.0, [VirtualAccount, Card, MobilePhone]);
    let in_file = with_file("toss-methods = \"transfer\"", |path| options(&["--config", path]));
    assert_eq!(in_file.paying.toss_methods.0, [Transfer]);
    for wrong in ["", "card,", "Card", "cash"] {
        let error = refused(&[&format!("--toss-methods={wrong}")]);
        assert!(error.contains("there are card, transfer, virtual-account, mobile-phone"), "{error}");
    }
    assert!(refused(&["--toss-methods=card,card"]).contains("`card` appears twice"));
}

#[test]
fn the_pauses_of_reconciliation_have_units() {
    let told = options(&[]);
    let paying = told.paying;
    assert_eq!(
        (paying.ask_again_after, paying.ask_again_at_most),
        (Duration::from_mins(1), Duration::from_mins(10))
    );
    assert_eq!((paying.trouble_after, paying.reconcilers), (Duration::from_mins(10), 4));
    assert_eq!(told.sweep_every, Duration::from_secs(1));
    let words =
        ["--ask-again-after=5s", "--ask-again-at-most=1m", "--trouble-after=1h", "--sweep-every=250ms"];
    let told = options(&words);
    assert_eq!(
        (told.paying.ask_again_after, told.sweep_every),
        (Duration::from_secs(5), Duration::from_millis(250))
    );
}

#[test]
fn help_has_defaults_units_and_variables() {
    let help = help();
    for wanted in ["[default: 5m]", "TIKETI_HOLD_TTL", "1h30m", "[default: 127.0.0.1:3001]", "import-layout"]
    {
        assert!(help.contains(wanted), "{wanted} is missing in {help}");
    }
}

fn help() -> String {
    layers::declaration().render_long_help().to_string()
}

#[test]
fn a_price_is_divided_at_its_last_sign() {
    assert_eq!(values::price("A=B = 10"), Ok(("A=B".to_owned(), 10)));
    for bad in ["VIP", "=5", "VIP=", "VIP=1.5", "VIP=ten"] {
        assert!(values::price(bad).is_err(), "{bad}");
    }
}
