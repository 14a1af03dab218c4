//! Notices of the organiser.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use crate::buyer::event::segment;
use crate::buyer::wire::{News, Notice, NoticeAnswer};
use crate::failure::Failure;
use crate::form::{Fields, with_query};
use crate::page::Page;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "buyer/news.html")]
struct NewsPage {
    page: Page,
    notices: Vec<Notice>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "buyer/notice.html")]
struct NoticePage {
    page: Page,
    notice: Notice,
}

/// Lists the notices, pinned ones first, then the newest.
pub(super) async fn list(visit: Visit, query: Fields) -> Result<Response, Failure> {
    let path = with_query("/api/news", &[("after", query.get("after"))]);
    // A shop may publish none.
    let found = visit.api.find::<News>(&path).await?.unwrap_or(News { news: Vec::new(), next: None });
    let next = found.next.map(|next| with_query("/news", &[("after", &next)]));
    Ok(visit.html(&NewsPage {
        page: visit.page(visit.t("news-title")).styled(&["buyer.css"]),
        notices: found.news,
        next,
    }))
}

/// Shows one notice.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let NoticeAnswer { notice } = visit.api.get(&format!("/api/news/{}", segment(&id))).await?;
    Ok(visit.html(&NoticePage { page: visit.page(&notice.title).styled(&["buyer.css"]), notice }))
}
