//! Which column of which table is meant by a parameter. Knows names, types and keys; no rows.

use super::catalog::{CatalogColumn, CatalogTable, ColumnKey};
use super::document::{Location, Operation, Parameter};
use super::naming::{singular, snake};

/// Parameters that say how to answer, not about what.
const NOT_DATA: [&str; 10] = [
    "limit",
    "offset",
    "page",
    "page_size",
    "per_page",
    "size",
    "cursor",
    "sort",
    "order",
    "fields",
];

/// A column that may be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ColumnCandidate {
    pub(super) table: usize,
    pub(super) column: usize,
    /// 0 is the surest.
    pub(super) rank: u32,
}

/// Parameters whose values come from the same row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParameterGroup {
    pub(super) table: usize,
    /// A parameter's place in the list of parameters, and its column.
    pub(super) picks: Vec<(usize, usize)>,
    /// How many groups before it have the same columns, which have the rows before.
    pub(super) offset: usize,
}

/// A parameter in the words that columns are compared by.
struct Meant<'a> {
    parameter: &'a Parameter,
    /// `orig_code`
    name: String,
    /// What the part of the path before it is called: `port` of `/ports/{code}`.
    of: Option<String>,
    is_one_word: bool,
}

/// Returns where the values of an operation's parameters are taken from; a parameter that no
/// column fits is in no group.
pub(super) fn groups(
    operation: &Operation,
    needed: &[&Parameter],
    tables: &[CatalogTable],
    excluded: &[usize],
) -> Vec<ParameterGroup> {
    let candidates = needed.iter().map(|parameter| {
        let mut all = candidates(operation, parameter, tables);
        all.retain(|candidate| !excluded.contains(&candidate.table));
        all
    });
    chosen(&candidates.collect::<Vec<_>>())
}

/// Takes as many parameters as possible from one table, then the others in the same way.
fn chosen(candidates: &[Vec<ColumnCandidate>]) -> Vec<ParameterGroup> {
    let mut groups: Vec<ParameterGroup> = Vec::new();
    let mut open: Vec<usize> = (0..candidates.len()).collect();
    loop {
        let all = open.iter().flat_map(|index| &candidates[*index]);
        let mut tables: Vec<usize> = all.map(|candidate| candidate.table).collect();
        tables.sort_unstable();
        tables.dedup();
        let covers = tables.into_iter().map(|table| {
            let (picks, rank) = cover(&open, candidates, table);
            (usize::MAX - picks.len(), rank, table, picks)
        });
        let Some((_, _, table, picks)) = covers.min() else {
            return groups;
        };
        open.retain(|index| picks.iter().all(|(taken, _)| taken != index));
        let columns = |picks: &[(usize, usize)]| -> Vec<usize> {
            picks.iter().map(|(_, column)| *column).collect()
        };
        let same = groups
            .iter()
            .filter(|group| group.table == table && columns(&group.picks) == columns(&picks));
        groups.push(ParameterGroup {
            table,
            offset: same.count(),
            picks,
        });
    }
}

/// Returns the parameters that a table has values for, each from a column of its own, and how
/// unsure that is.
fn cover(
    open: &[usize],
    candidates: &[Vec<ColumnCandidate>],
    table: usize,
) -> (Vec<(usize, usize)>, u32) {
    let (mut picks, mut rank) = (Vec::new(), 0);
    for index in open {
        let of_table = candidates[*index]
            .iter()
            .filter(|it| it.table == table && picks.iter().all(|(_, column)| *column != it.column));
        if let Some(best) = of_table.min_by_key(|it| it.rank) {
            picks.push((*index, best.column));
            rank += best.rank;
        }
    }
    (picks, rank)
}

/// Returns every column that a parameter may mean.
pub(super) fn candidates(
    operation: &Operation,
    parameter: &Parameter,
    tables: &[CatalogTable],
) -> Vec<ColumnCandidate> {
    let name = snake(&parameter.name);
    if NOT_DATA.contains(&name.as_str()) {
        return Vec::new();
    }
    let meant = Meant {
        of: segment(operation, parameter).map(singular),
        is_one_word: !name.contains('_'),
        name,
        parameter,
    };
    let has_table = meant.of.as_ref().is_some_and(|of| {
        let mut tables = tables.iter();
        tables.any(|table| nearness(table, of).is_some())
    });
    let mut found = Vec::new();
    for (table, of_table) in tables.iter().enumerate() {
        for (column, of_column) in of_table.columns.iter().enumerate() {
            let fits = meant.parameter.schema.fits(of_column.kind);
            if let Some(rank) = rank(&meant, (of_table, of_column), has_table).filter(|_| fits) {
                found.push(ColumnCandidate {
                    table,
                    column,
                    rank,
                });
            }
        }
    }
    let is_loose = |candidate: &&ColumnCandidate| candidate.rank >= ANYWHERE;
    let loose: Vec<ColumnCandidate> = found.iter().filter(is_loose).copied().collect();
    if let Some(only) = unambiguous(&meant, &loose) {
        found.retain(|candidate| candidate.rank < ANYWHERE || only.contains(candidate));
    }
    found.sort_by_key(|candidate| candidate.rank);
    found
}

