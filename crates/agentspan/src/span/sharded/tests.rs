use super::Sharded;
use std::collections::HashSet;

#[test]
fn spans_of_several_threads_are_spread_as_well_as_those_of_one() {
    let map = Sharded::<()>::default();
    let shards = |keys: &mut dyn Iterator<Item = u64>| {
        keys.map(|key| std::ptr::from_ref(map.shard(key))).collect::<HashSet<_>>().len()
    };
    // As sharded-slab puts ids together.
    assert!(shards(&mut (1..=8).map(|thread| 1 | thread << 38)) > 6);
    assert!(shards(&mut (1..=8)) > 6);
}

#[test]
fn numbers_that_meet_in_a_shard_keep_their_own_values() {
    let map = Sharded::default();
    let mut meet = (7..).filter(|key| std::ptr::eq(map.shard(*key), map.shard(7)));
    let (one, two, three) = (7, meet.nth(1).unwrap(), meet.next().unwrap());
    for key in [one, two, three] {
        assert_eq!(map.insert(key, key.to_string()), None);
    }
    let read = |key| map.get(key, String::clone);
    assert_eq!([one, two, three].map(read), [one, two, three].map(|key| Some(key.to_string())));
    assert_eq!(map.collect(String::len).len(), 3);
    // The place of the first is free now, and a number that stands elsewhere already must not stand in both.
    assert_eq!(map.remove(one), Some(one.to_string()));
    assert_eq!(map.insert(two, "again".to_owned()), Some(two.to_string()));
    assert_eq!(map.insert(one, "first".to_owned()), None);
    assert_eq!(map.remove(two), Some("again".to_owned()));
    assert_eq!((map.remove(two), read(two)), (None, None));
    assert_eq!((read(one), read(three)), (Some("first".to_owned()), Some(three.to_string())));
    assert_eq!(map.remove(8), None);
    assert_eq!(map.collect(String::len).len(), 2);
}
