//! What the fuzzer calls.

use super::inflate::Inflate;

/// What comes of a deflate stream that is taken in pieces of `size`, and whether it is whole.
pub fn inflate(mut stream: &[u8], size: usize) -> (Vec<u8>, bool) {
    let (mut inflate, mut all, mut piece) = (Inflate::new(), Vec::new(), vec![0; size]);
    loop {
        let (made, ended) = inflate.read(&mut stream, &mut piece);
        all.extend_from_slice(&piece[..made]);
        match ended {
            Ok(false) => {}
            ended => return (all, ended.is_ok()),
        }
    }
}
