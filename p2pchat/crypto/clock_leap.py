"""What a chain was before its clock leapt, so that a clock that is put right finds it there.

Knows: when the way back is closed. Does not know: what a chain's state is made of.
"""

from __future__ import annotations

from typing import Any

from p2pchat.types import Epoch

BACK_EPOCHS = 4
"""A clock that went forward by more than an epoch at once may have been wrong: for a day after that, the way
back stays open even when the other side went with it."""

_FIRST = Epoch(0)
_U32 = Epoch(2**32)


class StateBeforeLeap:
    """What a chain was before its clock leapt."""

    def __init__(
        self,
        epoch: Epoch = _U32,
        state: list[Any] | None = None,
        confirmed: bool = False,
        landed: Epoch = _FIRST,
    ) -> None:
        self.epoch = epoch
        """Of that state; later than any if there is none."""
        self._state = state or []
        self._confirmed = confirmed
        self._landed = landed
        """Where the leap ended."""

    def keep_state(self, epoch: Epoch, state: list[Any], landed: Epoch) -> None:
        """Keep the state before a leap. A second leap before the first is confirmed keeps the first state."""
        if self.epoch == _U32 or self._confirmed:
            self.epoch, self._state, self._confirmed = epoch, state, False
        self._landed = landed

    def confirm_epoch(self, epoch: Epoch) -> None:
        """Note that a cell of the other side came under an epoch."""
        self._confirmed |= epoch > self.epoch + 1

    def forget_if_stale(self, epoch: Epoch) -> None:
        """Forget the state when the clock cannot lead back to it."""
        if self._confirmed and epoch > self._landed + BACK_EPOCHS:
            self.epoch, self._state, self._confirmed = _U32, [], False

    def take_state(self) -> list[Any]:
        """Return the state and forget it here."""
        state, self.epoch, self._state, self._confirmed = self._state, _U32, [], False
        return state

    def to_fields(self) -> list[Any]:
        return [self.epoch, self._state, self._confirmed, self._landed]
