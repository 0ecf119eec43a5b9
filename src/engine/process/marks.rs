//! The marks of a service: what each of its processes has in its environment, and is known by
//! when nothing else is known of it.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The folder of the state, the instance and the service.
const NAMES: [&str; 3] = ["ENVCTL_STATE", "ENVCTL_INSTANCE", "ENVCTL_SERVICE"];

/// Whether a pair of an environment, `NAME=value`, is one of a service's marks.
pub(super) fn is_mark(pair: &[u8]) -> bool {
    NAMES.iter().any(|name| {
        let rest = pair.strip_prefix(name.as_bytes());
        rest.is_some_and(|rest| rest.first() == Some(&b'='))
    })
}

/// Variables and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Marks(Vec<(String, String)>);

impl Marks {
    /// Returns the marks of the service with a folder, `STATE/instances/ID/services/NAME`. The
    /// folder of the state tells apart what two users run of one workspace.
    pub(super) fn of(folder: &Path) -> Self {
        let above = |levels: usize| folder.ancestors().nth(levels).unwrap_or(Path::new(""));
        let name = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        let values = [above(4).display().to_string(), name(above(2)), name(folder)];
        let marks = NAMES.map(ToOwned::to_owned).into_iter().zip(values);
        Self(marks.collect())
    }

    /// Returns them as variables.
    pub(super) fn variables(&self) -> &[(String, String)] {
        &self.0
    }

    /// Whether all of them are in an environment, whose pairs are `NAME=value`.
    pub(super) fn are_in(&self, environment: &[Vec<u8>]) -> bool {
        let is = |pair: &[u8], name: &str, value: &str| {
            let rest = pair.strip_prefix(name.as_bytes());
            let rest = rest.and_then(|rest| rest.strip_prefix(b"="));
            rest == Some(value.as_bytes())
        };
        let has =
            |(name, value): &(String, String)| environment.iter().any(|pair| is(pair, name, value));
        !self.0.is_empty() && self.0.iter().all(has)
    }

    /// Whether an environment has the marks of another service.
    pub(super) fn are_others(&self, environment: &[Vec<u8>]) -> bool {
        let names = |(name, _): &(String, String)| {
            let begin = format!("{name}=").into_bytes();
            environment.iter().any(|pair| pair.starts_with(&begin))
        };
        !self.0.is_empty() && self.0.iter().all(names) && !self.are_in(environment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_follow_from_the_folder() {
        let marks = Marks::of(Path::new("/var/lib/envctl/instances/rates-1/services/api"));
        let text = |it: &(String, String)| format!("{}={}", it.0, it.1);
        let mut pairs: Vec<Vec<u8>> = marks.variables().iter().map(|it| text(it).into()).collect();
        let expect: [&[u8]; 3] = [
            b"ENVCTL_STATE=/var/lib/envctl",
            b"ENVCTL_INSTANCE=rates-1",
            b"ENVCTL_SERVICE=api",
        ];
        assert_eq!(pairs, expect);
        assert!(marks.are_in(&pairs));
        assert!(!marks.are_others(&pairs));
        pairs.pop();
        assert!(!marks.are_in(&pairs) && !marks.are_others(&pairs));
        pairs.push(b"ENVCTL_SERVICE=db".into());
        assert!(!marks.are_in(&pairs) && marks.are_others(&pairs));
    }
}
