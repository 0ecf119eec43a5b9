//! A PostgreSQL server: one that fits the data, else the declaration, from what is installed or
//! can be fetched.

use std::path::{Path, PathBuf};

use super::candidate::{self, Candidate, beneath};
use super::choice::{ServerPick, WantedServer, choose};
use super::version::ProgramVersion;
use super::{Finding, Missing, fetch, server_handle};
use crate::engine::process::ProcessEngine;
use crate::engine::{ImageHandle, ImageOutcome, Provenance, ServerChoice};
use crate::host;
use crate::kinds::POSTGRES;
use crate::tell::StepEvents;

/// Where packages put servers: a folder, how the names in it begin, and what lies below.
const PLACES: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin/postgres"),
    ("/usr", "pgsql-", "bin/postgres"),
    ("/usr/libexec", "postgresql", "postgres"),
    ("/usr/local", "pgsql", "bin/postgres"),
    ("/opt/homebrew/opt", "postgresql@", "bin/postgres"),
    ("/usr/local/opt", "postgresql@", "bin/postgres"),
    (
        "/home/linuxbrew/.linuxbrew/opt",
        "postgresql@",
        "bin/postgres",
    ),
    (
        "/Applications/Postgres.app/Contents/Versions",
        "",
        "bin/postgres",
    ),
];

/// Finds the server, or fetches one.
pub(super) async fn provide(
    process: &ProcessEngine,
    choice: &ServerChoice,
    step: &StepEvents,
) -> Result<ImageOutcome, Missing> {
    let look = Situation::at(process, choice).await;
    let (server, source, passed_over) = match &look.verdict {
        ServerPick::Take(server) => (server.clone(), Provenance::Found, Vec::new()),
        ServerPick::Fetch { major, otherwise } => match fetch::fetch(process, *major, step).await {
            Ok(server) => (server, Provenance::Pulled, Vec::new()),
            Err(missing) => {
                let reason = format!("fetch PostgreSQL {major}: {}", missing.reason);
                match otherwise {
                    Some(server) => (server.clone(), Provenance::Found, vec![reason]),
                    None => return Err(look.not_fetched(choice, missing)),
                }
            }
        },
        ServerPick::Nothing | ServerPick::Contradiction { .. } => return Err(look.missing(choice)),
    };
    Ok(ImageOutcome {
        handle: server_handle(&server.version, &server.program),
        source,
        since: None,
        passed_over,
        warning: None,
    })
}

/// Returns the server when none has to be fetched.
pub(super) async fn current(process: &ProcessEngine, choice: &ServerChoice) -> Option<ImageHandle> {
    match Situation::at(process, choice).await.verdict {
        ServerPick::Take(server) => Some(server_handle(&server.version, &server.program)),
        ServerPick::Fetch { .. } | ServerPick::Nothing | ServerPick::Contradiction { .. } => None,
    }
}

/// Looks for the server, and for what would fetch one.
pub(super) async fn survey(
    process: &ProcessEngine,
    choice: &ServerChoice,
) -> Result<Finding, Missing> {
    let look = Situation::at(process, choice).await;
    match &look.verdict {
        ServerPick::Take(server) => Ok(Finding::There(server_handle(
            &server.version,
            &server.program,
        ))),
        ServerPick::Fetch { major, otherwise } => match (fetch::installer(process), otherwise) {
            (Ok(installer), _) => Ok(Finding::Step(format!(
                "fetch PostgreSQL {major} with {installer}"
            ))),
            (Err(_), Some(server)) => Ok(Finding::There(server_handle(
                &server.version,
                &server.program,
            ))),
            (Err(missing), None) => Err(look.not_fetched(choice, missing)),
        },
        ServerPick::Nothing | ServerPick::Contradiction { .. } => Err(look.missing(choice)),
    }
}

/// What is here, what is wanted, and what follows from that.
struct Situation {
    candidates: Vec<Candidate>,
    wanted: WantedServer,
    verdict: ServerPick,
}

impl Situation {
    async fn at(process: &ProcessEngine, choice: &ServerChoice) -> Self {
        // A link in a folder of links has its tools and libraries where it leads to.
        let places = places(process, choice).into_iter();
        let candidates =
            candidate::known(&process.home.cache, places.flat_map(fs_err::canonicalize)).await;
        // Without its tools beside it, a server cannot make its first data.
        let candidates = candidates.into_iter().filter(|candidate| {
            let initdb = candidate.program.with_file_name("initdb");
            host::is_program(&initdb)
        });
        let candidates: Vec<Candidate> = candidates.collect();
        let wanted = WantedServer {
            declared: choice.version.as_deref().and_then(ProgramVersion::read),
            strict: choice.strict_version,
            data: version_of_data(process, choice),
        };
        let fetchable: &[u32] = match choice.bin_dir {
            Some(_) => &[],
            None => fetch::majors(),
        };
        let verdict = choose(&candidates, &wanted, fetchable);
        Self {
            candidates,
            wanted,
            verdict,
        }
    }

