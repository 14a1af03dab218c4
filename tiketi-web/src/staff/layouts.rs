//! Seat layouts: the list, one as a picture, and a new one with what is wrong with it.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, Path};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::choice::Checkbox;
use super::hall_picture::{SectionPicture, pictures};
use super::json_lines::line_of;
use super::member::{Member, Staff, done, may};
use super::refusals::{is_answerable, say};
use super::wire::{
    CheckedLayout, Layout, LayoutAnswer, LayoutCheck, LayoutList, LayoutProblem, LayoutSummary,
};
use crate::buyer::pager::Pager;
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;

/// Most bytes of a plan, as the interface takes them.
const MOST_BYTES: usize = 4 << 20;
/// What a new layout begins with: a plan that can be changed.
const EXAMPLE: &str = include_str!("example_layout.json");

pub(super) fn routes() -> Router {
    Router::new()
        .route("/staff/layouts", get(list))
        .route("/staff/layouts/new", get(new).post(create))
        .route("/staff/layouts/upload", post(upload))
        .route("/staff/layouts/picture", post(picture))
        .route("/staff/layouts/{id}", get(show))
        .route("/staff/layouts/{id}/delete", post(delete))
        // Each seat of a hall may be written out.
        .layer(DefaultBodyLimit::max(MOST_BYTES))
}

#[derive(Template)]
#[template(path = "staff/layouts.html")]
struct LayoutsPage {
    page: Page,
    member: Member,
    layouts: Vec<LayoutSummary>,
    total: u64,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "staff/layout_page.html")]
struct LayoutPage {
    page: Page,
    member: Member,
    form: Form,
    layout: Layout,
    preview: Preview,
}

#[derive(Template)]
#[template(path = "staff/layout_form.html")]
struct LayoutFormPage {
    page: Page,
    member: Member,
    form: Form,
    text: String,
    preview: Preview,
}

/// The picture alone, for a page that shows it while its text is typed.
#[derive(Template)]
#[template(path = "staff/parts/preview.html")]
struct PicturePart {
    page: Page,
    member: Member,
    preview: Preview,
}

/// What a plan makes, or what is wrong with it.
#[derive(Debug, Default)]
struct Preview {
    /// Venue and name, of a plan with which nothing is wrong.
    title: String,
    seats: u64,
    currency: String,
    sections: Vec<SectionPicture>,
    complaints: Vec<Complaint>,
}

/// What is wrong at one place of a plan.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    line: Option<usize>,
    place: String,
    reason: String,
}

/// Lists the layouts.
async fn list(Staff { member, .. }: Staff<may::Read>, query: Fields) -> Result<Response, Failure> {
    let path = with_query("/api/admin/layouts", &[("page", query.get("page"))]);
    let found: LayoutList = member.visit.api.get(&path).await?;
    let shown = LayoutsPage {
        page: member.page(member.visit.t("staff-nav-layouts"), query.get("done")),
        total: found.pagination.total,
        pager: Pager::of("/staff/layouts", &[], found.pagination),
        layouts: found.layouts,
        member: member.clone(),
    };
    Ok(member.visit.html(&shown))
}

/// Shows a layout.
async fn show(
    Staff { member, .. }: Staff<may::Read>,
    Path(id): Path<String>,
    query: Fields,
) -> Result<Response, Failure> {
    shown(&member, &id, Form::default(), query.get("done"), StatusCode::OK).await
}

async fn shown(
    member: &Member,
    id: &str,
    form: Form,
    what: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let LayoutAnswer { layout } = member.visit.api.get(&format!("/api/admin/layouts/{id}")).await?;
    let preview = Preview {
        title: format!("{} · {}", layout.venue, layout.name),
        seats: layout.seat_count,
        currency: layout.currency.clone(),
        sections: pictures(&layout.sections),
        complaints: Vec::new(),
    };
    let page = member.page(&preview.title, what);
    let shown = LayoutPage { page, form, layout, preview, member: member.clone() };
    Ok((status, member.visit.html(&shown)).into_response())
}

