//! The cases of accounts and of what staff do.

/// Expands to tests of accounts: [`tiketi_core::store::AccountStore`].
#[macro_export]
macro_rules! account_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, accounts;
            accounts {
                an_account_is_read_as_it_was_written,
                an_unknown_account_is_not_found,
                a_taken_address_is_refused_in_any_case,
                an_id_that_exists_is_not_replaced,
                of_32_registrations_of_one_address_one_wins,
                an_account_no_store_keeps_is_refused_by_its_field,
                an_account_is_replaced_by_its_next_version,
                an_account_that_changed_meanwhile_is_not_replaced,
                an_account_is_replaced_and_its_sessions_end_together,
                a_session_is_read_with_its_account,
                a_session_needs_a_new_id_and_an_account,
                of_32_renewals_of_a_session_one_wins,
                ending_sessions_ends_those_and_no_others,
                sessions_are_forgotten_from_their_end_on,
            }
            roles {
                a_role_is_changed_and_nothing_else,
                replacing_an_account_keeps_its_role,
                a_role_that_changed_meanwhile_stays,
                the_last_administrator_stays_one,
                of_16_administrators_demoted_at_once_one_stays,
                accounts_are_listed_by_address_page_by_page,
            }
        }
    };
}

/// Expands to tests of the log of staff: [`tiketi_core::store::StaffLog`].
#[macro_export]
macro_rules! staff_log_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, staff_logs;
            staff_log {
                an_entry_is_read_as_it_was_written,
                what_an_action_made_becomes_its_subject,
                an_entry_that_exists_is_not_replaced,
                of_32_outcomes_of_an_action_one_is_saved,
                entries_are_read_newest_first_page_by_page,
                entries_are_selected_by_actor_subject_action_and_time,
                an_entry_no_store_keeps_is_refused,
            }
        }
    };
}
