//! `restart` of what is not there, of what ended, and of what cannot be restarted.

use crate::harness::{Scenario, eventually, on_each_engine};

on_each_engine! {
    what_a_failed_task_kept_from_starting_is_not_restarted on "after-a-job",
    what_ended_is_started_if_what_it_needs_runs on "ended",
}

fn declare(scenario: &Scenario, job: &str, api: &str) {
    let words = |script: &str| {
        format!(
            "image = \"debian\"\ncommand = [\"sh\", \"-c\", '''{script}''']\n\
             process = [\"sh\", \"-c\", '''{script}''']\n"
        )
    };
    let (job, api) = (words(job), words(api));
    let idle = words("exec sleep 600");
    scenario.declare(&format!(
        "{}[tasks.job]\n{job}[services.base]\n{idle}stop_signal = \"SIGKILL\"\n\
         [services.api]\n{api}depends_on = [\"job\", \"base\"]\nstop_signal = \"SIGKILL\"\n",
        Scenario::images()
    ));
}

fn what_a_failed_task_kept_from_starting_is_not_restarted(scenario: &Scenario) {
    declare(scenario, "exit 3", "exec sleep 600");
    scenario
        .run(&["up", "rates"])
        .exits(6)
        .says(&["task `job` failed"]);
    let expect = ["`api` is not there", "task `job`: exit code 3", "envctl up"];
    let all = scenario
        .run(&["restart", "-e", "rates"])
        .exits(6)
        .says(&expect);
    assert!(!all.stdout.contains("already running"), "{}", all.stdout);
    scenario
        .run(&["restart", "-e", "rates", "api"])
        .exits(6)
        .says(&expect);
    let task = scenario.run(&["restart", "-e", "rates", "job"]).exits(2);
    task.says(&["`job` is a task", "envctl run -e rates"]);
    // Whoever is there can be restarted by its name.
    scenario.run(&["restart", "-e", "rates", "base"]).exits(0);
    scenario.take_away();
}

fn what_ended_is_started_if_what_it_needs_runs(scenario: &Scenario) {
    declare(scenario, "exit 0", "sleep 2; exit 4");
    scenario.run(&["up", "rates"]).exits(0);
    eventually("it has ended", || {
        let status = scenario.run(&["status", "rates"]).exits(0).stdout;
        if status.contains("exit code 4") {
            Ok(())
        } else {
            Err(status)
        }
    });
    scenario.run(&["restart", "-e", "rates", "api"]).exits(0);
    // What it is about to do again is not waited for, what it did at once is.
    declare(scenario, "exit 0", "sleep 0.5; exit 4");
    scenario
        .run(&["up", "rates"])
        .exits(6)
        .says(&["exit code 4"]);
    let again = scenario.run(&["restart", "-e", "rates", "api"]).exits(6);
    again.says(&["`api` ended while it was waited for: exit code 4"]);
    // A task of which it stands in need did not end well since.
    declare(scenario, "exit 3", "exec sleep 600");
    scenario.run(&["run", "-e", "rates", "job"]).exits(3);
    let unmet = scenario.run(&["restart", "-e", "rates"]).exits(6);
    unmet.says(&[
        "what service `api` depends on does not run",
        "job: exit code 3",
    ]);
    scenario.take_away();
}
