//! Adds to the document what all routes share: errors, codes, and sign-in.

use std::fmt::Write as _;

use tiketi_core::account::Permission;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{Components, Info, License, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::authenticator::CredentialScheme;
use crate::credentials::role_name;
use crate::error::{Code, ErrorBody};
use crate::openapi::{aliases, bounds};
use crate::operation_id::operation_id;
use tiketi_core::language::Language;

/// The tags of the routes, in the order of a purchase.
const TAGS: [(&str, &str); 12] = [
    ("auth", "Signing in"),
    ("events", "Events"),
    ("tickets", "Stock of ticket types"),
    ("queue", "Waiting rooms"),
    ("seats", "Choosing seats and holding them"),
    ("reservations", "The buyer's reservations"),
    ("payments", "Paying"),
    ("news", "News of the organiser"),
    ("images", "Images, such as posters"),
    ("admin", "Running the shop, for staff"),
    ("stats", "Figures, for staff"),
    ("health", "Health checks, for operators"),
];

/// The permission that an operation demands.
const X_PERMISSION: &str = "x-permission";
/// The roles that have it.
const X_ROLES: &str = "x-roles";

const INTRODUCTION: &str = "Sells tickets: events, seats, reservations and payments.

Times are RFC 3339 in UTC. Money is an integer in minor units beside an ISO 4217 currency. Ids are UUIDs.

Every write below `/api`, except sign-in, accepts an `Idempotency-Key` header: the same key and request \
within 24 hours gets the first answer again, with `Idempotent-Replayed: true`.

An operation for staff names the permission that it demands in `x-permission`, and the roles that have it in `x-roles`.

Every answer that is not a success has the shape of `ErrorBody`. Its sentence follows `Accept-Language` (en, ko).

<details><summary>Every code, with its status and remedy</summary>

| Code | Status | Sentence | Remedy |
|---|---|---|---|
";

/// Completes a document made from handlers, for users who send their credentials in this way.
pub(crate) fn complete(mut document: OpenApi, scheme: &CredentialScheme) -> OpenApi {
    let (scheme_name, scheme) = security_scheme(scheme);
    document.info = info();
    document.tags = Some(tags(&mut document));
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(scheme_name, scheme);
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components.schemas.insert(Code::name().into_owned(), Code::schema());
    aliases::describe(&mut document);
    bounds::add(&mut document);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            if let Some(permission) = permission_of(operation) {
                let roles: Vec<_> = permission.roles().map(role_name).collect();
                let extensions = operation.extensions.get_or_insert_default();
                extensions.insert(X_PERMISSION.to_owned(), permission.word().into());
                extensions.insert(X_ROLES.to_owned(), roles.into());
            }
            if is_secured(operation) {
                // Handlers state only that they need a user, and what the user has to be permitted.
                operation.security = Some(vec![SecurityRequirement::new(scheme_name, [""; 0])]);
            }
            complete_operation(path, method, operation);
        }
    }
    document
}

/// Returns the name and description of how clients send their credentials.
fn security_scheme(scheme: &CredentialScheme) -> (&'static str, SecurityScheme) {
    match scheme {
        CredentialScheme::Bearer => {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
            ("bearer", SecurityScheme::Http(bearer))
        }
        CredentialScheme::Cookie { name } => {
            ("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(name))))
        }
        CredentialScheme::Header { name } => {
            ("header", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(name))))
        }
    }
}

fn is_secured(operation: &Operation) -> bool {
    operation.security.as_ref().is_some_and(|ways| !ways.is_empty())
}

/// Returns the permission that a handler demands: the only scope of its security requirement.
fn permission_of(operation: &Operation) -> Option<Permission> {
    let ways = serde_json::to_value(operation.security.as_ref()?).ok()?;
    let scope = ways.get(0)?.as_object()?.values().next()?.get(0)?.as_str()?.to_owned();
    Permission::from_word(&scope)
}

