//! H.264 coding in the simplest form that every decoder plays: constrained baseline profile,
//! macroblocks either stored uncompressed (`I_PCM`) or skipped. Clause and table numbers are
//! those of ITU-T H.264.

use super::scene::{Rgb, Scene};

/// Side of a macroblock in luma samples.
const MACROBLOCK: usize = 16;
/// Side of a macroblock in chroma samples, which are half as dense both ways (4:2:0).
const CHROMA: usize = MACROBLOCK / 2;
const LUMA_SAMPLES: usize = MACROBLOCK * MACROBLOCK;
const CHROMA_SAMPLES: usize = CHROMA * CHROMA;

/// A macroblock's samples in the order in which `I_PCM` stores them: Y, Cb, Cr.
type Macroblock = [u8; LUMA_SAMPLES + 2 * CHROMA_SAMPLES];

/// `nal_unit_type` values of table 7-1.
const NAL_SLICE: u8 = 1;
const NAL_IDR_SLICE: u8 = 5;
const NAL_SPS: u8 = 7;
const NAL_PPS: u8 = 8;
/// `nal_ref_idc` at its position in the NAL header: this unit is needed to decode later ones.
const NAL_REFERENCE: u8 = 3 << 5;

/// `profile_idc` of the baseline profile (A.2.1).
const PROFILE_BASELINE: u32 = 66;
/// Constraint flags 0 and 1: also decodable as main profile, which makes it constrained baseline.
const CONSTRAINED: u32 = 0b1100_0000;
/// Level 3.0 (table A-1): up to 1620 macroblocks per picture, no side over 113, and 10 Mbit/s.
const LEVEL: u32 = 30;
/// `log2_max_frame_num_minus4` is 0, so frame numbers have four bits.
const FRAME_NUM_BITS: u32 = 4;

/// `slice_type` values of table 7-6 that hold for all slices of the picture.
const SLICE_P: u32 = 5;
const SLICE_I: u32 = 7;
/// `mb_type` of `I_PCM`: table 7-11; in P slices intra types come after the five of table 7-13.
const I_PCM_IN_I: u32 = 25;
const I_PCM_IN_P: u32 = 5 + I_PCM_IN_I;

/// A picture in whole macroblocks, as the decoder holds it.
pub(super) struct Picture {
    width: usize,
    height: usize,
    blocks: Vec<Macroblock>,
}

impl Picture {
    /// Paints a scene with even sides. Macroblocks that reach over its edges repeat the outermost
    /// pixels.
    pub(super) fn paint(scene: &Scene) -> Self {
        let (width, height) = (scene.width(), scene.height());
        let (across, down) = (width.div_ceil(MACROBLOCK), height.div_ceil(MACROBLOCK));
        let mut blocks = vec![[0; size_of::<Macroblock>()]; across * down];
        let colours = scene.palette().map(ycbcr);
        let mut row = vec![0; across * MACROBLOCK];
        for y in 0..down * MACROBLOCK {
            scene.paint_row(y.min(height - 1), |run, colour| row[run].fill(colour));
            let edge = row[width - 1];
            row[width..].fill(edge);
            let across_row = &mut blocks[y / MACROBLOCK * across..][..across];
            for (block, pixels) in across_row.iter_mut().zip(row.chunks_exact(MACROBLOCK)) {
                set_row(block, y % MACROBLOCK, pixels, &colours);
            }
        }
        Self {
            width,
            height,
            blocks,
        }
    }
}

/// Sets one row of a macroblock from colour numbers; even pixels of even rows give the chroma.
fn set_row(block: &mut Macroblock, y: usize, pixels: &[u8], colours: &[[u8; 3]]) {
    let (luma, chroma) = block.split_at_mut(LUMA_SAMPLES);
    for (sample, pixel) in luma[y * MACROBLOCK..].iter_mut().zip(pixels) {
        *sample = colours[usize::from(*pixel)][0];
    }
    if y.is_multiple_of(2) {
        let (blue, red) = chroma.split_at_mut(CHROMA_SAMPLES);
        let start = y / 2 * CHROMA;
        for (x, pixel) in pixels.iter().step_by(2).enumerate() {
            [_, blue[start + x], red[start + x]] = colours[usize::from(*pixel)];
        }
    }
}

