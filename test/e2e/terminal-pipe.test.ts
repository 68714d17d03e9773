import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runPiped } from '../support/terminal-process.ts'
import { scripted } from '../support/terminal-script.ts'
import { startScriptedServer, type ScriptedServer } from '../support/terminal-server.ts'

let server: ScriptedServer
beforeAll(async () => {
  server = await startScriptedServer(scripted)
})
afterAll(async () => server.stop())

const asked = (from: number): unknown[] =>
  server.requests
    .slice(from)
    .flatMap(({ path, body }) => (path === '/api/v1/questions' ? [body as { sql?: string; text?: string }] : []))
    .map(({ sql, text }) => sql ?? text)

test('a pipe is answered line by line without prompt, colour or spinner', async () => {
  const from = server.requests.length
  const { code, out, err } = await runPiped(server, [], {
    input: 'orders\nselect 1\nselect name\nfrom customer;\n\\sql show tables\n\\timing\norders',
  })
  expect(asked(from)).toEqual(['orders', 'select 1', 'select name\nfrom customer;', 'show tables', 'orders'])
  // oxlint-disable-next-line no-control-regex -- their absence is what is tested
  expect(out + err).not.toMatch(/\u001b|demo>/)
  expect(err).toContain('total 8.0 ms')
  expect(code).toBe(0)
})

test.each<[string, string, number]>([
  ['orders\nunknowable\norders', 'an abstained answer', 4],
  ['unknowable\ndrop table customer;\norders', 'a refusal', 3],
  ['drop table customer;\nbroken\n', 'a failure', 1],
  ['orders\n\\nonsense\n', 'a command that is none', 2],
])('%j leaves with the code of %s', async (input, _, code) => expect((await runPiped(server, [], { input })).code).toBe(code))

test('a number picks a choice of the clarification before it', async () => {
  const from = server.requests.length
  await runPiped(server, [], { input: 'best\n1\n' })
  expect(asked(from)).toEqual(['best', 'orders'])
})

test('--json gives one document per input, errors too', async () => {
  const { out } = await runPiped(server, ['--json'], { input: 'orders\n\\nonsense\nunknowable\n' })
  const documents = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { outcome?: string; code?: string })
  expect(documents.map(({ outcome, code }) => outcome ?? code)).toEqual(['answered', 'terminal.usage', 'abstained'])
})

test('SIGINT stops the pipe', async () => {
  const isAsked = (): boolean => server.requests.some(({ body }) => JSON.stringify(body).includes('"hang"'))
  const { code } = await runPiped(server, [], { input: 'hang\norders\n', interruptWhen: isAsked })
  expect(code).toBe(130)
  expect(server.abandoned).toContain('hang')
})

test('a reader that leaves early is no error', async () => {
  const main = fileURLToPath(new URL('../support/terminal-main.ts', import.meta.url))
  const env = { PATH: process.env['PATH'] ?? '', AISHELL_SERVER: server.baseUrl, AISHELL_TOKEN: server.token }
  const child = spawn('sh', ['-c', `"${process.execPath}" "${main}" | head -n 3; echo "$?"`], { env })
  let out = ''
  let err = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (err += data.toString()))
  child.stdin.end('customers\n'.repeat(200))
  await new Promise((resolve) => child.on('close', resolve))
  expect(out.split('\n')).toHaveLength(5)
  expect(err).not.toMatch(/EPIPE|error/)
})
