-- The scripts expect this table. If yours differs, change the statements in the scripts, or create a view. The collation of
-- the e-mail must ignore case (its name ends in _ci), or users who type their e-mail in another case are not found.
CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(254) NOT NULL,
  password_hash VARCHAR(60) NOT NULL,
  email_verified BOOLEAN NOT NULL DEFAULT FALSE,
  blocked BOOLEAN NOT NULL DEFAULT FALSE,
  name VARCHAR(100),
  plan VARCHAR(20) NOT NULL DEFAULT 'free',
  language VARCHAR(10) NOT NULL DEFAULT 'en',
  UNIQUE KEY users_by_email (email)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
