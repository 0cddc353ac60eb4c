//! H.264 coding of pictures that are made of flat cells, without any loss: constrained baseline
//! profile, macroblocks either predicted from a neighbour with a flat difference for each of their
//! cells, or skipped. Clause and table numbers are those of ITU-T H.264.

use super::scene::{Rgb, Scene};

/// Side of a cell in luma samples: the smallest square whose chroma is a whole transform block.
pub(super) const CELL: usize = 8;
/// Side of a macroblock in luma samples.
const MACROBLOCK: usize = 2 * CELL;

/// The samples of a macroblock's four cells, row by row, in the planes Y, Cb and Cr.
type Macroblock = [[u8; 4]; 3];

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
/// `level_idc` and the maximum number of macroblocks in a picture (table A-1).
const LEVELS: [(u32, usize); 7] = [
    (30, 1620),
    (31, 3600),
    (32, 5120),
    (40, 8192),
    (50, 22_080),
    (51, 36_864),
    (60, MAX_MACROBLOCKS),
];
/// Maximum number of macroblocks in a picture of any level.
pub(super) const MAX_MACROBLOCKS: usize = 139_264;
/// `log2_max_frame_num_minus4` is 0, so frame numbers have four bits.
const FRAME_NUM_BITS: u32 = 4;

/// Quantisers at which a difference of 1 in a cell is a difference of 1 in the levels (8.5.10 and
/// 8.5.11), so that nothing is rounded.
const LUMA_QUANTISER: i32 = 16;
const CHROMA_QUANTISER: i32 = 10;

/// `slice_type` values of table 7-6 that hold for all slices of the picture.
const SLICE_P: u32 = 5;
const SLICE_I: u32 = 7;
/// The first `mb_type` that is predicted within the picture by 16x16 samples: table 7-11; in P slices
/// intra types come after the five of table 7-13.
const INTRA_IN_I: u32 = 1;
const INTRA_IN_P: u32 = 5 + INTRA_IN_I;
/// Step of `mb_type` to the same type with differences of chroma.
const WITH_CHROMA: u32 = 4;

/// A picture in whole macroblocks, as the decoder holds it.
pub(super) struct Picture {
    /// Number of macroblocks in a row.
    across: usize,
    blocks: Vec<Macroblock>,
}

impl Picture {
    /// Paints a scene: each of its pixels becomes a cell. Macroblocks that reach over its edges repeat
    /// the outermost pixels.
    pub(super) fn paint(scene: &Scene) -> Self {
        let (width, height) = (scene.width(), scene.height());
        let (across, down) = (width.div_ceil(2), height.div_ceil(2));
        let mut blocks = vec![Macroblock::default(); across * down];
        let colours = scene.palette().map(ycbcr);
        let mut row = vec![0; 2 * across];
        for y in 0..2 * down {
            scene.paint_row(y.min(height - 1), |run, colour| row[run].fill(colour));
            let edge = row[width - 1];
            row[width..].fill(edge);
            for (x, pixel) in row.iter().enumerate() {
                let block = &mut blocks[y / 2 * across + x / 2];
                for (plane, sample) in block.iter_mut().zip(colours[usize::from(*pixel)]) {
                    plane[y % 2 * 2 + x % 2] = sample;
                }
            }
        }
        Self { across, blocks }
    }

