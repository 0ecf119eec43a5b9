//! What runs.

use super::super::table::TextTable;
use super::Page;
use crate::tell::StatusAnswer;

pub(super) fn status(answer: &StatusAnswer, page: Page) -> String {
    let name = format!("{} (instance {})", answer.environment, answer.instance);
    let mut text = if answer.services.is_empty() {
        format!("{name}: nothing runs\n")
    } else {
        format!("{name} on {}\n\n", answer.engine)
    };
    let mut table = TextTable::new(&["NAME", "ROLE", "STATE", "PORTS", "IMAGE", "NOTES"]);
    for service in &answer.services {
        table.row(vec![
            service.service.clone(),
            service.role.clone(),
            service.state.clone(),
            service.ports.join(", "),
            service.image.clone(),
            service.notes.join(", "),
        ]);
    }
    text.push_str(&table.draw(page.width, page.paint));
    if !answer.volumes.is_empty() {
        let volumes = answer.volumes.join(", ");
        let label = if answer.volumes.len() == 1 {
            "volume"
        } else {
            "volumes"
        };
        text = format!("{text}\n{label}: {volumes}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tell::ServiceStatus;

    fn answer() -> StatusAnswer {
        let service = |service: &str, role: &str, state: &str, ports: &[&str], notes: &[&str]| {
            ServiceStatus {
                service: service.to_owned(),
                role: role.to_owned(),
                state: state.to_owned(),
                image: format!("envctl/{service}:1a2b3c4d5e6f"),
                ports: ports.iter().map(|port| (*port).to_owned()).collect(),
                notes: notes.iter().map(|note| (*note).to_owned()).collect(),
            }
        };
        StatusAnswer {
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            engine: "docker".to_owned(),
            services: vec![
                service(
                    "db",
                    "service",
                    "running",
                    &["127.0.0.1:31822 -> 5432"],
                    &["seeded"],
                ),
                service("api", "service", "exited (1)", &[], &[]),
                service(
                    "import",
                    "task",
                    "exited (0)",
                    &[],
                    &["differs from env.toml"],
                ),
            ],
            volumes: vec!["rates-default-1a2b3c4d-db".to_owned()],
        }
    }

    #[test]
    fn status_on_a_wide_terminal() {
        expect![[r"
            rates (instance default) on docker

            NAME    ROLE     STATE       PORTS                    IMAGE                       NOTES
            db      service  running     127.0.0.1:31822 -> 5432  envctl/db:1a2b3c4d5e6f      seeded
            api     service  exited (1)                           envctl/api:1a2b3c4d5e6f
            import  task     exited (0)                           envctl/import:1a2b3c4d5e6f  differs from env.toml

            volume: rates-default-1a2b3c4d-db
        "]].assert_eq(&status(&answer(), Page::of_width("status", 130)));
    }

    #[test]
    fn status_on_a_narrow_terminal() {
        expect![[r"
            rates (instance default) on docker

            db
              role   service
              state  running
              ports  127.0.0.1:31822 -> 5432
              image  envctl/db:1a2b3c4d5e6f
              notes  seeded
            api
              role   service
              state  exited (1)
              image  envctl/api:1a2b3c4d5e6f
            import
              role   task
              state  exited (0)
              image  envctl/import:1a2b3c4d5e6f
              notes  differs from env.toml

            volume: rates-default-1a2b3c4d-db
        "]]
        .assert_eq(&status(&answer(), Page::of_width("status", 40)));
    }

    #[test]
    fn nothing_runs() {
        let answer = StatusAnswer {
            services: Vec::new(),
            ..answer()
        };
        expect![[r"
            rates (instance default): nothing runs

            volume: rates-default-1a2b3c4d-db
        "]]
        .assert_eq(&status(&answer, Page::of_width("status", 40)));
    }
}
