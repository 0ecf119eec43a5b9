//! What right configurations become.

use expect_test::{Expect, expect};

use super::{API, given};
use crate::model::{Environment, Kind, Migrations};

fn check(env: &str, pick: impl Fn(&Environment) -> String, expected: &Expect) {
    expected.assert_eq(&pick(&given(env).environment()));
}

/// The example of the documentation, but for its files.
const RATES: &str = r#"
description = "Shipping rates between ports: a dump in PostgreSQL 13.5 and a REST API"

[images.debian]
pull = "debian:bullseye-slim"
load = { command = ["mmdebstrap", "--variant=minbase", "bullseye", "-"] }

[images.postgres]
pull  = "postgres:13.5"
build = { context = "../../fixtures/images/postgres", args = { BASE = "${images.debian}" } }

[images.rates-api]
build = { context = "../../target/images/rates-api", prepare = { command = ["cargo", "xtask", "image-context", "rates-api"], inputs = ["Cargo.lock", "fixtures/services/rates"] } }

[services.db]
kind     = "postgres"
version  = "13.5"
image    = "postgres"
database = "rates"

[services.db.migrations]
dir = "migrations"

[seeds.dump]
service = "db"
file    = "../../fixtures/rates/rates.sql.gz"

[services.api]
image       = "rates-api"
ports       = { http = { container = 3000, host = 3000 } }
environment = { DATABASE_URL = "${services.db.url}", BIND = "0.0.0.0:${services.api.ports.http}" }
depends_on  = ["db"]
healthcheck = { http = "/" }
process     = { build = ["cargo", "xtask", "image-context", "rates-api"], command = ["target/images/rates-api/rates-api"] }

[smoke.average-rates]
service = "api"
get     = "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL"
status  = 200
json    = { "$.rates[0].day" = "2021-01-31", "$.rates[0].count" = 3, "$.rates[0].price" = { approx = 1154.333 } }
"#;

