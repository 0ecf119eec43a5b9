//! What `down` removed and kept, and the proof that nothing is left.

use super::super::plural::{list, plural};
use crate::tell::DownAnswer;

pub(super) fn down(answer: &DownAnswer) -> String {
    let name = format!("{} (instance {})", answer.environment, answer.instance);
    let unit = match answer.engine.as_str() {
        "process" => "service",
        _ => "container",
    };
    let removed: Vec<String> = [
        (answer.containers, unit),
        (answer.networks, "network"),
        (answer.volumes, "volume"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, noun)| plural(count, noun))
    .collect();
    let left = answer.left;
    let mut text = if removed.is_empty() {
        format!("{name}: nothing to remove; {left} left\n")
    } else {
        format!("{name} is down: removed {}; {left} left\n", list(&removed))
    };
    if answer.kept_volumes > 0 {
        let kept = plural(answer.kept_volumes, "volume");
        text.push_str(&format_kept(&kept, answer));
    }
    text
}

fn format_kept(kept: &str, answer: &DownAnswer) -> String {
    let instance = match answer.instance.as_str() {
        "default" => String::new(),
        other => format!(" --instance {other}"),
    };
    let environment = &answer.environment;
    format!(
        "kept {kept} with data; `envctl down {environment}{instance} --volumes` removes that too\n"
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn counts_and_what_is_left_are_said() {
        let answer = DownAnswer {
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            containers: 2,
            networks: 1,
            volumes: 1,
            ..DownAnswer::default()
        };
        let kept = DownAnswer {
            instance: "two".to_owned(),
            volumes: 0,
            kept_volumes: 1,
            ..answer.clone()
        };
        let nothing = DownAnswer {
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            ..DownAnswer::default()
        };
        let texts = [answer, kept, nothing].map(|answer| down(&answer));
        expect![[r"
            rates (instance default) is down: removed 2 containers, 1 network and 1 volume; 0 left
            --
            rates (instance two) is down: removed 2 containers and 1 network; 0 left
            kept 1 volume with data; `envctl down rates --instance two --volumes` removes that too
            --
            rates (instance default): nothing to remove; 0 left
        "]]
        .assert_eq(&texts.join("--\n"));
    }
}
