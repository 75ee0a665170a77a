/// The conversation that is shown: its messages, and the answer that is arriving. It goes on while another page is
/// shown; what is typed and not yet sent is kept in this tab.
///
/// Bounds: turns_max messages are kept in the page; a session's older ones are read on request.

import { batch, computed, signal } from '@preact/signals';

import { newId } from '../hub/connection';
import { isObject, text, type Json, type JsonObject, type Message, type Session } from '../hub/wire';
import { ask, ownUser, whenForgotten } from './session';
import { keep, kept } from './storage';

export interface ToolCall {
  id: string;
  device: string;
  path: string;
  args: Json;
  outcome: 'running' | 'done' | 'failed';
  result?: Json;
}
export interface Turn {
  id: string;
  role: 'user' | 'assistant';
  content: string;
  tools: ToolCall[];
  error?: unknown;
  model?: string;
}
export interface Question {
  id: string;
  device: string;
  path: string;
  args: Json;
  until: number;
}

export const turns_max = 400;
const chat_timeout_ms = 120_000;
const page_messages = 50;
const draft_key = 'strawberry.draft';
const model_key = 'strawberry.model';

export const sessions = signal<readonly Session[] | null>(null);
export const sessionsTotal = signal(0);
export const currentSession = signal<string | null>(null);
export const turns = signal<readonly Turn[]>([]);
export const hasOlder = signal(false);
export const question = signal<Question | null>(null);
export const running = signal<string | null>(null);
export const draft = signal(kept('session', draft_key) ?? '');
export const model = signal(kept('local', model_key) ?? '');
export const isBusy = computed(() => running.value !== null);

export function setDraft(typed: string): void {
  draft.value = typed;
  keep('session', draft_key, typed || null);
}
export function setModel(chosen: string): void {
  model.value = chosen;
  keep('local', model_key, chosen || null);
}

export async function loadSessions(): Promise<void> {
  const answer = await ask('sessions', { op: 'list', limit: 500 });
  const list = Array.isArray(answer.sessions) ? answer.sessions : [];
  sessions.value = list.filter((one) => isObject(one) && text(one.session_id)) as unknown as Session[];
  sessionsTotal.value = typeof answer.total === 'number' ? answer.total : sessions.value.length;
}

function turnOf(message: Message): Turn {
  return {
    id: message.message_id,
    role: message.role === 'user' ? 'user' : 'assistant',
    content: text(message.content),
    tools: [],
  };
}

async function readMessages(id: string, before?: string): Promise<Turn[]> {
  const body: JsonObject = { op: 'messages', session_id: id, limit: page_messages };
  if (before) body.before = before;
  const answer = await ask('sessions', body);
  const list = (Array.isArray(answer.messages) ? answer.messages : []) as unknown as Message[];
  hasOlder.value = list.length === page_messages;
  return list.filter((message) => message.role === 'user' || message.role === 'assistant').map(turnOf);
}

export async function openSession(id: string | null): Promise<void> {
  if (id === currentSession.value && turns.value.length) return;
  if (running.value) stop();
  batch(() => {
    currentSession.value = id;
    turns.value = [];
    hasOlder.value = false;
  });
  if (!id) return;
  const read = await readMessages(id);
  if (currentSession.value === id) turns.value = read;
}

export async function loadOlder(): Promise<void> {
  const id = currentSession.value;
  const first = turns.value[0];
  if (!id || !first) return;
  const read = await readMessages(id, first.id);
  if (currentSession.value === id) turns.value = [...read, ...turns.value].slice(-turns_max);
}

function change(id: string, edit: (turn: Turn) => Turn): void {
  turns.value = turns.value.map((turn) => (turn.id === id ? edit(turn) : turn));
}

/// Text that arrives is shown once a frame.
let waiting = '';
let frame = 0;
function append(id: string, piece: string): void {
  waiting += piece;
  if (frame) return;
  frame = requestAnimationFrame(() => {
    const arrived = waiting;
    waiting = '';
    frame = 0;
    change(id, (turn) => ({ ...turn, content: turn.content + arrived }));
  });
}

