//! The environments of a workspace.

use super::super::cut::plain_line;
use super::super::table::TextTable;
use super::Page;
use crate::tell::EnvironmentsAnswer;

pub(super) fn environments(answer: &EnvironmentsAnswer, page: Page) -> String {
    if answer.environments.is_empty() {
        return "the workspace has no environment: one would be `envs/NAME/env.toml`\n".to_owned();
    }
    let mut table = TextTable::new(&["NAME", "DESCRIPTION"]);
    for environment in &answer.environments {
        let description = environment.description.clone();
        table.row(vec![
            environment.name.clone(),
            plain_line(&description.unwrap_or_default()),
        ]);
    }
    table.draw(page.width, page.paint)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::tell::EnvironmentAnswer;

    fn check(names: &[(&str, Option<&str>)], columns: usize, expected: &Expect) {
        let environments = names.iter().map(|(name, description)| EnvironmentAnswer {
            name: (*name).to_owned(),
            description: description.map(str::to_owned),
        });
        let answer = EnvironmentsAnswer {
            environments: environments.collect(),
        };
        expected.assert_eq(&super::environments(
            &answer,
            Page::of_width("list", columns),
        ));
    }

    #[test]
    fn wide_and_narrow() {
        let names = [
            ("orders", None),
            ("rates", Some("Shipping rates between ports")),
        ];
        check(
            &names,
            100,
            &expect![[r"
            NAME    DESCRIPTION
            orders
            rates   Shipping rates between ports
        "]],
        );
        check(
            &names,
            30,
            &expect![[r"
            orders
            rates
              description  Shipping rates between ports
        "]],
        );
        check(
            &names[..1],
            100,
            &expect![[r"
            NAME
            orders
        "]],
        );
        check(
            &[],
            100,
            &expect![[r"
            the workspace has no environment: one would be `envs/NAME/env.toml`
        "]],
        );
    }
}
