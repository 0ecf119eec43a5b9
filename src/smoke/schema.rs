//! JSON Schemas of checks, each read once a run. Knows no other expectation.

use std::collections::HashMap;
use std::error::Error;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use boon::{
    CompileError, Compiler, Draft, ErrorKind as Violation, InstanceToken, SchemaIndex, Type,
    UrlLoader, ValidationError,
};
use serde_json::Value;
use url::Url;

use super::difference::segment;
use super::{Unmet, matcher};
use crate::model::DeclaredFile;
use crate::tell::Mask;

/// How many violations of a schema are told.
const TOLD: usize = 10;

/// The schemas that were read so far.
#[derive(Default)]
pub(super) struct Schemas {
    read: Mutex<HashMap<PathBuf, Arc<Result<Schema, String>>>>,
}

struct Schema {
    all: boon::Schemas,
    root: SchemaIndex,
}

impl Schemas {
    /// Returns what of a document does not follow the schema in a file.
    pub(super) fn check(&self, file: &DeclaredFile, document: &Value, mask: &Mask) -> Vec<Unmet> {
        let schema = self.schema(&file.path);
        let schema = match schema.as_ref() {
            Ok(schema) => schema,
            Err(why) => {
                return vec![Unmet {
                    what: "json_schema".to_owned(),
                    expected: format!("a JSON Schema in {}", file.name),
                    actual: mask.apply(why),
                    difference: None,
                }];
            }
        };
        let Err(error) = schema.all.validate(document, schema.root) else {
            return Vec::new();
        };
        let mut violations = Vec::new();
        leaves(&error, &mut violations);
        // There may be millions, so only what is told becomes a text.
        let told = violations
            .iter()
            .flat_map(|it| failures(it, document, mask));
        let mut told: Vec<Unmet> = told.take(TOLD).collect();
        for failure in &mut told {
            failure.expected = format!("{} ({})", failure.expected, file.name);
        }
        let all: usize = violations.iter().map(|it| places(it)).sum();
        let more = all - told.len();
        if more > 0 {
            told.push(Unmet {
                what: "json_schema".to_owned(),
                expected: format!("a document that follows {}", file.name),
                actual: format!("{more} more places that do not"),
                difference: None,
            });
        }
        told
    }

    fn schema(&self, path: &Path) -> Arc<Result<Schema, String>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = read.get(path) {
            return Arc::clone(schema);
        }
        let schema = Arc::new(compile(path));
        read.insert(path.to_owned(), Arc::clone(&schema));
        schema
    }
}

/// Reads a schema and what it refers to; the error says what is there instead.
fn compile(path: &Path) -> Result<Schema, String> {
    let document = read(path)?;
    let path = fs_err::canonicalize(path).map_err(|error| error.to_string())?;
    let folder = path.parent().unwrap_or(&path).to_owned();
    let place = Url::from_file_path(&path).map_err(|()| "a path that has no URL".to_owned())?;
    let mut reader = Compiler::new();
    reader.set_default_draft(Draft::V2020_12);
    // Who names a format in a test wants it looked at.
    reader.enable_format_assertions();
    reader.use_loader(Box::new(Siblings {
        folder: folder.clone(),
    }));
    let mut all = boon::Schemas::new();
    let root = match reader.add_resource(place.as_str(), document) {
        Ok(()) => reader.compile(place.as_str(), &mut all),
        Err(error) => Err(error),
    };
    match root {
        Ok(root) => Ok(Schema { all, root }),
        Err(error) => {
            // Places are told from the schema's own folder on.
            let folder = Url::from_directory_path(&folder).map(String::from);
            Err(not_compiled(&error).replace(&folder.unwrap_or_default(), ""))
        }
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let bytes = fs_err::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        kind => kind.to_string(),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| format!("no JSON ({error})"))
}

fn not_compiled(error: &CompileError) -> String {
    match error {
        CompileError::ValidationError { src, .. } => {
            let mut violations = Vec::new();
            leaves(src, &mut violations);
            let violation = violations.first().copied().unwrap_or(src);
            format!("none: {}: {}", path_of(violation), violation.kind)
        }
        CompileError::LoadUrlError { url, src } => format!("a reference to {url}: {src}"),
        error => format!("none: {error:#}"),
    }
}

