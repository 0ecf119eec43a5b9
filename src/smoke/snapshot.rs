//! Snapshots: answers that were once right, kept in files. Knows no other expectation.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use regex::NoExpand;
use serde_json::Value;

use super::evidence::Evidence;
use super::json_path::pointers;
use super::replace::{inside, make_folder_of, replace};
use super::{Unmet, contrast};
use crate::model::{DeclaredFile, Snapshot, SnapshotMask};
use crate::tell::Mask;

/// What stands where a mask has taken something out.
const MASKED: &str = "[masked]";

/// The snapshots of a run.
pub struct Snapshots {
    update: bool,
    /// What no snapshot is outside of.
    workspace: PathBuf,
    settled: Mutex<BTreeMap<PathBuf, Settled>>,
}

/// A file that this run has brought up to date.
struct Settled {
    text: String,
    written: bool,
}

impl Snapshots {
    /// Returns snapshots that are compared with, or written with `update`.
    pub fn new(update: bool, workspace: &Path) -> Self {
        Self {
            update,
            workspace: workspace.to_owned(),
            settled: Mutex::default(),
        }
    }

    /// Returns the files that were written because they were missing or differed.
    pub fn written(&self) -> Vec<PathBuf> {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        let written = settled.iter().filter(|(_, settled)| settled.written);
        written.map(|(path, _)| path.clone()).collect()
    }

    /// Compares an answer with its snapshot, or writes it, if it is `right` in all else.
    pub(super) fn check(
        &self,
        snapshot: &Snapshot,
        evidence: &Evidence,
        right: bool,
        mask: &Mask,
    ) -> Option<Unmet> {
        if self.update && !right {
            return None;
        }
        let file = match inside(&snapshot.file.path, &self.workspace) {
            Ok(path) => DeclaredFile {
                path,
                name: snapshot.file.name.clone(),
            },
            Err(leads_to) => {
                let actual = format!("a path that leads to {}", leads_to.display());
                let expected = format!("that {} is inside the workspace", snapshot.file.name);
                return Some(failure(expected, &actual));
            }
        };
        let text = match render(snapshot, evidence, mask) {
            Ok(text) => text,
            Err(failure) => return Some(failure),
        };
        if self.update {
            self.settle(&file, text, mask)
        } else {
            compare(&file, &text, mask)
        }
    }

    fn settle(&self, file: &DeclaredFile, text: String, mask: &Mask) -> Option<Unmet> {
        // Held while the file is written: of two checks with one file, the second sees the first.
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = settled.get(&file.path) {
            return (!same(&before.text, &text)).then(|| Unmet {
                difference: contrast::lines(end(&before.text), end(&text)),
                ..failure(
                    format!("what this run has already found for {}", file.name),
                    "another answer; each needs a file of its own, and masks for what changes",
                )
            });
        }
        let kept = fs_err::read(&file.path);
        let written = !kept.is_ok_and(|kept| same_bytes(&kept, &text));
        let write = || make_folder_of(&file.path).and_then(|()| replace(&file.path, &text));
        if written && let Err(error) = write() {
            let actual = mask.apply(&error.to_string());
            return Some(failure(
                format!("that {} can be written", file.name),
                &actual,
            ));
        }
        settled.insert(file.path.clone(), Settled { text, written });
        None
    }
}

fn compare(file: &DeclaredFile, text: &str, mask: &Mask) -> Option<Unmet> {
    let the_file = || format!("the file {}", file.name);
    let kept = match fs_err::read(&file.path) {
        Ok(kept) => kept,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let actual = "none; `envctl smoke-test --update` writes it";
            return Some(failure(the_file(), actual));
        }
        Err(error) => return Some(failure(the_file(), &error.kind().to_string())),
    };
    if same_bytes(&kept, text) {
        return None;
    }
    let Ok(kept) = String::from_utf8(kept) else {
        let actual = "one that is no UTF-8; `envctl smoke-test --update` writes it anew";
        return Some(failure(the_file(), actual));
    };
    // Who wrote it by hand may have left a secret in it.
    let kept = mask.apply(&kept);
    (!same(&kept, text)).then(|| Unmet {
        difference: contrast::lines(end(&kept), end(text)),
        ..failure(
            format!("what {} holds", file.name),
            "something else; `envctl smoke-test --update` writes it if it is right",
        )
    })
}

