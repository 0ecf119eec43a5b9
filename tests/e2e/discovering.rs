//! Checks that a service's own document suggests: proposed, written when asked, and green.

use crate::harness::{Scenario, on_each_engine};

const ENVIRONMENT: &str = "envs/rates/env.toml";

on_each_engine! {
    proposed_checks_pass_once_they_are_written on "discover",
}

/// Takes the checks out of the environment, which end it.
fn without_checks(scenario: &Scenario) -> String {
    let text = scenario.read(ENVIRONMENT);
    let start = text.find("[smoke.").expect("its checks");
    let text = text[..start].to_owned();
    scenario.write(ENVIRONMENT, &text);
    text
}

fn proposed_checks_pass_once_they_are_written(scenario: &Scenario) {
    let before = without_checks(scenario);
    scenario
        .run(&["smoke-test", "rates", "--discover"])
        .exits(6)
        .says(&["nothing runs"]);
    scenario.run(&["up", "rates"]).exits(0);

    let proposed = scenario
        .run(&["smoke-test", "rates", "--discover"])
        .exits(0);
    for part in [
        "[smoke.alive]",
        "[smoke.rates]",
        "[smoke.openapi]",
        "orig_code from db prices.orig_code",
        r#""$.rates" = { type = "array", length = { ">=" = 1 } }"#,
    ] {
        assert!(
            proposed.stdout.contains(part),
            "{part}: {}",
            proposed.stdout
        );
    }
    assert_eq!(
        scenario.read(ENVIRONMENT),
        before,
        "nothing is written unasked"
    );

    let write = ["smoke-test", "rates", "--discover=api", "--write"];
    let written = scenario.run(&write).exits(0);
    assert!(
        written.stdout.contains("added 3 checks"),
        "{}",
        written.stdout
    );
    let after = scenario.read(ENVIRONMENT);
    assert_eq!(after, format!("{before}\n{}", proposed.stdout));

    let smoke = ["smoke-test", "rates", "--output", "json"];
    let smoke = scenario.run(&smoke).exits(0).answer();
    assert_eq!(smoke["checks"].as_array().map(Vec::len), Some(3), "{smoke}");

    let again = scenario.run(&write).exits(0).says(&["`rates` checks it"]);
    assert!(again.stdout.contains("nothing to add"), "{}", again.stdout);
    assert_eq!(scenario.read(ENVIRONMENT), after);

    scenario
        .run(&["smoke-test", "rates", "--discover", "--openapi", "/none"])
        .exits(1)
        .says(&[
            "no OpenAPI document at /none: 404 Not Found",
            "--openapi @FILE",
        ]);
}
