"""Makes every stage that computes believe that it has a GPU; on the path of a run's processes, and nowhere else."""

import sys

if len(sys.orig_argv) > 2 and sys.orig_argv[1].endswith("/distillab"):
    from distillab.core.stages import STAGES

    if (stage := STAGES.get(sys.orig_argv[2])) and stage.computes:
        from pretended import pretended_gpu

        GPU = pretended_gpu()  # which would end with its last name
        GPU.__enter__()
