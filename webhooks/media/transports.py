"""The libraries that carry audio sockets, by the names the settings know them by. (docs/decisions/0008-model-transport.md)"""

from qualify import line_picows, line_websockets
from qualify.line import Dial, Serve

DIAL: dict[str, Dial] = {"picows": line_picows.dial, "websockets": line_websockets.dial}
SERVE: dict[str, Serve] = {"picows": line_picows.serve, "websockets": line_websockets.serve}
