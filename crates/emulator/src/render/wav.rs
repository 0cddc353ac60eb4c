//! WAV files: 16-bit PCM, one channel, a soft tone.

use std::f32::consts::TAU;

/// Maximum duration in seconds.
const MAX_SECONDS: u32 = 600;
const SAMPLE_RATE: u32 = 16_000;
const BYTES_PER_SAMPLE: u16 = 2;
const CHANNELS: u16 = 1;
/// Format tag of uncompressed PCM.
const FORMAT_PCM: u16 = 1;
/// Size of the `fmt ` chunk's content for PCM, in bytes.
const FORMAT_SIZE: u32 = 16;
/// Number of bytes between the RIFF size field and the samples: `WAVE`, the `fmt ` chunk with its header,
/// and the header of the `data` chunk.
const SIZE_BEFORE_SAMPLES: u32 = 4 + (8 + FORMAT_SIZE) + 8;

/// The tone is a fundamental with two quieter harmonics: frequency in Hz and part of full scale.
const PARTIALS: [(f32, f32); 3] = [(220.0, 0.16), (440.0, 0.06), (660.0, 0.03)];
/// Length of the rise at the start and of the fall at the end, in samples.
const FADE: u32 = SAMPLE_RATE / 4;

/// Makes a WAV file of this duration, clamped to `1..=600` seconds.
pub(super) fn wav(seconds: u32) -> Vec<u8> {
    let samples = seconds.clamp(1, MAX_SECONDS) * SAMPLE_RATE;
    let mut file = header(samples * u32::from(BYTES_PER_SAMPLE * CHANNELS));
    file.extend((0..samples).flat_map(|index| sample(index, samples).to_le_bytes()));
    file
}

/// Builds everything before the samples, which are `data_size` bytes long.
fn header(data_size: u32) -> Vec<u8> {
    let frame_size = BYTES_PER_SAMPLE * CHANNELS;
    [
        b"RIFF".as_slice(),
        &(SIZE_BEFORE_SAMPLES + data_size).to_le_bytes(),
        b"WAVEfmt ",
        &FORMAT_SIZE.to_le_bytes(),
        &FORMAT_PCM.to_le_bytes(),
        &CHANNELS.to_le_bytes(),
        &SAMPLE_RATE.to_le_bytes(),
        &(SAMPLE_RATE * u32::from(frame_size)).to_le_bytes(),
        &frame_size.to_le_bytes(),
        &(BYTES_PER_SAMPLE * 8).to_le_bytes(),
        b"data",
        &data_size.to_le_bytes(),
    ]
    .concat()
}

/// Computes sample `index` of a sound of `total` samples.
fn sample(index: u32, total: u32) -> i16 {
    // The frequencies are integers, so the tone repeats every second, and a time below one second
    // keeps the phase exact in f32.
    let time = (index % SAMPLE_RATE) as f32 / SAMPLE_RATE as f32;
    let tone: f32 = PARTIALS
        .iter()
        .map(|(frequency, level)| (TAU * frequency * time).sin() * level)
        .sum();
    let from_edge = index.min(total - 1 - index);
    let fade = from_edge.min(FADE) as f32 / FADE as f32;
    (tone * fade * f32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(file: &[u8], at: usize) -> usize {
        u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
    }

    #[test]
    fn header_adds_up() {
        let file = wav(2);
        assert_eq!((&file[..4], &file[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!(number(&file, 4), file.len() - 8);
        assert_eq!(&file[36..40], b"data");
        assert_eq!(number(&file, 40), file.len() - 44);
        assert_eq!(number(&file, 28) * 2, number(&file, 40));
    }

    #[test]
    fn duration_is_clamped() {
        assert_eq!(wav(0).len(), wav(1).len());
        assert_eq!(header(0).len(), 44);
    }

    #[test]
    fn sound_fades_in_and_out() {
        let file = wav(1);
        let samples: Vec<_> = file[44..]
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let loudest = |part: &[i16]| part.iter().map(|s| s.unsigned_abs()).max().unwrap();
        let middle = loudest(&samples[6_000..10_000]);
        assert!((3_000..12_000).contains(&middle));
        assert!(loudest(&samples[..200]) < middle / 10);
        assert!(loudest(&samples[15_800..]) < middle / 10);
        assert_eq!((samples[0], samples[15_999]), (0, 0));
    }
}
