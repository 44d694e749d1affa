"""A registry is an explicit tuple of methods: the tuple is the documentation."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Generic, TypeVar, Union

from pydantic import BaseModel, Field

from distillab.core.errors import SpecError

SpecT = TypeVar("SpecT", bound=BaseModel)


class Registry(Generic[SpecT]):
    """Spec classes by their ``name``; an unknown name is an error that lists the valid ones."""

    def __init__(self, kind: str, *members: type[SpecT]) -> None:
        self.kind = kind
        self.members = members
        self._by_name = {name_of(member): member for member in members}
        if len(self._by_name) != len(members):
            raise SpecError(f"two {kind}s share a name", got=", ".join(name_of(m) for m in members))

    def __iter__(self) -> Iterator[type[SpecT]]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    @property
    def names(self) -> tuple[str, ...]:
        """The registered names, in registration order."""
        return tuple(self._by_name)

    def __getitem__(self, name: str) -> type[SpecT]:
        if name not in self._by_name:
            near = get_close_matches(name, self.names, n=1)
            raise SpecError(
                f"unknown {self.kind}",
                expected=f"one of {', '.join(self.names)}",
                got=repr(name),
                do=f"did you mean {near[0]}?" if near else "",
            )
        return self._by_name[name]

    def parse(self, plain: dict[str, Any]) -> SpecT:
        """The spec whose JSON form is ``plain``."""
        return self[str(plain["name"])].model_validate(plain)

    @property
    def union(self) -> Any:  # noqa: ANN401 - a type expression built at run time has no static type
        """The pydantic type of "any registered spec", told apart by ``name``."""
        if len(self) == 1:
            return self.members[0]
        return Annotated[Union[self.members], Field(discriminator="name")]  # noqa: UP007 - members come as a tuple


def name_of(spec: type[BaseModel]) -> str:
    """The value of a spec class's ``name`` literal, e.g. ``"ce"``."""
    return str(spec.model_fields["name"].default)
