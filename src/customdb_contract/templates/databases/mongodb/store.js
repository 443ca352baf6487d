// @part users
  // One client for all scripts in this container. Each step has a time limit, far below Auth0's 20 s.
  async function users() {
    if (!global.legacyClient) {
      const { MongoClient } = require('mongodb');
      const isPlain = configuration.MONGODB_TLS === 'disable';
      global.legacyClient = new MongoClient(configuration.MONGODB_URL, {
        auth: configuration.MONGODB_USER && {
          username: configuration.MONGODB_USER,
          password: configuration.MONGODB_PASSWORD,
        },
        tls: !isPlain,
        ca: isPlain ? undefined : configuration.MONGODB_CA,
        maxPoolSize: 5,
        waitQueueTimeoutMS: 3000,
        serverSelectionTimeoutMS: 3000,
        connectTimeoutMS: 3000,
        socketTimeoutMS: 3000,
      });
    }
    // A client whose first connection failed tries again only if asked to; this does nothing if it is connected.
    await global.legacyClient.connect();
    return global.legacyClient.db().collection('users');
  }

// @part find users isEmail
  // Only text, because an object such as { $ne: '' } would be an operator. The result is compared again, because the
  // collation ignores more than case.
  async function find(email) {
    if (!isEmail(email)) {
      return undefined;
    }
    const fields = ['email', 'password_hash', 'email_verified', 'blocked', 'name', 'plan', 'language'];
    const documents = await (await users())
      .find({ email }, { collation: { locale: 'en', strength: 2 } })
      .project(Object.fromEntries(fields.map((field) => [field, 1])))
      .toArray();
    const found = documents.filter((document) => document.email.toLowerCase() === email.toLowerCase());
    if (found.length > 1) {
      throw new Error('Several users have this e-mail');
    }
    return found[0] && { ...found[0], id: found[0]._id.toHexString() };
  }

// @part insert users
  // The unique index decides, so one of two concurrent sign-ups is refused.
  async function insert(email, hash) {
    const user = { email, password_hash: hash, email_verified: false, blocked: false, plan: 'free', language: 'en' };
    try {
      await (await users()).insertOne(user);
      return true;
    } catch (error) {
      if (error.code === 11000) {
        return false;
      }
      throw error;
    }
  }

// @part change users find
  async function change(email, values) {
    const user = await find(email);
    if (!user) {
      return false;
    }
    const { matchedCount } = await (await users()).updateOne({ _id: user._id }, { $set: values });
    return matchedCount === 1;
  }

// @part setVerified change
  async function setVerified(email) {
    return change(email, { email_verified: true });
  }

// @part setPassword change
  async function setPassword(email, hash) {
    return change(email, { password_hash: hash });
  }

// @part setEmail change
  async function setEmail(email, newEmail, verified) {
    try {
      return await change(email, { email: newEmail, email_verified: verified });
    } catch (error) {
      if (error.code === 11000) {
        return false;
      }
      throw error;
    }
  }

// @part idOf
  function idOf(userId) {
    const [, id] = /^legacy-([0-9a-f]{24})$/.exec(userId) || [];
    return id;
  }

// @part deleteById users idOf
  async function deleteById(userId) {
    const id = idOf(userId);
    if (id) {
      const { ObjectId } = require('mongodb');
      await (await users()).deleteOne({ _id: new ObjectId(id) });
    }
  }
