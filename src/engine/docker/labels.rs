//! The names and labels of what envctl makes. Labels are how it is found again; names are for
//! people, and for the daemon to refuse a second one.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::engine::{Identity, Launch, Role, ServiceSpec};
use crate::model::InstanceId;

/// Marks everything that envctl makes.
pub(super) const MARK: &str = "envctl";
pub(super) const ID: &str = "envctl.id";
pub(super) const ROLE: &str = "envctl.role";
pub(super) const NAME: &str = "envctl.name";
/// The declared service, which replicas share.
pub(super) const SERVICE: &str = "envctl.service";
pub(super) const HASH: &str = "envctl.hash";
pub(super) const ORDER: &str = "envctl.order";
pub(super) const PROFILES: &str = "envctl.profiles";
pub(super) const SETS: &str = "envctl.sets";
/// Port names and numbers as JSON: `{"http":3000}`.
pub(super) const PORTS: &str = "envctl.ports";
/// Set where files are made for a container.
pub(super) const FILES: &str = "envctl.files";
/// The image's name in the environment, on images.
pub(super) const IMAGE: &str = "envctl.image";
const ENVIRONMENT: &str = "envctl.environment";
const INSTANCE: &str = "envctl.instance";
const WORKSPACE: &str = "envctl.workspace";
const SCHEMA: &str = "envctl.schema";

/// The version of these labels; raised when their meaning changes.
const SCHEMA_VERSION: &str = "1";

pub(super) fn container_name(identity: &Identity, service: &str) -> String {
    format!("envctl-{}-{service}", identity.id)
}

pub(super) fn network_name(identity: &Identity) -> String {
    format!("envctl-{}", identity.id)
}

pub(super) fn volume_name(identity: &Identity, volume: &str) -> String {
    format!("envctl-{}-{volume}", identity.id)
}

/// Returns the filter that finds what may belong to an instance; [`is_ours`] decides.
pub(super) fn filter(identity: &Identity) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{ID}={}", identity.id)])])
}

/// Returns the filter that finds what belongs to any instance.
pub(super) fn every_filter() -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![ID.to_owned()])])
}

/// Returns the instance that something with these labels belongs to, and its workspace; `None`
/// where they do not fit together.
pub(super) fn origin(labels: &HashMap<String, String>) -> Option<(InstanceId, &str)> {
    let get = |key: &str| labels.get(key).map(String::as_str);
    let workspace = get(WORKSPACE)?;
    let id = InstanceId::new(get(ENVIRONMENT)?, get(INSTANCE)?, Path::new(workspace));
    (Some(&*id.to_string()) == get(ID)).then_some((id, workspace))
}

/// Returns whether something with these labels belongs to the instance. The id alone does not
/// tell `rates` as `dev-x` from `rates-dev` as `x`, and a daemon may take any of two filters.
pub(super) fn is_ours(identity: &Identity, labels: Option<&HashMap<String, String>>) -> bool {
    let has = |key: &str, value: &str| {
        let found = labels.and_then(|labels| labels.get(key));
        found.is_some_and(|found| found == value)
    };
    has(ID, &identity.id.to_string())
        && has(ENVIRONMENT, &identity.id.environment)
        && has(INSTANCE, &identity.id.instance)
}

/// Returns the labels of a network (`role` is `network`) or a volume.
pub(super) fn of_resource(identity: &Identity, role: &str, name: &str) -> HashMap<String, String> {
    let texts = [
        (MARK, "1".to_owned()),
        (ID, identity.id.to_string()),
        (ENVIRONMENT, identity.id.environment.clone()),
        (INSTANCE, identity.id.instance.clone()),
        (WORKSPACE, identity.workspace.display().to_string()),
        (ROLE, role.to_owned()),
        (NAME, name.to_owned()),
        (PROFILES, to_json(&identity.profiles)),
        (SETS, to_json(&identity.sets)),
        (SCHEMA, SCHEMA_VERSION.to_owned()),
    ];
    texts
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// Returns the labels of a container.
pub(super) fn of_container(
    identity: &Identity,
    spec: &ServiceSpec,
    launch: &Launch,
) -> HashMap<String, String> {
    let mut labels = of_resource(identity, role_text(spec.role), &spec.name);
    labels.insert(SERVICE.to_owned(), spec.service.clone());
    labels.insert(HASH.to_owned(), launch.hash.clone());
    labels.insert(ORDER.to_owned(), spec.order.to_string());
    let ports: BTreeMap<&str, u16> = spec
        .ports
        .iter()
        .map(|port| (port.name.as_str(), port.container))
        .collect();
    labels.insert(PORTS.to_owned(), to_json(&ports));
    if !spec.files.is_empty() {
        let files = spec.files.iter();
        let files: BTreeMap<&str, &str> = files
            .map(|file| (file.name.as_str(), file.path.as_str()))
            .collect();
        labels.insert(FILES.to_owned(), to_json(&files));
    }
    labels
}

/// Returns the labels of an image that is built or imported.
pub(super) fn of_image(name: &str) -> HashMap<String, String> {
    HashMap::from([
        (MARK.to_owned(), "1".to_owned()),
        (IMAGE.to_owned(), name.to_owned()),
    ])
}

pub(super) fn role_text(role: Role) -> &'static str {
    match role {
        Role::Service => "service",
        Role::Task => "task",
    }
}

/// Reads a label's JSON; one that is missing or was changed by hand reads as empty.
pub(super) fn from_json<T: serde::de::DeserializeOwned + Default>(text: Option<&String>) -> T {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are always JSON")
}
