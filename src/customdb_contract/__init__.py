"""Checks Auth0 custom database scripts against their contract."""
