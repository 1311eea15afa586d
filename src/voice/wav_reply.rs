//! The WAV that programs and servers give while they speak: its lengths are not to be trusted, since it was begun before its end
//! was known.

use super::Sound;
use crate::audio::g711::Law;

const PCM: u16 = 1;
const ALAW: u16 = 6;
const ULAW: u16 = 7;
/// The true format is the first half of the identifier further on.
const EXTENSIBLE: u16 = 0xFFFE;

/// Lengths from here on are written by programs that do not know how long they will be.
const LENGTH_UNKNOWN: usize = 0x7FFF_0000;

/// Sixteen-bit PCM, or G.711; of several channels the average.
pub(super) fn sound(wav: &[u8]) -> Result<Sound, String> {
    if !wav.starts_with(b"RIFF") || wav.get(8..12) != Some(b"WAVE") {
        return Err("it is no WAV".to_owned());
    }
    let mut rest = &wav[12..];
    let mut format = None;
    while let (Some(id), Some(length)) = (rest.get(..4), rest.get(4..8)) {
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let body = &rest[8..];
        if id == b"data" {
            let format: Format = format.ok_or("its WAV has no format before its sound")?;
            // Zero and the greatest lengths are what a writer to a pipe puts there.
            let to_the_end = length == 0 || length >= LENGTH_UNKNOWN;
            if !to_the_end && length > body.len() {
                return Err(format!("its WAV is cut short: {} of {length} bytes came", body.len()));
            }
            return format.sound(&body[..if to_the_end { body.len() } else { length }]);
        }
        if id == b"fmt " {
            format = Some(Format::read(&body[..length.min(body.len())])?);
        }
        // Chunks begin at even places.
        rest = body.get(length.saturating_add(length % 2)..).unwrap_or(&[]);
    }
    Err("its WAV has no sound in it".to_owned())
}

/// Signed little-endian samples of one channel. Half a sample at the end is dropped.
pub(super) fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

struct Format {
    code: u16,
    channels: usize,
    rate: u32,
}

impl Format {
    fn read(body: &[u8]) -> Result<Format, String> {
        let half = |at: usize| body.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
        let fields = (half(0), half(2), body.get(4..8), half(14));
        let (Some(mut code), Some(channels), Some(rate), Some(bits)) = fields else {
            return Err("its WAV is cut short".to_owned());
        };
        if code == EXTENSIBLE {
            code = half(24).unwrap_or(EXTENSIBLE);
        }
        let rate = u32::from_le_bytes([rate[0], rate[1], rate[2], rate[3]]);
        let known = matches!((code, bits), (PCM, 16) | (ALAW | ULAW, 8));
        if !known || !(1..=8).contains(&channels) || !(4000..=192_000).contains(&rate) {
            return Err(format!(
                "its WAV holds {bits} bits of format {code}, {channels} channels, {rate} Hz; 16-bit PCM is expected"
            ));
        }
        Ok(Format { code, channels: usize::from(channels), rate })
    }

    fn sound(&self, bytes: &[u8]) -> Result<Sound, String> {
        let pcm = match self.code {
            ALAW => bytes.iter().map(|b| Law::A.decode(*b)).collect(),
            ULAW => bytes.iter().map(|b| Law::Mu.decode(*b)).collect(),
            _ => samples(bytes),
        };
        let average = |frame: &[i16]| (frame.iter().map(|s| i32::from(*s)).sum::<i32>() / frame.len() as i32) as i16;
        let pcm = if self.channels == 1 { pcm } else { pcm.chunks_exact(self.channels).map(average).collect() };
        Ok(Sound { pcm, rate: self.rate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(code: u16, channels: u16, rate: u32, bits: u16, before: &[u8], length: u32, data: &[u8]) -> Vec<u8> {
        let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0".to_vec();
        for part in
            [&code.to_le_bytes()[..], &channels.to_le_bytes(), &rate.to_le_bytes(), &[0; 6], &bits.to_le_bytes()]
        {
            wav.extend(part);
        }
        wav.extend(before);
        wav.extend(b"data");
        wav.extend(length.to_le_bytes());
        wav.extend(data);
        wav
    }

    #[test]
    fn wavs_as_they_come() {
        for (bytes, expected) in [
            (wav(1, 1, 24_000, 16, b"", 4, &[1, 0, 2, 0, 9, 9]), Ok((vec![1, 2], 24_000))),
            (wav(1, 1, 22_050, 16, b"", u32::MAX, &[1, 0, 2, 0, 3]), Ok((vec![1, 2], 22_050))),
            (wav(1, 1, 8000, 16, b"", 0, &[1, 0]), Ok((vec![1], 8000))),
            (wav(1, 2, 48_000, 16, b"LIST\x03\0\0\0abc\0", 8, &[1, 0, 3, 0, 5, 0, 7, 0]), Ok((vec![2, 6], 48_000))),
            (wav(7, 1, 8000, 8, b"", 2, &[0xFF, 0xFF]), Ok((vec![0, 0], 8000))),
            (wav(1, 1, 8000, 24, b"", 3, &[0, 0, 0]), Err("24 bits")),
            (wav(3, 1, 8000, 32, b"", 4, &[0; 4]), Err("format 3")),
            (wav(1, 0, 8000, 16, b"", 4, &[0; 4]), Err("0 channels")),
            (wav(1, 1, 1, 16, b"", 4, &[0; 4]), Err("1 Hz")),
            (wav(1, 1, 8000, 16, b"", 4, &[0; 4])[..40].to_vec(), Err("no sound in it")),
            (wav(1, 1, 8000, 16, b"LIST\xff\xff\xff\xff", 4, &[0; 4]), Err("no sound in it")),
            (b"RIFF\0\0\0\0WAVEdata\0\0\0\0".to_vec(), Err("no format")),
            (b"ID3 an mp3".to_vec(), Err("no WAV")),
            (Vec::new(), Err("no WAV")),
        ] {
            match (sound(&bytes), expected) {
                (Ok(sound), Ok((pcm, rate))) => assert_eq!((sound.pcm, sound.rate), (pcm, rate)),
                (Err(found), Err(words)) => assert!(found.contains(words), "{found}"),
                (found, expected) => panic!("{found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn rubbish_does_not_panic() {
        let good = wav(1, 2, 8000, 16, b"LIST\x03\0\0\0abc\0", 8, &[0; 8]);
        for end in 0..good.len() {
            let _ = sound(&good[..end]);
            let mut bad = good.clone();
            bad[end] ^= 0xFF;
            let _ = sound(&bad);
        }
    }
}
