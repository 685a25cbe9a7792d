use crate::span::runtime::lock;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::Mutex;

/// A map by numbers that are given out one after the other; threads seldom meet in it.
#[derive(Debug)]
pub(crate) struct Sharded<T>([Mutex<HashMap<u64, T, FewHashes>>; SHARDS as usize]);

const SHARDS: u64 = 8;

impl<T> Default for Sharded<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl<T> Sharded<T> {
    /// Gives what stood there before.
    pub(crate) fn insert(&self, key: u64, value: T) -> Option<T> {
        lock(self.shard(key)).insert(key, value)
    }

    pub(crate) fn remove(&self, key: u64) -> Option<T> {
        lock(self.shard(key)).remove(&key)
    }

    pub(crate) fn get<R>(&self, key: u64, look: impl FnOnce(&T) -> R) -> Option<R> {
        lock(self.shard(key)).get(&key).map(look)
    }

    /// What `look` sees in each of them.
    pub(crate) fn collect<R>(&self, look: impl Fn(&T) -> R) -> Vec<R> {
        self.0.iter().flat_map(|shard| lock(shard).values().map(&look).collect::<Vec<_>>()).collect()
    }

    fn shard(&self, key: u64) -> &Mutex<HashMap<u64, T, FewHashes>> {
        &self.0[(key % SHARDS) as usize]
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
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
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
