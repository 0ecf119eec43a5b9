//! The plan between what is wanted and what is there, as its text.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};

use super::super::desired::Upkeep;
use super::super::wiring::Wiring;
use super::*;
use crate::engine::{
    Capabilities, Defect, ImageHandle, ImageSpec, MadeWith, Program, ProgramSpec, Provision,
    ServerChoice, ServiceSpec,
};
use crate::model::{HostCommand, Image, ImageSource, Mount, Secret};
use crate::plan::data::{DatabaseView, SentSeeds, Wish};
use crate::plan::desired::{Database, Login, Readiness, SentSeed};
use crate::plan::images::DesiredImage;
use crate::seed::{Dump, Standing, State};

/// When all that runs was started.
pub(in crate::plan) const STARTED: SystemTime = SystemTime::UNIX_EPOCH;

const ALL: Options = Options {
    seed: true,
    migrate: true,
};

fn image(name: &str, bases: &[&str]) -> DesiredImage {
    DesiredImage {
        spec: Provision::Image(Box::new(ImageSpec {
            name: name.to_owned(),
            image: Image::default(),
            pull_timeout: Duration::from_secs(1),
        })),
        bases: bases.iter().map(|base| (*base).to_owned()).collect(),
    }
}

pub(in crate::plan) fn service(
    name: &str,
    role: Role,
    depends_on: &[(&str, Condition)],
) -> DesiredService {
    let depends_on = depends_on
        .iter()
        .map(|(name, condition)| ((*name).to_owned(), *condition));
    DesiredService {
        spec: ServiceSpec {
            hash: format!("hash of {name}"),
            ..ServiceSpec::new(name, role, ImageSource::Named(name.to_owned()))
        },
        image: name.to_owned(),
        depends_on: depends_on.collect(),
        readiness: match role {
            Role::Service => Readiness::Running,
            Role::Task => Readiness::Exit,
        },
        database: None,
        ready_timeout: Duration::from_secs(1),
        reads: Vec::new(),
        unread: false,
        upkeep: Upkeep::default(),
    }
}

/// A database with a dump and migrations, and an API that waits for it.
pub(in crate::plan) fn rates() -> Desired {
    let mut db = service("db", Role::Service, &[]);
    db.spec.mounts.push(Mount {
        source: MountSource::Volume("db-data".to_owned()),
        target: "/data".to_owned(),
        read_only: false,
    });
    let login = Login {
        service: "db".to_owned(),
        database: "rates".to_owned(),
        user: "postgres".to_owned(),
        password: Secret::new("postgres"),
    };
    db.readiness = Readiness::Postgres(login.clone());
    db.database = Some(Arc::new(Database {
        login,
        dumps: vec![Dump {
            name: "dump".to_owned(),
            file: "/rates.sql.gz".into(),
            superuser: false,
        }],
        sent: Vec::new(),
        migrations: Some("/migrations".into()),
        migration_task: None,
        volume: "db-data".to_owned(),
        seed_command: "envctl seed rates".to_owned(),
    }));
    let mut api = service("api", Role::Service, &[("db", Condition::Ready)]);
    api.spec.order = 1;
    Desired {
        wiring: Wiring::default(),
        capabilities: Capabilities::CONTAINERS,
        unfit: Vec::new(),
        unkept: Vec::new(),
        images: vec![
            image("debian", &[]),
            image("db", &["debian"]),
            image("api", &[]),
        ],
        volumes: BTreeSet::from(["db-data".to_owned()]),
        services: vec![db, api],
    }
}

/// Returns its database, to be declared otherwise.
fn declared(desired: &mut Desired) -> &mut Database {
    let database = desired.services[0].database.as_mut();
    Arc::make_mut(database.expect("it is one"))
}

/// Makes it several replicas, as the environment's translation does.
pub(in crate::plan) fn replicate(desired: &mut Desired, service: &str, count: u32) {
    let first = desired.service(service).expect("it is declared").clone();
    for replica in 2..=count {
        let mut other = first.clone();
        other.spec.name = format!("{service}-{replica}");
        desired.services.push(other);
    }
}

