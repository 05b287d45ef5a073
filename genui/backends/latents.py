"""Latents as pictures: a linear map from latents to colours, and the mixing of noises.

The map is fitted once per autoencoder by least squares on a synthetic picture, so it needs no
table of coefficients and works for any autoencoder that encodes. It is a preview, not a decoder:
it knows nothing of texture. Knows no pipeline and no request.
"""

from __future__ import annotations

from typing import Any

PREVIEW = 128  # pixels of a preview's longer side at most
RIDGE = 1e-3  # share of the features' mean power that keeps the fit calm
NARROW = 16  # channels up to which a latent's neighbours help more than they cost


def grid(latents: Any, width: int, height: int) -> Any | None:
    """Latents of a denoising loop as (batch, channels, rows, columns) in float32.

    Packed ones (batch, tokens, channels) are laid out by the picture's shape in pixels, a token
    a place. None for layouts that are no flat picture."""
    if latents.ndim == 4:
        return latents.float()
    if latents.ndim != 3:
        return None
    batch, tokens, channels = latents.shape
    rows = round((tokens * height / width) ** 0.5)
    if not rows or tokens % rows:
        return None
    return latents.float().transpose(1, 2).reshape(batch, channels, rows, tokens // rows)


class Colours:
    """A linear map from latents to colours, fitted to one autoencoder.

    vae: any diffusers autoencoder with `encode`. channels: how many channels the denoising loop's
    latents have; four times the autoencoder's means that they are packed two by two."""

    def __init__(self, vae: Any, channels: int) -> None:
        import torch
        from torch.nn import functional

        with torch.no_grad():
            parameter = next(vae.parameters())
            factor = 2 ** (len(getattr(vae.config, "block_out_channels", (0,) * 4)) - 1)
            side = 32 * factor * (2 if channels > NARROW else 1)
            picture = patches(side)
            code = encode(vae, picture.to(vae.device, parameter.dtype), channels).float().cpu()
            self.around = 3 if channels <= NARROW else 1
            self.detail = 4 if channels <= NARROW else 2  # pixels a latent becomes, each way
            rows = code.shape[-1] * self.detail
            small = functional.interpolate(picture, size=(rows, rows), mode="area")
            wanted = functional.pixel_unshuffle(small, self.detail).flatten(2)[0].T
            known = self._features(code)[0].T
            power = known.T @ known
            power += RIDGE * power.diagonal().mean() * torch.eye(len(power))
            found = torch.linalg.solve(power, known.T @ wanted).to(vae.device).T
            around = (self.around, self.around)
            self.weight = found[:, :-1].reshape(-1, channels, *around).contiguous()
            self.bias = found[:, -1].contiguous()

    def _features(self, code: Any) -> Any:
        """(batch, channels, rows, columns) -> (batch, features, places): each latent, its
        neighbours and a one."""
        import torch
        from torch.nn import functional

        if self.around == 3:
            code = functional.unfold(functional.pad(code, (1, 1, 1, 1), mode="replicate"), 3)
        code = code.flatten(2)
        return torch.cat([code, torch.ones_like(code[:, :1])], dim=1)

    def paint(self, code: Any) -> Any:
        """Pictures of latents as laid out by `grid`: a uint8 array (batch, height, width, 3) with
        4 × 4 (packed: 2 × 2) pixels a latent, at most `PREVIEW` on the longer side."""
        from torch.nn import functional

        edge = self.around // 2
        code = functional.pad(code, (edge,) * 4, mode="replicate") if edge else code
        weight, bias = self.weight.to(code.device), self.bias.to(code.device)
        image = functional.pixel_shuffle(functional.conv2d(code, weight, bias), self.detail)
        if (there := max(image.shape[-2:])) > PREVIEW:
            size = [max(1, round(side * PREVIEW / there)) for side in image.shape[-2:]]
            image = functional.interpolate(image, size, mode="bicubic", antialias=True)
        pixels = (image.clamp(-1, 1) + 1) * 127.5
        return pixels.round().byte().permute(0, 2, 3, 1).cpu().numpy()


def encode(vae: Any, picture: Any, channels: int) -> Any:
    """A picture (1, 3, side, side) in -1..1 as the normalised latents of the denoising loop,
    (1, `channels`, rows, columns): shifted, scaled and packed the way the pipelines do it."""
    import torch
    from torch.nn import functional

    config = vae.config
    film = "temperal_downsample" in config  # a video autoencoder: a picture is one frame
    found = vae.encode(picture.unsqueeze(2) if film else picture)
    code = found.latent_dist.mode() if hasattr(found, "latent_dist") else found.latent
    if film:
        code = code.squeeze(2)
    if hasattr(vae, "bn"):  # FLUX.2 packs first and normalises with running statistics
        code = functional.pixel_unshuffle(code, 2)
        mean, variance = (
            value.view(1, -1, 1, 1) for value in (vae.bn.running_mean, vae.bn.running_var)
        )
        return (code - mean) / torch.sqrt(variance + config.batch_norm_eps)
    mean, deviation = (
        torch.tensor(values, device=code.device, dtype=code.dtype).view(1, -1, 1, 1)
        if (values := getattr(config, name, None)) is not None else other
        for name, other in (
            ("latents_mean", getattr(config, "shift_factor", None) or 0.0), ("latents_std", 1.0)
        )
    )  # fmt: skip
    code = (code - mean) * (getattr(config, "scaling_factor", None) or 1.0) / deviation
    return code if code.shape[1] == channels else functional.pixel_unshuffle(code, 2)


def patches(side: int) -> Any:
    """A picture (1, 3, side, side) in -1..1 of many flat shapes and slow changes of colour:
    enough of both for a linear map to find every channel's part."""
    import torch
    from torch.nn import functional

    draw = torch.Generator().manual_seed(0)
    slow = torch.rand(1, 3, 5, 5, generator=draw)
    picture = functional.interpolate(slow, size=(side, side), mode="bicubic") * 2 - 1
    across = torch.arange(side)
    down = across[:, None]
    for number in range(120):
        x, y, size = (torch.rand(3, generator=draw) * torch.tensor([side, side, side / 6])).tolist()
        colour = torch.rand(3, 1, generator=draw) * 2 - 1
        if number % 3 == 0:
            colour = torch.full((3, 1), [-1.0, 0.0, 1.0][number // 3 % 3])
        if number % 2:
            inside = (across - x) ** 2 + (down - y) ** 2 < size**2
        else:
            inside = ((across - x).abs() < size) & ((down - y).abs() < size)
        picture[0, :, inside] = colour
    return picture.clamp(-1, 1)


def slerp(one: Any, other: Any, amount: float) -> Any:
    """Between two noises on the sphere they lie on (Shoemake 1985), each picture of a batch by
    itself; `amount` 0 gives `one` and 1 gives `other`, exactly."""
    import torch

    if amount in (0.0, 1.0):
        return other if amount else one
    axes = tuple(range(1, one.ndim))
    a, b = one.float(), other.float()
    cosine = (a * b).sum(axes) / (a.square().sum(axes) * b.square().sum(axes)).sqrt()
    angle = torch.acos(cosine.clamp(-0.9995, 0.9995)).view(-1, *(1 for _ in axes))
    mixed = torch.sin((1 - amount) * angle) * a + torch.sin(amount * angle) * b
    return (mixed / torch.sin(angle)).to(one.dtype)
