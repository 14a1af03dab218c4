# Signing in, registering, and one's own account.

account-email = E-mail address
account-password = Password
sign-in-title = Sign in
sign-in-do = Sign in
sign-in-register = Create an account
sign-in-forgotten = Forgotten the password?
sign-in-after-reset = The new password is set. Sign in with it.
