//! A finished trace for people.

mod columns;
mod tree;

pub(crate) use tree::{TreeOptions, tree};

#[cfg(test)]
mod tests;
