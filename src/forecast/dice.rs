//! Chance that depends on nothing but a seed, a person and a count: whatever happens to others, and in which order, this person's
//! days go the same way. So two forecasts with other lines or rules differ by those alone.

/// SplitMix64: the same numbers on every machine.
#[derive(Debug, Clone)]
pub struct Dice(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mixed(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    pub fn of(seed: u64, person: u64, nth: u64) -> Dice {
        let start = mixed(seed.wrapping_add(STEP));
        Dice(mixed(mixed(start ^ person.wrapping_mul(STEP)).wrapping_add(nth.wrapping_mul(STEP))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// 0 ≤ x < 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// `from` ≤ x ≤ `to`.
    pub fn between(&mut self, from: u32, to: u32) -> u32 {
        let width = u64::from(to.saturating_sub(from)) + 1;
        from + (((self.next() >> 32) * width) >> 32) as u32
    }

    /// Between half and one and a half of `mean`.
    pub fn around(&mut self, mean: u32) -> u32 {
        self.between(mean / 2, mean + mean.div_ceil(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_and_the_same_again() {
        let mut hits = [0u32; 10];
        for person in 0..20_000 {
            let mut dice = Dice::of(7, person, 3);
            assert_eq!(dice.clone().share(), Dice::of(7, person, 3).share());
            hits[dice.between(0, 9) as usize] += 1;
        }
        assert!(hits.iter().all(|n| (1800..2200).contains(n)), "{hits:?}");
        assert_eq!(Dice::of(1, 2, 3).between(5, 5), 5);
        let mean = (0..10_000).map(|n| Dice::of(1, n, 0).around(45)).sum::<u32>() as f64 / 10_000.0;
        assert!((44.0..46.0).contains(&mean), "{mean}");
    }
}
