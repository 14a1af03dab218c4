//! Mail that could not be sent.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use tiketi_core::id::MailId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{DeadMailList, DeadMailQuery};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiPath, ApiQuery, Staff, may};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retry))
}

/// List the mails that were given up
///
/// A mail is given up after about a day of tries, or at once if its address does not exist. The oldest comes first.
#[utoipa::path(
    get, path = "/api/admin/mail", tag = "admin", params(DeadMailQuery), security(("bearer" = ["people"])),
    responses(
        (status = 200, description = "At most `limit` of them", body = DeadMailList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`MAIL_NOT_SENT`", body = ErrorBody),
    ),
)]
async fn list(
    State(state): State<AppState>,
    _: Staff<may::People>,
    ApiQuery(query): ApiQuery<DeadMailQuery>,
) -> Result<Json<DeadMailList>, ApiError> {
    let mails = state.mails().ok_or_else(|| ApiError::new(Code::MailNotSent))?;
    let dead = mails.dead_mail(query.after()?, query.limit()?).await?;
    Ok(Json(DeadMailList::of(&dead)))
}

/// Send a mail again that was given up
#[utoipa::path(
    post, path = "/api/admin/mail/{id}/retry", tag = "admin", security(("bearer" = ["people"])),
    params(("id" = String, Path, description = "Which mail", format = Uuid)),
    responses(
        (status = 202, description = "It is tried again at once"),
        (status = 404, description = "`MAIL_NOT_FOUND`: it is not in the list; `MAIL_NOT_SENT`", body = ErrorBody),
    ),
)]
async fn retry(
    State(state): State<AppState>,
    _: Staff<may::People>,
    ApiPath(id): ApiPath<MailId>,
) -> Result<StatusCode, ApiError> {
    let mails = state.mails().ok_or_else(|| ApiError::new(Code::MailNotSent))?;
    if mails.retry_mail(id, state.now()).await? {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(ApiError::new(Code::MailNotFound))
    }
}
