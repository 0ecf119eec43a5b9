//! Who runs a statement of a dump: the role that loads, which is no superuser, or, for the few
//! things that rightly need more, the declared user. Reads the statement and nothing else; the
//! server checks again what the declared user did.

use std::collections::HashSet;

use crate::postgres::identifier;

use super::text::Text;

/// Who runs a statement, and as what text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The role that loads.
    Own(String),
    /// The declared user, in the same session.
    Lifted(String),
    /// The declared user, when everything of all dumps is in.
    Last(String),
    /// Nobody: it has no effect, or none that stays.
    Skip,
    /// Only a seed with `superuser = true` may.
    Refuse(String),
}

/// The names that a statement is read with.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatementNames<'a> {
    /// The declared user, whose place the loading role takes.
    pub(super) user: &'a str,
    pub(super) loader: &'a str,
    /// What the dump may call its database, and what it is called now.
    pub(super) database: &'a str,
    pub(super) scratch: &'a str,
    /// Other roles that are superusers, or can make themselves one.
    pub(super) mighty: &'a HashSet<String>,
}

/// Settings that only a superuser may change, and that reach no further than their session.
const SETTINGS: [&str; 9] = [
    "session_replication_role",
    "lc_messages",
    "log_duration",
    "log_error_verbosity",
    "log_min_duration_statement",
    "log_min_error_statement",
    "log_min_messages",
    "log_statement",
    "track_functions",
];

/// Extensions that reach files or programs of the server's machine.
pub(super) const EXTENSIONS: [&str; 9] = [
    "adminpack",
    "file_fdw",
    "file_textarray_fdw",
    "multicorn",
    "pg_background",
    "pg_cron",
    "pljava",
    "plr",
    "plsh",
];

/// Decides who runs a statement.
pub(super) fn route(sql: &str, names: &StatementNames<'_>) -> Route {
    let text = Text::read(sql);
    let routed = match text.word(0) {
        Some("alter") => alter(&text, names),
        Some("create") => create(&text, names),
        Some("drop") => drop(&text),
        Some("comment") => comment(&text, names),
        Some("grant" | "revoke") => grant(&text, names),
        Some("set" | "reset") => set(&text, names),
        Some("select") => set_config(&text),
        Some("reassign") => reassign(&text, names),
        // It needs more, and changes nothing.
        Some("checkpoint") => Some(Route::Skip),
        _ => None,
    };
    match routed {
        None => Route::Own(sql.to_owned()),
        // What is not read as the server reads it is never run with more rights.
        Some(Route::Lifted(_) | Route::Last(_)) if !text.is_plain() => Route::Own(sql.to_owned()),
        Some(Route::Lifted(_) | Route::Last(_)) if names_itself(&text) => by_name(&text, names),
        Some(route) => route,
    }
}

/// The words for whoever runs a statement: with more rights they would mean the declared user.
const ITSELF: [&str; 2] = ["current_user", "current_role"];

fn names_itself(text: &Text<'_>) -> bool {
    ITSELF.iter().any(|word| text.has(&[word]))
}

/// Who is made a member is the declared user, as psql has it; all else that the words could give
/// away stays with the role that loads.
fn by_name(text: &Text<'_>, names: &StatementNames<'_>) -> Route {
    let is_membership = text.is(0, "grant") || text.is(0, "revoke");
    let members = text.after_last(&["to"]).or(text.after_last(&["from"]));
    if let Some(members) = members.filter(|_| is_membership) {
        let own = text.list(members).into_iter();
        let own = own.filter(|at| ITSELF.iter().any(|word| text.is(*at, word)));
        let own: Vec<_> = own.map(|at| (at, identifier(names.user))).collect();
        let sql = text.replace(&own);
        if !names_itself(&Text::read(&sql)) {
            return Route::Lifted(sql);
        }
    }
    Route::Own(text.sql.to_owned())
}

fn lifted(text: &Text<'_>) -> Route {
    Route::Lifted(text.sql.to_owned())
}

fn last(text: &Text<'_>) -> Route {
    Route::Last(text.sql.to_owned())
}

fn refuse(reason: &str) -> Route {
    Route::Refuse(reason.to_owned())
}

fn alter(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    match text.word(1)? {
        "default" => return default_privileges(text, names),
        "event" => return Some(last(text)),
        "extension" if text.is(3, "update") || text.is(3, "set") => return Some(lifted(text)),
        "publication" => return Some(lifted(text)),
        "subscription" if !text.has(&["owner"]) => {
            return Some(refuse("a subscription connects to another server"));
        }
        "role" | "group" => return Some(role(text, names)),
        "user" if !text.is(2, "mapping") => return Some(role(text, names)),
        "table" if text.ends(&["trigger", "all"]) && !text.has_symbol(',') => {
            return Some(lifted(text));
        }
        _ => {}
    }
    owner(text, names)
}

