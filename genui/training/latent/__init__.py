"""How the avatar VAE and GAN are made: draw, judge, train, find directions, map, evaluate."""
