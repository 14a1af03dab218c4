//! Names of images: the hash of their content.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The format of a stored image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every format that is served, with its type")]
pub enum ImageFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl ImageFormat {
    /// Returns the file extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// Returns the media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// The name of an image: the SHA-256 of its content in lower-case hex, a dot, and the extension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageName {
    hash: [u8; 32],
    format: ImageFormat,
}

/// A text that is no name of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an image: expected 64 hex digits and .png, .jpg or .webp")]
#[non_exhaustive]
pub struct InvalidImageName;

impl ImageName {
    /// Names an image.
    pub fn of(format: ImageFormat, content: &[u8]) -> Self {
        Self { hash: Sha256::digest(content).into(), format }
    }

    /// Returns the format.
    pub const fn format(&self) -> ImageFormat {
        self.format
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", hex::encode(self.hash), self.format.extension())
    }
}

impl FromStr for ImageName {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, InvalidImageName> {
        let (digits, extension) = text.split_once('.').ok_or(InvalidImageName)?;
        let format = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp]
            .into_iter()
            .find(|format| format.extension() == extension)
            .ok_or(InvalidImageName)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).map_err(|_| InvalidImageName)?;
        let name = Self { hash, format };
        // One image has one name: upper-case digits are another text.
        if name.to_string() == text { Ok(name) } else { Err(InvalidImageName) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_hash_of_the_content_and_no_path() {
        let name = ImageName::of(ImageFormat::Jpeg, b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.jpg";
        assert_eq!(name.to_string(), text);
        assert_eq!(text.parse(), Ok(name));
        let upper = text.to_uppercase();
        for wrong in [
            "",
            "abc.jpg",
            "../secret.png",
            &text.replace("jpg", "svg"),
            &upper,
            &format!("{text}/"),
            &text[..64],
        ] {
            assert_eq!(wrong.parse::<ImageName>(), Err(InvalidImageName), "{wrong}");
        }
    }
}
