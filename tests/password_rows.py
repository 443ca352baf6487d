"""Stored passwords of real systems for known passwords, each with its published source."""

from typing import Final

from attrs import frozen

from customdb_contract.passwords import (
    Argon2id,
    AspNetIdentityV2,
    AspNetIdentityV3,
    AspNetMembership,
    Bcrypt,
    DjangoArgon2,
    DjangoBcrypt,
    DjangoDigest,
    DjangoPbkdf2,
    DjangoScrypt,
    Ldap,
    NodeScrypt,
    PasslibPbkdf2,
    PasslibScrypt,
    PasswordFormat,
    PhpBb,
    PlainDigest,
    SaltedDigest,
    Stored,
    WerkzeugDigest,
    WerkzeugPbkdf2,
    WerkzeugScrypt,
    WordPress,
)


@frozen
class Row:
    """A password as one system stores it."""

    form: PasswordFormat
    password: str
    text: str
    source: str
    salt: str | None = None

    @property
    def label(self) -> str:
        return f"{self.form.name}: {self.text[:20]}…{self.text[-8:]}"

    @property
    def stored(self) -> Stored:
        return Stored(self.text, self.salt)


_PASSLIB: Final = "passlib 1.7.4, passlib/tests/"
_HANDLERS: Final = _PASSLIB + "test_handlers.py"
_DJANGO: Final = "https://github.com/django/django/blob/4.1/tests/auth_tests/test_hashers.py"
_IDENTITY: Final = (
    "https://github.com/dotnet/aspnetcore/blob/main/src/Identity/test/Identity.Test/PasswordHasherTest.cs"
)
_HASHCAT: Final = "https://hashcat.net/forum/thread-1752-lastpost.html, rows of a Visual Studio 2012 template"
_MAGENTO: Final = (
    "https://github.com/magento/magento2, lib/internal/Magento/Framework/Encryption/Test/Unit/EncryptorTest.php"
)
_ADAPTER: Final = "the tests of SqlMembershipAdapter, a port of SqlMembershipProvider: SqlMembershipEncryptionTests.cs"
_ARGON2: Final = "https://github.com/P-H-C/phc-winner-argon2/blob/master/src/test.c"
_TABLE: Final = "t\u00e1\u0411\u2113\u0259"
"""passlib's UPASS_TABLE: letters of four scripts."""

JOOMLA: Final = SaltedDigest(algorithm="md5", layout="{hash}:{salt}", order="password salt")
MAGENTO_0: Final = SaltedDigest(algorithm="md5", layout="{hash}:{salt}:0", order="salt password")
MAGENTO_1: Final = SaltedDigest(algorithm="sha256", layout="{hash}:{salt}:1", order="salt password")
MAGENTO_LONG_AGO: Final = SaltedDigest(algorithm="md5", layout="{hash}:{salt}", order="salt password")

_BCRYPT: Final = [
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "https://www.openwall.com/crypt/"),
    ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "https://www.openwall.com/crypt/"),
    ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "https://www.openwall.com/crypt/"),
    ("\u0451", "$2y$05$6bNw2HLQYeqHYyBfLMsv/OUcZd0LKP39b87nBw3.S2tVZSqiQX6eu", _PASSLIB + "test_handlers_bcrypt.py"),
    (_TABLE, "$2b$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG", _PASSLIB + "test_handlers_bcrypt.py"),
    ("abc" * 24, f"$2a$05${'.' * 22}XuQjdH.wPVNUZ/bOfstdW/FqB8QSjte", _PASSLIB + "test_handlers_bcrypt.py"),
    ("rasmuslerdorf", "$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi", "PHP's tests of password_verify"),
]
_ARGON: Final = [
    (
        "password",
        "$argon2i$v=19$m=256,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A",
        _PASSLIB + "test_handlers_argon2.py",
    ),
    (
        "password",
        "$argon2i$v=19$m=380,t=2,p=2$c29tZXNhbHQ$SrssP8n7m/12VWPM8dvNrw",
        _PASSLIB + "test_handlers_argon2.py",
    ),
    (
        "password\0",
        "$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHQ$Fb5+nPuLzZvtqKRwqUEtUQ",
        _PASSLIB + "test_handlers_argon2.py",
    ),
    (
        "password",
        "$argon2d$v=19$m=102400,t=2,p=8$g2RodLh8j8WbSdCp+lUy/A$zzAJqL/HSjm809PYQu6qkA",
        _PASSLIB + "test_handlers_argon2.py",
    ),
    (
        "password",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        _ARGON2,
    ),
    (
        "password",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        _ARGON2,
    ),
]

