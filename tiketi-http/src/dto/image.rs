//! Images.

use serde::Serialize;
use utoipa::ToSchema;

use crate::images::ImageName;

/// Where an image is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImageAnswer)]
pub(crate) struct ImageAnswer {
    /// The path of the image, from the root of the shop.
    #[schema(example = "/images/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.jpg")]
    url: String,
}

impl ImageAnswer {
    pub(crate) fn of(name: &ImageName) -> Self {
        Self { url: format!("/images/{name}") }
    }
}
