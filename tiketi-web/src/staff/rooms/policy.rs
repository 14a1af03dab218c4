//! The form of a waiting room's policy: what it shows, and what it sends.

use serde_json::{Map, Value, json};

use crate::form::{Fields, Form};
use crate::staff::local_time;
use crate::staff::member::Member;
use crate::staff::wire::RoomPolicy;

/// The fields of the interface, with those of the form.
pub(super) const NAMES: [(&str, &str); 19] = [
    ("mode", "mode"),
    ("maxActive", "maxActive"),
    ("admitPerMinuteAtMost", "admitPerMinuteAtMost"),
    ("admitPerMinute", "admitPerMinute"),
    ("rate", "rate"),
    ("threshold", "threshold"),
    ("sessionTtl", "sessionTtl"),
    ("sessionCap", "sessionCap"),
    ("turnWindow", "turnWindow"),
    ("queueLimit", "queueLimit"),
    ("maxParty", "maxParty"),
    ("fairness", "fairness"),
    ("beacon", "beaconChain"),
    ("opensAt", "opensAt"),
    ("onFailure", "onFailure"),
    ("proofOfWork.memoryKib", "proofMemoryKib"),
    ("proofOfWork.passes", "proofPasses"),
    ("proofOfWork.zeroDigits", "proofZeroDigits"),
    ("proofOfWork.solveWithin", "proofSolveWithin"),
];

/// Numbers that are sent if they are filled in.
const NUMBERS: [&str; 6] = ["maxActive", "sessionTtl", "sessionCap", "turnWindow", "queueLimit", "maxParty"];
/// Numbers of a proof of work: the field of the form, and the one of the interface.
const PROOF: [(&str, &str); 4] = [
    ("proofMemoryKib", "memoryKib"),
    ("proofPasses", "passes"),
    ("proofZeroDigits", "zeroDigits"),
    ("proofSolveWithin", "solveWithin"),
];

/// Returns pairs as the fields of a form.
pub(super) fn as_fields(pairs: Vec<(String, String)>) -> Fields {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    Fields::read(encoded.extend_pairs(pairs).finish().as_bytes())
}

/// Returns the fields of a form that shows a policy.
pub(super) fn of_policy(policy: &RoomPolicy, member: &Member) -> Vec<(String, String)> {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let rate =
        if policy.rate == "fixed" && policy.admit_per_minute.is_none() { "unlimited" } else { &policy.rate };
    let (chain, round) =
        policy.beacon.as_ref().map(|known| (known.chain.clone(), known.round.to_string())).unzip();
    let proof = policy.proof_of_work.as_ref();
    let opens_at = policy.opens_at.as_ref().map(|at| local_time::for_form(at, member.zone()));
    [
        ("mode", policy.mode.clone()),
        ("maxActive", policy.max_active.to_string()),
        ("rate", rate.to_owned()),
        ("admitPerMinute", number(policy.admit_per_minute)),
        ("admitPerMinuteAtMost", number(policy.admit_per_minute_at_most)),
        ("threshold", number(policy.threshold)),
        ("sessionTtl", policy.session_ttl.to_string()),
        ("sessionCap", policy.session_cap.to_string()),
        ("turnWindow", policy.turn_window.to_string()),
        ("queueLimit", number(policy.queue_limit)),
        ("maxParty", policy.max_party.to_string()),
        ("fairness", policy.fairness.clone()),
        ("beaconChain", chain.unwrap_or_default()),
        ("beaconRound", round.unwrap_or_default()),
        ("opensAt", opens_at.unwrap_or_default()),
        ("onFailure", policy.on_failure.clone()),
        ("proof", proof.map_or("", |_| "yes").to_owned()),
        ("proofMemoryKib", number(proof.map(|proof| proof.memory_kib))),
        ("proofPasses", number(proof.map(|proof| proof.passes))),
        ("proofZeroDigits", number(proof.map(|proof| proof.zero_digits))),
        ("proofSolveWithin", number(proof.map(|proof| proof.solve_within))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Reads the policy that a form describes. Fields of another choice are left out.
pub(super) fn wanted(fields: &Fields, form: &mut Form, member: &Member) -> Map<String, Value> {
    let mut body = Map::new();
    for name in ["mode", "fairness", "onFailure"] {
        body.insert(name.into(), fields.get(name).into());
    }
    let rate = fields.get("rate");
    body.insert("rate".into(), if rate == "adaptive" { rate } else { "fixed" }.into());
    let mut numbers: Vec<&str> = NUMBERS.into();
    if rate != "unlimited" {
        numbers.push("admitPerMinute");
        if fields.filled("admitPerMinute").is_none() {
            form.refuse("admitPerMinute", member.visit.t("staff-wrong-missing"));
        }
    }
    if rate == "adaptive" {
        numbers.push("admitPerMinuteAtMost");
    }
    if fields.get("mode") == "auto" {
        numbers.push("threshold");
    }
    for name in numbers {
        insert_number(&mut body, name, name, fields, form, member);
    }
    if let Some(text) = fields.filled("opensAt") {
        match local_time::from_form(text, member.zone()) {
            Some(at) => _ = body.insert("opensAt".into(), at.into()),
            None => form.refuse("opensAt", member.visit.t("staff-wrong-time")),
        }
    }
    if fields.get("fairness") == "draw" && fields.filled("beaconChain").is_some() {
        match fields.get("beaconRound").parse::<u64>() {
            Ok(round) => {
                let beacon = json!({"chain": fields.get("beaconChain"), "round": round});
                _ = body.insert("beacon".into(), beacon);
            }
            Err(_) => form.refuse("beaconRound", member.visit.t("staff-wrong-number")),
        }
    }
    if fields.filled("proof").is_some() {
        let mut proof = Map::new();
        for (field, name) in PROOF {
            insert_number(&mut proof, name, field, fields, form, member);
        }
        body.insert("proofOfWork".into(), Value::Object(proof));
    }
    body
}

fn insert_number(
    body: &mut Map<String, Value>,
    name: &str,
    field: &str,
    fields: &Fields,
    form: &mut Form,
    member: &Member,
) {
    match fields.filled(field).map(str::parse::<i64>) {
        None => {}
        Some(Ok(number)) => _ = body.insert(name.into(), number.into()),
        Some(Err(_)) => form.refuse(field, member.visit.t("staff-wrong-number")),
    }
}
