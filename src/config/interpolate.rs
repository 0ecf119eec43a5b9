//! Expands `${…}` in the merged tree. What only a running environment knows stays a reference in
//! a template.

mod host;

use std::collections::BTreeMap;
use std::path::Path;

use super::bounds::{self, Bounds};
use super::conform;
use super::known::{hint_for, known};
use super::mistake::{MISTAKES_MAX, Mistake};
use super::reference::{Ask, Piece, ask, split};
use super::schema::{ROOT, Shape};
use super::secrets;
use super::source::Origin;
use super::suggest;
use super::trail::Trail;
use super::tree::{Node, Value, float};
use crate::model::{Part, Reference, Secret, ServiceField, Template, Variables};

/// What configuration is resolved for.
pub(crate) struct Context<'a> {
    pub environment: &'a str,
    pub instance: &'a str,
    /// The canonical path.
    pub workspace: &'a Path,
    pub variables: &'a Variables,
    pub outside: &'a Outside<'a>,
}

/// The ways to the world outside of the texts that were read; tests hand in others.
pub(crate) struct Outside<'a> {
    /// Reads a file; the error is a fragment.
    pub read_text: &'a dyn Fn(&Path) -> Result<String, String>,
    /// Runs a command on the host in the workspace's root and returns its standard output; `None`
    /// where nothing is run.
    pub run: &'a RunSecret<'a>,
}

/// Runs a secret's command.
pub(crate) type RunSecret<'a> = dyn Fn(&[String]) -> Result<Option<String>, String> + 'a;

/// Expands every text and checks every type, and returns the secrets that were referred to.
pub(crate) fn expand(
    root: &mut Node,
    context: &Context<'_>,
    mistakes: &mut Vec<Mistake>,
) -> BTreeMap<String, Secret> {
    let written = referable(root);
    let mut expander = Expander {
        written: &written,
        context,
        mistakes,
        vars: BTreeMap::new(),
        open: Vec::new(),
        in_secrets: true,
        in_checks: false,
        service: None,
        secret_sources: None,
        secrets: BTreeMap::new(),
        bounds: Bounds::default(),
    };
    if let Some(sources) = root.table_mut().and_then(|root| root.get_mut("secrets")) {
        let shape = ROOT.shape("secrets").expect("the root has secrets");
        expander.walk(sources, shape);
        conform::check(
            sources,
            shape,
            Trail::Root.key("secrets"),
            expander.mistakes,
        );
        expander.secret_sources = Some(sources.clone());
    }
    expander.in_secrets = false;
    for (key, node) in root.table_mut().into_iter().flatten() {
        if let Some(shape) = ROOT.shape(key).filter(|_| key != "secrets") {
            expander.in_checks = key == "smoke";
            if key == "vars" {
                expander.all_vars(node);
            } else if key == "services" {
                expander.services(node, shape);
            } else {
                expander.walk(node, shape);
            }
            conform::check(node, shape, Trail::Root.key(key), expander.mistakes);
        }
    }
    let secrets = expander.secrets.into_iter();
    secrets
        .filter_map(|(name, secret)| Some((name, secret?)))
        .collect()
}

/// Returns what references can name; the checks, which may be many, are not copied.
fn referable(root: &Node) -> Node {
    let named = |key: &str| matches!(key, "vars" | "secrets" | "images" | "services");
    let entries = root.table().into_iter().flatten();
    let entries = entries.filter(|(key, _)| named(key));
    let copies = entries.map(|(key, node)| (key.clone(), node.clone()));
    root.beside(Value::Table(copies.collect()))
}

/// Who reads a text after it was expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadBy {
    /// Envctl, or a program in a container.
    Anyone,
    /// A program of this machine, as one argument.
    Argument,
    /// The same, as the words that it is split into.
    Words,
    /// A shell of this machine, as its script.
    Shell,
}

struct Expander<'a> {
    /// What references can name, as it was before.
    written: &'a Node,
    context: &'a Context<'a>,
    mistakes: &'a mut Vec<Mistake>,
    /// Variables that are expanded already.
    vars: BTreeMap<String, Value>,
    /// Variables that are being expanded, outermost first.
    open: Vec<String>,
    /// Whether the table `secrets` is being expanded.
    in_secrets: bool,
    /// Whether the table `smoke` is being expanded.
    in_checks: bool,
    /// The service that is being expanded.
    service: Option<String>,
    /// That table, expanded.
    secret_sources: Option<Node>,
    /// `None` is one that could not be read.
    secrets: BTreeMap<String, Option<Secret>>,
    /// What all of it has become so far.
    bounds: Bounds,
}

