from decimal import Decimal

import pytest

from omega.config.documents import MAX_BYTES, document_of, read_document
from omega.errors import ConfigError

TREE = {"a": {"b": Decimal("0.10"), "c": [1, True, None, "x"]}}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("run.json", '{"a": {"b": 0.10, "c": [1, true, null, "x"]}}', TREE),
        ("run.yaml", "a:\n  b: 0.10\n  c: [1, true, null, x]\n", TREE),
        ("run.toml", '[a]\nb = 0.10\nc = [1, true, "x"]\n', {"a": {"b": Decimal("0.10"), "c": [1, True, "x"]}}),
    ],
)
def test_three_formats_give_the_same_tree(tmp_path, name, text, expected):
    file = tmp_path / name
    file.write_text(text)

    tree = read_document(file).tree

    assert tree == expected
    assert str(tree["a"]["b"]) == "0.10"


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "12:30:00", "0o17", "0x1F", "1_000", "2010-03-01"])
def test_yaml_words_that_other_readers_bend_stay_text(tmp_path, word):
    file = tmp_path / "run.yml"
    file.write_text(f"a: {word}\n")

    assert read_document(file).tree == {"a": word}


def test_every_key_knows_its_line(tmp_path):
    file = tmp_path / "run.json"
    file.write_text('{\n  "a": {\n    "b": 1\n  },\n  "c": [\n    2]\n}\n')

    document = read_document(file)

    places = {key: document.where(key)["line"] for key in [("a",), ("a", "b"), ("c", 0), ("a", "unknown")]}
    assert places == {("a",): " line 2", ("a", "b"): " line 3", ("c", 0): " line 6", ("a", "unknown"): " line 2"}


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("name", "text", "line", "reason"),
    [
        ("bomb.yaml", BOMB, " line 1", "anchors and aliases are refused"),
        ("alias.yaml", "a: *b\n", " line 1", "anchors and aliases are refused"),
        ("tag.yaml", "x: 1\na: !!python/object/apply:os.system [ls]\n", " line 2", "tags are refused"),
        ("twice.yaml", "a: 1\nb: 2\na: 3\n", " line 3", "the key 'a' appears twice"),
        ("twice.json", '{"a": 1, "a": 2}', "", "the key 'a' appears twice"),
        ("twice.toml", "a = 1\na = 2\n", "", "line 2"),
        ("two.yaml", "a: 1\n---\nb: 2\n", " line 2", "another document"),
        ("tab.yaml", "a:\n\t- 1\n", " line 2", "not YAML"),
        ("key.yaml", "? [1, 2]\n: 3\n", " line 1", "a key must be text"),
        ("nan.json", '{"a": NaN}', "", "NaN is not a number this program takes"),
        ("inf.json", '{"a": -Infinity}', "", "-Infinity is not a number this program takes"),
        ("nan.yaml", "b: 1\na: .nan\n", " line 2", ".nan is not a number this program takes"),
        ("inf.toml", "a = -inf\n", "", "-inf is not a number this program takes"),
        ("time.toml", "a = 2010-03-01\n", "", "a date stands where text or a number is expected"),
        ("cut.json", '{\n"a": 1,\n', " line 3", "not JSON"),
        ("empty.json", "", " line 1", "not JSON"),
        ("deep.json", "[" * 5000 + "]" * 5000, "", "nested deeper than 32 levels"),
        ("deep.yaml", "[" * 5000 + "]" * 5000, "", "nested deeper than 32 levels"),
        ("deep.toml", "a = " + "[" * 5000 + "]" * 5000, "", "nested deeper than 32 levels"),
        ("digits.json", '{"a": ' + "9" * 5000 + "}", "", "a number of 5000 digits"),
        ("digits.yaml", "a: " + "9" * 5000, " line 1", "a number of 5000 digits"),
        ("control.json", '{"a": "x\\u0000y"}', "", "control characters"),
        ("control.toml", 'a = "x\\u0000y"', "", "control characters"),
        ("run.ini", "[a]\n", "", "none of .json, .toml, .yaml"),
    ],
)
def test_what_is_no_document_is_refused_with_file_and_reason(tmp_path, name, text, line, reason):
    file = tmp_path / name
    file.write_text(text)

    with pytest.raises(ConfigError) as caught:
        read_document(file)

    assert caught.value.code == "config.unreadable"
    assert caught.value.context["file"] == str(file)
    assert caught.value.context["line"] == line
    assert reason in str(caught.value.context["reason"])


def test_a_large_file_is_refused_before_it_is_parsed(tmp_path):
    file = tmp_path / "large.json"
    file.write_bytes(b" " * (MAX_BYTES + 1))

    with pytest.raises(ConfigError, match="larger than 262144 bytes"):
        read_document(file)


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_bytes(b"a: 1\nb: \xff\n")

    with pytest.raises(ConfigError, match=r"run.yaml line 2: not UTF-8 text"):
        read_document(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    (tmp_path / "folder.json").mkdir()

    for name in ("absent.json", "folder.json"):
        with pytest.raises(ConfigError, match=f"{name}: cannot be read"):
            read_document(tmp_path / name)


def test_values_from_python_become_a_document_by_their_repr(tmp_path):
    document = document_of({"a": 0.1, "b": (1, 2), "c": tmp_path, "d": {"e": None}})

    assert document.tree == {"a": Decimal("0.1"), "b": [1, 2], "c": str(tmp_path), "d": {"e": None}}
    assert document.file == "arguments"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"x", {1, 2}])
def test_values_from_python_that_no_document_holds_are_refused(value):
    with pytest.raises(ConfigError) as caught:
        document_of({"a": value})

    assert caught.value.code == "config.unreadable"
