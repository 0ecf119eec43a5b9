//! What `up`, `build`, `seed` and `migrate` did: where to call the services, and what took how
//! long.

use super::super::cut::{pad, pad_left, width};
use super::super::duration::seconds;
use super::super::plural::plural;
use super::super::table::TextTable;
use super::Page;
use crate::tell::{ServiceAddress, UpAnswer};

pub(super) fn up(answer: &UpAnswer, page: Page) -> String {
    let mut parts = vec![endpoints(answer, page)];
    if answer.changed > 0 {
        parts.push(phases(answer));
    }
    parts.push(summary(answer, page.command));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn endpoints(answer: &UpAnswer, page: Page) -> String {
    let mut table = TextTable::new(&["SERVICE", "URL", "TRY"]);
    for endpoint in &answer.endpoints {
        let of_service = |other: &&ServiceAddress| other.service == endpoint.service;
        let service = if answer.endpoints.iter().filter(of_service).count() > 1 {
            format!("{} {}", endpoint.service, endpoint.port)
        } else {
            endpoint.service.clone()
        };
        let try_it = endpoint.try_it.clone().unwrap_or_default();
        table.row(vec![service, endpoint.url.clone(), try_it]);
    }
    table.draw(page.width, page.paint)
}

fn phases(answer: &UpAnswer) -> String {
    let times = answer.phases.iter().map(|phase| seconds(phase.elapsed_s));
    let times: Vec<String> = times.collect();
    let names = answer.phases.iter().map(|phase| width(&phase.name)).max();
    let longest = times.iter().map(|time| width(time)).max();
    let line = |(name, time): (&str, &String)| {
        let time = pad_left(time, longest.unwrap_or(0));
        format!("{}  {time}\n", pad(name, names.unwrap_or(0)))
    };
    let names = answer.phases.iter().map(|phase| phase.name.as_str());
    names.zip(&times).map(line).collect()
}

fn summary(answer: &UpAnswer, command: &str) -> String {
    let name = format!("{} (instance {})", answer.environment, answer.instance);
    let took = seconds(answer.elapsed_s);
    let changed = plural(answer.changed, "step");
    match (command, answer.changed) {
        ("build", 0) => format!("{name}: nothing to do: every image is there\n"),
        ("seed", 0) => format!("{name}: nothing to do: the data is as declared\n"),
        ("migrate", 0) => format!("{name}: nothing to do: every migration is applied\n"),
        (_, 0) => format!("{name}: nothing to do: everything is already running\n"),
        ("up", _) => format!("{name} is up: {changed} in {took}\n"),
        _ => format!("{name}: {changed} in {took}\n"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tell::PhaseTime;

    fn answer() -> UpAnswer {
        let endpoint = |service: &str, port: &str, url: &str, try_it: &str| ServiceAddress {
            service: service.to_owned(),
            port: port.to_owned(),
            url: url.to_owned(),
            try_it: Some(try_it.to_owned()).filter(|line| !line.is_empty()),
        };
        let phases = [("images", 31.04), ("database", 4.2), ("seed", 123.4)];
        UpAnswer {
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            changed: 7,
            endpoints: vec![
                endpoint(
                    "db",
                    "postgres",
                    "postgres://postgres@127.0.0.1:31822/rates",
                    "envctl psql -e rates -c \"SELECT 1\"",
                ),
                endpoint("api", "http", "http://127.0.0.1:3000", ""),
                endpoint("api", "metrics", "http://127.0.0.1:9000", ""),
            ],
            phases: phases
                .map(|(name, elapsed_s)| PhaseTime {
                    name: name.to_owned(),
                    elapsed_s,
                })
                .to_vec(),
            elapsed_s: 158.64,
        }
    }

    #[test]
    fn up_on_a_wide_terminal() {
        expect![[r#"
            SERVICE      URL                                        TRY
            db           postgres://postgres@127.0.0.1:31822/rates  envctl psql -e rates -c "SELECT 1"
            api http     http://127.0.0.1:3000
            api metrics  http://127.0.0.1:9000

            images    31.0 s
            database   4.2 s
            seed      2m 03s

            rates (instance default) is up: 7 steps in 2m 39s
        "#]].assert_eq(&up(&answer(), Page::of_width("up", 100)));
    }

    #[test]
    fn up_on_a_narrow_terminal() {
        expect![[r#"
            db
              url  postgres://postgres@127.0.0.1:31822/rates
              try  envctl psql -e rates -c "SELECT 1"
            api http
              url  http://127.0.0.1:3000
            api metrics
              url  http://127.0.0.1:9000

            images    31.0 s
            database   4.2 s
            seed      2m 03s

            rates (instance default) is up: 7 steps in 2m 39s
        "#]]
        .assert_eq(&up(&answer(), Page::of_width("up", 40)));
    }

    #[test]
    fn nothing_to_do_is_said() {
        let answer = UpAnswer {
            changed: 0,
            ..answer()
        };
        expect![[r#"
            SERVICE      URL                                        TRY
            db           postgres://postgres@127.0.0.1:31822/rates  envctl psql -e rates -c "SELECT 1"
            api http     http://127.0.0.1:3000
            api metrics  http://127.0.0.1:9000

            rates (instance default): nothing to do: everything is already running
        "#]].assert_eq(&up(&answer, Page::of_width("up", 100)));
        let answer = UpAnswer {
            endpoints: Vec::new(),
            ..answer
        };
        let texts = ["build", "seed", "migrate", ""]
            .map(|command| up(&answer, Page::of_width(command, 100)));
        expect![[r"
            rates (instance default): nothing to do: every image is there
            rates (instance default): nothing to do: the data is as declared
            rates (instance default): nothing to do: every migration is applied
            rates (instance default): nothing to do: everything is already running
        "]]
        .assert_eq(&texts.concat());
        let answer = UpAnswer {
            changed: 1,
            phases: Vec::new(),
            ..answer
        };
        expect![[r"
            rates (instance default): 1 step in 2m 39s
        "]]
        .assert_eq(&up(&answer, Page::of_width("build", 100)));
    }
}
