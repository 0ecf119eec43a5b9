//! An OpenAPI 3 document: its operations, with every reference inside of it followed. Knows
//! neither services nor databases.

use serde_json::{Map, Value as Json};

use super::schema::{ValueSchema, plain};

/// How many references may follow on each other; more is a circle.
const LONGEST_CHAIN: usize = 32;

/// The methods of a path in a document; of them, only `get` changes nothing and has an answer.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Why a text is no document that can be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("it has no `openapi`, which says the version of OpenAPI")]
    NotOpenApi,
    #[error("it is Swagger {0}, which is not read")]
    Swagger(String),
    #[error("it is OpenAPI {0}, which is not read")]
    Version(String),
}

/// A document.
#[derive(Debug)]
pub(super) struct Document {
    root: Json,
    /// Where it was found: `/api/openapi.json`; relative addresses in it start there.
    place: String,
}

/// One method of one path.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// In capitals.
    pub(super) method: String,
    /// From the server's root, with `{…}` for its parameters.
    pub(super) path: String,
    pub(super) id: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) responses: Vec<DocumentedAnswer>,
}

/// What may be sent with an operation.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) location: Location,
    pub(super) required: bool,
    pub(super) schema: ValueSchema,
    /// A value that the document names, and the word it names it by: `example`.
    pub(super) named: Option<(String, &'static str)>,
}

/// Where a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Location {
    Path,
    Query,
    Header,
    Cookie,
}

/// An answer that the document foresees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DocumentedAnswer {
    /// `200`, `2XX`, `default`
    pub(super) status: String,
    /// Media types; empty where the document names none.
    pub(super) content: Vec<String>,
}

impl Document {
    /// Reads a document that was found at `place`.
    pub(super) fn read(bytes: &[u8], place: &str) -> Result<Self, DocumentError> {
        let root: Json = serde_json::from_slice(bytes)
            .map_err(|error| DocumentError::NotJson(error.to_string()))?;
        let version = |key: &str| root.get(key).and_then(plain);
        match (version("openapi"), version("swagger")) {
            (Some(version), _) if version.starts_with("3.") => Ok(Self {
                root,
                place: place.to_owned(),
            }),
            (Some(version), _) => Err(DocumentError::Version(version)),
            (None, Some(version)) => Err(DocumentError::Swagger(version)),
            (None, None) => Err(DocumentError::NotOpenApi),
        }
    }