/// Converts to BT.601 with limited range (Y `16..=235`, chroma `16..=240`), which players assume
/// for small pictures. No sample is 0, which `I_PCM` forbids (`pcm_sample_luma`, 7.4.5).
fn ycbcr([red, green, blue]: Rgb) -> [u8; 3] {
    let weigh = |offset: f32, [r, g, b]: [f32; 3]| {
        let sum = r * f32::from(red) + g * f32::from(green) + b * f32::from(blue);
        (offset + sum / 255.0).round() as u8
    };
    [
        weigh(16.0, [65.481, 128.553, 24.966]),
        weigh(128.0, [-37.797, -74.203, 112.0]),
        weigh(128.0, [112.0, -93.786, -18.214]),
    ]
}

/// Builds the sequence parameter set for pictures of this size (7.3.2.1.1).
pub(super) fn sequence_parameters(picture: &Picture) -> Vec<u8> {
    let across = picture.width.div_ceil(MACROBLOCK);
    let down = picture.height.div_ceil(MACROBLOCK);
    let mut bits = BitWriter::default();
    bits.put(PROFILE_BASELINE, 8);
    bits.put(CONSTRAINED, 8);
    bits.put(LEVEL, 8);
    bits.golomb(0); // seq_parameter_set_id
    bits.golomb(FRAME_NUM_BITS - 4);
    bits.golomb(2); // pic_order_cnt_type: shown in decoding order
    bits.golomb(1); // max_num_ref_frames
    bits.flag(false); // gaps_in_frame_num_value_allowed_flag
    bits.golomb(across as u32 - 1);
    bits.golomb(down as u32 - 1);
    bits.flag(true); // frame_mbs_only_flag: not interlaced
    bits.flag(true); // direct_8x8_inference_flag
    bits.flag(true); // frame_cropping_flag
    bits.golomb(0); // left
    bits.golomb(crop(across, picture.width)); // right
    bits.golomb(0); // top
    bits.golomb(crop(down, picture.height)); // bottom
    bits.flag(false); // vui_parameters_present_flag
    nal_unit(NAL_SPS, bits.finish())
}

/// Returns the part of a side that players crop, in units of two luma samples (table 6-1).
fn crop(macroblocks: usize, samples: usize) -> u32 {
    ((macroblocks * MACROBLOCK - samples) / 2) as u32
}

/// Builds the picture parameter set (7.3.2.2), which is the same for all pictures.
pub(super) fn picture_parameters() -> Vec<u8> {
    let mut bits = BitWriter::default();
    bits.golomb(0); // pic_parameter_set_id
    bits.golomb(0); // seq_parameter_set_id
    bits.flag(false); // entropy_coding_mode_flag: CAVLC
    bits.flag(false); // bottom_field_pic_order_in_frame_present_flag
    bits.golomb(0); // num_slice_groups_minus1
    bits.golomb(0); // num_ref_idx_l0_default_active_minus1
    bits.golomb(0); // num_ref_idx_l1_default_active_minus1
    bits.flag(false); // weighted_pred_flag
    bits.put(0, 2); // weighted_bipred_idc
    bits.golomb(0); // pic_init_qp_minus26; a signed 0 is coded like an unsigned one
    bits.golomb(0); // pic_init_qs_minus26
    bits.golomb(0); // chroma_qp_index_offset
    bits.flag(true); // deblocking_filter_control_present_flag
    bits.flag(false); // constrained_intra_pred_flag
    bits.flag(false); // redundant_pic_cnt_present_flag
    nal_unit(NAL_PPS, bits.finish())
}