    /// Codes the macroblock at this index. `intra` is the first type of its kind in the slice.
    fn put_block(&self, bits: &mut BitWriter, intra: u32, index: usize) {
        let block = &self.blocks[index];
        let left = (!index.is_multiple_of(self.across)).then(|| &self.blocks[index - 1]);
        let above = index.checked_sub(self.across).map(|i| &self.blocks[i]);
        let predictions = [
            left.map(Prediction::from_left),
            above.map(Prediction::from_above),
        ];
        let predictions = predictions.into_iter().flatten();
        let cheapest = predictions
            .map(|prediction| (prediction.levels(block), prediction))
            .min_by_key(|(levels, _)| levels.iter().flatten().filter(|l| **l != 0).count());
        let (levels, prediction) =
            cheapest.unwrap_or_else(|| (Prediction::NONE.levels(block), Prediction::NONE));
        let [luma, blue, red] = levels;
        let has_chroma = [blue, red] != [[0; 4]; 2];
        let with_chroma = if has_chroma { WITH_CHROMA } else { 0 };
        bits.golomb(intra + prediction.luma_mode + with_chroma);
        bits.golomb(prediction.chroma_mode);
        bits.golomb(0); // mb_qp_delta
        // The fourth coefficient in scanning order is finer than a cell.
        let [mean, across, down, both] = luma;
        put_levels(bits, &LUMA_CODES, &[mean, across, down, 0, both]);
        if has_chroma {
            put_levels(bits, &CHROMA_CODES, &blue);
            put_levels(bits, &CHROMA_CODES, &red);
        }
    }
}

/// Samples that a decoder expects of a macroblock before it adds the differences (8.3.3 and 8.3.4).
struct Prediction {
    /// `Intra16x16PredMode` of table 8-4.
    luma_mode: u32,
    /// `intra_chroma_pred_mode` of table 8-5.
    chroma_mode: u32,
    block: Macroblock,
}

impl Prediction {
    /// Grey, where there is no neighbour.
    const NONE: Self = Self {
        luma_mode: 2,
        chroma_mode: 0,
        block: [[128; 4]; 3],
    };

    /// Repeats the right column of the macroblock on the left.
    fn from_left(left: &Macroblock) -> Self {
        Self {
            luma_mode: 1,
            chroma_mode: 1,
            block: left.map(|[_, upper, _, lower]| [upper, upper, lower, lower]),
        }
    }

    /// Repeats the lower row of the macroblock above.
    fn from_above(above: &Macroblock) -> Self {
        Self {
            luma_mode: 0,
            chroma_mode: 2,
            block: above.map(|[_, _, left, right]| [left, right, left, right]),
        }
    }

    /// Transforms the differences of a macroblock: for each plane the sum over its cells, left minus
    /// right, upper minus lower, and one diagonal minus the other.
    fn levels(&self, block: &Macroblock) -> [[i32; 4]; 3] {
        std::array::from_fn(|plane| {
            let [a, b, c, d] = std::array::from_fn(|cell| {
                i32::from(block[plane][cell]) - i32::from(self.block[plane][cell])
            });
            [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]
        })
    }
}

/// Converts to BT.601 with limited range (Y `16..=235`, chroma `16..=240`).
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

/// Builds the sequence parameter set for pictures of this size in samples, both sides even (7.3.2.1.1).
pub(super) fn sequence_parameters(width: usize, height: usize) -> Vec<u8> {
    let (across, down) = (width.div_ceil(MACROBLOCK), height.div_ceil(MACROBLOCK));
    // A side is limited as well, by A.3.1.
    let longer = across.max(down);
    let fits = |(_, max): &&(u32, usize)| across * down <= *max && longer * longer <= 8 * max;
    let level = LEVELS
        .iter()
        .find(fits)
        .unwrap_or(&LEVELS[LEVELS.len() - 1]);
    let mut bits = BitWriter::default();
    bits.put(PROFILE_BASELINE, 8);
    bits.put(CONSTRAINED, 8);
    bits.put(level.0, 8);
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
    bits.golomb(crop(across, width)); // right
    bits.golomb(0); // top
    bits.golomb(crop(down, height)); // bottom
    bits.flag(true); // vui_parameters_present_flag
    put_usability(&mut bits);
    nal_unit(NAL_SPS, bits.finish())
}

