//! AVIF and HEIC: the properties of the primary picture.

use crate::Facts;
use crate::boxes::Boxes;
use crate::orientation::{self, Turn};
use crate::span::Span;
use crate::sparse::Stop;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let Some(meta) = Boxes::of(span).find(*b"meta")? else {
        return Err(Stop::Odd("it describes no picture"));
    };
    // Behind a version and flags.
    let (primary, properties) = meta_parts(meta.from(4))?;
    let picture = Picture::of(properties, &associations(properties, primary)?)?;
    let Some((width, height)) = picture.sides else {
        return Err(Stop::Odd("its primary picture does not tell its sides"));
    };
    facts.width = Some(width);
    facts.height = Some(height);
    facts.orientation = Some(picture.turn.exif());
    Ok(())
}

/// The id of the primary picture, and the box of all properties.
fn meta_parts(meta: Span<'_>) -> Result<(u32, Span<'_>), Stop> {
    let (mut primary, mut properties) = (None, None);
    let mut boxes = Boxes::of(meta);
    while primary.is_none() || properties.is_none() {
        let Some(part) = boxes.next()? else {
            return Err(Stop::Odd("it has no primary picture"));
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

/// Which properties the picture has, by their number from 1 on, in the order of their use.
fn associations(properties: Span<'_>, picture: u32) -> Result<Vec<u16>, Stop> {
    let mut boxes = Boxes::of(properties);
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
            if id == picture {
                // The highest bit tells whether the property is essential.
                let number = |place| {
                    if wide {
                        table.be16(at + 2 * place).map(|number| number & 0x7fff)
                    } else {
                        table.u8(at + place).map(|number| u16::from(number & 0x7f))
                    }
                };
                return (0..count).map(number).collect();
            }
            at += count * size;
        }
    }
    Err(Stop::Odd("its primary picture has no properties"))
}

/// What the properties make of a picture.
struct Picture {
    sides: Option<(u32, u32)>,
    turn: Turn,
}

impl Picture {
    fn of(properties: Span<'_>, used: &[u16]) -> Result<Self, Stop> {
        let Some(container) = Boxes::of(properties).find(*b"ipco")? else {
            return Err(Stop::Odd("its primary picture has no properties"));
        };
        let mut sides = None;
        let mut crop = None;
        // Turns are done in the order of use, which need not be that of the boxes.
        let mut turns = vec![orientation::NONE; used.len()];
        let mut boxes = Boxes::of(container);
        let last = used.iter().copied().max().unwrap_or_default();
        for number in 1..=last {
            let Some(part) = boxes.next()? else {
                return Err(Stop::Odd(
                    "its primary picture has a property that is not there",
                ));
            };
            let Some(place) = used.iter().position(|used| *used == number) else {
                continue;
            };
            match &part.kind {
                b"ispe" => sides = Some((part.body.be32(4)?, part.body.be32(8)?)),
                b"clap" => crop = Some(clean_aperture(part.body)?),
                b"irot" => {
                    turns[place] = orientation::QUARTERS[usize::from(part.body.u8(0)? & 3)];
                }
                b"imir" if part.body.u8(0)? & 1 == 0 => {
                    turns[place] = orientation::MIRRORED_TOP_BOTTOM;
                }
                b"imir" => turns[place] = orientation::MIRRORED_LEFT_RIGHT,
                _ => {}
            }
        }
        Ok(Self {
            sides: cropped(sides, crop)?,
            turn: turns.into_iter().fold(orientation::NONE, Turn::then),
        })
    }
}

/// Width and height of a clean aperture: encoders that need even sides crop odd ones with it.
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
    sides: Option<(u32, u32)>,
    crop: Option<(u32, u32)>,
) -> Result<Option<(u32, u32)>, Stop> {
    match (sides, crop) {
        (Some((0, _) | (_, 0)), _) => Err(Stop::Odd("it says that it has no pixels")),
        (Some((width, height)), Some((w, h))) => {
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                Ok(crop)
            } else {
                Err(Stop::Odd(
                    "its crop is not one of whole pixels inside the picture",
                ))
            }
        }
        (sides, _) => Ok(sides),
    }
}