impl Expander<'_> {
    fn services(&mut self, services: &mut Node, shape: Shape) {
        let Shape::Named(named) = shape else { return };
        for (name, service) in services.table_mut().into_iter().flatten() {
            self.service = Some(name.clone());
            self.walk(service, named.each);
        }
        self.service = None;
    }

    fn walk(&mut self, node: &mut Node, shape: Shape) {
        match shape {
            Shape::Value(want) if want.is_on_host() => self.on_host(node),
            Shape::Value(_) => self.leaf(node, ReadBy::Anyone),
            Shape::Table(fields) => {
                for (key, child) in node.table_mut().into_iter().flatten() {
                    if let Some(shape) = fields.shape(key) {
                        self.walk(child, shape);
                    }
                }
            }
            Shape::Named(named) => {
                for (_, child) in node.table_mut().into_iter().flatten() {
                    self.walk(child, named.each);
                }
            }
        }
    }

    fn leaf(&mut self, node: &mut Node, reader: ReadBy) {
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.leaf(item, reader)),
            Value::Table(table) => table.values_mut().for_each(|item| self.leaf(item, reader)),
            Value::Text(text) | Value::Raw(text) if text.contains("${") => {
                let raw = matches!(node.value, Value::Raw(_));
                let text = node.text().unwrap_or_default().to_owned();
                node.value = self.text(&text, &node.at, reader);
                if let (true, Value::Text(text)) = (raw, &node.value) {
                    node.value = Value::Raw(text.clone());
                }
                node.set_written(text);
            }
            _ => {}
        }
    }

    /// Expands one text; a reference alone keeps its type.
    fn text(&mut self, text: &str, at: &Origin, reader: ReadBy) -> Value {
        if self.bounds.are_reached() || self.mistakes.len() > MISTAKES_MAX {
            return Value::Unusable;
        }
        let mut values = Vec::new();
        let mut bytes = 0;
        for piece in split(text) {
            let value = match piece {
                Piece::Text(text) => Value::Text(text),
                Piece::Open(text) if reader != ReadBy::Anyone => Value::Text(text),
                Piece::Open(text) => self.wrong(
                    Mistake::new("`${` without its `}`")
                        .at(&at.within(&text))
                        .hint("`$${` writes `${`"),
                ),
                Piece::Hole(inner) => {
                    let at = at.within(&format!("${{{inner}}}"));
                    match reader {
                        ReadBy::Anyone => self.hole(&inner, &at),
                        ReadBy::Argument | ReadBy::Words => self.argument(&inner, &at, reader),
                        ReadBy::Shell => self.script(&inner, &at),
                    }
                }
            };
            let before = bytes;
            bytes += bounds::size(&value);
            // One that is too long is not even put together.
            if let Err(mistake) = self.bounds.check(before, bytes, at) {
                self.mistakes.extend(mistake);
                return Value::Unusable;
            }
            values.push(value);
        }
        join(values)
    }

    fn hole(&mut self, inner: &str, at: &Origin) -> Value {
        match ask(inner) {
            Some(Ask::Var(name)) => self.var(&name, at),
            Some(Ask::Env { name, default }) => {
                let value = self.context.variables.get(&name);
                match (value, default) {
                    (Some(value), None) => Value::Raw(value.clone()),
                    (Some(value), Some(_)) if !value.is_empty() => Value::Raw(value.clone()),
                    (_, Some(default)) => Value::Raw(default),
                    (None, None) => self.wrong(
                        Mistake::new(format!("the variable `{name}` is not set"))
                            .at(at)
                            .hint(format!(
                                "set it, or give a default: `${{env:{name}:-default}}`"
                            )),
                    ),
                }
            }
            Some(Ask::Instance) => Value::Text(self.context.instance.to_owned()),
            Some(Ask::Workspace) => {
                Value::Text(self.context.workspace.to_string_lossy().into_owned())
            }
            Some(Ask::Secret(name)) => self.secret(&name, at),
            Some(Ask::Later(reference)) => self.later(reference, at),
            None => self.wrong(
                Mistake::new(format!("`${{{inner}}}` names nothing that envctl knows"))
                    .at(at)
                    .hint(hint_for(inner)),
            ),
        }
    }

    fn var(&mut self, name: &str, at: &Origin) -> Value {
        if let Some(value) = self.vars.get(name) {
            return value.clone();
        }
        if let Some(start) = self.open.iter().position(|open| open == name) {
            let mut chain = self.open[start..].to_vec();
            chain.push(name.to_owned());
            let chain = chain.join(" -> ");
            return self.wrong(Mistake::new(format!("a cycle in `[vars]`: {chain}")).at(at));
        }
        let Some(node) = self.written.get("vars").and_then(|vars| vars.get(name)) else {
            let hint = suggest::did_you_mean(name, self.written.names("vars"));
            let message = format!("there is no `vars.{name}`");
            return self.wrong(Mistake::new(message).at(at).maybe_hint(hint));
        };
        self.open.push(name.to_owned());
        let mut node = node.clone();
        let in_checks = std::mem::take(&mut self.in_checks);
        self.leaf(&mut node, ReadBy::Anyone);
        self.in_checks = in_checks;
        self.open.pop();
        self.vars.insert(name.to_owned(), node.value.clone());
        node.value
    }

    fn all_vars(&mut self, vars: &mut Node) {
        for (name, node) in vars.table_mut().into_iter().flatten() {
            let value = self.var(name, &node.at);
            if node.text().is_some_and(|text| text.contains("${")) {
                let text = node.text().map(str::to_owned);
                if let Some(text) = text {
                    node.set_written(text);
                }
            }
            node.value = value;
        }
    }

    fn secret(&mut self, name: &str, at: &Origin) -> Value {
        if self.in_secrets {
            let message = "a secret cannot be made of another one";
            return self.wrong(Mistake::new(message).at(at));
        }
        if !self.secrets.contains_key(name) {
            let sources = self.secret_sources.as_ref();
            let Some(source) = sources.and_then(|sources| sources.get(name)) else {
                let hint = suggest::did_you_mean(name, self.written.names("secrets"))
                    .unwrap_or_else(|| {
                        format!("declare it: `[secrets.{name}]` with `env`, `file` or `command`")
                    });
                let message = format!("there is no secret `{name}`");
                return self.wrong(Mistake::new(message).at(at).hint(hint));
            };
            let read = secrets::read(name, source, self.context);
            let secret = read.map_err(|mistake| self.mistakes.extend(mistake)).ok();
            self.secrets.insert(name.to_owned(), secret);
        }
        match self.secrets.get(name).cloned().flatten() {
            Some(secret) => Value::Template(Template {
                parts: vec![Part::Secret(secret)],
            }),
            None => Value::Unusable,
        }
    }

    fn later(&mut self, reference: Reference, at: &Origin) -> Value {
        if let (Reference::Each(_) | Reference::Capture(_), false) = (&reference, self.in_checks) {
            let message = format!("`{reference}` can only stand in a smoke check");
            return self.wrong(Mistake::new(message).at(at));
        }
        if let Reference::Service { service, field } = &reference
            && matches!(field, ServiceField::File(_))
            && self.service.as_ref() != Some(service)
        {
            let message = format!("`{reference}` can only stand in the service `{service}`");
            let hint = "the file is made for that one, and no other one sees it";
            return self.wrong(Mistake::new(message).at(at).hint(hint));
        }
        if let Err(mistake) = known(&reference, self.written, at) {
            return self.wrong(mistake);
        }
        Value::Template(Template {
            parts: vec![Part::Reference(reference)],
        })
    }

    fn wrong(&mut self, mistake: Mistake) -> Value {
        self.mistakes.push(mistake);
        Value::Unusable
    }
}

/// Joins pieces to one value; one piece alone stays as it is.
fn join(mut values: Vec<Value>) -> Value {
    if values.len() == 1 {
        return values.remove(0);
    }
    let mut parts: Vec<Part> = Vec::new();
    for value in values {
        let text = match value {
            Value::Text(text) | Value::Raw(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => float(number),
            Value::Boolean(boolean) => boolean.to_string(),
            Value::Template(template) => {
                parts.extend(template.parts);
                continue;
            }
            Value::List(_) | Value::Table(_) | Value::Unusable => return Value::Unusable,
        };
        match parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(&text),
            _ => parts.push(Part::Text(text)),
        }
    }
    match parts.as_slice() {
        [] => Value::Text(String::new()),
        [Part::Text(text)] => Value::Text(text.clone()),
        _ => Value::Template(Template { parts }),
    }
}
