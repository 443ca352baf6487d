-- The scripts expect this table. If yours differs, change the statements in the scripts, or create a view. The collation of
-- the e-mail must ignore case (its name contains CI), or users who type their e-mail in another case are not found.
CREATE TABLE users (
  id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
  email nvarchar(254) COLLATE Latin1_General_100_CI_AS NOT NULL UNIQUE,
  password_hash nvarchar(60) NOT NULL,
  email_verified bit NOT NULL DEFAULT 0,
  blocked bit NOT NULL DEFAULT 0,
  name nvarchar(100),
  [plan] nvarchar(20) NOT NULL DEFAULT 'free',
  language nvarchar(10) NOT NULL DEFAULT 'en'
);
