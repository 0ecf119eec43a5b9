//! Whether a running copy is what is declared, as far as that can be known.

use std::collections::BTreeSet;

use super::{Desired, DesiredService, hash};
use crate::engine::{Addresses, ImageHandle, ObservedService};
use crate::model::Digest;
use crate::plan::images::DesiredImage;

impl Desired {
    /// Notes the services whose images cannot be told, since an argument is a secret that was not
    /// read.
    pub(super) fn find_unread_images(&mut self) {
        let unread = self.services.iter().map(|service| {
            let names = BTreeSet::from([service.image.as_str()]);
            let mut images = self.needed_images(&names).into_iter();
            service.unread || images.any(DesiredImage::is_unread)
        });
        let unread: Vec<bool> = unread.collect();
        for (service, unread) in self.services.iter_mut().zip(unread) {
            service.unread = unread;
        }
    }
}

impl DesiredService {
    /// Whether it cannot be known if a running copy is current: a secret was not read, and all
    /// else that can be compared is the same.
    pub fn is_uncertain(&self, seen: &ObservedService, image: Option<&ImageHandle>) -> bool {
        self.unread && image.is_none_or(|image| image.id == seen.image.id)
    }

    /// Returns the hash of what is declared, whatever its references stand for.
    pub(crate) fn written_hash(&self) -> String {
        hash::as_written(&self.spec)
    }

    /// Returns the hash that a running copy of this service was made with, if it is current.
    /// A process holds the addresses that it was given, so they belong to it.
    pub fn launch_hash(&self, image_id: &str, addresses: &Addresses) -> String {
        let mut digest = Digest::new();
        digest
            .field("spec", &self.spec.hash)
            .field("image", image_id);
        for read in &self.reads {
            if let Some(address) = addresses.get(read) {
                digest.field("address", address.to_string());
            }
        }
        digest.finish()
    }
}