/// Reads the files that a schema refers to.
struct Siblings {
    folder: PathBuf,
}

impl UrlLoader for Siblings {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        let path = Url::parse(url)?;
        if path.scheme() != "file" {
            return Err("only files are read, nothing is fetched".into());
        }
        let path = path.to_file_path().map_err(|()| "no path")?;
        // What is not there is no way out of the folder.
        let real = fs_err::canonicalize(&path).unwrap_or(path);
        if !real.starts_with(&self.folder) {
            return Err("only files below the schema's folder are read".into());
        }
        Ok(read(&real)?)
    }
}

/// Collects the errors that say something by themselves.
fn leaves<'e, 's, 'v>(
    error: &'e ValidationError<'s, 'v>,
    found: &mut Vec<&'e ValidationError<'s, 'v>>,
) {
    let alone = matches!(
        error.kind,
        Violation::AnyOf | Violation::OneOf(_) | Violation::PropertyName { .. }
    );
    if alone || error.causes.is_empty() {
        found.push(error);
    } else {
        error.causes.iter().for_each(|cause| leaves(cause, found));
    }
}

fn path_of(error: &ValidationError<'_, '_>) -> String {
    let tokens = error.instance_location.tokens.iter();
    let steps = tokens.map(|token| match token {
        InstanceToken::Prop(name) => segment(name),
        InstanceToken::Item(index) => format!("[{index}]"),
    });
    std::iter::once("$".to_owned()).chain(steps).collect()
}

fn value_at<'v>(error: &ValidationError<'_, '_>, document: &'v Value) -> &'v Value {
    let mut tokens = error.instance_location.tokens.iter();
    let value = tokens.try_fold(document, |value, token| match token {
        InstanceToken::Prop(name) => value.get(name.as_ref()),
        InstanceToken::Item(index) => value.get(index),
    });
    value.unwrap_or(document)
}

/// Returns how many failures a violation is.
fn places(error: &ValidationError<'_, '_>) -> usize {
    match &error.kind {
        Violation::Required { want: names }
        | Violation::Dependency { missing: names, .. }
        | Violation::DependentRequired { missing: names, .. } => names.len(),
        Violation::AdditionalProperties { got } => got.len(),
        _ => 1,
    }
}

/// Returns a failure for a violation, or one for each of the first properties that it names.
fn failures(error: &ValidationError<'_, '_>, document: &Value, mask: &Mask) -> Vec<Unmet> {
    let path = path_of(error);
    let value = value_at(error, document);
    let failure = |property: Option<&str>, expected: String, actual: String| Unmet {
        what: mask.apply(&format!(
            "{path}{}",
            property.map(segment).unwrap_or_default()
        )),
        expected: mask.apply(&expected),
        actual,
        difference: None,
    };
    match &error.kind {
        Violation::Required { want: missing }
        | Violation::Dependency { missing, .. }
        | Violation::DependentRequired { missing, .. } => missing
            .iter()
            .take(TOLD)
            .map(|name| failure(Some(name), "something".to_owned(), "nothing".to_owned()))
            .collect(),
        Violation::AdditionalProperties { got } => got
            .iter()
            .take(TOLD)
            .map(|name| {
                let value = value.get(name.as_ref()).unwrap_or(&Value::Null);
                let expected = "no such property".to_owned();
                failure(Some(name), expected, matcher::show(value, mask))
            })
            .collect(),
        Violation::PropertyName { prop } => {
            let expected = "another name for a property".to_owned();
            vec![failure(
                None,
                expected,
                matcher::show(&Value::from(prop.as_str()), mask),
            )]
        }
        kind => {
            let mut actual = match kind {
                Violation::Type { .. } => matcher::show_typed(value, mask),
                Violation::MinLength { got, .. }
                | Violation::MaxLength { got, .. }
                | Violation::MinItems { got, .. }
                | Violation::MaxItems { got, .. } => {
                    format!("length {got}: {}", matcher::show(value, mask))
                }
                _ => matcher::show(value, mask),
            };
            if let Some(nearest) = nearest(error) {
                let hint = format!("{} should be {}", path_of(nearest), wanted(nearest));
                actual = format!("{actual}; {}", mask.apply(&hint));
            }
            vec![failure(None, wanted(error), actual)]
        }
    }
}

