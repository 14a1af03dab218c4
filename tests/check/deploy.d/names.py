"""Checks that what examples/deploy and docs/runbook.md name exists: options, images, metrics, routes, alerts, files.

Usage: names.py SERVER FOLDER_OF_RENDERED_OVERLAYS
"""
import collections, fnmatch, json, os, pathlib, re, shutil, subprocess, sys

import yaml

import expressions
from running import Running

ROOT = pathlib.Path.cwd()
DEPLOY = ROOT / "examples/deploy"
RUNBOOK = ROOT / "docs/runbook.md"

# Flags of other programs that the files call.
FOREIGN_FLAGS = """
    --all --appendonly --base --body --build --command --component --config.file --create --data-checksums
    --dbname --detach --exit-code --exit-on-error --file --format --from --from-file --head --host
    --ignore-not-found --ignore-unfixed --input --interval --kustomize --locked --maxmemory --maxmemory-policy
    --message --mount --namespace --profile --publish --read-only --release --retries --save --scale --scanners
    --schema --server.http.listen-addr --severity --single-transaction --spider --start-period --storage.path
    --storage.tsdb.path --storage.tsdb.retention.time --timeout --title --username --volume --volumes
""".split()

# Metrics that a running server shows only after something that a check cannot bring about.
UNPROVOKED = {
    # The store has to fail, and to work again.
    "tiketi_store_retries_total": {"cause"},
    # The store has to be a Postgres.
    "tiketi_store_connections": {"pool", "state"},
    "tiketi_store_connection_wait_seconds_bucket": {"pool", "le"},
    "tiketi_store_connection_hold_seconds_bucket": {"pool", "le"},
}
# Prometheus makes these itself.
OF_PROMETHEUS = {"up": set(), "ALERTS": {"alertname", "alertstate"}}
OF_TARGETS = {"job", "instance"}
# Labels whose values are words of the code.
WORDS = {"outcome", "cause", "answer", "call", "command", "reason", "gateway"}

problems = []


def wrong(message):
    problems.append(message)


def texts():
    files = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file() and "secrets" not in path.parts]
    return [(path.relative_to(ROOT), path.read_text()) for path in files + [RUNBOOK]]


def check_options(server):
    def help_of(*command):
        return subprocess.run([server, *command, "--help"], capture_output=True, text=True, check=True).stdout

    shown = help_of()
    variables = set(re.findall(r"\bTIKETI_[A-Z_]+\b", shown))
    commands = set(re.findall(r"^  ([a-z-]+) ", shown.split("Commands:")[1].split("Options:")[0], re.M))
    everything = [shown] + [help_of(command) for command in sorted(commands - {"help"})]
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(everything)))
    for path, text in texts():
        for name in sorted(set(re.findall(r"\bTIKETI_[A-Z_]+\b", text)) - variables):
            wrong(f"{path}: the server has no variable {name}")
        for name in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z.-]+[a-z]", text)) - flags - set(FOREIGN_FLAGS)):
            wrong(f"{path}: neither the server nor a known program has the flag {name}")
        for name in re.findall(r"\btiketi-server ([a-z][a-z-]+)(?=[ `\n])", text):
            if name not in commands and "`tiketi-server " + name in text:
                wrong(f"{path}: the server has no command {name}")
        for block in re.findall(r"tiketi\.toml\"? <<END\n(.*?)\nEND", text, re.S) + re.findall(r"```toml\n(.*?)```", text, re.S):
            for key in re.findall(r"^([a-z][a-z-]*) = ", block, re.M):
                if f"--{key}" not in flags:
                    wrong(f"{path}: the server's file has no key {key}")
    return commands


def containers(document):
    """Returns the containers of a workload."""
    template = document.get("spec", {}).get("template", {}).get("spec", {})
    return template.get("initContainers", []) + template.get("containers", [])


def check_image(where, image):
    name, _, digest = image.partition("@")
    tag = name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else ""
    if not digest and (not re.search(r"\d+\.\d+", tag) or "latest" in tag):
        wrong(f"{where}: the image {image} has no exact tag and no digest")


def check_images(rendered, commands):
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    for image in re.findall(r"^FROM (\S+)", dockerfile, re.M):
        check_image("Dockerfile", image)
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    for name, service in compose["services"].items():
        image = re.sub(r"\$\{\w+:-(.*)\}", r"\1", service["image"])
        check_image(f"compose.yaml, {name}", image)
        if image.startswith("tiketi-server:") and service.get("command", ["serve"])[0] not in commands:
            wrong(f"compose.yaml, {name}: the server has no command {service['command'][0]}")
    for overlay, documents in rendered.items():
        for document in documents:
            for container in containers(document):
                check_image(f"overlay {overlay}, {container['name']}", container["image"])
                ours = "/tiketi-server" in container["image"]
                if ours and container.get("args", ["serve"])[0] not in commands:
                    wrong(f"overlay {overlay}: the server has no command {container['args'][0]}")


def settings(documents):
    """Returns the variables that an overlay gives the server, but the file with the secrets."""
    maps = [document["data"] for document in documents if document["kind"] == "ConfigMap"]
    return {name: value for data in maps for name, value in data.items() if name != "TIKETI_CONFIG"}