function pieceOf(data: JsonObject): string {
  const choice = Array.isArray(data.choices) ? data.choices[0] : null;
  const delta = isObject(choice) && isObject(choice.delta) ? choice.delta : {};
  return text(delta.content);
}

function heard(id: string, event: string, data: JsonObject): void {
  if (event === 'delta') return append(id, pieceOf(data));
  if (event === 'confirm') {
    question.value = {
      id: text(data.id),
      device: text(data.device),
      path: text(data.skill_path),
      args: data.arguments ?? null,
      until: performance.now() + (typeof data.expires_in_ms === 'number' ? data.expires_in_ms : 30_000),
    };
    return;
  }
  if (event === 'tool_call') {
    const call: ToolCall = {
      id: text(data.id),
      device: text(data.device),
      path: text(data.skill_path),
      args: data.arguments ?? null,
      outcome: 'running',
    };
    change(id, (turn) => ({ ...turn, tools: [...turn.tools, call] }));
  }
  if (event === 'tool_result') {
    const failed = data.success !== true;
    const result = failed ? (data.error ?? null) : (data.result ?? null);
    change(id, (turn) => ({
      ...turn,
      tools: turn.tools.map((call) =>
        call.id === text(data.id) ? { ...call, outcome: failed ? 'failed' : 'done', result } : call,
      ),
    }));
  }
}

export async function send(words: string): Promise<void> {
  if (running.value) return;
  const asked: Turn = { id: newId(), role: 'user', content: words, tools: [] };
  const answer: Turn = { id: newId(), role: 'assistant', content: '', tools: [] };
  const id = newId();
  const opened = currentSession.value;
  batch(() => {
    turns.value = [...turns.value, asked, answer].slice(-turns_max);
    running.value = id;
  });
  setDraft('');
  try {
    const body: JsonObject = {
      op: 'complete',
      messages: [{ role: 'user', content: words }],
      session_id: opened ?? 'new',
      stream: true,
    };
    if (model.value) body.model = model.value;
    const result = await ask('chat', body, {
      id,
      timeoutMs: chat_timeout_ms,
      onEvent: (event, data) => heard(answer.id, event, data),
    });
    const choice = Array.isArray(result.choices) ? result.choices[0] : null;
    const message = isObject(choice) && isObject(choice.message) ? choice.message : {};
    cancelAnimationFrame(frame);
    frame = 0;
    waiting = '';
    const whole = text(message.content);
    change(answer.id, (turn) => ({ ...turn, content: whole || turn.content, model: text(result.provider) }));
    if (currentSession.value === opened && text(result.session_id)) currentSession.value = text(result.session_id);
    void loadSessions().catch(() => {});
  } catch (error) {
    change(answer.id, (turn) => ({ ...turn, error }));
  } finally {
    batch(() => {
      if (running.value === id) running.value = null;
      question.value = null;
    });
  }
}

export function stop(): void {
  const id = running.value;
  if (id) void ask('chat', { op: 'cancel', cancel: id }).catch(() => {});
}

export async function answerQuestion(allow: boolean): Promise<void> {
  const asked = question.value;
  question.value = null;
  if (asked) await ask('chat', { op: 'confirm', confirm: asked.id, allow });
}

export async function renameSession(id: string, title: string): Promise<void> {
  await ask('sessions', { op: 'update', session_id: id, title });
  await loadSessions();
}

export async function deleteSession(id: string): Promise<void> {
  await ask('sessions', { op: 'delete', session_id: id });
  if (currentSession.value === id) await openSession(null);
  await loadSessions();
}

whenForgotten(() => {
  sessions.value = null;
  currentSession.value = null;
  turns.value = [];
  question.value = null;
  running.value = null;
  if (!ownUser()) setDraft('');
});
