//! Sets of units, and values for some of them.

use super::unit::{UNITS, Unit};

/// Some of the units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Units(u32);

impl Units {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn with(self, unit: Unit) -> Self {
        Self(self.0 | 1 << unit as u32)
    }

    pub(crate) fn without(self, unit: Unit) -> Self {
        Self(self.0 & !(1 << unit as u32))
    }

    pub(crate) fn has(self, unit: Unit) -> bool {
        self.0 & 1 << unit as u32 != 0
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// In the order of [`Unit::ALL`].
    pub(crate) fn iter(self) -> impl Iterator<Item = Unit> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = Unit::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(*next)
        })
    }
}

/// A value for some of the units. What every priced call needs is laid out to be copied cheaply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PerUnit<T> {
    known: Units,
    values: [T; UNITS],
}

impl<T: Copy + Default> Default for PerUnit<T> {
    fn default() -> Self {
        Self { known: Units::NONE, values: [T::default(); UNITS] }
    }
}

impl<T: Copy> PerUnit<T> {
    pub(crate) fn get(&self, unit: Unit) -> Option<T> {
        self.known.has(unit).then(|| self.values[unit as usize])
    }

    /// The value of a unit, which is none at all where it has no other.
    pub(crate) fn value(&self, unit: Unit) -> T {
        self.values[unit as usize]
    }

    pub(crate) fn set(&mut self, unit: Unit, value: T) {
        self.known = self.known.with(unit);
        self.values[unit as usize] = value;
    }

    /// Those that have a value.
    pub(crate) fn known(&self) -> Units {
        self.known
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Unit, T)> + '_ {
        self.known.iter().map(|unit| (unit, self.values[unit as usize]))
    }
}
