//! The settings of a Redis server: on its command line, but for its password. Whoever may list the
//! processes or look at the container sees that line.

use indexmap::IndexMap;

use crate::engine::{FileSpec, Readers, ServiceSpec, redis_text};
use crate::kinds::REDIS;
use crate::model::{
    FileValue, Part, Persistence, Redis, Reference, Secret, ServiceField, ServiceFile, Template,
};

/// The file with the password; no declared one has such a name.
const FILE: &str = "redis.conf";
/// Where a container has it.
const PATH: &str = "/.envctl/redis.conf";
/// When a server takes a snapshot: its defaults, which one before 7.0 forgets as soon as it is
/// given any option.
const RDB: [&str; 11] = [
    "--save",
    "3600",
    "1",
    "--save",
    "300",
    "100",
    "--save",
    "60",
    "10000",
    "--appendonly",
    "no",
];

/// Puts a server's settings on its command line, unless that is declared. Returns the files that
/// are made for it.
pub(super) fn settings(spec: &mut ServiceSpec, redis: &Redis) -> IndexMap<String, ServiceFile> {
    let mut files = IndexMap::new();
    if spec.command.is_some() {
        return files;
    }
    let mut words = vec![Template::text("redis-server")];
    if let Some(password) = &redis.password {
        // A file of settings stands before all options.
        words.push(path_of(&spec.service));
        spec.files.push(FileSpec {
            name: FILE.to_owned(),
            path: PATH.to_owned(),
            readers: Readers::Server(REDIS.users),
        });
        files.insert(FILE.to_owned(), file(password));
    }
    let settings: &[&str] = match redis.persistence {
        Persistence::None => &["--save", "", "--appendonly", "no"],
        Persistence::Rdb => &RDB,
        Persistence::Aof => &["--appendonly", "yes"],
    };
    words.extend(settings.iter().copied().map(Template::text));
    for (directive, value) in &redis.config {
        words.push(Template::text(format!("--{directive}")));
        words.extend(value.iter().map(Template::text));
    }
    spec.command = Some(words);
    files
}

/// Returns where the server finds the file, whatever runs it.
fn path_of(service: &str) -> Template {
    let reference = Reference::Service {
        service: service.to_owned(),
        field: ServiceField::File(FILE.to_owned()),
    };
    Template {
        parts: vec![Part::Reference(reference)],
    }
}

fn file(password: &Secret) -> ServiceFile {
    let line = password.within(format!("requirepass {}", redis_text(password.expose())));
    let line = Template {
        parts: vec![Part::Secret(line)],
    };
    ServiceFile {
        path: PATH.to_owned(),
        template: "{{ line }}\n".to_owned(),
        values: [("line".to_owned(), FileValue::Text(line))].into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Role;
    use crate::model::ImageSource;

    #[test]
    fn directives_of_a_server_are_on_its_command_line_and_its_password_is_in_a_file() {
        let image = ImageSource::Named(String::new());
        let mut spec = ServiceSpec::new("cache", Role::Service, image);
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let redis = Redis {
            version: None,
            strict_version: false,
            bin_dir: None,
            password: Some(Secret::new("p\"")),
            persistence: Persistence::Aof,
            config: [
                ("appendfsync".to_owned(), words(&["always"])),
                ("save-x".to_owned(), words(&["1", "2"])),
            ]
            .into(),
        };
        let files = settings(&mut spec, &redis);
        let command = spec.command.iter().flatten();
        let shown: Vec<String> = command.map(Template::canonical).collect();
        let expect = "redis-server ${services.cache.files.redis.conf} --appendonly yes \
                      --appendfsync always --save-x 1 2";
        assert_eq!(shown.join(" "), expect);
        let FileValue::Text(line) = &files[FILE].values["line"] else {
            panic!("it is a text");
        };
        let line = line.fill(|_| Err::<Secret, ()>(())).unwrap();
        assert_eq!(line.expose(), r#"requirepass "\x70\x22""#);
        // A command of one's own sets the password itself.
        assert_eq!(settings(&mut spec, &redis), IndexMap::new());
        assert_eq!(spec.files.len(), 1);
    }
}
