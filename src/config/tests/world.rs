//! With real files: finding the workspace and its environments, unreadable files, and what was
//! declared but is not there.

use std::path::Path;

use expect_test::{Expect, expect};
use tempfile::TempDir;

use super::API;
use crate::config::{Mistakes, Request, environments, invocation, load};
use crate::model::Reach;

/// A workspace on disk.
struct World {
    folder: TempDir,
    request: Request,
}

fn world(files: &[(&str, &str)]) -> World {
    let folder = TempDir::new().expect("a temporary folder");
    let world = World {
        request: Request {
            directory: folder.path().to_owned(),
            reach: Reach::Act,
            ..Request::default()
        },
        folder,
    };
    files.iter().fold(world, |world, (path, text)| {
        world.file(path, text.as_bytes())
    })
}

impl World {
    fn file(self, path: &str, content: &[u8]) -> Self {
        let path = self.folder.path().join(path);
        fs_err::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        fs_err::write(path, content).expect("a file");
        self
    }

    fn folder(self, path: &str) -> Self {
        fs_err::create_dir_all(self.folder.path().join(path)).expect("a folder");
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.request
            .variables
            .insert(name.to_owned(), value.to_owned());
        self
    }

    /// Loads, and prints what is wrong without the folder's name.
    fn mistakes(&self) -> String {
        let loaded = invocation(&self.request).and_then(|invocation| load(&invocation));
        loaded.map_or_else(
            |mistakes| self.plain(&mistakes),
            |_| "no mistakes".to_owned(),
        )
    }

    fn plain(&self, mistakes: &Mistakes) -> String {
        let root = fs_err::canonicalize(self.folder.path()).expect("it is there");
        mistakes
            .to_string()
            .replace(&root.display().to_string(), "/w")
    }

    /// Which environment is meant.
    fn named(&self, expected: &Expect) {
        let named = invocation(&self.request).map(|invocation| invocation.id.environment);
        let named = named.unwrap_or_else(|mistakes| self.plain(&mistakes));
        expected.assert_eq(&named);
    }
}

fn wrong(world: &World, expected: &Expect) {
    expected.assert_eq(&world.mistakes());
}

const RATES: (&str, &str) = ("envs/rates/env.toml", API);

