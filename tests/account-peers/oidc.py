"""An OpenID Connect provider on loopback. Prints one line: its issuer, the address of its keys, and an ID token.

The token is obtained as a web page obtains it, by the authorization code flow. It ends with its standard input.
"""
import base64, json, sys
from urllib.parse import parse_qs, urlparse

import httpx
from oidc_provider_mock import User, run_server_in_thread

CLIENT, SECRET, BACK = sys.argv[1], "a secret of the client", "http://localhost:1/back"

user = User(sub="hanbyul", claims={"email": "hanbyul@mail.example", "email_verified": True, "name": "한별 Example"})
with run_server_in_thread(user_claims=[user]) as server:
    issuer = f"http://localhost:{server.server_port}"
    config = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
    wanted = {"client_id": CLIENT, "redirect_uri": BACK, "response_type": "code", "scope": "openid email profile", "state": "s", "nonce": "n"}
    agreed = httpx.post(config["authorization_endpoint"], params=wanted, data={"sub": user.sub})
    code = parse_qs(urlparse(agreed.headers["location"]).query)["code"][0]
    basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    answer = httpx.post(config["token_endpoint"], data=form, headers={"authorization": f"Basic {basic}"})
    answer.raise_for_status()
    told = {"issuer": config["issuer"], "keys": config["jwks_uri"], "token": answer.json()["id_token"]}
    print(json.dumps(told), flush=True)
    sys.stdin.read()
