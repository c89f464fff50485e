"""The services that carry SMS: a small file for each, all of the same shape."""

from .aliyun import Aliyun
from .apprise_service import AppriseService
from .gateway import Gateway
from .huawei import Huawei
from .interface import Sender
from .tencent import Tencent

SENDERS: dict[str, type[Sender]] = {each.name: each for each in (AppriseService, Aliyun, Tencent, Huawei, Gateway)}
"""The senders by name. The first one is used for accounts that name none."""
