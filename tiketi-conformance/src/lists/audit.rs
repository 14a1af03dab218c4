//! Cases of audits, and of whole sales.

/// Expands to tests of whole events: [`tiketi_core::store::AuditStore`].
#[macro_export]
macro_rules! audit_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, audited;
            rows {
                an_events_rows_are_what_all_other_reads_show,
                each_part_has_the_rows_it_is_compared_with,
                an_audit_beside_sales_finds_nothing,
                an_audit_of_one_event_reads_that_event,
                event_ids_come_in_their_order_in_pages,
            }
        }
    };
}

/// Expands to tests of whole sales by what people do: every trait that a box office needs, and
/// [`tiketi_core::store::AuditStore`].
#[macro_export]
macro_rules! workload_cases {
    ($factory:expr) => {
        $crate::expand_cases! { $factory, compared;
            workload {
                whole_sales_have_the_answers_of_the_in_memory_store,
            }
        }
    };
}