    /// Returns all operations in the order of the document.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let paths = self.root.get("paths").and_then(Json::as_object);
        let paths = paths.into_iter().flatten();
        paths
            .filter(|(path, _)| path.starts_with('/'))
            .flat_map(|(path, item)| self.of_path(path, self.follow(item)))
            .collect()
    }

    fn of_path(&self, path: &str, item: &Json) -> Vec<Operation> {
        let methods = METHODS.into_iter();
        methods
            .filter_map(|method| {
                let operation = item.get(method).filter(|it| it.is_object())?;
                let text = |key: &str| operation.get(key).and_then(plain);
                Some(Operation {
                    method: method.to_uppercase(),
                    path: format!("{}{path}", self.base([operation, item])),
                    id: text("operationId"),
                    summary: text("summary").or_else(|| text("description")),
                    parameters: self.parameters(item, operation),
                    responses: self.responses(operation),
                })
            })
            .collect()
    }

    /// Returns the path before all paths: that of the nearest server that is named.
    fn base(&self, nearer: [&Json; 2]) -> String {
        let mut levels = nearer.into_iter().chain([&self.root]);
        let Some(server) = levels.find_map(|level| level.get("servers")?.get(0)) else {
            return String::new();
        };
        let mut url = server.get("url").and_then(plain).unwrap_or_default();
        let variables = server.get("variables").and_then(Json::as_object);
        for (name, variable) in variables.into_iter().flatten() {
            let value = variable.get("default").and_then(plain).unwrap_or_default();
            url = url.replace(&format!("{{{name}}}"), &value);
        }
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("", |start| &rest[start..]).to_owned(),
            None if url.starts_with('/') => url,
            None => {
                let folder = self.place.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{}", url.trim_start_matches("./"))
            }
        };
        path.trim_end_matches('/').to_owned()
    }

    /// Returns the parameters of an operation; its own go before those of its path.
    fn parameters(&self, item: &Json, operation: &Json) -> Vec<Parameter> {
        let mut all: Vec<Parameter> = Vec::new();
        for level in [item, operation] {
            let list = level.get("parameters").and_then(Json::as_array);
            for parameter in list.into_iter().flatten() {
                let Some(parameter) = self.parameter(self.follow(parameter)) else {
                    continue;
                };
                let is_same = |it: &&mut Parameter| {
                    it.name == parameter.name && it.location == parameter.location
                };
                match all.iter_mut().find(is_same) {
                    Some(known) => *known = parameter,
                    None => all.push(parameter),
                }
            }
        }
        all
    }

    fn parameter(&self, parameter: &Json) -> Option<Parameter> {
        let name = parameter.get("name").and_then(plain)?;
        let location = match parameter.get("in").and_then(Json::as_str)? {
            "path" => Location::Path,
            "query" => Location::Query,
            "header" => Location::Header,
            "cookie" => Location::Cookie,
            _ => return None,
        };
        let required = parameter.get("required").and_then(Json::as_bool);
        // A value inside a document of its own (`content`) has no plain form.
        let nothing = serde_json::json!({"type": "object"});
        let schema = parameter.get("schema").unwrap_or(&nothing);
        let schema = self.plainest(schema, LONGEST_CHAIN);
        Some(Parameter {
            name,
            location,
            required: required.unwrap_or(false) || location == Location::Path,
            named: self.named(parameter, schema),
            schema: ValueSchema::read(schema),
        })
    }

    /// Returns the schema of one plain value: of an alternative the first that is not `null`, of
    /// a list that of its items.
    fn plainest<'a>(&'a self, schema: &'a Json, depth: usize) -> &'a Json {
        let schema = self.follow(schema);
        let is_null = |schema: &&Json| schema.get("type").is_some_and(|it| it == "null");
        let mut keys = ["anyOf", "oneOf", "allOf"].into_iter();
        let alternatives = keys.find_map(|key| schema.get(key)?.as_array());
        let first = alternatives.and_then(|all| {
            let mut all = all.iter().map(|it| self.follow(it));
            all.find(|it| !is_null(it))
        });
        let inner = match schema.get("type").and_then(Json::as_str) {
            Some("array") => schema.get("items"),
            Some(_) => None,
            None => first,
        };
        match inner {
            Some(inner) if depth > 0 => self.plainest(inner, depth - 1),
            _ => schema,
        }
    }

    /// Returns the first value that the document names for a parameter and that it may have.
    fn named(&self, parameter: &Json, plainest: &Json) -> Option<(String, &'static str)> {
        let outer = parameter.get("schema").map(|schema| self.follow(schema));
        let of_schema = |key: &str| {
            let of_outer = outer.and_then(|schema| schema.get(key));
            of_outer.or_else(|| plainest.get(key))
        };
        let examples = parameter.get("examples").and_then(Json::as_object);
        let example = examples.and_then(|all| self.follow(all.values().next()?).get("value"));
        let first = |key: &str| of_schema(key)?.get(0);
        let candidates = [
            (parameter.get("example").or(example), "example"),
            (of_schema("example").or(first("examples")), "example"),
            (of_schema("default"), "default"),
            (of_schema("const"), "const"),
            (plainest.get("enum").and_then(|all| all.get(0)), "enum"),
            (plainest.get("minimum"), "minimum"),
        ];
        let reads = ValueSchema::read(plainest);
        candidates.into_iter().find_map(|(value, word)| {
            let value = value?;
            // Of a list, one item is enough.
            let text = plain(value.get(0).unwrap_or(value))?;
            reads.accepts(&text).then_some((text, word))
        })
    }

    fn responses(&self, operation: &Json) -> Vec<DocumentedAnswer> {
        let all = operation.get("responses").and_then(Json::as_object);
        let response = |(status, response): (&String, &Json)| {
            let content = self.follow(response).get("content");
            let content = content.and_then(Json::as_object);
            DocumentedAnswer {
                status: status.clone(),
                content: content.map_or_else(Vec::new, names),
            }
        };
        all.into_iter().flatten().map(response).collect()
    }

    /// Returns what a reference leads to; one that leads out of the document, nowhere or in a
    /// circle, stays.
    fn follow<'a>(&'a self, start: &'a Json) -> &'a Json {
        let mut value = start;
        for _ in 0..LONGEST_CHAIN {
            let Some(reference) = value.get("$ref").and_then(Json::as_str) else {
                return value;
            };
            let pointer = reference.strip_prefix('#').map(decoded);
            match pointer.and_then(|pointer| self.root.pointer(&pointer)) {
                Some(next) => value = next,
                None => return value,
            }
        }
        start
    }
}

