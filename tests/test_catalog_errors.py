"""A fault in a catalog file is told with the file and the place in it."""

import shutil
from pathlib import Path

import pytest

from core.catalog import load_catalog
from core.catalog.loader import SHIPPED
from core.errors import CatalogError


@pytest.fixture
def catalog_dir(tmp_path: Path) -> Path:
    for folder in ("roles", "tasks"):
        shutil.copytree(SHIPPED / folder, tmp_path / folder)
    return tmp_path


def break_file(file: Path, old: str, new: str) -> int:
    """Replace the first `old` with `new` and return the line where it stood."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def problems(directory: Path) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        load_catalog(directory)
    told = caught.value.details["problems"]
    assert all(problem in caught.value.message for problem in told)
    return told


def test_a_syntax_error_is_told_with_line_and_column(catalog_dir: Path) -> None:
    file = catalog_dir / "roles" / "copywriter.toml"
    line = break_file(file, "temperature = 0.8", "temperature = = 0.8")
    assert problems(catalog_dir) == [
        f"roles/copywriter.toml, line {line}, column 15: Invalid value"
    ]


def test_a_text_that_is_never_closed_is_told_at_the_end_of_the_file(catalog_dir: Path) -> None:
    (catalog_dir / "tasks" / "poem.toml").write_text("order = 1\nsystem = '''\nabc\n")
    [problem] = problems(catalog_dir)
    assert problem.startswith("tasks/poem.toml, line 4, column 1: ")


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "words"),
    [
        (
            "tasks/sns.toml",
            'type = "list"',
            'type = "lists"',
            "fields[2].type",
            "Input should be 'text', 'long_text', 'list', 'number' or 'choice' (now 'lists')",
        ),
        (
            "roles/reviewer.toml",
            "temperature = 0.3",
            "temperature = 3",
            "options.temperature",
            "Input should be less than or equal to 2 (now 3)",
        ),
        ("tasks/free.toml", "tier =", "teir =", "teir", "is not a key that is known here"),
        (
            "tasks/product_detail.toml",
            'roles = ["copywriter", "strategist"',
            'roles = ["copywriter", "poet"',
            "roles[1]",
            "there is no role 'poet'",
        ),
        (
            "tasks/sns.toml",
            'example = { ko = "instagram", en = "instagram" }',
            'example = { ko = "instagram", en = "fax" }',
            "fields[0].example.en",
            "platform must be one of instagram",
        ),
        (
            "tasks/sns.toml",
            'name = "product_name"',
            'name = "platform"',
            "fields[1].name",
            "'platform' is used twice",
        ),
        (
            "tasks/product_detail.toml",
            'headline = { type = "string"',
            'headline = { type = "txt"',
            "contract.schema.properties.headline.type",
            "'txt' is not valid",
        ),
        (
            "tasks/product_detail.toml",
            'headline = { type = "string", minLength = 5, maxLength = 20 }',
            'headline = { "$ref" = "http://example.com/headline.json" }',
            "contract.schema.properties.headline.$ref",
            "references to other schemas are not supported",
        ),
        (
            "tasks/product_detail.toml",
            "cta = 0.10",
            "button = 0.10",
            "contract.weights.button",
            "is not a field of the schema",
        ),
        (
            "tasks/product_detail.toml",
            'cta = { ko = "버튼 문구"',
            'button = { ko = "버튼 문구"',
            "contract.labels.button",
            "is not a field of the schema",
        ),
        (
            "tasks/product_detail.toml",
            'headline = "텐트 안까지 은은한 밤"',
            'headline = "밤"',
            "example_answer.ko",
            "headline is 1 character, at least 5 required.",
        ),
        (
            "tasks/product_detail.toml",
            '- {{ field("headline") }}',
            '- {{ field("headlines") }}',
            "system.ko",
            "the contract has no field or label 'headlines'",
        ),
        (
            "tasks/product_detail.toml",
            "[항목]",
            "{% if wants_json %}[항목]{% endfor %}",
            "system.ko",
            "Encountered unknown tag 'endfor'",
        ),
        (
            "tasks/campaign.toml",
            "{% if payload.period %}",
            "{% if payload.perod %}",
            "system.ko",
            "has no attribute 'perod'",
        ),
    ],
)
def test_a_fault_is_told_with_file_line_and_key(
    catalog_dir: Path, file: str, old: str, new: str, place: str, words: str
) -> None:
    line = break_file(catalog_dir / file, old, new)
    told = problems(catalog_dir)
    [problem] = [problem for problem in told if f", {place}: " in problem]
    # An example answer is checked as a whole: its fault is told at the head of its table.
    told_line = line - 1 if place.startswith("example_answer") else line
    assert problem.startswith(f"{file}, line {told_line}, {place}: ")
    assert words in problem


def test_a_missing_key_is_told_by_its_name(catalog_dir: Path) -> None:
    break_file(catalog_dir / "tasks" / "free.toml", 'tier = "standard"', "")
    assert problems(catalog_dir) == ["tasks/free.toml, tier: is missing"]


def test_all_faults_of_all_files_are_told_at_once(catalog_dir: Path) -> None:
    break_file(catalog_dir / "roles" / "reviewer.toml", "temperature = 0.3", "temperature = 3")
    sns = catalog_dir / "tasks" / "sns.toml"
    break_file(sns, 'tier = "light"', 'tier = "tiny"')
    break_file(sns, "max_tokens = 1000", "max_tokens = 0")
    told = problems(catalog_dir)
    assert [problem.split(",")[0] for problem in told] == [
        "roles/reviewer.toml",
        "tasks/sns.toml",
        "tasks/sns.toml",
    ]


def test_weights_must_add_up_to_one(catalog_dir: Path) -> None:
    break_file(catalog_dir / "tasks" / "product_detail.toml", "cta = 0.10", "cta = 0.2")
    [problem] = problems(catalog_dir)
    assert problem.endswith("contract.weights: the weights add up to 1.1, not to 1")


def test_a_contract_needs_an_example_answer(catalog_dir: Path) -> None:
    file = catalog_dir / "tasks" / "product_detail.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("[example_answer.ko]")], encoding="utf-8")
    [problem] = problems(catalog_dir)
    assert problem.startswith("tasks/product_detail.toml, example_answer: is missing")


def test_choices_belong_to_choice_fields(catalog_dir: Path) -> None:
    line = break_file(catalog_dir / "tasks" / "sns.toml", 'type = "choice"', 'type = "text"')
    [problem] = problems(catalog_dir)
    # The fault is the whole field's: told at its header, one line above its name.
    assert problem.startswith(f"tasks/sns.toml, line {line - 2}, fields[0]: only a field of type")


def test_a_file_that_is_not_utf8_is_named(catalog_dir: Path) -> None:
    (catalog_dir / "roles" / "poet.toml").write_bytes("label = '시인'".encode("cp949"))
    assert problems(catalog_dir) == ["roles/poet.toml, byte 9: the file must be saved as UTF-8"]


def test_a_file_saved_with_a_byte_order_mark_and_windows_lines_is_read(catalog_dir: Path) -> None:
    file = catalog_dir / "roles" / "reviewer.toml"
    text = file.read_text(encoding="utf-8")
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_catalog(catalog_dir).role("reviewer") == load_catalog().role("reviewer")


def test_an_id_other_than_the_files_name_is_refused(catalog_dir: Path) -> None:
    break_file(catalog_dir / "roles" / "reviewer.toml", "order = 30", 'id = "critic"')
    assert problems(catalog_dir) == [
        "roles/reviewer.toml, line 1, id: is 'critic', but must be the file's name; leave it out"
    ]


def test_a_folder_without_files_is_named(tmp_path: Path) -> None:
    assert [problem.split(":")[0] for problem in problems(tmp_path)] == ["roles/", "tasks/"]