/// `ALTER … OWNER TO`: a new owner needs rights that only a superuser may do without.
fn owner(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    let role = text.len().checked_sub(1)?;
    let is_owner = role > 3 && text.is(role - 2, "owner") && text.is(role - 1, "to");
    if !is_owner || text.has(&["rename"]) {
        return None;
    }
    let stays = matches!(
        text.word(1),
        Some("subscription" | "language" | "procedural")
    ) || (text.is(1, "foreign") && text.is(2, "data"));
    let new = text.role(role)?;
    if stays {
        return Some(lifted(text));
    }
    if new == names.user {
        return Some(Route::Own(
            text.replace(&[(role, identifier(names.loader))]),
        ));
    }
    // It may do more than change the owner.
    let signatures = ["aggregate", "function", "operator", "procedure", "routine"];
    let has_signature = signatures.iter().any(|kind| text.is(1, kind));
    if !has_signature && (text.has_symbol(',') || text.has_symbol('(')) {
        return None;
    }
    if names.mighty.contains(new) {
        return Some(last(text));
    }
    Some(lifted(text))
}

fn default_privileges(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    let start = text
        .after(&["for", "role"])
        .or(text.after(&["for", "user"]))?;
    let roles = text.list(start);
    let mighty = |at: &usize| text.role(*at).is_some_and(|it| names.mighty.contains(it));
    if roles.iter().any(mighty) {
        return Some(last(text));
    }
    stand_in(text, &roles, names)
}

/// Puts the loading role where the declared user is named.
fn stand_in(text: &Text<'_>, at: &[usize], names: &StatementNames<'_>) -> Option<Route> {
    let own = at.iter().filter(|at| text.role(**at) == Some(names.user));
    let own: Vec<_> = own.map(|at| (*at, identifier(names.loader))).collect();
    (!own.is_empty()).then(|| Route::Own(text.replace(&own)))
}

fn create(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    let mut at = 1;
    while ["or", "replace", "trusted", "procedural"]
        .iter()
        .any(|word| text.is(at, word))
    {
        at += 1;
    }
    match text.word(at)? {
        "extension" => extension(text),
        "language" => match text.name(at + 1)? {
            "plpgsql" | "plperl" | "pltcl" if !text.has(&["handler"]) => Some(lifted(text)),
            _ => Some(refuse(
                "a language that is not trusted reaches files and programs",
            )),
        },
        "subscription" if text.has(&["connect", "=", "false"]) => Some(lifted(text)),
        "subscription" => Some(refuse("a subscription connects to another server")),
        "event" if text.has(&["on", "login"]) => Some(refuse(
            "a trigger on login runs for everybody who connects, superusers too",
        )),
        "event" => Some(last(text)),
        "cast" if text.has(&["without", "function"]) => Some(refuse(
            "a cast without a function lets the server misread its memory",
        )),
        // Whoever casts calls its function: one with a function is made by an owner of its types.
        "cast" if text.has(&["with", "inout"]) => Some(lifted(text)),
        "publication" => Some(lifted(text)),
        "foreign" if text.is(2, "data") => {
            if text.has(&["handler"]) || text.has(&["validator"]) {
                Some(refuse(
                    "a foreign-data wrapper of its own runs with the server's rights",
                ))
            } else {
                Some(lifted(text))
            }
        }
        "server" => server(text, names),
        "schema" => {
            let role = text.after(&["authorization"])?;
            if text.is(2, "authorization") && text.role(role) == Some(names.user) {
                let both = format!("{} AUTHORIZATION", identifier(names.user));
                let loader = identifier(names.loader);
                return Some(Route::Own(text.replace(&[(2, both), (role, loader)])));
            }
            stand_in(text, &[role], names)
        }
        "user" if text.is(2, "mapping") => {
            let role = text.after(&["for"])?;
            let own = ["current_user", "session_user", "current_role", "user"];
            let own = own.iter().any(|word| text.is(role, word));
            own.then(|| Route::Own(text.replace(&[(role, identifier(names.user))])))
        }
        "role" | "group" | "user" => Some(role(text, names)),
        _ => None,
    }
}

fn extension(text: &Text<'_>) -> Option<Route> {
    let at = if text.is(2, "if") { 5 } else { 2 };
    let name = text.name(at)?;
    if name == "plpgsql" {
        return Some(Route::Skip);
    }
    if EXTENSIONS.contains(&name) || (name.starts_with("pl") && name.ends_with('u')) {
        return Some(Route::Refuse(format!(
            "the extension `{name}` reaches files and programs of the server's machine"
        )));
    }
    Some(lifted(text))
}

