//! News: notices of the organiser.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tiketi_core::id::NoticeId;
use tiketi_core::notice::Notice;
use tiketi_core::store::{CreateNoticeRefused, NoticeStore, UpdateNoticeRefused};
use tiketi_core::{CommandError, CommandKey};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{NewsList, NewsQuery, NoticeAnswer, WriteNotice};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ApiQuery, ClientAddress, IdemKey, Staff, may};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, edit, delete))
}

fn notices(state: &AppState) -> Result<&dyn NoticeStore, ApiError> {
    state.notices().ok_or_else(|| ApiError::new(Code::NewsNotKept))
}

async fn known(state: &AppState, id: NoticeId) -> Result<Notice, ApiError> {
    notices(state)?.notice(id).await?.ok_or_else(|| ApiError::new(Code::NoticeNotFound))
}

/// List news
///
/// Pinned notices come first, then the newest.
#[utoipa::path(
    get, path = "/api/news", tag = "news", params(NewsQuery),
    responses(
        (status = 200, description = "A page of notices", body = NewsList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`NEWS_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn list(
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<NewsQuery>,
) -> Result<Json<NewsList>, ApiError> {
    let (language, after, limit) = query.read()?;
    let found = notices(&state)?.notices(language.as_ref(), after, limit + 1).await?;
    Ok(Json(NewsList::of(&found, limit)))
}

/// Read a notice
///
/// Each network counts as one view an hour.
#[utoipa::path(
    get, path = "/api/news/{id}", tag = "news", params(("id" = String, Path, description = "Which notice", format = Uuid)),
    responses(
        (status = 200, description = "The notice", body = NoticeAnswer),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`NOTICE_NOT_FOUND`, `NEWS_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn read(
    State(state): State<AppState>,
    ClientAddress(client): ClientAddress,
    ApiPath(id): ApiPath<NoticeId>,
) -> Result<Json<NoticeAnswer>, ApiError> {
    let mut notice = known(&state, id).await?;
    let unsaved = state.notice_views().count(id, client, state.now());
    notice.views = notice.views.saturating_add(unsaved);
    Ok(Json((&notice).into()))
}

/// Publish a notice
#[utoipa::path(
    post, path = "/api/news", tag = "news", request_body = WriteNotice, security(("bearer" = ["catalogue"])),
    responses(
        (status = 201, description = "The notice", body = NoticeAnswer),
        (status = 404, description = "`NEWS_NOT_KEPT`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn create(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<WriteNotice>,
) -> Result<(StatusCode, Json<NoticeAnswer>), ApiError> {
    // A repetition after a crash finds the notice under its key.
    let id = NoticeId::from_uuid(key.map_or_else(|| state.new_id(), CommandKey::as_uuid));
    let notice = body.new_notice(id, state.now())?;
    match notices(&state)?.create_notice(notice).await {
        Ok(()) | Err(CommandError::Refused(CreateNoticeRefused::IdTaken)) => {}
        Err(error) => return Err(error.into()),
    }
    let notice = known(&state, id).await.map_err(ApiError::after_effect)?;
    staff.record().made("news", id.as_uuid());
    staff.record().after(&summary(&notice));
    Ok((StatusCode::CREATED, Json((&notice).into())))
}

/// Edit a notice
#[utoipa::path(
    put, path = "/api/news/{id}", tag = "news", request_body = WriteNotice, security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which notice", format = Uuid)),
    responses(
        (status = 200, description = "The notice as it is now", body = NoticeAnswer),
        (status = 404, description = "`NOTICE_NOT_FOUND`, `NEWS_NOT_KEPT`", body = ErrorBody),
        (status = 409, description = "`VERSION_MISMATCH`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn edit(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<NoticeId>,
    ApiJson(body): ApiJson<WriteNotice>,
) -> Result<Json<NoticeAnswer>, ApiError> {
    let before = known(&state, id).await?;
    staff.record().before(&summary(&before));
    notices(&state)?.update_notice(body.edit(&before, state.now())?).await?;
    let after = known(&state, id).await.map_err(ApiError::after_effect)?;
    staff.record().after(&summary(&after));
    Ok(Json((&after).into()))
}

/// Remove a notice
#[utoipa::path(
    delete, path = "/api/news/{id}", tag = "news", security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which notice", format = Uuid)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`NOTICE_NOT_FOUND`, `NEWS_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn delete(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<NoticeId>,
) -> Result<StatusCode, ApiError> {
    staff.record().before(&summary(&known(&state, id).await?));
    if notices(&state)?.delete_notice(id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(Code::NoticeNotFound))
    }
}

/// Says what a notice is, without its text, for the log.
fn summary(notice: &Notice) -> Value {
    let Notice { title, language, pinned, version, .. } = notice;
    json!({"title": title, "language": language.as_str(), "pinned": pinned, "version": version})
}

impl From<CreateNoticeRefused> for ApiError {
    fn from(refused: CreateNoticeRefused) -> Self {
        Self::unlisted(refused)
    }
}

impl From<UpdateNoticeRefused> for ApiError {
    fn from(refused: UpdateNoticeRefused) -> Self {
        match refused {
            UpdateNoticeRefused::NotFound => Self::new(Code::NoticeNotFound),
            UpdateNoticeRefused::Changed => Self::new(Code::VersionMismatch),
            other => Self::unlisted(other),
        }
    }
}
