//! What is decided of a database, for every state that it can be seen in.

use expect_test::{Expect, expect};

use super::*;
use crate::model::Secret;
use crate::plan::data::SentSeeds;
use crate::plan::desired::Login;
use crate::seed::Dump;

const ALL: Wish = Wish::Lacking(Options {
    seed: true,
    migrate: true,
});

/// With a dump, a folder of migrations and a seed that a task sends.
fn full() -> Database {
    Database {
        login: Login {
            service: "db".to_owned(),
            database: "rates".to_owned(),
            user: "postgres".to_owned(),
            password: Secret::new("postgres"),
        },
        dumps: vec![Dump {
            name: "dump".to_owned(),
            file: "/rates.sql.gz".into(),
            superuser: false,
        }],
        sent: vec![SentSeed {
            name: "samples".to_owned(),
            task: "send".to_owned(),
            inputs: Vec::new(),
        }],
        migrations: Some("/migrations".into()),
        migration_task: None,
        volume: "db-data".to_owned(),
        seed_command: "envctl seed rates".to_owned(),
    }
}

fn migrated_by_a_task() -> Database {
    Database {
        migrations: None,
        migration_task: Some("move".to_owned()),
        ..full()
    }
}

fn without_a_dump() -> Database {
    Database {
        dumps: Vec::new(),
        ..full()
    }
}

/// What a look shows, but for its seeds.
fn view(seeds: State, pending: bool, standing: Standing) -> DatabaseView {
    DatabaseView {
        seeds,
        pending: pending.then(|| "V2__more".to_owned()).into_iter().collect(),
        sent: SentSeeds {
            standings: vec![("samples".to_owned(), standing)],
            removed: Vec::new(),
        },
        loaded_at: None,
        left: Vec::new(),
    }
}

/// Every state with nothing of the rest in; of the two with content, all of it too.
fn views() -> Vec<(&'static str, DatabaseView)> {
    let current = || State::Current { seeds: Vec::new() };
    let stale = || State::Stale {
        changed: vec!["dump".to_owned()],
    };
    let foreign = State::Foreign {
        tables: vec!["public.mine".to_owned()],
    };
    let never = Standing::Never;
    vec![
        ("no database", view(State::NoDatabase, true, never)),
        ("never", view(State::Never, true, never)),
        ("foreign", view(foreign, true, never)),
        ("current, the rest lacks", view(current(), true, never)),
        ("current", view(current(), false, Standing::Whole)),
        ("current, half", view(current(), false, Standing::Partial)),
        (
            "current, sent stale",
            view(current(), false, Standing::Stale),
        ),
        ("stale, the rest lacks", view(stale(), true, never)),
        ("stale", view(stale(), false, Standing::Whole)),
    ]
}

fn check(database: &Database, wish: Wish, expect: &Expect) {
    let decide = |seen: Seen<'_>| {
        let case = Case {
            database,
            seen,
            wish,
            migrating_may_change: false,
        };
        said(&case.decide())
    };
    let unseen = [
        ("nothing seen", Seen::Nothing),
        ("unreadable", Seen::Unreadable),
    ];
    let views = views();
    let views = views.iter().map(|(name, view)| (*name, Seen::View(view)));
    let lines = unseen.into_iter().chain(views);
    let lines: Vec<String> = lines
        .map(|(name, seen)| format!("{name}: {}", decide(seen)))
        .collect();
    expect.assert_eq(&(lines.join("\n") + "\n"));
}

/// Writes a decision: what is done in words, what is left behind a dash, what is refused behind `no`.
fn said(decision: &Decision<'_>) -> String {
    let verdict = |verdict: &PartDecision| match verdict {
        PartDecision::Do(cause) => cause.clone(),
        PartDecision::Leave(why) => format!("- {why}"),
        PartDecision::Refuse(Refusal::Unseen) => "no, unseen".to_owned(),
        PartDecision::Refuse(Refusal::NeedsReset(why)) => format!("no, {why}"),
    };
    let resets = if decision.resets { " (resets)" } else { "" };
    let load = decision.load.as_ref().map(verdict);
    let load = load.map(|text| format!("load{resets}: {text}"));
    let migrate = decision.migrate.as_ref().map(verdict);
    let migrate = migrate.map(|text| format!("migrate: {text}"));
    let sent = decision.send.iter();
    let sent = sent.map(|(seed, one)| format!("send {}: {}", seed.name, verdict(one)));
    let parts: Vec<String> = load.into_iter().chain(migrate).chain(sent).collect();
    let notices = decision.dump_notice.iter().chain(&decision.sent_notices);
    let notices: Vec<String> = notices.map(|notice| format!("\n  ! {notice}")).collect();
    format!("[{}]{}", parts.join("] ["), notices.concat())
}

