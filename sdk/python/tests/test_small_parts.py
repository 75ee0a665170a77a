"""Recent calls, losses and pauses, tokens, private files, the directory of `device add --mosquitto`."""

import base64
import json
import os

import pytest
from strawberry_spoke import Spoke
from strawberry_spoke.credentials import ConnectDirectory, TokenFile
from strawberry_spoke.errors import ConfigError, one_line
from strawberry_spoke.limits import Limits
from strawberry_spoke.loss_policy import BackOff, Loss, LossPolicy, Verdict
from strawberry_spoke.private_file import read_private, replace_private
from strawberry_spoke.recent_calls import RecentCalls
from strawberry_spoke.token import claims_of, times_of, why_refused


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def a_token(**claims):
    claims = {"sub": "lamp", "iat": 1000, "exp": 4000, **claims}
    return f"{part({'alg': 'HS256'})}.{part(claims)}.c2ln"


def test_the_first_answer_to_a_call_stands_until_it_is_too_old():
    clock = Clock()
    recent = RecentCalls(Limits(), clock)
    recent.remember("a", b"1")
    recent.remember("a", b"2")
    clock.now_s += 599.9
    assert recent.answer_to("a") == b"1"
    clock.now_s += 0.1
    assert recent.answer_to("a") is None and recent.size() == 0


def test_the_oldest_answer_goes_when_there_are_too_many_or_too_large_ones():
    recent = RecentCalls(Limits(answers_remembered_max=2, answers_remembered_bytes_max=100), Clock())
    for name in "abc":
        recent.remember(name, b"x")
    assert [recent.answer_to(name) for name in "abc"] == [None, b"x", b"x"]
    recent.remember("d", b"x" * 97)
    assert len(recent) == 1 and recent.answer_to("d")
    recent.remember("e", b"x" * 101)
    assert len(recent) == 0 and recent.size() == 0


def test_a_device_that_is_taken_over_or_never_let_in_gives_up():
    clock = Clock()
    policy = LossPolicy(Limits(), clock)
    assert policy.lost(Loss.UNREACHABLE) is Verdict.TRY_AGAIN
    assert policy.lost(Loss.REFUSED) is Verdict.REFUSED
    policy.connected()
    assert policy.lost(Loss.TAKEN_OVER) is Verdict.TAKEN_OVER


def test_a_token_that_was_good_may_be_refused_for_as_long_as_is_said():
    clock = Clock()
    policy = LossPolicy(Limits(refused_s=60.0), clock)
    policy.connected()
    clock.now_s += 100
    assert policy.lost(Loss.ENDED) is Verdict.TRY_AGAIN
    assert policy.lost(Loss.REFUSED) is Verdict.TRY_AGAIN
    clock.now_s += 59
    assert policy.lost(Loss.REFUSED) is Verdict.TRY_AGAIN
    clock.now_s += 1
    assert policy.lost(Loss.REFUSED) is Verdict.REFUSED


def test_five_connections_in_a_row_that_never_last_mean_that_it_runs_twice():
    clock = Clock()
    policy = LossPolicy(Limits(), clock)
    verdicts = []
    for lasted in (1, 6, 1, 1, 1, 1, 1):
        policy.connected()
        clock.now_s += lasted
        verdicts.append(policy.lost(Loss.ENDED))
    assert verdicts == [Verdict.TRY_AGAIN] * 6 + [Verdict.TAKEN_OVER]


def test_pauses_double_to_a_limit_and_are_never_the_same_for_all():
    least, most = BackOff(1, 30, lambda: 0.0), BackOff(1, 30, lambda: 1.0)
    assert [least.next() for _ in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]
    assert [most.next() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    most.reset()
    assert most.next() == 1
    for _ in range(5000):
        assert most.next() <= 30


def test_a_token_says_when_it_was_issued_and_expires():
    times = times_of(a_token())
    assert (times.issued_at, times.expires_at, times.renew_at) == (1000, 4000, 3000)
    for bad in ("", "a.b", "a.b.c", "a.!!.c", f"a.{part([1])}.c", a_token(exp=1000), a_token(iat="x"), a_token(exp=True),
                a_token(exp=1e300), "a.\ud800.c", "ä.ä.ä"):
        assert times_of(bad) is None, bad
    assert claims_of(a_token())["sub"] == "lamp"
    assert "it is no token" in why_refused("x", 0)
    assert "has expired, on 1970-01-01T01:06:40Z" in why_refused(a_token(), 4000)
    assert "compare the clocks" in why_refused(a_token(), 900)
    assert "revoked" in why_refused(a_token(), 2000)


def test_a_private_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "token"
    path.write_text("secret")
    for mode in (0o644, 0o604, 0o660, 0o602, 0o700):
        path.chmod(mode)
        with pytest.raises(ConfigError, match=f"is open to other users: mode {mode:04o} .chmod 600") as error:
            read_private(path, 100)
        assert "secret" not in str(error.value)
    for mode in (0o600, 0o400):
        path.chmod(mode)
        assert read_private(path, 6) == "secret"
    with pytest.raises(ConfigError, match="more than 5 bytes"):
        read_private(path, 5)


def test_a_private_file_is_a_regular_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "token")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "binary").chmod(0o600)
    for name in ("link", "pipe", "binary", "none", "."):
        with pytest.raises(ConfigError):
            read_private(tmp_path / name, 100)


