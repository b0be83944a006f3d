"""Image pool: earlier fakes for the discriminators."""

from typing import Any

import torch
from torch import Tensor


class ImagePool:
    """Keeps up to `size` earlier fakes, and hands D a mixture of old and new ones.

    While the pool fills, every picture is kept and handed back. Then each picture in turn is, with
    probability 1/2, swapped for a random kept one (which goes to D while the new one takes its
    place), else handed back itself.

    Args:
        size: 50 in the paper; 0 hands back every picture as it is.
        generator: the pool's own source of chance, on the CPU.

    Source: Zhu et al. 2017, section 4, after Shrivastava et al. 2017; the coin is the official
        code's.
    """

    def __init__(self, size: int, *, generator: torch.Generator) -> None:
        self.size, self.generator = size, generator
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """As many pictures as given, (N, C, H, W), detached; some of them from earlier calls."""
        images = images.detach()
        return torch.stack([self._one(image) for image in images]) if self.size else images

    def _one(self, image: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image)
            return image
        coin, which = torch.rand(2, generator=self.generator).tolist()
        if coin < 0.5:
            return image
        slot = int(which * self.size)
        old, self.images[slot] = self.images[slot], image
        return old

    def state_dict(self) -> dict[str, Any]:
        """The kept pictures and the state of chance."""
        return {
            "images": [image.clone() for image in self.images],
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.images = list(state["images"])
        self.generator.set_state(state["generator"])
