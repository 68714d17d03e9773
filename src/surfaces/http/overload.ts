import { ShellError } from '../../domain/index.ts'
import { Admission } from './admission.ts'
import type { App } from './app.ts'

const lookEveryMs = 50

/** Turns questions away before they cost anything where too many are being answered, tenants in fair shares. */
export function refuseOverload(app: App, maxRunningAnswers: number): void {
  const admission = new Admission({ most: maxRunningAnswers })
  watchLateness(app, admission)
  app.addHook('onRequest', (request, reply, done) => {
    const { actor, routeOptions } = request
    if (routeOptions.config.isHeavy !== true || actor === null) return done()
    if (!admission.enter(actor.tenantId)) return done(busy())
    reply.raw.on('close', () => admission.leave(actor.tenantId))
    done()
  })
}

function watchLateness(app: App, admission: Admission): void {
  let dueMs = performance.now() + lookEveryMs
  const timer = setInterval(() => {
    const nowMs = performance.now()
    admission.late(Math.max(0, nowMs - dueMs))
    dueMs = nowMs + lookEveryMs
  }, lookEveryMs).unref()
  app.addHook('onClose', async () => clearInterval(timer))
}

function busy(): ShellError {
  return new ShellError({
    code: 'http.busy',
    kind: 'busy',
    message: 'The server is answering as many questions as it can.',
    hint: 'Ask again in a second.',
  })
}
