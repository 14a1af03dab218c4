"""Finds the metrics and labels that expressions of Prometheus use."""
import dataclasses, re

import promql_parser


@dataclasses.dataclass
class Selector:
    name: str
    # Pairs of a label and what it is compared with.
    matchers: list
    # Labels that the result is grouped by.
    grouped: set


def parts(node):
    """Returns the expressions directly inside one."""
    inner = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "vector_selector", "param")]
    return [part for part in inner + list(getattr(node, "args", [])) if part is not None]


def selectors(node, grouped=frozenset()):
    if isinstance(node, promql_parser.VectorSelector):
        matchers = [(matcher.name, matcher.value) for matcher in node.matchers.matchers]
        return [Selector(node.name, matchers, set(grouped))]
    if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
        grouped = grouped | set(node.modifier.labels)
    return [found for part in parts(node) for found in selectors(part, grouped)]


def of(where, expression):
    """Returns the selectors of an expression with the place where it stands."""
    # Variables of Grafana, with a value that they may have.
    plain = expression.replace("$__rate_interval", "5m").replace("$instance", ".+")
    if found := re.findall(r"\$\w+", plain):
        raise SystemExit(f"{where}: unknown variables {found}")
    return [(where, selector) for selector in selectors(promql_parser.parse(plain))]


def of_rules(rules):
    listed = [rule for group in rules["groups"] for rule in group["rules"]]
    return [used for rule in listed for used in of(rule.get("alert", rule.get("record")), rule["expr"])]


def of_dashboard(dashboard):
    used = []
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            if target["datasource"]["uid"] == "prometheus":
                used += of(f"dashboard, {panel['title']}", target["expr"])
    for annotation in dashboard["annotations"]["list"]:
        used += of("dashboard, annotations", annotation["expr"])
    for variable in dashboard["templating"]["list"]:
        selector = re.fullmatch(r"label_values\((.*), \w+\)", variable["definition"])[1]
        used += of(f"dashboard, variable {variable['name']}", selector)
    if not used:
        raise SystemExit("the dashboard has no query")
    return used
