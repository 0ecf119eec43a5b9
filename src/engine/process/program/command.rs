//! A command of the workspace, built when something builds it.

use std::path::{Path, PathBuf};

use super::{Finding, Missing};
use crate::engine::process::ProcessEngine;
use crate::engine::{ImageHandle, ImageOutcome, Program, ProgramSpec, Provenance};
use crate::host::{self, CommandFailure, Listing, Note};
use crate::model::{Digest, HostCommand};
use crate::tell::StepEvents;

/// The parts of a [`Program::Command`].
#[derive(Clone, Debug)]
struct CommandParts {
    build: Option<HostCommand>,
    program: String,
    working_dir: PathBuf,
}

impl CommandParts {
    fn of(spec: &ProgramSpec) -> Self {
        let Program::Command {
            build,
            program,
            working_dir,
        } = &spec.program
        else {
            unreachable!("servers are found in files of their own");
        };
        Self {
            build: build.clone(),
            program: program.clone(),
            working_dir: working_dir.clone(),
        }
    }
}

/// Builds the program if it has to be, and finds it.
pub(super) async fn provide(
    process: &ProcessEngine,
    spec: &ProgramSpec,
    step: &StepEvents,
) -> Result<ImageOutcome, Missing> {
    let declared = CommandParts::of(spec);
    let (mut source, mut since) = (Provenance::Found, None);
    // Read before it runs: what changes meanwhile builds it again the next time.
    let inputs = inputs_of(process, &declared).await?;
    if let Some(build) = &declared.build
        && !is_built(process, &declared, inputs.as_deref())
    {
        let made_from = inputs.as_deref().unwrap_or_default();
        let note = note(process, build).await;
        process.builds.run(build, made_from, step).await?;
        remember(process, build, inputs.as_deref())?;
        source = Provenance::Built;
        if let Some(note) = note {
            note.keep();
            since = note.since;
        }
    }
    if find(process, &declared).is_none() {
        // Another build that runs now may be the one that makes it.
        process.builds.settled().await;
    }
    let program = find(process, &declared).ok_or_else(|| missing(&declared))?;
    Ok(ImageOutcome {
        handle: handle(process, inputs.as_deref(), program).await?,
        source,
        since,
        passed_over: Vec::new(),
        warning: None,
    })
}

/// Returns the program when it is there and nothing has to be built.
pub(super) async fn current(process: &ProcessEngine, spec: &ProgramSpec) -> Option<ImageHandle> {
    let declared = CommandParts::of(spec);
    let inputs = inputs_of(process, &declared).await.ok()?;
    if !is_built(process, &declared, inputs.as_deref()) {
        return None;
    }
    let program = find(process, &declared)?;
    handle(process, inputs.as_deref(), program).await.ok()
}

/// Looks for the program, or for what builds it.
pub(super) async fn survey(
    process: &ProcessEngine,
    spec: &ProgramSpec,
) -> Result<Finding, Missing> {
    let declared = CommandParts::of(spec);
    // What cannot be read now may be there when it is built.
    let inputs = inputs_of(process, &declared).await.unwrap_or_default();
    if let Some(build) = &declared.build
        && !is_built(process, &declared, inputs.as_deref())
    {
        let runs = host::can_run(build, process.search_path());
        return match runs {
            Ok(()) => Ok(Finding::Step(format!(
                "build with {}",
                build.command.join(" ")
            ))),
            Err(obstacle) => Err(Missing {
                reason: format!("its build: {}", obstacle.reason),
                hint: obstacle.hint,
                ..Missing::default()
            }),
        };
    }
    let program = find(process, &declared).ok_or_else(|| missing(&declared))?;
    let handle = handle(process, inputs.as_deref(), program).await;
    handle.map(Finding::There)
}

/// Whether a build of another program may make this one: it is named by a path, and not there.
pub(super) fn may_be_built(process: &ProcessEngine, spec: &ProgramSpec) -> bool {
    let declared = CommandParts::of(spec);
    declared.program.contains('/') && find(process, &declared).is_none()
}

/// Whether the program has a build that has something to do.
pub(super) async fn is_to_be_built(process: &ProcessEngine, spec: &ProgramSpec) -> bool {
    let declared = CommandParts::of(spec);
    let inputs = inputs_of(process, &declared).await.unwrap_or_default();
    !is_built(process, &declared, inputs.as_deref())
}

fn find(process: &ProcessEngine, declared: &CommandParts) -> Option<PathBuf> {
    host::find_program(
        &declared.program,
        &declared.working_dir,
        process.search_path(),
    )
    .ok()
}

