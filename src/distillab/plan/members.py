"""From parameters to members: every payload that the chosen studies need, with its identity."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distillab.core.code_hash import code_hash
from distillab.core.errors import SpecError
from distillab.core.identity import ModelIdentity
from distillab.core.job import Member, fill_pattern, member_key
from distillab.core.stages import STAGES, stage_module
from distillab.params.root import Params
from distillab.specs.base import Spec

DATA = {"images": "data-images", "split": "data-split"}
"""Roles of the prepared data, and their member ids."""

MOST_MEMBERS = 100_000
"""Payloads of a run: of more, Snakemake's graph of jobs does not fit in memory."""


@dataclass
class Roster:
    """Members in the order they can be made; each is added after its parents."""

    params: Params
    root: Path = Path()
    members: dict[str, Member] = field(default_factory=dict)
    _codes: dict[tuple[str, ...], str] = field(default_factory=dict)

    def add(  # noqa: PLR0913 - a member is this many things
        self,
        stage: str,
        member_id: str,
        axes: dict[str, str],
        specs: dict[str, Spec],
        *,
        parents: dict[str, str] | None = None,
        facts: dict[str, Any] | None = None,
        seed: int = 0,
        threads: int = 1,
        modules: Iterable[str] = (),
        files_code: str = "",
        stored_only: bool = False,
        model: ModelIdentity | None = None,
    ) -> str:
        """Add one member and return its id.

        Args:
            stage: the stage that makes it; its module is part of the code hash.
            member_id: flat and unique.
            axes: the wildcards of its path.
            specs: what it is made of; the modules of these specs, at any depth, are part of the code hash.
            parents: role to member id.
            facts: further plain content of the spec.
            seed: the user's seed.
            threads: CPU threads of the process.
            modules: further modules that the payload depends on.
            files_code: hash of source files outside the package.
            stored_only: True where the payload has no place under ``results/``.
            model: which trained network it is.

        Raises:
            SpecError: another payload has the id already, or there are too many.
        """
        self._refuse_too_many()
        parents = parents or {}
        identity = {name: spec.identity() for name, spec in specs.items()} | (facts or {}) | {"seed": seed}
        code = self._code(stage, specs.values(), modules) + files_code
        keys = {role: self.members[parent].key for role, parent in parents.items()}
        place = "" if stored_only else fill_pattern(STAGES[stage].pattern, axes)
        member = Member(
            stage=stage,
            id=member_id,
            axes=axes,
            spec={name: spec.plain() for name, spec in specs.items()} | (facts or {}),
            seed=seed,
            parents=parents,
            code=code,
            key=member_key(stage, identity, code, keys),
            path=place and f"results/{self.params.preset}/{place}",
            threads=threads,
            incomplete=not stored_only and STAGES[stage].incomplete,
            model=model,
        )
        if self.members.setdefault(member_id, member).key != member.key:
            raise SpecError(
                "two payloads would share a name", where=f"params: {member_id}", do="rename a method or drop a value"
            )
        return member_id

    def _refuse_too_many(self) -> None:
        if len(self.members) >= MOST_MEMBERS:
            most = f"at most {MOST_MEMBERS} models, answers and measurements"
            do = "take fewer seeds, trials, temperatures or methods"
            raise SpecError("too much for one run", where="params", expected=most, do=do)

    def add_model(
        self,
        stage: str,
        model: ModelIdentity,
        specs: dict[str, Spec],
        *,
        parents: dict[str, str],
        facts: dict[str, Any] | None = None,
        axes: dict[str, str] | None = None,
        threads: int,
    ) -> str:
        """Add a network to be trained, named and placed by its identity, and return its id."""
        return self.add(
            stage,
            model.member_id,
            model.axes | (axes or {}),
            specs,
            parents=parents,
            facts=facts,
            seed=model.seed,
            threads=threads,
            model=model,
        )

    def model(self, member_id: str) -> ModelIdentity:
        """Which trained network a member is.

        Raises:
            KeyError: it is none.
        """
        found = self.members[member_id].model
        if found is None:
            raise KeyError(member_id)
        return found

    def _code(self, stage: str, specs: Iterable[Spec], modules: Iterable[str]) -> str:
        of_specs = {type(part).__module__ for spec in specs for part in spec.walk()}
        known = tuple(sorted({stage_module(stage), *of_specs, *modules}))
        if known not in self._codes:
            self._codes[known] = code_hash(known)
        return self._codes[known]
