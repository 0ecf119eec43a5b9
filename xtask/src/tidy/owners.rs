//! Folders of data and of environments that nothing refers to: what nobody uses rots.

use std::collections::BTreeSet;

use super::{Source, Violation};

/// A folder whose subfolders need an owner each, and where their owners are looked for.
struct Owned {
    folder: &'static str,
    /// Subfolders that are not owned themselves.
    except: &'static [&'static str],
    /// Where a file must name the subfolder.
    owners: &'static [&'static str],
    /// What comes before the subfolder's name there.
    prefix: &'static str,
}

const OWNED: [Owned; 4] = [
    Owned {
        folder: "fixtures/images",
        except: &[],
        owners: &["envs/", "tests/"],
        prefix: "images/",
    },
    Owned {
        folder: "fixtures/services",
        except: &[],
        owners: &["Cargo.toml"],
        prefix: "services/",
    },
    Owned {
        folder: "fixtures",
        except: &["images", "services"],
        owners: &["envs/", "tests/"],
        prefix: "fixtures/",
    },
    Owned {
        folder: "envs",
        except: &["profiles"],
        owners: &["envs/envctl.toml", "tests/", "docs/", "README.md"],
        prefix: "",
    },
];

/// Returns every subfolder that no file refers to.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    OWNED
        .iter()
        .flat_map(|owned| orphans(owned, sources))
        .collect()
}

fn orphans(owned: &Owned, sources: &[Source]) -> Vec<Violation> {
    let subfolders: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| source.path.strip_prefix(owned.folder)?.strip_prefix('/'))
        .filter_map(|inner| inner.split_once('/').map(|(subfolder, _)| subfolder))
        .filter(|subfolder| !owned.except.contains(subfolder))
        .collect();
    let is_owner = |source: &&Source| {
        owned
            .owners
            .iter()
            .any(|owner| source.path.starts_with(owner))
    };
    let is_named = |subfolder: &str| {
        let name = format!("{}{subfolder}", owned.prefix);
        sources
            .iter()
            .filter(is_owner)
            .any(|source| names(&source.text, &name))
    };
    let violation = |subfolder: &str| Violation {
        path: format!("{}/{subfolder}", owned.folder),
        line: 1,
        message: format!(
            "nothing in {} refers to this folder",
            owned.owners.join(" or ")
        ),
    };
    subfolders
        .into_iter()
        .filter(|subfolder| !is_named(subfolder))
        .map(violation)
        .collect()
}

/// Says whether the text holds the name, and not only a longer one.
fn names(text: &str, name: &str) -> bool {
    let is_word = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '-';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::found;

    #[test]
    fn folders_that_are_used_pass() {
        let files = [
            ("Cargo.toml", "members = [\"fixtures/services/rates\"]"),
            ("envs/envctl.toml", "default_env = \"rates\""),
            ("envs/profiles/ci.toml", ""),
            (
                "envs/rates/env.toml",
                "../../fixtures/images/postgres ../../fixtures/rates/a.sql",
            ),
            ("fixtures/images/postgres/Dockerfile", ""),
            ("fixtures/rates/a.sql", ""),
            ("fixtures/services/rates/Cargo.toml", ""),
        ];
        assert_eq!(found(check, &files), [""; 0]);
    }

    #[test]
    fn folders_without_an_owner_are_named() {
        let files = [
            ("envs/rates/env.toml", "../../fixtures/images/redis-old"),
            ("fixtures/images/redis/Dockerfile", ""),
        ];
        assert_eq!(
            found(check, &files),
            [
                "fixtures/images/redis:1: nothing in envs/ or tests/ refers to this folder",
                "envs/rates:1: nothing in envs/envctl.toml or tests/ or docs/ or README.md refers to this folder",
            ]
        );
    }
}