/// Returns what is wrong farthest inside the alternatives of a value: the alternative that was
/// meant fits for the longest.
fn nearest<'e, 's, 'v>(error: &'e ValidationError<'s, 'v>) -> Option<&'e ValidationError<'s, 'v>> {
    if !matches!(error.kind, Violation::AnyOf | Violation::OneOf(None)) {
        return None;
    }
    let mut inside = Vec::new();
    error
        .causes
        .iter()
        .for_each(|cause| leaves(cause, &mut inside));
    let depth = |error: &ValidationError<'_, '_>| error.instance_location.tokens.len();
    let nearest = inside.into_iter().max_by_key(|error| depth(error))?;
    (depth(nearest) > depth(error)).then_some(nearest)
}

fn wanted(error: &ValidationError<'_, '_>) -> String {
    let list = |values: &[Value]| {
        let texts: Vec<String> = values.iter().map(Value::to_string).collect();
        texts.join(", ")
    };
    match &error.kind {
        Violation::Type { want, .. } => {
            let names: Vec<&str> = want.iter().map(type_name).collect();
            names.join(" or ")
        }
        Violation::Enum { want } => format!("one of {}", list(want)),
        Violation::Const { want } => want.to_string(),
        Violation::Format { want, .. } => format!("the format {want}"),
        Violation::Pattern { want, .. } => format!("a match of /{want}/"),
        Violation::Minimum { want, .. } => format!(">= {want}"),
        Violation::Maximum { want, .. } => format!("<= {want}"),
        Violation::ExclusiveMinimum { want, .. } => format!("> {want}"),
        Violation::ExclusiveMaximum { want, .. } => format!("< {want}"),
        Violation::MultipleOf { want, .. } => format!("a multiple of {want}"),
        Violation::MinLength { want, .. } | Violation::MinItems { want, .. } => {
            format!("length >= {want}")
        }
        Violation::MaxLength { want, .. } | Violation::MaxItems { want, .. } => {
            format!("length <= {want}")
        }
        Violation::UniqueItems { got: [left, right] } => {
            format!("elements that differ, unlike [{left}] and [{right}]")
        }
        Violation::FalseSchema => "nothing".to_owned(),
        Violation::Not => "something that `not` does not forbid".to_owned(),
        Violation::AnyOf => "one of the alternatives of `anyOf`".to_owned(),
        Violation::OneOf(None) => "one of the alternatives of `oneOf`".to_owned(),
        Violation::OneOf(Some((left, right))) => {
            format!("only one of the alternatives of `oneOf`, not both [{left}] and [{right}]")
        }
        Violation::Required { want } => format!("something with {}", want.join(", ")),
        kind => kind.to_string(),
    }
}