#[test]
fn the_environment_is_given_or_default_or_the_only_one() {
    let mut two = world(&[
        RATES,
        ("envs/other/env.toml", ""),
        ("envs/profiles/x.toml", ""),
    ]);
    two.named(&expect![[r#"
        which environment?
          hint: name one, or set `default_env` in envs/envctl.toml: `other`, `rates`"#]]);
    two = two.file("envs/envctl.toml", b"default_env = 'other'");
    two.named(&expect!["other"]);
    two = two.variable("ENVCTL_ENV", "rates");
    two.named(&expect!["rates"]);
    two.request.environment = Some("third".to_owned());
    two.named(&expect!["third"]);
    wrong(
        &two,
        &expect![[r#"
        there is no environment `third`: no file `envs/third/env.toml`
          hint: known: `other`, `rates`"#]],
    );
    world(&[RATES]).named(&expect!["rates"]);
    world(&[]).folder("envs").named(&expect![[r#"
        the workspace has no environment
          hint: an environment is a folder with an env.toml: `envs/NAME/env.toml`"#]]);
}

#[test]
fn a_broken_shared_file_matters_only_when_it_is_asked() {
    let mut broken = world(&[RATES, ("envs/envctl.toml", "default_env = 3")]);
    broken.named(&expect![[r#"
        envs/envctl.toml:1:15: `default_env` must be a text, not an integer
          1 | default_env = 3
            |               ^"#]]);
    broken = broken.file("envs/envctl.toml", b"default_env = 'A/B'");
    broken.named(&expect![[r#"
        envs/envctl.toml:1:15: `A/B` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
          1 | default_env = 'A/B'
            |               ^^^^^"#]]);
    broken = broken.file("envs/envctl.toml", b"[x\n");
    broken.named(&expect![[r#"
        envs/envctl.toml:1:3: unclosed table, expected `]`
          1 | [x
            |   ^"#]]);
    broken = broken.file("envs/envctl.toml", b"default_env = 'rates'\n[x\n");
    broken.named(&expect!["rates"]);
    broken.request.environment = Some("rates".to_owned());
    broken.named(&expect!["rates"]);
}

#[test]
fn the_workspace_is_the_nearest_folder_with_envs() {
    let mut inner = world(&[RATES]).folder("a/b");
    inner.request.directory = inner.folder.path().join("a/b");
    let found = invocation(&inner.request).expect("it is found");
    let root = fs_err::canonicalize(inner.folder.path()).expect("it is there");
    assert_eq!(found.workspace, root);
    inner.request.directory = inner.folder.path().join("nothing");
    assert!(inner.mistakes().starts_with("there is no folder"));
    world(&[]).named(&expect![[r#"
        there is no workspace: neither `/w` nor a folder above it holds `envs/`
          hint: go into a repository with an `envs/` folder, or name it with `--directory`"#]]);
}

#[test]
fn names_are_checked_and_profiles_come_from_a_variable() {
    let mut rates = world(&[RATES]).variable("ENVCTL_PROFILE", " ci, ,small");
    let found = invocation(&rates.request).expect("it is right");
    assert_eq!(found.profiles, ["ci", "small"]);
    rates.request.profiles = vec!["own".to_owned()];
    let found = invocation(&rates.request).expect("it is right");
    assert_eq!(found.profiles, ["own"]);
    assert!(found.id.to_string().starts_with("rates-default-"));
    rates.request.environment = Some("Rates".to_owned());
    rates.request.instance = Some("-x".to_owned());
    rates.named(&expect![[r#"
        the environment `Rates` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
          hint: did you mean `rates`?
        the instance `-x` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit"#]]);
}

#[test]
fn unreadable_files_say_why() {
    let mut rates = world(&[RATES])
        .file("envs/envctl.toml", b"# one\nvars.x = '\xff'")
        .folder("envs/rates/local.toml");
    rates.request.environment = Some("rates".to_owned());
    wrong(
        &rates,
        &expect![[r#"
            cannot read `envs/rates/local.toml`: it is a folder, not a file
            envs/envctl.toml:2:11: the file is not UTF-8: byte 16
              2 | vars.x = '�'
                |           ^
              hint: save it as UTF-8"#]],
    );
    let large = "#".repeat(10 << 20);
    wrong(
        &world(&[("envs/rates/env.toml", &large)]),
        &expect![
            "cannot read `envs/rates/env.toml`: it is larger than 4 MiB, which no configuration is"
        ],
    );
    wrong(
        &world(&[]).folder("envs/rates/env.toml"),
        &expect!["cannot read `envs/rates/env.toml`: it is a folder, not a file"],
    );
    let env_file = world(&[(
        "envs/rates/env.toml",
        &format!("{API}env_file = ['a', 'b', 'c']"),
    )]);
    wrong(
        &env_file
            .file("envs/rates/a", b"A=1\nB=\xff")
            .folder("envs/rates/b"),
        &expect![[r#"
            envs/rates/env.toml:4:13: cannot read the env file `envs/rates/a`: it is not UTF-8 in line 2, byte 6
              4 | env_file = ['a', 'b', 'c']
                |             ^^^
            envs/rates/env.toml:4:18: cannot read the env file `envs/rates/b`: it is a folder, not a file
              4 | env_file = ['a', 'b', 'c']
                |                  ^^^
            envs/rates/env.toml:4:23: cannot read the env file `envs/rates/c`: there is no such file
              4 | env_file = ['a', 'b', 'c']
                |                       ^^^"#]],
    );
}

#[test]
fn declared_files_must_be_there() {
    let env = "\
[images.gone]
build = 'gone'
[images.empty]
build = 'empty'
[images.made]
build = { context = 'made', prepare = { command = 'x', inputs = ['src', 'nothing'], working_dir = 'nowhere' } }
[services.db]
kind = 'postgres'
migrations = 'dump.sql'
[seeds.a]
service = 'db'
file = 'none.sql'
[seeds.b]
service = 'db'
file = 'folder.sql'
";
    let rates = world(&[("envs/rates/env.toml", env), ("envs/rates/dump.sql", "")])
        .folder("envs/rates/empty")
        .folder("envs/rates/folder.sql");
    wrong(
        &rates,
        &expect![[r#"
            envs/rates/env.toml:2:9: there is no folder `envs/rates/gone`
              2 | build = 'gone'
                |         ^^^^^^
            envs/rates/env.toml:4:9: there is no file `envs/rates/empty/Dockerfile`
              4 | build = 'empty'
                |         ^^^^^^^
            envs/rates/env.toml:6:99: there is no folder `envs/rates/nowhere`
              6 | build = { context = 'made', prepare = { command = 'x', inputs = ['src', 'nothing'], working_dir = 'nowhere' } }
                |                                                                                                   ^^^^^^^^^
            envs/rates/env.toml:9:14: `envs/rates/dump.sql` is a file, not a folder
              9 | migrations = 'dump.sql'
                |              ^^^^^^^^^^
            envs/rates/env.toml:12:8: there is no file `envs/rates/none.sql`
              12 | file = 'none.sql'
                 |        ^^^^^^^^^^
            envs/rates/env.toml:15:8: `envs/rates/folder.sql` is a folder, not a file
              15 | file = 'folder.sql'
                 |        ^^^^^^^^^^^^"#]],
    );
}

#[test]
fn secrets_come_from_commands_within_their_time() {
    let env = |command: &str| {
        format!("{API}environment = {{ A = '${{secret:a}}' }}\n[secrets.a]\ncommand = {command}\n")
    };
    let run = |command: &str| {
        let world = world(&[("envs/rates/env.toml", &env(command))]);
        let path = std::env::vars_os().find(|(name, _)| name == "PATH");
        let path = path.map(|(_, value)| value.to_string_lossy().into_owned());
        world.variable("PATH", &path.unwrap_or_default())
    };
    let printed = run("['sh', '-c', 'pwd; exec >&-']");
    let loaded = load(&invocation(&printed.request).expect("it is right")).expect("it is right");
    let root = fs_err::canonicalize(printed.folder.path()).expect("it is there");
    assert_eq!(Path::new(loaded.environment.secrets[0].expose()), root);
    wrong(
        &run("'false'"),
        &expect![[r#"
        envs/rates/env.toml:6:11: the secret `a` is missing: `false` failed (exit status: 1)
          6 | command = 'false'
            |           ^^^^^^^"#]],
    );
    wrong(
        &run("'true'"),
        &expect![[r#"
        envs/rates/env.toml:6:11: the secret `a` is missing: it is empty
          6 | command = 'true'
            |           ^^^^^^"#]],
    );
    assert!(
        run("'no-such-program'")
            .mistakes()
            .contains("cannot run `no-such-program`")
    );
}

#[test]
fn environments_are_listed_even_when_they_are_broken() {
    let all = world(&[
        ("envs/b/env.toml", "description = 'the b'"),
        ("envs/a/env.toml", "[x"),
        ("envs/profiles/p.toml", ""),
    ]);
    let listed = environments(all.folder.path());
    let listed: Vec<_> = listed
        .iter()
        .map(|it| (it.name.as_str(), it.description.as_deref()))
        .collect();
    assert_eq!(listed, [("a", None), ("b", Some("the b"))]);
}