ROWS: Final = [
    *(Row(Bcrypt(), *row) for row in _BCRYPT),
    *(Row(Argon2id(), *row) for row in _ARGON),
    Row(
        DjangoPbkdf2(),
        "l\u00e8tmein",
        "pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=",
        _DJANGO,
    ),
    Row(DjangoPbkdf2(), "l\u00e8tmein", "pbkdf2_sha1$390000$seasalt2$aDapRanzW8aHTz97v2TcfHzWD+I=", _DJANGO),
    Row(
        DjangoBcrypt(),
        "abcdefghijklmnopqrstuvwxyz",
        "bcrypt$$2a$10$fVH8e28OQRj9tqiDXs1e1uxpsjN0c7II7YPKXua2NAKYvM6iQk7dq",
        _PASSLIB + "test_handlers_django.py",
    ),
    Row(
        DjangoBcrypt(),
        "abc123" * 12 + "qwr",
        "bcrypt_sha256$$2a$06$Tg/oYyZTyAf.Nb3qSgN61Ocy0BEz1RK6xslSNi8PlaLX2pe7x/KQG",
        _PASSLIB + "test_handlers_django.py",
    ),
    Row(
        DjangoBcrypt(),
        _TABLE,
        "bcrypt_sha256$$2a$06$kCXUnRFQptGg491siDKNTu8RxjBGSjALHRuvhPYNFsa4Ea5d9M48u",
        _PASSLIB + "test_handlers_django.py",
    ),
    Row(
        DjangoArgon2(),
        "secret",
        "argon2$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$gwQOXSNhxiOxPOA0+PY10P9QFO4NAYysnqRt1GSQLE55m+2GYDt9FEjPMHhP2Cuf0nOEXX"
        "MocVrsJAtNSsKyfg",
        _DJANGO,
    ),
    Row(DjangoArgon2(), "secret", "argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q", _DJANGO),
    Row(
        DjangoArgon2(),
        "secret",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw",
        _DJANGO,
    ),
    Row(
        DjangoScrypt(),
        "l\u00e8tmein",
        "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/"
        "Pw==",
        _DJANGO,
    ),
    Row(
        PasslibPbkdf2(),
        "password",
        "$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI",
        _PASSLIB + "test_handlers_pbkdf2.py",
    ),
    Row(
        PasslibPbkdf2(),
        "password",
        "$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ",
        _PASSLIB + "test_handlers_pbkdf2.py",
    ),
    Row(
        PasslibPbkdf2(),
        "password",
        "$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI."
        "BzY/YTNJOiKc5gBYFYGww",
        _PASSLIB + "test_handlers_pbkdf2.py",
    ),
    Row(
        PasslibScrypt(),
        "password",
        "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
        _PASSLIB + "test_handlers_scrypt.py",
    ),
    Row(
        PasslibScrypt(),
        "nacl",
        "$scrypt$ln=1,r=4,p=2$yhnD+J+Tci4lZCwFgHCuVQ$fAsEWmxSHuC0cHKMwKVFPzrQukgvK09Sj+NueTSxKds",
        _PASSLIB + "test_handlers_scrypt.py",
    ),
    Row(
        WerkzeugPbkdf2(),
        "password",
        "pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1",
        "https://www.rfc-editor.org/rfc/rfc6070.html#section-2, written as Werkzeug does",
    ),
    Row(
        WerkzeugPbkdf2(),
        "password",
        "pbkdf2:sha256:2$salt$ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43",
        "https://github.com/pallets/werkzeug/blob/1.0.x/tests/test_security.py, test_pbkdf2, written as Werkzeug does",
    ),
    Row(
        WerkzeugScrypt(),
        "password",
        "scrypt:1024:8:16$NaCl$fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        "https://www.rfc-editor.org/rfc/rfc7914.html#section-12, written as Werkzeug does",
    ),
    Row(
        NodeScrypt(n=1024, p=16, salt="bytes"),
        "password",
        "4e61436c:fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        "https://www.rfc-editor.org/rfc/rfc7914.html#section-12, as salt:key in hexadecimal digits",
    ),
    Row(Ldap(), "helloworld", "{MD5}/F4DjTilcDIIVEHn/nAQsA==", _HANDLERS),
    Row(Ldap(), "helloworld", "{SHA}at+xg6SiyUovktq1redipHiJpaE=", _HANDLERS),
    Row(Ldap(), "testing1234", "{SMD5}UjFY34os/pnZQ3oQOzjqGu4yeXE=", _HANDLERS),
    Row(Ldap(), "test", "{SMD5}FbAkzOMOxRbMp6Nn4hnZuel9j9Gas7a2lvI+x5hT6j0=", _HANDLERS),
    Row(Ldap(), "secret", "{SSHA}0H+zTv8o4MR4H43n03eCsvw1luG8LdB7", _HANDLERS),
    Row(Ldap(), _TABLE, "{SSHA}3yCSD1nLZXznra4N8XzZgAL+s1sQYsx5", _HANDLERS),
    Row(Ldap(), "password", "{SSHA256}x1tymSTVjozxQ2PtT46ysrzhZxbcskK0o2f8hEFx7fAQQmhtDSEkJA==", _HANDLERS),
    Row(
        Ldap(),
        "toomanysecrets",
        "{SSHA512}wExp4xjiCHS0zidJDC4UJq9EEeIebAQPJ1PWSwfhxWjfutI9XiiKuHm2AE41cEFfK+8HyI8bh+ztbczUGsvVFIgICWWPt7qu",
        _HANDLERS + ", from a directory's web interface",
    ),
    Row(WordPress(), "test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "https://www.openwall.com/phpass/, test.php"),
    Row(WordPress(), "JohnRipper", "$P$B12345678L6Lpt4BxNotVIMILOa9u81", _HANDLERS + ", from John the Ripper"),
    Row(
        WordPress(),
        "admin",
        "$wp$2y$10$Q1xinFjrZeLWJBvxviIL6u834Fu.evIEFHAUVisQ5O.w9Dm0sMdES",
        "the WordPress demo of a php-wasm repository, which checks it by PHP; WordPress' own tests have none",
    ),
    Row(
        PhpBb(),
        "test",
        "$H$9isfrtKXWqrz8PvztXlL3.daw4U0zI1",
        "https://github.com/phpbb/phpbb, tests/security/hash_test.php",
    ),
    Row(PhpBb(), "123456", "$H$9PE8jEklgZhgLmZl5.HYJAzfGCQtzi1", _HANDLERS + ", from John the Ripper"),
    Row(
        AspNetIdentityV2(),
        "my password",
        "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
        _IDENTITY,
    ),
    Row(
        AspNetIdentityV2(),
        "my password",
        "ANXrDknc7fGPpigibZXXZFMX4aoqz44JveK6jQuwY3eH/UyPhvr5xTPeGYEckLxz9A==",
        _IDENTITY,
    ),
    Row(
        AspNetIdentityV2(), "password", "AG8nVMgXdmjX+LVQUjrhNz1QFOt+S/wudjeeOSPyz/+cuXYtY12TrQqQ9SV2HnO0mA==", _HASHCAT
    ),
    Row(
        AspNetIdentityV2(),
        "Password!",
        "AB2OiyAI8LPgCHwk4VXxsaheWk7Ka/Yq2XGFX3FwlH/GUWKdTZFp0oKPWfOHNgRmpg==",
        _HASHCAT,
    ),
    Row(
        AspNetIdentityV3(),
        "my password",
        "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw==",
        _IDENTITY,
    ),
    Row(
        AspNetIdentityV3(key_size=16),
        "my password",
        "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw",
        _IDENTITY,
    ),
    Row(
        AspNetIdentityV3(salt_size=32, key_size=64),
        "my password",
        "AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+"
        "ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==",
        _IDENTITY,
    ),
    Row(
        AspNetIdentityV3(key_size=16),
        "my password",
        "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
        _IDENTITY,
    ),
    Row(
        AspNetIdentityV3(salt_size=32),
        "my password",
        "AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=",
        _IDENTITY,
    ),
    Row(
        AspNetMembership("SHA1"), "3GrM4v[eYgK-UT", "Vz9mJxudAR4ZVJTNI4W+oH7m3X0=", _ADAPTER, "wZdnRVXWcvXZKY6HJmJqUg=="
    ),
    Row(
        AspNetMembership("SHA256"),
        "3GrM4v[eYgK-UT",
        "Kqx+vXAfjf0esjMOR/Ls6rPijWFh3+ObJfA79YH30V8=",
        _ADAPTER,
        "wZdnRVXWcvXZKY6HJmJqUg==",
    ),
    Row(
        AspNetMembership("SHA512"),
        "3GrM4v[eYgK-UT",
        "3axEbdUmy8RM4eN/oIoeAtWhqcrerF2UCf9qtrMaQ3xhCVeuS82vKlNTaPaLAa7JCIHGSw7QXVPEoBJXRLWLFw==",
        _ADAPTER,
        "wZdnRVXWcvXZKY6HJmJqUg==",
    ),
    Row(
        AspNetMembership("HMACSHA256"),
        "my password",
        "hRcKvhNxvCgksB9q5UhsTEpuZW1zBlmUHwMUYIWVgBk=",
        "none found that is published: iconv -t utf-16le, openssl dgst -sha256 -mac HMAC, the salt four times",
        "AAECAwQFBgcICQoLDA0ODw==",
    ),
    Row(DjangoDigest(), "l\u00e8tmein", "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8", _DJANGO),
    Row(DjangoDigest(), "l\u00e8tmein", "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3", _DJANGO),
    Row(DjangoDigest(), "l\u00e8tmein", "md5$$88a434c88cca4e900f7874cd98123f43", _DJANGO),
    Row(DjangoDigest(), "l\u00e8tmein", "sha1$$6d138ca3ae545631b3abd71a4f076ce759c5700b", _DJANGO),
    Row(
        WerkzeugDigest(),
        "default",
        "md5$$c21f969b5f03d33d43e04f8f136e7682",
        "https://github.com/pallets/werkzeug/blob/1.0.x/tests/test_security.py",
    ),
    Row(
        WerkzeugDigest(),
        "what do ya want for nothing?",
        "sha256$Jefe$5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "https://www.rfc-editor.org/rfc/rfc4231.html#section-4.3, written as Werkzeug does",
    ),
    Row(
        WerkzeugDigest(),
        "what do ya want for nothing?",
        "md5$Jefe$750c783e6ab0b503eaa86e310a5db738",
        "https://www.rfc-editor.org/rfc/rfc2202.html#section-2, written as Werkzeug does",
    ),
    Row(PlainDigest("md5"), "l\u00e8tmein", "88a434c88cca4e900f7874cd98123f43", _DJANGO),
    Row(PlainDigest("sha1"), "password", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", _HANDLERS),
    Row(
        PlainDigest("sha256"), "password", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", _MAGENTO
    ),
    Row(
        PlainDigest("sha512"),
        "password",
        "b109f3bbbc244eb82441917ed06d618b9008dd09b3befd1b5e07394c706a8bb980b1d7785e5976ec049b46df5f1326af5a2ea6d103fd07"
        "c95385ffab0cacbc86",
        _HANDLERS,
    ),
    Row(
        JOOMLA,
        "password",
        "14d21b49b0f13e2acba962b6b0039edd:haJK0yTvBXTNMh76xwEw5RYEVpJsN8us",
        "https://github.com/nextcloud/user_sql, tests/Crypto/JoomlaTest.php",
    ),
    Row(MAGENTO_0, "password", "67a1e09bb1f83f5007dc119c14d663aa:salt:0", _MAGENTO),
    Row(MAGENTO_1, "password", "13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1", _MAGENTO),
    Row(
        MAGENTO_LONG_AGO,
        "password",
        "67a1e09bb1f83f5007dc119c14d663aa:salt",
        _MAGENTO + ", without the version that Magento 1 doesn't write",
    ),
    Row(
        SaltedDigest(algorithm="md5", layout="{hash}", order="salt password"),
        "password",
        "67a1e09bb1f83f5007dc119c14d663aa",
        _MAGENTO + ", the salt in a column of its own",
        "salt",
    ),
]
