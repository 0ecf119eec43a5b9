//! What `pg_dump` writes is loaded to the same again.

use std::process::Command;

use super::bench::Bench;
use super::server::{PASSWORD, USER, programs};

/// A schema with what a splitter, an order or an owner can get wrong.
const SCHEMA: &str = r#"
CREATE ROLE trip_owner;
CREATE SCHEMA "odd; name";
CREATE TYPE mood AS ENUM ('it''s', 'a;b', 'c\d');
CREATE TABLE parents (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, child int, note text);
CREATE TABLE children (id serial PRIMARY KEY, parent int REFERENCES parents, twice int
    GENERATED ALWAYS AS (id * 2) STORED, feeling mood DEFAULT 'a;b');
ALTER TABLE parents ADD FOREIGN KEY (child) REFERENCES children DEFERRABLE;
CREATE TABLE "odd; name"."T "" x" ("a;" bytea, b jsonb, c text[], d numeric);
CREATE TABLE days (day date, price float8) PARTITION BY RANGE (day);
CREATE TABLE days_21 PARTITION OF days FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE FUNCTION body() RETURNS text LANGUAGE plpgsql AS $f$
BEGIN
    -- ; ' $$ "
    RETURN $$a;b$$ || E'\';' || '\';
END $f$;
CREATE FUNCTION atomic(a int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END;
    SELECT a;
END;
CREATE VIEW seen AS SELECT id, ';' AS semicolon FROM children;
CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n FROM parents;
CREATE RULE guard AS ON DELETE TO seen DO INSTEAD (SELECT 1; SELECT 2);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON children FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE children ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON children FOR SELECT TO trip_owner USING (parent = 1);
COMMENT ON TABLE parents IS 'two
lines; and a \.';
ALTER TABLE parents OWNER TO trip_owner;
GRANT SELECT (id), UPDATE (note) ON parents TO trip_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE trip_owner GRANT SELECT ON TABLES TO PUBLIC;
INSERT INTO parents (note) SELECT E'tab\t line\n back\\slash \\. ' || n FROM generate_series(1, 50) n;
INSERT INTO parents (note) VALUES (NULL), (''), ('\.'), ('\N'), (E'\r\n');
INSERT INTO children (parent) SELECT id FROM parents;
INSERT INTO days SELECT '2021-01-01'::date + n, n / 3.0 FROM generate_series(0, 30) n;
INSERT INTO "odd; name"."T "" x" VALUES ('\x00ff5c2e', '{"a": "\\;"}', '{"a,b",NULL}', 'NaN');
SELECT lo_from_bytea(4711, '\xdeadbeef');
REFRESH MATERIALIZED VIEW kept;
"#;

fn dump(bench: &Bench, database: &str, options: &[&str]) -> String {
    let address = bench.server.address;
    let output = Command::new(programs().unwrap().join("pg_dump"))
        .args([
            "-h",
            &address.ip().to_string(),
            "-p",
            &address.port().to_string(),
        ])
        .args(["-U", USER, "-N", "envctl"])
        .args(options)
        .arg(database)
        .env("PGPASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Leaves out the lines that differ each time.
fn lasting(dump: &str) -> Vec<&str> {
    dump.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect()
}

#[tokio::test]
async fn a_dump_of_what_was_loaded_is_the_dump_that_was_loaded() {
    let Some(source) = Bench::new("trip_source").await else {
        return;
    };
    source.create().await;
    source.sql(SCHEMA).await;
    let before = dump(&source, "trip_source", &[]);
    for (target, options) in [
        ("trip_copy", &[][..]),
        ("trip_inserts", &["--inserts", "--rows-per-insert=7"]),
        (
            "trip_quoted",
            &["--quote-all-identifiers", "--column-inserts"],
        ),
    ] {
        let bench = Bench::on(source.server.clone(), target).await;
        let text = dump(&source, "trip_source", options);
        bench.load(&bench.declare(&text)).await.unwrap();
        let after = dump(&bench, target, &[]);
        assert_eq!(lasting(&after), lasting(&before), "{target}");
    }
    let file = dump(&source, "trip_source", &["--create"]);
    let error = source.load(&source.declare(file)).await.unwrap_err();
    assert!(error.to_string().contains("--create"), "{error}");
}
