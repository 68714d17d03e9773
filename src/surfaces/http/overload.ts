import { ShellError } from '../../domain/index.ts'
import type { App } from './app.ts'
import type { RunningAnswers } from './running-answers.ts'

/** Turns questions away before they cost anything once this many are being answered: a short no beats a long wait. */
export function refuseOverload(app: App, running: RunningAnswers, maxRunningAnswers: number): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.isHeavy !== true || running.size < maxRunningAnswers) return done()
    done(
      new ShellError({
        code: 'http.busy',
        kind: 'busy',
        message: 'The server is answering as many questions as it can.',
        hint: 'Ask again in a second.',
      }),
    )
  })
}
