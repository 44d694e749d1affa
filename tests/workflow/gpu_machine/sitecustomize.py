"""Makes every stage that Python runs believe that it has a GPU; on the path of a run's processes, and nowhere else."""

import sys

STAGES = {"prepare", "bring", "answer", "teach", "baseline", "knockoff", "distill", "measure", "sensitivity", "attack",
          "certify"}  # fmt: skip

if len(sys.orig_argv) > 2 and sys.orig_argv[1].endswith("/distillab") and sys.orig_argv[2] in STAGES:
    from pretended import pretended_gpu

    GPU = pretended_gpu()  # which would end with its last name
    GPU.__enter__()
