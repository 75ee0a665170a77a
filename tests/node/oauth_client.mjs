// The OAuth of the official MCP clients, unmodified, at the web door. Arguments: the door's URL, and a login link for each
// client. The browser in between is simulated. Prints a line of JSON for each client.

const [door, ...links] = process.argv.slice(2);

const hidden = (page, name) => page.match(new RegExp(`name="${name}" value="([^"]*)"`))[1].replaceAll('&amp;', '&');

async function submit(where, form, cookie = '') {
  const answer = await fetch(door + where, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams(form), headers: { cookie, origin: door },
  });
  if (answer.status !== 303) throw new Error(`${where}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/// Simulates a user who allows it: returns the address to which the browser is redirected.
async function allow(address, link) {
  const signIn = await (await fetch(address)).text();
  const signedIn = await submit('/oauth/login', { token: link, next: hidden(signIn, 'next') });
  const cookie = signedIn.headers.get('set-cookie').split(';')[0];
  const question = await (await fetch(new URL(signedIn.headers.get('location'), door), { headers: { cookie } })).text();
  const decided = await submit('/oauth/authorize', { ticket: hidden(question, 'ticket'), decision: 'allow' }, cookie);
  return new URL(decided.headers.get('location'));
}

class Provider {
  redirectUrl = 'http://127.0.0.1:9/callback';
  clientMetadata = {
    client_name: 'An MCP client', redirect_uris: [this.redirectUrl], grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'], token_endpoint_auth_method: 'none',
  };
  state() { return 'a state'; }
  clientInformation() { return this.client; }
  saveClientInformation(client) { this.client = client; }
  tokens() { return this.given; }
  saveTokens(tokens) { this.given = tokens; }
  redirectToAuthorization(address) { this.address = address; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
}

async function run(what, auth, link) {
  const provider = new Provider();
  const serverUrl = `${door}/mcp`;
  const asked = await auth(provider, { serverUrl });
  const back = await allow(provider.address, link);
  const authorizationCode = back.searchParams.get('code');
  const given = await auth(provider, { serverUrl, authorizationCode, iss: back.searchParams.get('iss') });
  const first = provider.given;
  const answer = await fetch(`${door}/api/v1/devices`, { headers: { authorization: `Bearer ${first.access_token}` } });
  const renewed = await auth(provider, { serverUrl });
  console.log(JSON.stringify({
    what, asked, given, renewed, state: back.searchParams.get('state'), resource: provider.address.searchParams.get('resource'),
    scope: first.scope, status: answer.status, rotated: provider.given.refresh_token !== first.refresh_token,
  }));
}

const legacy = await import('@modelcontextprotocol/sdk/client/auth.js');
await run('sdk', legacy.auth, links[0]);
const modern = await import('@modelcontextprotocol/client');
await run('client', modern.auth, links[1]);
