//! Which workspace, environment, instance and profile are meant.

use expect_test::expect;

use crate::harness::{API, Workspace};

fn two() -> Workspace {
    Workspace::rates(API).file("envs/orders/env.toml", API)
}

#[test]
fn no_workspace() {
    let workspace = Workspace::new();
    workspace.check(
        "envctl list",
        &expect![[r#"
            --- stderr
            error: there is no workspace: neither `[workspace]` nor a folder above it holds `envs/`
            hint: go into a repository with an `envs/` folder, or name it with `--directory`
            --- exit 3
        "#]],
    );
    workspace.check(
        "envctl up",
        &expect![[r#"
            --- stderr
            error: there is no workspace: neither `[workspace]` nor a folder above it holds `envs/`
            hint: go into a repository with an `envs/` folder, or name it with `--directory`
            --- exit 3
        "#]],
    );
    workspace.check(
        "envctl up -C nowhere",
        &expect![[r#"
        --- stderr
        error: there is no folder `nowhere`
        --- exit 3
    "#]],
    );
    let empty = workspace.folder("envs");
    empty.check(
        "envctl up",
        &expect![[r#"
            --- stderr
            error: the workspace has no environment
            hint: an environment is a folder with an env.toml: `envs/NAME/env.toml`
            --- exit 3
        "#]],
    );
}

#[test]
fn the_environment_is_named_by_a_flag_a_variable_a_default_or_by_being_alone() {
    let mut workspace = two();
    workspace.check(
        "envctl config validate",
        &expect![[r#"
            --- stderr
            error: which environment?
            hint: name one, or set `default_env` in envs/envctl.toml: `orders`, `rates`
            --- exit 3
        "#]],
    );
    workspace = workspace.file("envs/envctl.toml", "default_env = 'orders'\n");
    assert_eq!(
        workspace.stdout("envctl config validate"),
        "orders is valid\n"
    );
    workspace = workspace.variable("ENVCTL_ENV", "rates");
    assert_eq!(
        workspace.stdout("envctl config validate"),
        "rates is valid\n"
    );
    for named in [
        "envctl config validate orders",
        "envctl config validate -e orders",
        "envctl config validate --env orders",
    ] {
        assert_eq!(workspace.stdout(named), "orders is valid\n", "{named}");
    }
    let shown = workspace.stdout("envctl config show orders");
    assert_eq!(workspace.stdout("envctl config show -e orders"), shown);
    workspace.check(
        "envctl config show orders -e rates",
        &expect![[r#"
            --- stderr
            error: the argument '[ENV]' cannot be used with '--env <ENV>'

            Usage: envctl config show <ENV>

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
}

#[test]
fn an_unknown_environment() {
    let workspace = two().variable("ENVCTL_ENV", "nightly");
    workspace.check(
        "envctl up rate",
        &expect![[r#"
            --- stderr
            error: there is no environment `rate`: no file `envs/rate/env.toml`
            hint: did you mean `rates`?
            --- exit 3
        "#]],
    );
    workspace.check("envctl up Rates", &expect![[r#"
        --- stderr
        error: the environment `Rates` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
        hint: did you mean `rates`?
        --- exit 3
    "#]]);
    workspace.check("envctl config validate", &expect![[r#"
        --- stderr
        error: there is no environment `nightly`, which `ENVCTL_ENV` names: no file `envs/nightly/env.toml`
        hint: known: `orders`, `rates`
        --- exit 3
    "#]]);
    let workspace = two().file("envs/envctl.toml", "default_env = 'rate'\n");
    workspace.check(
        "envctl config validate",
        &expect![[r#"
            --- stderr
            error: there is no environment `rate`: no file `envs/rate/env.toml`
             --> envs/envctl.toml:1:15
              |
            1 | default_env = 'rate'
              |               ^^^^^^
            hint: did you mean `rates`?
            --- exit 3
        "#]],
    );
    workspace.check("envctl up rates -i Two", &expect![[r#"
        --- stderr
        error: the instance `Two` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
        --- exit 3
    "#]]);
}

#[test]
fn profiles() {
    let workspace = Workspace::rates(API)
        .file("envs/profiles/small.toml", "[vars]\nsize = 1\n")
        .file("envs/rates/profiles/ci.toml", "extends = ['small']\n")
        .variable("ENVCTL_PROFILE", "ci");
    workspace.check(
        "envctl config explain vars.size",
        &expect![[r#"
            --- stdout
            vars.size = 1
              from envs/profiles/small.toml:2
            --- exit 0
        "#]],
    );
    workspace.check(
        "envctl config validate -p smal",
        &expect![[r#"
            --- stderr
            error: there is no profile `smal`
            hint: did you mean `small`?
            --- exit 3
        "#]],
    );
    workspace.check(
        "envctl config validate -p staging",
        &expect![[r#"
            --- stderr
            error: there is no profile `staging`
            hint: known: `ci`, `small`
            --- exit 3
        "#]],
    );
    let none = Workspace::rates(API);
    none.check("envctl config validate -p ci", &expect![[r#"
        --- stderr
        error: there is no profile `ci`
        hint: there are no profiles; one would be `envs/profiles/ci.toml` or `envs/rates/profiles/ci.toml`
        --- exit 3
    "#]]);
}

#[test]
fn a_profile_that_extends_itself() {
    let workspace = Workspace::rates(API)
        .file("envs/profiles/a.toml", "extends = ['b']\n")
        .file("envs/rates/profiles/b.toml", "# again\nextends = ['a']\n");
    workspace.check(
        "envctl config validate -p a",
        &expect![[r#"
            --- stderr
            error: the profile `a` extends itself: a -> b -> a
             --> envs/rates/profiles/b.toml:2:12
              |
            2 | extends = ['a']
              |            ^^^
            --- exit 3
        "#]],
    );
}
