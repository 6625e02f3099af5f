"""Temporary."""


class Outbox:
    def wake(self):
        pass

    async def run(self):
        import asyncio

        await asyncio.Event().wait()


def outbox(archive, settings):
    return Outbox()
