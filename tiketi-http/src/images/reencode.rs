//! Decodes an uploaded image within limits, and encodes its pixels again.
//!
//! What is stored has the pixels and nothing else: no position of a camera, no comment, nothing after the end of the image.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use crate::images::name::ImageFormat;

/// Most pixels of an image, such as 6000 times 4000.
pub(crate) const MOST_PIXELS: u64 = 24_000_000;
/// Most pixels of a side.
const MOST_PIXELS_A_SIDE: u32 = 16_384;
/// Most bytes that a decoder may allocate.
const MOST_DECODED_BYTES: u64 = 256 << 20;
/// Most bytes of an image as it is stored.
const MOST_ENCODED_BYTES: usize = 16 << 20;
/// Quality of JPEG, of 100.
const JPEG_QUALITY: u8 = 85;

/// Why an image is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImageRefused {
    /// It is no PNG, JPEG or WebP, or a damaged one.
    #[error("not a PNG, JPEG or WebP image")]
    NoImage,
    /// It has too many pixels.
    #[error("an image of {width} by {height} pixels is too large")]
    TooManyPixels {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// It does not become small enough.
    #[error("the image is too large")]
    TooLargeEncoded,
}

/// Checks the format and the pixels that the header of an image claims; decodes nothing.
pub(super) fn check(bytes: &[u8]) -> Result<(), ImageRefused> {
    let mut header = reader(bytes)?;
    // A header is small; the limits of decoding would hide how large the image is.
    header.no_limits();
    let (width, height) = header.into_dimensions().map_err(|_| ImageRefused::NoImage)?;
    let pixels = u64::from(width) * u64::from(height);
    if width > MOST_PIXELS_A_SIDE || height > MOST_PIXELS_A_SIDE || pixels > MOST_PIXELS {
        return Err(ImageRefused::TooManyPixels { width, height });
    }
    Ok(())
}

/// Decodes an image, and encodes its pixels. The first picture of an animation stands for it.
///
/// A WebP without transparency becomes a JPEG, since there is no encoder of small WebP in Rust.
pub(super) fn reencode(bytes: &[u8]) -> Result<(ImageFormat, Vec<u8>), ImageRefused> {
    check(bytes)?;
    let reader = reader(bytes)?;
    let format = reader.format();
    let image = decode(reader)?;
    let has_alpha = image.color().has_alpha();
    let (format, encoded) = match format {
        Some(image::ImageFormat::Png) => (ImageFormat::Png, png(&image)),
        Some(image::ImageFormat::WebP) if has_alpha => (ImageFormat::Webp, webp(&image)),
        _ => (ImageFormat::Jpeg, jpeg(&image)),
    };
    let encoded = encoded.map_err(|_| ImageRefused::NoImage)?;
    if encoded.len() > MOST_ENCODED_BYTES {
        Err(ImageRefused::TooLargeEncoded)
    } else {
        Ok((format, encoded))
    }
}

/// Reads the format from the content, whatever the client says it is.
fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, ImageRefused> {
    let known = [image::ImageFormat::Png, image::ImageFormat::Jpeg, image::ImageFormat::WebP];
    let guessed = image::guess_format(bytes).ok().filter(|format| known.contains(format));
    let format = guessed.ok_or(ImageRefused::NoImage)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS_A_SIDE);
    limits.max_image_height = Some(MOST_PIXELS_A_SIDE);
    limits.max_alloc = Some(MOST_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    Ok(reader)
}

/// Decodes the pixels as a camera meant them to be seen.
fn decode(reader: ImageReader<Cursor<&[u8]>>) -> Result<DynamicImage, ImageRefused> {
    let mut decoder = reader.into_decoder().map_err(|_| ImageRefused::NoImage)?;
    // The orientation is metadata, which is not stored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| ImageRefused::NoImage)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn png(image: &DynamicImage) -> image::ImageResult<Vec<u8>> {
    let mut encoded = Vec::new();
    image.write_with_encoder(PngEncoder::new(&mut encoded))?;
    Ok(encoded)
}

