//! Random tests that can be had again: the seed is printed, AFTERFARE_TEST_SEED repeats it, AFTERFARE_TEST_CASES says how
//! many cases are drawn.

use afterfare::kernel::time::Clock;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Where values are drawn from.
pub struct Chance {
    runner: TestRunner,
}

impl Chance {
    /// From the seed that is asked for, or one of its own.
    pub fn new() -> Self {
        let of_its_own = || Clock::System.now().as_microsecond().unsigned_abs();
        let seed = number("AFTERFARE_TEST_SEED").unwrap_or_else(of_its_own);
        println!("AFTERFARE_TEST_SEED={seed}");
        Self::seeded(seed)
    }

    pub fn seeded(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self { runner: TestRunner::new_with_rng(Config::default(), rng) }
    }

    pub fn draw<S: Strategy>(&mut self, strategy: &S) -> S::Value {
        strategy.new_tree(&mut self.runner).expect("a value").current()
    }
}

/// How many cases are drawn: as many as asked for, or as usual.
pub fn cases(usual: usize) -> usize {
    number("AFTERFARE_TEST_CASES").and_then(|count| usize::try_from(count).ok()).unwrap_or(usual)
}

/// A number that the surroundings ask for.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}
