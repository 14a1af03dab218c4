//! The lists that do not concern sales: waiting rooms, their journal, leases, rate limits, figures, and notices.

/// Expands to tests of waiting rooms: [`tiketi_core::store::WaitingRoomStore`].
#[macro_export]
macro_rules! waiting_room_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, waiting_rooms;
            waiting_room {
                joining_twice_keeps_the_place,
                a_repeated_join_gives_no_second_place,
                each_class_counts_its_arrivals,
                a_place_is_found_by_its_buyer_and_by_its_id,
                a_refused_join_changes_nothing,
                a_called_buyer_enters_within_the_turn,
                a_session_slides_up_to_its_cap,
                finishing_and_leaving_free_capacity_at_once,
                only_an_active_place_is_finished,
                a_buyer_whose_place_ended_joins_at_the_back,
                an_automatic_room_lets_buyers_in_up_to_its_threshold,
                a_cleared_room_is_empty_and_counts_on,
                busy_rooms_are_those_with_a_live_place,
            }
            admission {
                the_line_is_called_in_order_up_to_the_capacity,
                an_admission_calls_at_most_its_limit,
                lapsed_places_are_recorded_and_replaced,
                places_that_were_left_are_passed_over,
                an_earlier_class_is_called_first,
                the_rate_spreads_calls_over_the_minute,
                admission_pauses_without_stock_and_resumes,
                a_lobby_is_called_in_the_order_drawn,
                a_draw_that_awaits_its_beacon_calls_no_one,
                a_line_that_opened_by_arrival_is_not_drawn,
                a_repeated_admission_calls_no_one_else,
                the_outflow_is_measured,
                rooms_of_two_events_are_apart,
                every_answer_is_that_of_the_rules,
            }
            proofs {
                a_called_buyer_enters_with_the_proof_only,
                a_place_without_its_proof_is_passed_over,
            }
            waiting_room_races {
                of_32_joins_of_one_buyer_one_gives_a_place,
                joins_at_once_get_each_number_once,
                admissions_at_once_call_each_place_once,
                buyers_and_servers_at_once_leave_the_counts_right,
            }
        }
    };
}

/// Expands to tests of the journal of in-memory waiting rooms: [`tiketi_core::store::RoomJournal`].
#[macro_export]
macro_rules! room_journal_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, room_journals;
            room_journal {
                what_is_saved_is_loaded,
                an_overtaken_save_replaces_nothing,
                deleted_places_are_not_loaded,
                one_process_has_the_journal,
                a_late_process_keeps_its_token_if_no_other_claimed,
                a_process_that_lost_the_journal_saves_nothing,
            }
        }
    };
}

/// Expands to tests of leases: [`tiketi_core::lease::LeaseLock`].
#[macro_export]
macro_rules! lease_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, locks;
            leases {
                all_keys_are_given_or_none,
                a_lease_ends_at_its_moment,
                a_repetition_gets_the_same_lease,
                only_its_owner_releases_a_lease,
                a_late_release_leaves_the_next_owner_alone,
                only_a_live_lease_is_extended,
                tokens_grow,
                a_lease_that_makes_no_sense_is_refused,
                of_servers_that_ask_at_once_one_gets_a_key,
            }
        }
    };
}

/// Expands to tests of rate limits: [`tiketi_core::rate_limit::RateLimits`].
#[macro_export]
macro_rules! rate_limit_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, limits;
            rate_limits {
                an_allowance_has_its_burst,
                attempts_come_back_evenly,
                keys_are_apart,
                an_attempt_given_back_is_there_again,
                every_attempt_is_decided_by_the_rule,
                of_attempts_at_once_the_burst_is_within,
            }
        }
    };
}

/// Expands to tests of live news between servers: [`tiketi_core::broadcast::Broadcast`].
#[macro_export]
macro_rules! broadcast_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, broadcasts;
            live_news {
                listeners_of_the_own_process_hear_a_message_at_once,
                another_server_hears_the_latest_of_each_kind,
                another_server_hears_that_seats_changed,
                rooms_are_apart,
                news_of_a_buyer_reach_that_buyer_only,
            }
        }
    };
}

/// Expands to tests of notices: [`tiketi_core::store::NoticeStore`].
#[macro_export]
macro_rules! notice_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, notices;
            notices {
                a_notice_is_read_as_it_was_written,
                notices_are_paged_by_their_position,
                notices_are_listed_by_language,
                a_notice_is_replaced_by_its_next_version,
                the_id_of_a_notice_is_not_used_again,
                views_are_added_and_none_is_lost,
                a_notice_no_store_keeps_is_refused_by_its_field,
            }
        }
    };
}

/// Expands to tests of figures: [`tiketi_core::store::FiguresStore`].
#[macro_export]
macro_rules! figure_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, counted;
            figures {
                a_count_is_begun_once,
                the_progress_of_a_count_does_not_go_back,
                what_a_reservation_adds_is_replaced,
                concurrent_writers_lose_no_sum,
                the_last_complete_count_is_read,
                tallies_are_those_of_the_scopes_and_days,
                the_events_that_sold_most_come_first,
                a_tally_has_the_parts_that_are_wanted,
                the_oldest_fact_that_waits_is_known,
                sources_are_the_rows_of_each_reservation,
                figures_agree_with_an_independent_account,
            }
        }
    };
}
