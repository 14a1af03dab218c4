//! Images: who uploads them, as a body or a form, and how they are served.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::{Shop, assert_refused, event_on, text};
use crate::test_support::{Answered, signed};

/// A PNG of two by one pixels.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 2, 0, 0,
    0, 1, 8, 2, 0, 0, 0, 0x7b, 0x40, 0xe8, 0xdd, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0xf8, 0xcf, 0, 4, 0xff, 1, 7, 0, 1, 0xff, 0xe2, 0x23, 0x9e, 0x59, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44,
    0xae, 0x42, 0x60, 0x82,
];

async fn upload(shop: &Shop, token: &str, kind: &str, body: Vec<u8>) -> Answered {
    let request =
        Request::post("/api/image/upload").header("content-type", kind).body(Body::from(body)).unwrap();
    let request = if token.is_empty() { request } else { signed(request, token) };
    shop.server.send(request).await
}

/// The beginning of a part that is no file.
const NOTE: &[u8] = b"--edge\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\n";

/// Puts a file after a text into a form.
fn form(file: &[u8]) -> Vec<u8> {
    let before = b"--edge\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\nPoster\r\n--edge\r\n\
        Content-Disposition: form-data; name=\"image\"; filename=\"../../poster.png\"\r\n\
        Content-Type: text/html\r\n\r\n";
    [before.as_slice(), file, b"\r\n--edge--\r\n"].concat()
}

#[tokio::test]
async fn an_upload_is_served_for_ever_with_a_safe_type() {
    let shop = Shop::open().await;
    let answer = upload(&shop, &shop.admin, "image/png", PNG.to_vec()).await;
    let url = text(&answer.json()["url"]);
    let as_form = upload(&shop, &shop.admin, "multipart/form-data; boundary=edge", form(PNG)).await;
    assert_eq!(as_form.json()["url"], url.as_str(), "the same pixels have the same name");
    let image = shop.get(&url, "").await;
    assert_eq!((image.status.as_u16(), image.header("content-type")), (200, "image/png"));
    assert_eq!(image.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(image.header("x-content-type-options"), "nosniff");
    assert_eq!(image.header("content-security-policy"), "default-src 'none'; sandbox");
    assert!(image.bytes.starts_with(&PNG[..8]));
}

#[tokio::test]
async fn only_staff_upload_images() {
    let shop = Shop::open().await;
    let refused = upload(&shop, "", "image/png", PNG.to_vec()).await;
    assert_refused(&refused, 401, "AUTHENTICATION_REQUIRED", "nobody");
    let refused = upload(&shop, &shop.buyer, "image/png", PNG.to_vec()).await;
    assert_refused(&refused, 403, "FORBIDDEN", "a buyer");
}

#[tokio::test]
async fn what_is_no_image_or_too_large_is_refused() {
    let shop = Shop::open().await;
    let script = b"<script>alert(1)</script>".to_vec();
    for (kind, body) in [
        ("image/png", script.clone()),
        ("multipart/form-data; boundary=edge", form(&script)),
        ("multipart/form-data; boundary=other", form(PNG)),
        ("multipart/form-data", form(PNG)),
        ("image/png", Vec::new()),
    ] {
        let refused = upload(&shop, &shop.admin, kind, body).await;
        assert_refused(&refused, 422, "INVALID_IMAGE", kind);
    }
    let long = vec![0; (5 << 20) + 1];
    for (kind, body) in [
        ("image/png", long.clone()),
        ("multipart/form-data; boundary=edge", form(&long)),
        // A part without an end, before any file.
        ("multipart/form-data; boundary=edge", [NOTE, &vec![0; 6 << 20]].concat()),
        ("image/png", vec![0; 6 << 20]),
    ] {
        let refused = upload(&shop, &shop.admin, kind, body).await;
        assert_refused(&refused, 413, "BODY_TOO_LARGE", kind);
    }
}

#[tokio::test]
async fn a_name_is_no_path_and_an_unknown_one_is_not_found() {
    let shop = Shop::open().await;
    let unknown = format!("/images/{}.png", "ab".repeat(32));
    assert_refused(&shop.get(&unknown, "").await, 404, "IMAGE_NOT_FOUND", &unknown);
    for wrong in ["x.png", "..%2F..%2Fetc%2Fpasswd", &format!("{}.svg", "ab".repeat(32))] {
        let path = format!("/images/{wrong}");
        let refused = shop.call(Method::GET, &path, "", &Value::Null).await;
        assert_refused(&refused, 400, "INVALID_ID", &path);
    }
}

#[tokio::test]
async fn an_event_has_a_poster_of_the_shop_or_an_https_url() {
    let shop = Shop::open().await;
    let url = text(&upload(&shop, &shop.admin, "image/png", PNG.to_vec()).await.json()["url"]);
    let mut event = event_on(&shop.create_layout().await);
    event["posterUrl"] = json!(url);
    let id = shop.publish(&event).await;
    let path = format!("/api/events/{id}");
    assert_eq!(shop.read(&path, "").await["event"]["posterUrl"], url.as_str());
    let listed = shop.read("/api/events?sort=newest", "").await;
    let posters: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|event| &event["posterUrl"]).collect();
    assert!(posters.contains(&&json!(url)) && posters.contains(&&Value::Null), "{posters:?}");
    let edit = format!("/api/admin/events/{id}");
    let elsewhere = json!({"posterUrl": "https://cdn.example/poster.webp"});
    shop.ok(Method::PUT, &edit, &shop.admin, &elsewhere).await;
    shop.ok(Method::PUT, &edit, &shop.admin, &json!({"title": "Another"})).await;
    let shown = shop.read(&format!("/api/admin/events/{id}"), &shop.admin).await;
    assert_eq!(shown["event"]["posterUrl"], elsewhere["posterUrl"], "what is left out does not change");
    for wrong in ["http://cdn.example/a.png", "javascript:alert(1)", "/images/a.png", "//cdn.example/a.png"] {
        let refused = shop.call(Method::PUT, &edit, &shop.admin, &json!({"posterUrl": wrong})).await;
        assert_refused(&refused, 422, "INVALID_BODY", wrong);
        assert_eq!(refused.json()["details"]["field"], "posterUrl", "{wrong}");
    }
    shop.ok(Method::PUT, &edit, &shop.admin, &json!({"posterUrl": ""})).await;
    assert_eq!(shop.read(&path, "").await["event"]["posterUrl"], Value::Null);
}
