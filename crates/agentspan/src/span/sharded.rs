use crate::span::runtime::lock;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::mem::replace;
use std::sync::Mutex;

/// A map by ids of `tracing` spans, in which threads seldom meet: of one thread they follow each other, and the number of the
/// thread stands in their upper bits.
#[derive(Debug)]
pub(crate) struct Sharded<T>([Mutex<Shard<T>>; SHARDS as usize]);

const SHARDS: u64 = 64;

/// Most hold no more than one value at a time, which is found without looking through a map.
#[derive(Debug)]
struct Shard<T> {
    first: Option<(u64, T)>,
    more: HashMap<u64, T, FewHashes>,
}

impl<T> Default for Sharded<T> {
    fn default() -> Self {
        let empty = || Shard { first: None, more: HashMap::default() };
        Self(std::array::from_fn(|_| Mutex::new(empty())))
    }
}

impl<T> Sharded<T> {
    /// Gives what stood there before.
    pub(crate) fn insert(&self, key: u64, value: T) -> Option<T> {
        let Shard { first, more } = &mut *lock(self.shard(key));
        match first {
            Some((known, there)) if *known == key => Some(replace(there, value)),
            Some(_) => more.insert(key, value),
            None => {
                *first = Some((key, value));
                if more.is_empty() { None } else { more.remove(&key) }
            }
        }
    }

    pub(crate) fn remove(&self, key: u64) -> Option<T> {
        let Shard { first, more } = &mut *lock(self.shard(key));
        match first.take_if(|(known, _)| *known == key) {
            Some((_, value)) => Some(value),
            None if more.is_empty() => None,
            None => more.remove(&key),
        }
    }

    pub(crate) fn get<R>(&self, key: u64, look: impl FnOnce(&T) -> R) -> Option<R> {
        let Shard { first, more } = &*lock(self.shard(key));
        match first {
            Some((known, value)) if *known == key => Some(look(value)),
            _ => more.get(&key).map(look),
        }
    }

    /// What `look` sees in each of them.
    pub(crate) fn collect<R>(&self, look: impl Fn(&T) -> R) -> Vec<R> {
        let in_shard = |shard: &Mutex<Shard<T>>| {
            let Shard { first, more } = &*lock(shard);
            first.iter().map(|(_, value)| value).chain(more.values()).map(&look).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(in_shard).collect()
    }

    fn shard(&self, key: u64) -> &Mutex<Shard<T>> {
        &self.0[(mixed(key) >> (u64::BITS - SHARDS.ilog2())) as usize]
    }
}

/// Keys are numbers of our own or of the registry, which need no hashing against attacks.
#[derive(Debug, Default, Clone)]
struct FewHashes;

#[derive(Debug, Default)]
struct Number(u64);

impl BuildHasher for FewHashes {
    type Hasher = Number;

    fn build_hasher(&self) -> Number {
        Number::default()
    }
}

impl Hasher for Number {
    fn finish(&self) -> u64 {
        // The upper bits are alike in one shard, and the lower ones where those of the numbers are.
        mixed(self.0).rotate_left(32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Spreads numbers over the upper bits of a product.
fn mixed(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests;
