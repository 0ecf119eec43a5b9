//! Makes a declared check ready to run: addresses filled in, the request built, paths read.

use indexmap::IndexMap;

use super::Failure;
use super::json_path::Selector;
use super::mask::Mask;
use super::reproduce;
use crate::config::model::{
    Body, Check, CheckKind, HttpCheck, Matcher, Part, Reference, Secret, SqlCheck, Template,
};
use crate::postgres;
use crate::probe::{self, Request};

/// Looks up what is known only while an instance runs. Errors are shown to the user.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    /// What fills a hole of a template.
    pub reference: &'a (dyn Fn(&Reference) -> Result<Secret, String> + Sync),
    /// Service and port name to `http://127.0.0.1:3000`.
    pub base_url: &'a (dyn Fn(&str, &str) -> Result<String, String> + Sync),
    /// A `postgres` service to its server and its own database.
    pub database: &'a (dyn Fn(&str) -> Result<Database, String> + Sync),
    /// The words of a command to which `-c QUERY` is added: `envctl psql`.
    pub psql: &'a (dyn Fn(&SqlCheck) -> Vec<String> + Sync),
}

/// A database that a SQL check asks.
#[derive(Clone, Debug)]
pub struct Database {
    pub server: postgres::Server,
    /// The database of the service, for checks that name none.
    pub name: String,
}

/// A JSONPath and what it must select.
pub(super) type JsonExpectation<'a> = (Selector, &'a [Matcher]);

/// A check that can be made.
pub(super) struct Prepared<'a> {
    pub(super) action: Action<'a>,
    /// A line that does the same by hand, masked.
    pub(super) reproduce: String,
}

/// What is done.
pub(super) enum Action<'a> {
    Http(Box<HttpAction<'a>>),
    Sql {
        declared: &'a SqlCheck,
        target: Box<postgres::Target>,
    },
}

/// A request that is ready to be sent.
pub(super) struct HttpAction<'a> {
    pub(super) declared: &'a HttpCheck,
    pub(super) request: Request,
    pub(super) json: Vec<JsonExpectation<'a>>,
}

/// Prepares a check; the failure says what is missing.
pub(super) fn prepare<'a>(
    check: &'a Check,
    places: Places<'_>,
    mask: &Mask,
) -> Result<Prepared<'a>, Failure> {
    match &check.kind {
        CheckKind::Http(declared) => {
            let request = request(declared, places)
                .map_err(|reason| impossible("a request that can be sent", &reason, mask))?;
            Ok(Prepared {
                reproduce: reproduce::curl(&request, mask),
                action: Action::Http(Box::new(HttpAction {
                    declared,
                    request,
                    json: selectors(&declared.json, mask)?,
                })),
            })
        }
        CheckKind::Sql(declared) => {
            let database = (places.database)(&declared.service)
                .map_err(|reason| impossible("a database that can be asked", &reason, mask))?;
            let name = declared.database.as_deref().unwrap_or(&database.name);
            Ok(Prepared {
                reproduce: reproduce::psql((places.psql)(declared), &declared.query, mask),
                action: Action::Sql {
                    declared,
                    target: Box::new(database.server.target(name)),
                },
            })
        }
    }
}

/// Returns the secrets that stand in a check's own texts.
pub(super) fn secrets(check: &Check) -> Vec<&Secret> {
    let CheckKind::Http(check) = &check.kind else {
        return Vec::new();
    };
    let body = match &check.body {
        Some(Body::Text(template)) => Some(template),
        Some(Body::Json(_)) | None => None,
    };
    std::iter::once(&check.path)
        .chain(check.query.values())
        .chain(check.headers.values())
        .chain(body)
        .flat_map(|template| &template.parts)
        .filter_map(|part| match part {
            Part::Secret(secret) => Some(secret),
            Part::Text(_) | Part::Reference(_) => None,
        })
        .collect()
}

fn request(check: &HttpCheck, places: Places<'_>) -> Result<Request, String> {
    let fill = |template: &Template| template.fill(places.reference);
    let base = (places.base_url)(&check.service, &check.port)?;
    let mut request = Request::new(&check.method, &base, fill(&check.path)?.expose())
        .map_err(|error| error.to_string())?;
    for (name, value) in &check.query {
        request.query(name, fill(value)?.expose());
    }
    for (name, value) in &check.headers {
        request
            .header(name, fill(value)?.expose())
            .map_err(|error| error.to_string())?;
    }
    match &check.body {
        Some(Body::Text(template)) => {
            request.set_body(probe::Body::Text(fill(template)?.expose().to_owned()), None);
        }
        Some(Body::Json(value)) => request.set_body(
            probe::Body::Text(value.to_string()),
            Some("application/json"),
        ),
        None => {}
    }
    Ok(request)
}

fn selectors<'a>(
    json: &'a IndexMap<String, Vec<Matcher>>,
    mask: &Mask,
) -> Result<Vec<JsonExpectation<'a>>, Failure> {
    json.iter()
        .map(|(path, matchers)| match Selector::parse(path) {
            Ok(selector) => Ok((selector, matchers.as_slice())),
            Err(reason) => Err(Failure {
                what: mask.apply(path),
                expected: "a JSONPath".to_owned(),
                actual: mask.apply(&reason),
            }),
        })
        .collect()
}

