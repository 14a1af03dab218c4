//! Notices of the organiser.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use super::choice::{Checkbox, Select};
use super::member::{Member, Staff, done, may};
use super::pager::KeyPager;
use super::refusals::{is_answerable, say};
use super::wire::{Notice, NoticePage, OneNotice};
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/staff/notices", get(list))
        .route("/staff/notices/new", get(new).post(create))
        .route("/staff/notices/{id}", get(edit).post(save))
        .route("/staff/notices/{id}/delete", post(delete))
}

#[derive(Template)]
#[template(path = "staff/notices.html")]
struct NoticesPage {
    page: Page,
    member: Member,
    notices: Vec<Notice>,
    pager: KeyPager,
    /// Why there are none, in a shop that publishes none.
    sentence: Option<String>,
}

#[derive(Template)]
#[template(path = "staff/notice.html")]
struct NoticeFormPage {
    page: Page,
    member: Member,
    form: Form,
    /// The notice that is changed; `None` for a new one.
    known: Option<Notice>,
}

/// Lists the notices, the pinned ones first.
async fn list(Staff { member, .. }: Staff<may::Read>, query: Fields) -> Result<Response, Failure> {
    let path = with_query("/api/news", &[("after", query.get("after"))]);
    let (notices, next, sentence) = match member.visit.api.get::<NoticePage>(&path).await {
        Ok(found) => (found.news, found.next, None),
        Err(failure) if failure.is(&["NEWS_NOT_KEPT"]) => {
            (Vec::new(), None, Some(failure.said(&member.visit)))
        }
        Err(failure) => return Err(failure),
    };
    let shown = NoticesPage {
        page: member.page(member.visit.t("staff-nav-notices"), query.get("done")),
        notices,
        pager: KeyPager::new("/staff/notices", &query, &[], next.as_deref()),
        sentence,
        member: member.clone(),
    };
    Ok(member.visit.html(&shown))
}

/// Shows the form of a new notice.
async fn new(Staff { member, .. }: Staff<may::Catalogue>) -> Response {
    shown(&member, None, Form::default(), "", StatusCode::OK)
}

/// Publishes a notice.
async fn create(Staff { member, .. }: Staff<may::Catalogue>, fields: Fields) -> Result<Response, Failure> {
    let sent = member.visit.api.send(Method::POST, "/api/news", &body(&fields), fields.key()).await;
    match sent {
        Ok(_) => Ok(done("/staff/notices", "published")),
        Err(failure) => refused(&member, None, fields, failure),
    }
}

/// Shows the form of a notice.
async fn edit(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    query: Fields,
) -> Result<Response, Failure> {
    let OneNotice { notice } = member.visit.api.get(&format!("/api/news/{id}")).await?;
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.append_pair("title", &notice.title).append_pair("body", &notice.body);
    encoded.append_pair("language", &notice.language).append_pair("version", &notice.version.to_string());
    if notice.pinned {
        encoded.append_pair("pinned", "yes");
    }
    let form = Form::of(Fields::read(encoded.finish().as_bytes()));
    Ok(shown(&member, Some(notice), form, query.get("done"), StatusCode::OK))
}

/// Changes a notice.
async fn save(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (api, path) = (&member.visit.api, format!("/api/news/{id}"));
    let mut body = body(&fields);
    if let (Some(body), Ok(version)) = (body.as_object_mut(), fields.get("version").parse::<u64>()) {
        body.insert("version".into(), version.into());
    }
    match api.send(Method::PUT, &path, &body, fields.key()).await {
        Ok(_) => Ok(done("/staff/notices", "saved")),
        Err(failure) => {
            let OneNotice { notice } = api.get(&path).await?;
            refused(&member, Some(notice), fields, failure)
        }
    }
}

/// Removes a notice.
async fn delete(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (api, path) = (&member.visit.api, format!("/api/news/{id}"));
    if fields.filled("sureDelete").is_none() {
        let OneNotice { notice } = api.get(&path).await?;
        let mut form = Form::of(fields);
        form.refuse("sureDelete", member.visit.t("staff-wrong-unsure"));
        return Ok(shown(&member, Some(notice), form, "", StatusCode::UNPROCESSABLE_ENTITY));
    }
    api.call(Method::DELETE, &path, None, fields.key()).await?;
    Ok(done("/staff/notices", "deleted"))
}

fn body(fields: &Fields) -> serde_json::Value {
    // Forms send lines that end in CR and LF.
    let text = fields.get("body").replace("\r\n", "\n");
    json!({
        "title": fields.get("title"), "body": text, "language": fields.get("language"),
        "pinned": fields.filled("pinned").is_some(),
    })
}

fn refused(
    member: &Member,
    known: Option<Notice>,
    fields: Fields,
    failure: Failure,
) -> Result<Response, Failure> {
    if !is_answerable(&failure) {
        return Err(failure);
    }
    let mut form = Form::of(fields);
    let names = [("title", "title"), ("body", "body"), ("language", "language")];
    say(&mut form, &member.visit, &failure, &names);
    Ok(shown(member, known, form, "", failure.shown_status()))
}

fn shown(member: &Member, known: Option<Notice>, form: Form, what: &str, status: StatusCode) -> Response {
    let title = if known.is_some() { "staff-notice-edit" } else { "staff-notice-new" };
    let page = member.page(member.visit.t(title), what);
    let shown = NoticeFormPage { page, form, known, member: member.clone() };
    (status, member.visit.html(&shown)).into_response()
}

impl NoticeFormPage {
    fn language(&self) -> Select {
        let chosen = Some(self.form.value("language")).filter(|chosen| !chosen.is_empty());
        // A notice may be in a language that the pages are not in; it keeps it.
        let others = chosen.filter(|chosen| !["ko", "en"].contains(chosen)).map(|other| (other, other));
        let options = [("ko", "한국어"), ("en", "English")].into_iter().chain(others);
        Select::new(&self.form, "language", self.page.t("staff-notice-language"))
            .options(options, chosen.unwrap_or(self.page.language()))
    }

    fn pinned(&self) -> Checkbox {
        Checkbox::new(&self.form, "pinned", self.page.t("staff-notice-pinned"))
    }

    fn sure(&self) -> Checkbox {
        Checkbox::new(&self.form, "sureDelete", self.page.t("staff-delete-sure"))
    }
}
