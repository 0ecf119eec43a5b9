//! What every engine must do, one function a property, over `&dyn Engine` and a real server.
//! Without one the tests say `skipped: …`; with `ENVCTL_REQUIRE=docker` they fail instead.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod building;
mod daemon;
mod fixture;
mod lifecycle;
mod loading;
mod logging;
mod networking;
mod running;
mod storing;
mod surveying;

/// Lists the properties: each becomes a test that runs on an instance of its own.
macro_rules! properties {
    ($($file:ident: $($name:ident),+;)+) => {
        $($(
            #[test]
            fn $name() {
                fixture::run(stringify!($name), |fixture| Box::pin($file::$name(fixture)));
            }
        )+)+
    };
}

properties! {
    lifecycle:
        a_created_service_is_observed_with_all_its_labels,
        a_started_service_runs,
        an_exit_code_is_observed,
        a_stop_uses_the_services_signal,
        a_stop_kills_after_the_grace_period,
        creating_again_replaces,
        a_container_of_someone_else_is_not_replaced,
        a_program_that_is_missing_is_a_start_failure,
        a_missing_service_is_told_from_a_stopped_one,
        a_restarting_service_stays_stopped,
        removing_leaves_nothing;
    networking:
        services_find_each_other_by_name,
        replicas_share_the_name_of_their_service,
        a_port_is_published_on_loopback,
        a_taken_port_names_the_process,
        a_taken_port_names_the_container,
        two_instances_run_side_by_side,
        instances_whose_names_read_alike_are_told_apart,
        a_service_starts_on_a_network_that_was_made_anew;
    running:
        a_container_gets_what_was_declared,
        exec_gives_exit_codes_and_both_outputs,
        exec_feeds_standard_input,
        exec_ends_with_its_command;
    logging:
        logs_have_lines_of_both_streams,
        a_tail_is_the_last_lines,
        following_ends_with_the_service,
        following_ends_when_nobody_listens;
    storing:
        a_named_volume_outlives_its_container,
        an_anonymous_volume_goes_with_its_container;
    building:
        an_unchanged_context_is_current,
        ignored_files_are_not_sent,
        a_failing_dockerfile_gives_its_last_lines,
        prepare_runs_only_when_its_inputs_change,
        a_build_needs_its_base;
    loading:
        a_failing_command_leaves_no_image,
        a_missing_program_is_named,
        an_image_archive_keeps_none_of_its_names,
        a_dropped_load_leaves_nothing,
        a_registry_that_failed_is_not_asked_again;
    surveying:
        a_survey_names_the_source_of_each_image,
        a_survey_says_what_stands_in_the_way_of_every_source,
        a_survey_asks_a_silent_registry_once;
    daemon:
        a_missing_socket_is_unreachable,
        a_socket_that_says_nothing_is_unreachable;
}
