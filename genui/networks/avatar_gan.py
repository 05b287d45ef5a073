"""The avatar GAN: a small StyleGAN2 (Karras et al. 2020, 1912.04958) and a discriminator without
normalisation or batch statistics, so that one picture alone has a score.

It differs from StyleGAN2 where that learns faster on few cores: no noise inputs, as flat art has no
texture that chance should decide; w makes the first feature map, which is a constant there; the
finest resolution is folded into the channels of the one below (Shi et al. 2016, 1609.05158).

All weights are drawn from N(0, 1) and scaled when used ("equalised learning rate", Karras et al.
2018, 1710.10196, section 4.1). Knows nothing of avatars, of losses or of files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDES = (4, 8, 16, 32)  # of the feature maps; pictures have twice the last
MOST = 8  # channels are never more than so many times the width
CALM = 0.01  # how much slower the mapping network learns (StyleGAN)
GAIN = 2**0.5  # keeps the deviation behind a leaky ReLU


def channels(side: int, width: int) -> int:
    """Channels of a feature map of so many pixels to a side: twice `width` at 32, doubling
    downwards."""
    return min(MOST, 2 * SIDES[-1] // side) * width


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU that keeps the deviation."""
    return F.leaky_relu(x, 0.2) * GAIN


def enlarged(x: Tensor) -> Tensor:
    """Twice the sides, bilinear."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def unfolded(x: Tensor) -> Tensor:
    """(B, 4 C, H, W) → (B, C, 2 H, 2 W). Each pixel is averaged with those to its left and above:
    that leaves no chequers, which folded pixels would otherwise show."""
    return F.avg_pool2d(F.pad(F.pixel_shuffle(x, 2), (1, 0, 1, 0), "replicate"), 2, 1)


class Linear(nn.Module):
    """A linear layer of equalised learning rate; `speed` slows its learning, `bias` is where its
    biases start."""

    def __init__(self, inputs: int, outputs: int, speed: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / speed)
        self.bias = nn.Parameter(torch.full((outputs,), bias / speed))
        self.gain, self.speed = speed * inputs**-0.5, speed

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) → (B, outputs)."""
        return F.linear(x, self.weight * self.gain, self.bias * self.speed)


class Convolution(nn.Module):
    """A convolution of equalised learning rate, sides kept."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain, self.padding = (inputs * kernel**2) ** -0.5, kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H, W)."""
        return F.conv2d(x, self.weight * self.gain, self.bias, padding=self.padding)


class Styled(nn.Module):
    """A convolution whose input channels are scaled by a style; with `even`, outputs are scaled
    back to unit deviation. Scaling the features instead of the weights is the same (1912.04958,
    appendix B) and lets a batch share one convolution."""

    def __init__(
        self, latent: int, inputs: int, outputs: int, kernel: int = 3, even: bool = True
    ) -> None:
        super().__init__()
        self.style = Linear(latent, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain, self.even, self.padding = (inputs * kernel**2) ** -0.5, even, kernel // 2

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Features (B, inputs, H, W) and a place (B, latent) → (B, outputs, H, W)."""
        style, weight = self.style(w), self.weight * self.gain
        x = F.conv2d(x * style[:, :, None, None], weight, padding=self.padding)
        if self.even:
            power = F.linear(style.square(), weight.square().sum((2, 3)))
            x = x * (power + 1e-8).rsqrt()[:, :, None, None]
        return x + self.bias[:, None, None]


class Generator(nn.Module):
    """z (B, latent) from N(0, I) → w by `map` → RGB (B, 3, 64, 64) by `synthesis`.

    width: half the channels at 32 × 32. Each of the `layers` styled convolutions takes its own w,
    coarse ones first: 0–2 decide pose and shape, the last ones colour. `mean_w` (latent) is the
    mean of w, for truncation: w' = mean_w + psi (w - mean_w)."""

    mean_w: Tensor

    def __init__(self, latent: int = 128, width: int = 16) -> None:
        super().__init__()
        self.latent, self.layers = latent, 2 * len(SIDES) - 1
        self.mapping = nn.ModuleList(Linear(latent, latent, CALM) for _ in range(3))
        self.start = Linear(latent, channels(SIDES[0], width) * SIDES[0] ** 2)
        self.styled = nn.ModuleList(
            Styled(latent, channels(side_in, width), channels(side, width))
            for side_in, side in self._steps()
        )
        self.to_rgb = nn.ModuleList(
            Styled(latent, channels(side, width), 12, 1, even=False) for side in SIDES
        )
        self.register_buffer("mean_w", torch.zeros(latent))

    @staticmethod
    def _steps() -> Iterator[tuple[int, int]]:
        """The sides before and after each styled convolution: one at 4, two at each other."""
        yield SIDES[0], SIDES[0]
        for small, large in pairwise(SIDES):
            yield small, large
            yield large, large

    def map(self, z: Tensor) -> Tensor:
        """z (B, latent) → w (B, latent). z is first brought to length √latent, as N(0, I) almost
        is."""
        w = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            w = activate(layer(w))
        return w

    def synthesis(self, ws: Tensor) -> Tensor:
        """w (B, latent), or one per layer (B, layers, latent) → (B, 3, 64, 64); -1..1, or a little
        beyond: clamp before showing. Each resolution adds its part to the enlarged picture so
        far."""
        if ws.dim() == 2:
            ws = ws[:, None].expand(-1, self.layers, -1)
        x = self.start(ws[:, 0]).unflatten(1, (-1, SIDES[0], SIDES[0]))
        picture: Tensor | None = None
        for i, layer in enumerate(self.styled):
            if i % 2 == 1:  # enlarged after the convolution: a quarter of the work
                x = activate(enlarged(layer(x, ws[:, i])))
                continue
            x = (x + activate(layer(x, ws[:, i]))) / GAIN
            drawn = unfolded(self.to_rgb[i // 2](x, ws[:, i]))
            picture = drawn if picture is None else drawn + enlarged(picture)
        assert picture is not None
        return picture

    def forward(self, z: Tensor) -> Tensor:
        """z (B, latent) → (B, 3, 64, 64)."""
        return self.synthesis(self.map(z))


class Halving(nn.Module):
    """A residual block of the discriminator that halves the sides."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = Convolution(inputs, inputs)
        self.second = Convolution(inputs, outputs)
        self.shortcut = Convolution(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H/2, W/2)."""
        inner = F.avg_pool2d(activate(self.first(x)), 2)
        inner = activate(self.second(inner))
        found: Tensor = (inner + self.shortcut(F.avg_pool2d(x, 2))) / GAIN
        return found


class Discriminator(nn.Module):
    """RGB (B, 3, 64, 64) in -1..1 → a score (B,): the higher, the more real. Only the difference of
    two scores means something. The finest resolution is folded into channels."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.stem = Convolution(12, channels(32, width))
        self.blocks = nn.ModuleList(
            Halving(channels(side, width), channels(side // 2, width)) for side in (32, 16, 8)
        )
        wide = channels(4, width)
        self.last = Convolution(wide, wide)
        self.flat = Linear(wide * 16, wide)
        self.score = Linear(wide, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 64, 64) → (B,)."""
        x = activate(self.stem(F.pixel_unshuffle(images, 2)))
        for block in self.blocks:
            x = block(x)
        x = activate(self.last(x)).flatten(1)
        score: Tensor = self.score(activate(self.flat(x)))
        return score[:, 0]
