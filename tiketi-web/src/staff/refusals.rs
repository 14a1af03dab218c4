//! What the interface refused, said at the field of the form.

use crate::failure::Failure;
use crate::form::Form;
use crate::visit::Visit;

/// Codes after which the same form can be sent again, corrected.
///
/// Anything else is shown as a page of its own.
pub(crate) fn is_answerable(failure: &Failure) -> bool {
    matches!(failure.status.as_u16(), 400 | 409 | 413 | 415 | 422) || failure.is(&["PAYMENT_DECLINED"])
}

/// Says on a form what the interface refused.
///
/// `names` has the fields of the interface with those of the form; one of a list counts as the list.
pub(crate) fn say(form: &mut Form, visit: &Visit, failure: &Failure, names: &[(&str, &str)]) {
    let said = sentence(visit, failure);
    let path = failure.detail("field").unwrap_or_default();
    let found = names.iter().find(|(wire, _)| {
        path.strip_prefix(wire).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
    });
    match found {
        Some((_, field)) => form.refuse(field, said),
        None => form.refuse_all(said),
    }
}

/// Returns the sentence of a refusal, with what is known of the reason.
fn sentence(visit: &Visit, failure: &Failure) -> String {
    let has = |name: &str| failure.details.contains_key(name);
    if let Some(reason) = failure.detail("reason").filter(|_| has("least") && has("most")) {
        return visit.t("staff-wrong-limits").with("reason", reason).to_string();
    }
    let said = failure.said(visit);
    match failure.detail("reason") {
        Some(reason) => {
            visit.t("staff-wrong-reason").with("sentence", said).with("reason", reason).to_string()
        }
        None => said,
    }
}
