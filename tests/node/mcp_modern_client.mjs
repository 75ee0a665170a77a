// The official client of MCP's revision 2026-07-28, unmodified, against the web door:
// node mcp_modern_client.mjs URL TOKEN
// Prints one line of JSON for each step; after `listening` it waits for the tool LateSkill-hello.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [url, token] = process.argv.slice(2);
const say = (what, value) => console.log(JSON.stringify({ what, ...value }));

let asked = null;
let answer = 'accept';
const connect = async (capabilities) => {
  const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities, versionNegotiation: { mode: 'auto' } });
  if (capabilities.elicitation) {
    client.setRequestHandler('elicitation/create', async (request) => {
      asked = request.params.message;
      return { action: answer, content: {} };
    });
  }
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } });
  await client.connect(transport);
  return client;
};
const client = await connect({ elicitation: {} });
say('connected', { version: client.getNegotiatedProtocolVersion?.() ?? null, server: client.getServerVersion()?.name });

const { tools } = await client.listTools();
say('list', { tools: tools.map(({ name, annotations }) => ({ name, destructive: annotations.destructiveHint })) });

const called = await client.callTool({ name: 'LampSkill-turn_on', arguments: { level: 40 } });
say('call', { text: called.content[0].text, structured: called.structuredContent });

const wrong = await client.callTool({ name: 'LampSkill-turn_on', arguments: { level: 'bright' } });
say('wrong', { is_error: wrong.isError, text: wrong.content[0].text });

const opened = await client.callTool({ name: 'DoorSkill-open', arguments: { seconds: 5 } });
say('confirm', { asked, text: opened.content[0].text, is_error: opened.isError });

answer = 'decline';
const declined = await client.callTool({ name: 'DoorSkill-open', arguments: { seconds: 6 } });
say('declined', { text: declined.content[0].text, is_error: declined.isError });

const mute = await connect({});
try {
  await mute.callTool({ name: 'DoorSkill-open', arguments: { seconds: 7 } });
  say('mute', { code: 0 });
} catch (error) {
  say('mute', { code: error.code });
}
await mute.close();

const listNames = async () => (await client.listTools()).tools.map(({ name }) => name);
const relisted = new Promise((resolve) => {
  client.setNotificationHandler('notifications/tools/list_changed', async () => {
    const names = await listNames();
    if (names.includes('LateSkill-hello')) resolve(names);
  });
});
const subscription = await client.listen({ toolsListChanged: true });
say('listening', { honored: subscription.honoredFilter });
say('relisted', { tools: await relisted });
await subscription.close();
await client.close();
say('closed', {});
process.exit(0);