def check_routes(rendered, running):
    paths = set(re.findall(r"uri (/health/\S+)", (DEPLOY / "compose/haproxy.cfg").read_text()))
    for documents in rendered.values():
        for document in documents:
            for container in containers(document):
                probes = [container.get(probe, {}) for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
                paths |= {probe["httpGet"]["path"] for probe in probes if "httpGet" in probe}
    if not paths:
        wrong("no probe asks a route of the server")
    for path in sorted(paths):
        if (status := running.status(path)) != 200:
            wrong(f"the server answers {status} at the probe {path}")
    command = json.loads(re.search(r"^HEALTHCHECK .*?CMD (\[.*?\])$", (DEPLOY / "Dockerfile").read_text(), re.M | re.S)[1])
    for port, expected in ((running.port, True), (1, False)):
        probe = subprocess.run([word.replace("3001", str(port)) for word in command], capture_output=True)
        if (probe.returncode == 0) != expected:
            wrong(f"Dockerfile: the health check says {probe.returncode} at port {port}: {probe.stderr.decode()}")


def check_selectors(running, recorded, used):
    exported = running.metrics()
    code = "\n".join(path.read_text() for path in ROOT.glob("tiketi-*/src/**/*.rs"))
    routes = running.routes()
    for name, labels in UNPROVOKED.items():
        if not re.search(rf'"{re.escape(name)}[{{ ]|"{name}\{{', (ROOT / "tiketi-server/src/metrics.rs").read_text()):
            wrong(f"names.py: no test of tiketi-server/src/metrics.rs has {name}")
    known = {**exported, **UNPROVOKED, **OF_PROMETHEUS, **recorded}
    for where, selector in used:
        if selector.name not in known:
            wrong(f"{where}: the server exports no metric {selector.name}")
            continue
        for label, value in selector.matchers:
            if label not in known[selector.name] | OF_TARGETS:
                wrong(f"{where}: {selector.name} has no label {label}")
            elif label in WORDS:
                for word in value.split("|"):
                    if f'"{word}"' not in code:
                        wrong(f"{where}: no code says {label}={word}")
            elif label == "path":
                for pattern in value.split("|"):
                    if not any(re.fullmatch(pattern, route) for route in routes):
                        wrong(f"{where}: the server has no route {pattern}")
        for label in selector.grouped - known[selector.name] - OF_TARGETS - {"le"}:
            wrong(f"{where}: {selector.name} is grouped by {label}, which it has not")


def check_alerts(rules):
    alerts = {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    tested = {"fires": set(), "rests": set()}
    cases = yaml.safe_load((DEPLOY / "prometheus/tiketi.rules.test.yml").read_text())["tests"]
    for case in cases:
        for test in case.get("alert_rule_test", []):
            tested["fires" if test["exp_alerts"] else "rests"].add(test["alertname"])
    headings = set(re.findall(r"^### (Tiketi\w+)$", RUNBOOK.read_text(), re.M))
    for name, rule in alerts.items():
        if name not in tested["fires"]:
            wrong(f"no test of the rules fires {name}")
        if rule["annotations"]["runbook_url"] != f"docs/runbook.md#{name.lower()}":
            wrong(f"{name} links another place than its heading in docs/runbook.md")
    for name in sorted(headings ^ set(alerts)):
        wrong(f"{name} is an alert or a heading of docs/runbook.md, but not both")


def check_applications():
    for path in sorted((DEPLOY / "argocd").glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        if document["kind"] == "Application" and not (ROOT / document["spec"]["source"]["path"] / "kustomization.yaml").exists():
            wrong(f"{path.name}: {document['spec']['source']['path']} has no kustomization.yaml")


def is_sent(path, patterns):
    """Says whether a build's context has a file: the last pattern that matches it, or a folder of it, decides."""
    parents = ["/".join(path.split("/")[: count + 1]) for count in range(path.count("/") + 1)]
    sent = True
    for pattern in patterns:
        keep, pattern = pattern.startswith("!"), pattern.lstrip("!")
        any_depth = pattern.removeprefix("**/")
        for parent in parents:
            name = parent.rpartition("/")[2] if any_depth != pattern else parent
            if name.count("/") == any_depth.count("/") and fnmatch.fnmatchcase(name, any_depth):
                sent = keep
    return sent


def check_context(work):
    """Cargo must find every member of the workspace in the context, and no secret may be in it."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    for path in ("examples/deploy/compose/secrets/tiketi.toml", "tiketi.db", "tests/tiketi.db-wal", "target/debug/x", ".git/config"):
        if is_sent(path, patterns):
            wrong(f"Dockerfile.dockerignore: {path} is sent to the builder")
    context = work / "context"
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")
    for path in filter(None, listed):
        if is_sent(path, patterns) and (ROOT / path).exists():
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, context / path)
    asked = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    found = subprocess.run(asked, cwd=context, capture_output=True, text=True)
    if found.returncode != 0:
        wrong(f"Dockerfile.dockerignore: the context is no workspace: {found.stderr}")
    for licence in ("LICENSE-MIT", "LICENSE-APACHE"):
        if not (context / licence).exists():
            wrong(f"Dockerfile.dockerignore: the context has no {licence}")


def main(server, work):
    rendered = {path.stem: list(yaml.safe_load_all(path.read_text())) for path in sorted(work.glob("*.yaml"))}
    commands = check_options(server)
    check_images(rendered, commands)
    rules = yaml.safe_load((DEPLOY / "prometheus/tiketi.rules.yml").read_text())
    dashboard = json.loads((DEPLOY / "grafana/tiketi.json").read_text())
    recorded = {rule["record"]: {"job"} for group in rules["groups"] for rule in group["rules"] if "record" in rule}
    used = expressions.of_rules(rules) + expressions.of_dashboard(dashboard)
    # Started with what the overlays set, so that a value which the server refuses is found too.
    variables = collections.ChainMap(*(settings(documents) for documents in rendered.values()))
    with Running(server, work, dict(variables)) as running:
        running.sell()
        check_routes(rendered, running)
        check_selectors(running, recorded, used)
    check_alerts(rules)
    check_applications()
    check_context(work)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    os.environ.pop("TIKETI_DEMO", None)
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
