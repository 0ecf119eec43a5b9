//! What every engine must do, one function a property, over `&dyn Engine` and real servers, each on
//! an instance of its own. What this machine lacks for one makes it say `skipped: …`; named in
//! `ENVCTL_REQUIRE` (`docker`, `busybox`, `postgres`, `pip`, `redis`), it makes it fail.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attaching;
mod building;
mod daemon;
mod declare;
mod filing;
mod fixture;
mod inside;
mod lifecycle;
mod loading;
mod logging;
mod networking;
mod ordinary;
mod page;
mod place;
mod ports;
mod postgres;
mod pruning;
mod redis;
mod restarting;
mod running;
mod server;
mod stopping;
mod storing;
mod stumbling;
mod supervising;
mod surveying;

/// A property, and how each engine has it, in words for docs/engines.md.
struct Row {
    topic: &'static str,
    name: &'static str,
    docker: (&'static str, &'static str),
    process: (&'static str, &'static str),
}

/// Makes a test of a property, unless the engine lacks it or has no need of it.
macro_rules! test {
    ($place:ident $file:ident $name:ident lacks) => {};
    ($place:ident $file:ident $name:ident needless) => {};
    ($place:ident $file:ident $name:ident $_has:ident) => {
        #[test]
        fn $name() {
            crate::fixture::run(crate::place::$place, stringify!($name), |fixture| {
                Box::pin(crate::$file::$name(fixture))
            });
        }
    };
}

/// Makes a test of what may differ between versions of PostgreSQL, on one that is fetched.
macro_rules! fetched_test {
    ($place:ident a_server_answers_its_user_and_refuses_a_wrong_password) => {
        test!($place postgres a_server_answers_its_user_and_refuses_a_wrong_password keeps);
    };
    ($place:ident data_is_made_once_and_kept) => {
        test!($place postgres data_is_made_once_and_kept keeps);
    };
    ($place:ident a_killed_server_has_all_that_was_committed) => {
        test!($place postgres a_killed_server_has_all_that_was_committed keeps);
    };
    ($place:ident $_other:ident) => {};
}

/// Lists the properties: each has a test for every engine that has it, and a row on the page.
macro_rules! properties {
    ($($topic:literal $file:ident {
        $($name:ident:
            docker $docker:ident $($of_docker:literal)?,
            process $process:ident $($of_process:literal)?;)+
    })+) => {
        mod docker {
            $($(test!(DOCKER $file $name $docker);)+)+
        }
        mod process {
            $($(test!(PROCESS $file $name $process);)+)+
        }
        mod process_postgres_16 {
            $($(fetched_test!(PROCESS_16 $name);)+)+
        }
        mod process_postgres_18 {
            $($(fetched_test!(PROCESS_18 $name);)+)+
        }
        const ROWS: &[Row] = &[$($(Row {
            topic: $topic,
            name: stringify!($name),
            docker: (stringify!($docker), concat!($($of_docker)?)),
            process: (stringify!($process), concat!($($of_process)?)),
        },)+)+];
    };
}

