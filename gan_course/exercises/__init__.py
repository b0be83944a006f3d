"""Exercises that check themselves: one module a lesson, one `check_*` function an exercise."""
