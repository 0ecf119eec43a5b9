//! Secrets whose commands a command that only looks does not run, as far as what runs was given
//! them: so that they are hidden in what it prints.

use super::session::Session;
use crate::engine::Engine;
use crate::model::{Environment, Kind, Part, Secret, Template};

/// Has the values hidden that the running services were given for secrets which were not read.
pub(super) async fn mask(session: &Session, engine: &dyn Engine, environment: &Environment) {
    let mut texts = Vec::new();
    for (name, service) in &environment.services {
        let processes = service.process.iter();
        let processes = processes.flat_map(|process| &process.environment);
        let mut variables: Vec<(&str, Template)> = service
            .environment
            .iter()
            .chain(processes)
            .map(|(name, template)| (name.as_str(), template.clone()))
            .collect();
        variables.retain(|(_, template)| template.is_unread());
        let of_kind = match &service.kind {
            Kind::Postgres(postgres) => postgres.password.is_unread(),
            Kind::Redis(_) | Kind::Container => false,
        };
        if variables.is_empty() && !of_kind {
            continue;
        }
        // What is not there was given nothing.
        let given = engine.given(name).await.unwrap_or_default();
        texts.extend(variables.iter().filter_map(|(variable, template)| {
            let mut given = given.variables.iter();
            let (_, value) = given.find(|(name, _)| name == variable)?;
            within(template, value)
        }));
        let password = given
            .password
            .filter(|it| of_kind && !it.expose().is_empty());
        texts.extend(password.map(|it| it.expose().to_owned()));
    }
    (session.lent.mask)(texts);
}

/// Returns what stands in a value where the only secret of its template is.
fn within(template: &Template, value: &Secret) -> Option<String> {
    let mut texts = [String::new(), String::new()];
    let mut secrets = 0;
    for part in &template.parts {
        match part {
            Part::Text(text) => texts[usize::from(secrets > 0)].push_str(text),
            Part::Secret(_) => secrets += 1,
            Part::Reference(_) => return None,
        }
    }
    let [before, after] = &texts;
    let value = value.expose().strip_prefix(before.as_str())?;
    let value = value.strip_suffix(after.as_str())?;
    (secrets == 1 && !value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_between_what_stands_around_it() {
        let text = |text: &str| Part::Text(text.to_owned());
        let secret = || Part::Secret(Secret::unread());
        let check = |parts: Vec<Part>, value: &str, expect: Option<&str>| {
            let found = within(&Template { parts }, &Secret::new(value));
            assert_eq!(found.as_deref(), expect, "{value}");
        };
        check(vec![secret()], "hunter2", Some("hunter2"));
        check(
            vec![text("Bearer "), secret(), text("!")],
            "Bearer hunter2!",
            Some("hunter2"),
        );
        check(vec![text("Bearer "), secret()], "Basic hunter2", None);
        check(vec![secret(), text("-"), secret()], "a-b", None);
        check(vec![secret()], "", None);
    }
}
