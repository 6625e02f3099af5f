"""Default limits, each with its reason. Sizes in bytes, times in seconds."""

KIB, MIB = 1024, 1024 * 1024

# receive
MESSAGE_SIZE = 100 * MIB  # above any municipality's own limit, so that theirs decides
RECIPIENTS = 1000  # Postfix smtpd_recipient_limit
SESSIONS = 200  # twice Postfix' default_process_limit
SESSIONS_PER_CLIENT = 100  # one front server may use half
SESSIONS_KEPT = 4  # one in so many is kept for listen.networks, whoever else comes
SESSIONS_OUTSIDE = 4  # one in so many may be had by who has yet to show a client certificate
SLOW_SESSION = 5.0  # waited for so long, a session gives way where all seats are taken
BUSY_SESSION = 1.0  # under this, a session of our own is at work between two commands
DATA_RATE = 8 * KIB  # bytes a second; a message that comes slower gives way, too
COMMANDS = 5000  # in a session: 1000 recipients, several messages
JUNK_COMMANDS = 20  # errors in a session before 421, Postfix smtpd_hard_error_limit
COMMAND_LINE = 4096  # RFC 5321 512 + DSN and long ORCPT (RFC 3461) + slack
RECEIVED_FIELDS = 50  # Postfix hopcount_limit
HEADER_SIZE = 1 * MIB  # ten times Postfix header_size_limit; more is over-limit
MEMORY_BUDGET = 512 * MIB  # message bytes in flight in one smtp process (P9)
BUDGET_STEP = 1 * MIB  # what a DATA without SIZE takes at a time

# timers
COMMAND_TIMEOUT = 300.0  # RFC 5321 4.5.3.2.7
DATA_BLOCK_TIMEOUT = 180.0  # RFC 5321 4.5.3.2.5: each chunk of DATA
DATA_TOTAL_TIMEOUT = 1800.0  # 100 MiB at 64 KiB/s
EXAMINE_TIMEOUT = 25.0  # for one worker with one message
EXAMINE_TOTAL = 27.0  # waiting and all workers, so that the final dot is answered in 30 s by design
COMMIT_TIMEOUT = 30.0  # the reply then comes within 60 s, Postfix gives up at 100 s
DELIVERY_TIMEOUT = 90.0  # a pipeline that hangs is ended before Postfix gives up
HANDSHAKE_TIMEOUT = 10.0  # TLS, as Postfix under stress
PROOF_TIMEOUT = 10.0  # for a client from outside to show its certificate
MEMORY_TIMEOUT = 20.0  # a full memory budget: reading pauses so long, then 452
DRAIN_TIMEOUT = 60.0  # SIGTERM: what is past the dot may finish
NEXT_HOP_CONNECT_TIMEOUT = 10.0
NEXT_HOP_COMMAND_TIMEOUT = 60.0
NEXT_HOP_IDLE = 20.0  # pooled connection; below Postfix smtpd_timeout under stress

# parse, extract
DEPTH = 20  # nested multiparts, messages and archives; amavis stops at 14
PARTS = 1500  # amavis MAXFILES
UNREAD = 3000  # parts named as not examined; more say nothing new
INFLATED_SIZE = 300 * MIB  # all output of one message's decoders; amavis' expansion limit
INFLATED_RATIO = 200  # a part that grows more is a bomb unless it is under 10 MiB
WORK = 4_500_000  # steps of reading and searching a message (extract/kit/budget.py): 1 to 5 s
TEXT_SIZE = 16 * MIB  # characters given to the detectors from one message: 300 MiB of a worker
CELLS = 1_500_000  # in one sheet: 500 MiB of a worker
PIXELS = 200_000_000  # in one picture: the largest phone cameras
PICTURE_SIZE = 160 * MIB  # of one decoded picture: 40 million pixels in colour; JPEG decodes less
OCR_SECONDS = 18.0  # of reading a message; 20 with a layout analysis that cannot be stopped
SMALL_PICTURE = 300 * 150  # pixels: a logo, a clipping of a row; OCR takes 0.01 to 0.05 s
SMALL_PICTURES = 12  # so many are read where pictures are only looked at
PICTURES_TOLD = 100  # of one message that may be remembered as clean
OCR_LOOK = 6.0  # until then a worker for documents looks whether pictures hold text: some 50 photos
OCR_MARGIN = 4.0  # after the last page: a layout that overruns, and the detectors
SMALL_MAIL = 64 * KIB  # read in the smtp process if it is text only (P11)
SMALL_MAIL_DIGITS = 3000  # some 300 candidate numbers: 4 ms at the worst
SMALL_MAIL_TEXT = 10_000  # characters that cost 5 ms at the worst; longer texts are weighed
SMALL_MAIL_HEALTH = 800  # words for health and the like: 4 ms at the worst

# workers
WORKER_MEMORY = 2048 * MIB  # address space of a worker
WORKER_WAIT = 13.0  # for a worker to begin, then 451; EXAMINE_TOTAL leaves it 14 s
WORKER_CPU = (
    12  # CPU seconds for one message: less than the 14 s, so that it tells content from load
)
OCR_CPU = 24  # the same with OCR: OCR_SECONDS, a layout that overruns, detection
MESSAGE_AHEAD = 2 * MIB  # of a message that the kernel keeps until a worker is free
MESSAGE_AT_ONCE = 4 * MIB  # asked of the kernel for a message on its way to a worker
NOTE_SIZE = 4 * KIB  # JSON by which a worker says which part it opens
NOTES = 4 * PARTS  # each part is opened and closed, some twice
POISON = 10_000  # hashes of content that killed a worker; the oldest go first
POISON_DEATHS = 2  # so many, and it is opened no more
POISON_KEPT = 30  # days that a single death is remembered: it may have been another's fault
RESULT_SIZE = 4 * MIB  # JSON that a worker may answer with
VIEW_SIZE = 2 * MIB  # characters of text shown to a reviewer; the page says that more is there
FINDINGS = 2000  # in one message; more say nothing new
OPENED = 50  # places that a password of the same message opened
LABELS = 50  # labels, and as many "made by" fields, of one message
LABEL_LENGTH = 200  # characters of either

# store
CHUNK = 1 * MIB  # of a held body
JOIN_KEPT = 6 * 24 * 3600  # join keys; one day more than Postfix maximal_queue_lifetime
HELD_DAYS = 14
READING_ON = 600.0  # after a mail came its scans are read or it is held: no sender waits longer
HEARTBEAT = 1.0  # a process's event loop tells the supervisor that it runs
HANG_TIMEOUT = 60.0  # silent for so long: killed and begun anew
COUNTER_FLUSH = 5.0  # counters of clean mail may lose this much (P8)
CHECK_WAIT = 2.5  # a check before sending: for a worker to begin
CHECK_SECONDS = 4.5  # and in all, for an answer within 5 s; the rest is "not read in time"
CHECKS_PER_HOUR = 30  # of one person, who would otherwise ask what the filter misses
DIGEST_WAIT = 180.0  # seconds after the first mail that only the digest tells; sent within five min
NOTICE_WINDOW = 3600.0  # in which a sender gets `notice.per_hour` notices
OUTBOX_ATTEMPTS = 40  # with back-off up to an hour: more than a day
NOT_SENT_ATTEMPTS = 180  # more than the seven days that an end waits for its notice