fn missing(declared: &CommandParts) -> Missing {
    let name = &declared.program;
    let is_path = name.contains('/');
    let reason = match (is_path, &declared.build) {
        (true, Some(_)) => {
            let path = declared.working_dir.join(name);
            format!("its build did not make the program {}", path.display())
        }
        (true, None) => {
            let path = declared.working_dir.join(name);
            format!("there is no program {}", path.display())
        }
        (false, _) => format!("`{name}` is not on this machine"),
    };
    let build = "`process.build` of the service names the command that makes it";
    Missing {
        reason,
        hint: match (is_path, &declared.build) {
            (true, None) => Some(build.to_owned()),
            (true, Some(_)) => None,
            (false, _) => host::install_line(name).map(|line| format!("`{line}`")),
        },
        output: Vec::new(),
    }
}

/// Names a program by its content when it lies in the workspace, and by what it was built from.
async fn handle(
    process: &ProcessEngine,
    inputs: Option<&str>,
    program: PathBuf,
) -> Result<ImageHandle, Missing> {
    let inputs = inputs.unwrap_or_default().to_owned();
    let workspace = process.identity.workspace.clone();
    let reference = program.display().to_string();
    let id = blocking(move || {
        let mut digest = Digest::new();
        match fs_err::canonicalize(&program)? {
            real if real.starts_with(&workspace) => {
                digest.field("content", host::digest_of(&[program], &workspace)?);
            }
            _ => {
                digest.field("path", program.as_os_str().as_encoded_bytes());
            }
        }
        digest.field("inputs", inputs);
        Ok(format!("sha256:{}", digest.finish()))
    });
    Ok(ImageHandle {
        id: id.await?,
        reference,
    })
}

/// Returns the digest of a build's declared inputs; `None` when there are none.
async fn inputs_of(
    process: &ProcessEngine,
    declared: &CommandParts,
) -> Result<Option<String>, Missing> {
    let build = declared.build.as_ref();
    let Some(build) = build.filter(|build| !build.inputs.is_empty()) else {
        return Ok(None);
    };
    let (inputs, workspace) = (build.inputs.clone(), process.identity.workspace.clone());
    let digest = blocking(move || host::digest_of(&inputs, &workspace)).await;
    digest.map(Some)
}

/// Whether nothing has to be built: a build without inputs runs each time.
fn is_built(process: &ProcessEngine, declared: &CommandParts, inputs: Option<&str>) -> bool {
    let Some(build) = &declared.build else {
        return true;
    };
    let Some(inputs) = inputs else {
        return false;
    };
    let stamp = fs_err::read_to_string(stamp(process, build));
    stamp.is_ok_and(|stamp| stamp == stamped(process, inputs)) && find(process, declared).is_some()
}

fn remember(
    process: &ProcessEngine,
    build: &HostCommand,
    inputs: Option<&str>,
) -> Result<(), CommandFailure> {
    let Some(inputs) = inputs else { return Ok(()) };
    let stamp = stamp(process, build);
    let folder = stamp.parent().unwrap_or(Path::new("/"));
    forget_gone(folder);
    let written =
        host::make_folder(folder).and_then(|()| fs_err::write(&stamp, stamped(process, inputs)));
    written.map_err(|error| CommandFailure::because(error.to_string()))
}

/// Lists the inputs of a build, to name what changed since the last one.
async fn note(process: &ProcessEngine, build: &HostCommand) -> Option<Note> {
    let (inputs, workspace) = (build.inputs.clone(), process.identity.workspace.clone());
    let folder = process.home.cache.join("inputs");
    let name = declared_as(process, build);
    let noting = tokio::task::spawn_blocking(move || {
        let now = Listing::of_inputs(&inputs, &workspace)?;
        Some(Note::take(&folder, (&workspace, &name), now))
    });
    noting.await.ok().flatten()
}

/// What a stamp says: the inputs, and whose they are.
fn stamped(process: &ProcessEngine, inputs: &str) -> String {
    format!("{inputs}\n{}", process.identity.workspace.display())
}

/// Removes the stamps of workspaces that are gone; what cannot be removed is no harm.
fn forget_gone(folder: &Path) {
    let stamps = fs_err::read_dir(folder).into_iter().flatten().flatten();
    for stamp in stamps.map(|stamp| stamp.path()) {
        let text = fs_err::read_to_string(&stamp).unwrap_or_default();
        let workspace = text.split_once('\n').map(|(_, path)| Path::new(path));
        if workspace.is_some_and(|workspace| !workspace.exists()) {
            let _ = fs_err::remove_file(stamp);
        }
    }
}

