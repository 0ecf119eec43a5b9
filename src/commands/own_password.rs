//! The passwords of databases for which none is declared: each instance has its own. The running
//! server knows it; a file that only its owner reads keeps it while there is none.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::engine::Engine;
use crate::host::{Home, whole};
use crate::model::{Environment, InstanceId, Kind, Secret, Variables};

/// Fills in the passwords that are known; `make` makes those that are not. Returns the ones that
/// were filled in.
pub(super) async fn fill(
    environment: &mut Environment,
    (engine, variables, id): (&dyn Engine, &Variables, &InstanceId),
    make: bool,
) -> Result<Vec<Secret>, Failure> {
    let mut filled = Vec::new();
    for (name, service) in &mut environment.services {
        let Kind::Postgres(postgres) = &mut service.kind else {
            continue;
        };
        if !postgres.own_password {
            continue;
        }
        let file = folder(variables, id)?.join(name);
        // Whatever cannot be read is as good as not there: the stored role gets a new one.
        let given = engine.given(name).await.unwrap_or_default();
        // One of an earlier declaration counts until `up` makes the server anew.
        let counts = |password: &Secret| !make || is_made(password);
        let known = given.password.filter(counts);
        let kept = || fs_err::read_to_string(&file).ok();
        let kept = || kept().map(Secret::new).filter(is_made);
        let password = match known.or_else(kept) {
            Some(password) => password,
            None if make => {
                let password = Secret::random().map_err(|error| Failure::of_io(&error))?;
                keep(&file, password.expose()).map_err(|error| Failure::of_io(&error))?;
                password
            }
            None => continue,
        };
        postgres.password = password.clone();
        filled.push(password);
    }
    Ok(filled)
}

/// Forgets the passwords of an instance of which nothing is left.
pub(super) fn forget(variables: &Variables, id: &InstanceId) {
    if let Ok(folder) = folder(variables, id) {
        // One that stays does no harm.
        let _ = fs_err::remove_dir_all(folder);
    }
}

fn folder(variables: &Variables, id: &InstanceId) -> Result<PathBuf, Failure> {
    let home = Home::of(variables)?;
    Ok(home.state.join("passwords").join(id.to_string()))
}

/// Whether a password was made by us, and not by an earlier declaration.
fn is_made(password: &Secret) -> bool {
    let text = password.expose();
    text.len() == 48 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes a file that its owner alone reads, in a folder that nobody else enters.
pub(super) fn keep(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs_err::create_dir_all(folder)?;
        fs_err::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    whole::write_own_for_good(file, text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_password_is_readable_by_its_owner_alone() {
        let state = tempfile::tempdir().unwrap();
        let file = state.path().join("passwords/rates-default-1a2b3c4d/db");
        let password = Secret::random().unwrap();
        assert!(is_made(&password));
        assert!(!is_made(&Secret::new("postgres")));
        keep(&file, password.expose()).unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), password.expose());
        assert_eq!(fs_err::metadata(&file).unwrap().mode() & 0o777, 0o600);
        let folder = file.parent().unwrap();
        assert_eq!(fs_err::metadata(folder).unwrap().mode() & 0o777, 0o700);
        assert_ne!(Secret::random().unwrap(), password);
    }
}