fn jpeg(image: &DynamicImage) -> image::ImageResult<Vec<u8>> {
    let mut encoded = Vec::new();
    let writer = JpegEncoder::new_with_quality(&mut encoded, JPEG_QUALITY);
    DynamicImage::ImageRgb8(image.to_rgb8()).write_with_encoder(writer)?;
    Ok(encoded)
}

fn webp(image: &DynamicImage) -> image::ImageResult<Vec<u8>> {
    let mut encoded = Vec::new();
    DynamicImage::ImageRgba8(image.to_rgba8()).write_with_encoder(WebPEncoder::new_lossless(&mut encoded))?;
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn picture() -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(8, 4, |x, y| {
            Rgb([if x < 4 { 250 } else { 5 }, 9, if y < 2 { 200 } else { 7 }])
        }))
    }

    fn transparent() -> DynamicImage {
        DynamicImage::ImageRgba8(RgbaImage::from_pixel(8, 4, Rgba([1, 2, 3, 4])))
    }

    fn size(bytes: &[u8]) -> (u32, u32) {
        reader(bytes).unwrap().into_dimensions().unwrap()
    }

    /// A JPEG with a block of EXIF that turns it and names a secret.
    fn jpeg_with_exif() -> Vec<u8> {
        let plain = jpeg(&picture()).unwrap();
        let tiff = [
            b"Exif\0\0MM\0\x2a\0\0\0\x08".as_slice(),
            &[0, 2],
            // Orientation: a quarter turn clockwise.
            &[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0],
            // Artist, at the offset 38.
            &[0x01, 0x3b, 0, 2, 0, 0, 0, 7, 0, 0, 0, 38],
            &[0, 0, 0, 0],
            b"SECRET\0",
        ];
        let exif = tiff.concat();
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..]].concat()
    }

    #[test]
    fn each_format_stays_small_and_keeps_its_size() {
        for (made, expected) in [
            (png(&picture()).unwrap(), ImageFormat::Png),
            (png(&transparent()).unwrap(), ImageFormat::Png),
            (jpeg(&picture()).unwrap(), ImageFormat::Jpeg),
            (webp(&transparent()).unwrap(), ImageFormat::Webp),
        ] {
            let (format, encoded) = reencode(&made).unwrap();
            assert_eq!((format, size(&encoded)), (expected, (8, 4)));
        }
    }

    /// Fails if anything but pixels is stored, or if a turned picture lies on its side.
    #[test]
    fn metadata_is_gone_and_a_turned_picture_stands() {
        let uploaded = jpeg_with_exif();
        let has_secret = |bytes: &[u8]| bytes.windows(6).any(|part| part == b"SECRET");
        assert!(has_secret(&uploaded) && size(&uploaded) == (8, 4));
        let (_, encoded) = reencode(&uploaded).unwrap();
        assert!(!has_secret(&encoded));
        assert_eq!(size(&encoded), (4, 8));
        // What follows the end of an image is no part of it.
        let mut two = png(&picture()).unwrap();
        two.extend_from_slice(b"<script>SECRET</script>");
        assert!(!has_secret(&reencode(&two).unwrap().1));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let png = png(&picture()).unwrap();
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice();
        for wrong in
            [b"".as_slice(), b"GIF89a\x01\0\x01\0", svg, b"%PDF-1.7", &png[..png.len() / 2], &png[..12]]
        {
            assert_eq!(reencode(wrong).unwrap_err(), ImageRefused::NoImage, "{wrong:?}");
        }
    }

    /// Fails if pixels are decoded before they are counted: this one claims 40 gigabytes of them.
    #[test]
    fn a_bomb_is_refused_by_its_header() {
        let mut bomb = png(&picture()).unwrap();
        let crc = |chunk: &[u8]| {
            let mut crc = u32::MAX;
            for byte in chunk {
                crc ^= u32::from(*byte);
                for _ in 0..8 {
                    crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
                }
            }
            !crc
        };
        bomb[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
        let sum = crc(&bomb[12..29]).to_be_bytes();
        bomb[29..33].copy_from_slice(&sum);
        let refused = ImageRefused::TooManyPixels { width: 100_000, height: 100_000 };
        assert_eq!(check(&bomb).unwrap_err(), refused);
        assert_eq!(reencode(&bomb).unwrap_err(), refused);
    }
}
