//! The steps that a command would take, with the cause of each.

use super::super::cut::{pad, width};
use super::super::plural::plural;
use super::Page;
use crate::tell::{PlanAnswer, PlannedStep};

pub(super) fn plan(answer: &PlanAnswer, page: Page) -> String {
    let name = format!("{} (instance {})", answer.environment, answer.instance);
    if answer.steps.is_empty() {
        return format!("{name}: nothing to do\n");
    }
    let widest = |column: fn(&PlannedStep) -> String| {
        let widths = answer.steps.iter().map(|step| width(&column(step)));
        widths.max().unwrap_or(0)
    };
    let columns = [
        widest(number),
        widest(|step| step.title.clone()),
        widest(|step| step.cause.clone()),
        widest(more),
    ];
    let fits = columns.iter().sum::<usize>() + 6 <= page.width;
    let mut text = format!("{name}: {}\n\n", plural(answer.steps.len(), "step"));
    for step in &answer.steps {
        text.push_str(&if fits {
            one_line(step, columns, page)
        } else {
            two_lines(step, columns[0], page)
        });
    }
    let losing = answer.steps.iter().filter(|step| step.loses_data).count();
    let warning = match losing {
        0 => return text,
        1 => "1 of them loses data".to_owned(),
        _ => format!("{losing} of them lose data"),
    };
    format!("{text}\n{}\n", page.paint.red(&warning))
}

fn number(step: &PlannedStep) -> String {
    format!("{}.", step.number)
}

/// Returns what is to be known besides title and cause: `after 1, 2, LOSES DATA`.
fn more(step: &PlannedStep) -> String {
    let mut more = Vec::new();
    if !step.after.is_empty() {
        let numbers: Vec<String> = step.after.iter().map(usize::to_string).collect();
        more.push(format!("after {}", numbers.join(", ")));
    }
    if step.loses_data {
        more.push("LOSES DATA".to_owned());
    }
    more.join(", ")
}

fn one_line(step: &PlannedStep, columns: [usize; 4], page: Page) -> String {
    let line = format!(
        "{}{} {}  {}  {}",
        " ".repeat(columns[0] - width(&number(step))),
        number(step),
        pad(&step.title, columns[1]),
        pad(&step.cause, columns[2]),
        more(step),
    );
    finish(line.trim_end(), step, page)
}

fn two_lines(step: &PlannedStep, column: usize, page: Page) -> String {
    let indent = " ".repeat(column - width(&number(step)));
    let first = format!("{indent}{} {}", number(step), step.title);
    let rest = [step.cause.clone(), more(step)];
    let rest: Vec<String> = rest.into_iter().filter(|text| !text.is_empty()).collect();
    let second = format!("{} {}", " ".repeat(column), rest.join("; "));
    finish(&format!("{first}\n{second}"), step, page)
}

fn finish(text: &str, step: &PlannedStep, page: Page) -> String {
    if step.loses_data {
        format!("{}\n", page.paint.red(text))
    } else {
        format!("{text}\n")
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn answer(steps: &[(&str, &str, &[usize], bool)]) -> PlanAnswer {
        let steps = steps.iter().enumerate();
        PlanAnswer {
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            steps: steps
                .map(|(index, (title, cause, after, loses_data))| PlannedStep {
                    number: index + 1,
                    title: (*title).to_owned(),
                    cause: (*cause).to_owned(),
                    after: after.to_vec(),
                    loses_data: *loses_data,
                })
                .collect(),
        }
    }

    fn example() -> PlanAnswer {
        let mut steps = vec![
            ("image postgres", "not there", &[][..], false),
            ("network", "not there", &[], false),
            ("start db", "the container is not there", &[1, 2], false),
            ("reset rates", "--reset", &[3], true),
        ];
        steps.extend([("check", "always", &[][..], false); 6]);
        answer(&steps)
    }

    #[test]
    fn a_plan_on_a_wide_terminal() {
        expect![[r"
            rates (instance default): 10 steps

             1. image postgres  not there
             2. network         not there
             3. start db        the container is not there  after 1, 2
             4. reset rates     --reset                     after 3, LOSES DATA
             5. check           always
             6. check           always
             7. check           always
             8. check           always
             9. check           always
            10. check           always

            1 of them loses data
        "]]
        .assert_eq(&plan(&example(), Page::of_width("plan", 100)));
    }

    #[test]
    fn a_plan_on_a_narrow_terminal() {
        expect![[r"
            rates (instance default): 10 steps

             1. image postgres
                not there
             2. network
                not there
             3. start db
                the container is not there; after 1, 2
             4. reset rates
                --reset; after 3, LOSES DATA
             5. check
                always
             6. check
                always
             7. check
                always
             8. check
                always
             9. check
                always
            10. check
                always

            1 of them loses data
        "]]
        .assert_eq(&plan(&example(), Page::of_width("plan", 40)));
    }

    #[test]
    fn an_empty_plan_is_nothing_to_do() {
        expect![[r"
            rates (instance default): nothing to do
        "]]
        .assert_eq(&plan(&answer(&[]), Page::of_width("plan", 40)));
    }
}