fn names(object: &Map<String, Json>) -> Vec<String> {
    object.keys().cloned().collect()
}

/// Undoes the percent-encoding of a fragment.
fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = fragment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(code) if *first == b'%' => {
                bytes.push(code);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn document(root: &Json, place: &str) -> Result<Document, DocumentError> {
        Document::read(root.to_string().as_bytes(), place)
    }

    fn check(mut root: Json, expected: &Expect) {
        root["openapi"] = json!("3.1.0");
        let document = document(&root, "/api/v1/openapi.json").unwrap();
        let mut text = String::new();
        for operation in document.operations() {
            let id = operation.id.as_deref().unwrap_or("-");
            writeln!(text, "{} {} {id}", operation.method, operation.path).unwrap();
            for it in &operation.parameters {
                let named = it
                    .named
                    .as_ref()
                    .map(|(value, word)| format!(" {word} {value}"));
                writeln!(
                    text,
                    "  {} {:?} {:?} {}{}",
                    it.name,
                    it.location,
                    it.schema.kind,
                    if it.required { "required" } else { "optional" },
                    named.unwrap_or_default(),
                )
                .unwrap();
            }
            for it in &operation.responses {
                writeln!(text, "  {} {}", it.status, it.content.join(" ")).unwrap();
            }
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        check(
            json!({
                "paths": {
                    "/a/{id}": {
                        "parameters": [
                            {"$ref": "#/components/parameters/Id"},
                            {"name": "trace", "in": "header", "schema": {"type": "string"}},
                        ],
                        "get": {
                            "operationId": "one",
                            "parameters": [
                                {"$ref": "#/components/parameters/Odd%20~1~0name"},
                                {"$ref": "#/components/parameters/Circle"},
                                {"$ref": "elsewhere.json#/Id"},
                                {"name": "deep", "in": "query",
                                 "schema": {"$ref": "#/components/schemas/Circle"}},
                            ],
                            "responses": {"200": {"$ref": "#/components/responses/Ok"}},
                        },
                        "post": {"responses": {}},
                    },
                    "/b": {"$ref": "#/components/pathItems/B"},
                    "x-extension": {"get": {}},
                },
                "components": {
                    "parameters": {
                        "Id": {"$ref": "#/components/parameters/Id2"},
                        "Id2": {"name": "id", "in": "path",
                                "schema": {"$ref": "#/components/schemas/Id"}},
                        "Odd /~name": {"name": "odd", "in": "query",
                                       "schema": {"type": "boolean", "default": false}},
                        "Circle": {"$ref": "#/components/parameters/Circle"},
                    },
                    "schemas": {
                        "Id": {"type": "integer", "minimum": 1},
                        "Circle": {"allOf": [{"$ref": "#/components/schemas/Circle"}]},
                    },
                    "responses": {"Ok": {"content": {"application/json": {}, "text/csv": {}}}},
                    "pathItems": {"B": {"get": {"responses": {"default": {}}}}},
                },
            }),
            &expect![[r"
                GET /a/{id} one
                  id Path Integer required minimum 1
                  trace Header Text optional
                  odd Query Boolean optional default false
                  deep Query Text optional
                  200 application/json text/csv
                POST /a/{id} -
                  id Path Integer required minimum 1
                  trace Header Text optional
                GET /b -
                  default 
            "]],
        );
    }

    #[test]
    fn a_value_that_the_document_names_must_be_allowed_by_it() {
        let query = |name: &str, parameter: Json| {
            let mut parameter = parameter;
            parameter["name"] = json!(name);
            parameter["in"] = json!("query");
            parameter
        };
        check(
            json!({"paths": {"/": {"get": {"parameters": [
                query("a", json!({"example": 5, "schema": {"type": "integer", "default": 6}})),
                query("b", json!({"example": "x", "schema": {"type": "integer", "default": 6}})),
                query("c", json!({"examples": {"one": {"value": "y"}}, "schema": {}})),
                query("d", json!({"schema": {"examples": ["z"]}})),
                query("e", json!({"schema": {"enum": ["up", "down"]}})),
                query("f", json!({"schema": {"type": "array", "items": {"enum": ["q"]}}})),
                query("g", json!({"schema": {"type": "array", "items": {"type": "integer"},
                                             "example": [7, 8]}})),
                query("h", json!({"schema": {"anyOf": [{"type": "null"}, {"type": "string",
                                             "format": "date"}]}})),
                query("i", json!({"content": {"application/json": {}}})),
            ]}}}}),
            &expect![[r"
                GET / -
                  a Query Integer optional example 5
                  b Query Integer optional default 6
                  c Query Text optional example y
                  d Query Text optional example z
                  e Query Text optional enum up
                  f Query Text optional enum q
                  g Query Integer optional example 7
                  h Query Date optional
                  i Query Other optional
            "]],
        );
    }

    #[test]
    fn paths_start_at_the_nearest_server() {
        let path = |servers: Json, own: Option<&str>| {
            let mut root = json!({"openapi": "3.0.3", "paths": {"/x": {"get": {}}}});
            root["servers"] = servers;
            if let Some(url) = own {
                root["paths"]["/x"]["get"]["servers"] = json!([{"url": url}]);
            }
            let document = document(&root, "/docs/openapi.json").unwrap();
            document.operations().remove(0).path
        };
        assert_eq!(path(json!([]), None), "/x");
        assert_eq!(path(json!([{"url": "/"}]), None), "/x");
        assert_eq!(path(json!([{"url": "/v1/"}]), None), "/v1/x");
        assert_eq!(path(json!([{"url": "https://shop.example"}]), None), "/x");
        assert_eq!(
            path(json!([{"url": "https://shop.example/v2"}]), None),
            "/v2/x"
        );
        assert_eq!(path(json!([{"url": "./v3"}]), None), "/docs/v3/x");
        assert_eq!(path(json!([{"url": "/v1"}]), Some("/own")), "/own/x");
        let variable = json!([{"url": "/{base}", "variables": {"base": {"default": "v4"}}}]);
        assert_eq!(path(variable, None), "/v4/x");
    }

    #[test]
    fn what_is_no_document_is_said() {
        let refused = |text: &str| {
            let error = Document::read(text.as_bytes(), "/").unwrap_err();
            error.to_string()
        };
        assert_eq!(
            refused("<html>"),
            "it is not JSON: expected value at line 1 column 1"
        );
        assert_eq!(
            refused("{\"a\": 1}"),
            "it has no `openapi`, which says the version of OpenAPI"
        );
        assert_eq!(
            refused("{\"swagger\": \"2.0\"}"),
            "it is Swagger 2.0, which is not read"
        );
        assert_eq!(
            refused("{\"openapi\": \"4.0.0\"}"),
            "it is OpenAPI 4.0.0, which is not read"
        );
    }
}