fn failure(expected: String, actual: &str) -> Unmet {
    Unmet {
        what: "snapshot".to_owned(),
        expected,
        actual: actual.to_owned(),
        difference: None,
    }
}

/// Returns what is kept of an answer: JSON over several lines, everything else as it came.
fn render(snapshot: &Snapshot, evidence: &Evidence, mask: &Mask) -> Result<String, Unmet> {
    let document = evidence.document();
    let text = match (document, evidence.text()) {
        (Ok(document), _) => {
            let document = without_paths(document, &snapshot.masks);
            // Keys and numbers are texts already, so nothing in it can fail.
            let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
            text.push('\n');
            Cow::Owned(text)
        }
        (Err(why), Ok(text)) => {
            let path = snapshot.masks.iter().find_map(|mask| match mask {
                SnapshotMask::Path(path) => Some(path),
                SnapshotMask::Pattern(_) => None,
            });
            if let Some(path) = path {
                let expected = format!("JSON, for the mask {path}");
                return Err(failure(expected, &why.to_string()));
            }
            Cow::Borrowed(text)
        }
        (Err(_), Err(byte)) => {
            let actual = format!("bytes that are no UTF-8 (from byte {byte} on)");
            return Err(failure("a text, or JSON".to_owned(), &actual));
        }
    };
    // Secrets go first: a pattern may match a part of one and leave the rest of it.
    let mut text = mask.apply(&text);
    for mask in &snapshot.masks {
        if let SnapshotMask::Pattern(pattern) = mask
            && let Cow::Owned(masked) = pattern.regex().replace_all(&text, NoExpand(MASKED))
        {
            text = masked;
        }
    }
    Ok(text)
}

fn without_paths<'a>(document: &'a Value, masks: &[SnapshotMask]) -> Cow<'a, Value> {
    let mut document = Cow::Borrowed(document);
    for mask in masks {
        if let SnapshotMask::Path(path) = mask
            && let Ok(places) = pointers(path, &document)
        {
            for place in places {
                // What holds it may be masked already.
                if let Some(value) = document.to_mut().pointer_mut(&place) {
                    *value = Value::from(MASKED);
                }
            }
        }
    }
    document
}

/// Returns a text without the line ends at its end, which editors add and remove.
fn end(text: &str) -> &str {
    text.trim_end_matches(['\r', '\n'])
}

fn same(left: &str, right: &str) -> bool {
    end(left) == end(right)
}

