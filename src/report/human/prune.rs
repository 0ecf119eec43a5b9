//! What `images prune` removed, and what it left.

use super::super::plural::plural;
use crate::tell::PruneAnswer;
use crate::tell::bytes;

pub(super) fn prune(answer: &PruneAnswer) -> String {
    if answer.removed.is_empty() && answer.left.is_empty() {
        return "no image can go\n".to_owned();
    }
    let removed = plural(answer.removed.len(), "image");
    let freed = match answer.freed_bytes {
        Some(freed) => format!("; {} freed", bytes(freed)),
        None => String::new(),
    };
    let left = answer.left.iter();
    let left = left.map(|image| format!("left {}: {}\n", image.image, image.because));
    format!("removed {removed}{freed}\n") + &left.collect::<String>()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tell::{LeftImage, RemovedImage};

    #[test]
    fn what_is_gone_and_what_is_left_is_said() {
        let removed = RemovedImage {
            image: "envctl/api:0123456789ab".to_owned(),
            id: "sha256:1".to_owned(),
            bytes: 5,
        };
        let left = LeftImage {
            image: "envctl/debian:0123456789ab".to_owned(),
            id: "sha256:2".to_owned(),
            because: "a container uses it".to_owned(),
        };
        let some = PruneAnswer {
            removed: vec![removed],
            left: vec![left],
            freed_bytes: Some(2048),
        };
        let unsaid = PruneAnswer {
            left: Vec::new(),
            freed_bytes: None,
            ..some.clone()
        };
        let texts = [some, unsaid, PruneAnswer::default()].map(|answer| prune(&answer));
        expect![[r"
            removed 1 image; 2.0 KiB freed
            left envctl/debian:0123456789ab: a container uses it
            --
            removed 1 image
            --
            no image can go
        "]]
        .assert_eq(&texts.join("--\n"));
    }
}
