# 로그인, 회원 가입, 내 계정.

account-email = 이메일
account-password = 비밀번호
sign-in-title = 로그인
sign-in-do = 로그인
sign-in-register = 회원 가입
sign-in-forgotten = 비밀번호를 잊으셨나요?
sign-in-after-reset = 새 비밀번호가 설정되었습니다. 새 비밀번호로 로그인해 주세요.
