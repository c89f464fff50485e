"""A folder of keys is closed to other users of the machine."""

import pytest

from prewatt import folder as folders
from prewatt.folder import OpenFolderError, keep_private
from prewatt.server.core.config import load_config
from prewatt.server.core.home_folder import enter_home
from prewatt.server.core.server_config import ConfigError


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o711, 0o777])
def test_a_folder_that_others_can_read_is_closed_to_them(tmp_path, caplog, mode):
    tmp_path.chmod(mode)
    keep_private(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert "It is closed to them now" in caplog.text


def test_one_that_all_share_or_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path, monkeypatch):
    tmp_path.chmod(0o1777)
    with pytest.raises(OpenFolderError, match="Use a folder of its own"):
        keep_private(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777
    tmp_path.chmod(0o755)
    monkeypatch.setattr(folders.os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(OpenFolderError, match="chmod 700"):
        keep_private(tmp_path)
    with pytest.raises(ConfigError, match=r"PREWATT_HOME: .*other users"):
        enter_home(load_config({"PREWATT_HOME": str(tmp_path)}))
    tmp_path.chmod(0o700)
    keep_private(tmp_path)
