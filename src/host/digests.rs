//! Digests of files, kept beyond a command: who asks whether something changed reads only what did.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::folder::make_folder;
use super::home::Home;
use super::inputs::{digest_of, entries_of};
use super::stamp::{FinishedStamp, Stamp};
use super::whole;

/// How many digests are kept; the oldest go.
const KEPT_MAX: usize = 512;

/// How long the file may be that holds them.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The first line of that file, which is no other program's or version's.
const HEAD: &str = "envctl digests 1";

/// The digests that are known. It is copied cheaply, and all copies know the same.
#[derive(Clone, Debug, Default)]
pub struct Digests(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Where they are kept; nowhere when `None`.
    file: Option<PathBuf>,
    known: Mutex<Option<KnownDigests>>,
}

/// Names of stamps and digests, the oldest first.
type KnownDigests = Vec<(String, String)>;

impl Digests {
    /// Returns those that the user of this machine has; where nothing can be kept, none are known.
    pub fn of(home: Option<&Home>) -> Self {
        Self::kept_in(home.map(|home| home.cache.join("digests")))
    }

    fn kept_in(file: Option<PathBuf>) -> Self {
        let known = Mutex::default();
        Self(Arc::new(Inner { file, known }))
    }

    /// Returns the digest of an open file, which `read` makes where it is not known.
    pub fn of_file<E>(
        &self,
        file: &mut fs_err::File,
        read: impl FnOnce(&mut fs_err::File) -> Result<String, E>,
    ) -> Result<String, E> {
        let stamp = |file: &fs_err::File| Ok(stamp_of_file(&file.metadata()?));
        self.known_or_read(file, stamp, read)
    }

    /// Returns the digest of a file or a folder, whole.
    pub fn of_path(&self, mut path: &Path) -> io::Result<String> {
        let stamp = |path: &&Path| {
            let mut stamp = Stamp::new("tree");
            stamp.add_entries(path, &entries_of(path)?)?;
            Ok(stamp.finish())
        };
        let read = |path: &mut &Path| digest_of(&[path.to_path_buf()], Path::new("/"));
        self.known_or_read(&mut path, stamp, read)
    }

    /// Returns a digest that is known by a stamp; otherwise reads, and keeps what came of it.
    fn known_or_read<T, E>(
        &self,
        source: &mut T,
        stamp: impl Fn(&T) -> io::Result<FinishedStamp>,
        read: impl FnOnce(&mut T) -> Result<String, E>,
    ) -> Result<String, E> {
        let before = stamp(source);
        if let Some(digest) = self.known(&before) {
            return Ok(digest);
        }
        let digest = read(source)?;
        self.keep(before, stamp(source), &digest);
        Ok(digest)
    }

    /// Forgets what is known of a file, since it was found to be otherwise.
    pub fn forget(&self, file: &Path) {
        let (Ok(metadata), Some(kept)) = (fs_err::metadata(file), &self.0.file) else {
            return;
        };
        let name = stamp_of_file(&metadata).name;
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read();
        all.retain(|(one, _)| *one != name);
        // Where it cannot be written, it cannot have been kept by this program either.
        let _ = whole::write_own(kept, text(&all));
        *known = Some(all);
    }

    fn known(&self, stamp: &io::Result<FinishedStamp>) -> Option<String> {
        let FinishedStamp { name, .. } = stamp.as_ref().ok()?;
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = known.get_or_insert_with(|| self.read()).iter();
        let found = known.find(|(kept, _)| kept == name);
        found.map(|(_, digest)| digest.clone())
    }

    /// Keeps a digest, unless something was changed meanwhile, or a change would not be seen.
    fn keep(
        &self,
        before: io::Result<FinishedStamp>,
        after: io::Result<FinishedStamp>,
        digest: &str,
    ) {
        let (Some(file), Ok(before), Ok(after)) = (&self.0.file, before, after) else {
            return;
        };
        if !before.settled || after.name != before.name {
            return;
        }
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Another envctl may have kept more since.
        let mut all = known.take().unwrap_or_default();
        all.extend(self.read());
        all.push((before.name, digest.to_owned()));
        let mut seen = BTreeSet::new();
        all.reverse();
        all.retain(|(name, _)| seen.insert(name.clone()));
        all.truncate(KEPT_MAX);
        all.reverse();
        // What is not kept is read again.
        let _ = file.parent().map(make_folder);
        let _ = whole::write_own(file, text(&all));
        *known = Some(all);
    }

