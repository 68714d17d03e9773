import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, Pool } from 'pg'

/**
 * R: what a program without any of AI-Shell's duties does: take an id, ask the database, send JSON.
 * Arguments: the database; and, where a line about each question shall be on disk before it runs and another after it, the
 * store. That is done in the cheapest way we know: a plain table without keys, whatever waits in one insert, nothing else.
 */
const [database = '', store] = process.argv.slice(2)
const pool = new Pool({ connectionString: database, max: 16 })
const append = store === undefined ? null : await openLines(store)

async function openLines(connectionString: string): Promise<(line: string) => Promise<void>> {
  const client = new Client({ connectionString })
  await client.connect()
  await client.query('CREATE TABLE bare_line (line text NOT NULL)')
  let waiting: { readonly line: string; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  let isRunning = false
  const drain = async (): Promise<void> => {
    isRunning = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const lines = batch.map(({ line }) => line)
      try {
        await client.query({ name: 'append', text: 'INSERT INTO bare_line SELECT unnest($1::text[])', values: [lines] })
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isRunning = false
  }
  return (line) =>
    new Promise((resolve, reject) => {
      waiting.push({ line, resolve, reject })
      if (!isRunning) void drain()
    })
}

async function answer(aid: number): Promise<string> {
  if (append !== null) await append(`${aid}`)
  const { rows } = await pool.query('SELECT * FROM pgbench_accounts WHERE aid=$1', [aid])
  if (append !== null) void append(`${rows.length}`)
  return JSON.stringify(rows)
}

const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    const { aid } = JSON.parse(body) as { aid: number } // sent by the bench
    answer(aid).then(
      (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
      (error: Error) => response.writeHead(500).end(error.message),
    )
  })
})
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`))