/// Codes a picture that needs no other. Two that follow each other directly must differ in the
/// lowest bit of `number`.
pub(super) fn key_picture(picture: &Picture, number: usize) -> Vec<u8> {
    let mut bits = slice_header(SLICE_I, 0);
    bits.golomb(number as u32 % 2); // idr_pic_id
    bits.flag(false); // no_output_of_prior_pics_flag
    bits.flag(false); // long_term_reference_flag
    end_slice_header(&mut bits);
    for block in &picture.blocks {
        put_block(&mut bits, I_PCM_IN_I, block);
    }
    nal_unit(NAL_IDR_SLICE, bits.finish())
}

/// Codes a picture as the macroblocks that differ from the one before it; the others are skipped.
/// `since_key` counts pictures from the last key picture, which has number 0.
pub(super) fn changed_picture(picture: &Picture, before: &Picture, since_key: usize) -> Vec<u8> {
    let mut bits = slice_header(SLICE_P, since_key as u32 % (1 << FRAME_NUM_BITS));
    bits.flag(false); // num_ref_idx_active_override_flag
    bits.flag(false); // ref_pic_list_modification_flag_l0
    bits.flag(false); // adaptive_ref_pic_marking_mode_flag: keep the latest picture
    end_slice_header(&mut bits);
    let mut skipped = 0; // mb_skip_run
    for (block, old) in picture.blocks.iter().zip(&before.blocks) {
        if block == old {
            // Its motion vector is predicted from its neighbours (8.4.1.1), and none moves.
            skipped += 1;
        } else {
            bits.golomb(skipped);
            skipped = 0;
            put_block(&mut bits, I_PCM_IN_P, block);
        }
    }
    if skipped > 0 {
        bits.golomb(skipped);
    }
    nal_unit(NAL_SLICE, bits.finish())
}

/// Writes the first fields of a slice header (7.3.3), which both types of slices have.
fn slice_header(slice_type: u32, frame_num: u32) -> BitWriter {
    let mut bits = BitWriter::default();
    bits.golomb(0); // first_mb_in_slice
    bits.golomb(slice_type);
    bits.golomb(0); // pic_parameter_set_id
    bits.put(frame_num, FRAME_NUM_BITS);
    bits
}

/// Writes the last fields of a slice header, which both types of slices have.
fn end_slice_header(bits: &mut BitWriter) {
    bits.golomb(0); // slice_qp_delta
    bits.golomb(1); // disable_deblocking_filter_idc: samples stay as they are stored
}

/// Writes an `I_PCM` macroblock (7.3.5).
fn put_block(bits: &mut BitWriter, mb_type: u32, block: &Macroblock) {
    bits.golomb(mb_type);
    bits.align(); // pcm_alignment_zero_bit
    bits.bytes.extend_from_slice(block);
}

/// Collects the bits of a raw byte sequence payload.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that are not yet in `bytes`, fewer than eight, the latest one lowest.
    pending: u64,
    pending_bits: u32,
}

impl BitWriter {
    /// Appends the lowest `count` (at most 32) bits of `value`, highest first.
    fn put(&mut self, value: u32, count: u32) {
        self.pending = self.pending << count | u64::from(value);
        self.pending_bits += count;
        while self.pending_bits >= 8 {
            self.pending_bits -= 8;
            self.bytes.push((self.pending >> self.pending_bits) as u8);
        }
        self.pending &= (1 << self.pending_bits) - 1;
    }

    fn flag(&mut self, value: bool) {
        self.put(u32::from(value), 1);
    }

    /// Appends an unsigned Exp-Golomb code, ue(v) of 9.1.
    fn golomb(&mut self, value: u32) {
        let length = (value + 1).ilog2();
        self.put(0, length);
        self.put(value + 1, length + 1);
    }

    /// Fills the last byte up with zero bits.
    fn align(&mut self) {
        self.put(0, (8 - self.pending_bits) % 8);
    }

