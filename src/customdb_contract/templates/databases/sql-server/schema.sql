-- What the scripts expect. Have tables of other names? Change the statements in the scripts, or make a view. The
-- collation of the e-mail must ignore case (its name has CI), or nobody is found who types it in another one.
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
