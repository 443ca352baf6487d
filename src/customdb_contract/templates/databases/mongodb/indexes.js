// The index that the scripts expect, for mongosh. Without it, two users could have the same e-mail. Its collation ignores
// upper and lower case, and the scripts use the same one. Creating it fails if two users already have the same e-mail.
db.users.createIndex({ email: 1 }, { unique: true, collation: { locale: 'en', strength: 2 } });
