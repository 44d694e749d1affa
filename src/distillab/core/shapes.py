"""One alphabet of tensor shapes: n examples, k classes, c h w image axes."""

from jaxtyping import Bool, Float, Int, Integer
from torch import Tensor

Images = Float[Tensor, "n c h w"]
"""Pixels in [0, 1]."""

RawImages = Integer[Tensor, "n c h w"]
"""Stored pixels, 0 to the data set's number of levels."""

Labels = Int[Tensor, "n"]
Logits = Float[Tensor, "n k"]
Probs = Float[Tensor, "n k"]
LogProbs = Float[Tensor, "n k"]
PerExample = Float[Tensor, "n"]
Flags = Bool[Tensor, "n"]
