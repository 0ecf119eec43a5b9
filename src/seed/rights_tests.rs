use std::collections::HashSet;

use super::*;

fn check(sql: &str, expect: &Route) {
    let mighty = HashSet::from(["root".to_owned()]);
    let names = StatementNames {
        user: "app",
        loader: "L",
        database: "shop",
        scratch: "S",
        mighty: &mighty,
    };
    assert_eq!(route(sql, &names), *expect, "{sql}");
}

fn own(sql: &str, expect: &str) {
    check(sql, &Route::Own(expect.to_owned()));
}

#[test]
fn the_loading_role_stands_in_for_the_declared_user() {
    own("ALTER TABLE t OWNER TO app", "ALTER TABLE t OWNER TO \"L\"");
    own("SET SESSION AUTHORIZATION 'app'", "SET ROLE NONE");
    own("SET SESSION AUTHORIZATION b", "SET ROLE \"b\"");
    own("RESET SESSION AUTHORIZATION", "RESET ROLE");
    own("SET ROLE app", "SET ROLE NONE");
    own(
        "CREATE SCHEMA s AUTHORIZATION app",
        "CREATE SCHEMA s AUTHORIZATION \"L\"",
    );
    own(
        "CREATE SCHEMA AUTHORIZATION app",
        "CREATE SCHEMA \"app\" AUTHORIZATION \"L\"",
    );
    own(
        "REVOKE ALL ON TABLE t FROM app, b",
        "REVOKE ALL ON TABLE t FROM \"app\", \"L\", b",
    );
    own(
        "ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA s GRANT SELECT ON TABLES TO app",
        "ALTER DEFAULT PRIVILEGES FOR ROLE \"L\" IN SCHEMA s GRANT SELECT ON TABLES TO app",
    );
    own(
        "COMMENT ON DATABASE shop IS 'x'",
        "COMMENT ON DATABASE \"S\" IS 'x'",
    );
    own(
        "GRANT ALL ON DATABASE shop TO b",
        "GRANT ALL ON DATABASE \"S\" TO b",
    );
    let same = [
        "GRANT SELECT ON t TO app",
        "ALTER TABLE t RENAME COLUMN owner TO app",
        "SET search_path = s",
        "CREATE TABLE owner (a int)",
    ];
    for sql in same {
        own(sql, sql);
    }
}

#[test]
fn little_is_done_with_more_rights() {
    let lifted = |sql: &str| check(sql, &Route::Lifted(sql.to_owned()));
    lifted("ALTER TABLE ONLY public.t OWNER TO b");
    lifted("ALTER FUNCTION f(a int, b text) OWNER TO b");
    lifted("CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public");
    lifted("COMMENT ON EXTENSION citext IS 'x'");
    lifted("GRANT a TO b");
    lifted("CREATE PUBLICATION p FOR ALL TABLES");
    lifted("SET session_replication_role = replica");
    lifted("SELECT pg_catalog.set_config('session_replication_role', 'replica', false)");
    lifted("ALTER TABLE t DISABLE TRIGGER ALL");
    check(
        "GRANT a TO CURRENT_USER",
        &Route::Lifted("GRANT a TO \"app\"".to_owned()),
    );
    // What could be read in two ways, or does something else too, is not.
    let same = [
        "ALTER FUNCTION e() OWNER TO CURRENT_USER",
        "REASSIGN OWNED BY b TO current_role",
        "GRANT CURRENT_USER TO b",
        "GRANT CURRENT_USER TO CURRENT_USER",
        "CREATE CAST (timestamptz AS text) WITH FUNCTION f(timestamptz)",
        "COMMENT ON EXTENSION citext IS 'a\\'; DROP TABLE t; --'",
        "COMMENT ON EXTENSION citext IS $$x$$",
        "ALTER TABLE t ALTER a TYPE int USING f(a), OWNER TO b",
        "ALTER VIEW v ALTER a SET DEFAULT f(), OWNER TO b",
        "ALTER TABLE t ALTER a TYPE int USING f(a), DISABLE TRIGGER ALL",
        "SELECT set_config('session_replication_role', f(), false)",
    ];
    for sql in same {
        own(sql, sql);
    }
}

#[test]
fn what_is_heard_by_others_waits() {
    let last = |sql: &str| check(sql, &Route::Last(sql.to_owned()));
    last("CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()");
    last("COMMENT ON EVENT TRIGGER e IS 'x'");
    last("ALTER TABLE t OWNER TO root");
}

#[test]
fn what_reaches_the_machine_is_refused() {
    let refused = [
        "CREATE EXTENSION file_fdw",
        "CREATE EXTENSION IF NOT EXISTS \"plpython3u\"",
        "CREATE LANGUAGE plperlu",
        "CREATE CAST (text AS int) WITHOUT FUNCTION",
        "CREATE FOREIGN DATA WRAPPER w HANDLER h",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        "CREATE EVENT TRIGGER e ON login EXECUTE FUNCTION f()",
        "REASSIGN OWNED BY root TO b",
    ];
    let mighty = HashSet::from(["root".to_owned()]);
    let names = StatementNames {
        user: "app",
        loader: "L",
        database: "shop",
        scratch: "S",
        mighty: &mighty,
    };
    for sql in refused {
        assert!(matches!(route(sql, &names), Route::Refuse(_)), "{sql}");
    }
}
