//! Connections to Postgres over TLS.

use tiketi_postgres_harness::Server;
use tiketi_server_harness::{ServerOutput, run};

/// The database `postgres` has no schema: this advice shows that the server connected and read.
const REACHED: &str = "tiketi-server migrate";

async fn audit(postgres: &Server, parameters: &str) -> ServerOutput {
    run(&["audit", "--store", &format!("{}?{parameters}", postgres.url("postgres"))]).await
}

#[tokio::test]
async fn a_server_uses_tls_where_postgres_requires_it() {
    let postgres = Server::start_with_tls().await;
    let certificate = postgres.certificate();
    let trusted = format!("sslmode=verify-full&sslrootcert={}", certificate.display());
    for parameters in ["", "sslmode=require", &trusted] {
        let said = audit(&postgres, parameters).await;
        assert!(said.err.contains(REACHED), "{parameters}: {said:?}");
    }
    let in_the_clear = audit(&postgres, "sslmode=disable").await;
    assert!(in_the_clear.err.contains("cannot be reached"), "{in_the_clear:?}");
    let untrusted = audit(&postgres, "sslmode=verify-full").await;
    assert!(untrusted.err.contains("cannot be reached"), "{untrusted:?}");
}
