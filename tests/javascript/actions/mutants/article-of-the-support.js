// The logic of Auth0's support article "Persist metadata in Actions after lazy migration", written anew.
// expect: action-forgets-empty-answer, action-identifier-in-url, action-ignores-connection, action-ignores-linked-identity
// expect: action-looks-up-by-email, action-stores-invalid-metadata, action-takes-falsy-for-missing, action-trusts-any-answer
// expect: action-without-timeout
const axios = require('axios');

exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata?.LEGACY_METADATA) return;
  try {
    const response = await axios.get('https://legacy.example.com/users', {
      params: { email: event.user.email },
      headers: { Authorization: `Bearer ${event.secrets.LEGACY_API_SECRET}` },
    });
    api.user.setAppMetadata('LEGACY_METADATA', response.data.sub);
  } catch (error) {
    console.log(error.message);
  }
};
