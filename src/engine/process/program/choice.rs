//! Which of several servers is taken.

use super::candidate::Candidate;
use super::version::ProgramVersion;

/// What a server has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WantedServer {
    pub declared: Option<ProgramVersion>,
    /// Refuses another major version than the declared one.
    pub strict: bool,
    /// The major version of the data that is there.
    pub data: Option<u32>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ServerPick {
    Take(Candidate),
    /// Fetch a server; `otherwise` is what runs where that is not possible.
    Fetch {
        major: u32,
        otherwise: Option<Candidate>,
    },
    /// None fits, and none that could be fetched either.
    Nothing,
    /// The data is of another major version than the one that is insisted on.
    Contradiction {
        data: u32,
    },
}

/// Chooses: the version of the data, else the declared one, else the newest.
pub(super) fn choose(
    candidates: &[Candidate],
    wanted: &WantedServer,
    fetchable: &[u32],
) -> ServerPick {
    let declared = wanted.declared.as_ref().map(ProgramVersion::major);
    if let (Some(data), Some(major), true) = (wanted.data, declared, wanted.strict)
        && data != major
    {
        return ServerPick::Contradiction { data };
    }
    let newest = || best(candidates.iter(), None);
    let Some(major) = wanted.data.or(declared) else {
        let newest_to_fetch = fetchable.iter().max();
        return match (newest(), newest_to_fetch) {
            (Some(candidate), _) => ServerPick::Take(candidate.clone()),
            (None, Some(major)) => fetch(*major, None),
            (None, None) => ServerPick::Nothing,
        };
    };
    let fitting = candidates.iter().filter(|it| it.version.major() == major);
    if let Some(candidate) = best(fitting, wanted.declared.as_ref()) {
        return ServerPick::Take(candidate.clone());
    }
    // Data and strictness leave no other way.
    let otherwise = newest().filter(|_| wanted.data.is_none() && !wanted.strict);
    match otherwise {
        _ if fetchable.contains(&major) => fetch(major, otherwise),
        Some(candidate) => ServerPick::Take(candidate.clone()),
        None if wanted.data.is_some() || wanted.strict => ServerPick::Nothing,
        None => fetchable
            .iter()
            .max()
            .map_or(ServerPick::Nothing, |major| fetch(*major, None)),
    }
}

fn fetch(major: u32, otherwise: Option<&Candidate>) -> ServerPick {
    ServerPick::Fetch {
        major,
        otherwise: otherwise.cloned(),
    }
}

/// The exact version first, then an installed one, then the newest.
fn best<'a>(
    candidates: impl Iterator<Item = &'a Candidate>,
    declared: Option<&ProgramVersion>,
) -> Option<&'a Candidate> {
    candidates.max_by_key(|candidate| {
        let is_exact = declared.is_some_and(|declared| candidate.version.is(declared));
        (is_exact, !candidate.fetched, &candidate.version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ProgramVersion {
        ProgramVersion::read(text).unwrap()
    }

    /// `~16.14` was fetched.
    fn candidates(versions: &[&str]) -> Vec<Candidate> {
        let candidate = |text: &&str| Candidate {
            program: text.into(),
            version: version(text.trim_start_matches('~')),
            fetched: text.starts_with('~'),
        };
        versions.iter().map(candidate).collect()
    }

    /// `wanted` reads `13.5`, `13.5!` (strict), `data 15`, `13.5! data 15`, or nothing.
    fn check(versions: &[&str], wanted: &str, expect: &str) {
        let (declared, data) = match wanted.split_once("data ") {
            Some((declared, data)) => (declared.trim(), data.parse().ok()),
            None => (wanted, None),
        };
        let strict = declared.ends_with('!');
        let declared = declared.trim_end_matches('!');
        let wanted = WantedServer {
            declared: (!declared.is_empty()).then(|| version(declared)),
            strict,
            data,
        };
        let name = |candidate: &Candidate| candidate.program.display().to_string();
        let verdict = match choose(&candidates(versions), &wanted, &[16, 18]) {
            ServerPick::Take(candidate) => name(&candidate),
            ServerPick::Fetch { major, otherwise } => match otherwise {
                Some(candidate) => format!("fetch {major} or {}", name(&candidate)),
                None => format!("fetch {major}"),
            },
            ServerPick::Nothing => "nothing".to_owned(),
            ServerPick::Contradiction { data } => format!("not {data}"),
        };
        assert_eq!(verdict, expect, "{wanted:?}");
    }

    #[test]
    fn without_a_version_the_newest_installed_one_is_taken() {
        check(&["13.5", "15.18", "~18.4"], "", "15.18");
        check(&["~16.14", "~18.4"], "", "~18.4");
        check(&[], "", "fetch 18");
    }

    #[test]
    fn the_declared_version_is_taken_before_others() {
        check(&["13.5", "13.9", "15.18"], "13.5", "13.5");
        check(&["13.6", "13.9", "15.18"], "13.5", "13.9");
        check(&["13.6", "13.9"], "13", "13.9");
        check(&["16.1", "~16.14"], "16", "16.1");
        check(&["16.1", "~16.14"], "16.14", "~16.14");
    }

    #[test]
    fn another_version_is_taken_unless_it_is_refused() {
        check(&["14.2", "15.18"], "13.5", "15.18");
        check(&["14.2", "15.18"], "13.5!", "nothing");
        check(&["15.18"], "16", "fetch 16 or 15.18");
        check(&["15.18"], "16!", "fetch 16");
        check(&[], "13.5", "fetch 18");
        check(&[], "13.5!", "nothing");
    }

    #[test]
    fn data_binds() {
        check(&["13.5", "15.18"], "13.5 data 15", "15.18");
        check(&["13.5", "15.18"], "13.5! data 15", "not 15");
        check(&["15.18"], "data 14", "nothing");
        check(&["15.18"], "15 data 16", "fetch 16");
    }
}
