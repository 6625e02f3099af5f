"""Every SMTP reply that we can give: ASCII, generic, from this closed list (P3, P10).

The text tells a postmaster what to do; a person gets our notice. Nothing of a message, an
exception or a rule stands in a reply. Replies of the next hop pass through as they are.
"""

from mailfilter.model import Reply

BANNER = Reply(220, "{host} ESMTP mailfilter")
HELLO = Reply(250, "{host}")
OK = Reply(250, "2.0.0 Ok")
MAIL_OK = Reply(250, "2.1.0 Ok")
RCPT_OK = Reply(250, "2.1.5 Ok")
DATA_GO = Reply(354, "End data with <CR><LF>.<CR><LF>")
QUIT = Reply(221, "2.0.0 Bye", close=True)
START_TLS = Reply(220, "2.0.0 Ready to start TLS")
HELP = Reply(214, "2.0.0 mailfilter relays mail for its own organisation")
VRFY = Reply(252, "2.0.0 Cannot verify, send some mail")
ACCEPTED = Reply(250, "2.0.0 Ok: taken care of as {id}")
CHECK_HERE = Reply(250, "2.1.5 Ok: checked here, sent to nobody")
CHECKED = Reply(250, "2.0.0 Ok: checked and dropped, the answer is on its way as {id}")
CHECK_ALONE = Reply(550, "5.7.1 A draft to be checked goes to that one mailbox, nobody has got it")
RETURN_HERE = Reply(250, "2.1.5 Ok: a return of ours")
RETURN_ALONE = Reply(452, "4.5.3 One of these recipients at a time, send the others again")
RETURNED = Reply(250, "2.0.0 Ok: noted")
CHECK_NOT_YOU = Reply(550, "5.7.1 Only people of this organisation have drafts checked here")
CHECK_LATER = Reply(450, "4.7.1 Too many drafts to be checked in an hour, try again later")

STOPPED = Reply(
    550,
    "5.7.1 Stoppat av e-postskyddet: mojliga personuppgifter. Sand via saker tjanst. Arende {id}",
)
NOT_OURS = Reply(550, "5.7.1 Not a sender of this organisation")
STRAY = Reply(550, "5.6.0 Lone CR, lone LF or NUL in the message")
LOOP = Reply(554, "5.4.6 Too many Received fields: mail loop")
TOO_BIG = Reply(552, "5.3.4 Message is larger than the limit")
TOO_MANY_RCPTS = Reply(452, "4.5.3 Too many recipients")
NOBODY = Reply(554, "5.5.1 No valid recipients")
ACCESS_DENIED = Reply(550, "5.7.1 Relay access denied", close=True)
NO_SERVICE = Reply(554, "5.7.1 Only servers of this organisation may send here", close=True)

NOT_NOW = Reply(451, "4.7.1 Cannot inspect the message now, try again later")
STORE_DOWN = Reply(451, "4.3.0 Cannot store the message now, try again later")
HOP_DOWN = Reply(451, "4.4.1 Next hop does not answer, try again later")
HOP_ABSENT = Reply(421, "4.4.1 Next hop does not answer, try again later", close=True)
HOP_ODD = Reply(451, "4.3.0 Next hop gave an unusable answer, try again later")
HOP_CHANGED = Reply(451, "4.3.0 Next hop changed its mind about a recipient, try again later")
FULL = Reply(452, "4.3.1 No room now, try again later")
NO_PASSWORD = Reply(451, "4.3.0 The password of this service cannot be read")
INTERNAL = Reply(451, "4.3.0 Internal error, try again later")
BUSY = Reply(421, "4.7.0 Too many sessions, try again later", close=True)
TOO_MANY_COMMANDS = Reply(421, "4.7.0 Too many commands", close=True)
TOO_MANY_ERRORS = Reply(421, "4.7.0 Too many errors", close=True)
TIMEOUT = Reply(421, "4.4.2 Timeout", close=True)
GOING_DOWN = Reply(421, "4.3.2 Service is going down", close=True)

UNKNOWN = Reply(500, "5.5.2 Command not known")
SYNTAX = Reply(501, "5.5.4 Syntax error in parameters")
TOO_LONG = Reply(500, "5.5.2 Command line is too long")
PARAMETER = Reply(555, "5.5.4 Parameter not supported")
BAD_ADDRESS = Reply(553, "5.1.3 Address is not valid here")
SEQUENCE = Reply(503, "5.5.1 Bad sequence of commands")
NEED_TLS = Reply(530, "5.7.0 Must issue a STARTTLS command first")
NO_TLS = Reply(454, "4.7.0 TLS is not available")
NOT_IMPLEMENTED = Reply(502, "5.5.1 Command not implemented")


def filled(reply: Reply, **values: str) -> Reply:
    """The reply with its placeholder (host or id, our own words) filled in."""
    return Reply(reply.code, reply.text.format(**values), reply.close)
