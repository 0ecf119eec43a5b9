//! What a Dockerfile is built on, read as the classic builder reads it: it builds every stage up to
//! the wanted one, knows no arguments of the platform, and fetches no syntax that `# syntax` names.

use std::collections::BTreeMap;

use super::expansion::expand;

/// What a build needs that is not in its context.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The images that it is built on and copies from, each where it is first named.
    pub bases: Vec<Base>,
    /// What only `BuildKit` understands, and where.
    pub buildkit: Option<(usize, String)>,
    /// Whether the wanted stage is there.
    pub has_target: bool,
}

/// An image that a Dockerfile names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// As it is after its arguments are filled in; `None` where they cannot be known before.
    pub reference: Option<String>,
    /// The line, from 1.
    pub line: usize,
}

/// The value of a build argument; `None` is one that is only known when it is built.
pub(super) type Arguments = BTreeMap<String, Option<String>>;

/// Reads a Dockerfile with the build's arguments, up to the stage `target` or the last one.
pub(super) fn needs(text: &str, arguments: &Arguments, target: Option<&str>) -> Needs {
    let escape = escape_of(text);
    let mut reading = Reading {
        given: arguments,
        known: Arguments::new(),
        escape,
        stages: Vec::new(),
        needs: Needs {
            has_target: target.is_none(),
            ..Needs::default()
        },
    };
    for (line, text) in instructions(text, escape) {
        let (keyword, rest) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        let is_stage = keyword.eq_ignore_ascii_case("from");
        if is_stage && reading.is_at(target) {
            // The wanted stage is whole.
            break;
        }
        reading.take_in(line, keyword, rest.trim());
        reading.needs.has_target |= reading.is_at(target);
    }
    reading.needs
}

struct Reading<'a> {
    given: &'a Arguments,
    /// The arguments that are declared before the first stage.
    known: Arguments,
    escape: char,
    /// The names of the stages so far.
    stages: Vec<String>,
    needs: Needs,
}

impl Reading<'_> {
    /// Whether the last stage is the wanted one.
    fn is_at(&self, target: Option<&str>) -> bool {
        let last = self.stages.last();
        target.is_some_and(|target| last.is_some_and(|last| last.eq_ignore_ascii_case(target)))
    }

    fn take_in(&mut self, line: usize, keyword: &str, rest: &str) {
        let mut words = rest.split_whitespace().peekable();
        let mut flags = Vec::new();
        while let Some(flag) = words.next_if(|word| word.starts_with("--")) {
            flags.push(flag);
        }
        match keyword.to_ascii_uppercase().as_str() {
            "ARG" if self.stages.is_empty() => self.argument(rest),
            "FROM" => {
                if let Some(platform) = flags.iter().find_map(|it| it.strip_prefix("--platform=")) {
                    self.platform(line, platform);
                }
                let image = words.next().unwrap_or_default();
                let reference = expand(image, &self.known, self.escape);
                let name = words.nth(1).unwrap_or_default().to_owned();
                self.base(line, reference);
                self.stages.push(name);
            }
            "COPY" | "ADD" => {
                for flag in &flags {
                    match flag.split_once('=').unwrap_or((flag, "")) {
                        ("--from", from) => self.from(line, from),
                        ("--chown", _) => {}
                        (flag, _) => self.only_buildkit(line, &format!("`{keyword} {flag}`")),
                    }
                }
                if words.any(|word| word.starts_with("<<")) {
                    self.only_buildkit(line, &format!("`{keyword} <<`"));
                }
            }
            "RUN" => {
                for flag in &flags {
                    let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
                    self.only_buildkit(line, &format!("`RUN {name}`"));
                    let mut options = value.split(',').filter_map(|it| it.strip_prefix("from="));
                    if let (Some(from), "--mount") = (options.next(), name) {
                        self.from(line, from);
                    }
                }
                if words.next().is_some_and(|word| word.starts_with("<<")) {
                    self.only_buildkit(line, "`RUN <<`");
                }
            }
            _ => {}
        }
    }

    /// Takes in `ARG NAME`, `ARG NAME=default`, or several of them.
    fn argument(&mut self, rest: &str) {
        for word in shell_words::split(rest).unwrap_or_default() {
            let (name, default) = match word.split_once('=') {
                Some((name, default)) => (name, Some(default)),
                None => (word.as_str(), None),
            };
            let value = match (self.given.get(name), default) {
                (Some(given), _) => given.clone(),
                (None, Some(default)) => expand(default, &self.known, self.escape),
                (None, None) => continue,
            };
            self.known.insert(name.to_owned(), value);
        }
    }

    fn platform(&mut self, line: usize, platform: &str) {
        if expand(platform, &self.known, self.escape).is_some_and(|it| it.is_empty()) {
            self.only_buildkit(line, &format!("`FROM --platform={platform}`"));
        }
    }

    /// Takes in where a file is copied from: a stage by its name or number, or an image.
    fn from(&mut self, line: usize, from: &str) {
        if from.parse::<usize>().is_err() {
            // No argument is filled in here.
            let known = !from.contains('$');
            self.base(line, known.then(|| from.to_owned()));
        }
    }

    fn base(&mut self, line: usize, reference: Option<String>) {
        let is_stage = |it: &String| self.stages.iter().any(|name| name.eq_ignore_ascii_case(it));
        let none = |it: &String| it == "scratch" || (is_stage(it) && !it.is_empty());
        let mut bases = self.needs.bases.iter();
        if reference.as_ref().is_some_and(none) || bases.any(|base| base.reference == reference) {
            return;
        }
        self.needs.bases.push(Base { reference, line });
    }

    fn only_buildkit(&mut self, line: usize, what: &str) {
        let what = || (line, what.to_owned());
        self.needs.buildkit.get_or_insert_with(what);
    }
}

