"""What each lesson needs to know beside the training of its family."""

from dataclasses import dataclass

from gan_course.config.families import CycleGANConfig, DCGANConfig, Pix2PixConfig, StyleGANConfig


@dataclass(frozen=True)
class GameConfig:
    """Lesson 01: GANs on points of a line and of a plane."""

    n_steps_line: int  # D against a fixed G, and the one-dimensional GAN
    n_steps_ring: int
    batch_size: int = 256
    hidden: int = 64
    z_dim: int = 4
    lr: float = 1e-3
    betas: tuple[float, float] = (0.0, 0.9)


@dataclass(frozen=True)
class ImagesConfig:
    """Lesson 02: DCGAN on Fashion-MNIST."""

    dcgan: DCGANConfig
    n_samples: int = 256  # for the statistics of spectra and of BatchNorm


@dataclass(frozen=True)
class BreaksConfig:
    """Lesson 03: Dirac-GANs, which need no sizes, and a table of GANs on the ring."""

    n_steps_rings: int  # the whole table at once
    n_steps_collapse: int  # updates of D in the run that collapses on purpose
    batch_size: int = 128
    hidden: int = 32
    n_hidden: int = 2
    z_dim: int = 4
    std: float = 0.05
    lr: float = 1e-3  # of G
    lr_ratio: float = 5.0  # the rate of D, in rates of G: D runs ahead, on purpose
    betas: tuple[float, float] = (0.0, 0.9)
    gamma: float = 1.0  # of R1 and of R2, where a GAN of the table has them
    n_seeds: int = 3


@dataclass(frozen=True)
class MeasuringConfig:
    """Lesson 04: the instruments, on generators whose faults are known."""

    n_steps_judge: int  # of a D against pictures that stand still
    base_channels: int = 16


@dataclass(frozen=True)
class PairedConfig:
    """Lesson 05: the same pix2pix four times, with parts of its objective left out."""

    pix2pix: Pix2PixConfig
    n_pairs: int = 2_000
    n_hidden: int = 256  # pairs that no network trains on


@dataclass(frozen=True)
class CycleConfig:
    """Lesson 06: small CycleGANs between rings of points, and one between plain and striped critters, live."""

    n_steps_plane: int  # all arms and seeds at once
    cyclegan: CycleGANConfig  # with the cycle; the other arm differs in lambda_cycle alone
    n_pictures: int = 4_000  # of each domain
    n_seeds: int = 3
    plane_batch: int = 128
    hidden: int = 64
    std: float = 0.08
    turn: float = 15.0  # degrees between the rings
    plane_lr: float = 1e-3
    plane_cycle: float = 1.0
    plane_gamma: float = 0.3  # of R1, on both D's
    betas: tuple[float, float] = (0.5, 0.9)


@dataclass(frozen=True)
class TranslateConfig:
    """Lesson 07: a CycleGAN between the satellite view and the map of the earth."""

    cyclegan: CycleGANConfig
    n_pictures: int = 4_000  # of each domain, no pairs
    n_hidden: int = 300  # pairs to measure on


@dataclass(frozen=True)
class UseConfig:
    """Lesson 08: the shipped translators put to the test, and small CycleGANs that fail on purpose."""

    failing: CycleGANConfig
    n_pictures: int = 1_000  # of each domain, for the small ones
    n_crops: int = 200  # for distances and errors
    n_tiles: int = 48  # for messages


@dataclass(frozen=True)
class GrowingConfig:
    """Lesson 09: a progressive GAN that grows from 4 to 32 px, and the same one at 32 px from the start."""

    stylegan: StyleGANConfig
    n_steps_flat: int  # at full size from the start: in all, about as much computing as the growing one
    n_steps_joint: int  # of 8 px growing into 16, with a fade and without
    n_steps_reader: int  # of a small reader of shrunken pictures
    n_steps_judge: int  # of a D that looks for collapsed batches
    n_pictures: int = 10_000
    n_samples: int = 1_000  # to measure on


@dataclass(frozen=True)
class StatisticsConfig:
    """Lesson 10: statistics moved between pictures, by changing the pixels of one."""

    n_steps_move: int  # of the pixels, for each depth
    n_steps_judge: int  # of a network that reads the result and had no part in it
    n_pairs: int = 32  # of creatures that have nothing to do with each other
    n_twins: int = 10  # for each factor that twins differ in
    n_photos: int = 12
    n_pictures: int = 4_000  # that the judge is trained on


@dataclass(frozen=True)
class StylesConfig:
    """Lesson 11: a small StyleGAN, trained live; and how many pictures measure it and the shipped one."""

    stylegan: StyleGANConfig
    n_pictures: int = 8_000
    n_samples: int = 1_000  # to measure the live one on
    n_shipped: int = 300  # of the shipped one, for each truncation
    n_noises: int = 24  # for the same styles


@dataclass(frozen=True)
class ControlConfig:
    """Lesson 12: the shipped StyleGAN measured, steered and inverted; a small one with AdaIN, and toys, trained."""

    adain: StyleGANConfig  # in whose features we look for droplets
    n_steps_project: int  # of each inversion
    n_steps_toy: int  # of each map of the plane
    n_swaps: int = 400  # creatures whose styles are exchanged
    n_codes: int = 2_500  # for linear readers, and for directions with labels
    n_paths: int = 500
    n_projected: int = 6  # pictures of each kind to invert
    n_edits: int = 64  # creatures that are moved along each direction
    n_pictures: int = 2_000  # that the small one is trained on
