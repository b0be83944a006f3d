"""Speed of the course's steps beside plain references, in one process.

`python -m benchmarks` runs all rows.
"""