fn same_bytes(kept: &[u8], text: &str) -> bool {
    std::str::from_utf8(kept).is_ok_and(|kept| same(kept, text))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tempfile::TempDir;

    use super::*;
    use crate::model::Pattern;

    struct Place {
        folder: TempDir,
        masks: Vec<SnapshotMask>,
    }

    impl Place {
        fn new(masks: &[&str]) -> Self {
            let mask = |text: &&str| match text.strip_prefix("re:") {
                Some(pattern) => SnapshotMask::Pattern(Pattern::new(pattern).unwrap()),
                None => SnapshotMask::Path((*text).to_owned()),
            };
            Self {
                folder: TempDir::new().unwrap(),
                masks: masks.iter().map(mask).collect(),
            }
        }

        fn path(&self) -> PathBuf {
            fs_err::canonicalize(self.folder.path())
                .unwrap()
                .join("kept/rates.json")
        }

        fn snapshots(&self, update: bool) -> Snapshots {
            Snapshots::new(update, self.folder.path())
        }

        fn kept(&self) -> String {
            fs_err::read_to_string(self.path()).unwrap()
        }

        fn check(&self, snapshots: &Snapshots, body: impl AsRef<[u8]>) -> String {
            self.check_if(snapshots, body, true)
        }

        fn check_if(&self, snapshots: &Snapshots, body: impl AsRef<[u8]>, right: bool) -> String {
            let snapshot = Snapshot {
                file: DeclaredFile {
                    path: self.path(),
                    name: "kept/rates.json".to_owned(),
                },
                masks: self.masks.clone(),
            };
            let evidence = Evidence {
                body: body.as_ref().to_vec(),
                ..Evidence::default()
            };
            let mask = Mask::new(["hunter2"]);
            let found = snapshots.check(&snapshot, &evidence, right, &mask);
            found.map_or_else(String::new, |failure| {
                let difference = failure.difference.as_deref().unwrap_or_default();
                format!("{failure}\n{difference}")
            })
        }

        fn update(&self, body: impl AsRef<[u8]>) -> Vec<PathBuf> {
            let snapshots = self.snapshots(true);
            assert_eq!(self.check(&snapshots, body), "");
            snapshots.written()
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "the cases below read better")]
    fn differs(place: &Place, body: impl AsRef<[u8]>, expect: Expect) {
        expect.assert_eq(&place.check(&place.snapshots(false), body));
    }

    #[test]
    fn a_snapshot_is_written_and_then_compared_with() {
        let place = Place::new(&[]);
        differs(
            &place,
            "{}",
            expect![[r"
            snapshot: expected the file kept/rates.json, got none; `envctl smoke-test --update` writes it
        "]],
        );
        assert_eq!(place.update(r#"{"b":1.0,"a":[1e3]}"#), [place.path()]);
        assert_eq!(
            place.kept(),
            "{\n  \"b\": 1.0,\n  \"a\": [\n    1000.0\n  ]\n}\n"
        );
        differs(&place, r#"{ "b": 1.0, "a": [1e3] }"#, expect![""]);
        differs(
            &place,
            r#"{"b":2,"a":[1e3]}"#,
            expect![[r#"
            snapshot: expected what kept/rates.json holds, got something else; `envctl smoke-test --update` writes it if it is right
            @@ -1,5 +1,5 @@
             {
            -  "b": 1.0,
            +  "b": 2,
               "a": [
                 1000.0
               ]
        "#]],
        );
        let names = fs_err::read_dir(place.path().parent().unwrap()).unwrap();
        assert_eq!(names.count(), 1);
    }

    #[test]
    fn nothing_is_written_for_what_is_equal_or_wrong() {
        let place = Place::new(&[]);
        let snapshots = place.snapshots(true);
        assert_eq!(place.check_if(&snapshots, "{}", false), "");
        assert!(!place.path().exists());
        place.update("one\ntwo");
        assert_eq!(place.kept(), "one\ntwo");
        assert!(place.update("one\ntwo").is_empty());
        fs_err::write(place.path(), "one\ntwo\r\n").unwrap();
        assert!(place.update("one\ntwo").is_empty());
        differs(&place, "one\ntwo\n\n", expect![""]);
        assert_eq!(place.update("one\n\ntwo"), [place.path()]);
    }

    #[test]
    fn masks_take_out_what_changes_and_secrets_never_stay() {
        let place = Place::new(&["$.items[*].id", "$..at", "$.missing", r"re:trace-\w+"]);
        let body = |id: u32, trace: &str| {
            format!(
                r#"{{"items":[{{"id":{id},"at":{{"at":{id}}}}}],"key":"hunter2","x":"trace-{trace}"}}"#
            )
        };
        place.update(body(1, "a1"));
        expect![[r#"
            {
              "items": [
                {
                  "id": "[masked]",
                  "at": "[masked]"
                }
              ],
              "key": "***",
              "x": "[masked]"
            }
        "#]]
        .assert_eq(&place.kept());
        differs(&place, body(2, "b2"), expect![""]);
        differs(
            &place,
            "<p>",
            expect![[r"
            snapshot: expected JSON, for the mask $.items[*].id, got no JSON (expected value at line 1 column 1)
        "]],
        );
    }

    #[test]
    fn a_pattern_leaves_no_half_of_a_secret() {
        let place = Place::new(&["re:hun"]);
        place.update("key hunter2, hungry");
        assert_eq!(place.kept(), "key ***, [masked]gry");
    }

    #[test]
    fn a_secret_in_the_file_is_not_shown() {
        let place = Place::new(&[]);
        place.update("x");
        fs_err::write(place.path(), "key hunter2").unwrap();
        differs(&place, "key hunter2", expect![""]);
        differs(
            &place,
            "keys",
            expect![[r"
            snapshot: expected what kept/rates.json holds, got something else; `envctl smoke-test --update` writes it if it is right
            @@ -1 +1 @@
            -key ***
            +keys
        "]],
        );
    }

    #[test]
    fn two_answers_need_two_files_if_they_differ() {
        let place = Place::new(&[]);
        let snapshots = place.snapshots(true);
        assert_eq!(place.check(&snapshots, "[1]"), "");
        assert_eq!(place.check(&snapshots, "[ 1 ]"), "");
        expect![[r"
            snapshot: expected what this run has already found for kept/rates.json, got another answer; each needs a file of its own, and masks for what changes
            @@ -1,3 +1,3 @@
             [
            -  1
            +  2
             ]
        "]]
        .assert_eq(&place.check(&snapshots, "[2]"));
        assert_eq!(place.kept(), "[\n  1\n]\n");
        assert_eq!(snapshots.written(), [place.path()]);
    }

    #[test]
    fn a_snapshot_never_leaves_the_workspace() {
        let place = Place::new(&[]);
        let outside = TempDir::new().unwrap();
        let victim = outside.path().join("rates.json");
        fs_err::write(&victim, "kept").unwrap();
        fs_err::os::unix::fs::symlink(outside.path(), place.folder.path().join("kept")).unwrap();
        for update in [false, true] {
            let found = place.check(&place.snapshots(update), "new");
            let expected = "snapshot: expected that kept/rates.json is inside the workspace, got a \
                            path that leads to /";
            assert!(found.starts_with(expected), "{found}");
        }
        assert_eq!(fs_err::read_to_string(&victim).unwrap(), "kept");

        // A link in place of the file itself is followed inside only, too.
        fs_err::remove_file(place.folder.path().join("kept")).unwrap();
        fs_err::create_dir(place.folder.path().join("kept")).unwrap();
        fs_err::os::unix::fs::symlink(&victim, place.path()).unwrap();
        let found = place.check(&place.snapshots(true), "new");
        assert!(found.contains("is inside the workspace"), "{found}");
        fs_err::remove_file(place.path()).unwrap();
        fs_err::write(place.folder.path().join("real.json"), "old").unwrap();
        fs_err::os::unix::fs::symlink("../real.json", place.path()).unwrap();
        assert_eq!(place.check(&place.snapshots(true), "new"), "");
        let real = fs_err::read_to_string(place.folder.path().join("real.json"));
        assert_eq!(real.unwrap(), "new");
        assert_eq!(fs_err::read_to_string(&victim).unwrap(), "kept");
    }

    #[test]
    fn what_cannot_be_kept_says_so() {
        let place = Place::new(&[]);
        differs(
            &place,
            b"a\xff",
            expect![[r"
            snapshot: expected a text, or JSON, got bytes that are no UTF-8 (from byte 1 on)
        "]],
        );
        place.update("x");
        fs_err::write(place.path(), b"a\xff").unwrap();
        differs(
            &place,
            "x",
            expect![[r"
            snapshot: expected the file kept/rates.json, got one that is no UTF-8; `envctl smoke-test --update` writes it anew
        "]],
        );
        fs_err::remove_file(place.path()).unwrap();
        fs_err::create_dir(place.path()).unwrap();
        fs_err::write(place.path().join("file"), "").unwrap();
        let found = place.check(&place.snapshots(true), "x");
        assert!(
            found.starts_with("snapshot: expected that kept/rates.json can be written, got "),
            "{found}"
        );
        let names = fs_err::read_dir(place.path().parent().unwrap()).unwrap();
        assert_eq!(names.count(), 1);
    }
}
