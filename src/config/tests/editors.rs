//! The JSON Schema that editors read: it takes what envctl takes, and refuses what it can know to
//! be wrong.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use expect_test::expect_file;

use super::super::parse;
use super::super::schema::json_schema;
use super::super::source::Source;

/// The schema, compiled once.
static SCHEMA: LazyLock<(boon::Schemas, boon::SchemaIndex)> = LazyLock::new(|| {
    let (mut all, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let place = "file:///env.schema.json";
    compiler
        .add_resource(place, json_schema())
        .expect("a place has a URL");
    let root = compiler.compile(place, &mut all);
    (all, root.expect("it is a JSON Schema"))
});

/// Returns what of a file does not follow the schema.
fn refused(path: &str, text: &str) -> Option<String> {
    let source = Source::file(PathBuf::new(), path, false, text.to_owned());
    let (root, mistakes) = parse::document(&source);
    assert!(mistakes.is_empty(), "{path}: {}", mistakes[0]);
    let (all, root_of_schema) = &*SCHEMA;
    let document = root.value.to_json();
    let result = all.validate(&document, *root_of_schema);
    result.err().map(|error| error.to_string())
}

/// Checks that a file of a configuration follows the schema.
pub(super) fn follows(path: &str, text: &str) {
    if let Some(why) = refused(path, text) {
        panic!("{path}: {why}\n{text}");
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_documentation_carries_it() {
    let printed = format!("{:#}\n", json_schema());
    expect_file!["../../../docs/env.schema.json"].assert_eq(&printed);
}

#[test]
fn every_file_of_this_workspace_follows_it_and_names_it() {
    let mut count = 0;
    let mut open = vec![workspace().join("envs")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs_err::read_dir(&path).expect("the folder is there");
            open.extend(entries.map(|entry| entry.expect("it can be read").path()));
        } else if path.extension().is_some_and(|end| end == "toml") {
            let text = fs_err::read_to_string(&path).expect("it can be read");
            let shown = path.display().to_string();
            follows(&shown, &text);
            let first = text.lines().next().unwrap_or_default();
            let schema = first.strip_prefix("#:schema ").expect(&shown);
            let schema = path.parent().expect("a folder").join(schema);
            let schema = fs_err::canonicalize(schema).expect(&shown);
            assert_eq!(schema, workspace().join("docs/env.schema.json"), "{shown}");
            count += 1;
        }
    }
    assert!(count > 10, "{count} files");
}

#[test]
fn every_example_of_the_documents_follows_it() {
    let mut count = 0;
    let docs = fs_err::read_dir(workspace().join("docs")).expect("the folder is there");
    let docs = docs.map(|entry| entry.expect("it can be read").path());
    for path in docs.chain([workspace().join("README.md")]) {
        if path.extension().is_some_and(|end| end != "md") {
            continue;
        }
        let page = fs_err::read_to_string(&path).expect("it can be read");
        for block in page.split("```toml\n").skip(1) {
            let example = block.split("```").next().unwrap_or_default();
            follows(&path.display().to_string(), example);
            count += 1;
        }
    }
    assert!(count > 25, "{count} examples");
}

#[test]
fn the_template_of_the_readme_follows_it() {
    let page = include_str!("../../../README.md");
    let (_, section) = page
        .split_once("\n## Your own environment\n")
        .expect("the heading");
    let lines = section.lines().skip_while(|line| !line.starts_with("    "));
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    let block: Vec<&str> = lines.map(str::trim_start).collect();
    follows("README.md", &block.join("\n"));
}

/// Each line alone is a mistake in its table.
#[test]
fn what_is_wrong_in_one_place_is_refused() {
    let check = |table: &str, lines: &str| {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let text = format!("[{table}]\n{line}\n");
            assert!(refused("env.toml", &text).is_some(), "taken: {text}");
        }
    };
    for line in [
        "engine = 'podman'",
        "description = 1",
        "zebra = 1",
        "extends = [1]",
        "services = ['a']",
        "version = '3'",
    ] {
        assert!(refused("env.toml", line).is_some(), "taken: {line}");
    }
    check("vars", "list = [1]\n table = {}");
    check(
        "secrets.a",
        "env = 1\n file = true\n command = [1]\n zebra = 1\n env = '${secret:b}'",
    );
    check("secrets", "a = { env = 'A', file = 'b' }");
    check("services.API", "image = 'a:1'");
    check("services.'a b'", "image = 'a:1'");
    check(
        "images.a",
        "pull = 'a b'\n pull = 'x:${secret:key}'\n load = 1\n from = 'x'",
    );
    check(
        "images.a.build",
        "context = 1\n dockerfile = ['x']\n args = { A = [1] }\n args = ['A']\n prepare = true",
    );
    check(
        "services.a",
        "
        kind = 'mongo'
        imagee = 'a:1'
        image = 1
        image = 'a b'
        image = 'x:${services.b.url}'
        command = 1
        environment = { 'A B' = 1 }
        environment = { A = [1] }
        environment = ['A']
        ports = [3000]
        ports = { http = 0 }
        ports = { http = 65536 }
        ports = { http = 'x' }
        ports = { http = { container = 80, host = 'free' } }
        ports = { http = { container = 80, host = 0 } }
        ports = { http = { container = 80, bind = 'localhost' } }
        ports = { http = { container = 80, path = 'docs' } }
        ports = { HTTP = 80 }
        volumes = ['data']
        volumes = ['./a:/d:rx']
        volumes = ['data:data']
        depends_on = { b = 'service_healthy' }
        depends_on = { b = { condition = 'done' } }
        healthcheck = { http = 'x' }
        healthcheck = { tcp = 'http', http = '/' }
        healthcheck = { tcp = 'http', port = 'http' }
        healthcheck = { test = ['CMD', 'x'] }
        healthcheck = { command = ['${secret:key}'] }
        healthcheck = true
        restart = 'sometimes'
        restart = 'on-failure:x'
        cpus = 0
        cpus = '1'
        mem_limit = '512x'
        shm_size = -1
        pids_limit = 0
        user = '${services.a.port}'
        working_dir = 'app'
        tmpfs = ['/run', 'tmp']
        stop_signal = 'INT'
        stop_grace_period = '10'
        stop_grace_period = 10
        ready_timeout = 'soon'
        replicas = 0
        replicas = 65
        replicas = '2'
        reload = 'SIGKILL'
        files = { x = { path = 'etc/x' } }
        files = { x = { template = 'x', mode = 1 } }
        update_config = { delay = 'soon' }
        update_config = { parallelism = 1 }
        process = 1
        process = { comand = 'x' }
        strict_version = 'yes'
        deploy = { replicas = 2 }
        ",
    );
    check(
        "services.a]\nkind = 'container'\n[services.a.process",
        "bin_dir = '/usr/bin'",
    );
    check(
        "services.a]\nkind = 'postgres'\n[services.a.process",
        "command = 'serve'\n build = 'make'\n user = 'x'",
    );
}

#[test]
fn keys_of_other_kinds_are_refused() {
    for (kind, line) in [
        ("container", "version = '1'"),
        ("container", "database = 'x'"),
        ("container", "persistence = 'aof'"),
        ("postgres", "version = 'latest'"),
        ("postgres", "replicas = 2"),
        ("postgres", "persistence = 'aof'"),
        ("postgres", "files = {}"),
        ("postgres", "process = 'serve'"),
        ("postgres", "migrations = { dir = 'a', task = 'b' }"),
        ("postgres", "database = '${secret:key}'"),
        ("redis", "persistence = 'off'"),
        ("redis", "config = { a = '${secret:key}' }"),
        ("redis", "database = 'x'"),
    ] {
        let text = format!("[services.a]\nkind = '{kind}'\n{line}\n");
        assert!(refused("env.toml", &text).is_some(), "taken: {text}");
        // Another file may say of which kind it is.
        if kind == "container" {
            follows("env.toml", &format!("[services.a]\n{line}\n"));
        }
    }
}

#[test]
fn wrong_data_and_tasks_are_refused() {
    for text in [
        "[seeds.a]\nfile = 'dump.tar'",
        "[seeds.a]\nfile = 'a.sql'\ntask = 'b'",
        "[seeds.a]\nfile = 'a.sql'\ninputs = ['b']",
        "[seeds.a]\ntask = 'b'\nsuperuser = true",
        "[tasks.a]\nimage = 'a:1'\nservice = 'b'",
        "[tasks.a]\ntimeout = 60",
        "[tasks.a]\nreplicas = 2",
        "[tasks.a]\nworking_dir = 'x'",
    ] {
        assert!(refused("env.toml", text).is_some(), "taken: {text}");
    }
}

#[test]
fn wrong_checks_are_refused() {
    for lines in [
        "get = 'x'",
        "get = '/'\npost = '/'",
        "get = '/'\nsql = 'SELECT 1'",
        "get = '/'\npath = '/'",
        "get = '/'\nrows = [[1]]",
        "get = '/'\nvariables = {}",
        "get = '/'\nbearer = 'a'\nbasic_auth = { user = 'a', password = 'b' }",
        "post = '/'\nbody = 'a'\njson_body = {}",
        "post = '/'\nmultipart = { a = { text = 'a', file = 'b' } }",
        "get = '/'\nstatus = 99",
        "get = '/'\nstatus = '6xx'",
        "get = '/'\nstatus = []",
        "get = '/'\nredirects = 101",
        "get = '/'\ntls = { zebra = 1 }",
        "get = '/'\njson = { '$.a' = { zebra = 1 } }",
        "get = '/'\njson = { '$.a' = { type = 'text' } }",
        "get = '/'\njson = { '$.a' = { within = 1 } }",
        "get = '/'\njson = { '$.a' = {} }",
        "get = '/'\njson = { '$.a' = { '<' = 'x' } }",
        "get = '/'\njson = { '$.a' = { length = -1 } }",
        "get = '/'\njson = { '$.a' = { all = { zebra = 1 } } }",
        "get = '/'\ntext = { exists = 1 }",
        "get = '/'\nsha256 = 'abc'",
        "get = '/'\nmax_time = 500",
        "get = '/'\ncapture = { a = { json = '$.a', header = 'b' } }",
        "get = '/'\neach = []",
        "method = 'G T'\npath = '/'",
        "sql = 'SELECT 1'\nbody = 'a'",
        "sql = '${services.db.url}'",
        "sql = 'SELECT 1'\nrows = [1]",
        "redis = 'GET a'\nrows = [[1]]",
        "tcp = 'http'\njson = {}",
        "websocket = '/'\nstatus = 200",
        "websocket = '/'\nmessages = 'a'",
        "websocket = '/'\nmessages = [{ body = 'a' }]",
        "exec = 'true'\nworking_dir = '.'",
        "exec = 'true'\nexit_code = 300",
        "command = 'true'\nuser = 'a'",
        "hurl = 'a.hurl'\njson = {}",
        "get = '/'\neventually = 'yes'",
        "get = '/'\ndepends_on = { a = 'ready' }",
    ] {
        let text = format!("[smoke.a]\nservice = 'a'\n{lines}\n");
        assert!(refused("env.toml", &text).is_some(), "taken: {text}");
    }
}
