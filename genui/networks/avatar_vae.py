"""The avatar VAE: a picture of 64 × 64 pixels as one vector, and back.

A residual encoder says where in the latent space a picture lies and how sure it is, a residual
decoder draws what lies at a place (Kingma and Welling 2013, 1312.6114). Knows nothing of avatars,
of losses or of files."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 8
SIDE = 64  # pixels
SMALL = 4  # side of the last feature map
SURE = -3.0  # log variance at the start: learning under unit noise wastes the first thousand steps


class Residual(nn.Module):
    """Two convolutions beside a shortcut (He et al. 2016, 1603.05027), with group normalisation.
    `scale`: 0.5 halves the sides first, 2 doubles them, 1 leaves them."""

    def __init__(self, inputs: int, outputs: int, scale: float = 1) -> None:
        super().__init__()
        self.scale = scale
        self.first_norm = nn.GroupNorm(GROUPS, inputs)
        self.first = nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.second_norm = nn.GroupNorm(GROUPS, outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.second.weight)  # almost linear at the start

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, scale × H, scale × W)."""
        inner = F.silu(self.first_norm(x))
        if self.scale == 0.5:
            x, inner = F.avg_pool2d(x, 2), F.avg_pool2d(inner, 2)
        # widening before enlarging costs a quarter and draws the same
        inner, x = self.first(inner), self.shortcut(x)
        if self.scale == 2:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            inner = F.interpolate(inner, scale_factor=2.0, mode="nearest")
        inner = self.second(F.silu(self.second_norm(inner)))
        found: Tensor = x + inner
        return found


class AvatarVAE(nn.Module):
    """RGB (B, 3, 64, 64) in -1..1 ⇄ a vector (B, latent) whose prior is N(0, I).

    width: channels at 32 × 32, a multiple of 8; twice as many at 16, four times at 8 and at 4. The
    finest resolution is folded into channels (Shi et al. 2016, 1609.05158), which saves half of the
    work."""

    def __init__(self, latent: int = 48, width: int = 32) -> None:
        super().__init__()
        self.latent, self.wide = latent, 4 * width
        flat = self.wide * SMALL * SMALL
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(12, width, 3, 1, 1),
            Residual(width, width),
            Residual(width, 2 * width, 0.5),
            Residual(2 * width, 4 * width, 0.5),
            Residual(4 * width, 4 * width, 0.5),
            nn.GroupNorm(GROUPS, 4 * width),
            nn.SiLU(),
            nn.Flatten(),
        )
        self.to_latent = nn.Linear(flat, 2 * latent)
        self.from_latent = nn.Linear(latent, flat)
        self.decoder = nn.Sequential(
            Residual(4 * width, 4 * width),
            Residual(4 * width, 4 * width, 2),
            Residual(4 * width, 2 * width, 2),
            Residual(2 * width, width, 2),
            Residual(width, width),
            nn.GroupNorm(GROUPS, width),
            nn.SiLU(),
            nn.Conv2d(width, 12, 3, 1, 1),
            nn.PixelShuffle(2),
        )
        nn.init.constant_(self.to_latent.bias[latent:], SURE)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, 64, 64) → mean and log variance of the place, each (B, latent)."""
        mean, log_variance = self.to_latent(self.encoder(images)).chunk(2, 1)
        return mean, log_variance.clamp(-12, 8)

    def decode(self, places: Tensor) -> Tensor:
        """(B, latent) → (B, 3, 64, 64); -1..1, or a little beyond: clamp before showing."""
        start = self.from_latent(places).view(-1, self.wide, SMALL, SMALL)
        drawn: Tensor = self.decoder(start)
        return drawn

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures (B, 3, 64, 64) and noise (B, latent) → what is drawn at a place sampled with
        that noise, mean, log variance."""
        mean, log_variance = self.encode(images)
        return self.decode(mean + (log_variance / 2).exp() * noise), mean, log_variance