/// Its wrapper is an extension's, and so not the loading role's to use.
fn server(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    let at = if text.is(2, "if") { 5 } else { 2 };
    let name = identifier(text.name(at)?);
    let loader = identifier(names.loader);
    Some(Route::Lifted(format!(
        "{}\n; ALTER SERVER {name} OWNER TO {loader}",
        text.sql
    )))
}

fn drop(text: &Text<'_>) -> Option<Route> {
    match text.word(1)? {
        "extension" if text.has(&["plpgsql"]) => Some(Route::Skip),
        "extension" | "publication" | "language" | "procedural" | "role" | "group" => {
            Some(lifted(text))
        }
        "user" if !text.is(2, "mapping") => Some(lifted(text)),
        "event" => Some(last(text)),
        _ => None,
    }
}

fn comment(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    match text.word(2)? {
        "cast" | "extension" | "language" | "procedural" | "publication" | "role"
        | "subscription" => Some(lifted(text)),
        "foreign" if text.is(3, "data") => Some(lifted(text)),
        "event" => Some(last(text)),
        "database" => database(text, 3, names),
        _ => None,
    }
}

/// Puts the database's name of now where the dump names its own.
fn database(text: &Text<'_>, first: usize, names: &StatementNames<'_>) -> Option<Route> {
    let listed = text.list(first).into_iter();
    let own = listed.filter(|at| text.name(*at) == Some(names.database));
    let own: Vec<_> = own.map(|at| (at, identifier(names.scratch))).collect();
    (!own.is_empty()).then(|| Route::Own(text.replace(&own)))
}

fn grant(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    let Some(what) = text.after(&["on"]) else {
        return Some(role(text, names));
    };
    if text.is(what, "database") {
        return database(text, what + 1, names);
    }
    if !text.is(0, "revoke") {
        return None;
    }
    // What the declared user has by owning, the loading role has for now.
    let from = text.after_last(&["from"])?;
    let own = text.list(from).into_iter();
    let own = own.filter(|at| text.role(*at) == Some(names.user));
    let both = format!("{}, {}", identifier(names.user), identifier(names.loader));
    let own: Vec<_> = own.map(|at| (at, both.clone())).collect();
    (!own.is_empty()).then(|| Route::Own(text.replace(&own)))
}

/// A statement about roles, in which the dump may call its database by its own name.
fn role(text: &Text<'_>, names: &StatementNames<'_>) -> Route {
    let Some(at) = text.after(&["in", "database"]) else {
        return lifted(text);
    };
    match database(text, at, names) {
        Some(Route::Own(sql)) => Route::Lifted(sql),
        _ => refuse("a dump changes nothing about another database"),
    }
}

fn set(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    let scoped = text.is(1, "session") || text.is(1, "local");
    let is_authorization = text.after(&["session", "authorization"]);
    if let Some(role) = is_authorization.filter(|at| *at <= 4) {
        if text.is(0, "reset") || text.is(role, "default") {
            return Some(Route::Own("RESET ROLE".to_owned()));
        }
        let local = if text.is(1, "local") { "LOCAL " } else { "" };
        let role = match text.role(role)? {
            role if role == names.user => "NONE".to_owned(),
            role => identifier(role),
        };
        return Some(Route::Own(format!("SET {local}ROLE {role}")));
    }
    let at = 1 + usize::from(scoped);
    let name = text.name(at)?;
    if name == "role" && text.is(0, "set") {
        let value = text.len().checked_sub(1)?;
        let is_user = text.role(value) == Some(names.user);
        return is_user.then(|| Route::Own(text.replace(&[(value, "NONE".to_owned())])));
    }
    if SETTINGS.contains(&name) {
        return Some(lifted(text));
    }
    None
}

/// `SELECT pg_catalog.set_config('…', '…', false)`, as `pg_dump` writes it.
fn set_config(text: &Text<'_>) -> Option<Route> {
    let at = if text.is(1, "pg_catalog") { 3 } else { 1 };
    let is_call = text.is(at, "set_config") && text.len() == at + 8;
    let name = text.literal(at + 2)?;
    let flat = text.literal(at + 4).is_some();
    (is_call && flat && SETTINGS.contains(&name)).then(|| Route::Lifted(text.sql.to_owned()))
}

fn reassign(text: &Text<'_>, names: &StatementNames<'_>) -> Option<Route> {
    let from = text.list(text.after(&["by"])?);
    let to = text.after_last(&["to"])?;
    let all: Vec<usize> = from.into_iter().chain([to]).collect();
    let mighty = |at: &usize| text.role(*at).is_some_and(|it| names.mighty.contains(it));
    if all.iter().any(mighty) {
        return Some(refuse("what a superuser owns is not a dump's to give away"));
    }
    match stand_in(text, &all, names) {
        Some(Route::Own(sql)) => Some(Route::Lifted(sql)),
        _ => Some(lifted(text)),
    }
}

#[cfg(test)]
#[path = "rights_tests.rs"]
mod tests;
