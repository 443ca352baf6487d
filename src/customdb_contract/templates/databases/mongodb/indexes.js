// What the scripts expect, for mongosh: without this index two users may have one e-mail. The collation ignores upper and
// lower case, and the scripts look users up under the same one. It fails where two users have one e-mail already.
db.users.createIndex({ email: 1 }, { unique: true, collation: { locale: 'en', strength: 2 } });
