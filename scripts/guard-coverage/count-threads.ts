import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Worker } from 'node:worker_threads'

/**
 * The guard gives its threads an empty environment, and V8 counts in a thread only where its environment says so: while
 * coverage is measured they get that one variable.
 */
const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }
const Plain = threads.Worker

threads.Worker = class extends Plain {
  constructor(...[script, options]: ConstructorParameters<typeof Plain>) {
    super(script, { ...options, env: { ...(options?.env as NodeJS.ProcessEnv), NODE_V8_COVERAGE: process.env['NODE_V8_COVERAGE'] } })
  }
}
syncBuiltinESMExports()
