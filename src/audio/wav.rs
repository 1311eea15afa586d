//! WAV ↔ telephone samples. Over any reader or writer: files are opened at the edges.

use std::io::{Read, Seek, Write};

use super::{RATE, resample};

/// Longest recording that is read: an hour. A prompt is never near it, and a broken header must not fill the memory.
const SECONDS_MAX: u64 = 3600;

#[derive(Debug, thiserror::Error)]
pub enum WavError {
    #[error("not a readable WAV file: {0}. Save it as PCM, 8 or 16 bits, mono or stereo")]
    Unreadable(#[from] hound::Error),
    #[error(
        "WAV holds {found}; expected PCM of 8, 16, 24 or 32 bits or 32-bit float, 1 to 8 channels. Save it as 16-bit PCM"
    )]
    Unsupported { found: String },
    #[error("WAV is longer than an hour; a prompt is at most minutes long")]
    TooLong,
}

/// All samples, channels averaged, at 8 kHz.
pub fn read(from: impl Read) -> Result<Vec<i16>, WavError> {
    let mut reader = hound::WavReader::new(from)?;
    let spec = reader.spec();
    if u64::from(reader.duration()) > SECONDS_MAX * u64::from(spec.sample_rate) {
        return Err(WavError::TooLong);
    }
    let unsupported = || WavError::Unsupported {
        found: format!(
            "{} bits of {:?}, {} channels, {} Hz",
            spec.bits_per_sample, spec.sample_format, spec.channels, spec.sample_rate
        ),
    };
    if !(1..=8).contains(&spec.channels) || !(4000..=384_000).contains(&spec.sample_rate) {
        return Err(unsupported());
    }
    let samples: Vec<i16> = match (spec.sample_format, spec.bits_per_sample) {
        // hound gives 8-bit samples already centred on zero.
        (hound::SampleFormat::Int, 8) => {
            reader.samples::<i8>().map(|s| s.map(|s| i16::from(s) << 8)).collect::<Result<_, _>>()?
        }
        (hound::SampleFormat::Int, 16) => reader.samples::<i16>().collect::<Result<_, _>>()?,
        (hound::SampleFormat::Int, bits @ (24 | 32)) => {
            reader.samples::<i32>().map(|s| s.map(|s| (s >> (bits - 16)) as i16)).collect::<Result<_, _>>()?
        }
        (hound::SampleFormat::Float, 32) => {
            reader.samples::<f32>().map(|s| s.map(|s| (s * 32_767.0) as i16)).collect::<Result<_, _>>()?
        }
        _ => return Err(unsupported()),
    };
    Ok(resample::to_telephone(&mono(samples, spec.channels), spec.sample_rate))
}

fn mono(samples: Vec<i16>, channels: u16) -> Vec<i16> {
    if channels == 1 {
        return samples;
    }
    let average = |frame: &[i16]| (frame.iter().map(|&s| i32::from(s)).sum::<i32>() / i32::from(channels)) as i16;
    samples.chunks_exact(usize::from(channels)).map(average).collect()
}

/// What [`write`] makes, for writers that go piece by piece.
pub const SPEC: hound::WavSpec =
    hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };

/// 8 kHz, mono, 16 bits.
pub fn write(to: impl Write + Seek, pcm: &[i16]) -> Result<(), WavError> {
    let mut writer = hound::WavWriter::new(to, SPEC)?;
    for &sample in pcm {
        writer.write_sample(sample)?;
    }
    Ok(writer.finalize()?)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::tone;
    use super::*;

    fn made(spec: hound::WavSpec, write: impl Fn(&mut hound::WavWriter<&mut Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
        write(&mut writer);
        writer.finalize().unwrap();
        file.into_inner()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let pcm = tone::babble(1, 300);
        let mut file = Cursor::new(Vec::new());
        write(&mut file, &pcm).unwrap();
        assert_eq!(read(&file.into_inner()[..]).unwrap(), pcm);
    }

    #[test]
    fn stereo_is_averaged_and_other_rates_resampled() {
        let stereo = made(hound::WavSpec { channels: 2, sample_rate: 16_000, ..SPEC }, |w| {
            for _ in 0..16_000 {
                w.write_sample(1000i16).unwrap();
                w.write_sample(3000i16).unwrap();
            }
        });
        let heard = read(&stereo[..]).unwrap();
        assert_eq!(heard.len(), 8000);
        assert!((heard[4000] - 2000).abs() <= 1, "{}", heard[4000]);
    }

    #[test]
    fn eight_bits_are_read() {
        let bytes = made(hound::WavSpec { bits_per_sample: 8, ..SPEC }, |w| {
            for s in [-128i8, 0, 64, 127] {
                w.write_sample(s).unwrap();
            }
        });
        assert_eq!(read(&bytes[..]).unwrap(), [-32_768, 0, 16_384, 32_512]);
    }

    #[test]
    fn rubbish_is_refused_without_panic() {
        let good = made(SPEC, |w| w.write_sample(1i16).unwrap());
        for end in 0..good.len() {
            let _ = read(&good[..end]);
            let mut bad = good.clone();
            bad[end] ^= 0xFF;
            let _ = read(&bad[..]);
        }
        assert!(read(&b"MP3 or something"[..]).is_err());
    }
}
