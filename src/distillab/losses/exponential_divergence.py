"""The exponential predictive divergence of adversarial sparse teachers: no logarithm, no matching, and a sign."""

from distillab.core.shapes import PerExample, Probs


def exponential_predictive_divergence(p: Probs, r: Probs) -> PerExample:
    """``EPD(p, r) = sum_c exp(r_c) (r_c - p_c)``, in [-(e - 1), e - 1], also where either has zeros.

    It is linear in p, zero at p = r, and no divergence: it can be negative, and over the simplex it is least where all
    of p lies on the largest r. A uniform r gives 0 whatever p. There is no factor T^2.

    Args:
        p: Distributions that are trained, softened already.
        r: Distributions that they are held against.

    Reference: Yilmaz & Keles 2024, released code, whose Kullback-Leibler loss for log-probabilities is given
        probabilities; methods section 2.5.
    """
    return (r.exp() * (r - p)).sum(dim=1)
