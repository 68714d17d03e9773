import { mkdtemp, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TerminalScreen, until, whyNoScreen } from '../support/terminal-process.ts'
import { scripted } from '../support/terminal-script.ts'
import { startScriptedServer, type ScriptedServer } from '../support/terminal-server.ts'

const reason = whyNoScreen()
let server: ScriptedServer
let screen: TerminalScreen | undefined

beforeAll(async () => {
  server = await startScriptedServer(scripted)
})
afterAll(async () => server.stop())
afterEach(() => {
  screen?.close()
  screen = undefined
})

async function open(options: ConstructorParameters<typeof TerminalScreen>[1] = {}): Promise<TerminalScreen> {
  screen = new TerminalScreen(server, options)
  await screen.sees('demo>')
  return screen
}

describe.skipIf(reason !== null)(`the shell on a screen${reason === null ? '' : ` (${reason})`}`, () => {
  test('greets, answers a question and shows its SQL', async () => {
    const shell = await open()
    expect(shell.show()).toContain('Try: how many orders were shipped last month by carrier?')
    shell.enter('orders')
    const shown = await shell.sees('(2 rows)')
    expect(shown).toContain('SELECT carrier, count(*) AS orders')
    expect(shown).toContain(' DHL     │               12')
    shell.enter('\\q')
    await shell.sees('left with 0')
  })

  test('runs SQL at its semicolon, over several lines', async () => {
    const shell = await open()
    shell.enter('select 1')
    await shell.sees('demo->')
    shell.enter('from customer;')
    await shell.sees('(1 row)')
    expect(server.requests.at(-1)?.body).toMatchObject({ sql: 'select 1\nfrom customer;' })
  })

  test('Ctrl-C stops the question, then clears the line, then hints; Ctrl-D leaves', async () => {
    const shell = await open()
    shell.enter('hang')
    await shell.sees('thinking…')
    shell.press('C-c')
    await shell.sees('Cancelled.')
    await until(() => server.abandoned.includes('hang'))
    shell.type('something half typed')
    shell.press('C-c')
    await shell.sees('^C')
    expect(shell.show()).not.toContain('Ctrl-D leaves.\n')
    shell.press('C-c')
    await shell.sees('\\q or Ctrl-D leaves.')
    shell.enter('orders')
    await shell.sees('(2 rows)')
    shell.press('C-d')
    await shell.sees('left with 0')
  })

  test('keys typed while it thinks wait for the prompt', async () => {
    const shell = await open()
    shell.enter('hang')
    await shell.sees('thinking…')
    shell.press('C-c')
    shell.enter('orders')
    shell.enter('select 1;')
    await shell.sees('(1 row)')
    expect(shell.show()).toContain('(2 rows)')
  })

  test('remembers whole inputs over two shells, but no secrets', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'aishell-')), 'history')
    const first = await open({ env: { AISHELL_HISTORY: file } })
    first.enter('select 1')
    first.enter('from customer;')
    await first.sees('(1 row)')
    first.enter("select 2 as x, 'password: hunter2';")
    await first.sees(/\(1 row\)[\s\S]*\(1 row\)/)
    first.close()
    expect(await readFile(file, 'utf8')).toBe('select 1\\nfrom customer;\n')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const second = await open({ env: { AISHELL_HISTORY: file } })
    second.press('Up')
    await second.sees('demo> select 1 from customer;')
  })

  test('completes commands, tables and columns', async () => {
    const shell = await open()
    shell.type('\\exp')
    shell.press('Tab', 'Tab')
    await shell.sees('\\explain')
    shell.press('C-c')
    shell.type('select carr')
    shell.press('Tab')
    await shell.sees('select carrier')
    shell.type(' from sal')
    shell.press('Tab')
    expect(await shell.sees('select carrier from sales_order')).toContain('demo>')
  })

  test('pages what is taller than the screen', async () => {
    const shell = await open({ rows: 20 })
    shell.enter('customers')
    expect(await shell.sees('space pages')).toContain('1–17 of 400 rows')
    shell.press('Space')
    expect(await shell.sees('18–34 of 400 rows')).toContain('id │ name')
    shell.press('G')
    await shell.sees('384–400 of 400 rows')
    shell.press('q')
    await shell.sees('(400 rows)')
  })

  test('takes a paste of several lines as one input, run at Enter', async () => {
    const shell = await open()
    const before = server.requests.length
    shell.paste('select 1\nfrom customer\nwhere 1 = 1;')
    await shell.sees('where 1 = 1;')
    expect(server.requests.slice(before).filter(({ path }) => path === '/api/v1/questions')).toEqual([])
    shell.press('Enter')
    await shell.sees('(1 row)')
    expect(server.requests.at(-1)?.body).toMatchObject({ sql: 'select 1\nfrom customer\nwhere 1 = 1;' })
  })

  test('shows what a cell would do to the screen instead of doing it', async () => {
    const shell = await open()
    shell.enter('hostile')
    expect(await shell.sees('gotcha')).toContain('␛[2J␛[31mgotcha')
  })

  test('has colours, and none with NO_COLOR', async () => {
    const coloured = await open()
    coloured.enter('orders')
    await coloured.sees('(2 rows)')
    expect(coloured.showStyled()).toContain('\x1b[36m')
    coloured.close()
    const plain = await open({ env: { NO_COLOR: '1' } })
    plain.enter('orders')
    await plain.sees('(2 rows)')
    // oxlint-disable-next-line no-control-regex -- their absence is what is tested
    expect(plain.showStyled()).not.toMatch(/\u001b\[[\d;]*m/)
  })

  test('shows a refusal with carets under the place', async () => {
    const shell = await open()
    shell.enter('drop table customer;')
    expect(await shell.sees('hint: Ask the owner')).toContain('  drop table customer;\n             ^^^^^^^^')
  })
})
