//! The log of what staff did.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::changes::{Change, changes};
use super::member::{Member, Staff, may};
use super::pager::KeyPager;
use super::wire::{LogEntry, LogPage};
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;

/// The filters of the list, which its links keep.
const FILTERS: [&str; 5] = ["action", "actor", "subject", "from", "to"];

pub(super) fn routes() -> Router {
    Router::new().route("/staff/log", get(list))
}

#[derive(Template)]
#[template(path = "staff/log.html")]
struct LogListPage {
    page: Page,
    member: Member,
    form: Form,
    entries: Vec<Logged>,
    pager: KeyPager,
}

/// An entry with what it changed.
pub(super) struct Logged {
    pub(super) entry: LogEntry,
    pub(super) changes: Vec<Change>,
    /// The page of staff about what the action was done to, if there is one.
    pub(super) link: Option<String>,
}

/// Shows the entries that the filters leave, the newest first.
async fn list(Staff { member, .. }: Staff<may::Log>, query: Fields) -> Result<Response, Failure> {
    let mut form = Form::of(query.clone());
    let mut day = |name: &str, later: u64| member.day_filter(&query, &mut form, name, later);
    let (from, to) = (day("from", 0), day("to", 1));
    let asked = [
        ("action", query.get("action")),
        ("actor", query.get("actor")),
        ("subject", query.get("subject")),
        ("from", &from),
        ("to", &to),
        ("after", query.get("after")),
    ];
    let found: Option<LogPage> = match member.visit.api.get(&with_query("/api/admin/log", &asked)).await {
        Ok(found) => Some(found),
        Err(failure) if failure.is(&["INVALID_QUERY"]) => {
            super::refusals::say(&mut form, &member.visit, &failure, &[]);
            None
        }
        Err(failure) => return Err(failure),
    };
    let (data, next) = found.map(|found| (found.data, found.next)).unwrap_or_default();
    let shown = LogListPage {
        page: member.page(member.visit.t("staff-nav-log"), ""),
        form,
        entries: data.into_iter().map(Logged::of).collect(),
        pager: KeyPager::new("/staff/log", &query, &FILTERS, next.as_deref()),
        member: member.clone(),
    };
    Ok(member.visit.html(&shown))
}

/// Reads the entries about one thing; none for those who may not read the log.
pub(super) async fn entries_about(member: &Member, subject: &str) -> Result<Vec<Logged>, Failure> {
    if !member.may("log") {
        return Ok(Vec::new());
    }
    let path = with_query("/api/admin/log", &[("subject", subject)]);
    let found: LogPage = member.visit.api.get(&path).await?;
    Ok(found.data.into_iter().map(Logged::of).collect())
}

impl Logged {
    fn of(entry: LogEntry) -> Self {
        let changes = changes(entry.before.as_ref(), entry.after.as_ref());
        let link = entry.subject.as_ref().and_then(|subject| match subject.kind.as_str() {
            "events" | "layouts" | "reservations" | "payments" => {
                Some(format!("/staff/{}/{}", subject.kind, subject.id))
            }
            "news" => Some(format!("/staff/notices/{}", subject.id)),
            _ => None,
        });
        Self { entry, changes, link }
    }
}