#[test]
fn up_brings_what_lacks() {
    check(
        &full(),
        ALL,
        &expect![[r"
        nothing seen: [load: unless it is seeded already] [migrate: unless all are applied] [send samples: unless it was sent already]
        unreadable: [load: unless it is seeded already] [migrate: unless all are applied] [send samples: unless it was sent already]
        no database: [load: never seeded] [send samples: never sent]
        never: [load: never seeded] [send samples: never sent]
        foreign: [load: - no seed put there what it holds] [migrate: - its dump is not in yet] [send samples: - its dump is not in yet]
          ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
        current, the rest lacks: [load: - its dump is in] [migrate: not all are in as declared] [send samples: never sent]
        current: [load: - its dump is in] [migrate: - all migrations are applied] [send samples: - it was sent before]
        current, half: [load: - its dump is in] [migrate: - all migrations are applied] [send samples: - not as declared; `envctl seed rates` resets the database first]
          ! the data of db is partial: samples was not sent to its end; `envctl seed rates` resets the database and sends it again
        current, sent stale: [load: - its dump is in] [migrate: - all migrations are applied] [send samples: - not as declared; `envctl seed rates` resets the database first]
          ! the data of db is stale: samples changed since it was sent; `envctl seed rates` resets the database and sends it again
        stale, the rest lacks: [load: - its dump is in] [migrate: not all are in as declared] [send samples: never sent]
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
        stale: [load: - its dump is in] [migrate: - all migrations are applied] [send samples: - it was sent before]
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
    "]],
    );
    check(
        &migrated_by_a_task(),
        ALL,
        &expect![[r"
        nothing seen: [load: unless it is seeded already] [migrate: unless all are applied] [send samples: unless it was sent already]
        unreadable: [load: unless it is seeded already] [migrate: unless all are applied] [send samples: unless it was sent already]
        no database: [load: never seeded] [migrate: once the seeds are in] [send samples: never sent]
        never: [load: never seeded] [migrate: once the seeds are in] [send samples: never sent]
        foreign: [load: - no seed put there what it holds] [migrate: - its dump is not in yet] [send samples: - its dump is not in yet]
          ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
        current, the rest lacks: [load: - its dump is in] [migrate: not all are in as declared] [send samples: never sent]
        current: [load: - its dump is in] [migrate: - it migrated before] [send samples: - it was sent before]
        current, half: [load: - its dump is in] [migrate: - it migrated before] [send samples: - not as declared; `envctl seed rates` resets the database first]
          ! the data of db is partial: samples was not sent to its end; `envctl seed rates` resets the database and sends it again
        current, sent stale: [load: - its dump is in] [migrate: - it migrated before] [send samples: - not as declared; `envctl seed rates` resets the database first]
          ! the data of db is stale: samples changed since it was sent; `envctl seed rates` resets the database and sends it again
        stale, the rest lacks: [load: - its dump is in] [migrate: not all are in as declared] [send samples: never sent]
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
        stale: [load: - its dump is in] [migrate: - it migrated before] [send samples: - it was sent before]
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
    "]],
    );
    check(
        &without_a_dump(),
        ALL,
        &expect![[r"
        nothing seen: [migrate: unless all are applied] [send samples: unless it was sent already]
        unreadable: [migrate: unless all are applied] [send samples: unless it was sent already]
        no database: [migrate: not all are in as declared] [send samples: never sent]
        never: [migrate: not all are in as declared] [send samples: never sent]
        foreign: [migrate: not all are in as declared] [send samples: never sent]
        current, the rest lacks: [migrate: not all are in as declared] [send samples: never sent]
        current: [migrate: - all migrations are applied] [send samples: - it was sent before]
        current, half: [migrate: - all migrations are applied] [send samples: - not as declared; `envctl seed rates` resets the database first]
          ! the data of db is partial: samples was not sent to its end; `envctl seed rates` resets the database and sends it again
        current, sent stale: [migrate: - all migrations are applied] [send samples: - not as declared; `envctl seed rates` resets the database first]
          ! the data of db is stale: samples changed since it was sent; `envctl seed rates` resets the database and sends it again
        stale, the rest lacks: [migrate: not all are in as declared] [send samples: never sent]
        stale: [migrate: - all migrations are applied] [send samples: - it was sent before]
    "]],
    );
}

#[test]
fn up_leaves_out_what_it_is_told_to() {
    let options = |seed, migrate| Wish::Lacking(Options { seed, migrate });
    check(
        &full(),
        options(false, true),
        &expect![[r"
        nothing seen: [migrate: unless all are applied]
        unreadable: [migrate: unless all are applied]
        no database: [migrate: - its dump is not in yet]
          ! db is not seeded, so its migrations wait; `envctl seed rates` does both
        never: [migrate: - its dump is not in yet]
          ! db is not seeded, so its migrations wait; `envctl seed rates` does both
        foreign: [migrate: - its dump is not in yet]
          ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
        current, the rest lacks: [migrate: not all are in as declared]
        current: [migrate: - all migrations are applied]
        current, half: [migrate: - all migrations are applied]
          ! the data of db is partial: samples was not sent to its end; `envctl seed rates` resets the database and sends it again
        current, sent stale: [migrate: - all migrations are applied]
          ! the data of db is stale: samples changed since it was sent; `envctl seed rates` resets the database and sends it again
        stale, the rest lacks: [migrate: not all are in as declared]
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
        stale: [migrate: - all migrations are applied]
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
    "]],
    );
    check(
        &full(),
        options(true, false),
        &expect![[r"
        nothing seen: [load: unless it is seeded already]
          ! db is not migrated, so what tasks send to it waits
        unreadable: [load: unless it is seeded already]
          ! db is not migrated, so what tasks send to it waits
        no database: [load: never seeded]
          ! db is not migrated, so what tasks send to it waits
        never: [load: never seeded]
          ! db is not migrated, so what tasks send to it waits
        foreign: [load: - no seed put there what it holds]
          ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
          ! db is not migrated, so what tasks send to it waits
        current, the rest lacks: [load: - its dump is in]
          ! db is not migrated, so what tasks send to it waits
        current: [load: - its dump is in] [send samples: - it was sent before]
        current, half: [load: - its dump is in] [send samples: - not as declared; `envctl seed rates` resets the database first]
          ! the data of db is partial: samples was not sent to its end; `envctl seed rates` resets the database and sends it again
        current, sent stale: [load: - its dump is in] [send samples: - not as declared; `envctl seed rates` resets the database first]
          ! the data of db is stale: samples changed since it was sent; `envctl seed rates` resets the database and sends it again
        stale, the rest lacks: [load: - its dump is in]
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
          ! db is not migrated, so what tasks send to it waits
        stale: [load: - its dump is in] [send samples: - it was sent before]
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
    "]],
    );
}

#[test]
fn up_tells_of_data_that_it_is_not_to_touch() {
    let neither = Options {
        seed: false,
        migrate: false,
    };
    check(
        &full(),
        Wish::Lacking(neither),
        &expect![[r"
        nothing seen: []
        unreadable: []
        no database: []
          ! db is not seeded; `envctl seed rates` does it
        never: []
          ! db is not seeded; `envctl seed rates` does it
        foreign: []
          ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
        current, the rest lacks: []
        current: []
        current, half: []
          ! the data of db is partial: samples was not sent to its end; `envctl seed rates` resets the database and sends it again
        current, sent stale: []
          ! the data of db is stale: samples changed since it was sent; `envctl seed rates` resets the database and sends it again
        stale, the rest lacks: []
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
        stale: []
          ! the data of db is stale: dump changed since it was loaded; `envctl seed rates --reset` loads it again
    "]],
    );
}

#[test]
fn seed_brings_all_that_is_declared_or_says_why_not() {
    let wish = Wish::Seed { reset: false };
    check(
        &full(),
        wish,
        &expect![[r"
        nothing seen: [load: no, unseen]
        unreadable: [load: no, unseen]
        no database: [load: never seeded] [send samples: its database is loaded anew]
        never: [load: never seeded] [send samples: its database is loaded anew]
        foreign: [load: no, it holds tables that no seed put there: public.mine]
        current, the rest lacks: [load: - its data is in] [migrate: not all are in as declared] [send samples: never sent]
        current: [load: - its data is in] [send samples: - it was sent before]
        current, half: [load (resets): samples was not sent to its end] [send samples: its database is loaded anew]
        current, sent stale: [load (resets): samples changed since it was sent] [send samples: its database is loaded anew]
        stale, the rest lacks: [load: no, dump changed since]
        stale: [load: no, dump changed since]
    "]],
    );
    check(
        &migrated_by_a_task(),
        wish,
        &expect![[r"
        nothing seen: [load: no, unseen]
        unreadable: [load: no, unseen]
        no database: [load: never seeded] [migrate: not all are in as declared] [send samples: its database is loaded anew]
        never: [load: never seeded] [migrate: not all are in as declared] [send samples: its database is loaded anew]
        foreign: [load: no, it holds tables that no seed put there: public.mine]
        current, the rest lacks: [load: - its data is in] [migrate: not all are in as declared] [send samples: never sent]
        current: [load: - its data is in] [send samples: - it was sent before]
        current, half: [load (resets): samples was not sent to its end] [migrate: not all are in as declared] [send samples: its database is loaded anew]
        current, sent stale: [load (resets): samples changed since it was sent] [migrate: not all are in as declared] [send samples: its database is loaded anew]
        stale, the rest lacks: [load: no, dump changed since]
        stale: [load: no, dump changed since]
    "]],
    );
    check(
        &without_a_dump(),
        wish,
        &expect![[r"
        nothing seen: [load: no, unseen]
        unreadable: [load: no, unseen]
        no database: [load: never seeded] [send samples: its database is loaded anew]
        never: [load: never seeded] [send samples: its database is loaded anew]
        foreign: [load: no, it holds tables that no seed put there: public.mine]
        current, the rest lacks: [load: - its data is in] [migrate: not all are in as declared] [send samples: never sent]
        current: [load: - its data is in] [send samples: - it was sent before]
        current, half: [load (resets): samples was not sent to its end] [send samples: its database is loaded anew]
        current, sent stale: [load (resets): samples changed since it was sent] [send samples: its database is loaded anew]
        stale, the rest lacks: [load: no, dump changed since]
        stale: [load: no, dump changed since]
    "]],
    );
}

#[test]
fn a_reset_loses_what_somebody_may_have_written() {
    let wish = Wish::Seed { reset: true };
    check(
        &full(),
        wish,
        &expect![[r"
        nothing seen: [load: no, unseen]
        unreadable: [load (resets): seed --reset] [send samples: its database is loaded anew]
        no database: [load: seed --reset] [send samples: its database is loaded anew]
        never: [load: seed --reset] [send samples: its database is loaded anew]
        foreign: [load (resets): seed --reset] [send samples: its database is loaded anew]
        current, the rest lacks: [load (resets): seed --reset] [send samples: its database is loaded anew]
        current: [load (resets): seed --reset] [send samples: its database is loaded anew]
        current, half: [load (resets): seed --reset] [send samples: its database is loaded anew]
        current, sent stale: [load (resets): seed --reset] [send samples: its database is loaded anew]
        stale, the rest lacks: [load (resets): seed --reset] [send samples: its database is loaded anew]
        stale: [load (resets): seed --reset] [send samples: its database is loaded anew]
    "]],
    );
    check(
        &without_a_dump(),
        wish,
        &expect![[r"
        nothing seen: [load: no, unseen]
        unreadable: [load (resets): seed --reset] [send samples: its database is loaded anew]
        no database: [load: seed --reset] [send samples: its database is loaded anew]
        never: [load (resets): seed --reset] [send samples: its database is loaded anew]
        foreign: [load (resets): seed --reset] [send samples: its database is loaded anew]
        current, the rest lacks: [load (resets): seed --reset] [send samples: its database is loaded anew]
        current: [load (resets): seed --reset] [send samples: its database is loaded anew]
        current, half: [load (resets): seed --reset] [send samples: its database is loaded anew]
        current, sent stale: [load (resets): seed --reset] [send samples: its database is loaded anew]
        stale, the rest lacks: [load (resets): seed --reset] [send samples: its database is loaded anew]
        stale: [load (resets): seed --reset] [send samples: its database is loaded anew]
    "]],
    );
    let nothing = Database {
        sent: Vec::new(),
        migrations: None,
        ..without_a_dump()
    };
    check(
        &nothing,
        wish,
        &expect![[r"
        nothing seen: []
        unreadable: []
        no database: []
        never: []
        foreign: []
        current, the rest lacks: []
        current: []
        current, half: []
        current, sent stale: []
        stale, the rest lacks: []
        stale: []
    "]],
    );
}

#[test]
fn migrations_wait_for_the_dump() {
    check(
        &full(),
        Wish::Migrate,
        &expect![[r"
            nothing seen: [migrate: no, unseen]
            unreadable: [migrate: no, unseen]
            no database: [migrate: - its dump is not in yet]
              ! db is not seeded, so its migrations wait; `envctl seed rates` does both
            never: [migrate: - its dump is not in yet]
              ! db is not seeded, so its migrations wait; `envctl seed rates` does both
            foreign: [migrate: - its dump is not in yet]
              ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
            current, the rest lacks: [migrate: not all are in as declared]
            current: [migrate: - all migrations are applied]
            current, half: [migrate: - all migrations are applied]
            current, sent stale: [migrate: - all migrations are applied]
            stale, the rest lacks: [migrate: not all are in as declared]
            stale: [migrate: - all migrations are applied]
        "]],
    );
    check(
        &migrated_by_a_task(),
        Wish::Migrate,
        &expect![[r"
            nothing seen: [migrate: no, unseen]
            unreadable: [migrate: no, unseen]
            no database: [migrate: - its dump is not in yet]
              ! db is not seeded, so its migrations wait; `envctl seed rates` does both
            never: [migrate: - its dump is not in yet]
              ! db is not seeded, so its migrations wait; `envctl seed rates` does both
            foreign: [migrate: - its dump is not in yet]
              ! db holds a table that no seed put there (public.mine), so its seeds are not loaded; `envctl seed rates --reset` replaces the content
            current, the rest lacks: [migrate: not all are in as declared]
            current: [migrate: - it migrated before]
            current, half: [migrate: - it migrated before]
            current, sent stale: [migrate: - it migrated before]
            stale, the rest lacks: [migrate: not all are in as declared]
            stale: [migrate: - it migrated before]
        "]],
    );
    let none = Database {
        migrations: None,
        ..full()
    };
    check(
        &none,
        Wish::Migrate,
        &expect![[r"
            nothing seen: []
            unreadable: []
            no database: []
            never: []
            foreign: []
            current, the rest lacks: []
            current: []
            current, half: []
            current, sent stale: []
            stale, the rest lacks: []
            stale: []
        "]],
    );
}

#[test]
fn a_task_in_its_turn_sends_what_was_never_sent() {
    check(
        &full(),
        Wish::Send,
        &expect![[r"
        nothing seen: [send samples: unless it was sent already]
        unreadable: [send samples: unless it was sent already]
        no database: [send samples: - its dump is not in yet]
        never: [send samples: - its dump is not in yet]
        foreign: [send samples: - its dump is not in yet]
        current, the rest lacks: [send samples: never sent]
        current: [send samples: - it was sent before]
        current, half: [send samples: - not as declared; `envctl seed rates` resets the database first]
        current, sent stale: [send samples: - not as declared; `envctl seed rates` resets the database first]
        stale, the rest lacks: [send samples: never sent]
        stale: [send samples: - it was sent before]
    "]],
    );
}

#[test]
fn no_task_sends_on_top_of_what_another_left_half() {
    let mut database = full();
    database.sent.push(SentSeed {
        name: "extra".to_owned(),
        ..database.sent[0].clone()
    });
    let mut seen = view(
        State::Current { seeds: Vec::new() },
        false,
        Standing::Partial,
    );
    seen.sent
        .standings
        .push(("extra".to_owned(), Standing::Never));
    let case = Case {
        database: &database,
        seen: Seen::View(&seen),
        wish: Wish::Send,
        migrating_may_change: false,
    };
    expect!["[send samples: - not as declared; `envctl seed rates` resets the database first] [send extra: - not as declared; `envctl seed rates` resets the database first]"].assert_eq(&said(&case.decide()));
}

#[test]
fn a_task_whose_program_may_change_migrates_again() {
    let database = migrated_by_a_task();
    let seen = view(State::Current { seeds: Vec::new() }, false, Standing::Whole);
    let case = Case {
        database: &database,
        seen: Seen::View(&seen),
        wish: ALL,
        migrating_may_change: true,
    };
    expect!["[load: - its dump is in] [migrate: what its task runs may change] [send samples: - it was sent before]"].assert_eq(&said(&case.decide()));
}

#[test]
fn in_its_turn_a_seed_waits_for_no_other_that_only_changed() {
    let database = full();
    let decided = |standing, other, wish| {
        let mut view = view(State::Current { seeds: Vec::new() }, false, standing);
        view.sent.standings.push(("other".to_owned(), other));
        view.sent.removed.push("gone".to_owned());
        let case = Case {
            database: &database,
            seen: Seen::View(&view),
            wish,
            migrating_may_change: false,
        };
        case.decide().send[0].1.cause().is_some()
    };
    let (never, stale, partial) = (Standing::Never, Standing::Stale, Standing::Partial);
    assert!(decided(never, stale, Wish::Send));
    assert!(!decided(never, partial, Wish::Send));
    assert!(!decided(stale, Standing::Whole, Wish::Send));
    assert!(!decided(never, stale, ALL));
}
