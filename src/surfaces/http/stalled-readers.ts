import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** How long a client may take nothing of what is written to it. */
    readerStallMs: number
  }
}

/** Lets go of clients that have stopped reading a whole answer; of those that stop within a stream an Exchange lets go. */
export function dropStalledReaders(app: App, stallMs: number): void {
  app.decorate('readerStallMs', stallMs)
  app.addHook('onSend', (_request, reply, payload, done) => {
    const { raw } = reply
    // What fits into the socket's buffers has left us; only what does not can be stuck.
    if (typeof payload === 'string' && payload.length > 256 * 1024) raw.setTimeout(stallMs, () => raw.destroy())
    done(null, payload)
  })
}
