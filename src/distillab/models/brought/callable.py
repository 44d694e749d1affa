"""A function of the user's, named as ``module:name``."""

import importlib
import sys
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, StringConstraints
from torch import Tensor, nn

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.shapes import Images
from distillab.models.brought.framed import framed
from distillab.specs.brought import BroughtSpec
from distillab.specs.model import Domain

Function = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$", max_length=200)]
"""A module and a name in it."""

CONTENT = "content"
"""Under which name a payload keeps the hash of the module's file."""


class CallableModel(BroughtSpec):
    """A function from images (n, c, h, w) in [0, 1] to answers (n, k). `trusted` must name it.

    It is looked for in the project's folder and then where Python looks. It is another model as soon as the file of its
    module changes; what that imports or reads does not count.
    """

    name: Literal["callable"] = "callable"
    label: ClassVar[str] = "function"
    runs_code: ClassVar[bool] = True

    callable: Function = Field(description="`module:name`: tensors in, a tensor or an array out")

    def files(self) -> tuple[Path, ...]:
        """The file of the function's module, which is not imported for this."""
        return (_module_file(self.callable.partition(":")[0]),)

    def read(self, domain: Domain) -> dict[str, Tensor]:
        """The hash of its module's file alone."""
        self.open({}, domain)
        return {CONTENT: torch.tensor([*bytes.fromhex(self.fingerprint())], dtype=torch.uint8)}

    def open(self, payload: dict[str, Tensor], domain: Domain) -> nn.Module:  # noqa: ARG002 - the module holds it all
        """The function as a network without parameters."""
        module, _, name = self.callable.partition(":")
        found = getattr(_imported(module), name, None)
        if not callable(found):
            raise SpecError("no such function", where=self.callable, expected=f"{name} in {module}")
        return framed(_Asked(found), self)


class _Asked(nn.Module):
    """A function as a network."""

    def __init__(self, function: Callable[[Images], object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Images) -> Tensor:
        """What the function says of the images, in their precision and where they are."""
        with torch.no_grad():
            return torch.as_tensor(self.function(x.detach())).to(x)


def _imported(module: str) -> object:
    try:
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(module)
    except Exception as error:  # a module of the user's may raise anything
        raise ArtifactError("cannot be imported", where=module, got=f"{type(error).__name__}: {error}") from error


def _module_file(module: str) -> Path:
    """Where a module is, found without running any package that it is in."""
    path = [str(Path.cwd()), *sys.path]
    for part in (parts := module.split(".")):
        spec = PathFinder.find_spec(part, path)
        if spec is None:
            raise ArtifactError("no such module", where=module, do="put its file into the project's folder")
        path = [*(spec.submodule_search_locations or ())]
    if not parts or not spec or not spec.origin or not Path(spec.origin).is_file():
        raise ArtifactError("no module with a file", where=module)
    return Path(spec.origin)
