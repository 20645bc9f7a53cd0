//! The cases by name, and the tests made of them.

/// Makes a test of every case for each kind of store; `Place::KIND()` and `cases` must be in scope.
macro_rules! conformance {
    ($($kind:ident)+) => { $(conformance! { @ $kind
        an_empty_store_is_empty
        an_update_is_whole_and_an_edit_that_fails_writes_nothing
        paths_outside_are_refused
        a_recorded_run_reads_back
        recording_twice_is_recording_once
        folders_are_listed_with_what_lies_in_them
        a_window_reads_day_files_only
        days_outside_a_window_are_not_opened
        what_was_removed_is_no_longer_the_latest
        the_latest_run_is_found_without_its_day_file
        acceptances_are_kept_once_and_come_with_the_history
        unusual_names_are_kept
        a_lost_day_file_is_made_again
        a_damaged_day_file_loses_nothing
        a_corrupt_or_foreign_file_is_named_and_the_rest_used
        a_newer_schema_is_an_error
        environments_are_listed_with_what_they_are_made_of
        compaction_loses_no_summary
        pruning_removes_runs_altogether
        a_budget_removes_the_oldest_days
        twenty_writers_lose_and_double_nothing
    })+ };
    (@ $kind:ident $($case:ident)+) => {
        mod $kind {
            $(#[test] fn $case() { super::cases::$case(&super::Place::$kind()); })+
        }
    };
}
