//! `check`, `openapi`, `import-layout`, and help.

use tiketi_server_harness::{finish, run, server};

const PRETIX: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tiketi-http/assets/layouts/lantern-hall.pretix.json");
const OWN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tiketi-http/assets/layouts/paper-boat-theatre.json");

#[tokio::test]
async fn check_prints_what_it_checked() {
    let said = run(&["check", "--jwt-secret", &"s".repeat(32)]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.lines().all(|line| line.starts_with("ok ")), "{}", said.out);
    assert!(said.out.contains("store: memory: data is lost"), "{}", said.out);
}

#[tokio::test]
async fn check_names_every_failed_check() {
    let mut command = server(&["check", "--jwt-secret=hush", "--log", "a=shouting", "--listen=nowhere"]);
    command.env("TIKETI_HOLD_TLL", "5m");
    let said = finish(command).await;
    assert_eq!(said.code, Some(1));
    let failed: Vec<_> = said.out.lines().filter(|line| line.starts_with("failed ")).collect();
    assert_eq!(failed.len(), 3, "{}", said.out);
    assert!(said.out.contains("TIKETI_HOLD_TLL") && !said.out.contains("hush"), "{}", said.out);
    assert!(said.err.contains("3 checks failed"));
}

#[tokio::test]
async fn check_answers_1_for_a_file_it_cannot_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.toml");
    for (text, named) in [("speed = 9", "`speed`"), ("hold-ttl = \"soon\"", "--hold-ttl")] {
        std::fs::write(&path, text).unwrap();
        let said = run(&["check", "--config", path.to_str().unwrap()]).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(named), "{said:?}");
    }
}

#[tokio::test]
async fn openapi_prints_the_document() {
    let said = run(&["openapi"]).await;
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, document["openapi"].as_str()), (Some(0), Some("3.1.0")));
    assert!(document["paths"].as_object().is_some_and(|paths| !paths.is_empty()));
}

#[tokio::test]
async fn a_plan_is_imported_with_a_summary() {
    let said = run(&["import-layout", OWN]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    for wanted in ["74 seats", "VIP", "88000 KRW", "not stored", "memory:"] {
        assert!(said.out.contains(wanted), "{wanted} is not in {}", said.out);
    }
}

#[tokio::test]
async fn an_import_is_in_the_log_of_staff() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    let store = format!("sqlite:{}", file.display());
    let said = run(&["import-layout", OWN, "--store", &store]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let database = rusqlite::Connection::open(&file).unwrap();
    let sql = "SELECT action || ' ' || subject_kind || ' ' || result || ' ' || after FROM staff_log WHERE actor IS NULL";
    let mut statement = database.prepare(sql).unwrap();
    let entries = statement.query_map((), |row| row.get::<_, String>(0)).unwrap();
    let entries: Vec<String> = entries.map(Result::unwrap).collect();
    assert_eq!(entries.len(), 1);
    assert!(
        entries[0].starts_with("import-layout layouts done {") && entries[0].contains("\"seats\":74"),
        "{entries:?}"
    );
}

#[tokio::test]
async fn a_plan_without_prices_is_imported_with_those_it_is_given() {
    let prices = ["--price", "Stalls=45000", "--price", "Stalls front=65000", "--price", "Balcony=30000"];
    let said = run(&[&["import-layout", PRETIX, "--currency", "KRW"], &prices[..]].concat()).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("100 seats") && said.out.contains("45000 KRW"), "{}", said.out);
    let said = run(&[&["import-layout", PRETIX, "--currency", "EUR"], &prices[..]].concat()).await;
    assert!(said.out.contains("  450.00 EUR"), "{}", said.out);
}

#[tokio::test]
async fn what_a_plan_lacks_is_named_with_how_to_give_it() {
    for (arguments, words) in [
        (&["import-layout", PRETIX][..], ["currency", "--currency"]),
        (&["import-layout", PRETIX, "--currency", "KRW", "--price", "Stalls=1"], ["Balcony", "--price"]),
        (&["import-layout", "/nowhere/hall.json"], ["/nowhere/hall.json", "cannot read"]),
        (
            &["import-layout", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
            ["Cargo.toml", "not valid JSON"],
        ),
    ] {
        let said = run(arguments).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(words.iter().all(|word| said.err.contains(word)), "{words:?} are not in {said:?}");
    }
    let said = run(&["import-layout", PRETIX, "--currency", "WON"]).await;
    assert_eq!((said.code, said.err.contains("--currency")), (Some(2), true), "{said:?}");
}

#[tokio::test]
async fn help_and_version_are_printed_without_what_the_environment_says() {
    let mut command = server(&["--help"]);
    command.env("TIKETI_JWT_SECRET", "hush-hush-hush-hush");
    let said = finish(command).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.contains("TIKETI_JWT_SECRET") && !said.out.contains("hush"), "{}", said.out);
    assert!(run(&["--version"]).await.out.starts_with("tiketi-server "));
}

/// The seed is 32 times the byte 7; the expected numbers follow from the steps described at
/// `tiketi_core::waiting_room::Draw`.
#[tokio::test]
async fn a_drawn_number_is_recomputed_from_the_published_seed() {
    let seed = "07".repeat(32);
    let commitment = "4761fe3e82c8c56da811eb4e741db8fd7c654c52d818ede5e78ee0b329ac453c";
    let place = |arrival: u64| format!("01890a5d-ac96-774b-bcce-b302099a8057.s{arrival}");
    let verify = async |arrival: u64, commitment: &str| {
        let words =
            ["verify-draw", &place(arrival), "--seed", &seed, "--commitment", commitment, "--drawn=10"];
        run(&words).await
    };
    for (arrival, number) in [(1, 4), (10, 2), (11, 11)] {
        let said = verify(arrival, commitment).await;
        assert!(said.code == Some(0) && said.out.ends_with(&format!("number {number}\n")), "{said:?}");
    }
    let said = verify(1, &"0".repeat(64)).await;
    assert!(said.code == Some(1) && said.err.contains("not the commitment"), "{said:?}");
    assert_eq!(verify(1, "47").await.code, Some(2));
}

/// The beacon is round 1,000 of drand's chain `quicknet`, as it is published; the numbers are those of the recipe.
#[tokio::test]
async fn a_number_is_recomputed_from_the_seed_and_the_round_of_the_beacon() {
    let chain = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
    let signature =
        "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";
    let commitment = "cf33d7fd1ecf5f3bf4898b905ed39c9e65462a6d8345fc4823c443b7e0f9ff4f";
    let seed = "07".repeat(32);
    let verify = async |arrival: u64, round: &str, signature: &str| {
        let place = format!("01890a5d-ac96-774b-bcce-b302099a8057.s{arrival}");
        let draw = ["verify-draw", &place, "--seed", &seed, "--commitment", commitment, "--drawn=10"];
        let beacon = ["--beacon-chain", chain, "--beacon-round", round, "--beacon-signature", signature];
        run(&[&draw[..], &beacon].concat()).await
    };
    for (arrival, number) in [(1, 6), (10, 1), (11, 11)] {
        let said = verify(arrival, "1000", signature).await;
        assert!(said.code == Some(0) && said.out.ends_with(&format!("number {number}\n")), "{said:?}");
    }
    let said = verify(1, "1001", signature).await;
    assert!(said.code == Some(1) && said.err.contains("not the commitment"), "{said:?}");
    let forged = signature.replace("5e39", "5e38");
    let said = verify(1, "1000", &forged).await;
    assert!(said.code == Some(1) && said.err.contains("not that of round 1000"), "{said:?}");
}
