//! The list of cases of each trait, and their expansion to tests.

mod audit;
mod line;
mod mail;
mod staff;

/// Expands to a test of every case of every trait.
///
/// The factory is an expression that is valid everywhere in the crate: `crate::Memory`.
#[macro_export]
macro_rules! all_cases {
    ($factory:expr) => {
        $crate::sales_cases!($factory);
        $crate::catalog_cases!($factory);
        $crate::outbox_cases!($factory);
        $crate::layout_cases!($factory);
        $crate::account_cases!($factory);
        $crate::code_cases!($factory);
        $crate::mail_cases!($factory);
        $crate::staff_log_cases!($factory);
        $crate::answer_cases!($factory);
        $crate::audit_cases!($factory);
        $crate::workload_cases!($factory);
        $crate::payment_cases!($factory);
        $crate::inbox_cases!($factory);
        $crate::probe_cases!($factory);
        $crate::notice_cases!($factory);
        $crate::figure_cases!($factory);
    };
}

/// Expands to one test of each named case, with a module for each subject.
#[doc(hidden)]
#[macro_export]
macro_rules! expand_cases {
    ($factory:expr, $run:ident; $($theme:ident { $($case:ident,)* })*) => {$(
        mod $theme {
            $(
                #[test]
                fn $case() {
                    $crate::runner::$run(&$factory, $crate::cases::$theme::$case);
                }
            )*
        }
    )*};
}

