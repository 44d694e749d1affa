"""Each case runs in a fresh interpreter: an import happens once, and leaves its operators behind."""

import subprocess
import sys
import textwrap


def run(code):
    lines = textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=120, check=False)


def test_torchvision_imports_and_builds_beside_this_torch():
    done = run(
        """
        from distillab.core.torchvision_compat import declare_missing_operators, import_torchvision

        import_torchvision()
        import torch, torchvision

        with torch.device("meta"):
            network = torchvision.models.resnet18(weights=None)
        assert network(torch.empty(2, 3, 64, 64, device="meta")).shape == (2, 1000)

        nms = torch.ops.torchvision.nms.default._schema
        declare_missing_operators()
        import_torchvision()
        assert torch.ops.torchvision.nms.default._schema == nms
        """
    )
    assert done.returncode == 0, done.stderr


def test_a_plain_import_that_works_is_left_alone():
    done = run(
        """
        import sys, types

        sys.modules["torchvision"] = types.ModuleType("torchvision")
        import torch
        from distillab.core import torchvision_compat

        torchvision_compat.import_torchvision()
        assert not torchvision_compat._DECLARED
        assert not hasattr(torch.ops.torchvision, "nms")
        """
    )
    assert done.returncode == 0, done.stderr


def test_an_import_that_fails_for_another_reason_fails():
    done = run(
        """
        import pathlib, sys, tempfile

        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "torchvision.py").write_text("raise RuntimeError('out of luck')")
            sys.path.insert(0, folder)
            from distillab.core import torchvision_compat

            try:
                torchvision_compat.import_torchvision()
            except RuntimeError as error:
                assert str(error) == "out of luck"
            else:
                raise SystemExit("the error was swallowed")
            assert not torchvision_compat._DECLARED
        """
    )
    assert done.returncode == 0, done.stderr