/// The rank from which on the path does not say which table is meant.
const ANYWHERE: u32 = 4;

/// The rank of a column whose name the parameter's ends with.
const BY_ENDING: u32 = 7;

fn rank(
    meant: &Meant<'_>,
    (table, column): (&CatalogTable, &CatalogColumn),
    has_table: bool,
) -> Option<u32> {
    let own = format!("{}_{}", table.singular, column.snake);
    let is_name = column.snake == meant.name;
    let near = meant.of.as_ref().and_then(|of| nearness(table, of));
    if let (Some(near), true) = (near, is_name) {
        return Some(near);
    }
    let is_row = column.key == ColumnKey::Primary && table.singular == meant.name;
    // `/posts/{post_id}` is `blog_posts.id`.
    let of_near = meant.of.as_ref().filter(|_| near.is_some());
    let is_part = of_near.is_some_and(|of| format!("{of}_{}", column.snake) == meant.name);
    if own == meant.name || is_row || is_part {
        // `/users/{user_id}` is `users.id`, and so is `/users/{user}`.
        return Some(if near.is_some() { 1 } else { 2 });
    }
    let alias = meant.of.as_ref().map(|of| format!("{of}_{}", meant.name));
    if meant.is_one_word && alias.as_ref() == Some(&column.snake) {
        // `/users/{id}/orders` is `orders.user_id`.
        return Some(3);
    }
    if is_name && (!meant.is_one_word || !has_table) {
        return Some(match column.key {
            ColumnKey::Primary => ANYWHERE,
            ColumnKey::Foreign => ANYWHERE + 1,
            ColumnKey::None => ANYWHERE + 2,
        });
    }
    let ending = format!("_{}", column.snake);
    (column.key == ColumnKey::Primary && meant.name.ends_with(&ending)).then_some(BY_ENDING)
}

/// Returns what is left of loose candidates where several tables could be meant: nothing of a
/// single word (`id`), and nothing of an ending.
fn unambiguous(meant: &Meant<'_>, loose: &[ColumnCandidate]) -> Option<Vec<ColumnCandidate>> {
    let best = loose.iter().map(|candidate| candidate.rank).min()?;
    let of_best: Vec<ColumnCandidate> =
        loose.iter().filter(|it| it.rank == best).copied().collect();
    let must_be_one = meant.is_one_word || best == BY_ENDING;
    Some(match of_best.as_slice() {
        [_] if must_be_one => of_best,
        _ if must_be_one => Vec::new(),
        // What the name fits as a whole goes before what its end fits.
        _ => loose
            .iter()
            .filter(|it| it.rank < BY_ENDING)
            .copied()
            .collect(),
    })
}

/// Returns how near a table is to a part of a path: 0 of the same name, 1 of a longer one.
fn nearness(table: &CatalogTable, of: &str) -> Option<u32> {
    if table.singular == of {
        return Some(0);
    }
    let longer = table.singular.strip_suffix(of)?;
    longer.ends_with('_').then_some(1)
}

