//! Where in the tree of samples a reader is, and which samples count.

use anyhow::{Context, Result, ensure};

use super::super::tags::Kind;
use super::Listener;

/// Where in the tree of samples the reader is, in the memory of a few numbers, however deep it is.
#[derive(Default)]
pub(super) struct Nesting {
    /// Samples that are open.
    depth: u64,
    /// The depth of an open sample that counts itself: those in it do not.
    covered: Option<u64>,
    /// Samples so far.
    pub(super) number: u64,
    /// Outermost elements so far.
    pub(super) roots: u64,
    /// Whether the outermost element is open.
    pub(super) is_open: bool,
}

impl Nesting {
    /// Whether samples lie in one that counts itself.
    pub(super) fn is_covered(&self) -> bool {
        self.covered.is_some()
    }

    /// A sample starts that others may lie in.
    pub(super) fn enter(&mut self, is_transaction: bool) {
        if !is_transaction {
            self.covered = Some(self.depth);
        }
        self.depth += 1;
    }

    /// A sample starts that another covers.
    pub(super) fn cover(&mut self, kind: Kind) {
        self.number += 1;
        self.depth += u64::from(kind == Kind::Open);
    }

    /// A sample ends.
    ///
    /// # Errors
    /// None is open.
    pub(super) fn leave(&mut self) -> Result<()> {
        self.depth = self.depth.checked_sub(1).context("it ends and did not start")?;
        self.covered = self.covered.filter(|depth| *depth < self.depth);
        Ok(())
    }

    /// The outermost element starts, possibly again where `-l` appended to a file that was cut, or ends.
    ///
    /// # Errors
    /// It ends and samples are open.
    pub(super) fn root(&mut self, kind: Kind, name: &str, listener: &mut impl Listener) -> Result<()> {
        self.is_open = kind == Kind::Open;
        if kind == Kind::Close {
            ensure!(self.depth == 0, "{name}: sample {} or one around it does not end", self.number);
            return Ok(());
        }
        (self.depth, self.covered) = (0, None);
        self.roots += 1;
        if self.roots > 1 {
            listener.warn(format!("{name}: a second <testResults>: two runs are mixed in this file"));
        }
        Ok(())
    }
}