/// Writes what players need to show the colours (E.1.1); without it they guess by the size.
fn put_usability(bits: &mut BitWriter) {
    const UNSPECIFIED_FORMAT: u32 = 5;
    /// BT.601 of 525 lines, in tables E-3, E-4 and E-5.
    const BT_601: u32 = 6;
    bits.flag(false); // aspect_ratio_info_present_flag
    bits.flag(false); // overscan_info_present_flag
    bits.flag(true); // video_signal_type_present_flag
    bits.put(UNSPECIFIED_FORMAT, 3);
    bits.flag(false); // video_full_range_flag
    bits.flag(true); // colour_description_present_flag
    for _ in [
        "colour_primaries",
        "transfer_characteristics",
        "matrix_coefficients",
    ] {
        bits.put(BT_601, 8);
    }
    bits.flag(false); // chroma_loc_info_present_flag
    bits.flag(false); // timing_info_present_flag
    bits.flag(false); // nal_hrd_parameters_present_flag
    bits.flag(false); // vcl_hrd_parameters_present_flag
    bits.flag(false); // pic_struct_present_flag
    bits.flag(false); // bitstream_restriction_flag
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
    bits.signed_golomb(LUMA_QUANTISER - 26); // pic_init_qp_minus26
    bits.signed_golomb(0); // pic_init_qs_minus26
    bits.signed_golomb(CHROMA_QUANTISER - LUMA_QUANTISER); // chroma_qp_index_offset
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
    for index in 0..picture.blocks.len() {
        picture.put_block(&mut bits, INTRA_IN_I, index);
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
    for (index, (block, old)) in picture.blocks.iter().zip(&before.blocks).enumerate() {
        if block == old {
            // Its motion vector is predicted from its neighbours (8.4.1.1), and none moves.
            skipped += 1;
        } else {
            bits.golomb(skipped);
            skipped = 0;
            picture.put_block(&mut bits, INTRA_IN_P, index);
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

/// The codes that differ between luma and chroma, as bits.
struct Codes {
    /// `coeff_token` of table 9-5 by the number of levels and of trailing ones among them. No
    /// macroblock has finer coefficients, so the first column of the table applies to luma.
    coeff_token: [[&'static str; 4]; 5],
    /// `total_zeros` of tables 9-7 and 9-9 by the number of levels, from 1, and of zeros.
    total_zeros: &'static [&'static [&'static str]],
}

const LUMA_CODES: Codes = Codes {
    coeff_token: [
        ["1", "", "", ""],
        ["000101", "01", "", ""],
        ["00000111", "000100", "001", ""],
        ["000000111", "00000110", "0000101", "00011"],
        ["0000000111", "000000110", "00000101", "000011"],
    ],
    total_zeros: &[
        &["1", "011", "010", "0011", "0010"],
        &["111", "110", "101", "100"],
        &["0101", "111", "110"],
        &["00011", "111"],
    ],
};

const CHROMA_CODES: Codes = Codes {
    coeff_token: [
        ["01", "", "", ""],
        ["000111", "1", "", ""],
        ["000100", "000110", "001", ""],
        ["000011", "0000011", "0000010", "000101"],
        ["000010", "00000011", "00000010", "0000000"],
    ],
    // Four levels leave no room for zeros, and the code for them is empty.
    total_zeros: &[
        &["1", "01", "001", "000"],
        &["1", "01", "00"],
        &["1", "0"],
        &[""],
    ],
};

/// `run_before` of table 9-10 by the number of zeros left, from 1, and of zeros before the level.
const RUN_BEFORE: [&[&str]; 4] = [
    &["1", "0"],
    &["1", "01", "00"],
    &["11", "10", "01", "00"],
    &["11", "10", "01", "001", "000"],
];

/// Maximum number of levels that are coded by their sign alone.
const MAX_TRAILING_ONES: usize = 3;

/// Writes the levels of a transform block in scanning order (7.3.5.3.2).
fn put_levels(bits: &mut BitWriter, tables: &Codes, levels: &[i32]) {
    // From the last level to the first, each with its position.
    let levels = levels.iter().copied().enumerate().rev();
    let coded: Vec<(usize, i32)> = levels.filter(|(_, level)| *level != 0).collect();
    let is_one = |(_, level): &&(usize, i32)| level.abs() == 1;
    let ones = coded
        .iter()
        .take(MAX_TRAILING_ONES)
        .take_while(is_one)
        .count();
    bits.code(tables.coeff_token[coded.len()][ones]);
    let Some((last, _)) = coded.first() else {
        return;
    };
    for (_, level) in &coded[..ones] {
        bits.flag(*level < 0);
    }
    let mut suffix_length = 0;
    for (index, (_, level)) in coded[ones..].iter().enumerate() {
        // The first of them would be a trailing one if it were 1, unless there are enough of these.
        let is_larger = index == 0 && ones < MAX_TRAILING_ONES;
        put_level(bits, *level, is_larger, suffix_length);
        suffix_length = suffix_length.max(1);
        if level.abs() > 3 << (suffix_length - 1) {
            suffix_length += 1;
        }
    }
    let mut zeros = last + 1 - coded.len();
    bits.code(tables.total_zeros[coded.len() - 1][zeros]);
    for pair in coded.windows(2) {
        if zeros > 0 {
            let run = pair[0].0 - pair[1].0 - 1;
            bits.code(RUN_BEFORE[zeros - 1][run]);
            zeros -= run;
        }
    }
}

/// Writes a level that is no trailing one, as `level_prefix` and `level_suffix` (9.2.2.1).
fn put_level(bits: &mut BitWriter, level: i32, is_larger: bool, suffix_length: u32) {
    const ESCAPE: u32 = 15;
    const ESCAPED_BITS: u32 = 12;
    let code = 2 * level.unsigned_abs() - if level > 0 { 2 } else { 1 };
    let code = if is_larger { code - 2 } else { code };
    // Without suffixes the prefix before the escape has a suffix of its own.
    let (prefix, suffix, length) = match (suffix_length, code) {
        (0, ..14) => (code, 0, 0),
        (0, 14..30) => (14, code - 14, 4),
        (0, 30..) => (ESCAPE, code - 30, ESCAPED_BITS),
        _ if code < ESCAPE << suffix_length => {
            let prefix = code >> suffix_length;
            (prefix, code - (prefix << suffix_length), suffix_length)
        }
        _ => (ESCAPE, code - (ESCAPE << suffix_length), ESCAPED_BITS),
    };
    bits.put(1, prefix + 1);
    bits.put(suffix, length);
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

    /// Appends a signed Exp-Golomb code, se(v) of 9.1.1.
    fn signed_golomb(&mut self, value: i32) {
        let twice = 2 * value.unsigned_abs();
        self.golomb(if value > 0 { twice - 1 } else { twice });
    }

    /// Appends a code that is given as zeros and ones.
    fn code(&mut self, code: &str) {
        for bit in code.bytes() {
            self.flag(bit == b'1');
        }
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
    fn grey_has_no_chroma() {
        assert_eq!(ycbcr([0; 3]), [16, 128, 128]);
        assert_eq!(ycbcr([255; 3]), [235, 128, 128]);
        assert_eq!(ycbcr([255, 0, 0]), [81, 90, 240]);
    }

    /// Transforms levels back as decoders do (8.5.10 for luma, 8.5.11 for chroma), and returns the
    /// differences of each 4x4 block, row by row.
    fn inverse(levels: [i32; 4], is_luma: bool) -> Vec<i32> {
        const SCALE: i32 = 16 * 16; // LevelScale4x4(4, 0, 0), since both quantisers are 4 modulo 6
        let signs: &[&[i32]] = if is_luma {
            &[&[1, 1, 1, 1], &[1, 1, -1, -1]]
        } else {
            &[&[1, 1], &[1, -1]]
        };
        let side = signs[0].len();
        let mut blocks = Vec::new();
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let sum: i32 = (0..4)
                .map(|i| levels[i] * signs[i / 2][y] * signs[i % 2][x])
                .sum();
            let mean = if is_luma {
                let shift = 6 - LUMA_QUANTISER / 6;
                (sum * SCALE + (1 << (shift - 1))) >> shift
            } else {
                ((sum * SCALE) << (CHROMA_QUANTISER / 6)) >> 5
            };
            blocks.push((mean + 32) >> 6); // 8.5.12.2
        }
        blocks
    }

    #[test]
    fn decoders_get_back_every_difference() {
        let values = [16, 17, 81, 128, 129, 235, 240];
        let grey = Prediction::NONE;
        for cells in
            (0..7_usize.pow(4)).map(|n| [0, 1, 2, 3].map(|k| values[n / 7_usize.pow(k) % 7]))
        {
            let levels = grey.levels(&[cells; 3]);
            let differences = cells.map(|cell| i32::from(cell) - 128);
            assert_eq!(inverse(levels[1], false), differences);
            let [a, b, c, d] = differences;
            let (upper, lower) = ([a, a, b, b], [c, c, d, d]);
            assert_eq!(
                inverse(levels[0], true),
                [upper, upper, lower, lower].concat()
            );
        }
    }

    #[test]
    fn quantisers_have_the_same_scale() {
        assert_eq!((LUMA_QUANTISER % 6, CHROMA_QUANTISER % 6), (4, 4));
    }

    /// Returns the bits that levels are coded as.
    fn coded(codes: &Codes, levels: &[i32]) -> String {
        let mut bits = BitWriter::default();
        put_levels(&mut bits, codes, levels);
        let bytes = bits.finish();
        let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
        let text = bytes.concat();
        text.trim_end_matches('0')
            .strip_suffix('1')
            .unwrap()
            .to_owned()
    }

    #[test]
    fn levels_are_coded_as_in_clause_9_2() {
        assert_eq!(coded(&LUMA_CODES, &[0; 5]), "1");
        assert_eq!(coded(&CHROMA_CODES, &[0; 4]), "01");
        // Token, sign, zeros.
        assert_eq!(
            coded(&LUMA_CODES, &[-1, 0, 0, 0, 0]),
            "01 1 1".replace(' ', "")
        );
        // Token, prefix, zeros.
        assert_eq!(
            coded(&LUMA_CODES, &[2, 0, 0, 0, 0]),
            "000101 1 1".replace(' ', "")
        );
        // Token, prefix 14 with suffix, zeros.
        let nine = coded(&LUMA_CODES, &[9, 0, 0, 0, 0]);
        assert_eq!(nine, "000101 000000000000001 0000 1".replace(' ', ""));
        // Token, escape with suffix, zeros.
        let far = coded(&CHROMA_CODES, &[-100, 0, 0, 0]);
        assert_eq!(
            far,
            "000111 0000000000000001 000010100111 1".replace(' ', "")
        );
        // Token of three ones and four levels, three signs, prefix, zeros, run of the last level.
        let four = coded(&LUMA_CODES, &[3, -1, 1, 0, -1]);
        assert_eq!(four, "000011 101 00001 111 0".replace(' ', ""));
    }

    #[test]
    fn flat_pictures_take_few_bytes() {
        let scene = Scene::new(240, 136, "", "");
        let picture = Picture::paint(&scene);
        assert_eq!(picture.blocks.len(), 120 * 68);
        assert!(key_picture(&picture, 0).len() < 16 * 1024);
    }

    #[test]
    fn level_grows_with_the_picture() {
        let level = |width, height| sequence_parameters(width, height)[3];
        assert_eq!(level(854, 480), 30);
        assert_eq!(level(1280, 720), 31);
        assert_eq!(level(1920, 1080), 40);
        assert_eq!(level(3840, 2160), 51);
        assert_eq!(level(8192, 4320), 60);
        assert_eq!(level(2, 2048), 31);
    }

    #[test]
    fn unchanged_pictures_are_skipped_whole() {
        let before = picture(2);
        assert!(changed_picture(&picture(2), &before, 1).len() < 10);
        let changed = changed_picture(&picture(3), &before, 1).len();
        assert!((10..80).contains(&changed), "{changed}");
    }
}
