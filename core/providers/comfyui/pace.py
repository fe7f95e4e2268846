"""How often the server is asked, and how long things are waited for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Seconds, all of them. The defaults suit a server in the same network.

    `poll` between two looks at queue and history, `settle` the same once the end was
    announced, `vanished` between the two looks that make a job a lost one; `unreachable` how
    long the server may be away in mid-job; `look_up` between looks for a job whose reply was
    lost; `deaf` how long a running job may be silent on the websocket before that is
    connected anew; `withdraw` the longest wait for a cancelled job to end, `insist` between
    two requests to end it.
    """

    poll: float = 2.0
    settle: float = 0.2
    vanished: float = 1.0
    unreachable: float = 60.0
    look_up: float = 0.7
    deaf: float = 15.0
    reconnect: float = 1.0
    withdraw: float = 15.0
    insist: float = 2.5
