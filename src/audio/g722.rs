//! ITU-T G.722 at 64 kbit/s, the band that telephones have: 0 to 4 kHz is one of its two sub-bands, and goes through whole.
//!
//! G.722 splits 16 kHz sound in two and codes each half by ADPCM at 8,000 samples a second: six bits for the low one, two for the
//! high one. Our audio is the low one. So nothing is resampled: a sample in, a byte out, the high half sent as silence and not
//! listened to. What the far end says above 4 kHz is lost, as it is for every listener behind a telephone line.
//!
//! Names of blocks and tables are those of the recommendation (§6).

/// The two upper bits: the high band's smallest step, which its step size takes to nothing.
const HIGH_SILENT: u8 = 0xC0;

#[derive(Debug, Clone, Default)]
pub struct Encoder(Band);

#[derive(Debug, Clone, Default)]
pub struct Decoder(Band);

impl Encoder {
    pub fn encode(&mut self, sample: i16) -> u8 {
        HIGH_SILENT | self.0.quantize(i32::from(sample) >> 1)
    }
}

impl Decoder {
    pub fn decode(&mut self, byte: u8) -> i16 {
        saturate(self.0.reconstruct(byte & 0x3F) << 1) as i16
    }
}

/// The low band's predictor and step size, the same on both sides.
#[derive(Debug, Clone)]
struct Band {
    /// The predicted sample, and the part of it that the zeros predict.
    predicted: i32,
    zeros: i32,
    /// The last reconstructed samples, newest first.
    r: [i32; 2],
    /// The signs of the partly reconstructed ones.
    p: [i32; 2],
    /// Coefficients of the two poles and six zeros, and the differences that the zeros look at.
    a: [i32; 2],
    b: [i32; 6],
    d: [i32; 6],
    /// Logarithm of the step size, and the step size.
    nb: i32,
    step: i32,
}

impl Default for Band {
    fn default() -> Band {
        Band { predicted: 0, zeros: 0, r: [0; 2], p: [0; 2], a: [0; 2], b: [0; 6], d: [0; 6], nb: 0, step: 32 }
    }
}

impl Band {
    fn quantize(&mut self, sample: i32) -> u8 {
        // SUBTRA, QUANTL
        let error = saturate(sample - self.predicted);
        let magnitude = if error >= 0 { error } else { !error };
        let level = Q6[1..].partition_point(|&q| magnitude >= (q * self.step) >> 12);
        let code = if error < 0 { ILN[level] } else { ILP[level] };
        self.adapt(code);
        code
    }

    fn reconstruct(&mut self, code: u8) -> i32 {
        // INVQBL, RECONS, LIMIT
        let sample = self.predicted + ((self.step * QM6[usize::from(code)]) >> 15);
        self.adapt(code);
        sample.clamp(-16_384, 16_383)
    }

    fn adapt(&mut self, code: u8) {
        // INVQAL: both sides go on from the four upper bits, so that lower ones may be taken for data on the way.
        let upper = usize::from(code >> 2);
        let difference = (self.step * QM4[upper]) >> 15;
        // LOGSCL, SCALEL
        self.nb = (((self.nb * 127) >> 7) + WL[RL42[upper]]).clamp(0, 18_432);
        let (mantissa, shift) = (ILB[(self.nb >> 6 & 31) as usize], 8 - (self.nb >> 11));
        self.step = (if shift < 0 { mantissa << -shift } else { mantissa >> shift }) << 2;
        self.predict(difference);
    }

    /// Block 4: learns from the difference and predicts the next sample.
    fn predict(&mut self, difference: i32) {
        // RECONS, PARREC
        let reconstructed = saturate(self.predicted + difference);
        let partly = saturate(self.zeros + difference);
        let sign = |value: i32| value < 0;
        // UPPOL2
        let same = sign(partly) == sign(self.p[0]);
        let swing = saturate(self.a[0] << 2);
        let swing = (if same { -swing } else { swing }).min(32_767);
        let pull = if sign(partly) == sign(self.p[1]) { 128 } else { -128 };
        let a1 = (pull + (swing >> 7) + ((self.a[1] * 32_512) >> 15)).clamp(-12_288, 12_288);
        // UPPOL1
        let limit = saturate(15_360 - a1);
        let pull = if same { 192 } else { -192 };
        let a0 = saturate(pull + ((self.a[0] * 32_640) >> 15)).clamp(-limit, limit);
        self.a = [a0, a1];
        // UPZERO
        let pull = if difference == 0 { 0 } else { 128 };
        for (b, d) in self.b.iter_mut().zip(&self.d) {
            let pull = if sign(*d) == sign(difference) { pull } else { -pull };
            *b = saturate(pull + ((*b * 32_640) >> 15));
        }
        // DELAYA
        self.d.rotate_right(1);
        self.d[0] = difference;
        self.r = [reconstructed, self.r[0]];
        self.p = [partly, self.p[0]];
        // FILTEP, FILTEZ, PREDIC
        let weigh = |coefficient: i32, value: i32| (coefficient * saturate(value + value)) >> 15;
        let poles = saturate(weigh(self.a[0], self.r[0]) + weigh(self.a[1], self.r[1]));
        self.zeros = saturate(self.b.iter().zip(&self.d).map(|(&b, &d)| weigh(b, d)).sum());
        self.predicted = saturate(poles + self.zeros);
    }
}

fn saturate(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

/// Decision levels of the six-bit quantizer.
const Q6: [i32; 30] = [
    0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
    1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// Codes of the levels, below zero and above.
const ILN: [u8; 30] =
    [63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4];
const ILP: [u8; 30] = [
    61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33,
    32,
];
/// Output levels of the inverse quantizers of four and of six bits.
const QM4: [i32; 16] =
    [0, -20_456, -12_896, -8968, -6288, -4240, -2584, -1200, 20_456, 12_896, 8968, 6288, 4240, 2584, 1200, 0];
#[rustfmt::skip]
const QM6: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192, -10_232, -9360, -8576, -7856,
    -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
    24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
    4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];
/// What a code adds to the logarithm of the step size, by way of its row.
const WL: [i32; 8] = [-60, -30, 58, 172, 334, 538, 1198, 3042];
const RL42: [usize; 16] = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
/// Powers of two in thirty-seconds, from 2048.
const ILB: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
    3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
