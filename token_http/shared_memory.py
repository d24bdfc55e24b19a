"""A bounded memory that several share: whoever holds the most of it pays for what is new, with its own oldest."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator


class SharedMemory[K: Hashable, V]:
    """Values by key, each kept at the cost of an owner; reading is free for everybody.

    Nobody is held to a quota while there is room. When there is none, the owner with the most entries loses the one
    that was least recently used: of n owners each can keep an nth, whatever the others do. Belongs to one event loop.
    """

    def __init__(self, size: int) -> None:
        """`size` is the number of entries in all."""
        self._size = size
        self._owners: dict[K, str] = {}
        self._parts: dict[str, OrderedDict[K, V]] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def __iter__(self) -> Iterator[K]:
        return iter(self._owners)

    def get(self, key: K) -> V | None:
        """The value under this key, now the most recently used of its owner's; None when there is none."""
        owner = self._owners.get(key)
        if owner is None:
            return None
        part = self._parts[owner]
        part.move_to_end(key)
        return part[key]

    def put(self, key: K, value: V, *, owner: str) -> None:
        """Keep a value at the cost of `owner`; one in place of another stays at the cost of whoever paid for that."""
        owner = self._owners.get(key, owner)
        self.pop(key)
        if len(self._owners) >= self._size:
            # The newcomer counts: who would hold the most with it is the one to pay.
            largest = max(self._parts, key=lambda name: len(self._parts[name]) + (name == owner))
            oldest = next(iter(self._parts[largest]))
            self.pop(oldest)
        self._owners[key] = owner
        self._parts.setdefault(owner, OrderedDict())[key] = value

    def drop_oldest_while(self, is_over: Callable[[V], bool]) -> None:
        """Forget of each owner what was used the longest ago, as long as it is over."""
        for part in list(self._parts.values()):
            while part:
                oldest, value = next(iter(part.items()))
                if not is_over(value):
                    break
                self.pop(oldest)

    def pop(self, key: K) -> None:
        """Forget what is under this key."""
        owner = self._owners.pop(key, None)
        if owner is not None:
            part = self._parts[owner]
            del part[key]
            if not part:
                del self._parts[owner]

    def held_by(self, owner: str) -> int:
        """How many entries this owner pays for."""
        return len(self._parts.get(owner, ()))
