"""The language of the gateway is a folder of catalogues, and that of its process."""

import struct

import pytest

from prewatt.edge.texts import FOLDER, load_texts


def compiled(texts):
    """A catalogue as `msgfmt` makes it."""
    pairs = sorted((key.encode(), value.encode()) for key, value in texts.items())
    head, rows, data = 28 + 16 * len(pairs), ([], []), b""
    for pair in pairs:
        for table, text in zip(rows, pair, strict=True):
            table.append(struct.pack("<II", len(text), head + len(data)))
            data += text + b"\0"
    start = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return start + b"".join(rows[0]) + b"".join(rows[1]) + data


@pytest.fixture
def folder(tmp_path):
    head = "Language: zh_CN\nContent-Type: text/plain; charset=UTF-8\n"
    path = tmp_path / "zh_CN" / "LC_MESSAGES" / "edge.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(compiled({"": head, "The power is on.": "供电正常。"}))
    return tmp_path


@pytest.mark.parametrize(
    ("language", "said", "named"), [("zh_CN.UTF-8", "供电正常。", "zh-CN"), ("de_DE.UTF-8", "The power is on.", "en")]
)
def test_the_language_of_the_process_is_taken_where_there_is_a_catalogue(folder, monkeypatch, language, said, named):
    monkeypatch.setenv("LANGUAGE", language)
    catalogue, name = load_texts(folder)
    assert (catalogue.gettext("The power is on."), name) == (said, named)


def test_the_folder_of_languages_is_there():
    assert FOLDER.is_dir()
