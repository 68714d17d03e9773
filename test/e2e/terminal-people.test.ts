import { mkdtemp, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Browser } from '../support/browser.ts'
import { servedHouse, type ServedHouse } from '../support/served-house.ts'
import { goodPassword, person } from '../support/signed-in.ts'
import { runPiped, type Finished, type RunOptions } from '../support/terminal-process.ts'

// Each step is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000 })

let house: ServedHouse
let credentials: string
beforeAll(async () => {
  house = await servedHouse()
  credentials = join(await mkdtemp(join(tmpdir(), 'aishell-login-')), 'aishell', 'credentials.json')
})
afterAll(() => house.close())

/** As the first admin. */
const admin = (args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  runPiped({ baseUrl: house.url, token: house.adminToken }, ['admin', ...args], options)

/** As whoever has logged in. */
const own = (args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  runPiped({ baseUrl: house.url, token: '' }, args, { ...options, env: { AISHELL_CREDENTIALS: credentials } })

describe('aishell login', () => {
  test('keeps a token for its owner alone, until logout', async () => {
    const { name, browser } = await person(house)
    let hasConfirmed = false
    const confirm = (err: string): void => {
      const code = /confirm the code ([A-Z]{4}-[A-Z]{4})/.exec(err)?.[1]
      if (code === undefined || hasConfirmed) return
      hasConfirmed = true
      void browser.post(`${house.url}/auth/device`, { code, decision: 'confirm' })
    }
    const login = await own(['login'], { onTalk: confirm })
    expect(login.err).toContain(`as ${name}`)
    expect(login.code).toBe(0)
    expect((await stat(credentials)).mode & 0o777).toBe(0o600)
    expect((await own(['whoami'])).out).toMatch(new RegExp(`name\\s+${name}\\n.*\\nroles\\s+reader`, 's'))
    const { token } = (JSON.parse(await readFile(credentials, 'utf8')) as { servers: Record<string, { token: string }> }).servers[
      house.url
    ] ?? { token: '' }
    expect((await own(['logout'])).err).toContain('Signed out')
    await expect(house.client(token).whoami()).rejects.toMatchObject({ problem: { code: 'identity.token-revoked' } })
    const after = await own(['whoami'])
    expect([after.code === 0, after.err.includes('aishell login')]).toEqual([false, true])
  })
})

describe('aishell admin', () => {
  test('adds a member who sets a password by the printed link', async () => {
    const { out, code } = await admin(['members', 'add', 'Grace Hopper', '--role', 'editor'])
    expect(code).toBe(0)
    const page = await new Browser().get(out.trim())
    expect(await page.text()).toContain('Grace Hopper')
    expect((await admin(['members'])).out).toMatch(/Grace Hopper\s*\|\s*person\s*\|\s*editor/)
  })

  test('sets a password from stdin, which no process list shows', async () => {
    await admin(['members', 'add', 'ada'])
    expect((await admin(['members', 'set-password', 'ada', '--password-stdin'], { input: `${goodPassword}\n` })).code).toBe(0)
    const signedIn = await new Browser().post(`${house.url}/auth/sign-in`, { name: 'ada', password: goodPassword })
    expect(signedIn.status).toBe(303)
    const weak = await admin(['members', 'set-password', 'ada', '--password-stdin'], { input: 'password1234\n' })
    expect([weak.code === 0, weak.err.includes('would be guessed soon')]).toEqual([false, true])
  })

  test('gives another role, disables, enables and removes', async () => {
    await admin(['members', 'add', 'linus'])
    expect((await admin(['members', 'set-role', 'linus', 'editor'])).err).toContain('linus: editor.')
    expect((await admin(['members', 'disable', 'linus'])).err).toContain('disabled')
    expect((await admin(['members', 'enable', 'linus'])).err).not.toContain('disabled')
    expect((await admin(['members', 'remove', 'linus'])).code).toBe(0)
    expect((await admin(['members', 'remove', 'linus'])).err).toContain('no such member')
  })

  test('defines roles and groups', async () => {
    const role = JSON.stringify({ description: 'Asks', grants: [{ verbs: ['ask'], connections: ['label:finance'] }] })
    expect((await admin(['roles', 'set', 'analyst'], { input: role })).err).toContain('analyst: ask on label:finance.')
    expect(JSON.parse((await admin(['roles', 'show', 'analyst'])).out)).toMatchObject({ description: 'Asks' })
    expect((await admin(['groups', 'set', 'team', '--role', 'analyst'])).err).toContain('team: analyst.')
    expect((await admin(['groups', 'add-member', 'team', 'admin'])).code).toBe(0)
    expect((await admin(['groups'])).out).toMatch(/team\s*\|\s*analyst\s*\|\s*admin/)
    expect((await admin(['roles', 'remove', 'analyst'])).err).toContain('still given to the group team')
  })
})
