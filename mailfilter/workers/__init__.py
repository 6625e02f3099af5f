"""Scan workers: processes that a hostile file may take down, and the way to ask them.

`master` forks workers that have everything imported; `worker` is one of them; `pool` is what an
smtp process or the command line calls. They meet on a Unix socket on which every worker listens,
so the kernel hands a job to whoever is free, and its backlog is the queue.
"""