/// Expands to tests of selling: [`tiketi_core::store::SalesStore`].
#[macro_export]
macro_rules! sales_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, selling;
            hold {
                seats_and_units_are_held_as_one_reservation,
                a_second_hold_adds_to_the_pending_reservation,
                a_reservation_keeps_the_hosts_metadata,
                more_units_of_a_ticket_type_join_its_line,
                adding_gives_up_a_prepared_payment,
                a_hold_of_no_event_or_a_draft_is_refused,
                a_hold_of_a_cancelled_event_is_refused,
                a_sale_opens_at_its_first_microsecond,
                a_sale_closes_at_its_last_microsecond,
                a_hold_of_nothing_or_too_much_is_refused,
                something_named_twice_is_refused_by_name,
                a_quantity_of_zero_or_beyond_the_limit_is_refused,
                seats_and_ticket_types_of_another_event_are_unknown,
                a_section_is_not_sold_by_quantity,
                every_seat_that_is_taken_is_named,
                every_shortage_is_named_with_what_is_left,
                the_limit_spans_what_is_held_and_owned,
                an_events_own_limit_prevails,
                nothing_is_added_while_a_payment_is_under_way,
                a_reservation_keeps_the_price_it_was_held_at,
                a_reservation_id_used_again_is_refused,
                a_hold_without_admission_is_refused,
            }
            reservation_list {
                reservations_are_listed_newest_first_page_by_page,
                a_list_of_reservations_has_what_its_query_selects,
                a_reservation_is_found_by_its_number,
            }
            extend {
                a_renewed_hold_lasts_its_full_time_from_now,
                a_hold_never_lasts_beyond_its_cap,
                holding_again_does_not_escape_the_cap,
                holding_other_seats_does_not_escape_the_allowance,
                an_events_own_terms_decide_the_end,
                another_buyer_cannot_extend,
                only_a_pending_reservation_is_extended,
                the_payment_window_is_granted_once,
            }
            release {
                everything_given_back_is_free_at_once,
                seats_given_back_leave_the_rest_held,
                giving_the_last_seat_back_ends_the_reservation,
                another_buyer_can_neither_release_nor_cancel,
                an_unknown_reservation_can_neither_be_released_nor_cancelled,
                seats_not_of_the_reservation_are_named,
                only_a_pending_reservation_is_released,
                a_pending_reservation_is_cancelled_with_its_payment,
                the_organiser_cancels_anyones_reservation,
                a_confirmed_free_reservation_is_cancelled,
                what_is_paid_paying_or_over_is_not_cancelled,
                a_late_cancel_never_touches_the_next_buyers_seats,
            }
            expiry {
                a_microsecond_before_its_end_a_seat_is_held,
                at_its_end_a_seat_is_taken_over_without_a_sweep,
                lapsed_units_are_reclaimed_before_anyone_is_refused,
                a_buyers_own_lapsed_hold_is_not_added_to,
                a_refused_command_ends_what_is_due,
                nothing_can_be_done_with_a_lapsed_hold,
                after_a_sweep_the_late_buyer_is_refused,
                a_payment_prepared_too_early_is_given_up_at_the_end,
                a_sweep_ends_exactly_what_is_due,
                a_sweep_starts_with_the_most_overdue,
                a_paying_reservation_never_expires,
                after_a_decline_the_hold_goes_on_to_its_old_end,
                a_decline_after_the_end_frees_the_seats,
                a_lapsed_seat_can_be_blocked,
                a_lapsed_hold_is_left_alone_when_seats_are_put_back,
            }
            payment {
                a_paid_reservation_owns_its_seats_and_units,
                an_attempt_keeps_amount_gateway_and_method,
                a_declined_buyer_pays_with_a_second_attempt,
                only_the_latest_attempt_can_be_confirmed,
                money_of_another_amount_sells_nothing,
                an_outcome_is_recorded_once,
                an_unawaited_outcome_is_refused,
                an_attempt_that_does_not_fit_is_refused,
                only_a_pending_reservation_is_paid,
                a_confirm_that_does_not_fit_is_refused,
                money_on_its_way_is_recorded_for_a_cancelled_event,
                what_costs_nothing_is_confirmed_without_payment,
                what_costs_money_is_not_confirmed_for_nothing,
                nothing_free_is_confirmed_of_a_cancelled_event,
                a_payment_id_used_again_is_refused,
            }
            give_back {
                named_tickets_stop_being_the_buyers_and_are_sold_again,
                a_policy_survives_an_edit_of_its_event,
                a_kept_fee_does_not_keep_a_reservation_alive,
                what_nothing_comes_back_for_is_taken_at_once,
                buyers_give_nothing_back_after_the_deadline,
                named_seats_are_blocked_if_the_event_says_so,
                the_free_tickets_of_a_paid_reservation_outlive_its_money,
            }
            refund {
                with_the_last_of_the_money_the_tickets_go_back,
                what_staff_waive_leaves_the_tickets,
                a_refused_refund_can_be_queued_again,
                one_refund_is_under_way_at_a_time,
                a_refund_that_does_not_fit_is_refused,
                a_refunds_outcome_is_recorded_once,
                a_cancelled_events_tickets_are_refunded,
                seats_whose_money_went_back_are_blocked_if_the_event_says_so,
                a_refund_id_used_again_is_never_a_second_refund,
            }
            late {
                late_money_takes_the_same_again_if_all_is_free,
                late_money_goes_back_if_anything_is_taken,
                late_money_goes_back_if_the_event_says_so,
                late_money_never_exceeds_the_limit,
                money_of_an_attempt_given_up_buys_what_is_still_held,
                a_second_capture_goes_back,
                money_of_another_order_is_a_persons_to_see,
                an_order_unknown_to_the_provider_is_final_after_its_grace,
                what_was_refunded_at_the_provider_is_recorded,
                money_after_another_orders_money_is_recorded,
                money_given_back_in_full_sells_nothing,
            }
            replay {
                a_hold_sent_twice_applies_once,
                a_retry_with_new_ids_gets_the_first_reservation,
                an_extension_sent_twice_applies_once,
                a_release_sent_twice_applies_once,
                a_free_confirmation_sent_twice_applies_once,
                each_step_of_paying_sent_twice_applies_once,
                a_stuck_outcome_sent_twice_applies_once,
                a_cancellation_sent_twice_applies_once,
                each_step_of_a_refund_sent_twice_applies_once,
                a_repetition_answers_with_the_rows_as_they_stand,
                a_repetition_after_the_end_answers_expired,
                a_key_is_not_reused_for_other_seats_or_units,
                a_key_is_not_reused_for_another_kind_of_command,
                a_key_is_not_reused_for_other_money,
                a_refused_commands_key_is_free_again,
                keys_are_forgotten_by_age,
            }
            races {
                of_32_callers_for_one_seat_one_wins,
                overlapping_seats_in_opposite_orders_go_to_whole_holds,
                of_32_buyers_of_10_units_exactly_10_win,
                one_buyer_with_16_tabs_never_exceeds_the_limit,
                one_key_sent_by_16_callers_applies_once,
                of_two_outcomes_at_once_the_money_is_recorded_once,
                seats_changing_hands_at_once_are_never_lost,
                sweeps_and_buyers_at_once_agree,
                a_seat_blocked_and_held_at_once_is_one_of_them,
                sales_of_several_events_at_once_share_no_number,
                an_event_removed_and_held_at_once_is_one_of_them,
                a_capacity_cut_while_units_are_held_never_oversells,
                of_8_creations_of_one_event_one_is_stored,
            }
            payment_races {
                the_microsecond_decides_between_a_confirm_and_the_sweep,
                a_confirm_at_the_last_microsecond_and_a_sweep_after_it_agree,
                one_confirm_sent_by_16_callers_begins_once,
                of_attempts_begun_and_confirmed_at_once_one_asks_for_the_money,
                an_attempt_confirmed_and_replaced_at_once_is_one_of_them,
                a_reservation_confirmed_and_cancelled_at_once_is_one_of_them,
                a_reservation_confirmed_and_added_to_at_once_is_one_of_them,
                of_two_words_about_late_money_none_is_forgotten,
                a_refund_requested_by_many_callers_is_queued_once,
                of_two_refunds_that_exceed_the_balance_one_is_queued,
                of_two_words_about_a_refund_one_is_recorded,
            }
            dropped {
                a_dropped_hold_is_whole_or_nothing,
                a_dropped_release_is_whole_or_nothing,
                a_dropped_outcome_is_whole_or_nothing,
                a_dropped_refund_is_whole_or_nothing,
                callers_that_leave_leave_no_lock,
            }
            reads {
                reservations_are_listed_newest_first_in_pages,
                reservations_are_listed_by_buyer_and_event,
                what_does_not_exist_is_not_found,
                numbers_carry_the_date_and_are_never_used_again,
            }
            texts {
                a_command_with_a_text_no_store_keeps_is_refused_by_its_field,
                an_edit_with_a_text_no_store_keeps_is_refused_by_its_field,
                a_refused_text_fails_no_other_command,
                what_a_provider_says_is_recorded_whatever_characters_it_has,
            }
        }
    };
}

