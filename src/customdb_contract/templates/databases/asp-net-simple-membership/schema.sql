-- The scripts expect the tables of Simple Membership as WebSecurity creates them, with two changes to UserProfile.
-- If your database already has these tables, run this instead:
--   ALTER TABLE UserProfile ADD EmailVerified bit NOT NULL DEFAULT 0;
--   ALTER TABLE UserProfile ALTER COLUMN UserName nvarchar(254) NOT NULL; -- drop its unique constraint first, and add it again
-- Its collation must ignore case (its name contains CI), as in most databases.
CREATE TABLE UserProfile (
  UserId int IDENTITY(1, 1) NOT NULL PRIMARY KEY,
  UserName nvarchar(254) NOT NULL UNIQUE,
  EmailVerified bit NOT NULL DEFAULT 0
);
CREATE TABLE webpages_Membership (
  UserId int NOT NULL PRIMARY KEY,
  CreateDate datetime NULL,
  ConfirmationToken nvarchar(128) NULL,
  IsConfirmed bit NULL DEFAULT 0,
  LastPasswordFailureDate datetime NULL,
  PasswordFailuresSinceLastSuccess int NOT NULL DEFAULT 0,
  Password nvarchar(128) NOT NULL,
  PasswordChangedDate datetime NULL,
  PasswordSalt nvarchar(128) NOT NULL,
  PasswordVerificationToken nvarchar(128) NULL,
  PasswordVerificationTokenExpirationDate datetime NULL
);
CREATE TABLE webpages_OAuthMembership (
  Provider nvarchar(30) NOT NULL,
  ProviderUserId nvarchar(100) NOT NULL,
  UserId int NOT NULL,
  PRIMARY KEY (Provider, ProviderUserId)
);
CREATE TABLE webpages_Roles (
  RoleId int IDENTITY(1, 1) NOT NULL PRIMARY KEY,
  RoleName nvarchar(256) NOT NULL UNIQUE
);
CREATE TABLE webpages_UsersInRoles (
  UserId int NOT NULL REFERENCES UserProfile (UserId),
  RoleId int NOT NULL REFERENCES webpages_Roles (RoleId),
  PRIMARY KEY (UserId, RoleId)
);
