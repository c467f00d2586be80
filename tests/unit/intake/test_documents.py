"""What a text may not be, before any field is looked at: encoding, syntax, nesting, size, hidden things."""

import pytest

from tests.unit.intake.tables import refusal


@pytest.mark.parametrize(
    "name, body, code, line",
    [
        ("a.csv", b"id,qty\n", "empty_file", None),
        ("a.txt", b"{}", "unknown_format", None),
        ("noending", b"{}", "unknown_format", None),
        ("a.json", b"", "empty_file", None),
        ("a.yaml", b"# nothing\n", "empty_file", None),
        ("a.json", b"{" + b" " * (64 * 1024) + b"}", "too_large", None),
        ("a.yaml", b"a: 1\n" + b"".join(b"k%d: 1\n" % n for n in range(2_000)), "too_large", 500),
        ("a.json", b"\xef\xbb\xbf{}", "not_utf8", 1),
        ("a.json", b'{\n"id": "\xff"}', "not_utf8", 2),
        ("a.json", b'{\n\n"id": "\x00"}', "not_utf8", 3),
        ("a.json", b'{\n"id": }', "syntax", 2),
        ("a.json", b'{"id":"a","qty":1} x', "syntax", 1),
        ("a.json", b'{\n"id": "a",\n"id": "b"}', "duplicate_key", 3),
        ("a.json", b'{"algo": {"x": 1,\n"\\u0078": 2}}', "duplicate_key", 2),
        ("a.json", b'{"note": "NaN",\n"id": "a",\n"qty": NaN}', "bad_number", 3),
        ("a.json", b'{"qty":\n-Infinity}', "bad_number", 2),
        ("a.json", b'[{"id": "a"},\n{"id": "Infinity",\n"qty": NaN}]', "bad_number", 3),
        ("a.yaml", b"id: a\nid: b\n", "duplicate_key", 2),
        ("a.yaml", b'id: a\n"id": b\n', "duplicate_key", 2),
        ("a.json", b"[" * 17 + b"]" * 17, "too_deep", 1),
        ("a.json", b'{"a":' * 17 + b"1" + b"}" * 17, "too_deep", None),
        ("a.json", b"[" * 30_000, "too_deep", 1),
        ("a.yaml", b"[" * 17 + b"]" * 17, "too_deep", 1),
        ("a.yaml", b"[" * 30_000, "too_deep", 1),
        ("a.yaml", b"id: &x a\nnote: *x\n", "yaml_feature", 1),
        ("a.yaml", b"id: a\nqty: !!int 5\n", "yaml_feature", 2),
        ("a.yaml", b"id: a\nqty: ! 5\n", "yaml_feature", 2),
        ("a.yaml", b"<<: {id: a}\n", "yaml_feature", 1),
        ("a.yaml", b"id: a\n---\nid: b\n", "yaml_feature", 2),
        ("a.yaml", b"? [a]\n: 1\n", "syntax", 1),
        ("a.yaml", b"id: 'a\n", "syntax", 2),
        ("a.yaml", b"id: \x07\n", "syntax", None),
        ("a.yaml", b'id: "\\UFFFFFFFF"\n', "syntax", 1),
        ("a.yaml", "id: a\nnote: a\ufeffb\n".encode(), "syntax", 2),
        ("a.json", b"[]", "empty_file", None),
        ("a.json", b"[5]", "wrong_type", 1),
        ("a.json", b"[[]]", "wrong_type", 1),
        ("a.json", b"5", "wrong_type", None),
        ("a.json", b'{"id": true, "symbol": "A", "side": "buy", "qty": 1}', "wrong_type", 1),
        ("a.json", b'{"id": "a", "symbol": "A", "side": "buy", "qty": true}', "wrong_type", 1),
        ("a.json", b'{"id": "a", "symbol": "A", "side": "buy", "qty": 1, "note": "\\ud800"}', "bad_text", 1),
    ],
)
def test_a_text_that_is_not_strict_is_refused(name: str, body: bytes, code: str, line: int | None) -> None:
    """Faults I1, I4, I10 and A9: encoding, syntax, duplicates, nesting, size and hidden things of YAML are refused."""
    found, _, at = refusal(name, body)

    assert (code, line) == (found, at)


@pytest.mark.parametrize(
    "name, body, field",
    [
        ("a.json", b'{"id": "a",\n"id": "b"}', "id"),
        ("a.json", b'{"algo": {"name": "twap", "x": 1, "x": 2}}', "algo.x"),
        ("a.json", b'{"algo": {"profile": [0.1, "NaN", NaN]}, "qty": 1}', "algo.profile.2"),
        ("a.json", b'{"note": "Infinity", "algo": {"rate": -Infinity}}', "algo.rate"),
        ("a.json", b'[{"id": "a"}, {"id": "b", "algo": {"rate": NaN}}]', "algo.rate"),
        ("a.yaml", b"algo:\n  rate: 1\n  rate: 2\n", "algo.rate"),
        ("a.json", b'{"id": "a", "id": }', None),
    ],
)
def test_what_no_text_may_hold_is_told_with_the_field_at_which_it_stands(
    name: str, body: bytes, field: str | None
) -> None:
    """A key twice and a number that is none are told before any field is looked at, and still by their field."""
    _, told, _ = refusal(name, body)

    assert field == told
