// A process that holds a data folder until it is killed: arguments are the folder and `lock` or `serve`.
import { join } from 'node:path'
import { isShellError } from '../../src/domain/index.ts'
import { ensureDataDir, lockDataDir, startEmbeddedServer } from '../../src/platform/store/index.ts'

const [dataDir = '', mode = 'lock'] = process.argv.slice(2)
try {
  ensureDataDir(dataDir)
  lockDataDir(dataDir)
  if (mode === 'lock') say({ ok: true })
  else {
    const { password, ...server } = await startEmbeddedServer({ home: join(dataDir, 'postgres'), isDurable: true })
    say({ ok: true, ...server, password: password.reveal() })
  }
  setInterval(() => undefined, 60_000)
} catch (error) {
  say(isShellError(error) ? { ok: false, code: error.code, message: error.message, hint: error.hint } : { ok: false, code: String(error) })
}

function say(words: object): void {
  console.log(JSON.stringify(words))
}
