// @part ask
  // Whatever is no JSON, or comes too late, is an error; what a status means is for each script to say.
  async function ask(method, path, data) {
    const response = await require('axios').request({
      method,
      url: configuration.API_URL + path,
      data,
      headers: { authorization: `Bearer ${configuration.API_TOKEN}` },
      timeout: 3000,
      signal: AbortSignal.timeout(3000),
      maxRedirects: 0,
      maxContentLength: 100000,
      responseType: 'json',
      transitional: { silentJSONParsing: false },
      validateStatus: () => true,
    });
    return { status: response.status, body: response.data };
  }

// @part says
  function says(answer, status, error) {
    return answer.status === status && Boolean(answer.body) && answer.body.error === error;
  }

// @part isUser
  // An answer of another shape is no user, and no reason to let anybody in.
  function isUser(body) {
    return (
      Boolean(body) &&
      typeof body.id === 'string' &&
      typeof body.email === 'string' &&
      typeof body.email_verified === 'boolean'
    );
  }

// @part profileOf
  // The user_id must be unique in the whole tenant, hence a prefix of this connection where the API gives none.
  function profileOf(body) {
    const profile = {
      user_id: body.id,
      email: body.email.toLowerCase(),
      email_verified: body.email_verified,
      app_metadata: { plan: body.plan || 'free' },
      user_metadata: { language: body.language || 'en' },
    };
    if (body.name) {
      profile.name = body.name;
    }
    return profile;
  }
