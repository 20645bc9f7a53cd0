//! Sorting by digits (Knuth, TAOCP 5.2.5), which is several times faster than by comparing where keys are many and short.

use std::mem;

/// Sorts keys by digits of so many values, a power of two, each of which begins at one of the bits `shifts`: the lowest first.
/// Digits that all keys have in common are left out.
pub(crate) fn sort_by_digits<K: Copy + Default + Into<u64>, const VALUES: usize>(
    keys: &mut Vec<K>,
    spare: &mut Vec<K>,
    shifts: impl IntoIterator<Item = u32>,
) {
    let Some(first) = keys.first().map(|key| (*key).into()) else { return };
    let differ = keys.iter().fold(0, |bits, key| bits | ((*key).into() ^ first));
    spare.resize(keys.len(), K::default());
    for shift in shifts {
        let digit = |key: u64| (key >> shift) as usize % VALUES;
        if digit(differ) > 0 {
            let mut places = [0; VALUES];
            keys.iter().for_each(|key| places[digit((*key).into())] += 1);
            let mut before = 0;
            for place in &mut places {
                before += mem::replace(place, before);
            }
            for key in &*keys {
                let place = &mut places[digit((*key).into())];
                spare[*place] = *key;
                *place += 1;
            }
            mem::swap(keys, spare);
        }
    }
}
