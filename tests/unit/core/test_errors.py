"""Errors are one line, in one order, whatever goes into them."""

import pytest

from distillab.core.errors import ArtifactError, ContractError, DistillabError, SpecError


def test_the_parts_stand_in_one_order():
    error = SpecError("wrong", where="train.lr", expected="a number", got="'x'", do="mend it")
    assert str(error) == "train.lr: wrong; expected a number; got 'x'; mend it"


def test_absent_parts_leave_no_trace():
    assert str(SpecError("wrong")) == "wrong"
    assert str(SpecError("wrong", got="2")) == "wrong; got 2"


def test_an_error_is_one_line():
    error = ArtifactError("not\nYAML", got="line 1\n  column 2", do="mend\tit")
    assert str(error) == "not YAML; got line 1 column 2; mend it"


def test_the_fault_is_the_line_without_what_to_do():
    assert SpecError("wrong", where="train.lr", got="'x'", do="mend it").fault == "train.lr: wrong; got 'x'"
    assert SpecError("wrong").fault == "wrong"


def test_each_kind_has_its_exit_code():
    kinds = [DistillabError, SpecError, ArtifactError, ContractError]
    assert [kind.exit_code for kind in kinds] == [1, 2, 3, 4]
    for kind in kinds[1:]:
        with pytest.raises(DistillabError):
            raise kind("")