/// Expands to tests of events: [`tiketi_core::store::CatalogStore`].
#[macro_export]
macro_rules! catalog_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, selling;
            catalog {
                an_event_is_read_as_it_was_written,
                creating_what_exists_is_refused_and_replaces_nothing,
                an_edit_changes_the_details_and_the_version,
                an_edit_of_an_outdated_copy_is_refused,
                of_16_edits_of_one_copy_one_wins,
                a_waiting_rooms_policy_is_kept,
                a_public_draw_is_fixed,
                an_unknown_event_is_refused_everywhere,
                bad_details_are_refused,
                an_event_is_published_and_called_off_once,
                only_an_event_without_any_reservation_is_removed,
                ticket_types_come_and_go,
                a_capacity_is_never_less_than_what_is_taken,
                a_ticket_type_that_must_stay_is_not_removed,
                a_bad_ticket_type_is_refused,
                blocked_seats_are_off_sale_until_put_back,
                held_or_sold_seats_are_not_blocked_and_all_named,
                seats_of_another_event_are_not_blocked,
            }
            listings {
                drafts_are_listed_only_when_asked_for,
                events_are_found_by_their_status_at_that_moment,
                an_event_with_nothing_left_is_sold_out,
                events_are_found_by_every_word_in_any_case,
                events_are_sorted_as_asked_and_ties_by_id,
                events_are_listed_in_pages,
                events_are_read_on_from_a_key,
                short_words_of_every_script_are_found,
                an_edited_event_is_found_by_its_new_words_only,
                an_event_that_is_postponed_is_searched_in_its_new_place,
                statuses_are_listed_whatever_was_announced,
                a_new_status_is_announced_once,
                concurrent_servers_announce_a_status_once,
            }
            archive {
                an_event_is_archived_once_it_is_over,
                an_event_with_open_work_is_not_archived,
                a_cancelled_event_is_archived_once_its_buyers_are_refunded,
                an_archived_event_is_read_only,
                money_reported_after_the_archiving_is_recorded,
                archived_events_are_in_their_own_list_only,
                an_event_comes_back_from_the_archive,
                an_archiving_and_a_refund_at_once_leave_nothing_open,
            }
            maps {
                a_map_since_a_version_has_exactly_what_changed,
                a_map_since_zero_or_the_future_is_complete,
                units_leave_the_map_version_alone,
            }
            creation {
                an_event_asked_for_twice_is_made_once,
                an_event_that_opens_when_it_is_made_is_made_once,
                of_16_requests_for_one_event_one_makes_it,
                a_large_event_appears_with_all_its_seats,
                a_creation_that_was_interrupted_leaves_nothing,
                the_seats_of_a_deleted_event_are_deleted,
                a_ticket_type_asked_for_twice_is_added_once,
                a_key_outlives_what_it_made_until_it_is_forgotten,
                something_new_no_store_keeps_is_refused_by_its_field,
            }
        }
    };
}

