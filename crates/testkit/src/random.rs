//! Seeded randomness for tests: the seed is printed, and taken back from `PERENNIAL_TEST_SEED`.

/// A small reproducible generator (`SplitMix64`). Not for secrets.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator for one test. Prints its seed, which a failing run shows.
    ///
    /// # Panics
    /// If `PERENNIAL_TEST_SEED` is set and no number.
    pub fn for_test(name: &str) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where tests take their seed from the environment"
        )]
        let given = std::env::var("PERENNIAL_TEST_SEED").ok();
        let seed = given.map_or(0x5EED_2018, |text| {
            #[expect(
                clippy::expect_used,
                reason = "a seed that is no number is a typing error"
            )]
            text.parse()
                .expect("PERENNIAL_TEST_SEED must be a whole number")
        });
        #[expect(
            clippy::print_stdout,
            reason = "a failing test must say how to repeat it"
        )]
        {
            println!("{name}: PERENNIAL_TEST_SEED={seed}");
        }
        Self { state: seed }
    }

    /// A generator with a seed.
    pub const fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The seed that goes on from here.
    pub const fn seed(&self) -> u64 {
        self.state
    }

    /// Another generator, whose numbers do not run along with this one's.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self {
            state: self.next_u64(),
        }
    }

    /// The next number, of all 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end`, `end` excluded; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next_u64().checked_rem(end).unwrap_or_default()
    }

    /// A number from `first` to `last`, both included.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        let span = last.saturating_sub(first).saturating_add(1);
        first.saturating_add(self.below(span))
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// If there are none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let last = u64::try_from(choices.len()).unwrap_or_default();
        let at = usize::try_from(self.below(last)).unwrap_or_default();
        #[expect(clippy::expect_used, reason = "a test that offers no choice is wrong")]
        choices.get(at).expect("at least one choice")
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