/// Removes a layout; events made from it keep their seats.
async fn delete(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let mut form = Form::of(fields.clone());
    if fields.filled("sureDelete").is_none() {
        form.refuse("sureDelete", member.visit.t("staff-wrong-unsure"));
        return shown(&member, &id, form, "", StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let path = format!("/api/admin/layouts/{id}");
    match member.visit.api.call(Method::DELETE, &path, None, fields.key()).await {
        Ok(_) => Ok(done("/staff/layouts", "deleted")),
        Err(failure) if is_answerable(&failure) => {
            say(&mut form, &member.visit, &failure, &[]);
            shown(&member, &id, form, "", failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}

/// Shows the form of a new layout, with an example to begin with.
async fn new(Staff { member, .. }: Staff<may::Catalogue>) -> Result<Response, Failure> {
    form_page(&member, Form::default(), EXAMPLE.to_owned(), StatusCode::OK).await
}

/// Checks a plan, or saves it.
async fn create(Staff { member, .. }: Staff<may::Catalogue>, fields: Fields) -> Result<Response, Failure> {
    let (text, api) = (fields.raw("text").to_owned(), &member.visit.api);
    if fields.get("action") == "check" {
        return form_page(&member, Form::of(fields), text, StatusCode::OK).await;
    }
    let sent =
        api.call(Method::POST, "/api/admin/layouts", Some(text.clone().into_bytes()), fields.key()).await;
    match sent {
        Ok(made) => {
            let made: LayoutAnswer = made.json()?;
            Ok(done(&format!("/staff/layouts/{}", made.layout.id), "created"))
        }
        Err(failure) if is_answerable(&failure) => {
            let mut form = Form::of(fields);
            form.refuse("text", member.visit.t("staff-layout-refused"));
            form_page(&member, form, text, failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}

/// Puts a file into the form, checked.
async fn upload(
    Staff { member, .. }: Staff<may::Catalogue>,
    mut form: Multipart,
) -> Result<Response, Failure> {
    while let Some(part) = form.next_field().await.map_err(|_| Failure::bad_request())? {
        if part.file_name().is_some_and(|name| !name.is_empty()) {
            let bytes = part
                .bytes()
                .await
                .map_err(|refused| Failure { status: refused.status(), ..Failure::default() })?;
            let text = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned();
            return form_page(&member, Form::default(), text, StatusCode::OK).await;
        }
    }
    let mut refused = Form::default();
    refused.refuse("file", member.visit.t("staff-wrong-file"));
    form_page(&member, refused, EXAMPLE.to_owned(), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Answers with the picture of a plan, or with what is wrong with it, as a part of a page.
async fn picture(Staff { member, .. }: Staff<may::Catalogue>, text: String) -> Result<Response, Failure> {
    let preview = checked(&member, &text).await?;
    let part = PicturePart { page: member.page("", ""), preview, member: member.clone() };
    Ok(member.visit.html(&part))
}

async fn form_page(
    member: &Member,
    form: Form,
    text: String,
    status: StatusCode,
) -> Result<Response, Failure> {
    let shown = LayoutFormPage {
        page: member.page(member.visit.t("staff-layout-new"), ""),
        preview: checked(member, &text).await?,
        form,
        text,
        member: member.clone(),
    };
    Ok((status, member.visit.html(&shown)).into_response())
}

/// Asks the interface what a plan would make.
async fn checked(member: &Member, text: &str) -> Result<Preview, Failure> {
    let path = "/api/admin/layouts/check?seats=true";
    let answer = member.visit.api.call(Method::POST, path, Some(text.as_bytes().to_vec()), None).await;
    match answer {
        Ok(answer) => {
            let LayoutCheck { layout, problems } = answer.json()?;
            let complaints = problems.into_iter().map(|problem| complaint(text, problem)).collect();
            Ok(layout.map_or_else(|| Preview { complaints, ..Preview::default() }, Preview::of))
        }
        Err(failure) if is_answerable(&failure) => {
            Ok(Preview { complaints: vec![unreadable(member, text, &failure)], ..Preview::default() })
        }
        Err(failure) => Err(failure),
    }
}

fn complaint(text: &str, LayoutProblem { path, reason }: LayoutProblem) -> Complaint {
    Complaint { line: line_of(text, &path), place: path, reason }
}

/// Says why a text is no plan at all.
fn unreadable(member: &Member, text: &str, failure: &Failure) -> Complaint {
    let line = failure.details.get("line").and_then(serde_json::Value::as_u64);
    let place = failure.detail("field").unwrap_or_default().to_owned();
    let said = failure.said(&member.visit);
    Complaint {
        line: line.and_then(|line| usize::try_from(line).ok()).or_else(|| line_of(text, &place)),
        reason: failure.detail("reason").map_or(said, ToOwned::to_owned),
        place,
    }
}

impl Preview {
    fn of(layout: CheckedLayout) -> Self {
        Self {
            title: format!("{} · {}", layout.venue, layout.name),
            seats: layout.seat_count,
            currency: layout.currency,
            sections: pictures(&layout.sections),
            complaints: Vec::new(),
        }
    }
}

impl LayoutPage {
    fn sure(&self) -> Checkbox {
        Checkbox::new(&self.form, "sureDelete", self.page.t("staff-delete-sure"))
    }
}