    /// Reads what is kept; nothing where that is not what this writes.
    fn read(&self) -> KnownDigests {
        let read = || {
            let path = self.0.file.as_ref()?;
            // To open anything else may wait for ever.
            let is_file = fs_err::metadata(path).ok()?.is_file();
            let file = fs_err::File::open(is_file.then_some(path)?).ok()?;
            let mut text = String::new();
            let _ = file.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
            let mut lines = text.lines();
            if lines.next()? != HEAD {
                return None;
            }
            let known = lines.map(|line| {
                let (name, digest) = line.split_once(' ')?;
                let is_digest = |text: &str| text.len() == 64 && text.bytes().all(is_hex);
                let fits = is_digest(name) && is_digest(digest);
                fits.then(|| (name.to_owned(), digest.to_owned()))
            });
            known.collect::<Option<KnownDigests>>()
        };
        read().unwrap_or_default()
    }
}

fn stamp_of_file(metadata: &Metadata) -> FinishedStamp {
    let mut stamp = Stamp::new("file");
    stamp.add(metadata);
    stamp.finish()
}

/// Writes what is known, as it is kept.
fn text(known: &KnownDigests) -> String {
    let lines = known
        .iter()
        .map(|(name, digest)| format!("{name} {digest}\n"));
    format!("{HEAD}\n{}", lines.collect::<String>())
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::model::Digest;

    /// Counts how often a file is read.
    struct Reader {
        digests: Digests,
        reads: usize,
    }

    impl Reader {
        fn keeping_in(file: &Path) -> Self {
            Self {
                digests: Digests::kept_in(Some(file.to_owned())),
                reads: 0,
            }
        }

        fn digest(&mut self, path: &Path) -> String {
            let mut file = fs_err::File::open(path).unwrap();
            let read = |file: &mut fs_err::File| {
                self.reads += 1;
                let mut content = Vec::new();
                file.read_to_end(&mut content)?;
                Ok::<_, io::Error>(Digest::of(content))
            };
            self.digests.of_file(&mut file, read).unwrap()
        }
    }

    /// Writes a file, and waits until it counts as one of some time ago.
    async fn write_long_ago(path: &Path, content: &str) {
        fs_err::write(path, content).unwrap();
        tokio::time::sleep(Duration::from_millis(2100)).await;
    }

    #[tokio::test]
    async fn a_wrong_digest_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, dump) = (folder.path().join("digests"), folder.path().join("dump"));
        write_long_ago(&dump, "rows").await;
        let mut reader = Reader::keeping_in(&kept);
        reader.digest(&dump);
        let wrong = Digest::of("other rows");
        let text = fs_err::read_to_string(&kept).unwrap();
        fs_err::write(&kept, text.replace(&Digest::of("rows"), &wrong)).unwrap();
        let mut next = Reader::keeping_in(&kept);
        assert_eq!((next.digest(&dump), next.reads), (wrong, 0));
        next.digests.forget(&dump);
        assert_eq!((next.digest(&dump), next.reads), (Digest::of("rows"), 1));
    }

    #[tokio::test]
    async fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, dump) = (folder.path().join("digests"), folder.path().join("dump"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &kept, rustix::fs::Mode::RWXU).unwrap();
        write_long_ago(&dump, "rows").await;
        let mut reader = Reader::keeping_in(&kept);
        assert_eq!(reader.digest(&dump), Digest::of("rows"));
    }

    #[tokio::test]
    async fn only_what_changed_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, dump) = (folder.path().join("c/digests"), folder.path().join("dump"));
        write_long_ago(&dump, "rows").await;
        let modified = fs_err::metadata(&dump).unwrap().modified().unwrap();
        let mut reader = Reader::keeping_in(&kept);
        assert_eq!(reader.digest(&dump), Digest::of("rows"));
        assert_eq!(reader.digest(&dump), Digest::of("rows"));
        // The next command.
        let mut next = Reader::keeping_in(&kept);
        assert_eq!(next.digest(&dump), Digest::of("rows"));
        assert_eq!((reader.reads, next.reads), (1, 0));
        // As long as before, and with its time set back.
        fs_err::write(&dump, "cows").unwrap();
        let times = std::fs::FileTimes::new().set_modified(modified);
        let file = fs_err::OpenOptions::new().write(true).open(&dump).unwrap();
        file.file().set_times(times).unwrap();
        assert_eq!(
            fs_err::metadata(&dump).unwrap().modified().unwrap(),
            modified
        );
        assert_eq!(next.digest(&dump), Digest::of("cows"));
        assert_eq!(next.reads, 1);
    }

    #[test]
    fn what_was_written_just_now_is_read_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, dump) = (folder.path().join("digests"), folder.path().join("dump"));
        fs_err::write(&dump, "rows").unwrap();
        let mut reader = Reader::keeping_in(&kept);
        reader.digest(&dump);
        reader.digest(&dump);
        assert_eq!(reader.reads, 2);
        assert!(!kept.exists());
        // Its time says otherwise, and anybody can say that.
        let times = std::fs::FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
        let file = fs_err::OpenOptions::new().write(true).open(&dump).unwrap();
        file.file().set_times(times).unwrap();
        reader.digest(&dump);
        reader.digest(&dump);
        assert_eq!(reader.reads, 4);
    }

    #[test]
    fn what_changes_while_it_is_read_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("digests");
        let digests = Digests::kept_in(Some(kept.clone()));
        let stamp = |name: &str| {
            let (name, settled) = (name.to_owned(), true);
            Ok(FinishedStamp { name, settled })
        };
        digests.keep(stamp("before"), stamp("after"), "half of each");
        assert!(!kept.exists());
    }

    #[tokio::test]
    async fn a_folder_is_known_by_all_that_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, rows) = (folder.path().join("digests"), folder.path().join("rows"));
        fs_err::create_dir(&rows).unwrap();
        write_long_ago(&rows.join("a"), "1").await;
        let digests = Digests::kept_in(Some(kept.clone()));
        let whole = || digest_of(std::slice::from_ref(&rows), Path::new("/")).unwrap();
        let first = digests.of_path(&rows).unwrap();
        assert_eq!(first, whole());
        assert!(kept.exists());
        let kept_by_now = fs_err::read_to_string(&kept).unwrap();
        assert_eq!(digests.of_path(&rows).unwrap(), first);
        assert_eq!(fs_err::read_to_string(&kept).unwrap(), kept_by_now);
        fs_err::write(rows.join("b"), "2").unwrap();
        let second = digests.of_path(&rows).unwrap();
        assert_ne!(second, first);
        assert_eq!(second, whole());
    }

    fn of(number: usize) -> (io::Result<FinishedStamp>, io::Result<FinishedStamp>, String) {
        let stamp = || {
            let name = Digest::of(number.to_string());
            let settled = true;
            Ok(FinishedStamp { name, settled })
        };
        (stamp(), stamp(), Digest::of(format!("digest {number}")))
    }

    fn keep(digests: &Digests, number: usize) {
        let (before, after, digest) = of(number);
        digests.keep(before, after, &digest);
    }

    fn knows(digests: &Digests, number: usize) -> bool {
        let (stamp, _, digest) = of(number);
        digests.known(&stamp) == Some(digest)
    }

    #[test]
    fn two_that_keep_at_once_keep_both_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("digests");
        let [one, other] = [(); 2].map(|()| Digests::kept_in(Some(kept.clone())));
        keep(&one, 0);
        assert!(!knows(&other, 7));
        keep(&other, 1);
        keep(&one, 2);
        let next = Digests::kept_in(Some(kept.clone()));
        assert!((0..3).all(|number| knows(&next, number)));
        for number in 3..=KEPT_MAX {
            keep(&next, number);
        }
        let last = Digests::kept_in(Some(kept.clone()));
        assert!(!knows(&last, 0));
        assert!((1..=KEPT_MAX).all(|number| knows(&last, number)));
        let lines = fs_err::read_to_string(&kept).unwrap().lines().count();
        assert_eq!(lines, 1 + KEPT_MAX);
    }

    #[test]
    fn what_is_not_ours_is_ignored_and_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("digests");
        let hex = "0".repeat(64);
        for foreign in [
            "envctl digests 2\n".to_owned(),
            "something else".to_owned(),
            format!("{HEAD}\n{hex} {hex}\n{hex} cut"),
            String::new(),
        ] {
            fs_err::write(&kept, &foreign).unwrap();
            let digests = Digests::kept_in(Some(kept.clone()));
            assert!(!knows(&digests, 1), "{foreign}");
            keep(&digests, 1);
            assert!(knows(&Digests::kept_in(Some(kept.clone())), 1), "{foreign}");
        }
        fs_err::write(&kept, b"\xff\xfe").unwrap();
        assert!(!knows(&Digests::kept_in(Some(kept)), 1));
    }

    #[test]
    fn where_nothing_can_be_kept_all_is_read() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let digest = Digest::of(fs_err::read(&file).unwrap());
        for mut reader in [
            Reader::keeping_in(&file.join("digests")),
            Reader {
                digests: Digests::of(None),
                reads: 0,
            },
        ] {
            assert_eq!(reader.digest(&file), digest);
            assert_eq!(reader.reads, 1);
        }
    }
}