/// Expands to tests of facts: [`tiketi_core::store::OutboxStore`].
#[macro_export]
macro_rules! outbox_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, selling;
            outbox {
                a_hold_and_its_sale_are_announced,
                a_claimed_fact_comes_again_when_its_lease_ends,
                an_acknowledged_fact_is_forgotten,
                a_fact_is_named_with_its_event,
                facts_acknowledged_out_of_order_lose_none,
                a_claim_takes_the_oldest_up_to_its_limit,
                servers_that_claim_at_once_share_the_facts,
                a_later_fact_of_a_reservation_waits_for_an_earlier_one,
                facts_written_while_others_are_delivered_are_not_skipped,
                facts_of_one_commit_are_coalesced_and_in_their_order,
                an_expiry_is_announced_to_its_buyer_once,
            }
            broadcast {
                what_a_commit_changed_is_sent_before_its_answer,
                what_changes_nothing_sends_nothing,
                ends_blocks_and_statuses_are_sent,
                deltas_of_callers_at_once_make_the_map,
                a_buyer_is_told_of_the_own_sale_before_its_answer,
                a_buyer_is_told_what_is_returned_cancelled_or_ended,
                news_need_no_subscriber,
            }
            subscribers {
                each_subscriber_gets_each_fact_by_itself,
                a_fact_that_failed_comes_again_and_later_ones_wait_for_it,
                a_late_release_leaves_the_claim_of_another,
                a_subscriber_begins_with_the_next_commit,
                a_subscriber_gets_the_kinds_it_wants,
                a_removed_subscriber_leaves_nothing,
                subscribers_not_seen_are_removed_in_the_order_of_names,
                the_backlog_of_each_subscriber_is_shown,
            }
        }
    };
}

/// Expands to tests of layouts: [`tiketi_core::store::LayoutStore`].
#[macro_export]
macro_rules! layout_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, layouts;
            layouts {
                a_layout_is_read_as_it_was_drawn,
                a_layout_that_exists_is_not_replaced,
                layouts_are_listed_by_venue_and_name,
                a_layout_is_removed_once,
                a_layout_asked_for_twice_is_made_once,
                a_layout_no_store_keeps_is_refused_by_its_field,
            }
        }
    };
}

