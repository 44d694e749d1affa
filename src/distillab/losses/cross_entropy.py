"""Cross-entropy from logits, per example, against hard labels or against probabilities."""

from torch.nn import functional as F

from distillab.core.shapes import Labels, Logits, PerExample, Probs


def cross_entropy(
    logits: Logits, labels: Labels, *, temperature: float = 1.0, label_smoothing: float = 0.0
) -> PerExample:
    """Negative log-likelihood -sum_i q_i log softmax(Z / temperature)_i in nats, q the smoothed one-hot label.

    q_i = (1 - label_smoothing) [i = y] + label_smoothing / k. There is no factor temperature^2.

    Args:
        logits: pre-softmax outputs.
        labels: classes in [0, k).
        temperature: above 0; softens the prediction.
        label_smoothing: in [0, 1]; the share of probability that is spread over all k classes.

    Reference: Papernot et al. 2016, section IV (temperature); Szegedy et al. 2016, section 7 (label smoothing).
    """
    # attacks call this in their inner loop, where a division by one is noticed
    softened = logits if temperature == 1 else logits / temperature
    return F.cross_entropy(softened, labels, reduction="none", label_smoothing=label_smoothing)


def soft_cross_entropy(logits: Logits, probs: Probs, *, temperature: float = 1.0) -> PerExample:
    """Cross-entropy -sum_i q_i log softmax(Z / temperature)_i in nats against probabilities q; zeros cost nothing.

    The probabilities are taken as given: a teacher's are softened by whoever computes them. Least, and equal to the
    entropy of q, where the prediction is q. There is no factor temperature^2.

    Reference: Papernot et al. 2016, section IV-B; Hinton et al. 2015, section 2, without its rescaling.
    """
    log_probs = F.log_softmax(logits / temperature, dim=1)
    return -(probs * log_probs.masked_fill(probs == 0, 0.0)).sum(dim=1)
