"""Access: the password, the session, and proof that a command comes from our own page."""

from services.dashboard.access.csrf import csrf_token as csrf_token
from services.dashboard.access.csrf import keep_session as keep_session
from services.dashboard.access.guard import is_authorized as is_authorized
from services.dashboard.access.guard import is_guest as is_guest
from services.dashboard.access.guard import protect as protect
from services.dashboard.access.guard import read_key as read_key
