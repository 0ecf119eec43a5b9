//! Images that nothing uses any more, whoever's they were.

use std::collections::BTreeSet;

/// Which images stay although no container uses them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptImages {
    /// The ids of those that are current.
    pub ids: BTreeSet<String>,
    /// Where it is not known which are: the newest one of each name.
    pub newest_of_each: bool,
    /// The young: the command that made one may be about to use it.
    pub young: bool,
}

/// An image that can go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnusedImage {
    /// The content's id: `sha256:…`.
    pub id: String,
    pub names: Vec<String>,
    /// With what it shares with others.
    pub bytes: u64,
}

impl UnusedImage {
    /// Returns its first name, or the beginning of its id.
    pub fn name(&self) -> &str {
        let id = self.id.trim_start_matches("sha256:");
        let id = id.get(..12).unwrap_or(id);
        self.names.first().map_or(id, String::as_str)
    }
}

/// What a removal came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub removed: Vec<UnusedImage>,
    /// Those that are left, each with why.
    pub left: Vec<(UnusedImage, String)>,
    /// What the engine has of room more than before; `None` where it does not say.
    pub freed_bytes: Option<u64>,
}