/// Returns the sign that continues a line: a directive at the top can make it another one.
fn escape_of(text: &str) -> char {
    for line in text.lines() {
        let directive = line.trim_start().strip_prefix('#');
        let Some((name, value)) = directive.and_then(|it| it.split_once('=')) else {
            break;
        };
        if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

/// Returns each instruction in one line, with the line that it begins in.
fn instructions(text: &str, escape: char) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut continues = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        // Both may stand inside an instruction.
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (part, goes_on) = match line.strip_suffix(escape) {
            Some(part) => (part, true),
            None => (line, false),
        };
        match found.last_mut().filter(|_| continues) {
            Some((_, whole)) => whole.push_str(part),
            None => found.push((index + 1, part.to_owned())),
        }
        continues = goes_on;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, arguments: &[(&str, Option<&str>)], target: Option<&str>) -> Needs {
        let arguments = arguments.iter();
        let arguments =
            arguments.map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)));
        needs(text, &arguments.collect(), target)
    }

    fn check(text: &str, arguments: &[(&str, Option<&str>)], target: Option<&str>, expect: &str) {
        let needs = read(text, arguments, target);
        let shown = needs.bases.iter().map(|base| {
            let reference = base.reference.as_deref().unwrap_or("?");
            format!("{}:{reference}", base.line)
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expect, "{text}");
    }

    #[test]
    fn every_stage_has_its_base() {
        check("FROM debian:12\nRUN true", &[], None, "1:debian:12");
        check("# c\n\nfrom scratch\ncopy a /", &[], None, "");
        let stages = "FROM rust:1 AS build\nRUN cargo build\nFROM build AS test\nRUN true\n\
                      FROM gcr.io/d AS unused\nFROM debian\nCOPY --from=BUILD /a /a\n\
                      COPY --from=0 /a /b\nCOPY --chown=1 --from=nginx:1 /etc /etc\n\
                      COPY --from=rust:1 /c /c\nCOPY --from=$X /d /d\n";
        check(
            stages,
            &[],
            None,
            "1:rust:1 5:gcr.io/d 6:debian 9:nginx:1 11:?",
        );
        check(stages, &[], Some("Test"), "1:rust:1");
        check(stages, &[], Some("unused"), "1:rust:1 5:gcr.io/d");
        assert!(read(stages, &[], Some("test")).has_target);
        assert!(!read(stages, &[], Some("0")).has_target);
        // What is named only later is no stage yet.
        check(
            "FROM a\nCOPY --from=b / /\nFROM c AS b",
            &[],
            None,
            "1:a 2:b 3:c",
        );
    }

    #[test]
    fn arguments_are_filled_in() {
        let text = "ARG BASE=debian:12 TAG\nARG NEXT=x-${BASE}\nFROM ${BASE} AS a\nARG BASE=no\n\
                    FROM $NEXT\nFROM python:${TAG:-3.12}${TAG:+-slim}\nFROM ${OTHER}\n";
        check(
            text,
            &[],
            None,
            "3:debian:12 5:x-debian:12 6:python:3.12 7:",
        );
        let given = [("TAG", Some("3.9")), ("OTHER", Some("no"))];
        check(
            text,
            &given,
            None,
            "3:debian:12 5:x-debian:12 6:python:3.9-slim 7:",
        );
        // One that is known only when it is built, such as an image of the environment.
        check(text, &[("BASE", None)], None, "3:? 6:python:3.12 7:");
    }

    #[test]
    fn lines_go_on() {
        check(
            "# syntax=docker/dockerfile:1\n# escape=`\nARG `\n  # why\n\n  B=a:1\nFROM `\n  $B `\n  AS x\nFROM x\n",
            &[],
            None,
            "7:a:1",
        );
        check("RUN a \\\n  FROM b\nFROM c", &[], None, "3:c");
    }

    #[test]
    fn what_only_buildkit_understands_is_named() {
        let check = |text: &str, expect: Option<&str>| {
            let found = read(text, &[], None).buildkit;
            let found = found.map(|(line, what)| format!("{line} {what}"));
            assert_eq!(found.as_deref(), expect, "{text}");
        };
        check("FROM a\nRUN true\nCOPY --from=b --chown=1 c d\n", None);
        check("FROM a\nRUN cat <<x\nADD https://x/y z", None);
        check(
            "FROM a\nRUN --mount=type=cache,target=/x true",
            Some("2 `RUN --mount`"),
        );
        check("FROM a\nCOPY --link b c", Some("2 `COPY --link`"));
        check("FROM a\nRUN <<EOF\ntrue\nEOF", Some("2 `RUN <<`"));
        check("FROM a\nCOPY <<EOF /x\ntrue\nEOF", Some("2 `COPY <<`"));
        let platform = "FROM --platform=$BUILDPLATFORM a";
        check(platform, Some("1 `FROM --platform=$BUILDPLATFORM`"));
        check("FROM --platform=linux/amd64 a", None);
        let mounted = read(
            "FROM a\nRUN --mount=type=bind,from=b:1,target=/x true",
            &[],
            None,
        );
        assert_eq!(mounted.bases[1].reference.as_deref(), Some("b:1"));
    }
}
