use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// An exact amount of USD: a whole number of 10⁻¹² dollars.
///
/// Prices have at most six decimals per million tokens, so a rate for one token and every product of it is a
/// whole number of these units. `f64` appears only on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub(crate) struct Usd(i128);

/// Units in one dollar.
const UNITS: f64 = 1e12;

/// Larger amounts than this many dollars are taken for nonsense, not for money.
const MAX_DOLLARS: f64 = 1e15;

impl Usd {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// The amount nearest to `dollars`; `None` when it is negative, not finite, or absurdly large.
    pub(crate) fn from_f64(dollars: f64) -> Option<Self> {
        let sane = dollars.is_finite() && (0.0..=MAX_DOLLARS).contains(&dollars);
        sane.then(|| Self((dollars * UNITS).round() as i128))
    }

    /// The `f64` nearest to this amount, for the wire.
    ///
    /// One division of two integers that `f64` holds exactly is correctly rounded, so amounts below 9,007 USD come
    /// out as the shortest decimal that a person would have written.
    pub(crate) fn as_f64(self) -> f64 {
        self.0 as f64 / UNITS
    }

    pub(crate) const fn units(self) -> i128 {
        self.0
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${:.6}", self.as_f64())
    }
}
