"""The list of plugs: what people get wrong in it, and what stays as they wrote it."""

from pathlib import Path

import pytest

from services.tuya.plug import Plug
from services.tuya.plug_list import plug_list
from shared.conditions import Language, plugs, render
from shared.errors import ConfigError
