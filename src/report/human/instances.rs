//! The instances of the machine.

use super::super::table::TextTable;
use super::Page;
use crate::tell::{InstanceAnswer, InstancesAnswer};

pub(super) fn instances(answer: &InstancesAnswer, page: Page) -> String {
    if answer.instances.is_empty() {
        return "this machine has no instance\n".to_owned();
    }
    let mut table = TextTable::new(&["ENV", "INSTANCE", "ENGINE", "STATE", "WORKSPACE", "ID"]);
    for instance in &answer.instances {
        table.row(vec![
            instance.environment.clone(),
            instance.instance.clone(),
            instance.engine.clone(),
            state(instance),
            workspace(instance),
            instance.id.clone(),
        ]);
    }
    table.draw(page.width, page.paint)
}

fn state(instance: &InstanceAnswer) -> String {
    let InstanceAnswer {
        services,
        running,
        volumes,
        ..
    } = instance;
    match (services, volumes) {
        (0, 0) => "empty".to_owned(),
        (0, _) => "data only".to_owned(),
        _ => format!("{running} of {services} run"),
    }
}

fn workspace(instance: &InstanceAnswer) -> String {
    match &instance.workspace {
        None => "not known".to_owned(),
        Some(workspace) if instance.workspace_is_gone => format!("{workspace} (gone)"),
        Some(workspace) => workspace.clone(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_instance_says_where_it_comes_from_and_what_of_it_runs() {
        let instance = |services, running, volumes, workspace: Option<&str>| InstanceAnswer {
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            workspace: workspace.map(str::to_owned),
            workspace_is_gone: workspace == Some("/old"),
            engine: "process".to_owned(),
            services,
            running,
            volumes,
            id: "rates-default-1a2b3c4d".to_owned(),
        };
        let answer = InstancesAnswer {
            instances: vec![
                instance(2, 1, 1, Some("/shop")),
                instance(2, 2, 1, Some("/old")),
                instance(0, 0, 1, None),
                instance(0, 0, 0, None),
            ],
        };
        expect![[r"
            ENV    INSTANCE  ENGINE   STATE       WORKSPACE    ID
            rates  default   process  1 of 2 run  /shop        rates-default-1a2b3c4d
            rates  default   process  2 of 2 run  /old (gone)  rates-default-1a2b3c4d
            rates  default   process  data only   not known    rates-default-1a2b3c4d
            rates  default   process  empty       not known    rates-default-1a2b3c4d
        "]]
        .assert_eq(&instances(&answer, Page::of_width("list", 120)));
        let none = InstancesAnswer::default();
        expect![[r"
            this machine has no instance
        "]]
        .assert_eq(&instances(&none, Page::of_width("list", 120)));
    }
}