fn type_name(wanted: Type) -> &'static str {
    match wanted {
        Type::Null => "null",
        Type::Boolean => "a boolean",
        Type::Number => "a number",
        Type::Integer => "an integer",
        Type::String => "a text",
        Type::Array => "an array",
        Type::Object => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;

    struct Files(TempDir);

    impl Files {
        fn new(files: &[(&str, Value)]) -> Self {
            let folder = TempDir::new().unwrap();
            for (name, schema) in files {
                let path = folder.path().join(name);
                fs_err::create_dir_all(path.parent().unwrap()).unwrap();
                fs_err::write(path, schema.to_string()).unwrap();
            }
            Self(folder)
        }

        fn file(&self, name: &str) -> DeclaredFile {
            DeclaredFile {
                path: self.0.path().join(name),
                name: name.to_owned(),
            }
        }

        #[track_caller]
        fn check(&self, name: &str, document: &Value, expect: &[&str]) {
            let mask = Mask::new(["hunter2"]);
            let found = Schemas::default().check(&self.file(name), document, &mask);
            let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(texts, expect);
        }
    }

    #[track_caller]
    fn check(schema: Value, document: &Value, expect: &[&str]) {
        Files::new(&[("s.json", schema)]).check("s.json", document, expect);
    }

    #[test]
    fn every_violation_has_its_place() {
        let schema = json!({
            "type": "object",
            "required": ["page"],
            "properties": {
                "items": {
                    "type": "array",
                    "uniqueItems": true,
                    "items": {
                        "properties": {
                            "price": {"type": ["number", "null"], "minimum": 0},
                            "day": {"format": "date"},
                            "key": {"pattern": "^k"},
                            "port": {"enum": ["EETLL", "FIHEL"]},
                            "name": {"minLength": 3},
                        },
                        "additionalProperties": false,
                    }
                }
            }
        });
        check(
            schema.clone(),
            &json!({"page": 1, "items": [{"price": null, "day": "2021-01-31"}]}),
            &[],
        );
        check(
            schema,
            &json!({"items": [
                {"price": "5"},
                {"price": -1},
                {"day": "2021-02-31"},
                {"key": "hunter2"},
                {"port": "EETLL-2", "name": "ab", "a-b": [1]},
            ]}),
            &[
                "$.page: expected something (s.json), got nothing",
                r#"$.items[0].price: expected null or a number (s.json), got "5", a text"#,
                "$.items[1].price: expected >= 0 (s.json), got -1",
                r#"$.items[2].day: expected the format date (s.json), got "2021-02-31""#,
                r#"$.items[3].key: expected a match of /^k/ (s.json), got "***""#,
                r#"$.items[4].port: expected one of "EETLL", "FIHEL" (s.json), got "EETLL-2""#,
                r#"$.items[4].name: expected length >= 3 (s.json), got length 2: "ab""#,
                "$.items[4]['a-b']: expected no such property (s.json), got [1]",
            ],
        );
    }

    #[test]
    fn many_violations_are_counted() {
        let names: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let object = names.iter().map(|name| (name.clone(), json!(1))).collect();
        for (document, schema) in [
            ((0..200).collect(), json!({"items": {"type": "string"}})),
            (object, json!({"additionalProperties": false})),
            (json!({}), json!({"required": names})),
        ] {
            let files = Files::new(&[("s.json", schema)]);
            let schemas = Schemas::default();
            let found = schemas.check(&files.file("s.json"), &document, &Mask::default());
            assert_eq!(found.len(), TOLD + 1);
            let more = "json_schema: expected a document that follows s.json, \
                        got 190 more places that do not";
            assert_eq!(found[TOLD].to_string(), more);
        }
    }

    #[test]
    fn alternatives_name_what_is_nearest() {
        let schema = json!({"properties": {"rate": {"anyOf": [
            {"type": "null"},
            {"type": "object", "properties": {"price": {"type": "number"}}},
        ]}}});
        check(schema.clone(), &json!({"rate": null}), &[]);
        check(
            schema.clone(),
            &json!({"rate": {"price": "5"}}),
            &[
                "$.rate: expected one of the alternatives of `anyOf` (s.json), \
               got {\"price\":\"5\"}; $.rate.price should be a number",
            ],
        );
        check(
            schema,
            &json!({"rate": 5}),
            &["$.rate: expected one of the alternatives of `anyOf` (s.json), got 5"],
        );
        check(
            json!({"oneOf": [{"type": "number"}, {"type": "integer"}]}),
            &json!(5),
            &[
                "$: expected only one of the alternatives of `oneOf`, not both [0] and [1] \
               (s.json), got 5",
            ],
        );
    }

    #[test]
    fn a_reference_is_read_from_the_folder_of_the_schema() {
        let files = Files::new(&[
            (
                "in/s.json",
                json!({"items": {"$ref": "parts/rate.json#/$defs/rate"}}),
            ),
            (
                "in/parts/rate.json",
                json!({"$defs": {"rate": {"$ref": "../price.json"}}}),
            ),
            ("in/price.json", json!({"type": "number"})),
            ("in/out.json", json!({"$ref": "../secret.json"})),
            ("in/far.json", json!({"$ref": "https://example.com/s.json"})),
            ("in/none.json", json!({"$ref": "missing.json"})),
            (
                "in/tree.json",
                json!({"type": "object", "additionalProperties": {"$ref": "#"}}),
            ),
            ("secret.json", json!({"type": "number"})),
        ]);
        files.check("in/s.json", &json!([1, 2.5]), &[]);
        files.check(
            "in/s.json",
            &json!(["1"]),
            &[r#"$[0]: expected a number (in/s.json), got "1", a text"#],
        );
        files.check("in/tree.json", &json!({"a": {"b": {}}}), &[]);
        files.check(
            "in/tree.json",
            &json!({"a": {"b": 1}}),
            &["$.a.b: expected an object (in/tree.json), got 1, a number"],
        );
        for (name, why) in [
            (
                "in/far.json",
                "a reference to https://example.com/s.json: only files are read, nothing is fetched",
            ),
            ("in/none.json", "a reference to missing.json: no such file"),
        ] {
            let expect = format!("json_schema: expected a JSON Schema in {name}, got {why}");
            files.check(name, &json!(1), &[&expect]);
        }
        let found =
            Schemas::default().check(&files.file("in/out.json"), &json!(1), &Mask::default());
        let [failure] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert!(
            failure
                .actual
                .ends_with("only files below the schema's folder are read"),
            "{failure}"
        );
    }

    #[test]
    fn a_link_is_no_way_out_of_the_folder() {
        let files = Files::new(&[
            ("in/s.json", json!({"$ref": "link.json"})),
            ("secret.json", json!({"type": "number"})),
        ]);
        let secret = files.0.path().join("secret.json");
        std::os::unix::fs::symlink(secret, files.0.path().join("in/link.json")).unwrap();
        files.check(
            "in/s.json",
            &json!(1),
            &[
                "json_schema: expected a JSON Schema in in/s.json, got a reference to link.json: \
               only files below the schema's folder are read",
            ],
        );
    }

    #[test]
    fn what_is_no_schema_says_so() {
        let files = Files::new(&[
            ("type.json", json!({"properties": {"a": {"type": "strin"}}})),
            ("pattern.json", json!({"pattern": "("})),
            ("anchor.json", json!({"$ref": "#/$defs/none"})),
        ]);
        fs_err::write(files.0.path().join("broken.json"), "{").unwrap();
        for (name, why) in [
            ("missing.json", "no such file"),
            (
                "broken.json",
                "no JSON (EOF while parsing an object at line 1 column 1)",
            ),
        ] {
            let expect = format!("json_schema: expected a JSON Schema in {name}, got {why}");
            files.check(name, &json!({}), &[&expect]);
        }
        for (name, part) in [
            ("type.json", "$.properties.a.type"),
            ("pattern.json", "$.pattern"),
            ("anchor.json", "anchor.json#/$defs/none"),
        ] {
            let found = Schemas::default().check(&files.file(name), &json!({}), &Mask::default());
            let [failure] = found.as_slice() else {
                panic!("{name}: {found:?}");
            };
            assert_eq!(failure.what, "json_schema");
            assert!(failure.actual.starts_with("none: "), "{failure}");
            assert!(failure.actual.contains(part), "{failure}");
            assert!(!failure.actual.contains("file://"), "{failure}");
        }
    }

    #[test]
    fn a_schema_is_read_once() {
        let files = Files::new(&[("s.json", json!({"type": "number"}))]);
        let schemas = Schemas::default();
        let file = files.file("s.json");
        assert!(schemas.check(&file, &json!(1), &Mask::default()).is_empty());
        fs_err::remove_file(&file.path).unwrap();
        assert_eq!(schemas.check(&file, &json!("1"), &Mask::default()).len(), 1);
    }

    #[test]
    fn older_drafts_are_read_by_their_own_rules() {
        let draft = |draft: &str| {
            json!({
                "$schema": format!("http://json-schema.org/{draft}/schema#"),
                "items": [{"type": "number"}],
                "additionalItems": false,
            })
        };
        check(draft("draft-07"), &json!([1]), &[]);
        let files = Files::new(&[("s.json", draft("draft-07"))]);
        let found =
            Schemas::default().check(&files.file("s.json"), &json!([1, 2]), &Mask::default());
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
