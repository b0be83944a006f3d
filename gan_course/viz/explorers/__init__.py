"""Explorers for JupyterLab: sliders that redraw a picture at once, one line in a lesson.

Where nobody looks (GAN_COURSE_HEADLESS, or no notebook) no widget is made and nothing is shown; a
lesson has a static picture beside each.
"""

from gan_course.viz.explorers.adain import explore_depths
from gan_course.viz.explorers.cycle import explore_cycle
from gan_course.viz.explorers.field import explore_field
from gan_course.viz.explorers.game import explore_game
from gan_course.viz.explorers.growing import explore_growing
from gan_course.viz.explorers.styles import explore_styles

__all__ = [
    "explore_cycle",
    "explore_depths",
    "explore_field",
    "explore_game",
    "explore_growing",
    "explore_styles",
]
