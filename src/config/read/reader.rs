//! What all readers of an environment share: its mistakes, its names, and the paths that it claims.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crate::config::bounds::Bounds;
use crate::config::interpolate::Outside;
use crate::config::mistake::{MISTAKES_MAX, Mistake};
use crate::config::schema::Claimed;
use crate::config::source::Origin;
use crate::config::tree::Node;

/// What a path that was declared must be; looked at when everything else is read.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub path: PathBuf,
    pub claimed: Claimed,
    pub at: Origin,
}

/// The names that others may refer to.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub images: Vec<String>,
    pub services: Vec<String>,
    pub tasks: Vec<String>,
}

/// What all readers share.
pub(crate) struct Reader<'a> {
    pub workspace: &'a Path,
    pub outside: &'a Outside<'a>,
    pub names: Names,
    pub mistakes: RefCell<Vec<Mistake>>,
    /// What the cases of all checks have become so far.
    pub bounds: RefCell<Bounds>,
    pub claims: RefCell<Vec<Claim>>,
}

impl Reader<'_> {
    pub(super) fn report(&self, mistake: Mistake) {
        let mut mistakes = self.mistakes.borrow_mut();
        // The cases of a check share what is wrong with it.
        if mistakes.len() <= MISTAKES_MAX && !mistakes.contains(&mistake) {
            mistakes.push(mistake);
        }
    }

    pub(super) fn claim(&self, path: &Path, claimed: Claimed, node: &Node) {
        self.claims.borrow_mut().push(Claim {
            path: path.to_owned(),
            claimed,
            at: node.at.clone(),
        });
    }
}
