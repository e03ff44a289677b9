"""Publishing at once over the same head: one is published, the other is told."""

import threading
from collections.abc import Callable

from consent_service.core.errors import PreconditionFailedError
from consent_service.publishing.errors import HeadMovedError
from consent_service.sites.model import Manager
from tests.support.world import World


def at_once(*acts: Callable[[], object]) -> list[type[Exception] | None]:
    """Run acts together; return the error that each ended with."""
    begin = threading.Barrier(len(acts))
    ended: list[type[Exception] | None] = [None] * len(acts)

    def run(position: int, act: Callable[[], object]) -> None:
        begin.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test compares it
            ended[position] = type(error)

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def test_of_two_that_saw_the_same_head_one_publishes(world: World) -> None:
    services = world.services
    head = services.management.state("shop").head
    services.management.hand_over("shop", Manager.CONSOLE, head)
    text = services.publishing.files("shop")["terms.en.md"]

    def publisher(number: int) -> Callable[[], object]:
        files = {"terms.en.md": f"{text}\nSentence {number}.\n"}
        return lambda: services.drafts.publish_files("shop", files, over=head)

    ended = at_once(*(publisher(number) for number in range(4)))
    assert sorted(str(each) for each in ended) == sorted(
        str(each) for each in (None, HeadMovedError, HeadMovedError, HeadMovedError)
    )
    assert [each.number for each in services.management.versions("shop")] == [1, 1, 2]


def test_of_two_drafts_of_one_file_one_is_created(world: World) -> None:
    services = world.services
    head = services.management.state("shop").head
    services.management.hand_over("shop", Manager.CONSOLE, head)
    ended = at_once(
        *(
            lambda text=text: services.drafts.create("shop", "terms.en.md", text, None)
            for text in ("one", "two", "three", "four")
        )
    )
    assert ended.count(None) == 1
    assert ended.count(PreconditionFailedError) == 3
    assert len(services.drafts.list("shop")) == 1
