//! Accounts and their roles.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use super::choice::Select;
use super::member::{Member, Staff, done, may};
use super::pager::KeyPager;
use super::refusals::{is_answerable, say};
use super::wire::{AccountPage, StaffAccount};
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;

/// The roles, as the wire names them.
const ROLES: [&str; 5] = ["user", "read_only", "box_office", "finance", "admin"];

pub(super) fn routes() -> Router {
    Router::new().route("/staff/people", get(list)).route("/staff/people/{id}", post(change))
}

#[derive(Template)]
#[template(path = "staff/people.html")]
struct PeoplePage {
    page: Page,
    member: Member,
    form: Form,
    accounts: Vec<StaffAccount>,
    roles: [&'static str; 5],
    pager: KeyPager,
}

/// Lists accounts by their addresses.
async fn list(Staff { member, .. }: Staff<may::People>, query: Fields) -> Result<Response, Failure> {
    shown(&member, &query, Form::of(query.clone()), StatusCode::OK).await
}

/// Gives an account another role.
async fn change(
    Staff { member, .. }: Staff<may::People>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let mut body = json!({"role": fields.get("role")});
    if let (Some(body), Some(reason)) = (body.as_object_mut(), fields.filled("reason")) {
        body.insert("reason".into(), reason.into());
    }
    let path = format!("/api/admin/accounts/{id}");
    match member.visit.api.send(Method::PATCH, &path, &body, fields.key()).await {
        Ok(_) => Ok(done(&with_query("/staff/people", &[("search", fields.get("search"))]), "saved")),
        Err(failure) if is_answerable(&failure) => {
            let search = with_query("", &[("search", fields.get("search"))]);
            let query = Fields::read(search.trim_start_matches('?').as_bytes());
            let mut form = Form::of(query.clone());
            say(&mut form, &member.visit, &failure, &[]);
            shown(&member, &query, form, failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}

async fn shown(member: &Member, query: &Fields, form: Form, status: StatusCode) -> Result<Response, Failure> {
    let asked = ["search", "role", "after"].map(|name| (name, query.get(name)));
    let found: AccountPage = member.visit.api.get(&with_query("/api/admin/accounts", &asked)).await?;
    let shown = PeoplePage {
        page: member.page(member.visit.t("staff-nav-people"), query.get("done")),
        form,
        accounts: found.data,
        roles: ROLES,
        pager: KeyPager::new("/staff/people", query, &["search", "role"], found.next.as_deref()),
        member: member.clone(),
    };
    Ok((status, member.visit.html(&shown)).into_response())
}

impl PeoplePage {
    fn role(&self) -> Select {
        let all = [("", self.page.t("staff-all").to_string())];
        let options = ROLES.map(|role| (role, self.page.t("staff-role-name").with("role", role).to_string()));
        Select::new(&self.form, "role", self.page.t("staff-role-label"))
            .options(all.into_iter().chain(options), self.form.value("role"))
    }
}
