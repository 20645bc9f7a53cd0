//! Texts that come again and again, each kept once and known by a number.
//!
//! A block says the same few labels in thousands of rows: rows hold numbers, and what is known of a label is looked up
//! once a block instead of once a row.

use std::borrow::Cow;
use std::ops::Range;

use hashbrown::HashTable;

use super::Label;
use super::short::{MOST, Recent, Short};

/// Texts and their numbers, from 0.
#[derive(Default)]
pub(super) struct Names {
    names: Vec<Name>,
    /// All texts as they are written, and all as they read, one after another.
    written: Vec<u8>,
    texts: String,
    /// By the hash of a text as it is written.
    numbers: HashTable<u32>,
    recent: Recent,
}

/// Where a text lies. Texts are of one block, or of a record of 16 MiB: places fit 32 bits.
struct Name {
    written: Range<u32>,
    /// Hash of what is written, and of what it reads.
    key: u64,
    text: Range<u32>,
    hash: u64,
}

impl Names {
    /// Forgets all texts.
    pub(super) fn clear(&mut self) {
        self.names.clear();
        self.written.clear();
        self.texts.clear();
        self.numbers.clear();
        self.recent.clear();
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The number of a text, by what is `written`; `read` makes the text of that, if it is new.
    #[inline]
    pub(super) fn number<T: AsRef<str>>(&mut self, written: &[u8], read: impl FnOnce() -> T) -> u32 {
        let key = Label::hash_of(written);
        let found = self.numbers.find(key, |number| is_same(self.written(*number), written)).copied();
        found.unwrap_or_else(|| self.add(key, written, read().as_ref()))
    }

    /// The number of a text of `size` bytes that `near` begins with, as [`Names::number`] gives it; faster, where it is
    /// short. `written` finds it, and `read` makes the text of it.
    #[inline(always)]
    pub(super) fn number_of<'a>(
        &mut self,
        near: &[u8; MOST],
        size: usize,
        written: impl FnOnce() -> &'a [u8],
        read: impl FnOnce(&'a [u8]) -> Cow<'a, str>,
    ) -> u32 {
        let short = Short::of(near, size);
        if let Some(number) = short.and_then(|short| self.recent.find(&short)) {
            return number;
        }
        let written = written();
        let number = self.number(written, || read(written));
        short.into_iter().for_each(|short| self.recent.keep(short, number));
        number
    }

    /// The number of a label, as [`Names::number`] gives it.
    #[inline]
    pub(super) fn number_of_label(&mut self, label: Label<'_>) -> u32 {
        let (key, text) = (label.hash(), label.text());
        let found = self.numbers.find(key, |number| is_same(self.written(*number), text.as_bytes())).copied();
        found.unwrap_or_else(|| self.add(key, text.as_bytes(), text))
    }

    /// The text of a number.
    #[inline]
    pub(super) fn label(&self, number: u32) -> Label<'_> {
        let name = &self.names[number as usize];
        Label::with_hash(&self.texts[name.text.start as usize..name.text.end as usize], name.hash)
    }

    /// What is written where the text of that number is meant.
    #[inline]
    pub(super) fn written(&self, number: u32) -> &[u8] {
        let name = &self.names[number as usize];
        &self.written[name.written.start as usize..name.written.end as usize]
    }

    #[inline(never)]
    fn add(&mut self, key: u64, written: &[u8], text: &str) -> u32 {
        let number = self.names.len() as u32;
        let hash = if text.as_bytes() == written { key } else { Label::new(text).hash() };
        let name = Name { written: self.written.len() as u32..0, key, text: self.texts.len() as u32..0, hash };
        self.written.extend_from_slice(written);
        self.texts.push_str(text);
        let (written, text) = (name.written.start..self.written.len() as u32, name.text.start..self.texts.len() as u32);
        self.names.push(Name { written, text, ..name });
        let names = &self.names;
        self.numbers.insert_unique(key, number, |number| names[*number as usize].key);
        number
    }
}

/// Whether two texts are equal: of short ones a look at both their halves is faster than a call.
#[inline(always)]
pub(super) fn is_same(a: &[u8], b: &[u8]) -> bool {
    match a.len() {
        size if size != b.len() => false,
        8..=16 => halves::<8>(a) == halves(b),
        17..=32 => halves::<16>(a) == halves(b),
        _ => a == b,
    }
}

/// The first and the last bytes.
#[inline(always)]
fn halves<const HALF: usize>(text: &[u8]) -> Option<([u8; HALF], [u8; HALF])> {
    Some((*text.first_chunk()?, *text.last_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_the_same_if_they_are_equal(a in "[ab]{0,40}", b in "[ab]{0,40}", at in 0_usize..40) {
            prop_assert_eq!(is_same(a.as_bytes(), b.as_bytes()), a == b);
            let mut other = a.clone().into_bytes();
            other.get_mut(at).into_iter().for_each(|byte| *byte ^= 1);
            prop_assert_eq!(is_same(a.as_bytes(), &other), at >= a.len());
        }

        #[test]
        fn equal_texts_have_one_number_and_are_given_back(texts in prop::collection::vec("[ab]{0,3}", 0..60), again in any::<bool>()) {
            let mut names = Names::default();
            for _ in 0..=usize::from(again) {
                names.clear();
                let numbers: Vec<u32> = texts.iter().map(|text| names.number(text.as_bytes(), || text.to_uppercase())).collect();
                for (a, first) in texts.iter().zip(&numbers) {
                    prop_assert_eq!((names.label(*first).text(), names.written(*first)), (&*a.to_uppercase(), a.as_bytes()));
                    prop_assert_eq!(names.label(*first).hash(), Label::new(&a.to_uppercase()).hash());
                    for (b, second) in texts.iter().zip(&numbers) {
                        prop_assert_eq!(a == b, first == second);
                    }
                }
                prop_assert!(numbers.iter().all(|number| (*number as usize) < names.len()));
            }
        }
    }
}