    /// Ends the payload with a one and zeros: `rbsp_trailing_bits` of 7.3.2.11.
    fn finish(mut self) -> Vec<u8> {
        self.flag(true);
        self.align();
        self.bytes
    }
}

/// Wraps a payload into a NAL unit (7.3.1). No three bytes of it may look like the start of a
/// start code, so 3 is put between two zeros and any byte up to 3.
fn nal_unit(unit_type: u8, payload: Vec<u8>) -> Vec<u8> {
    let mut unit = Vec::with_capacity(payload.len() + 1);
    unit.push(NAL_REFERENCE | unit_type);
    let mut zeros = 0;
    for byte in payload {
        if zeros == 2 && byte <= 3 {
            unit.push(3);
            zeros = 0;
        }
        unit.push(byte);
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the payload of a NAL unit as decoders do (7.4.1).
    fn payload(unit: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &byte in &unit[1..] {
            if !(byte == 3 && bytes.ends_with(&[0, 0])) {
                bytes.push(byte);
            }
        }
        bytes
    }

    fn picture(progress: usize) -> Picture {
        let mut scene = Scene::new(50, 34, "caption", "");
        scene.set_progress(progress, 4);
        Picture::paint(&scene)
    }

    #[test]
    fn start_codes_are_escaped_and_the_payload_is_kept() {
        for bytes in [
            &[0, 0, 0, 0, 0, 0, 1][..],
            &[0, 0, 1],
            &[9, 0, 0, 2, 0, 0, 4, 0, 0],
            &[0, 0, 5, 0, 0, 0],
        ] {
            let unit = nal_unit(NAL_SLICE, bytes.to_vec());
            let forbidden = |three: &[u8]| three[..2] == [0, 0] && three[2] < 3;
            assert!(!unit.windows(3).any(forbidden), "{unit:?}");
            assert_eq!(payload(&unit), bytes);
        }
        assert_eq!(nal_unit(NAL_SLICE, vec![0, 0, 3]), [0x61, 0, 0, 3, 3]);
    }

    #[test]
    fn golomb_codes_follow_table_9_2() {
        let mut bits = BitWriter::default();
        for value in [0, 1, 2, 3, 6, 7] {
            bits.golomb(value);
        }
        // 1 010 011 00100 00111 0001000, then the trailing one.
        assert_eq!(
            bits.finish(),
            [0b1010_0110, 0b0100_0011, 0b1000_1000, 0b1000_0000]
        );
    }

    #[test]
    fn samples_are_never_zero() {
        let picture = picture(1);
        assert_eq!(picture.blocks.len(), 4 * 3);
        assert!(
            picture
                .blocks
                .iter()
                .flatten()
                .all(|sample| (16..=240).contains(sample))
        );
    }

    #[test]
    fn grey_has_no_chroma() {
        assert_eq!(ycbcr([0; 3]), [16, 128, 128]);
        assert_eq!(ycbcr([255; 3]), [235, 128, 128]);
        assert_eq!(ycbcr([255, 0, 0]), [81, 90, 240]);
    }

    #[test]
    fn key_pictures_hold_every_sample() {
        let picture = picture(1);
        let slice = payload(&key_picture(&picture, 0));
        let blocks = slice.windows(picture.blocks[0].len());
        let first = blocks
            .clone()
            .position(|bytes| bytes == picture.blocks[0])
            .unwrap();
        let stored = picture.blocks.iter().enumerate().all(|(index, block)| {
            // Between two macroblocks are the nine bits of a type, aligned to two bytes.
            let at = first + index * (block.len() + 2);
            slice[at..].starts_with(block)
        });
        assert!(stored);
    }

    #[test]
    fn unchanged_pictures_are_skipped_whole() {
        let before = picture(2);
        assert!(changed_picture(&picture(2), &before, 1).len() < 10);
        let changed = changed_picture(&picture(3), &before, 1).len();
        assert!((384..8 * 384).contains(&changed), "{changed}");
    }
}
