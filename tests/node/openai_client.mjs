// The official OpenAI client, unmodified, against the web door: node openai_client.mjs BASE_URL TOKEN
// Prints one line of JSON for each step.
import OpenAI from 'openai';

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, timeout: 10_000 });
const say = (what, value) => console.log(JSON.stringify({ what, ...value }));
const messages = [{ role: 'user', content: 'tell me something' }];

const models = await client.models.list();
say('models', { ids: models.data.map((model) => model.id) });

const plain = await client.chat.completions.create({ model: 'stub', messages });
say('plain', { content: plain.choices[0].message.content });

let streamed = '';
let usage = null;
const stream = await client.chat.completions.create({ model: 'stub', messages, stream: true, stream_options: { include_usage: true } });
for await (const chunk of stream) {
  streamed += chunk.choices[0]?.delta?.content ?? '';
  usage = chunk.usage ?? usage;
}
say('streamed', { content: streamed, has_usage: usage !== null });

const runner = client.chat.completions.stream({ model: 'stub', messages });
say('helper', { content: (await runner.finalChatCompletion()).choices[0].message.content });

const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }];
const called = await client.chat.completions.create({ model: 'stub', messages: [{ role: 'user', content: 'use the tool' }], tools });
say('tools', { reason: called.choices[0].finish_reason, name: called.choices[0].message.tool_calls?.[0]?.function?.name });

const shaped = await client.chat.completions.create({ model: 'stub', messages, response_format: { type: 'json_object' } });
say('response_format', { content: shaped.choices[0].message.content });

try {
  await client.chat.completions.create({ model: 'stub', messages: 'no list' });
  say('error', { status: 200 });
} catch (error) {
  say('error', { status: error.status, is_bad_request: error instanceof OpenAI.BadRequestError, param: error.param });
}
try {
  await new OpenAI({ baseURL, apiKey: 'nothing', maxRetries: 0 }).models.list();
  say('token', { status: 200 });
} catch (error) {
  say('token', { status: error.status, is_authentication: error instanceof OpenAI.AuthenticationError });
}

const long = await client.chat.completions.create({ model: 'stub', messages: [{ role: 'user', content: 'forever' }], stream: true });
for await (const chunk of long) {
  if (chunk.choices[0]?.delta?.content) break;
}
long.controller.abort();
say('cancel', { done: true });