properties! {
    "Services" lifecycle {
        a_created_service_is_observed_with_all_it_was_created_with:
            docker keeps "in the container's labels",
            process keeps "in the folder of the service";
        what_envctl_made_is_labelled:
            docker keeps,
            process needless "each instance has a folder";
        a_started_service_runs: docker keeps, process keeps;
        an_exit_code_is_observed: docker keeps, process keeps;
        a_killed_service_ends_with_137: docker keeps, process keeps;
        creating_again_replaces: docker keeps, process keeps;
        a_container_of_someone_else_is_not_replaced:
            docker keeps,
            process needless "there are no containers";
        a_program_that_is_missing_is_a_start_failure:
            docker keeps "at the start",
            process keeps "when the service is created, and at the start";
        a_missing_service_is_told_from_a_stopped_one: docker keeps, process keeps;
        removing_leaves_nothing: docker keeps, process keeps;
    }
    "Stopping" stopping {
        a_stop_uses_the_signal_that_is_declared:
            docker keeps "it goes to the main process",
            process keeps "it goes to the main process and its process group";
        a_stop_kills_after_the_grace_period:
            docker keeps "in whole seconds, rounded up",
            process keeps;
        a_stop_of_one_service_leaves_the_others: docker keeps, process keeps;
        a_stop_ends_what_left_the_service:
            docker keeps "by the container",
            process emulates "the supervisor adopts and kills what was forked, also in another \
                              session and without its environment";
        the_end_of_the_main_process_ends_the_others:
            docker keeps "by the container",
            process emulates "the supervisor kills them";
        a_paused_service_is_observed_and_stopped: docker keeps, process keeps;
    }
    "Restarts" restarting {
        restart_no_leaves_it_ended: docker keeps, process keeps;
        restart_always_starts_again_after_success:
            docker keeps,
            process emulates "the supervisor does it";
        restart_on_failure_has_its_limit:
            docker keeps,
            process emulates "the supervisor does it";
        restart_on_failure_leaves_success_ended: docker keeps, process keeps;
        restarts_wait_ever_longer:
            docker keeps "from 100 ms, twice as long each time",
            process emulates "with the same waits";
        a_killed_service_is_started_again:
            docker keeps,
            process emulates "the supervisor does it";
        starts_and_the_time_since_are_counted:
            docker keeps "by the daemon",
            process keeps "by the supervisor and the kernel";
        a_stop_wins_over_a_restart: docker keeps, process keeps;
    }
    "Supervisors" supervising {
        a_start_replaces_a_killed_supervisor:
            docker needless "a container has none",
            process keeps "the new one takes over what runs, and cannot learn its exit code";
        a_stop_needs_no_supervisor:
            docker needless "a container has none",
            process keeps;
        what_was_written_before_a_reboot_is_not_acted_on:
            docker needless "the daemon knows its containers",
            process keeps "the boot is written down with the processes";
        a_process_that_got_the_number_later_is_not_touched:
            docker needless "the daemon knows its containers",
            process keeps "a process is known by its number and its start time";
    }
    "Network" networking {
        services_reach_each_other:
            docker keeps "by name, on the network of the instance",
            process emulates "each port has an address on loopback, known before the start";
        replicas_share_the_name_of_their_service:
            docker keeps "the name stands for any of them",
            process lacks "each has an address, and others are given the first one's";
        a_service_has_its_name_as_hostname:
            docker keeps,
            process lacks "it has the machine's";
        two_instances_run_side_by_side: docker keeps, process keeps;
        instances_whose_names_read_alike_are_told_apart: docker keeps, process keeps;
        a_service_starts_on_a_network_that_was_made_anew:
            docker keeps,
            process needless "there is no network to make";
    }
    "Ports" ports {
        a_port_is_published_on_loopback:
            docker keeps,
            process emulates "the service itself binds the address that it is given";
        what_a_service_listens_on_is_seen:
            docker keeps "where the daemon's processes are this machine's",
            process keeps;
        a_declared_port_is_kept_over_a_stop_and_a_start: docker keeps, process keeps;
        a_chosen_port_is_kept_over_a_stop_and_a_start:
            docker lacks "the daemon chooses one at each start",
            process keeps "it is written down in `ports.json`";
        a_taken_port_names_the_process: docker keeps, process keeps;
        a_taken_port_names_the_other_service:
            docker keeps "by its container and instance",
            process emulates "by its process";
        ports_of_one_service_are_not_given_to_another:
            docker lacks "the daemon chooses, and only at the start",
            process keeps "among all instances of one user";
    }
    "What a service is given" running {
        a_service_has_its_environment: docker keeps, process keeps;
        a_service_has_nothing_of_the_environment_of_its_caller:
            docker keeps,
            process lacks "a program inherits what its caller has, but for `ENVCTL_…`";
        a_service_inherits_what_is_not_meant_for_envctl:
            docker lacks "it has the image's environment",
            process keeps "a program; of these a server gets only `PATH`, `HOME` and `TZ`";
        a_service_runs_as_its_user_in_its_folder:
            docker keeps,
            process keeps "another user than the caller only where that is root";
        limits_and_mounts_are_kept:
            docker keeps,
            process lacks "`up` names the keys that count for nothing";
    }
    "What a service is given" filing {
        a_service_finds_the_files_that_are_made_for_it:
            docker keeps "at their paths, with `/.envctl` beside them",
            process keeps "in the folder of the service, which alone reads them";
        a_reload_replaces_files_and_tells_the_service: docker keeps, process keeps;
        a_reload_is_no_end_of_restarts: docker keeps, process keeps;
        a_reload_of_what_does_not_run_is_there_at_its_start: docker keeps, process keeps;
    }
    "Commands" running {
        exec_gives_exit_codes_and_both_outputs: docker keeps, process keeps;
        exec_feeds_standard_input: docker keeps, process keeps;
        exec_ends_with_its_command: docker keeps, process keeps;
    }
    "Commands" attaching {
        attach_has_the_streams_and_the_environment: docker keeps, process keeps;
    }
    "Logs" logging {
        logs_have_the_lines_of_both_streams: docker keeps, process keeps;
        logs_tell_the_streams_apart:
            docker keeps,
            process lacks "both go to one file";
        logs_keep_the_order_of_both_streams:
            docker lacks "the daemon reads two pipes",
            process keeps "both go to one file";
        logs_say_when_a_line_was_printed:
            docker keeps,
            process emulates "the supervisor notes when the log grew; with more than 16 services that is coarse";
        what_follows_the_end_of_a_log_is_all_that_is_new: docker keeps, process keeps;
        a_tail_is_the_last_lines: docker keeps, process keeps;
        logs_outlive_a_stop_and_a_start: docker keeps, process keeps;
        following_ends_with_the_service: docker keeps, process keeps;
        following_ends_when_nobody_listens: docker keeps, process keeps;
        a_long_log_is_cut:
            docker lacks "its log driver decides",
            process keeps "at 16 MiB, with what was before beside it";
    }
    "Images that nothing uses" pruning {
        only_images_that_nothing_uses_can_go:
            docker keeps,
            process needless "programs lie in the workspace";
        an_image_that_the_engine_refuses_to_remove_is_left:
            docker keeps,
            process needless "there are no images";
    }
    "Volumes" storing {
        a_volume_outlives_all_services: docker keeps, process keeps "it is a folder";
        a_volume_is_mounted_and_outlives_what_used_it:
            docker keeps,
            process lacks "only a server's data is put into its volume";
        a_new_volume_belongs_to_who_writes_to_it:
            docker keeps,
            process lacks "only a server's data is put into its volume";
        a_new_volume_belongs_to_the_user_of_the_image:
            docker keeps,
            process needless "there are no images";
        a_new_volume_is_given_with_what_is_made_in_it:
            docker keeps,
            process lacks "only a server's data is put into its volume";
        a_giving_that_was_cut_short_is_made_good:
            docker keeps,
            process lacks "only a server's data is put into its volume";
        a_new_volume_is_as_the_image_has_its_folder:
            docker keeps,
            process needless "there are no images";
        a_volume_that_is_somebodys_stays_theirs:
            docker keeps,
            process lacks "only a server's data is put into its volume";
        a_volume_that_an_image_declares_goes_with_its_service:
            docker keeps,
            process needless "there are no images";
    }
    "PostgreSQL" postgres {
        a_server_answers_its_user_and_refuses_a_wrong_password:
            docker keeps "the image makes the data and the user",
            process emulates "envctl runs `initdb` with what `POSTGRES_…` say";
        data_is_made_once_and_kept: docker keeps, process keeps;
        a_killed_server_has_all_that_was_committed: docker keeps, process keeps;
        a_server_with_clients_stops_at_once:
            docker keeps "the image's stop signal is SIGINT",
            process keeps "by SIGINT";
        half_made_data_is_made_anew:
            docker keeps "by this project's image",
            process keeps "data gets its place when it is whole";
        data_of_another_major_version_is_refused:
            docker keeps "by the server, in its log",
            process keeps "another server is looked for, and `up` says what is missing";
    }
    "Redis" redis {
        a_redis_server_asks_for_its_password: docker keeps, process keeps;
        persistence_none_keeps_nothing: docker keeps, process keeps;
        persistence_rdb_keeps_what_was_there_at_the_stop: docker keeps, process keeps;
        persistence_aof_outlives_a_kill: docker keeps, process keeps;
    }
    "Images" building {
        an_unchanged_context_is_current:
            docker keeps,
            process needless "there are no images; the `build` of a process is run when its inputs change";
        ignored_files_are_not_sent: docker keeps, process needless "there are no images";
        a_failing_dockerfile_gives_its_last_lines:
            docker keeps, process needless "there are no images";
        prepare_runs_only_when_its_inputs_change:
            docker keeps, process needless "there are no images";
        a_build_needs_its_base: docker keeps, process needless "there are no images";
    }
    "Images" loading {
        a_failing_command_leaves_no_image:
            docker keeps, process needless "there are no images";
        a_missing_program_is_named: docker keeps, process needless "there are no images";
        an_image_archive_keeps_none_of_its_names:
            docker keeps, process needless "there are no images";
        a_dropped_load_leaves_nothing: docker keeps, process needless "there are no images";
        a_registry_that_failed_is_not_asked_again:
            docker keeps, process needless "there are no images";
    }
    "Where images and programs come from" surveying {
        a_survey_names_the_source_of_each_image:
            docker keeps, process needless "there are no images";
        a_survey_says_what_stands_in_the_way_of_every_source:
            docker keeps, process needless "there are no images";
        a_survey_asks_for_what_a_dockerfile_is_built_on:
            docker keeps "every stage up to the wanted one, as the classic builder builds them",
            process needless "it builds no images";
        a_survey_asks_a_silent_registry_once:
            docker keeps, process needless "there are no images";
        a_survey_names_each_program_or_what_stands_in_its_way:
            docker needless "a container runs what its image has", process keeps;
    }
    "Daemon" daemon {
        a_missing_socket_is_unreachable: docker keeps, process needless "there is no daemon";
        a_socket_that_says_nothing_is_unreachable:
            docker keeps, process needless "there is no daemon";
    }
    "Daemon" stumbling {
        a_look_whose_answer_breaks_off_is_taken_again:
            docker keeps "for five seconds", process needless "there is no daemon";
        a_change_whose_answer_is_lost_is_looked_at:
            docker keeps "and made once", process needless "there is no daemon";
        a_making_whose_answer_is_lost_makes_nothing_twice:
            docker keeps, process needless "there is no daemon";
        a_daemon_that_goes_during_a_removal_is_told_soon:
            docker keeps, process needless "there is no daemon";
        an_answer_without_an_end_is_refused:
            docker keeps, process needless "there is no daemon";
        output_without_an_end_is_no_answer_without_one:
            docker keeps, process keeps;
    }
}