/// The file that says from which inputs a build was last made.
fn stamp(process: &ProcessEngine, build: &HostCommand) -> PathBuf {
    let name = declared_as(process, build);
    process.home.cache.join("builds").join(name)
}

/// Names a build by its declaration and its workspace.
fn declared_as(process: &ProcessEngine, build: &HostCommand) -> String {
    let workspace = &process.identity.workspace;
    let mut digest = Digest::new();
    digest.field("workspace", workspace.as_os_str().as_encoded_bytes());
    host::declare(&mut digest, build, workspace);
    digest.finish()
}

/// Does file work off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Missing> {
    let result = tokio::task::spawn_blocking(work).await;
    let result = result.unwrap_or_else(|broken| Err(std::io::Error::other(broken)));
    result.map_err(|error| CommandFailure::because(error.to_string()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::process::engine::tests::process;
    use crate::tell::{Events, StepId};

    /// A workspace in which a build copies `in` to `bin/api`, and counts how often it ran.
    struct World {
        folder: tempfile::TempDir,
        process: ProcessEngine,
        spec: ProgramSpec,
    }

    impl World {
        fn new(inputs: &[&str], script: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let workspace = folder.path().canonicalize().unwrap().join("w");
            fs_err::create_dir_all(workspace.join("bin")).unwrap();
            fs_err::write(workspace.join("in"), "#!/bin/sh").unwrap();
            let build = HostCommand {
                command: ["sh", "-c", script].map(str::to_owned).to_vec(),
                working_dir: workspace.clone(),
                inputs: inputs.iter().map(|name| workspace.join(name)).collect(),
                environment: indexmap::IndexMap::new(),
            };
            let program = Program::Command {
                build: Some(build),
                program: "bin/api".to_owned(),
                working_dir: workspace.clone(),
            };
            Self {
                process: process(workspace.parent().unwrap()),
                spec: ProgramSpec {
                    service: "api".to_owned(),
                    program,
                },
                folder,
            }
        }

        /// Provides it as another run of envctl does.
        async fn provide(&self) -> Result<ImageOutcome, Missing> {
            let (events, _receiver) = Events::channel();
            let run = process(self.process.identity.workspace.parent().unwrap());
            provide(&run, &self.spec, &events.step(StepId(0))).await
        }

        async fn current(&self) -> Option<ImageHandle> {
            current(&self.process, &self.spec).await
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join("w").join(name)
        }
    }

    const SCRIPT: &str = "cp in bin/api; chmod +x bin/api; echo >> runs";

    #[tokio::test]
    async fn a_build_runs_again_when_its_inputs_or_its_program_changed() {
        let world = World::new(&["in"], SCRIPT);
        assert_eq!(world.current().await, None);
        let built = world.provide().await.unwrap();
        assert_eq!(built.source, Provenance::Built);
        assert_eq!(world.current().await.as_ref(), Some(&built.handle));
        assert_eq!(world.provide().await.unwrap().source, Provenance::Found);

        fs_err::write(world.path("in"), "#!/bin/sh\nexit").unwrap();
        assert_eq!(world.current().await, None);
        assert_ne!(world.provide().await.unwrap().handle.id, built.handle.id);

        fs_err::remove_file(world.path("bin/api")).unwrap();
        assert_eq!(world.current().await, None);
        assert_eq!(world.provide().await.unwrap().source, Provenance::Built);
        assert_eq!(
            fs_err::read_to_string(world.path("runs")).unwrap(),
            "\n\n\n"
        );
    }

    #[tokio::test]
    async fn inputs_that_change_during_a_build_make_another_program() {
        let world = World::new(&["in"], &format!("{SCRIPT}; echo '# more' >> in"));
        let built = world.provide().await.unwrap();
        assert_eq!(world.current().await, None);
        let again = world.provide().await.unwrap();
        assert_eq!(again.source, Provenance::Built);
        assert_ne!(again.handle.id, built.handle.id);
    }

    #[tokio::test]
    async fn a_build_is_looked_for_where_it_would_run() {
        let mut world = World::new(&["in"], SCRIPT);
        let survey = async |world: &World| match survey(&world.process, &world.spec).await {
            Ok(Finding::Step(step)) => step.chars().take(10).collect(),
            Ok(Finding::There(handle)) => handle.reference,
            Err(missing) => missing.reason,
        };
        assert_eq!(survey(&world).await, "build with");
        let Program::Command { build, .. } = &mut world.spec.program else {
            unreachable!("it is one");
        };
        let variables = &mut build.as_mut().unwrap().environment;
        variables.insert("PATH".to_owned(), "/nowhere".to_owned());
        let expect = "its build: there is no program `sh` on this machine";
        assert_eq!(survey(&world).await, expect);
    }

    #[tokio::test]
    async fn without_inputs_it_is_built_each_time() {
        let world = World::new(&[], SCRIPT);
        assert_eq!(world.provide().await.unwrap().source, Provenance::Built);
        assert_eq!(world.current().await, None);
        assert_eq!(world.provide().await.unwrap().source, Provenance::Built);
    }

    #[tokio::test]
    async fn equal_builds_run_once_in_a_run_and_others_wait_for_what_they_make() {
        let slow = "sleep 0.3; echo >> runs; cp in bin/api; cp in bin/worker; chmod +x bin/*";
        let world = World::new(&[], slow);
        let of = |service: &str, program: &str, script: Option<&str>| {
            let mut spec = world.spec.clone();
            service.clone_into(&mut spec.service);
            if let Program::Command {
                build, program: it, ..
            } = &mut spec.program
            {
                program.clone_into(it);
                if let Some(script) = script {
                    build.as_mut().unwrap().command =
                        ["sh", "-c", script].map(str::to_owned).into();
                }
            }
            spec
        };
        let api = of("api", "bin/api", None);
        let task = of("task", "bin/api", None);
        // Its own build does not make it, and that of the others is not done yet.
        let worker = of("worker", "bin/worker", Some("true"));
        let (events, _receiver) = Events::channel();
        let step = events.step(StepId(0));
        let (api, task, worker) = tokio::join!(
            provide(&world.process, &api, &step),
            provide(&world.process, &task, &step),
            provide(&world.process, &worker, &step),
        );
        assert_eq!(api.unwrap().handle, task.unwrap().handle);
        assert!(worker.unwrap().handle.reference.ends_with("bin/worker"));
        let runs = fs_err::read_to_string(world.path("runs")).unwrap();
        assert_eq!(runs, "\n");
    }

    #[tokio::test]
    async fn a_build_that_failed_fails_all_that_need_it_once() {
        let world = World::new(&[], "echo >> runs; exit 3");
        let (events, _receiver) = Events::channel();
        let step = events.step(StepId(0));
        let (one, two) = tokio::join!(
            provide(&world.process, &world.spec, &step),
            provide(&world.process, &world.spec, &step),
        );
        assert_eq!(one.unwrap_err(), two.unwrap_err());
        let runs = fs_err::read_to_string(world.path("runs")).unwrap();
        assert_eq!(runs, "\n");
    }

    #[tokio::test]
    async fn what_was_built_in_a_workspace_that_is_gone_is_forgotten() {
        let world = World::new(&["in"], SCRIPT);
        let builds = world.folder.path().join("cache/builds");
        fs_err::create_dir_all(&builds).unwrap();
        let here = world.folder.path().display();
        fs_err::write(builds.join("gone"), format!("x\n{here}/gone")).unwrap();
        fs_err::write(builds.join("there"), format!("x\n{here}")).unwrap();
        world.provide().await.unwrap();
        assert!(world.current().await.is_some());
        let left = fs_err::read_dir(&builds).unwrap().count();
        assert_eq!(left, 2, "of one that is there, and its own");
        assert!(!builds.join("gone").exists());
    }

    #[tokio::test]
    async fn a_failed_build_says_how_it_failed_and_is_not_remembered() {
        let world = World::new(&["in"], "echo oh; exit 3");
        let missing = world.provide().await.unwrap_err();
        assert_eq!(missing.reason, "`sh` exited with code 3");
        assert_eq!(missing.output, ["oh"]);
        // The interpreter is there, so that installing it is no help.
        let mut world = World::new(&["in"], "");
        let python = world.path("python3");
        fs_err::write(&python, "#!/bin/sh\nexit 4\n").unwrap();
        fs_err::set_permissions(&python, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        if let Program::Command { build, .. } = &mut world.spec.program {
            let build = build.as_mut().unwrap();
            build.command = vec!["python3".to_owned()];
            let folder = python.parent().unwrap().display().to_string();
            build.environment.insert("PATH".to_owned(), folder);
        }
        let missing = world.provide().await.unwrap_err();
        assert_eq!(missing.reason, "`python3` exited with code 4");
        assert_eq!(missing.hint, None);
        let world = World::new(&["in"], "true");
        let missing = world.provide().await.unwrap_err();
        let expect = "its build did not make the program ";
        assert!(missing.reason.starts_with(expect), "{}", missing.reason);
        assert_eq!(world.current().await, None);
    }
}