/// Returns the fixed part of the path before a parameter; for one of the query the last.
fn segment<'a>(operation: &'a Operation, parameter: &Parameter) -> Option<&'a str> {
    let path = &operation.path;
    let before = match parameter.location {
        Location::Path => path.split(&format!("{{{}}}", parameter.name)).next()?,
        _ => path,
    };
    let mut parts = before.rsplit('/');
    parts.find(|part| !part.is_empty() && !part.contains('{'))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};
    use serde_json::{Value as Json, json};

    use super::super::catalog::tests::tables;
    use super::super::document::Document;
    use super::*;

    const SHOP: [&str; 5] = [
        "users: id int8 primary, email text",
        "orders: id int8 primary, user_id int8 foreign, placed date",
        "blog_posts: id int8 primary, slug text",
        "order_items: order_id int8 foreign, sku text foreign, amount int4",
        "products: sku text primary, uuid uuid",
    ];

    const RATES: [&str; 3] = [
        "ports: code text primary, name text, parent_slug text foreign",
        "prices: orig_code text foreign, dest_code text foreign, day date, price int4",
        "regions: slug text primary, name text, parent_slug text foreign",
    ];

    fn operation(path: &str, query: &[&str], schema: &Json) -> Operation {
        let in_path = path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'));
        let in_path = in_path.map(|(name, _)| (name, "path"));
        let all = in_path.chain(query.iter().map(|name| (*name, "query")));
        let all: Vec<Json> = all
            .map(|(name, location)| {
                json!({"name": name, "in": location, "required": true, "schema": schema})
            })
            .collect();
        let root = json!({"openapi": "3.0.0", "paths": {path: {"get": {"parameters": all}}}});
        let document = Document::read(root.to_string().as_bytes(), "/openapi.json").unwrap();
        document.operations().remove(0)
    }

    fn check(lines: &[&str], cases: &[(&str, &[&str], &str)], expected: &Expect) {
        let tables = tables(lines);
        let mut text = String::new();
        for (path, query, kind) in cases {
            let operation = operation(path, query, &json!({"type": kind}));
            let needed: Vec<&Parameter> = operation.parameters.iter().collect();
            writeln!(text, "{path} {}", query.join(" ")).unwrap();
            for group in groups(&operation, &needed, &tables, &[]) {
                let table = &tables[group.table];
                let picks = group.picks.iter().map(|(parameter, column)| {
                    let column = &table.columns[*column].name;
                    format!("{} is {}.{column}", needed[*parameter].name, table.name)
                });
                let picks: Vec<String> = picks.collect();
                writeln!(text, "  row {}: {}", group.offset, picks.join(", ")).unwrap();
            }
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn the_path_says_which_table_is_meant() {
        check(
            &SHOP,
            &[
                ("/users/{id}", &[], "integer"),
                ("/users/{user_id}", &[], "integer"),
                ("/users/{userId}", &[], "integer"),
                ("/user/{user}", &[], "integer"),
                ("/api/v1/posts/{id}", &[], "integer"),
                ("/products/{sku}", &[], "string"),
                ("/orders", &["user_id"], "integer"),
                ("/products/{uuid}.json", &[], "string"),
            ],
            &expect![[r"
                /users/{id} 
                  row 0: id is users.id
                /users/{user_id} 
                  row 0: user_id is users.id
                /users/{userId} 
                  row 0: userId is users.id
                /user/{user} 
                  row 0: user is users.id
                /api/v1/posts/{id} 
                  row 0: id is blog_posts.id
                /products/{sku} 
                  row 0: sku is products.sku
                /orders user_id
                  row 0: user_id is orders.user_id
                /products/{uuid}.json 
                  row 0: uuid is products.uuid
            "]],
        );
    }

    #[test]
    fn values_that_belong_together_come_from_one_row() {
        check(
            &SHOP,
            &[
                ("/users/{user_id}/orders/{order_id}", &[], "integer"),
                ("/users/{id}/orders/{order_id}", &[], "integer"),
                ("/users/{id}/posts/{post_id}", &[], "integer"),
            ],
            &expect![[r"
                /users/{user_id}/orders/{order_id} 
                  row 0: user_id is orders.user_id, order_id is orders.id
                /users/{id}/orders/{order_id} 
                  row 0: id is orders.user_id, order_id is orders.id
                /users/{id}/posts/{post_id} 
                  row 0: id is users.id
                  row 0: post_id is blog_posts.id
            "]],
        );
        check(
            &RATES,
            &[("/rates", &["orig_code", "dest_code"], "string")],
            &expect![[r"
                /rates orig_code dest_code
                  row 0: orig_code is prices.orig_code, dest_code is prices.dest_code
            "]],
        );
        // Without a table that has both, two rows of the one that is meant by the ending.
        check(
            &[RATES[0], RATES[2]],
            &[("/rates", &["orig_code", "dest_code"], "string")],
            &expect![[r"
                /rates orig_code dest_code
                  row 0: orig_code is ports.code
                  row 1: dest_code is ports.code
            "]],
        );
    }

    #[test]
    fn what_could_be_anything_is_nothing() {
        check(
            &SHOP,
            &[
                ("/things/{id}", &[], "integer"),
                ("/users/{id}", &[], "boolean"),
                ("/search", &["limit", "page"], "integer"),
                ("/search", &["email"], "string"),
                ("/search", &["email"], "integer"),
                ("/search", &["parent_id"], "integer"),
            ],
            &expect![[r"
                /things/{id} 
                /users/{id} 
                /search limit page
                /search email
                  row 0: email is users.email
                /search email
                /search parent_id
            "]],
        );
        let names = ("/search", &["name"] as &[&str], "string");
        check(&RATES, &[names], &expect!["/search name\n"]);
    }
}
