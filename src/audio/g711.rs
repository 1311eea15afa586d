//! ITU-T G.711: 16-bit samples to eight logarithmic bits and back. Held against the ITU's own vectors in `tests/it/media.rs`.

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    A,
    Mu,
}

impl Law {
    /// The byte that is heard as nothing.
    pub const fn silence(self) -> u8 {
        match self {
            Law::A => 0xD5,
            Law::Mu => 0xFF,
        }
    }

    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Law::A => alaw_encode(sample),
            Law::Mu => ulaw_encode(sample),
        }
    }

    pub fn decode(self, byte: u8) -> i16 {
        match self {
            Law::A => alaw_decode(byte),
            Law::Mu => ulaw_decode(byte),
        }
    }

    /// The same sound in the other law (ITU-T G.711 §3.4 by way of the decision values).
    pub fn transcode(self, to: Law, byte: u8) -> u8 {
        if self == to { byte } else { to.encode(self.decode(byte)) }
    }
}

/// A-law: the top 12 bits of the magnitude become segment and mantissa; even bits are inverted on the line.
pub const fn alaw_encode(sample: i16) -> u8 {
    // One's complement for negatives, as the standard's reference does: −1 and 0 are equally loud.
    let magnitude = (if sample < 0 { !sample } else { sample }) as u16 >> 4;
    let code = if magnitude < 16 {
        magnitude
    } else {
        let segment = magnitude.ilog2() as u16 - 3;
        segment << 4 | (magnitude >> (segment - 1)) & 0x0F
    } as u8;
    let sign = if sample < 0 { 0 } else { 0x80 };
    (code | sign) ^ 0x55
}

const fn alaw_expand(byte: u8) -> i16 {
    let code = byte ^ 0x55;
    let segment = (code >> 4) & 7;
    let mantissa = (code & 0x0F) as i16;
    let magnitude = match segment {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 != 0 { magnitude } else { -magnitude }
}

/// µ-law: 14 bits with a bias of 33, clipped at 8191; all bits are inverted on the line.
pub const fn ulaw_encode(sample: i16) -> u8 {
    let magnitude = ((if sample < 0 { !sample } else { sample }) as u16 >> 2) + 33;
    let magnitude = if magnitude > 0x1FFF { 0x1FFF } else { magnitude };
    let segment = magnitude.ilog2() as u16 - 5;
    let code = (segment << 4 | (magnitude >> (segment + 1)) & 0x0F) as u8;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(code | sign)
}

const fn ulaw_expand(byte: u8) -> i16 {
    let code = !byte;
    let segment = (code >> 4) & 7;
    let mantissa = (code & 0x0F) as i16;
    let magnitude = (((mantissa << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 != 0 { -magnitude } else { magnitude }
}

static ALAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = alaw_expand(byte as u8);
        byte += 1;
    }
    table
};

static ULAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = ulaw_expand(byte as u8);
        byte += 1;
    }
    table
};

pub fn alaw_decode(byte: u8) -> i16 {
    ALAW[byte as usize]
}

pub fn ulaw_decode(byte: u8) -> i16 {
    ULAW[byte as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // sample, A-law, µ-law
        for (sample, a, u) in
            [(0, 0xD5, 0xFF), (-1, 0x55, 0x7F), (i16::MAX, 0xAA, 0x80), (i16::MIN, 0x2A, 0x00), (1000, 0xFA, 0xCE)]
        {
            assert_eq!((alaw_encode(sample), ulaw_encode(sample)), (a, u), "{sample}");
        }
    }

    #[test]
    fn what_was_decoded_encodes_to_the_same_byte() {
        for byte in 0..=255u8 {
            assert_eq!(alaw_encode(alaw_decode(byte)), byte);
            // µ-law has two zeros, and the negative one decodes to the positive's sample.
            if byte != 0x7F {
                assert_eq!(ulaw_encode(ulaw_decode(byte)), byte);
            }
        }
    }

    #[test]
    fn silence_is_near_zero() {
        for law in [Law::A, Law::Mu] {
            assert!(law.decode(law.silence()).abs() <= 8);
            assert_eq!(law.encode(0), law.silence());
        }
    }
}
