// A model for the dashboard's tests: a server of OpenAI's protocol that says what a test wants.

import http from 'node:http';

import { pause } from './wait.mjs';

/// A server of OpenAI's protocol. `answers`: a text, or {tool, args}, in turn.
export class Model {
  answers = [];
  requests = [];

  async start() {
    this.server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => (body += piece));
      request.on('end', () => this.answer(JSON.parse(body || '{}'), response));
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}/v1`;
  }

  async answer(body, response) {
    this.requests.push(body);
    const next = this.answers.shift() ?? 'I have nothing to say.';
    const chunk = (delta, finish_reason = null) =>
      response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'stub-1', choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
    if (!body.stream) {
      response.writeHead(200, { 'content-type': 'application/json' });
      const message = typeof next === 'string' ? { role: 'assistant', content: next } : { role: 'assistant', content: null, tool_calls: [this.call(next, body)] };
      response.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'stub-1', choices: [{ index: 0, message, finish_reason: typeof next === 'string' ? 'stop' : 'tool_calls' }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (typeof next === 'string') {
      for (const piece of next.match(/[\s\S]{1,12}/gu) ?? []) {
        chunk({ content: piece });
        await pause(5);
      }
      chunk({}, 'stop');
    } else if (next.slow) {
      for (let i = 0; i < 600 && !response.destroyed; i += 1) {
        chunk({ content: 'word ' });
        await pause(50);
      }
    } else {
      chunk({ tool_calls: [{ index: 0, ...this.call(next, body) }] });
      chunk({}, 'tool_calls');
    }
    response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'stub-1', choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })}\n\n`);
    response.end('data: [DONE]\n\n');
  }

  call({ tool, args }, body) {
    const name = (body.tools ?? []).map((one) => one.function.name).find((one) => one.includes(tool)) ?? tool;
    return { id: `call_${this.requests.length}`, type: 'function', function: { name, arguments: JSON.stringify(args ?? {}) } };
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
