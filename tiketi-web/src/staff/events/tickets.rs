//! Ticket types of an event.

use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::form::decimals;
use super::show::shown;
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::staff::amounts;
use crate::staff::member::{Member, Staff, done, may};
use crate::staff::refusals::{is_answerable, say};
use crate::staff::wire::OneEvent;

/// Adds a general-admission ticket type.
pub(super) async fn create(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let path = format!("/api/admin/events/{id}/tickets");
    write(&member, &id, Method::POST, &path, fields, "newTicket").await
}

/// Changes a ticket type, or removes it.
pub(super) async fn change(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path((id, ticket)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let path = format!("/api/admin/tickets/{ticket}");
    let method = if fields.get("action") == "remove" { Method::DELETE } else { Method::PUT };
    // The fields of one of several forms on the page have its id.
    write(&member, &id, method, &path, fields, &format!("ticket-{ticket}")).await
}

async fn write(
    member: &Member,
    id: &str,
    method: Method,
    path: &str,
    fields: Fields,
    place: &str,
) -> Result<Response, Failure> {
    let visit = &member.visit;
    let OneEvent { event } = visit.api.get(&format!("/api/admin/events/{id}")).await?;
    let mut form = Form::of(fields.clone());
    let field = |name: &str| format!("{place}-{name}");
    let sent = if method == Method::DELETE {
        visit.api.call(method, path, None, fields.key()).await
    } else {
        let price = amounts::read(fields.get(&field("price")), decimals(&event.currency));
        let capacity = amounts::read(fields.get(&field("capacity")), 0);
        if price.is_none() {
            form.refuse(&field("price"), visit.t("staff-wrong-number"));
        }
        let is_seated =
            event.ticket_types.iter().any(|known| path.ends_with(&known.id) && known.section.is_some());
        if capacity.is_none() && !is_seated {
            form.refuse(&field("capacity"), visit.t("staff-wrong-number"));
        }
        if !form.is_fine() {
            return shown(member, id, form, "", StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        let mut body = json!({"name": fields.get(&field("name")), "price": price});
        if let (Some(body), Some(capacity)) = (body.as_object_mut(), capacity) {
            body.insert("capacity".into(), capacity.into());
        }
        visit.api.send(method, path, &body, fields.key()).await
    };
    match sent {
        Ok(_) => Ok(done(&format!("/staff/events/{id}"), "saved")),
        Err(failure) if is_answerable(&failure) => {
            let names = ["name", "price", "capacity"].map(|name| (name, field(name)));
            let names: Vec<_> = names.iter().map(|(wire, field)| (*wire, field.as_str())).collect();
            say(&mut form, visit, &failure, &names);
            shown(member, id, form, "", failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}
