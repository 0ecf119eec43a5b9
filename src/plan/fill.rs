//! What is open in a declaration, filled with what one engine gives: addresses, paths, the content
//! of files. Changes nothing.

use minijinja::Value;

use super::desired::DesiredService;
use super::wiring::{Replica, Wiring};
use crate::config::jinja;
use crate::engine::{Addresses, Engine, FileSpec, MadeFile};
use crate::model::{FileValue, Reference, Secret, ServiceField, ServiceFile, Template};

/// Fills the declaration of one service.
pub(super) struct Filler<'a> {
    pub engine: &'a dyn Engine,
    pub wiring: &'a Wiring,
    /// Those that are assigned, where services are processes.
    pub addresses: &'a Addresses,
    pub service: &'a DesiredService,
}

impl Filler<'_> {
    /// Fills a text; the error says what is not known.
    pub(super) fn template(&self, template: &Template) -> Result<Secret, String> {
        template.fill(|reference| self.reference(reference))
    }

    /// Returns the files of the service as they should be now.
    pub(super) fn files(&self) -> Result<Vec<MadeFile>, String> {
        let specs = self.service.spec.files.iter();
        let files = specs.filter_map(|spec| {
            let file = self.service.upkeep.files.get(&spec.name)?;
            Some(self.file(spec, file))
        });
        files.collect()
    }

    fn reference(&self, reference: &Reference) -> Result<Secret, String> {
        let spec = &self.service.spec;
        if let Reference::Service {
            field: ServiceField::File(name),
            ..
        } = reference
        {
            let file = spec.files.iter().find(|file| file.name == *name);
            let file = file.ok_or_else(|| format!("there is no file `{name}`"))?;
            return Ok(Secret::new(self.engine.file_path(&spec.name, file)));
        }
        if self.has_network() {
            self.wiring.inside(reference)
        } else {
            self.wiring.beside(reference, spec, self.addresses)
        }
    }

    fn has_network(&self) -> bool {
        self.engine.capabilities().network
    }

    fn file(&self, spec: &FileSpec, file: &ServiceFile) -> Result<MadeFile, String> {
        let values = file.values.iter();
        let values = values.map(|(name, value)| Ok((name.as_str(), self.value(value)?)));
        let values: Vec<(&str, Value)> = values.collect::<Result<_, String>>()?;
        let content = render(&file.template, values);
        let content = content.map_err(|why| format!("the file `{}`: {why}", spec.name))?;
        let whole = if self.has_unread(file)? {
            Secret::unread()
        } else {
            Secret::default()
        };
        Ok(MadeFile {
            spec: spec.clone(),
            content: whole.within(content),
        })
    }

    /// Whether a value of a file is not known.
    fn has_unread(&self, file: &ServiceFile) -> Result<bool, String> {
        for value in file.values.values() {
            if let FileValue::Text(template) = value
                && self.template(template)?.is_unread()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn value(&self, value: &FileValue) -> Result<Value, String> {
        Ok(match value {
            FileValue::Text(template) => self.template(template)?.expose().into(),
            FileValue::Integer(number) => (*number).into(),
            FileValue::Boolean(boolean) => (*boolean).into(),
            FileValue::Addresses(service) => {
                self.replicas(service)?.into_iter().map(as_value).collect()
            }
        })
    }

    fn replicas(&self, service: &str) -> Result<Vec<Replica>, String> {
        if self.has_network() {
            self.wiring.replicas_inside(service)
        } else {
            self.wiring.replicas_beside(service, self.addresses)
        }
    }
}

/// Fills a template of a file; a name without a value is an error.
fn render(template: &str, values: Vec<(&str, Value)>) -> Result<String, String> {
    let values = Value::from_pairs(values);
    let filled = jinja::environment().render_str(template, values);
    filled.map_err(|error| jinja::told(&error))
}

/// Returns a replica as templates see it: `server.host`.
fn as_value(replica: Replica) -> Value {
    Value::from_pairs([
        ("name", Value::from(replica.name)),
        ("host", Value::from(replica.host)),
        ("port", Value::from(replica.port)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(name: &str, port: u16) -> Value {
        let (name, host) = (name.to_owned(), "127.0.0.1".to_owned());
        as_value(Replica { name, host, port })
    }

    fn check(template: &str, expect: Result<&str, &str>) {
        let servers: Vec<Value> = vec![replica("api", 20_001), replica("api-2", 20_002)];
        let values = vec![("port", 80.into()), ("servers", servers.into())];
        let filled = render(template, values);
        assert_eq!(filled.as_deref().map_err(String::as_str), expect);
    }

    #[test]
    fn a_template_loops_over_replicas_and_leaves_no_empty_lines() {
        let template = "bind *:{{ port }}\n{% for it in servers %}\n  server {{ it.name }} \
                        {{ it.host }}:{{ it.port }}\n{% endfor %}\nend\n";
        let expect = "bind *:80\n  server api 127.0.0.1:20001\n  server api-2 \
                      127.0.0.1:20002\nend\n";
        check(template, Ok(expect));
        check("{{ servers | length }} <&>", Ok("2 <&>"));
    }

    #[test]
    fn what_has_no_value_is_an_error() {
        check(
            "a\n{{ servers[0].hots }}",
            Err("line 2: `servers[0].hots` is undefined"),
        );
        check(
            "{{ port | upside }}",
            Err("line 1: filter upside is unknown"),
        );
    }
}
