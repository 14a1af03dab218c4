//! Adds the limits of requests to the document, from the constants that the server compares with.

use std::collections::BTreeSet;

use serde_json::Value;
use tiketi_core::account::{self, Email};
use tiketi_core::cancellation_policy::{MAX_CANCELLATION_LEAD, MAX_CANCELLATION_TIERS, WHOLE_SHARE};
use tiketi_core::catalog::MAX_KEYWORDS;
use tiketi_core::limits::{
    MAX_CAPACITY, MAX_DEPOSIT_WINDOW, MAX_DESCRIPTION_CHARS, MAX_LINES_PER_COMMAND, MAX_NAME_CHARS,
    MAX_NOTE_CHARS, MAX_PRICE_MINOR, MAX_QUANTITY, MAX_REASON_CHARS, MAX_SEATS_PER_LAYOUT,
};
use tiketi_core::notice::MAX_NOTICE_CHARS;
use tiketi_core::poster_url::MAX_POSTER_URL_CHARS;
use utoipa::openapi::schema::{ArrayItems, Object, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa::{Number, openapi::KnownFormat};

use crate::auth::MAX_PHONE_CHARS;
use crate::credentials::{MAX_CREDENTIAL_BYTES, MAX_PASSWORD_BYTES, MAX_TOKEN_BYTES, role_name};
use crate::dto::{MAX_PROVIDER_KEY, MEMORY_KIB, PASSES, ZERO_DIGITS};

/// What a field of a request may be.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// A text of this many characters.
    Chars(usize, usize),
    /// A text that matches a regular expression.
    Pattern(&'static str),
    /// A whole number from one to another.
    Number(u64, u64),
    /// At most so many items.
    Items(usize),
    /// At most so many items, each within a bound.
    Each(usize, &'static Self),
    /// At most so many ids.
    Ids(usize),
    /// The word of a role.
    Role,
}

use Bound::{Chars, Each, Ids, Items, Number as Whole, Pattern, Role};

const NAME: Bound = Chars(1, MAX_NAME_CHARS);
const MAYBE_NAME: Bound = Chars(0, MAX_NAME_CHARS);
const CURRENCY: Bound = Pattern("^[A-Z]{3}$");
const PRICE: Bound = Whole(0, MAX_PRICE_MINOR.cast_unsigned());
/// More than any reservation costs is refused as an amount that does not fit.
const AMOUNT: Bound = Whole(0, i64::MAX.cast_unsigned());
const SECONDS: Bound = Whole(1, 86_400);
const COUNT: Bound = Whole(1, u32::MAX as u64);
const VERSION: Bound = Whole(0, i64::MAX.cast_unsigned());
const LINES: usize = MAX_LINES_PER_COMMAND;
const SEATS: usize = MAX_SEATS_PER_LAYOUT;
const NUMBERS: Bound = Each(SEATS, &NAME);

/// The limits by the name of the field. Where a name has another limit in one schema, that schema is named too.
const BOUNDS: &[(&str, Bound)] = &[
    ("accessible", NUMBERS),
    ("admission", Chars(1, MAX_TOKEN_BYTES)),
    ("admitPerMinute", COUNT),
    ("admitPerMinuteAtMost", COUNT),
    ("amount", AMOUNT),
    ("artist", MAYBE_NAME),
    ("BlockSeatsBody.seatIds", Ids(SEATS)),
    ("UnblockSeatsBody.seatIds", Ids(SEATS)),
    ("body", Chars(1, MAX_NOTICE_CHARS)),
    ("cancelAmount", AMOUNT),
    ("cancellationPolicy", Items(MAX_CANCELLATION_TIERS)),
    ("capacity", Whole(1, MAX_CAPACITY as u64)),
    ("chain", Pattern("^[0-9a-f]{64}$")),
    ("code", Chars(1, MAX_NAME_CHARS)),
    ("column", Whole(0, u32::MAX as u64)),
    ("credential", Chars(1, MAX_CREDENTIAL_BYTES)),
    ("currency", CURRENCY),
    ("depositWindowSeconds", Whole(1, MAX_DEPOSIT_WINDOW.as_secs())),
    ("description", Chars(0, MAX_DESCRIPTION_CHARS)),
    ("email", Chars(3, Email::MAX_BYTES)),
    ("gapsAfter", NUMBERS),
    ("holdCapSeconds", SECONDS),
    ("holdSeconds", SECONDS),
    ("items", Items(LINES)),
    ("keptBasisPoints", Whole(0, WHOLE_SHARE as u64)),
    ("keptFee", PRICE),
    ("keywords", Each(MAX_KEYWORDS, &NAME)),
    ("label", NAME),
    ("language", Chars(2, 35)),
    ("Profile.language", Pattern("^(en|ko)$")),
    ("maxActive", COUNT),
    ("maxParty", Whole(1, LINES as u64)),
    ("maxSeatsPerBuyer", Whole(1, LINES as u64)),
    ("memoryKib", Whole(MEMORY_KIB.0 as u64, MEMORY_KIB.1 as u64)),
    ("method", MAYBE_NAME),
    ("name", NAME),
    ("note", Chars(1, MAX_NOTE_CHARS)),
    ("number", NAME),
    ("party", Whole(1, LINES as u64)),
    ("passes", Whole(PASSES.0 as u64, PASSES.1 as u64)),
    ("password", Chars(0, MAX_PASSWORD_BYTES)),
    ("payload", Chars(1, MAX_TOKEN_BYTES)),
    ("paymentKey", Chars(1, MAX_PROVIDER_KEY)),
    ("paymentMethod", MAYBE_NAME),
    ("paymentWindowSeconds", SECONDS),
    ("phone", Chars(0, MAX_PHONE_CHARS)),
    ("posterUrl", Chars(0, MAX_POSTER_URL_CHARS)),
    ("price", PRICE),
    ("quantity", Whole(1, MAX_QUANTITY as u64)),
    ("queueLimit", COUNT),
    ("reason", Chars(0, MAX_REASON_CHARS)),
    ("EndPayment.reason", Chars(1, MAX_NOTE_CHARS)),
    ("refreshToken", Chars(1, MAX_TOKEN_BYTES)),
    ("role", Role),
    ("round", Whole(1, i64::MAX.cast_unsigned())),
    ("rows", Items(SEATS)),
    ("seatIds", Ids(LINES)),
    ("sections", Items(SEATS)),
    ("sessionCap", SECONDS),
    ("sessionTtl", SECONDS),
    ("signature", Pattern("^[0-9a-f]{96}$")),
    ("solveWithin", SECONDS),
    ("threshold", Whole(0, u32::MAX as u64)),
    ("title", NAME),
    ("turnWindow", SECONDS),
    ("untilSecondsBefore", Whole(0, MAX_CANCELLATION_LEAD.as_secs())),
    ("venue", MAYBE_NAME),
    ("NewLayout.venue", NAME),
    ("version", VERSION),
    ("zeroDigits", Whole(ZERO_DIGITS.0 as u64, ZERO_DIGITS.1 as u64)),
];

/// The limits of schemas that are one of several kinds; each is added where its kind fits.
const CHOICES: &[(&str, &[Bound])] =
    &[("NewSeats", &[Whole(1, SEATS as u64), Items(SEATS)]), ("NewSeat", &[NAME])];

/// Adds the limits to every schema that a request is made of.
pub(super) fn add(document: &mut OpenApi) {
    let wanted = of_requests(document);
    let Some(components) = &mut document.components else { return };
    for (name, schema) in &mut components.schemas {
        match schema {
            RefOr::T(Schema::Object(object)) if wanted.contains(name) => bind(name, object),
            RefOr::T(Schema::OneOf(choice)) if wanted.contains(name) => bind_choice(name, &mut choice.items),
            _ => {}
        }
    }
}

fn bind_choice(schema: &str, kinds: &mut [RefOr<Schema>]) {
    let bounds = CHOICES.iter().filter(|(known, _)| *known == schema).flat_map(|(_, bounds)| *bounds);
    for bound in bounds {
        for kind in &mut *kinds {
            if let RefOr::T(kind) = kind {
                bound.add_to(kind);
            }
        }
    }
}

fn bind(schema: &str, object: &mut Object) {
    for (name, field) in &mut object.properties {
        let own = format!("{schema}.{name}");
        let named = |wanted: &str| BOUNDS.iter().find(|(known, _)| *known == wanted);
        if let (Some((_, bound)), RefOr::T(field)) = (named(&own).or_else(|| named(name)), field) {
            bound.add_to(field);
        }
    }
}

impl Bound {
    fn add_to(&self, schema: &mut Schema) {
        match (self, schema) {
            (Chars(least, most), Schema::Object(text)) if is(text, &Type::String) => {
                text.min_length = (*least > 0).then_some(*least);
                text.max_length = Some(*most);
            }
            (Role, Schema::Object(text)) => {
                let words = account::Role::ALL.into_iter().map(|role| role_name(role).into());
                text.enum_values = Some(words.collect());
            }
            (Pattern(pattern), Schema::Object(text)) => text.pattern = Some((*pattern).to_owned()),
            (Whole(least, most), Schema::Object(number)) if is(number, &Type::Integer) => {
                number.minimum = Some(whole(*least));
                number.maximum = Some(whole(*most));
            }
            (Items(most) | Each(most, _) | Ids(most), Schema::Array(list)) => {
                list.max_items = Some(*most);
                let ArrayItems::RefOrSchema(item) = &mut list.items else { return };
                match (self, &mut **item) {
                    (Each(_, bound), RefOr::T(item)) => bound.add_to(item),
                    (Ids(_), RefOr::T(Schema::Object(id))) => {
                        id.format = Some(SchemaFormat::KnownFormat(KnownFormat::Uuid));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn is(object: &Object, kind: &Type) -> bool {
    match &object.schema_type {
        SchemaType::Type(known) => known == kind,
        SchemaType::Array(known) => known.contains(kind),
        SchemaType::AnyValue => false,
    }
}

fn whole(number: u64) -> Number {
    Number::UInt(usize::try_from(number).unwrap_or(usize::MAX))
}

/// Returns the names of all schemas that a request is made of.
fn of_requests(document: &OpenApi) -> BTreeSet<String> {
    let value = serde_json::to_value(document).unwrap_or_default();
    let mut found = BTreeSet::new();
    let (Some(paths), Some(schemas)) = (value.get("paths"), value.pointer("/components/schemas")) else {
        return found;
    };
    let paths = paths.as_object().into_iter().flat_map(|paths| paths.values());
    let operations = paths.filter_map(Value::as_object).flat_map(|path| path.values());
    for body in operations.filter_map(|operation| operation.get("requestBody")) {
        collect(body, schemas, &mut found);
    }
    found
}

/// Collects the schemas that a part of the document refers to, and those that they refer to.
fn collect(part: &Value, schemas: &Value, found: &mut BTreeSet<String>) {
    let named = part.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    if let Some(name) = named
        && found.insert(name.to_owned())
        && let Some(schema) = schemas.get(name)
    {
        collect(schema, schemas, found);
    }
    match part {
        Value::Object(fields) => fields.values().for_each(|field| collect(field, schemas, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, schemas, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Collects the places of a schema where a value has no limit.
    fn unlimited(at: &str, schema: &Value, found: &mut Vec<String>) {
        let kinds = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => Vec::from_iter(kind.as_str()),
        };
        let has = |names: &[&str]| names.iter().any(|name| schema.get(name).is_some());
        for kind in kinds {
            let limited = match kind {
                "string" => has(&["enum", "maxLength", "format", "pattern", "const"]),
                "integer" => has(&["minimum"]) && has(&["maximum"]),
                "array" => has(&["maxItems"]),
                _ => true,
            };
            if !limited {
                found.push(format!("{at}: {kind}"));
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            unlimited(&format!("{at}.{name}"), field, found);
        }
        for part in ["oneOf", "anyOf", "allOf"] {
            for choice in schema[part].as_array().into_iter().flatten() {
                unlimited(at, choice, found);
            }
        }
        unlimited_items(at, schema, found);
    }

    fn unlimited_items(at: &str, schema: &Value, found: &mut Vec<String>) {
        if let Some(items) = schema.get("items") {
            unlimited(&format!("{at}[]"), items, found);
        }
    }

    #[test]
    fn every_value_of_a_request_has_a_limit_in_the_document() {
        let document = crate::openapi();
        let wanted = of_requests(&document);
        assert!(wanted.len() > 40, "{wanted:?}");
        let value = serde_json::to_value(&document).unwrap();
        let mut found = Vec::new();
        for name in wanted {
            unlimited(&name, &value["components"]["schemas"][&name], &mut found);
        }
        // As many as fit into a body.
        assert_eq!(found, ["CreateEvent.ticketTypes: array"]);
    }

    #[test]
    fn every_bound_is_of_a_field() {
        let value = serde_json::to_value(crate::openapi()).unwrap();
        let schemas = value["components"]["schemas"].as_object().unwrap();
        for (known, _) in BOUNDS {
            let (schema, field) = known.split_once('.').map_or((None, *known), |(of, name)| (Some(of), name));
            let is_field = |(name, of): (&String, &Value)| {
                schema.is_none_or(|it| it == name) && of["properties"].get(field).is_some()
            };
            assert!(schemas.iter().any(is_field), "{known}");
        }
    }
}
