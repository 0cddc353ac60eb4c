//! Reads AVIF and HEIC: the properties of the primary image.

use crate::Facts;
use crate::boxes::Boxes;
use crate::orientation::{self, Turn};
use crate::span::Span;
use crate::sparse::Stop;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let Some(meta) = Boxes::new(span).find(*b"meta")? else {
        return Err(Stop::Unreadable("it has no image properties"));
    };
    // A version and flags precede the boxes.
    let (primary, properties) = meta_parts(meta.from(4))?;
    let image = Image::parse(properties, &associations(properties, primary)?)?;
    let Some((width, height)) = image.dimensions else {
        return Err(Stop::Unreadable("its primary image has no dimensions"));
    };
    facts.width = Some(width);
    facts.height = Some(height);
    facts.orientation = Some(image.turn.exif());
    Ok(())
}

/// Returns the id of the primary image, and the box of all properties.
fn meta_parts(meta: Span<'_>) -> Result<(u32, Span<'_>), Stop> {
    let (mut primary, mut properties) = (None, None);
    let mut boxes = Boxes::new(meta);
    while primary.is_none() || properties.is_none() {
        let Some(part) = boxes.next()? else {
            return Err(Stop::Unreadable("it has no primary image"));
        };
        match &part.kind {
            b"pitm" if part.body.u8(0)? == 0 => primary = Some(part.body.be16(4)?.into()),
            b"pitm" => primary = Some(part.body.be32(4)?),
            b"iprp" => properties = Some(part.body),
            _ => {}
        }
    }
    primary.zip(properties).ok_or(Stop::End)
}

/// Returns the numbers of the properties of an image, from 1, in the order in which they apply.
fn associations(properties: Span<'_>, image: u32) -> Result<Vec<u16>, Stop> {
    let mut boxes = Boxes::new(properties);
    while let Some(table) = boxes.find(*b"ipma")? {
        let [version, _, _, flags] = table.array(0)?;
        let wide = flags & 1 == 1;
        let mut at = 8;
        for _ in 0..table.be32(4)? {
            let id = if version == 0 {
                u32::from(table.be16(at)?)
            } else {
                table.be32(at)?
            };
            at += if version == 0 { 2 } else { 4 };
            let count = u64::from(table.u8(at)?);
            at += 1;
            let size = if wide { 2 } else { 1 };
            if id == image {
                // The highest bit marks an essential property.
                let number = |index| {
                    if wide {
                        table.be16(at + 2 * index).map(|number| number & 0x7fff)
                    } else {
                        table.u8(at + index).map(|number| u16::from(number & 0x7f))
                    }
                };
                return (0..count).map(number).collect();
            }
            at += count * size;
        }
    }
    Err(Stop::Unreadable("its primary image has no properties"))
}

/// The dimensions and the turn of an image.
struct Image {
    dimensions: Option<(u32, u32)>,
    turn: Turn,
}

impl Image {
    fn parse(properties: Span<'_>, used: &[u16]) -> Result<Self, Stop> {
        let Some(container) = Boxes::new(properties).find(*b"ipco")? else {
            return Err(Stop::Unreadable("its primary image has no properties"));
        };
        let mut dimensions = None;
        let mut crop = None;
        // Turns apply in the order of `used`, which may differ from that of the boxes.
        let mut turns = vec![orientation::NONE; used.len()];
        let mut boxes = Boxes::new(container);
        let last = used.iter().copied().max().unwrap_or_default();
        for number in 1..=last {
            let Some(part) = boxes.next()? else {
                return Err(Stop::Unreadable(
                    "its primary image has a property that does not exist",
                ));
            };
            let Some(index) = used.iter().position(|used| *used == number) else {
                continue;
            };
            match &part.kind {
                b"ispe" => dimensions = Some((part.body.be32(4)?, part.body.be32(8)?)),
                b"clap" => crop = Some(clean_aperture(part.body)?),
                b"irot" => {
                    turns[index] = orientation::QUARTERS[usize::from(part.body.u8(0)? & 3)];
                }
                b"imir" if part.body.u8(0)? & 1 == 0 => {
                    turns[index] = orientation::MIRRORED_TOP_BOTTOM;
                }
                b"imir" => turns[index] = orientation::MIRRORED_LEFT_RIGHT,
                _ => {}
            }
        }
        Ok(Self {
            dimensions: cropped(dimensions, crop)?,
            turn: turns.into_iter().fold(orientation::NONE, Turn::then),
        })
    }
}

/// Returns the dimensions of a clean aperture, with which encoders crop even dimensions to odd
/// ones.
fn clean_aperture(body: Span<'_>) -> Result<(u32, u32), Stop> {
    let side = |at| {
        let (over, under) = (body.be32(at)?, body.be32(at + 4)?);
        let whole = under != 0 && over.is_multiple_of(under);
        let side = if whole { over / under } else { 0 };
        Ok(side)
    };
    Ok((side(0)?, side(8)?))
}

fn cropped(
    dimensions: Option<(u32, u32)>,
    crop: Option<(u32, u32)>,
) -> Result<Option<(u32, u32)>, Stop> {
    match (dimensions, crop) {
        (Some((0, _) | (_, 0)), _) => Err(Stop::Unreadable("it has a dimension of 0 pixels")),
        (Some((width, height)), Some((w, h))) => {
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                Ok(crop)
            } else {
                Err(Stop::Unreadable(
                    "its crop is not one of whole pixels inside of the image",
                ))
            }
        }
        (dimensions, _) => Ok(dimensions),
    }
}