#[test]
fn the_example_of_the_documentation() {
    check(
        RATES,
        |it| format!("{it:#?}"),
        &expect![[r#"
            Environment {
                name: "rates",
                description: Some(
                    "Shipping rates between ports: a dump in PostgreSQL 13.5 and a REST API",
                ),
                engine: Auto,
                folder: "/w/envs/rates",
                profiles: [],
                images: {
                    "debian": Image {
                        pull: Some(
                            "debian:bullseye-slim",
                        ),
                        build: None,
                        load: Some(
                            HostCommand {
                                command: [
                                    "mmdebstrap",
                                    "--variant=minbase",
                                    "bullseye",
                                    "-",
                                ],
                                working_dir: "/w",
                                inputs: [],
                                environment: {},
                            },
                        ),
                    },
                    "postgres": Image {
                        pull: Some(
                            "postgres:13.5",
                        ),
                        build: Some(
                            Build {
                                context: "/w/fixtures/images/postgres",
                                dockerfile: "Dockerfile",
                                args: {
                                    "BASE": Template {
                                        parts: [
                                            Reference(
                                                Image(
                                                    "debian",
                                                ),
                                            ),
                                        ],
                                    },
                                },
                                target: None,
                                prepare: None,
                            },
                        ),
                        load: None,
                    },
                    "rates-api": Image {
                        pull: None,
                        build: Some(
                            Build {
                                context: "/w/target/images/rates-api",
                                dockerfile: "Dockerfile",
                                args: {},
                                target: None,
                                prepare: Some(
                                    HostCommand {
                                        command: [
                                            "cargo",
                                            "xtask",
                                            "image-context",
                                            "rates-api",
                                        ],
                                        working_dir: "/w",
                                        inputs: [
                                            "/w/Cargo.lock",
                                            "/w/fixtures/services/rates",
                                        ],
                                        environment: {},
                                    },
                                ),
                            },
                        ),
                        load: None,
                    },
                },
                services: {
                    "db": Service {
                        kind: Postgres(
                            Postgres {
                                version: Some(
                                    "13.5",
                                ),
                                strict_version: false,
                                bin_dir: None,
                                database: "rates",
                                user: "postgres",
                                password: <secret: command, not run>,
                                own_password: true,
                                migrations: Some(
                                    Folder(
                                        "/w/envs/rates/migrations",
                                    ),
                                ),
                            },
                        ),
                        image: Some(
                            Named(
                                "postgres",
                            ),
                        ),
                        command: None,
                        entrypoint: None,
                        environment: {},
                        ports: {
                            "postgres": Port {
                                container: 5432,
                                host: Any,
                                bind: 127.0.0.1,
                                path: None,
                            },
                        },
                        url: None,
                        volumes: [],
                        depends_on: {},
                        healthcheck: None,
                        restart: No,
                        limits: Limits {
                            nano_cpus: None,
                            memory_bytes: None,
                            pids: None,
                        },
                        user: None,
                        working_dir: None,
                        tmpfs: [],
                        shm_size_bytes: None,
                        stop_signal: Some(
                            "SIGINT",
                        ),
                        stop_grace_period: 10s,
                        files: {},
                        reload: None,
                        update_delay: 0ns,
                        ready_timeout: 60s,
                        replicas: 1,
                        process: None,
                    },
                    "api": Service {
                        kind: Container,
                        image: Some(
                            Named(
                                "rates-api",
                            ),
                        ),
                        command: None,
                        entrypoint: None,
                        environment: {
                            "DATABASE_URL": Template {
                                parts: [
                                    Reference(
                                        Service {
                                            service: "db",
                                            field: Url,
                                        },
                                    ),
                                ],
                            },
                            "BIND": Template {
                                parts: [
                                    Text(
                                        "0.0.0.0:",
                                    ),
                                    Reference(
                                        Service {
                                            service: "api",
                                            field: NamedPort(
                                                "http",
                                            ),
                                        },
                                    ),
                                ],
                            },
                        },
                        ports: {
                            "http": Port {
                                container: 3000,
                                host: Fixed(
                                    3000,
                                ),
                                bind: 127.0.0.1,
                                path: None,
                            },
                        },
                        url: None,
                        volumes: [],
                        depends_on: {
                            "db": Ready,
                        },
                        healthcheck: Some(
                            Healthcheck {
                                probe: Some(
                                    Http {
                                        port: "http",
                                        path: "/",
                                    },
                                ),
                            },
                        ),
                        restart: No,
                        limits: Limits {
                            nano_cpus: None,
                            memory_bytes: None,
                            pids: None,
                        },
                        user: None,
                        working_dir: None,
                        tmpfs: [],
                        shm_size_bytes: None,
                        stop_signal: None,
                        stop_grace_period: 10s,
                        files: {},
                        reload: None,
                        update_delay: 0ns,
                        ready_timeout: 60s,
                        replicas: 1,
                        process: Some(
                            Process {
                                build: Some(
                                    HostCommand {
                                        command: [
                                            "cargo",
                                            "xtask",
                                            "image-context",
                                            "rates-api",
                                        ],
                                        working_dir: "/w",
                                        inputs: [],
                                        environment: {},
                                    },
                                ),
                                command: [
                                    Template {
                                        parts: [
                                            Text(
                                                "target/images/rates-api/rates-api",
                                            ),
                                        ],
                                    },
                                ],
                                working_dir: "/w",
                                environment: {},
                                user: None,
                            },
                        ),
                    },
                },
                seeds: {
                    "dump": Seed {
                        service: "db",
                        content: Dump {
                            file: "/w/fixtures/rates/rates.sql.gz",
                            superuser: false,
                        },
                    },
                },
                tasks: {},
                checks: {
                    "average-rates": Check {
                        declared: "average-rates",
                        place: Some(
                            Spot {
                                file: "envs/rates/env.toml",
                                line: 36,
                            },
                        ),
                        action: Http(
                            HttpAction {
                                call: Call {
                                    port: ServicePort {
                                        service: "api",
                                        port: "http",
                                    },
                                    path: Template {
                                        parts: [
                                            Text(
                                                "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL",
                                            ),
                                        ],
                                    },
                                    query: {},
                                    headers: {},
                                    auth: None,
                                    tls: None,
                                },
                                method: "GET",
                                body: None,
                                redirects: 0,
                            },
                        ),
                        expect: Expect {
                            status: [
                                Code(
                                    200,
                                ),
                            ],
                            exit_code: [],
                            headers: {},
                            json: {
                                "$.rates[0].day": [
                                    Equal(
                                        Json {
                                            value: String("2021-01-31"),
                                            holes: [],
                                        },
                                    ),
                                ],
                                "$.rates[0].count": [
                                    Equal(
                                        Json {
                                            value: Number(3),
                                            holes: [],
                                        },
                                    ),
                                ],
                                "$.rates[0].price": [
                                    Approx {
                                        value: Json {
                                            value: Number(1154.333),
                                            holes: [],
                                        },
                                        within: 1e-6,
                                    },
                                ],
                            },
                            json_schema: None,
                            text: [],
                            stderr: [],
                            sha256: None,
                            snapshot: None,
                            max_time: None,
                            rows: None,
                            value: [],
                            count: [],
                            messages: [],
                        },
                        captures: {},
                        flow: Flow {
                            depends_on: [],
                            setup: [],
                            teardown: [],
                            tags: [],
                            is_step: false,
                        },
                        timeout: 10s,
                        eventually: false,
                    },
                },
                secrets: [],
            }"#]],
    );
}

#[test]
fn a_service_with_everything() {
    check(
        "[services.api]\nimage = 'reg.example/api@sha256:00'\ncommand = ['a', '${instance}']\nentrypoint = []\n\
         env_file = []\nvolumes = ['data:/data', './x:/x:ro', '/etc/y:/y:rw']\nrestart = 'on-failure:3'\n\
         cpus = 1.5\nmem_limit = '512m'\npids_limit = 100\nuser = '1000:1000'\nworking_dir = '/app'\n\
         tmpfs = '/run:size=64m'\nshm_size = 67108864\nstop_signal = 'SIGQUIT'\nstop_grace_period = '1m30s'\n\
         ready_timeout = '500ms'\nports = { http = { container = 80, host = 'any', bind = '0.0.0.0' } }\n\
         depends_on = { db = { condition = 'started' } }\nhealthcheck = { command = 'curl -f localhost' }\n\
         [services.db]\nkind = 'postgres'\nports = { postgres = { host = 5433 } }\nstop_signal = 'SIGTERM'",
        |it| format!("{:#?}", it.services),
        &expect![[r#"
            {
                "api": Service {
                    kind: Container,
                    image: Some(
                        Reference(
                            "reg.example/api@sha256:00",
                        ),
                    ),
                    command: Some(
                        [
                            Template {
                                parts: [
                                    Text(
                                        "a",
                                    ),
                                ],
                            },
                            Template {
                                parts: [
                                    Text(
                                        "default",
                                    ),
                                ],
                            },
                        ],
                    ),
                    entrypoint: Some(
                        [],
                    ),
                    environment: {},
                    ports: {
                        "http": Port {
                            container: 80,
                            host: Any,
                            bind: 0.0.0.0,
                            path: None,
                        },
                    },
                    url: None,
                    volumes: [
                        Mount {
                            source: Volume(
                                "data",
                            ),
                            target: "/data",
                            read_only: false,
                        },
                        Mount {
                            source: Bind(
                                "/w/envs/rates/x",
                            ),
                            target: "/x",
                            read_only: true,
                        },
                        Mount {
                            source: Bind(
                                "/etc/y",
                            ),
                            target: "/y",
                            read_only: false,
                        },
                    ],
                    depends_on: {
                        "db": Started,
                    },
                    healthcheck: Some(
                        Healthcheck {
                            probe: Some(
                                Command(
                                    [
                                        "curl",
                                        "-f",
                                        "localhost",
                                    ],
                                ),
                            ),
                        },
                    ),
                    restart: OnFailure {
                        max_retries: Some(
                            3,
                        ),
                    },
                    limits: Limits {
                        nano_cpus: Some(
                            1500000000,
                        ),
                        memory_bytes: Some(
                            536870912,
                        ),
                        pids: Some(
                            100,
                        ),
                    },
                    user: Some(
                        "1000:1000",
                    ),
                    working_dir: Some(
                        "/app",
                    ),
                    tmpfs: [
                        "/run:size=64m",
                    ],
                    shm_size_bytes: Some(
                        67108864,
                    ),
                    stop_signal: Some(
                        "SIGQUIT",
                    ),
                    stop_grace_period: 90s,
                    files: {},
                    reload: None,
                    update_delay: 0ns,
                    ready_timeout: 500ms,
                    replicas: 1,
                    process: None,
                },
                "db": Service {
                    kind: Postgres(
                        Postgres {
                            version: None,
                            strict_version: false,
                            bin_dir: None,
                            database: "postgres",
                            user: "postgres",
                            password: <secret: command, not run>,
                            own_password: true,
                            migrations: None,
                        },
                    ),
                    image: Some(
                        Reference(
                            "postgres:17",
                        ),
                    ),
                    command: None,
                    entrypoint: None,
                    environment: {},
                    ports: {
                        "postgres": Port {
                            container: 5432,
                            host: Fixed(
                                5433,
                            ),
                            bind: 127.0.0.1,
                            path: None,
                        },
                    },
                    url: None,
                    volumes: [],
                    depends_on: {},
                    healthcheck: None,
                    restart: No,
                    limits: Limits {
                        nano_cpus: None,
                        memory_bytes: None,
                        pids: None,
                    },
                    user: None,
                    working_dir: None,
                    tmpfs: [],
                    shm_size_bytes: None,
                    stop_signal: Some(
                        "SIGTERM",
                    ),
                    stop_grace_period: 10s,
                    files: {},
                    reload: None,
                    update_delay: 0ns,
                    ready_timeout: 60s,
                    replicas: 1,
                    process: None,
                },
            }"#]],
    );
}

#[test]
fn env_files_come_before_environment() {
    let given = given(&format!(
        "{API}env_file = ['a.env', '../b.env']\nenvironment = {{ C = 3 }}"
    ));
    let given = given
        .file("envs/rates/a.env", "A=1\nB=${x}")
        .file("envs/b.env", "B=2\nC=2");
    let environment = &given.environment().services["api"].environment;
    let pairs: Vec<_> = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(pairs, ["A=1", "B=2", "C=3"]);
}

#[test]
fn tasks_take_over_what_their_service_runs_with() {
    check(
        "[services.api]\nimage = 'api:1'\nuser = 'app'\nworking_dir = '/app'\nvolumes = ['a:/a', 'b:/b']\n\
         environment = { A = '1', B = '1' }\n\
         [tasks.load]\nservice = 'api'\ncommand = 'load all'\nenvironment = { B = '2' }\nvolumes = ['c:/b']\n\
         depends_on = ['api']\n[tasks.plain]\nimage = 'x:1'\ntimeout = '1h'",
        |it| format!("{:#?}", it.tasks),
        &expect![[r#"
            {
                "load": Task {
                    image: Reference(
                        "api:1",
                    ),
                    command: Some(
                        [
                            Template {
                                parts: [
                                    Text(
                                        "load",
                                    ),
                                ],
                            },
                            Template {
                                parts: [
                                    Text(
                                        "all",
                                    ),
                                ],
                            },
                        ],
                    ),
                    entrypoint: None,
                    environment: {
                        "A": Template {
                            parts: [
                                Text(
                                    "1",
                                ),
                            ],
                        },
                        "B": Template {
                            parts: [
                                Text(
                                    "2",
                                ),
                            ],
                        },
                    },
                    volumes: [
                        Mount {
                            source: Volume(
                                "c",
                            ),
                            target: "/b",
                            read_only: false,
                        },
                        Mount {
                            source: Volume(
                                "a",
                            ),
                            target: "/a",
                            read_only: false,
                        },
                    ],
                    user: Some(
                        "app",
                    ),
                    working_dir: Some(
                        "/app",
                    ),
                    depends_on: {
                        "api": Ready,
                    },
                    process: None,
                    timeout: 600s,
                },
                "plain": Task {
                    image: Reference(
                        "x:1",
                    ),
                    command: None,
                    entrypoint: None,
                    environment: {},
                    volumes: [],
                    user: None,
                    working_dir: None,
                    depends_on: {},
                    process: None,
                    timeout: 3600s,
                },
            }"#]],
    );
}

#[test]
fn checks_of_both_kinds() {
    check(
        &format!(
            "{API}[services.db]\nkind = 'postgres'\n[tasks.t]\nimage = 'x:1'\n\
             [seeds.t]\nservice = 'db'\nfile = 't.sql'\n\
             [smoke.http]\nservice = 'api'\nmethod = 'post'\npath = '/x'\nquery = {{ a = 1 }}\n\
             headers = {{ Accept = 'x' }}\njson_body = {{ a = [1, {{ b = true }}], d = 2021-01-31 }}\n\
             status = [200, '3xx']\nexpect_headers = {{ Content-Type = {{ contains = 'json' }} }}\n\
             text = {{ contains = 'x', length = 3 }}\nmax_time = '250ms'\ntimeout = '1m'\neventually = true\n\
             [smoke.http.json]\n'$.a' = {{ approx = 1, within = 0.1 }}\n'$.b' = {{ '>=' = 1, '<' = 2.5 }}\n\
             '$.c' = {{ type = 'null' }}\n'$.d' = {{ equal = {{ x = 1 }} }}\n'$.e' = {{ not = 1 }}\n\
             '$.f' = {{ exists = false }}\n'$.g' = [1, 2]\n\
             [smoke.sql]\nservice = 'db'\nsql = 'SELECT 1'\ndatabase = 'other'\n\
             rows = [[1, 'a', {{ type = 'null' }}]]\nvalue = 1\ncount = {{ '>' = 0 }}"
        ),
        |it| format!("{:#?}\n{:#?}", it.seeds, it.checks),
        &expect![[r#"
            {
                "t": Seed {
                    service: "db",
                    content: Dump {
                        file: "/w/envs/rates/t.sql",
                        superuser: false,
                    },
                },
            }
            {
                "http": Check {
                    declared: "http",
                    place: Some(
                        Spot {
                            file: "envs/rates/env.toml",
                            line: 11,
                        },
                    ),
                    action: Http(
                        HttpAction {
                            call: Call {
                                port: ServicePort {
                                    service: "api",
                                    port: "http",
                                },
                                path: Template {
                                    parts: [
                                        Text(
                                            "/x",
                                        ),
                                    ],
                                },
                                query: {
                                    "a": Template {
                                        parts: [
                                            Text(
                                                "1",
                                            ),
                                        ],
                                    },
                                },
                                headers: {
                                    "Accept": Template {
                                        parts: [
                                            Text(
                                                "x",
                                            ),
                                        ],
                                    },
                                },
                                auth: None,
                                tls: None,
                            },
                            method: "POST",
                            body: Some(
                                Json(
                                    Json {
                                        value: Object {
                                            "a": Array [
                                                Number(1),
                                                Object {
                                                    "b": Bool(true),
                                                },
                                            ],
                                            "d": String("2021-01-31"),
                                        },
                                        holes: [],
                                    },
                                ),
                            ),
                            redirects: 0,
                        },
                    ),
                    expect: Expect {
                        status: [
                            Code(
                                200,
                            ),
                            Class(
                                3,
                            ),
                        ],
                        exit_code: [],
                        headers: {
                            "content-type": [
                                Contains(
                                    Json {
                                        value: String("json"),
                                        holes: [],
                                    },
                                ),
                            ],
                        },
                        json: {
                            "$.a": [
                                Approx {
                                    value: Json {
                                        value: Number(1),
                                        holes: [],
                                    },
                                    within: 0.1,
                                },
                            ],
                            "$.b": [
                                Compare(
                                    GreaterOrEqual,
                                    Json {
                                        value: Number(1),
                                        holes: [],
                                    },
                                ),
                                Compare(
                                    Less,
                                    Json {
                                        value: Number(2.5),
                                        holes: [],
                                    },
                                ),
                            ],
                            "$.c": [
                                Type(
                                    Null,
                                ),
                            ],
                            "$.d": [
                                Equal(
                                    Json {
                                        value: Object {
                                            "x": Number(1),
                                        },
                                        holes: [],
                                    },
                                ),
                            ],
                            "$.e": [
                                Not(
                                    Json {
                                        value: Number(1),
                                        holes: [],
                                    },
                                ),
                            ],
                            "$.f": [
                                Exists(
                                    false,
                                ),
                            ],
                            "$.g": [
                                Equal(
                                    Json {
                                        value: Array [
                                            Number(1),
                                            Number(2),
                                        ],
                                        holes: [],
                                    },
                                ),
                            ],
                        },
                        json_schema: None,
                        text: [
                            Contains(
                                Json {
                                    value: String("x"),
                                    holes: [],
                                },
                            ),
                            Length(
                                [
                                    Equal(
                                        Json {
                                            value: Number(3),
                                            holes: [],
                                        },
                                    ),
                                ],
                            ),
                        ],
                        stderr: [],
                        sha256: None,
                        snapshot: None,
                        max_time: Some(
                            250ms,
                        ),
                        rows: None,
                        value: [],
                        count: [],
                        messages: [],
                    },
                    captures: {},
                    flow: Flow {
                        depends_on: [],
                        setup: [],
                        teardown: [],
                        tags: [],
                        is_step: false,
                    },
                    timeout: 60s,
                    eventually: true,
                },
                "sql": Check {
                    declared: "sql",
                    place: Some(
                        Spot {
                            file: "envs/rates/env.toml",
                            line: 32,
                        },
                    ),
                    action: Sql(
                        SqlAction {
                            service: "db",
                            database: Some(
                                "other",
                            ),
                            query: "SELECT 1",
                        },
                    ),
                    expect: Expect {
                        status: [],
                        exit_code: [],
                        headers: {},
                        json: {},
                        json_schema: None,
                        text: [],
                        stderr: [],
                        sha256: None,
                        snapshot: None,
                        max_time: None,
                        rows: Some(
                            Json {
                                value: Array [
                                    Array [
                                        Number(1),
                                        String("a"),
                                        Null,
                                    ],
                                ],
                                holes: [],
                            },
                        ),
                        value: [
                            Equal(
                                Json {
                                    value: Number(1),
                                    holes: [],
                                },
                            ),
                        ],
                        count: [
                            Compare(
                                Greater,
                                Json {
                                    value: Number(0),
                                    holes: [],
                                },
                            ),
                        ],
                        messages: [],
                    },
                    captures: {},
                    flow: Flow {
                        depends_on: [],
                        setup: [],
                        teardown: [],
                        tags: [],
                        is_step: false,
                    },
                    timeout: 10s,
                    eventually: false,
                },
            }"#]],
    );
}

#[test]
fn paths_start_at_the_file_that_wrote_them() {
    let given = given("[services.db]\nkind = 'postgres'\nmigrations = 'm'\n[seeds.a]\nservice = 'db'\nfile = 'a.sql'")
        .file("envs/envctl.toml", "[images.x]\nbuild = { context = 'x', dockerfile = 'sub/Dockerfile', prepare = { command = ['./run'], working_dir = 'y', inputs = ['in'] } }\nload = './run'")
        .file("envs/profiles/p.toml", "services.db.volumes = ['./v:/v']")
        .profile("p")
        .set("seeds.a.file=b.sql");
    let it = given.environment();
    expect![[r#"
        Image {
            pull: None,
            build: Some(
                Build {
                    context: "/w/envs/x",
                    dockerfile: "sub/Dockerfile",
                    args: {},
                    target: None,
                    prepare: Some(
                        HostCommand {
                            command: [
                                "./run",
                            ],
                            working_dir: "/w/envs/y",
                            inputs: [
                                "/w/envs/y/in",
                            ],
                            environment: {},
                        },
                    ),
                },
            ),
            load: Some(
                HostCommand {
                    command: [
                        "./run",
                    ],
                    working_dir: "/w",
                    inputs: [],
                    environment: {},
                },
            ),
        }
        Postgres(Postgres { version: None, strict_version: false, bin_dir: None, database: "postgres", user: "postgres", password: <secret: command, not run>, own_password: true, migrations: Some(Folder("/w/envs/rates/m")) })
        [Mount { source: Bind("/w/envs/profiles/v"), target: "/v", read_only: false }]
        {"a": Seed { service: "db", content: Dump { file: "/w/b.sql", superuser: false } }}"#]].assert_eq(&format!(
        "{:#?}\n{:?}\n{:?}\n{:?}",
        it.images["x"], it.services["db"].kind, it.services["db"].volumes, it.seeds
    ));
}

#[test]
fn tasks_bring_data() {
    let env = "[services.db]\nkind = 'postgres'\nmigrations = { task = 'migrate' }\n\
               [seeds.samples]\nservice = 'db'\ntask = 'send'\ninputs = ['rows', '../all.csv']\n\
               [tasks.migrate]\nimage = 'x:1'\ndepends_on = ['db']\n[tasks.send]\nimage = 'x:1'\n";
    let sent = given(env).environment();
    let Kind::Postgres(postgres) = &sent.services["db"].kind else {
        panic!("it is a database");
    };
    assert_eq!(
        postgres.migrations,
        Some(Migrations::Task("migrate".to_owned()))
    );
    expect![[r#"{"samples": Seed { service: "db", content: Task { task: "send", inputs: ["/w/envs/rates/rows", "/w/envs/all.csv"] } }}"#]].assert_eq(&format!("{:?}", sent.seeds));
    // A layer that says `file` takes away what a lower one said of the task.
    let dump = given(env).set("seeds.samples.file=b.sql").environment();
    expect![[r#"{"samples": Seed { service: "db", content: Dump { file: "/w/b.sql", superuser: false } }}"#]]
        .assert_eq(&format!("{:?}", dump.seeds));
}

#[test]
fn no_part_of_a_file_panics() {
    let all = "é = '${vars.é}'\n[vars]\né = \"${env:É:-é}\"\n".to_owned() + RATES;
    for end in all.char_indices().map(|(index, _)| index).step_by(5) {
        let _ = given(&all[..end]).mistakes();
        let _ = given(&all[end..]).mistakes();
        let without = format!("{}{}", &all[..end], all[end..].get(7..).unwrap_or_default());
        let _ = given(&without).mistakes();
        let _ = given(API).set(&all[end..]).mistakes();
    }
}

#[test]
fn a_server_without_an_image_runs_the_official_one() {
    check(
        "vars.v = '13'\n[services.a]\nkind = 'postgres'\n[services.b]\nkind = 'redis'\n\
         [services.c]\nkind = 'postgres'\nversion = '${vars.v}.10'\n\
         [services.d]\nkind = 'redis'\nversion = '6.2'\nimage = 'valkey:8'",
        |it| {
            let images = it.services.iter();
            let images = images.map(|(name, it)| format!("{name} {:?}", it.image));
            images.collect::<Vec<_>>().join("\n")
        },
        &expect![[r#"
            a Some(Reference("postgres:17"))
            b Some(Reference("redis:7"))
            c Some(Reference("postgres:13.10"))
            d Some(Reference("valkey:8"))"#]],
    );
    let given = given("[services.db]\nkind = 'postgres'\nversion = '13.5'");
    let given = given.set("services.db.version=13.10");
    expect![[r#"
        services.db.image = "postgres:13.10"
          from --set"#]]
    .assert_eq(&given.explain("services.db.image"));
}

#[test]
fn a_redis_service() {
    check(
        "[services.a]\nkind = 'redis'\n\
         [services.b]\nkind = 'redis'\nversion = '7.0'\nstrict_version = true\npassword = 'x'\n\
         persistence = 'none'\nconfig = { maxmemory = '64mb', maxclients = 100, client-output-buffer-limit = 'normal 0 0 0' }\nprocess.bin_dir = '../../bin'\n\
         [services.c]\nkind = 'redis'\ncommand = ['redis-server', '--maxmemory', '64mb']\nuser = '999'",
        |it| {
            let services = it.services.values();
            let services = services.map(|it| {
                format!(
                    "{:#?}\n{:?} {:?} {:?}",
                    it.kind, it.ports, it.stop_signal, it.user
                )
            });
            services.collect::<Vec<_>>().join("\n")
        },
        &expect![[r#"
            Redis(
                Redis {
                    version: None,
                    strict_version: false,
                    bin_dir: None,
                    password: None,
                    persistence: Rdb,
                    config: {},
                },
            )
            {"redis": Port { container: 6379, host: Any, bind: 127.0.0.1, path: None }} None None
            Redis(
                Redis {
                    version: Some(
                        "7.0",
                    ),
                    strict_version: true,
                    bin_dir: Some(
                        "/w/bin",
                    ),
                    password: Some(
                        ***,
                    ),
                    persistence: None,
                    config: {
                        "maxmemory": [
                            "64mb",
                        ],
                        "maxclients": [
                            "100",
                        ],
                        "client-output-buffer-limit": [
                            "normal",
                            "0",
                            "0",
                            "0",
                        ],
                    },
                },
            )
            {"redis": Port { container: 6379, host: Any, bind: 127.0.0.1, path: None }} None None
            Redis(
                Redis {
                    version: None,
                    strict_version: false,
                    bin_dir: None,
                    password: None,
                    persistence: Rdb,
                    config: {},
                },
            )
            {"redis": Port { container: 6379, host: Any, bind: 127.0.0.1, path: None }} None Some("999")"#]],
    );
}

#[test]
fn a_postgres_service_of_the_host() {
    check(
        "[services.db]\nkind = 'postgres'\nversion = '15'\nstrict_version = true\n\
         process = { bin_dir = '/usr/lib/postgresql/15/bin' }",
        |it| {
            format!(
                "{:#?}\n{:?}",
                it.services["db"].kind, it.services["db"].process
            )
        },
        &expect![[r#"
            Postgres(
                Postgres {
                    version: Some(
                        "15",
                    ),
                    strict_version: true,
                    bin_dir: Some(
                        "/usr/lib/postgresql/15/bin",
                    ),
                    database: "postgres",
                    user: "postgres",
                    password: <secret: command, not run>,
                    own_password: true,
                    migrations: None,
                },
            )
            None"#]],
    );
}

#[test]
fn replicas_run_side_by_side() {
    check(
        "[services.api]\nimage = 'api:1'\nreplicas = 64\nports = { http = 3000 }\n\
         [services.api-65]\nimage = 'api:1'\n[services.api-x]\nimage = 'api:1'\nreplicas = 1",
        |it| {
            let services = it.services.iter();
            let services = services.map(|(name, it)| format!("{name} {}", it.replicas));
            services.collect::<Vec<_>>().join("\n")
        },
        &expect![[r#"
            api 64
            api-65 1
            api-x 1"#]],
    );
}

#[test]
fn a_process_may_be_all_that_a_service_and_a_task_have() {
    check(
        "[services.api]\nprocess = { command = ['api', '$HOME'], build = 'make api', user = 'app', \
         working_dir = '..', environment = { BIND = '127.0.0.1:${services.api.ports.http}', A = 1, B = 1 } }\n\
         ports = { http = 3000 }\nenvironment = { C = 1 }\n\
         [tasks.import]\nservice = 'api'\nenvironment = { A = 2 }\n\
         process = { command = 'api import', environment = { B = 3 } }\n\
         [tasks.own]\nservice = 'api'\n\
         process = { command = 'own', user = 'me', working_dir = '/srv', \
         build = { command = ['make', 'own'], inputs = ['own'], working_dir = '.', environment = ['D=4'] } }\n\
         [tasks.alone]\nprocess = 'true'",
        |it| {
            let tasks = it.tasks.values();
            let tasks = tasks.map(|it| format!("{:?} {:#?}", it.image, it.process));
            let tasks: Vec<_> = tasks.collect();
            format!("{:#?}\n{}", it.services["api"].process, tasks.join("\n"))
        },
        &expect![[r#"
            Some(
                Process {
                    build: Some(
                        HostCommand {
                            command: [
                                "make",
                                "api",
                            ],
                            working_dir: "/w",
                            inputs: [],
                            environment: {},
                        },
                    ),
                    command: [
                        Template {
                            parts: [
                                Text(
                                    "api",
                                ),
                            ],
                        },
                        Template {
                            parts: [
                                Text(
                                    "$HOME",
                                ),
                            ],
                        },
                    ],
                    working_dir: "/w/envs",
                    environment: {
                        "BIND": Template {
                            parts: [
                                Text(
                                    "127.0.0.1:",
                                ),
                                Reference(
                                    Service {
                                        service: "api",
                                        field: NamedPort(
                                            "http",
                                        ),
                                    },
                                ),
                            ],
                        },
                        "A": Template {
                            parts: [
                                Text(
                                    "1",
                                ),
                            ],
                        },
                        "B": Template {
                            parts: [
                                Text(
                                    "1",
                                ),
                            ],
                        },
                    },
                    user: Some(
                        "app",
                    ),
                },
            )
            Named("") Some(
                Process {
                    build: Some(
                        HostCommand {
                            command: [
                                "make",
                                "api",
                            ],
                            working_dir: "/w",
                            inputs: [],
                            environment: {},
                        },
                    ),
                    command: [
                        Template {
                            parts: [
                                Text(
                                    "api",
                                ),
                            ],
                        },
                        Template {
                            parts: [
                                Text(
                                    "import",
                                ),
                            ],
                        },
                    ],
                    working_dir: "/w/envs",
                    environment: {
                        "BIND": Template {
                            parts: [
                                Text(
                                    "127.0.0.1:",
                                ),
                                Reference(
                                    Service {
                                        service: "api",
                                        field: NamedPort(
                                            "http",
                                        ),
                                    },
                                ),
                            ],
                        },
                        "B": Template {
                            parts: [
                                Text(
                                    "3",
                                ),
                            ],
                        },
                    },
                    user: Some(
                        "app",
                    ),
                },
            )
            Named("") Some(
                Process {
                    build: Some(
                        HostCommand {
                            command: [
                                "make",
                                "own",
                            ],
                            working_dir: "/w/envs/rates",
                            inputs: [
                                "/w/envs/rates/own",
                            ],
                            environment: {
                                "D": "4",
                            },
                        },
                    ),
                    command: [
                        Template {
                            parts: [
                                Text(
                                    "own",
                                ),
                            ],
                        },
                    ],
                    working_dir: "/srv",
                    environment: {
                        "BIND": Template {
                            parts: [
                                Text(
                                    "127.0.0.1:",
                                ),
                                Reference(
                                    Service {
                                        service: "api",
                                        field: NamedPort(
                                            "http",
                                        ),
                                    },
                                ),
                            ],
                        },
                        "A": Template {
                            parts: [
                                Text(
                                    "1",
                                ),
                            ],
                        },
                        "B": Template {
                            parts: [
                                Text(
                                    "1",
                                ),
                            ],
                        },
                    },
                    user: Some(
                        "me",
                    ),
                },
            )
            Named("") Some(
                Process {
                    build: None,
                    command: [
                        Template {
                            parts: [
                                Text(
                                    "true",
                                ),
                            ],
                        },
                    ],
                    working_dir: "/w",
                    environment: {},
                    user: None,
                },
            )"#]],
    );
}

#[test]
fn files_of_a_service() {
    let base = given(&format!(
        "{API}replicas = 2\nupdate_config.delay = '500ms'\n[services.lb]\nimage = 'lb:1'\nports.http = 80\nreload = 'SIGHUP'\n\
         environment = {{ CONFIG = '${{services.lb.files.config}}', ALL = '${{services.api.addresses}}' }}\n\
         [services.lb.files.config]\ntemplate = 'lb.cfg'\npath = '/etc/lb.cfg'\n\
         values = {{ servers = '${{services.api.addresses}}', port = '${{services.lb.ports.http}}', \
         socket = '${{services.lb.files.config}}.sock', workers = 2, quiet = true, unused = 'x' }}\n"
    ))
    .file("envs/rates/lb.cfg", "{% for s in servers %}{{ s.host }}{% endfor %}{{ port }}{{ socket }}\n");
    let services = base.environment().services;
    let balancer = &services["lb"];
    let delay = services["api"].update_delay;
    let text = format!("{:#?}\n{:?} {delay:?}", balancer.files, balancer.reload);
    expect![[r#"
        {
            "config": ServiceFile {
                path: "/etc/lb.cfg",
                template: "{% for s in servers %}{{ s.host }}{% endfor %}{{ port }}{{ socket }}\n",
                values: {
                    "servers": Addresses(
                        "api",
                    ),
                    "port": Text(
                        Template {
                            parts: [
                                Reference(
                                    Service {
                                        service: "lb",
                                        field: NamedPort(
                                            "http",
                                        ),
                                    },
                                ),
                            ],
                        },
                    ),
                    "socket": Text(
                        Template {
                            parts: [
                                Reference(
                                    Service {
                                        service: "lb",
                                        field: File(
                                            "config",
                                        ),
                                    },
                                ),
                                Text(
                                    ".sock",
                                ),
                            ],
                        },
                    ),
                    "workers": Integer(
                        2,
                    ),
                    "quiet": Boolean(
                        true,
                    ),
                    "unused": Text(
                        Template {
                            parts: [
                                Text(
                                    "x",
                                ),
                            ],
                        },
                    ),
                },
            },
        }
        Some("SIGHUP") 500ms"#]]
    .assert_eq(&text);
}
