//! `check`, `migrate`, `audit` and `backup` of a store, also while a server sells from it.

use std::fs;

use rusqlite::Connection;
use tiketi_server_harness::{Running, ServerOutput, run};

use crate::restart::{buy, file_of, store};

async fn assert_clean(store: &str) -> ServerOutput {
    let said = run(&["audit", "--store", store]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.starts_with("no violations; "), "{said:?}");
    said
}

fn refused(said: &ServerOutput, words: &str) {
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains(words) || said.out.contains(words), "{words} is not in {said:?}");
}

#[tokio::test]
async fn a_store_is_audited_checked_and_copied_while_its_server_sells() {
    let (folder, store) = store();
    let running = Running::start(&["--demo", "--store", &store]).await;
    buy(&running, 0).await;
    assert!(assert_clean(&store).await.out.contains("events: 4, "));
    let said = run(&["check", "--store", &store]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("is intact, with schema 1 and 4 events"), "{said:?}");

    let copy = folder.path().join("copy.db");
    let said = run(&["backup", copy.to_str().unwrap(), "--store", &store]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let (token, path) = buy(&running, 1).await;
    refused(&run(&["backup", copy.to_str().unwrap(), "--store", &store]).await, "never overwrites");
    drop(running);

    // The copy is an independent shop with the state at the time of the copy.
    let copy = format!("sqlite:{}", copy.display());
    assert_clean(&copy).await;
    let restored = Running::start(&["--demo", "--store", &copy]).await;
    let secret = folder.path().join("shop.db.jwt-secret");
    assert_ne!(fs::read(secret).unwrap(), fs::read(folder.path().join("copy.db.jwt-secret")).unwrap());
    assert_eq!(restored.get(&path, Some(&token)).await.0, 401, "a copy has no secret but its own");
    buy(&restored, 1).await;
}

#[tokio::test]
async fn an_audit_names_each_violation_and_answers_1() {
    let (_folder, store) = store();
    let running = Running::start(&["--demo", "--store", &store]).await;
    buy(&running, 0).await;
    let sql = "UPDATE seats SET state = 'available', owner = NULL WHERE label = (SELECT max(label) FROM seats WHERE state = 'sold')";
    assert!(Connection::open(file_of(&store)).unwrap().execute(sql, ()).unwrap() > 0);
    let said = run(&["audit", "--store", &store]).await;
    refused(&said, "2 violations; events: 4, ");
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.starts_with("event ")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("which is not its own")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("but its rows come to")), "{lines:?}");
}

#[tokio::test]
async fn migrate_says_the_schema_before_and_after() {
    let (_folder, store) = store();
    for words in ["schema 0 before, 1 now", "schema 1 before, 1 now"] {
        let said = run(&["migrate", "--store", &store]).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains(words), "{said:?}");
    }
    assert_clean(&store).await;
}

#[tokio::test]
async fn check_creates_no_file() {
    let (folder, store) = store();
    let said = run(&["check", "--store", &store]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.contains("shop.db will be created") && said.out.contains("shop.db.jwt-secret"),
        "{said:?}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    refused(
        &run(&["check", "--store", "sqlite:/nowhere/shop.db"]).await,
        "the folder /nowhere does not exist",
    );
}

#[tokio::test]
async fn a_foreign_file_is_refused_by_every_command_and_unchanged() {
    let (folder, store) = store();
    let text = "Dear Ada,\n".repeat(1_000);
    fs::write(file_of(&store), &text).unwrap();
    let copy = folder.path().join("copy.db");
    let backup = ["backup", copy.to_str().unwrap()];
    for command in [&["serve", "--listen=127.0.0.1:0"][..], &["check"], &["audit"], &["migrate"], &backup] {
        let said = run(&[command, &["--store", &store]].concat()).await;
        refused(&said, "shop.db is not a tiketi store");
    }
    assert_eq!(fs::read_to_string(file_of(&store)).unwrap(), text);
    assert!(!copy.exists());
}

#[tokio::test]
async fn missing_files_and_memory_cannot_be_audited() {
    let (folder, store) = store();
    refused(&run(&["audit", "--store", &store]).await, "shop.db cannot be opened");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for command in [&["audit"][..], &["migrate"], &["backup", "copy.db"]] {
        refused(&run(command).await, "needs a durable store");
    }
}
