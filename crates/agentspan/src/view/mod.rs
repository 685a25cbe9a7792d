//! A finished trace for people.

mod columns;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod lookup;
mod tree;

pub(crate) use columns::{attempts, outcome};
pub(crate) use tree::{TreeOptions, tree};

#[cfg(test)]
mod tests;