    /// Says what is missing where nothing can be fetched.
    fn missing(&self, choice: &ServerChoice) -> Missing {
        let declared = choice.version.as_deref().unwrap_or_default();
        if let ServerPick::Contradiction { data } = self.verdict {
            return Missing {
                reason: format!(
                    "PostgreSQL {declared} is declared with `strict_version`, and the volume \
                     `{}` holds data of {data}",
                    volume(choice)
                ),
                hint: Some(format!(
                    "declare `version = \"{data}\"`, or begin anew: `envctl down --volumes`"
                )),
                output: Vec::new(),
            };
        }
        let hint = match choice.bin_dir {
            Some(_) => {
                "correct `bin_dir`, or take it out: then a server is searched for".to_owned()
            }
            None => self.ways_out(),
        };
        Missing {
            reason: format!("{}; {}", self.need(choice), self.here(choice)),
            hint: Some(hint),
            output: Vec::new(),
        }
    }

    /// Says what is missing where fetching it failed.
    fn not_fetched(&self, choice: &ServerChoice, failed: Missing) -> Missing {
        Missing {
            reason: format!(
                "{}; {}; {}",
                self.need(choice),
                self.here(choice),
                failed.reason
            ),
            hint: Some(self.ways_out()),
            output: failed.output,
        }
    }

    fn need(&self, choice: &ServerChoice) -> String {
        match (self.wanted.data, &choice.version) {
            (Some(data), _) => format!(
                "the volume `{}` holds data of PostgreSQL {data}, which no other version reads",
                volume(choice)
            ),
            (None, Some(version)) if choice.strict_version => {
                format!("PostgreSQL {version} is declared with `strict_version`")
            }
            (None, _) => "a PostgreSQL server is needed".to_owned(),
        }
    }

    fn here(&self, choice: &ServerChoice) -> String {
        let place = match &choice.bin_dir {
            Some(folder) => format!("in `bin_dir`, {},", folder.display()),
            None => "on this machine".to_owned(),
        };
        let versions = self.candidates.iter().map(|it| it.version.to_string());
        match versions.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => format!("{place} is none"),
            versions => format!("{place} is {versions}"),
        }
    }

    fn ways_out(&self) -> String {
        let declared = self.wanted.declared.as_ref().map(ProgramVersion::major);
        let needed = self.wanted.data.or(declared.filter(|_| self.wanted.strict));
        let line = match needed {
            Some(major) => host::install_postgres(major),
            None => host::install_line(POSTGRES.programs[0]),
        };
        let install = match line {
            // Distributions have one or two versions each.
            Some(line) if needed.is_some() => format!(
                "`{line}` installs one, from https://www.postgresql.org/download/ where the \
                 distribution has none"
            ),
            Some(line) => format!("`{line}` installs one"),
            None => "install one, or name its folder: `bin_dir`".to_owned(),
        };
        match self.wanted.data {
            Some(_) => format!("{install}; `envctl down --volumes` begins anew without the data"),
            None => install,
        }
    }
}

fn volume(choice: &ServerChoice) -> &str {
    choice.volume.as_deref().unwrap_or_default()
}

pub(super) fn places(process: &ProcessEngine, choice: &ServerChoice) -> Vec<PathBuf> {
    if let Some(folder) = &choice.bin_dir {
        return vec![folder.join("postgres")];
    }
    let packaged = PLACES
        .iter()
        .flat_map(|(parent, prefix, below)| beneath(Path::new(parent), prefix, below));
    let search = process.variables.get("PATH").into_iter();
    let search = search.flat_map(std::env::split_paths);
    let searched = search.map(|folder| folder.join("postgres"));
    let fetched = fetch::programs(process).into_iter();
    packaged.chain(searched).chain(fetched).collect()
}

/// Returns the major version of the data in the volume; `None` while there is none.
fn version_of_data(process: &ProcessEngine, choice: &ServerChoice) -> Option<u32> {
    let volume = process
        .home
        .volume(&process.identity.id, choice.volume.as_ref()?);
    let text = fs_err::read_to_string(volume.join("pgdata/PG_VERSION")).ok()?;
    ProgramVersion::read(&text).map(|version| version.major())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look at a machine with 15.18.
    fn look(declared: Option<&str>, data: Option<u32>) -> (Situation, ServerChoice) {
        let choice = ServerChoice {
            version: declared.map(str::to_owned),
            strict_version: declared.is_some(),
            bin_dir: None,
            volume: Some("db-data".to_owned()),
        };
        let wanted = WantedServer {
            declared: declared.and_then(ProgramVersion::read),
            strict: declared.is_some(),
            data,
        };
        let candidates = vec![Candidate {
            program: "/usr/lib/postgresql/15/bin/postgres".into(),
            version: ProgramVersion::read("15.18").unwrap(),
            fetched: false,
        }];
        let verdict = choose(&candidates, &wanted, &[]);
        let look = Situation {
            candidates,
            wanted,
            verdict,
        };
        (look, choice)
    }

    #[test]
    fn what_is_missing_is_named() {
        let reason = |declared, data| {
            let (look, choice) = look(declared, data);
            look.missing(&choice).reason
        };
        assert_eq!(
            reason(Some("13.5"), None),
            "PostgreSQL 13.5 is declared with `strict_version`; on this machine is 15.18"
        );
        assert_eq!(
            reason(None, Some(14)),
            "the volume `db-data` holds data of PostgreSQL 14, which no other version reads; on \
             this machine is 15.18"
        );
        assert_eq!(
            reason(Some("13.5"), Some(15)),
            "PostgreSQL 13.5 is declared with `strict_version`, and the volume `db-data` holds \
             data of 15"
        );
    }
}
