//! `list`.

use expect_test::expect;

use crate::harness::{API, Workspace};

#[test]
fn environments_are_listed_with_what_they_are_even_broken_ones() {
    let workspace = Workspace::rates("description = 'Shipping rates'\n")
        .file("envs/broken/env.toml", "= what\n")
        .file("envs/orders/env.toml", API)
        .file("envs/profiles/ci.toml", "");
    workspace.check(
        "envctl list",
        &expect![[r#"
            --- stdout
            NAME    DESCRIPTION
            broken
            orders
            rates   Shipping rates
            --- exit 0
        "#]],
    );
    workspace.check("envctl list --output json", &expect![[r#"
        --- stdout
        {"v":1,"answer":"environments","environments":[{"name":"broken","description":null},{"name":"orders","description":null},{"name":"rates","description":"Shipping rates"}]}
        --- exit 0
    "#]]);
}

#[test]
fn a_workspace_without_environments_lists_none() {
    let workspace = Workspace::new().folder("envs");
    workspace.check(
        "envctl list",
        &expect![[r#"
            --- stdout
            the workspace has no environment: one would be `envs/NAME/env.toml`
            --- exit 0
        "#]],
    );
}
