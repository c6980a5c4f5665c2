"""Packages of the wheel; everything else about it stands in pyproject.toml."""

from setuptools import find_packages, setup

# pyproject.toml alone can look for packages or name them, not both. These two lie at the top level
# of the source and inside gallery_app once installed: see [tool.setuptools.package-dir]
CARRIED = ["gallery_app.data", "gallery_app.resources"]

setup(packages=[*find_packages(include=["engine*", "gallery_app*"]), *CARRIED])
