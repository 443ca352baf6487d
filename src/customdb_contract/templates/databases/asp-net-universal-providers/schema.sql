-- The scripts expect the tables of the Universal Providers, with two changes to Memberships. If your database already has
-- these tables, run this instead. The index can't be created if two users of an application have the same e-mail: resolve that first.
--   ALTER TABLE Memberships ADD EmailVerified bit NOT NULL DEFAULT 0;
--   CREATE UNIQUE INDEX IX_Memberships_Email ON Memberships (ApplicationId, Email) WHERE Email IS NOT NULL;
-- The collation of names and e-mails must ignore case (its name contains CI), as in most databases.
CREATE TABLE Applications (
  ApplicationId uniqueidentifier NOT NULL PRIMARY KEY,
  ApplicationName nvarchar(235) NOT NULL,
  Description nvarchar(256) NULL
);
CREATE TABLE Users (
  UserId uniqueidentifier NOT NULL PRIMARY KEY,
  ApplicationId uniqueidentifier NOT NULL REFERENCES Applications (ApplicationId),
  UserName nvarchar(50) NOT NULL,
  IsAnonymous bit NOT NULL,
  LastActivityDate datetime NOT NULL
);
CREATE UNIQUE INDEX IX_UserName ON Users (ApplicationId, UserName);
CREATE TABLE Memberships (
  UserId uniqueidentifier NOT NULL PRIMARY KEY REFERENCES Users (UserId),
  ApplicationId uniqueidentifier NOT NULL REFERENCES Applications (ApplicationId),
  Password nvarchar(128) NOT NULL,
  PasswordFormat int NOT NULL,
  PasswordSalt nvarchar(128) NOT NULL,
  Email nvarchar(256) NULL,
  EmailVerified bit NOT NULL DEFAULT 0,
  PasswordQuestion nvarchar(256) NULL,
  PasswordAnswer nvarchar(128) NULL,
  IsApproved bit NOT NULL,
  IsLockedOut bit NOT NULL,
  CreateDate datetime NOT NULL,
  LastLoginDate datetime NOT NULL,
  LastPasswordChangedDate datetime NOT NULL,
  LastLockoutDate datetime NOT NULL,
  FailedPasswordAttemptCount int NOT NULL,
  FailedPasswordAttemptWindowStart datetime NOT NULL,
  FailedPasswordAnswerAttemptCount int NOT NULL,
  FailedPasswordAnswerAttemptWindowsStart datetime NOT NULL,
  Comment nvarchar(256) NULL
);
CREATE UNIQUE INDEX IX_Memberships_Email ON Memberships (ApplicationId, Email) WHERE Email IS NOT NULL;
CREATE TABLE Profiles (
  UserId uniqueidentifier NOT NULL PRIMARY KEY REFERENCES Users (UserId),
  PropertyNames nvarchar(4000) NOT NULL,
  PropertyValueStrings nvarchar(4000) NOT NULL,
  PropertyValueBinary varbinary(max) NOT NULL,
  LastUpdatedDate datetime NOT NULL
);
CREATE TABLE UsersInRoles (
  UserId uniqueidentifier NOT NULL REFERENCES Users (UserId),
  RoleId uniqueidentifier NOT NULL,
  PRIMARY KEY (UserId, RoleId)
);
