"""The rows of this room, each in a file of its own."""

from .audit import AuditEntry as AuditEntry
from .first_passwords import FirstPassword as FirstPassword
from .invitations import Invitation as Invitation
from .keys import ApiKey as ApiKey
from .languages import SpokenLanguage as SpokenLanguage
from .memberships import Membership as Membership
from .sent_forms import SentForm as SentForm
from .throttles import Throttle as Throttle
from .wechat_users import WeChatUser as WeChatUser
