//! Seat layouts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tiketi_core::LayoutId;
use tiketi_core::seat_layout::StoredLayout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dto::{LayoutAnswer, LayoutCheck, LayoutCheckQuery, LayoutList, LayoutPart, PageQuery};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ApiQuery, IdemKey, Staff, StaffAsking, WantedLanguage, may};
use crate::layout_file::LayoutFile;
use crate::routes::responses;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(check)).routes(routes!(read, delete))
}

/// List seat layouts
#[utoipa::path(
    get, path = "/api/admin/layouts", tag = "admin", params(PageQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "A page of layouts, by venue and name", body = LayoutList),
    ),
)]
async fn list(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<LayoutList>, ApiError> {
    let request = query.request()?;
    let page = state.box_office().catalog().layouts(request).await?;
    Ok(Json(LayoutList::of(&page, request)))
}

/// Create a seat layout
///
/// Errors name the wrong field by its path, such as `sections[0].rows[2].seats`. Unknown fields are refused.
#[utoipa::path(
    post, path = "/api/admin/layouts", tag = "admin", request_body = LayoutFile, security(("bearer" = ["catalogue"])),
    responses(
        (status = 201, description = "The layout", body = LayoutAnswer),
        (status = 422, description = "`INVALID_BODY`, `INVALID_LAYOUT`", body = ErrorBody),
    ),
)]
async fn create(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    IdemKey(key): IdemKey,
    ApiJson(body): ApiJson<LayoutFile>,
) -> Result<(StatusCode, Json<LayoutAnswer>), ApiError> {
    let stored = state.box_office().catalog().create_layout(body.into_layout()?, key).await?;
    staff.record().made("layouts", stored.id.as_uuid());
    staff.record().after(&summary(&stored));
    Ok((StatusCode::CREATED, Json(LayoutAnswer { layout: (&stored).into() })))
}

/// Check a seat layout without saving it
///
/// It answers what would be made, or every problem with its place. JSON of another shape is refused as by a creation. With
/// `seats=true` the answer has every seat in its place, so that a client can draw them.
#[utoipa::path(
    post, path = "/api/admin/layouts/check", tag = "admin", request_body = LayoutFile, params(LayoutCheckQuery),
    security(("bearer" = ["catalogue"])),
    responses(
        (status = 200, description = "What would be made, or the problems", body = LayoutCheck),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn check(
    _: StaffAsking<may::Catalogue>,
    WantedLanguage(language): WantedLanguage,
    ApiQuery(query): ApiQuery<LayoutCheckQuery>,
    ApiJson(body): ApiJson<LayoutFile>,
) -> Json<LayoutCheck> {
    Json(LayoutCheck::of(body, query, language))
}

/// Read a seat layout
///
/// Up to 20,000 seats are shown; of a larger one, ask for a section or a row.
#[utoipa::path(
    get, path = "/api/admin/layouts/{id}", tag = "admin", security(("bearer" = ["read"])),
    params(("id" = String, Path, description = "Which layout", format = Uuid), LayoutPart),
    responses(
        (status = 200, description = "The layout, or the part of it that was asked for", body = LayoutAnswer),
        (status = 404, description = "`LAYOUT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn read(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiPath(id): ApiPath<LayoutId>,
    ApiQuery(part): ApiQuery<LayoutPart>,
) -> Result<Json<LayoutAnswer>, ApiError> {
    let mut stored = responses::layout(&state, id).await?;
    part.cut(&mut stored.layout);
    Ok(Json(LayoutAnswer { layout: (&stored).into() }))
}

/// Remove a seat layout
///
/// Events created from it keep their seats.
#[utoipa::path(
    delete, path = "/api/admin/layouts/{id}", tag = "admin", security(("bearer" = ["catalogue"])),
    params(("id" = String, Path, description = "Which layout", format = Uuid)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`LAYOUT_NOT_FOUND`", body = ErrorBody),
    ),
)]
async fn delete(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    ApiPath(id): ApiPath<LayoutId>,
) -> Result<StatusCode, ApiError> {
    staff.record().before(&summary(&responses::layout(&state, id).await?));
    if state.box_office().catalog().delete_layout(id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(Code::LayoutNotFound))
    }
}

/// Says what a layout is, without its seats, for the log.
fn summary(stored: &StoredLayout) -> Value {
    let layout = &stored.layout;
    json!({"venue": layout.venue, "name": layout.name, "seats": layout.seat_count()})
}