/// All of `desired`, running and ready, with its dump in.
pub(in crate::plan) fn green(desired: &Desired) -> Observation {
    let mut seen = Observation::default();
    for image in &desired.images {
        let name = image.spec.name().to_owned();
        let handle = ImageHandle {
            id: format!("id of {name}"),
            reference: name.clone(),
        };
        seen.images.insert(name, handle);
    }
    seen.engine.network = Some("net".to_owned());
    for volume in &desired.volumes {
        seen.engine.volumes.insert(volume.clone(), volume.clone());
    }
    for service in &desired.services {
        let name = service.spec.name.clone();
        let image = seen.images[&service.image].clone();
        seen.engine.services.push(ObservedService {
            name: name.clone(),
            service: service.spec.service.clone(),
            role: service.spec.role,
            handle: format!("id of {name}"),
            hash: service.launch_hash(&image.id, &BTreeMap::new()),
            image,
            state: match service.spec.role {
                Role::Service => ServiceState::Running,
                Role::Task => ServiceState::Exited {
                    code: 0,
                    out_of_memory: false,
                },
            },
            restarts: 0,
            ran: Duration::from_mins(1),
            started: Some(STARTED),
            defect: None,
            order: 0,
            ports: BTreeMap::new(),
            made: MadeWith::default(),
            files: BTreeMap::new(),
        });
        seen.ready.insert(name, true);
    }
    seen.databases
        .insert("db".to_owned(), database(current(), &[]));
    seen
}

fn current() -> State {
    State::Current { seeds: Vec::new() }
}

fn database(seeds: State, pending: &[&str]) -> DatabaseView {
    let pending = pending.iter().map(|name| (*name).to_owned()).collect();
    DatabaseView {
        seeds,
        pending,
        sent: SentSeeds::default(),
        loaded_at: Some(STARTED - Duration::from_secs(1)),
        left: Vec::new(),
    }
}

fn check(desired: &Desired, seen: &Observation, options: Options, expect: &Expect) {
    expect.assert_eq(&diff(desired, seen, options).to_string());
}

fn program(service: &str, build: bool) -> DesiredImage {
    DesiredImage {
        spec: Provision::Program(Box::new(ProgramSpec {
            service: service.to_owned(),
            program: Program::Command {
                build: build.then(|| HostCommand {
                    command: vec!["make".to_owned()],
                    working_dir: "/w".into(),
                    inputs: Vec::new(),
                    environment: indexmap::IndexMap::new(),
                }),
                program: format!("bin/{service}"),
                working_dir: "/w".into(),
            },
        })),
        bases: Vec::new(),
    }
}

/// Two services and a task as processes, of which only the first one has a build.
fn workers() -> Desired {
    let mut desired = rates();
    desired.capabilities = Capabilities::PROCESSES;
    desired.images = vec![
        program("api", true),
        program("worker", false),
        program("tidy", false),
    ];
    desired.volumes.clear();
    let worker = [("tidy", Condition::Ready)];
    desired.services = vec![
        service("tidy", Role::Task, &[]),
        service("api", Role::Service, &[]),
        service("worker", Role::Service, &worker),
    ];
    desired
}

