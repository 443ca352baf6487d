"""Where Auth0 documents what the rules about the migration are about."""

from typing import Final

__all__ = ["MIGRATION_PAGE"]

MIGRATION_PAGE: Final = (
    "https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database"
)
