//! What each engine says to an environment.

use super::super::plural::plural;
use super::Page;
use crate::tell::{DoctorAnswer, EngineReport};

pub(super) fn doctor(answer: &DoctorAnswer, page: Page) -> String {
    let mut text = String::new();
    for engine in &answer.engines {
        text.push_str(&of_engine(engine, page));
        text.push('\n');
    }
    let verdict = match &answer.takes {
        Some(engine) => format!("`up` takes {engine}: {}\n", answer.why),
        None => format!("`up` takes no engine: {}\n", answer.why),
    };
    text + &verdict + &unused(answer)
}

/// Says what piles up.
fn unused(answer: &DoctorAnswer) -> String {
    let Some(count @ 1..) = answer.unused_images else {
        return String::new();
    };
    let verb = if count == 1 { "is" } else { "are" };
    let images = plural(count, "image");
    format!(
        "{images} of envctl {verb} used by nothing; `envctl images prune` removes what piles up\n"
    )
}

fn of_engine(engine: &EngineReport, page: Page) -> String {
    let word = if engine.usable { "yes" } else { "no" };
    let heading = format!("{:<8} {word:<3}", engine.engine);
    let mut text = format!("{}  {}\n", page.paint.bold(&heading), engine.text);
    let width = engine.parts.iter().map(|part| part.name.len()).max();
    let width = width.unwrap_or_default();
    for part in &engine.parts {
        let word = if part.usable { "ok" } else { "no" };
        let line = format!("  {word}  {:<width$}  {}\n", part.name, part.text);
        text.push_str(&line);
        if let Some(hint) = &part.hint {
            let line = format!("      {:<width$}  hint: {hint}\n", "");
            text.push_str(&line);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tell::PartReport;

    #[test]
    fn both_engines_and_the_verdict() {
        let part = |name: &str, usable, text: &str, hint: Option<&str>| PartReport {
            name: name.to_owned(),
            usable,
            text: text.to_owned(),
            hint: hint.map(ToOwned::to_owned),
        };
        let answer = DoctorAnswer {
            environment: Some("rates".to_owned()),
            engines: vec![
                EngineReport {
                    engine: "docker".to_owned(),
                    usable: false,
                    text: "unix:///var/run/docker.sock".to_owned(),
                    parts: vec![
                        part("debian", true, "there: debian:bookworm-slim", None),
                        part(
                            "db",
                            false,
                            "pull postgres:13.5: not found",
                            Some("add `build`"),
                        ),
                    ],
                },
                EngineReport {
                    engine: "process".to_owned(),
                    usable: true,
                    text: "processes below /var/lib/envctl".to_owned(),
                    parts: vec![part("db", true, "PostgreSQL 15.18", None)],
                },
            ],
            takes: Some("process".to_owned()),
            why: "Docker has no way to image db".to_owned(),
            unused_images: Some(3),
        };
        expect![[r"
            docker   no   unix:///var/run/docker.sock
              ok  debian  there: debian:bookworm-slim
              no  db      pull postgres:13.5: not found
                          hint: add `build`

            process  yes  processes below /var/lib/envctl
              ok  db  PostgreSQL 15.18

            `up` takes process: Docker has no way to image db
            3 images of envctl are used by nothing; `envctl images prune` removes what piles up
        "]]
        .assert_eq(&doctor(&answer, Page::of_width("doctor", 80)));
    }
}
