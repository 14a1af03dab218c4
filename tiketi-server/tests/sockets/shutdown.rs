//! The end of a server that has sockets.

use serde_json::Value;
use tiketi_server_harness::Running;

use crate::client::Client;

#[tokio::test]
async fn a_server_that_stops_sends_its_clients_elsewhere_and_counts_them_before() {
    let server = Running::start(&["--store", "memory:", "--demo"]).await;
    let (_, events) = server.get("/api/events?status=on_sale", None).await;
    let event = events["data"][0]["id"].as_str().unwrap().to_owned();
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = Client::open(server.address()).await;
        client.follow(&event).await;
        let snapshot = client.next().await.unwrap();
        client.take(&snapshot);
        clients.push(client);
    }
    let metrics = server.get_once("/metrics").await.body;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.lines().any(|line| line == "tiketi_ws_connections 5"), "{metrics}");
    let stopping = tokio::spawn(server.stop());
    for client in &mut clients {
        let (code, reason) = client.closed().await;
        assert_eq!(code, 1012);
        let reason: Value = serde_json::from_str(&reason).unwrap();
        assert!(reason["reconnectAfterMs"].is_u64(), "{reason}");
    }
    assert_eq!(stopping.await.unwrap().code, Some(0));
}
