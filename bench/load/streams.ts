import { spawnSync } from 'node:child_process'
import { request } from 'node:http'
import { measured, openHouse, rssMb, save, type House, type Measured } from './house.ts'

/**
 * `node bench/load/streams.ts`: large answers against psql on the same server, in turns: CSV and NDJSON over COPY, and the
 * cursor path (a statement with a bound value cannot be a COPY); then ten readers of ten million rows each, one of them slow.
 */
const pairs = 5
const manyRows = 10_000_000
const house = await openHouse(manyRows)
const million = 'SELECT * FROM wide WHERE id <= 1000000'

try {
  const results = [
    await compare(
      '1,000,000 rows as CSV, time against psql \\copy',
      'text/csv',
      { sql: million },
      `\\copy (${million}) to '/dev/null' csv header`,
    ),
    await compare(
      '1,000,000 rows as NDJSON, time against psql COPY of row_to_json',
      'application/x-ndjson',
      { sql: million },
      `\\copy (SELECT row_to_json(q) FROM (${million}) q) to '/dev/null'`,
    ),
    await compare(
      '1,000,000 rows as CSV with a bound value, time against psql \\copy',
      'text/csv',
      { sql: 'SELECT * FROM wide WHERE id <= $1', params: ['1000000'] },
      `\\copy (${million}) to '/dev/null' csv header`,
    ),
    await tenReaders(house),
  ]
  save('streams', 'Large answers, as ratios measured side by side', 'node bench/load/streams.ts', results)
} finally {
  await house.close()
}

async function compare(what: string, accept: string, question: object, copy: string): Promise<Measured> {
  const ratios: number[] = []
  let detail = ''
  await download(house, accept, question)
  const idleMb = rssMb(house.aishell)
  let peakMb = 0
  for (let pair = 0; pair < pairs; pair++) {
    const watch = setInterval(() => (peakMb = Math.max(peakMb, rssMb(house.aishell))), 20)
    const startedMs = performance.now()
    const { bytes, firstByteMs } = await download(house, accept, question)
    const oursMs = performance.now() - startedMs
    clearInterval(watch)
    const psqlMs = psqlCopy(copy)
    ratios.push(oursMs / psqlMs)
    const memory = `resident memory ${idleMb.toFixed(0)} MB before, ${peakMb.toFixed(0)} MB at most`
    const times = `${(oursMs / 1000).toFixed(2)} s against ${(psqlMs / 1000).toFixed(2)} s`
    detail = `${times} for ${(bytes / 1e6).toFixed(0)} MB; first byte after ${firstByteMs.toFixed(0)} ms; ${memory}`
  }
  return measured(what, ratios, detail)
}

/** Memory of the server while ten clients read ten million rows each and an eleventh reads nearly nothing. */
async function tenReaders({ aishell }: House): Promise<Measured> {
  const question = { sql: 'SELECT * FROM wide' }
  const idleMb = rssMb(aishell)
  let peakMb = 0
  const watch = setInterval(() => (peakMb = Math.max(peakMb, rssMb(aishell))), 20)
  const slow = download(house, 'text/csv', question, 64 * 1024).catch(() => undefined) // cut off at the end
  const startedMs = performance.now()
  const read = await Promise.all(Array.from({ length: 10 }, () => download(house, 'text/csv', question)))
  const seconds = (performance.now() - startedMs) / 1000
  clearInterval(watch)
  void slow
  const lines = read.reduce((sum, one) => sum + one.lines, 0)
  const detail = `resident memory ${idleMb.toFixed(0)} MB before, ${peakMb.toFixed(0)} MB at most; ${lines} lines in ${seconds.toFixed(0)} s`
  return measured('ten readers of 10,000,000 rows each and a slow one: most memory in MB by the 512 allowed', [peakMb / 512], detail)
}

interface Download {
  readonly bytes: number
  readonly lines: number
  readonly firstByteMs: number
}

/** Reads it all; or, where `bytesASecond` is given, so slowly. */
function download({ port, token }: House, accept: string, question: object, bytesASecond?: number): Promise<Download> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const headers = { 'content-type': 'application/json', accept, authorization: `Bearer ${token}` }
    const sent = request({ port, host: '127.0.0.1', path: '/api/v1/questions', method: 'POST', headers, agent: false }, (response) => {
      let bytes = 0
      let lines = 0
      let firstByteMs = 0
      response.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - startedMs
        bytes += chunk.length
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1
        if (bytesASecond === undefined) return
        response.pause()
        setTimeout(() => response.resume(), (1000 * chunk.length) / bytesASecond).unref()
      })
      response.on('error', reject)
      response.on('end', () =>
        response.statusCode === 200 && lines > 1_000_000
          ? resolve({ bytes, lines, firstByteMs })
          : reject(new Error(`status ${response.statusCode}, ${lines} lines`)),
      )
    })
    sent.on('error', reject)
    sent.end(JSON.stringify({ connection: 'bench', ...question })) // a file goes up to the policy's ceiling
  })
}

function psqlCopy(command: string): number {
  const startedMs = performance.now()
  const { status, stderr } = spawnSync('psql', [house.dsn, '-c', command], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`psql: ${stderr}`)
  return performance.now() - startedMs
}
