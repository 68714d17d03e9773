// A whole server as a process of its own; its settings come from the environment. Says where it listens on stdout.
import { readSettings } from '../../src/platform/config/index.ts'
import { serve } from '../../src/serve.ts'

const server = await serve(readSettings({ version: 'test' }), { logTo: { write: (line) => void process.stderr.write(line) } })
console.log(JSON.stringify({ url: server.url }))
process.once('SIGTERM', () => {
  void server.stop().then(() => process.exit(0))
})