fn impossible(expected: &str, reason: &str, mask: &Mask) -> Failure {
    Failure {
        what: "check".to_owned(),
        expected: expected.to_owned(),
        actual: mask.apply(reason),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::model::ServiceField;

    /// Returns a GET that expects nothing.
    pub(in crate::smoke) fn http_check(path: &str) -> HttpCheck {
        HttpCheck {
            service: "api".to_owned(),
            port: "http".to_owned(),
            method: "GET".to_owned(),
            path: Template::text(path),
            query: IndexMap::new(),
            headers: IndexMap::new(),
            body: None,
            status: Vec::new(),
            expect_headers: IndexMap::new(),
            json: IndexMap::new(),
            text: Vec::new(),
            max_time: None,
        }
    }

    fn places() -> Places<'static> {
        Places {
            reference: &|reference| match reference {
                Reference::Service { service, .. } if service == "api" => Ok(Secret::new("3000")),
                other => Err(format!("{other} is not running")),
            },
            base_url: &|service, port| match (service, port) {
                ("api", "http") => Ok("http://127.0.0.1:3000".to_owned()),
                _ => Err(format!("service `{service}` publishes no port `{port}`")),
            },
            database: &|service| Err(format!("service `{service}` is not running")),
            psql: &|_| vec!["envctl".to_owned(), "psql".to_owned()],
        }
    }

    fn prepared(kind: CheckKind) -> Result<(String, String), String> {
        let check = Check {
            kind,
            timeout: std::time::Duration::from_secs(1),
            eventually: false,
        };
        let mask = Mask::new(secrets(&check));
        let prepared = prepare(&check, places(), &mask).map_err(|failure| failure.to_string())?;
        let sent = match &prepared.action {
            Action::Http(action) => {
                let request = &action.request;
                let mut sent = format!("{} {}", request.method(), request.url());
                for (name, value) in request.headers() {
                    sent = format!("{sent}\n{name}: {value}");
                }
                match request.body() {
                    Some(probe::Body::Text(body)) => format!("{sent}\n\n{body}"),
                    _ => sent,
                }
            }
            Action::Sql { declared, .. } => declared.query.clone(),
        };
        Ok((sent, prepared.reproduce))
    }

    fn http(check: HttpCheck) -> Result<(String, String), String> {
        prepared(CheckKind::Http(Box::new(check)))
    }

    fn template(parts: Vec<Part>) -> Template {
        Template { parts }
    }

    #[test]
    fn a_plain_get() {
        assert_eq!(
            http(http_check("/rates?orig_code=CNGGZ&dest_code=EETLL")).unwrap(),
            (
                "GET http://127.0.0.1:3000/rates?orig_code=CNGGZ&dest_code=EETLL".to_owned(),
                "curl -sS -i 'http://127.0.0.1:3000/rates?orig_code=CNGGZ&dest_code=EETLL'"
                    .to_owned(),
            )
        );
    }

    #[test]
    fn everything_that_a_request_can_have() {
        let mut check = http_check("/ports/Gävle");
        check.method = "POST".to_owned();
        check
            .query
            .insert("q".to_owned(), Template::text("it's 1/2"));
        let token = Part::Secret(Secret::new("s3 cret/"));
        check
            .query
            .insert("token".to_owned(), template(vec![token.clone()]));
        let bearer = vec![Part::Text("Bearer ".to_owned()), token];
        check
            .headers
            .insert("Authorization".to_owned(), template(bearer));
        check.body = Some(Body::Json(json!({"b": [1, "x"], "a": null})));
        let (sent, by_hand) = http(check).unwrap();
        assert_eq!(
            sent,
            "POST http://127.0.0.1:3000/ports/G%C3%A4vle?q=it%27s%201%2F2&token=s3%20cret%2F\n\
             authorization: Bearer s3 cret/\n\
             content-type: application/json\n\n\
             {\"b\":[1,\"x\"],\"a\":null}"
        );
        assert_eq!(
            by_hand,
            "curl -sS -i -X POST -H 'authorization: Bearer ***' \
             -H 'content-type: application/json' --data-raw '{\"b\":[1,\"x\"],\"a\":null}' \
             'http://127.0.0.1:3000/ports/G%C3%A4vle?q=it%27s%201%2F2&token=***'"
        );
    }

    #[test]
    fn a_text_body_with_holes() {
        let mut check = http_check("/hook");
        check.method = "PUT".to_owned();
        check.body = Some(Body::Text(template(vec![
            Part::Text("it's at ".to_owned()),
            Part::Reference(Reference::Service {
                service: "api".to_owned(),
                field: ServiceField::Port,
            }),
        ])));
        assert_eq!(
            http(check).unwrap(),
            (
                "PUT http://127.0.0.1:3000/hook\n\nit's at 3000".to_owned(),
                "curl -sS -i -X PUT -H content-type: --data-raw 'it'\\''s at 3000' \
                 http://127.0.0.1:3000/hook"
                    .to_owned(),
            )
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut check = http_check("/");
        check.port = "admin".to_owned();
        assert_eq!(
            http(check).unwrap_err(),
            "check: expected a request that can be sent, \
             got service `api` publishes no port `admin`"
        );
        let mut check = http_check("/");
        check
            .path
            .parts
            .push(Part::Reference(Reference::Image("api".to_owned())));
        assert_eq!(
            http(check).unwrap_err(),
            "check: expected a request that can be sent, got ${images.api} is not running"
        );
        let mut check = http_check("/");
        check.json.insert("rates".to_owned(), Vec::new());
        let error = http(check).unwrap_err();
        assert!(
            error.starts_with("rates: expected a JSONPath, got "),
            "{error}"
        );
        let sql = CheckKind::Sql(SqlCheck {
            service: "db".to_owned(),
            database: None,
            query: "SELECT 1".to_owned(),
            rows: None,
            value: Vec::new(),
            count: Vec::new(),
        });
        assert_eq!(
            prepared(sql).unwrap_err(),
            "check: expected a database that can be asked, got service `db` is not running"
        );
    }
}
