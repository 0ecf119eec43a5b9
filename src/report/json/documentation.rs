//! docs/commands.md shows an event and an answer of each kind, as they are printed.

use std::time::Duration;

use serde_json::{Value, json};

use super::line;
use crate::tell::{
    Answer, CheckAnswer, CheckVerdict, ConfigurationAnswer, DoctorAnswer, DownAnswer, EngineReport,
    EnvironmentAnswer, EnvironmentsAnswer, Event, InstanceAnswer, InstancesAnswer, LeftImage,
    LeftOutOperation, Level, LogLook, Outcome, PartReport, PhaseTime, PlanAnswer, PlannedStep,
    Progress, ProposalAnswer, ProposalDocument, ProposedCheck, ProposedValue, PruneAnswer,
    RemovedImage, ServiceAddress, ServiceStatus, Severity, SmokeAnswer, StatusAnswer, StepId,
    TableAnswer, Unit, UpAnswer,
};

fn text(text: &str) -> String {
    text.to_owned()
}

/// An event of each kind.
fn events() -> Vec<Event> {
    let step = StepId(3);
    let title = text("image postgres");
    vec![
        Event::RunStarted {
            command: text("up"),
            environment: text("rates"),
            instance: text("default"),
            steps: 9,
        },
        Event::StepStarted {
            step,
            title: title.clone(),
        },
        Event::StepMessage {
            step,
            text: text("waiting for db: connection refused"),
        },
        Event::StepProgress {
            step,
            progress: Progress {
                done: 1024,
                total: Some(4096),
                unit: Unit::Bytes,
                doing: Some(text("COPY prices")),
            },
        },
        Event::StepOutput {
            step,
            line: text("Step 1/4 : FROM debian"),
        },
        Event::StepFinished {
            step,
            title,
            outcome: Outcome::Done {
                detail: Some(text("built")),
            },
            elapsed: Duration::from_millis(1500),
        },
        Event::CheckFinished {
            check: text("regions"),
            verdict: CheckVerdict::Failed,
            flaky: false,
            attempts: 3,
            elapsed: Duration::from_millis(300),
            failures: vec![text("status: expected 200, got 503")],
        },
        Event::Notice {
            level: Level::Warning,
            text: text("the seeds are stale"),
        },
        Event::Annotation {
            severity: Severity::Error,
            file: Some(text("envs/rates/env.toml")),
            line: Some(52),
            title: text("regions"),
            message: text("status: expected 200, got 503"),
        },
        Event::LogLine {
            service: text("api"),
            stderr: false,
            time: Some(text("2021-01-31T12:03:04.567Z")),
            line: text("listening on 3000"),
            look: LogLook::default(),
        },
        Event::TaskLine {
            task: text("import"),
            stderr: false,
            line: text("180 ports"),
        },
    ]
}

/// The answers of the commands that change something.
fn changing() -> Vec<Answer> {
    let (environment, instance) = (text("rates"), text("default"));
    vec![
        Answer::Up(UpAnswer {
            environment: environment.clone(),
            instance: instance.clone(),
            changed: 9,
            endpoints: vec![ServiceAddress {
                service: text("api"),
                port: text("http"),
                url: text("http://127.0.0.1:3000"),
                try_it: Some(text("curl http://127.0.0.1:3000/")),
            }],
            phases: vec![PhaseTime {
                name: text("images"),
                elapsed_s: 31.0,
            }],
            elapsed_s: 39.1,
        }),
        Answer::Down(DownAnswer {
            environment,
            instance,
            engine: text("docker"),
            containers: 2,
            networks: 1,
            volumes: 1,
            ..DownAnswer::default()
        }),
    ]
}

fn told(value: Value) -> ConfigurationAnswer {
    let Value::Object(object) = value else {
        panic!("{value} is no object");
    };
    ConfigurationAnswer {
        text: String::new(),
        object,
    }
}

fn doctor() -> Answer {
    Answer::Doctor(DoctorAnswer {
        environment: Some(text("rates")),
        engines: vec![EngineReport {
            engine: text("process"),
            usable: true,
            text: text("processes below /var/lib/envctl"),
            parts: vec![PartReport {
                name: text("db"),
                usable: true,
                text: text("there: /usr/lib/postgresql/15/bin/postgres"),
                hint: None,
            }],
        }],
        takes: Some(text("process")),
        why: text("it is asked for"),
        unused_images: Some(3),
    })
}

