//! The lists of cases of mailed codes, and of mail.

/// Expands to tests of codes that are sent by mail: [`tiketi_core::store::CodeStore`].
#[macro_export]
macro_rules! code_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, codes;
            codes {
                a_code_is_read_as_it_was_written,
                a_code_needs_a_new_id_and_allowed_texts,
                an_unknown_code_is_not_found,
                of_32_tries_at_once_five_are_made,
                a_code_is_tried_before_its_end_only,
                of_32_uses_of_a_code_one_wins,
                codes_are_forgotten_from_their_end_on,
            }
        }
    };
}

/// Expands to tests of the queue of mail: [`tiketi_core::store::MailStore`].
#[macro_export]
macro_rules! mail_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, mails;
            mails {
                a_mail_is_claimed_as_it_was_queued,
                the_same_mail_is_queued_once,
                servers_claim_each_mail_once,
                a_mail_whose_server_died_is_due_again,
                a_failed_mail_waits_and_delays_no_other,
                a_dead_mail_is_listed_and_can_be_retried,
                settled_mails_are_forgotten_after_their_time,
            }
        }
    };
}
