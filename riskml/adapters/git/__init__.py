"""The only room that starts git: repositories in, records out. Whatever a repository holds, none of it is run."""

from riskml.adapters.git.repository import GitRepository

__all__ = ["GitRepository"]
