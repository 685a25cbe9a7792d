use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// An exact amount of USD: a whole number of 10⁻¹² dollars.
///
/// Prices have at most six decimals per million tokens, so a rate for one token and every product of it is a
/// whole number of these units. It is shown as an exact decimal without trailing zeros and without exponent; `f64`
/// appears only on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Usd(i128);

/// Decimals of a dollar that are kept.
const DECIMALS: i32 = 12;

/// Units in one dollar.
const UNITS: i128 = 1_000_000_000_000;

/// Larger amounts than this many dollars are taken for nonsense, not for money.
const MAX_DOLLARS: f64 = 1e15;

/// Up to here every whole number of units has an `f64` of its own.
const EXACT_UNITS: f64 = (1_u64 << 52) as f64;

impl Usd {
    /// No dollars.
    pub const ZERO: Self = Self(0);

    pub(crate) const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// The amount that a person would read in `dollars`; `None` when it is negative, not finite, or absurdly large.
    pub(crate) fn from_f64(dollars: f64) -> Option<Self> {
        let sane = dollars.is_finite() && (0.0..=MAX_DOLLARS).contains(&dollars);
        // Whole units that give this very `f64` are its shortest decimal, as long as units lie farther apart than `f64`s.
        let units = (dollars * UNITS as f64).round();
        if sane && units < EXACT_UNITS && units / UNITS as f64 == dollars {
            return Some(Self(i128::from(units as i64)));
        }
        // The shortest decimal that names this `f64` is the one that was written, up to 15 digits.
        // A negative zero is as good as a zero.
        if sane { Self::from_decimal(&dollars.abs().to_string()) } else { None }
    }

    /// A decimal such as `2.5` or `7.5e-8`, rounded to 10⁻¹² dollars; `None` for anything else, and when it is negative.
    pub(crate) fn from_decimal(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let mut value = 0_i128;
        for digit in digits() {
            value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let shift = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        let shift = shift.checked_add(DECIMALS)?;
        let power = 10_i128.checked_pow(shift.unsigned_abs());
        let units = if shift >= 0 {
            value.checked_mul(power?)?
        } else {
            power.map_or(0, |power| rounded(value, power))
        };
        (units <= MAX_DOLLARS as i128 * UNITS).then_some(Self(units))
    }

    /// The `f64` nearest to this amount, for the wire.
    ///
    /// One division of two integers that `f64` holds exactly is correctly rounded, so amounts below 9,007 USD come
    /// out as the shortest decimal that a person would have written.
    pub fn as_f64(self) -> f64 {
        // Nearly every amount fits into the integer that a processor converts by itself.
        let units = i64::try_from(self.0).map_or(self.0 as f64, |units| units as f64);
        units / UNITS as f64
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This amount `numerator / denominator` times, rounded once.
    pub(crate) fn times(self, numerator: u64, denominator: u64) -> Option<Self> {
        // Nearly every amount fits, and a processor divides such numbers many times faster.
        if let Some(product) = u64::try_from(self.0).ok().and_then(|units| units.checked_mul(numerator)) {
            let (quotient, rest) = (product / denominator, product % denominator);
            return Some(Self(i128::from(quotient) + i128::from(rest >= denominator - rest)));
        }
        self.times_large(numerator, denominator)
    }

    #[cold]
    fn times_large(self, numerator: u64, denominator: u64) -> Option<Self> {
        Some(Self(rounded(self.0.checked_mul(i128::from(numerator))?, i128::from(denominator))))
    }
}

/// Half up; neither number is negative.
fn rounded(value: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (value / divisor, value % divisor);
    quotient + i128::from(rest >= divisor - rest)
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        // Amounts are never negative.
        Self(self.0.checked_add(other.0).unwrap_or(i128::MAX))
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

/// As the decimal that it is, since whoever prints books wants to read them.
impl fmt::Debug for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Usd({self})")
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / UNITS, self.0 % UNITS);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{fraction:012}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}
