"""A server with a shop in a file, which sells one reservation, refuses another, and has a buyer in a waiting room."""
import json, os, re, subprocess, urllib.error, urllib.request, uuid

# Longer than any answer of a server on a busy machine.
PATIENCE = 60


class Running:
    def __init__(self, server, work, variables):
        log = open(work / "server.log", "w")
        command = [server, "--listen", "127.0.0.1:0", "--store", f"sqlite:{work}/shop.db", "--demo"]
        admin = {"TIKETI_ADMIN_EMAIL": "admin@example.com", "TIKETI_ADMIN_PASSWORD": "correct horse battery"}
        variables = {**os.environ, **variables, **admin}
        self.process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=log, text=True)
        said = self.process.stdout.readline()
        if not said.startswith("listening on "):
            raise SystemExit(f"the server does not start: {(work / 'server.log').read_text()}")
        if "TIKETI_" in (started := (work / "server.log").read_text()):
            raise SystemExit(f"the server warns of a variable: {started}")
        self.base = said.removeprefix("listening on ").strip()
        self.port = int(self.base.rpartition(":")[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def ask(self, path, body=None, token=None, method=None):
        """Returns the status and the text of an answer."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def done(self, path, body=None, token=None, method=None):
        status, text = self.ask(path, body, token, method)
        if status >= 300:
            raise SystemExit(f"{path} is answered with {status}: {text}")
        return json.loads(text)

    def status(self, path):
        return self.ask(path)[0]

    def sell(self):
        """Brings about what the server counts: a sale, a refused hold, and calls of the gateway."""
        token = self.done("/api/auth/login", {"email": "demo@tiketi.dev", "password": "demo1234"})["token"]
        event = self.done("/api/events?status=on_sale&search=hall")["data"][0]["id"]
        seats = self.done(f"/api/seats/{event}")["seats"]
        free = [seat["id"] for seat in seats if seat["status"] == "available"][:9]
        held = self.done("/api/seats/reserve", {"eventId": event, "seatIds": free[:2]}, token)
        # More than a buyer may have.
        status, text = self.ask("/api/seats/reserve", {"eventId": event, "seatIds": free}, token)
        if not 400 <= status < 500:
            raise SystemExit(f"a hold of too many seats is answered with {status}: {text}")
        payment = {"reservationId": held["reservation"]["id"], "paymentMethod": "kakao_pay"}
        self.done("/api/payments/process", payment, token)
        # From here on the event has a waiting room, and a buyer in it.
        secret = {"email": "admin@example.com", "password": "correct horse battery"}
        admin = self.done("/api/auth/login", secret)["token"]
        policy = {"mode": "on", "maxActive": 10, "admitPerMinute": 60}
        self.done(f"/api/admin/events/{event}/waiting-room", policy, admin, "PUT")
        self.done("/api/queue/join", {"eventId": event}, token)

    def metrics(self):
        """Returns the labels of each metric that /metrics shows, by its name."""
        found = {}
        for line in self.ask("/metrics")[1].splitlines():
            if shown := re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+", line):
                labels = re.findall(r'(\w+)="', shown[2] or "")
                found.setdefault(shown[1], set()).update(labels)
        return found

    def routes(self):
        """Returns every path that the server measures."""
        return {"/metrics"} | set(self.done("/api/openapi.json")["paths"])
