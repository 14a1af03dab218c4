//! Mails that were given up.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};

use super::member::{Member, Staff, done, may};
use super::pager::KeyPager;
use super::wire::{DeadMail, MailPage};
use crate::failure::Failure;
use crate::form::{Fields, with_query};
use crate::page::Page;

/// Mails of a page. The interface names a next page whenever there are mails at all.
const A_PAGE: usize = 20;

pub(super) fn routes() -> Router {
    Router::new().route("/staff/mail", get(list)).route("/staff/mail/{id}/retry", post(retry))
}

#[derive(Template)]
#[template(path = "staff/mail.html")]
struct MailListPage {
    page: Page,
    member: Member,
    mails: Vec<DeadMail>,
    pager: KeyPager,
    /// Why there are none, in a shop that sends none.
    sentence: Option<String>,
}

/// Lists the mails, the oldest first.
async fn list(Staff { member, .. }: Staff<may::People>, query: Fields) -> Result<Response, Failure> {
    let path = with_query("/api/admin/mail", &[("after", query.get("after"))]);
    let (mails, next, sentence) = match member.visit.api.get::<MailPage>(&path).await {
        Ok(found) => (found.mails, found.next, None),
        Err(failure) if failure.is(&["MAIL_NOT_SENT"]) => {
            (Vec::new(), None, Some(failure.said(&member.visit)))
        }
        Err(failure) => return Err(failure),
    };
    let next = next.filter(|_| mails.len() >= A_PAGE);
    let shown = MailListPage {
        page: member.page(member.visit.t("staff-nav-mail"), query.get("done")),
        pager: KeyPager::new("/staff/mail", &query, &[], next.as_deref()),
        mails,
        sentence,
        member: member.clone(),
    };
    Ok(member.visit.html(&shown))
}

/// Sends a mail again.
async fn retry(
    Staff { member, .. }: Staff<may::People>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    member.visit.api.call(Method::POST, &format!("/api/admin/mail/{id}/retry"), None, fields.key()).await?;
    Ok(done("/staff/mail", "retried"))
}
