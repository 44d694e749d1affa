"""What tables show, computed a second time: sums over images instead of entropies, ranks instead of library calls."""

from math import log, sqrt

import numpy as np

T975 = {2: 12.706204736174707, 3: 4.302652729911275, 4: 3.182446305284264, 5: 2.7764451051977987}
"""Student's quantile at 97.5 % by the number of seeds."""


def powered(log_probs, power):
    probs = np.exp(log_probs.astype(np.float64)) ** power
    return probs / probs.sum(axis=1, keepdims=True)


def entropy(p):
    return -sum(x * log(x) for x in p if x > 0)


def scatter_of_class(log_probs, labels, y, power):
    """Mean divergence of a class's answers from their mean."""
    answers = powered(log_probs[labels == y], power)
    mean = answers.mean(axis=0)
    return sum((q * np.log(q / mean)).sum() for q in answers) / len(answers)


def scatter(log_probs, labels, power):
    """The same over all images: classes weigh as often as they occur."""
    shares = {y: (labels == y).mean() for y in set(labels.tolist())}
    return sum(share * scatter_of_class(log_probs, labels, y, power) for y, share in shares.items())


def corrected_scatter(log_probs, labels, power):
    """The jackknife: the mean's entropy is replaced by its estimate from the classes without each image in turn."""
    total = 0.0
    for y in set(labels.tolist()):
        answers = powered(log_probs[labels == y], power)
        n = len(answers)
        left = sum(entropy(np.delete(answers, j, axis=0).mean(axis=0)) for j in range(n)) / n
        mean_entropy = sum(entropy(q) for q in answers) / n
        total += n / len(labels) * (n * entropy(answers.mean(axis=0)) - (n - 1) * left - mean_entropy)
    return total


def off_diagonal(log_probs, labels):
    """What each class's mean answer gives to the other classes, class by class."""
    means = [powered(log_probs[labels == y], 1.0).mean(axis=0) for y in range(log_probs.shape[1])]
    return [[float(p) for c, p in enumerate(mean) if c != y] for y, mean in enumerate(means)]


def similarity(log_probs, labels):
    """Mean over classes of how far the others' shares are from equal shares."""
    rows = [np.array(row) / sum(row) for row in off_diagonal(log_probs, labels)]
    return sum((row * np.log(row * len(row))).sum() for row in rows) / len(rows)


def rank_correlation(first, second):
    """Spearman's, for numbers without ties: 1 - 6 sum d^2 / (n (n^2 - 1))."""
    ranks = [np.argsort(np.argsort(np.ravel(each))) for each in (first, second)]
    n = len(ranks[0])
    return 1 - 6 * int(((ranks[0] - ranks[1]) ** 2).sum()) / (n * (n**2 - 1))


def mean_and_bounds(values):
    """Student's interval over seeds."""
    n, mean = len(values), sum(values) / len(values)
    half = T975[n] * sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)
    return mean, mean - half, mean + half


def share_bounds(shares, n):
    """Of three or more seeds' shares of ``n`` images, the p that lie ``t`` of their own errors from the mean."""
    mean, seeds = sum(shares) / len(shares), len(shares)
    variance = max(sum((share - mean) ** 2 for share in shares) / (seeds - 1), 1 / n**2)
    inner = min(max(mean, 1 / n), 1 - 1 / n)
    factor = T975[seeds] ** 2 * variance / (inner * (1 - inner)) / seeds
    return tuple(sorted(np.roots([1 + factor, -(2 * mean + factor), mean**2]).real))
