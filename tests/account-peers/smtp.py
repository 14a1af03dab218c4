"""An SMTP server on loopback. Prints its port, and then one line of JSON for each mail that it takes over.

Arguments: `plain`, or `starttls CERTIFICATE KEY USER PASSWORD`, which takes mail only after STARTTLS and a sign-in.
A line on its standard input that begins with a digit answers every recipient from then on, `ok` takes mail again; the server
ends with its standard input.
"""
import asyncio, email, json, ssl, sys
from email import policy

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    refusal = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=policy.default)
        part = lambda kind: mail.get_body((kind,)).get_content()
        told = {"to": envelope.rcpt_tos, "id": mail["message-id"], "subject": mail["subject"], "from": mail["from"]}
        told |= {"text": part("plain"), "html": part("html"), "language": mail["content-language"]}
        print(json.dumps(told | {"tls": session.ssl is not None}), flush=True)
        return "250 taken over"


async def main():
    handler, options = Handler(), {}
    if sys.argv[1] == "starttls":
        _, _, certificate, key, user, password = sys.argv
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)

        def check(server, session, envelope, mechanism, given):
            known = given.login == user.encode() and given.password == password.encode()
            return AuthResult(success=known)

        options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": check}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="localhost", **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        handler.refusal = None if line.strip() == "ok" else line.strip()


asyncio.run(main())
