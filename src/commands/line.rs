//! Command lines that a user can copy: they name the instance that this command worked on.

use crate::model::{InstanceId, Invocation};

/// Returns a command on the same instance: `envctl down rates -i two`.
pub(super) fn on(id: &InstanceId, verb: &str) -> String {
    format!("envctl {verb} {}", id.arguments())
}

/// Returns a command that takes its environment by `-e`: `envctl psql -e rates -i two`.
pub(super) fn inside(id: &InstanceId, verb: &str) -> String {
    let arguments = match verb {
        // Whose `-i` is another one.
        "exec" | "run" => id.arguments().replace(" -i ", " --instance "),
        _ => id.arguments(),
    };
    format!("envctl {verb} -e {arguments}")
}

/// Returns a command on the same instance with the same profiles and values.
pub(super) fn again(invocation: &Invocation, verb: &str) -> String {
    let mut line = on(&invocation.id, verb);
    for profile in &invocation.profiles {
        line = line + " -p " + profile;
    }
    for set in &invocation.sets {
        line = line + " --set " + &quoted(set);
    }
    line
}

/// Returns a line that asks a path below a URL.
pub(super) fn curl(url: &str, path: &str) -> String {
    format!("curl {}", quoted(&format!("{url}{path}")))
}

/// Returns a word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::{EngineChoice, Variables};

    fn check(instance: &str, sets: &[&str], expect: &str) {
        let workspace = Path::new("/w").to_owned();
        let invocation = Invocation {
            reach: crate::model::Reach::Look,
            id: InstanceId::new("rates", instance, &workspace),
            workspace,
            engine: EngineChoice::Auto,
            profiles: vec!["small".to_owned()],
            sets: sets.iter().map(|set| (*set).to_owned()).collect(),
            timeout: None,
            yes: false,
            variables: Variables::new(),
        };
        assert_eq!(again(&invocation, "up"), expect);
    }

    #[test]
    fn lines_can_be_copied() {
        check("default", &[], "envctl up rates -p small");
        let set = "services.api.environment.WORD=it's here";
        let expect =
            r"envctl up rates -i two -p small --set 'services.api.environment.WORD=it'\''s here'";
        check("two", &[set], expect);
    }
}
