"""A tiny avatar model with random weights in a complete folder: real networks, nothing learned.

Its pictures are coloured noise that differs from place to place and moves along every direction."""

from __future__ import annotations

import json
from pathlib import Path

STYLES = ["big-smile", "toon-head", "micah"]
CLASSES = {
    "style": STYLES,
    "skin": ["light", "medium light", "medium", "medium dark", "dark"],
    "hair_color": ["black", "brown", "blond"],
    "glasses": ["none", "glasses"],
}
PLACES = 60
_SAMPLES = {"kid": {"mean": 0.45083, "deviation": 0.06}, "fid": 51.9, "precision": 0.194}
# as evaluation writes them, though nobody measured these; a GAN has no reconstruction and no DCI
METRICS = {
    "distance": {
        "samples": {"judge": _SAMPLES},
        "training avatars": {"judge": {"fid": 30.4}},
        "n": 900,
    },
    "path_length": {"mean": 3993.5372},
    "copies": {"copied": {"share": 0.0, "low": 0.0, "high": 0.0038, "n": 1000}},
}
ENCODES = {"reconstruction": {"psnr_db": 27.625, "n": 900}, "dci": {"disentanglement": 0.137}}


def avatars(folder: Path, kind: str = "vae") -> Path:
    """Write a whole model folder of `kind` ("vae" with 48 dimensions or "gan" with 128), the same
    each time; returns the folder."""
    import torch
    from PIL import Image

    from genui.networks import avatar_folder as files
    from genui.networks.avatar_gan import Discriminator, Generator
    from genui.networks.avatar_map import Embedding
    from genui.networks.judge import Judge

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = files.Config(kind, 48 if kind == "vae" else 128, 8, "nothing, for tests", 0)
        network = files.build(config)
        latent = config.latent
        places = torch.randn(PLACES, latent)
        if isinstance(network, Generator):
            config = files.Config(kind, latent, 8, config.trained_on, network.layers)
            with torch.no_grad():
                places = network.map(places)
                network.mean_w.copy_(places.mean(0))
        spread = places.std(0)
        discriminator = Discriminator(8) if kind == "gan" else None
        files.write_network(folder, config, network, discriminator)
        files.write_judge(folder, Judge({h: len(a) for h, a in CLASSES.items()}, 8), CLASSES)

        def direction(name: str, title: str, low: str, high: str, vector: torch.Tensor) -> None:
            found = high == "more"
            directions.append(
                files.Direction(
                    name, title, "found" if found else "attribute", low, high,
                    None if found else 0.9, {} if found else {"hair_color": 0.1}, 0.05, (-3, 3),
                    vector * spread.norm(),
                )
            )  # fmt: skip

        directions: list[files.Direction] = []
        axes = torch.linalg.qr(torch.randn(latent, 4)).Q.T
        direction("glasses", "Glasses", "none", "glasses", axes[0])
        direction("skin", "Skin tone", "light", "dark", axes[1])
        direction("found-1", "Direction 1", "less", "more", axes[2])
        direction("found-2", "Direction 2", "less", "more", axes[3])
        files.write_directions(folder, directions)

        mean, pca_axes = places.mean(0), axes[2:]
        raw = (places - mean) @ pca_axes.T
        low, high = raw.amin(0), raw.amax(0)
        embedding = Embedding(latent, 32)
        with torch.no_grad():
            spots = embedding.raw(places)
            embedding.low.copy_(spots.amin(0))
            embedding.high.copy_(spots.amax(0))
            neighbours = embedding(places)
        answers = {h: (a, [i % len(a) for i in range(PLACES)]) for h, a in CLASSES.items()}
        files.write_map(
            folder,
            files.Map(
                places, (raw - low) / (high - low), neighbours, pca_axes, mean, low, high,
                embedding, answers,
            ),
        )  # fmt: skip
        shares = {
            head: {name: 1000 // len(names) for name in names} for head, names in CLASSES.items()
        }
        numbers = torch.linspace(0, 2, 500)
        vae = kind == "vae"
        files.write_statistics(
            folder,
            files.Statistics(
                spread.tolist(), [0.5] * latent if vae else [], shares, 1000,
                files.Quantiles.measure(numbers),
                scores=None if vae else files.Quantiles.measure(numbers - 1),
                errors=files.Quantiles.measure(numbers / 10) if vae else None,
            ),
        )  # fmt: skip
        side, columns = files.ATLAS_SIDE, files.ATLAS_COLUMNS
        atlas = Image.effect_noise((side * columns, side * -(-PLACES // columns)), 60)
        atlas.convert("RGB").save(folder / files.ATLAS)
        (folder / "metrics.json").write_text(json.dumps(METRICS | (ENCODES if vae else {})))
        (folder / "README.md").write_text("# A tiny avatar model\n")
    return folder
