//! What the machine has no more of. Whatever failed for want of it says so, instead of what it was
//! doing when it noticed.

use std::path::Path;

use rustix::process::{Resource, getrlimit};

use super::failure::Failure;
use super::session::Session;
use crate::host::Home;
use crate::tell::Diagnostic;

/// What can run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shortage {
    Disk,
    Quota,
    Descriptors,
    Threads,
}

impl Shortage {
    /// What the system calls each, in errors as well as in the logs of services.
    const SIGNS: [(&str, Self); 4] = [
        ("No space left on device", Self::Disk),
        ("Disk quota exceeded", Self::Quota),
        ("Too many open files", Self::Descriptors),
        (
            "Resource temporarily unavailable (os error 11)",
            Self::Threads,
        ),
    ];

    /// Returns what a failure tells of, in its own words or in the log beside it.
    fn told_by(diagnostic: &Diagnostic) -> Option<Self> {
        let facts = diagnostic.facts.iter().map(|(_, fact)| fact);
        let lines = diagnostic.tail.iter().flat_map(|tail| &tail.lines);
        let texts = [&diagnostic.title].into_iter();
        let mut texts = texts.chain(&diagnostic.causes).chain(facts);
        let sign = |text: &String| {
            let mut signs = Self::SIGNS.into_iter();
            Some(signs.find(|(sign, _)| text.contains(sign))?.1)
        };
        // To a service the same words most often mean that a read took too long.
        let logged = |line| sign(line).filter(|found| *found != Self::Threads);
        texts
            .find_map(sign)
            .or_else(|| lines.into_iter().find_map(logged))
    }

    fn title(self) -> String {
        match self {
            Self::Disk => "the disk is full".to_owned(),
            Self::Quota => "the disk quota of this user is used up".to_owned(),
            Self::Descriptors => {
                let limit = getrlimit(Resource::Nofile).current;
                let limit =
                    limit.map_or_else(String::new, |limit| format!(": {limit} is the limit"));
                format!("too many files are open{limit}")
            }
            Self::Threads => "the system makes no more threads or processes".to_owned(),
        }
    }

    fn hint(self, state: &Path) -> String {
        match self {
            Self::Disk | Self::Quota => format!(
                "`df -h {} .` shows what is left; free some of it and run the command again",
                state.display()
            ),
            Self::Descriptors => {
                "`ulimit -n 4096` raises the limit of this shell; run the command again".to_owned()
            }
            Self::Threads => "`ulimit -u` is the limit of this user, and a container has \
                              `pids.max` beside it; raise it or end something, and run the \
                              command again"
                .to_owned(),
        }
    }
}

/// Has those parts of a failure that stem from a shortage say so.
pub(super) fn name(session: &Session, failure: &mut Failure) {
    let state = Home::of(&session.request.variables).map(|home| home.state);
    let state = state.unwrap_or_default();
    for diagnostic in &mut failure.diagnostics {
        if let Some(shortage) = Shortage::told_by(diagnostic) {
            put_first(shortage, &state, diagnostic);
        }
    }
}

fn put_first(shortage: Shortage, state: &Path, diagnostic: &mut Diagnostic) {
    let title = std::mem::replace(&mut diagnostic.title, shortage.title());
    diagnostic.causes.insert(0, title);
    // What they advise would not help.
    diagnostic.hints = vec![shortage.hint(state)];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tell::Tail;

    fn check(diagnostic: &Diagnostic, expect: Option<Shortage>) {
        assert_eq!(Shortage::told_by(diagnostic), expect, "{diagnostic:?}");
    }

    #[test]
    fn a_shortage_is_found_wherever_it_is_told() {
        let plain = || Diagnostic::new("`db` did not become ready");
        check(&plain(), None);
        let mut with = plain();
        with.causes
            .push("No space left on device (os error 28)".to_owned());
        check(&with, Some(Shortage::Disk));
        let mut with = plain();
        let fact = "could not extend file \"base/5/1\": No space left on device";
        with.facts
            .push(("last observation".to_owned(), fact.to_owned()));
        check(&with, Some(Shortage::Disk));
        let mut with = plain();
        let lines = vec!["accept: Too many open files".to_owned()];
        let of = "api".to_owned();
        with.tail = Some(Tail { of, lines });
        check(&with, Some(Shortage::Descriptors));
    }

    #[test]
    fn what_it_was_doing_is_the_cause_and_its_advice_gives_way() {
        let mut diagnostic = Diagnostic::new("cannot load seed `rates`").hint("correct the dump");
        put_first(Shortage::Disk, Path::new("/s"), &mut diagnostic);
        assert_eq!(diagnostic.title, "the disk is full");
        assert_eq!(diagnostic.causes, ["cannot load seed `rates`"]);
        let hint = "`df -h /s .` shows what is left; free some of it and run the command again";
        assert_eq!(diagnostic.hints, [hint]);
    }
}
