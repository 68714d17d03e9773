import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the scripted server does with the next call. */
export type Behaviour =
  | { readonly kind: 'answer'; readonly value: object }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'stall'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: string }
  | { readonly kind: 'flood' }

export interface Call {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: { readonly [field: string]: unknown }
}

export interface ModelServer {
  readonly url: string
  readonly calls: Call[]
  /** In order; the last one stays. */
  script(...behaviours: readonly Behaviour[]): void
  close(): Promise<void>
}

/** Speaks the streaming wire formats of Ollama (NDJSON), OpenAI (chat completions, SSE) and Anthropic (messages, SSE). */
export async function startModelServer(): Promise<ModelServer> {
  const calls: Call[] = []
  let behaviours: Behaviour[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const body = JSON.parse(text) as Call['body'] // the SDKs send JSON
      calls.push({ path: request.url ?? '', headers: request.headers, body })
      const behaviour = behaviours.length > 1 ? behaviours.shift() : behaviours[0]
      if (behaviour !== undefined) act(behaviour, wireOf(request.url ?? ''), response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    script: (...next) => {
      behaviours = [...next]
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

interface Wire {
  readonly contentType: string
  readonly begin: () => string
  readonly delta: (text: string) => string
  readonly end: () => string
}

function wireOf(path: string): Wire {
  if (path.endsWith('/messages')) return anthropic
  return path.startsWith('/api/') ? ollama : openai
}

function act(behaviour: Behaviour, wire: Wire, response: ServerResponse): void {
  if (behaviour.kind === 'hang') return
  if (behaviour.kind === 'status') {
    response.writeHead(behaviour.status, {
      'content-type': 'application/json',
      ...(behaviour.status === 429 ? { 'retry-after': '30' } : {}),
    })
    response.end(JSON.stringify({ error: { type: 'error', message: `scripted ${behaviour.status}` } }))
    return
  }
  response.writeHead(200, { 'content-type': wire.contentType })
  if (behaviour.kind === 'bytes') {
    response.end(behaviour.bytes)
    return
  }
  response.write(wire.begin())
  if (behaviour.kind === 'flood') return flood(wire, response)
  const text = behaviour.kind === 'answer' ? JSON.stringify(behaviour.value) : behaviour.text
  for (let at = 0; at < text.length; at += 11) response.write(wire.delta(text.slice(at, at + 11)))
  if (behaviour.kind !== 'stall') response.end(wire.end())
}

function flood(wire: Wire, response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(wire.delta('flood '.repeat(200)))); // until the reader has enough
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify({ type: name, ...data })}\n\n`

const anthropic: Wire = {
  contentType: 'text/event-stream',
  begin: () =>
    event('message_start', {
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'scripted',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 11, output_tokens: 1 },
      },
    }) + event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  delta: (text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  end: () =>
    event('content_block_stop', { index: 0 }) +
    event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } }) +
    event('message_stop', {}),
}

const chunk = (choices: readonly object[], extra: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'scripted', choices, ...extra })}\n\n`

const openai: Wire = {
  contentType: 'text/event-stream',
  begin: () => chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
  delta: (text) => chunk([{ index: 0, delta: { content: text }, finish_reason: null }]),
  end: () =>
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]) +
    chunk([], { usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } }) +
    'data: [DONE]\n\n',
}

const ollama: Wire = {
  contentType: 'application/x-ndjson',
  begin: () => '',
  delta: (text) =>
    `${JSON.stringify({ model: 'scripted', created_at: '2026-01-01T00:00:00Z', message: { role: 'assistant', content: text }, done: false })}\n`,
  end: () =>
    `${JSON.stringify({ model: 'scripted', created_at: '2026-01-01T00:00:00Z', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 7, total_duration: 1, load_duration: 1, prompt_eval_duration: 1, eval_duration: 1 })}\n`,
}