def test_a_private_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "token"
    old = os.umask(0)
    try:
        replace_private(path, "one")
        replace_private(path, "two")
    finally:
        os.umask(old)
    assert path.read_text() == "two" and path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["token"]
    with pytest.raises(ConfigError, match="cannot write"):
        replace_private(tmp_path / "none" / "token", "x")


def connect_directory(tmp_path, text, names=("mosquitto_pub", "mosquitto_rr", "mosquitto_sub")):
    for name in names:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path


def test_a_connect_directory_is_read_and_a_renewed_token_kept_in_all_its_files(tmp_path):
    text = f"-h example.org\n-p 1883\n-V 5\n-u lamp\n-P {a_token()}\n# comment\n"
    credentials = ConnectDirectory(connect_directory(tmp_path, text))
    assert (credentials.endpoint.host, credentials.endpoint.port, credentials.endpoint.tls) == ("example.org", 1883, None)
    assert credentials.id == "lamp" and credentials.is_device and credentials.token() == a_token()
    credentials.keep("a.b.c")
    assert credentials.token() == "a.b.c"
    for name in ("mosquitto_pub", "mosquitto_rr", "mosquitto_sub"):
        assert (tmp_path / name).read_text() == text.replace(a_token(), "a.b.c")
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    other = ConnectDirectory(tmp_path, host="127.0.0.1", port=5)
    assert str(other.endpoint) == "127.0.0.1:5"
    assert ConnectDirectory(connect_directory(tmp_path, text + "--tls-use-os-certs\n")).endpoint.tls is not None


@pytest.mark.parametrize("text", ["", "-h x\n-p 1\n", "-h x\n-p 1\n-u a/b\n-P t\n", "-h x\n-p x\n-u lamp\n-P t\n",
                                  "-h x\n-p 0\n-u lamp\n-P t\n", "-p 1\n-u lamp\n-P t\n",
                                  "-h x\n-p 99999\n-u lamp\n-P t\n", "-h x\n-p 1\n-u lamp\n-P t\n--cafile /none\n",
                                  "-h x\n-p 1\n-u lamp\n-P " + "x" * 9000])
def test_a_connect_directory_with_a_mistake_is_refused(tmp_path, text):
    with pytest.raises(ConfigError):
        ConnectDirectory(connect_directory(tmp_path, text))


def test_a_token_file_says_who_it_is_of(tmp_path):
    path = tmp_path / "token"
    replace_private(path, a_token(sub="alice", type="user") + "\n")
    credentials = TokenFile(path, "127.0.0.1", 1883, None, None)
    assert (credentials.id, credentials.is_device) == ("alice", False)
    credentials.keep("x.y.z")
    assert path.read_text() == "x.y.z\n"
    for bad in ("", "\n", "two words", "a.b.c"):
        replace_private(path, bad)
        with pytest.raises(ConfigError, match="has no token"):
            TokenFile(path, "127.0.0.1", 1883, None, None)
    with pytest.raises(ConfigError, match="give connect=DIR, or token_file=FILE"):
        Spoke()


def test_an_exception_whose_text_cannot_be_had_is_still_one_line():
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError

    assert one_line(Odd()) == "Odd: (its text cannot be had)"
    assert one_line(ValueError("a\nb\x00\udc80")) == "ValueError: a b??"
    assert len(one_line(ValueError("x" * 10000), 100)) == 100
    assert one_line(ValueError()) == "ValueError"
