//! Which checks are made: by name and by tag, with all that they depend on.

use std::collections::BTreeSet;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use indexmap::IndexMap;

use crate::model::Check;

/// What was asked for; nothing asks for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of checks, with `*` and `?`; one without a case stands for all of its cases.
    pub names: Vec<String>,
    /// Only checks with one of these tags.
    pub tags: Vec<String>,
    /// No check of these names, or with one of these tags.
    pub skip: Vec<String>,
}

/// The checks of a run, in the order of their declarations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    pub names: Vec<String>,
}

/// Why a selection is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unselected {
    #[error("no smoke check matches `{0}`")]
    Name(String),
    #[error("no smoke check has the tag `{0}`")]
    Tag(String),
    #[error("no smoke check has the name or the tag `{0}`")]
    Skip(String),
    #[error("no smoke check is left")]
    Nothing,
}

/// Returns the checks to make. What a wanted check depends on is wanted, too, unless it is to be
/// skipped; then who depends on it is reported as skipped when its turn comes.
pub fn select(
    checks: &IndexMap<String, Check>,
    selection: &Selection,
) -> Result<Selected, Unselected> {
    let wanted = names(checks, &selection.names)?;
    let skipped = skipped(checks, &selection.skip)?;
    for tag in &selection.tags {
        if !checks.values().any(|check| check.flow.tags.contains(tag)) {
            return Err(Unselected::Tag(tag.clone()));
        }
    }
    let tagged = |check: &Check| {
        let mut tags = selection.tags.iter();
        selection.tags.is_empty() || tags.any(|tag| check.flow.tags.contains(tag))
    };
    let is_wanted = |(name, check): &(&String, &Check)| {
        !check.flow.is_step && wanted(name, check) && tagged(check) && !skipped.contains(*name)
    };
    let mut chosen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<(&String, &Check)> = checks.iter().filter(is_wanted).collect();
    while let Some((name, check)) = open.pop() {
        if chosen.insert(name) && !check.flow.depends_on.is_empty() {
            let needed = checks.iter().filter(|(other, needed)| {
                check.flow.depends_on.contains(&needed.declared) && !skipped.contains(*other)
            });
            open.extend(needed);
        }
    }
    let names: Vec<String> = checks
        .keys()
        .filter(|name| chosen.contains(name.as_str()))
        .cloned()
        .collect();
    if names.is_empty() {
        return Err(Unselected::Nothing);
    }
    Ok(Selected { names })
}

type WantedChecks = Box<dyn Fn(&str, &Check) -> bool>;

/// Returns the test for a name; each pattern must match something.
fn names(
    checks: &IndexMap<String, Check>,
    patterns: &[String],
) -> Result<WantedChecks, Unselected> {
    if patterns.is_empty() {
        return Ok(Box::new(|_, _| true));
    }
    let mut all = GlobSetBuilder::new();
    for pattern in patterns {
        let one = glob(pattern);
        let alone = GlobSet::builder().add(one.clone()).build();
        let alone = alone.unwrap_or_default();
        let mut pairs = checks.iter().filter(|(_, check)| !check.flow.is_step);
        if !pairs.any(|(name, check)| alone.is_match(name) || alone.is_match(&check.declared)) {
            return Err(Unselected::Name(pattern.clone()));
        }
        all.add(one);
    }
    let all = all.build().unwrap_or_default();
    Ok(Box::new(move |name, check| {
        all.is_match(name) || all.is_match(&check.declared)
    }))
}

/// Returns a pattern in which only `*` and `?` are special.
fn glob(pattern: &str) -> Glob {
    let mut escaped = String::new();
    for sign in pattern.chars() {
        if !matches!(sign, '*' | '?') && !sign.is_alphanumeric() {
            escaped.push('\\');
        }
        escaped.push(sign);
    }
    let glob = GlobBuilder::new(&escaped).backslash_escape(true).build();
    glob.expect("a pattern without classes and alternatives is right")
}

fn skipped(
    checks: &IndexMap<String, Check>,
    skips: &[String],
) -> Result<BTreeSet<String>, Unselected> {
    let mut skipped = BTreeSet::new();
    for skip in skips {
        let pattern = glob(skip).compile_matcher();
        let found: Vec<&String> = checks
            .iter()
            .filter(|(name, check)| {
                check.flow.tags.contains(skip)
                    || pattern.is_match(name)
                    || pattern.is_match(&check.declared)
            })
            .map(|(name, _)| name)
            .collect();
        if found.is_empty() {
            return Err(Unselected::Skip(skip.clone()));
        }
        skipped.extend(found.into_iter().cloned());
    }
    Ok(skipped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoke::testing::checks;

    const CHECKS: &str = "\
        [smoke.login]\nservice = 'api'\nget = '/'\nsetup = ['make']\n\
        [smoke.me]\nservice = 'api'\nget = '/'\ndepends_on = ['login']\ntags = ['account']\n\
        [smoke.lookup]\nservice = 'api'\nget = '/${each.value}'\neach = ['a', 'b']\ntags = ['slow', 'account']\n\
        [smoke.all]\nservice = 'api'\nget = '/'\ndepends_on = ['lookup']\n\
        [smoke.make]\nservice = 'api'\nget = '/'\n";

    fn verify(names: &[&str], tags: &[&str], skip: &[&str], expect: &str) {
        let texts = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect();
        let selection = Selection {
            names: texts(names),
            tags: texts(tags),
            skip: texts(skip),
        };
        let selected = select(&checks(CHECKS), &selection);
        let told = selected.map_or_else(|why| why.to_string(), |it| it.names.join(" "));
        assert_eq!(told, expect);
    }

    #[test]
    fn nothing_asked_is_everything_but_parts() {
        verify(&[], &[], &[], "login me lookup[a] lookup[b] all");
    }

    #[test]
    fn names_and_cases_are_found() {
        verify(&["me"], &[], &[], "login me");
        verify(&["lookup"], &[], &[], "lookup[a] lookup[b]");
        verify(&["lookup[b]"], &[], &[], "lookup[b]");
        verify(&["l*"], &[], &[], "login lookup[a] lookup[b]");
        verify(&["al?", "me"], &[], &[], "login me lookup[a] lookup[b] all");
    }

    #[test]
    fn tags_choose_and_leave_out() {
        verify(&[], &["account"], &[], "login me lookup[a] lookup[b]");
        verify(&[], &["account"], &["slow"], "login me");
        verify(&[], &[], &["slow"], "login me all");
        verify(&["all"], &[], &["lookup[a]"], "lookup[b] all");
    }

    #[test]
    fn what_is_not_there_is_said() {
        verify(&["nothing"], &[], &[], "no smoke check matches `nothing`");
        verify(&["make"], &[], &[], "no smoke check matches `make`");
        verify(&[], &["none"], &[], "no smoke check has the tag `none`");
        verify(
            &[],
            &[],
            &["none"],
            "no smoke check has the name or the tag `none`",
        );
        verify(&["me"], &["slow"], &[], "no smoke check is left");
        for pattern in ["!", "^", "[", "]", "\\", "{a", "a,b", "me/"] {
            let expect = format!("no smoke check matches `{pattern}`");
            verify(&[pattern], &[], &[], &expect);
        }
    }
}
