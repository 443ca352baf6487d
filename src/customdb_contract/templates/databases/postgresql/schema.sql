-- The scripts expect this table. If yours differs, change the statements in the scripts, or create a view.
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL,
  password_hash text NOT NULL,
  email_verified boolean NOT NULL DEFAULT false,
  blocked boolean NOT NULL DEFAULT false,
  name text,
  plan text NOT NULL DEFAULT 'free',
  language text NOT NULL DEFAULT 'en'
);
CREATE UNIQUE INDEX users_by_email ON users (lower(email));
