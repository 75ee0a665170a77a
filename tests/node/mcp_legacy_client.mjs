// The official client of MCP's revisions with `initialize`, unmodified: node mcp_legacy_client.mjs URL TOKEN, or
// node mcp_legacy_client.mjs stdio COMMAND ARGUMENT…
// Prints one line of JSON for each step.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [where, ...rest] = process.argv.slice(2);
const say = (what, value) => console.log(JSON.stringify({ what, ...value }));
const transport =
  where === 'stdio'
    ? new StdioClientTransport({ command: rest[0], args: rest.slice(1), stderr: 'inherit' })
    : new StreamableHTTPClientTransport(new URL(where), { requestInit: { headers: { Authorization: `Bearer ${rest[0]}` } } });
const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: {} });
await client.connect(transport);
say('connected', { server: client.getServerVersion().name, instructions: client.getInstructions() !== undefined });
await client.ping();

const { tools } = await client.listTools();
say('list', { tools: tools.map(({ name }) => name) });

const called = await client.callTool({ name: 'LampSkill-turn_on', arguments: { level: 40 } });
say('call', { text: called.content[0].text, structured: called.structuredContent });

const asks = await client.callTool({ name: 'DoorSkill-open', arguments: { seconds: 5 } });
say('confirm', { is_error: asks.isError, text: asks.content[0].text });

try {
  await client.callTool({ name: 'No-such', arguments: {} });
  say('unknown', { code: 0 });
} catch (error) {
  say('unknown', { code: error.code });
}
await client.close();
say('closed', {});
process.exit(0);
