//! Instances that are found without their workspace: listed, named by a taken port, taken away.

use serde_json::Value;

use crate::harness::{Engine, Outcome, Scenario, envctl, finish, free_port};

/// A program that listens on the port that it is given.
const LISTENER: &str = "\
import os, socket, time
listener = socket.create_server(('127.0.0.1', int(os.environ['LISTEN'])))
time.sleep(1000)
";

/// Runs the program where there is no workspace.
fn from_nowhere(args: &[&str]) -> Outcome {
    let nowhere = tempfile::tempdir().expect("a folder");
    finish(envctl(nowhere.path()).args(args))
}

/// Returns what `list --all` says of an instance.
fn listed(id: &str) -> Option<Value> {
    let list = from_nowhere(&["list", "--all", "--output", "json"]);
    let list = list.exits(0).answer();
    let all = list["instances"].as_array().expect("instances");
    all.iter().find(|one| one["id"] == id).cloned()
}

#[test]
fn one_whose_workspace_is_gone_is_listed_and_taken_away() {
    let Some(scenario) = Scenario::new(Engine::Process, "moved") else {
        return;
    };
    scenario.declare("[services.api]\nprocess = [\"sleep\", \"1000\"]\n");
    scenario.run(&["up", "rates"]).exits(0);
    let id = scenario.id();
    let seen = listed(&id).expect("it is listed");
    let told = (&seen["services"], &seen["running"], &seen["engine"]);
    assert_eq!(told, (&1.into(), &1.into(), &"process".into()), "{seen}");
    assert_eq!(seen["workspace_is_gone"], false);

    let (here, there) = (scenario.path("envs"), scenario.path("elsewhere"));
    fs_err::rename(&here, &there).expect("it is moved");
    let workspace = scenario.path("").canonicalize().expect("it is there");
    assert_eq!(seen["workspace"], workspace.display().to_string());
    from_nowhere(&["down", "--instance-id", "rates-moved-00000000"])
        .exits(2)
        .says(&["there is no instance rates-moved-00000000"]);
    from_nowhere(&["down", "--instance-id", &id]).exits(0);
    assert!(listed(&id).is_none());
    assert_eq!(scenario.left(), [""; 0]);
    fs_err::rename(there, here).expect("it is moved back");
}

#[test]
fn a_port_that_another_instance_has_names_it_and_how_it_ends() {
    // The default instance takes the declared port.
    let Some(first) = Scenario::new(Engine::Process, "default") else {
        return;
    };
    let Some(second) = Scenario::new(Engine::Process, "default") else {
        return;
    };
    let port = free_port();
    for scenario in [&first, &second] {
        scenario.write("listen.py", LISTENER);
        scenario.declare(&format!(
            "[services.api]\nprocess = [\"python3\", \"listen.py\"]\nports.http.host = {port}\n\
             ports.http.container = {port}\nenvironment.LISTEN = \"{port}\"\n\
             healthcheck = {{ tcp = \"http\" }}\n"
        ));
    }
    first.run(&["up", "rates"]).exits(0);
    let id = first.id();
    second.run(&["up", "rates"]).exits(6).says(&[
        &format!("`api` of envctl's instance {id} from "),
        &format!("`envctl down --instance-id {id}` ends that instance"),
    ]);
}
