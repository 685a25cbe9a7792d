use super::{SHARDS, Sharded};

#[test]
fn numbers_that_meet_in_a_shard_keep_their_own_values() {
    let map = Sharded::default();
    let (one, two, three) = (7, 7 + SHARDS, 7 + 2 * SHARDS);
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