/// Lists the operations of a path, each with its method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", item.get.as_mut()),
        ("post", item.post.as_mut()),
        ("put", item.put.as_mut()),
        ("patch", item.patch.as_mut()),
        ("delete", item.delete.as_mut()),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation?)))
}

fn complete_operation(path: &str, method: &str, operation: &mut Operation) {
    let is_secured = is_secured(operation);
    let has_body = operation.request_body.is_some();
    if is_secured {
        add(operation, "401", "`AUTHENTICATION_REQUIRED`, `INVALID_TOKEN` or `TOKEN_EXPIRED`");
        if let Some(roles) = roles_text(operation) {
            add(operation, "403", &format!("`FORBIDDEN`: only for the roles {roles}"));
        }
    }
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let has_query = parameters.iter().any(is_in_query);
    if path.contains('{') || has_body || has_query {
        add(operation, "400", "`INVALID_ID`, `MALFORMED_JSON`, `INVALID_QUERY` or `INVALID_IDEMPOTENCY_KEY`");
    }
    if has_body {
        add(operation, "413", "`BODY_TOO_LARGE`");
        add(operation, "415", "`UNSUPPORTED_MEDIA_TYPE`");
        add(operation, "422", "`INVALID_BODY`, or `IDEMPOTENCY_KEY_REUSED`");
    }
    if method != "get" && is_secured && !path.starts_with("/api/auth/") {
        add_idempotency_key(operation);
    }
    if !path.starts_with("/health") {
        add(operation, "429", "`TOO_MANY_REQUESTS`, with `Retry-After`");
    }
    add(operation, "default", "Any other error, such as `INTERNAL` or `SERVICE_UNAVAILABLE`");
}

/// Lists the roles that may call an operation, if it is for staff.
fn roles_text(operation: &Operation) -> Option<String> {
    let roles = operation.extensions.as_ref()?.get(X_ROLES)?.as_array()?;
    Some(roles.iter().filter_map(|role| role.as_str()).collect::<Vec<_>>().join(", "))
}

fn is_in_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

/// Adds an error unless the handler describes it.
fn add(operation: &mut Operation, status: &str, description: &str) {
    let responses = &mut operation.responses.responses;
    responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(error(description)));
}

fn error(description: &str) -> Response {
    let schema = Ref::from_schema_name(ErrorBody::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(description)
        .header("x-request-id", HeaderBuilder::new().schema(Some(String::schema())).build())
        .content("application/json", content)
        .build()
}

fn add_idempotency_key(operation: &mut Operation) {
    let key = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[!-~]{1,255}$"));
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("1 to 255 visible ASCII characters, new for each intent"))
        .schema(Some(key))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(key));
}

/// Describes the tags that the operations have, in the order of a purchase.
fn tags(document: &mut OpenApi) -> Vec<Tag> {
    let used: Vec<_> = document
        .paths
        .paths
        .values_mut()
        .flat_map(operations)
        .flat_map(|(_, operation)| operation.tags.clone().unwrap_or_default())
        .collect();
    let described = TAGS.iter().filter(|(name, _)| used.iter().any(|tag| tag == name));
    described
        .map(|(name, description)| TagBuilder::new().name(*name).description(Some(*description)).build())
        .collect()
}

fn info() -> Info {
    let mut info = Info::new("Tiketi", env!("CARGO_PKG_VERSION"));
    let mut description = INTRODUCTION.to_owned();
    for code in Code::ALL {
        let (wire, status) = (code.wire(), code.status().as_u16());
        let sentence = code.sentence(Language::English);
        // Writing to a string cannot fail.
        let _ = writeln!(description, "| `{wire}` | {status} | {sentence} | {} |", code.remedy());
    }
    description.push_str("\n</details>\n");
    info.description = Some(description);
    info.license = Some(License::new(env!("CARGO_PKG_LICENSE")));
    info
}
