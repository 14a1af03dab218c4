//! A file with the plan of a hall, as an organiser imports it.

use tiketi_core::Currency;
use tiketi_http::layout_file::LayoutReader;

/// Reads a plan. What is read is a plan that a store takes, and an error says something.
pub fn layout(bytes: &[u8]) {
    let reader = LayoutReader::new().currency(Currency::KRW).venue("Harbour Hall");
    let reader = reader.price("Stalls front", 90_000).price("Stalls", 70_000).price("Balcony", 50_000);
    match reader.read(bytes) {
        Ok(plan) => {
            assert_eq!(plan.validate(), Ok(()));
            assert_eq!(plan.check_texts(), Ok(()));
        }
        Err(error) => assert!(!error.to_string().is_empty(), "{error:?}"),
    }
}