fn proposal() -> Answer {
    Answer::Proposal(ProposalAnswer {
        environment: text("rates"),
        instance: text("default"),
        documents: vec![ProposalDocument {
            service: text("api"),
            place: text("/openapi.json"),
        }],
        checks: vec![ProposedCheck {
            check: text("port"),
            service: text("api"),
            path: text("/ports/{code}"),
            values: vec![ProposedValue {
                parameter: text("code"),
                value: text("EETLL"),
                from: text("db ports.code"),
            }],
            toml: text("[smoke.port]\n…"),
        }],
        left_out: vec![LeftOutOperation {
            service: text("api"),
            method: text("POST"),
            path: text("/ports"),
            because: text("changes data"),
        }],
        file: None,
    })
}

/// The answers of the commands that look.
fn looking() -> Vec<Answer> {
    let (environment, instance) = (text("rates"), text("default"));
    vec![
        Answer::Plan(PlanAnswer {
            environment: environment.clone(),
            instance: instance.clone(),
            steps: vec![PlannedStep {
                number: 1,
                title: text("image postgres"),
                cause: text("not there"),
                after: Vec::new(),
                loses_data: false,
            }],
        }),
        doctor(),
        Answer::Status(StatusAnswer {
            environment: environment.clone(),
            instance: instance.clone(),
            engine: text("docker"),
            services: vec![ServiceStatus {
                service: text("api"),
                role: text("service"),
                state: text("running"),
                image: text("api:1.4"),
                ports: vec![text("127.0.0.1:3000 -> 3000")],
                notes: Vec::new(),
            }],
            volumes: vec![text("db-data")],
        }),
        Answer::Smoke(SmokeAnswer {
            environment,
            instance,
            checks: vec![CheckAnswer {
                check: text("regions"),
                attempts: 1,
                runs: 1,
                elapsed_s: 0.1,
                ..CheckAnswer::default()
            }],
            elapsed_s: 0.1,
        }),
        proposal(),
        Answer::Configuration(told(json!({
            "environment": "rates",
            "profiles": ["ci"],
            "values": { "vars": { "level": "warn" } },
            "origins": { "vars.level": "envs/profiles/ci.toml:2" },
        }))),
        Answer::Explanation(told(json!({
            "key": "vars.level",
            "value": "\"warn\"",
            "written": null,
            "origin": "envs/profiles/ci.toml:2",
            "overridden": [{ "value": "\"info\"", "origin": "envs/rates/env.toml:4" }],
            "parts": [],
        }))),
        Answer::Schema(told(json!({ "schema": { "type": "object" } }))),
    ]
}

/// The answers of the commands that list.
fn listing() -> Vec<Answer> {
    vec![
        Answer::Environments(EnvironmentsAnswer {
            environments: vec![EnvironmentAnswer {
                name: text("rates"),
                description: None,
            }],
        }),
        Answer::Instances(InstancesAnswer {
            instances: vec![InstanceAnswer {
                environment: text("rates"),
                instance: text("default"),
                workspace: Some(text("/home/me/shop")),
                workspace_is_gone: true,
                engine: text("process"),
                services: 2,
                running: 2,
                volumes: 1,
                id: text("rates-default-1a2b3c4d"),
            }],
        }),
        Answer::Prune(PruneAnswer {
            removed: vec![RemovedImage {
                image: text("envctl/rates-api:0123456789ab"),
                id: text("sha256:6e0548ee3b99…"),
                bytes: 3_590_000,
            }],
            left: vec![LeftImage {
                image: text("envctl/debian:46190c3971c6"),
                id: text("sha256:157f7c02abea…"),
                because: text("409: image has dependent child images"),
            }],
            freed_bytes: Some(1_200_000),
        }),
    ]
}

/// The answers that any program could give.
fn plain() -> Vec<Answer> {
    vec![
        Answer::Table(TableAnswer {
            columns: vec![text("id"), text("name")],
            rows: vec![vec![Some(text("1")), None]],
        }),
        Answer::Text {
            text: text("rates is valid"),
        },
        Answer::Url {
            url: text("postgresql://postgres@127.0.0.1:31822/rates"),
        },
        Answer::Exit { code: 3 },
        Answer::Silent,
    ]
}

#[test]
fn the_documentation_has_a_line_of_each_kind() {
    let page = include_str!("../../../docs/commands.md");
    let shown = page.lines().filter_map(|line| line.strip_prefix("    "));
    let shown: Vec<&str> = shown.filter(|line| line.starts_with("{\"v\"")).collect();
    let events = events();
    let answers = [changing(), looking(), listing(), plain()].concat();
    let lines = events.iter().map(line).chain(answers.iter().map(line));
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    assert_eq!(shown, lines);
}
