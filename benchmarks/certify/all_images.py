"""All 10,000 test images of MNIST through the certifier ``best`` at eps 0.1: at most ten minutes on two CPU cores.

Every process takes the next batch and works on one thread. Batches are those of the stage ``certify``, so that the
verdicts do not depend on the number of processes.

Run it from the project, with the weights of a robustly trained network, e.g. those of ``config/mnist_certified.yaml``:
``PYTHONPATH=benchmarks/peers python benchmarks/certify/all_images.py --weights FILE``.
"""

import argparse
import multiprocessing
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from common import keep

from distillab.certify.best import Best
from distillab.certify.graph import Graph
from distillab.certify.trace import trace
from distillab.core.shapes import Images, Labels
from distillab.data import DATASETS
from distillab.evaluate.run_certifier import BATCH, CertificateTable, run_certifier
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.models.published import load_published
from distillab.specs.model import Domain

SHAPE = (1, 28, 28)
EPS = 0.1


def options() -> argparse.Namespace:
    """Command-line options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="a file of weights, as `distillab certify` reads it")
    parser.add_argument("--arch", default="wong_small", help="its architecture (default: wong_small)")
    parser.add_argument("--data", default=os.environ.get("DISTILLAB_DATA", "data"), help="folder that holds MNIST/raw")
    parser.add_argument("--images", type=int, default=10_000, help="first test images (default: all)")
    parser.add_argument("--processes", type=int, default=2, help="of one thread each (default: 2)")
    return parser.parse_args()


def graph_of(arch: str, weights: str) -> Graph:
    """The traced network, without an input normalization unless the weights hold one."""
    torch.set_num_threads(1)
    model = build_model(MODELS.parse({"name": arch}), Domain(SHAPE, 10, (0.0,), (1.0,)), seed=0).eval()
    load_published(model, Path(weights))
    return trace(model, SHAPE)


def verdicts(batch: tuple[Images, Labels]) -> tuple[CertificateTable, float]:
    """Verdicts on one batch in a worker process, and its CPU seconds."""
    start = time.process_time()
    return run_certifier(Best(), _Worker.graph, *batch, eps=EPS), time.process_time() - start


class _Worker:
    graph: Graph


def _start(arch: str, weights: str) -> None:
    _Worker.graph = graph_of(arch, weights)


def measured(arguments: argparse.Namespace, x: Images, y: Labels) -> dict[str, Any]:
    """Seconds from the start of the first process to the last verdict, and what the verdicts are."""
    start, tables, cpu = time.perf_counter(), [], 0.0
    context = multiprocessing.get_context("spawn")
    with context.Pool(arguments.processes, _start, (arguments.arch, arguments.weights)) as pool:
        for table, seconds in pool.imap(verdicts, zip(x.split(BATCH), y.split(BATCH), strict=True)):
            tables.append(table)
            cpu += seconds
            print(f"{sum(len(t.label) for t in tables)} of {len(x)}", flush=True)
    right = torch.cat([t.predicted == t.label for t in tables])
    certified = torch.cat([t.certified for t in tables])
    deciders = Counter(by for t in tables for by, sure in zip(t.by, t.certified.tolist(), strict=True) if sure)
    return {
        "images": len(x),
        "eps": EPS,
        "processes": arguments.processes,
        "wall_seconds": round(time.perf_counter() - start, 1),
        "cpu_milliseconds": round(1000 * cpu / len(x), 2),
        "clean_error": 1 - float(right.double().mean()),
        "robust_error": 1 - float(certified.double().mean()),
        "decided_by": dict(sorted(deciders.items())),
    }


def main() -> None:
    """Measure, and keep what all images cost."""
    arguments = options()
    raw = DATASETS.parse({"name": "mnist", "root": arguments.data}).read()
    x = raw.test_x[: arguments.images].view(-1, *SHAPE).float() / 255
    result = measured(arguments, x, raw.test_y[: arguments.images])
    if len(x) == len(raw.test_x):
        keep("all_images", result, Path(__file__).parent / "results")
    else:
        print(result)


if __name__ == "__main__":
    main()