#[test]
fn what_is_only_found_may_be_changed_by_a_build_of_the_run() {
    let desired = workers();
    let mut seen = green(&desired);
    check(&desired, &seen, ALL, &expect![""]);
    seen.images.remove("api");
    let expect = expect![[r"
        1 program api, its build names no inputs, so it is asked []
        2 program worker, a build of this run may change it [1]
        3 program tidy, a build of this run may change it [1]
        4 task tidy, what it runs may change [3]
        5 update api, its program may change [1]
        6 ready api, not ready yet [5]
        7 update worker, its program may change [2 4]
        8 ready worker, not ready yet [7]
        9 still running, once all of it is done [6 8]
    "]];
    check(&desired, &seen, ALL, &expect);
}

#[test]
fn what_is_found_by_its_name_is_changed_by_no_build() {
    let mut desired = workers();
    let mut named = |image: &mut DesiredImage| {
        if let Provision::Program(spec) = &mut image.spec
            && let Program::Command { program, .. } = &mut spec.program
        {
            *program = program.replace('/', "-");
        }
    };
    desired.images[1..].iter_mut().for_each(&mut named);
    let mut seen = green(&desired);
    seen.images.remove("api");
    let expect = expect![[r"
        1 program api, its build names no inputs, so it is asked []
        2 update api, its program may change [1]
        3 ready api, not ready yet [2]
        4 still running, once all of it is done [3]
    "]];
    check(&desired, &seen, ALL, &expect);
}

#[test]
fn migrations_by_a_task_follow_what_it_runs_from() {
    let mut desired = rates();
    let mut task = service("move", Role::Task, &[("db", Condition::Ready)]);
    task.image = "api".to_owned();
    desired.services.insert(1, task);
    let database = declared(&mut desired);
    database.migrations = None;
    database.migration_task = Some("move".to_owned());
    let mut seen = green(&desired);
    check(&desired, &seen, ALL, &expect![""]);
    seen.images.remove("api");
    let expect = expect![[r"
        1 image api, not there, or made from other inputs []
        2 migrate db (task), what its task runs may change [1]
        3 update api, its image may change [1 2]
        4 ready api, not ready yet [3]
        5 still running, once all of it is done [4]
    "]];
    check(&desired, &seen, ALL, &expect);
}

#[test]
fn what_is_only_found_is_looked_for_after_the_builds() {
    let mut desired = rates();
    desired.capabilities = Capabilities::PROCESSES;
    desired.images = vec![
        program("worker", false),
        program("api", true),
        program("web", true),
    ];
    let plan = Plan::of_images(&desired, &Observation::default());
    expect![[r"
        1 program api, its build names no inputs, so it is asked []
        2 program web, its build names no inputs, so it is asked []
        3 program worker, not there, or made from other inputs [1 2]
    "]]
    .assert_eq(&plan.to_string());
}

/// Has the API of `rates` get its files made.
fn with_files(reload: Option<&str>) -> Desired {
    let mut desired = rates();
    desired.services[1].upkeep.reload = reload.map(str::to_owned);
    desired
}

#[test]
fn other_files_are_read_by_a_signal_or_by_a_new_container() {
    for (reload, expect) in [
        (
            Some("SIGHUP"),
            expect![[r"
                1 reload api, its files changed []
                2 ready api, not ready yet [1]
                3 still running, once all of it is done [2]
            "]],
        ),
        (
            None,
            expect![[r"
                1 recreate api, its files changed []
                2 ready api, not ready yet [1]
                3 still running, once all of it is done [2]
            "]],
        ),
    ] {
        let desired = with_files(reload);
        let mut seen = green(&desired);
        seen.stale_files.insert("api".to_owned());
        check(&desired, &seen, ALL, &expect);
    }
    let desired = with_files(Some("SIGHUP"));
    let mut seen = green(&desired);
    seen.stale_files.insert("api".to_owned());
    seen.engine.services[1].state = ServiceState::Created;
    check(
        &desired,
        &seen,
        ALL,
        &expect![[r"
            1 recreate api, its files changed []
            2 ready api, not ready yet [1]
            3 still running, once all of it is done [2]
        "]],
    );
}

/// Some replicas of the API of `rates`, behind one that is told of them.
fn behind_a_balancer(count: u32) -> Desired {
    let mut desired = rates();
    replicate(&mut desired, "api", count);
    let replicas = ["api", "api-2", "api-3"].map(|name| (name, Condition::Ready));
    let mut balancer = service("lb", Role::Service, &replicas[..count as usize]);
    balancer.image = "api".to_owned();
    balancer.spec.order = 2;
    balancer.upkeep.reload = Some("SIGHUP".to_owned());
    desired.services.push(balancer);
    desired
}

#[test]
fn a_balancer_is_told_after_new_replicas_and_before_the_end_of_surplus_ones() {
    let (two, three) = (behind_a_balancer(2), behind_a_balancer(3));
    let mut seen = green(&two);
    seen.stale_files.insert("lb".to_owned());
    check(
        &three,
        &seen,
        ALL,
        &expect![[r"
            1 create api-3, not there []
            2 ready api-3, not ready yet [1]
            3 reload lb, its files changed [2]
            4 ready lb, not ready yet [3]
            5 still running, once all of it is done [4]
        "]],
    );
    let mut seen = green(&three);
    seen.stale_files.insert("lb".to_owned());
    check(
        &two,
        &seen,
        ALL,
        &expect![[r"
            1 reload lb, its files changed []
            2 ready lb, not ready yet [1]
            3 remove api-3, one replica too many [2]
            4 still running, once all of it is done [3]
        "]],
    );
}

#[test]
fn from_nothing() {
    check(
        &rates(),
        &Observation::default(),
        ALL,
        &expect![[r"
            1 image debian, not there, or made from other inputs []
            2 image db, not there, or made from other inputs [1]
            3 image api, not there, or made from other inputs []
            4 network, not there []
            5 volume db-data, not there []
            6 create db, not there [2 4 5]
            7 ready db, not ready yet [6]
            8 seed db, unless it is seeded already [7]
            9 migrate db, unless all are applied [8]
            10 create api, not there [3 4]
            11 start api, not there [9 10]
            12 ready api, not ready yet [11]
            13 still running, once all of it is done [12]
        "]],
    );
}

#[test]
fn nothing_to_do() {
    check(&rates(), &green(&rates()), ALL, &expect![[""]]);
}

#[test]
fn a_service_that_ended_is_started_and_waited_for() {
    let mut seen = green(&rates());
    seen.engine.services[1].state = ServiceState::Exited {
        code: 1,
        out_of_memory: false,
    };
    seen.ready.insert("api".to_owned(), false);
    check(
        &rates(),
        &seen,
        ALL,
        &expect![[r"
            1 start api, it ended []
            2 ready api, not ready yet [1]
            3 still running, once all of it is done [2]
        "]],
    );
}

#[test]
fn a_server_of_another_version_is_told_of_whenever_it_starts() {
    let mut desired = rates();
    let choice = ServerChoice {
        version: Some("13.5".to_owned()),
        ..ServerChoice::default()
    };
    let spec = Provision::Program(Box::new(ProgramSpec {
        service: "db".to_owned(),
        program: Program::Postgres(choice),
    }));
    let bases = Vec::new();
    desired.images.retain(|image| image.spec.name() != "db");
    desired.images.push(DesiredImage { spec, bases });
    let mut seen = green(&desired);
    let handle = ImageHandle {
        id: "15.18 /bin/postgres".to_owned(),
        reference: "/bin/postgres".to_owned(),
    };
    let db = &mut seen.engine.services[0];
    db.hash = desired.services[0].launch_hash(&handle.id, &BTreeMap::new());
    db.image = handle.clone();
    seen.images.insert("db".to_owned(), handle);
    check(&desired, &seen, ALL, &expect![[""]]);

    seen.engine.services[0].state = ServiceState::Lost;
    check(
        &desired,
        &seen,
        ALL,
        &expect![[r"
            1 start db, it ended while nobody watched it []
            2 ready db, not ready yet [1]
            3 seed db, unless it is seeded already [2]
            4 migrate db, unless all are applied [3]
            5 restart api, if its database is loaded anew [4]
            6 ready api, it is started again [4 5]
            7 still running, once all of it is done [6]
            ! db: PostgreSQL 15.18 runs instead of the declared 13.5; `strict_version = true` refuses that
        "]],
    );
}

#[test]
fn another_declaration_recreates_that_service_alone() {
    let mut desired = rates();
    desired.services[1].spec.hash = "another".to_owned();
    check(
        &desired,
        &green(&rates()),
        ALL,
        &expect![[r"
            1 recreate api, its declaration changed []
            2 ready api, not ready yet [1]
            3 still running, once all of it is done [2]
        "]],
    );
}

#[test]
fn a_base_that_is_gone_may_change_what_stands_on_it() {
    let mut seen = green(&rates());
    seen.images.remove("debian");
    seen.images.remove("db");
    check(
        &rates(),
        &seen,
        ALL,
        &expect![[r"
            1 image debian, not there, or made from other inputs []
            2 image db, not there, or made from other inputs [1]
            3 update db, its image may change [2]
            4 ready db, not ready yet [3]
            5 seed db, unless it is seeded already [4]
            6 migrate db, unless all are applied [5]
            7 restart api, if its database is loaded anew [6]
            8 ready api, it is started again [6 7]
            9 still running, once all of it is done [8]
        "]],
    );
}

#[test]
fn a_database_that_was_never_seeded() {
    let mut seen = green(&rates());
    seen.databases
        .insert("db".to_owned(), database(State::Never, &["V1__index"]));
    check(
        &rates(),
        &seen,
        ALL,
        &expect![[r"
            1 seed db, never seeded []
            2 restart api, its database is loaded anew [1]
            3 ready api, it is started again [1 2]
            4 still running, once all of it is done [3]
        "]],
    );
    let no_seed = Options {
        seed: false,
        migrate: true,
    };
    check(
        &rates(),
        &seen,
        no_seed,
        &expect![[r"
        ! db is not seeded, so its migrations wait; `envctl seed rates` does both
    "]],
    );
}

#[test]
fn pending_migrations_are_applied_to_stale_data_too() {
    let mut seen = green(&rates());
    let stale = State::Stale {
        changed: vec!["dump".to_owned()],
    };
    seen.databases
        .insert("db".to_owned(), database(stale, &["V2__more"]));
    check(
        &rates(),
        &seen,
        ALL,
        &expect![[r"
            1 migrate db, not all are in as declared []
            2 still running, once all of it is done [1]
            ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
        "]],
    );
}

#[test]
fn foreign_content_is_left_alone() {
    let mut seen = green(&rates());
    let foreign = State::Foreign {
        tables: vec!["public.mine".to_owned()],
    };
    seen.databases
        .insert("db".to_owned(), database(foreign, &["V1__index"]));
    check(
        &rates(),
        &seen,
        ALL,
        &expect![[r"
        ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
    "]],
    );
}

#[test]
fn a_task_runs_only_when_something_depends_on_it_and_once() {
    let mut desired = rates();
    desired.images.push(image("send", &[]));
    desired
        .services
        .insert(1, service("send", Role::Task, &[("db", Condition::Ready)]));
    check(&desired, &green(&desired), ALL, &expect![[""]]);
    let unseen = {
        let mut seen = green(&desired);
        seen.engine.services.remove(1);
        seen
    };
    check(&desired, &unseen, ALL, &expect![[""]]);
    desired.services[2]
        .depends_on
        .insert("send".to_owned(), Condition::Ready);
    check(
        &desired,
        &unseen,
        ALL,
        &expect![[r"
            1 task send, not done yet []
            2 still running, once all of it is done [1]
        "]],
    );
}

#[test]
fn what_nothing_declares_any_more_is_removed_first() {
    let mut desired = rates();
    let seen = green(&desired);
    desired.services.pop();
    desired.services[0].spec.hash = "another".to_owned();
    check(
        &desired,
        &seen,
        ALL,
        &expect![[r"
            1 remove api, no longer declared []
            2 recreate db, its declaration changed [1]
            3 ready db, not ready yet [2]
            4 seed db, unless it is seeded already [3]
            5 migrate db, unless all are applied [4]
            6 still running, once all of it is done [5]
        "]],
    );
}

#[test]
fn a_service_cut_off_from_the_network() {
    let desired = rates();
    let mut seen = green(&desired);
    seen.engine.services[1].defect = Some(Defect::OffNetwork);
    seen.ready.insert("api".to_owned(), false);
    check(
        &desired,
        &seen,
        ALL,
        &expect![[r"
            1 recreate api, it is not on the network []
            2 ready api, not ready yet [1]
            3 still running, once all of it is done [2]
        "]],
    );
}

#[test]
fn more_replicas_are_added_and_fewer_are_removed() {
    let (one, mut three) = (rates(), rates());
    replicate(&mut three, "api", 3);
    check(
        &three,
        &green(&one),
        ALL,
        &expect![[r"
            1 create api-2, not there []
            2 ready api-2, not ready yet [1]
            3 create api-3, not there []
            4 ready api-3, not ready yet [3]
            5 still running, once all of it is done [2 4]
        "]],
    );
    check(&three, &green(&three), ALL, &expect![[""]]);
    let mut two = rates();
    replicate(&mut two, "api", 2);
    check(
        &two,
        &green(&three),
        ALL,
        &expect![[r"
            1 remove api-3, one replica too many []
            2 still running, once all of it is done [1]
        "]],
    );
    check(
        &one,
        &green(&three),
        ALL,
        &expect![[r"
            1 remove api-2, one replica too many []
            2 remove api-3, one replica too many []
            3 still running, once all of it is done [1 2]
        "]],
    );
}

#[test]
fn what_waits_for_a_service_waits_for_all_its_replicas() {
    let mut desired = rates();
    replicate(&mut desired, "api", 2);
    let after = [("api", Condition::Ready), ("api-2", Condition::Ready)];
    desired.images.push(image("web", &[]));
    desired.services.push(service("web", Role::Service, &after));
    let mut seen = green(&desired);
    seen.engine.services.drain(1..);
    check(
        &desired,
        &seen,
        ALL,
        &expect![[r"
            1 create api, not there []
            2 ready api, not ready yet [1]
            3 create api-2, not there []
            4 ready api-2, not ready yet [3]
            5 create web, not there []
            6 start web, not there [2 4 5]
            7 ready web, not ready yet [6]
            8 still running, once all of it is done [7]
        "]],
    );
}

#[test]
fn a_task_that_is_asked_for_runs_again() {
    let mut desired = rates();
    desired.images.push(image("send", &["debian"]));
    let mut send = service("send", Role::Task, &[("db", Condition::Ready)]);
    send.spec.mounts = desired.services[0].spec.mounts.clone();
    desired.services.push(send);
    let check = |seen: &Observation, expect: &Expect| {
        let task = desired.service("send").expect("it is declared");
        expect.assert_eq(&Plan::of_task(&desired, seen, task).to_string());
    };
    check(
        &green(&desired),
        &expect![[r"
        1 task send, asked for []
    "]],
    );
    check(
        &Observation::default(),
        &expect![[r"
        1 image debian, not there, or made from other inputs []
        2 image send, not there, or made from other inputs [1]
        3 network, not there []
        4 volume db-data, not there []
        5 task send, asked for [2 3 4]
    "]],
    );
}

/// With a seed that a task sends through the API, after another task, and a second one.
fn sending() -> Desired {
    let mut desired = rates();
    let ready = Condition::Ready;
    for (name, after) in [
        ("key", vec![("db", ready)]),
        ("send", vec![("api", ready), ("key", ready)]),
        ("more", vec![("db", ready)]),
    ] {
        desired.images.push(image(name, &[]));
        let task = service(name, Role::Task, &after);
        desired.services.push(task);
    }
    let database = declared(&mut desired);
    for (name, task) in [("samples", "send"), ("extra", "more")] {
        database.sent.push(SentSeed {
            name: name.to_owned(),
            task: task.to_owned(),
            inputs: Vec::new(),
        });
    }
    desired
}

/// Everything runs; the seeds of tasks stand like this.
fn sent(desired: &Desired, standings: [Standing; 2]) -> Observation {
    let mut seen = green(desired);
    let view = seen.databases.get_mut("db").expect("it is there");
    let names = ["samples", "extra"].map(ToOwned::to_owned);
    view.sent.standings = names.into_iter().zip(standings).collect();
    seen
}

#[test]
fn tasks_send_seeds_once_the_services_run() {
    check(
        &sending(),
        &Observation::default(),
        ALL,
        &expect![[r"
            1 image debian, not there, or made from other inputs []
            2 image db, not there, or made from other inputs [1]
            3 image api, not there, or made from other inputs []
            4 image key, not there, or made from other inputs []
            5 image send, not there, or made from other inputs []
            6 image more, not there, or made from other inputs []
            7 network, not there []
            8 volume db-data, not there []
            9 create db, not there [2 7 8]
            10 ready db, not ready yet [9]
            11 seed db, unless it is seeded already [10]
            12 migrate db, unless all are applied [11]
            13 create api, not there [3 7]
            14 start api, not there [12 13]
            15 ready api, not ready yet [14]
            16 task key, not done yet [4 7 12]
            17 seed samples (task), unless it was sent already [5 7 12 15 16]
            18 seed extra (task), unless it was sent already [6 7 12 17]
            19 still running, once all of it is done [18]
        "]],
    );
    let all_in = sent(&sending(), [Standing::Whole; 2]);
    check(&sending(), &all_in, ALL, &expect![[""]]);
    let second = sent(&sending(), [Standing::Whole, Standing::Never]);
    check(
        &sending(),
        &second,
        ALL,
        &expect![[r"
            1 seed extra (task), never sent []
            2 still running, once all of it is done [1]
        "]],
    );
    let no_seed = Options {
        seed: false,
        migrate: true,
    };
    check(&sending(), &second, no_seed, &expect![[""]]);
}

#[test]
fn what_a_task_sent_half_or_otherwise_is_left_alone() {
    let half = sent(&sending(), [Standing::Partial, Standing::Never]);
    check(
        &sending(),
        &half,
        ALL,
        &expect![[r"
        ! the data of db is partial: samples was not sent to its end; `envctl seed rates` resets the database and sends it again
    "]],
    );
    let stale = sent(&sending(), [Standing::Whole, Standing::Stale]);
    check(
        &sending(),
        &stale,
        ALL,
        &expect![[r"
        ! the data of db is stale: extra changed since it was sent; `envctl seed rates` resets the database and sends it again
    "]],
    );
    let mut removed = sent(&sending(), [Standing::Whole; 2]);
    let view = removed.databases.get_mut("db").expect("it is there");
    view.sent.removed.push("old".to_owned());
    check(
        &sending(),
        &removed,
        ALL,
        &expect![[r"
        ! the data of db is stale: old is no longer declared; `envctl seed rates` resets the database and sends it again
    "]],
    );
}

#[test]
fn a_seed_of_a_task_waits_for_the_dump_and_the_migrations() {
    let never = [Standing::Never; 2];
    let mut foreign = sent(&sending(), never);
    let view = foreign.databases.get_mut("db").expect("it is there");
    view.seeds = State::Foreign {
        tables: vec!["public.mine".to_owned()],
    };
    check(
        &sending(),
        &foreign,
        ALL,
        &expect![[r"
        ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
    "]],
    );
    let mut fresh = sent(&sending(), never);
    let view = fresh.databases.get_mut("db").expect("it is there");
    view.seeds = State::Never;
    check(
        &sending(),
        &fresh,
        ALL,
        &expect![[r"
            1 seed db, never seeded []
            2 restart api, its database is loaded anew [1]
            3 ready api, it is started again [1 2]
            4 seed samples (task), never sent [1 3]
            5 seed extra (task), never sent [1 4]
            6 still running, once all of it is done [5]
        "]],
    );
    let mut pending = sent(&sending(), never);
    let view = pending.databases.get_mut("db").expect("it is there");
    view.pending.push("V2__more".to_owned());
    let no_migrate = Options {
        seed: true,
        migrate: false,
    };
    check(
        &sending(),
        &pending,
        no_migrate,
        &expect![[r"
        ! db is not migrated, so what tasks send to it waits
    "]],
    );
}

#[test]
fn seed_stops_what_a_killed_run_left_and_resets_first() {
    let desired = sending();
    let mut seen = sent(&desired, [Standing::Partial, Standing::Never]);
    seen.engine.services[3].state = ServiceState::Running;
    let check = |seen: &Observation, expect: &Expect| {
        let decided = decide(&desired, seen, Wish::Seed { reset: false });
        expect.assert_eq(&Plan::of_seeds(&desired, seen, &decided).to_string());
    };
    check(
        &seen,
        &expect![[r"
            1 stop send, an earlier run left it []
            2 seed db, samples was not sent to its end (loses data) [1]
            3 restart api, its database is loaded anew [2]
            4 ready api, it is started again [2 3]
            5 seed samples (task), its database is loaded anew [2 4]
            6 seed extra (task), its database is loaded anew [2 5]
            7 still running, once all of it is done [6]
        "]],
    );
    let mut seen = sent(&desired, [Standing::Never; 2]);
    let view = seen.databases.get_mut("db").expect("it is there");
    view.pending.push("V2__more".to_owned());
    check(
        &seen,
        &expect![[r"
        1 migrate db, not all are in as declared []
        2 seed samples (task), never sent [1]
        3 seed extra (task), never sent [2]
    "]],
    );
}

#[test]
fn a_task_migrates_before_what_depends_on_the_database() {
    let mut desired = rates();
    desired.images.push(image("move", &[]));
    let task = service("move", Role::Task, &[("db", Condition::Ready)]);
    desired.services.push(task);
    let database = declared(&mut desired);
    database.migrations = None;
    database.migration_task = Some("move".to_owned());
    check(
        &desired,
        &Observation::default(),
        ALL,
        &expect![[r"
            1 image debian, not there, or made from other inputs []
            2 image db, not there, or made from other inputs [1]
            3 image api, not there, or made from other inputs []
            4 image move, not there, or made from other inputs []
            5 network, not there []
            6 volume db-data, not there []
            7 create db, not there [2 5 6]
            8 ready db, not ready yet [7]
            9 seed db, unless it is seeded already [8]
            10 migrate db (task), unless all are applied [4 5 8 9]
            11 create api, not there [3 5]
            12 start api, not there [10 11]
            13 ready api, not ready yet [12]
            14 still running, once all of it is done [13]
        "]],
    );
    check(&desired, &green(&desired), ALL, &expect![[""]]);
    let mut pending = green(&desired);
    let view = pending.databases.get_mut("db").expect("it is there");
    view.pending.push("task move".to_owned());
    check(
        &desired,
        &pending,
        ALL,
        &expect![[r"
            1 migrate db (task), not all are in as declared []
            2 still running, once all of it is done [1]
        "]],
    );
    let seen = green(&desired);
    let decided = decide(&desired, &seen, Wish::Migrate);
    let plan = Plan::of_migrations(&desired, &seen, &decided);
    expect![[r"
        1 migrate db (task), migrate []
    "]]
    .assert_eq(&plan.to_string());
}

#[test]
fn a_failure_blocks_all_that_stands_on_it() {
    let plan = diff(&rates(), &Observation::default(), ALL);
    let blocked = plan
        .dependants(6)
        .into_iter()
        .map(|index| plan.nodes[index].step.to_string());
    let blocked: Vec<String> = blocked.collect();
    assert_eq!(
        blocked,
        [
            "seed db",
            "migrate db",
            "start api",
            "ready api",
            "still running"
        ]
    );
}

#[test]
fn what_holds_a_secret_that_was_not_read_is_left_and_told() {
    let mut desired = rates();
    let observation = green(&desired);
    desired.services[1].unread = true;
    desired.services[1].spec.hash = "of a placeholder".to_owned();
    let plan = diff(&desired, &observation, ALL);
    assert!(plan.nodes.is_empty(), "{plan}");
    expect!["whether api changed cannot be known without running the command of a secret"]
        .assert_eq(&plan.notices.join("\n"));
    // Another image is another one all the same.
    let mut other = observation.clone();
    let image = other.images.get_mut("api").unwrap();
    image.id = "sha256:another".to_owned();
    let plan = diff(&desired, &other, ALL).to_string();
    assert!(plan.contains("recreate api, its image changed"), "{plan}");
    // Its readiness was not asked for, and not found missing.
    let mut unasked = observation;
    unasked.ready.remove("api");
    unasked.unasked.insert("api".to_owned());
    assert!(diff(&desired, &unasked, ALL).nodes.is_empty());
}
