//! The reports of `smoke-test`: what can be asked for, and that JUnit XML is valid by the schema
//! that CI servers hold it against.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use envctl::model::Spot;
use envctl::smoke::reports::{JUnit, Results};
use envctl::smoke::{Attempts, CheckResult, Excerpt, Unmet, Verdict};
use expect_test::expect;
use sha2::{Digest as _, Sha256};

use crate::harness::{API, PROJECT, Workspace};

fn workspace() -> Workspace {
    let check = "[smoke.alive]\nservice = 'api'\nget = '/'\n";
    Workspace::rates(&format!("{API}{check}"))
}

#[test]
fn a_report_has_a_known_form_and_a_file() {
    for (report, expected) in [
        (
            "xml=report.xml",
            expect![[r#"
            --- stderr
            error: invalid value 'xml=report.xml' for '--report <FORMAT=FILE>': no report is called `xml`: junit, json, tap or markdown

            For more information, try '--help'.
            --- exit 2
        "#]],
        ),
        (
            "junit",
            expect![[r#"
            --- stderr
            error: invalid value 'junit' for '--report <FORMAT=FILE>': expected FORMAT=FILE, such as junit=report.xml

            For more information, try '--help'.
            --- exit 2
        "#]],
        ),
        (
            "tap=",
            expect![[r#"
            --- stderr
            error: invalid value 'tap=' for '--report <FORMAT=FILE>': expected FORMAT=FILE, such as junit=report.xml

            For more information, try '--help'.
            --- exit 2
        "#]],
        ),
    ] {
        let line = format!("envctl smoke-test rates --report {report}");
        workspace().check(&line, &expected);
    }
}

#[test]
fn standard_output_has_one_report_and_no_json_lines_beside_it() {
    let workspace = workspace();
    workspace.check(
        "envctl smoke-test rates --report tap=- --report json=-",
        &expect![[r#"
            --- stderr
            error: standard output can have one report only
            hint: name a file for the others
            --- exit 2
        "#]],
    );
    workspace.check(
        "envctl --output json smoke-test rates --report tap=-",
        &expect![[r#"
            --- stdout
            {"v":1,"error":{"title":"standard output is for the lines of `--output json`","causes":[],"place":null,"facts":[],"tail":null,"blocked":[],"hints":["name a file for the report"]},"exit_code":2}
            --- exit 2
        "#]],
    );
}

#[test]
fn a_place_that_takes_no_report_is_named_before_any_check() {
    let workspace = workspace().folder("reports");
    for (flags, expected) in [
        (
            "--junit missing/report.xml",
            expect![[r#"
            --- stderr
            error: `./missing/report.xml` has no parent folder
            --- exit 1
        "#]],
        ),
        (
            "--report tap=reports",
            expect![[r#"
            --- stderr
            error: `./reports` is a folder
            --- exit 1
        "#]],
        ),
        (
            "--report json=/proc/report.json",
            expect![[r#"
            --- stderr
            error: `/proc/report.json` cannot be written
              caused by: entity not found
            --- exit 1
        "#]],
        ),
        (
            "--report-dir envs/rates/env.toml",
            expect![[r#"
            --- stderr
            error: failed to create directory `./envs/rates/env.toml/logs`: Not a directory (os error 20)
            --- exit 1
        "#]],
        ),
        (
            "--junit report.xml --report junit=report.xml",
            expect![[r#"
            --- stderr
            error: two reports go to `./report.xml`
            hint: give each a file of its own
            --- exit 2
        "#]],
        ),
    ] {
        let line = format!("envctl smoke-test rates {flags}");
        workspace.check(&line, &expected);
    }
}

/// A check of each kind, with texts that XML has to escape.
fn checks() -> Vec<CheckResult> {
    let made = |name: &str, verdict, attempts: u64| {
        let mut check = CheckResult {
            name: name.to_owned(),
            verdict,
            runs: 1,
            place: Some(Spot {
                file: "envs/rates/env.toml".into(),
                line: 52,
            }),
            elapsed: Duration::from_millis(1_234_567),
            attempts: Attempts::default(),
            ..CheckResult::default()
        };
        for number in 0..attempts {
            let at = Duration::from_millis(number);
            check.attempts.record(at, "<503> \u{1b}[31m & \"more\"");
        }
        check
    };
    let failures = vec![Unmet {
        what: "body".to_owned(),
        expected: "<a>".to_owned(),
        actual: "]]>\u{0}".to_owned(),
        difference: Some("- <a>\n+ ]]>".to_owned()),
    }];
    let mut flaky = made("flaky", Verdict::Passed, 3);
    flaky.flaky = true;
    let mut wrong = made("wrong & <odd>", Verdict::Failed, 60);
    wrong.failures.clone_from(&failures);
    wrong.reproduce = Some("curl 'http://127.0.0.1:3000/?a=1&b=2'".to_owned());
    wrong.log = vec!["<log>".to_owned()];
    wrong.reply = Some(Excerpt {
        status: "503".to_owned(),
        excerpt: "\u{ffff}<html>".to_owned(),
    });
    let mut silent = made("silent", Verdict::Failed, 2);
    silent.failures = failures;
    vec![
        made("alive", Verdict::Passed, 1),
        flaky,
        wrong,
        silent,
        made("skipped", Verdict::Skipped("because <of> it".to_owned()), 0),
    ]
}

#[test]
fn junit_is_valid_by_the_schema_of_jenkins() {
    let schema = match schema() {
        Ok(schema) => schema,
        Err(missing) => return missing.end("junit_is_valid_by_the_schema_of_jenkins"),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, checks, interrupted) in
        [("all.xml", checks(), false), ("none.xml", Vec::new(), true)]
    {
        let results = Results {
            environment: "rates & more",
            instance: "default",
            engine: "docker",
            started: SystemTime::now(),
            elapsed: Duration::from_millis(1_234_567),
            interrupted,
            checks: &checks,
        };
        let file = folder.path().join(name);
        fs_err::write(&file, JUnit(results).render()).expect("a file");
        assert_eq!(validated(&schema, &file), Ok(()));
    }
    // It would not pass whatever stood there.
    let file = folder.path().join("wrong.xml");
    fs_err::write(&file, "<testsuites><testsuite/></testsuites>").expect("a file");
    assert!(validated(&schema, &file).is_err());
}

fn validated(schema: &Path, file: &Path) -> Result<(), String> {
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .args([schema, file])
        .output()
        .expect("it ran before");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(())
    } else {
        Err(text)
    }
}

/// What a test needs and this machine has not.
struct Missing {
    /// As in `ENVCTL_REQUIRE`.
    what: &'static str,
    why: String,
}

impl Missing {
    #[expect(
        clippy::disallowed_methods,
        reason = "it is the test that looks, not the program"
    )]
    fn end(self, test: &str) {
        let Self { what, why } = self;
        let required = std::env::var("ENVCTL_REQUIRE").unwrap_or_default();
        let mut required = required.split(',').map(str::trim);
        assert!(!required.any(|it| it == what), "{what} is required: {why}");
        // Not by a macro, whose output the test harness keeps to itself.
        let mut stderr = std::io::stderr();
        writeln!(stderr, "skipped: {test}: {what}: {why}").expect("standard error is open");
    }
}

/// What the schema's bytes are, by SHA-256.
const SCHEMA_DIGEST: &str = "a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6";
/// A package of Python that has the schema among its own tests.
const PACKAGE: &str = "pytest==8.4.2";
const SCHEMA_IN_PACKAGE: &str = "pytest-8.4.2/testing/example_scripts/junit-10.xsd";

/// Returns the schema, which is fetched once, and kept in `target/`.
fn schema() -> Result<PathBuf, Missing> {
    let missing = |what, why: String| Missing { what, why };
    let lint = Command::new("xmllint").arg("--version").output();
    lint.map_err(|error| missing("xmllint", error.to_string()))?;
    let target = Path::new(PROJECT).join("target");
    let kept = target.join("junit-10.xsd");
    if !is_schema(&kept) {
        fs_err::create_dir_all(&target).expect("a folder");
        let folder = tempfile::tempdir_in(&target).expect("a folder");
        fetch(folder.path()).map_err(|why| missing("pip", why))?;
        let fetched = folder.path().join(SCHEMA_IN_PACKAGE);
        assert!(
            is_schema(&fetched),
            "the schema in {PACKAGE} is another one"
        );
        fs_err::rename(fetched, &kept).expect("both are in one folder");
    }
    Ok(kept)
}

fn is_schema(file: &Path) -> bool {
    let bytes = fs_err::read(file).unwrap_or_default();
    let digest = Sha256::digest(bytes);
    let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.concat() == SCHEMA_DIGEST
}

fn fetch(folder: &Path) -> Result<(), String> {
    let mut why = Vec::new();
    for pip in ["pip3", "python3 -m pip", "uvx pip"] {
        let words = format!("{pip} download {PACKAGE} -q --no-deps --no-binary :all: -d .");
        let unpack = "tar -xzf pytest-8.4.2.tar.gz";
        let output = Command::new("sh")
            .args(["-c", &format!("{words} && {unpack} {SCHEMA_IN_PACKAGE}")])
            .current_dir(folder)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        why.push(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    Err(why.join("; "))
}
