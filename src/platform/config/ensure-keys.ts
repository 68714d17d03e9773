import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, ShellError } from '../../domain/index.ts'
import type { SettingValues } from './settings-table.ts'

export interface Keys {
  readonly secretKey: Secret
  readonly jwtSecret: Secret
}

/** SECRET_KEY and JWT_SECRET; outside production the missing ones are made once and kept under DATA_DIR/keys. */
export function ensureKeys(settings: Pick<SettingValues, 'app' | 'access'>): Keys {
  const directory = join(settings.app.dataDir, 'keys')
  return {
    secretKey: settings.access.secretKey ?? keptKey(directory, 'secret-key'),
    jwtSecret: settings.access.jwtSecret ?? keptKey(directory, 'jwt-secret'),
  }
}

function keptKey(directory: string, name: string): Secret {
  const path = join(directory, name)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return readKey(path) ?? makeKey(path)
  } catch (cause) {
    throw new ShellError({
      code: 'config.keys-not-kept',
      kind: 'failed',
      message: `The key ${path} can neither be read nor made (${(cause as Error).message}).`,
      hint: 'Make DATA_DIR writable for this user, or set SECRET_KEY and JWT_SECRET.',
      cause,
    })
  }
}

function readKey(path: string): Secret | null {
  try {
    const text = readFileSync(path, 'utf8').trim()
    if (text.length < 32) throw new Error('the file is not a key of ours')
    return new Secret(text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Linked into place whole: of two servers that start at once both end with the same key. */
function makeKey(path: string): Secret {
  const unfinished = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(unfinished, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600 })
  try {
    linkSync(unfinished, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(unfinished, { force: true })
  }
  const key = readKey(path)
  if (key === null) throw new Error('it vanished while it was made')
  return key
}
