//! Images: upload by staff, and serving.

use axum::Json;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{limit_of, read_body, too_large};
use crate::dto::ImageAnswer;
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiPath, Staff, may};
use crate::images::{ImageName, Images, MOST_BYTES};
use crate::reason::Reason;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    // The layer around all routes bounds the body.
    let upload = OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::disable());
    upload.routes(routes!(serve))
}

fn images(state: &AppState) -> Result<&Images, ApiError> {
    state.images().ok_or_else(|| ApiError::new(Code::ImagesNotKept))
}

/// Upload an image
///
/// A PNG, JPEG or WebP of at most 5 MiB and 24 megapixels: as the body, or as the first file of a form
/// (`multipart/form-data`). It is recognised by its content, and stored without metadata. The same image has the same URL.
#[utoipa::path(
    post, path = "/api/image/upload", tag = "images", security(("bearer" = ["catalogue"])),
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))),
    responses(
        (status = 200, description = "Where the image is", body = ImageAnswer),
        (status = 404, description = "`IMAGES_NOT_KEPT`", body = ErrorBody),
        (status = 413, description = "`BODY_TOO_LARGE`", body = ErrorBody),
        (status = 422, description = "`INVALID_IMAGE`, `IMAGE_TOO_LARGE`", body = ErrorBody),
    ),
)]
async fn upload(
    State(state): State<AppState>,
    staff: Staff<may::Catalogue>,
    request: Request,
) -> Result<Json<ImageAnswer>, ApiError> {
    let images = images(&state)?;
    let bytes = uploaded(request).await?;
    if bytes.len() > MOST_BYTES {
        return Err(too_large(MOST_BYTES));
    }
    let answer = ImageAnswer::of(&images.upload(bytes).await?);
    staff.record().after(&answer);
    Ok(Json(answer))
}

/// Reads the body, or the first file of a form.
async fn uploaded(request: Request) -> Result<Bytes, ApiError> {
    let named = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !named.is_some_and(|named| named.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"))
    {
        return read_body(request.into_body()).await;
    }
    let no_form = || {
        ApiError::new(Code::InvalidImage)
            .because(Reason::fixed("the form has no file", "양식에 파일이 없습니다."))
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| no_form())?;
    // What stands before the file may be too large as well.
    let unread = |error: MultipartError| limit_of(&error).map_or_else(no_form, |_| too_large(MOST_BYTES));
    while let Some(part) = form.next_field().await.map_err(unread)? {
        if part.file_name().is_some() {
            return part.bytes().await.map_err(|_| too_large(MOST_BYTES));
        }
    }
    Err(no_form())
}

/// Read an image
///
/// It never changes, so that caches may keep it for ever.
#[utoipa::path(
    get, path = "/images/{name}", tag = "images",
    params(("name" = String, Path, description = "The hash of the image, a dot, and `png`, `jpg` or `webp`")),
    responses(
        (status = 200, description = "The image", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))),
        (status = 400, description = "`INVALID_ID`", body = ErrorBody),
        (status = 404, description = "`IMAGE_NOT_FOUND`, `IMAGES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn serve(
    State(state): State<AppState>,
    ApiPath(name): ApiPath<ImageName>,
) -> Result<Response, ApiError> {
    let found = images(&state)?.get(&name).await?;
    let bytes = found.ok_or_else(|| ApiError::new(Code::ImageNotFound))?;
    let headers = [
        (CONTENT_TYPE, name.format().media_type()),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        // An image that is opened by itself may load and run nothing.
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, bytes).into_response())
}