/// Expands to tests of open payments, which [`tiketi_core::store::SalesStore`] lists.
#[macro_export]
macro_rules! payment_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, paying;
            reconciliation {
                a_payment_is_due_from_its_moment_on,
                the_most_overdue_is_asked_first_up_to_the_limit,
                of_16_servers_that_claim_one_payment_one_asks,
                an_inconclusive_answer_and_a_wait_are_stored,
                what_is_settled_is_never_due,
                a_queued_refund_is_due_until_it_is_known,
                what_is_due_at_one_moment_comes_by_id,
            }
            needs_attention {
                what_needs_a_person_is_listed_until_it_is_settled,
                what_is_unknown_for_long_is_listed,
                the_list_is_read_in_pages,
                a_payment_is_found_by_its_providers_key,
                a_note_without_a_word_is_refused,
                a_note_no_store_keeps_is_refused_by_its_field,
                what_is_awaited_is_kept_whatever_characters_it_has,
                a_note_settles_only_what_came_before_it,
                what_a_person_ends_frees_its_seats_and_is_asked_about,
            }
            deposits {
                a_deposit_is_awaited_until_its_due_time_without_attention,
                a_deposit_is_awaited_no_longer_than_the_event_says,
                a_provider_is_asked_when_a_deposits_time_is_up,
                a_deposit_that_left_again_is_listed_until_it_is_back_or_settled,
                a_refund_keeps_its_account_until_it_is_over_and_no_longer,
            }
            call_off {
                reservations_of_a_called_off_event_end_or_are_refunded,
                a_call_off_goes_on_where_it_was_left,
                concurrent_servers_queue_each_refund_once,
                a_refused_refund_is_not_queued_again_automatically,
                an_event_that_stands_is_left_alone,
                a_refusal_before_the_event_was_cancelled_leaves_no_buyer_out,
                what_buyers_gave_up_themselves_does_not_count_as_done,
            }
        }
    };
}

/// Expands to tests of webhooks: [`tiketi_core::store::InboxStore`].
#[macro_export]
macro_rules! inbox_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, inboxes;
            inbox {
                a_payment_has_a_limited_number_of_deliveries,
                a_delivery_is_taken_in_once,
                of_32_that_come_at_once_one_is_new,
                deliveries_of_two_gateways_are_two,
                a_claimed_delivery_comes_again_when_its_lease_ends,
                a_delivery_looked_into_never_comes_again,
                a_postponed_delivery_waits_and_keeps_no_other_waiting,
                servers_that_claim_at_once_share_the_deliveries,
                deliveries_are_forgotten_by_age,
                a_delivery_no_store_keeps_is_invalid_data,
            }
        }
    };
}

/// Expands to tests of probes: [`tiketi_core::store::StoreProbe`].
#[macro_export]
macro_rules! probe_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, probes;
            probe {
                a_store_that_works_is_probed_any_number_of_times,
            }
        }
    };
}

/// Expands to tests of a payment gateway: [`tiketi_core::PaymentGateway`].
///
/// The factory is a [`crate::GatewayFactory`].
#[macro_export]
macro_rules! gateway_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, gateway;
            gateway {
                a_payment_is_taken_looked_up_and_given_back,
                a_confirm_sent_twice_takes_once,
                a_lost_answer_is_unknown_and_a_lookup_knows,
                a_declined_payment_takes_nothing,
                an_order_that_was_never_made_is_not_found,
                a_refund_sent_twice_gives_back_once,
                a_refund_whose_answer_was_lost_gives_back_once,
                parts_add_up_and_no_more_than_was_taken_goes_back,
                a_provider_without_answers_is_reported_as_not_answering,
                a_key_never_given_is_answered_and_takes_nothing,
                an_attempt_is_accepted_by_its_form,
                nonsense_is_no_webhook,
            }
        }
    };
}

/// Expands to tests of answers: [`tiketi_core::store::AnswerStore`].
#[macro_export]
macro_rules! answer_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, answers;
            answers {
                a_kept_answer_is_replayed,
                a_claim_lasts_until_its_end,
                a_claim_is_renewed_by_its_owner_only,
                an_answer_past_its_time_is_replayed_no_more,
                a_key_used_for_another_request_is_a_mismatch,
                a_key_given_up_is_free,
                answers_are_forgotten_by_age,
                of_32_claims_at_once_one_runs,
                an_answer_no_store_keeps_is_invalid_data,
            }
        }
    };
}
